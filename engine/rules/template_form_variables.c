/* SPDX-License-Identifier: Apache-2.0 */
/* template_form_variables.c - the variables.json beside such rules. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/rules/template_form.h"
#include "sdk/base/alloc.h"
#include "sdk/base/file.h"

struct template_form {
    char *file;       /* the rules that it is about */
    char *path;       /* of the definitions */
    bson_t *variables; /* NULL: there are none */
    bson_t *known;     /* resources, by dump */
    char note[512];
};

static void form_clear(struct template_form *form)
{
    engine_free(form->file);
    engine_free(form->path);
    if (form->variables)
        bson_destroy(form->variables);
    if (form->known)
        bson_destroy(form->known);
    *form = (struct template_form){0};
}

void template_form_free(struct template_form *form)
{
    if (!form)
        return;
    form_clear(form);
    engine_free(form);
}

bson_t *template_form_known(struct template_form *form)
{
    return form->known;
}

static engine_status form_take(const bson_t *document,
                               const struct document_origin *origin,
                               void *user, engine_error *err)
{
    struct template_form *form = user;

    (void)origin;
    if (form->variables)
        bson_destroy(form->variables);
    form->variables = bson_copy(document);
    return form->variables ? ENGINE_OK : engine_fail_memory(err);
}

static engine_status form_load(struct template_form *form, engine_error *err)
{
    engine_error why = {0};
    engine_status status;
    char *text = NULL;
    size_t len = 0;

    if (access(form->path, F_OK) != 0)
        return ENGINE_OK; /* the note of the rules that need it says so */
    status = file_read(form->path, RULES_FILE_MAX, &text, &len, &why);
    if (status == ENGINE_OK)
        status = document_read_json(text, len, form->path, form_take, form,
                                    &why);
    engine_free(text);
    if (status == ENGINE_ENOMEM)
        return engine_fail_memory(err);
    if (status < 0) /* bad input: the rules are rejected with it */
        return engine_fail(err, ENGINE_EINVAL, "%s", why.message);
    return ENGINE_OK;
}

engine_status template_form_open(struct template_form **form,
                                 const char *file, engine_error *err)
{
    const char *slash = strrchr(file, '/');
    engine_status status;

    if (!*form)
        *form = engine_calloc(1, sizeof(**form));
    if (!*form)
        return engine_fail_memory(err);
    if ((*form)->file && strcmp((*form)->file, file) == 0)
        return ENGINE_OK;
    form_clear(*form);
    (*form)->path =
        engine_strf("%.*svariables.json",
                    slash ? (int)(slash + 1 - file) : 0, file);
    (*form)->known = bson_new();
    if (!(*form)->path)
        return engine_fail_memory(err);
    status = form_load(*form, err);
    if (status < 0)
        return status;
    (*form)->file = engine_strdup(file);
    return (*form)->file ? ENGINE_OK : engine_fail_memory(err);
}

/* ---- declarations -------------------------------------------------------- */

/* None stands for no value at all: templates compare with it */
static void form_put_text(bson_t *to, const char *key,
                          const bson_iter_t *value)
{
    char number[64];

    if (BSON_ITER_HOLDS_NULL(value)) {
        BSON_APPEND_UTF8(to, key, "None");
    } else if (BSON_ITER_HOLDS_INT(value)) {
        snprintf(number, sizeof(number), "%" PRId64,
                 bson_iter_as_int64(value));
        BSON_APPEND_UTF8(to, key, number);
    } else if (BSON_ITER_HOLDS_DOUBLE(value)) {
        snprintf(number, sizeof(number), "%.17g", bson_iter_double(value));
        BSON_APPEND_UTF8(to, key, number);
    } else if (BSON_ITER_HOLDS_BOOL(value)) {
        BSON_APPEND_UTF8(to, key, bson_iter_bool(value) ? "true" : "false");
    } else if (BSON_ITER_HOLDS_UTF8(value)) {
        BSON_APPEND_UTF8(to, key, bson_iter_utf8(value, NULL));
    }
}

