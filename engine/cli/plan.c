/* SPDX-License-Identifier: Apache-2.0 */
/* plan.c - plan documents: files, commands and notes. */
#include "engine/cli/plan.h"

#include <string.h>

#include "engine/cli/list.h"
#include "sdk/document/document.h"

struct plan_state {
    const struct text_out *out;
    const char *format;
    bool only_files;
    size_t count;
};

/* One word as a shell would need it. */
static void plan_put_word(FILE *file, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789_@%+=:,./-";

    if (*word && word[strspn(word, plain)] == '\0') {
        fputs(word, file);
        return;
    }
    fputc('\'', file);
    for (; *word; word++) {
        if (*word == '\'')
            fputs("'\\''", file);
        else
            fputc(*word, file);
    }
    fputc('\'', file);
}

static void plan_put_words(const struct text_out *out, const bson_t *document,
                           const char *field)
{
    bson_t list;
    bson_iter_t iter;

    if (!document_child(document, field, &list) ||
        !bson_iter_init(&iter, &list))
        return;
    while (bson_iter_next(&iter))
        if (BSON_ITER_HOLDS_UTF8(&iter)) {
            fputc(' ', out->file);
            plan_put_word(out->file, bson_iter_utf8(&iter, NULL));
        }
}

static void plan_put_head(const struct text_out *out, const char *plugin,
                          const char *target, const char *kind,
                          const char *name)
{
    fputs("# ", out->file);
    text_cell(out, target ? target : "", 0, false, TEXT_BOLD);
    if (*plugin) {
        fputs(", ", out->file);
        text_cell(out, plugin, 0, false, TEXT_BOLD);
    }
    fprintf(out->file, ": %s%s", kind, name && *name ? " " : "");
    text_cell(out, name, 0, false, TEXT_PLAIN);
    fputc('\n', out->file);
}

/* A note may be about a rule, or plain text. */
static void plan_put_note(const struct text_out *out, const char *plugin,
                          const char *target, const bson_t *document)
{
    const char *rule = document_string(document, "rule_id");
    const char *status = document_string(document, "status");
    const char *text = document_string(document, "message");
    char name[512];

    if (!text)
        text = document_string(document, "text");
    snprintf(name, sizeof(name), "%.16s%s%.400s", status ? status : "",
             status ? " " : "", rule ? rule : "");
    plan_put_head(out, plugin, target, "note", name);
    if (text)
        text_paragraph(out, 0, "#   ", text, TEXT_PLAIN);
}

static void plan_put(const struct text_out *out, const char *plugin,
                     const char *target, const char *kind,
                     const bson_t *document)
{
    const char *content = document_string(document, "content");

    if (strcmp(kind, "file") == 0 && content) {
        plan_put_head(out, plugin, target, kind,
                      document_string(document, "name"));
        fprintf(out->file, "%s%s", content,
                content[0] && content[strlen(content) - 1] == '\n' ? "" : "\n");
    } else if (strcmp(kind, "command") == 0) {
        plan_put_head(out, plugin, target, kind, "");
        fputs("env", out->file);
        plan_put_words(out, document, "env");
        plan_put_words(out, document, "argv");
        fputc('\n', out->file);
    } else {
        plan_put_note(out, plugin, target, document);
    }
}

static engine_status plan_put_json(struct plan_state *state, const char *plugin,
                                   const char *target, const char *kind,
                                   const bson_t *document, engine_error *err)
{
    bson_t line = BSON_INITIALIZER;
    engine_status status;

    BSON_APPEND_UTF8(&line, "plugin", plugin);
    BSON_APPEND_UTF8(&line, "target", target ? target : "");
    BSON_APPEND_UTF8(&line, "kind", kind);
    BSON_APPEND_DOCUMENT(&line, "document", document);
    if (strcmp(state->format, "json") == 0)
        fputs(state->count ? "," : "[\n", state->out->file);
    status = list_print_line(state->out, &line, err);
    bson_destroy(&line);
    return status;
}

static engine_status plan_on_document(const char *plugin, const char *target,
                                      const char *kind, const bson_t *document,
                                      void *user, engine_error *err)
{
    struct plan_state *state = user;
    const char *content = document_string(document, "content");
    engine_status status = ENGINE_OK;

    if (state->only_files && strcmp(kind, "file") != 0)
        return ENGINE_OK;
    if (state->only_files)
        fputs(content ? content : "", state->out->file);
    else if (strcmp(state->format, "table") == 0)
        plan_put(state->out, plugin, target, kind, document);
    else
        status = plan_put_json(state, plugin, target, kind, document, err);
    state->count++;
    return status;
}

engine_status plan_print(struct session *session, const bson_t *config,
                         const char *want, const char *format, bool only_files,
                         const struct text_out *out, engine_error *err)
{
    struct plan_state state = {
        .out = out, .format = format, .only_files = only_files};
    struct scan_context context;
    engine_status status;

    session_context(session, &context);
    status = scan_plan(&context, config, want, plan_on_document, &state, err);
    if (status == ENGINE_OK && strcmp(format, "json") == 0 && !only_files)
        fputs(state.count ? "]\n" : "[]\n", out->file);
    if (status == ENGINE_OK && only_files && state.count == 0) {
        status = engine_fail(err, ENGINE_ENOTFOUND, "no selected rule has a %s",
                             want);
        engine_hint(err, "scan --dry-run shows what would be done");
    }
    return status;
}
