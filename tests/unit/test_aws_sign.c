/* SPDX-License-Identifier: Apache-2.0 */
/* test_aws_sign.c - AWS Signature Version 4: the vectors of aws-c-auth, the
 * examples of Amazon S3's documentation, and what signers get wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/aws/sign.h"
#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"
#include "sdk/base/file.h"
#include "sdk/kit/value.h"

#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

static struct aws_signer *signer;
static struct aws_keys keys;
static engine_error err;

static int setup(void **state)
{
    (void)state;
    aws_keys_init(&keys);
    return aws_signer_new(&signer, NULL);
}

static int teardown(void **state)
{
    (void)state;
    aws_keys_clear(&keys);
    aws_signer_free(signer);
    signer = NULL;
    return 0;
}

static void use_keys(const char *id, const char *secret, const char *token)
{
    snprintf(keys.id, sizeof(keys.id), "%s", id);
    assert_int_equal(secret_set(&keys.secret, secret, strlen(secret), NULL),
                     0);
    secret_clear(&keys.token);
    if (token)
        assert_int_equal(secret_set(&keys.token, token, strlen(token), NULL),
                         0);
}

static const char *member(const char *authorization, const char *name)
{
    const char *at = strstr(authorization, name);

    assert_non_null(at);
    return at + strlen(name);
}

/* ---- the vectors --------------------------------------------------------- */

static char *read_part(const char *folder, const char *name)
{
    char *path = engine_strf("%s/%s", folder, name), *text = NULL;
    size_t len;

    assert_int_equal(file_read(path, 65536, &text, &len, NULL), 0);
    engine_free(path);
    return text;
}

/* Cuts "METHOD TARGET HTTP/1.1", headers (some of several lines), an empty
 * line and a body. */
static char *cut_request(char *text, const char **headers,
                         struct aws_signed *out)
{
    char *line = strchr(text, '\n'), *target, *end;
    size_t count = 0;

    *line++ = '\0';
    target = strchr(text, ' ');
    *target++ = '\0';
    end = strstr(target, " HTTP/1.1");
    *end = '\0';
    out->method = text;
    while (*line && *line != '\n') {
        char *next = strchr(line, '\n');

        while (next && (next[1] == ' ' || next[1] == '\t'))
            next = strchr(next + 1, '\n');
        headers[count++] = line;
        line = next ? next + 1 : line + strlen(line);
        if (next)
            *next = '\0';
    }
    headers[count] = NULL;
    out->headers = headers;
    out->body = *line ? line + 1 : "";
    out->body_len = strlen(out->body);
    return engine_strf("https://example.amazonaws.com%s", target);
}

static bool flag(const struct value *context, const char *name)
{
    const struct value *value = value_member(context, name);

    return value && value->kind == VALUE_BOOL && value->boolean;
}

static void read_context(const struct value *context, struct aws_signed *out)
{
    const struct value *who = value_member(context, "credentials");

    use_keys(value_text(value_member(who, "access_key_id")),
             value_text(value_member(who, "secret_access_key")),
             value_text(value_member(who, "token")));
    assert_int_equal(
        clock_parse(value_text(value_member(context, "timestamp")),
                    &out->now_ms),
        0);
    out->region = value_text(value_member(context, "region"));
    out->service = value_text(value_member(context, "service"));
    out->raw_path = !flag(context, "normalize");
    out->unsigned_token = flag(context, "omit_session_token");
    /* the paths of the two that sign their body are "/": nothing else of S3
     * counts there */
    out->s3 = flag(context, "sign_body");
    out->all = true;
}

static void check_vector(const char *folder)
{
    char *json = read_part(folder, "context.json");
    char *request = read_part(folder, "request.txt");
    char *expected = read_part(folder, "header-signature.txt");
    char *signed_request = read_part(folder, "header-signed-request.txt");
    const char *headers[32];
    struct aws_signature signature;
    struct aws_signed what = {0};
    struct arena arena;
    struct value context;
    char *url = cut_request(request, headers, &what);

    arena_init(&arena, 65536);
    assert_int_equal(value_from_json(json, strlen(json), folder, &arena,
                                     &context, NULL),
                     0);
    read_context(&context, &what);
    what.url = url;
    if (aws_sign(signer, &keys, &what, &signature, &err) < 0)
        fail_msg("%s: %s", folder, err.message);
    expected[strcspn(expected, "\n")] = '\0';
    if (strcmp(member(signature.authorization, "Signature="), expected) != 0)
        fail_msg("%s: %s instead of %s", folder, signature.authorization,
                 expected);
    assert_non_null(strstr(signed_request, signature.authorization));
    arena_clear(&arena);
    engine_free(url);
    engine_free(json);
    engine_free(request);
    engine_free(expected);
    engine_free(signed_request);
}

