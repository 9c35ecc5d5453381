/* SPDX-License-Identifier: Apache-2.0 */
/* resolve.c - finding rules by name, and the rule behind a bare reference. */
#include <string.h>
#include <strings.h>

#include "engine/rules/rules_private.h"
#include "sdk/base/alloc.h"

/* ---- CPE names ----------------------------------------------------------- */

static const char *cpe_body(const char *name)
{
    if (strncasecmp(name, "cpe:2.3:", 8) == 0)
        return name + 8;
    if (strncasecmp(name, "cpe:/", 5) == 0)
        return name + 5;
    return NULL;
}

/* one component; empty and "*" stand for anything */
static bool cpe_component_suits(const char *platform, size_t platform_len,
                                const char *target, size_t target_len)
{
    if (platform_len == 0 || (platform_len == 1 && *platform == '*'))
        return true;
    if (target_len < platform_len ||
        strncasecmp(platform, target, platform_len) != 0)
        return false;
    /* 8.6 is an 8, but 80 is not */
    return target_len == platform_len || target[platform_len] == '.';
}

int rules_cpe_suits(const char *platform, const char *target)
{
    const char *wanted = cpe_body(platform), *have = cpe_body(target);
    int components = 0;

    if (!wanted || !have)
        return 0;
    while (*wanted) {
        const size_t wanted_len = strcspn(wanted, ":");
        const size_t have_len = strcspn(have, ":");
        if (!cpe_component_suits(wanted, wanted_len, have, have_len))
            return 0;
        if (wanted_len > 0 && *wanted != '*')
            components++;
        wanted += wanted_len + (wanted[wanted_len] == ':');
        have += have_len + (have[have_len] == ':');
    }
    return components;
}

/* how closely a list of platforms suits a target: 0 not, 1 any target */
static int resolve_suits(const bson_t *benchmark, const bson_t *targets)
{
    bson_t platforms;
    bson_iter_t platform, target;
    bool any = false;
    int best = 0;

    if (!document_child(benchmark, "platforms", &platforms) ||
        !bson_iter_init(&platform, &platforms))
        return 1;
    while (bson_iter_next(&platform)) {
        if (!BSON_ITER_HOLDS_UTF8(&platform))
            continue;
        any = true;
        if (!bson_iter_init(&target, targets))
            continue;
        while (bson_iter_next(&target)) {
            int rank = BSON_ITER_HOLDS_UTF8(&target)
                           ? rules_cpe_suits(bson_iter_utf8(&platform, NULL),
                                             bson_iter_utf8(&target, NULL))
                           : 0;
            if (rank > 0 && rank + 1 > best)
                best = rank + 1;
        }
    }
    return any ? best : 1;
}

/* ---- references ---------------------------------------------------------- */

struct resolving {
    struct store *store;
    const char *rule_id;
    const bson_t *platforms; /* NULL: not asked */
    bson_t *out;
    int rank;                /* of the best so far */
    size_t candidates, best; /* how many; how many are as good */
    char text[ENGINE_MESSAGE_MAX / 2];
    struct name_list list;   /* of all candidates */
};

static engine_status resolve_rank(struct resolving *r, const char *benchmark,
                                  int *out, engine_error *err)
{
    bson_t *filter = BCON_NEW("_id", BCON_UTF8(benchmark));
    bson_t *fields = BCON_NEW("platforms", BCON_INT32(1));
    const struct store_query query = {.filter = filter, .fields = fields};
    struct store_cursor *cursor = NULL;
    const bson_t *document = NULL;
    engine_status status =
        store_find(r->store, STORE_BENCHMARKS, &query, &cursor, err);
    int more = 0;

    *out = 1; /* without a document nothing restricts it */
    if (status == ENGINE_OK) {
        more = store_cursor_next(cursor, &document, err);
        if (more > 0)
            *out = resolve_suits(document, r->platforms);
        else if (more < 0)
            status = more;
    }
    store_cursor_close(cursor);
    bson_destroy(fields);
    bson_destroy(filter);
    return status;
}

static engine_status resolve_consider(struct resolving *r, const bson_t *rule,
                                      engine_error *err)
{
    const char *benchmark = document_string(rule, "benchmark");
    engine_status status = ENGINE_OK;
    int rank = 1;

    if (!benchmark || !document_string(rule, "check_content.artifact"))
        return ENGINE_OK; /* another bare reference */
    r->candidates++;
    name_list_add(&r->list, benchmark);
    if (r->platforms)
        status = resolve_rank(r, benchmark, &rank, err);
    if (status < 0 || rank == 0 || rank < r->rank)
        return status;
    r->best = rank > r->rank ? 1 : r->best + 1;
    r->rank = rank;
    bson_destroy(r->out);
    bson_copy_to(rule, r->out);
    return ENGINE_OK;
}

static engine_status resolve_candidates(struct resolving *r,
                                        const char *wanted, engine_error *err)
{
    bson_t *filter = BCON_NEW("rule_id", BCON_UTF8(r->rule_id), "is_latest",
                              BCON_BOOL(true), "scanner_type",
                              BCON_UTF8("oscap"));
    const struct store_query query = {.filter = filter};
    struct store_cursor *cursor = NULL;
    const bson_t *rule = NULL;
    engine_status status;
    int more = 0;

    if (wanted)
        BSON_APPEND_UTF8(filter, "benchmark", wanted);
    status = store_find(r->store, STORE_RULES, &query, &cursor, err);
    while (status == ENGINE_OK &&
           (more = store_cursor_next(cursor, &rule, err)) > 0)
        status = resolve_consider(r, rule, err);
    if (status == ENGINE_OK && more < 0)
        status = more;
    store_cursor_close(cursor);
    bson_destroy(filter);
    return status;
}

