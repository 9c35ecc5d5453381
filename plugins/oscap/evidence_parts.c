/* SPDX-License-Identifier: Apache-2.0 */
/* evidence_parts.c - single elements of an OVAL results file, copied. */
#include <string.h>

#include "plugins/oscap/evidence_private.h"
#include "plugins/oscap/results_reader.h"

#define EVIDENCE_RESERVE ((size_t)4 * 1024 * 1024) /* not for items */

/* NULL from the arena: is it the machine's memory or our limit? */
engine_status evidence_full(const struct oscap_evidence *evidence,
                            engine_error *err)
{
    if (evidence->arena.maximum - evidence->arena.used > EVIDENCE_RESERVE / 2)
        return engine_fail_memory(err);
    return engine_fail(err, ENGINE_ELIMIT,
                       "more than %zu MiB of OVAL results to keep",
                       evidence->arena.maximum >> 20);
}

bool evidence_in(const xmlNode *node, const char *prefix)
{
    return node->type == XML_ELEMENT_NODE && node->ns && node->ns->href &&
           strncmp((const char *)node->ns->href, prefix, strlen(prefix)) == 0;
}

bool evidence_named(const xmlNode *node, const char *name)
{
    return strcmp((const char *)node->name, name) == 0;
}

/* At most OSCAP_EVIDENCE_VALUE bytes of a text. */
static const char *evidence_shorten(struct oscap_evidence *evidence,
                                    const char *text)
{
    static const char more[] = "\xe2\x80\xa6"; /* an ellipsis */
    const size_t len = strlen(text);

    if (len <= OSCAP_EVIDENCE_VALUE)
        return arena_strndup(&evidence->arena, text, len);
    return arena_strf(
        &evidence->arena, "%.*s%s",
        (int)results_cut(text, OSCAP_EVIDENCE_VALUE - sizeof(more) + 1), text,
        more);
}

/* An attribute, or `fallback` where there is none; NULL when memory is out. */
const char *evidence_attribute(struct oscap_evidence *evidence,
                               const xmlNode *node, const char *name,
                               const char *fallback)
{
    xmlChar *value = xmlGetNoNsProp(node, (const xmlChar *)name);
    const char *copy;

    if (!value)
        return fallback;
    copy = evidence_shorten(evidence, (const char *)value);
    xmlFree(value);
    return copy;
}

/* ---- what was collected and what was expected --------------------------- */

static engine_status evidence_find_item(struct oscap_evidence *evidence,
                                        const xmlNode *node,
                                        struct evidence_item **out,
                                        engine_error *err)
{
    const char *id = evidence_attribute(evidence, node, "item_id", "");
    const char *key =
        id ? arena_strf(&evidence->arena, "%u/%s", evidence->system, id) : NULL;

    if (!key)
        return evidence_full(evidence, err);
    *out = table_get(&evidence->items, key);
    if (*out)
        return ENGINE_OK;
    *out = arena_alloc(&evidence->arena, sizeof(**out));
    if (!*out)
        return evidence_full(evidence, err);
    if (table_set(&evidence->items, key, *out) < 0)
        return engine_fail_memory(err);
    return ENGINE_OK;
}

/* Where to keep a tested item: once the test is full, one that does not hold
 * takes the place of one that does. */
static struct evidence_tested *evidence_seat(struct evidence_test *test,
                                             const char *result)
{
    test->items_total++;
    if (test->items_count < OSCAP_EVIDENCE_ITEMS)
        return &test->items[test->items_count++];
    if (strcmp(result, "true") == 0)
        return NULL;
    for (size_t i = OSCAP_EVIDENCE_ITEMS; i > 0; i--)
        if (strcmp(test->items[i - 1].result, "true") == 0)
            return &test->items[i - 1];
    return NULL;
}

