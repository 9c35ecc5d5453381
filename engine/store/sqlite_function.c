/* SPDX-License-Identifier: Apache-2.0 */
/* sqlite_function.c - SQL's windows into documents. */
#include "engine/store/sqlite.h"

#include <string.h>

#include "sdk/document/document.h"

#define FUNCTION_MAX_KEY (4 * DOCUMENT_MAX_BYTES) /* escapes make it longer */

/* Borrows the document of an argument; a damaged one ends the statement. */
static bool function_document(sqlite3_context *context, sqlite3_value *value,
                              bson_t *out)
{
    const uint8_t *data = sqlite3_value_blob(value);
    const int len = sqlite3_value_bytes(value);

    if (data && len >= 5 && bson_init_static(out, data, (size_t)len))
        return true;
    sqlite3_result_error(context, "a document is damaged", -1);
    sqlite3_result_error_code(context, SQLITE_CORRUPT);
    return false;
}

static void function_match(sqlite3_context *context, int count,
                           sqlite3_value **values)
{
    const struct matcher *matcher = sqlite3_value_pointer(values[0], "matcher");
    bson_t document;

    (void)count;
    if (function_document(context, values[1], &document))
        sqlite3_result_int(context,
                           matcher && matcher_test(matcher, &document));
}

static void function_key(sqlite3_context *context, int count,
                         sqlite3_value **values)
{
    const char *path = (const char *)sqlite3_value_text(values[1]);
    const bool descending = sqlite3_value_int(values[2]) != 0;
    struct buffer key;
    bson_t document;

    (void)count;
    if (!function_document(context, values[0], &document))
        return;
    buffer_init(&key, FUNCTION_MAX_KEY);
    if (path &&
        document_sort_key(&document, path, descending, &key) == ENGINE_OK)
        sqlite3_result_blob64(context, key.data ? key.data : "", key.len,
                              SQLITE_TRANSIENT);
    else
        sqlite3_result_error_nomem(context);
    buffer_clear(&key);
}

/* The field's string; NULL for anything else, or with a NUL byte in it. */
static void function_text(sqlite3_context *context, int count,
                          sqlite3_value **values)
{
    const char *field = (const char *)sqlite3_value_text(values[1]);
    const char *text;
    bson_iter_t iter;
    uint32_t len = 0;
    bson_t document;

    (void)count;
    if (!function_document(context, values[0], &document) || !field ||
        !bson_iter_init_find(&iter, &document, field) ||
        !BSON_ITER_HOLDS_UTF8(&iter))
        return;
    text = bson_iter_utf8(&iter, &len);
    if (strlen(text) == len)
        sqlite3_result_text(context, text, (int)len, SQLITE_TRANSIENT);
}

/* True for bytes that are no document, or not the one of this row. */
static void function_broken(sqlite3_context *context, int count,
                            sqlite3_value **values)
{
    const char *id = (const char *)sqlite3_value_text(values[0]);
    const uint8_t *data = sqlite3_value_blob(values[1]);
    const int len = sqlite3_value_bytes(values[1]);
    bson_iter_t iter;
    bson_t document;

    (void)count;
    sqlite3_result_int(
        context, !id || !data || len < 5 ||
                     !bson_init_static(&document, data, (size_t)len) ||
                     !bson_validate(&document, BSON_VALIDATE_NONE, NULL) ||
                     !bson_iter_init_find(&iter, &document, "_id") ||
                     !BSON_ITER_HOLDS_UTF8(&iter) ||
                     strcmp(bson_iter_utf8(&iter, NULL), id) != 0);
}

engine_status sqlite_function_register(const struct sqlite_link *link,
                                       engine_error *err)
{
    static const struct {
        const char *name;
        int count;
        void (*fn)(sqlite3_context *, int, sqlite3_value **);
    } functions[] = {
        {"store_match", 2, function_match},
        {"store_key", 3, function_key},
        {"store_text", 2, function_text},
        {"store_broken", 2, function_broken},
    };

    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
        if (sqlite3_create_function(
                link->db, functions[i].name, functions[i].count,
                SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY, NULL,
                functions[i].fn, NULL, NULL) != SQLITE_OK)
            return sqlite_fail(link, "open", err);
    return ENGINE_OK;
}
