/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_jmespath.c - an expression, a line end, and the document it is evaluated
 * on. What the expression says it looks at must be enough to give the same.
 */
#include <stdlib.h>
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/kit/expr.h"
#include "sdk/kit/value_parser.h"

#define FUZZ_MEMORY ((size_t)64 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void fuzz_evaluate(struct expr *expr, const char *json, size_t len)
{
    struct expr_values values;
    engine_error err = {0};
    struct value input;
    struct buffer text;
    struct arena arena;

    arena_init(&arena, FUZZ_MEMORY);
    if (value_from_json(json, len, "fuzz", &arena, &input, &err) == ENGINE_OK) {
        if (expr_evaluate(expr, &input, &arena, &values, &err) < 0) {
            if (!err.message[0])
                abort();
        } else if (values.count != 1) {
            abort();
        } else {
            buffer_init(&text, 1 << 20);
            value_to_json(values.values[0], 0, &text);
            buffer_clear(&text);
        }
    }
    arena_clear(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const struct expr_limits limits = {.values = 100000,
                                       .now_ms = 1795262400000};
    char *text = engine_strndup((const char *)data, len);
    struct value_mask *mask = value_mask_new();
    engine_error err = {0};
    struct expr *expr = NULL;
    char *json;

    if (!text || !mask)
        abort();
    json = strchr(text, '\n');
    if (json)
        *json++ = '\0';
    if (expr_compile(expr_language("jmespath"), text, &limits, &expr, &err) <
        0) {
        if (!err.message[0] || expr)
            abort();
    } else {
        if (expr_wants(expr, mask) < 0)
            abort();
        if (json)
            fuzz_evaluate(expr, json, strlen(json));
    }
    expr_free(expr);
    value_mask_free(mask);
    engine_free(text);
    return 0;
}