static engine_status evidence_take_tested(struct oscap_evidence *evidence,
                                          struct evidence_test *test,
                                          const xmlNode *node,
                                          engine_error *err)
{
    xmlChar *value = xmlGetNoNsProp(node, (const xmlChar *)"result");
    const char *result = value ? (const char *)value : "";
    struct evidence_tested *seat = evidence_seat(test, result);
    engine_status status = ENGINE_OK;

    if (seat) {
        seat->result = evidence_shorten(evidence, result);
        if (!seat->result)
            status = evidence_full(evidence, err);
        else
            status = evidence_find_item(evidence, node, &seat->item, err);
    }
    xmlFree(value);
    return status;
}

/* Where fields go; `namespace` is the one of the item or state. */
struct evidence_list {
    struct evidence_field **tail;
    size_t count;
    const char *namespace;
    bool of_state;
};

static bool evidence_exists(const xmlNode *node)
{
    xmlChar *status = xmlGetNoNsProp(node, (const xmlChar *)"status");
    const bool exists = !status || !strcmp((const char *)status, "exists");

    xmlFree(status);
    return exists;
}

static bool evidence_expects(struct oscap_evidence *evidence,
                             struct evidence_field *field, const xmlNode *node)
{
    field->operation =
        evidence_attribute(evidence, node, "operation", "equals");
    if (!field->operation)
        return false;
    if (!xmlHasProp(node, (const xmlChar *)"var_ref"))
        return true;
    field->value = NULL;
    field->variable = evidence_attribute(evidence, node, "var_ref", "");
    return field->variable != NULL;
}

/* `name` is the arena's, NULL when that was full. */
static engine_status evidence_add_field(struct oscap_evidence *evidence,
                                        struct evidence_list *list,
                                        const char *name, const xmlNode *node,
                                        engine_error *err)
{
    struct evidence_field *field =
        arena_alloc(&evidence->arena, sizeof(*field));

    if (!field || !name)
        return evidence_full(evidence, err);
    field->name = name;
    if (list->of_state || evidence_exists(node)) {
        xmlChar *text = xmlNodeGetContent(node);

        field->value = evidence_shorten(evidence, text ? (char *)text : "");
        xmlFree(text);
        if (!field->value)
            return evidence_full(evidence, err);
    }
    if (list->of_state && !evidence_expects(evidence, field, node))
        return evidence_full(evidence, err);
    *list->tail = field;
    list->tail = &field->next;
    return ENGINE_OK;
}

engine_status evidence_take_test(struct oscap_evidence *evidence,
                                 struct evidence_test *test,
                                 const xmlNode *node, engine_error *err)
{
    struct evidence_list variables = {.tail = &test->variables};
    engine_status status = ENGINE_OK;

    test->result = evidence_attribute(evidence, node, "result", "");
    test->items = arena_alloc(&evidence->arena,
                              OSCAP_EVIDENCE_ITEMS * sizeof(*test->items));
    if (!test->result || !test->items)
        return evidence_full(evidence, err);
    for (const xmlNode *at = node->children; at && status == ENGINE_OK;
         at = at->next) {
        if (!evidence_in(at, EVIDENCE_RESULTS))
            continue;
        if (evidence_named(at, "tested_item"))
            status = evidence_take_tested(evidence, test, at, err);
        else if (evidence_named(at, "tested_variable") &&
                 variables.count++ < OSCAP_EVIDENCE_FIELDS)
            status = evidence_add_field(
                evidence, &variables,
                evidence_attribute(evidence, at, "variable_id", ""), at, err);
    }
    return status;
}

static bool evidence_is_field(const struct evidence_list *list,
                              const xmlNode *node)
{
    return evidence_in(node, list->namespace) && evidence_named(node, "field");
}

