/* SPDX-License-Identifier: Apache-2.0 */
/* test_kube_config.c - which server, as whom: kubeconfigs and targets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugins/kubernetes/kubeconfig.h"
#include "sdk/base/alloc.h"
#include "sdk/base/file.h"
#include "sdk/document/document.h"

static const char *const config_fields =
    "{current-context: a, clusters: [{name: c, cluster: %s}],"
    " users: [{name: u, user: %s}],"
    " contexts: [{name: a, context: {cluster: c, user: u}}]}";

struct stage {
    char *folder;
    struct kube_surroundings around;
    struct kube_config config;
    engine_error err;
};

static int stage_open(void **state)
{
    struct stage *stage = calloc(1, sizeof(*stage));

    if (file_make_temporary("/tmp", "kubeconfig-", &stage->folder, NULL) < 0)
        return -1;
    *state = stage;
    return 0;
}

static int stage_close(void **state)
{
    struct stage *stage = *state;

    file_remove_tree(stage->folder, NULL);
    engine_free(stage->folder);
    free(stage);
    return 0;
}

static char *stage_put(struct stage *stage, const char *name,
                       const char *text)
{
    char *path = engine_strf("%s/%s", stage->folder, name);

    assert_int_equal(file_write(path, text, strlen(text), 0600, NULL),
                     ENGINE_OK);
    return path;
}

static engine_status stage_take(struct stage *stage, const char *target)
{
    bson_t document;
    engine_status status;

    assert_int_equal(document_from_json(target, strlen(target), "target",
                                        &document, NULL), ENGINE_OK);
    memset(&stage->err, 0, sizeof(stage->err));
    status = kube_config_open(&document, &stage->around, &stage->config,
                              &stage->err);
    bson_destroy(&document);
    return status;
}

/* with one cluster and one user, written as YAML */
static engine_status stage_one(struct stage *stage, const char *cluster,
                               const char *user)
{
    char *text, *path, *target;
    engine_status status;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    text = engine_strf(config_fields, cluster, user);
#pragma GCC diagnostic pop
    path = stage_put(stage, "config", text);
    target = engine_strf("{\"kubeconfig\": \"%s\"}", path);
    status = stage_take(stage, target);
    engine_free(text);
    engine_free(path);
    engine_free(target);
    return status;
}

#define SERVER "{server: \"https://one.test:6443/\"}"

static void takes_a_token_over_its_file(void **state)
{
    struct stage *stage = *state;

    assert_int_equal(stage_one(stage, SERVER, "{token: abc, tokenFile: x}"),
                     ENGINE_OK);
    assert_string_equal(stage->config.server, "https://one.test:6443");
    assert_string_equal(stage->config.token.text, "abc");
    assert_null(stage->config.token_file);
    kube_config_clear(&stage->config);
}

static void finds_files_beside_the_kubeconfig(void **state)
{
    struct stage *stage = *state;
    char *file = stage_put(stage, "token", "abc");

    assert_int_equal(stage_one(stage, SERVER, "{tokenFile: token}"),
                     ENGINE_OK);
    assert_string_equal(stage->config.token_file, file);
    kube_config_clear(&stage->config);
    assert_true(stage_one(stage, SERVER, "{tokenFile: none}") < 0);
    assert_non_null(strstr(stage->err.message, "none"));
    assert_non_null(strstr(stage->err.message, "context \"a\", user \"u\""));
    kube_config_clear(&stage->config);
    engine_free(file);
}

static void decodes_data(void **state)
{
    struct stage *stage = *state;

    assert_int_equal(
        stage_one(stage, "{server: \"https://x\", "
                         "certificate-authority-data: YWJj}",
                  "{client-certificate-data: YQ==, client-key-data: YWI=}"),
        ENGINE_OK);
    assert_int_equal(stage->config.ca_len, 3);
    assert_memory_equal(stage->config.ca_data, "abc", 3);
    assert_int_equal(stage->config.cert_len, 1);
    assert_int_equal(stage->config.key_len, 2);
    assert_memory_equal(stage->config.key_data, "ab", 2);
    kube_config_clear(&stage->config);
}

