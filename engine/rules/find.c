/* SPDX-License-Identifier: Apache-2.0 */
/* find.c - one rule by its id, or by the end of it. */
#include "engine/rules/rules_private.h"
#include "sdk/base/alloc.h"

struct finding {
    bson_t *out;
    size_t count;
    char text[ENGINE_MESSAGE_MAX / 2];
    struct name_list list; /* of the benchmarks that have it */
};

static engine_status find_take(const bson_t *rule, void *user,
                               engine_error *err)
{
    const char *benchmark = document_string(rule, "benchmark");
    struct finding *finding = user;

    (void)err;
    name_list_add(&finding->list, benchmark ? benchmark : "?");
    if (finding->count++ == 0) {
        bson_destroy(finding->out);
        bson_copy_to(rule, finding->out);
    }
    return ENGINE_OK;
}

/* copies the rule of that id; ENGINE_EINVAL when several benchmarks have it */
static engine_status find_exact(struct store *store, const char *benchmark,
                                const char *rule_id, bson_t *out,
                                engine_error *err)
{
    bson_t *filter = BCON_NEW("rule_id", BCON_UTF8(rule_id), "is_latest",
                              BCON_BOOL(true));
    struct finding finding = {.out = out};
    engine_status status;

    if (benchmark)
        BSON_APPEND_UTF8(filter, "benchmark", benchmark);
    name_list_init(&finding.list, finding.text, sizeof(finding.text));
    bson_init(out);
    status = rules_each(store, STORE_RULES, filter, NULL, find_take, &finding,
                        err);
    bson_destroy(filter);
    if (status == ENGINE_OK && finding.count == 0)
        status = engine_fail(err, ENGINE_ENOTFOUND, "there is no rule \"%s\"",
                             rule_id);
    if (status == ENGINE_OK && finding.count > 1) {
        status = engine_fail(err, ENGINE_EINVAL,
                             "rule \"%s\" is in the benchmarks %s", rule_id,
                             finding.text);
        engine_hint(err, "name one with --benchmark");
    }
    if (status < 0) {
        bson_destroy(out);
        bson_init(out); /* nothing to free */
    }
    return status;
}

static engine_status find_name(const bson_t *rule, void *user,
                               engine_error *err)
{
    const char *id = document_string(rule, "rule_id");

    return id ? name_search_add(user, id, err) : ENGINE_OK;
}

static engine_status find_by_suffix(struct store *store,
                                    const char *benchmark, const char *name,
                                    char **out, engine_error *err)
{
    bson_t *filter = BCON_NEW("is_latest", BCON_BOOL(true));
    bson_t *fields = BCON_NEW("rule_id", BCON_INT32(1));
    struct name_search search;
    engine_status status;

    if (benchmark)
        BSON_APPEND_UTF8(filter, "benchmark", benchmark);
    name_search_init(&search, name);
    status = rules_each(store, STORE_RULES, filter, fields, find_name,
                        &search, err);
    if (status == ENGINE_OK && search.count == 0)
        status = engine_fail(err, ENGINE_ENOTFOUND,
                             "there is no rule \"%s\"", name);
    if (status == ENGINE_OK)
        status = name_search_take(&search, "rule", out, err);
    name_search_clear(&search);
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
