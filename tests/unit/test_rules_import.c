/* SPDX-License-Identifier: Apache-2.0 */
/* test_rules_import.c - files into the store, versions, the report. */
#include "tests/unit/test_rules_fixture.h"

#include <archive.h>
#include <archive_entry.h>

#define RULE(id) "rule_id: " id "\ntitle: T\ncheck_content: {x: 1}\n"

static char *fixture_path(const char *name)
{
    const char *source = getenv("SCAN_ENGINE_SRC");

    return engine_strf("%s/tests/fixtures/rules/%s", source ? source : ".",
                       name);
}

static int64_t count_latest(const struct fixture *f)
{
    bson_t *filter = json("{\"is_latest\": true}");
    int64_t count = -1;

    assert_int_equal(store_count(f->store, STORE_RULES, filter, &count,
                                 NULL), 0);
    bson_destroy(filter);
    return count;
}

static void imports_lists_streams_and_lines(void **state)
{
    struct fixture *f = *state;

    assert_total(import_text(f, "a.yaml", "- {rule_id: a, check_content: {}}\n"
                                          "- {rule_id: b, check_content: {}}"
                                          "\n"), "added", 2);
    assert_total(import_text(f, "b.yml", "---\n" RULE("c") "---\n" RULE("d")),
                 "added", 2);
    assert_total(import_text(f, "c.jsonl",
                             "{\"rule_id\": \"e\", \"check_content\": {}}\n"
                             "{\"rule_id\": \"f\", \"check_content\": {}}\n"),
                 "added", 2);
    assert_total(import_text(f, "d.json",
                             "[{\"rule_id\": \"g\", \"check_content\": {}}]"),
                 "added", 1);
    assert_int_equal(count_latest(f), 7);
}

static void a_second_import_changes_nothing(void **state)
{
    struct fixture *f = *state;
    const bson_t *report;

    assert_total(import_text(f, "a.yaml", RULE("a")), "added", 1);
    report = import_text(f, "other.yaml", "# moved\n\n" RULE("a"));
    assert_total(report, "unchanged", 1);
    assert_total(report, "added", 0);
    assert_total(report, "changed", 0);
}

static void a_change_makes_a_new_version(void **state)
{
    struct fixture *f = *state;
    bson_t rule;

    import_text(f, "a.yaml", RULE("a"));
    assert_total(import_text(f, "a.yaml", RULE("a") "severity: high\n"),
                 "changed", 1);
    assert_false(is_latest(f, "local/a/1"));
    assert_true(is_latest(f, "local/a/2"));
    stored(f, "local/a/2", &rule);
    assert_int_equal(document_int(&rule, "version", 0), 2);
    assert_string_equal(document_string(&rule, "severity"), "high");
    assert_non_null(document_string(&rule, "source.hash"));
    assert_true(document_date(&rule, "source.imported_at", 0) > 0);
    bson_destroy(&rule);
    assert_total(import_text(f, "a.yaml", RULE("a")), "changed", 1);
    assert_true(is_latest(f, "local/a/3"));
    assert_int_equal(count_latest(f), 1);
}

static void an_exported_rule_imports_unchanged(void **state)
{
    struct fixture *f = *state;
    struct buffer text;
    bson_t rule;

    import_text(f, "a.yaml", RULE("a") "version: '7'\n");
    import_text(f, "a.yaml", RULE("a") "version: '7'\nseverity: low\n");
    stored(f, "local/a/2", &rule);
    buffer_init(&text, 65536);
    assert_int_equal(document_to_json(&rule, 0, &text), 0);
    assert_total(import_text(f, "export.json", text.data), "unchanged", 1);
    buffer_clear(&text);
    bson_destroy(&rule);
}

