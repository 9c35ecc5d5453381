/* SPDX-License-Identifier: Apache-2.0 */
/* sqlite_find.c - get, and cursors. */
#include "engine/store/sqlite.h"

#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/document/document.h"

struct sqlite_cursor {
    struct store_cursor base;
    struct sqlite *self;
    struct sqlite_link *link; /* a reader of its own, or self->main */
    struct sqlite_statement *statement;
    struct sqlite_where where;
    bson_t *sort, *fields; /* copies; NULL for none */
    bool by_column;        /* the first key of the sort is a column's */
    char *listed;          /* what a list finds; NULL: none is asked */
    bool by_list;          /* that column is the list's order */
    bson_t *current;       /* what the caller sees */
    bool waiting;          /* a row was stepped to and not yet handed out */
    bool ended;            /* stepping on would begin again */
};

/* ---- one document --------------------------------------------------------- */

/* The first column as a document, valid until the next step. */
static engine_status find_borrow(const struct sqlite_link *link,
                                 sqlite3_stmt *handle, bson_t *out,
                                 engine_error *err)
{
    const uint8_t *data = sqlite3_column_blob(handle, 0);
    const int len = sqlite3_column_bytes(handle, 0);

    if (data && len >= 5 && bson_init_static(out, data, (size_t)len))
        return ENGINE_OK;
    return sqlite_damaged(link->path, "a document is broken", err);
}

