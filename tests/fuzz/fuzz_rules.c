/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_rules.c - a rule document, from text to its canonical form. */
#include "engine/rules/rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static engine_status take_rule(const bson_t *document,
                               const struct document_origin *origin,
                               void *user, engine_error *err)
{
    struct rules_import_options options = {0};
    bson_t rule;

    (void)user;
    if (rules_normalise(document, origin, &options, NULL, NULL, &rule, err) <
        0)
        return ENGINE_OK;
    (void)rules_validate(&rule, origin, err);
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
