/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jsonapi.c - a scanner made of libscankit: what JSON documents, read over
 * HTTP, have to say. The kit reads, retries, evaluates and compares.
 *
 *     target: {type: json_api, url: "https://example.net/api"}
 *     scanner_type: json_api
 *     check_content: {path: /health, language: jmespath, expression: status,
 *                     condition: equals, expected_value: up}
 *
 * language is jmespath, jq or yamlpath; sdk/kit/condition.h has the conditions.
 */
#include <engine/scanner.h>

#include "sdk/base/alloc.h"
#include "sdk/base/arena.h"
#include "sdk/base/buffer.h"
#include "sdk/base/error.h"
#include "sdk/document/document.h"
#include "sdk/kit/check.h"
#include "sdk/kit/host.h"
#include "sdk/kit/http.h"
#include "sdk/kit/value.h"

#define JSONAPI_MEMORY ((size_t)256 * 1024 * 1024) /* of one answer */

/* One scan. */
struct jsonapi {
    const struct scanner_host *host;
    const struct scanner_job *job;
    struct http_client *http;
    const char *url; /* of the target */
    bson_t target, variables;
};

static int32_t jsonapi_init(const struct scanner_host *host,
                            const struct scanner_config *config, void **out,
                            struct scanner_error *err)
{
    engine_error why = {0};

    (void)config;
    if (host->register_type(host, "json_api", NULL) < 0 ||
        host->register_target(host, "json_api", NULL) < 0) {
        engine_fail(&why, ENGINE_EPLUGIN, "could not register");
        return kit_fail(err, &why);
    }
    *out = (void *)(uintptr_t)host; /* all that an instance is */
    return SCANNER_OK;
}

static void jsonapi_destroy(void *self)
{
    (void)self;
}

/* The kit's client asks while it waits. */
static int jsonapi_stop(void *user)
{
    const struct jsonapi *api = user;

    return api->host->cancelled(api->host, api->job) == 1;
}

static engine_status jsonapi_get(struct jsonapi *api, const char *path,
                                 struct arena *arena, struct value *out,
                                 engine_error *err)
{
    const char *const headers[] = {"Accept: application/json", NULL};
    char *url = arena_strf(arena, "%s%s", api->url, path);
    const struct http_call call = {.url = url, .headers = headers};
    struct http_response response = {0};
    struct buffer body = {0};
    engine_status status;

    if (!url)
        return engine_fail_memory(err);
    status = http_fetch(api->http, &call, &response, &body, err);
    if (status == ENGINE_OK && response.status != 200)
        status = engine_fail(err, ENGINE_EIO, "%s: HTTP status %ld", path,
                             response.status);
    if (status == ENGINE_OK)
        status = value_from_json(body.data ? body.data : "", body.len, path,
                                 arena, out, err);
    buffer_clear(&body);
    return status;
}

static engine_status jsonapi_compile(struct jsonapi *api,
                                     const bson_t *content,
                                     struct check **out, engine_error *err)
{
    const char *language = document_string(content, "language");
    const struct check_words words = {
        .language = expr_language(language ? language : "jmespath"),
        .path = "expression",
        .condition = "condition",
        .expected = "expected_value",
    };

    if (!words.language)
        return engine_fail(err, ENGINE_EINVAL, "unknown language \"%s\"",
                           language);
    return check_compile(content, &words, &api->variables, out, err);
}

static engine_status jsonapi_judge(struct jsonapi *api, const bson_t *rule,
                                   struct arena *arena,
                                   struct check_outcome *outcome,
                                   engine_error *err)
{
    const char *path = document_string(rule, "check_content.path");
    struct check *check = NULL;
    struct value answer;
    engine_status status;
    bson_t content;

    if (!path || path[0] != '/' ||
        !document_child(rule, "check_content", &content))
        return engine_fail(err, ENGINE_EINVAL, "check_content needs a path");
    status = jsonapi_compile(api, &content, &check, err);
    if (status == ENGINE_OK)
        status = jsonapi_get(api, path, arena, &answer, err);
    if (status == ENGINE_OK)
        status = check_subject(check, &answer, arena, outcome, err);
    check_free(check);
    return status;
}

static engine_status jsonapi_report(struct jsonapi *api, const char *id,
                                    const struct check_outcome *outcome,
                                    engine_error *err)
{
    const struct scanner_result result = {
        .size = sizeof(result),
        .rule_id = id,
        .status = outcome->status,
        .message = outcome->message[0] ? outcome->message : NULL,
        .evidence = kit_doc(outcome->evidence)};
    const struct scanner_rule_end end = {
        .size = sizeof(end), .rule_id = id, .duration_ms = -1};
    engine_status status = api->host->emit(api->host, api->job, &result);

    if (status == ENGINE_OK)
        status = api->host->rule_done(api->host, api->job, &end);
    if (status < 0)
        engine_fail(err, status, "a result was not taken");
    return status;
}

/* What could not be read or judged is an error, never a pass and never a
 * fail. A cancelled scan says nothing of the rule. */
static engine_status jsonapi_rule(struct jsonapi *api, const bson_t *rule,
                                  engine_error *err)
{
    const char *id = document_string(rule, "rule_id");
    struct check_outcome outcome = {0};
    engine_status status;
    struct arena arena;

    if (jsonapi_stop(api))
        return engine_fail(err, ENGINE_ECANCELLED, "cancelled");
    arena_init(&arena, JSONAPI_MEMORY);
    status = jsonapi_judge(api, rule, &arena, &outcome, err);
    if (status == ENGINE_OK) {
        status = jsonapi_report(api, id, &outcome, err);
    } else if (status != ENGINE_ECANCELLED && status != ENGINE_ENOMEM) {
        kit_rule_error(api->host, api->job, id, err);
        status = ENGINE_OK;
    }
    check_outcome_clear(&outcome);
    arena_clear(&arena);
    return status;
}

static int32_t jsonapi_scan(void *self, const struct scanner_job *job,
                            struct scanner_error *error)
{
    struct jsonapi api = {.host = self, .job = job};
    const struct http_client_options options = {
        .user_agent = "jsonapi/1.0", .stop = jsonapi_stop, .user = &api};
    engine_error why = {0};
    bson_t *rules = NULL;

    kit_view(&job->target, &api.target);
    kit_view(&job->variables, &api.variables);
    api.url = document_string(&api.target, "url");
    if (!api.url)
        why.status = engine_fail(&why, ENGINE_EINVAL, "the target has no url");
    else
        why.status = http_client_new(&options, &api.http, &why);
    if (why.status == ENGINE_OK)
        why.status = kit_rules(job, &rules, &why);
    for (uint32_t i = 0; why.status == ENGINE_OK && i < job->rules_count; i++)
        why.status = jsonapi_rule(&api, &rules[i], &why);
    engine_free(rules);
    http_client_free(api.http);
    return kit_fail(error, &why);
}

static const struct scanner_ops jsonapi_ops = {
    .magic = SCANNER_MAGIC,
    .size = sizeof(struct scanner_ops),
    .abi_major = SCANNER_ABI_MAJOR,
    .abi_minor = SCANNER_ABI_MINOR,
    .caps = SCANNER_CAP_NETWORK,
    .name = "jsonapi",
    .version = "1.0",
    .init = jsonapi_init,
    .scan = jsonapi_scan,
    .destroy = jsonapi_destroy,
};

SCANNER_PLUGIN(jsonapi, jsonapi_ops)
