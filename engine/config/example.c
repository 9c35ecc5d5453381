/* SPDX-License-Identifier: Apache-2.0 */
/* example.c - the commented example configuration, from the option tables. */
#include <stdio.h>
#include <string.h>

#include "engine/config/config.h"
#include "engine/config/option.h"

#define EXAMPLE_WIDTH 76

/* A comment of whole words, wrapped. */
static void example_comment(struct buffer *out, const char *indent,
                            const char *text)
{
    size_t column = 0;

    while (*text) {
        size_t len = strcspn(text, " ");

        if (column == 0 || column + 1 + len > EXAMPLE_WIDTH) {
            buffer_printf(out, "%s%s#", column ? "\n" : "", indent);
            column = strlen(indent) + 1;
        }
        buffer_printf(out, " %.*s", (int)len, text);
        column += 1 + len;
        text += len;
        text += strspn(text, " ");
    }
    buffer_putc(out, '\n');
}

static void example_default(struct buffer *out, const struct option *option)
{
    if (option->type == OPTION_NUMBER || option->type == OPTION_BOOL)
        buffer_puts(out, option->fallback);
    else
        buffer_printf(out, "\"%s\"", option->fallback);
}

/* Where things are installed differs: documents show the usual place. */
static bool example_is_place(const struct option *option)
{
    return option->type == OPTION_DIRECTORY && option->fallback;
}

static void example_option(struct buffer *out, const char *indent,
                           const struct option *option)
{
    char kind[160], text[640];

    option_describe(option, kind, sizeof(kind));
    snprintf(text, sizeof(text), "%s: %s. %c%s.", option->name, option->help,
             kind[0] - 'a' + 'A', kind + 1);
    example_comment(out, indent, text);
    buffer_printf(out, "%s#%s = ", indent, option->name);
    if (example_is_place(option))
        buffer_puts(out, option->sample);
    else if (option->fallback)
        example_default(out, option);
    else
        buffer_puts(out, option->sample ? option->sample : "{ }");
    buffer_puts(out, ";\n\n");
}

static void example_group(struct buffer *out, const char *indent,
                          const struct option_table *table)
{
    for (size_t i = 0; i < table->count; i++)
        if (table->options[i].type != OPTION_GROUP || table->options[i].sample)
            example_option(out, indent, &table->options[i]);
}

static void example_plugins(struct buffer *out)
{
    buffer_puts(out, "# A plugin as a group, inside plugins = ( ... ):\n"
                     "#   {\n");
    for (size_t i = 0; i < option_table_plugin.count; i++) {
        const struct option *option = &option_table_plugin.options[i];

        example_comment(out, "#     ", option->help);
        buffer_printf(out, "#     %s = %s;\n", option->name, option->sample);
    }
    buffer_puts(out, "#   }\n\n");
}

engine_status config_example(struct buffer *out)
{
    buffer_puts(out,
                "# Configuration of scan-engine, in the format of libconfig; "
                "see engine.conf(5).\n"
                "# Made by \"scan-engine config example\". Every line is a "
                "comment: what is\n"
                "# not set has the value shown, or the one its text names.\n"
                "# @include \"other.conf\" reads another file in place.\n\n");
    example_group(out, "", &option_table_engine);
    example_plugins(out);
    buffer_puts(out, "# What one job may use.\n#limits: {\n");
    example_group(out, "    ", &option_table_limits);
    buffer_puts(out, "#};\n\n# Where results wait while a MongoDB store is "
                     "away.\n#spool: {\n");
    example_group(out, "    ", &option_table_spool);
    buffer_puts(out, "#};\n\n# The daemon, \"scan-engine serve\".\n"
                     "#server: {\n");
    example_group(out, "    ", &option_table_server);
    buffer_puts(out, "    #tls: {\n");
    example_group(out, "        ", &option_table_server_tls);
    buffer_puts(out, "    #};\n");
    buffer_puts(out, "#};\n\n# Options of plugins, a group for each.\n"
                     "#options: {\n#    oscap: { };\n#};\n\n"
                     "# What \"scan-engine scan\" does when it is told "
                     "nothing else.\n#scan: {\n");
    example_group(out, "    ", &option_table_scan);
    buffer_puts(out, "    #options: {\n");
    example_group(out, "        ", &option_table_scan_options);
    buffer_puts(out, "    #};\n#};\n");
    return buffer_status(out, NULL);
}
