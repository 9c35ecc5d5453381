/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pipeline.c - what the engine itself costs: rules that do nothing, through
 * select, group, dispatch, collect and summarise, on a store that makes rules
 * up and forgets verdicts.
 *
 * pipeline PLUGIN WORKER RULES RESULTS [thread]: PLUGIN is noop.so; RESULTS is
 * 0 or 1, results of each rule; with "thread" the plugin runs in this process.
 * Prints seconds, processor seconds of the engine and of its worker, their
 * peak memory in KiB, and the seconds of three parts: selecting; grouping and
 * feeding, up to the first verdicts; the rest.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "engine/scan/scan.h"
#include "engine/store/store_ops.h"
#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"
#include "sdk/base/file.h"
#include "sdk/document/document.h"

static void pipeline_fail(const engine_error *err)
{
    fprintf(stderr, "pipeline: %s\n", err->message);
    exit(1);
}

/* ---- a store of rules that are made when they are read -------------------- */

struct made_store {
    struct store base;
    size_t rules;
    bson_t scan;      /* the only one */
    bson_t rule[3];   /* by severity; made anew by writing a number */
    char *digits[3][2]; /* into them: of _id and rule_id */
    int64_t verdicts; /* written */
    int64_t begun_ms, told_ms; /* the rules were selected; the first verdicts */
};

#define MADE_DIGITS 7

struct made_cursor {
    struct store_cursor base;
    size_t next, end;
    bson_t in; /* ids that were asked for; empty: all */
    bson_iter_t at;
    bool listed;
    struct made_store *store;
};

static void made_template(const char *severity, bson_t *out)
{
    bson_t content;

    bson_init(out);
    BSON_APPEND_UTF8(out, "_id", "bench/noop-0000000@1");
    BSON_APPEND_UTF8(out, "benchmark", "bench");
    BSON_APPEND_UTF8(out, "rule_id", "noop-0000000");
    BSON_APPEND_INT32(out, "version", 1);
    BSON_APPEND_BOOL(out, "is_latest", true);
    BSON_APPEND_UTF8(out, "title", "A rule that looks at nothing");
    BSON_APPEND_UTF8(out, "severity", severity);
    BSON_APPEND_UTF8(out, "scanner_type", "noop");
    BSON_APPEND_DOCUMENT_BEGIN(out, "check_content", &content);
    BSON_APPEND_UTF8(&content, "status", "pass");
    bson_append_document_end(out, &content);
}

/* Where the number of a rule is in one of its texts. */
static char *made_digits(const bson_t *document, const char *key)
{
    bson_iter_t iter;

    if (!bson_iter_init_find(&iter, document, key))
        abort();
    return strchr(bson_iter_utf8(&iter, NULL), '-') + 1;
}

static void made_store_init(struct made_store *self)
{
    static const char *const severities[] = {"low", "medium", "high"};

    bson_init(&self->scan);
    for (int i = 0; i < 3; i++) {
        made_template(severities[i], &self->rule[i]);
        self->digits[i][0] = made_digits(&self->rule[i], "_id");
        self->digits[i][1] = made_digits(&self->rule[i], "rule_id");
    }
}

/* Only the number is written: what a store costs is not measured here. */
static const bson_t *made_rule(struct made_store *self, size_t number)
{
    const size_t kind = number % 3;

    for (int i = MADE_DIGITS - 1; i >= 0; i--, number /= 10)
        self->digits[kind][0][i] = self->digits[kind][1][i] =
            (char)('0' + number % 10);
    return &self->rule[kind];
}

static size_t made_number(const char *id)
{
    const char *dash = strrchr(id, '-');

    return dash ? strtoul(dash + 1, NULL, 10) : 0;
}

static void made_close(struct store *store)
{
    struct made_store *self = (struct made_store *)store;

    bson_destroy(&self->scan);
    for (int i = 0; i < 3; i++)
        bson_destroy(&self->rule[i]);
}

