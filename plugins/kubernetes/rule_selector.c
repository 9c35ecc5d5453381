/* SPDX-License-Identifier: Apache-2.0 */
/* rule_selector.c - selectors that a rule writes as a document. */
#include "plugins/kubernetes/rule_selector.h"

#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/base/buffer.h"
#include "sdk/document/document.h"

/* {app: web} becomes "app=web" */
engine_status kube_rule_labels(const bson_t *labels, char **out,
                               engine_error *err)
{
    struct buffer text;
    engine_status status;
    bson_iter_t iter;

    buffer_init(&text, 64 * 1024);
    bson_iter_init(&iter, labels);
    while (bson_iter_next(&iter)) {
        if (!BSON_ITER_HOLDS_UTF8(&iter)) {
            buffer_clear(&text);
            return engine_fail(err, ENGINE_EINVAL,
                               "label \"%s\" of the selector must be a text",
                               bson_iter_key(&iter));
        }
        buffer_printf(&text, "%s%s=%s", text.len ? "," : "",
                      bson_iter_key(&iter), bson_iter_utf8(&iter, NULL));
    }
    status = buffer_status(&text, err);
    if (status == ENGINE_OK && text.len && !(*out = buffer_take(&text)))
        status = engine_fail_memory(err);
    buffer_clear(&text);
    return status;
}

/* one of matchExpressions: {key, operator, values} */
static engine_status rule_expression(const bson_t *expression,
                                     struct buffer *text, engine_error *err)
{
    static const char *const words[][2] = {{"In", " in"},
                                           {"NotIn", " notin"},
                                           {"Exists", ""},
                                           {"DoesNotExist", "!"}};
    const char *key = document_string(expression, "key");
    const char *operator = document_string(expression, "operator");
    size_t which = 0, count = 0;
    bson_iter_t iter;
    bson_t values;

    while (operator && which < 4 && strcmp(operator, words[which][0]) != 0)
        which++;
    if (!key || !operator || which == 4)
        return engine_fail(err, ENGINE_EINVAL,
                           "matchExpressions of the selector need key and "
                           "operator: In, NotIn, Exists or DoesNotExist");
    buffer_printf(text, "%s%s%s%s", text->len ? "," : "",
                  which == 3 ? "!" : "", key, which < 2 ? words[which][1] : "");
    if (which > 1)
        return ENGINE_OK;
    if (document_child(expression, "values", &values) &&
        bson_iter_init(&iter, &values))
        while (bson_iter_next(&iter) && BSON_ITER_HOLDS_UTF8(&iter))
            buffer_printf(text, "%s%s", count++ ? "," : " (",
                          bson_iter_utf8(&iter, NULL));
    buffer_putc(text, ')');
    return count ? ENGINE_OK
                 : engine_fail(err, ENGINE_EINVAL,
                               "matchExpressions of the selector: %s needs "
                               "a list of texts as values", operator);
}

static engine_status rule_join_expressions(const bson_t *list, char **out,
                                           engine_error *err)
{
    struct buffer text;
    engine_status status = ENGINE_OK;
    bson_iter_t iter;
    bson_t entry;

    buffer_init(&text, 64 * 1024);
    if (*out)
        buffer_puts(&text, *out);
    bson_iter_init(&iter, list);
    while (status == ENGINE_OK && bson_iter_next(&iter))
        status = document_iter_child(&iter, &entry)
                     ? rule_expression(&entry, &text, err)
                     : engine_fail(err, ENGINE_EINVAL,
                                   "matchExpressions of the selector must "
                                   "be a list of documents");
    if (status == ENGINE_OK)
        status = buffer_status(&text, err);
    if (status == ENGINE_OK && text.len) {
        engine_free(*out);
        *out = buffer_take(&text);
        if (!*out)
            status = engine_fail_memory(err);
    }
    buffer_clear(&text);
    return status;
}

/* {matchLabels: {...}, matchExpressions: [...]} */
engine_status kube_rule_match(const bson_t *selector, char **out,
                              engine_error *err)
{
    engine_status status = ENGINE_OK;
    bson_t part;

    if (document_child(selector, "matchLabels", &part))
        status = kube_rule_labels(&part, out, err);
    if (status == ENGINE_OK &&
        document_child(selector, "matchExpressions", &part))
        status = rule_join_expressions(&part, out, err);
    return status;
}
