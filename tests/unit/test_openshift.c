/* SPDX-License-Identifier: Apache-2.0 */
/* test_openshift.c - real rules for OpenShift: all of them compile, and those
 * that come with objects give the verdicts that their authors expect. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <archive.h>
#include <archive_entry.h>
#include <engine/scanner.h>
#include <stdlib.h>
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/base/file.h"
#include "sdk/base/hash.h"
#include "sdk/document/document.h"
#include "sdk/kit/check.h"
#include "sdk/kit/template.h"

#define MEBIBYTE ((size_t)1024 * 1024)

struct fixture {
    struct table rules; /* id -> bson_t */
    bson_t variables;   /* every one at its default */
    int compiled, cases, filtered;
};

static char *fixture_path(const char *name)
{
    const char *source = getenv("SCAN_ENGINE_SRC");

    return engine_strf("%s/tests/fixtures/openshift/%s",
                       source ? source : ".", name);
}

/* ---- rules and variables --------------------------------------------------------- */

static engine_status add_rule(const bson_t *document,
                              const struct document_origin *origin,
                              void *user, engine_error *err)
{
    struct fixture *fixture = user;

    (void)origin;
    (void)err;
    return table_set(&fixture->rules, document_string(document, "id"),
                     bson_copy(document));
}

static engine_status add_variables(const bson_t *document,
                                   const struct document_origin *origin,
                                   void *user, engine_error *err)
{
    struct fixture *fixture = user;
    bson_iter_t iter, value;

    (void)origin;
    (void)err;
    for (bson_iter_init(&iter, document); bson_iter_next(&iter);) {
        assert_true(bson_iter_recurse(&iter, &value));
        assert_true(bson_iter_find_descendant(&value, "options.default",
                                              &value));
        document_copy_value(&fixture->variables, bson_iter_key(&iter),
                            &value);
    }
    return ENGINE_OK;
}

static void read_json(const char *name, document_fn fn, void *user)
{
    char *path = fixture_path(name);
    engine_error err = {0};
    char *text;
    size_t len;

    if (file_read(path, MEBIBYTE, &text, &len, &err) < 0 ||
        document_read_json(text, len, path, fn, user, &err) < 0)
        fail_msg("%s", err.message);
    engine_free(text);
    engine_free(path);
}

static int setup(void **state)
{
    struct fixture *fixture = engine_calloc_aligned(
        _Alignof(struct fixture), 1, sizeof(*fixture));

    table_init(&fixture->rules);
    bson_init(&fixture->variables);
    read_json("rules.json", add_rule, fixture);
    read_json("variables.json", add_variables, fixture);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    size_t at = 0;
    void *rule;

    while (table_next(&fixture->rules, &at, &rule))
        bson_destroy(rule);
    table_clear(&fixture->rules);
    bson_destroy(&fixture->variables);
    engine_free(fixture);
    return 0;
}

static struct check *compile(const struct fixture *fixture,
                             const bson_t *rule)
{
    const struct check_words words = {expr_language("yamlpath"), "yamlpath",
                                      "condition", "expected_value", NULL};
    struct check *check = NULL;
    engine_error err = {0};
    bson_t content;

    assert_true(document_child(rule, "template_vars", &content));
    if (check_compile(&content, &words, &fixture->variables, &check, &err) < 0)
        fail_msg("%s: %s", document_string(rule, "id"), err.message);
    assert_int_equal(check_form(check), CHECK_OVAL);
    return check;
}

/* With filters and paths of it, where the build has jq. */
static void expand(const struct fixture *fixture, const char *text,
                   char **out)
{
    engine_error err = {0};

    if (template_expand(text, &fixture->variables, NULL, NULL, out, &err) < 0)
        fail_msg("%s", err.message);
}

static void compile_resource(const struct fixture *fixture,
                             const bson_t *resource)
{
    const char *filter = document_string(resource, "jq_filter");
    const struct expr_language *jq = expr_language("jq");
    struct expr *expr = NULL;
    engine_error err = {0};
    char *expanded;

    expand(fixture, document_string(resource, "path"), &expanded);
    assert_int_equal(expanded[0], '/');
    assert_null(strstr(expanded, "{{"));
    engine_free(expanded);
    if (!filter)
        return;
    expand(fixture, filter, &expanded);
    /* one of them misses a parenthesis: jq itself takes it no more */
    if (jq && expr_compile(jq, expanded, NULL, &expr, &err) < 0 &&
        !strstr(filter, "(select(.url != null).url]"))
        fail_msg("%s", err.message);
    expr_free(expr);
    engine_free(expanded);
}

static void every_rule_compiles(void **state)
{
    struct fixture *fixture = *state;
    size_t at = 0;
    void *rule;

    while (table_next(&fixture->rules, &at, &rule)) {
        bson_iter_t iter;
        bson_t resources, resource;

        check_free(compile(fixture, rule));
        fixture->compiled++;
        if (!document_child(rule, "api_resources", &resources))
            continue;
        for (bson_iter_init(&iter, &resources); bson_iter_next(&iter);)
            if (document_iter_child(&iter, &resource))
                compile_resource(fixture, &resource);
    }
    assert_int_equal(fixture->compiled, 184);
}

/* ---- the authors' cases ---------------------------------------------------------- */

