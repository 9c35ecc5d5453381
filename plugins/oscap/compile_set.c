/* SPDX-License-Identifier: Apache-2.0 */
/* compile_set.c - the closure of fragments over their references. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/oscap/compile.h"
#include "sdk/base/alloc.h"
#include "sdk/base/hash.h"
#include "sdk/document/document.h"

engine_status compile_set_init(struct compile_set *set,
                               const struct oscap_content *content,
                               engine_error *err)
{
    const size_t count = content->head->items_count + 1;

    *set = (struct compile_set){.content = content};
    set->marked = engine_calloc(count, 1);
    set->stack = engine_malloc(count * sizeof(*set->stack));
    if (set->marked && set->stack)
        return ENGINE_OK;
    compile_set_clear(set);
    return engine_fail_memory(err);
}

void compile_set_clear(struct compile_set *set)
{
    engine_free(set->marked);
    engine_free(set->stack);
    engine_free(set->rules);
    *set = (struct compile_set){0};
}

static void compile_set_push(struct compile_set *set, uint32_t item)
{
    if (item == FRAGMENT_NONE || set->marked[item])
        return;
    set->marked[item] = 1;
    set->stack[set->stack_count++] = item;
}

/* Every item is pushed at most once, so the stack never overflows. */
void compile_set_mark(struct compile_set *set, uint32_t item)
{
    const struct oscap_content *content = set->content;

    compile_set_push(set, item);
    while (set->stack_count) {
        const struct fragment *at =
            &content->items[set->stack[--set->stack_count]];

        if (at->kind != FRAGMENT_VALUE)
            compile_set_push(set, at->parent);
        compile_set_push(set, at->component);
        for (uint32_t i = 0; i < at->refs_count; i++)
            compile_set_push(set, content->refs[at->refs + i]);
    }
}

engine_status compile_rule_find(const struct oscap_content *content,
                                const bson_t *rule, uint32_t *out,
                                engine_error *err)
{
    char id[1024];
    engine_status status = oscap_rule_xccdf_id(rule, id, sizeof(id), err);
    uint32_t found;

    if (status < 0)
        return status;
    found = fragments_find(content, FRAGMENT_RULE, FRAGMENT_NONE, id);
    if (found == FRAGMENT_NONE) {
        status = engine_fail(err, ENGINE_ENOTFOUND,
                             "rule \"%s\" is not in the content of "
                             "benchmark \"%s\"",
                             id, oscap_content_benchmark(content));
        engine_hint(err, "import the content again");
        return status;
    }
    *out = found;
    return ENGINE_OK;
}