static void rejects_another_rule_of_the_same_id(void **state)
{
    struct fixture *f = *state;
    const bson_t *report =
        import_text(f, "a.yaml", "---\n" RULE("a") "---\n" RULE("a")
                                 "severity: low\n---\n" RULE("a"));

    assert_total(report, "added", 1);
    assert_total(report, "unchanged", 1);
    assert_total(report, "rejected", 1);
    assert_contains(first_reason(report), "a.yaml:2");
}

static void keeps_what_came_before_a_syntax_error(void **state)
{
    struct fixture *f = *state;
    const bson_t *report = import_text(
        f, "a.yaml", "---\n" RULE("a") "---\n" RULE("b") "---\nrule_id: [\n");

    assert_total(report, "added", 2);
    assert_total(report, "rejected", 1);
    assert_true(document_int(report, "files.0.rejections.0.line", 0) >= 9);
    assert_int_equal(count_latest(f), 2);
}

static void a_bad_rule_does_not_stop_the_others(void **state)
{
    struct fixture *f = *state;
    const bson_t *report = import_text(
        f, "a.yaml", "- rule_id: a\n  check_content: {}\n"
                     "- rule_id: b\n  severity: awful\n  check_content: {}\n"
                     "- rule_id: c\n  check_content: {}\n");

    assert_total(report, "added", 2);
    assert_total(report, "rejected", 1);
    assert_contains(first_reason(report), "severity \"awful\"");
    assert_int_equal(document_int(report, "files.0.rejections.0.line", 0), 4);
    assert_string_equal(
        document_string(report, "files.0.rejections.0.rule_id"), "b");
}

static void skips_a_byte_order_mark_and_refuses_utf16(void **state)
{
    struct fixture *f = *state;
    const bson_t *report;

    assert_total(import_text(f, "a.yaml", "\xef\xbb\xbf" RULE("a")), "added",
                 1);
    report = import_bytes(f, "b.yaml", "\xff\xfer\0u\0l\0e\0", 10);
    assert_total(report, "rejected", 1);
    assert_contains(first_reason(report), "UTF-16");
}

static void refuses_what_is_no_rule_file(void **state)
{
    struct fixture *f = *state;
    char *missing = path_of(f, "missing.yaml");

    assert_total(import_text(f, "empty.yaml", ""), "rejected", 1);
    assert_total(import_text(f, "words", "hello"), "rejected", 1);
    assert_total(import_text(f, "a.xml", "<Benchmark/>"), "rejected", 1);
    assert_total(import_text(f, "a.tar.gz", "not an archive"), "rejected", 1);
    assert_total(import_path(f, missing), "rejected", 1);
    assert_total(import_path(f, "/dev/null"), "rejected", 1);
    engine_free(missing);
}

static void validates_without_a_store(void **state)
{
    struct fixture *f = *state;

    f->options.store = NULL;
    assert_total(import_text(f, "a.yaml", RULE("a")), "added", 1);
    assert_int_equal(count_latest(f), 0);
}

static void skips_old_versions_and_abstract_rules(void **state)
{
    struct fixture *f = *state;
    const bson_t *report =
        import_text(f, "a.yaml", "---\n" RULE("a") "is_latest: false\n---\n"
                                 RULE("b") "abstract: true\n---\n" RULE("c"));

    assert_total(report, "skipped", 2);
    assert_total(report, "added", 1);
}

/* ---- directories and archives -------------------------------------------- */

