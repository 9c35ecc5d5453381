/* SPDX-License-Identifier: Apache-2.0 */
/* test_rules_normalise.c - canonical rule documents, and variables. */
#include "tests/unit/test_rules_fixture.h"

#define NOTES_MAX 8192

struct notes {
    char text[NOTES_MAX];
    size_t count;
};

static void take_note(const char *path, const char *what, void *user)
{
    struct notes *notes = user;
    size_t len = strlen(notes->text);

    snprintf(notes->text + len, sizeof(notes->text) - len, "%s [%s]\n", what,
             path);
    notes->count++;
}

struct reading {
    bson_t *rule;
    struct notes *notes;
    engine_error *err;
    engine_status status;
};

static const char *canonical_type(const char *name, void *user)
{
    (void)user;
    if (strcmp(name, "aws") == 0 || strcmp(name, "aws_api") == 0)
        return "aws_api";
    return strcmp(name, "oscap") == 0 ? "oscap" : NULL;
}

static engine_status read_rule(const bson_t *document,
                               const struct document_origin *origin,
                               void *user, engine_error *err)
{
    const struct rules_import_options options = {.canonical_type =
                                                     canonical_type};
    struct reading *reading = user;

    (void)err;
    reading->status =
        rules_normalise(document, origin, &options, take_note,
                        reading->notes, reading->rule, reading->err);
    if (reading->status == ENGINE_OK)
        reading->status = rules_validate(reading->rule, origin, reading->err);
    return ENGINE_OK;
}

/* rule is always initialised */
static engine_status normalise(const char *yaml, bson_t *rule,
                               struct notes *notes, engine_error *err)
{
    struct reading reading = {rule, notes, err, ENGINE_EPARSE};
    engine_error parse = {0};

    *notes = (struct notes){.count = 0};
    bson_init(rule);
    if (document_read_yaml(yaml, strlen(yaml), "r.yaml", read_rule, &reading,
                           &parse) < 0)
        fail_msg("%s", parse.message);
    return reading.status;
}

static void assert_text(const bson_t *document, const char *path,
                        const char *expected)
{
    const char *text = document_string(document, path);

    if (!text)
        fail_msg("no text at %s", path);
    assert_string_equal(text, expected);
}

#define SMALL "rule_id: r\ntitle: t\ncheck_content: {x: 1}\n"

static void fills_in_defaults(void **state)
{
    struct notes notes;
    engine_error err;
    bson_t rule;

    (void)state;
    assert_int_equal(normalise(SMALL, &rule, &notes, &err), 0);
    assert_text(&rule, "benchmark", "local");
    assert_text(&rule, "severity", "unknown");
    assert_text(&rule, "scanner_type", "oscap");
    assert_text(&rule, "source.file", "r.yaml");
    assert_int_equal(document_int(&rule, "check_content.x", 0), 1);
    assert_int_equal(notes.count, 0);
    bson_destroy(&rule);
}

static void keeps_texts_as_they_are_written(void **state)
{
    struct notes notes;
    engine_error err;
    bson_t rule;

    (void)state;
    assert_int_equal(
        normalise("rule_id: 5.10\ntitle: 1.20\nversion: 2.10\n"
                  "frameworks: {cis: {v2.0.0: [5.10, '5.2'], 3.10: [1.0]}}\n"
                  "variables: {v: {type: number, default: 0.50}}\n"
                  "tags: [007]\ncheck_content: {expected: 5.10}\n",
                  &rule, &notes, &err), 0);
    assert_text(&rule, "rule_id", "5.10");
    assert_text(&rule, "title", "1.20");
    assert_text(&rule, "source.version", "2.10");
    assert_text(&rule, "frameworks.cis.v2.0.0.0", "5.10");
    assert_text(&rule, "framework_refs.2.version", "3.10");
    assert_text(&rule, "framework_refs.2.control", "1.0");
    assert_text(&rule, "variables.v.default", "0.50");
    assert_text(&rule, "tags.0", "007");
    assert_true(document_double(&rule, "check_content.expected", 0) == 5.1);
    bson_destroy(&rule);
}

/* As of text that is not there, whatever it was to be called. */
static void keeps_no_text_that_is_empty(void **state)
{
    struct notes notes;
    engine_error err = {0};
    bson_t rule;

    (void)state;
    assert_int_equal(normalise("rule_id: ow-a\nscap_rule_id: a\n"
                               "metadata: {description: '', rationale: ''}\n",
                               &rule, &notes, &err),
                     ENGINE_OK);
    assert_false(bson_has_field(&rule, "description"));
    assert_false(bson_has_field(&rule, "rationale"));
    bson_destroy(&rule);
}

