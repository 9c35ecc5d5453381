/* SPDX-License-Identifier: Apache-2.0 */
/* store.c - chooses the implementation by URI and checks what it is given. */
#include "engine/store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/store/store_module.h"
#include "sdk/document/document.h"

static engine_status store_open_mongodb(const char *uri, unsigned flags,
                                        const struct log *log,
                                        struct store **out, engine_error *err)
{
#ifdef HAVE_MONGODB
    return store_module_open("store-mongodb", "libmongoc-1.0-0", uri, flags,
                             log, out, err);
#else
    (void)flags;
    (void)log;
    (void)out;
    /* not the whole URI: it may hold a password */
    engine_fail(err, ENGINE_EUNSUPPORTED,
                "this scan-engine was built without MongoDB (\"%.*s\")",
                (int)strcspn(uri, ":"), uri);
    engine_hint(err, "use \"sqlite:PATH\", or build with libmongoc "
                     "(libmongoc-dev)");
    return ENGINE_EUNSUPPORTED;
#endif
}

engine_status store_open(const char *uri, unsigned flags, const struct log *log,
                         struct store **out, engine_error *err)
{
    if (!uri || !out || (flags & ~(STORE_READ_ONLY | STORE_NO_CREATE)))
        return engine_fail(err, ENGINE_EINVAL, "no store URI, or bad flags");
    if (strncmp(uri, "sqlite:", 7) == 0)
        return sqlite_store_open(uri + 7, flags, log, out, err);
    if (strncmp(uri, "mongodb://", 10) == 0 ||
        strncmp(uri, "mongodb+srv://", 14) == 0)
        return store_open_mongodb(uri, flags, log, out, err);
    engine_fail(err, ENGINE_EINVAL, "unknown kind of store \"%.*s\"",
                (int)strcspn(uri, ":"), uri);
    engine_hint(err, "a store is \"sqlite:PATH\", such as "
                     "sqlite:/var/lib/scan-engine/engine.db, or "
                     "\"mongodb://HOST/DATABASE\"");
    return ENGINE_EINVAL;
}

void store_close(struct store *store)
{
    if (store)
        store->ops->close(store);
}

engine_status store_check(struct store *store, engine_error *err)
{
    return store->ops->check(store, err);
}

/* ---- checks -------------------------------------------------------------- */

static engine_status store_check_collection(const char *collection,
                                            engine_error *err)
{
    static const char *const known[] = {
        STORE_RULES,    STORE_BENCHMARKS, STORE_SCANS,   STORE_SELECTIONS,
        STORE_VERDICTS, STORE_RESULTS,    STORE_EFFECTS, STORE_SCHEDULES,
        STORE_WINDOWS,  STORE_WAIVERS,    STORE_TOKENS};

    for (size_t i = 0; collection && i < sizeof(known) / sizeof(*known); i++)
        if (strcmp(collection, known[i]) == 0)
            return ENGINE_OK;
    return engine_fail(err, ENGINE_EINVAL, "there is no collection \"%s\"",
                       collection ? collection : "");
}

static engine_status store_check_writable(const struct store *store,
                                          engine_error *err)
{
    if (!(store->flags & STORE_READ_ONLY))
        return ENGINE_OK;
    return engine_fail(err, ENGINE_EDENIED,
                       "the store was opened for reading only");
}

static engine_status store_check_id(const bson_t *document, engine_error *err)
{
    bson_iter_t iter;
    uint32_t len = 0;
    const char *id;

    if (!bson_iter_init_find(&iter, document, "_id") ||
        !BSON_ITER_HOLDS_UTF8(&iter))
        return engine_fail(err, ENGINE_EINVAL,
                           "a document has no string \"_id\"");
    id = bson_iter_utf8(&iter, &len);
    if (len == 0 || strlen(id) != len)
        return engine_fail(err, ENGINE_EINVAL,
                           "an \"_id\" is empty or holds a NUL byte");
    return ENGINE_OK;
}

static engine_status store_check_document(const bson_t *document,
                                          engine_error *err)
{
    if (!document)
        return engine_fail(err, ENGINE_EINVAL, "no document");
    if (document->len > DOCUMENT_MAX_BYTES)
        return engine_fail(err, ENGINE_ELIMIT,
                           "a document of %u bytes is larger than %zu bytes",
                           document->len, DOCUMENT_MAX_BYTES);
    return store_check_id(document, err);
}

