/* SPDX-License-Identifier: Apache-2.0 */
/* test_loader.c - which modules are opened, and why others are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/plugin/loader.h"
#include "sdk/base/alloc.h"
#include "sdk/base/file.h"
#include "sdk/base/hash.h"
#include "tests/unit/skip.h"

static char *plugin_path(const char *name)
{
    const char *build = getenv("SCAN_ENGINE_BUILD");
    char *path = engine_strf("%s/tests/fixtures/plugins/.libs/%s.so",
                             build ? build : ".", name);
    char *real = realpath(path, NULL);

    assert_non_null(real);
    engine_free(path);
    return real;
}

static engine_status open_named(const char *name, const char *sha256,
                                struct module **out, engine_error *err)
{
    char *path = plugin_path(name);
    const engine_status status = loader_open(path, sha256, out, err);

    free(path);
    return status;
}

static void opens_a_good_module(void **state)
{
    struct module *module = NULL, *again = NULL;
    engine_error err = {0};

    (void)state;
    if (open_named("alpha", NULL, &module, &err) < 0)
        fail_msg("%s", err.message);
    assert_string_equal(loader_ops(module)->name, "alpha");
    assert_non_null(loader_ops(module)->plan);
    assert_int_equal(open_named("alpha", NULL, &again, &err), ENGINE_OK);
    loader_close(again);
    loader_close(module);
    loader_close(NULL);
}

static void refuses_a_module_without_the_symbol(void **state)
{
    struct module *module = NULL;
    engine_error err = {0};

    (void)state;
    assert_int_equal(open_named("no_symbol", NULL, &module, &err),
                     ENGINE_EPLUGIN);
    assert_non_null(strstr(err.message, "exports no function "
                                        "<module>_LTX_scanner_query"));
    assert_string_not_equal(err.hint, "");
    assert_null(module);
}

static void refuses_another_major_and_names_the_remedy(void **state)
{
    struct module *module = NULL;
    engine_error err = {0};
    char *path = plugin_path("wrong_major");
    char expected[4096];

    (void)state;
    assert_int_equal(loader_open(path, NULL, &module, &err), ENGINE_EVERSION);
    snprintf(expected, sizeof(expected),
             "scanner \"wrong_major\" (%s): built for scanner ABI 3.1, this "
             "engine provides 1.0", path);
    assert_string_equal(err.message, expected);
    assert_string_equal(err.hint, "rebuild it against this engine's SDK");
    free(path);
}

static void compares_with_a_pinned_hash(void **state)
{
    static const char zeros[] = "00000000000000000000000000000000"
                                "00000000000000000000000000000000";
    struct module *module = NULL;
    char hash[HASH_HEX_SIZE];
    engine_error err = {0};
    char *path = plugin_path("beta");

    (void)state;
    assert_int_equal(hash_file(path, hash, &err), ENGINE_OK);
    assert_int_equal(loader_open(path, zeros, &module, &err),
                     ENGINE_EDENIED);
    assert_non_null(strstr(err.message, hash));
    assert_int_equal(loader_open(path, hash, &module, &err), ENGINE_OK);
    loader_close(module);
    free(path);
}

static void gives_the_linkers_reason(void **state)
{
    struct module *module = NULL;
    engine_error err = {0};
    char *folder = NULL, *path;

    (void)state;
    assert_int_equal(file_make_temporary("/tmp", "loader-", &folder, NULL),
                     ENGINE_OK);
    path = engine_strf("%s/broken.so", folder);
    assert_int_equal(file_write(path, "no ELF file at all", 18, 0644, &err),
                     ENGINE_OK);
    assert_int_equal(loader_open(path, NULL, &module, &err), ENGINE_EPLUGIN);
    /* the linker's words, not libltdl's "file not found" */
    assert_null(strstr(err.message, "not found"));
    assert_non_null(strstr(err.message, path));
    file_remove_tree(folder, NULL);
    engine_free(path);
    engine_free(folder);
}

/* ---- paths --------------------------------------------------------------- */

struct place {
    char *folder, *file, *link;
};

static void place_open(struct place *place)
{
    assert_int_equal(file_make_temporary("/tmp", "loader-", &place->folder,
                                         NULL), ENGINE_OK);
    place->file = engine_strf("%s/x.so", place->folder);
    place->link = engine_strf("%s/y.so", place->folder);
    assert_int_equal(file_write(place->file, "x", 1, 0644, NULL), ENGINE_OK);
    assert_int_equal(symlink(place->file, place->link), 0);
}

static void place_close(struct place *place)
{
    file_remove_tree(place->folder, NULL);
    engine_free(place->folder);
    engine_free(place->file);
    engine_free(place->link);
}