/* One entity, or the fields of one that is a record: "value[name]". */
static engine_status evidence_take_entity(struct oscap_evidence *evidence,
                                          struct evidence_list *list,
                                          const xmlNode *node,
                                          engine_error *err)
{
    struct arena *arena = &evidence->arena;
    const char *entity = (const char *)node->name;
    engine_status status = ENGINE_OK;
    bool record = false;

    for (const xmlNode *at = node->children; at && status == ENGINE_OK;
         at = at->next) {
        const char *name;

        if (!evidence_is_field(list, at))
            continue;
        record = true;
        if (list->count++ >= OSCAP_EVIDENCE_FIELDS)
            break;
        name = evidence_attribute(evidence, at, "name", "");
        if (name)
            name = arena_strf(arena, "%.255s[%s]", entity, name);
        status = evidence_add_field(evidence, list, name, at, err);
    }
    if (record || list->count++ >= OSCAP_EVIDENCE_FIELDS)
        return status;
    return evidence_add_field(evidence, list,
                              arena_strf(arena, "%.255s", entity), node, err);
}

static engine_status evidence_take_fields(struct oscap_evidence *evidence,
                                          struct evidence_list *list,
                                          const xmlNode *node,
                                          engine_error *err)
{
    engine_status status = ENGINE_OK;

    for (const xmlNode *at = node->children; at && status == ENGINE_OK;
         at = at->next)
        if (evidence_in(at, list->namespace) &&
            !evidence_named(at, "message") && !evidence_named(at, "notes"))
            status = evidence_take_entity(evidence, list, at, err);
    return status;
}

/* The arena's last part is kept for the second pass: when a host has that
 * many large items, the rest stays without fields. */
engine_status evidence_take_item(struct oscap_evidence *evidence,
                                 struct evidence_item *item,
                                 const xmlNode *node, engine_error *err)
{
    struct evidence_list list = {.tail = &item->fields,
                                 .namespace = EVIDENCE_ITEMS};
    const char *name = (const char *)node->name;

    if (evidence->arena.maximum - evidence->arena.used < EVIDENCE_RESERVE)
        return ENGINE_OK;
    item->type =
        arena_strndup(&evidence->arena, name, strlen(name) - strlen("_item"));
    if (!item->type)
        return evidence_full(evidence, err);
    return evidence_take_fields(evidence, &list, node, err);
}

static engine_status evidence_add_state(struct oscap_evidence *evidence,
                                        struct evidence_state_ref ***tail,
                                        const xmlNode *node, engine_error *err)
{
    const char *id = evidence_attribute(evidence, node, "state_ref", "");
    struct evidence_state_ref *ref;

    ref = arena_alloc(&evidence->arena, sizeof(*ref));
    if (!id || !ref)
        return evidence_full(evidence, err);
    ref->state = table_get(&evidence->states, id);
    if (!ref->state) {
        ref->state = arena_alloc(&evidence->arena, sizeof(*ref->state));
        if (!ref->state)
            return evidence_full(evidence, err);
        if (table_set(&evidence->states, id, ref->state) < 0)
            return engine_fail_memory(err);
    }
    **tail = ref;
    *tail = &ref->next;
    return ENGINE_OK;
}

engine_status evidence_define_test(struct oscap_evidence *evidence,
                                   struct evidence_test *test,
                                   const xmlNode *node, engine_error *err)
{
    struct evidence_state_ref **tail = &test->states;
    engine_status status = ENGINE_OK;

    test->defined = true;
    test->comment = evidence_attribute(evidence, node, "comment", "");
    test->check = evidence_attribute(evidence, node, "check", "");
    test->existence = evidence_attribute(evidence, node, "check_existence",
                                         "at_least_one_exists");
    if (!test->comment || !test->check || !test->existence)
        return evidence_full(evidence, err);
    for (const xmlNode *at = node->children; at && status == ENGINE_OK;
         at = at->next)
        if (evidence_in(at, EVIDENCE_DEFINITIONS) &&
            evidence_named(at, "state"))
            status = evidence_add_state(evidence, &tail, at, err);
    return status;
}

engine_status evidence_define_state(struct oscap_evidence *evidence,
                                    struct evidence_state *state,
                                    const xmlNode *node, engine_error *err)
{
    struct evidence_list list = {.tail = &state->fields,
                                 .namespace = EVIDENCE_DEFINITIONS,
                                 .of_state = true};

    state->known = true;
    return evidence_take_fields(evidence, &list, node, err);
}
