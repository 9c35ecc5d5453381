/* SPDX-License-Identifier: Apache-2.0 */
/* sqlite_count.c - how many documents a filter finds, or of each value. */
#include "engine/store/sqlite.h"

#include "sdk/base/alloc.h"
#include "sdk/document/document.h"

/* Outside of store_begin: a filter is compiled and run on one state. */
static engine_status count_view_begin(const struct sqlite *self,
                                      engine_error *err)
{
    return self->base.in_transaction ? ENGINE_OK
                                     : sqlite_exec(self->main, "BEGIN", err);
}

static void count_view_end(const struct sqlite *self)
{
    if (!self->base.in_transaction)
        sqlite_exec(self->main, "COMMIT", NULL);
}

/* A statement "<head> WHERE <filter><tail>" on the main connection. */
static engine_status count_prepare(struct sqlite *self, const char *head,
                                   const struct sqlite_table *table,
                                   const bson_t *filter, const char *tail,
                                   struct sqlite_where *where,
                                   struct sqlite_statement **out,
                                   engine_error *err)
{
    engine_status status;
    struct buffer sql;

    buffer_init(&sql, SQLITE_MAX_SQL);
    buffer_puts(&sql, head);
    status = sqlite_where_compile(where, table, filter, self->main, &sql, err);
    buffer_puts(&sql, tail);
    if (status == ENGINE_OK)
        status = buffer_status(&sql, err);
    if (status == ENGINE_OK)
        status = sqlite_statement_take(self->main, sql.data, out, err);
    buffer_clear(&sql);
    return status;
}

engine_status sqlite_count(struct store *store, const char *collection,
                           const bson_t *filter, int64_t *out,
                           engine_error *err)
{
    struct sqlite *self = (struct sqlite *)store;
    struct sqlite_statement *statement = NULL;
    const struct sqlite_table *table = sqlite_table_get(collection);
    const char *listed = sqlite_list_find(table, filter);
    struct sqlite_where where;
    engine_status status;
    char head[192];
    int next = 1;

    if (listed)
        sqlite3_snprintf(sizeof(head), head,
                         "SELECT count(*) FROM " SQLITE_LIST, table->name,
                         table->list, table->name);
    else
        sqlite3_snprintf(sizeof(head), head, "SELECT count(*) FROM %s",
                         collection);
    status = count_view_begin(self, err);
    if (status < 0)
        return status;
    status =
        count_prepare(self, head, table, filter, "", &where, &statement, err);
    if (status < 0)
        goto out;
    if ((listed && sqlite3_bind_text(statement->handle, next++, listed, -1,
                                     SQLITE_STATIC) != SQLITE_OK) ||
        sqlite_where_bind(&where, statement->handle, &next) != SQLITE_OK ||
        sqlite3_step(statement->handle) != SQLITE_ROW)
        status = sqlite_fail(self->main, "read", err);
    else
        *out = sqlite3_column_int64(statement->handle, 0);
out:
    sqlite_statement_give(statement);
    count_view_end(self);
    sqlite_where_clear(&where);
    return status;
}

static engine_status count_group_rows(const struct sqlite *self,
                                      sqlite3_stmt *handle, bson_t *out,
                                      engine_error *err)
{
    int rc;

    while ((rc = sqlite3_step(handle)) == SQLITE_ROW) {
        const char *value = (const char *)sqlite3_column_text(handle, 0);
        if (!value) /* no string */
            continue;
        if (out->len > DOCUMENT_MAX_BYTES)
            return engine_fail(err, ENGINE_ELIMIT,
                               "too many different values to count");
        bson_append_int64(out, value, -1, sqlite3_column_int64(handle, 1));
    }
    return rc == SQLITE_DONE ? ENGINE_OK : sqlite_fail(self->main, "read", err);
}

/* Strings of a column stand in it; anything else is not counted at all. */
static engine_status count_group_sql(const struct sqlite_table *table,
                                     const char *field, char **head,
                                     engine_error *err)
{
    const struct sqlite_column *column = sqlite_table_column(table, field);

    if (column && column->kind == COLUMN_STRING)
        *head = engine_strf("SELECT CASE typeof(%s) WHEN 'text' THEN %s END "
                            "AS value, count(*) FROM %s",
                            field, field, table->name);
    else
        *head = engine_strf("SELECT store_text(doc, ?1) AS value, count(*) "
                            "FROM %s",
                            table->name);
    return *head ? ENGINE_OK : engine_fail_memory(err);
}

static engine_status count_group(struct sqlite *self,
                                 const struct sqlite_table *table,
                                 const bson_t *filter, const char *field,
                                 bson_t *counts, engine_error *err)
{
    struct sqlite_statement *statement = NULL;
    struct sqlite_where where = {0};
    char *head = NULL;
    int next = 1, rc = SQLITE_OK;
    engine_status status = count_group_sql(table, field, &head, err);

    if (status == ENGINE_OK)
        status = count_prepare(self, head, table, filter,
                               " GROUP BY value ORDER BY value", &where,
                               &statement, err);
    if (status < 0)
        goto out;
    if (sqlite3_bind_parameter_name(statement->handle, 1))
        rc = sqlite3_bind_text(statement->handle, next++, field, -1,
                               SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite_where_bind(&where, statement->handle, &next);
    status = rc == SQLITE_OK
                 ? count_group_rows(self, statement->handle, counts, err)
                 : sqlite_fail(self->main, "read", err);
out:
    sqlite_statement_give(statement);
    sqlite_where_clear(&where);
    engine_free(head);
    return status;
}

engine_status sqlite_group(struct store *store, const char *collection,
                           const bson_t *filter, const char *field, bson_t *out,
                           engine_error *err)
{
    struct sqlite *self = (struct sqlite *)store;
    bson_t counts = BSON_INITIALIZER;
    engine_status status = count_view_begin(self, err);

    if (status == ENGINE_OK) {
        status = count_group(self, sqlite_table_get(collection), filter, field,
                             &counts, err);
        count_view_end(self);
    }
    if (status == ENGINE_OK)
        bson_steal(out, &counts);
    else
        bson_destroy(&counts);
    return status;
}
