/* SPDX-License-Identifier: Apache-2.0 */
/* session.h - what a command works with: configuration, store, plugins. Only
 * what it asks for is opened. */
#ifndef ENGINE_CLI_SESSION_H
#define ENGINE_CLI_SESSION_H

#include "engine/cli/cli.h"
#include "engine/config/config.h"
#include "engine/launch/conduct.h"
#include "engine/scan/scan.h"

#define SESSION_STORE 1u   /* the store, made when it is not there */
#define SESSION_READ 2u    /* the store, for reading only */
#define SESSION_PLUGINS 4u /* launcher and described plugins */
#define SESSION_REFUSED 8u /* the command itself tells of refused plugins */

struct session {
    struct cli *cli;
    struct engine_config config;
    struct store *store;
    struct launcher *launcher;
    struct registry *registry;
    struct conduct_options conduct;
    struct scan_spool spool;
    char *store_name; /* the spool's */
};

/** Opens what `needs` says; closes everything again when it fails. */
engine_status session_open(struct cli *cli, unsigned needs, struct session *out,
                           engine_error *err);
/** Accepts a session of zeros. */
void session_close(struct session *session);

/** The limits of a job by the configuration. */
void session_limits(const struct session *session, struct job_limits *out);
/** A context for engine/scan without callbacks but `cancelled`. */
void session_context(const struct session *session, struct scan_context *out);

/** The id of the scan that `name` means: an id, an unambiguous part of one at
 * its start or end, or "last". Caller frees *out. */
engine_status session_find_scan(struct session *session, const char *name,
                                char **out, engine_error *err);

#endif
