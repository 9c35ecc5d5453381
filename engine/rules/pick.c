/* SPDX-License-Identifier: Apache-2.0 */
/* pick.c - the rules that a scan configuration names one by one. */
#include <string.h>

#include "engine/rules/rules_private.h"
#include "sdk/base/alloc.h"

struct picking {
    const struct rules_pick *pick;
    struct name_search *searches;
    size_t count;
    struct table by_name; /* name -> its search */
};

/* Every part of an id that may be a name is looked up: itself, and what
 * follows each "_". */
static engine_status pick_rule(const bson_t *rule, void *user,
                               engine_error *err)
{
    const char *id = document_string(rule, "rule_id");
    const struct picking *p = user;
    const char *at = id;
    engine_status status = ENGINE_OK;

    if (!id || (p->pick->only_wanted && !table_has(p->pick->wanted, id)))
        return ENGINE_OK;
    while (at && status == ENGINE_OK) {
        struct name_search *search = table_get(&p->by_name, at);
        if (search)
            status = name_search_add(search, id, err);
        at = strchr(at, '_');
        at = at ? at + 1 : NULL;
    }
    return status;
}

static engine_status pick_read_one(struct picking *p, const char *name,
                                   engine_error *err)
{
    struct name_search *search = &p->searches[p->count];

    if (!name || !*name)
        return engine_fail(err, ENGINE_EINVAL,
                           "rules must be a list of rule ids");
    if (table_has(&p->by_name, name))
        return ENGINE_OK;
    name_search_init(search, name);
    p->count++;
    return table_set(&p->by_name, name, search) < 0 ? engine_fail_memory(err)
                                                    : ENGINE_OK;
}

static engine_status pick_read(struct picking *p, const bson_t *config,
                               engine_error *err)
{
    engine_status status = ENGINE_OK;
    bson_iter_t value, name;
    bson_t list;

    if (!bson_iter_init_find(&value, config, "rules") ||
        BSON_ITER_HOLDS_NULL(&value))
        return ENGINE_OK;
    if (!document_iter_child(&value, &list))
        return pick_read_one(p, NULL, err);
    p->searches =
        engine_calloc(bson_count_keys(&list) + 1, sizeof(*p->searches));
    if (!p->searches)
        return engine_fail_memory(err);
    bson_iter_recurse(&value, &name);
    while (status == ENGINE_OK && bson_iter_next(&name))
        status = pick_read_one(p, BSON_ITER_HOLDS_UTF8(&name)
                                      ? bson_iter_utf8(&name, NULL)
                                      : NULL, err);
    return status;
}

/* A name that found nothing may be one that the rest of the selection
 * excludes; that is another mistake. */
static engine_status pick_missing(const struct picking *p, const char *name,
                                  engine_error *err)
{
    engine_error why = {0};
    bson_t rule;
    engine_status status = rules_find_rule(p->pick->store, p->pick->benchmark,
                                           name, &rule, &why);

    if (status == ENGINE_OK) {
        bson_destroy(&rule);
        return engine_fail(err, ENGINE_EINVAL,
                           "rule \"%s\" is not in what the benchmark, "
                           "profile, framework and rule_filter select", name);
    }
    if (status == ENGINE_ENOTFOUND)
        status = why.status = ENGINE_EINVAL;
    if (err)
        *err = why;
    return status;
}

static engine_status pick_take(struct picking *p, engine_error *err)
{
    struct table *wanted = p->pick->wanted;
    engine_status status = ENGINE_OK;

    table_clear(wanted);
    for (size_t i = 0; status == ENGINE_OK && i < p->count; i++) {
        char *id = NULL;
        if (p->searches[i].count == 0)
            return pick_missing(p, p->searches[i].name, err);
        status = name_search_take(&p->searches[i], "rule", &id, err);
        if (status == ENGINE_OK && table_set(wanted, id, wanted) < 0)
            status = engine_fail_memory(err);
        engine_free(id);
    }
    return status;
}

engine_status rules_pick_names(const struct rules_pick *pick,
                               const bson_t *config, const bson_t *filter,
                               bool *any, engine_error *err)
{
    struct picking p = {.pick = pick};
    engine_status status;

    table_init(&p.by_name);
    status = pick_read(&p, config, err);
    *any = status == ENGINE_OK && p.count > 0;
    if (*any) {
        bson_t *fields = BCON_NEW("rule_id", BCON_INT32(1));
        status = rules_each(pick->store, STORE_RULES, filter, fields,
                            pick_rule, &p, err);
        bson_destroy(fields);
        if (status == ENGINE_OK)
            status = pick_take(&p, err);
    }
    for (size_t i = 0; i < p.count; i++)
        name_search_clear(&p.searches[i]);
    engine_free(p.searches);
    table_clear(&p.by_name);
    return status;
}