static engine_status store_check_sort(const bson_t *sort, engine_error *err)
{
    bson_iter_t iter;
    size_t count = 0;

    if (!sort || !bson_iter_init(&iter, sort))
        return ENGINE_OK;
    while (bson_iter_next(&iter)) {
        const int64_t way =
            BSON_ITER_HOLDS_NUMBER(&iter) ? bson_iter_as_int64(&iter) : 0;
        if ((way != 1 && way != -1) || bson_iter_key(&iter)[0] == '\0')
            return engine_fail(err, ENGINE_EINVAL,
                               "sort by \"%s\" must be 1 or -1",
                               bson_iter_key(&iter));
        if (++count > STORE_MAX_SORT)
            return engine_fail(err, ENGINE_ELIMIT,
                               "a sort has more than %d paths", STORE_MAX_SORT);
    }
    return ENGINE_OK;
}

static engine_status store_check_fields(const bson_t *fields, engine_error *err)
{
    bson_iter_t iter;

    if (!fields || !bson_iter_init(&iter, fields))
        return ENGINE_OK;
    while (bson_iter_next(&iter)) {
        const char *key = bson_iter_key(&iter);
        if (key[0] == '\0' || strchr(key, '.') || !bson_iter_as_bool(&iter))
            return engine_fail(err, ENGINE_EINVAL,
                               "fields takes {name: 1} of top-level names, "
                               "not \"%s\"",
                               key);
    }
    return ENGINE_OK;
}

static engine_status store_check_query(const struct store_query *query,
                                       engine_error *err)
{
    engine_status status = ENGINE_OK;

    if (query->skip < 0 || query->limit < 0)
        return engine_fail(err, ENGINE_EINVAL,
                           "skip and limit must not be negative");
    status = store_check_sort(query->sort, err);
    return status < 0 ? status : store_check_fields(query->fields, err);
}

/* ---- documents ----------------------------------------------------------- */

static engine_status store_write(struct store *store, const char *collection,
                                 const bson_t *const *documents, size_t count,
                                 bool replace, engine_error *err)
{
    engine_status status = store_check_collection(collection, err);

    if (status == ENGINE_OK)
        status = store_check_writable(store, err);
    for (size_t i = 0; status == ENGINE_OK && i < count; i++) {
        status = store_check_document(documents[i], err);
        if (status < 0)
            engine_error_prefix(err, "%s: document %zu of %zu", collection,
                                i + 1, count);
    }
    if (status < 0 || count == 0)
        return status;
    return store->ops->write(store, collection, documents, count, replace, err);
}

engine_status store_insert(struct store *store, const char *collection,
                           const bson_t *const *documents, size_t count,
                           engine_error *err)
{
    return store_write(store, collection, documents, count, false, err);
}

engine_status store_put(struct store *store, const char *collection,
                        const bson_t *const *documents, size_t count,
                        engine_error *err)
{
    return store_write(store, collection, documents, count, true, err);
}

engine_status store_begin(struct store *store, engine_error *err)
{
    engine_status status = store_check_writable(store, err);

    if (status < 0)
        return status;
    if (store->in_transaction)
        return engine_fail(err, ENGINE_EINVAL, "a transaction is open already");
    status = store->ops->begin(store, err);
    store->in_transaction = status == ENGINE_OK;
    return status;
}

engine_status store_commit(struct store *store, engine_error *err)
{
    if (!store->in_transaction)
        return engine_fail(err, ENGINE_EINVAL, "no transaction is open");
    store->in_transaction = false;
    return store->ops->commit(store, err);
}

void store_rollback(struct store *store)
{
    if (!store->in_transaction)
        return;
    store->in_transaction = false;
    store->ops->rollback(store);
}

engine_status store_get(struct store *store, const char *collection,
                        const char *id, bson_t *out, engine_error *err)
{
    const engine_status status = store_check_collection(collection, err);

    if (status < 0)
        return status;
    if (!id || !out)
        return engine_fail(err, ENGINE_EINVAL, "%s: no id", collection);
    return store->ops->get(store, collection, id, out, err);
}