static engine_status made_write(struct store *store, const char *collection,
                                const bson_t *const *documents, size_t count,
                                bool replace, engine_error *err)
{
    struct made_store *self = (struct made_store *)store;

    (void)replace;
    (void)err;
    if (strcmp(collection, STORE_VERDICTS) == 0) {
        if (!self->verdicts)
            self->told_ms = clock_steady_ms();
        self->verdicts += (int64_t)count;
    }
    if (strcmp(collection, STORE_SCANS) == 0) {
        bson_destroy(&self->scan);
        bson_copy_to(documents[0], &self->scan);
    }
    return ENGINE_OK;
}

static engine_status made_nothing(struct store *store, engine_error *err)
{
    (void)store;
    (void)err;
    return ENGINE_OK;
}

static void made_rollback(struct store *store)
{
    (void)store;
}

static engine_status made_get(struct store *store, const char *collection,
                              const char *id, bson_t *out, engine_error *err)
{
    struct made_store *self = (struct made_store *)store;

    if (strcmp(collection, STORE_RULES) == 0)
        bson_copy_to(made_rule(self, made_number(id)), out);
    else if (strcmp(collection, STORE_SCANS) == 0)
        bson_copy_to(&self->scan, out);
    else
        return engine_fail(err, ENGINE_ENOTFOUND, "there is no %s", id);
    return ENGINE_OK;
}

static engine_status made_swap(struct store *store, const char *collection,
                               const char *id, const bson_t *expected,
                               const bson_t *replacement, engine_error *err)
{
    (void)id;
    (void)expected;
    return made_write(store, collection, &replacement, 1, true, err);
}

static engine_status made_find(struct store *store, const char *collection,
                               const struct store_query *query,
                               struct store_cursor **out, engine_error *err)
{
    struct made_cursor *cursor = engine_calloc_aligned(
        _Alignof(struct made_cursor), 1, sizeof(*cursor));
    bson_t id;

    if (!cursor)
        return engine_fail_memory(err);
    cursor->base.ops = store->ops;
    cursor->store = (struct made_store *)store;
    bson_init(&cursor->in);
    if (strcmp(collection, STORE_RULES) == 0)
        cursor->end = ((struct made_store *)store)->rules;
    if (query->filter && document_child(query->filter, "_id", &id) &&
        document_child(&id, "$in", &cursor->in))
        cursor->listed = bson_iter_init(&cursor->at, &cursor->in);
    *out = &cursor->base;
    return ENGINE_OK;
}

static int made_next(struct store_cursor *base, const bson_t **out,
                     engine_error *err)
{
    struct made_cursor *cursor = (struct made_cursor *)base;
    size_t number = cursor->next++;

    (void)err;
    if (cursor->listed) {
        if (!bson_iter_next(&cursor->at))
            return 0;
        number = made_number(bson_iter_utf8(&cursor->at, NULL));
    } else if (number >= cursor->end) {
        return 0;
    }
    *out = made_rule(cursor->store, number);
    return 1;
}

static void made_cursor_close(struct store_cursor *base)
{
    engine_free(base);
}

static engine_status made_count(struct store *store, const char *collection,
                                const bson_t *filter, int64_t *out,
                                engine_error *err)
{
    (void)filter;
    (void)err;
    *out = strcmp(collection, STORE_RULES) == 0
               ? (int64_t)((struct made_store *)store)->rules
               : 0;
    return ENGINE_OK;
}

static engine_status made_remove(struct store *store, const char *collection,
                                 const bson_t *filter, int64_t *deleted,
                                 engine_error *err)
{
    (void)store;
    (void)collection;
    (void)filter;
    (void)err;
    *deleted = 0;
    return ENGINE_OK;
}

