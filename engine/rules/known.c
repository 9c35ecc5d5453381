/* SPDX-License-Identifier: Apache-2.0 */
/* known.c - the newest stored version of every rule of the benchmarks that
 * an import touches, read once per benchmark. */
#include <string.h>

#include "engine/rules/rules_private.h"
#include "sdk/base/alloc.h"

#define KNOWN_ARENA_MAX ((size_t)1024 * 1024 * 1024)

void known_init(struct known *known)
{
    table_init(&known->benchmarks);
}

static void known_benchmark_free(struct known_benchmark *benchmark)
{
    if (!benchmark)
        return;
    table_clear(&benchmark->rules);
    arena_clear(&benchmark->arena);
    engine_free(benchmark->id);
    engine_free(benchmark);
}

void known_clear(struct known *known)
{
    void *benchmark = NULL;
    size_t at = 0;

    while (table_next(&known->benchmarks, &at, &benchmark))
        known_benchmark_free(benchmark);
    table_clear(&known->benchmarks);
}

engine_status known_rule_get(struct known_benchmark *benchmark,
                             const char *rule_id, struct known_rule **out,
                             engine_error *err)
{
    struct known_rule *rule = table_get(&benchmark->rules, rule_id);

    if (!rule) {
        rule = arena_alloc(&benchmark->arena, sizeof(*rule));
        if (!rule || table_set(&benchmark->rules, rule_id, rule) < 0)
            return engine_fail_memory(err);
    }
    *out = rule;
    return ENGINE_OK;
}

/* versions come in any order, and the newest need not be the latest one: a
 * rule that left its benchmark has none */
static engine_status known_add(const bson_t *document, void *user,
                               engine_error *err)
{
    struct known_benchmark *benchmark = user;
    const char *rule_id = document_string(document, "rule_id");
    const char *hash = document_string(document, "source.hash");
    const int32_t version = (int32_t)document_int(document, "version", 0);
    struct known_rule *rule = NULL;
    engine_status status;

    if (!rule_id)
        return ENGINE_OK;
    status = known_rule_get(benchmark, rule_id, &rule, err);
    if (status < 0 || version <= rule->version)
        return status;
    rule->version = version;
    rule->is_latest = document_bool(document, "is_latest", false);
    memset(rule->hash, 0, sizeof(rule->hash));
    if (hash && strlen(hash) < sizeof(rule->hash))
        memcpy(rule->hash, hash, strlen(hash));
    return ENGINE_OK;
}

static engine_status known_load(struct known_benchmark *benchmark,
                                struct store *store, engine_error *err)
{
    bson_t *filter = BCON_NEW("benchmark", BCON_UTF8(benchmark->id));
    bson_t *fields = BCON_NEW("rule_id", BCON_INT32(1), "version",
                              BCON_INT32(1), "is_latest", BCON_INT32(1),
                              "source", BCON_INT32(1));
    engine_status status = rules_each(store, STORE_RULES, filter, fields,
                                      known_add, benchmark, err);

    bson_destroy(fields);
    bson_destroy(filter);
    return status;
}

engine_status known_benchmark_get(struct known *known, struct store *store,
                                  const char *id,
                                  struct known_benchmark **out,
                                  engine_error *err)
{
    struct known_benchmark *benchmark = table_get(&known->benchmarks, id);
    engine_status status = ENGINE_OK;

    if (benchmark) {
        *out = benchmark;
        return ENGINE_OK;
    }
    benchmark = engine_calloc(1, sizeof(*benchmark));
    if (!benchmark)
        return engine_fail_memory(err);
    benchmark->rules_count = -1;
    table_init(&benchmark->rules);
    arena_init(&benchmark->arena, KNOWN_ARENA_MAX);
    benchmark->id = engine_strdup(id);
    if (!benchmark->id)
        status = engine_fail_memory(err);
    if (status == ENGINE_OK && store)
        status = known_load(benchmark, store, err);
    if (status == ENGINE_OK &&
        table_set(&known->benchmarks, id, benchmark) < 0)
        status = engine_fail_memory(err);
    if (status < 0)
        known_benchmark_free(benchmark);
    else
        *out = benchmark;
    return status;
}