static void imports_a_directory_in_order(void **state)
{
    struct fixture *f = *state;
    char *directory = path_of(f, "rules");
    char *below = path_of(f, "rules/b");
    char *link = path_of(f, "rules/link.yaml");
    char *inside = path_of(f, "rules/inside.yaml");
    char *loop = path_of(f, "rules/loop");
    const bson_t *report;

    assert_int_equal(mkdir(directory, 0700), 0);
    assert_int_equal(mkdir(below, 0700), 0);
    engine_free(write_bytes(f, "out.yaml", RULE("out"), strlen(RULE("out"))));
    engine_free(write_bytes(f, "rules/z.yaml", RULE("z"), strlen(RULE("z"))));
    engine_free(write_bytes(f, "rules/b/a.yml", RULE("a"), strlen(RULE("a"))));
    engine_free(write_bytes(f, "rules/README", "text", 4));
    engine_free(write_bytes(f, "rules/.hidden.yaml", "{", 1));
    engine_free(write_bytes(f, "rules/manifest.json", "{}", 2));
    assert_int_equal(symlink("../out.yaml", link), 0);
    assert_int_equal(symlink("b/a.yml", inside), 0);
    assert_int_equal(symlink(".", loop), 0);
    report = import_path(f, directory);
    assert_total(report, "added", 2);
    assert_total(report, "unchanged", 1); /* inside.yaml is b/a.yml */
    assert_total(report, "rejected", 1);  /* link.yaml leads out */
    assert_contains(document_string(report, "files.0.file"), "b/a.yml");
    assert_contains(
        document_string(report, "files.2.rejections.0.reason"),
        "leads out of the directory");
    engine_free(directory);
    engine_free(below);
    engine_free(link);
    engine_free(inside);
    engine_free(loop);
}

static void archive_add(struct archive *archive, const char *name,
                        const void *data, size_t len)
{
    struct archive_entry *entry = archive_entry_new();

    archive_entry_set_pathname(entry, name);
    archive_entry_set_size(entry, (la_int64_t)len);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_write_header(archive, entry);
    archive_write_data(archive, data, len);
    archive_entry_free(entry);
}

static char *write_bundle(struct fixture *f)
{
    bson_t *rule = BCON_NEW("_id", BCON_OID(&(bson_oid_t){{1}}), "rule_id",
                            "ow-x", "scap_rule_id", "xccdf_a_rule_x",
                            "metadata", "{", "name", "X", "}", "frameworks",
                            "{", "pci", "{", "v4.0", "[", "1", "]", "}",
                            "}", "version", "2024.2");
    struct archive *archive = archive_write_new();
    char *path = path_of(f, "bundle.tar.gz");

    archive_write_add_filter_gzip(archive);
    archive_write_set_format_pax_restricted(archive);
    assert_int_equal(archive_write_open_filename(archive, path), ARCHIVE_OK);
    archive_add(archive, "manifest.json", "{\"name\": \"n\"}", 13);
    archive_add(archive, "rules/ow-x.bson", bson_get_data(rule), rule->len);
    archive_add(archive, "../../etc/a.yaml", RULE("a"), strlen(RULE("a")));
    archive_add(archive, "rules/bad.bson", "\x09\0\0\0xyz", 7);
    archive_add(archive, "ds.xml", "<Benchmark/>", 12);
    archive_write_close(archive);
    archive_write_free(archive);
    bson_destroy(rule);
    return path;
}

static void imports_a_bundle(void **state)
{
    struct fixture *f = *state;
    char *path = write_bundle(f);
    const bson_t *report = import_path(f, path);
    bson_t rule;

    assert_total(report, "added", 2);
    assert_total(report, "rejected", 2);
    stored(f, "openwatch/ow-x/1", &rule);
    assert_string_equal(document_string(&rule, "title"), "X");
    assert_string_equal(document_string(&rule, "framework_refs.0.framework"),
                        "pci_dss");
    bson_destroy(&rule);
    engine_free(path);
}

/* {a: {a: {a: ...}}} without the recursion of a builder */
static void refuses_deeply_nested_bson(void **state)
{
    const int32_t depth = 50000;
    const size_t size = (size_t)depth * 8 + 5;
    uint8_t *data = engine_calloc(1, size);
    struct fixture *f = *state;
    const bson_t *report;

    for (int32_t i = 0; i < depth; i++) {
        const int32_t len = (depth - i) * 8 + 5;
        memcpy(data + 7 * i, &len, 4);
        memcpy(data + 7 * i + 4, "\x03" "a", 3);
    }
    memcpy(data + 7 * depth, "\5\0\0\0", 5);
    report = import_bytes(f, "deep.bson", data, size);
    assert_total(report, "rejected", 1);
    assert_contains(first_reason(report), "nested");
    engine_free(data);
}

