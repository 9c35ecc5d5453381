/* SPDX-License-Identifier: Apache-2.0 */
/* sqlite_write.c - insert, put, swap and delete. */
#include "engine/store/sqlite.h"

#include <string.h>

#define WRITE_MAX_SQL 4096
#define WRITE_MAX_COLUMNS 16

/* ---- columns ------------------------------------------------------------- */

/* Values that no condition of any kind of column can be about; NULL then. */
static bool write_is_plain(const bson_iter_t *value)
{
    switch (bson_iter_type(value)) {
    case BSON_TYPE_NULL:
    case BSON_TYPE_BOOL:
    case BSON_TYPE_INT32:
    case BSON_TYPE_INT64:
    case BSON_TYPE_DATE_TIME:
    case BSON_TYPE_OID:
    case BSON_TYPE_DOCUMENT:
        return true;
    default:
        return false;
    }
}

static bool write_is_string(const bson_iter_t *value, const char **text,
                            uint32_t *len)
{
    *text = bson_iter_utf8(value, len);
    return strlen(*text) == *len;
}

/* See sqlite.h: the value, NULL, or the marker. */
static int write_bind_value(sqlite3_stmt *handle, int at, enum sqlite_kind kind,
                            const bson_iter_t *value)
{
    const bson_type_t type = bson_iter_type(value);
    const char *text;
    uint32_t len = 0;

    if (type == BSON_TYPE_UTF8) {
        if (!write_is_string(value, &text, &len))
            return sqlite3_bind_zeroblob(handle, at, 0);
        if (kind != COLUMN_STRING)
            return sqlite3_bind_null(handle, at);
        return sqlite3_bind_text(handle, at, text, (int)len, SQLITE_STATIC);
    }
    if (kind == COLUMN_NUMBER && BSON_ITER_HOLDS_INT(value))
        return sqlite3_bind_int64(handle, at, bson_iter_as_int64(value));
    if (kind == COLUMN_FLAG && type == BSON_TYPE_BOOL)
        return sqlite3_bind_int64(handle, at, bson_iter_bool(value));
    if (kind == COLUMN_DATE && type == BSON_TYPE_DATE_TIME)
        return sqlite3_bind_int64(handle, at, bson_iter_date_time(value));
    if (write_is_plain(value) ||
        (type == BSON_TYPE_DOUBLE && kind != COLUMN_NUMBER))
        return sqlite3_bind_null(handle, at);
    return sqlite3_bind_zeroblob(handle, at, 0);
}

static int write_bind_field(sqlite3_stmt *handle, int first,
                            const struct sqlite_table *table,
                            const bson_iter_t *field, bool *seen)
{
    const char *name = bson_iter_key(field);

    for (size_t i = 0; i < table->count; i++) {
        if (*table->columns[i].name != *name ||
            strcmp(table->columns[i].name, name) != 0)
            continue;
        if (seen[i]) /* the same name twice */
            return sqlite3_bind_zeroblob(handle, first + (int)i, 0);
        seen[i] = true;
        return write_bind_value(handle, first + (int)i, table->columns[i].kind,
                                field);
    }
    return SQLITE_OK;
}

/* Binds the columns from `first` on, then the document. */
static engine_status write_bind(const struct sqlite_link *link,
                                sqlite3_stmt *handle, int first,
                                const struct sqlite_table *table,
                                const bson_t *document, engine_error *err)
{
    bool seen[WRITE_MAX_COLUMNS] = {false};
    bson_iter_t iter;
    int rc = SQLITE_OK;

    sqlite3_clear_bindings(handle);
    if (!bson_iter_init(&iter, document))
        return engine_fail(err, ENGINE_EINVAL, "%s: not a document",
                           table->name);
    while (rc == SQLITE_OK && bson_iter_next(&iter))
        rc = write_bind_field(handle, first, table, &iter, seen);
    if (iter.err_off)
        return engine_fail(err, ENGINE_EINVAL,
                           "%s: a document is malformed at byte %u",
                           table->name, iter.err_off);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_blob(handle, first + (int)table->count,
                               bson_get_data(document), (int)document->len,
                               SQLITE_STATIC);
    return rc == SQLITE_OK ? ENGINE_OK : sqlite_fail(link, "write", err);
}

static const char *write_id(const bson_t *document)
{
    bson_iter_t iter;

    return bson_iter_init_find(&iter, document, "_id")
               ? bson_iter_utf8(&iter, NULL)
               : "";
}

