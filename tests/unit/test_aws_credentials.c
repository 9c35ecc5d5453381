/* SPDX-License-Identifier: Apache-2.0 */
/* test_aws_credentials.c - AWS's shared files, the order of the chain, and
 * answers of STS. What makes calls is in test_aws_credentials.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/aws/credentials_private.h"
#include "sdk/base/alloc.h"
#include "sdk/base/file.h"

static struct aws_files files;
static engine_error err;

static int setup(void **state)
{
    (void)state;
    aws_files_init(&files);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    aws_files_clear(&files);
    return 0;
}

static engine_status add(const char *text, int is_config)
{
    return aws_files_add(&files, is_config ? "config" : "credentials", text,
                         strlen(text), is_config, &err);
}

static const char *setting(const char *profile, const char *key)
{
    return aws_section_get(
        aws_files_section(&files, AWS_SECTION_PROFILE, profile), key);
}

/* ---- files --------------------------------------------------------------- */

static void reads_profiles_of_both_files(void **state)
{
    (void)state;
    assert_int_equal(add("\xef\xbb\xbf[default]\r\nRegion = eu-west-1\r\n"
                         "[profile a]\nregion=us-east-1\n"
                         "[profile \"b c\"]\nregion = x\n"
                         "[a]\nregion = stray\n",
                         1),
                     0);
    assert_int_equal(add("[default]\naws_access_key_id = AKID\n"
                         "[a]\naws_access_key_id = OTHER\nregion = late\n",
                         0),
                     0);
    assert_string_equal(setting("default", "region"), "eu-west-1");
    assert_string_equal(setting("default", "aws_access_key_id"), "AKID");
    assert_string_equal(setting("a", "region"), "late");
    assert_string_equal(setting("b c", "region"), "x");
    assert_null(setting("c", "region"));
}

static void comments_are_not_part_of_values(void **state)
{
    (void)state;
    assert_int_equal(add("# one\n; two\n[default] # three\n"
                         "a = 1 # no\nb = 2 ; no\nc = 3#yes;yes\nd = # no\n"
                         "  # between\ne = x=y==\n",
                         1),
                     0);
    assert_string_equal(setting("default", "a"), "1");
    assert_string_equal(setting("default", "b"), "2");
    assert_string_equal(setting("default", "c"), "3#yes;yes");
    assert_null(setting("default", "d"));
    assert_string_equal(setting("default", "e"), "x=y==");
}

static void indented_lines_continue_or_nest(void **state)
{
    const struct aws_section *services;

    (void)state;
    assert_int_equal(add("[default]\n  region = a\n  credential_process = run\n"
                         "    --quickly\n  output = json\n"
                         "[services mine]\ns3 =\n  endpoint_url = https://x\n"
                         "sts =\n\tendpoint_url=https://y\n",
                         1),
                     0);
    assert_string_equal(setting("default", "region"), "a");
    assert_string_equal(setting("default", "credential_process"),
                        "run\n--quickly");
    assert_string_equal(setting("default", "output"), "json");
    services = aws_files_section(&files, AWS_SECTION_SERVICES, "mine");
    assert_string_equal(aws_section_get_in(services, "s3", "endpoint_url"),
                        "https://x");
    assert_string_equal(aws_section_get_in(services, "sts", "endpoint_url"),
                        "https://y");
    assert_null(aws_section_get(services, "endpoint_url"));
}

