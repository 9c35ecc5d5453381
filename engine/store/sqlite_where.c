/* SPDX-License-Identifier: Apache-2.0 */
/* sqlite_where.c - turns what it can of a filter into SQL on columns. */
#include "engine/store/sqlite.h"

#include <string.h>

#define WHERE_MAX_SQL ((size_t)256 * 1024)
#define WHERE_MAX_IN 4096 /* operands of one $in that become parameters */
#define WHERE_MAX_DEPTH 8 /* of $and within $and */

/* A parameter: text when it is not NULL, else the number. */
struct where_value {
    const char *text; /* borrowed from the copy of the filter */
    int64_t number;
    int len;
};

/* A compilation under way. */
struct where_build {
    struct sqlite_where *where;
    const struct sqlite_table *table;
    struct buffer *sql;
    struct buffer guard; /* true for rows in which no column is marked */
    bool marked;         /* some row of the table is */
    bool any;
};

/* "_id" is always a plain string: the doors check it. */
static const struct sqlite_column where_id = {"id", COLUMN_STRING};

/* Operators, and whether the marker x'' passes by itself: SQLite sorts blobs
 * after everything. */
static const struct where_operator {
    const char *name, *sql;
    bool passes_marked;
} where_operators[] = {
    {"$gt", ">", true},
    {"$gte", ">=", true},
    {"$lt", "<", false},
    {"$lte", "<=", false},
};

/* ---- pieces of SQL -------------------------------------------------------- */

static void where_and(struct where_build *build)
{
    buffer_puts(build->sql, build->any ? " AND " : " WHERE ");
    build->any = true;
}

static void where_push(struct where_build *build,
                       const struct where_value *value)
{
    buffer_append(&build->where->values, value, sizeof(*value));
}

/* True when rows of this column may be marked, as far as is known. */
static bool where_marked(const struct where_build *build,
                         const struct sqlite_column *column)
{
    return build->marked && column != &where_id;
}

/* Remembers that unmarked rows of this column are decided by the SQL. */
static void where_guard(struct where_build *build,
                        const struct sqlite_column *column)
{
    buffer_printf(&build->guard, "%s%s <> x''", build->guard.len ? " AND " : "",
                  column->name);
}

/* ---- operands ------------------------------------------------------------- */

/*
 * Only operands of the column's own kind: comparison never leaves a type's
 * bracket, so with those no row that is NULL here can match.
 */
static bool where_operand(enum sqlite_kind kind, const bson_iter_t *operand,
                          struct where_value *out)
{
    uint32_t len = 0;

    *out = (struct where_value){0};
    switch (kind) {
    case COLUMN_STRING:
        if (!BSON_ITER_HOLDS_UTF8(operand))
            return false;
        out->text = bson_iter_utf8(operand, &len);
        out->len = (int)len;
        return strlen(out->text) == len;
    case COLUMN_NUMBER:
        out->number = bson_iter_as_int64(operand);
        return BSON_ITER_HOLDS_INT(operand);
    case COLUMN_FLAG:
        out->number = bson_iter_as_bool(operand);
        return BSON_ITER_HOLDS_BOOL(operand);
    case COLUMN_DATE:
        if (!BSON_ITER_HOLDS_DATE_TIME(operand))
            return false;
        out->number = bson_iter_date_time(operand);
        return true;
    }
    return false;
}

static bool where_equal(struct where_build *build,
                        const struct sqlite_column *column,
                        const bson_iter_t *operand)
{
    struct where_value value;
    bool marked;

    if (!where_operand(column->kind, operand, &value))
        return false;
    marked = where_marked(build, column);
    where_and(build);
    buffer_printf(build->sql, marked ? "%s IN (?, x'')" : "%s = ?",
                  column->name);
    where_push(build, &value);
    if (marked)
        where_guard(build, column);
    return true;
}

