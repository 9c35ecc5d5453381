/* SPDX-License-Identifier: Apache-2.0 */
/* mongodb_schema.c - collections, their indexes, and whose database it is. */
#include "engine/store/mongodb.h"

#include <stdlib.h>
#include <string.h>

#include "sdk/base/alloc.h"

#define SCHEMA_VERSION 2 /* one more for every change of the indexes */
#define SCHEMA_ID "schema"

/* ---- names ---------------------------------------------------------------- */

static const char *const schema_collections[] = {
    STORE_RULES,    STORE_BENCHMARKS, STORE_SCANS,   STORE_SELECTIONS,
    STORE_VERDICTS, STORE_RESULTS,    STORE_EFFECTS, STORE_SCHEDULES,
    STORE_WINDOWS,  STORE_WAIVERS,    STORE_TOKENS};

const char *mongodb_collection_at(size_t index)
{
    return index < sizeof(schema_collections) / sizeof(schema_collections[0])
               ? schema_collections[index]
               : NULL;
}

const char *mongodb_collection_name(const char *collection)
{
    const char *name = NULL;

    for (size_t i = 0; (name = mongodb_collection_at(i)) != NULL; i++)
        if (strcmp(name, collection) == 0)
            break;
    return name;
}

/* ---- indexes -------------------------------------------------------------- */

/* They end with _id: without a sort, what is found comes in that order, and
 * with one it decides between equals. "-": the latest first. */
static const struct schema_index {
    const char *collection, *name;
    const char *keys[4];
} schema_indexes[] = {
    {STORE_RULES, "latest", {"is_latest", "benchmark", "_id", NULL}},
    {STORE_RULES, "rule", {"rule_id", "_id", NULL}},
    {STORE_RULES, "benchmark", {"benchmark", "rule_id", "_id", NULL}},
    {STORE_BENCHMARKS, "benchmark", {"benchmark", "_id", NULL}},
    {STORE_SCANS, "scan", {"scan_id", "_id", NULL}},
    {STORE_SCANS, "started", {"-started_at", "_id", NULL}},
    {STORE_SCANS, "recent", {"status", "-started_at", "_id", NULL}},
    {STORE_SCANS, "found", {"found_by", "-started_at", "_id", NULL}},
    {STORE_SELECTIONS, "scan", {"scan_id", "_id", NULL}},
    {STORE_VERDICTS, "scan", {"scan_id", "_id", NULL}},
    {STORE_VERDICTS, "rule", {"scan_id", "rule_id", "_id", NULL}},
    {STORE_RESULTS, "scan", {"scan_id", "_id", NULL}},
    {STORE_RESULTS, "rule", {"scan_id", "rule_id", "_id", NULL}},
    {STORE_EFFECTS, "scan", {"scan_id", "_id", NULL}},
    {STORE_EFFECTS, "state", {"state", "_id", NULL}},
    {MONGODB_CHUNKS, "upload", {"upload", "n", NULL}},
};
#define SCHEMA_INDEXES (sizeof(schema_indexes) / sizeof(schema_indexes[0]))

static void schema_describe(const struct schema_index *index, const char *key,
                            bson_t *list)
{
    bson_t one, keys;

    BSON_APPEND_DOCUMENT_BEGIN(list, key, &one);
    BSON_APPEND_DOCUMENT_BEGIN(&one, "key", &keys);
    for (size_t i = 0; index->keys[i]; i++) {
        const bool down = index->keys[i][0] == '-';
        BSON_APPEND_INT32(&keys, index->keys[i] + down, down ? -1 : 1);
    }
    bson_append_document_end(&one, &keys);
    BSON_APPEND_UTF8(&one, "name", index->name);
    bson_append_document_end(list, &one);
}

/* All of one collection with one command; `first` is the first of them. The
 * number of the next collection's first one is returned by *next. */
static engine_status schema_create_indexes(struct mongodb *self, size_t first,
                                           size_t *next, engine_error *err)
{
    const char *collection = schema_indexes[first].collection;
    bson_t command = BSON_INITIALIZER, list, reply;
    engine_status status = ENGINE_OK;
    bson_error_t error = {0};
    size_t at = first;
    char key[16];

    BSON_APPEND_UTF8(&command, "createIndexes", collection);
    BSON_APPEND_ARRAY_BEGIN(&command, "indexes", &list);
    for (; at < SCHEMA_INDEXES && schema_indexes[at].collection == collection;
         at++) {
        const char *text = NULL;
        bson_uint32_to_string((uint32_t)(at - first), &text, key, sizeof(key));
        schema_describe(&schema_indexes[at], text, &list);
    }
    bson_append_array_end(&command, &list);
    if (!mongoc_client_write_command_with_opts(self->client, self->database,
                                               &command, NULL, &reply, &error))
        status = mongodb_fail(self, "make the indexes of", &error, err);
    bson_destroy(&reply);
    bson_destroy(&command);
    *next = at;
    return status;
}

/* ---- whose database ------------------------------------------------------- */

