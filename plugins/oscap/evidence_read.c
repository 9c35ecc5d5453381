/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evidence_read.c - two passes over an OVAL results file. The first takes the
 * results: which tests a definition leads to, what they found. The second
 * takes the definitions of those tests and states, which the file has first.
 */
#include <stdio.h>
#include <string.h>

#include "plugins/oscap/evidence_private.h"
#include "plugins/oscap/results_reader.h"
#include "sdk/base/alloc.h"

#define EVIDENCE_ARENA ((size_t)32 * 1024 * 1024)

struct evidence_pass {
    struct oscap_evidence *evidence;
    const char *const *ids;
    size_t count;
    struct results_reader reader;
};

typedef engine_status (*evidence_element_fn)(struct evidence_pass *pass,
                                             const char *name,
                                             engine_error *err);

struct evidence_frame {
    const struct evidence_ref *ref;
    bool negate;
};

static bool evidence_enter(struct oscap_evidence *evidence,
                           struct evidence_frame *frame, const char *id,
                           bool negate)
{
    struct evidence_definition *definition =
        table_get(&evidence->definitions, id);

    if (!definition || definition->visit == evidence->visit)
        return false;
    definition->visit = evidence->visit;
    *frame = (struct evidence_frame){definition->refs, negate};
    return true;
}

engine_status evidence_walk(struct oscap_evidence *evidence,
                            const char *definition_id, evidence_test_fn fn,
                            void *user, engine_error *err)
{
    struct evidence_frame frames[EVIDENCE_NESTING];
    engine_status status = ENGINE_OK;
    size_t depth = 0;

    evidence->visit++;
    if (evidence_enter(evidence, &frames[0], definition_id, false))
        depth = 1;
    while (depth && status == ENGINE_OK) {
        struct evidence_frame *frame = &frames[depth - 1];
        const struct evidence_ref *ref = frame->ref;
        bool negate;

        if (!ref) {
            depth--;
            continue;
        }
        frame->ref = ref->next;
        negate = frame->negate != ref->negate;
        if (!ref->extends)
            status = fn(evidence, ref, negate, user, err);
        else if (depth < EVIDENCE_NESTING &&
                 evidence_enter(evidence, &frames[depth], ref->id, negate))
            depth++;
    }
    return status;
}

static engine_status evidence_want_test(struct oscap_evidence *evidence,
                                        const struct evidence_ref *ref,
                                        bool negate, void *user,
                                        engine_error *err)
{
    struct evidence_test *test;

    (void)negate;
    (void)user;
    if (table_has(&evidence->tests, ref->id))
        return ENGINE_OK;
    test = arena_alloc(&evidence->arena, sizeof(*test));
    if (!test)
        return evidence_full(evidence, err);
    test->id = ref->id;
    if (table_set(&evidence->tests, ref->id, test) < 0)
        return engine_fail_memory(err);
    return ENGINE_OK;
}

/* All definitions of a system are known: which tests do we need? */
static engine_status evidence_want(struct evidence_pass *pass,
                                   engine_error *err)
{
    engine_status status = ENGINE_OK;

    for (size_t i = 0; i < pass->count && status == ENGINE_OK; i++)
        status = evidence_walk(pass->evidence, pass->ids[i], evidence_want_test,
                               NULL, err);
    return status;
}

static bool evidence_ends(const char *name, const char *end)
{
    const size_t len = strlen(name), end_len = strlen(end);

    return len > end_len && strcmp(name + len - end_len, end) == 0;
}

static void *evidence_lookup(struct evidence_pass *pass,
                             const struct table *table, const char *attribute)
{
    xmlChar *id =
        xmlTextReaderGetAttribute(pass->reader.xml, (const xmlChar *)attribute);
    void *found = id ? table_get(table, (const char *)id) : NULL;

    xmlFree(id);
    return found;
}

/* The whole element as a tree, which lives until the next step. */
static engine_status evidence_expand(struct evidence_pass *pass,
                                     const xmlNode **out, engine_error *err)
{
    engine_status status;
    bool more = true;

    pass->reader.skip = true;
    *out = xmlTextReaderExpand(pass->reader.xml);
    if (*out && !pass->reader.line)
        return ENGINE_OK;
    status = results_reader_step(&pass->reader, &more, err); /* tells why */
    return status < 0 ? status : engine_fail_memory(err);
}

static struct evidence_item *evidence_lookup_item(struct evidence_pass *pass)
{
    struct oscap_evidence *evidence = pass->evidence;
    xmlChar *id =
        xmlTextReaderGetAttribute(pass->reader.xml, (const xmlChar *)"id");
    char key[OSCAP_EVIDENCE_VALUE];
    int len;

    if (!id)
        return NULL;
    len = snprintf(key, sizeof(key), "%u/%s", evidence->system, (char *)id);
    xmlFree(id);
    if (len < 0 || (size_t)len >= sizeof(key))
        return NULL;
    return table_get(&evidence->items, key);
}