static void refuses_paths_that_others_could_change(void **state)
{
    engine_error err = {0};
    struct place place;

    (void)state;
    place_open(&place);
    assert_int_equal(loader_check_path(place.file, &err), ENGINE_OK);
    assert_int_equal(loader_check_path("plugins/x.so", &err), ENGINE_EINVAL);
    assert_int_equal(loader_check_path("", &err), ENGINE_EINVAL);
    assert_int_equal(loader_check_path("/no/such/x.so", &err),
                     ENGINE_ENOTFOUND);
    assert_int_equal(loader_check_path(place.folder, &err), ENGINE_EDENIED);
    assert_non_null(strstr(err.message, "no regular file"));
    assert_int_equal(loader_check_path(place.link, &err), ENGINE_EDENIED);
    assert_non_null(strstr(err.hint, place.file));
    assert_int_equal(chmod(place.file, 0664), 0);
    assert_int_equal(loader_check_path(place.file, &err), ENGINE_EDENIED);
    assert_non_null(strstr(err.hint, "chmod go-w"));
    assert_int_equal(chmod(place.file, 0644), 0);
    assert_int_equal(chmod(place.folder, 0777), 0);
    assert_int_equal(loader_check_path(place.file, &err), ENGINE_EDENIED);
    assert_non_null(strstr(err.message, "directory"));
    assert_int_equal(chmod(place.folder, 01777), 0);
    assert_int_equal(loader_check_path(place.file, &err), ENGINE_OK);
    place_close(&place);
}

static void refuses_files_of_other_users(void **state)
{
    engine_error err = {0};
    struct place place;

    (void)state;
    if (geteuid() != 0)
        skip_since("only root can give files to another user");
    place_open(&place);
    assert_int_equal(chown(place.file, 12345, 0), 0);
    assert_int_equal(loader_check_path(place.file, &err), ENGINE_EDENIED);
    assert_non_null(strstr(err.message, "neither root nor this user"));
    place_close(&place);
}

/* ---- ops ----------------------------------------------------------------- */

static int32_t some_init(const struct scanner_host *host,
                         const struct scanner_config *config, void **out,
                         struct scanner_error *err)
{
    (void)host;
    (void)config;
    (void)out;
    (void)err;
    return SCANNER_OK;
}

static int32_t some_scan(void *self, const struct scanner_job *job,
                         struct scanner_error *err)
{
    (void)self;
    (void)job;
    (void)err;
    return SCANNER_OK;
}

static void some_destroy(void *self)
{
    (void)self;
}

static struct scanner_ops good_ops(void)
{
    return (struct scanner_ops){.magic = SCANNER_MAGIC,
                                .size = sizeof(struct scanner_ops),
                                .abi_major = SCANNER_ABI_MAJOR,
                                .abi_minor = SCANNER_ABI_MINOR,
                                .name = "x",
                                .version = "1",
                                .init = some_init,
                                .scan = some_scan,
                                .destroy = some_destroy,
                                .undo = some_scan};
}

static engine_status check_ops(const struct scanner_ops *ops,
                               engine_error *err)
{
    struct scanner_ops out;

    memset(err, 0, sizeof(*err));
    return loader_check_ops(ops, "/x.so", &out, err);
}

static void reads_an_older_table_with_its_tail_missing(void **state)
{
    struct scanner_ops ops = good_ops(), out;
    engine_error err;

    (void)state;
    ops.size = offsetof(struct scanner_ops, undo);
    ops.abi_minor = 0;
    assert_int_equal(loader_check_ops(&ops, "/x.so", &out, &err), ENGINE_OK);
    assert_null(out.undo);
    ops.size = offsetof(struct scanner_ops, destroy);
    assert_int_equal(check_ops(&ops, &err), ENGINE_EPLUGIN);
    assert_non_null(strstr(err.message, "its table has"));
}

static void reads_a_newer_minor_unless_it_needs_more(void **state)
{
    struct {
        struct scanner_ops ops;
        void *later;
    } newer = {.ops = good_ops()};
    engine_error err;

    (void)state;
    newer.ops.size = sizeof(newer);
    newer.ops.abi_minor = SCANNER_ABI_MINOR + 1;
    assert_int_equal(check_ops(&newer.ops, &err), ENGINE_OK);
    newer.ops.needs = UINT64_C(1) << 40;
    assert_int_equal(check_ops(&newer.ops, &err), ENGINE_EVERSION);
    assert_non_null(strstr(err.message, "built for scanner ABI 1.1, this "
                                        "engine provides 1.0"));
    assert_non_null(strstr(err.message, "0x10000000000"));
}

