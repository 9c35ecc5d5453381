/* SPDX-License-Identifier: Apache-2.0 */
/* options.c - what an operator can set for this scanner. */
#include "plugins/oscap/oscap.h"

const struct scanner_option oscap_options[OSCAP_OPTIONS_COUNT] = {
    {.name = "program",
     .type = SCANNER_OPTION_STRING,
     .default_value = "oscap",
     .help = "The oscap program: a name on PATH or an absolute path."},
    {.name = "timeout",
     .type = SCANNER_OPTION_INT,
     .default_value = "3600",
     .minimum = 1,
     .maximum = 604800,
     .help = "Seconds that one run of oscap may take."},
    {.name = "watchdog",
     .type = SCANNER_OPTION_INT,
     .default_value = "60",
     .minimum = 0,
     .maximum = 86400,
     .help = "Seconds without any progress after which oscap is taken for "
             "hung, killed and run once more (10 when all its threads wait "
             "for each other); 0 switches this off."},
    {.name = "evidence",
     .type = SCANNER_OPTION_BOOL,
     .default_value = "false",
     .help = "Keep the OVAL items of every rule: expected and actual values."},
    {.name = "keep_results",
     .type = SCANNER_OPTION_STRING,
     .default_value = "results",
     .help = "Which raw result to keep as an artifact: results (XCCDF), arf, "
             "or none."},
    {.name = "apt_lists",
     .type = SCANNER_OPTION_BOOL,
     .default_value = "false",
     .help = "Let oscap read apt's package lists, which it does not need and "
             "which cost most of a small scan's time."},
    {.name = "self_checks",
     .type = SCANNER_OPTION_BOOL,
     .default_value = "false",
     .help = "Leave the assertions that libopenscap makes about its own data "
             "on; they take most of a local scan's time."},
    {.name = "ssh_transport",
     .type = SCANNER_OPTION_STRING,
     .default_value = "stream",
     .help = "How ssh targets are scanned: stream (one connection) or "
             "oscap-ssh."},
    {.name = "ssh_program",
     .type = SCANNER_OPTION_STRING,
     .default_value = "ssh",
     .help = "The ssh program: a name on PATH or an absolute path."},
    {.name = "known_hosts",
     .type = SCANNER_OPTION_STRING,
     .default_value = "",
     .help = "Known-hosts file for ssh targets; empty: ssh's own."},
    {.name = "host_key_policy",
     .type = SCANNER_OPTION_STRING,
     .default_value = "strict",
     .help = "strict: unknown host keys are refused; accept-new: they are "
             "learnt, changed ones are refused."},
    {.name = "connect_timeout",
     .type = SCANNER_OPTION_INT,
     .default_value = "15",
     .minimum = 1,
     .maximum = 600,
     .help = "Seconds to wait for an ssh connection."},
};