/* The results: definitions, then tests, then items of one system. */
static engine_status evidence_first(struct evidence_pass *pass,
                                    const char *name, engine_error *err)
{
    struct oscap_evidence *evidence = pass->evidence;
    struct results_reader *reader = &pass->reader;
    engine_status status = ENGINE_OK;
    const xmlNode *node = NULL;
    struct evidence_item *item;
    struct evidence_test *test;

    if (results_reader_is(reader, EVIDENCE_OVAL, "oval_definitions")) {
        reader->skip = true;
    } else if (results_reader_is(reader, EVIDENCE_RESULTS, "system")) {
        evidence->system++;
    } else if (results_reader_is(reader, EVIDENCE_RESULTS, "definition")) {
        status = evidence_expand(pass, &node, err);
        if (status == ENGINE_OK)
            status = evidence_take_definition(evidence, node, err);
    } else if (results_reader_is(reader, EVIDENCE_RESULTS, "tests")) {
        status = evidence_want(pass, err);
    } else if (results_reader_is(reader, EVIDENCE_RESULTS, "test")) {
        test = evidence_lookup(pass, &evidence->tests, "test_id");
        reader->skip = true;
        if (!test || test->result)
            return ENGINE_OK;
        status = evidence_expand(pass, &node, err);
        if (status == ENGINE_OK)
            status = evidence_take_test(evidence, test, node, err);
    } else if (evidence_ends(name, "_item") &&
               results_reader_is(reader, EVIDENCE_ITEMS, name)) {
        item = evidence_lookup_item(pass);
        reader->skip = true;
        if (!item || item->type)
            return ENGINE_OK;
        status = evidence_expand(pass, &node, err);
        if (status == ENGINE_OK)
            status = evidence_take_item(evidence, item, node, err);
    }
    return status;
}

/* The definitions: tests, then states. */
static engine_status evidence_second(struct evidence_pass *pass,
                                     const char *name, engine_error *err)
{
    struct oscap_evidence *evidence = pass->evidence;
    struct evidence_state *state = NULL;
    struct evidence_test *test = NULL;
    const xmlNode *node = NULL;
    engine_status status;

    pass->reader.skip =
        results_reader_is(&pass->reader, EVIDENCE_RESULTS, "results");
    if (evidence_ends(name, "_test"))
        test = evidence_lookup(pass, &evidence->tests, "id");
    else if (evidence_ends(name, "_state"))
        state = evidence_lookup(pass, &evidence->states, "id");
    if ((!test || test->defined) && (!state || state->known))
        return ENGINE_OK;
    if (!results_reader_is(&pass->reader, EVIDENCE_DEFINITIONS, name))
        return ENGINE_OK;
    status = evidence_expand(pass, &node, err);
    if (status < 0)
        return status;
    if (test)
        return evidence_define_test(evidence, test, node, err);
    return evidence_define_state(evidence, state, node, err);
}

static engine_status evidence_pass(struct evidence_pass *pass, const char *path,
                                   evidence_element_fn fn, engine_error *err)
{
    engine_status status =
        results_reader_open(&pass->reader, path, OSCAP_EVIDENCE_FILE_MAX, err);
    bool more = true;

    while (status == ENGINE_OK) {
        const xmlTextReaderPtr xml = pass->reader.xml;

        status = results_reader_step(&pass->reader, &more, err);
        if (status < 0 || !more)
            break;
        if (xmlTextReaderNodeType(xml) == XML_READER_TYPE_ELEMENT)
            status =
                fn(pass, (const char *)xmlTextReaderConstLocalName(xml), err);
    }
    results_reader_close(&pass->reader);
    return status;
}

engine_status oscap_evidence_read(const char *path,
                                  const char *const *definition_ids,
                                  size_t count, struct oscap_evidence **out,
                                  engine_error *err)
{
    struct oscap_evidence *evidence = engine_calloc(1, sizeof(*evidence));
    struct evidence_pass pass = {
        .evidence = evidence, .ids = definition_ids, .count = count};
    engine_status status;

    if (!evidence)
        return engine_fail_memory(err);
    arena_init(&evidence->arena, EVIDENCE_ARENA);
    table_init(&evidence->definitions);
    table_init(&evidence->tests);
    table_init(&evidence->states);
    table_init(&evidence->items);
    status = evidence_pass(&pass, path, evidence_first, err);
    if (status == ENGINE_OK && evidence->system == 0)
        status = engine_fail(err, ENGINE_EPARSE, "\"%s\" holds no OVAL results",
                             path);
    if (status == ENGINE_OK)
        status = evidence_pass(&pass, path, evidence_second, err);
    if (status < 0) {
        oscap_evidence_free(evidence);
        return status;
    }
    *out = evidence;
    return ENGINE_OK;
}

void oscap_evidence_free(struct oscap_evidence *evidence)
{
    if (!evidence)
        return;
    table_clear(&evidence->definitions);
    table_clear(&evidence->tests);
    table_clear(&evidence->states);
    table_clear(&evidence->items);
    arena_clear(&evidence->arena);
    engine_free(evidence);
}