static void form_declare(const bson_t *definition, bson_t *to)
{
    static const char *const same[] = {"title", "description", "operator",
                                       "interactive", NULL};
    const char *type = document_string(definition, "type");
    bson_t options, choices;
    bson_iter_t at;

    BSON_APPEND_UTF8(to, "type",
                     type && strcmp(type, "number") == 0    ? "number"
                     : type && strcmp(type, "boolean") == 0 ? "boolean"
                                                            : "string");
    for (size_t i = 0; same[i]; i++)
        if (bson_iter_init_find(&at, definition, same[i]))
            document_copy_value(to, same[i], &at);
    if (!document_child(definition, "options", &options) ||
        !bson_iter_init(&at, &options))
        return;
    bson_init(&choices);
    while (bson_iter_next(&at))
        form_put_text(strcmp(bson_iter_key(&at), "default") == 0 ? to
                                                                 : &choices,
                      bson_iter_key(&at), &at);
    if (!bson_empty(&choices))
        BSON_APPEND_DOCUMENT(to, "options", &choices);
    bson_destroy(&choices);
}

static void form_use(struct template_form *form, const char *name,
                     bson_t *out, const char **note)
{
    bson_iter_t at;
    bson_t definition, to;

    if (bson_iter_init_find(&at, out, name))
        return;
    bson_append_document_begin(out, name, -1, &to);
    if (form->variables &&
        bson_iter_init_find(&at, form->variables, name) &&
        document_iter_child(&at, &definition)) {
        form_declare(&definition, &to);
    } else {
        BSON_APPEND_UTF8(&to, "type", "string");
        snprintf(form->note, sizeof(form->note),
                 "the variable \"%.100s\" has no default: %.300s does not "
                 "define it",
                 name, form->path);
        *note = form->note;
    }
    bson_append_document_end(out, &to);
}

/* ---- which are used ------------------------------------------------------ */

/* every ".name" between "{{" and "}}" */
static void form_use_text(struct template_form *form, const char *text,
                          bson_t *out, const char **note)
{
    const char *at = text, *end;

    while ((at = strstr(at, "{{")) && (end = strstr(at, "}}"))) {
        while (at < end) {
            char name[256];
            size_t len = 0;

            if (*at++ != '.')
                continue;
            while (isalnum((unsigned char)at[len]) || at[len] == '_')
                len++;
            if (len && len < sizeof(name)) {
                snprintf(name, sizeof(name), "%.*s", (int)len, at);
                form_use(form, name, out, note);
            }
            at += len;
        }
    }
}

/* the texts of check_content and of what it holds, two levels down: values */
static void form_use_all(struct template_form *form, const bson_t *content,
                         int depth, bson_t *out, const char **note)
{
    bson_iter_t at;
    bson_t child;

    if (depth > 3 || !bson_iter_init(&at, content))
        return;
    while (bson_iter_next(&at)) {
        if (BSON_ITER_HOLDS_UTF8(&at) &&
            strcmp(bson_iter_key(&at), "xccdf_variable") == 0)
            form_use(form, bson_iter_utf8(&at, NULL), out, note);
        else if (BSON_ITER_HOLDS_UTF8(&at))
            form_use_text(form, bson_iter_utf8(&at, NULL), out, note);
        else if (document_iter_child(&at, &child))
            form_use_all(form, &child, depth + 1, out, note);
    }
}

engine_status template_form_variables(struct template_form *form,
                                      const bson_t *content, bson_t *out,
                                      const char **note, engine_error *err)
{
    bson_t variables = BSON_INITIALIZER;

    (void)err;
    form_use_all(form, content, 0, &variables, note);
    if (!bson_empty(&variables))
        BSON_APPEND_DOCUMENT(out, "variables", &variables);
    bson_destroy(&variables);
    return ENGINE_OK;
}
