/* SPDX-License-Identifier: Apache-2.0 */
/* check_oval.c - compiling the OVAL form, as the template yamlfile_value reads
 * its parameters. */
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/document/document.h"
#include "sdk/kit/check_private.h"
#include "sdk/kit/template.h"

#define OVAL_MAX_TEXT 65536 /* of an expected value */

void check_oval_clear(struct oval *oval)
{
    for (unsigned i = 0; i < oval->count; i++)
        pattern_free(oval->fields[i].pattern);
    oval->count = 0;
    pattern_free(oval->capture);
    oval->capture = NULL;
    expr_free(oval->counter);
    oval->counter = NULL;
}

/* ---- words ------------------------------------------------------------------- */

static engine_status oval_unknown(const char *key, const char *word,
                                  const char *hint, engine_error *err)
{
    engine_status status =
        engine_fail(err, ENGINE_EINVAL, "%s: \"%.60s\" is unknown", key, word);

    engine_hint(err, "%s", hint);
    return status;
}

static engine_status oval_read_check(const struct check *check,
                                     const char *key, enum oval_check *out,
                                     engine_error *err)
{
    const char *word;
    engine_status status = check_string(check, key, &word, err);

    if (status < 0 || !word || oval_check_find(word, out))
        return status;
    return oval_unknown(key, word,
                        "it is all, at least one, only one or none satisfy",
                        err);
}

static engine_status oval_read_words(struct check *check, engine_error *err)
{
    struct oval *oval = &check->oval;
    const char *word;
    engine_status status;

    oval->existence = OVAL_ONLY_ONE_EXISTS; /* the template's default */
    status = check_string(check, "check_existence", &word, err);
    if (status == ENGINE_OK && word &&
        !oval_existence_find(word, &oval->existence))
        status = oval_unknown("check_existence", word,
                              "it is all_exist, any_exist, "
                              "at_least_one_exists, none_exist or "
                              "only_one_exists",
                              err);
    if (status == ENGINE_OK)
        status = oval_read_check(check, "check", &oval->check, err);
    if (status == ENGINE_OK)
        status = oval_read_check(check, "entity_check", &oval->entity_check,
                                 err);
    if (status == ENGINE_OK)
        status = check_flag(check, "ocp_data", &oval->object_has_to_exist,
                            err);
    return status;
}

/* ---- values ------------------------------------------------------------------ */

/* Text of a scalar, in the check's arena; NULL when it is not given. */
static engine_status oval_text(struct check *check, const bson_iter_t *iter,
                               const char **out, engine_error *err)
{
    struct buffer text;
    engine_status status = ENGINE_OK;

    *out = NULL;
    buffer_init(&text, OVAL_MAX_TEXT);
    if (!template_variable_text(iter, &text))
        status = engine_fail(err, ENGINE_EINVAL,
                             "a list or an object can be no value");
    else
        status = buffer_status(&text, err);
    if (status == ENGINE_OK) {
        *out = arena_strdup(&check->arena, text.data ? text.data : "");
        if (!*out)
            status = engine_fail_memory(err);
    }
    buffer_clear(&text);
    return status;
}

static engine_status oval_read_word(struct oval_field *field, const char *key,
                                    const char *word, engine_error *err)
{
    if (!strcmp(key, "type"))
        return oval_datatype_find(word, &field->datatype)
                   ? ENGINE_OK
                   : oval_unknown(key, word,
                                  "it is string, int, float or boolean", err);
    if (!strcmp(key, "operation"))
        return oval_operation_find(word, &field->operation)
                   ? ENGINE_OK
                   : oval_unknown(key, word,
                                  "it is one of OVAL's, such as equals, not "
                                  "equal, pattern match, greater than or "
                                  "equal",
                                  err);
    if (!strcmp(key, "entity_check"))
        return oval_check_find(word, &field->check)
                   ? ENGINE_OK
                   : oval_unknown(key, word,
                                  "it is all, at least one, only one or none "
                                  "satisfy",
                                  err);
    if (!strcmp(key, "check_existence")) /* which the template ignores */
        return ENGINE_OK;
    return oval_unknown("key of a value", key,
                        "keys are key, value, type, operation, entity_check",
                        err);
}

static engine_status oval_read_field(struct check *check, const bson_t *value,
                                     struct oval_field *field,
                                     engine_error *err)
{
    engine_status status = ENGINE_OK;
    bson_iter_t iter;

    field->key = "#";
    if (!bson_iter_init(&iter, value))
        return engine_fail_memory(err);
    while (status == ENGINE_OK && bson_iter_next(&iter)) {
        const char *key = bson_iter_key(&iter);
        const char *text;

        if (BSON_ITER_HOLDS_NULL(&iter))
            continue;
        status = oval_text(check, &iter, &text, err);
        if (status < 0)
            engine_error_prefix(err, "%s", key);
        else if (!strcmp(key, "key"))
            field->key = text;
        else if (!strcmp(key, "value"))
            field->value = text;
        else
            status = oval_read_word(field, key, text, err);
    }
    return status;
}

static engine_status oval_fields(struct check *check, unsigned count,
                                 engine_error *err)
{
    struct oval *oval = &check->oval;
    const size_t size = count * sizeof(struct oval_counts);

    if (count > OVAL_MAX_FIELDS)
        return engine_fail(err, ENGINE_ELIMIT, "there are more than %d values",
                           OVAL_MAX_FIELDS);
    oval->fields = arena_alloc(&check->arena, count * sizeof(*oval->fields));
    oval->plain = arena_alloc(&check->arena, size);
    oval->current = arena_alloc(&check->arena, size);
    return oval->fields && oval->plain && oval->current
               ? ENGINE_OK
               : engine_fail_memory(err);
}

