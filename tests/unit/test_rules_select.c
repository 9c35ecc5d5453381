/* SPDX-License-Identifier: Apache-2.0 */
/* test_rules_select.c - which rules a scan means, and their variables. */
#include "tests/unit/test_rules_fixture.h"

#include "engine/rules/rules_private.h"

#define SSG "xccdf_org.ssgproject.content_"

/* a rule of an imported benchmark, with a variable */
#define NATIVE(benchmark, name, sev, var, bounds)                          \
    "{\"benchmark\": \"" benchmark "\", \"rule_id\": \"" SSG "rule_" name  \
    "\", \"title\": \"" name "\", \"severity\": \"" sev "\", "             \
    "\"scanner_type\": \"oscap\", \"variables\": {\"" var "\": {\"type\": " \
    "\"number\", \"default\": \"600\"" bounds "}}, \"check_content\": "    \
    "{\"artifact\": \"a\", \"rule\": \"" SSG "rule_" name "\"}}"
#define BENCHMARK(id, platform, rules)                                     \
    "{\"_id\": \"" id "\", \"benchmark\": \"" id "\", \"platforms\": ["     \
    platform "], \"profiles\": [{\"id\": \"" SSG "profile_standard\", "     \
    "\"rules\": [" rules "], \"variables\": {\"var_tmout\": \"300\", "      \
    "\"var_only_profile\": \"x\"}}]}"
#define D11 SSG "benchmark_DEBIAN-11"
#define D12 SSG "benchmark_DEBIAN-12"
#define Q(text) "\"" text "\""

static void import_natives(struct fixture *f, const char *benchmark_11)
{
    import_start(f);
    import_document(f, "rule", "11.xml",
                    NATIVE(D11, "accounts_tmout", "medium", "var_tmout", ""));
    import_document(f, "benchmark", "11.xml", benchmark_11);
    import_document(f, "rule", "12.xml",
                    NATIVE(D12, "accounts_tmout", "medium", "var_tmout",
                           ", \"minimum\": 60"));
    import_document(f, "rule", "12.xml",
                    NATIVE(D12, "sshd_no_root", "high", "var_tmout",
                           ", \"maximum\": 3600"));
    import_document(f, "rule", "12.xml",
                    NATIVE(D12, "foo_sshd_no_root", "low", "var_other", ""));
    import_document(f, "benchmark", "12.xml",
                    BENCHMARK(D12, Q("cpe:/o:debian:debian_linux:12"),
                              Q(SSG "rule_accounts_tmout") ", "
                              Q(SSG "rule_sshd_no_root")));
    import_end(f);
}

static int setup_content(void **state)
{
    struct fixture *f;

    setup(state);
    f = *state;
    import_natives(f, BENCHMARK(D11, Q("cpe:/o:debian:debian_linux:11"),
                                Q(SSG "rule_accounts_tmout")));
    import_text(f, "local.yaml",
                "- rule_id: k8s_a\n  scanner_type: kubernetes\n"
                "  severity: critical\n  check_content: {}\n"
                "  frameworks: {cis: {v2.0.0: [5.1], v1.9: [4.1]}}\n"
                "- rule_id: ref\n  scap_rule_id: " SSG "rule_accounts_tmout\n"
                "  frameworks: {nist: {800-53r5: [AC-6]}}\n");
    return 0;
}

static engine_status choose(struct fixture *f, const char *config,
                            struct rules_selection *out)
{
    bson_t *document = json(config);
    engine_status status;

    f->err = (engine_error){0};
    status = rules_select(f->store, document, out, &f->err);
    bson_destroy(document);
    return status;
}

/* selects, and expects these rule ids in this order, joined by blanks */
static void assert_selects(struct fixture *f, const char *config,
                           const char *expected)
{
    struct rules_selection selection;
    char text[1024] = "";

    if (choose(f, config, &selection) < 0)
        fail_msg("%s: %s", config, f->err.message);
    for (size_t i = 0; i < selection.count; i++) {
        const char *id = selection.items[i].rule_id;
        const char *mark = strstr(id, "_rule_");
        size_t len = strlen(text);
        snprintf(text + len, sizeof(text) - len, "%s%s", i ? " " : "",
                 mark ? mark + 6 : id);
    }
    assert_string_equal(text, expected);
    rules_selection_clear(&selection);
}

