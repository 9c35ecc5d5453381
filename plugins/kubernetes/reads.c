/* SPDX-License-Identifier: Apache-2.0 */
/* reads.c - every distinct path is read once, every filter compiled once. */
#include "plugins/kubernetes/rule.h"

#include <string.h>

#include "plugins/kubernetes/foreach.h"
#include "sdk/base/alloc.h"

#define READS_MEMORY ((size_t)64 * 1024 * 1024)

void kube_reads_init(struct kube_reads *reads)
{
    memset(reads, 0, sizeof(*reads));
    table_init(&reads->by_key);
    arena_init(&reads->arena, READS_MEMORY);
}

void kube_reads_clear(struct kube_reads *reads)
{
    for (size_t i = 0; i < reads->count; i++) {
        kube_read_clear(reads->items[i]);
        value_mask_free(reads->items[i]->mask);
        kube_path_clear(&reads->items[i]->path);
    }
    engine_free(reads->items);
    table_clear(&reads->by_key);
    arena_clear(&reads->arena);
    memset(reads, 0, sizeof(*reads));
}

static engine_status reads_add(struct kube_reads *reads, const char *key,
                               struct kube_path *path, struct kube_read **out,
                               engine_error *err)
{
    struct kube_read *read = arena_alloc(&reads->arena, sizeof(*read));

    if (!read)
        return engine_fail_memory(err);
    if (reads->count == reads->room) {
        const size_t room = reads->room ? reads->room * 2 : 64;
        struct kube_read **items =
            engine_realloc(reads->items, room * sizeof(struct kube_read *));
        if (!items)
            return engine_fail_memory(err);
        reads->items = items;
        reads->room = room;
    }
    read->mask = value_mask_new();
    if (!read->mask || table_set(&reads->by_key, key, read) < 0) {
        value_mask_free(read->mask);
        return engine_fail_memory(err);
    }
    reads->items[reads->count++] = read;
    read->path = *path;
    memset(path, 0, sizeof(*path));
    *out = read;
    return ENGINE_OK;
}

static engine_status reads_subscribe(struct kube_reads *reads,
                                     struct kube_read *read,
                                     struct kube_rule *rule,
                                     engine_error *err)
{
    struct kube_want *want;

    /* a rule may name the same path twice, as in a list of namespaces */
    if (read->last && read->last->rule == rule &&
        read->last->role == rule->role)
        return ENGINE_OK;
    want = arena_alloc(&reads->arena, sizeof(*want));
    if (!want)
        return engine_fail_memory(err);
    want->rule = rule;
    want->role = rule->role;
    if (read->last)
        read->last->next = want;
    else
        read->wants = want;
    read->last = want;
    rule->waiting++;
    return ENGINE_OK;
}

engine_status kube_reads_want(struct kube_reads *reads,
                              struct kube_source *source, const char *path,
                              struct kube_rule *rule, struct kube_read **out,
                              engine_error *err)
{
    struct kube_path parsed;
    engine_status status = kube_path_parse(path, &parsed, err);
    bool filtered;
    char *key;

    if (status < 0)
        return status;
    filtered = parsed.hash && source->ops->filtered &&
               source->ops->filtered(source, &parsed);
    key = engine_strf("%s%s%s", parsed.key, filtered ? "#" : "",
                      filtered ? parsed.hash : "");
    if (!key) {
        kube_path_clear(&parsed);
        return engine_fail_memory(err);
    }
    *out = table_get(&reads->by_key, key);
    if (!*out) {
        status = reads_add(reads, key, &parsed, out, err);
        if (status == ENGINE_OK)
            (*out)->filtered = filtered;
    }
    if (status == ENGINE_OK)
        status = reads_subscribe(reads, *out, rule, err);
    kube_path_clear(&parsed);
    engine_free(key);
    return status;
}

/* what a result says of an object, and what selects it */
static engine_status reads_mask_identity(const struct kube_read *read)
{
    engine_status status = value_mask_keys(read->mask, "kind", NULL);
    static const char *const keys[] = {"name", "namespace", "uid"};

    for (size_t i = 0; status == ENGINE_OK && i < 3; i++)
        status = value_mask_keys(read->mask, "metadata", keys[i], NULL);
    if (status == ENGINE_OK && read->path.labels)
        status = value_mask_keys(read->mask, "metadata", "labels", NULL);
    if (status == ENGINE_OK && read->path.fields)
        status = value_mask_add(read->mask, NULL, 0);
    return status;
}

engine_status kube_reads_mask(struct kube_read *read,
                              const struct kube_rule *rule, engine_error *err)
{
    engine_status status = reads_mask_identity(read);

    if (status < 0)
        return engine_fail_memory(err);
    switch (rule->view) {
    case KUBE_VIEW_OBJECTS:
    case KUBE_VIEW_ELEMENTS:
        status = check_wants(rule->check, read->mask);
        break;
    case KUBE_VIEW_FILTERED:
        read->filters = true;
        status = expr_wants(rule->filter, read->mask);
        break;
    case KUBE_VIEW_EACH:
        status = kube_foreach_wants(rule->each, rule->role, read->mask);
        break;
    case KUBE_VIEW_DOCUMENT:
        read->keep = true;
        break;
    }
    return status < 0 ? engine_fail_memory(err) : ENGINE_OK;
}

/* ---- programs ------------------------------------------------------------ */

struct kube_programs {
    struct table by_text;
    struct expr_pool *pool; /* one jq for all of them: it takes long to start */
};

struct kube_programs *kube_programs_new(void)
{
    struct kube_programs *programs = engine_calloc(1, sizeof(*programs));

    if (!programs)
        return NULL;
    table_init(&programs->by_text);
    programs->pool = expr_pool_new();
    if (!programs->pool) {
        engine_free(programs);
        return NULL;
    }
    return programs;
}

void kube_programs_free(struct kube_programs *programs)
{
    size_t at = 0;
    void *expr;

    if (!programs)
        return;
    while (table_next(&programs->by_text, &at, &expr))
        expr_free(expr);
    expr_pool_free(programs->pool);
    table_clear(&programs->by_text);
    engine_free(programs);
}

void kube_programs_hold(struct kube_programs *programs,
                        const struct value *value)
{
    expr_pool_hold(programs->pool, value);
}

engine_status kube_programs_get(struct kube_programs *programs,
                                const char *text, struct expr **out,
                                engine_error *err)
{
    const struct expr_language *jq = expr_language("jq");
    const struct expr_limits limits = {.pool = programs->pool};
    engine_status status;

    *out = table_get(&programs->by_text, text);
    if (*out)
        return ENGINE_OK;
    if (!jq)
        return engine_fail(err, ENGINE_EINVAL,
                           "the rule has a jq filter, and this build has no "
                           "jq: install libjq-dev and build again");
    status = expr_compile(jq, text, &limits, out, err);
    if (status == ENGINE_OK &&
        table_set(&programs->by_text, text, *out) < 0) {
        expr_free(*out);
        status = engine_fail_memory(err);
    }
    return status;
}
