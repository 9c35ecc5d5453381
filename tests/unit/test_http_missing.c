/* SPDX-License-Identifier: Apache-2.0 */
/* test_http_missing.c - the HTTP client where there is no libcurl. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sdk/base/alloc.h"
#include "sdk/kit/http_private.h"

static void says_which_library_is_missing(void **state)
{
    struct http_client *client = NULL;
    engine_error err = {0};

    (void)state;
    assert_int_equal(http_client_new(NULL, &client, &err),
                     ENGINE_EUNSUPPORTED);
    assert_null(client);
    assert_non_null(strstr(err.message, "libcurl-of-no-machine.so.4"));
    assert_non_null(strstr(err.hint, "install libcurl"));
}

static void reads_no_url(void **state)
{
    char *shown = NULL, *host = NULL;
    engine_error err = {0};

    (void)state;
    assert_int_equal(http_url_split("https://example.com/", &shown, &host,
                                    &err),
                     ENGINE_EUNSUPPORTED);
    assert_null(shown);
    assert_null(host);
    assert_non_null(strstr(err.message, "libcurl-of-no-machine.so.4"));
}

static void waits_for_seconds_and_for_no_date(void **state)
{
    (void)state;
    assert_int_equal(http_parse_retry_after("2", 0), 2000);
    assert_int_equal(
        http_parse_retry_after("Fri, 31 Dec 1999 23:59:59 GMT", 0), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_which_library_is_missing),
        cmocka_unit_test(reads_no_url),
        cmocka_unit_test(waits_for_seconds_and_for_no_date),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