static int compile_set_order(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

static void compile_set_unique(struct compile_set *set)
{
    size_t kept = 0;

    qsort(set->rules, set->rules_count, sizeof(*set->rules), compile_set_order);
    for (size_t i = 0; i < set->rules_count; i++)
        if (!kept || set->rules[kept - 1] != set->rules[i])
            set->rules[kept++] = set->rules[i];
    set->rules_count = kept;
}

engine_status compile_set_rules(struct compile_set *set,
                                const bson_t *const *rules, size_t count,
                                engine_error *err)
{
    const struct oscap_content *content = set->content;
    uint32_t at, trailers;

    if (!count)
        return engine_fail(err, ENGINE_EINVAL, "no rules to compile");
    set->rules = engine_malloc(count * sizeof(*set->rules));
    if (!set->rules)
        return engine_fail_memory(err);
    for (size_t i = 0; i < count; i++) {
        const engine_status status =
            compile_rule_find(content, rules[i], &set->rules[i], err);

        if (status < 0)
            return status;
    }
    set->rules_count = count;
    compile_set_unique(set);
    for (size_t i = 0; i < set->rules_count; i++)
        compile_set_mark(set, set->rules[i]);
    at = fragments_range(content, FRAGMENT_TRAILER, FRAGMENT_NONE, &trailers);
    for (uint32_t i = 0; i < trailers; i++)
        compile_set_mark(set, content->sorted[at + i]);
    return ENGINE_OK;
}

/* ---- ids ---------------------------------------------------------------- */

/* A rule written by hand gets an id of ours; what XML ids cannot hold is
 * replaced, and a hash keeps two such ids apart. */
static int compile_own_id(const char *rule_id, char *out, size_t out_size)
{
    char hash[HASH_HEX_SIZE];
    bool changed = false;
    int len;

    len = snprintf(out, out_size, "xccdf_org.scan-engine_rule_");
    for (const char *at = rule_id; *at; at++) {
        const bool fine = (*at >= 'a' && *at <= 'z') ||
                          (*at >= 'A' && *at <= 'Z') ||
                          (*at >= '0' && *at <= '9') || *at == '.' ||
                          *at == '-' || *at == '_';

        if ((size_t)len + 11 >= out_size)
            return -1;
        changed = changed || !fine;
        out[len++] = fine ? *at : '_';
    }
    out[len] = '\0';
    if (!changed)
        return 0;
    hash_bytes(rule_id, strlen(rule_id), hash);
    snprintf(out + len, out_size - (size_t)len, "_%.8s", hash);
    return 0;
}

engine_status oscap_rule_xccdf_id(const bson_t *rule, char *out,
                                  size_t out_size, engine_error *err)
{
    const char *id = document_string(rule, "check_content.rule");
    const char *rule_id = document_string(rule, "rule_id");

    if (!id && rule_id &&
        document_string(rule, "check_content.oval.definition")) {
        if (compile_own_id(rule_id, out, out_size) == 0)
            return ENGINE_OK;
        return engine_fail(err, ENGINE_ELIMIT,
                           "rule id \"%.100s\" is too "
                           "long",
                           rule_id);
    }
    if (!id)
        id = document_string(rule, "check_content.scap_rule_id");
    if (!id)
        id = document_string(rule, "scap_rule_id");
    if (!id && rule_id && strncmp(rule_id, "xccdf_", 6) == 0)
        id = rule_id;
    if (!id)
        return engine_fail(err, ENGINE_EINVAL,
                           "rule \"%s\" names no XCCDF rule",
                           rule_id ? rule_id : "");
    if (strlen(id) >= out_size)
        return engine_fail(err, ENGINE_ELIMIT,
                           "rule id \"%.100s\" is too "
                           "long",
                           id);
    memcpy(out, id, strlen(id) + 1);
    return ENGINE_OK;
}

/* ---- questions about one rule ------------------------------------------- */

/* The definition a rule's checks name first, FRAGMENT_NONE when there is
 * none in the content. */
static uint32_t compile_rule_definition(const struct oscap_content *content,
                                        const bson_t *rule, bool *unchecked)
{
    const struct fragment *item;
    uint32_t found;

    *unchecked = false;
    if (compile_rule_find(content, rule, &found, NULL) < 0)
        return FRAGMENT_NONE;
    item = &content->items[found];
    *unchecked = (item->flags & FRAGMENT_UNCHECKED) != 0;
    for (uint32_t i = 0; i < item->refs_count; i++) {
        const uint32_t to = content->refs[item->refs + i];

        if (content->items[to].kind == FRAGMENT_DEFINITION)
            return to;
    }
    return FRAGMENT_NONE;
}

bool oscap_rule_is_automated(const struct oscap_content *content,
                             const bson_t *rule)
{
    bool unchecked;

    return compile_rule_definition(content, rule, &unchecked) !=
               FRAGMENT_NONE &&
           !unchecked;
}

const char *oscap_rule_definition(const struct oscap_content *content,
                                  const bson_t *rule)
{
    bool unchecked;
    const uint32_t found = compile_rule_definition(content, rule, &unchecked);

    return found == FRAGMENT_NONE
               ? NULL
               : fragments_string(content, content->items[found].id);
}