static engine_status resolve_failure(const struct resolving *r,
                                     const char *wanted, engine_error *err)
{
    if (r->candidates == 0 && wanted)
        return engine_fail(err, ENGINE_ENOTFOUND,
                           "benchmark \"%s\" has no rule \"%s\"", wanted,
                           r->rule_id);
    if (r->candidates == 0) {
        engine_fail(err, ENGINE_ENOTFOUND,
                    "no imported benchmark has the rule \"%s\"", r->rule_id);
        engine_hint(err, "import the SCAP content of the target's system");
    } else if (r->best == 0) {
        engine_fail(err, ENGINE_ENOTFOUND,
                    "rule \"%s\" is only in benchmarks for other systems: %s",
                    r->rule_id, r->text);
        engine_hint(err, "import the content of the target's system, or set "
                         "applicability on the target");
    } else {
        engine_fail(err, ENGINE_ENOTFOUND,
                    "rule \"%s\" is in several benchmarks that suit the "
                    "target: %s", r->rule_id, r->text);
        engine_hint(err, "name one with --benchmark");
    }
    return ENGINE_ENOTFOUND;
}

engine_status rules_resolve(struct store *store, const char *scap_rule_id,
                            const char *wanted_benchmark,
                            const bson_t *platforms, bson_t *out_rule,
                            engine_error *err)
{
    struct resolving r = {.store = store,
                          .rule_id = scap_rule_id,
                          .platforms = platforms,
                          .out = out_rule};
    engine_status status;

    bson_init(out_rule);
    name_list_init(&r.list, r.text, sizeof(r.text));
    status = resolve_candidates(&r, wanted_benchmark, err);
    if (status == ENGINE_OK && r.best != 1)
        status = resolve_failure(&r, wanted_benchmark, err);
    if (status < 0) {
        bson_destroy(out_rule);
        bson_init(out_rule); /* nothing to free */
    }
    return status;
}

/* ---- one rule by its name ------------------------------------------------ */

/* copies the rule of that id; ENGINE_EINVAL when several benchmarks have it */
static engine_status find_exact(struct store *store, const char *benchmark,
                                const char *rule_id, bson_t *out,
                                engine_error *err)
{
    bson_t *filter = BCON_NEW("rule_id", BCON_UTF8(rule_id), "is_latest",
                              BCON_BOOL(true));
    const struct store_query query = {.filter = filter};
    struct store_cursor *cursor = NULL;
    const bson_t *rule = NULL;
    char text[ENGINE_MESSAGE_MAX / 2];
    struct name_list list;
    engine_status status;
    size_t count = 0;
    int more = 0;

    if (benchmark)
        BSON_APPEND_UTF8(filter, "benchmark", benchmark);
    name_list_init(&list, text, sizeof(text));
    bson_init(out);
    status = store_find(store, STORE_RULES, &query, &cursor, err);
    while (status == ENGINE_OK &&
           (more = store_cursor_next(cursor, &rule, err)) > 0) {
        const char *from = document_string(rule, "benchmark");
        name_list_add(&list, from ? from : "?");
        if (count++ > 0)
            continue;
        bson_destroy(out);
        bson_copy_to(rule, out);
    }
    if (status == ENGINE_OK && more < 0)
        status = more;
    if (status == ENGINE_OK && count == 0)
        status = engine_fail(err, ENGINE_ENOTFOUND, "there is no rule \"%s\"",
                             rule_id);
    if (status == ENGINE_OK && count > 1) {
        status = engine_fail(err, ENGINE_EINVAL,
                             "rule \"%s\" is in the benchmarks %s", rule_id,
                             text);
        engine_hint(err, "name one with --benchmark");
    }
    store_cursor_close(cursor);
    bson_destroy(filter);
    if (status < 0) {
        bson_destroy(out);
        bson_init(out); /* nothing to free */
    }
    return status;
}

static engine_status find_by_suffix(struct store *store,
                                    const char *benchmark, const char *name,
                                    char **out, engine_error *err)
{
    bson_t *filter = BCON_NEW("is_latest", BCON_BOOL(true));
    bson_t *fields = BCON_NEW("rule_id", BCON_INT32(1));
    const struct store_query query = {.filter = filter, .fields = fields};
    struct store_cursor *cursor = NULL;
    const bson_t *rule = NULL;
    struct name_search search;
    engine_status status;
    int more = 0;

    if (benchmark)
        BSON_APPEND_UTF8(filter, "benchmark", benchmark);
    name_search_init(&search, name);
    status = store_find(store, STORE_RULES, &query, &cursor, err);
    while (status == ENGINE_OK &&
           (more = store_cursor_next(cursor, &rule, err)) > 0) {
        const char *id = document_string(rule, "rule_id");
        if (id)
            status = name_search_add(&search, id, err);
    }
    if (status == ENGINE_OK && more < 0)
        status = more;
    if (status == ENGINE_OK && search.count == 0)
        status = engine_fail(err, ENGINE_ENOTFOUND,
                             "there is no rule \"%s\"", name);
    if (status == ENGINE_OK)
        status = name_search_take(&search, "rule", out, err);
    name_search_clear(&search);
    store_cursor_close(cursor);
    bson_destroy(fields);
    bson_destroy(filter);
    return status;
}

engine_status rules_find_rule(struct store *store, const char *benchmark,
                              const char *name, bson_t *out,
                              engine_error *err)
{
    engine_status status = find_exact(store, benchmark, name, out, err);
    char *id = NULL;

    if (status != ENGINE_ENOTFOUND)
        return status;
    status = find_by_suffix(store, benchmark, name, &id, err);
    if (status == ENGINE_OK)
        status = find_exact(store, benchmark, id, out, err);
    engine_free(id);
    return status;
}