static void assert_refuses(struct fixture *f, const char *config,
                           engine_status status, const char *part,
                           const char *hint)
{
    struct rules_selection selection;

    assert_int_equal(choose(f, config, &selection), status);
    assert_int_equal(f->err.status, status);
    assert_contains(f->err.message, part);
    assert_contains(f->err.hint, hint);
    rules_selection_clear(&selection);
}

static void selects_by_framework_and_version(void **state)
{
    struct fixture *f = *state;

    assert_selects(f, "{\"framework\": \"cis\"}", "k8s_a");
    assert_selects(f, "{\"framework\": \"CIS-Controls\", "
                      "\"framework_version\": \"v2.0.0\"}", "k8s_a");
    assert_selects(f, "{\"framework\": \"nist\"}", "ref");
    assert_refuses(f, "{\"framework\": \"cis\", \"framework_version\": "
                      "\"800-53r5\"}", ENGINE_ENOTFOUND, "cis:v1.9", "");
}

static void nothing_selected_names_what_there_is(void **state)
{
    struct fixture *f = *state;

    assert_refuses(f, "{\"framework\": \"nisd\"}", ENGINE_ENOTFOUND,
                   "nist:800-53r5", "rules list");
    assert_contains(f->err.message, D12);
    assert_contains(f->err.message, "standard");
    assert_selects(f, "{\"framework\": \"nisd\", \"options\": "
                      "{\"allow_empty\": true}}", "");
}

/* Not even where nothing is allowed: a scan of no rules would seem fine. */
static void a_lack_of_memory_is_no_empty_selection(void **state)
{
#define ALLOWED ", \"options\": {\"allow_empty\": true}}"
    static const char *const configs[] = {
        ("{\"framework\": \"cis\"" ALLOWED),
        ("{\"benchmark\": \"DEBIAN-12\", \"profile\": \"standard\"" ALLOWED),
        ("{\"rules\": [\"k8s_a\"]" ALLOWED)};
    static const size_t wanted[] = {1, 2, 1};
    struct fixture *f = *state;

    for (size_t i = 0; i < 3; i++) {
        engine_status status = ENGINE_ENOMEM;
        bson_t *config = json(configs[i]);

        for (long nth = 1; status != ENGINE_OK; nth++) {
            struct rules_selection selection;

            engine_alloc_fail_at(nth);
            status = rules_select(f->store, config, &selection, &f->err);
            engine_alloc_fail_at(0);
            if (status == ENGINE_OK && selection.count != wanted[i])
                fail_msg("%s: %zu rules without allocation %ld", configs[i],
                         selection.count, nth);
            if (status != ENGINE_OK && status != ENGINE_ENOMEM)
                fail_msg("%s: %s without allocation %ld", configs[i],
                         f->err.message, nth);
            rules_selection_clear(&selection);
        }
        bson_destroy(config);
    }
}

static void an_empty_store_says_so(void **state)
{
    assert_refuses(*state, "{}", ENGINE_ENOTFOUND, "no rules",
                   "scan-engine import");
}

static void refuses_rules_of_two_benchmarks(void **state)
{
    struct fixture *f = *state;

    assert_refuses(f, "{}", ENGINE_EINVAL, D11 ", " D12, "--benchmark");
    assert_refuses(f, "{\"rules\": [\"accounts_tmout\"]}", ENGINE_EINVAL,
                   "ambiguous", "--benchmark");
    assert_selects(f, "{\"benchmark\": \"DEBIAN-11\"}", "accounts_tmout");
    assert_selects(f, "{\"benchmark\": \"local\"}", "k8s_a ref");
    assert_refuses(f, "{\"benchmark\": \"DEBIAN\"}", ENGINE_EINVAL,
                   "there is no benchmark", "benchmarks list");
}

