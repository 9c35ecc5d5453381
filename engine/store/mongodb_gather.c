/* SPDX-License-Identifier: Apache-2.0 */
/* mongodb_gather.c - documents sorted here, where the server cannot. */
#include "engine/store/mongodb.h"

#include <stdlib.h>
#include <string.h>

#include "sdk/base/alloc.h"

#define GATHER_MAX_KEYS ((size_t)1024 * 1024) /* of one document */

struct mongodb_row {
    bson_t *document;
    struct buffer keys; /* of its paths, one after the other */
    size_t ends[STORE_MAX_SORT];
    size_t count;
};

static engine_status gather_key(struct mongodb_row *row, const char *path,
                                bool descending, engine_error *err)
{
    const engine_status status =
        document_sort_key(row->document, path, descending, &row->keys);

    if (status < 0)
        return engine_fail(err, status,
                           "\"%s\": not enough memory to sort by "
                           "it",
                           path);
    row->ends[row->count++] = row->keys.len;
    return ENGINE_OK;
}

static engine_status gather_keys(struct mongodb_row *row, const bson_t *sort,
                                 engine_error *err)
{
    engine_status status = ENGINE_OK;
    bson_iter_t iter;

    if (!sort || !bson_iter_init(&iter, sort))
        return ENGINE_OK;
    while (status == ENGINE_OK && bson_iter_next(&iter))
        status = gather_key(row, bson_iter_key(&iter),
                            bson_iter_as_int64(&iter) < 0, err);
    return status;
}

static engine_status gather_room(struct mongodb_gathered *gathered,
                                 size_t bytes, engine_error *err)
{
    const size_t room = gathered->room ? 2 * gathered->room : 256;
    struct mongodb_row *rows;

    if (gathered->bytes + bytes > MONGODB_MAX_HELD) {
        engine_fail(err, ENGINE_ELIMIT,
                    "more than %zu MiB of documents to sort",
                    MONGODB_MAX_HELD / (1024 * 1024));
        engine_hint(err, "narrow the filter, or sort by a field without dots "
                         "in its name");
        return ENGINE_ELIMIT;
    }
    if (gathered->count < gathered->room)
        return ENGINE_OK;
    rows = engine_realloc(gathered->rows, room * sizeof(*rows));
    if (!rows)
        return engine_fail_memory(err);
    gathered->rows = rows;
    gathered->room = room;
    return ENGINE_OK;
}

static void gather_row_clear(struct mongodb_row *row)
{
    bson_destroy(row->document);
    buffer_clear(&row->keys);
}

engine_status mongodb_gather_add(struct mongodb_gathered *gathered,
                                 const bson_t *document, const bson_t *sort,
                                 engine_error *err)
{
    engine_status status = gather_room(gathered, document->len, err);
    struct mongodb_row row = {.document = NULL};

    if (status < 0)
        return status;
    row.document = bson_copy(document);
    buffer_init(&row.keys, GATHER_MAX_KEYS);
    status = gather_keys(&row, sort, err);
    if (status < 0) {
        gather_row_clear(&row);
        return status;
    }
    gathered->bytes += document->len + row.keys.len + sizeof(row);
    gathered->rows[gathered->count++] = row;
    return ENGINE_OK;
}

/* The keys of one path, then the ids. */
static int gather_compare(const void *left, const void *right)
{
    const struct mongodb_row *a = left, *b = right;
    size_t from_a = 0, from_b = 0;

    for (size_t i = 0; i < a->count && i < b->count; i++) {
        const size_t len_a = a->ends[i] - from_a, len_b = b->ends[i] - from_b;
        const size_t len = len_a < len_b ? len_a : len_b;
        const int order =
            len ? memcmp(a->keys.data + from_a, b->keys.data + from_b, len) : 0;
        if (order)
            return order;
        if (len_a != len_b)
            return len_a < len_b ? -1 : 1;
        from_a = a->ends[i];
        from_b = b->ends[i];
    }
    return strcmp(mongodb_id(a->document), mongodb_id(b->document));
}

void mongodb_gather_sort(struct mongodb_gathered *gathered)
{
    if (gathered->count > 1)
        qsort(gathered->rows, gathered->count, sizeof(*gathered->rows),
              gather_compare);
}

const bson_t *mongodb_gather_next(struct mongodb_gathered *gathered)
{
    return gathered->at < gathered->count
               ? gathered->rows[gathered->at++].document
               : NULL;
}

void mongodb_gather_clear(struct mongodb_gathered *gathered)
{
    for (size_t i = 0; i < gathered->count; i++)
        gather_row_clear(&gathered->rows[i]);
    engine_free(gathered->rows);
    *gathered = (struct mongodb_gathered){0};
}
