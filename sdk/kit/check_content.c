/* SPDX-License-Identifier: Apache-2.0 */
/* check_content.c - what a check looks at of a check_content, with the
 * variables in it. */
#include <string.h>

#include "sdk/document/document.h"
#include "sdk/kit/check_private.h"
#include "sdk/kit/template.h"

/* What both forms have, beside the words that the scanner names. */
static const char *const check_keys[] = {
    "value_type", "entity_check", "not_found", "check", "check_existence",
    "check_existence_yamlpath", "values", "xccdf_variable", "regex_data",
    "embedded_data", "ocp_data"};

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* ---- taking it ---------------------------------------------------------- */

void check_note(struct check *check, const bson_iter_t *variable)
{
    template_note(&check->variables, variable);
}

static engine_status check_take_key(struct check *check,
                                    const bson_t *content, const char *key,
                                    const bson_t *variables, engine_error *err)
{
    engine_status status;
    bson_iter_t iter;

    if (!key || !bson_iter_init_find(&iter, content, key) ||
        bson_has_field(&check->content, key))
        return ENGINE_OK;
    status = template_fill(&iter, variables, &check->variables,
                           &check->content, key, err);
    if (status < 0)
        engine_error_prefix(err, "%s", key);
    return status;
}

engine_status check_take(struct check *check, const bson_t *content,
                         const struct check_words *words,
                         const bson_t *variables, engine_error *err)
{
    const char *const own[] = {words->path, words->condition,
                               words->expected};
    engine_status status = ENGINE_OK;

    for (size_t i = 0; i < COUNT(own) && status == ENGINE_OK; i++)
        status = check_take_key(check, content, own[i], variables, err);
    for (size_t i = 0; i < COUNT(check_keys) && status == ENGINE_OK; i++)
        status = check_take_key(check, content, check_keys[i], variables, err);
    return status;
}

/* ---- looking into it ---------------------------------------------------- */

engine_status check_string(const struct check *check, const char *key,
                           const char **out, engine_error *err)
{
    uint32_t len;
    bson_iter_t iter;

    *out = NULL;
    if (!bson_iter_init_find(&iter, &check->content, key) ||
        BSON_ITER_HOLDS_NULL(&iter))
        return ENGINE_OK;
    if (!BSON_ITER_HOLDS_UTF8(&iter))
        return engine_fail(err, ENGINE_EINVAL, "%s is no text", key);
    *out = bson_iter_utf8(&iter, &len);
    if (strlen(*out) != len)
        return engine_fail(err, ENGINE_EINVAL, "%s has a NUL in it", key);
    return ENGINE_OK;
}

engine_status check_flag(const struct check *check, const char *key,
                         bool *out, engine_error *err)
{
    bson_iter_t iter;
    const char *text;

    *out = false;
    if (!bson_iter_init_find(&iter, &check->content, key) ||
        BSON_ITER_HOLDS_NULL(&iter))
        return ENGINE_OK;
    if (BSON_ITER_HOLDS_BOOL(&iter)) {
        *out = bson_iter_bool(&iter);
        return ENGINE_OK;
    }
    text = BSON_ITER_HOLDS_UTF8(&iter) ? bson_iter_utf8(&iter, NULL) : "";
    *out = !strcmp(text, "true");
    if (*out || !strcmp(text, "false"))
        return ENGINE_OK;
    return engine_fail(err, ENGINE_EINVAL, "%s is neither true nor false",
                       key);
}
