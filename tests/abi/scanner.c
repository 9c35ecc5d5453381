/* SPDX-License-Identifier: Apache-2.0 */
/* scanner.c - all of engine/scanner.h in one shared object, for abidw and
 * abidiff to look at: tests/abi/abi.sh. */
#include <engine/scanner.h>

SCANNER_EXPORT void scanner_surface(const struct scanner_ops *ops,
                                    const struct scanner_host *host,
                                    const struct scanner_job *job,
                                    const struct scanner_result *result,
                                    const struct scanner_rule_end *end,
                                    const struct scanner_config *config,
                                    const struct scanner_option *option,
                                    struct scanner_error *err,
                                    struct scanner_doc document,
                                    scanner_query_fn query);

void scanner_surface(const struct scanner_ops *ops,
                     const struct scanner_host *host,
                     const struct scanner_job *job,
                     const struct scanner_result *result,
                     const struct scanner_rule_end *end,
                     const struct scanner_config *config,
                     const struct scanner_option *option,
                     struct scanner_error *err, struct scanner_doc document,
                     scanner_query_fn query)
{
    (void)ops;
    (void)host;
    (void)job;
    (void)result;
    (void)end;
    (void)config;
    (void)option;
    (void)err;
    (void)document;
    (void)query;
}