static bool where_order(struct where_build *build,
                        const struct sqlite_column *column,
                        const struct where_operator *operator,
                        const bson_iter_t * operand)
{
    struct where_value value;
    bool marked;

    if (column->kind == COLUMN_FLAG ||
        !where_operand(column->kind, operand, &value))
        return false;
    marked = where_marked(build, column);
    where_and(build);
    if (marked && !operator->passes_marked)
        buffer_printf(build->sql, "(%s %s ? OR %s = x'')",
                      column->name, operator->sql, column->name);
    else
        buffer_printf(build->sql, "%s %s ?", column->name, operator->sql);
    where_push(build, &value);
    if (marked)
        where_guard(build, column);
    return true;
}

/* All operands must fit, or none becomes SQL. */
static bool where_in_fits(const struct sqlite_column *column,
                          const bson_iter_t *operands)
{
    struct where_value value;
    bson_iter_t iter;
    size_t count = 0;

    if (!BSON_ITER_HOLDS_ARRAY(operands) || !bson_iter_recurse(operands, &iter))
        return false;
    while (bson_iter_next(&iter))
        if (++count > WHERE_MAX_IN ||
            !where_operand(column->kind, &iter, &value))
            return false;
    return true;
}

static bool where_in(struct where_build *build,
                     const struct sqlite_column *column,
                     const bson_iter_t *operands)
{
    struct where_value value;
    const char *comma = "";
    bson_iter_t iter;
    bool marked;

    if (!where_in_fits(column, operands) || !bson_iter_recurse(operands, &iter))
        return false;
    marked = where_marked(build, column);
    where_and(build);
    buffer_printf(build->sql, "%s IN (", column->name);
    while (bson_iter_next(&iter)) {
        where_operand(column->kind, &iter, &value);
        buffer_printf(build->sql, "%s?", comma);
        where_push(build, &value);
        comma = ", ";
    }
    buffer_printf(build->sql, marked ? "%sx'')" : ")", comma);
    if (marked)
        where_guard(build, column);
    return true;
}

/* ---- conditions ----------------------------------------------------------- */

static bool where_operator(struct where_build *build,
                           const struct sqlite_column *column,
                           const bson_iter_t *operand)
{
    const char *name = bson_iter_key(operand);
    const size_t count = sizeof(where_operators) / sizeof(where_operators[0]);

    if (strcmp(name, "$eq") == 0)
        return where_equal(build, column, operand);
    if (strcmp(name, "$in") == 0)
        return where_in(build, column, operand);
    for (size_t i = 0; i < count; i++)
        if (strcmp(name, where_operators[i].name) == 0)
            return where_order(build, column, &where_operators[i], operand);
    return false;
}

/* {column: value} or {column: {$operator: ...}}; true when SQL says it all. */
static bool where_field(struct where_build *build, const bson_iter_t *field)
{
    const char *name = bson_iter_key(field);
    const struct sqlite_column *column =
        strcmp(name, "_id") == 0 ? &where_id
                                 : sqlite_table_column(build->table, name);
    bool all = true, some = false;
    bson_iter_t iter;

    if (!column)
        return false;
    if (!BSON_ITER_HOLDS_DOCUMENT(field))
        return where_equal(build, column, field);
    if (!bson_iter_recurse(field, &iter))
        return false;
    for (; bson_iter_next(&iter); some = true)
        all = where_operator(build, column, &iter) && all;
    return all && some; /* {column: {}} asks for an empty document */
}

static bool where_document(struct where_build *build, bson_iter_t *iter,
                           unsigned depth);

/* The operand of $and: every part narrows. Depth is bounded by the caller. */
static bool where_all_of(struct where_build *build, const bson_iter_t *list,
                         unsigned depth)
{
    bson_iter_t iter, part;
    bool all = true;

    if (depth == 0 || !BSON_ITER_HOLDS_ARRAY(list) ||
        !bson_iter_recurse(list, &iter))
        return false;
    while (bson_iter_next(&iter))
        all = BSON_ITER_HOLDS_DOCUMENT(&iter) &&
              bson_iter_recurse(&iter, &part) &&
              where_document(build, &part, depth - 1) && all;
    return all;
}