/* The document that says so: {_id: "schema", version, indexes}. */
static engine_status schema_read(struct mongodb *self, int64_t *version,
                                 int64_t *indexes, engine_error *err)
{
    mongoc_collection_t *meta = mongodb_collection(self, MONGODB_META);
    bson_t *filter = BCON_NEW("_id", SCHEMA_ID);
    mongoc_cursor_t *cursor =
        mongoc_collection_find_with_opts(meta, filter, NULL, NULL);
    engine_status status = ENGINE_OK;
    const bson_t *document = NULL;
    bson_error_t error = {0};
    bson_iter_t iter;

    *version = *indexes = 0;
    if (mongoc_cursor_next(cursor, &document)) {
        if (bson_iter_init_find(&iter, document, "version"))
            *version = bson_iter_as_int64(&iter);
        if (bson_iter_init_find(&iter, document, "indexes"))
            *indexes = bson_iter_as_int64(&iter);
    } else if (mongoc_cursor_error(cursor, &error)) {
        status = mongodb_fail(self, "open", &error, err);
    }
    mongoc_cursor_destroy(cursor);
    mongoc_collection_destroy(meta);
    bson_destroy(filter);
    return status;
}

static engine_status schema_write(struct mongodb *self, const bson_t *change,
                                  engine_error *err)
{
    mongoc_collection_t *meta = mongodb_collection(self, MONGODB_META);
    bson_t *filter = BCON_NEW("_id", SCHEMA_ID);
    bson_t *options = BCON_NEW("upsert", BCON_BOOL(true));
    bson_error_t error = {0};
    engine_status status = ENGINE_OK;

    if (!mongoc_collection_update_one(meta, filter, change, options, NULL,
                                      &error) &&
        error.code != 11000) /* another was first: it says the same */
        status = mongodb_fail(self, "open", &error, err);
    mongoc_collection_destroy(meta);
    bson_destroy(filter);
    bson_destroy(options);
    return status;
}

/* A database of another program may have a collection of the same name. */
static engine_status schema_refuse_foreign(struct mongodb *self,
                                           engine_error *err)
{
    static const char *const more[] = {MONGODB_ARTIFACTS, MONGODB_CHUNKS};
    bson_error_t error = {0};
    mongoc_database_t *database =
        mongoc_client_get_database(self->client, self->database);
    char **names =
        mongoc_database_get_collection_names_with_opts(database, NULL, &error);
    engine_status status = ENGINE_OK;

    mongoc_database_destroy(database);
    if (!names)
        return mongodb_fail(self, "open", &error, err);
    for (size_t i = 0; status == ENGINE_OK && names[i]; i++)
        if (mongodb_collection_name(names[i]) ||
            strcmp(names[i], more[0]) == 0 || strcmp(names[i], more[1]) == 0) {
            status = ENGINE_EINVAL;
            engine_fail(err, status,
                        "the MongoDB database at %s has a collection \"%s\" of "
                        "another program",
                        self->where, names[i]);
            engine_hint(err, "nothing was changed; name a database of its own "
                             "for the store: mongodb://HOST/DATABASE");
        }
    bson_strfreev(names);
    return status;
}

static engine_status schema_check_version(const struct mongodb *self,
                                          int64_t version, engine_error *err)
{
    if (version <= SCHEMA_VERSION)
        return ENGINE_OK;
    engine_fail(err, ENGINE_EVERSION,
                "the store at %s has schema %lld, this release knows schema %d",
                self->where, (long long)version, SCHEMA_VERSION);
    engine_hint(err, "nothing was changed; use the release that wrote it or a "
                     "later one, or name another database");
    return ENGINE_EVERSION;
}

static engine_status schema_claim(struct mongodb *self, engine_error *err)
{
    bson_t *change =
        BCON_NEW("$setOnInsert", "{", "version", BCON_INT32(SCHEMA_VERSION),
                 "application", "scan-engine", "}");
    engine_status status = schema_refuse_foreign(self, err);

    /* it may be the collections of one who claimed it a moment ago */
    if (status == ENGINE_EINVAL) {
        int64_t version = 0, indexes = 0;
        if (schema_read(self, &version, &indexes, NULL) == ENGINE_OK &&
            version > 0)
            status = ENGINE_OK;
    }
    if (status == ENGINE_OK)
        status = schema_write(self, change, err);
    bson_destroy(change);
    return status;
}

static engine_status schema_index_all(struct mongodb *self, engine_error *err)
{
    bson_t *change =
        BCON_NEW("$set", "{", "indexes", BCON_INT32(SCHEMA_VERSION), "}");
    engine_status status = ENGINE_OK;

    for (size_t at = 0; status == ENGINE_OK && at < SCHEMA_INDEXES;)
        status = schema_create_indexes(self, at, &at, err);
    if (status == ENGINE_OK)
        status = schema_write(self, change, err);
    bson_destroy(change);
    return status;
}

static engine_status schema_absent(const struct mongodb *self,
                                   engine_error *err)
{
    engine_fail(err, ENGINE_ENOTFOUND, "there is no store at %s", self->where);
    engine_hint(err, "`scan-engine import PATH` makes one; or check the "
                     "configured URI");
    return ENGINE_ENOTFOUND;
}

/*
 * The claim comes first and the note that the indexes are there last, so that
 * whoever is stopped in between, or comes at the same time, can go on.
 */
engine_status mongodb_schema_verify(struct mongodb *self, engine_error *err)
{
    const unsigned flags = self->base.flags;
    int64_t version = 0, indexes = 0;
    engine_status status = schema_read(self, &version, &indexes, err);

    if (status == ENGINE_OK)
        status = schema_check_version(self, version, err);
    if (status < 0)
        return status;
    if (version == 0 && (flags & (STORE_READ_ONLY | STORE_NO_CREATE)))
        return schema_absent(self, err);
    if (flags & STORE_READ_ONLY)
        return ENGINE_OK;
    if (version == 0)
        status = schema_claim(self, err);
    if (status == ENGINE_OK && indexes < SCHEMA_VERSION)
        status = schema_index_all(self, err);
    return status;
}
