/* SPDX-License-Identifier: Apache-2.0 */
/* test_store_module.c - which files are loaded as a store, and which not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "engine/store/store_module.h"
#include "sdk/base/alloc.h"
#include "sdk/base/file.h"
#include "tests/unit/skip.h"

#define OTHER "tests/unit/.libs/store_module_other.so"
#define PLUGIN "tests/fixtures/plugins/.libs/alpha.so"
#define URI "mongodb://me:s3cret@127.0.0.1:1/x?serverSelectionTimeoutMS=200"

struct place {
    char *folder, *file, *before; /* before: what the variable was */
};

static int place_open(void **state)
{
    char name[] = "/tmp/scan-engine-module-XXXXXX";
    struct place *place = calloc(1, sizeof(*place));
    const char *before = getenv("SCAN_ENGINE_MODULE_DIR");

    assert_non_null(mkdtemp(name));
    place->folder = engine_strdup(name);
    place->file = engine_strf("%s/store-mongodb.so", name);
    place->before = before ? engine_strdup(before) : NULL;
    setenv("SCAN_ENGINE_MODULE_DIR", name, 1);
    *state = place;
    return 0;
}

static int place_close(void **state)
{
    struct place *place = *state;

    unsetenv("SCAN_ENGINE_MODULE_DIR");
    if (place->before)
        setenv("SCAN_ENGINE_MODULE_DIR", place->before, 1);
    file_remove_tree(place->folder, NULL);
    engine_free(place->folder);
    engine_free(place->file);
    engine_free(place->before);
    free(place);
    return 0;
}

static void place_put(const struct place *place, const char *name)
{
    const char *build = getenv("SCAN_ENGINE_BUILD");
    char *path = engine_strf("%s/%s", build ? build : ".", name), *data = NULL;
    size_t len = 0;
    engine_error err = {0};

    if (file_read(path, 64 * 1024 * 1024, &data, &len, &err) < 0)
        fail_msg("%s", err.message);
    assert_int_equal(file_write(place->file, data, len, 0644, NULL), 0);
    engine_free(data);
    engine_free(path);
}

/* Opens by the module in the place, which must fail. */
static engine_status try_open(engine_error *err)
{
    struct store *store = NULL;
    const engine_status status = store_module_open(
        "store-mongodb", "the-package", URI, 0, NULL, &store, err);

    assert_true(status < 0);
    assert_null(store);
    assert_null(strstr(err->message, "s3cret"));
    return status;
}

/* ---- tests ---------------------------------------------------------------- */

static void names_the_file_that_is_missing(void **state)
{
    const struct place *place = *state;
    engine_error err = {0};

    assert_int_equal(try_open(&err), ENGINE_EPLUGIN);
    assert_non_null(strstr(err.message, place->file));
    assert_non_null(strstr(err.hint, "the-package"));
}

static void refuses_a_relative_directory(void **state)
{
    engine_error err = {0};

    (void)state;
    setenv("SCAN_ENGINE_MODULE_DIR", "engine/store/.libs", 1);
    assert_int_equal(try_open(&err), ENGINE_EINVAL);
    assert_non_null(strstr(err.message, "SCAN_ENGINE_MODULE_DIR"));
}

static void refuses_a_file_that_others_may_write(void **state)
{
    const struct place *place = *state;
    engine_error err = {0};

    place_put(place, OTHER);
    assert_int_equal(chmod(place->file, 0666), 0);
    assert_int_equal(try_open(&err), ENGINE_EDENIED);
    assert_non_null(strstr(err.message, "store module"));
    assert_non_null(strstr(err.hint, "chmod go-w"));
}

static void says_why_a_file_cannot_be_loaded(void **state)
{
    const struct place *place = *state;
    engine_error err = {0};

    assert_int_equal(file_write(place->file, "no module", 9, 0644, NULL), 0);
    assert_int_equal(try_open(&err), ENGINE_EPLUGIN);
    assert_non_null(strstr(err.message, place->file));
    assert_non_null(strstr(err.hint, "the-package"));
}

static void refuses_a_library_that_is_no_store(void **state)
{
    const struct place *place = *state;
    engine_error err = {0};

    place_put(place, PLUGIN);
    assert_int_equal(try_open(&err), ENGINE_EPLUGIN);
    assert_non_null(strstr(err.message, "is no store module"));
}

static void refuses_a_module_of_another_release(void **state)
{
    const struct place *place = *state;
    engine_error err = {0};

    place_put(place, OTHER);
    assert_int_equal(try_open(&err), ENGINE_EVERSION);
    assert_non_null(strstr(err.message, SCAN_ENGINE_VERSION));
    assert_non_null(strstr(err.message, "0.0.1"));
}

#ifdef HAVE_MONGODB
static void opens_by_the_module_that_was_built(void **state)
{
    engine_error err = {0};

    (void)state;
    if (!getenv("SCAN_ENGINE_BUILD"))
        skip_without("SCAN_ENGINE_BUILD, as `make check` sets it");
    place_put(*state, "engine/store/.libs/store-mongodb.so");
    assert_int_equal(try_open(&err), ENGINE_EAWAY);
    assert_non_null(strstr(err.message, "could not reach MongoDB"));
    /* twice: it stays loaded */
    assert_int_equal(try_open(&err), ENGINE_EAWAY);
}
#endif

#define PLACE(fn) cmocka_unit_test_setup_teardown(fn, place_open, place_close)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        PLACE(names_the_file_that_is_missing),
        PLACE(refuses_a_relative_directory),
        PLACE(refuses_a_file_that_others_may_write),
        PLACE(says_why_a_file_cannot_be_loaded),
        PLACE(refuses_a_library_that_is_no_store),
        PLACE(refuses_a_module_of_another_release),
#ifdef HAVE_MONGODB
        PLACE(opens_by_the_module_that_was_built),
#endif
    };

    return cmocka_run_group_tests_name("store modules", tests, NULL, NULL);
}
