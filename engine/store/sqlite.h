/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite.h - what the files of the SQLite store share.
 *
 * One table per collection: id, the columns that are filtered most, the BSON
 * document. A column holds the field's value when that is of the column's kind;
 * NULL when it is absent or of a kind that no condition on the column asks for;
 * and the marker x'' when only the matcher can tell (arrays above all). So
 * `column IN (value, x'')` never loses a document, and the matcher has to look
 * at marked ones only. An index of the marked rows alone tells at once when
 * there are none, as is usual; then `column = value` is the whole truth.
 *
 * Writes go through one connection. Every open cursor has a connection of its
 * own, so that it sees one unchanging state whatever is written meanwhile, and
 * so that its old snapshot never stands in the way of a write.
 */
#ifndef ENGINE_STORE_SQLITE_H
#define ENGINE_STORE_SQLITE_H

#include <sqlite3.h>

#include "engine/store/store_ops.h"
#include "sdk/base/buffer.h"
#include "sdk/document/match.h"

#define SQLITE_STATEMENTS 32 /* cached per connection */
#define SQLITE_MAX_SQL ((size_t)512 * 1024)

/* ---- schema (sqlite_schema.c) -------------------------------------------- */

enum sqlite_kind { COLUMN_STRING, COLUMN_NUMBER, COLUMN_FLAG, COLUMN_DATE };

struct sqlite_column {
    const char *name; /* of the field and of the column */
    enum sqlite_kind kind;
};

struct sqlite_table {
    const char *name;
    const struct sqlite_column *columns;
    size_t count;
    const char *marked; /* SQL: some column holds the marker; NULL: none can */
    /* a field with a table TABLE_FIELD of its strings (sqlite_list.c), and the
     * column of dates that those are ordered by; NULL for none */
    const char *list, *list_order;
};

/** The table of a collection, which store.c has checked. */
const struct sqlite_table *sqlite_table_get(const char *collection);
/** Walks all tables; NULL at the end. */
const struct sqlite_table *sqlite_table_at(size_t index);
/** NULL when the field has no column. */
const struct sqlite_column *sqlite_table_column(
    const struct sqlite_table *table, const char *field);

/* ---- connections and statements (sqlite_link.c) -------------------------- */

struct sqlite_statement {
    char *sql;
    sqlite3_stmt *handle;
    uint64_t used; /* when; the oldest is dropped first */
    bool busy;
};

struct sqlite_link {
    sqlite3 *db;
    const char *path; /* for messages; borrowed from struct sqlite */
    struct sqlite_statement statements[SQLITE_STATEMENTS];
    uint64_t clock;
    struct sqlite_link *next; /* in the list of idle readers */
};

struct sqlite {
    struct store base;
    char *path, *name; /* absolute; name is what SQLite opens */
    struct sqlite_link *main, *idle;
    bool lost; /* SQLite undid the open transaction by itself */
};

engine_status sqlite_link_open(const struct sqlite *self, int flags,
                               struct sqlite_link **out, engine_error *err);
void sqlite_link_close(struct sqlite_link *link);

/** Fails with what the connection's last error means to a user. */
engine_status sqlite_fail(const struct sqlite_link *link, const char *doing,
                          engine_error *err);
/** Fails with ENGINE_ECORRUPT and what to do about it. */
engine_status sqlite_damaged(const char *path, const char *what,
                             engine_error *err);
engine_status sqlite_exec(const struct sqlite_link *link, const char *sql,
                          engine_error *err);
/** The first column of the first row. */
engine_status sqlite_ask(const struct sqlite_link *link, const char *sql,
                         int64_t *out, engine_error *err);

/** A prepared statement, from the cache where possible; give it back. */
engine_status sqlite_statement_take(struct sqlite_link *link, const char *sql,
                                    struct sqlite_statement **out,
                                    engine_error *err);
void sqlite_statement_give(struct sqlite_statement *statement);

/** Reads or creates the schema; see sqlite_schema.c. */
engine_status sqlite_schema_verify(const struct sqlite_link *link,
                                   bool read_only, engine_error *err);

/* ---- SQL functions (sqlite_function.c) ----------------------------------- */

