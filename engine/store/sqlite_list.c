/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite_list.c - a field that holds many texts, each found by an index.
 *
 * A row (value, at, owner) for each string of the field: what a condition
 * {field: "text"} asks for, in the order of the dates in another field. Rows
 * that do not match do no harm, the matcher has the last word.
 */
#include "engine/store/sqlite.h"

#include <string.h>

/* ---- writing -------------------------------------------------------------- */

/* The bytes of a field: all that its rows are made of. */
static bool list_field_is_same(const bson_t *a, const bson_t *b,
                               const char *name)
{
    const uint8_t *data[2] = {NULL, NULL};
    const bson_t *const both[] = {a, b};
    uint32_t len[2] = {0, 0};
    bson_iter_t iter;

    for (int i = 0; i < 2; i++) {
        if (!bson_iter_init_find(&iter, both[i], name))
            continue;
        if (!BSON_ITER_HOLDS_ARRAY(&iter))
            return false;
        bson_iter_array(&iter, &len[i], &data[i]);
    }
    return len[0] == len[1] &&
           (len[0] == 0 || memcmp(data[0], data[1], len[0]) == 0);
}

static bool list_date(const bson_t *document, const char *name, int64_t *out)
{
    bson_iter_t iter;

    *out = 0;
    if (!bson_iter_init_find(&iter, document, name) ||
        !BSON_ITER_HOLDS_DATE_TIME(&iter))
        return false;
    *out = bson_iter_date_time(&iter);
    return true;
}

static bool list_is_same(const struct sqlite_table *table, const bson_t *a,
                         const bson_t *b)
{
    int64_t at_a, at_b;

    return list_date(a, table->list_order, &at_a) ==
               list_date(b, table->list_order, &at_b) &&
           at_a == at_b && list_field_is_same(a, b, table->list);
}

static engine_status list_insert(struct sqlite *self,
                                 const struct sqlite_statement *statement,
                                 const char *id, const char *text,
                                 uint32_t len, const int64_t *at,
                                 engine_error *err)
{
    sqlite3_stmt *handle = statement->handle;
    int rc;

    if (strlen(text) != len)
        return ENGINE_OK; /* no condition asks for it by the index */
    rc = sqlite3_bind_text(handle, 1, text, (int)len, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = at ? sqlite3_bind_int64(handle, 2, *at)
                : sqlite3_bind_null(handle, 2);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_text(handle, 3, id, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(handle);
    sqlite3_reset(handle);
    return rc == SQLITE_DONE ? ENGINE_OK
                             : sqlite_fail(self->main, "write to", err);
}

/* Every string of the field, which may be there twice. */
static engine_status list_insert_all(struct sqlite *self,
                                     const struct sqlite_table *table,
                                     const struct sqlite_statement *statement,
                                     const char *id, const bson_t *document,
                                     engine_error *err)
{
    int64_t at = 0;
    const int64_t *order =
        list_date(document, table->list_order, &at) ? &at : NULL;
    engine_status status = ENGINE_OK;
    bson_iter_t iter, item;
    const char *text;
    uint32_t len = 0;

    if (!bson_iter_init(&iter, document))
        return ENGINE_OK;
    while (status == ENGINE_OK && bson_iter_next(&iter)) {
        if (strcmp(bson_iter_key(&iter), table->list) != 0)
            continue;
        if (BSON_ITER_HOLDS_UTF8(&iter)) {
            text = bson_iter_utf8(&iter, &len);
            status = list_insert(self, statement, id, text, len, order, err);
        } else if (BSON_ITER_HOLDS_ARRAY(&iter) &&
                   bson_iter_recurse(&iter, &item)) {
            while (status == ENGINE_OK && bson_iter_next(&item)) {
                if (!BSON_ITER_HOLDS_UTF8(&item))
                    continue;
                text = bson_iter_utf8(&item, &len);
                status =
                    list_insert(self, statement, id, text, len, order, err);
            }
        }
    }
    return status;
}

static engine_status list_clear(struct sqlite *self,
                                const struct sqlite_table *table,
                                const char *id, engine_error *err)
{
    struct sqlite_statement *statement = NULL;
    engine_status status;
    char sql[96];

    sqlite3_snprintf(sizeof(sql), sql, "DELETE FROM %s_%s WHERE owner = ?",
                     table->name, table->list);
    status = sqlite_statement_take(self->main, sql, &statement, err);
    if (status < 0)
        return status;
    if (sqlite3_bind_text(statement->handle, 1, id, -1, SQLITE_STATIC) !=
            SQLITE_OK ||
        sqlite3_step(statement->handle) != SQLITE_DONE)
        status = sqlite_fail(self->main, "write to", err);
    sqlite_statement_give(statement);
    return status;
}

engine_status sqlite_list_write(struct sqlite *self,
                                const struct sqlite_table *table,
                                const char *id, const bson_t *before,
                                const bson_t *document, engine_error *err)
{
    struct sqlite_statement *statement = NULL;
    engine_status status = ENGINE_OK;
    char sql[160];

    if (before && list_is_same(table, before, document))
        return ENGINE_OK; /* as with every heartbeat of a scan */
    if (before)
        status = list_clear(self, table, id, err);
    sqlite3_snprintf(sizeof(sql), sql,
                     "INSERT OR IGNORE INTO %s_%s(value, at, owner) "
                     "VALUES(?, ?, ?)",
                     table->name, table->list);
    if (status == ENGINE_OK)
        status = sqlite_statement_take(self->main, sql, &statement, err);
    if (status == ENGINE_OK)
        status = list_insert_all(self, table, statement, id, document, err);
    sqlite_statement_give(statement);
    return status;
}

/* ---- finding -------------------------------------------------------------- */

/* {field: "text"}, also within $and: the text, borrowed from the filter. */
static const char *list_look(const char *field, bson_iter_t *iter,
                             unsigned depth)
{
    const char *found = NULL;
    bson_iter_t list, part;
    uint32_t len = 0;

    while (!found && bson_iter_next(iter)) {
        if (strcmp(bson_iter_key(iter), field) == 0 &&
            BSON_ITER_HOLDS_UTF8(iter)) {
            found = bson_iter_utf8(iter, &len);
            if (strlen(found) != len)
                found = NULL;
        } else if (depth > 0 && strcmp(bson_iter_key(iter), "$and") == 0 &&
                   BSON_ITER_HOLDS_ARRAY(iter) &&
                   bson_iter_recurse(iter, &list)) {
            while (!found && bson_iter_next(&list))
                if (BSON_ITER_HOLDS_DOCUMENT(&list) &&
                    bson_iter_recurse(&list, &part))
                    found = list_look(field, &part, depth - 1);
        }
    }
    return found;
}

const char *sqlite_list_find(const struct sqlite_table *table,
                             const bson_t *filter)
{
    bson_iter_t iter;

    if (!table->list || !filter || !bson_iter_init(&iter, filter))
        return NULL;
    return list_look(table->list, &iter, 2);
}
