/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_ops.h - what a store implementation fills in. store.c has checked the
 * arguments before it calls: the collection is one of those in store.h,
 * documents have a plain string "_id" and an allowed size, the query's numbers,
 * sort and fields make sense, the store may be written to where it is written
 * to, and transactions do not nest.
 */
#ifndef ENGINE_STORE_OPS_H
#define ENGINE_STORE_OPS_H

#include "engine/store/store.h"

#define STORE_MAX_SORT 8 /* paths of one sort */

struct store_ops {
    void (*close)(struct store *store);
    engine_status (*check)(struct store *store, engine_error *err);
    engine_status (*write)(struct store *store, const char *collection,
                           const bson_t *const *documents, size_t count,
                           bool replace, engine_error *err);
    engine_status (*begin)(struct store *store, engine_error *err);
    engine_status (*commit)(struct store *store, engine_error *err);
    void (*rollback)(struct store *store);
    engine_status (*get)(struct store *store, const char *collection,
                         const char *id, bson_t *out, engine_error *err);
    engine_status (*swap)(struct store *store, const char *collection,
                          const char *id, const bson_t *expected,
                          const bson_t *replacement, engine_error *err);
    engine_status (*find)(struct store *store, const char *collection,
                          const struct store_query *query,
                          struct store_cursor **out, engine_error *err);
    int (*cursor_next)(struct store_cursor *cursor, const bson_t **out,
                       engine_error *err);
    void (*cursor_close)(struct store_cursor *cursor);
    engine_status (*count)(struct store *store, const char *collection,
                           const bson_t *filter, int64_t *out,
                           engine_error *err);
    engine_status (*group)(struct store *store, const char *collection,
                           const bson_t *filter, const char *field, bson_t *out,
                           engine_error *err);
    engine_status (*remove)(struct store *store, const char *collection,
                            const bson_t *filter, int64_t *deleted,
                            engine_error *err);
    engine_status (*artifact_put)(struct store *store,
                                  const struct store_file *file,
                                  const char *name, const char *media_type,
                                  char id[65], engine_error *err);
    engine_status (*artifact_get)(struct store *store, const char *id,
                                  const char *path, engine_error *err);
    engine_status (*artifact_info)(struct store *store, const char *id,
                                   bson_t *out, engine_error *err);
};

/** The first member of every implementation's own struct. */
struct store {
    const struct store_ops *ops;
    struct log log;      /* fn is NULL for none */
    unsigned flags;      /* STORE_READ_ONLY, STORE_NO_CREATE */
    bool in_transaction; /* between store_begin and its end */
};

/** The first member of every implementation's own cursor. */
struct store_cursor {
    const struct store_ops *ops;
};

/** Opens "sqlite:PATH"; `path` is what follows the colon. */
engine_status sqlite_store_open(const char *path, unsigned flags,
                                const struct log *log, struct store **out,
                                engine_error *err);

/** Opens "mongodb://..." or "mongodb+srv://..."; in a module of its own
 * (store_module.h), when configure found the driver. */
engine_status mongodb_store_open(const char *uri, unsigned flags,
                                 const struct log *log, struct store **out,
                                 engine_error *err);

#endif