/* Reads "values" into fields, without looking at what they mean. */
static engine_status oval_read_values(struct check *check, engine_error *err)
{
    struct oval *oval = &check->oval;
    engine_status status = ENGINE_OK;
    bson_iter_t iter, item;
    bson_t values, value;

    if (!bson_iter_init_find(&iter, &check->content, "values") ||
        BSON_ITER_HOLDS_NULL(&iter))
        return oval_fields(check, 1, err);
    if (!BSON_ITER_HOLDS_ARRAY(&iter) || !document_iter_child(&iter, &values))
        return engine_fail(err, ENGINE_EINVAL, "values is no list");
    status = oval_fields(check, bson_count_keys(&values) + 1, err);
    if (status < 0 || !bson_iter_init(&item, &values))
        return status;
    while (status == ENGINE_OK && bson_iter_next(&item)) {
        if (!BSON_ITER_HOLDS_DOCUMENT(&item) ||
            !document_iter_child(&item, &value))
            status = engine_fail(err, ENGINE_EINVAL, "it is no object");
        else
            status = oval_read_field(check, &value,
                                     &oval->fields[oval->count++], err);
        if (status < 0)
            engine_error_prefix(err, "values.%s", bson_iter_key(&item));
    }
    return status;
}

/* ---- variables --------------------------------------------------------------- */

static engine_status oval_find_variable(struct check *check,
                                        const bson_t *variables,
                                        const char *name, const char **out,
                                        engine_error *err)
{
    bson_iter_t value;
    engine_status status;

    if (!template_variable(variables, name, &value))
        return engine_fail(err, ENGINE_EINVAL,
                           "xccdf_variable \"%.100s\" has no value", name);
    check_note(check, &value);
    status = oval_text(check, &value, out, err);
    if (status < 0)
        engine_error_prefix(err, "variable \"%.100s\"", name);
    return status;
}

/* embedded_data: a part of what is there is compared with the variable. */
static engine_status oval_embed(struct oval *oval, const char *text,
                                engine_error *err)
{
    const char *pattern = oval->count == 1 ? oval->fields[0].value : NULL;
    engine_status status;

    if (!pattern)
        return engine_fail(err, ENGINE_EINVAL,
                           "embedded_data needs one value, the pattern that "
                           "takes the embedded part");
    status = pattern_new(pattern, NULL, &oval->capture, err);
    oval->fields[0] =
        (struct oval_field){.key = oval->fields[0].key, .value = text};
    return status;
}

static engine_status oval_read_variable(struct check *check,
                                        const bson_t *variables,
                                        engine_error *err)
{
    struct oval *oval = &check->oval;
    struct oval_field field = {.key = "#"};
    const char *name, *text;
    bool embedded, regex;
    engine_status status = check_string(check, "xccdf_variable", &name, err);

    if (status == ENGINE_OK)
        status = check_flag(check, "embedded_data", &embedded, err);
    if (status == ENGINE_OK)
        status = check_flag(check, "regex_data", &regex, err);
    if (status < 0 || !name)
        return status;
    status = oval_find_variable(check, variables, name, &text, err);
    if (status < 0)
        return status;
    if (embedded)
        return oval_embed(oval, text, err);
    if (oval->count && !regex) {
        field.key = oval->fields[0].key;
        field.datatype = oval->fields[0].datatype;
    }
    field.value = text;
    field.duration = !regex;
    field.seconds = strcasestr(name, "seconds") != NULL ||
                    strcasestr(check->path, "seconds") != NULL;
    field.operation = regex ? OVAL_PATTERN_MATCH : OVAL_EQUALS;
    oval->fields[0] = field;
    oval->count = 1;
    return ENGINE_OK;
}

/* ---- all of it ---------------------------------------------------------------- */

static engine_status oval_prepare(struct oval *oval, engine_error *err)
{
    engine_status status = ENGINE_OK;

    for (unsigned i = 0; i < oval->count && status == ENGINE_OK; i++) {
        struct oval_field *field = &oval->fields[i];

        if (!field->value)
            status = engine_fail(err, ENGINE_EINVAL, "value is missing");
        else
            status = oval_field_prepare(field, err);
        if (status < 0)
            engine_error_prefix(err, "values.%u", i);
    }
    return status;
}

static engine_status oval_read_counter(struct check *check, engine_error *err)
{
    static const char key[] = "check_existence_yamlpath";
    const char *path;
    engine_status status = check_string(check, key, &path, err);

    if (status < 0 || !path)
        return status;
    check->oval.counter_fans = check_fans(check->language, path);
    status = expr_compile(check->language, path, NULL, &check->oval.counter,
                          err);
    if (status < 0)
        engine_error_prefix(err, "%s", key);
    return status;
}

engine_status check_compile_oval(struct check *check, const bson_t *variables,
                                 engine_error *err)
{
    struct oval *oval = &check->oval;
    engine_status status = oval_read_words(check, err);

    if (status == ENGINE_OK)
        status = oval_read_counter(check, err);
    if (status == ENGINE_OK)
        status = oval_read_values(check, err);
    if (status == ENGINE_OK)
        status = oval_read_variable(check, variables, err);
    if (status < 0)
        return status;
    if (oval->existence == OVAL_NONE_EXIST && !oval->capture)
        oval->count = 0; /* the template leaves the state out */
    return oval_prepare(oval, err);
}
