/* SPDX-License-Identifier: Apache-2.0 */
/*
 * template.c - Go templates as far as Kubernetes content has them: one pass
 * over the text. All of it is checked, as Go's parser does; variables are
 * looked up only where the text is taken, as Go's executor does.
 */
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/base/buffer.h"
#include "sdk/kit/template.h"
#include "sdk/kit/template_private.h"

/* The words of an action between {{ and }}. */
static engine_status template_end_of(struct template *template,
                                     const struct template_word *word)
{
    return word->kind == TEMPLATE_CLOSE
               ? ENGINE_OK
               : template_unexpected(template, word, "}}");
}

static bool template_taken(const struct template *template)
{
    return !template->depth || template->frames[template->depth - 1].active;
}

/* ---- conditions ----------------------------------------------------------- */

/* The text of a variable or a quoted string, in *out. */
static engine_status template_operand(struct template *template,
                                      const struct template_word *word,
                                      bool evaluate, struct buffer *out)
{
    if (word->kind == TEMPLATE_TEXT)
        return template_unquote(template, word, out);
    if (word->kind != TEMPLATE_FIELD)
        return template_unexpected(template, word,
                                   "a variable or a text in quotes");
    return evaluate ? template_value(template, word, out) : ENGINE_OK;
}

/* eq A B [C ...] is true when A equals any of the others, ne A B when not. */
static engine_status template_compare(struct template *template, bool equal,
                                      bool evaluate, bool *out)
{
    struct buffer first, other;
    struct template_word word;
    engine_status status;
    unsigned count = 0;
    bool found = false;

    buffer_init(&first, TEMPLATE_MAX_TEXT);
    buffer_init(&other, TEMPLATE_MAX_TEXT);
    for (;; count++) {
        struct buffer *to = count ? &other : &first;

        status = template_next(template, &word);
        if (status < 0 || (word.kind == TEMPLATE_CLOSE && count >= 2))
            break;
        if (!equal && count == 2) {
            status = template_unexpected(template, &word, "}}");
            break;
        }
        buffer_reset(to);
        status = template_operand(template, &word, evaluate, to);
        if (status < 0)
            break;
        found = found || (count && first.len == other.len &&
                          !memcmp(first.data ? first.data : "",
                                  other.data ? other.data : "", first.len));
    }
    buffer_clear(&first);
    buffer_clear(&other);
    *out = found == equal;
    return status;
}

/* if .name: Go's idea of what is not empty. */
static engine_status template_truth(struct template *template,
                                    const struct template_word *field,
                                    bool evaluate, bool *out)
{
    struct buffer text;
    struct template_word word;
    engine_status status = template_next(template, &word);
    bson_iter_t value;

    if (status == ENGINE_OK)
        status = template_end_of(template, &word);
    if (status < 0 || !evaluate)
        return status;
    buffer_init(&text, TEMPLATE_MAX_TEXT);
    status = template_value(template, field, &text);
    *out = text.len > 0;
    if (status == ENGINE_OK && template_lookup(template, field, &value)) {
        if (BSON_ITER_HOLDS_BOOL(&value))
            *out = bson_iter_bool(&value);
        else if (BSON_ITER_HOLDS_NUMBER(&value))
            *out = bson_iter_as_double(&value) != 0;
    }
    buffer_clear(&text);
    return status;
}

/* What follows "if", up to the closing braces. */
static engine_status template_condition(struct template *template,
                                        bool evaluate, bool *out)
{
    struct template_word word;
    engine_status status = template_next(template, &word);

    *out = false;
    if (status < 0)
        return status;
    if (word.kind == TEMPLATE_FIELD)
        return template_truth(template, &word, evaluate, out);
    if (template_word_is(&word, "eq"))
        return template_compare(template, true, evaluate, out);
    if (template_word_is(&word, "ne"))
        return template_compare(template, false, evaluate, out);
    return template_unexpected(template, &word, "eq, ne or a variable");
}

/* ---- actions -------------------------------------------------------------- */

static engine_status template_if(struct template *template, size_t at)
{
    struct template_frame *frame = &template->frames[template->depth];
    const bool outer = template_taken(template);
    bool holds;
    engine_status status;

    if (template->depth == TEMPLATE_MAX_NESTING)
        return template_fail(template, at, "more than %d nested {{if}}",
                             TEMPLATE_MAX_NESTING);
    status = template_condition(template, outer, &holds);
    if (status < 0)
        return status;
    *frame = (struct template_frame){
        .at = at, .outer = outer, .active = outer && holds, .taken = holds};
    template->depth++;
    return ENGINE_OK;
}