static void every_allocation_may_fail(void **state)
{
    struct fixture *f = *state;
    bson_t *config = json("{\"rules\": [\"a\"], \"variable_overrides\": "
                          "{\"v\": \"2\"}}");
    static const char text[] = RULE("a") "variables: {v: 1}\ncategory: 5\n";
    char *path = write_bytes(f, "a.yaml", text, strlen(text));
    engine_status status = ENGINE_OK;
    int failures = 0;
    bson_t rule;

    /* a few texts of messages may be lost without a failure: go on */
    for (long nth = 1; nth < 400; nth++) {
        struct rules_import *import = NULL;
        struct rules_selection selection;
        engine_alloc_fail_at(nth);
        status = rules_import_new(&f->options, &import, &f->err);
        if (status == ENGINE_OK)
            status = rules_import_path(import, path, &f->err);
        if (status == ENGINE_OK)
            status = rules_import_finish(import, &f->err);
        if (status == ENGINE_OK) {
            status = rules_select(f->store, config, &selection, &f->err);
            if (status == ENGINE_OK)
                rules_selection_clear(&selection);
        }
        engine_alloc_fail_at(0);
        if (status != ENGINE_OK && status != ENGINE_ENOMEM)
            fail_msg("allocation %ld: %s", nth, f->err.message);
        failures += status != ENGINE_OK;
        rules_import_free(import);
    }
    assert_int_equal(status, 0);
    assert_true(failures > 50);
    /* what was imported in spite of a failure lacks nothing */
    stored(f, "local/a/1", &rule);
    assert_string_equal(document_string(&rule, "category"), "5");
    bson_destroy(&rule);
    assert_int_equal(store_get(f->store, STORE_RULES, "local/a/2", &rule,
                               NULL), ENGINE_ENOTFOUND);
    bson_destroy(config);
    engine_free(path);
}

static void a_truncated_bundle_is_reported(void **state)
{
    struct fixture *f = *state;
    char *path = write_bundle(f);
    struct stat info;

    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(truncate(path, info.st_size / 2), 0);
    assert_true(document_int(import_path(f, path), "totals.rejected", 0) > 0);
    engine_free(path);
}

static void imports_openwatch_documents(void **state)
{
    struct fixture *f = *state;
    char *path = fixture_path("openwatch");
    const bson_t *report = import_path(f, path);
    bson_t rule;

    assert_total(report, "documents", 25);
    assert_total(report, "added", 25);
    assert_total(report, "normalised", 25);
    assert_total(report, "rejected", 0);
    report = import_path(f, path);
    assert_total(report, "unchanged", 25);
    assert_total(report, "changed", 0);
    stored(f, "openwatch/ow-accounts_restrict_service_account_tokens/1",
           &rule);
    assert_string_equal(document_string(&rule, "scanner_type"), "kubernetes");
    assert_string_equal(document_string(&rule, "source.version"), "2024.2");
    assert_string_equal(document_string(&rule, "source.name"), "OpenWatch");
    assert_string_equal(document_string(&rule, "frameworks.pci_dss.v4.0.0"),
                        "Req-2.2");
    assert_string_equal(document_string(&rule, "title"),
                        "Restrict Automounting of Service Account Tokens");
    bson_destroy(&rule);
    engine_free(path);
}

/* ---- native content ------------------------------------------------------ */

#define NATIVE_RULE(id, sha)                                              \
    "{\"benchmark\": \"xccdf_x_benchmark_D\", \"rule_id\": \"" id "\", "  \
    "\"title\": \"T\", \"severity\": \"low\", \"scanner_type\": "         \
    "\"oscap\", \"check_content\": {\"artifact\": \"" sha "\", "          \
    "\"rule\": \"" id "\"}}"
