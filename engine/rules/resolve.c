/* SPDX-License-Identifier: Apache-2.0 */
/* resolve.c - the imported rule that a bare reference stands for. */
#include <string.h>
#include <strings.h>

#include "engine/rules/rules_private.h"

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

struct resolve_rank {
    const bson_t *platforms; /* of the target */
    int rank;
};

static engine_status resolve_rank_one(const bson_t *benchmark, void *user,
                                      engine_error *err)
{
    struct resolve_rank *rank = user;

    (void)err;
    rank->rank = resolve_suits(benchmark, rank->platforms);
    return ENGINE_OK;
}

static engine_status resolve_rank(struct resolving *r, const char *benchmark,
                                  int *out, engine_error *err)
{
    bson_t *filter = BCON_NEW("_id", BCON_UTF8(benchmark));
    bson_t *fields = BCON_NEW("platforms", BCON_INT32(1));
    /* without a document nothing restricts it */
    struct resolve_rank rank = {.platforms = r->platforms, .rank = 1};
    engine_status status = rules_each(r->store, STORE_BENCHMARKS, filter,
                                      fields, resolve_rank_one, &rank, err);

    *out = rank.rank;
    bson_destroy(fields);
    bson_destroy(filter);
    return status;
}

static engine_status resolve_consider(const bson_t *rule, void *user,
                                      engine_error *err)
{
    struct resolving *r = user;
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
    engine_status status;

    if (wanted)
        BSON_APPEND_UTF8(filter, "benchmark", wanted);
    status = rules_each(r->store, STORE_RULES, filter, NULL,
                        resolve_consider, r, err);
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
