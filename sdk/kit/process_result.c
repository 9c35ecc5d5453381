/* SPDX-License-Identifier: Apache-2.0 */
/* process_result.c - what a program left behind. */
#include <stdio.h>
#include <string.h>

#include "sdk/kit/process.h"

#define PROCESS_COMPLAINT_MAX 300

void process_result_clear(struct process_result *result)
{
    buffer_clear(&result->output);
    buffer_clear(&result->errors);
}

void process_complaint(const struct process_result *result, char *out,
                       size_t room)
{
    const char *text = result->errors.data ? result->errors.data : "";
    size_t len = strlen(text), start;

    while (len && (unsigned char)text[len - 1] <= ' ')
        len--;
    start = len;
    while (start && text[start - 1] != '\n' &&
           len - start < PROCESS_COMPLAINT_MAX)
        start--;
    snprintf(out, room, "%s%.*s", len ? ": " : "", (int)(len - start),
             text + start);
    for (char *at = out; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 127)
            *at = '?';
}