static void refuses_malformed_declarations(void **state)
{
    static const char *const bad[] = {
        "", "etc", "local:", "local:etc", "~x", "$", "$/x", "@target.",
        "@other.x", "@target", "a:b:/c", "L:/x", NULL};
    static const char *const good[] = {
        "/", "local:/proc", "~", "~/.ssh", "$KUBECONFIG", "$A/b",
        "@target.path/var/lib", "chroot:@options.known_hosts", NULL};
    static const char *const programs[] = {"*", "ssh", "ssh:ssh", "/bin/sh",
                                           "@options.program", NULL};
    static const char *const odd[] = {"bin/sh", NULL};
    const char *many[SCANNER_ENTRIES_MAX + 2] = {0};
    struct scanner_ops ops = good_ops();
    engine_error err;

    (void)state;
    ops.reads = ops.writes = good;
    ops.programs = programs;
    assert_int_equal(check_ops(&ops, &err), ENGINE_OK);
    for (size_t i = 0; bad[i]; i++) {
        const char *const one[] = {"/x", bad[i], NULL};

        ops.writes = one;
        assert_int_equal(check_ops(&ops, &err), ENGINE_EPLUGIN);
        assert_non_null(strstr(err.message, "entry 2 of writes"));
    }
    ops.writes = NULL;
    ops.programs = odd;
    assert_int_equal(check_ops(&ops, &err), ENGINE_EPLUGIN);
    ops.programs = NULL;
    for (size_t i = 0; i <= SCANNER_ENTRIES_MAX; i++)
        many[i] = "/x";
    ops.reads = many;
    assert_int_equal(check_ops(&ops, &err), ENGINE_EPLUGIN);
    many[SCANNER_ENTRIES_MAX] = NULL;
    assert_int_equal(check_ops(&ops, &err), ENGINE_OK);
}

static void refuses_malformed_tables(void **state)
{
    static const struct scanner_option option = {.name = "x"};
    struct scanner_ops ops = good_ops();
    engine_error err;

    (void)state;
    assert_int_equal(check_ops(&ops, &err), ENGINE_OK);
    assert_int_equal(check_ops(NULL, &err), ENGINE_EVERSION);
    ops.magic = 1;
    assert_int_equal(check_ops(&ops, &err), ENGINE_EPLUGIN);
    assert_non_null(strstr(err.message, "bad magic"));
    ops = good_ops();
    ops.name = NULL;
    assert_int_equal(check_ops(&ops, &err), ENGINE_EPLUGIN);
    ops.name = "../x";
    assert_int_equal(check_ops(&ops, &err), ENGINE_EPLUGIN);
    ops = good_ops();
    ops.version = "";
    assert_int_equal(check_ops(&ops, &err), ENGINE_EPLUGIN);
    ops = good_ops();
    ops.init = NULL;
    assert_int_equal(check_ops(&ops, &err), ENGINE_EPLUGIN);
    ops = good_ops();
    ops.scan = NULL;
    assert_int_equal(check_ops(&ops, &err), ENGINE_EPLUGIN);
    ops = good_ops();
    ops.options = &option;
    ops.options_count = 1;
    assert_int_equal(check_ops(&ops, &err), ENGINE_EPLUGIN);
    ops.options_stride = sizeof(option);
    assert_int_equal(check_ops(&ops, &err), ENGINE_OK);
}

static void survives_every_failed_allocation(void **state)
{
    char *path = plugin_path("alpha");
    char digest[HASH_HEX_SIZE];
    bool waits = false;

    (void)state;
    assert_int_equal(hash_file(path, digest, NULL), ENGINE_OK);
    for (long nth = 1; !waits; nth++) {
        struct module *module = NULL;
        engine_error err = {0};
        engine_status status;

        engine_alloc_fail_at(nth);
        status = loader_open(path, digest, &module, &err);
        waits = engine_alloc_fail_waits();
        engine_alloc_fail_at(0);
        assert_true(status == ENGINE_OK ? module != NULL
                                        : err.message[0] != '\0');
        assert_true(status == ENGINE_OK || !waits);
        loader_close(module);
    }
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_a_good_module),
        cmocka_unit_test(refuses_a_module_without_the_symbol),
        cmocka_unit_test(refuses_another_major_and_names_the_remedy),
        cmocka_unit_test(compares_with_a_pinned_hash),
        cmocka_unit_test(gives_the_linkers_reason),
        cmocka_unit_test(refuses_paths_that_others_could_change),
        cmocka_unit_test(refuses_files_of_other_users),
        cmocka_unit_test(reads_an_older_table_with_its_tail_missing),
        cmocka_unit_test(reads_a_newer_minor_unless_it_needs_more),
        cmocka_unit_test(refuses_malformed_declarations),
        cmocka_unit_test(refuses_malformed_tables),
        cmocka_unit_test(survives_every_failed_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
