/* SPDX-License-Identifier: Apache-2.0 */
/* selection.c - a selection in memory, and a scan's in the store, in chunks. */
#include <stdio.h>
#include <string.h>

#include "engine/rules/rules_private.h"
#include "sdk/base/alloc.h"
#include "sdk/document/put.h"

#define SELECTION_CHUNK 1000
#define SELECTION_ID_MAX 256
#define SELECTION_BYTES_MAX ((size_t)256 * 1024 * 1024) /* of a chunk */
#define SELECTION_MAX ((size_t)1024 * 1024 * 1024)

void rules_selection_clear(struct rules_selection *selection)
{
    arena_clear(&selection->arena);
    engine_free(selection->items);
    engine_free(selection->benchmark);
    engine_free(selection->profile);
    bson_destroy(&selection->variables);
    bson_destroy(&selection->overrides);
    rules_selection_init(selection);
}

void rules_selection_init(struct rules_selection *selection)
{
    *selection = (struct rules_selection){.count = 0};
    arena_init(&selection->arena, SELECTION_MAX);
    bson_init(&selection->variables);
    bson_init(&selection->overrides);
}

/* ---- writing one --------------------------------------------------------- */

static void selection_put_rule(struct buffer *out, size_t at,
                               const struct rules_selected *item)
{
    char number[24];
    size_t opened;

    snprintf(number, sizeof(number), "%zu", at);
    opened = put_open(out, number, false);
    put_text(out, "id", item->id);
    put_text(out, "benchmark", item->benchmark);
    put_text(out, "rule_id", item->rule_id);
    put_int32(out, "version", item->version);
    put_text(out, "title", item->title);
    put_text(out, "severity", item->severity);
    put_text(out, "scanner_type", item->scanner_type);
    if (item->scap_rule_id)
        put_text(out, "scap_rule_id", item->scap_rule_id);
    if (item->artifact)
        put_text(out, "artifact", item->artifact);
    put_close(out, opened);
}

static engine_status selection_put(struct store *store, const bson_t *document,
                                   engine_error *err)
{
    return store_put(store, STORE_SELECTIONS, &document, 1, err);
}

static engine_status selection_save_chunk(struct store *store,
                                          const char *scan_id, size_t chunk,
                                          const struct rules_selection *from,
                                          struct buffer *made,
                                          engine_error *err)
{
    const size_t first = chunk * SELECTION_CHUNK;
    char id[SELECTION_ID_MAX + 32];
    bson_t document;
    size_t opened;

    snprintf(id, sizeof(id), "%s/%zu", scan_id, chunk);
    put_begin(made);
    put_text(made, "_id", id);
    put_text(made, "scan_id", scan_id);
    put_int64(made, "chunk", (int64_t)chunk);
    opened = put_open(made, "rules", true);
    for (size_t i = 0; i < SELECTION_CHUNK && first + i < from->count; i++)
        selection_put_rule(made, i, &from->items[first + i]);
    put_close(made, opened);
    if (!put_end(made, &document))
        return buffer_status(made, err);
    return selection_put(store, &document, err);
}

/* written last: a selection without it is not complete */
static engine_status selection_save_meta(struct store *store,
                                         const char *scan_id, size_t chunks,
                                         const struct rules_selection *from,
                                         engine_error *err)
{
    char id[SELECTION_ID_MAX + 32];
    engine_status status;
    bson_t document;

    snprintf(id, sizeof(id), "%s/meta", scan_id);
    bson_init(&document);
    BSON_APPEND_UTF8(&document, "_id", id);
    BSON_APPEND_UTF8(&document, "scan_id", scan_id);
    BSON_APPEND_INT64(&document, "chunks", (int64_t)chunks);
    BSON_APPEND_INT64(&document, "count", (int64_t)from->count);
    if (from->benchmark)
        BSON_APPEND_UTF8(&document, "benchmark", from->benchmark);
    if (from->profile)
        BSON_APPEND_UTF8(&document, "profile", from->profile);
    BSON_APPEND_DOCUMENT(&document, "variables", &from->variables);
    BSON_APPEND_DOCUMENT(&document, "overrides", &from->overrides);
    status = selection_put(store, &document, err);
    bson_destroy(&document);
    return status;
}

engine_status rules_selection_save(struct store *store, const char *scan_id,
                                   const struct rules_selection *selection,
                                   engine_error *err)
{
    const size_t chunks =
        (selection->count + SELECTION_CHUNK - 1) / SELECTION_CHUNK;
    engine_status status = ENGINE_OK;
    struct buffer made;

    if (strlen(scan_id) > SELECTION_ID_MAX)
        return engine_fail(err, ENGINE_EINVAL, "the scan id is too long");
    buffer_init(&made, SELECTION_BYTES_MAX);
    for (size_t i = 0; status == ENGINE_OK && i < chunks; i++)
        status =
            selection_save_chunk(store, scan_id, i, selection, &made, err);
    buffer_clear(&made);
    if (status < 0)
        return status;
    return selection_save_meta(store, scan_id, chunks, selection, err);
}

/* ---- loading ------------------------------------------------------------- */

