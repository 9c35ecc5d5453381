/* SPDX-License-Identifier: Apache-2.0 */
/* sqlite.c - opens, checks and closes an SQLite store. */
#include "engine/store/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sdk/base/alloc.h"
#include "sdk/base/file.h"

#define SQLITE_MIN_BYTES 512 /* the smallest page, so the smallest file */

/* ---- the file ------------------------------------------------------------- */

static engine_status sqlite_fail_errno(const char *path, const char *doing,
                                       engine_error *err)
{
    const int code = errno;
    const engine_status status = engine_status_from_errno(code);

    engine_fail(err, status, "could not %s the store \"%s\": %s", doing, path,
                strerror(code));
    if (status == ENGINE_EDENIED)
        engine_hint(err, "check who owns the file and its directory, or name "
                         "another file");
    return status;
}

/* SQLite keeps the name and opens side files by it, so that it must not
 * depend on the current directory. */
static engine_status sqlite_absolute(const char *path, char **out,
                                     engine_error *err)
{
    char here[PATH_MAX];

    if (path[0] == '\0' || path[0] == ':') {
        engine_fail(err, ENGINE_EINVAL, "\"sqlite:%s\" names no file", path);
        engine_hint(err, "write sqlite:PATH, such as "
                         "sqlite:/var/lib/scan-engine/engine.db");
        return ENGINE_EINVAL;
    }
    if (path[0] != '/' && !getcwd(here, sizeof(here)))
        return sqlite_fail_errno(path, "find", err);
    *out =
        path[0] == '/' ? engine_strdup(path) : engine_strf("%s/%s", here, path);
    return *out ? ENGINE_OK : engine_fail_memory(err);
}

static engine_status sqlite_make_parent(const char *path, engine_error *err)
{
    const char *slash = strrchr(path, '/');
    char *parent;
    engine_status status;

    if (slash == path)
        return ENGINE_OK;
    parent = engine_strndup(path, (size_t)(slash - path));
    if (!parent)
        return engine_fail_memory(err);
    status = file_exists(parent) ? ENGINE_OK : file_make_directory(parent, err);
    engine_free(parent);
    return status;
}

/*
 * Only a file that is not there is opened here: closing a descriptor of an
 * existing one would drop the locks that another thread's store holds on it.
 */
static engine_status sqlite_file_create(const char *path, engine_error *err)
{
    engine_status status = sqlite_make_parent(path, err);
    int fd;

    if (status < 0)
        return status;
    fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 && errno != EEXIST)
        return sqlite_fail_errno(path, "create", err);
    if (fd >= 0)
        close(fd);
    return ENGINE_OK;
}

/* SQLite takes a file of one byte for an empty one. */
static engine_status sqlite_file_look(const char *path, const struct stat *info,
                                      engine_error *err)
{
    if (!S_ISREG(info->st_mode))
        return engine_fail(err, ENGINE_EINVAL,
                           "the store \"%s\" is not a regular file", path);
    if (info->st_size > 0 && info->st_size < SQLITE_MIN_BYTES)
        return sqlite_damaged(path, "file is not a database", err);
    return ENGINE_OK;
}

static engine_status sqlite_file_prepare(const char *path, unsigned flags,
                                         engine_error *err)
{
    struct stat info;

    if (stat(path, &info) == 0)
        return sqlite_file_look(path, &info, err);
    if (errno != ENOENT)
        return sqlite_fail_errno(path, "open", err);
    if (!(flags & (STORE_READ_ONLY | STORE_NO_CREATE)))
        return sqlite_file_create(path, err);
    engine_fail(err, ENGINE_ENOTFOUND, "there is no store \"%s\"", path);
    engine_hint(err, "`scan-engine import PATH` makes one; or check the "
                     "configured path");
    return ENGINE_ENOTFOUND;
}

/* ---- opening -------------------------------------------------------------- */

