/* SPDX-License-Identifier: Apache-2.0 */
/* session.h - what a command works with: see engine/library/session.h. */
#ifndef ENGINE_CLI_SESSION_H
#define ENGINE_CLI_SESSION_H

#include "engine/cli/cli.h"
#include "engine/library/session.h"

/* Beside those of engine/library/session.h. */
#define SESSION_REFUSED 256u /* the command itself tells of refused plugins */

/** Opens what `needs` says; closes everything again when it fails. */
engine_status session_open(struct cli *cli, unsigned needs, struct session *out,
                           engine_error *err);

static inline struct cli *session_cli(const struct session *session)
{
    return session->options.user;
}

/** The id of the scan that `name` means: an id, an unambiguous part of one at
 * its start or end, or "last". Caller frees *out. */
engine_status session_find_scan(struct session *session, const char *name,
                                char **out, engine_error *err);

#endif
