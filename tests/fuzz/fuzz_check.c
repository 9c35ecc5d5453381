/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_check.c - a check_content and a document, one per line: whatever they
 * are, there is a verdict with reasons that are bounded, or an error; a list
 * in pieces is judged as the whole; a redacted verdict is the same.
 */
#include <engine/scanner.h>
#include <stdlib.h>
#include <string.h>

#include "sdk/document/document.h"
#include "sdk/kit/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct check *compile(const bson_t *content)
{
    const struct check_words words = {expr_language("yamlpath"), "yamlpath",
                                      "condition", "expected_value", NULL};
    bson_t variables = BSON_INITIALIZER;
    struct check *check = NULL;
    engine_error err = {0};

    bson_append_utf8(&variables, "v", -1, "10m", -1);
    bson_append_int32(&variables, "n", -1, 7);
    if (check_compile(content, &words, &variables, &check, &err) < 0) {
        if (!err.message[0])
            abort();
        check = NULL;
    }
    bson_destroy(&variables);
    return check;
}

/* 0 when it took too much memory. */
static int32_t judge(struct check *check, const struct value *subject)
{
    struct check_outcome outcome = {0};
    engine_error err = {0};
    struct arena arena;
    int32_t status = 0;

    arena_init(&arena, (size_t)64 << 20);
    if (check_subject(check, subject, &arena, &outcome, &err) == ENGINE_OK) {
        status = outcome.status;
        if (status != SCANNER_PASS && status != SCANNER_FAIL &&
            status != SCANNER_ERROR && status != SCANNER_NOTAPPLICABLE)
            abort();
        if (!outcome.message[0] || !outcome.evidence ||
            outcome.evidence->len > 64 * 1024)
            abort();
    }
    check_outcome_clear(&outcome);
    arena_clear(&arena);
    return status;
}

static int32_t judge_pieces(struct check *check, const struct value *items)
{
    struct check_outcome outcome = {0};
    engine_status status = check_open(check, NULL);
    struct arena arena;
    int32_t found = 0; /* as judge has it */

    arena_init(&arena, (size_t)64 << 20);
    for (uint32_t i = 0; i < items->count && status == ENGINE_OK; i++)
        status = check_add(check, &items->items[i], &arena, NULL);
    if (status == ENGINE_OK &&
        check_close(check, &outcome, NULL) == ENGINE_OK)
        found = outcome.status;
    check_outcome_clear(&outcome);
    arena_clear(&arena);
    return found;
}

static void run(const bson_t *content, const struct value *subject)
{
    const struct value *items = value_member(subject, "items");
    struct check *check = compile(content);
    int32_t status;

    if (!check)
        return;
    status = judge(check, subject);
    judge(check, NULL);
    check_redact(check, true);
    if (judge(check, subject) != status)
        abort();
    if (items && items->kind == VALUE_ARRAY && items->count &&
        check_split(check, "items", NULL) == ENGINE_OK) {
        const int32_t pieces =
            judge_pieces(check, items);

        if (status && pieces && pieces != status)
            abort();
    }
    check_free(check);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const char *text = (const char *)data;
    const char *end = len ? memchr(text, '\n', len) : NULL;
    struct arena arena;
    struct value subject;
    bson_t content;

    if (!end || document_from_json(text, (size_t)(end - text), "content",
                                   &content, NULL) < 0)
        return 0;
    arena_init(&arena, (size_t)16 << 20);
    if (value_from_json(end + 1, len - (size_t)(end - text) - 1, "subject",
                        &arena, &subject, NULL) == ENGINE_OK)
        run(&content, &subject);
    arena_clear(&arena);
    bson_destroy(&content);
    return 0;
}
