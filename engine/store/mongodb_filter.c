/* SPDX-License-Identifier: Apache-2.0 */
/* mongodb_filter.c - what of a filter a server may be asked. */
#include "engine/store/mongodb.h"

#include <string.h>

/* Where conditions go: an array that means all of them. */
struct filter_list {
    bson_t *array;
    uint32_t count;
};

static bool filter_document(const bson_t *filter, struct filter_list *out);

/* ---- names and ids -------------------------------------------------------- */

const char *mongodb_id(const bson_t *document)
{
    bson_iter_t iter;

    return bson_iter_init_find(&iter, document, "_id") &&
                   BSON_ITER_HOLDS_UTF8(&iter)
               ? bson_iter_utf8(&iter, NULL)
               : "";
}

/* A path goes into documents here as there, but the matcher also finds keys
 * that hold dots themselves ("v4.0"). */
bool mongodb_is_plain_name(const char *name)
{
    return name[0] != '\0' && name[0] != '$' && !strchr(name, '.');
}

void mongodb_filter_ids(const bson_t *const *documents, size_t count,
                        bson_t *out)
{
    bson_t in, list;
    char key[16];

    BSON_APPEND_DOCUMENT_BEGIN(out, "_id", &in);
    BSON_APPEND_ARRAY_BEGIN(&in, "$in", &list);
    for (size_t i = 0; i < count; i++) {
        const char *at = NULL;
        bson_uint32_to_string((uint32_t)i, &at, key, sizeof(key));
        BSON_APPEND_UTF8(&list, at, mongodb_id(documents[i]));
    }
    bson_append_array_end(&in, &list);
    bson_append_document_end(out, &in);
}

/* ---- conditions ----------------------------------------------------------- */

/* Values that every server compares as the matcher does. */
static bool filter_value(const bson_iter_t *value)
{
    switch (bson_iter_type(value)) {
    case BSON_TYPE_UTF8:
    case BSON_TYPE_BOOL:
    case BSON_TYPE_INT32:
    case BSON_TYPE_INT64:
    case BSON_TYPE_DATE_TIME:
        return true;
    default:
        return false;
    }
}

static bool filter_values(const bson_iter_t *list)
{
    bson_iter_t iter;

    if (!BSON_ITER_HOLDS_ARRAY(list) || !bson_iter_recurse(list, &iter))
        return false;
    while (bson_iter_next(&iter))
        if (!filter_value(&iter))
            return false;
    return true;
}

static bool filter_operator(const bson_iter_t *operand)
{
    static const char *const compare[] = {"$eq",  "$ne", "$gt",
                                          "$gte", "$lt", "$lte"};
    const char *name = bson_iter_key(operand);

    if (strcmp(name, "$in") == 0 || strcmp(name, "$nin") == 0)
        return filter_values(operand);
    if (strcmp(name, "$exists") == 0)
        return BSON_ITER_HOLDS_BOOL(operand);
    for (size_t i = 0; i < sizeof(compare) / sizeof(compare[0]); i++)
        if (strcmp(name, compare[i]) == 0)
            return filter_value(operand);
    return false;
}

/* Adds {name: {operator: value}}. */
static void filter_push(struct filter_list *out, const char *name,
                        const char *operator, const bson_iter_t * value)
{
    bson_t one, condition;
    const char *at = NULL;
    char key[16];

    bson_uint32_to_string(out->count++, &at, key, sizeof(key));
    BSON_APPEND_DOCUMENT_BEGIN(out->array, at, &one);
    BSON_APPEND_DOCUMENT_BEGIN(&one, name, &condition);
    bson_append_iter(&condition, operator, - 1, value);
    bson_append_document_end(&one, &condition);
    bson_append_document_end(out->array, &one);
}

/* {name: value} or {name: {$operator: value, ...}}; true when all of it is
 * asked of the server. */
static bool filter_field(const bson_iter_t *field, struct filter_list *out)
{
    const char *name = bson_iter_key(field);
    bool all = true, any = false;
    bson_iter_t iter;

    if (!mongodb_is_plain_name(name))
        return false;
    if (!BSON_ITER_HOLDS_DOCUMENT(field)) {
        if (!filter_value(field))
            return false;
        filter_push(out, name, "$eq", field);
        return true;
    }
    if (!bson_iter_recurse(field, &iter))
        return false;
    for (; bson_iter_next(&iter); any = true) {
        if (filter_operator(&iter))
            filter_push(out, name, bson_iter_key(&iter), &iter);
        else
            all = false;
    }
    return all && any; /* {name: {}} asks for an empty document */
}