static bool where_document(struct where_build *build, bson_iter_t *iter,
                           unsigned depth)
{
    bool all = true;

    while (bson_iter_next(iter)) {
        if (strcmp(bson_iter_key(iter), "$and") == 0)
            all = where_all_of(build, iter, depth) && all;
        else
            all = where_field(build, iter) && all;
    }
    return all;
}

/* What SQL alone does not decide goes to the matcher, with the whole filter. */
static void where_rest(struct where_build *build)
{
    struct sqlite_where *where = build->where;

    where->matches = !where->exact || build->guard.len > 0;
    if (!where->matches)
        return;
    where_and(build);
    if (where->exact)
        buffer_printf(build->sql, "((%s) OR store_match(?, doc))",
                      build->guard.data);
    else
        buffer_puts(build->sql, "store_match(?, doc)");
}

/* ---- the whole ------------------------------------------------------------ */

static engine_status where_ask_marked(struct sqlite_link *link,
                                      const struct sqlite_table *table,
                                      bool *out, engine_error *err)
{
    struct sqlite_statement *statement = NULL;
    engine_status status = ENGINE_OK;
    char sql[512];

    if (!table->marked)
        return ENGINE_OK;
    sqlite3_snprintf(sizeof(sql), sql,
                     "SELECT EXISTS(SELECT 1 FROM %s INDEXED BY %s_marked "
                     "WHERE %s)",
                     table->name, table->name, table->marked);
    status = sqlite_statement_take(link, sql, &statement, err);
    if (status < 0)
        return status;
    if (sqlite3_step(statement->handle) == SQLITE_ROW)
        *out = sqlite3_column_int(statement->handle, 0) != 0;
    else
        status = sqlite_fail(link, "read", err);
    sqlite_statement_give(statement);
    return status;
}

engine_status sqlite_where_compile(struct sqlite_where *where,
                                   const struct sqlite_table *table,
                                   const bson_t *filter,
                                   struct sqlite_link *link, struct buffer *sql,
                                   engine_error *err)
{
    struct where_build build = {.where = where, .table = table, .sql = sql};
    engine_status status;
    bson_iter_t iter;

    *where = (struct sqlite_where){.exact = true};
    buffer_init(&where->values, WHERE_MAX_SQL);
    if (!filter || bson_empty(filter))
        return ENGINE_OK;
    where->filter = bson_copy(filter);
    status = matcher_new(where->filter, &where->matcher, err);
    if (status == ENGINE_OK)
        status = where_ask_marked(link, table, &build.marked, err);
    if (status < 0)
        return status;
    if (!bson_iter_init(&iter, where->filter))
        return engine_fail(err, ENGINE_EINVAL, "a filter is no document");
    buffer_init(&build.guard, WHERE_MAX_SQL);
    where->exact = where_document(&build, &iter, WHERE_MAX_DEPTH);
    where_rest(&build);
    status = buffer_status(&build.guard, err);
    if (status == ENGINE_OK)
        status = buffer_status(&where->values, err);
    buffer_clear(&build.guard);
    return status;
}

int sqlite_where_bind(const struct sqlite_where *where, sqlite3_stmt *handle,
                      int *next)
{
    const struct where_value *values = (const void *)where->values.data;
    const size_t count = where->values.len / sizeof(*values);
    int rc = SQLITE_OK;

    for (size_t i = 0; rc == SQLITE_OK && i < count; i++, ++*next)
        rc = values[i].text
                 ? sqlite3_bind_text(handle, *next, values[i].text,
                                     values[i].len, SQLITE_STATIC)
                 : sqlite3_bind_int64(handle, *next, values[i].number);
    if (rc == SQLITE_OK && where->matches)
        rc = sqlite3_bind_pointer(handle, (*next)++, where->matcher, "matcher",
                                  NULL);
    return rc;
}

void sqlite_where_clear(struct sqlite_where *where)
{
    matcher_free(where->matcher);
    bson_destroy(where->filter);
    buffer_clear(&where->values);
    *where = (struct sqlite_where){0};
}
