/* SPDX-License-Identifier: Apache-2.0 */
/* cloud.c - an operation: its target, its scopes, its expressions. */
#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"
#include "sdk/document/document.h"
#include "sdk/kit/cloud/cloud_private.h"

#define CLOUD_MEMORY ((size_t)256 << 20)
#define CLOUD_SCRATCH ((size_t)256 << 20)

/* ---- variables ---------------------------------------------------------- */

static engine_status cloud_name_variables(struct cloud *cloud,
                                          engine_error *err)
{
    const char *const *members = cloud->provider->members
                                     ? cloud->provider->members
                                     : cloud->provider->levels;
    size_t count = 0;

    while (members[count])
        count++;
    cloud->names = arena_alloc(&cloud->arena,
                               (CLOUD_BOUND + count + 1) *
                                   sizeof(*cloud->names));
    cloud->bound = arena_alloc(&cloud->arena,
                               (CLOUD_BOUND + count + 1) *
                                   sizeof(*cloud->bound));
    if (!cloud->names || !cloud->bound)
        return engine_fail_memory(err);
    cloud->names[CLOUD_SCOPE] = "scope";
    cloud->names[CLOUD_ROOT] = "root";
    cloud->names[CLOUD_VARIABLES] = "variables";
    for (size_t i = 0; i < count; i++)
        cloud->names[CLOUD_BOUND + i] = members[i];
    return ENGINE_OK;
}

void cloud_bind(struct cloud *cloud, const struct cloud_rule *rule,
                const struct cloud_scope *scope, const struct value *root)
{
    cloud->bound[CLOUD_SCOPE] = &scope->value;
    cloud->bound[CLOUD_ROOT] = root;
    cloud->bound[CLOUD_VARIABLES] = rule->variables;
    for (size_t i = CLOUD_BOUND; cloud->names[i]; i++)
        cloud->bound[i] = value_member(&scope->value, cloud->names[i]);
}

/* ---- expressions -------------------------------------------------------- */

engine_status cloud_program(struct cloud *cloud, const char *text,
                            struct expr **out, engine_error *err)
{
    const struct expr_limits limits = {.values = CLOUD_SUBJECTS,
                                       .variables = cloud->names,
                                       .now_ms = cloud->now_ms};
    engine_status status;

    *out = table_get(&cloud->programs, text);
    if (*out)
        return ENGINE_OK;
    status = expr_compile(expr_language("jmespath"), text, &limits, out, err);
    if (status < 0) {
        *out = NULL;
        return status;
    }
    expr_bind(*out, cloud->bound);
    if (table_set(&cloud->programs, text, *out) < 0) {
        expr_free(*out);
        *out = NULL;
        return engine_fail_memory(err);
    }
    return ENGINE_OK;
}

engine_status cloud_evaluate(struct cloud *cloud, struct expr *expr,
                             const struct value *input, struct arena *arena,
                             const struct value **out, engine_error *err)
{
    struct expr_values values;
    engine_status status = expr_evaluate(expr, input, arena, &values, err);

    (void)cloud;
    if (status == ENGINE_OK)
        *out = values.count ? values.values[0] : &value_null;
    return status;
}

engine_status cloud_fail_arena(const struct arena *arena, engine_error *err)
{
    if (arena->used <= arena->maximum / 2)
        return engine_fail_memory(err);
    return engine_fail(err, ENGINE_ELIMIT,
                       "it takes more than %zu bytes of memory",
                       arena->maximum);
}

/* ---- beginning and end -------------------------------------------------- */

int cloud_stop(void *user)
{
    const struct cloud *cloud = user;
    const struct scanner_host *host = cloud->plugin->host;

    return cloud->failure.status < 0 || host->cancelled(host, cloud->job) ||
           host->deadline_ms(host, cloud->job) == 0;
}

engine_status cloud_stopped(const struct cloud *cloud, engine_error *err)
{
    const struct scanner_host *host = cloud->plugin->host;

    if (host->cancelled(host, cloud->job))
        return engine_fail(err, ENGINE_ECANCELLED, "cancelled");
    if (host->deadline_ms(host, cloud->job) == 0)
        return engine_fail(err, ENGINE_ETIMEOUT,
                           "the time for this job is over");
    return ENGINE_OK;
}

static void cloud_http_log(int level, const char *text, void *user)
{
    const struct cloud *cloud = user;

    cloud->plugin->host->log(cloud->plugin->host, (uint32_t)level, text);
}

static engine_status cloud_open_http(struct cloud *cloud, engine_error *err)
{
    const bson_t *options = &cloud->plugin->options;
    const int64_t retries = document_int(options, "retries", 8);
    char agent[96];
    struct http_client_options http = {
        .concurrent = (unsigned)document_int(options, "concurrency", 256),
        .concurrent_host = (unsigned)document_int(options, "concurrency", 256),
        .retries = retries ? (unsigned)retries : HTTP_NO_RETRIES,
        .connect_ms = 1000 * document_int(options, "connect_timeout", 10),
        .stall_ms = 1000 * document_int(options, "stall_timeout", 30),
        .request_ms = 1000 * document_int(options, "timeout", 300),
        .rate = (double)document_int(options, "rate", 0),
        .user_agent = agent,
        .stop = cloud_stop,
        .log = cloud_http_log,
        .user = cloud};

    snprintf(agent, sizeof(agent), "scan-engine/%s", SCAN_ENGINE_VERSION);
    return http_client_new(&http, &cloud->http, err);
}