engine_status sqlite_get(struct store *store, const char *collection,
                         const char *id, bson_t *out, engine_error *err)
{
    struct sqlite *self = (struct sqlite *)store;
    struct sqlite_statement *statement = NULL;
    engine_status status;
    bson_t document;
    char sql[96];
    int rc;

    sqlite3_snprintf(sizeof(sql), sql, "SELECT doc FROM %s WHERE id = ?",
                     collection);
    status = sqlite_statement_take(self->main, sql, &statement, err);
    if (status < 0)
        return status;
    rc = sqlite3_bind_text(statement->handle, 1, id, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(statement->handle);
    if (rc == SQLITE_ROW)
        status = find_borrow(self->main, statement->handle, &document, err);
    else if (rc == SQLITE_DONE)
        status = engine_fail(err, ENGINE_ENOTFOUND, "%s: there is no \"%s\"",
                             collection, id);
    else
        status = sqlite_fail(self->main, "read", err);
    if (status == ENGINE_OK)
        bson_copy_to(&document, out);
    sqlite_statement_give(statement);
    return status;
}

/* ---- readers -------------------------------------------------------------- */

static engine_status find_reader_take(struct sqlite *self,
                                      struct sqlite_link **out,
                                      engine_error *err)
{
    engine_status status = ENGINE_OK;
    struct sqlite_link *link = self->idle;

    if (link)
        self->idle = link->next;
    else
        status = sqlite_link_open(self, SQLITE_OPEN_READONLY, &link, err);
    if (status < 0)
        return status;
    link->next = NULL;
    /* what the query finds out first and the query itself see one state */
    status = sqlite_exec(link, "BEGIN", err);
    if (status < 0) {
        sqlite_link_close(link);
        return status;
    }
    *out = link;
    return ENGINE_OK;
}

static void find_reader_give(struct sqlite *self, struct sqlite_link *link)
{
    if (!link || link == self->main)
        return;
    if (sqlite_exec(link, "COMMIT", NULL) < 0) {
        sqlite_link_close(link);
        return;
    }
    link->next = self->idle;
    self->idle = link;
}

/* ---- SQL of a cursor ------------------------------------------------------ */

/*
 * A column of dates sorts as its field does when every row has a date in it:
 * then its index gives the order, and only what is asked for is read.
 */
static engine_status find_by_column(struct sqlite_cursor *cursor,
                                    const struct sqlite_table *table,
                                    engine_error *err)
{
    const struct sqlite_column *column;
    bson_iter_t iter;
    char sql[256];
    int64_t others = 0;
    engine_status status;

    if (!cursor->sort || !bson_iter_init(&iter, cursor->sort) ||
        !bson_iter_next(&iter))
        return ENGINE_OK;
    column = sqlite_table_column(table, bson_iter_key(&iter));
    if (!column || column->kind != COLUMN_DATE)
        return ENGINE_OK;
    snprintf(sql, sizeof(sql),
             "SELECT EXISTS(SELECT 1 FROM %s WHERE %s IS NULL) OR "
             "EXISTS(SELECT 1 FROM %s WHERE %s = x'')",
             table->name, column->name, table->name, column->name);
    status = sqlite_ask(cursor->link, sql, &others, err);
    cursor->by_column = status == ENGINE_OK && !others;
    cursor->by_list = cursor->by_column && table->list_order &&
                      strcmp(table->list_order, column->name) == 0;
    return status;
}

static void find_order(const struct sqlite_cursor *cursor, bool settle,
                       struct buffer *sql)
{
    bool by_column = cursor->by_column, by_id = false;
    /* a list has the first key and the id as well, in their order */
    const bool listed = cursor->listed && cursor->by_list;
    const char *const id = listed ? "owner" : "id";
    const bson_t *sort = cursor->sort;
    bson_iter_t iter;

    buffer_puts(sql, " ORDER BY ");
    if (sort && bson_iter_init(&iter, sort))
        while (!by_id && bson_iter_next(&iter)) {
            by_id = strcmp(bson_iter_key(&iter), "_id") == 0;
            if (by_id) /* unique: what follows never decides */
                buffer_printf(sql, "%s%s%s", settle ? "+" : "", id,
                              bson_iter_as_int64(&iter) < 0 ? " DESC" : "");
            else if (by_column)
                buffer_printf(sql, "%s%s%s, ", settle ? "+" : "",
                              listed ? "at" : bson_iter_key(&iter),
                              bson_iter_as_int64(&iter) < 0 ? " DESC" : "");
            else
                buffer_puts(sql, "store_key(doc, ?, ?), ");
            by_column = false; /* the first key alone */
        }
    if (!by_id)
        buffer_printf(sql, "%s%s", settle ? "+" : "", id);
}

/*
 * `settle`: rows are sorted before the first is seen. Within store_begin the
 * cursor shares the writing connection, and later writes must not show.
 */
static engine_status find_sql(struct sqlite_cursor *cursor,
                              const struct sqlite_table *table,
                              const struct store_query *query, bool settle,
                              struct buffer *sql, engine_error *err)
{
    engine_status status;

    buffer_puts(sql, "SELECT doc FROM ");
    if (cursor->listed)
        buffer_printf(sql, SQLITE_LIST, table->name, table->list, table->name);
    else
        buffer_puts(sql, table->name);
    status = sqlite_where_compile(&cursor->where, table, query->filter,
                                  cursor->link, sql, err);
    if (status < 0)
        return status;
    status = find_by_column(cursor, table, err);
    if (status < 0)
        return status;
    find_order(cursor, settle, sql);
    buffer_puts(sql, " LIMIT ? OFFSET ?");
    return buffer_status(sql, err);
}

static int find_bind(const struct sqlite_cursor *cursor,
                     const struct store_query *query)
{
    sqlite3_stmt *handle = cursor->statement->handle;
    bson_iter_t iter;
    bool bound = cursor->by_column; /* the first key needs no values */
    int next = 1, rc = SQLITE_OK;

    if (cursor->listed)
        rc = sqlite3_bind_text(handle, next++, cursor->listed, -1,
                               SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite_where_bind(&cursor->where, handle, &next);
    if (cursor->sort && bson_iter_init(&iter, cursor->sort))
        while (rc == SQLITE_OK && bson_iter_next(&iter) &&
               strcmp(bson_iter_key(&iter), "_id") != 0) {
            if (bound) {
                bound = false;
                continue;
            }
            rc = sqlite3_bind_text(handle, next++, bson_iter_key(&iter), -1,
                                   SQLITE_STATIC);
            if (rc == SQLITE_OK)
                rc = sqlite3_bind_int(handle, next++,
                                      bson_iter_as_int64(&iter) < 0);
        }
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_int64(handle, next++,
                                query->limit ? query->limit : -1);
    return rc == SQLITE_OK ? sqlite3_bind_int64(handle, next, query->skip) : rc;
}

/* ---- cursors -------------------------------------------------------------- */

static engine_status find_step(struct sqlite_cursor *cursor, engine_error *err)
{
    const int rc = sqlite3_step(cursor->statement->handle);

    cursor->waiting = rc == SQLITE_ROW;
    cursor->ended = !cursor->waiting;
    return rc == SQLITE_ROW || rc == SQLITE_DONE
               ? ENGINE_OK
               : sqlite_fail(cursor->link, "read", err);
}

static engine_status find_start(struct sqlite_cursor *cursor,
                                const struct sqlite_table *table,
                                const struct store_query *query,
                                engine_error *err)
{
    const bool settle = cursor->self->base.in_transaction;
    const char *listed = sqlite_list_find(table, query->filter);
    engine_status status = ENGINE_OK;
    struct buffer sql;

    if (listed && !(cursor->listed = engine_strdup(listed)))
        return engine_fail_memory(err);
    if (settle)
        cursor->link = cursor->self->main;
    else
        status = find_reader_take(cursor->self, &cursor->link, err);
    if (status < 0)
        return status;
    buffer_init(&sql, SQLITE_MAX_SQL);
    status = find_sql(cursor, table, query, settle, &sql, err);
    if (status == ENGINE_OK)
        status = sqlite_statement_take(cursor->link, sql.data,
                                       &cursor->statement, err);
    buffer_clear(&sql);
    if (status < 0)
        return status;
    if (find_bind(cursor, query) != SQLITE_OK)
        return sqlite_fail(cursor->link, "read", err);
    return find_step(cursor, err); /* fixes the state that is seen */
}

engine_status sqlite_find(struct store *store, const char *collection,
                          const struct store_query *query,
                          struct store_cursor **out, engine_error *err)
{
    struct sqlite_cursor *cursor = engine_calloc(1, sizeof(*cursor));
    engine_status status;

    if (!cursor)
        return engine_fail_memory(err);
    cursor->base.ops = store->ops;
    cursor->self = (struct sqlite *)store;
    cursor->sort = query->sort ? bson_copy(query->sort) : NULL;
    cursor->fields = query->fields && !bson_empty(query->fields)
                         ? bson_copy(query->fields)
                         : NULL;
    cursor->current = bson_new();
    status = find_start(cursor, sqlite_table_get(collection), query, err);
    if (status < 0) {
        sqlite_cursor_close(&cursor->base);
        return status;
    }
    *out = &cursor->base;
    return ENGINE_OK;
}

int sqlite_cursor_next(struct store_cursor *base, const bson_t **out,
                       engine_error *err)
{
    struct sqlite_cursor *cursor = (struct sqlite_cursor *)base;
    engine_status status = ENGINE_OK;
    bson_t document;

    if (!cursor->waiting && !cursor->ended)
        status = find_step(cursor, err);
    if (status < 0 || !cursor->waiting)
        return status;
    status =
        find_borrow(cursor->link, cursor->statement->handle, &document, err);
    if (status < 0)
        return status;
    cursor->waiting = false;
    bson_reinit(cursor->current);
    if (cursor->fields)
        document_project(&document, cursor->fields, cursor->current);
    else
        bson_concat(cursor->current, &document);
    *out = cursor->current;
    return 1;
}

void sqlite_cursor_close(struct store_cursor *base)
{
    struct sqlite_cursor *cursor = (struct sqlite_cursor *)base;

    sqlite_statement_give(cursor->statement);
    find_reader_give(cursor->self, cursor->link);
    sqlite_where_clear(&cursor->where);
    bson_destroy(cursor->sort);
    bson_destroy(cursor->fields);
    bson_destroy(cursor->current);
    engine_free(cursor->listed);
    engine_free(cursor);
}
