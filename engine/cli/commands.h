/* SPDX-License-Identifier: Apache-2.0 */
/* commands.h - every command, defined in the file of its group. */
#ifndef ENGINE_CLI_COMMANDS_H
#define ENGINE_CLI_COMMANDS_H

#include <stdint.h>

#include "engine/cli/cli.h"

extern const struct cli_command command_scan;
extern const struct cli_command command_probe;
extern const struct cli_command command_import;
extern const struct cli_command command_rules_list;
extern const struct cli_command command_rules_show;
extern const struct cli_command command_rules_validate;
extern const struct cli_command command_rules_export;
extern const struct cli_command command_benchmarks_list;
extern const struct cli_command command_benchmarks_show;
extern const struct cli_command command_scans_list;
extern const struct cli_command command_scans_show;
extern const struct cli_command command_scans_results;
extern const struct cli_command command_scans_cancel;
extern const struct cli_command command_scans_delete;
extern const struct cli_command command_scans_check;
extern const struct cli_command command_plugins;
extern const struct cli_command command_conform;
extern const struct cli_command command_eval;
extern const struct cli_command command_xccdf_benchmark;
extern const struct cli_command command_xccdf_tailoring;
extern const struct cli_command command_xccdf_validate;
extern const struct cli_command command_config_example;
extern const struct cli_command command_serve;
extern const struct cli_command command_token_create;
extern const struct cli_command command_token_list;
extern const struct cli_command command_token_revoke;

#endif