#define NATIVE_BENCHMARK(count)                                           \
    "{\"_id\": \"xccdf_x_benchmark_D\", \"benchmark\": "                  \
    "\"xccdf_x_benchmark_D\", \"rules_count\": " #count "}"

static void a_rule_that_left_its_benchmark_is_not_latest(void **state)
{
    struct fixture *f = *state;
    const bson_t *report;

    import_start(f);
    import_document(f, "rule", "d.xml", NATIVE_RULE("r1", "s"));
    import_document(f, "rule", "d.xml", NATIVE_RULE("r2", "s"));
    import_document(f, "benchmark", "d.xml", NATIVE_BENCHMARK(2));
    report = import_end(f);
    assert_total(report, "added", 2);
    assert_total(report, "removed", 0);
    assert_string_equal(document_string(report, "benchmarks.0"),
                        "xccdf_x_benchmark_D");
    import_start(f);
    import_document(f, "benchmark", "d.xml", NATIVE_BENCHMARK(1));
    import_document(f, "rule", "d.xml", NATIVE_RULE("r1", "s"));
    report = import_end(f);
    assert_total(report, "unchanged", 1);
    assert_total(report, "removed", 1);
    assert_false(is_latest(f, "xccdf_x_benchmark_D/r2/1"));
    import_start(f);
    import_document(f, "rule", "d.xml", NATIVE_RULE("r1", "s"));
    import_document(f, "rule", "d.xml", NATIVE_RULE("r2", "s"));
    import_document(f, "benchmark", "d.xml", NATIVE_BENCHMARK(2));
    report = import_end(f);
    assert_total(report, "added", 1); /* back again, in its old version */
    assert_true(is_latest(f, "xccdf_x_benchmark_D/r2/1"));
}

static void a_benchmark_that_came_in_part_removes_nothing(void **state)
{
    struct fixture *f = *state;

    import_start(f);
    import_document(f, "rule", "d.xml", NATIVE_RULE("r1", "s"));
    import_document(f, "rule", "d.xml", NATIVE_RULE("r2", "s"));
    import_document(f, "benchmark", "d.xml", NATIVE_BENCHMARK(2));
    import_end(f);
    import_start(f);
    import_document(f, "rule", "d.xml", NATIVE_RULE("r1", "s"));
    import_document(f, "benchmark", "d.xml", NATIVE_BENCHMARK(2));
    assert_total(import_end(f), "removed", 0);
    assert_true(is_latest(f, "xccdf_x_benchmark_D/r2/1"));
}

static void a_second_file_with_the_same_benchmark_is_refused(void **state)
{
    struct fixture *f = *state;
    const bson_t *report;

    import_start(f);
    import_document(f, "rule", "a.xml", NATIVE_RULE("r1", "s"));
    import_document(f, "benchmark", "a.xml", NATIVE_BENCHMARK(1));
    import_document(f, "rule", "b.xml", NATIVE_RULE("r1", "other"));
    import_document(f, "rule", "b.xml", NATIVE_RULE("r2", "other"));
    import_document(f, "benchmark", "b.xml", NATIVE_BENCHMARK(2));
    report = import_end(f);
    assert_total(report, "added", 1);
    assert_total(report, "rejected", 1);
    assert_total(report, "skipped", 3);
}

static engine_status failing_native(const char *path, const char *format,
                                    struct rules_import *import, void *user,
                                    engine_error *err)
{
    bson_t *rule = json(NATIVE_RULE("r1", "s"));
    bson_t *benchmark = json(NATIVE_BENCHMARK(1));

    snprintf(user, 64, "%s", format);
    assert_int_equal(rules_import_document(import, "rule", rule, path, err),
                     0);
    assert_int_equal(rules_import_document(import, "benchmark", benchmark,
                                           path, err), 0);
    bson_destroy(rule);
    bson_destroy(benchmark);
    engine_fail(err, ENGINE_EPLUGIN, "the content broke off");
    return ENGINE_EPLUGIN;
}

