/* SPDX-License-Identifier: Apache-2.0 */
/* commands.c - the list of commands. */
#include "engine/cli/commands.h"

const struct cli_command *const cli_commands[] = {&command_scan,
                                                  &command_probe,
                                                  &command_import,
                                                  &command_rules_list,
                                                  &command_rules_show,
                                                  &command_rules_validate,
                                                  &command_rules_export,
                                                  &command_benchmarks_list,
                                                  &command_benchmarks_show,
                                                  &command_scans_list,
                                                  &command_scans_show,
                                                  &command_scans_results,
                                                  &command_scans_cancel,
                                                  &command_scans_delete,
                                                  &command_scans_check,
                                                  &command_plugins,
                                                  &command_conform,
                                                  &command_eval,
                                                  &command_xccdf_benchmark,
                                                  &command_xccdf_tailoring,
                                                  &command_xccdf_validate,
#ifdef SCAN_ENGINE_SERVER
                                                  &command_serve,
                                                  &command_token_create,
                                                  &command_token_list,
                                                  &command_token_revoke,
#endif
                                                  &command_config_example,
                                                  NULL};
