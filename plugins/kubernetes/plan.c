/* SPDX-License-Identifier: Apache-2.0 */
/* plan.c - what a scan would read, without reading it. */
#include <stdio.h>
#include <string.h>

#include "plugins/kubernetes/judge.h"
#include "sdk/base/alloc.h"
#include "sdk/document/document.h"

static engine_status plan_note(const struct kube *self,
                               const struct scanner_job *job,
                               const bson_t *note, engine_error *err)
{
    const struct scanner_doc view = kit_doc(note);

    if (self->host->document(self->host, job, "note", &view) < 0)
        return engine_fail(err, ENGINE_EIO, "the engine did not take a "
                                            "document of the plan");
    return ENGINE_OK;
}

static engine_status plan_rule(const struct kube *self,
                               const struct scanner_job *job,
                               const struct kube_rule *rule,
                               const engine_error *why, engine_error *err)
{
    const bool manual = why->status == ENGINE_EUNSUPPORTED;
    bson_t note = BSON_INITIALIZER;
    engine_status status;

    BSON_APPEND_UTF8(&note, "rule_id", rule->rule_id);
    BSON_APPEND_UTF8(&note, "status", manual ? "notchecked" : "error");
    BSON_APPEND_UTF8(&note, "message", why->message);
    status = plan_note(self, job, &note, err);
    bson_destroy(&note);
    return status;
}

static engine_status plan_read(const struct kube *self,
                               const struct scanner_job *job,
                               const struct kube_read *read,
                               engine_error *err)
{
    bson_t note = BSON_INITIALIZER;
    engine_status status;
    char message[1024];
    size_t rules = 0;

    for (const struct kube_want *want = read->wants; want; want = want->next)
        rules++;
    snprintf(message, sizeof(message), "GET %.900s for %zu rule%s",
             read->path.key, rules, rules == 1 ? "" : "s");
    BSON_APPEND_UTF8(&note, "message", message);
    BSON_APPEND_UTF8(&note, "path", read->path.key);
    BSON_APPEND_INT64(&note, "rules", (int64_t)rules);
    status = plan_note(self, job, &note, err);
    bson_destroy(&note);
    return status;
}

static engine_status plan_rules(const struct kube *self,
                                const struct scanner_job *job,
                                const struct kube_planner *planner,
                                const bson_t *documents,
                                struct kube_rule *rules, engine_error *err)
{
    engine_status status = ENGINE_OK;

    for (uint32_t i = 0; i < job->rules_count; i++)
        kube_rule_init(&rules[i], &documents[i]);
    for (uint32_t i = 0; status == ENGINE_OK && i < job->rules_count; i++) {
        engine_error why = {0};
        if (kube_rule_plan(&rules[i], planner, &why) < 0)
            status = plan_rule(self, job, &rules[i], &why, err);
    }
    for (size_t i = 0; status == ENGINE_OK && i < planner->reads->count; i++)
        status = plan_read(self, job, planner->reads->items[i], err);
    for (uint32_t i = 0; i < job->rules_count; i++)
        kube_rule_clear(&rules[i]);
    return status;
}

int32_t kube_op_plan(void *instance, const struct scanner_job *job,
                     struct scanner_error *error)
{
    struct kube *self = instance;
    struct kube_rule *rules = engine_calloc(job->rules_count, sizeof(*rules));
    struct kube_planner planner = {.programs = kube_programs_new()};
    struct kube_namespaces *namespaces = NULL;
    bson_t target, variables, *documents = NULL;
    engine_error err = {0};
    struct kube_reads reads;
    engine_status status = kit_rules(job, &documents, &err);

    kube_reads_init(&reads);
    kit_view(&job->target, &target);
    kit_view(&job->variables, &variables);
    planner.variables = &variables;
    planner.reads = &reads;
    if (!rules || !planner.programs)
        status = engine_fail_memory(&err);
    if (status == ENGINE_OK)
        status = kube_namespaces_new(&target, &namespaces, &err);
    planner.namespaces = namespaces;
    if (status == ENGINE_OK)
        status = kube_source_open(self, job, &planner.source, &err);
    if (status == ENGINE_OK)
        status = plan_rules(self, job, &planner, documents, rules, &err);
    kube_reads_clear(&reads);
    kube_programs_free(planner.programs);
    kube_namespaces_free(namespaces);
    if (planner.source)
        planner.source->ops->close(planner.source);
    engine_free(rules);
    engine_free(documents);
    return status < 0 ? kit_fail(error, &err) : SCANNER_OK;
}
