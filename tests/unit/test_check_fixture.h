/* SPDX-License-Identifier: Apache-2.0 */
/* test_check_fixture.h - checks from texts, and their verdicts on texts. */
#ifndef TESTS_UNIT_TEST_CHECK_FIXTURE_H
#define TESTS_UNIT_TEST_CHECK_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <engine/scanner.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/base/file.h"
#include "sdk/document/document.h"
#include "sdk/kit/check.h"

#define PASS SCANNER_PASS
#define FAIL SCANNER_FAIL
#define ERROR SCANNER_ERROR

static const char variables_text[] =
    "{\"xccdf_org.ssgproject.content_value_var_name\": \"web\","
    " \"var_number\": 300, \"var_pattern\": \"^(a|b)$\", \"var_list\": [1],"
    " \"var_timeout\": \"10m0s\", \"var_seconds\": \"600\", \"unused\": 1}";

static inline void parse(const char *text, bson_t *out)
{
    engine_error err = {0};

    if (document_from_json(text, strlen(text), "test", out, &err) < 0)
        fail_msg("%s: %s", text, err.message);
}

static inline engine_status compile_with(const bson_t *content,
                                  const bson_t *variables,
                                  struct check **out, engine_error *err)
{
    const struct check_words words = {expr_language("yamlpath"), "yamlpath",
                                      "condition", "expected_value", NULL};

    return check_compile(content, &words, variables, out, err);
}

static inline engine_status compile(const bson_t *content, struct check **out,
                             engine_error *err)
{
    engine_status status;
    bson_t variables;

    parse(variables_text, &variables);
    status = compile_with(content, &variables, out, err);
    bson_destroy(&variables);
    return status;
}

static inline struct check *check_of(const char *text)
{
    struct check *check = NULL;
    engine_error err = {0};
    bson_t content;

    parse(text, &content);
    if (compile(&content, &check, &err) < 0)
        fail_msg("%s: %s", text, err.message);
    bson_destroy(&content);
    return check;
}

static inline int32_t judge(struct check *check, const char *subject,
                     struct check_outcome *outcome)
{
    engine_error err = {0};
    struct arena arena;
    struct value value;

    arena_init(&arena, 8 << 20);
    if (subject && value_from_json(subject, strlen(subject), "subject",
                                   &arena, &value, &err) < 0)
        fail_msg("%s: %s", subject, err.message);
    if (check_subject(check, subject ? &value : NULL, &arena, outcome,
                      &err) < 0)
        fail_msg("%s: %s", subject, err.message);
    arena_clear(&arena);
    return outcome->status;
}

static inline int32_t judge_once(const char *content, const char *subject)
{
    struct check_outcome outcome = {0};
    struct check *check = check_of(content);
    const int32_t status = judge(check, subject, &outcome);

    assert_true(outcome.message[0] != '\0');
    assert_non_null(outcome.evidence);
    check_outcome_clear(&outcome);
    check_free(check);
    return status;
}

#endif