static engine_status sqlite_connect(struct sqlite *self, engine_error *err)
{
    const bool read_only = self->base.flags & STORE_READ_ONLY;
    const int flags = read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    engine_status status = sqlite_link_open(self, flags, &self->main, err);

    /* it would say that a side file is not there */
    if (status < 0 && !read_only && access(self->path, W_OK) < 0)
        return sqlite_fail_errno(self->path, "write to", err);
    if (status < 0)
        return status;
    /* SQLite falls back to reading by itself; the first write would tell */
    if (!read_only && sqlite3_db_readonly(self->main->db, "main") == 1) {
        errno = access(self->path, W_OK) < 0 ? errno : EROFS;
        return sqlite_fail_errno(self->path, "write to", err);
    }
    return sqlite_schema_verify(self->main, read_only, err);
}

static bool sqlite_wal_is_empty(const char *path)
{
    char *wal = engine_strf("%s-wal", path);
    struct stat info;
    bool empty = false;

    if (wal)
        empty = stat(wal, &info) < 0 ? errno == ENOENT : info.st_size == 0;
    engine_free(wal);
    return empty;
}

/* "file:PATH?immutable=1", with what a URI cannot hold escaped. */
static engine_status sqlite_immutable_name(const char *path, char **out,
                                           engine_error *err)
{
    struct buffer name;
    engine_status status;

    buffer_init(&name, (size_t)4 * PATH_MAX);
    buffer_puts(&name, "file:");
    for (; *path; path++) {
        if (strchr("%?#", *path))
            buffer_printf(&name, "%%%02X", (unsigned)*path);
        else
            buffer_putc(&name, *path);
    }
    buffer_puts(&name, "?immutable=1");
    status = buffer_status(&name, err);
    if (status == ENGINE_OK)
        *out = buffer_take(&name);
    buffer_clear(&name);
    return status;
}

/*
 * Reading a WAL database needs its shared memory file, which cannot be made
 * in a directory that is not writable. When nothing waits in the log and
 * nobody here can write, the file alone is the whole truth.
 */
static engine_status sqlite_connect_immutable(struct sqlite *self,
                                              engine_error *err)
{
    char *name = NULL;
    engine_status status = sqlite_immutable_name(self->path, &name, err);

    if (status < 0)
        return status;
    sqlite_link_close(self->main);
    self->main = NULL;
    engine_free(self->name);
    self->name = name;
    log_write(&self->base.log, LOG_LEVEL_DEBUG,
              "store \"%s\": its directory is read-only, taken as unchanging",
              self->path);
    return sqlite_connect(self, err);
}

static bool sqlite_wants_immutable(const struct sqlite *self,
                                   engine_status status)
{
    const char *slash = self->path ? strrchr(self->path, '/') : NULL;
    char *parent;
    bool wants;

    if ((status != ENGINE_EIO && status != ENGINE_EDENIED) || !slash ||
        !(self->base.flags & STORE_READ_ONLY))
        return false;
    parent = engine_strndup(self->path, (size_t)(slash - self->path) + 1);
    wants = parent && access(parent, W_OK) < 0 &&
            access(self->path, R_OK) == 0 && sqlite_wal_is_empty(self->path);
    engine_free(parent);
    return wants;
}

static void sqlite_close(struct store *store)
{
    struct sqlite *self = (struct sqlite *)store;

    /* readers first: the last writer to leave merges the log */
    while (self->idle) {
        struct sqlite_link *link = self->idle;
        self->idle = link->next;
        sqlite_link_close(link);
    }
    sqlite_link_close(self->main);
    engine_free(self->name);
    engine_free(self->path);
    engine_free(self);
}

/* ---- checking ------------------------------------------------------------- */

