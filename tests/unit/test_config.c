/* SPDX-License-Identifier: Apache-2.0 */
/* test_config.c - reading the configuration file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/config/config.h"
#include "engine/config/option.h"
#include "sdk/base/alloc.h"
#include "sdk/base/file.h"
#include "sdk/document/document.h"
#include "tests/unit/skip.h"

struct fixture {
    char *directory, *path;
};

static int setup(void **state)
{
    struct fixture *fixture = engine_calloc(1, sizeof(*fixture));
    engine_error err;

    unsetenv("SCAN_ENGINE_PLUGIN_DIR");
    unsetenv("SCAN_ENGINE_WORKER");
    unsetenv("SCAN_ENGINE_CONFIG");
    setenv("HOME", "/home/somebody", 1);
    unsetenv("XDG_DATA_HOME");
    unsetenv("XDG_CACHE_HOME");
    unsetenv("TMPDIR");
    assert_int_equal(
        file_make_temporary("/tmp", "test-config-", &fixture->directory, &err),
        0);
    fixture->path = engine_strf("%s/engine.conf", fixture->directory);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    file_remove_tree(fixture->directory, NULL);
    engine_free(fixture->directory);
    engine_free(fixture->path);
    engine_free(fixture);
    return 0;
}

static void write_file(const char *path, const char *text)
{
    assert_int_equal(file_write(path, text, strlen(text), 0644, NULL), 0);
}

static engine_status load(void **state, const char *text,
                          struct engine_config *config, engine_error *err)
{
    struct fixture *fixture = *state;

    write_file(fixture->path, text);
    memset(err, 0, sizeof(*err));
    return config_load(fixture->path, config, err);
}

/* The text must be refused, with these words in the message. */
static void refuse(void **state, const char *text, const char *words)
{
    struct engine_config config;
    engine_error err;
    engine_status status = load(state, text, &config, &err);

    if (status == 0 || !strstr(err.message, words))
        fail_msg("\"%s\": status %d, message \"%s\", expected \"%s\"", text,
                 (int)status, err.message, words);
}

static void defaults_follow_the_xdg_directories(void **state)
{
    struct engine_config config;
    engine_error err;
    char run[64];

    (void)state;
    setenv("XDG_DATA_HOME", "/data", 1);
    assert_int_equal(load(state, "", &config, &err), 0);
    assert_string_equal(config.store_uri, "sqlite:/data/scan-engine/engine.db");
    assert_string_equal(config.cache_directory,
                        "/home/somebody/.cache/scan-engine");
    snprintf(run, sizeof(run), "/tmp/scan-engine-%ld", (long)geteuid());
    assert_string_equal(config.run_directory, run);
    assert_int_equal(config.limit_wall_s, 3600);
    assert_int_equal(config.log_level, LOG_LEVEL_WARNING);
    assert_false(config.has_scan);
    config_unload(&config);
}

static void without_home_the_password_file_tells_it(void **state)
{
    const struct passwd *self = getpwuid(geteuid());
    struct engine_config config;
    engine_error err;

    if (!self || self->pw_dir[0] != '/')
        skip_since("the password file tells no home of this user");
    unsetenv("HOME");
    assert_int_equal(load(state, "", &config, &err), 0);
    assert_memory_equal(config.cache_directory, self->pw_dir,
                        strlen(self->pw_dir));
    config_unload(&config);
}

static void environment_moves_plugins_and_worker(void **state)
{
    struct engine_config config;
    engine_error err;

    setenv("SCAN_ENGINE_PLUGIN_DIR", "/build/plugins", 1);
    setenv("SCAN_ENGINE_WORKER", "/build/scan-worker", 1);
    assert_int_equal(load(state, "plugins = (\"oscap\");", &config, &err), 0);
    assert_string_equal(config.plugins[0].path, "/build/plugins/oscap.so");
    assert_string_equal(config.worker_path, "/build/scan-worker");
    config_unload(&config);
    setenv("SCAN_ENGINE_WORKER", "relative", 1);
    refuse(state, "", "SCAN_ENGINE_WORKER is \"relative\"");
}

