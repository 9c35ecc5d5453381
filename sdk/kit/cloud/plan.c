/* SPDX-License-Identifier: Apache-2.0 */
/* plan.c - which calls a scan would make, without making one. */
#include <stdio.h>
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/kit/cloud/cloud_private.h"

struct plan {
    struct cloud *cloud;
    struct table calls; /* what a note says -> number of rules + 1 */
    engine_status status;
    engine_error *err;
};

static void plan_note(struct plan *plan, const bson_t *note)
{
    const struct scanner_host *host = plan->cloud->plugin->host;
    const struct scanner_doc view = kit_doc(note);

    if (plan->status == ENGINE_OK &&
        host->document(host, plan->cloud->job, "note", &view) < 0)
        plan->status = engine_fail(plan->err, ENGINE_EIO,
                                   "the engine did not take a document of "
                                   "the plan");
}

static void plan_refuse_rule(struct cloud_rule *rule, const engine_error *why,
                             void *user)
{
    bson_t note = BSON_INITIALIZER;

    BSON_APPEND_UTF8(&note, "rule_id", rule->rule_id ? rule->rule_id : "");
    BSON_APPEND_UTF8(&note, "status", "error");
    BSON_APPEND_UTF8(&note, "message", why->message);
    plan_note(user, &note);
    bson_destroy(&note);
}

/* "region: s3 GetBucketPolicy {"Bucket":"{Name}"}, for each of b.Buckets" */
static char *plan_call_text(const struct cloud *cloud,
                            const struct rule_call *call)
{
    struct buffer text;
    char *taken = NULL;

    buffer_init(&text, (size_t)64 << 10);
    buffer_printf(&text, "%s:", cloud->provider->levels[call->level]);
    for (uint32_t i = 0; i < call->request.count; i++) {
        const struct value *value = &call->request.members[i].value;

        buffer_putc(&text, ' ');
        if (value->kind == VALUE_STRING)
            buffer_append(&text, value->text, value->count);
        else
            value_to_json(value, 0, &text);
    }
    if (call->foreach)
        buffer_printf(&text, ", for each of %s", expr_text(call->foreach));
    if (text.status == ENGINE_OK)
        taken = buffer_take(&text);
    buffer_clear(&text);
    return taken;
}

static engine_status plan_count(struct plan *plan)
{
    struct cloud *cloud = plan->cloud;

    for (uint32_t i = 0; i < cloud->job->rules_count; i++) {
        const struct cloud_rule *rule = &cloud->rules[i];

        for (size_t k = 0; !rule->failed && k < rule->count; k++) {
            char *text = plan_call_text(cloud, &rule->calls[k]);
            const uintptr_t rules =
                text ? (uintptr_t)table_get(&plan->calls, text) : 0;
            const bool failed =
                !text ||
                table_set(&plan->calls, text, (void *)(rules + 1)) < 0;

            engine_free(text);
            if (failed)
                return engine_fail_memory(plan->err);
        }
    }
    return ENGINE_OK;
}

static void plan_call(struct plan *plan, const char *text)
{
    const size_t rules = (uintptr_t)table_get(&plan->calls, text);
    const size_t level = strcspn(text, ":");
    bson_t note = BSON_INITIALIZER;
    char message[1024];

    snprintf(message, sizeof(message), "%.800s in each %.*s, for %zu rule%s",
             text + level + 2, (int)level, text, rules,
             rules == 1 ? "" : "s");
    BSON_APPEND_UTF8(&note, "message", message);
    bson_append_utf8(&note, "level", -1, text, (int)level);
    BSON_APPEND_UTF8(&note, "call", text + level + 2);
    BSON_APPEND_INT64(&note, "rules", (int64_t)rules);
    plan_note(plan, &note);
    bson_destroy(&note);
}

/* in the order of the rules */
static engine_status plan_calls(struct plan *plan)
{
    struct cloud *cloud = plan->cloud;

    for (uint32_t i = 0; i < cloud->job->rules_count; i++) {
        const struct cloud_rule *rule = &cloud->rules[i];

        for (size_t k = 0; !rule->failed && k < rule->count; k++) {
            char *text = plan_call_text(cloud, &rule->calls[k]);

            if (!text)
                return engine_fail_memory(plan->err);
            if (table_get(&plan->calls, text)) {
                plan_call(plan, text);
                table_set(&plan->calls, text, NULL); /* it is told once */
            }
            engine_free(text);
        }
    }
    return plan->status;
}

int32_t cloud_op_plan(void *plugin, const struct scanner_job *job,
                      struct scanner_error *error)
{
    engine_error err = {0};
    struct plan plan = {.err = &err};
    engine_status status = cloud_open(plugin, job, &plan.cloud, &err);

    if (status == ENGINE_OK)
        status = cloud_read_rules(plan.cloud, plan_refuse_rule, &plan, &err);
    if (status == ENGINE_OK)
        status = plan.status;
    if (status == ENGINE_OK)
        status = plan_count(&plan);
    if (status == ENGINE_OK)
        status = plan_calls(&plan);
    table_clear(&plan.calls);
    cloud_free(plan.cloud);
    return status < 0 ? kit_fail(error, &err) : SCANNER_OK;
}
