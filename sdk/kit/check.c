/* SPDX-License-Identifier: Apache-2.0 */
/* check.c - compiling a check_content, and judging one subject. */
#include <stdio.h>
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/document/document.h"
#include "sdk/kit/check_private.h"

/* ---- compiling --------------------------------------------------------------- */

static bool check_has(const bson_t *content, const char *key)
{
    return key && bson_has_field(content, key);
}

/* Which of the two forms a content is in. */
static engine_status check_find_form(const bson_t *content,
                                     const struct check_words *words,
                                     enum check_form *out, engine_error *err)
{
    static const char *const oval[] = {"values", "check_existence",
                                       "check_existence_yamlpath",
                                       "xccdf_variable", "ocp_data"};
    const char *condition = check_has(content, words->condition)
                                ? words->condition
                                : words->expected;

    *out = check_has(content, condition) ? CHECK_CONDITION : CHECK_OVAL;
    for (size_t i = 0; i < sizeof(oval) / sizeof(*oval); i++) {
        if (!bson_has_field(content, oval[i]))
            continue;
        return *out == CHECK_OVAL
                   ? ENGINE_OK
                   : engine_fail(err, ENGINE_EINVAL,
                                 "%s and %s do not go together", condition,
                                 oval[i]);
    }
    if (*out == CHECK_CONDITION || bson_has_field(content, "filepath"))
        return ENGINE_OK;
    return engine_fail(err, ENGINE_EINVAL, "there is no %s",
                       words->condition ? words->condition : "check");
}

unsigned check_fans(const struct expr_language *language, const char *path)
{
    unsigned fans = 0;

    if (strcmp(language->name, "yamlpath") != 0)
        return 0;
    for (const char *at = path; (at = strstr(at, "[:]")); at += 3)
        fans++;
    return fans;
}

static engine_status check_compile_path(struct check *check,
                                        const struct check_words *words,
                                        engine_error *err)
{
    const char *path;
    engine_status status = check_string(check, words->path, &path, err);

    if (status < 0)
        return status;
    if (!path)
        return engine_fail(err, ENGINE_EINVAL, "there is no %s", words->path);
    check->path = arena_strdup(&check->arena, path);
    if (!check->path)
        return engine_fail_memory(err);
    check->fans = check_fans(words->language, path);
    status = expr_compile(words->language, path, words->limits, &check->expr,
                          err);
    if (status < 0)
        engine_error_prefix(err, "%s", words->path);
    return status;
}

static engine_status check_compile_condition(struct check *check,
                                             const struct check_words *words,
                                             engine_error *err)
{
    struct condition_source source = {.operator = "equals"};
    const char *operator, *absent;
    struct value expected;
    bson_iter_t iter;
    engine_status status;

    status = check_string(check, words->condition, &operator, err);
    if (status == ENGINE_OK)
        status = check_string(check, "value_type", &source.type, err);
    if (status == ENGINE_OK)
        status = check_string(check, "entity_check", &source.check, err);
    if (status == ENGINE_OK)
        status = check_string(check, "not_found", &absent, err);
    if (status < 0)
        return status;
    if (operator)
        source.operator = operator;
    if (absent && strcmp(absent, "fail") && strcmp(absent, "notapplicable"))
        return engine_fail(err, ENGINE_EINVAL,
                           "not_found is neither fail nor notapplicable");
    check->absent_is_notapplicable =
        absent && !strcmp(absent, "notapplicable");
    if (words->expected &&
        bson_iter_init_find(&iter, &check->content, words->expected)) {
        status = value_from_bson(&iter, &check->arena, &expected, err);
        if (status < 0)
            return status;
        source.expected = &expected;
    }
    return condition_init(&check->condition, &source, err);
}

static struct check *check_new(enum check_form form)
{
    struct check *check =
        engine_calloc_aligned(_Alignof(struct check), 1, sizeof(*check));

    if (!check)
        return NULL;
    arena_init(&check->arena, CHECK_MAX_MEMORY);
    bson_init(&check->content);
    bson_init(&check->variables);
    check->form = form;
    return check;
}

