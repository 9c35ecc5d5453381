/* SPDX-License-Identifier: Apache-2.0 */
/* batch.c - documents of an import, written some hundreds per transaction. */
#include <string.h>

#include "engine/rules/rules_private.h"
#include "sdk/base/alloc.h"

#define BATCH_DOCUMENTS 1000
#define BATCH_BYTES ((size_t)16 * 1024 * 1024)

void rules_batch_init(struct rules_batch *batch, struct store *store)
{
    *batch = (struct rules_batch){.store = store};
}

static void batch_drop(struct rules_batch_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        bson_destroy(list->documents[i]);
    list->count = 0;
}

static void batch_drop_all(struct rules_batch *batch)
{
    batch_drop(&batch->inserts);
    batch_drop(&batch->puts);
    batch_drop(&batch->benchmarks);
    batch->bytes = 0;
}

void rules_batch_clear(struct rules_batch *batch)
{
    batch_drop_all(batch);
    engine_free(batch->inserts.documents);
    engine_free(batch->puts.documents);
    engine_free(batch->benchmarks.documents);
    rules_batch_init(batch, batch->store);
}

static engine_status batch_write(struct rules_batch *batch, engine_error *err)
{
    const struct rules_batch_list *inserts = &batch->inserts;
    const struct rules_batch_list *puts = &batch->puts;
    const struct rules_batch_list *benchmarks = &batch->benchmarks;
    engine_status status = store_begin(batch->store, err);

    if (status < 0)
        return status;
    if (inserts->count > 0)
        status = store_insert(batch->store, STORE_RULES,
                              (const bson_t *const *)inserts->documents,
                              inserts->count, err);
    if (status == ENGINE_ECONFLICT)
        engine_hint(err, "another import is changing the same rules: try "
                         "again when it is done");
    if (status == ENGINE_OK && puts->count > 0)
        status = store_put(batch->store, STORE_RULES,
                           (const bson_t *const *)puts->documents,
                           puts->count, err);
    if (status == ENGINE_OK && benchmarks->count > 0)
        status = store_put(batch->store, STORE_BENCHMARKS,
                           (const bson_t *const *)benchmarks->documents,
                           benchmarks->count, err);
    if (status == ENGINE_OK)
        status = store_commit(batch->store, err);
    if (status < 0)
        store_rollback(batch->store);
    return status;
}

engine_status rules_batch_flush(struct rules_batch *batch, engine_error *err)
{
    engine_status status = ENGINE_OK;

    if (batch->store && batch->inserts.count + batch->puts.count +
                                batch->benchmarks.count >
                            0)
        status = batch_write(batch, err);
    batch_drop_all(batch);
    return status;
}

static engine_status batch_push(struct rules_batch_list *list,
                                bson_t *document, engine_error *err)
{
    if (list->count == list->room) {
        const size_t room = list->room ? 2 * list->room : 64;
        bson_t **documents =
            engine_realloc(list->documents, room * sizeof(*documents));
        if (!documents)
            return engine_fail_memory(err);
        list->documents = documents;
        list->room = room;
    }
    list->documents[list->count++] = document;
    return ENGINE_OK;
}

engine_status rules_batch_add(struct rules_batch *batch,
                              struct rules_batch_list *list,
                              const bson_t *document, engine_error *err)
{
    bson_t *copy;
    engine_status status;

    if (!batch->store)
        return ENGINE_OK;
    copy = bson_copy(document);
    status = batch_push(list, copy, err);
    if (status < 0) {
        bson_destroy(copy);
        return status;
    }
    batch->bytes += document->len;
    return ENGINE_OK;
}

engine_status rules_batch_relieve(struct rules_batch *batch,
                                  engine_error *err)
{
    const size_t count =
        batch->inserts.count + batch->puts.count + batch->benchmarks.count;

    if (count < BATCH_DOCUMENTS && batch->bytes < BATCH_BYTES)
        return ENGINE_OK;
    return rules_batch_flush(batch, err);
}