engine_status store_swap(struct store *store, const char *collection,
                         const char *id, const bson_t *expected,
                         const bson_t *replacement, engine_error *err)
{
    engine_status status = store_check_collection(collection, err);
    bson_iter_t iter;

    if (status == ENGINE_OK)
        status = store_check_writable(store, err);
    if (status == ENGINE_OK)
        status = store_check_document(replacement, err);
    if (status < 0)
        return status;
    if (!id || !bson_iter_init_find(&iter, replacement, "_id") ||
        strcmp(bson_iter_utf8(&iter, NULL), id) != 0)
        return engine_fail(err, ENGINE_EINVAL,
                           "%s: a replacement must keep its \"_id\"",
                           collection);
    return store->ops->swap(store, collection, id, expected, replacement, err);
}

engine_status store_find(struct store *store, const char *collection,
                         const struct store_query *query,
                         struct store_cursor **out, engine_error *err)
{
    static const struct store_query everything = {0};
    engine_status status = store_check_collection(collection, err);

    if (!query)
        query = &everything;
    if (status == ENGINE_OK)
        status = store_check_query(query, err);
    if (status < 0)
        return status;
    return store->ops->find(store, collection, query, out, err);
}

int store_cursor_next(struct store_cursor *cursor, const bson_t **out,
                      engine_error *err)
{
    return cursor->ops->cursor_next(cursor, out, err);
}

void store_cursor_close(struct store_cursor *cursor)
{
    if (cursor)
        cursor->ops->cursor_close(cursor);
}

engine_status store_count(struct store *store, const char *collection,
                          const bson_t *filter, int64_t *out, engine_error *err)
{
    const engine_status status = store_check_collection(collection, err);

    if (status < 0)
        return status;
    return store->ops->count(store, collection, filter, out, err);
}

engine_status store_group(struct store *store, const char *collection,
                          const bson_t *filter, const char *field, bson_t *out,
                          engine_error *err)
{
    const engine_status status = store_check_collection(collection, err);

    if (status < 0)
        return status;
    if (!field || field[0] == '\0' || strchr(field, '.'))
        return engine_fail(err, ENGINE_EINVAL,
                           "%s: \"%s\" is no top-level field", collection,
                           field ? field : "");
    return store->ops->group(store, collection, filter, field, out, err);
}

engine_status store_delete(struct store *store, const char *collection,
                           const bson_t *filter, int64_t *deleted,
                           engine_error *err)
{
    engine_status status = store_check_collection(collection, err);
    int64_t ignored = 0;

    if (status == ENGINE_OK)
        status = store_check_writable(store, err);
    if (status < 0)
        return status;
    return store->ops->remove(store, collection, filter,
                              deleted ? deleted : &ignored, err);
}

/* ---- artifacts ----------------------------------------------------------- */

static engine_status store_check_hash(const char *id, engine_error *err)
{
    if (id && strlen(id) == 64 && strspn(id, "0123456789abcdef") == 64)
        return ENGINE_OK;
    return engine_fail(err, ENGINE_EINVAL, "\"%.80s\" is no artifact's id",
                       id ? id : "");
}

engine_status store_artifact_put(struct store *store, const char *path,
                                 const char *name, const char *media_type,
                                 char id[65], engine_error *err)
{
    struct store_file file = {.fd = open(path, O_RDONLY | O_CLOEXEC),
                              .path = path};
    engine_status status;
    struct stat info;

    if (file.fd < 0 || fstat(file.fd, &info) < 0) {
        status = engine_fail(err, engine_status_from_errno(errno),
                             "could not open \"%s\": %s", path,
                             strerror(errno));
    } else {
        file.size = info.st_size;
        status = store_artifact_put_file(store, &file, name, media_type, id,
                                         err);
    }
    if (file.fd >= 0)
        close(file.fd);
    return status;
}

engine_status store_artifact_put_file(struct store *store,
                                      const struct store_file *file,
                                      const char *name,
                                      const char *media_type, char id[65],
                                      engine_error *err)
{
    const engine_status status = store_check_writable(store, err);

    if (status < 0)
        return status;
    return store->ops->artifact_put(store, file, name ? name : "",
                                    media_type ? media_type : "", id, err);
}

engine_status store_artifact_get(struct store *store, const char *id,
                                 const char *path, engine_error *err)
{
    const engine_status status = store_check_hash(id, err);

    return status < 0 ? status : store->ops->artifact_get(store, id, path, err);
}

engine_status store_artifact_info(struct store *store, const char *id,
                                  bson_t *out, engine_error *err)
{
    const engine_status status = store_check_hash(id, err);

    return status < 0 ? status : store->ops->artifact_info(store, id, out, err);
}
