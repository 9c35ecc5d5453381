/* SPDX-License-Identifier: Apache-2.0 */
/* yaml_problem.c - what libyaml has against a text, for messages. */
#include "sdk/document/yaml_problem.h"

#include <stdio.h>

/* A byte that is no text has an offset and no line. */
static long problem_line(const yaml_parser_t *parser, const char *text,
                         size_t len)
{
    size_t offset = parser->problem_offset;
    long line = 1;

    if (offset > len)
        offset = len;
    for (size_t i = 0; i < offset; i++)
        line += text[i] == '\n';
    return line;
}

bool yaml_problem(const yaml_parser_t *parser, const char *text, size_t len,
                  long *line, char out[YAML_PROBLEM_MAX])
{
    const char *problem = parser->problem ? parser->problem : "malformed YAML";

    if (parser->error == YAML_MEMORY_ERROR)
        return false;
    if (parser->error == YAML_READER_ERROR) {
        *line = problem_line(parser, text, len);
        snprintf(out, YAML_PROBLEM_MAX,
                 "text is not UTF-8 or not printable: %s", problem);
        return true;
    }
    *line = (long)parser->problem_mark.line + 1;
    snprintf(out, YAML_PROBLEM_MAX, "%s%s%s",
             parser->context ? parser->context : "",
             parser->context ? ", " : "", problem);
    return true;
}
