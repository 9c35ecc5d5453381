/* SPDX-License-Identifier: Apache-2.0 */
/* plan.h - printing what a scan would do. */
#ifndef ENGINE_CLI_PLAN_H
#define ENGINE_CLI_PLAN_H

#include "engine/cli/session.h"

/** Prints plan documents for people ("table") or as JSON ("json", "jsonl");
 * `only_files`: the content of files, nothing else. */
engine_status plan_print(struct session *session, const bson_t *config,
                         const char *want, const char *format, bool only_files,
                         const struct text_out *out, engine_error *err);

#endif
