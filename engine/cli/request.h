/* SPDX-License-Identifier: Apache-2.0 */
/* request.h - a scan configuration from the file's scan { } and options. */
#ifndef ENGINE_CLI_REQUEST_H
#define ENGINE_CLI_REQUEST_H

#include "engine/cli/session.h"

#define REQUEST_TARGET_HELP                                                  \
    "what to scan: local, chroot:/PATH, ssh:[USER@]HOST[:PORT], "            \
    "kubernetes[:CONTEXT], kubernetes_dump:/PATH, another type, or a JSON "  \
    "object; without it that of the configuration, or this machine"
#define REQUEST_TARGET_OPTION                         \
    {                                                 \
        "target", "TARGET", REQUEST_TARGET_HELP, true \
    }

#define REQUEST_SELECT_OPTIONS                                                 \
    {"framework", "NAME[:VERSION]", "only rules of this framework", false},    \
        {"benchmark", "ID", "only rules of this benchmark", false},            \
        {"profile", "ID", "only rules of this profile, with its values",       \
         false},                                                               \
        {"rule", "ID", "only this rule", true},                                \
        {"filter", "JSON", "only rules that match this query", false},         \
    {                                                                          \
        "set", "VAR=VALUE", "give a variable of the rules another value", true \
    }

/** Initialises *out also on failure. */
engine_status request_build(const struct session *session,
                            const struct cli_args *args, bson_t *out,
                            engine_error *err);

/** One --target as a document; *out is initialised on success. */
engine_status request_target(const char *text, bson_t *out, engine_error *err);

#endif
