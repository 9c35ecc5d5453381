/* SPDX-License-Identifier: Apache-2.0 */
/* sqlite_transaction.c - transactions, and changes that are whole or undone. */
#include "engine/store/sqlite.h"

engine_status sqlite_fail_lost(const struct sqlite *self, engine_error *err)
{
    engine_fail(err, ENGINE_EIO,
                "the open transaction of the store \"%s\" was undone by an "
                "earlier error",
                self->path);
    engine_hint(err, "nothing of it was kept; do all of it again");
    return ENGINE_EIO;
}

engine_status sqlite_change_begin(struct sqlite *self, engine_error *err)
{
    if (self->base.in_transaction && self->lost)
        return sqlite_fail_lost(self, err);
    return sqlite_exec(self->main,
                       self->base.in_transaction ? "SAVEPOINT change"
                                                 : "BEGIN IMMEDIATE",
                       err);
}

/* A full disk and the like make SQLite undo everything, not one call. */
static void transaction_undo(struct sqlite *self)
{
    if (sqlite3_get_autocommit(self->main->db))
        self->lost = self->base.in_transaction;
    else if (self->base.in_transaction)
        sqlite_exec(self->main, "ROLLBACK TO change; RELEASE change", NULL);
    else
        sqlite_exec(self->main, "ROLLBACK", NULL);
}

engine_status sqlite_change_end(struct sqlite *self, engine_status status,
                                engine_error *err)
{
    if (status == ENGINE_OK)
        status = sqlite_exec(
            self->main, self->base.in_transaction ? "RELEASE change" : "COMMIT",
            err);
    if (status < 0)
        transaction_undo(self);
    return status;
}

engine_status sqlite_begin(struct store *store, engine_error *err)
{
    struct sqlite *self = (struct sqlite *)store;

    self->lost = false;
    return sqlite_exec(self->main, "BEGIN IMMEDIATE", err);
}

engine_status sqlite_commit(struct store *store, engine_error *err)
{
    struct sqlite *self = (struct sqlite *)store;
    engine_status status;

    if (self->lost) {
        self->lost = false;
        return sqlite_fail_lost(self, err);
    }
    status = sqlite_exec(self->main, "COMMIT", err);
    if (status < 0 && !sqlite3_get_autocommit(self->main->db))
        sqlite_exec(self->main, "ROLLBACK", NULL);
    return status;
}

void sqlite_rollback(struct store *store)
{
    struct sqlite *self = (struct sqlite *)store;

    self->lost = false;
    if (!sqlite3_get_autocommit(self->main->db))
        sqlite_exec(self->main, "ROLLBACK", NULL);
}