static void selects_rules_by_names(void **state)
{
    struct fixture *f = *state;

    assert_selects(f, "{\"rules\": [\"sshd_no_root\"]}", "sshd_no_root");
    assert_selects(f, "{\"rules\": [\"foo_sshd_no_root\", \"k8s_a\"]}",
                   "k8s_a foo_sshd_no_root");
    assert_selects(f, "{\"rules\": [\"" SSG "rule_sshd_no_root\"]}",
                   "sshd_no_root");
    assert_refuses(f, "{\"rules\": [\"no_root\"]}", ENGINE_EINVAL,
                   "ambiguous", "more of the id");
    assert_refuses(f, "{\"rules\": [\"shd_no_root\"]}", ENGINE_EINVAL,
                   "there is no rule", "");
    assert_refuses(f, "{\"rules\": [\"k8s_a\"], \"framework\": \"nist\"}",
                   ENGINE_EINVAL, "is not in what", "");
    assert_refuses(f, "{\"rules\": [5]}", ENGINE_EINVAL, "list of rule ids",
                   "");
}

static void selects_a_profile(void **state)
{
    struct fixture *f = *state;
    struct rules_selection s;

    assert_refuses(f, "{\"profile\": \"standard\"}", ENGINE_EINVAL,
                   "in 2 benchmarks", "--benchmark");
    assert_refuses(f, "{\"profile\": \"high\", \"benchmark\": \"DEBIAN-12\"}",
                   ENGINE_EINVAL, "there is no profile", "standard");
    assert_int_equal(choose(f, "{\"profile\": \"standard\", \"benchmark\": "
                               "\"DEBIAN-12\"}", &s), 0);
    assert_int_equal(s.count, 2);
    assert_string_equal(s.benchmark, D12);
    assert_string_equal(s.profile, SSG "profile_standard");
    assert_string_equal(document_string(&s.variables, "var_tmout"), "300");
    assert_string_equal(document_string(&s.variables, "var_only_profile"),
                        "x");
    rules_selection_clear(&s);
    assert_selects(f, "{\"profile\": \"standard\", \"benchmark\": "
                      "\"DEBIAN-12\", \"rules\": [\"no_root\"]}",
                   "sshd_no_root");
}

static void a_user_filter_only_narrows(void **state)
{
    struct fixture *f = *state;

    assert_selects(f, "{\"rule_filter\": {\"severity\": {\"$in\": "
                      "[\"high\", \"critical\"]}}}", "k8s_a sshd_no_root");
    assert_selects(f, "{\"benchmark\": \"local\", \"rule_filter\": "
                      "{\"$or\": [{\"severity\": \"low\"}, "
                      "{\"rule_id\": \"ref\"}]}}", "ref");
    assert_refuses(f, "{\"benchmark\": \"local\", \"rule_filter\": "
                      "{\"benchmark\": \"" D12 "\"}}", ENGINE_ENOTFOUND, "",
                   "");
    assert_refuses(f, "{\"rule_filter\": {\"$where\": \"1\"}}",
                   ENGINE_EINVAL, "rule_filter: ", "");
    assert_refuses(f, "{\"rule_filter\": \"x\"}", ENGINE_EINVAL,
                   "must be a document", "");
}

static void old_versions_are_never_selected(void **state)
{
    struct fixture *f = *state;

    import_text(f, "local.yaml", "rule_id: k8s_a\nseverity: low\n"
                                 "check_content: {y: 2}\n");
    assert_refuses(f, "{\"benchmark\": \"local\", \"rule_filter\": "
                      "{\"is_latest\": false}}", ENGINE_ENOTFOUND, "", "");
    assert_selects(f, "{\"rule_filter\": {\"rule_id\": \"k8s_a\", "
                      "\"severity\": \"low\"}}", "k8s_a");
}

static void only_oscap_references_are_to_be_resolved(void **state)
{
    struct fixture *f = *state;
    struct rules_selection s;

    assert_int_equal(choose(f, "{\"rules\": [\"ref\"]}", &s), 0);
    assert_string_equal(s.items[0].scap_rule_id, SSG "rule_accounts_tmout");
    assert_string_equal(s.items[0].id, "local/ref/1");
    rules_selection_clear(&s);
    import_text(f, "k.yaml", "rule_id: kref\nscanner_type: kubernetes\n"
                             "scap_rule_id: xccdf_a_rule_b\n");
    assert_int_equal(choose(f, "{\"rules\": [\"kref\"]}", &s), 0);
    assert_null(s.items[0].scap_rule_id);
    rules_selection_clear(&s);
}

