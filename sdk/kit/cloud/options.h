/* SPDX-License-Identifier: Apache-2.0 */
/* options.h - the options that every scanner of clouds has, for its table:
 * initialisers, since a constant table cannot be made of another one. */
#ifndef SDK_KIT_CLOUD_OPTIONS_H
#define SDK_KIT_CLOUD_OPTIONS_H

#include <engine/scanner.h>

#define CLOUD_OPTIONS                                                          \
{.name = "concurrency",                                                        \
     .type = SCANNER_OPTION_INT,                                               \
     .default_value = "256",                                                   \
     .minimum = 1,                                                             \
     .maximum = 1024,                                                          \
     .help = "API requests on their way at the same time."},                   \
    {.name = "timeout",                                                        \
     .type = SCANNER_OPTION_INT,                                               \
     .default_value = "300",                                                   \
     .minimum = 1,                                                             \
     .maximum = 86400,                                                         \
     .help = "Seconds that one request may take, with all its tries."},        \
    {.name = "connect_timeout",                                                \
     .type = SCANNER_OPTION_INT,                                               \
     .default_value = "10",                                                    \
     .minimum = 1,                                                             \
     .maximum = 600,                                                           \
     .help = "Seconds to wait for a connection."},                             \
    {.name = "stall_timeout",                                                  \
     .type = SCANNER_OPTION_INT,                                               \
     .default_value = "30",                                                    \
     .minimum = 1,                                                             \
     .maximum = 3600,                                                          \
     .help = "Seconds without a byte after which a try is given up."},         \
    {.name = "retries",                                                        \
     .type = SCANNER_OPTION_INT,                                               \
     .default_value = "8",                                                     \
     .minimum = 0,                                                             \
     .maximum = 100,                                                           \
     .help = "Tries after the first one, where trying again can help, such as " \
             "when the API throttles."},                                       \
    {.name = "rate",                                                           \
     .type = SCANNER_OPTION_INT,                                               \
     .default_value = "0",                                                     \
     .minimum = 0,                                                             \
     .maximum = 100000,                                                        \
     .help = "Requests a second to one endpoint at first; 0: as many as go, "  \
             "until it throttles. Then they become fewer by themselves."},     \
    {.name = "passing_results",                                                \
     .type = SCANNER_OPTION_INT,                                               \
     .default_value = "100",                                                   \
     .minimum = 0,                                                             \
     .maximum = 100000000,                                                     \
     .help = "Resources that comply and get a result of their own, at most, "  \
             "for each rule; the others are only counted. All that do not "    \
             "comply always have one."}

#endif