static void agrees_with_all_vectors(void **state)
{
    const char *source = getenv("SCAN_ENGINE_SRC");
    char *root = engine_strf("%s/tests/fixtures/aws-sigv4/v4",
                             source ? source : ".");
    DIR *all = opendir(root);
    unsigned count = 0;

    (void)state;
    assert_non_null(all);
    for (struct dirent *one; (one = readdir(all));) {
        char *folder;

        if (one->d_name[0] == '.')
            continue;
        folder = engine_strf("%s/%s", root, one->d_name);
        check_vector(folder);
        engine_free(folder);
        count++;
    }
    closedir(all);
    engine_free(root);
    assert_int_equal(count, 38);
}

/* ---- Amazon S3's examples ------------------------------------------------ */

struct example {
    const char *method, *url, *headers[4], *body, *names, *signature;
};

/* "Signature Calculations for the Authorization Header", in the API reference.
 * What they sign besides host and x-amz-* is why `all` is set. */
static void agrees_with_the_examples_of_s3(void **state)
{
    static const struct example examples[] = {
        {"GET", "https://examplebucket.s3.amazonaws.com/test.txt",
         {"Range: bytes=0-9"}, NULL,
         "host;range;x-amz-content-sha256;x-amz-date",
         "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
        {"PUT", "https://examplebucket.s3.amazonaws.com/test$file.text",
         {"Date: Fri, 24 May 2013 00:00:00 GMT",
          "x-amz-storage-class: REDUCED_REDUNDANCY"},
         "Welcome to Amazon S3.",
         "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
         "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
        {"GET", "https://examplebucket.s3.amazonaws.com/?lifecycle", {NULL},
         NULL, "host;x-amz-content-sha256;x-amz-date",
         "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
        {"GET",
         "https://examplebucket.s3.amazonaws.com/?max-keys=2&prefix=J",
         {NULL}, NULL, "host;x-amz-content-sha256;x-amz-date",
         "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
    };

    (void)state;
    use_keys("AKIAIOSFODNN7EXAMPLE",
             "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", NULL);
    for (size_t i = 0; i < 4; i++) {
        const struct example *now = &examples[i];
        const struct aws_signed what = {
            .method = now->method, .url = now->url, .headers = now->headers,
            .body = now->body, .body_len = now->body ? strlen(now->body) : 0,
            .region = "us-east-1", .service = "s3",
            .now_ms = INT64_C(1369353600000), .s3 = true, .all = true};
        struct aws_signature out;

        assert_int_equal(aws_sign(signer, &keys, &what, &out, &err), 0);
        assert_string_equal(member(out.authorization, "Signature="),
                            now->signature);
        assert_non_null(strstr(out.authorization, now->names));
        assert_int_equal(strlen(out.content_sha256), 64);
    }
}

/* ---- what signers get wrong ---------------------------------------------- */

static const char *sign_url(const char *service, const char *url,
                            const char *const *headers,
                            struct aws_signature *out)
{
    const struct aws_signed what = {
        .method = "GET", .url = url, .headers = headers,
        .region = "eu-west-1", .service = service,
        .now_ms = INT64_C(1763700000000), .s3 = strcmp(service, "s3") == 0};

    if (aws_sign(signer, &keys, &what, out, &err) < 0)
        fail_msg("%s: %s", url, err.message);
    return member(out->authorization, "Signature=");
}

/* The signatures are botocore's (S3SigV4Auth, SigV4Auth) for the same calls at
 * 2025-11-21T04:40:00Z, with its canonical request of what a server sees. */
static void signs_what_others_get_wrong(void **state)
{
    static const struct {
        const char *service, *url, *headers[5], *signature;
    } cases[] = {
#include "tests/unit/test_aws_sign_cases.h"
    };

    (void)state;
    use_keys("AKIDEXAMPLE", SECRET, NULL);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct aws_signature out;
        const char *is = sign_url(cases[i].service, cases[i].url,
                                  cases[i].headers, &out);

        if (strcmp(is, cases[i].signature) != 0)
            fail_msg("%s %s: %s instead of %s", cases[i].service,
                     cases[i].url, is, cases[i].signature);
    }
}

static void urls_that_are_one_have_one_signature(void **state)
{
    static const char *const same[][2] = {
        {"https://b.example/?encryption", "https://b.example/?encryption="},
        {"https://b.example/?b=2&a=1", "https://b.example/?a=1&b=2"},
        {"https://b.example/?prefix=a/b,c",
         "https://b.example/?prefix=a%2Fb%2Cc"},
        {"https://b.example/?prefix=a%2fb",
         "https://b.example/?prefix=a%2Fb"},
        {"https://b.example/a=b:(c)@d", "https://b.example/a%3Db%3A%28c%29%40d"},
        {"https://b.example", "https://b.example/"},
        {"https://b.example:443/x", "https://b.example/x"},
        {"http://b.example:80/x", "https://b.example/x"},
        {"https://me:pw@b.example/x", "https://b.example/x"},
        {"https://b.example/x#there", "https://b.example/x"},
        {"https://b.example/?a=1&&b=2&", "https://b.example/?a=1&b=2"},
    };
    struct aws_signature one, other;

    (void)state;
    use_keys("AKIDEXAMPLE", SECRET, NULL);
    for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++) {
        const char *left = sign_url("s3", same[i][0], NULL, &one);
        const char *right = sign_url("s3", same[i][1], NULL, &other);

        if (strcmp(left, right) != 0)
            fail_msg("%s is not %s", same[i][0], same[i][1]);
    }
}

static void what_differs_is_signed_differently(void **state)
{
    static const char *const others[][3] = {
        {"s3", "https://b.example/a/../c", "https://b.example/c"},
        {"s3", "https://b.example/a//c", "https://b.example/a/c"},
        {"eks", "https://b.example/a%2Fc", "https://b.example/a/c"},
        {"eks", "https://b.example/a%3Ac", "https://b.example/a:c"},
        {"s3", "https://b.example:8443/x", "https://b.example/x"},
        {"s3", "https://b.example/?a=1&a=2", "https://b.example/?a=1"},
        {"s3", "https://b.example/?a+b", "https://b.example/?a%20b"},
    };
    struct aws_signature one, other;

    (void)state;
    use_keys("AKIDEXAMPLE", SECRET, NULL);
    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
        assert_string_not_equal(
            sign_url(others[i][0], others[i][1], NULL, &one),
            sign_url(others[i][0], others[i][2], NULL, &other));
}

static void names_only_the_headers_that_are_signed(void **state)
{
    static const char *const headers[] = {
        "X-Amz-Target: Trail.Describe", "Content-Type: application/json",
        "Accept: */*", "X-Amz-Date: 19700101T000000Z",
        "x-amzn-query-mode: true", "X-Amz-Tar: first", "User-Agent: me",
        "authorization: none", NULL};
    struct aws_signature out;

    (void)state;
    use_keys("AKIDEXAMPLE", SECRET, "token");
    sign_url("cloudtrail", "https://cloudtrail.example/", headers, &out);
    assert_non_null(strstr(
        out.authorization,
        "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;"
        "x-amz-tar;x-amz-target;x-amzn-query-mode, Signature="));
    assert_string_equal(out.content_sha256, "");
}

/* ---- keys ---------------------------------------------------------------- */

static void remembered_keys_follow_the_secret(void **state)
{
    char first[65], other[65];
    struct aws_signature out;

    (void)state;
    use_keys("AKIDEXAMPLE", SECRET, NULL);
    snprintf(first, sizeof(first), "%s",
             sign_url("s3", "https://b.example/", NULL, &out));
    use_keys("AKIDEXAMPLE", "another", NULL);
    snprintf(other, sizeof(other), "%s",
             sign_url("s3", "https://b.example/", NULL, &out));
    assert_string_not_equal(first, other);
    use_keys("AKIDEXAMPLE", SECRET, NULL);
    assert_string_equal(first, sign_url("s3", "https://b.example/", NULL,
                                        &out));
}

static void thousands_of_scopes_are_signed_for(void **state)
{
    char first[65];
    struct aws_signature out;

    (void)state;
    use_keys("AKIDEXAMPLE", SECRET, NULL);
    snprintf(first, sizeof(first), "%s",
             sign_url("s3", "https://b.example/", NULL, &out));
    for (unsigned i = 0; i < 5000; i++) {
        char service[16];

        snprintf(service, sizeof(service), "service%u", i);
        sign_url(service, "https://b.example/", NULL, &out);
    }
    assert_string_equal(first, sign_url("s3", "https://b.example/", NULL,
                                        &out));
}

static void refuses_what_cannot_be_signed(void **state)
{
    const char *many[200], *const bad[] = {"no colon", NULL};
    struct aws_signed what = {.method = "GET", .url = "https://b.example/",
                              .region = "r", .service = "s", .now_ms = 1};
    struct aws_signature out;

    (void)state;
    assert_int_equal(aws_sign(signer, &keys, &what, &out, &err),
                     ENGINE_EINVAL);
    use_keys("AKIDEXAMPLE", SECRET, NULL);
    assert_int_equal(aws_sign(signer, &keys, &what, &out, &err), ENGINE_OK);
    what.headers = bad;
    assert_int_equal(aws_sign(signer, &keys, &what, &out, &err),
                     ENGINE_EINVAL);
    for (size_t i = 0; i < 199; i++)
        many[i] = "x-amz-a: b";
    many[199] = NULL;
    what.headers = many;
    assert_int_equal(aws_sign(signer, &keys, &what, &out, &err),
                     ENGINE_ELIMIT);
    what.headers = NULL;
    what.url = "b.example";
    assert_int_equal(aws_sign(signer, &keys, &what, &out, &err),
                     ENGINE_EINVAL);
    assert_null(strstr(err.message, SECRET));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(agrees_with_all_vectors, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(agrees_with_the_examples_of_s3, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(signs_what_others_get_wrong, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(urls_that_are_one_have_one_signature,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(what_differs_is_signed_differently,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(names_only_the_headers_that_are_signed,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(remembered_keys_follow_the_secret,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(thousands_of_scopes_are_signed_for,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_what_cannot_be_signed, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
