/* SPDX-License-Identifier: Apache-2.0 */
/* effects.c - the journal of what scanners create outside, and its undoing. */
#include <stdio.h>
#include <string.h>

#include "engine/launch/task.h"
#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"
#include "sdk/document/document.h"

#define EFFECT_UNDO_MAX 10000 /* at once; the rest at the next start */
#define EFFECT_UNDO_WALL_MS 120000

engine_status effect_open(struct task *task, const char *id,
                          const bson_t *undo, engine_error *err)
{
    const struct job *job = task->job;
    struct store *store = task->conduct->options.store;
    const bson_t *documents[1];
    engine_status status;
    bson_t effect;

    if (!store)
        return engine_fail(err, ENGINE_EUNSUPPORTED,
                           "scanner \"%s\": there is no store to journal an "
                           "effect in", task->name);
    bson_init(&effect);
    BSON_APPEND_UTF8(&effect, "_id", id);
    BSON_APPEND_UTF8(&effect, "scan_id", job->scan_id ? job->scan_id : "");
    BSON_APPEND_UTF8(&effect, "plugin", task->name);
    if (job->target)
        BSON_APPEND_DOCUMENT(&effect, "target", job->target);
    BSON_APPEND_DOCUMENT(&effect, "undo", undo);
    BSON_APPEND_UTF8(&effect, "state", "open");
    BSON_APPEND_DATE_TIME(&effect, "created_at", clock_now_ms());
    documents[0] = &effect;
    status = store_insert(store, STORE_EFFECTS, documents, 1, err);
    bson_destroy(&effect);
    return status;
}

/* A copy with another state and the time of the change. */
static void effect_with_state(const bson_t *effect, const char *state,
                              bson_t *out)
{
    bson_init(out);
    bson_copy_to_excluding_noinit(effect, out, "state", "undone_at",
                                  (char *)NULL);
    BSON_APPEND_UTF8(out, "state", state);
    BSON_APPEND_DATE_TIME(out, "undone_at", clock_now_ms());
}

engine_status effect_close(struct store *store, const char *id,
                           const char *plugin, engine_error *err)
{
    engine_status status;
    bson_t effect, changed;
    bson_t *expected;

    status = store_get(store, STORE_EFFECTS, id, &effect, err);
    if (status < 0) {
        engine_error_prefix(err, "scanner \"%s\": effect \"%.64s\"", plugin,
                            id);
        return status;
    }
    effect_with_state(&effect, "undone", &changed);
    expected = BCON_NEW("plugin", BCON_UTF8(plugin));
    status = store_swap(store, STORE_EFFECTS, id, expected, &changed, err);
    bson_destroy(expected);
    bson_destroy(&changed);
    bson_destroy(&effect);
    return status;
}

/* ---- undoing ------------------------------------------------------------ */

struct effect_list {
    bson_t **items;
    size_t count;
};

/* Is nobody working on the effect's scan any more? */
static bool effect_is_left(struct store *store, const bson_t *effect)
{
    const char *scan_id = document_string(effect, "scan_id");
    engine_error err = {0};
    bson_t scan;
    bool over;

    if (!scan_id || !scan_id[0])
        return true;
    if (store_get(store, STORE_SCANS, scan_id, &scan, &err) < 0)
        return err.status == ENGINE_ENOTFOUND;
    over = document_date(&scan, "lease_until", 0) < clock_now_ms();
    bson_destroy(&scan);
    return over;
}

static engine_status effect_find(struct store *store, const char *scan_id,
                                 struct effect_list *list, engine_error *err)
{
    bson_t *filter = BCON_NEW("state", BCON_UTF8("open"));
    struct store_query query = {.filter = filter, .limit = EFFECT_UNDO_MAX};
    struct store_cursor *cursor = NULL;
    const bson_t *effect = NULL;
    engine_status status;
    int got = 0;

    if (scan_id)
        BSON_APPEND_UTF8(filter, "scan_id", scan_id);
    status = store_find(store, STORE_EFFECTS, &query, &cursor, err);
    while (status == ENGINE_OK &&
           (got = store_cursor_next(cursor, &effect, err)) > 0) {
        bson_t **items = engine_realloc(
            list->items, (list->count + 1) * sizeof(*items));

        if (!items) {
            status = engine_fail_memory(err);
            break;
        }
        list->items = items;
        list->items[list->count++] = bson_copy(effect);
    }
    store_cursor_close(cursor);
    bson_destroy(filter);
    return status < 0 ? status : (engine_status)got;
}

static const struct plugin_entry *effect_plugin(
    const struct registry *registry, const char *name)
{
    for (size_t i = 0; i < registry_count(registry); i++) {
        const struct plugin_entry *entry = registry_at(registry, i);

        if (entry->refused.status == ENGINE_OK &&
            strcmp(entry->spec->name, name) == 0)
            return entry;
    }
    return NULL;
}

static engine_status effect_undo(const struct conduct_options *options,
                                 const struct registry *registry,
                                 const bson_t *effect, engine_error *err)
{
    const char *id = document_string(effect, "_id");
    const char *name = document_string(effect, "plugin");
    const struct plugin_entry *plugin =
        name ? effect_plugin(registry, name) : NULL;
    struct job job = {.plugin = plugin, .op = "undo", .parallel = 1};
    engine_status status;
    bson_t target, undo;

    if (!plugin) {
        engine_fail(err, ENGINE_ENOTFOUND,
                    "something that scanner \"%s\" created is left, and the "
                    "scanner is not there to undo it", name ? name : "");
        engine_hint(err, "configure the scanner again, or remove it by hand: "
                    "collection effects, id %s", id ? id : "");
        return ENGINE_ENOTFOUND;
    }
    if (document_child(effect, "target", &target))
        job.target = &target;
    if (document_child(effect, "undo", &undo))
        job.request = &undo;
    job.scan_id = document_string(effect, "scan_id");
    job.limits.wall_ms = EFFECT_UNDO_WALL_MS;
    job.wall_key = ""; /* not configured */
    status = conduct_one(options, &job, err);
    if (status < 0)
        return status;
    return effect_close(options->store, id, name, err);
}

engine_status conduct_undo(const struct conduct_options *options,
                           const struct registry *registry,
                           const char *scan_id, engine_error *err)
{
    struct effect_list list = {0};
    engine_status status, first = ENGINE_OK;

    if (!options->store)
        return ENGINE_OK;
    status = effect_find(options->store, scan_id, &list, err);
    for (size_t i = 0; i < list.count; i++) {
        engine_error why = {0};

        /* of a scan that the caller names, he knows that it is over */
        if (status == ENGINE_OK &&
            (scan_id || effect_is_left(options->store, list.items[i])) &&
            effect_undo(options, registry, list.items[i], &why) < 0) {
            log_write(options->log, LOG_LEVEL_WARNING, "not undone: %s",
                      why.message);
            if (first == ENGINE_OK && err)
                *err = why;
            first = first == ENGINE_OK ? why.status : first;
        }
        bson_destroy(list.items[i]);
    }
    engine_free(list.items);
    return status < 0 ? status : first;
}