static void a_failing_native_import_is_reported(void **state)
{
    struct fixture *f = *state;
    const bson_t *report;
    char format[64] = "";

    import_start(f);
    import_document(f, "rule", "d.xml", NATIVE_RULE("r1", "s"));
    import_document(f, "rule", "d.xml", NATIVE_RULE("r2", "s"));
    import_end(f);
    f->options.native = failing_native;
    f->options.user = format;
    report = import_text(f, "d.xml", "<?xml version='1.0'?>\n<!-- <a> -->\n"
                                     "<x:Benchmark id='a'>");
    assert_string_equal(format, "Benchmark");
    assert_total(report, "rejected", 1);
    assert_contains(first_reason(report), "broke off");
    assert_true(is_latest(f, "xccdf_x_benchmark_D/r2/1"));
}

static engine_status unsupported_native(const char *path, const char *format,
                                        struct rules_import *import,
                                        void *user, engine_error *err)
{
    (void)path;
    (void)import;
    (void)user;
    return engine_fail(err, ENGINE_EUNSUPPORTED, "nobody knows \"%s\"",
                       format);
}

static void a_foreign_file_in_a_directory_is_skipped(void **state)
{
    struct fixture *f = *state;
    char *directory = path_of(f, "rules");
    const bson_t *report;

    f->options.native = unsupported_native;
    assert_int_equal(mkdir(directory, 0700), 0);
    engine_free(write_bytes(f, "rules/a.yaml", RULE("a"), strlen(RULE("a"))));
    engine_free(write_bytes(f, "rules/oval.xml", "<oval/>", 7));
    report = import_path(f, directory);
    assert_total(report, "added", 1);
    assert_total(report, "skipped", 1);
    assert_total(report, "rejected", 0);
    report = import_text(f, "rules/oval.xml", "<oval/>");
    assert_total(report, "rejected", 1);
    engine_free(directory);
}

static void a_store_failure_ends_the_import(void **state)
{
    struct fixture *f = *state;
    char *uri = engine_strf("sqlite:%s/engine.db", f->directory);
    char *path = write_bytes(f, "a.yaml", RULE("a"), strlen(RULE("a")));
    struct store *reader = NULL;

    assert_int_equal(store_open(uri, STORE_READ_ONLY, NULL, &reader,
                                &f->err), 0);
    f->options.store = reader;
    import_start(f);
    assert_int_equal(rules_import_path(f->import, path, &f->err), 0);
    assert_true(rules_import_finish(f->import, &f->err) < 0);
    store_close(reader);
    engine_free(uri);
    engine_free(path);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(imports_lists_streams_and_lines),
        TEST(a_second_import_changes_nothing),
        TEST(a_change_makes_a_new_version),
        TEST(an_exported_rule_imports_unchanged),
        TEST(rejects_another_rule_of_the_same_id),
        TEST(keeps_what_came_before_a_syntax_error),
        TEST(a_bad_rule_does_not_stop_the_others),
        TEST(skips_a_byte_order_mark_and_refuses_utf16),
        TEST(refuses_what_is_no_rule_file),
        TEST(validates_without_a_store),
        TEST(skips_old_versions_and_abstract_rules),
        TEST(imports_a_directory_in_order),
        TEST(imports_a_bundle),
        TEST(refuses_deeply_nested_bson),
        TEST(every_allocation_may_fail),
        TEST(a_truncated_bundle_is_reported),
        TEST(imports_openwatch_documents),
        TEST(a_rule_that_left_its_benchmark_is_not_latest),
        TEST(a_benchmark_that_came_in_part_removes_nothing),
        TEST(a_second_file_with_the_same_benchmark_is_refused),
        TEST(a_failing_native_import_is_reported),
        TEST(a_foreign_file_in_a_directory_is_skipped),
        TEST(a_store_failure_ends_the_import),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
