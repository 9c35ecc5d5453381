/* SPDX-License-Identifier: Apache-2.0 */
/* evidence_definition.c - the tests of a definition, and those it extends. */
#include <string.h>

#include "plugins/oscap/evidence_private.h"

#define EVIDENCE_DEPTH 256 /* libxml2's own limit of nesting */

static engine_status definition_add_ref(struct oscap_evidence *evidence,
                                        struct evidence_ref ***tail,
                                        const xmlNode *node, bool negate,
                                        engine_error *err)
{
    const bool extends = evidence_named(node, "extend_definition");
    struct evidence_ref *ref = arena_alloc(&evidence->arena, sizeof(*ref));

    if (!ref)
        return evidence_full(evidence, err);
    ref->id = evidence_attribute(evidence, node,
                                 extends ? "definition_ref" : "test_ref", "");
    if (!ref->id)
        return evidence_full(evidence, err);
    ref->extends = extends;
    ref->negate = negate;
    **tail = ref;
    *tail = &ref->next;
    return ENGINE_OK;
}

static bool definition_negated(const xmlNode *node)
{
    xmlChar *value = xmlGetNoNsProp(node, (const xmlChar *)"negate");
    const bool negated = value && (!strcmp((const char *)value, "true") ||
                                   !strcmp((const char *)value, "1"));

    xmlFree(value);
    return negated;
}

/* The next node of a depth-first walk below root; *depth follows it. */
static const xmlNode *definition_following(const xmlNode *root,
                                           const xmlNode *node, int *depth)
{
    if (node->type == XML_ELEMENT_NODE && node->children) {
        ++*depth;
        return node->children;
    }
    while (node != root && !node->next) {
        node = node->parent;
        --*depth;
    }
    return node == root ? NULL : node->next;
}

/* Flattens the criteria, carrying their negations down. */
static engine_status definition_take_refs(
    struct oscap_evidence *evidence, struct evidence_definition *definition,
    const xmlNode *root, engine_error *err)
{
    bool negated[EVIDENCE_DEPTH + 1] = {false};
    struct evidence_ref **tail = &definition->refs;
    engine_status status = ENGINE_OK;
    int depth = 0;

    for (const xmlNode *node = root; node && status == ENGINE_OK;
         node = definition_following(root, node, &depth)) {
        if (depth == 0 || depth > EVIDENCE_DEPTH)
            continue;
        negated[depth] = negated[depth - 1];
        if (!evidence_in(node, EVIDENCE_RESULTS))
            continue;
        negated[depth] = negated[depth] != definition_negated(node);
        if (evidence_named(node, "criterion") ||
            evidence_named(node, "extend_definition"))
            status =
                definition_add_ref(evidence, &tail, node, negated[depth], err);
    }
    return status;
}

engine_status evidence_take_definition(struct oscap_evidence *evidence,
                                       const xmlNode *node, engine_error *err)
{
    struct evidence_definition *definition;
    const char *id = evidence_attribute(evidence, node, "definition_id", "");

    if (id && table_has(&evidence->definitions, id))
        return ENGINE_OK;
    definition = arena_alloc(&evidence->arena, sizeof(*definition));
    if (!id || !definition)
        return evidence_full(evidence, err);
    definition->result = evidence_attribute(evidence, node, "result", "");
    if (!definition->result)
        return evidence_full(evidence, err);
    if (table_set(&evidence->definitions, id, definition) < 0)
        return engine_fail_memory(err);
    return definition_take_refs(evidence, definition, node, err);
}
