/* SPDX-License-Identifier: Apache-2.0 */
/* profile.c - finding benchmarks, and the profiles in them. */
#include <string.h>

#include "engine/rules/rules_private.h"
#include "sdk/base/alloc.h"

static engine_status profile_add_document(const bson_t *benchmark,
                                          void *user, engine_error *err)
{
    const char *id = document_string(benchmark, "benchmark");

    return id ? name_search_add(user, id, err) : ENGINE_OK;
}

/* benchmarks by their documents */
static engine_status profile_add_documents(struct store *store,
                                           struct name_search *search,
                                           engine_error *err)
{
    bson_t *fields = BCON_NEW("benchmark", BCON_INT32(1));
    engine_status status = rules_each(store, STORE_BENCHMARKS, NULL, fields,
                                      profile_add_document, search, err);

    bson_destroy(fields);
    return status;
}

/* and by their rules alone: "local" and "openwatch" have no document */
static engine_status profile_add_groups(struct store *store,
                                        struct name_search *search,
                                        engine_error *err)
{
    bson_t *filter = BCON_NEW("is_latest", BCON_BOOL(true));
    engine_status status;
    bson_iter_t group;
    bson_t groups;

    status = store_group(store, STORE_RULES, filter, "benchmark", &groups,
                         err);
    bson_destroy(filter);
    if (status < 0)
        return status;
    if (bson_iter_init(&group, &groups))
        while (status == ENGINE_OK && bson_iter_next(&group))
            status = name_search_add(search, bson_iter_key(&group), err);
    bson_destroy(&groups);
    return status;
}

/* the common case: the id is written out */
static engine_status profile_is_benchmark(struct store *store,
                                          const char *name, bool *out,
                                          engine_error *err)
{
    bson_t *filter = BCON_NEW("benchmark", BCON_UTF8(name));
    int64_t count = 0;
    engine_status status =
        store_count(store, STORE_BENCHMARKS, filter, &count, err);

    *out = count > 0;
    bson_destroy(filter);
    return status;
}

engine_status rules_find_benchmark(struct store *store, const char *name,
                                   char **out, engine_error *err)
{
    struct name_search search;
    bool known = false;
    engine_status status = profile_is_benchmark(store, name, &known, err);

    if (status < 0)
        return status;
    if (known) {
        *out = engine_strdup(name);
        return *out ? ENGINE_OK : engine_fail_memory(err);
    }
    name_search_init(&search, name);
    status = profile_add_documents(store, &search, err);
    if (status == ENGINE_OK)
        status = profile_add_groups(store, &search, err);
    if (status == ENGINE_OK)
        status = name_search_take(&search, "benchmark", out, err);
    if (status == ENGINE_EINVAL && search.count == 0)
        engine_hint(err, "see: scan-engine benchmarks list");
    name_search_clear(&search);
    return status;
}

engine_status rules_find_profile(const bson_t *benchmark, const char *name,
                                 char **out, engine_error *err)
{
    engine_status status = ENGINE_OK;
    struct name_search search;
    bson_t profiles, child;
    bson_iter_t profile;
    const char *id;

    name_search_init(&search, name);
    if (rules_profiles(benchmark, &profiles, &profile))
        while (status == ENGINE_OK &&
               rules_profile_next(&profile, &child, &id))
            status = name_search_add(&search, id, err);
    if (status == ENGINE_OK)
        status = name_search_take(&search, "profile", out, err);
    name_search_clear(&search);
    return status;
}

/* copies the profile of that id */
static bool profile_copy(const bson_t *benchmark, const char *wanted,
                         bson_t *out)
{
    bson_t profiles, child;
    bson_iter_t profile;
    const char *id;

    if (!rules_profiles(benchmark, &profiles, &profile))
        return false;
    while (rules_profile_next(&profile, &child, &id))
        if (strcmp(id, wanted) == 0) {
            bson_copy_to(&child, out);
            return true;
        }
    return false;
}

static void profile_list(const bson_t *benchmark, engine_error *err)
{
    char text[ENGINE_HINT_MAX - 32];
    bson_t profiles, child;
    struct name_list list;
    bson_iter_t profile;
    const char *id;

    name_list_init(&list, text, sizeof(text));
    if (!rules_profiles(benchmark, &profiles, &profile))
        return;
    while (rules_profile_next(&profile, &child, &id))
        name_list_add(&list, rules_profile_short(id));
    engine_hint(err, "its profiles: %s", list.len > 0 ? text : "none");
}

