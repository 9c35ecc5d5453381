/* SPDX-License-Identifier: Apache-2.0 */
/* check_content.c - what a check looks at of a check_content, with the
 * variables in it. */
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/document/document.h"
#include "sdk/kit/check_private.h"
#include "sdk/kit/template.h"

/* What both forms have, beside the words that the scanner names. */
static const char *const check_keys[] = {
    "value_type", "entity_check", "not_found", "check", "check_existence",
    "check_existence_yamlpath", "values", "xccdf_variable", "regex_data",
    "embedded_data", "ocp_data"};

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* ---- variables in any string of a document ---------------------------------- */

/* Keys have dots, so bson_has_field is no help. */
void check_note(struct check *check, const bson_iter_t *variable)
{
    bson_iter_t found;

    if (!bson_iter_init_find(&found, &check->variables,
                             bson_iter_key(variable)))
        document_copy_value(&check->variables, bson_iter_key(variable),
                            variable);
}

struct check_fill {
    struct check *check;
    const bson_t *variables;
    engine_error *err;
};

static void check_used(const char *name, void *user)
{
    struct check_fill *fill = user;
    bson_iter_t value;

    if (bson_iter_init_find(&value, fill->variables, name))
        check_note(fill->check, &value);
}

static engine_status check_fill_string(struct check_fill *fill, bson_t *to,
                                       const char *key,
                                       const bson_iter_t *from)
{
    const char *text = bson_iter_utf8(from, NULL);
    bson_iter_t value;
    char *expanded;
    engine_status status;

    if (!strstr(text, "{{")) {
        document_copy_value(to, key, from);
        return ENGINE_OK;
    }
    if (template_single(text, fill->variables, &value)) {
        check_note(fill->check, &value);
        document_copy_value(to, key, &value);
        return ENGINE_OK;
    }
    status = template_expand(text, fill->variables, check_used, fill,
                             &expanded, fill->err);
    if (status < 0)
        return status;
    bson_append_utf8(to, key, -1, expanded, -1);
    engine_free(expanded);
    return ENGINE_OK;
}

static engine_status check_fill_value(struct check_fill *fill, bson_t *to,
                                      const char *key,
                                      const bson_iter_t *from, int depth)
{
    const bool array = BSON_ITER_HOLDS_ARRAY(from);
    engine_status status = ENGINE_OK;
    bson_iter_t iter;
    bson_t inner;

    if (BSON_ITER_HOLDS_UTF8(from))
        return check_fill_string(fill, to, key, from);
    if (!array && !BSON_ITER_HOLDS_DOCUMENT(from)) {
        document_copy_value(to, key, from);
        return ENGINE_OK;
    }
    if (depth >= DOCUMENT_MAX_DEPTH)
        return engine_fail(fill->err, ENGINE_ELIMIT, "too deep");
    if (array)
        bson_append_array_begin(to, key, -1, &inner);
    else
        bson_append_document_begin(to, key, -1, &inner);
    if (bson_iter_recurse(from, &iter))
        while (status == ENGINE_OK && bson_iter_next(&iter))
            status = check_fill_value(fill, &inner, bson_iter_key(&iter),
                                      &iter, depth + 1);
    if (array)
        bson_append_array_end(to, &inner);
    else
        bson_append_document_end(to, &inner);
    return status;
}

static engine_status check_take_key(struct check_fill *fill,
                                    const bson_t *content, const char *key)
{
    engine_status status;
    bson_iter_t iter;

    if (!key || !bson_iter_init_find(&iter, content, key) ||
        bson_has_field(&fill->check->content, key))
        return ENGINE_OK;
    status = check_fill_value(fill, &fill->check->content, key, &iter, 0);
    if (status < 0)
        engine_error_prefix(fill->err, "%s", key);
    return status;
}

engine_status check_take(struct check *check, const bson_t *content,
                         const struct check_words *words,
                         const bson_t *variables, engine_error *err)
{
    struct check_fill fill = {check, variables, err};
    const char *const own[] = {words->path, words->condition,
                               words->expected};
    engine_status status = ENGINE_OK;

    for (size_t i = 0; i < COUNT(own) && status == ENGINE_OK; i++)
        status = check_take_key(&fill, content, own[i]);
    for (size_t i = 0; i < COUNT(check_keys) && status == ENGINE_OK; i++)
        status = check_take_key(&fill, content, check_keys[i]);
    return status;
}

/* ---- looking into it --------------------------------------------------------- */

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