static void reads_every_setting(void **state)
{
    struct engine_config config;
    engine_error err;

    assert_int_equal(
        load(state,
             "store = \"sqlite:/s/e.db\"; cache_directory = \"/c\";\n"
             "run_directory = \"/r\"; plugin_directory = \"/p\";\n"
             "workers = 3; log_level = \"debug\";\n"
             "limits: { wall = 1; memory_mb = 2; cpu = 3; file_mb = 4;\n"
             "  processes = 5; results = 6; result_mb = 7; files = 80;\n"
             "  artifacts = 9; artifact_mb = 10; };\n"
             "plugins = ( { name = \"p\"; limits = { wall = 9; };\n"
             "  reads = [ \"/r\" ]; writes = \"/w\"; } );\n"
             "confinement = \"required\";\n",
             &config, &err),
        0);
    assert_string_equal(config.store_uri, "sqlite:/s/e.db");
    assert_string_equal(config.cache_directory, "/c");
    assert_string_equal(config.run_directory, "/r");
    assert_int_equal(config.workers, 3);
    assert_int_equal(config.log_level, LOG_LEVEL_DEBUG);
    assert_int_equal(config.limit_wall_s, 1);
    assert_int_equal(config.limit_memory_mb, 2);
    assert_int_equal(config.limit_cpu_s, 3);
    assert_int_equal(config.limit_file_mb, 4);
    assert_int_equal(config.limit_processes, 5);
    assert_int_equal(config.limit_results, 6);
    assert_int_equal(config.limit_result_mb, 7);
    assert_int_equal(config.limit_files, 80);
    assert_int_equal(config.limit_artifacts, 9);
    assert_int_equal(config.limit_artifact_mb, 10);
    assert_int_equal(document_int(config.plugins[0].limits, "wall", 0), 9);
    assert_string_equal(config.plugins[0].reads[0], "/r");
    assert_string_equal(config.plugins[0].writes[0], "/w");
    assert_null(config.plugins[0].writes[1]);
    assert_string_equal(config.confinement, "required");
    config_unload(&config);
}

#ifdef SCAN_ENGINE_PLUGINS
static void without_a_list_there_are_the_plugins_that_were_built(void **state)
{
    struct engine_config config;
    engine_error err;
    size_t count = 0;

    assert_int_equal(load(state, "plugin_directory = \"/p\";", &config, &err),
                     0);
    for (size_t i = 0; i < config.plugins_count; i++) {
        assert_non_null(strstr(SCAN_ENGINE_PLUGINS, config.plugins[i].name));
        assert_memory_equal(config.plugins[i].path, "/p/", 3);
        count += strlen(config.plugins[i].name) + 1;
    }
    assert_int_equal(count, SCAN_ENGINE_PLUGINS[0] != '\0'
                                ? sizeof(SCAN_ENGINE_PLUGINS)
                                : 0);
    config_unload(&config);
}
#endif

static void names_the_nearest_known_option(void **state)
{
    struct engine_config config;
    engine_error err;

    assert_int_not_equal(load(state, "\nlog_levle = \"info\";", &config, &err),
                         0);
    assert_non_null(strstr(err.message, "engine.conf:2: unknown option "
                                        "\"log_levle\""));
    assert_string_equal(err.hint, "did you mean \"log_level\"?");
    assert_int_not_equal(
        load(state, "scan: { profil = \"x\"; };", &config, &err), 0);
    assert_string_equal(err.hint, "did you mean \"profile\"?");
    assert_int_not_equal(
        load(state, "limits: { qqqqqqqqqq = 1; };", &config, &err), 0);
    assert_non_null(strstr(err.hint, "known here: wall, "));
}

static void refuses_wrong_types_and_ranges(void **state)
{
    refuse(state, "workers = \"two\";", ":1: workers: expected a whole");
    refuse(state, "\n\nworkers = -1;", ":3: workers is -1: expected");
    refuse(state, "log_level = \"loud\";", "one of \"error\" \"warning\"");
    refuse(state, "run_directory = \"tmp\";", "expected an absolute path");
    refuse(state, "limits = 3;", "limits: expected a group");
    refuse(state, "plugins = ( { name = \"p\"; limits = { x = 1; }; } );",
           "\"x\"");
    refuse(state, "limits: { wall = 1.5; };", "wall: expected a whole number");
    refuse(state, "scan: { framework_version = 4.0; };", "text in quotes");
    refuse(state, "scan: { targets = ( \"local\" ); };", "must hold groups");
    refuse(state, "scan: { rules = ( 5 ); };", "something else than text");
    refuse(state, "scan: { options: { shards = 5000; }; };", "shards is 5000");
    refuse(state, "scan: { target: { type = \"local\"; }; targets = (); };",
           "both target and targets");
}