/* ---- $and, $or, $nor ------------------------------------------------------ */

/* One branch as {$and: [...]} at the end of a list; {} when it is empty. */
static bool filter_branch(const bson_t *branch, bson_t *list, const char *key)
{
    bson_t inner = BSON_INITIALIZER, one;
    struct filter_list conditions = {&inner, 0};
    const bool exact = filter_document(branch, &conditions);

    BSON_APPEND_DOCUMENT_BEGIN(list, key, &one);
    if (conditions.count > 0)
        BSON_APPEND_ARRAY(&one, "$and", &inner);
    bson_append_document_end(list, &one);
    bson_destroy(&inner);
    return exact;
}

/* Alternatives are asked whole or not at all. */
static bool filter_any_of(const bson_iter_t *field, struct filter_list *out)
{
    bson_t list = BSON_INITIALIZER, branch;
    bool all = true;
    bson_iter_t iter;

    if (!bson_iter_recurse(field, &iter))
        all = false;
    while (all && bson_iter_next(&iter)) {
        const uint8_t *data = NULL;
        uint32_t len = 0;
        bson_iter_document(&iter, &len, &data);
        all = bson_init_static(&branch, data, len) &&
              filter_branch(&branch, &list, bson_iter_key(&iter));
    }
    if (all) {
        const char *at = NULL;
        char key[16];
        bson_t one;
        bson_uint32_to_string(out->count++, &at, key, sizeof(key));
        BSON_APPEND_DOCUMENT_BEGIN(out->array, at, &one);
        BSON_APPEND_ARRAY(&one, bson_iter_key(field), &list);
        bson_append_document_end(out->array, &one);
    }
    bson_destroy(&list);
    return all;
}

static bool filter_all_of(const bson_iter_t *field, struct filter_list *out)
{
    bson_iter_t iter;
    bool all = true;
    bson_t branch;

    if (!bson_iter_recurse(field, &iter))
        return false;
    while (bson_iter_next(&iter)) {
        const uint8_t *data = NULL;
        uint32_t len = 0;
        bson_iter_document(&iter, &len, &data);
        all = bson_init_static(&branch, data, len) &&
              filter_document(&branch, out) && all;
    }
    return all;
}

/* The matcher has bounded the depth and checked the shapes. */
static bool filter_document(const bson_t *filter, struct filter_list *out)
{
    bson_iter_t iter;
    bool all = true;

    if (!bson_iter_init(&iter, filter))
        return false;
    while (bson_iter_next(&iter)) {
        const char *key = bson_iter_key(&iter);
        if (strcmp(key, "$and") == 0)
            all = filter_all_of(&iter, out) && all;
        else if (key[0] == '$')
            all = filter_any_of(&iter, out) && all;
        else
            all = filter_field(&iter, out) && all;
    }
    return all;
}

/* ---- the whole ------------------------------------------------------------ */

engine_status mongodb_filter_init(struct mongodb_filter *out,
                                  const bson_t *filter, engine_error *err)
{
    bson_t list = BSON_INITIALIZER;
    struct filter_list conditions = {&list, 0};
    engine_status status = ENGINE_OK;

    *out = (struct mongodb_filter){.pushed = bson_new(), .exact = true};
    if (!filter || bson_empty(filter))
        goto out;
    out->filter = bson_copy(filter);
    status = matcher_new(out->filter, &out->matcher, err);
    if (status < 0)
        goto out;
    out->exact = filter_document(out->filter, &conditions);
    if (conditions.count > 0)
        BSON_APPEND_ARRAY(out->pushed, "$and", &list);
out:
    bson_destroy(&list);
    return status;
}

void mongodb_filter_clear(struct mongodb_filter *filter)
{
    matcher_free(filter->matcher);
    bson_destroy(filter->filter);
    bson_destroy(filter->pushed);
    *filter = (struct mongodb_filter){0};
}

bool mongodb_filter_test(const struct mongodb_filter *filter,
                         const bson_t *document)
{
    return !filter->matcher || matcher_test(filter->matcher, document);
}
