/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_value_yaml.c - YAML in, a value, JSON out: that reads as the same. */
#include <math.h>
#include <stdlib.h>

#include "sdk/kit/value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* JSON has no word for them. */
static bool is_finite(const struct value *value)
{
    bool all = value->kind != VALUE_DOUBLE || isfinite(value->number);

    for (uint32_t i = 0; value->kind == VALUE_ARRAY && i < value->count; i++)
        all = all && is_finite(&value->items[i]);
    for (uint32_t i = 0; value->kind == VALUE_OBJECT && i < value->count; i++)
        all = all && is_finite(&value->members[i].value);
    return all;
}

static engine_status compare(const struct value *value, long line, void *user,
                             engine_error *err)
{
    struct buffer text;
    struct value again;
    struct arena arena;
    bson_t document = BSON_INITIALIZER;

    (void)user;
    if (line < 1)
        abort();
    arena_init(&arena, (size_t)1 << 30);
    buffer_init(&text, (size_t)1 << 28);
    if (value_to_json(value, VALUE_JSON_PRETTY, &text) == ENGINE_OK &&
        is_finite(value)) {
        if (value_from_json(text.data, text.len, "again", &arena, &again,
                            err) != ENGINE_OK ||
            !value_equal(value, &again))
            abort();
    }
    if (value_to_bson(value, "v", 10000, &document, NULL) != ENGINE_OK ||
        document.len > 20000)
        abort();
    bson_destroy(&document);
    buffer_clear(&text);
    arena_clear(&arena);
    return ENGINE_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct arena arena;
    engine_error err = {0};

    arena_init(&arena, (size_t)1 << 28);
    if (value_from_yaml((const char *)data, len, "input", &arena, compare, NULL,
                        &err) != ENGINE_OK &&
        !err.message[0])
        abort();
    arena_clear(&arena);
    return 0;
}