static struct cloud *cloud_new(struct cloud_plugin *plugin,
                               const struct scanner_job *job)
{
    struct cloud *cloud =
        engine_calloc_aligned(alignof(struct cloud), 1, sizeof(*cloud));

    if (!cloud)
        return NULL;
    cloud->plugin = plugin;
    cloud->provider = plugin->provider;
    cloud->job = job;
    cloud->now_ms = clock_now_ms();
    cloud->calls_most = CLOUD_CALLS;
    kit_view(&job->target, &cloud->target);
    bson_init(&cloud->typed);
    arena_init(&cloud->arena, CLOUD_MEMORY);
    arena_init(&cloud->scratch, CLOUD_SCRATCH);
    arena_init(&cloud->requests, CLOUD_SCRATCH);
    while (cloud->provider->levels[cloud->levels])
        cloud->levels++;
    cloud->lane_most =
        64 + 2 * (size_t)document_int(&plugin->options, "concurrency", 256);
    cloud->passing =
        (uint64_t)document_int(&plugin->options, "passing_results", 100);
    return cloud;
}

engine_status cloud_open(struct cloud_plugin *plugin,
                         const struct scanner_job *job, struct cloud **out,
                         engine_error *err)
{
    struct cloud *cloud = cloud_new(plugin, job);
    engine_status status;

    if (!cloud)
        return engine_fail_memory(err);
    status = cloud_name_variables(cloud, err);
    if (status == ENGINE_OK)
        status = cloud_take_variables(cloud, err);
    if (status == ENGINE_OK)
        status = cloud_open_http(cloud, err);
    if (status == ENGINE_OK)
        status = cloud->provider->open(cloud, &cloud->self, err);
    if (status < 0) {
        cloud->self = NULL;
        cloud_free(cloud);
        return status;
    }
    *out = cloud;
    return ENGINE_OK;
}

static void cloud_free_rules(struct cloud *cloud)
{
    for (uint32_t i = 0; cloud->rules && i < cloud->job->rules_count; i++)
        if (cloud->rules[i].document)
            cloud_rule_clear(&cloud->rules[i]);
    engine_free(cloud->rules);
    engine_free(cloud->documents);
}

void cloud_free(struct cloud *cloud)
{
    const char *text;
    size_t at = 0;
    void *expr;

    if (!cloud)
        return;
    cloud->pumping = true; /* nothing goes on any more */
    http_client_free(cloud->http);
    while (cloud->open)
        visit_free(cloud->open);
    while (cloud->homes)
        home_free(cloud, cloud->homes);
    if (cloud->self)
        cloud->provider->close(cloud->self);
    cloud_free_rules(cloud);
    while ((text = table_next(&cloud->programs, &at, &expr)))
        expr_free(expr);
    table_clear(&cloud->programs);
    engine_free(cloud->scopes);
    bson_destroy(&cloud->typed);
    arena_clear(&cloud->requests);
    arena_clear(&cloud->scratch);
    arena_clear(&cloud->arena);
    engine_free(cloud);
}

/* ---- rules -------------------------------------------------------------- */

engine_status cloud_read_rules(struct cloud *cloud,
                               void (*fn)(struct cloud_rule *rule,
                                          const engine_error *why,
                                          void *user),
                               void *user, engine_error *err)
{
    const uint32_t count = cloud->job->rules_count;
    engine_status status = kit_rules(cloud->job, &cloud->documents, err);

    cloud->rules = engine_calloc_aligned(alignof(struct cloud_rule), count + 1,
                                         sizeof(*cloud->rules));
    if (status < 0 || !cloud->rules)
        return engine_fail_memory(err);
    for (uint32_t i = 0; i < count; i++) {
        struct cloud_rule *rule = &cloud->rules[i];
        engine_error why = {0};

        rule->document = &cloud->documents[i];
        rule->rule_id = document_string(rule->document, "rule_id");
        arena_init(&rule->arena, CLOUD_RULE_MEMORY);
        bson_init(&rule->used);
        bson_init(&rule->typed);
        why.status = cloud_rule_read(cloud, rule, &why);
        if (why.status == ENGINE_ENOMEM)
            return engine_fail_memory(err);
        rule->failed = why.status < 0;
        rule->before = cloud->rules_calls;
        cloud->rules_calls += rule->count;
        if (rule->failed)
            fn(rule, &why, user);
    }
    return ENGINE_OK;
}

unsigned cloud_deepest(const struct cloud *cloud)
{
    unsigned deepest = 0;

    for (uint32_t i = 0; i < cloud->job->rules_count; i++) {
        const struct cloud_rule *rule = &cloud->rules[i];

        if (!rule->failed && rule->level > deepest)
            deepest = rule->level;
        for (size_t k = 0; !rule->failed && k < rule->count; k++)
            if (rule->calls[k].level > deepest)
                deepest = rule->calls[k].level;
    }
    return deepest;
}

/* ---- for providers ------------------------------------------------------ */

struct http_client *cloud_http(struct cloud *cloud)
{
    return cloud->http;
}

const bson_t *cloud_target(const struct cloud *cloud)
{
    return &cloud->target;
}

const bson_t *cloud_option_values(const struct cloud *cloud)
{
    return &cloud->plugin->options;
}

const struct scanner_job *cloud_job(const struct cloud *cloud)
{
    return cloud->job;
}

struct arena *cloud_arena(struct cloud *cloud)
{
    return &cloud->arena;
}

void cloud_log(struct cloud *cloud, uint32_t level, const char *format, ...)
{
    char text[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    cloud->plugin->host->log(cloud->plugin->host, level, text);
}