static void refuses_numbers_that_libconfig_would_cut(void **state)
{
    refuse(state, "\nworkers = 4294967297;", ":2: the number 4294967297 is");
    refuse(state, "workers = 99999999999999999999999999999999999999L;",
           "too large");
    refuse(state, "limits: { wall = 5000000000L; };", "wall is 5000000000");
}

static void refuses_malformed_files(void **state)
{
    struct fixture *fixture = *state;
    struct engine_config config;
    engine_error err;

    refuse(state, "workers = ;", "engine.conf:1: syntax error");
    refuse(state, "workers = 1;\nworkers = 2;", ":2: duplicate setting name");
    refuse(state, "scan: { name = \"\xff\xfe\"; };", "name is not UTF-8");
    assert_int_equal(file_write(fixture->path, "a\0b", 3, 0644, NULL), 0);
    assert_int_equal(config_load(fixture->path, &config, &err), ENGINE_EPARSE);
    assert_non_null(strstr(err.message, "zero byte"));
}

static void refuses_directories_and_missing_files(void **state)
{
    struct fixture *fixture = *state;
    struct engine_config config;
    engine_error err;

    assert_true(config_load(fixture->directory, &config, &err) < 0);
    assert_non_null(strstr(err.message, "is a directory"));
    assert_int_equal(config_load("/nowhere/engine.conf", &config, &err),
                     ENGINE_ENOTFOUND);
    assert_non_null(strstr(err.message, "/nowhere/engine.conf"));
    assert_true(config_load("/dev/zero", &config, &err) < 0);
}

static void refuses_a_file_over_the_limit(void **state)
{
    struct fixture *fixture = *state;
    struct engine_config config;
    engine_error err;
    size_t len = (size_t)5 * 1024 * 1024;
    char *text = engine_malloc(len);

    memset(text, ' ', len);
    assert_int_equal(file_write(fixture->path, text, len, 0644, NULL), 0);
    engine_free(text);
    assert_int_equal(config_load(fixture->path, &config, &err), ENGINE_ELIMIT);
}

static void includes_files_beside_it(void **state)
{
    struct fixture *fixture = *state;
    struct engine_config config;
    engine_error err;
    char *other = engine_strf("%s/other.conf", fixture->directory);

    write_file(other, "workers = 7;\n");
    assert_int_equal(load(state, "@include \"other.conf\"\n", &config, &err),
                     0);
    assert_int_equal(config.workers, 7);
    config_unload(&config);
    write_file(other, "\n\nworkers = 5000;\n");
    refuse(state, "@include \"other.conf\"\n", "other.conf:3: workers");
    refuse(state, "\n@include \"missing.conf\"\n", ":2: @include");
    refuse(state, "@include \"/tmp\"\n", "is a directory");
    engine_free(other);
}

static void refuses_files_that_include_themselves(void **state)
{
    refuse(state, "@include \"engine.conf\"\n", "include each other");
}

static void reads_plugins_as_names_and_groups(void **state)
{
    struct engine_config config;
    engine_error err;
    const struct plugin_spec *spec;

    assert_int_equal(
        load(state,
             "plugin_directory = \"/p\";\nplugins = ( \"oscap\",\n"
             " { name = \"x\"; path = \"/opt/x/x.so\"; types = [\"x\"];\n"
             "   sha256 = \"ABCDEF6789abcdef0123456789abcdef0123456789abcdef"
             "0123456789abcdef\"; } );\n"
             "options: {\n x: { level = 3; deep = true;\n word = \"w\"; }; "
             "};\n",
             &config, &err),
        0);
    assert_int_equal(config.plugins_count, 2);
    assert_string_equal(config.plugins[0].path, "/p/oscap.so");
    assert_null(config.plugins[0].options);
    spec = &config.plugins[1];
    assert_string_equal(spec->path, "/opt/x/x.so");
    assert_string_equal(spec->types[0], "x");
    assert_null(spec->types[1]);
    assert_memory_equal(spec->sha256, "abcdef67", 8);
    assert_int_equal(spec->line, 3);
    assert_int_equal(document_int(spec->options, "level", 0), 3);
    assert_int_equal(document_int(spec->option_lines, "word", 0), 7);
    config_unload(&config);
}

