/* SPDX-License-Identifier: Apache-2.0 */
/* sqlite_link.c - connections, their errors and their prepared statements. */
#include "engine/store/sqlite.h"

#include <errno.h>
#include <string.h>

#include "sdk/base/alloc.h"

#define LINK_WAIT_MS 10000

/* ---- errors --------------------------------------------------------------- */

engine_status sqlite_damaged(const char *path, const char *what,
                             engine_error *err)
{
    engine_fail(err, ENGINE_ECORRUPT, "the store \"%s\" is damaged: %s", path,
                what);
    engine_hint(err, "nothing was changed; restore it from a backup, or move "
                     "it away (with its -wal and -shm files) and import the "
                     "rules again");
    return ENGINE_ECORRUPT;
}

static engine_status link_fail_full(const struct sqlite_link *link,
                                    engine_error *err)
{
    engine_fail(err, ENGINE_EFULL, "no space left for the store \"%s\"",
                link->path);
    engine_hint(err, "nothing of this step was kept; free some space or raise "
                     "the quota or file size limit, then try again");
    return ENGINE_EFULL;
}

static engine_status link_fail_busy(const struct sqlite_link *link,
                                    const char *doing, engine_error *err)
{
    engine_fail(err, ENGINE_ETIMEOUT,
                "could not %s the store \"%s\": another process kept it "
                "locked for %d seconds",
                doing, link->path, LINK_WAIT_MS / 1000);
    engine_hint(err, "try again when the other process has finished");
    return ENGINE_ETIMEOUT;
}

static engine_status link_fail_denied(const struct sqlite_link *link,
                                      const char *doing, engine_error *err)
{
    engine_fail(err, ENGINE_EDENIED, "could not %s the store \"%s\": %s", doing,
                link->path, sqlite3_errmsg(link->db));
    engine_hint(err, "the file and its directory must be writable by this "
                     "user");
    return ENGINE_EDENIED;
}

static int link_file_errno(const struct sqlite_link *link, int which)
{
    sqlite3_file *file = NULL;
    int code = 0;

    if (sqlite3_file_control(link->db, "main", which, (void *)&file) ==
            SQLITE_OK &&
        file && file->pMethods)
        file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &code);
    return code;
}

/* What the system said; SQLite may have made other calls since. */
static int link_errno(const struct sqlite_link *link)
{
    int code = sqlite3_system_errno(link->db);

    if (code == 0)
        code = link_file_errno(link, SQLITE_FCNTL_JOURNAL_POINTER);
    if (code == 0)
        code = link_file_errno(link, SQLITE_FCNTL_FILE_POINTER);
    return code;
}

static engine_status link_fail_io(const struct sqlite_link *link,
                                  const char *doing, engine_error *err)
{
    const int code = link_errno(link);

    if (code == ENOSPC || code == EDQUOT || code == EFBIG)
        return link_fail_full(link, err);
    if (code == EACCES || code == EPERM || code == EROFS)
        return link_fail_denied(link, doing, err);
    return engine_fail(err, ENGINE_EIO, "could not %s the store \"%s\": %s%s%s",
                       doing, link->path, sqlite3_errmsg(link->db),
                       code ? ": " : "", code ? strerror(code) : "");
}

engine_status sqlite_fail(const struct sqlite_link *link, const char *doing,
                          engine_error *err)
{
    switch (sqlite3_errcode(link->db) & 0xff) {
    case SQLITE_NOMEM:
        return engine_fail_memory(err);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return sqlite_damaged(link->path, sqlite3_errmsg(link->db), err);
    case SQLITE_FULL:
        return link_fail_full(link, err);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return link_fail_busy(link, doing, err);
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return link_fail_denied(link, doing, err);
    case SQLITE_TOOBIG:
        return engine_fail(err, ENGINE_ELIMIT, "too large for the store \"%s\"",
                           link->path);
    default:
        return link_fail_io(link, doing, err);
    }
}

/* ---- statements ----------------------------------------------------------- */

engine_status sqlite_exec(const struct sqlite_link *link, const char *sql,
                          engine_error *err)
{
    if (sqlite3_exec(link->db, sql, NULL, NULL, NULL) == SQLITE_OK)
        return ENGINE_OK;
    return sqlite_fail(link, "change", err);
}

engine_status sqlite_ask(const struct sqlite_link *link, const char *sql,
                         int64_t *out, engine_error *err)
{
    sqlite3_stmt *handle = NULL;
    engine_status status = ENGINE_OK;

    if (sqlite3_prepare_v2(link->db, sql, -1, &handle, NULL) != SQLITE_OK ||
        sqlite3_step(handle) != SQLITE_ROW)
        status = sqlite_fail(link, "read", err);
    else
        *out = sqlite3_column_int64(handle, 0);
    sqlite3_finalize(handle);
    return status;
}

