/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shard.c - splitting rules over processes. Costs are what the probes of
 * oscap 1.3 take, measured in tenths of a millisecond; they need only be right
 * relative to each other. Rules that share an expensive object, or that
 * require or exclude each other, stay together.
 */
#include "plugins/oscap/shard.h"

#include <stdlib.h>
#include <string.h>

#include "plugins/oscap/compile.h"
#include "plugins/oscap/xml.h"
#include "sdk/base/alloc.h"

#define SHARD_RULE_COST 8     /* a rule's own share of loading, writing */
#define SHARD_EXPENSIVE 1000  /* objects worth keeping in one process */
#define SHARD_WORTHWHILE 3000 /* a part that is cheaper gains nothing */
#define SHARD_TREE 10000      /* a walk through the whole file system */
#define SHARD_BRANCH 1200     /* one below some directories */
#define SHARD_DIRECTORIES 6   /* a walk that looks at directories alone costs
                               * this part of one that looks at files */

static const struct {
    const char *object;
    uint32_t cost;
} shard_costs[] = {
    {"sysctl_object", 310},
    {"dpkginfo_object", 5},
    {"rpminfo_object", 10},
    {"rpmverify_object", SHARD_TREE},
    {"rpmverifyfile_object", SHARD_TREE},
    {"rpmverifypackage_object", SHARD_TREE},
    {"file_object", 20},
    {"fileextendedattribute_object", 20},
    {"textfilecontent54_object", 10},
    {"textfilecontent_object", 10},
    {"filehash_object", 20},
    {"filehash58_object", 20},
    {"xmlfilecontent_object", 20},
    {"yamlfilecontent_object", 20},
    {"partition_object", 20},
    {"process_object", 100},
    {"process58_object", 100},
    {"inetlisteningserver_object", 200},
    {"selinuxsecuritycontext_object", 500},
    {"systemdunitdependency_object", 60},
    {"systemdunitproperty_object", 60},
};

/* oscap starts below the fixed directories of a pattern such as ^/boot/c.*;
 * true when there are none. */
static bool shard_pattern_is_open(const char *pattern)
{
    size_t fixed, slash = 0;

    pattern += *pattern == '^';
    fixed = strcspn(pattern, ".*+?[](){}|\\$");
    for (size_t i = 0; i < fixed; i++)
        if (pattern[i] == '/')
            slash = i;
    return slash == 0;
}

static const char *shard_text(const xmlNode *node)
{
    return node->children && node->children->content
               ? (const char *)node->children->content
               : "";
}

/* Descending into directories, patterns of paths, patterns of file names: the
 * most of what the parts of an object cost. */
static uint32_t shard_part_cost(const xmlNode *part, bool *descends)
{
    const char *direction = xml_attr(part, "recurse_direction");
    const char *operation = xml_attr(part, "operation");
    const char *name = xml_name(part);
    const bool pattern = operation && strcmp(operation, "pattern match") == 0;

    if (strcmp(name, "behaviors") == 0 && direction &&
        strcmp(direction, "none") != 0) {
        *descends = true;
        return SHARD_BRANCH;
    }
    if (strcmp(name, "path") == 0 && *descends &&
        strcmp(shard_text(part), "/") == 0)
        return SHARD_TREE;
    if ((strcmp(name, "path") == 0 || strcmp(name, "filepath") == 0) &&
        pattern && *shard_text(part) && /* not from a variable */
        shard_pattern_is_open(shard_text(part)))
        return SHARD_TREE;
    if (strcmp(name, "filename") == 0 && pattern &&
        strcmp(xml_name(part->parent), "file_object") == 0)
        return 200;
    return pattern ? 20 : 0;
}

/* <filename xsi:nil="true"/>: the object is about directories */
static bool shard_is_nil_name(const xmlNode *part)
{
    const char *nil = strcmp(xml_name(part), "filename") == 0
                          ? xml_attr_ns(part, XML_XSI, "nil")
                          : NULL;

    return nil && (strcmp(nil, "true") == 0 || strcmp(nil, "1") == 0);
}

uint32_t shard_object_cost(const xmlNode *object)
{
    const char *name = xml_name(object);
    bool descends = false, directories = false;
    uint32_t cost = 5;

    for (size_t i = 0; i < sizeof(shard_costs) / sizeof(*shard_costs); i++)
        if (strcmp(shard_costs[i].object, name) == 0)
            cost = shard_costs[i].cost;
    /* <behaviors> comes before <path> */
    for (const xmlNode *at = xml_first(object); at; at = xml_next(at)) {
        const uint32_t part = shard_part_cost(at, &descends);

        cost = part > cost ? part : cost;
        directories = directories || shard_is_nil_name(at);
    }
    return descends && directories ? cost / SHARD_DIRECTORIES : cost;
}

/* ---- groups of rules ---------------------------------------------------- */

struct shard_plan {
    const struct oscap_content *content;
    uint32_t *leader; /* of each rule; itself when it leads */
    uint32_t *owner;  /* per item: the first rule that needs it, + 1 */
    uint64_t *cost;   /* per leader */
    uint32_t *order;
    size_t count;
};

static uint32_t shard_leader(struct shard_plan *plan, uint32_t rule)
{
    while (plan->leader[rule] != rule) {
        plan->leader[rule] = plan->leader[plan->leader[rule]];
        rule = plan->leader[rule];
    }
    return rule;
}

static void shard_join(struct shard_plan *plan, uint32_t a, uint32_t b)
{
    a = shard_leader(plan, a);
    b = shard_leader(plan, b);
    if (a < b)
        plan->leader[b] = a;
    else
        plan->leader[a] = b;
}