static void a_star_adds_every_module_of_the_directory(void **state)
{
    struct fixture *fixture = *state;
    struct engine_config config;
    engine_error err;
    char *text = engine_strf("plugin_directory = \"%s\";\n"
                             "plugins = ( \"*\", { name = \"b\"; "
                             "path = \"/opt/b.so\"; } );\n",
                             fixture->directory);
    const char *const names[] = {"c.so", "b.so", "a.so", "a.la", ".so"};

    for (size_t i = 0; i < 5; i++) {
        char *path = engine_strf("%s/%s", fixture->directory, names[i]);

        write_file(path, "");
        engine_free(path);
    }
    assert_int_equal(load(state, text, &config, &err), 0);
    assert_int_equal(config.plugins_count, 3);
    assert_string_equal(config.plugins[0].path, "/opt/b.so");
    assert_string_equal(config.plugins[1].name, "a");
    assert_string_equal(config.plugins[2].name, "c");
    config_unload(&config);
    engine_free(text);
}

static void refuses_bad_plugins(void **state)
{
    refuse(state, "plugins = ( \"oscap\", \"oscap\" );", "named twice");
    refuse(state, "plugins = ( \"../x\" );", "is no name of a plugin");
    refuse(state, "plugins = ( { path = \"/x.so\"; } );", "needs a name");
    refuse(state, "plugins = ( { name = \"x\"; sha256 = \"12\"; } );",
           "64 hexadecimal");
    refuse(state, "plugins = ( { name = \"x\"; path = \"x.so\"; } );",
           "absolute path");
    refuse(state, "plugins = ( 5 );", "names or groups");
    refuse(state, "options: { nobody: { }; };", "options for \"nobody\"");
}

static void reads_a_scan_as_a_document(void **state)
{
    struct engine_config config;
    engine_error err;

    assert_int_equal(
        load(state,
             "scan: {\n name = \"nightly\";\n"
             " targets = ( { type = \"local\"; },\n"
             "   { type = \"ssh\"; host = \"h\"; port = 2222; } );\n"
             " rules = \"one\";\n"
             " rule_filter = \"{\\\"severity\\\": {\\\"$in\\\": "
             "[\\\"high\\\"]}}\";\n"
             " variable_overrides: { tmout = 300; umask = \"027\"; "
             "ratio = 0.1; on = true; };\n"
             " options: { timeout = 5; allow_empty = true; };\n};\n",
             &config, &err),
        0);
    assert_true(config.has_scan);
    assert_string_equal(document_string(&config.scan, "name"), "nightly");
    assert_int_equal(document_int(&config.scan, "targets.1.port", 0), 2222);
    assert_int_equal(document_int(&config.scan_lines, "targets.1.port", 0), 4);
    assert_string_equal(document_string(&config.scan, "rules.0"), "one");
    assert_string_equal(
        document_string(&config.scan, "rule_filter.severity.$in.0"), "high");
    assert_string_equal(
        document_string(&config.scan, "variable_overrides.tmout"), "300");
    assert_string_equal(
        document_string(&config.scan, "variable_overrides.umask"), "027");
    assert_string_equal(
        document_string(&config.scan, "variable_overrides.ratio"), "0.1");
    assert_string_equal(document_string(&config.scan, "variable_overrides.on"),
                        "true");
    assert_true(document_bool(&config.scan, "options.allow_empty", false));
    config_unload(&config);
    refuse(state, "scan: { rule_filter = \"{\"; };", ":1: ");
}

static void run_directories_must_be_private(void **state)
{
    struct fixture *fixture = *state;
    char *path = engine_strf("%s/run", fixture->directory);
    char *link = engine_strf("%s/link", fixture->directory);
    engine_error err;

    assert_int_equal(config_private_directory(path, &err), 0);
    assert_int_equal(config_private_directory(path, &err), 0);
    assert_int_equal(chmod(path, 0755), 0);
    assert_int_equal(config_private_directory(path, &err), ENGINE_EDENIED);
    assert_int_equal(chmod(path, 0711), 0); /* workers of another user pass */
    assert_int_equal(config_private_directory(path, &err), 0);
    assert_int_equal(symlink(path, link), 0);
    assert_true(config_private_directory(link, &err) < 0);
    engine_free(path);
    engine_free(link);
}