static const struct store_ops made_ops = {
    .close = made_close,
    .write = made_write,
    .begin = made_nothing,
    .commit = made_nothing,
    .rollback = made_rollback,
    .get = made_get,
    .swap = made_swap,
    .find = made_find,
    .cursor_next = made_next,
    .cursor_close = made_cursor_close,
    .count = made_count,
    .remove = made_remove,
};

/* ---- one scan ------------------------------------------------------------- */

static double pipeline_seconds(int who)
{
    struct rusage usage;

    getrusage(who, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static double pipeline_between(int64_t from_ms, int64_t to_ms)
{
    return (double)(to_ms - from_ms) / 1000;
}

static void pipeline_print(const struct made_store *store, int64_t began_ms)
{
    const int64_t now_ms = clock_steady_ms();
    struct rusage own, worker;

    getrusage(RUSAGE_SELF, &own);
    getrusage(RUSAGE_CHILDREN, &worker);
    printf("%lld verdicts %.3f s %.3f s %.3f s %ld KiB %ld KiB "
           "%.3f s %.3f s %.3f s\n",
           (long long)store->verdicts, pipeline_between(began_ms, now_ms),
           pipeline_seconds(RUSAGE_SELF), pipeline_seconds(RUSAGE_CHILDREN),
           own.ru_maxrss, worker.ru_maxrss,
           pipeline_between(began_ms, store->begun_ms),
           pipeline_between(store->begun_ms, store->told_ms),
           pipeline_between(store->told_ms, now_ms));
}

static void pipeline_on_begin(const char *scan_id, void *user)
{
    (void)scan_id;
    ((struct made_store *)user)->begun_ms = clock_steady_ms();
}

static void pipeline_scan(struct made_store *store,
                          const struct registry *registry,
                          const struct conduct_options *conduct)
{
    const struct scan_context context = {.store = &store->base,
                                         .registry = registry,
                                         .conduct = conduct,
                                         .on_begin = pipeline_on_begin,
                                         .user = store};
    bson_t config = BSON_INITIALIZER;
    const int64_t began_ms = clock_steady_ms();
    engine_error err = {0};
    char *scan_id = NULL;

    if (scan_run(&context, &config, "bench", &scan_id, &err) < 0)
        pipeline_fail(&err);
    pipeline_print(store, began_ms);
    engine_free(scan_id);
    bson_destroy(&config);
}

int main(int argc, char **argv)
{
    struct made_store store = {.base = {.ops = &made_ops}};
    struct conduct_options conduct = {.workers = 1};
    struct plugin_spec spec = {.name = "noop", .file = "pipeline", .line = 1};
    bson_t options = BSON_INITIALIZER;
    struct registry *registry = NULL;
    char *directory = NULL;
    engine_error err = {0};

    if (argc < 5) {
        fprintf(stderr, "pipeline PLUGIN WORKER RULES RESULTS [thread]\n");
        return 2;
    }
    spec.path = argv[1];
    BSON_APPEND_BOOL(&options, "results", strcmp(argv[4], "0") != 0);
    spec.options = &options;
    store.rules = strtoul(argv[3], NULL, 10);
    made_store_init(&store);
    if (file_make_temporary("/tmp", "pipeline-", &directory, &err) < 0 ||
        (argc > 5 ? launcher_thread_new(&conduct.launcher, &err)
                  : launcher_process_new(argv[2], &conduct.launcher, &err)) <
            0 ||
        registry_new(&registry, &err) < 0)
        pipeline_fail(&err);
    conduct.cache_directory = conduct.run_directory = directory;
    if (conduct_describe(&conduct, &spec, 1, registry, &err) < 0)
        pipeline_fail(&err);
    if (registry_at(registry, 0)->refused.status < 0)
        pipeline_fail(&registry_at(registry, 0)->refused);
    pipeline_scan(&store, registry, &conduct);
    registry_free(registry);
    launcher_free(conduct.launcher);
    (void)file_remove_tree(directory, NULL);
    engine_free(directory);
    bson_destroy(&options);
    made_close(&store.base);
    return 0;
}