/**
 * store_match(matcher, doc), store_key(doc, path, descending),
 * store_text(doc, field), store_broken(doc): SQL's windows into documents.
 */
engine_status sqlite_function_register(const struct sqlite_link *link,
                                       engine_error *err);

/* ---- filters (sqlite_where.c) -------------------------------------------- */

struct sqlite_where {
    bson_t *filter; /* a copy: the matcher may borrow from it */
    struct matcher *matcher;
    struct buffer values; /* struct sqlite_value each */
    bool exact;           /* unmarked rows need no matcher */
    bool matches;         /* the SQL asks for the matcher, as last value */
};

/**
 * Appends " WHERE ..." to sql, or nothing. `link` is in the transaction that
 * will run the query: whether rows are marked must not change between. Clear
 * `where` always.
 */
engine_status sqlite_where_compile(struct sqlite_where *where,
                                   const struct sqlite_table *table,
                                   const bson_t *filter,
                                   struct sqlite_link *link, struct buffer *sql,
                                   engine_error *err);
/** Binds the values from parameter *next on, which then is the one after.
 * They are borrowed from `where`. */
int sqlite_where_bind(const struct sqlite_where *where, sqlite3_stmt *handle,
                      int *next);
void sqlite_where_clear(struct sqlite_where *where);

/* ---- lists (sqlite_list.c) ----------------------------------------------- */

/** Of what a list finds, in its order: each document that it names. */
#define SQLITE_LIST "%s_%s CROSS JOIN %s ON id = owner AND value = ?"

/** Writes the rows of a document's list; before: what it replaces, or NULL. */
engine_status sqlite_list_write(struct sqlite *self,
                                const struct sqlite_table *table,
                                const char *id, const bson_t *before,
                                const bson_t *document, engine_error *err);
/** The text by which the list finds what a filter asks for; NULL for none.
 * Borrowed from the filter. */
const char *sqlite_list_find(const struct sqlite_table *table,
                             const bson_t *filter);

/* ---- operations ---------------------------------------------------------- */

/** BEGIN, or a savepoint within store_begin, around one call's changes. */
engine_status sqlite_change_begin(struct sqlite *self, engine_error *err);
/** ENGINE_EIO: the open transaction was undone by an earlier error. */
engine_status sqlite_fail_lost(const struct sqlite *self, engine_error *err);
/** Keeps the changes when status is ENGINE_OK, else undoes them. */
engine_status sqlite_change_end(struct sqlite *self, engine_status status,
                                engine_error *err);

engine_status sqlite_write(struct store *store, const char *collection,
                           const bson_t *const *documents, size_t count,
                           bool replace, engine_error *err);
engine_status sqlite_begin(struct store *store, engine_error *err);
engine_status sqlite_commit(struct store *store, engine_error *err);
void sqlite_rollback(struct store *store);
engine_status sqlite_swap(struct store *store, const char *collection,
                          const char *id, const bson_t *expected,
                          const bson_t *replacement, engine_error *err);
engine_status sqlite_remove(struct store *store, const char *collection,
                            const bson_t *filter, int64_t *deleted,
                            engine_error *err);

engine_status sqlite_get(struct store *store, const char *collection,
                         const char *id, bson_t *out, engine_error *err);
engine_status sqlite_find(struct store *store, const char *collection,
                          const struct store_query *query,
                          struct store_cursor **out, engine_error *err);
int sqlite_cursor_next(struct store_cursor *cursor, const bson_t **out,
                       engine_error *err);
void sqlite_cursor_close(struct store_cursor *cursor);
engine_status sqlite_count(struct store *store, const char *collection,
                           const bson_t *filter, int64_t *out,
                           engine_error *err);
engine_status sqlite_group(struct store *store, const char *collection,
                           const bson_t *filter, const char *field, bson_t *out,
                           engine_error *err);

engine_status sqlite_artifact_put(struct store *store,
                                   const struct store_file *file,
                                  const char *name, const char *media_type,
                                  char id[65], engine_error *err);
engine_status sqlite_artifact_get(struct store *store, const char *id,
                                  const char *path, engine_error *err);
engine_status sqlite_artifact_info(struct store *store, const char *id,
                                   bson_t *out, engine_error *err);

#endif
