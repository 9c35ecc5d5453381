/* SPDX-License-Identifier: Apache-2.0 */
/* test_cloud_guard.c - which URLs may be told a secret. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "sdk/kit/cloud/guard.h"

#define ALL (GUARD_HTTPS | GUARD_LOOPBACK | GUARD_METADATA)

static void accepts_each(const char *const *urls, unsigned allowed)
{
    for (; *urls; urls++) {
        engine_error err = {0};

        if (guard_url(*urls, allowed, "it", &err) != ENGINE_OK)
            fail_msg("%s: %s", *urls, err.message);
    }
}

static void refuses_each(const char *const *urls, unsigned allowed)
{
    for (; *urls; urls++) {
        engine_error err = {0};

        if (guard_url(*urls, allowed, "it", &err) != ENGINE_EINVAL)
            fail_msg("accepted: %s", *urls);
        assert_non_null(strstr(err.message, "it: the URL "));
        assert_non_null(strstr(err.hint, "accepted is "));
    }
}

static void accepts_https_to_names_and_public_addresses(void **state)
{
    static const char *const urls[] = {
        "https://oauth2.googleapis.com/token",
        "HTTPS://Login.Example.com:8443/a?b=c",
        "https://sts.eu-west-1.amazonaws.com",
        "https://intranet/token",
        "https://xn--bcher-kva.example/",
        "https://1.example.com/",
        "https://8.8.8.8:443/x",
        "https://[2606:4700::1111]/",
        "https://a_b.example/?c",
        NULL};

    (void)state;
    accepts_each(urls, GUARD_HTTPS);
    refuses_each(urls, GUARD_LOOPBACK | GUARD_METADATA);
}

static void refuses_http_to_the_public(void **state)
{
    static const char *const urls[] = {
        "http://oauth2.googleapis.com/token", "http://8.8.8.8/",
        "http://[2606:4700::1111]/", NULL};

    (void)state;
    refuses_each(urls, ALL);
}

static void accepts_this_machine_only_where_allowed(void **state)
{
    static const char *const urls[] = {
        "http://127.0.0.1:8080/x", "http://127.9.9.9/",  "http://[::1]:80/",
        "http://localhost:1/",     "http://LOCALHOST/",  "https://127.0.0.1/",
        "https://localhost",       "https://a.localhost/", NULL};

    (void)state;
    accepts_each(urls, GUARD_LOOPBACK);
    refuses_each(urls, GUARD_HTTPS | GUARD_METADATA);
}

static void accepts_metadata_services_only_where_allowed(void **state)
{
    static const char *const urls[] = {
        "http://169.254.169.254/computeMetadata/v1/",
        "http://169.254.170.2/creds",
        "http://169.254.170.23/v1/credentials",
        "http://[fd00:ec2::254]/latest",
        "http://[fd00:ec2::23]/v1",
        "http://[FD00:EC2:0:0:0:0:0:254]/",
        "http://metadata.google.internal/",
        "https://Metadata.Google.Internal/",
        NULL};

    (void)state;
    accepts_each(urls, GUARD_METADATA);
    refuses_each(urls, GUARD_HTTPS | GUARD_LOOPBACK);
}

static void refuses_private_networks_always(void **state)
{
    static const char *const urls[] = {
        "https://10.0.0.1/",          "https://172.31.255.255/",
        "https://192.168.0.1/",       "https://100.64.0.1/",
        "https://0.0.0.0/",           "https://169.254.169.253/",
        "https://169.254.1.1/",       "https://224.0.0.1/",
        "https://255.255.255.255/",   "https://198.18.0.1/",
        "https://[::]/",              "https://[fe80::1]/",
        "https://[fc00::1]/",         "https://[fd00:ec2::255]/",
        "https://[ff02::1]/",         "https://[2002:7f00:1::]/",
        "https://[2001:db8::1]/",     "https://[64:ff9b::7f00:1]/",
        "https://[::ffff:7f00:1]/",   "https://[::7f00:1]/",
        "http://[::ffff:a9fe:a9fe]/", NULL};

    (void)state;
    refuses_each(urls, ALL);
}

static void refuses_numbers_in_other_spellings(void **state)
{
    static const char *const urls[] = {
        "http://2130706433/",     "http://0x7f000001/",
        "http://017700000001/",   "http://127.1/",
        "http://127.0.1/",        "http://0177.0.0.1/",
        "http://127.0.0.01/",     "http://0x7f.0.0.1/",
        "http://127.0.0.0x1/",    "http://127.0.0.1.1/",
        "http://256.0.0.1/",      "https://0x8.8.8.8/",
        "https://8.8.8.08/",      "https://8.8.2056/",
        "https://0x/",            "https://a.0x/",
        "http://2852039166/",     "http://0xA9FEA9FE/",
        "https://example.1/",     NULL};

    (void)state;
    refuses_each(urls, ALL);
}

static void refuses_addresses_inside_addresses(void **state)
{
    static const char *const urls[] = {
        "http://[::ffff:127.0.0.1]/", "https://[::ffff:8.8.8.8]/",
        "https://[64:ff9b::8.8.8.8]/", "http://[::127.0.0.1]/",
        "http://[::1%25eth0]/", "http://[::1%lo]/", "http://[]/",
        "http://[::1", "http://[::1]x/", "http://[::1]:/", "http://[1]/",
        "http://[127.0.0.1]/", "http://::1/", NULL};

    (void)state;
    refuses_each(urls, ALL);
}

static void refuses_user_information_and_its_tricks(void **state)
{
    static const char *const urls[] = {
        "https://user:hunter22@example.com/",
        "https://oauth2.googleapis.com@evil.test/",
        "https://oauth2.googleapis.com:443@evil.test/",
        "https://evil.test\\@oauth2.googleapis.com/",
        "https://evil.test#@oauth2.googleapis.com/",
        "https://evil.test%23@oauth2.googleapis.com/",
        "https://@example.com/",
        "https://user:hunter22@[::1]/",
        NULL};

    (void)state;
    refuses_each(urls, ALL);
    for (size_t i = 0; urls[i]; i++) {
        engine_error err = {0};

        guard_url(urls[i], ALL, "it", &err);
        assert_null(strstr(err.message, "hunter22"));
    }
}

static void refuses_odd_hosts(void **state)
{
    static const char *const urls[] = {
        "https://example.com./",   "https://localhost./",
        "http://127.0.0.1./",      "http://metadata.google.internal./",
        "https://.example.com/",   "https://a..b/",
        "https://./",              "https:///token",
        "https://",                "https://?x",
        "https://b\xc3\xbc" "cher.example/", "https://example\xe3\x80\x82" "com/",
        "https://exa%6dple.com/",  "https://exam ple.com/",
        "https://example.com /",   "https://example.com/\r\nHost: x",
        "https://example.com/\x01", "https://exa*mple/",
        "https://a;b/",            NULL};

    (void)state;
    refuses_each(urls, ALL);
}

static void refuses_odd_ports(void **state)
{
    static const char *const urls[] = {
        "https://example.com:/",       "https://example.com:0/",
        "https://example.com:65536/",  "https://example.com:080/",
        "https://example.com:99999999999/", "https://example.com:-1/",
        "https://example.com:4 43/",   "https://example.com:0x1bb/",
        "https://example.com:443:80/", "https://example.com:443a/", NULL};

    (void)state;
    refuses_each(urls, ALL);
}

static void refuses_other_schemes(void **state)
{
    static const char *const urls[] = {
        "file:///etc/passwd", "ftp://example.com/", "gopher://127.0.0.1:70/",
        "//example.com/",     "example.com",        "",
        "https:/example.com", "https:example.com",  " https://example.com/",
        "httpss://example.com/", NULL};

    (void)state;
    refuses_each(urls, ALL);
}

static void refuses_hosts_that_are_too_long(void **state)
{
    char url[600] = "https://";

    (void)state;
    memset(url + 8, 'a', 300);
    assert_int_equal(guard_url(url, ALL, "it", NULL), ENGINE_EINVAL);
    strncpy(url + 8 + 253, "/", 2);
    assert_int_equal(guard_url(url, ALL, "it", NULL), ENGINE_OK);
}

static void says_which_host_but_neither_path_nor_query(void **state)
{
    engine_error err = {0};

    (void)state;
    assert_int_equal(guard_url("http://evil.test:81/t0ken?secret=hunter22",
                               GUARD_HTTPS, "\"token_uri\" of \"a.json\"",
                               &err),
                     ENGINE_EINVAL);
    assert_string_equal(err.message, "\"token_uri\" of \"a.json\": the URL "
                                     "\"http://evil.test:81\" is refused: it "
                                     "is not https");
    assert_string_equal(err.hint, "accepted is https to a public host");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_https_to_names_and_public_addresses),
        cmocka_unit_test(refuses_http_to_the_public),
        cmocka_unit_test(accepts_this_machine_only_where_allowed),
        cmocka_unit_test(accepts_metadata_services_only_where_allowed),
        cmocka_unit_test(refuses_private_networks_always),
        cmocka_unit_test(refuses_numbers_in_other_spellings),
        cmocka_unit_test(refuses_addresses_inside_addresses),
        cmocka_unit_test(refuses_user_information_and_its_tricks),
        cmocka_unit_test(refuses_odd_hosts),
        cmocka_unit_test(refuses_odd_ports),
        cmocka_unit_test(refuses_other_schemes),
        cmocka_unit_test(refuses_hosts_that_are_too_long),
        cmocka_unit_test(says_which_host_but_neither_path_nor_query),
    };

    return cmocka_run_group_tests_name("cloud_guard", tests, NULL, NULL);
}