static void statement_drop(struct sqlite_statement *statement)
{
    sqlite3_finalize(statement->handle);
    engine_free(statement->sql);
    *statement = (struct sqlite_statement){0};
}

/* The statement itself, else the free or oldest idle slot for it. */
static struct sqlite_statement *statement_slot(struct sqlite_link *link,
                                               const char *sql)
{
    struct sqlite_statement *best = NULL;

    for (size_t i = 0; i < SQLITE_STATEMENTS; i++) {
        struct sqlite_statement *at = &link->statements[i];
        if (at->busy)
            continue;
        if (at->sql && strcmp(at->sql, sql) == 0)
            return at;
        if (!best || at->used < best->used)
            best = at;
    }
    return best;
}

static engine_status statement_prepare(struct sqlite_link *link,
                                       const char *sql,
                                       struct sqlite_statement *statement,
                                       engine_error *err)
{
    statement->sql = engine_strdup(sql);
    if (!statement->sql)
        return engine_fail_memory(err);
    if (sqlite3_prepare_v3(link->db, sql, -1, SQLITE_PREPARE_PERSISTENT,
                           &statement->handle, NULL) == SQLITE_OK)
        return ENGINE_OK;
    return sqlite_fail(link, "read", err);
}

engine_status sqlite_statement_take(struct sqlite_link *link, const char *sql,
                                    struct sqlite_statement **out,
                                    engine_error *err)
{
    struct sqlite_statement *slot = statement_slot(link, sql);
    engine_status status = ENGINE_OK;

    /* more busy statements than slots: cursors have a connection each, so
     * only a programming error gets here */
    if (!slot)
        return engine_fail(err, ENGINE_ELIMIT, "too many open statements");
    if (!slot->sql || strcmp(slot->sql, sql) != 0) {
        statement_drop(slot);
        status = statement_prepare(link, sql, slot, err);
        if (status < 0) {
            statement_drop(slot);
            return status;
        }
    }
    slot->used = ++link->clock;
    slot->busy = true;
    *out = slot;
    return ENGINE_OK;
}

void sqlite_statement_give(struct sqlite_statement *statement)
{
    if (!statement)
        return;
    sqlite3_reset(statement->handle);
    sqlite3_clear_bindings(statement->handle);
    statement->busy = false;
}

/* ---- connections ---------------------------------------------------------- */

static engine_status link_configure(const struct sqlite_link *link,
                                    engine_error *err)
{
    sqlite3_extended_result_codes(link->db, 1);
    sqlite3_busy_timeout(link->db, LINK_WAIT_MS);
    sqlite3_db_config(link->db, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL);
    sqlite3_db_config(link->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, (int *)NULL);
    /* NORMAL in WAL: a power cut may undo the last commits, never tear one.
     * secure_delete costs writes and hides nothing here. The log may have
     * 16 MB before it goes into the file: pages of indexes are then written
     * there once for a few thousand results, not for a few hundred. */
    if (sqlite3_exec(link->db,
                     "PRAGMA synchronous = NORMAL;"
                     "PRAGMA cache_size = -8192;"
                     "PRAGMA cell_size_check = 1;"
                     "PRAGMA wal_autocheckpoint = 4000;"
                     "PRAGMA secure_delete = 0;",
                     NULL, NULL, NULL) != SQLITE_OK)
        return sqlite_fail(link, "open", err);
    return sqlite_function_register(link, err);
}

engine_status sqlite_link_open(const struct sqlite *self, int flags,
                               struct sqlite_link **out, engine_error *err)
{
    struct sqlite_link *link = engine_calloc(1, sizeof(*link));
    engine_status status;

    if (!link)
        return engine_fail_memory(err);
    link->path = self->path;
    if (sqlite3_open_v2(self->name, &link->db,
                        flags | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX |
                            SQLITE_OPEN_PRIVATECACHE,
                        NULL) != SQLITE_OK)
        status =
            link->db ? sqlite_fail(link, "open", err) : engine_fail_memory(err);
    else
        status = link_configure(link, err);
    if (status < 0) {
        sqlite_link_close(link);
        return status;
    }
    *out = link;
    return ENGINE_OK;
}

void sqlite_link_close(struct sqlite_link *link)
{
    if (!link)
        return;
    for (size_t i = 0; i < SQLITE_STATEMENTS; i++)
        statement_drop(&link->statements[i]);
    sqlite3_close(link->db);
    engine_free(link);
}
