/* SPDX-License-Identifier: Apache-2.0 */
/* variables.c - $variables of expressions, and those of {{.name}}: what the
 * operator says, else the rule's own default, with the type that it declares. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/document/document.h"
#include "sdk/kit/cloud/cloud_private.h"
#include "sdk/kit/template.h"

/* ---- what rules declare ------------------------------------------------- */

/* {id: {type, default}}, or short {id: default} */
static bool declared_in(const bson_t *rule, bson_t *out)
{
    return document_child(rule, "variables", out) ||
           document_child(rule, "xccdf_variables", out);
}

static const char *declared_type(const bson_iter_t *variable)
{
    bson_t declared;

    return document_iter_child(variable, &declared)
               ? document_string(&declared, "type")
               : NULL;
}

/* false: none */
static bool declared_default(const bson_iter_t *variable, bson_iter_t *out)
{
    bson_t declared;

    *out = *variable;
    if (!document_iter_child(variable, &declared))
        return !BSON_ITER_HOLDS_NULL(variable);
    return (bson_iter_init_find(out, &declared, "default") ||
            bson_iter_init_find(out, &declared, "default_value")) &&
           !BSON_ITER_HOLDS_NULL(out);
}

/* ---- types -------------------------------------------------------------- */

/* strtod alone would take hexadecimal, infinities and leading blanks */
static bool typed_number(const char *text, double *out)
{
    const size_t len = strlen(text);
    char *end = NULL;

    if (len == 0 || strspn(text, "+-0123456789.eE") != len)
        return false;
    errno = 0;
    *out = strtod(text, &end);
    return *end == '\0' && errno == 0 && isfinite(*out);
}

static engine_status typed_wrong(const char *id, const char *text,
                                 const char *what, engine_error *err)
{
    return engine_fail(err, ENGINE_EINVAL,
                       "variable \"%.100s\": \"%.100s\" is %s", id, text,
                       what);
}

static engine_status typed_append_number(const char *id, const char *text,
                                         bson_t *out, engine_error *err)
{
    double number;

    if (!typed_number(text, &number))
        return typed_wrong(id, text, "no number", err);
    if (number == floor(number) && fabs(number) < 9e15)
        bson_append_int64(out, id, -1, (int64_t)number);
    else
        bson_append_double(out, id, -1, number);
    return ENGINE_OK;
}

static engine_status typed_append_bool(const char *id, const char *text,
                                       bson_t *out, engine_error *err)
{
    const bool yes = strcmp(text, "true") == 0 || strcmp(text, "1") == 0;

    if (!yes && strcmp(text, "false") != 0 && strcmp(text, "0") != 0)
        return typed_wrong(id, text, "neither true nor false", err);
    bson_append_bool(out, id, -1, yes);
    return ENGINE_OK;
}

/* a value, which comes as a text as a rule, as what it is declared to be */
static engine_status typed_append(const char *id, const bson_iter_t *value,
                                  const char *type, bson_t *out,
                                  engine_error *err)
{
    engine_status status = ENGINE_OK;
    struct buffer text;

    if (!type || BSON_ITER_HOLDS_ARRAY(value) ||
        BSON_ITER_HOLDS_DOCUMENT(value)) {
        document_copy_value(out, id, value);
        return ENGINE_OK;
    }
    buffer_init(&text, DOCUMENT_MAX_BYTES);
    if (!template_variable_text(value, &text))
        status = typed_wrong(id, "", "of no known type", err);
    else if (text.status < 0)
        status = engine_fail_memory(err);
    else if (strcmp(type, "number") == 0)
        status = typed_append_number(id, text.data ? text.data : "", out, err);
    else if (strcmp(type, "boolean") == 0)
        status = typed_append_bool(id, text.data ? text.data : "", out, err);
    else
        bson_append_utf8(out, id, -1, text.data ? text.data : "", -1);
    buffer_clear(&text);
    return status;
}

/* ---- the job's ---------------------------------------------------------- */

static engine_status variables_value(const bson_t *typed, struct arena *arena,
                                     struct value *out, engine_error *err)
{
    bson_t outer = BSON_INITIALIZER;
    engine_status status;
    bson_iter_t iter;

    bson_append_document(&outer, "v", 1, typed);
    status = bson_iter_init_find(&iter, &outer, "v")
                 ? value_from_bson(&iter, arena, out, err)
                 : engine_fail_memory(err);
    bson_destroy(&outer);
    return status;
}

/* what the first rule that declares it says; NULL: none does */
static const char *variables_type(const struct scanner_job *job,
                                  const bson_t *rules, const char *id)
{
    bson_iter_t variable;
    bson_t declared;

    for (uint32_t i = 0; i < job->rules_count; i++)
        if (declared_in(&rules[i], &declared) &&
            template_variable(&declared, id, &variable))
            return declared_type(&variable);
    return NULL;
}

engine_status cloud_take_variables(struct cloud *cloud, engine_error *err)
{
    bson_t variables, *rules = NULL;
    engine_status status = kit_rules(cloud->job, &rules, err);
    bson_iter_t iter;

    kit_view(&cloud->job->variables, &variables);
    if (status < 0 || !bson_iter_init(&iter, &variables))
        return status;
    while (status == ENGINE_OK && bson_iter_next(&iter)) {
        const char *id = bson_iter_key(&iter);

        /* a rule that declares it otherwise says itself what is wrong */
        if (!BSON_ITER_HOLDS_NULL(&iter) &&
            typed_append(id, &iter, variables_type(cloud->job, rules, id),
                         &cloud->typed, NULL) < 0)
            document_copy_value(&cloud->typed, id, &iter);
    }
    engine_free(rules);
    return status < 0 ? status
                      : variables_value(&cloud->typed, &cloud->arena,
                                        &cloud->variables, err);
}

/* ---- a rule's ----------------------------------------------------------- */

static engine_status rule_declared(const bson_t *given,
                                   const bson_iter_t *variable, bson_t *out,
                                   engine_error *err)
{
    bson_iter_t value;

    if ((!template_variable(given, bson_iter_key(variable), &value) ||
         BSON_ITER_HOLDS_NULL(&value)) &&
        !declared_default(variable, &value))
        return ENGINE_OK;
    return typed_append(bson_iter_key(variable), &value,
                        declared_type(variable), out, err);
}

engine_status rule_variables(struct cloud *cloud, struct cloud_rule *rule,
                             engine_error *err)
{
    engine_status status = ENGINE_OK;
    bson_t declared, given;
    bson_iter_t iter, found;

    rule->variables = &cloud->variables;
    if (!declared_in(rule->document, &declared) ||
        !bson_iter_init(&iter, &declared)) {
        bson_concat(&rule->typed, &cloud->typed);
        return ENGINE_OK;
    }
    kit_view(&cloud->job->variables, &given);
    while (status == ENGINE_OK && bson_iter_next(&iter))
        status = rule_declared(&given, &iter, &rule->typed, err);
    if (status < 0 || !bson_iter_init(&iter, &cloud->typed))
        return status;
    while (bson_iter_next(&iter))
        if (!template_variable(&rule->typed, bson_iter_key(&iter), &found))
            document_copy_value(&rule->typed, bson_iter_key(&iter), &iter);
    rule->variables = &rule->variables_own;
    return variables_value(&rule->typed, &rule->arena, &rule->variables_own,
                           err);
}

bool rule_declares(const struct cloud_rule *rule, const char *id)
{
    bson_iter_t variable;
    bson_t declared;

    return declared_in(rule->document, &declared) &&
           template_variable(&declared, id, &variable);
}
