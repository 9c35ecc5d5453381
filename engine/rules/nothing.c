/* SPDX-License-Identifier: Apache-2.0 */
/* nothing.c - what there is to select from, told when nothing was selected. */
#include <stdio.h>
#include <string.h>

#include "engine/rules/rules_private.h"
#include "sdk/base/alloc.h"

#define NOTHING_TEXT 256

struct nothing {
    struct table frameworks, benchmarks, profiles, versions;
    struct name_list framework_list, benchmark_list, profile_list;
    struct name_list version_list; /* of the framework that was asked for */
    char framework_text[NOTHING_TEXT], benchmark_text[NOTHING_TEXT],
        profile_text[NOTHING_TEXT], version_text[NOTHING_TEXT];
    const char *framework; /* that was asked for, or NULL */
    size_t rules;
};

static engine_status nothing_add(struct table *seen, struct name_list *list,
                                 const char *name, engine_error *err)
{
    if (table_has(seen, name))
        return ENGINE_OK;
    name_list_add(list, name);
    return table_set(seen, name, seen) < 0 ? engine_fail_memory(err)
                                           : ENGINE_OK;
}

static engine_status nothing_framework(struct nothing *n, const bson_t *ref,
                                       engine_error *err)
{
    const char *framework = document_string(ref, "framework");
    const char *version = document_string(ref, "version");
    engine_status status = ENGINE_OK;
    char *name;

    if (!framework || !version)
        return ENGINE_OK;
    if (n->framework && strcmp(n->framework, framework) == 0)
        status = nothing_add(&n->versions, &n->version_list, version, err);
    if (status < 0)
        return status;
    name = engine_strf("%s:%s", framework, version);
    if (!name)
        return engine_fail_memory(err);
    status = nothing_add(&n->frameworks, &n->framework_list, name, err);
    engine_free(name);
    return status;
}

static engine_status nothing_rule(const bson_t *rule, void *user,
                                  engine_error *err)
{
    struct nothing *n = user;
    const char *benchmark = document_string(rule, "benchmark");
    engine_status status = ENGINE_OK;
    bson_t refs, child;
    bson_iter_t ref;

    n->rules++;
    if (benchmark)
        status = nothing_add(&n->benchmarks, &n->benchmark_list, benchmark,
                             err);
    if (!document_child(rule, "framework_refs", &refs) ||
        !bson_iter_init(&ref, &refs))
        return status;
    while (status == ENGINE_OK && bson_iter_next(&ref))
        if (document_iter_child(&ref, &child))
            status = nothing_framework(n, &child, err);
    return status;
}

static engine_status nothing_benchmark(const bson_t *benchmark, void *user,
                                       engine_error *err)
{
    engine_status status = ENGINE_OK;
    struct nothing *n = user;
    bson_t profiles, child;
    bson_iter_t profile;
    const char *id;

    if (!rules_profiles(benchmark, &profiles, &profile))
        return ENGINE_OK;
    while (status == ENGINE_OK && rules_profile_next(&profile, &child, &id))
        status = nothing_add(&n->profiles, &n->profile_list,
                             rules_profile_short(id), err);
    return status;
}

static engine_status nothing_collect(struct nothing *n, struct store *store,
                                     engine_error *err)
{
    bson_t *filter = BCON_NEW("is_latest", BCON_BOOL(true));
    bson_t *rule_fields = BCON_NEW("benchmark", BCON_INT32(1),
                                   "framework_refs", BCON_INT32(1));
    bson_t *profile_fields = BCON_NEW("profiles", BCON_INT32(1));
    engine_status status = rules_each(store, STORE_RULES, filter,
                                      rule_fields, nothing_rule, n, err);

    if (status == ENGINE_OK)
        status = rules_each(store, STORE_BENCHMARKS, NULL, profile_fields,
                            nothing_benchmark, n, err);
    bson_destroy(profile_fields);
    bson_destroy(rule_fields);
    bson_destroy(filter);
    return status;
}

/* ` by framework "nist:800-53r5"; its versions here: 800-53r4` */
static void nothing_asked(const struct nothing *n, const bson_t *scan_config,
                          char *out, size_t out_size)
{
    const char *version = document_string(scan_config, "framework_version");

    *out = '\0';
    if (n->framework)
        snprintf(out, out_size, " by framework \"%.60s%s%.60s\"%s%s",
                 n->framework, version ? ":" : "", version ? version : "",
                 n->version_list.len ? "; its versions here: " : "",
                 n->version_list.len ? n->version_text : "");
}

static void nothing_tell(const struct nothing *n, const bson_t *scan_config,
                         engine_error *err)
{
    char asked[NOTHING_TEXT + 160];

    if (n->rules == 0) {
        engine_fail(err, ENGINE_ENOTFOUND, "the store has no rules");
        engine_hint(err, "import some: scan-engine import PATH");
        return;
    }
    nothing_asked(n, scan_config, asked, sizeof(asked));
    engine_fail(err, ENGINE_ENOTFOUND,
                "no rule is selected%s; there are frameworks: %s; "
                "benchmarks: %s; profiles: %s", asked,
                n->framework_list.len ? n->framework_text : "none",
                n->benchmark_list.len ? n->benchmark_text : "none",
                n->profile_list.len ? n->profile_text : "none");
    engine_hint(err, "see: scan-engine rules list; --allow-empty when this "
                     "is meant");
}

engine_status rules_nothing_selected(struct store *store,
                                     const bson_t *scan_config,
                                     engine_error *err)
{
    const char *framework = document_string(scan_config, "framework");
    struct nothing n = {.rules = 0};
    engine_status status;
    struct arena arena;

    arena_init(&arena, 65536);
    n.framework = framework ? rules_framework_name(&arena, framework) : NULL;
    table_init(&n.versions);
    name_list_init(&n.version_list, n.version_text, NOTHING_TEXT);
    table_init(&n.frameworks);
    table_init(&n.benchmarks);
    table_init(&n.profiles);
    name_list_init(&n.framework_list, n.framework_text, NOTHING_TEXT);
    name_list_init(&n.benchmark_list, n.benchmark_text, NOTHING_TEXT);
    name_list_init(&n.profile_list, n.profile_text, NOTHING_TEXT);
    status = nothing_collect(&n, store, err);
    if (status == ENGINE_OK) {
        nothing_tell(&n, scan_config, err);
        status = ENGINE_ENOTFOUND;
    }
    table_clear(&n.versions);
    arena_clear(&arena);
    table_clear(&n.frameworks);
    table_clear(&n.benchmarks);
    table_clear(&n.profiles);
    return status;
}