static void errors_name_file_and_line_and_no_value(void **state)
{
    static const char *const bad[][2] = {
        {"\n\nsecret-value = x\n", "config:3:"},
        {"[default]\nsecret-value\n", "config:2:"},
        {"[default\nsecret-value = 1\n", "config:1:"},
        {"[default] secret-value\n", "config:1:"},
        {"[default]\n= secret-value\n", "config:2:"},
        {"[]\n", "config:1:"},
        {"[profile  ]\n[ \"\" ]\n", "config:2:"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        if (add(bad[i][0], 1) != ENGINE_EPARSE)
            fail_msg("%s was read", bad[i][0]);
        if (strncmp(err.message, bad[i][1], strlen(bad[i][1])) != 0)
            fail_msg("%s: %s", bad[i][0], err.message);
        assert_null(strstr(err.message, "secret-value"));
    }
}

static void files_have_limits(void **state)
{
    struct buffer text;

    (void)state;
    buffer_init(&text, AWS_FILE_MAXIMUM);
    for (unsigned i = 0; i < 20000; i++)
        buffer_printf(&text, "[profile p%u]\n", i);
    assert_int_equal(add(text.data, 1), ENGINE_ELIMIT);
    buffer_reset(&text);
    aws_files_clear(&files);
    buffer_puts(&text, "[default]\na = b\n");
    for (unsigned i = 0; i < 20000; i++)
        buffer_puts(&text, "  more\n");
    assert_int_equal(add(text.data, 1), ENGINE_ELIMIT);
    buffer_clear(&text);
}

/* ---- the chain ----------------------------------------------------------- */

/* A home with these two files, and none of AWS's variables. */
static char *home;

static void clear_environment(void)
{
    static const char *const names[] = {
        "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
        "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_REGION",
        "AWS_DEFAULT_REGION", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_S3", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_STS_REGIONAL_ENDPOINTS",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_EC2_METADATA_DISABLED"};

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        unsetenv(names[i]);
}

static void write_file(const char *name, const char *text)
{
    char *path = engine_strf("%s/.aws/%s", home, name);

    assert_int_equal(file_write(path, text, strlen(text), 0600, NULL), 0);
    engine_free(path);
}

static int setup_home(void **state)
{
    char *folder;

    (void)state;
    clear_environment();
    if (file_make_temporary("/tmp", "aws-", &home, NULL) < 0)
        return -1;
    folder = engine_strf("%s/.aws", home);
    file_make_directory(folder, NULL);
    engine_free(folder);
    setenv("HOME", home, 1);
    setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
    return 0;
}

static int teardown_home(void **state)
{
    (void)state;
    clear_environment();
    file_remove_tree(home, NULL);
    engine_free(home);
    return 0;
}

static struct aws_credentials *open_chain(const char *profile)
{
    const struct aws_credentials_options options = {.profile = profile};
    struct aws_credentials *out = NULL;

    if (aws_credentials_new(&options, &out, &err) < 0)
        fail_msg("%s", err.message);
    return out;
}

static void assert_source(const char *profile, const char *source)
{
    struct aws_credentials *chain = open_chain(profile);

    assert_string_equal(aws_credentials_source(chain), source);
    aws_credentials_free(chain);
}

static void assert_refused(const char *profile, const char *words)
{
    const struct aws_credentials_options options = {.profile = profile};
    struct aws_credentials *out = NULL;

    if (aws_credentials_new(&options, &out, &err) == ENGINE_OK)
        fail_msg("%s has a source: %s", profile, aws_credentials_source(out));
    if (!strstr(err.message, words))
        fail_msg("%s: %s", words, err.message);
    assert_null(strstr(err.message, "PLANTED"));
}

static void sources_come_in_the_order_of_the_sdks(void **state)
{
    (void)state;
    assert_source(NULL, "no credentials");
    unsetenv("AWS_EC2_METADATA_DISABLED");
    assert_source(NULL, "the instance's role");
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/", 1);
    assert_source(NULL, "the container's role");
    write_file("credentials",
               "[default]\naws_access_key_id=A\naws_secret_access_key=B\n"
               "[other]\naws_access_key_id=A\naws_secret_access_key=B\n");
    assert_source(NULL, "profile default");
    setenv("AWS_WEB_IDENTITY_TOKEN_FILE", "/nowhere", 1);
    setenv("AWS_ROLE_ARN", "arn:aws:iam::1:role/x", 1);
    assert_source(NULL, "AWS_WEB_IDENTITY_TOKEN_FILE");
    setenv("AWS_PROFILE", "other", 1);
    assert_source(NULL, "profile other");
    setenv("AWS_ACCESS_KEY_ID", "A", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "B", 1);
    assert_source(NULL, "AWS_ACCESS_KEY_ID");
    assert_source("default", "profile default");
}

static void half_a_key_is_an_error(void **state)
{
    (void)state;
    setenv("AWS_ACCESS_KEY_ID", "A", 1);
    assert_refused(NULL, "no AWS_SECRET_ACCESS_KEY");
    write_file("credentials", "[p]\naws_secret_access_key=PLANTED\n");
    assert_refused("p", "/.aws/credentials:2: profile \"p\" has "
                        "aws_secret_access_key and no aws_access_key_id");
}

static void roles_stand_on_roles(void **state)
{
    struct aws_credentials *chain;

    (void)state;
    write_file("config",
               "[profile a]\nrole_arn = arn:aws:iam::1:role/a\n"
               "source_profile = b\nexternal_id = e\n"
               "[profile b]\nrole_arn = arn:aws:iam::2:role/b\n"
               "source_profile = c\n"
               "[profile self]\nrole_arn = arn:aws:iam::2:role/b\n"
               "source_profile = self\naws_access_key_id=A\n"
               "aws_secret_access_key=B\n"
               "[profile c]\naws_access_key_id=A\naws_secret_access_key=B\n");
    chain = open_chain("a");
    assert_string_equal(chain->label, "profile a, role arn:aws:iam::1:role/a");
    assert_string_equal(chain->external_id, "e");
    assert_string_equal(chain->base->label,
                        "profile b, role arn:aws:iam::2:role/b");
    assert_string_equal(chain->base->base->label, "profile c");
    aws_credentials_free(chain);
    chain = open_chain("self");
    assert_int_equal(chain->base->source, AWS_SOURCE_STATIC);
    aws_credentials_free(chain);
}

static void what_cannot_be_used_is_said_with_its_line(void **state)
{
    (void)state;
    write_file(
        "config",
        "[profile circle]\nrole_arn = arn:aws:iam::1:role/a\n"
        "source_profile = back\n"
        "[profile back]\nrole_arn = arn:aws:iam::1:role/a\n"
        "source_profile = circle\n"
        "[profile alone]\nrole_arn = arn:aws:iam::1:role/a\n"
        "[profile gone]\nrole_arn = arn:aws:iam::1:role/a\n"
        "source_profile = nowhere\n"
        "[profile mfa]\nrole_arn = arn:aws:iam::1:role/a\n"
        "source_profile = mfa\nmfa_serial = arn:aws:iam::1:mfa/me\n"
        "[profile odd]\nrole_arn = arn:aws:iam::1:role/a\n"
        "credential_source = Moon\n"
        "[profile long]\nrole_arn = arn:aws:iam::1:role/a\n"
        "credential_source = EcsContainer\nduration_seconds = 60\n"
        "[profile run]\ncredential_process = sh -c PLANTED\n"
        "[profile sso]\nsso_start_url = https://x\n"
        "[profile none]\nregion = x\n"
        "[profile arn]\nrole_arn = role/a\ncredential_source = EcsContainer\n"
        "[profile web]\nweb_identity_token_file = /nowhere\n");
    assert_refused("circle", "back to itself");
    assert_refused("alone", "config:8: role_arn of profile \"alone\" needs one");
    assert_refused("gone", "source_profile \"nowhere\"");
    assert_refused("mfa", "MFA device");
    assert_refused("odd", "credential_source \"Moon\"");
    assert_refused("long", "duration_seconds");
    assert_refused("run", "not allowed");
    assert_refused("sso", "not allowed");
    assert_refused("none", "has no credentials");
    assert_refused("arn", "no ARN of a role");
    assert_refused("web", "no role");
    assert_refused("missing", "profile \"missing\" is neither in");
}

static void nothing_at_all_says_what_was_looked_at(void **state)
{
    struct aws_credentials *chain = open_chain(NULL);
    const struct aws_keys *keys;

    (void)state;
    assert_int_equal(aws_credentials_get(chain, false, &keys, &err),
                     ENGINE_EDENIED);
    assert_non_null(strstr(err.message, "AWS_ACCESS_KEY_ID"));
    assert_non_null(strstr(err.message, "/.aws/config"));
    assert_non_null(strstr(err.message, "AWS_WEB_IDENTITY_TOKEN_FILE"));
    aws_credentials_free(chain);
}

static void static_keys_are_given_and_never_renewed(void **state)
{
    const struct aws_keys *keys = NULL;
    struct aws_credentials *chain;

    (void)state;
    setenv("AWS_ACCESS_KEY_ID", "AKID", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "PLANTED", 1);
    setenv("AWS_SESSION_TOKEN", "session", 1);
    chain = open_chain(NULL);
    assert_int_equal(aws_credentials_get(chain, false, &keys, &err), 0);
    assert_string_equal(keys->id, "AKID");
    assert_string_equal(keys->secret.text, "PLANTED");
    assert_string_equal(keys->token.text, "session");
    assert_int_equal(aws_credentials_get(chain, true, &keys, &err),
                     ENGINE_EDENIED);
    assert_null(strstr(err.message, "PLANTED"));
    aws_credentials_free(chain);
    setenv("AWS_SECRET_ACCESS_KEY", "PLANTED\nHeader: x", 1);
    assert_refused(NULL, "is none");
}

static const char *endpoint_of(const struct aws_credentials *chain,
                               const char *service)
{
    const char *url = NULL;

    if (aws_credentials_endpoint(chain, service, &url, &err) < 0)
        fail_msg("%s", err.message);
    return url;
}

static void regions_and_endpoints_are_found(void **state)
{
    struct aws_credentials *chain;

    (void)state;
    write_file("config",
               "[default]\nregion = profile-1\nservices = mine\n"
               "endpoint_url = https://all\naws_access_key_id=A\n"
               "aws_secret_access_key=B\n"
               "[services mine]\ns3 =\n  endpoint_url = https://s3\n"
               "elastic_load_balancing_v2 =\n  endpoint_url = https://elb\n");
    chain = open_chain(NULL);
    assert_string_equal(aws_credentials_region(chain), "profile-1");
    assert_string_equal(endpoint_of(chain, "s3"), "https://s3");
    assert_string_equal(endpoint_of(chain, "elbv2"),
                        "https://elb");
    assert_string_equal(endpoint_of(chain, "sts"), "https://all");
    setenv("AWS_ENDPOINT_URL", "http://env", 1);
    assert_string_equal(endpoint_of(chain, "s3"), "http://env");
    setenv("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", "http://logs", 1);
    assert_string_equal(endpoint_of(chain, "logs"),
                        "http://logs");
    setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true", 1);
    assert_null(endpoint_of(chain, "s3"));
    setenv("AWS_DEFAULT_REGION", "default-1", 1);
    assert_string_equal(aws_credentials_region(chain), "default-1");
    setenv("AWS_REGION", "env-1", 1);
    assert_string_equal(aws_credentials_region(chain), "env-1");
    aws_credentials_free(chain);
}

static void files_do_not_lead_calls_astray(void **state)
{
    struct aws_credentials *chain;
    const char *url = NULL;

    (void)state;
    write_file("config",
               "[default]\nservices = mine\nendpoint_url = http://evil\n"
               "aws_access_key_id=A\naws_secret_access_key=B\n"
               "[services mine]\ns3 =\n  endpoint_url = http://127.0.0.1:1\n");
    chain = open_chain(NULL);
    assert_string_equal(endpoint_of(chain, "s3"), "http://127.0.0.1:1");
    assert_int_equal(aws_credentials_endpoint(chain, "iam", &url, &err),
                     ENGINE_EINVAL);
    assert_non_null(strstr(err.message, "http://evil"));
    assert_non_null(strstr(err.hint, "AWS_ENDPOINT_URL"));
    setenv("AWS_ENDPOINT_URL", "http://wanted", 1);
    assert_string_equal(endpoint_of(chain, "iam"), "http://wanted");
    aws_credentials_free(chain);
}

/* Where STS is asked for a role. */
static void sts_is(const char *role, const char *region, const char *how,
                   const char *url, const char *scope)
{
    struct aws_sts_place place;
    struct aws_credentials *chain = open_chain(NULL), *assumed = NULL;
    const struct aws_role wanted = {.arn = role};

    setenv("AWS_REGION", region, 1);
    setenv("AWS_STS_REGIONAL_ENDPOINTS", how, 1);
    assert_int_equal(aws_credentials_assume(chain, &wanted, &assumed, &err),
                     0);
    assert_int_equal(aws_sts_place(assumed, &place, &err), 0);
    assert_string_equal(place.url, url);
    assert_string_equal(place.region, scope);
    aws_credentials_free(assumed);
    aws_credentials_free(chain);
}

static void sts_is_asked_in_the_region_and_partition_of_the_role(void **state)
{
    (void)state;
    write_file("config", "[default]\naws_access_key_id=A\n"
                         "aws_secret_access_key=B\n");
    sts_is("arn:aws:iam::1:role/a", "eu-west-1", "",
           "https://sts.eu-west-1.amazonaws.com/", "eu-west-1");
    sts_is("arn:aws:iam::1:role/a", "", "",
           "https://sts.us-east-1.amazonaws.com/", "us-east-1");
    sts_is("arn:aws:iam::1:role/a", "eu-west-1", "legacy",
           "https://sts.amazonaws.com/", "us-east-1");
    sts_is("arn:aws:iam::1:role/a", "me-south-1", "legacy",
           "https://sts.me-south-1.amazonaws.com/", "me-south-1");
    sts_is("arn:aws-us-gov:iam::1:role/a", "us-east-1", "legacy",
           "https://sts.us-gov-west-1.amazonaws.com/", "us-gov-west-1");
    sts_is("arn:aws-us-gov:iam::1:role/a", "us-gov-east-1", "",
           "https://sts.us-gov-east-1.amazonaws.com/", "us-gov-east-1");
    sts_is("arn:aws-cn:iam::1:role/a", "", "",
           "https://sts.cn-north-1.amazonaws.com.cn/", "cn-north-1");
}

static void the_clock_follows_aws(void **state)
{
    struct aws_credentials *chain = open_chain(NULL);
    int64_t skew;

    (void)state;
    assert_false(aws_credentials_skew(chain, NULL));
    assert_false(aws_credentials_skew(chain, "yesterday"));
    assert_false(aws_credentials_skew(chain, "Sun, 06 Nob 1994 08:49:37 GMT"));
    assert_true(aws_credentials_skew(chain, "Sun, 06 Nov 1994 08:49:37 GMT"));
    skew = aws_credentials_now(chain) - INT64_C(784111777000);
    assert_true(skew >= 0 && skew < 600000);
    /* the same once more says nothing new */
    assert_false(aws_credentials_skew(chain, "Sun, 06 Nov 1994 08:49:38 GMT"));
    aws_credentials_free(chain);
}

/* ---- answers of STS ------------------------------------------------------ */

static engine_status read_answer(const char *text, struct aws_keys *keys)
{
    aws_keys_clear(keys);
    return aws_sts_read(text, strlen(text), "AssumeRoleResult", keys, &err);
}

#define ANSWER(keys)                                                      \
    "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">" \
    "<AssumeRoleResult><Credentials>" keys "</Credentials>"               \
    "</AssumeRoleResult></AssumeRoleResponse>"
#define KEYS                                                              \
    "<AccessKeyId>ASIA</AccessKeyId>"                                     \
    "<SecretAccessKey>PLANTED</SecretAccessKey>"                          \
    "<SessionToken>token</SessionToken>"
#define END "<Expiration>2030-01-01T00:00:00Z</Expiration>"

static void reads_answers_of_sts(void **state)
{
    static const char *const bad[] = {
        "", "nothing", ANSWER(KEYS), ANSWER(END), "<a/>",
        ANSWER(KEYS "<Expiration>soon</Expiration>"),
        "<!DOCTYPE a [<!ENTITY x \"y\">]>" ANSWER(KEYS END),
        ANSWER("<AccessKeyId>&x;</AccessKeyId>")};
    static const char failure[] =
        "<ErrorResponse><Error><Code>X</Code><Message>a\nb</Message></Error>"
        "</ErrorResponse>";
    struct aws_keys keys;
    char code[64], message[320];

    (void)state;
    aws_keys_init(&keys);
    assert_int_equal(read_answer(ANSWER(KEYS END), &keys), 0);
    assert_string_equal(keys.id, "ASIA");
    assert_string_equal(keys.secret.text, "PLANTED");
    assert_string_equal(keys.token.text, "token");
    assert_true(keys.expires_ms == INT64_C(1893456000000));
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        if (read_answer(bad[i], &keys) != ENGINE_EPARSE)
            fail_msg("%s was read", bad[i]);
        assert_null(strstr(err.message, "PLANTED"));
    }
    aws_keys_clear(&keys);
    aws_sts_read_error(failure, strlen(failure), code, message);
    assert_string_equal(code, "X");
    assert_string_equal(message, "a");
}

static void what_an_answer_repeats_is_hidden(void **state)
{
    struct aws_keys keys;
    char text[] = "said SECRETSECRET1 and toke and TOKENTOKENTOKENTOKEN-cut";

    (void)state;
    aws_keys_init(&keys);
    assert_int_equal(aws_keys_set(&keys, "id", "SECRETSECRET1",
                                  "TOKENTOKENTOKENTOKEN-cut-short", &err),
                     0);
    aws_redact(text, &keys, NULL);
    assert_string_equal(text, "said ************* and toke and "
                              "************************");
    aws_keys_clear(&keys);
}

#define FILES(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
#define HOME(test)                                                        \
    cmocka_unit_test_setup_teardown(test, setup_home, teardown_home)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FILES(reads_profiles_of_both_files),
        FILES(comments_are_not_part_of_values),
        FILES(indented_lines_continue_or_nest),
        FILES(errors_name_file_and_line_and_no_value),
        FILES(files_have_limits),
        HOME(sources_come_in_the_order_of_the_sdks),
        HOME(half_a_key_is_an_error),
        HOME(roles_stand_on_roles),
        HOME(what_cannot_be_used_is_said_with_its_line),
        HOME(nothing_at_all_says_what_was_looked_at),
        HOME(static_keys_are_given_and_never_renewed),
        HOME(regions_and_endpoints_are_found),
        HOME(files_do_not_lead_calls_astray),
        HOME(sts_is_asked_in_the_region_and_partition_of_the_role),
        HOME(the_clock_follows_aws),
        cmocka_unit_test(reads_answers_of_sts),
        cmocka_unit_test(what_an_answer_repeats_is_hidden),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
