/* SPDX-License-Identifier: Apache-2.0 */
/* test_secret.c - reading secrets and refusing what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sdk/base/alloc.h"
#include "sdk/base/file.h"
#include "sdk/kit/secret.h"

static char *path;

static int setup(void **state)
{
    char *folder = NULL;

    (void)state;
    if (file_make_temporary("/tmp", "secret-", &folder, NULL) < 0)
        return -1;
    path = engine_strf("%s/token", folder);
    engine_free(folder);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    *strrchr(path, '/') = '\0';
    file_remove_tree(path, NULL);
    engine_free(path);
    return 0;
}

static engine_status load(struct secret *secret, const char *text, size_t len,
                          engine_error *err)
{
    assert_int_equal(file_write(path, text, len, 0600, NULL), 0);
    return secret_from_file(secret, path, err);
}

static void reads_a_file_without_its_line_end(void **state)
{
    struct secret secret;

    (void)state;
    secret_init(&secret);
    assert_int_equal(load(&secret, "s3cr et\r\n", 9, NULL), 0);
    assert_string_equal(secret.text, "s3cr et");
    assert_int_equal(secret.len, 7);
    secret_clear(&secret);
    assert_null(secret.text);
}

static void refuses_empty_binary_and_large_files(void **state)
{
    char *large = calloc(1, SECRET_MAXIMUM + 1);
    struct secret secret;
    engine_error err;

    (void)state;
    secret_init(&secret);
    memset(large, 'a', SECRET_MAXIMUM + 1);
    assert_int_equal(load(&secret, "\n", 1, &err), ENGINE_EINVAL);
    assert_int_equal(load(&secret, "a\0b", 3, &err), ENGINE_EINVAL);
    assert_int_equal(load(&secret, large, SECRET_MAXIMUM + 1, &err),
                     ENGINE_ELIMIT);
    assert_null(strstr(err.message, "aaa"));
    assert_int_equal(load(&secret, large, SECRET_MAXIMUM, &err), 0);
    assert_int_equal(secret.len, SECRET_MAXIMUM);
    /* a failure keeps what was there */
    assert_int_equal(secret_from_file(&secret, "/nowhere", &err),
                     ENGINE_ENOTFOUND);
    assert_int_equal(secret.len, SECRET_MAXIMUM);
    secret_clear(&secret);
    free(large);
}

static void reads_the_environment(void **state)
{
    struct secret secret;
    engine_error err;

    (void)state;
    secret_init(&secret);
    setenv("TEST_SECRET", "hidden", 1);
    assert_int_equal(secret_from_env(&secret, "TEST_SECRET", &err), 0);
    assert_string_equal(secret.text, "hidden");
    unsetenv("TEST_SECRET");
    assert_int_equal(secret_from_env(&secret, "TEST_SECRET", &err),
                     ENGINE_ENOTFOUND);
    assert_non_null(strstr(err.message, "TEST_SECRET"));
    secret_clear(&secret);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_file_without_its_line_end),
        cmocka_unit_test(refuses_empty_binary_and_large_files),
        cmocka_unit_test(reads_the_environment),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
