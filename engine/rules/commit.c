/* SPDX-License-Identifier: Apache-2.0 */
/* commit.c - versions: what is new, what has changed, what is gone. */
#include <stdio.h>
#include <string.h>

#include "engine/rules/rules_private.h"
#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"

static void commit_rule_id(char *out, size_t room, const char *benchmark,
                           const char *rule_id, int32_t version)
{
    snprintf(out, room, "%s/%s/%d", benchmark, rule_id, version);
}

/*
 * The hash of a rule as such. Where it was read from is no part of it: a
 * comment above it, or another directory, makes no new version.
 */
static engine_status commit_hash(const bson_t *document,
                                 char out[HASH_HEX_SIZE], engine_error *err)
{
    bson_t plain, source, child;

    bson_init(&plain);
    bson_copy_to_excluding_noinit(document, &plain, "_id", "version",
                                  "is_latest", "source", NULL);
    if (document_child(document, "source", &source)) {
        bson_append_document_begin(&plain, "source", -1, &child);
        bson_copy_to_excluding_noinit(&source, &child, "file", "line", "hash",
                                      "imported_at", NULL);
        bson_append_document_end(&plain, &child);
    }
    document_hash(&plain, out);
    bson_destroy(&plain);
    /* "" stands for any rule: memory has run out */
    return out[0] ? ENGINE_OK : engine_fail_memory(err);
}

/* the document with the engine's own fields; version 0: it has none */
static void commit_stamp(const bson_t *document, const char *id,
                         int32_t version, const char *hash, bson_t *out)
{
    bson_t source, child;

    bson_init(out);
    BSON_APPEND_UTF8(out, "_id", id);
    bson_copy_to_excluding_noinit(document, out, "_id", "version",
                                  "is_latest", "source", NULL);
    if (version > 0) {
        BSON_APPEND_INT32(out, "version", version);
        BSON_APPEND_BOOL(out, "is_latest", true);
    }
    bson_append_document_begin(out, "source", -1, &child);
    if (document_child(document, "source", &source))
        bson_copy_to_excluding_noinit(&source, &child, "hash", "imported_at",
                                      NULL);
    BSON_APPEND_DATE_TIME(&child, "imported_at", clock_now_ms());
    BSON_APPEND_UTF8(&child, "hash", hash);
    bson_append_document_end(out, &child);
}

/* rewrites a stored version with another is_latest */
static engine_status commit_set_latest(struct rules_batch *batch,
                                       const char *benchmark,
                                       const char *rule_id, int32_t version,
                                       bool is_latest, engine_error *err)
{
    char id[2 * RULES_ID_MAX + 16];
    engine_status status;
    bson_t stored, changed;

    if (!batch->store)
        return ENGINE_OK;
    commit_rule_id(id, sizeof(id), benchmark, rule_id, version);
    status = store_get(batch->store, STORE_RULES, id, &stored, err);
    if (status < 0)
        return status;
    bson_init(&changed);
    bson_copy_to_excluding_noinit(&stored, &changed, "is_latest", NULL);
    BSON_APPEND_BOOL(&changed, "is_latest", is_latest);
    status = rules_batch_add(batch, &batch->puts, &changed, err);
    bson_destroy(&changed);
    bson_destroy(&stored);
    return status;
}

static engine_status commit_new_version(struct rules_batch *batch,
                                        const char *benchmark,
                                        const char *rule_id,
                                        struct known_rule *known,
                                        const bson_t *rule, const char *hash,
                                        engine_error *err)
{
    char id[2 * RULES_ID_MAX + 16];
    engine_status status = ENGINE_OK;
    bson_t stamped;

    if (known->version > 0 && known->is_latest)
        status = commit_set_latest(batch, benchmark, rule_id, known->version,
                                   false, err);
    if (status < 0)
        return status;
    known->version++;
    known->is_latest = true;
    memcpy(known->hash, hash, sizeof(known->hash));
    commit_rule_id(id, sizeof(id), benchmark, rule_id, known->version);
    commit_stamp(rule, id, known->version, hash, &stamped);
    status = rules_batch_add(batch, &batch->inserts, &stamped, err);
    bson_destroy(&stamped);
    return status;
}

/* the same rule again is harmless, another one of the same id is not */
static engine_status commit_again(const struct known_rule *known,
                                  const char *rule_id, const char *hash,
                                  enum rules_outcome *out, engine_error *err)
{
    if (strcmp(known->hash, hash) == 0) {
        *out = RULES_UNCHANGED;
        return ENGINE_OK;
    }
    engine_fail(err, ENGINE_EINVAL,
                "rule \"%s\" is different from the one of the same id in "
                "%s:%ld", rule_id, known->first_file, known->first_line);
    engine_hint(err, "give one of them another rule_id or benchmark");
    return ENGINE_EINVAL;
}