engine_status check_compile(const bson_t *content,
                            const struct check_words *words,
                            const bson_t *variables, struct check **out,
                            engine_error *err)
{
    struct check *check;
    enum check_form form;
    engine_status status = check_find_form(content, words, &form, err);

    if (status < 0)
        return status;
    check = check_new(form);
    if (!check)
        return engine_fail_memory(err);
    check->language = words->language;
    status = check_take(check, content, words, variables, err);
    if (status == ENGINE_OK)
        status = check_compile_path(check, words, err);
    if (status == ENGINE_OK)
        status = form == CHECK_OVAL
                     ? check_compile_oval(check, variables, err)
                     : check_compile_condition(check, words, err);
    if (status < 0) {
        check_free(check);
        return status;
    }
    *out = check;
    return ENGINE_OK;
}

void check_free(struct check *check)
{
    if (!check)
        return;
    check_oval_clear(&check->oval);
    condition_clear(&check->condition);
    check_seen_clear(&check->seen);
    expr_free(check->expr);
    bson_destroy(&check->content);
    bson_destroy(&check->variables);
    arena_clear(&check->arena);
    engine_free(check);
}

/* ---- what it is -------------------------------------------------------------- */

enum check_form check_form(const struct check *check)
{
    return check->form;
}

const bson_t *check_variables(const struct check *check)
{
    return &check->variables;
}

void check_bind(struct check *check, const struct value *const *values)
{
    expr_bind(check->expr, values);
}

const struct expr *check_expr(const struct check *check)
{
    return check->expr;
}

void check_redact(struct check *check, bool redact)
{
    check->redact = redact;
}

void check_terse(struct check *check, bool terse)
{
    check->terse = terse;
}

engine_status check_wants(const struct check *check, struct value_mask *mask)
{
    engine_status status = expr_wants(check->expr, mask);

    if (status == ENGINE_OK && check->oval.counter)
        status = expr_wants(check->oval.counter, mask);
    /* to know a Secret */
    if (status == ENGINE_OK)
        status = value_mask_keys(mask, "kind", NULL);
    return status;
}

/* ---- one subject ------------------------------------------------------------- */

static engine_status check_absent(struct check *check,
                                  struct check_outcome *outcome,
                                  engine_error *err)
{
    const struct condition *condition = &check->condition;
    int32_t status = SCANNER_FAIL;

    check_seen_begin(check);
    if (condition->operator == CONDITION_NOT_EXISTS ||
        condition->operator == CONDITION_NONE_EXIST)
        status = SCANNER_PASS;
    if (check->absent_is_notapplicable)
        status = SCANNER_NOTAPPLICABLE;
    return check_outcome_fill(check, status, outcome, err,
                              "the object does not exist (%s: %s)",
                              check->path, condition_name(condition));
}

static engine_status check_object(struct check *check,
                                  const struct value *subject,
                                  struct arena *arena,
                                  struct check_outcome *outcome,
                                  engine_error *err)
{
    struct expr_values values;
    engine_error why; /* filled by what fails, else not worth clearing */
    engine_status status =
        check_select(check, subject, arena, &values, &why);

    if (status == ENGINE_OK)
        status = check_judge(check, subject, &values, outcome, &why);
    if (status == ENGINE_OK)
        return ENGINE_OK;
    if (status == ENGINE_ENOMEM)
        return engine_fail_memory(err);
    check_seen_begin(check);
    return check_outcome_fill(check, SCANNER_ERROR, outcome, err, "%s: %s",
                              check->path, why.message);
}

engine_status check_subject(struct check *check, const struct value *subject,
                            struct arena *arena,
                            struct check_outcome *outcome, engine_error *err)
{
    engine_status status;

    check_outcome_clear(outcome);
    if (check->form == CHECK_CONDITION)
        return subject ? check_object(check, subject, arena, outcome, err)
                       : check_absent(check, outcome, err);
    status = check_open(check, err);
    if (status < 0)
        return status;
    if (!subject) {
        check->oval.documents = 0;
    } else {
        status = check_add(check, subject, arena, err);
        if (status < 0)
            return status;
    }
    return check_close(check, outcome, err);
}
