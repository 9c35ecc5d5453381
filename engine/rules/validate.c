/* SPDX-License-Identifier: Apache-2.0 */
/* validate.c - is this canonical rule document one that can be used? */
#include <stdio.h>
#include <string.h>

#include "engine/rules/rules_private.h"

#define VALIDATE_TITLE_MAX 4096
#define VALIDATE_TYPE_MAX 64

static bool validate_printable(const char *text, size_t maximum)
{
    const size_t len = strlen(text);

    if (len == 0 || len > maximum)
        return false;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] <= ' ' || text[i] == 0x7f)
            return false;
    return true;
}

static engine_status validate_ids(const bson_t *rule, const char *rule_id,
                                  const struct document_origin *origin,
                                  engine_error *err)
{
    const char *benchmark = document_string(rule, "benchmark");

    if (!rule_id || !validate_printable(rule_id, RULES_ID_MAX))
        return rules_fail_at(err, origin, "rule_id",
                             "rule_id must be 1 to %d characters without "
                             "blanks", RULES_ID_MAX);
    /* "/" separates the parts of a stored rule's _id */
    if (!benchmark || !validate_printable(benchmark, RULES_ID_MAX) ||
        strchr(benchmark, '/'))
        return rules_fail_at(err, origin, "benchmark",
                             "rule \"%s\": benchmark must be 1 to %d "
                             "characters without blanks and \"/\"", rule_id,
                             RULES_ID_MAX);
    return ENGINE_OK;
}

static engine_status validate_words(const bson_t *rule, const char *rule_id,
                                    const struct document_origin *origin,
                                    engine_error *err)
{
    static const char *const words[] = {"info", "low",      "medium",
                                        "high", "critical", "unknown"};
    const char *severity = document_string(rule, "severity");
    const char *type = document_string(rule, "scanner_type");
    const char *title = document_string(rule, "title");

    if (!title || !*title || strlen(title) > VALIDATE_TITLE_MAX)
        return rules_fail_at(err, origin, "title",
                             "rule \"%s\": title must be 1 to %d bytes",
                             rule_id, VALIDATE_TITLE_MAX);
    if (!type || !validate_printable(type, VALIDATE_TYPE_MAX))
        return rules_fail_at(err, origin, "scanner_type",
                             "rule \"%s\": scanner_type must be a word",
                             rule_id);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (severity && strcmp(severity, words[i]) == 0)
            return ENGINE_OK;
    return rules_fail_at(err, origin, "severity",
                         "rule \"%s\": severity \"%s\" is not one of info, "
                         "low, medium, high, critical, unknown", rule_id,
                         severity ? severity : "");
}

static engine_status validate_variables(const bson_t *rule,
                                        const char *rule_id,
                                        const struct document_origin *origin,
                                        engine_error *err)
{
    bson_t variables, variable;
    bson_iter_t value;

    if (!document_child(rule, "variables", &variables) ||
        !bson_iter_init(&value, &variables))
        return ENGINE_OK;
    while (bson_iter_next(&value)) {
        const char *id = bson_iter_key(&value);
        engine_error why = {0};
        char path[RULES_ID_MAX + 16];

        if (!validate_printable(id, RULES_ID_MAX) || id[0] == '$')
            return rules_fail_at(err, origin, "variables",
                                 "rule \"%s\": \"%s\" is no variable id",
                                 rule_id, id);
        snprintf(path, sizeof(path), "variables.%s", id);
        if (!BSON_ITER_HOLDS_DOCUMENT(&value) ||
            !document_iter_child(&value, &variable))
            return rules_fail_at(err, origin, path,
                                 "rule \"%s\": variable \"%s\" must be a "
                                 "mapping", rule_id, id);
        if (rules_variable_declared(id, &variable, &why) < 0) {
            rules_fail_at(err, origin, path, "rule \"%s\": %s", rule_id,
                          why.message);
            engine_hint(err, "%s", why.hint);
            return ENGINE_EINVAL;
        }
    }
    return ENGINE_OK;
}

/* frameworks: {text: {text: [texts]}}; a plugin may send anything */
static bool validate_frameworks(const bson_t *rule)
{
    bson_iter_t framework, version, control, value;

    if (!bson_iter_init_find(&value, rule, "frameworks"))
        return true;
    if (!BSON_ITER_HOLDS_DOCUMENT(&value))
        return false;
    bson_iter_recurse(&value, &framework);
    while (bson_iter_next(&framework)) {
        if (!BSON_ITER_HOLDS_DOCUMENT(&framework) ||
            !*bson_iter_key(&framework))
            return false;
        bson_iter_recurse(&framework, &version);
        while (bson_iter_next(&version)) {
            if (!BSON_ITER_HOLDS_ARRAY(&version) || !*bson_iter_key(&version))
                return false;
            bson_iter_recurse(&version, &control);
            while (bson_iter_next(&control))
                if (!BSON_ITER_HOLDS_UTF8(&control))
                    return false;
        }
    }
    return true;
}

engine_status rules_validate(const bson_t *rule,
                             const struct document_origin *origin,
                             engine_error *err)
{
    const char *rule_id = document_string(rule, "rule_id");
    engine_status status = validate_ids(rule, rule_id, origin, err);
    bson_t content;

    if (status == ENGINE_OK)
        status = validate_words(rule, rule_id, origin, err);
    if (status == ENGINE_OK)
        status = validate_variables(rule, rule_id, origin, err);
    if (status < 0)
        return status;
    if (!validate_frameworks(rule))
        return rules_fail_at(err, origin, "frameworks",
                             "rule \"%s\": frameworks must be {framework: "
                             "{version: [controls]}}", rule_id);
    if (!document_child(rule, "check_content", &content))
        return rules_fail_at(err, origin, "check_content",
                             "rule \"%s\": check_content must be a mapping",
                             rule_id);
    if (rule->len > DOCUMENT_MAX_BYTES)
        return rules_fail_at(err, origin, "rule_id",
                             "rule \"%s\" is larger than %zu bytes", rule_id,
                             DOCUMENT_MAX_BYTES);
    return ENGINE_OK;
}