static void a_title_is_one_line(void **state)
{
    struct notes notes;
    engine_error err;
    bson_t rule;

    (void)state;
    assert_int_equal(normalise("rule_id: r\ntitle: \" a\\n  b \"\n"
                               "check_content: {}\n", &rule, &notes, &err),
                     0);
    assert_text(&rule, "title", "a b");
    assert_int_equal(notes.count, 1);
    bson_destroy(&rule);
}

static void gives_frameworks_canonical_names_and_drops_repetitions(void **s)
{
    struct notes notes;
    engine_error err;
    bson_t rule, list;

    (void)s;
    assert_int_equal(
        normalise(SMALL "warning: careful\nframeworks:\n  pci: {v4.0: [Req-1, Req-2, Req-1]}\n"
                        "  PCI-DSS: {v4.0: Req-2}\n  stig: {current: S-1}\n",
                  &rule, &notes, &err), 0);
    assert_false(document_child(&rule, "frameworks.pci", &list));
    assert_true(document_child(&rule, "frameworks.pci_dss.v4.0", &list));
    assert_int_equal(bson_count_keys(&list), 2);
    assert_true(document_child(&rule, "framework_refs", &list));
    assert_int_equal(bson_count_keys(&list), 3);
    assert_contains(notes.text, "framework \"pci\" -> \"pci_dss\"");
    assert_contains(notes.text, "1 repeated controls dropped");
    assert_contains(notes.text, "one value -> a list");
    assert_null(strstr(notes.text, "PCI-DSS\" ->")); /* mere spelling */
    assert_text(&rule, "warnings.0", "careful");
    bson_destroy(&rule);
}

static void knows_severity_words(void **state)
{
    struct notes notes;
    engine_error err;
    bson_t rule;

    (void)state;
    assert_int_equal(normalise(SMALL "severity: Moderate\n", &rule, &notes,
                               &err), 0);
    assert_text(&rule, "severity", "medium");
    assert_contains(notes.text, "\"Moderate\" -> \"medium\"");
    bson_destroy(&rule);
    assert_int_equal(normalise(SMALL "severity: fatal\n", &rule, &notes,
                               &err), ENGINE_EINVAL);
    assert_contains(err.message, "r.yaml:4: rule \"r\": severity \"fatal\"");
    bson_destroy(&rule);
}

static void gives_scanner_types_canonical_names(void **state)
{
    struct notes notes;
    engine_error err;
    bson_t rule;

    (void)state;
    assert_int_equal(normalise(SMALL "scanner_type: aws\n", &rule, &notes,
                               &err), 0);
    assert_text(&rule, "scanner_type", "aws_api");
    bson_destroy(&rule);
    assert_int_equal(normalise(SMALL "scanner_type: other\n", &rule, &notes,
                               &err), 0);
    assert_text(&rule, "scanner_type", "other");
    assert_contains(notes.text, "no scanner registered for \"other\"");
    bson_destroy(&rule);
}

static void accepts_openwatch_variables(void **state)
{
    struct notes notes;
    engine_error err;
    bson_t rule;

    (void)state;
    assert_int_equal(
        normalise(SMALL
                  "xccdf_variables:\n"
                  "  xccdf_com.hanalyx.openwatch_value_var_tmout:\n"
                  "    id: var_tmout\n    type: number\n"
                  "    default_value: 600\n    interactive: true\n"
                  "    constraints: {min_value: 60, max_value: 3600}\n"
                  "  mode: {type: string, default_value: '022', lower_bound:"
                  " null, constraints: {choices: ['022', '027'],"
                  " pattern: '0[0-7]+'}}\n",
                  &rule, &notes, &err), 0);
    assert_text(&rule, "variables.var_tmout.default", "600");
    assert_int_equal(document_int(&rule, "variables.var_tmout.minimum", 0),
                     60);
    assert_int_equal(document_int(&rule, "variables.var_tmout.maximum", 0),
                     3600);
    assert_text(&rule, "variables.var_tmout.xccdf_id",
                "xccdf_com.hanalyx.openwatch_value_var_tmout");
    assert_text(&rule, "variables.mode.choices.1", "027");
    assert_text(&rule, "variables.mode.pattern", "0[0-7]+");
    bson_destroy(&rule);
}

