/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_rules.c - a rule document, from text to its canonical form, which
 * must be a fixed point. */
#include <stdlib.h>

#include "engine/rules/rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* where a rule was read from is not part of it */
static void hash_rule(const bson_t *rule, char out[65])
{
    bson_t source, plain;

    bson_init(&plain);
    bson_copy_to_excluding_noinit(rule, &plain, "source", NULL);
    if (document_child(rule, "source", &source)) {
        bson_t child;
        bson_append_document_begin(&plain, "source", -1, &child);
        bson_copy_to_excluding_noinit(&source, &child, "file", "line", NULL);
        bson_append_document_end(&plain, &child);
    }
    document_hash(&plain, out);
    bson_destroy(&plain);
}

static engine_status take_rule(const bson_t *document,
                               const struct document_origin *origin,
                               void *user, engine_error *err)
{
    struct rules_import_options options = {0};
    char once[65], twice[65];
    bson_t rule, again;

    (void)user;
    if (rules_normalise(document, origin, &options, NULL, NULL, &rule, err) <
        0)
        return ENGINE_OK;
    if (rules_validate(&rule, origin, err) == ENGINE_OK) {
        if (rules_normalise(&rule, NULL, &options, NULL, NULL, &again, err) <
                0 ||
            rules_validate(&again, NULL, err) < 0)
            abort();
        hash_rule(&rule, once);
        hash_rule(&again, twice);
        for (size_t i = 0; i < sizeof(once); i++)
            if (once[i] != twice[i])
                abort();
        bson_destroy(&again);
    }
    bson_destroy(&rule);
    return ENGINE_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    engine_error err;

    (void)document_read_yaml((const char *)data, len, "input", take_rule, NULL,
                             &err);
    return 0;
}