/* ---- variables ----------------------------------------------------------- */

#define TWELVE "\"benchmark\": \"DEBIAN-12\", \"variable_overrides\": "

static void overrides_win_over_profile_and_defaults(void **state)
{
    struct fixture *f = *state;
    struct rules_selection s;

    assert_int_equal(
        choose(f, "{" TWELVE "{\"" SSG "value_var_tmout\": 900}, "
                  "\"profile\": \"standard\"}", &s), 0);
    assert_string_equal(document_string(&s.variables, "var_tmout"), "900");
    assert_string_equal(document_string(&s.overrides, "var_tmout"), "900");
    assert_int_equal(bson_count_keys(&s.overrides), 1);
    rules_selection_clear(&s);
    assert_int_equal(choose(f, "{\"benchmark\": \"DEBIAN-12\"}", &s), 0);
    assert_string_equal(document_string(&s.variables, "var_tmout"), "600");
    assert_string_equal(document_string(&s.variables, "var_other"), "600");
    assert_true(bson_empty(&s.overrides));
    rules_selection_clear(&s);
}

static void overrides_are_checked_against_every_rule(void **state)
{
    struct fixture *f = *state;

    assert_refuses(f, "{" TWELVE "{\"var_tmout\": \"59\"}}", ENGINE_EINVAL,
                   "less than the minimum 60", "");
    assert_refuses(f, "{" TWELVE "{\"var_tmout\": \"3601\"}}", ENGINE_EINVAL,
                   "more than the maximum 3600", "");
    assert_contains(f->err.message, "rule_sshd_no_root");
    assert_refuses(f, "{" TWELVE "{\"var_tmut\": \"1\"}}", ENGINE_EINVAL,
                   "\"var_tmut\"", "did you mean: var_tmout");
    assert_refuses(f, "{" TWELVE "{\"zzz\": \"1\"}}", ENGINE_EINVAL,
                   "\"zzz\"", "var_other, var_tmout");
    assert_refuses(f, "{" TWELVE "{\"var_tmout\": \"90\", \"" SSG
                      "value_var_tmout\": \"91\"}}", ENGINE_EINVAL,
                   "overridden twice", "");
    assert_refuses(f, "{" TWELVE "{\"var_tmout\": [1]}}", ENGINE_EINVAL,
                   "expected a text", "");
}

static void overrides_reach_the_rules_behind_references(void **state)
{
    struct fixture *f = *state;
    struct rules_selection s;

    assert_int_equal(choose(f, "{\"rules\": [\"ref\"], "
                               "\"variable_overrides\": {\"var_tmout\": "
                               "\"90\"}}", &s), 0);
    assert_string_equal(document_string(&s.variables, "var_tmout"), "90");
    rules_selection_clear(&s);
    assert_refuses(f, "{\"rules\": [\"ref\"], \"variable_overrides\": "
                      "{\"var_tmout\": \"5\"}}", ENGINE_EINVAL,
                   "less than the minimum 60", "");
    assert_refuses(f, "{\"rules\": [\"ref\"], \"variable_overrides\": "
                      "{\"var_other\": \"5\"}}", ENGINE_EINVAL,
                   "\"var_other\"", "var_tmout");
    assert_int_equal(choose(f, "{\"rules\": [\"ref\"]}", &s), 0);
    assert_true(bson_empty(&s.variables));
    rules_selection_clear(&s);
}

static void a_disputed_default_is_left_to_the_rules(void **state)
{
    struct fixture *f = *state;
    struct rules_selection s;

    import_text(f, "v.yaml", "- rule_id: a\n  check_content: {}\n"
                             "  variables: {v: 1, w: 1}\n"
                             "- rule_id: b\n  check_content: {}\n"
                             "  variables: {v: 2, w: 1}\n");
    /* "a" ends k8s_a too, but the whole id comes first */
    assert_int_equal(choose(f, "{\"rules\": [\"a\", \"b\"]}", &s), 0);
    assert_int_equal(s.count, 2);
    assert_string_equal(document_string(&s.variables, "w"), "1");
    assert_null(document_string(&s.variables, "v"));
    rules_selection_clear(&s);
}

/* ---- storing ------------------------------------------------------------- */