static void refuses_bad_variables(void **state)
{
    static const char *const bad[][2] = {
        {"{v: {type: list}}", "not string, number or boolean"},
        {"{v: {type: number, default: ten}}", "not a number"},
        {"{v: {type: number, default: 0x10}}", "not a number"},
        {"{v: {type: number, minimum: 9, maximum: 3}}", "is more than"},
        {"{v: {type: number, minimum: few}}", "minimum is not a number"},
        {"{v: {type: number, default: 2, minimum: 3}}", "less than"},
        {"{v: {type: string, pattern: '(a'}}", "pattern"},
        {"{v: {default: x, pattern: '[a-c]+'}}", "does not match"},
        {"{v: {default: x, choices: [a, b]}}", "not one of its choices"},
        {"{v: {default: x, min_length: 2}}", "shorter"},
        {"{v: {type: boolean, default: maybe}}", "neither true nor false"},
        {"{v: [1]}", "must be a mapping"},
        {"{v: 1, xccdf_a_value_v: 2}", "declared twice"},
    };
    struct notes notes;
    engine_error err;
    bson_t rule;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char *text = engine_strf(SMALL "variables: %s\n", bad[i][0]);
        assert_int_equal(normalise(text, &rule, &notes, &err), ENGINE_EINVAL);
        assert_contains(err.message, bad[i][1]);
        assert_contains(err.message, "r.yaml:4: ");
        bson_destroy(&rule);
        engine_free(text);
    }
}

static void refuses_rules_that_cannot_be_used(void **state)
{
    static const char *const bad[][2] = {
        {"title: t\ncheck_content: {}\n", "rule_id is missing"},
        {"rule_id: a b\ncheck_content: {}\n", "without blanks"},
        {"rule_id: r\ntitle: t\n", "check_content is missing"},
        {"rule_id: r\ncheck_content: 5\n", "must be a mapping"},
        {SMALL "frameworks: [nist]\n", "frameworks must be"},
        {SMALL "frameworks: {nist: {v: [{a: 1}]}}\n", "must be a text"},
        {SMALL "identifiers: 5\n", "must be a mapping"},
        {SMALL "benchmark: a/b\n", "benchmark"},
        {SMALL "variables: 7\n", "variables must be a mapping"},
        {SMALL "tags: [[a]]\n", "tags.0"},
    };
    struct notes notes;
    engine_error err;
    bson_t rule;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(normalise(bad[i][0], &rule, &notes, &err),
                         ENGINE_EINVAL);
        assert_contains(err.message, bad[i][1]);
        bson_destroy(&rule);
    }
}

static void tells_a_bare_reference_from_a_check(void **state)
{
    struct notes notes;
    engine_error err;
    bson_t rule;

    (void)state;
    assert_int_equal(
        normalise("rule_id: r\nscap_rule_id: xccdf_a_rule_b\n"
                  "check_content: {scap_rule_id: xccdf_a_rule_b,"
                  " method: xccdf_evaluation, expected_result: pass}\n",
                  &rule, &notes, &err), 0);
    assert_text(&rule, "scap_rule_id", "xccdf_a_rule_b");
    assert_text(&rule, "check_content.scap_rule_id", "xccdf_a_rule_b");
    assert_null(document_string(&rule, "check_content.method"));
    bson_destroy(&rule);
    assert_int_equal(
        normalise("rule_id: r\nscap_rule_id: xccdf_a_rule_b\n"
                  "scanner_type: kubernetes\n"
                  "check_content: {resource_type: pods, yamlpath: .a}\n",
                  &rule, &notes, &err), 0);
    assert_null(document_string(&rule, "scap_rule_id"));
    assert_text(&rule, "check_content.yamlpath", ".a");
    bson_destroy(&rule);
}

static void gathers_remediation(void **state)
{
    struct notes notes;
    engine_error err;
    bson_t rule;

    (void)state;
    assert_int_equal(
        normalise(SMALL "manual_remediation: do it\n"
                        "fix_content: {shell: {script: ls, complexity: low}}\n"
                        "remediation: {ansible: {tasks: [a]}}\n",
                  &rule, &notes, &err), 0);
    assert_text(&rule, "remediation.text", "do it");
    assert_text(&rule, "remediation.code.shell", "ls");
    assert_text(&rule, "remediation.code.ansible.tasks.0", "a");
    bson_destroy(&rule);
}

static void names_fields_that_it_ignores(void **state)
{
    struct notes notes;
    engine_error err;
    bson_t rule;

    (void)state;
    assert_int_equal(normalise(SMALL "sevrity: high\nabstract: false\n",
                               &rule, &notes, &err), 0);
    assert_int_equal(notes.count, 1);
    assert_contains(notes.text, "ignored field \"sevrity\"");
    assert_false(bson_has_field(&rule, "sevrity"));
    bson_destroy(&rule);
}

