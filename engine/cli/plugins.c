/* SPDX-License-Identifier: Apache-2.0 */
/* plugins.c - the command plugins: what is loaded, and what was refused. */
#include <string.h>

#include "engine/cli/commands.h"
#include "engine/cli/list.h"
#include "sdk/document/document.h"

/* {name, alias} and {format, marker} in one line. */
static void plugins_put_names(const struct text_out *out,
                              const bson_t *description, const char *field,
                              const char *first, const char *second)
{
    bson_t list, item;
    bson_iter_t iter;
    struct buffer line;
    char lead[24];

    if (!document_child(description, field, &list) ||
        !bson_iter_init(&iter, &list) || !bson_count_keys(&list))
        return;
    buffer_init(&line, 64 * 1024);
    while (bson_iter_next(&iter)) {
        const char *name = NULL, *other = NULL;

        if (BSON_ITER_HOLDS_UTF8(&iter)) {
            name = bson_iter_utf8(&iter, NULL);
        } else if (document_iter_child(&iter, &item)) {
            name = document_string(&item, first);
            other = document_string(&item, second);
        }
        buffer_printf(&line, "%s%s", line.len ? ", " : "", name ? name : "");
        if (other)
            buffer_printf(&line, " (%s)", other);
    }
    snprintf(lead, sizeof(lead), "%-12s", field);
    text_paragraph(out, 2, lead, line.data ? line.data : "", TEXT_PLAIN);
    buffer_clear(&line);
}

static void plugins_option_value(const bson_t *options, const char *name,
                                 struct buffer *out)
{
    bson_iter_t iter;

    if (name && document_find(options, name, &iter) &&
        !BSON_ITER_HOLDS_NULL(&iter))
        document_value_to_json(&iter, 0, out);
    else
        buffer_puts(out, "not set");
}

static void plugins_put_options(const struct text_out *out,
                                const struct plugin_entry *entry)
{
    bson_t list, item;
    bson_iter_t iter;

    if (!document_child(&entry->description, "options", &list) ||
        !bson_iter_init(&iter, &list))
        return;
    while (bson_iter_next(&iter)) {
        const char *name, *help;
        struct buffer value;

        if (!document_iter_child(&iter, &item))
            continue;
        name = document_string(&item, "name");
        help = document_string(&item, "help");
        buffer_init(&value, 64 * 1024);
        buffer_printf(&value, "%s = ", name ? name : "");
        plugins_option_value(&entry->options, name, &value);
        if (help)
            buffer_printf(&value, "  (%s)", help);
        text_paragraph(out, 2, "option      ", value.data ? value.data : "",
                       TEXT_PLAIN);
        buffer_clear(&value);
    }
}

static void plugins_put_limits(const struct text_out *out,
                               const bson_t *shown)
{
    bson_t limits;
    bson_iter_t iter;
    struct buffer line;

    if (!document_child(shown, "limits", &limits) ||
        !bson_iter_init(&iter, &limits))
        return;
    buffer_init(&line, 4096);
    while (bson_iter_next(&iter))
        buffer_printf(&line, "%s%s = %lld", line.len ? ", " : "",
                      bson_iter_key(&iter),
                      (long long)bson_iter_as_int64(&iter));
    text_paragraph(out, 2, "limits      ", line.len ? line.data : "none",
                   TEXT_PLAIN);
    buffer_clear(&line);
}

static void plugins_put(const struct text_out *out,
                        const struct plugin_entry *entry,
                        const bson_t *about)
{
    const char *version = document_string(about, "version");
    const char *abi = document_string(about, "abi");
    bool refused = entry->refused.status != ENGINE_OK;
    char user[REGISTRY_USER_MAX];

    text_cell(out, entry->spec->name, 0, false, TEXT_BOLD);
    if (version) {
        fputc(' ', out->file);
        text_cell(out, version, 0, false, TEXT_PLAIN);
    }
    fputs(": ", out->file);
    text_styled(out, refused ? TEXT_RED : TEXT_GREEN,
                refused ? "refused\n" : "loaded\n");
    text_paragraph(out, 2, "file        ", entry->spec->path, TEXT_PLAIN);
    registry_user(entry, user, sizeof(user));
    text_paragraph(out, 2, "user        ", user, TEXT_PLAIN);
    if (refused) {
        text_paragraph(out, 2, "why         ", entry->refused.message,
                       TEXT_RED);
        if (entry->refused.hint[0])
            text_paragraph(out, 2, "to do       ", entry->refused.hint,
                           TEXT_PLAIN);
    }
    if (abi)
        text_paragraph(out, 2, "abi         ", abi, TEXT_PLAIN);
    plugins_put_names(out, about, "types", "name", "alias");
    plugins_put_names(out, about, "targets", "name", "alias");
    plugins_put_names(out, about, "content", "format", "marker");
    plugins_put_names(out, about, "operations", "name", "alias");
    plugins_put_names(out, about, "caps", "name", "alias");
    plugins_put_names(out, about, "reads", "name", "alias");
    plugins_put_names(out, about, "writes", "name", "alias");
    plugins_put_names(out, about, "programs", "name", "alias");
    if (!refused) {
        text_paragraph(out, 2, "confinement ",
                       document_string(about, "confinement.text"), TEXT_PLAIN);
        plugins_put_limits(out, about);
        plugins_put_options(out, entry);
    }
}

static engine_status plugins_put_all(const struct session *session,
                                     const char *format, engine_error *err)
{
    const struct text_out *out = &session_cli(session)->out;
    const bool table = strcmp(format, "table") == 0;
    size_t count = registry_count(session->registry);
    struct job_limits limits;
    engine_status status = ENGINE_OK;

    session_limits(&session->config, &limits);
    if (strcmp(format, "json") == 0)
        fputs("[\n", out->file);
    for (size_t i = 0; i < count && status == ENGINE_OK; i++) {
        const struct plugin_entry *entry = registry_at(session->registry, i);
        bson_t shown = BSON_INITIALIZER;

        conduct_show(&session->conduct, &limits, entry, &shown);
        if (i && strcmp(format, "jsonl") != 0)
            fputc(table ? '\n' : ',', out->file);
        if (table)
            plugins_put(out, entry, &shown);
        else
            status = list_print_line(out, &shown, err);
        bson_destroy(&shown);
    }
    if (strcmp(format, "json") == 0)
        fputs("]\n", out->file);
    return status;
}

static int plugins_run(struct cli *cli, const struct cli_args *args,
                       engine_error *err)
{
    struct session session;
    const char *format;
    engine_status status;

    if (cli_choice(args, "format", list_formats, &format, err) < 0)
        return ENGINE_EINVAL;
    status =
        session_open(cli, SESSION_PLUGINS | SESSION_REFUSED, &session, err);
    if (status < 0)
        return status;
    status = plugins_put_all(&session, format, err);
    session_close(&session);
    return status;
}

static const struct cli_option plugins_options[] = {LIST_FORMAT_OPTION};

const struct cli_command command_plugins = {
    .name = "plugins",
    .words = "",
    .help = "show what is loaded, what it can do, and what was refused and "
            "why",
    .options = plugins_options,
    .options_count = CLI_COUNT(plugins_options),
    .run = plugins_run};
