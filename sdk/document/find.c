/* SPDX-License-Identifier: Apache-2.0 */
/* find.c - looks inside documents by dotted path. */
#include <string.h>

#include "sdk/document/document.h"
#include "sdk/document/path.h"

bool document_iter_child(const bson_iter_t *iter, bson_t *out)
{
    const uint8_t *data = NULL;
    uint32_t len = 0;

    if (BSON_ITER_HOLDS_DOCUMENT(iter))
        bson_iter_document(iter, &len, &data);
    else if (BSON_ITER_HOLDS_ARRAY(iter))
        bson_iter_array(iter, &len, &data);
    return data && bson_init_static(out, data, len);
}

/*
 * Tries the longest key first and falls back to shorter ones. Each try looks
 * at another part of the document, so the work is bounded by its size.
 */
static bool find_below(const bson_t *document, bool array, const char *path,
                       int depth, bson_iter_t *out)
{
    size_t limit = SIZE_MAX;
    uint32_t index;
    bson_iter_t iter;
    size_t len = 0;

    if (depth > PATH_MAX_DEPTH || (array && !path_index(path, &index)))
        return false;
    while (path_longest_key(document, path, limit, &iter, &len)) {
        bson_t child;

        if (!path[len]) {
            *out = iter;
            return true;
        }
        if (document_iter_child(&iter, &child) &&
            find_below(&child, BSON_ITER_HOLDS_ARRAY(&iter), path + len + 1,
                       depth + 1, out))
            return true;
        limit = len;
    }
    return false;
}

bool document_find(const bson_t *document, const char *path, bson_iter_t *out)
{
    const size_t len = strcspn(path, ".");

    if (!path[len])
        return path_plain_key(document, path, len, out);
    return find_below(document, false, path, 0, out);
}

void document_members(const bson_t *document, const char *const *names,
                      size_t count, struct document_member *found)
{
    bson_iter_t iter;

    for (size_t i = 0; i < count; i++)
        found[i].has = false;
    if (!bson_iter_init(&iter, document))
        return;
    while (bson_iter_next(&iter)) {
        const char *key = bson_iter_key(&iter);

        for (size_t i = 0; i < count; i++)
            if (*key == *names[i] && !found[i].has &&
                strcmp(key, names[i]) == 0) {
                found[i].iter = iter;
                found[i].has = true;
                break;
            }
    }
}

const char *document_member_string(const struct document_member *member)
{
    return member->has && BSON_ITER_HOLDS_UTF8(&member->iter)
               ? bson_iter_utf8(&member->iter, NULL)
               : NULL;
}

const char *document_string(const bson_t *document, const char *path)
{
    bson_iter_t iter;

    if (!document_find(document, path, &iter) || !BSON_ITER_HOLDS_UTF8(&iter))
        return NULL;
    return bson_iter_utf8(&iter, NULL);
}

/* Truncates towards zero; what no int64_t can hold is not a number here. */
static int64_t find_int_of_double(double number, int64_t fallback)
{
    if (!(number >= -9223372036854775808.0 && number < 9223372036854775808.0))
        return fallback;
    return (int64_t)number;
}

static int64_t find_int(const bson_iter_t *iter, int64_t fallback)
{
    if (BSON_ITER_HOLDS_INT32(iter))
        return bson_iter_int32(iter);
    if (BSON_ITER_HOLDS_INT64(iter))
        return bson_iter_int64(iter);
    if (BSON_ITER_HOLDS_DOUBLE(iter))
        return find_int_of_double(bson_iter_double(iter), fallback);
    return fallback;
}

int64_t document_member_int(const struct document_member *member,
                            int64_t fallback)
{
    return member->has ? find_int(&member->iter, fallback) : fallback;
}

int64_t document_int(const bson_t *document, const char *path, int64_t fallback)
{
    bson_iter_t iter;

    return document_find(document, path, &iter) ? find_int(&iter, fallback)
                                                : fallback;
}

double document_double(const bson_t *document, const char *path,
                       double fallback)
{
    bson_iter_t iter;

    if (!document_find(document, path, &iter))
        return fallback;
    if (BSON_ITER_HOLDS_DOUBLE(&iter))
        return bson_iter_double(&iter);
    if (BSON_ITER_HOLDS_INT32(&iter))
        return bson_iter_int32(&iter);
    if (BSON_ITER_HOLDS_INT64(&iter))
        return (double)bson_iter_int64(&iter);
    return fallback;
}

bool document_bool(const bson_t *document, const char *path, bool fallback)
{
    bson_iter_t iter;

    if (!document_find(document, path, &iter) || !BSON_ITER_HOLDS_BOOL(&iter))
        return fallback;
    return bson_iter_bool(&iter);
}

bool document_child(const bson_t *document, const char *path, bson_t *out)
{
    bson_iter_t iter;

    return document_find(document, path, &iter) &&
           document_iter_child(&iter, out);
}

int64_t document_date(const bson_t *document, const char *path,
                      int64_t fallback)
{
    bson_iter_t iter;

    if (!document_find(document, path, &iter) ||
        !BSON_ITER_HOLDS_DATE_TIME(&iter))
        return fallback;
    return bson_iter_date_time(&iter);
}

void document_copy_value(bson_t *to, const char *key, const bson_iter_t *value)
{
    if (to && key && value && value->raw)
        bson_append_iter(to, key, -1, value);
}

void document_project(const bson_t *document, const bson_t *fields,
                      bson_t *out)
{
    bson_iter_t iter;

    if (!bson_iter_init(&iter, document))
        return;
    while (bson_iter_next(&iter))
        if (strcmp(bson_iter_key(&iter), "_id") == 0 ||
            bson_has_field(fields, bson_iter_key(&iter)))
            bson_append_iter(out, NULL, 0, &iter);
}
