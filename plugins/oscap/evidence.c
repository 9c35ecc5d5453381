/* SPDX-License-Identifier: Apache-2.0 */
/* evidence.c - the excerpt of an OVAL results file as documents. */
#include <string.h>

#include "plugins/oscap/evidence_private.h"

/* What a test takes besides its texts: keys, types, lengths. */
#define EVIDENCE_OVERHEAD 512

struct evidence_build {
    bson_t *tests; /* the array being filled */
    uint32_t count;
    size_t used; /* bytes so far, all told */
    bool truncated;
};

static void evidence_put(bson_t *out, const char *key, const char *text)
{
    if (text && *text)
        bson_append_utf8(out, key, -1, text, -1);
}

/* The values of the fields called `name`, from the first of them on: null, a
 * string, or an array where there are several. */
static void evidence_put_values(bson_t *out, const char *key,
                                const struct evidence_field *first,
                                const char *name)
{
    const struct evidence_field *second = first->next;
    bson_t array;
    uint32_t count = 0;

    while (second && strcmp(second->name, name) != 0)
        second = second->next;
    if (!second) {
        if (first->value)
            bson_append_utf8(out, key, -1, first->value, -1);
        else
            bson_append_null(out, key, -1);
        return;
    }
    bson_append_array_begin(out, key, -1, &array);
    for (const struct evidence_field *at = first; at; at = at->next) {
        char number[16];
        const char *index;

        if (strcmp(at->name, name) != 0)
            continue;
        bson_uint32_to_string(count++, &index, number, sizeof(number));
        if (at->value)
            bson_append_utf8(&array, index, -1, at->value, -1);
        else
            bson_append_null(&array, index, -1);
    }
    bson_append_array_end(out, &array);
}

static const struct evidence_field *evidence_find_field(
    const struct evidence_field *first, const char *name)
{
    while (first && strcmp(first->name, name) != 0)
        first = first->next;
    return first;
}

static void evidence_put_expected(bson_t *out,
                                  const struct evidence_field *field,
                                  const struct evidence_test *test)
{
    const struct evidence_field *values;

    evidence_put(out, "field", field->name);
    evidence_put(out, "operation", field->operation);
    if (!field->variable) {
        evidence_put_values(
            out, "value",
            &(struct evidence_field){.name = "", .value = field->value}, "");
        return;
    }
    values = evidence_find_field(test->variables, field->variable);
    if (values)
        evidence_put_values(out, "value", values, field->variable);
    else
        bson_append_null(out, "value", -1);
    evidence_put(out, "variable", field->variable);
}

static void evidence_put_item(bson_t *out, const struct evidence_tested *tested)
{
    const struct evidence_item *item = tested->item;
    bson_t fields;

    evidence_put(out, "type", item->type);
    evidence_put(out, "result", tested->result);
    bson_append_document_begin(out, "fields", -1, &fields);
    for (const struct evidence_field *at = item->fields; at; at = at->next)
        if (evidence_find_field(item->fields, at->name) == at)
            evidence_put_values(&fields, at->name, at, at->name);
    bson_append_document_end(out, &fields);
}

/* Appends a document to an array if the rule's limit leaves room for it. */
static bool evidence_append(struct evidence_build *build, bson_t *array,
                            uint32_t at, const bson_t *document)
{
    const size_t cost = document->len + 16;
    char number[16];
    const char *key;

    if (build->used + cost > OSCAP_EVIDENCE_RULE) {
        build->truncated = true;
        return false;
    }
    build->used += cost;
    bson_uint32_to_string(at, &key, number, sizeof(number));
    bson_append_document(array, key, -1, document);
    return true;
}

static void evidence_put_states(struct evidence_build *build, bson_t *out,
                                const struct evidence_test *test)
{
    uint32_t count = 0;
    bool fits = true;
    bson_t array;

    bson_append_array_begin(out, "expected", -1, &array);
    for (const struct evidence_state_ref *ref = test->states; ref;
         ref = ref->next)
        for (const struct evidence_field *field = ref->state->fields;
             field && fits; field = field->next) {
            bson_t one = BSON_INITIALIZER;

            evidence_put_expected(&one, field, test);
            fits = evidence_append(build, &array, count++, &one);
            bson_destroy(&one);
        }
    bson_append_array_end(out, &array);
}

static void evidence_put_items(struct evidence_build *build, bson_t *out,
                               const struct evidence_test *test)
{
    size_t count = 0;
    bool fits = true;
    bson_t array;

    bson_append_array_begin(out, "items", -1, &array);
    while (count < test->items_count && fits) {
        bson_t one = BSON_INITIALIZER;

        evidence_put_item(&one, &test->items[count]);
        fits = evidence_append(build, &array, (uint32_t)count, &one);
        bson_destroy(&one);
        count += fits;
    }
    bson_append_array_end(out, &array);
    if (count < test->items_total)
        bson_append_int64(out, "more_items", -1,
                          (int64_t)(test->items_total - count));
}

static engine_status evidence_put_test(struct oscap_evidence *evidence,
                                       const struct evidence_ref *ref,
                                       bool negate, void *user,
                                       engine_error *err)
{
    struct evidence_build *build = user;
    struct evidence_test *test = table_get(&evidence->tests, ref->id);
    char number[16];
    const char *key;
    bson_t one;

    (void)err;
    if (!test || test->visit == evidence->visit)
        return ENGINE_OK;
    test->visit = evidence->visit;
    build->used += EVIDENCE_OVERHEAD + strlen(test->id) +
                   (test->comment ? strlen(test->comment) : 0);
    if (build->used > OSCAP_EVIDENCE_RULE) {
        build->truncated = true;
        return ENGINE_OK;
    }
    bson_uint32_to_string(build->count++, &key, number, sizeof(number));
    bson_append_document_begin(build->tests, key, -1, &one);
    evidence_put(&one, "id", test->id);
    evidence_put(&one, "comment", test->comment);
    evidence_put(&one, "result", test->result);
    evidence_put(&one, "check", test->check);
    evidence_put(&one, "existence", test->existence);
    if (negate)
        bson_append_bool(&one, "negate", -1, true);
    evidence_put_states(build, &one, test);
    evidence_put_items(build, &one, test);
    bson_append_document_end(build->tests, &one);
    return ENGINE_OK;
}

engine_status oscap_evidence_build(struct oscap_evidence *evidence,
                                   const char *definition_id, bson_t *out,
                                   engine_error *err)
{
    const struct evidence_definition *definition =
        table_get(&evidence->definitions, definition_id);
    struct evidence_build build = {.used = EVIDENCE_OVERHEAD};
    engine_status status;
    bson_t tests;

    if (!definition)
        return engine_fail(err, ENGINE_ENOTFOUND,
                           "no OVAL results of definition \"%s\"",
                           definition_id);
    bson_init(out);
    evidence_put(out, "result", definition->result);
    bson_append_array_begin(out, "tests", -1, &tests);
    build.tests = &tests;
    status =
        evidence_walk(evidence, definition_id, evidence_put_test, &build, err);
    bson_append_array_end(out, &tests);
    if (build.truncated)
        bson_append_bool(out, "truncated", -1, true);
    if (status < 0)
        bson_destroy(out);
    return status;
}
