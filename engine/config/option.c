/* SPDX-License-Identifier: Apache-2.0 */
/* option.c - an option by its name, and what it takes in words. */
#include "engine/config/option.h"

#include <stdio.h>
#include <string.h>

const struct option *option_find(const struct option_table *table,
                                 const char *name)
{
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->options[i].name, name) == 0)
            return &table->options[i];
    return NULL;
}

static void option_describe_choices(const struct option *option, char *out,
                                    size_t out_size)
{
    size_t used = (size_t)snprintf(out, out_size, "one of");

    for (size_t i = 0; option->choices[i] && used < out_size; i++)
        used += (size_t)snprintf(out + used, out_size - used, " \"%s\"",
                                 option->choices[i]);
}

void option_describe(const struct option *option, char *out, size_t out_size)
{
    static const char *const words[] = {
        [OPTION_TEXT] = "text in quotes",
        [OPTION_DIRECTORY] = "an absolute path in quotes",
        [OPTION_BOOL] = "true or false",
        [OPTION_TEXTS] = "a list of texts, [ \"...\" ]",
        [OPTION_GROUP] = "a group, { ... }",
        [OPTION_LIST] = "a list, ( ... )",
        [OPTION_DOCUMENT] = "a group, { ... }, or JSON in quotes"};

    if (option->type == OPTION_NUMBER)
        snprintf(out, out_size, "a whole number from %lld to %lld",
                 (long long)option->minimum, (long long)option->maximum);
    else if (option->type == OPTION_CHOICE)
        option_describe_choices(option, out, out_size);
    else
        snprintf(out, out_size, "%s", words[option->type]);
}
