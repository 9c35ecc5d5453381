/* SPDX-License-Identifier: Apache-2.0 */
/* store_suite.c - helpers of the store tests. */
#include "tests/unit/store_suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/base/buffer.h"

bson_t *suite_bson(const char *json, ...)
{
    struct buffer text;
    bson_error_t error;
    bson_t *document;
    va_list args;

    buffer_init(&text, (size_t)1 << 20);
    va_start(args, json);
    assert_int_equal(buffer_vprintf(&text, json, args), ENGINE_OK);
    va_end(args);
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] == '\'')
            text.data[i] = '"';
    document = bson_new_from_json((const uint8_t *)text.data, (ssize_t)text.len,
                                  &error);
    if (!document)
        fail_msg("%s: %s", text.data, error.message);
    buffer_clear(&text);
    return document;
}

struct store *suite_open(const char *uri)
{
    struct store *store = NULL;
    engine_error err = {0};

    if (store_open(uri, 0, NULL, &store, &err) < 0)
        fail_msg("%s", err.message);
    return store;
}

void suite_add(struct store *store, const char *collection, const char *json,
               ...)
{
    engine_error err = {0};
    char *text = NULL;
    bson_t *document;
    va_list args;

    va_start(args, json);
    assert_true(vasprintf(&text, json, args) >= 0);
    va_end(args);
    document = suite_bson("%s", text);
    if (store_insert(store, collection, (const bson_t *const *)&document, 1,
                     &err) < 0)
        fail_msg("%s: %s", text, err.message);
    bson_destroy(document);
    free(text);
}

int64_t suite_count(struct store *store, const char *collection,
                    const char *json)
{
    bson_t *filter = json ? suite_bson("%s", json) : NULL;
    engine_error err = {0};
    int64_t count = -1;

    if (store_count(store, collection, filter, &count, &err) < 0)
        fail_msg("%s", err.message);
    bson_destroy(filter);
    return count;
}

char *suite_ids(struct store *store, const char *collection, const char *filter,
                const char *sort, int64_t skip, int64_t limit)
{
    bson_t *where = filter ? suite_bson("%s", filter) : NULL;
    bson_t *order = sort ? suite_bson("%s", sort) : NULL;
    const struct store_query query = {
        .filter = where, .sort = order, .skip = skip, .limit = limit};
    struct store_cursor *cursor = NULL;
    const bson_t *document = NULL;
    engine_error err = {0};
    struct buffer ids;
    bson_iter_t iter;
    int more;

    buffer_init(&ids, (size_t)1 << 24);
    if (store_find(store, collection, &query, &cursor, &err) < 0)
        fail_msg("%s", err.message);
    bson_destroy(where); /* a cursor must not need them any more */
    bson_destroy(order);
    while ((more = store_cursor_next(cursor, &document, &err)) == 1) {
        assert_true(bson_iter_init_find(&iter, document, "_id"));
        buffer_printf(&ids, "%s ", bson_iter_utf8(&iter, NULL));
    }
    assert_int_equal(more, 0);
    assert_int_equal(store_cursor_next(cursor, &document, &err), 0);
    store_cursor_close(cursor);
    return buffer_take(&ids);
}
