/* SPDX-License-Identifier: Apache-2.0 */
/* template_fill.c - variables in any text of a document. */
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/document/document.h"
#include "sdk/kit/template.h"

struct template_fill {
    const bson_t *variables;
    bson_t *used;
    engine_error *err;
};

/* Keys have dots, so bson_has_field is no help. */
void template_note(bson_t *used, const bson_iter_t *variable)
{
    bson_iter_t found;

    if (!bson_iter_init_find(&found, used, bson_iter_key(variable)))
        document_copy_value(used, bson_iter_key(variable), variable);
}

static void template_fill_used(const char *name, void *user)
{
    struct template_fill *fill = user;
    bson_iter_t value;

    if (bson_iter_init_find(&value, fill->variables, name))
        template_note(fill->used, &value);
}

static engine_status template_fill_text(struct template_fill *fill, bson_t *to,
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
        template_note(fill->used, &value);
        document_copy_value(to, key, &value);
        return ENGINE_OK;
    }
    status = template_expand(text, fill->variables, template_fill_used, fill,
                             &expanded, fill->err);
    if (status < 0)
        return status;
    bson_append_utf8(to, key, -1, expanded, -1);
    engine_free(expanded);
    return ENGINE_OK;
}

static engine_status template_fill_value(struct template_fill *fill,
                                         bson_t *to, const char *key,
                                         const bson_iter_t *from, int depth)
{
    const bool array = BSON_ITER_HOLDS_ARRAY(from);
    engine_status status = ENGINE_OK;
    bson_iter_t iter;
    bson_t inner;

    if (BSON_ITER_HOLDS_UTF8(from))
        return template_fill_text(fill, to, key, from);
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
            status = template_fill_value(fill, &inner, bson_iter_key(&iter),
                                         &iter, depth + 1);
    if (array)
        bson_append_array_end(to, &inner);
    else
        bson_append_document_end(to, &inner);
    return status;
}

engine_status template_fill(const bson_iter_t *from, const bson_t *variables,
                            bson_t *used, bson_t *to, const char *key,
                            engine_error *err)
{
    struct template_fill fill = {variables, used, err};

    return template_fill_value(&fill, to, key, from, 0);
}