static void a_canonical_rule_stays_as_it_is(void **state)
{
    const char *yaml =
        SMALL "severity: high\nreferences: [a, {href: b}]\n"
              "frameworks: {nist: {800-53r5: [AC-6]}}\n"
              "variables: {v: {type: number, default: '5', minimum: 1}}\n"
              "remediation: {text: t, code: {bash: ls}}\n";
    struct notes notes = {.count = 0};
    engine_error err;
    bson_t once, twice;

    (void)state;
    assert_int_equal(normalise(yaml, &once, &notes, &err), 0);
    assert_int_equal(notes.count, 0);
    assert_int_equal(rules_normalise(&once, NULL, NULL, take_note, &notes,
                                     &twice, &err), 0);
    assert_int_equal(notes.count, 0);
    assert_text(&twice, "references.1.href", "b");
    assert_text(&twice, "variables.v.default", "5");
    assert_text(&twice, "remediation.code.bash", "ls");
    assert_text(&twice, "framework_refs.0.control", "AC-6");
    bson_destroy(&once);
    bson_destroy(&twice);
}

static void shortens_variable_ids(void **state)
{
    (void)state;
    assert_string_equal(
        rules_variable_short("xccdf_org.ssgproject.content_value_var_x"),
        "var_x");
    assert_string_equal(rules_variable_short("var_x"), "var_x");
    assert_string_equal(rules_variable_short("my_value_x"), "my_value_x");
    assert_string_equal(rules_variable_short("xccdf_a_value_"),
                        "xccdf_a_value_");
}

static void checks_values(void **state)
{
    bson_t *number = json("{\"type\": \"number\", \"minimum\": 60, "
                          "\"maximum\": \"3600\", \"choices\": "
                          "[\"60\", \"600\", \"9999\"]}");
    bson_t *slow = json("{\"type\": \"string\", \"pattern\": "
                        "\"(a+)+b\"}");
    bson_t *either = json("{\"type\": \"string\", \"pattern\": "
                          "\"a|ab\"}");
    bson_t *halves = json("{\"type\": \"string\", \"pattern\": "
                          "\"a)(b\"}");
    engine_error err;

    (void)state;
    assert_int_equal(rules_variable_check("v", either, "ab", &err), 0);
    assert_int_equal(rules_variable_check("v", either, "abc", &err),
                     ENGINE_EINVAL);
    assert_int_equal(rules_variable_check("v", either, "a\n", &err),
                     ENGINE_EINVAL);
    assert_int_equal(rules_variable_check("v", halves, "ab", &err),
                     ENGINE_EINVAL);
    bson_destroy(either);
    bson_destroy(halves);
    assert_int_equal(rules_variable_check("v", number, "600", &err), 0);
    assert_int_equal(rules_variable_check("v", number, "6e2", &err), 0);
    assert_int_equal(rules_variable_check("v", number, "59", &err),
                     ENGINE_EINVAL);
    assert_int_equal(rules_variable_check("v", number, "9999", &err),
                     ENGINE_EINVAL);
    assert_int_equal(rules_variable_check("v", number, "61", &err),
                     ENGINE_EINVAL);
    assert_contains(err.hint, "60, 600");
    assert_int_equal(rules_variable_check("v", number, " 600", &err),
                     ENGINE_EINVAL);
    assert_int_equal(rules_variable_check("v", number, "inf", &err),
                     ENGINE_EINVAL);
    assert_int_equal(
        rules_variable_check("v", slow, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                             &err), ENGINE_EINVAL);
    bson_destroy(number);
    bson_destroy(slow);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_in_defaults),
        cmocka_unit_test(keeps_texts_as_they_are_written),
        cmocka_unit_test(keeps_no_text_that_is_empty),
        cmocka_unit_test(a_title_is_one_line),
        cmocka_unit_test(
            gives_frameworks_canonical_names_and_drops_repetitions),
        cmocka_unit_test(knows_severity_words),
        cmocka_unit_test(gives_scanner_types_canonical_names),
        cmocka_unit_test(accepts_openwatch_variables),
        cmocka_unit_test(refuses_bad_variables),
        cmocka_unit_test(refuses_rules_that_cannot_be_used),
        cmocka_unit_test(tells_a_bare_reference_from_a_check),
        cmocka_unit_test(gathers_remediation),
        cmocka_unit_test(names_fields_that_it_ignores),
        cmocka_unit_test(a_canonical_rule_stays_as_it_is),
        cmocka_unit_test(shortens_variable_ids),
        cmocka_unit_test(checks_values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