/* ---- insert and put ------------------------------------------------------ */

static void write_sql(const struct sqlite_table *table, bool replace,
                      struct buffer *sql)
{
    buffer_printf(sql, "INSERT INTO %s(id", table->name);
    for (size_t i = 0; i < table->count; i++)
        buffer_printf(sql, ", %s", table->columns[i].name);
    buffer_puts(sql, ", doc) VALUES(?");
    for (size_t i = 0; i < table->count; i++)
        buffer_puts(sql, ", ?");
    buffer_puts(sql, ", ?)");
    if (!replace)
        return;
    buffer_puts(sql, " ON CONFLICT(id) DO UPDATE SET doc = excluded.doc");
    for (size_t i = 0; i < table->count; i++)
        buffer_printf(sql, ", %s = excluded.%s", table->columns[i].name,
                      table->columns[i].name);
}

static engine_status write_statement(struct sqlite *self,
                                     const struct sqlite_table *table,
                                     bool replace,
                                     struct sqlite_statement **out,
                                     engine_error *err)
{
    engine_status status;
    struct buffer sql;

    buffer_init(&sql, WRITE_MAX_SQL);
    write_sql(table, replace, &sql);
    status = buffer_status(&sql, err);
    if (status == ENGINE_OK)
        status = sqlite_statement_take(self->main, sql.data, out, err);
    buffer_clear(&sql);
    return status;
}