static engine_status sqlite_check_pages(const struct sqlite *self,
                                        engine_error *err)
{
    sqlite3_stmt *handle = NULL;
    engine_status status = ENGINE_OK;

    if (sqlite3_prepare_v2(self->main->db, "PRAGMA quick_check(1)", -1, &handle,
                           NULL) != SQLITE_OK ||
        sqlite3_step(handle) != SQLITE_ROW)
        status = sqlite_fail(self->main, "check", err);
    else if (strcmp((const char *)sqlite3_column_text(handle, 0), "ok") != 0)
        status = sqlite_damaged(
            self->path, (const char *)sqlite3_column_text(handle, 0), err);
    sqlite3_finalize(handle);
    return status;
}

/* `sql` gives (what, id) of something broken, or nothing. */
static engine_status sqlite_check_rows(const struct sqlite *self,
                                       const char *sql, engine_error *err)
{
    sqlite3_stmt *handle = NULL;
    engine_status status = ENGINE_OK;
    char what[200];
    int rc = sqlite3_prepare_v2(self->main->db, sql, -1, &handle, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_step(handle);
    if (rc == SQLITE_ROW) {
        sqlite3_snprintf(sizeof(what), what, "%s \"%s\" is broken",
                         sqlite3_column_text(handle, 0),
                         sqlite3_column_text(handle, 1));
        status = sqlite_damaged(self->path, what, err);
    } else if (rc != SQLITE_DONE) {
        status = sqlite_fail(self->main, "check", err);
    }
    sqlite3_finalize(handle);
    return status;
}

static engine_status sqlite_check(struct store *store, engine_error *err)
{
    const struct sqlite *self = (const struct sqlite *)store;
    const struct sqlite_table *table;
    engine_status status = sqlite_check_pages(self, err);
    char sql[256];

    for (size_t i = 0; status == ENGINE_OK; i++) {
        table = sqlite_table_at(i);
        if (!table)
            break;
        sqlite3_snprintf(sizeof(sql), sql,
                         "SELECT '%s', id FROM %s WHERE store_broken(id, doc)"
                         " LIMIT 1",
                         table->name, table->name);
        status = sqlite_check_rows(self, sql, err);
    }
    if (status < 0)
        return status;
    return sqlite_check_rows(
        self,
        "SELECT 'artifact', id FROM artifacts AS a WHERE size <> (SELECT "
        "coalesce(sum(length(data)), 0) FROM artifact_chunks AS c "
        "WHERE c.id = a.id) LIMIT 1",
        err);
}

static const struct store_ops sqlite_ops = {
    .close = sqlite_close,
    .check = sqlite_check,
    .write = sqlite_write,
    .begin = sqlite_begin,
    .commit = sqlite_commit,
    .rollback = sqlite_rollback,
    .get = sqlite_get,
    .swap = sqlite_swap,
    .find = sqlite_find,
    .cursor_next = sqlite_cursor_next,
    .cursor_close = sqlite_cursor_close,
    .count = sqlite_count,
    .group = sqlite_group,
    .remove = sqlite_remove,
    .artifact_put = sqlite_artifact_put,
    .artifact_get = sqlite_artifact_get,
    .artifact_info = sqlite_artifact_info,
};

engine_status sqlite_store_open(const char *path, unsigned flags,
                                const struct log *log, struct store **out,
                                engine_error *err)
{
    struct sqlite *self = engine_calloc(1, sizeof(*self));
    engine_status status;

    if (!self)
        return engine_fail_memory(err);
    self->base.ops = &sqlite_ops;
    self->base.flags = flags;
    if (log)
        self->base.log = *log;
    status = sqlite_absolute(path, &self->path, err);
    if (status == ENGINE_OK)
        status = sqlite_file_prepare(self->path, flags, err);
    if (status == ENGINE_OK && !(self->name = engine_strdup(self->path)))
        status = engine_fail_memory(err);
    if (status == ENGINE_OK)
        status = sqlite_connect(self, err);
    if (sqlite_wants_immutable(self, status))
        status = sqlite_connect_immutable(self, err);
    if (status < 0) {
        sqlite_close(&self->base);
        return status;
    }
    *out = &self->base;
    return ENGINE_OK;
}