/* Turns "#name = ..." into "name = ..." and leaves "# words" alone; `target`
 * goes, since `targets` is there. */
static char *uncomment(const char *text)
{
    struct buffer out;

    buffer_init(&out, 1024 * 1024);
    while (*text) {
        size_t len = strcspn(text, "\n");
        const char *mark = memchr(text, '#', len);

        if (mark && mark[1] != ' ' && strncmp(mark, "#target =", 9) != 0)
            buffer_printf(&out, "%.*s\n",
                          (int)(len - (size_t)(mark - text)) - 1, mark + 1);
        text += len + (text[len] == '\n');
    }
    assert_int_equal(buffer_status(&out, NULL), 0);
    return buffer_take(&out);
}

static void the_example_is_a_valid_configuration(void **state)
{
    struct engine_config config;
    engine_error err;
    struct buffer example;
    char *text;

    buffer_init(&example, 1024 * 1024);
    assert_int_equal(config_example(&example), 0);
    assert_int_equal(load(state, example.data, &config, &err), 0);
    assert_false(config.has_scan);
    config_unload(&config);
    text = uncomment(example.data);
    /* not every machine has that user */
    assert_non_null(strstr(text, "user = \"scan-worker\";"));
    memcpy(strstr(text, "user = \"scan-worker\";"), "user = \"nobody\";     ",
           21);
    if (load(state, text, &config, &err) < 0)
        fail_msg("%s\n%s", err.message, text);
    assert_true(config.has_scan);
    assert_string_equal(
        document_string(&config.scan, "rule_filter.severity.$in.0"), "high");
    config_unload(&config);
    engine_free(text);
    buffer_clear(&example);
}

static void the_shipped_example_is_up_to_date(void **state)
{
    const char *source = getenv("SCAN_ENGINE_SRC");
    char *path, *text = NULL;
    struct buffer example;
    size_t len = 0;
    engine_error err;

    (void)state;
    path = engine_strf("%s/conf/engine.conf", source ? source : ".");
    buffer_init(&example, 1024 * 1024);
    assert_int_equal(config_example(&example), 0);
    assert_int_equal(file_read(path, 1024 * 1024, &text, &len, &err), 0);
    if (strcmp(text, example.data) != 0)
        fail_msg("conf/engine.conf is old: "
                 "scan-engine config example >conf/engine.conf");
    engine_free(text);
    engine_free(path);
    buffer_clear(&example);
}

static void survives_the_failure_of_any_allocation(void **state)
{
    static const char text[] =
        "store = \"sqlite:/x\"; plugins = ( \"a\", { name = \"b\"; "
        "types = [\"t\"]; } ); scan: { rules = [\"r\"]; };";
    struct engine_config config;
    engine_error err;
    engine_status status = ENGINE_ENOMEM;

    for (long nth = 1; status < 0 && nth < 200; nth++) {
        struct fixture *fixture = *state;

        write_file(fixture->path, text);
        engine_alloc_fail_at(nth);
        status = config_load(fixture->path, &config, &err);
        engine_alloc_fail_at(0);
        if (status < 0)
            assert_int_equal(status, ENGINE_ENOMEM);
    }
    assert_int_equal(status, 0);
    config_unload(&config);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(defaults_follow_the_xdg_directories),
        TEST(without_home_the_password_file_tells_it),
        TEST(environment_moves_plugins_and_worker),
        TEST(reads_every_setting),
#ifdef SCAN_ENGINE_PLUGINS
        TEST(without_a_list_there_are_the_plugins_that_were_built),
#endif
        TEST(names_the_nearest_known_option),
        TEST(refuses_wrong_types_and_ranges),
        TEST(refuses_numbers_that_libconfig_would_cut),
        TEST(refuses_malformed_files),
        TEST(refuses_directories_and_missing_files),
        TEST(refuses_a_file_over_the_limit),
        TEST(includes_files_beside_it),
        TEST(refuses_files_that_include_themselves),
        TEST(reads_plugins_as_names_and_groups),
        TEST(a_star_adds_every_module_of_the_directory),
        TEST(refuses_bad_plugins),
        TEST(reads_a_scan_as_a_document),
        TEST(run_directories_must_be_private),
        TEST(the_example_is_a_valid_configuration),
        TEST(the_shipped_example_is_up_to_date),
        TEST(survives_the_failure_of_any_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