/* All that one rule needs. oscap collects an object once per process: who
 * needs it first pays, and expensive ones join all who need them. */
static void shard_visit(struct shard_plan *plan, struct compile_set *set,
                        uint32_t rule, uint32_t item)
{
    const struct oscap_content *content = plan->content;

    memset(set->marked, 0, content->head->items_count);
    compile_set_mark(set, item);
    plan->cost[rule] = SHARD_RULE_COST;
    for (uint32_t i = 0; i < content->head->items_count; i++) {
        const struct fragment *at = &content->items[i];

        if (!set->marked[i] || at->kind != FRAGMENT_OBJECT)
            continue;
        if (!plan->owner[i]) {
            plan->owner[i] = rule + 1;
            plan->cost[rule] += at->cost;
        } else if (at->cost >= SHARD_EXPENSIVE) {
            shard_join(plan, rule, plan->owner[i] - 1);
        }
    }
    if (plan->owner[item])
        shard_join(plan, rule, plan->owner[item] - 1);
    else
        plan->owner[item] = rule + 1;
}

/* Ids in requires and conflicts: the rules they name stay in one part. */
static void shard_links(struct shard_plan *plan, uint32_t rule, uint32_t item)
{
    const struct oscap_content *content = plan->content;
    const char *at = fragments_string(content, content->items[item].extra);

    while (*at) {
        const size_t word = strcspn(at, " \n");
        char id[1024];
        uint32_t found;

        if (word > 1 && word < sizeof(id)) {
            memcpy(id, at, word);
            id[word] = '\0';
            found = fragments_find(content, FRAGMENT_RULE, FRAGMENT_NONE, id);
            if (found != FRAGMENT_NONE && plan->owner[found])
                shard_join(plan, rule, plan->owner[found] - 1);
        }
        at += word + (at[word] != '\0');
    }
}

static int shard_order(const void *a, const void *b, void *user)
{
    const struct shard_plan *plan = user;
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    if (plan->cost[x] != plan->cost[y])
        return plan->cost[x] > plan->cost[y] ? -1 : 1;
    return x < y ? -1 : x > y;
}

/* Most expensive first, each to the part that has least so far. */
static unsigned shard_assign(struct shard_plan *plan, unsigned shards,
                             unsigned *part)
{
    uint64_t load[64] = {0}, total = 0;
    unsigned used = 1;

    for (size_t i = 0; i < plan->count; i++) {
        const uint32_t leader = shard_leader(plan, (uint32_t)i);

        total += plan->cost[i];
        if (leader != i)
            plan->cost[leader] += plan->cost[i];
        plan->order[i] = (uint32_t)i;
    }
    if (shards > total / SHARD_WORTHWHILE)
        shards = (unsigned)(total / SHARD_WORTHWHILE);
    shards = shards > 64 ? 64 : shards ? shards : 1;
    qsort_r(plan->order, plan->count, sizeof(*plan->order), shard_order, plan);
    for (size_t i = 0; i < plan->count; i++) {
        const uint32_t rule = plan->order[i];
        unsigned least = 0;

        if (shard_leader(plan, rule) != rule)
            continue;
        for (unsigned s = 1; s < shards; s++)
            if (load[s] < load[least])
                least = s;
        load[least] += plan->cost[rule];
        part[rule] = least;
        used = least + 1 > used ? least + 1 : used;
    }
    for (size_t i = 0; i < plan->count; i++)
        part[i] = part[shard_leader(plan, (uint32_t)i)];
    return used;
}

static bool shard_plan_init(struct shard_plan *plan,
                            const struct oscap_content *content, size_t count)
{
    *plan = (struct shard_plan){.content = content, .count = count};
    plan->leader = engine_calloc(count, sizeof(*plan->leader));
    plan->cost = engine_calloc(count, sizeof(*plan->cost));
    plan->order = engine_calloc(count, sizeof(*plan->order));
    plan->owner =
        engine_calloc(content->head->items_count + 1, sizeof(*plan->owner));
    for (size_t i = 0; plan->leader && i < count; i++)
        plan->leader[i] = (uint32_t)i;
    return plan->leader && plan->cost && plan->order && plan->owner;
}

static void shard_plan_clear(struct shard_plan *plan)
{
    engine_free(plan->leader);
    engine_free(plan->cost);
    engine_free(plan->order);
    engine_free(plan->owner);
}

unsigned oscap_shard(const struct oscap_content *content,
                     const bson_t *const *rules, size_t count, unsigned shards,
                     const uint32_t *measured, unsigned *part)
{
    struct compile_set set = {0};
    struct shard_plan plan;
    unsigned used = 1;

    memset(part, 0, count * sizeof(*part));
    if (shards < 2 || count < 2)
        return 1;
    if (shard_plan_init(&plan, content, count) &&
        compile_set_init(&set, content, NULL) == ENGINE_OK) {
        uint32_t item;

        for (uint32_t i = 0; i < count; i++)
            if (compile_rule_find(content, rules[i], &item, NULL) == ENGINE_OK)
                shard_visit(&plan, &set, i, item);
        for (uint32_t i = 0; i < count; i++)
            if (compile_rule_find(content, rules[i], &item, NULL) == ENGINE_OK)
                shard_links(&plan, i, item);
        for (size_t i = 0; measured && i < count; i++)
            if (measured[i])
                plan.cost[i] = measured[i];
        used = shard_assign(&plan, shards, part);
    }
    compile_set_clear(&set);
    shard_plan_clear(&plan);
    return used;
}