static void a_selection_survives_the_store(void **state)
{
    struct fixture *f = *state;
    struct rules_selection s, back;
    struct buffer text;

    buffer_init(&text, 1024 * 1024);
    for (int i = 0; i < 2500; i++)
        buffer_printf(&text, "- {rule_id: r%04d, check_content: {}, "
                             "benchmark: many, variables: {v: 5}}\n", i);
    assert_total(import_text(f, "many.yaml", text.data), "added", 2500);
    buffer_clear(&text);
    assert_int_equal(choose(f, "{\"benchmark\": \"many\", "
                               "\"variable_overrides\": {\"v\": \"6\"}}",
                            &s), 0);
    assert_int_equal(s.count, 2500);
    assert_int_equal(rules_selection_save(f->store, "scan-1", &s, &f->err),
                     0);
    assert_int_equal(rules_selection_load(f->store, "scan-1", &back,
                                          &f->err), 0);
    assert_int_equal(back.count, 2500);
    assert_string_equal(back.items[2499].id, s.items[2499].id);
    assert_string_equal(back.benchmark, "many");
    assert_null(back.profile);
    assert_true(bson_equal(&back.variables, &s.variables));
    assert_true(bson_equal(&back.overrides, &s.overrides));
    rules_selection_clear(&back);
    rules_selection_clear(&s);
}

static void a_selection_with_a_lost_chunk_is_corrupt(void **state)
{
    struct fixture *f = *state;
    struct rules_selection s, back;
    bson_t *lost = json("{\"_id\": \"scan-1/0\"}");
    int64_t deleted = 0;

    assert_int_equal(choose(f, "{\"rules\": [\"ref\"]}", &s), 0);
    assert_int_equal(rules_selection_save(f->store, "scan-1", &s, &f->err),
                     0);
    assert_int_equal(store_delete(f->store, STORE_SELECTIONS, lost, &deleted,
                                  &f->err), 0);
    assert_int_equal(deleted, 1);
    assert_int_equal(rules_selection_load(f->store, "scan-1", &back,
                                          &f->err), ENGINE_ECORRUPT);
    assert_int_equal(rules_selection_load(f->store, "scan-2", &back,
                                          &f->err), ENGINE_ENOTFOUND);
    rules_selection_clear(&s);
    bson_destroy(lost);
}

/* ---- resolving ----------------------------------------------------------- */

static engine_status resolve(struct fixture *f, const char *benchmark,
                             const char *platforms, char *found)
{
    bson_t *list = platforms ? json(platforms) : NULL;
    engine_status status;
    bson_t targets, rule;

    if (list)
        document_child(list, "l", &targets);
    f->err = (engine_error){0};
    status = rules_resolve(f->store, SSG "rule_accounts_tmout", benchmark,
                           list ? &targets : NULL, &rule, &f->err);
    if (status == ENGINE_OK) {
        snprintf(found, 128, "%s", document_string(&rule, "benchmark"));
        bson_destroy(&rule);
    }
    bson_destroy(list);
    return status;
}

static void a_reference_resolves_by_platform(void **state)
{
    struct fixture *f = *state;
    char found[128];

    assert_int_equal(resolve(f, NULL, "{\"l\": [\"cpe:/a:x:y\", \"cpe:/o:"
                                      "debian:debian_linux:12\"]}", found),
                     0);
    assert_string_equal(found, D12);
    assert_int_equal(resolve(f, D11, "{\"l\": [\"cpe:/o:debian:"
                                     "debian_linux:12\"]}", found),
                     ENGINE_ENOTFOUND);
    assert_contains(f->err.message, "only in benchmarks for other systems");
    assert_int_equal(resolve(f, NULL, "{\"l\": [\"cpe:/o:redhat:"
                                      "enterprise_linux:8\"]}", found),
                     ENGINE_ENOTFOUND);
    assert_contains(f->err.message, D11);
    assert_int_equal(resolve(f, NULL, NULL, found), ENGINE_ENOTFOUND);
    assert_contains(f->err.message, "several benchmarks");
    assert_int_equal(resolve(f, D12, NULL, found), 0);
    assert_int_equal(resolve(f, "other", NULL, found), ENGINE_ENOTFOUND);
}