static engine_status profile_of(struct store *store, const char *benchmark_id,
                                const char *name, char **profile, bson_t *out,
                                engine_error *err)
{
    engine_status status;
    bson_t benchmark;

    status = store_get(store, STORE_BENCHMARKS, benchmark_id, &benchmark,
                       err);
    if (status == ENGINE_ENOTFOUND)
        return engine_fail(err, ENGINE_EINVAL,
                           "benchmark \"%s\" has no profiles", benchmark_id);
    if (status < 0)
        return status;
    status = rules_find_profile(&benchmark, name, profile, err);
    if (status == ENGINE_EINVAL) {
        engine_error_prefix(err, "benchmark \"%s\"", benchmark_id);
        profile_list(&benchmark, err);
    }
    if (status == ENGINE_OK && !profile_copy(&benchmark, *profile, out))
        status = engine_fail(err, ENGINE_ECORRUPT,
                             "benchmark \"%s\" lost profile \"%s\"",
                             benchmark_id, *profile);
    bson_destroy(&benchmark);
    return status;
}

/* the benchmarks whose best match for the name is as good as any */
struct profile_search {
    const char *name;
    int rank;
    char *benchmark;
    size_t count;
    char text[ENGINE_MESSAGE_MAX / 2];
    struct name_list list;
};

static int profile_best_rank(const bson_t *benchmark, const char *name)
{
    bson_t profiles, child;
    bson_iter_t profile;
    const char *id;
    int best = 0;

    if (!rules_profiles(benchmark, &profiles, &profile))
        return 0;
    while (rules_profile_next(&profile, &child, &id)) {
        const int rank = rules_name_rank(id, name);
        best = rank > best ? rank : best;
    }
    return best;
}

static engine_status profile_consider(const bson_t *benchmark, void *user,
                                      engine_error *err)
{
    struct profile_search *search = user;
    const char *id = document_string(benchmark, "benchmark");
    const int rank = profile_best_rank(benchmark, search->name);

    if (!id || rank == 0 || rank < search->rank)
        return ENGINE_OK;
    if (rank > search->rank) {
        search->count = 0;
        name_list_init(&search->list, search->text, sizeof(search->text));
    }
    search->rank = rank;
    name_list_add(&search->list, id);
    if (search->count++ > 0)
        return ENGINE_OK;
    engine_free(search->benchmark);
    search->benchmark = engine_strdup(id);
    return search->benchmark ? ENGINE_OK : engine_fail_memory(err);
}

static engine_status profile_choose(struct store *store, const char *name,
                                    char **out, engine_error *err)
{
    bson_t *fields = BCON_NEW("benchmark", BCON_INT32(1), "profiles",
                              BCON_INT32(1));
    struct profile_search search = {.name = name};
    engine_status status;

    name_list_init(&search.list, search.text, sizeof(search.text));
    status = rules_each(store, STORE_BENCHMARKS, NULL, fields,
                        profile_consider, &search, err);
    bson_destroy(fields);
    if (status == ENGINE_OK && search.count == 0) {
        status = engine_fail(err, ENGINE_EINVAL,
                             "no benchmark has a profile \"%s\"", name);
        engine_hint(err, "see: scan-engine benchmarks list");
    } else if (status == ENGINE_OK && search.count > 1) {
        status = engine_fail(err, ENGINE_EINVAL,
                             "profile \"%s\" is in %zu benchmarks: %s", name,
                             search.count, search.text);
        engine_hint(err, "name one with --benchmark");
    }
    if (status < 0)
        engine_free(search.benchmark);
    else
        *out = search.benchmark;
    return status;
}

engine_status rules_profile_get(struct store *store, const char *name,
                                char **benchmark, char **profile, bson_t *out,
                                engine_error *err)
{
    if (!*benchmark) {
        engine_status status = profile_choose(store, name, benchmark, err);
        if (status < 0)
            return status;
    }
    return profile_of(store, *benchmark, name, profile, out, err);
}
