/* SPDX-License-Identifier: Apache-2.0 */
/* scan.c - the scan operation: plan all rules, read all reads, end all rules. */
#include <string.h>

#include "plugins/kubernetes/judge.h"
#include "plugins/kubernetes/platform.h"
#include "plugins/kubernetes/record.h"
#include "plugins/kubernetes/report.h"
#include "sdk/base/alloc.h"
#include "sdk/document/document.h"

struct scan {
    const struct kube *self;
    const struct scanner_job *job;
    bson_t *documents;
    struct kube_rule *rules;
    struct kube_source *source;
    struct kube_namespaces *namespaces;
    struct kube_recorder *recorder;
    struct kube_reads reads;
    struct kube_programs *programs;
    struct kube_platform platform;
    struct kube_judge judge;
};

static engine_status scan_open(struct scan *scan, engine_error *err)
{
    engine_status status;
    bson_t target, request;
    const char *record;

    kit_view(&scan->job->target, &target);
    kit_view(&scan->job->request, &request);
    scan->programs = kube_programs_new();
    scan->rules = engine_calloc(scan->job->rules_count, sizeof(*scan->rules));
    if (!scan->programs || !scan->rules)
        return engine_fail_memory(err);
    status = kit_rules(scan->job, &scan->documents, err);
    if (status == ENGINE_OK)
        status = kube_namespaces_new(&target, &scan->namespaces, err);
    record = document_string(&request, "record");
    if (status == ENGINE_OK && record)
        status = kube_recorder_open(record, &scan->recorder, err);
    if (status == ENGINE_OK)
        status = kube_source_open(scan->self, scan->job, &scan->source, err);
    if (status == ENGINE_OK)
        status = kube_platform_ask(scan->source, scan->documents,
                                   scan->job->rules_count, scan->recorder,
                                   &scan->platform, err);
    return status;
}

static void scan_plan_rule(struct scan *scan, struct kube_rule *rule,
                           const bson_t *variables)
{
    const struct kube_planner planner = {.source = scan->source,
                                         .variables = variables,
                                         .namespaces = scan->namespaces,
                                         .recorder = scan->recorder,
                                         .reads = &scan->reads,
                                         .programs = scan->programs};
    engine_error err = {0};
    engine_status status;

    if (!kube_platform_applies(&scan->platform, rule->document, err.message,
                               sizeof(err.message))) {
        kube_report_end(&scan->judge, rule, SCANNER_NOTAPPLICABLE,
                        err.message);
        return;
    }
    status = kube_rule_plan(rule, &planner, &err);
    if (status == ENGINE_EUNSUPPORTED)
        kube_judge_skip(&scan->judge, rule, err.message);
    else if (status < 0)
        kube_judge_error(&scan->judge, rule, &err);
    else if (rule->waiting == 0)
        kube_judge_finish(&scan->judge, rule, NULL);
    else
        check_terse(rule->check, scan->judge.passing == 0 &&
                                     rule->view == KUBE_VIEW_OBJECTS);
}

static void scan_plan(struct scan *scan)
{
    bson_t variables;

    kit_view(&scan->job->variables, &variables);
    for (uint32_t i = 0; i < scan->job->rules_count; i++)
        kube_rule_init(&scan->rules[i], &scan->documents[i]);
    for (uint32_t i = 0; i < scan->job->rules_count; i++)
        scan_plan_rule(scan, &scan->rules[i], &variables);
}

static engine_status scan_open_reads(struct scan *scan, engine_error *err)
{
    engine_status status = ENGINE_OK;

    for (size_t i = 0; status == ENGINE_OK && i < scan->reads.count; i++)
        status = kube_reads_share(&scan->reads, scan->reads.items[i], err);
    for (size_t i = 0; status == ENGINE_OK && i < scan->reads.count; i++) {
        status = kube_read_open(scan->reads.items[i], &kube_judge_events,
                                &scan->judge, err);
        if (status == ENGINE_OK && scan->recorder)
            status = kube_record_open(scan->recorder, scan->reads.items[i],
                                      err);
    }
    return status;
}

static engine_status scan_read(struct scan *scan, engine_error *err)
{
    engine_status status = scan_open_reads(scan, err);

    if (status < 0)
        return status; /* some reads know of no events to tell */
    if (scan->reads.count)
        status = scan->source->ops->run(scan->source, scan->reads.items,
                                        scan->reads.count, err);
    /* what was not begun, or not ended, is the engine's to name then */
    if (status == ENGINE_ECANCELLED || status == ENGINE_ENOMEM)
        return status;
    for (size_t i = 0; i < scan->reads.count; i++)
        kube_read_done(scan->reads.items[i], status < 0 ? err : NULL);
    return ENGINE_OK;
}

static void scan_close(struct scan *scan)
{
    for (uint32_t i = 0; scan->rules && i < scan->job->rules_count; i++)
        if (scan->rules[i].document)
            kube_rule_clear(&scan->rules[i]);
    kube_reads_clear(&scan->reads);
    kube_programs_free(scan->programs);
    kube_namespaces_free(scan->namespaces);
    if (scan->source)
        scan->source->ops->close(scan->source);
    arena_clear(&scan->judge.scratch);
    engine_free(scan->rules);
    engine_free(scan->documents);
}

int32_t kube_op_scan(void *instance, const struct scanner_job *job,
                     struct scanner_error *error)
{
    struct kube *self = instance;
    struct scan scan = {.self = self, .job = job};
    engine_error err = {0}, record_err = {0};
    engine_status status;

    kube_reads_init(&scan.reads);
    arena_init(&scan.judge.scratch, (size_t)512 * 1024 * 1024);
    status = scan_open(&scan, &err);
    if (status == ENGINE_OK) {
        scan.judge.self = self;
        scan.judge.job = job;
        scan.judge.programs = scan.programs;
        scan.judge.namespaces = scan.namespaces;
        scan.judge.passing = (uint64_t)kube_option(self, "passing_results");
        scan.judge.rules_total = job->rules_count;
        scan_plan(&scan);
        status = scan_read(&scan, &err);
    }
    if (scan.recorder &&
        kube_recorder_close(scan.recorder, &record_err) < 0 &&
        status == ENGINE_OK) {
        status = record_err.status;
        err = record_err;
    }
    scan_close(&scan);
    return status < 0 ? kit_fail(error, &err) : SCANNER_OK;
}