static void a_benchmark_without_platforms_suits_any_target(void **state)
{
    struct fixture *f = *state;
    char found[128];

    import_natives(f, BENCHMARK(D11, "", Q(SSG "rule_accounts_tmout")));
    assert_int_equal(resolve(f, NULL, "{\"l\": [\"cpe:/o:other:os:1\"]}",
                             found), 0);
    assert_string_equal(found, D11);
    /* the one that names the platform is closer */
    assert_int_equal(resolve(f, NULL, "{\"l\": [\"cpe:/o:debian:"
                                      "debian_linux:12\"]}", found), 0);
    assert_string_equal(found, D12);
}

static void compares_cpe_names_by_components(void **state)
{
    (void)state;
    assert_true(rules_cpe_suits("cpe:/o:redhat:enterprise_linux:8",
                                "cpe:/o:redhat:enterprise_linux:8.6") > 0);
    assert_int_equal(rules_cpe_suits("cpe:/o:redhat:enterprise_linux:8",
                                     "cpe:/o:redhat:enterprise_linux:80"), 0);
    assert_int_equal(rules_cpe_suits("cpe:/o:redhat:enterprise_linux:8",
                                     "cpe:/o:redhat:enterprise_linux"), 0);
    assert_true(rules_cpe_suits("cpe:/o:debian", "cpe:/o:Debian:x:1") > 0);
    assert_true(rules_cpe_suits("cpe:2.3:o:debian:debian_linux:12:*:*:*",
                                "cpe:/o:debian:debian_linux:12") > 0);
    assert_int_equal(rules_cpe_suits("debian", "cpe:/o:debian"), 0);
}

static void finds_a_rule_by_its_name(void **state)
{
    struct fixture *f = *state;
    bson_t rule;

    assert_int_equal(rules_find_rule(f->store, NULL, "sshd_no_root", &rule,
                                     &f->err), 0);
    assert_string_equal(document_string(&rule, "severity"), "high");
    bson_destroy(&rule);
    assert_int_equal(rules_find_rule(f->store, NULL, "accounts_tmout", &rule,
                                     &f->err), ENGINE_EINVAL);
    assert_contains(f->err.message, D11);
    assert_int_equal(rules_find_rule(f->store, D11, "accounts_tmout", &rule,
                                     &f->err), 0);
    bson_destroy(&rule);
    assert_int_equal(rules_find_rule(f->store, NULL, "nope", &rule, &f->err),
                     ENGINE_ENOTFOUND);
}

static void ranks_names(void **state)
{
    (void)state;
    assert_int_equal(rules_name_rank("a_b", "a_b"), 3);
    assert_int_equal(rules_name_rank("xccdf_x_rule_a_b", "a_b"), 2);
    assert_int_equal(rules_name_rank("xccdf_x_rule_a_b", "b"), 1);
    assert_int_equal(rules_name_rank("xccdf_x_rule_ab", "b"), 0);
    assert_int_equal(rules_name_rank("ab", "abc"), 0);
    assert_int_equal(rules_name_rank("ab", ""), 0);
}

#define BARE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define TEST(name)                                                         \
    cmocka_unit_test_setup_teardown(name, setup_content, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(selects_by_framework_and_version),
        TEST(nothing_selected_names_what_there_is),
        TEST(a_lack_of_memory_is_no_empty_selection),
        BARE(an_empty_store_says_so),
        TEST(refuses_rules_of_two_benchmarks),
        TEST(selects_rules_by_names),
        TEST(selects_a_profile),
        TEST(a_user_filter_only_narrows),
        TEST(old_versions_are_never_selected),
        TEST(only_oscap_references_are_to_be_resolved),
        TEST(overrides_win_over_profile_and_defaults),
        TEST(overrides_are_checked_against_every_rule),
        TEST(overrides_reach_the_rules_behind_references),
        TEST(a_disputed_default_is_left_to_the_rules),
        BARE(a_selection_survives_the_store),
        TEST(a_selection_with_a_lost_chunk_is_corrupt),
        TEST(a_reference_resolves_by_platform),
        TEST(a_benchmark_without_platforms_suits_any_target),
        TEST(compares_cpe_names_by_components),
        TEST(finds_a_rule_by_its_name),
        cmocka_unit_test(ranks_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
