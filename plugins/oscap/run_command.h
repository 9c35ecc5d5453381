/* SPDX-License-Identifier: Apache-2.0 */
/* run_command.h - what oscap is called with, for those who call it (run.h has
 * what is for all). */
#ifndef PLUGINS_OSCAP_RUN_COMMAND_H
#define PLUGINS_OSCAP_RUN_COMMAND_H

#include "plugins/oscap/run.h"
#include "plugins/oscap/ssh.h"
#include "plugins/oscap/target.h"

bool oscap_run_wants_arf(const struct oscap_run_options *options);
/** True when oscap-ssh is run, and not ssh. */
bool oscap_run_is_wrapped(const struct oscap_run_options *options);

/** Arguments and environment, in the arenas of theirs. */
engine_status oscap_run_build(const struct oscap_run_options *options,
                              const struct oscap_target *target,
                              struct oscap_argv *argv, struct oscap_argv *env,
                              engine_error *err);

#endif