static void reads_a_plugin(void **state)
{
    struct stage *stage = *state;
    const struct kube_exec *exec;
    char *path;

    assert_int_equal(
        stage_one(stage, SERVER,
                  "{exec: {apiVersion: client.authentication.k8s.io/v1, "
                  "command: ./plugin, args: [x, \"\"], "
                  "env: [{name: A, value: b}], provideClusterInfo: true}}"),
        ENGINE_OK);
    exec = stage->config.exec;
    path = engine_strf("%s/./plugin", stage->folder);
    assert_string_equal(exec->command, path);
    assert_string_equal(exec->args[0], "x");
    assert_string_equal(exec->args[1], "");
    assert_null(exec->args[2]);
    assert_string_equal(exec->env[0], "A=b");
    assert_true(exec->cluster_info);
    kube_config_clear(&stage->config);
    engine_free(path);
}

static void impersonates(void **state)
{
    struct stage *stage = *state;

    assert_int_equal(stage_one(stage, SERVER,
                               "{token: x, as: jane, as-uid: \"7\", "
                               "as-groups: [a, b], "
                               "as-user-extra: {why: [c]}}"), ENGINE_OK);
    assert_string_equal(stage->config.headers[0], "Impersonate-User: jane");
    assert_string_equal(stage->config.headers[1], "Impersonate-Uid: 7");
    assert_string_equal(stage->config.headers[2], "Impersonate-Group: a");
    assert_string_equal(stage->config.headers[3], "Impersonate-Group: b");
    assert_string_equal(stage->config.headers[4],
                        "Impersonate-Extra-why: c");
    assert_null(stage->config.headers[5]);
    kube_config_clear(&stage->config);
}