engine_status rules_commit_rule(struct rules_batch *batch,
                                struct known *known, const bson_t *rule,
                                const char *file, long line,
                                enum rules_outcome *out, engine_error *err)
{
    const char *benchmark_id = document_string(rule, "benchmark");
    const char *rule_id = document_string(rule, "rule_id");
    struct known_benchmark *benchmark = NULL;
    struct known_rule *entry = NULL;
    char hash[HASH_HEX_SIZE];
    engine_status status = known_benchmark_get(known, batch->store,
                                               benchmark_id, &benchmark, err);

    if (status == ENGINE_OK)
        status = known_rule_get(benchmark, rule_id, &entry, err);
    if (status < 0)
        return status;
    status = commit_hash(rule, hash, err);
    if (status < 0)
        return status;
    if (entry->seen && entry->first_file)
        return commit_again(entry, rule_id, hash, out, err);
    entry->seen = true;
    entry->first_file = arena_strdup(&benchmark->arena, file);
    entry->first_line = line;
    if (!entry->first_file)
        return engine_fail_memory(err);
    *out = entry->version == 0  ? RULES_ADDED
           : !entry->is_latest  ? RULES_ADDED
                                : RULES_CHANGED;
    if (strcmp(entry->hash, hash) != 0)
        status = commit_new_version(batch, benchmark_id, rule_id, entry,
                                    rule, hash, err);
    else if (entry->is_latest)
        *out = RULES_UNCHANGED;
    else
        status = commit_set_latest(batch, benchmark_id, rule_id,
                                   entry->version, true, err);
    entry->is_latest = true;
    return status < 0 ? status : rules_batch_relieve(batch, err);
}

/* writes it unless the store has the same */
static engine_status commit_put_benchmark(struct rules_batch *batch,
                                          const char *id,
                                          const bson_t *document,
                                          engine_error *err)
{
    char hash[HASH_HEX_SIZE];
    engine_status status = commit_hash(document, hash, err);
    bson_t stored, stamped;
    bool same = false;

    if (status < 0)
        return status;
    status = ENGINE_ENOTFOUND;
    if (batch->store)
        status = store_get(batch->store, STORE_BENCHMARKS, id, &stored, err);
    if (status == ENGINE_OK) {
        const char *known = document_string(&stored, "source.hash");
        same = known && strcmp(known, hash) == 0;
        bson_destroy(&stored);
    } else if (status != ENGINE_ENOTFOUND) {
        return status;
    }
    if (same)
        return ENGINE_OK;
    commit_stamp(document, id, 0, hash, &stamped);
    status = rules_batch_add(batch, &batch->benchmarks, &stamped, err);
    bson_destroy(&stamped);
    return status < 0 ? status : rules_batch_relieve(batch, err);
}

engine_status rules_commit_benchmark(struct rules_batch *batch,
                                     struct known *known,
                                     const bson_t *document, const char *file,
                                     engine_error *err)
{
    const char *id = document_string(document, "benchmark");
    struct known_benchmark *benchmark = NULL;
    engine_status status =
        known_benchmark_get(known, batch->store, id, &benchmark, err);

    if (status < 0)
        return status;
    benchmark->document = true;
    benchmark->rules_count = document_int(document, "rules_count", -1);
    benchmark->file = arena_strdup(&benchmark->arena, file);
    if (!benchmark->file)
        return engine_fail_memory(err);
    return commit_put_benchmark(batch, id, document, err);
}

/* Only a benchmark that came whole can say what it no longer has. */
static bool commit_is_whole(const struct known_benchmark *benchmark)
{
    int64_t seen = 0;
    void *rule = NULL;
    size_t at = 0;

    if (!benchmark->document || benchmark->incomplete)
        return false;
    while (table_next(&benchmark->rules, &at, &rule))
        seen += ((const struct known_rule *)rule)->seen;
    return benchmark->rules_count < 0 || seen >= benchmark->rules_count;
}

static engine_status commit_remove_missing(struct rules_batch *batch,
                                           struct known_benchmark *benchmark,
                                           int64_t *removed,
                                           engine_error *err)
{
    engine_status status = ENGINE_OK;
    const char *rule_id;
    void *value = NULL;
    size_t at = 0;

    while (status == ENGINE_OK &&
           (rule_id = table_next(&benchmark->rules, &at, &value)) != NULL) {
        struct known_rule *rule = value;
        if (rule->seen || !rule->is_latest)
            continue;
        status = commit_set_latest(batch, benchmark->id, rule_id,
                                   rule->version, false, err);
        rule->is_latest = false;
        (*removed)++;
        if (status == ENGINE_OK)
            status = rules_batch_relieve(batch, err);
    }
    return status;
}

engine_status rules_commit_removed(struct rules_batch *batch,
                                   struct known *known, int64_t *removed,
                                   engine_error *err)
{
    engine_status status = ENGINE_OK;
    void *benchmark = NULL;
    size_t at = 0;

    while (status == ENGINE_OK &&
           table_next(&known->benchmarks, &at, &benchmark))
        if (commit_is_whole(benchmark))
            status = commit_remove_missing(batch, benchmark, removed, err);
    return status;
}
