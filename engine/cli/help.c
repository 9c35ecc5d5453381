/* SPDX-License-Identifier: Apache-2.0 */
/* help.c - the texts of --help, made from the tables. */
#include <string.h>

#include "engine/cli/cli.h"

#define HELP_COLUMNS 26 /* where explanations begin */

static void help_pair(const struct text_out *out, const char *name,
                      const char *help)
{
    char lead[HELP_COLUMNS + 1];

    if (strlen(name) + 2 < HELP_COLUMNS - 2) {
        snprintf(lead, sizeof(lead), "  %-*s", HELP_COLUMNS - 2, name);
        text_paragraph(out, 0, lead, help, TEXT_PLAIN);
        return;
    }
    fprintf(out->file, "  %s\n", name);
    text_paragraph(out, HELP_COLUMNS, "", help, TEXT_PLAIN);
}

static void help_options(const struct text_out *out, const char *heading,
                         const struct cli_option *options, size_t count)
{
    char name[80], help[512];

    if (!count)
        return;
    fprintf(out->file, "\n%s\n", heading);
    for (size_t i = 0; i < count; i++) {
        const struct cli_option *option = &options[i];

        snprintf(name, sizeof(name), "--%s%s%s", option->name,
                 option->value ? " " : "", option->value ? option->value : "");
        snprintf(help, sizeof(help), "%s%s", option->help,
                 option->repeatable ? " (may be repeated)" : "");
        help_pair(out, name, help);
    }
}

static void help_globals(const struct text_out *out)
{
    help_options(out, "Options of every command, before its name",
                 cli_global_options, cli_global_options_count);
    fputs("\n", out->file);
    text_paragraph(out, 0, "",
                   "Exit status: 0 done; 1 the command could not do its "
                   "work; 2 a selected rule failed; 3 no rule failed, but "
                   "some are error or unknown.",
                   TEXT_PLAIN);
}

static void help_line(const struct text_out *out,
                      const struct cli_command *command)
{
    char name[64];

    snprintf(name, sizeof(name), "%s%s%s", command->group ? command->group : "",
             command->group ? " " : "", command->name);
    help_pair(out, name, command->help);
}

void cli_help_program(const struct text_out *out)
{
    fputs("usage: scan-engine [--config FILE] COMMAND ...\n\nCommands\n",
          out->file);
    for (size_t i = 0; cli_commands[i]; i++)
        help_line(out, cli_commands[i]);
    help_globals(out);
    fputs("\nscan-engine COMMAND --help says more.\n", out->file);
}

void cli_help_group(const struct text_out *out, const char *group)
{
    fprintf(out->file, "usage: scan-engine %s COMMAND ...\n\nCommands\n",
            group);
    for (size_t i = 0; cli_commands[i]; i++)
        if (cli_commands[i]->group &&
            strcmp(cli_commands[i]->group, group) == 0)
            help_line(out, cli_commands[i]);
}

void cli_help_command(const struct text_out *out,
                      const struct cli_command *command)
{
    fprintf(out->file, "usage: scan-engine %s%s%s%s%s%s\n\n",
            command->group ? command->group : "", command->group ? " " : "",
            command->name, command->options_count ? " [OPTION...]" : "",
            command->words[0] ? " " : "", command->words);
    text_paragraph(out, 0, "", command->help, TEXT_PLAIN);
    for (const char *at = command->more; at && *at;) {
        size_t len = strcspn(at, "\n");
        char text[1024];

        snprintf(text, sizeof(text), "%.*s", (int)len, at);
        fputc('\n', out->file);
        text_paragraph(out, 0, "", text, TEXT_PLAIN);
        at += len + (at[len] == '\n');
    }
    help_options(out, "Options", command->options, command->options_count);
    help_globals(out);
}