static engine_status template_else(struct template *template, size_t at)
{
    struct template_frame *frame;
    struct template_word word;
    engine_status status = template_next(template, &word);
    bool holds = true;

    if (status < 0)
        return status;
    if (!template->depth || template->frames[template->depth - 1].last)
        return template_fail(template, at, "{{else}} without {{if}}");
    frame = &template->frames[template->depth - 1];
    if (template_word_is(&word, "if"))
        status = template_condition(template, frame->outer && !frame->taken,
                                    &holds);
    else
        status = template_end_of(template, &word);
    frame->last = word.kind == TEMPLATE_CLOSE;
    frame->active = frame->outer && !frame->taken && holds;
    frame->taken = frame->taken || holds;
    return status;
}

static engine_status template_end(struct template *template, size_t at)
{
    struct template_word word;
    engine_status status = template_next(template, &word);

    if (status == ENGINE_OK)
        status = template_end_of(template, &word);
    if (status < 0)
        return status;
    if (!template->depth)
        return template_fail(template, at, "{{end}} without {{if}}");
    template->depth--;
    return ENGINE_OK;
}

static engine_status template_print(struct template *template,
                                    const struct template_word *shown)
{
    struct template_word word;
    engine_status status = template_next(template, &word);

    if (status == ENGINE_OK)
        status = template_end_of(template, &word);
    if (status < 0 || !template_taken(template))
        return status;
    return shown->kind == TEMPLATE_TEXT
               ? template_unquote(template, shown, &template->out)
               : template_value(template, shown, &template->out);
}

static engine_status template_action(struct template *template, size_t at)
{
    struct template_word word;
    engine_status status = template_next(template, &word);

    if (status < 0)
        return status;
    if (word.kind == TEMPLATE_FIELD || word.kind == TEMPLATE_TEXT)
        return template_print(template, &word);
    if (word.kind == TEMPLATE_COMMENT) {
        status = template_next(template, &word);
        return status < 0 ? status : template_end_of(template, &word);
    }
    if (template_word_is(&word, "if"))
        return template_if(template, at);
    if (template_word_is(&word, "else"))
        return template_else(template, at);
    if (template_word_is(&word, "end"))
        return template_end(template, at);
    return template_unexpected(template, &word,
                               "a variable, if, else or end");
}

/* ---- the whole text ------------------------------------------------------- */

static void template_plain(struct template *template, const char *text,
                           size_t len, bool trim_end)
{
    while (template->trim && len && template_is_space(*text)) {
        text++;
        len--;
    }
    while (trim_end && len && template_is_space(text[len - 1]))
        len--;
    if (template_taken(template))
        buffer_append(&template->out, text, len);
}

static engine_status template_run(struct template *template)
{
    const char *text = template->text;

    while (template->at < template->len) {
        const size_t at = template->at;
        const char *open = strstr(text + at, "{{");
        bool trim_end = false;
        engine_status status;

        if (!open) {
            template_plain(template, text + at, template->len - at, false);
            break;
        }
        template->at = (size_t)(open - text) + 2;
        if (text[template->at] == '-' &&
            template_is_space(text[template->at + 1])) {
            trim_end = true;
            template->at += 2;
        }
        template_plain(template, text + at, (size_t)(open - text) - at,
                       trim_end);
        template->trim = false;
        template->opened = template->at;
        status = template_action(template, (size_t)(open - text));
        if (status < 0)
            return status;
    }
    if (template->depth)
        return template_fail(template,
                             template->frames[template->depth - 1].at,
                             "{{if}} without {{end}}");
    return buffer_status(&template->out, template->err);
}

engine_status template_expand(const char *text, const bson_t *variables,
                              template_used_fn used, void *user, char **out,
                              engine_error *err)
{
    struct template template = {.text = text,
                                .len = strlen(text),
                                .variables = variables,
                                .used = used,
                                .user = user,
                                .err = err};
    engine_status status = ENGINE_OK;

    buffer_init(&template.out, TEMPLATE_MAX_TEXT);
    if (template.len > TEMPLATE_MAX_TEXT)
        status = engine_fail(err, ENGINE_ELIMIT,
                             "a template is longer than %zu bytes",
                             TEMPLATE_MAX_TEXT);
    else
        status = template_run(&template);
    if (status == ENGINE_OK) {
        char *expanded = buffer_take(&template.out);

        if (expanded)
            *out = expanded;
        else
            status = engine_fail_memory(err);
    }
    buffer_clear(&template.out);
    return status;
}

bool template_single(const char *text, const bson_t *variables,
                     bson_iter_t *value)
{
    struct template template = {
        .text = text, .len = strlen(text), .variables = variables};
    struct template_word field, close;

    if (strncmp(text, "{{", 2) != 0)
        return false;
    template.at = 2;
    if (text[2] == '-' && template_is_space(text[3]))
        template.at = 4;
    template.opened = template.at;
    return template_next(&template, &field) == ENGINE_OK &&
           field.kind == TEMPLATE_FIELD &&
           template_next(&template, &close) == ENGINE_OK &&
           close.kind == TEMPLATE_CLOSE && template.at == template.len &&
           template_lookup(&template, &field, value);
}
