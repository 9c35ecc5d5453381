/* SPDX-License-Identifier: Apache-2.0 */
/* yaml_problem.h - what libyaml has against a text. */
#ifndef SDK_DOCUMENT_YAML_PROBLEM_H
#define SDK_DOCUMENT_YAML_PROBLEM_H

#include <stdbool.h>
#include <stddef.h>
#include <yaml.h>

#define YAML_PROBLEM_MAX 256

/** Says why the parser failed on a text, and in which line (from 1). False:
 * there was no memory. */
bool yaml_problem(const yaml_parser_t *parser, const char *text, size_t len,
                  long *line, char out[YAML_PROBLEM_MAX]);

#endif