static void refuses_what_cannot_be_meant(void **state)
{
    static const struct {
        const char *cluster, *user, *word;
    } rows[] = {
        {"{}", "{}", "no server"},
        {"{server: 7}", "{}", "no text"},
        {"{server: ftp://x}", "{}", "https://HOST"},
        {"{server: \"https://me:pass@x\"}", "{}", "https://HOST"},
        {"{server: \"https://x\", certificate-authority-data: \"*\"}", "{}",
         "no base64"},
        {"{server: \"https://x\", certificate-authority-data: YWJj, "
         "insecure-skip-tls-verify: true}", "{}", "only one"},
        {"{server: \"https://x\", insecure-skip-tls-verify: \"yes\"}", "{}",
         "no boolean"},
        {SERVER, "{token: \"a\\nb\"}", "line end"},
        {SERVER, "{token: sekret, username: jane}", "only one"},
        {SERVER, "{client-key-data: YWJj}", "belong together"},
        {SERVER, "{as-groups: [a]}", "together with a user"},
        {SERVER, "{auth-provider: {name: gcp}}", "not supported"},
        {SERVER, "{exec: {command: x}}", "apiVersion"},
        {SERVER, "{exec: {apiVersion: client.authentication.k8s.io/v1}}",
         "no command"},
        {SERVER, "{exec: {apiVersion: client.authentication.k8s.io/v1, "
                 "command: x, interactiveMode: Always}}", "nobody is there"},
        {SERVER, "[]", "no mapping"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stage *stage = *state;

        if (stage_one(stage, rows[i].cluster, rows[i].user) == ENGINE_OK)
            fail_msg("taken: %s %s", rows[i].cluster, rows[i].user);
        if (!strstr(stage->err.message, rows[i].word))
            fail_msg("\"%s\" is not in: %s", rows[i].word,
                     stage->err.message);
        assert_null(strstr(stage->err.message, "sekret"));
        kube_config_clear(&stage->config);
    }
}

static void merges_files_so_that_the_first_wins(void **state)
{
    struct stage *stage = *state;
    char *first = stage_put(stage, "first",
                            "{users: [{name: u, user: {token: first}}]}");
    char *second = stage_put(
        stage, "second",
        "{current-context: a, clusters: [{name: c, cluster: " SERVER "}],"
        " users: [{name: u, user: {token: second}}],"
        " contexts: [{name: a, context: {cluster: c, user: u}}]}");
    char *list = engine_strf("%s:/nonexistent/x::%s", first, second);

    stage->around.kubeconfig = list;
    assert_int_equal(stage_take(stage, "{}"), ENGINE_OK);
    assert_string_equal(stage->config.token.text, "first");
    assert_string_equal(stage->config.context, "a");
    kube_config_clear(&stage->config);
    assert_int_equal(stage_take(stage, "{\"context\": \"b\"}"),
                     ENGINE_ENOTFOUND);
    assert_non_null(strstr(stage->err.message, "no context \"b\""));
    kube_config_clear(&stage->config);
    engine_free(first);
    engine_free(second);
    engine_free(list);
}

static void warns_of_what_everybody_may_read(void **state)
{
    struct stage *stage = *state;
    char *path = engine_strf("%s/config", stage->folder);
    char *target = engine_strf("{\"kubeconfig\": \"%s\"}", path);

    assert_int_equal(stage_one(stage, SERVER, "{token: abc}"), ENGINE_OK);
    assert_int_equal(stage->config.warnings_count, 0);
    kube_config_clear(&stage->config);
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(stage_take(stage, target), ENGINE_OK);
    assert_int_equal(stage->config.warnings_count, 1);
    assert_null(strstr(stage->config.warnings[0], "abc"));
    kube_config_clear(&stage->config);
    engine_free(path);
    engine_free(target);
}

static void warns_of_no_verification(void **state)
{
    struct stage *stage = *state;

    assert_int_equal(stage_one(stage, "{server: \"https://x\", "
                                      "insecure-skip-tls-verify: true}",
                               "{token: x}"), ENGINE_OK);
    assert_int_equal(stage->config.warnings_count, 1);
    assert_non_null(strstr(stage->config.warnings[0], "NOT VERIFIED"));
    kube_config_clear(&stage->config);
}

static void takes_the_pods_account_without_a_kubeconfig(void **state)
{
    struct stage *stage = *state;
    char *target = engine_strf("{\"service_account\": \"%s\"}",
                               stage->folder);

    engine_free(stage_put(stage, "token", "abc"));
    engine_free(stage_put(stage, "ca.crt", "abc"));
    stage->around = (struct kube_surroundings){.host = "fd00::1",
                                               .port = "6443"};
    assert_int_equal(stage_take(stage, target), ENGINE_OK);
    assert_string_equal(stage->config.server, "https://[fd00::1]:6443");
    kube_config_clear(&stage->config);
    stage->around.host = NULL;
    assert_int_equal(stage_take(stage, target), ENGINE_ENOTFOUND);
    kube_config_clear(&stage->config);
    engine_free(target);
}

static void survives_running_out_of_memory(void **state)
{
    struct stage *stage = *state;
    engine_status status = ENGINE_ENOMEM;

    for (long nth = 1; status == ENGINE_ENOMEM && nth < 1000; nth++) {
        char *path = stage_put(stage, "config",
                               "{current-context: a, clusters: [{name: c, "
                               "cluster: " SERVER "}], contexts: [{name: a, "
                               "context: {cluster: c}}]}");
        bson_t target = BSON_INITIALIZER;

        BSON_APPEND_UTF8(&target, "kubeconfig", path);
        engine_alloc_fail_at(nth);
        status = kube_config_open(&target, &stage->around, &stage->config,
                                  &stage->err);
        engine_alloc_fail_at(0);
        kube_config_clear(&stage->config);
        bson_destroy(&target);
        engine_free(path);
    }
    assert_int_equal(status, ENGINE_OK);
}

#define CASE(name) \
    cmocka_unit_test_setup_teardown(name, stage_open, stage_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(takes_a_token_over_its_file),
        CASE(finds_files_beside_the_kubeconfig),
        CASE(decodes_data),
        CASE(reads_a_plugin),
        CASE(impersonates),
        CASE(refuses_what_cannot_be_meant),
        CASE(merges_files_so_that_the_first_wins),
        CASE(warns_of_what_everybody_may_read),
        CASE(warns_of_no_verification),
        CASE(takes_the_pods_account_without_a_kubeconfig),
        CASE(survives_running_out_of_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