static const char *selection_text(struct rules_selection *out,
                                  const bson_t *rule, const char *name)
{
    const char *text = document_string(rule, name);

    return arena_strdup(&out->arena, text ? text : "");
}

static engine_status selection_load_rule(struct rules_selection *out,
                                         const bson_t *rule,
                                         engine_error *err)
{
    struct rules_selected item = {
        .id = selection_text(out, rule, "id"),
        .benchmark = selection_text(out, rule, "benchmark"),
        .rule_id = selection_text(out, rule, "rule_id"),
        .title = selection_text(out, rule, "title"),
        .severity = selection_text(out, rule, "severity"),
        .scanner_type = selection_text(out, rule, "scanner_type"),
        .version = (int32_t)document_int(rule, "version", 0),
    };
    const char *reference = document_string(rule, "scap_rule_id");
    const char *artifact = document_string(rule, "artifact");

    if (reference)
        item.scap_rule_id = arena_strdup(&out->arena, reference);
    if (artifact)
        item.artifact = arena_strdup(&out->arena, artifact);
    if (!item.id || !item.benchmark || !item.rule_id || !item.title ||
        !item.severity || !item.scanner_type ||
        (reference && !item.scap_rule_id) || (artifact && !item.artifact))
        return engine_fail_memory(err);
    out->items[out->count++] = item;
    return ENGINE_OK;
}

static engine_status selection_corrupt(const char *scan_id, engine_error *err)
{
    return engine_fail(err, ENGINE_ECORRUPT,
                       "the stored selection of scan \"%s\" is not complete",
                       scan_id);
}

static engine_status selection_load_chunk(struct store *store,
                                          const char *scan_id, size_t chunk,
                                          size_t expected,
                                          struct rules_selection *out,
                                          engine_error *err)
{
    char id[SELECTION_ID_MAX + 32];
    engine_status status;
    bson_t document, list, child;
    bson_iter_t rule;

    snprintf(id, sizeof(id), "%s/%zu", scan_id, chunk);
    status = store_get(store, STORE_SELECTIONS, id, &document, err);
    if (status == ENGINE_ENOTFOUND)
        return selection_corrupt(scan_id, err);
    if (status < 0)
        return status;
    if (document_child(&document, "rules", &list) &&
        bson_iter_init(&rule, &list))
        while (status == ENGINE_OK && bson_iter_next(&rule)) {
            if (out->count == expected ||
                !document_iter_child(&rule, &child))
                status = selection_corrupt(scan_id, err);
            else
                status = selection_load_rule(out, &child, err);
        }
    bson_destroy(&document);
    return status;
}

static engine_status selection_load_meta(const bson_t *meta,
                                         struct rules_selection *out,
                                         engine_error *err)
{
    const char *benchmark = document_string(meta, "benchmark");
    const char *profile = document_string(meta, "profile");
    const size_t count = (size_t)document_int(meta, "count", 0);
    bson_t child;

    if (document_child(meta, "variables", &child))
        bson_concat(&out->variables, &child);
    if (document_child(meta, "overrides", &child))
        bson_concat(&out->overrides, &child);
    out->benchmark = benchmark ? engine_strdup(benchmark) : NULL;
    out->profile = profile ? engine_strdup(profile) : NULL;
    out->items = engine_calloc(count + 1, sizeof(*out->items));
    if (!out->items || (benchmark && !out->benchmark) ||
        (profile && !out->profile))
        return engine_fail_memory(err);
    return ENGINE_OK;
}

static engine_status selection_load(struct store *store, const char *scan_id,
                                    const bson_t *meta,
                                    struct rules_selection *out,
                                    engine_error *err)
{
    const int64_t count = document_int(meta, "count", -1);
    const int64_t chunks = document_int(meta, "chunks", -1);
    engine_status status;

    if (count < 0 || chunks != (count + SELECTION_CHUNK - 1) / SELECTION_CHUNK)
        return selection_corrupt(scan_id, err);
    status = selection_load_meta(meta, out, err);
    for (int64_t i = 0; status == ENGINE_OK && i < chunks; i++)
        status = selection_load_chunk(store, scan_id, (size_t)i,
                                      (size_t)count, out, err);
    if (status == ENGINE_OK && out->count != (size_t)count)
        status = selection_corrupt(scan_id, err);
    return status;
}

engine_status rules_selection_load(struct store *store, const char *scan_id,
                                   struct rules_selection *out,
                                   engine_error *err)
{
    char id[SELECTION_ID_MAX + 32];
    engine_status status;
    bson_t meta;

    rules_selection_init(out);
    if (strlen(scan_id) > SELECTION_ID_MAX)
        return engine_fail(err, ENGINE_EINVAL, "the scan id is too long");
    snprintf(id, sizeof(id), "%s/meta", scan_id);
    status = store_get(store, STORE_SELECTIONS, id, &meta, err);
    if (status == ENGINE_ENOTFOUND)
        return engine_fail(err, ENGINE_ENOTFOUND,
                           "scan \"%s\" has no stored selection", scan_id);
    if (status < 0)
        return status;
    status = selection_load(store, scan_id, &meta, out, err);
    bson_destroy(&meta);
    if (status < 0)
        rules_selection_clear(out);
    return status;
}