static engine_status keep_value(const struct value *value, long line,
                                void *user, engine_error *err)
{
    (void)line;
    (void)err;
    **(struct value **)user = *value;
    return ENGINE_OK;
}

/* A file of the dump; false when there is none. */
static bool read_file(const bson_t *files, const char *path,
                      struct arena *arena, struct value *out)
{
    engine_error err = {0};
    bson_iter_t iter;
    uint32_t len;
    const char *text;

    if (!bson_iter_init_find(&iter, files, path))
        return false;
    text = bson_iter_utf8(&iter, &len);
    if (value_from_yaml(text, len, path, arena, keep_value, &out, &err) < 0)
        fail_msg("%s", err.message);
    return true;
}

/* Through the rule's filter; false where the build has no jq. */
static bool filter_value(const struct fixture *fixture, const char *filter,
                         struct arena *arena, struct value *value)
{
    const struct expr_language *jq = expr_language("jq");
    struct expr_values values;
    struct expr *expr = NULL;
    engine_error err = {0};
    char *expanded;

    if (!jq)
        return false;
    expand(fixture, filter, &expanded);
    if (expr_compile(jq, expanded, NULL, &expr, &err) < 0 ||
        expr_evaluate(expr, value, arena, &values, &err) < 0)
        fail_msg("%s: %s", expanded, err.message);
    assert_int_equal(values.count, 1);
    *value = *values.values[0];
    expr_free(expr);
    engine_free(expanded);
    return true;
}

/* The API resource whose dump a rule reads. */
static bool find_resource(const bson_t *rule, const char *dump, bson_t *out)
{
    bson_t resources;
    bson_iter_t iter;

    if (!document_child(rule, "api_resources", &resources))
        return false;
    for (bson_iter_init(&iter, &resources); bson_iter_next(&iter);)
        if (document_iter_child(&iter, out) &&
            !strcmp(document_string(out, "dump"), dump))
            return true;
    return false;
}

static const char *name_of(int32_t status)
{
    return status == SCANNER_PASS ? "pass"
                                  : status == SCANNER_FAIL ? "fail" : "error";
}

static void judge_case(struct fixture *fixture, const bson_t *rule,
                       const bson_t *document, struct arena *arena)
{
    const char *dump = document_string(rule, "template_vars.filepath");
    struct check_outcome outcome = {0};
    struct check *check = compile(fixture, rule);
    engine_error err = {0};
    struct value value;
    bson_t files, resource;
    bool there;

    assert_true(document_child(document, "files", &files));
    there = read_file(&files, dump, arena, &value);
    if (!there && find_resource(rule, dump, &resource)) {
        char *path;

        expand(fixture, document_string(&resource, "path"), &path);
        there = read_file(&files, path, arena, &value);
        engine_free(path);
        if (there &&
            !filter_value(fixture, document_string(&resource, "jq_filter"),
                          arena, &value))
            goto out;
        fixture->filtered += there;
    }
    if (check_subject(check, there ? &value : NULL, arena, &outcome, &err) < 0)
        fail_msg("%s", err.message);
    if (strcmp(name_of(outcome.status), document_string(document, "verdict")))
        fail_msg("%s, %s: %s (%s)", document_string(rule, "id"),
                 document_string(document, "scenario"),
                 name_of(outcome.status), outcome.message);
out:
    check_outcome_clear(&outcome);
    check_free(check);
}

static engine_status add_case(const bson_t *document,
                              const struct document_origin *origin,
                              void *user, engine_error *err)
{
    struct fixture *fixture = user;
    const bson_t *rule =
        table_get(&fixture->rules, document_string(document, "rule"));
    struct arena arena;

    (void)origin;
    (void)err;
    assert_non_null(rule);
    arena_init(&arena, 64 * MEBIBYTE);
    judge_case(fixture, rule, document, &arena);
    arena_clear(&arena);
    fixture->cases++;
    return ENGINE_OK;
}

static void unpack(const char *name, char **out, size_t *len)
{
    const size_t room = 4 * MEBIBYTE;
    struct archive *archive = archive_read_new();
    struct archive_entry *entry;
    char *path = fixture_path(name);
    la_ssize_t got;

    *out = engine_malloc(room);
    *len = 0;
    archive_read_support_filter_gzip(archive);
    archive_read_support_format_raw(archive);
    if (archive_read_open_filename(archive, path, 65536) != ARCHIVE_OK ||
        archive_read_next_header(archive, &entry) != ARCHIVE_OK)
        fail_msg("%s: %s", path, archive_error_string(archive));
    while ((got = archive_read_data(archive, *out + *len, room - *len)) > 0)
        *len += (size_t)got;
    assert_int_equal(got, 0);
    archive_read_free(archive);
    engine_free(path);
}

static void the_authors_verdicts_are_given(void **state)
{
    struct fixture *fixture = *state;
    engine_error err = {0};
    char *text;
    size_t len;

    unpack("cases.json.gz", &text, &len);
    if (document_read_json(text, len, "cases.json", add_case, fixture,
                           &err) < 0)
        fail_msg("%s", err.message);
    engine_free(text);
    assert_int_equal(fixture->cases, 95);
    assert_int_equal(fixture->filtered, expr_language("jq") ? 9 : 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule_compiles),
        cmocka_unit_test(the_authors_verdicts_are_given),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