static engine_status write_one(struct sqlite *self, sqlite3_stmt *handle,
                               const struct sqlite_table *table,
                               const bson_t *document, engine_error *err)
{
    const char *id = write_id(document);
    engine_status status =
        write_bind(self->main, handle, 2, table, document, err);
    int rc;

    if (status < 0)
        return status;
    rc = sqlite3_bind_text(handle, 1, id, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(handle);
    if (rc == SQLITE_DONE)
        return ENGINE_OK;
    if ((rc & 0xff) != SQLITE_CONSTRAINT)
        return sqlite_fail(self->main, "write to", err);
    return engine_fail(err, ENGINE_ECONFLICT,
                       "%s: there is a document \"%s\" already", table->name,
                       id);
}

/* The same, and the rows of a list; what is replaced is looked at first. */
static engine_status write_listed(struct sqlite *self, sqlite3_stmt *handle,
                                  const struct sqlite_table *table,
                                  const bson_t *document, bool replace,
                                  engine_error *err)
{
    const char *id = write_id(document);
    engine_status status = ENGINE_OK;
    bson_t before;
    bool has = false;

    if (table->list && replace) {
        status = sqlite_get(&self->base, table->name, id, &before, err);
        has = status == ENGINE_OK;
        if (status == ENGINE_ENOTFOUND)
            status = ENGINE_OK;
    }
    if (status == ENGINE_OK)
        status = write_one(self, handle, table, document, err);
    if (status == ENGINE_OK && table->list)
        status = sqlite_list_write(self, table, id, has ? &before : NULL,
                                   document, err);
    if (has)
        bson_destroy(&before);
    return status;
}

/* What is put fails as all writing would, never for itself, unless it has a
 * list: within a transaction it needs no savepoint, for which SQLite would
 * copy every page before its first change. */
static bool write_is_bare(const struct sqlite *self,
                          const struct sqlite_table *table, bool replace)
{
    return self->base.in_transaction && replace && !table->list;
}

static engine_status write_begin(struct sqlite *self, bool bare,
                                 engine_error *err)
{
    if (!bare)
        return sqlite_change_begin(self, err);
    return self->lost ? sqlite_fail_lost(self, err) : ENGINE_OK;
}

static engine_status write_end(struct sqlite *self, bool bare,
                               engine_status status, engine_error *err)
{
    if (!bare)
        return sqlite_change_end(self, status, err);
    if (status == ENGINE_OK)
        return ENGINE_OK;
    if (!sqlite3_get_autocommit(self->main->db))
        sqlite_exec(self->main, "ROLLBACK", NULL);
    self->lost = true;
    return status;
}

engine_status sqlite_write(struct store *store, const char *collection,
                           const bson_t *const *documents, size_t count,
                           bool replace, engine_error *err)
{
    struct sqlite *self = (struct sqlite *)store;
    const struct sqlite_table *table = sqlite_table_get(collection);
    const bool bare = write_is_bare(self, table, replace);
    struct sqlite_statement *statement = NULL;
    engine_status status =
        write_statement(self, table, replace, &statement, err);

    if (status < 0)
        return status;
    status = write_begin(self, bare, err);
    if (status < 0)
        goto out;
    for (size_t i = 0; status == ENGINE_OK && i < count; i++) {
        status = write_listed(self, statement->handle, table, documents[i],
                              replace, err);
        sqlite3_reset(statement->handle);
    }
    status = write_end(self, bare, status, err);
out:
    sqlite_statement_give(statement);
    return status;
}

/* ---- swap ---------------------------------------------------------------- */

static engine_status write_expect(struct sqlite *self, const char *collection,
                                  const char *id,
                                  const struct matcher *expected,
                                  engine_error *err)
{
    bson_t now;
    engine_status status = sqlite_get(&self->base, collection, id, &now, err);

    if (status < 0)
        return status;
    if (!matcher_test(expected, &now))
        status =
            engine_fail(err, ENGINE_ECONFLICT,
                        "%s: \"%s\" has changed meanwhile", collection, id);
    bson_destroy(&now);
    return status;
}

/* Under the write lock: what was read is what is replaced. */
static engine_status write_swap_locked(struct sqlite *self,
                                       const char *collection, const char *id,
                                       const struct matcher *expected,
                                       const bson_t *replacement,
                                       engine_error *err)
{
    const struct sqlite_table *table = sqlite_table_get(collection);
    struct sqlite_statement *statement = NULL;
    engine_status status = write_expect(self, collection, id, expected, err);

    if (status == ENGINE_OK)
        status = write_statement(self, table, true, &statement, err);
    if (status == ENGINE_OK)
        status = write_listed(self, statement->handle, table, replacement,
                              true, err);
    sqlite_statement_give(statement);
    return status;
}

engine_status sqlite_swap(struct store *store, const char *collection,
                          const char *id, const bson_t *expected,
                          const bson_t *replacement, engine_error *err)
{
    struct sqlite *self = (struct sqlite *)store;
    const bson_t nothing = BSON_INITIALIZER;
    struct matcher *matcher = NULL;
    engine_status status =
        matcher_new(expected ? expected : &nothing, &matcher, err);

    if (status < 0)
        return status;
    status = sqlite_change_begin(self, err);
    if (status == ENGINE_OK) {
        status =
            write_swap_locked(self, collection, id, matcher, replacement, err);
        status = sqlite_change_end(self, status, err);
    }
    matcher_free(matcher);
    return status;
}

/* ---- delete -------------------------------------------------------------- */

static engine_status write_remove_locked(struct sqlite *self,
                                         const struct sqlite_table *table,
                                         const bson_t *filter, int64_t *deleted,
                                         engine_error *err)
{
    struct sqlite_statement *statement = NULL;
    struct sqlite_where where;
    struct buffer sql;
    engine_status status;
    int next = 1;

    buffer_init(&sql, (size_t)512 * 1024);
    buffer_printf(&sql, "DELETE FROM %s", table->name);
    status = sqlite_where_compile(&where, table, filter, self->main, &sql, err);
    if (status == ENGINE_OK)
        status = buffer_status(&sql, err);
    if (status == ENGINE_OK)
        status = sqlite_statement_take(self->main, sql.data, &statement, err);
    if (status < 0)
        goto out;
    if (sqlite_where_bind(&where, statement->handle, &next) != SQLITE_OK ||
        sqlite3_step(statement->handle) != SQLITE_DONE)
        status = sqlite_fail(self->main, "delete from", err);
    else
        *deleted = sqlite3_changes64(self->main->db);
    sqlite_statement_give(statement);
out:
    sqlite_where_clear(&where);
    buffer_clear(&sql);
    return status;
}

engine_status sqlite_remove(struct store *store, const char *collection,
                            const bson_t *filter, int64_t *deleted,
                            engine_error *err)
{
    struct sqlite *self = (struct sqlite *)store;
    int64_t count = 0;
    engine_status status = sqlite_change_begin(self, err);

    if (status < 0)
        return status;
    status = write_remove_locked(self, sqlite_table_get(collection), filter,
                                 &count, err);
    status = sqlite_change_end(self, status, err);
    if (status == ENGINE_OK)
        *deleted = count;
    return status;
}
