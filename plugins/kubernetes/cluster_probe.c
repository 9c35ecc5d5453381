/* SPDX-License-Identifier: Apache-2.0 */
/* cluster_probe.c - what a cluster is, and what of it may not be read. */
#include <stdio.h>
#include <string.h>

#include "plugins/kubernetes/cluster.h"
#include "plugins/kubernetes/dump.h"
#include "plugins/kubernetes/judge.h"
#include "sdk/base/alloc.h"
#include "sdk/document/document.h"
#include "sdk/kit/line.h"

#define PROBE_REVIEW "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"

/* what most rules look at, when no rules say it */
static const char *const probe_usual[] = {
    "/api/v1/namespaces",
    "/api/v1/nodes",
    "/api/v1/pods",
    "/api/v1/serviceaccounts",
    "/api/v1/services",
    "/apis/apps/v1/daemonsets",
    "/apis/apps/v1/deployments",
    "/apis/networking.k8s.io/v1/networkpolicies",
    "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
    "/apis/rbac.authorization.k8s.io/v1/clusterroles",
    "/apis/rbac.authorization.k8s.io/v1/rolebindings",
    "/apis/rbac.authorization.k8s.io/v1/roles",
    NULL,
};

static void probe_miss(bson_t *list, uint32_t *count, const char *text)
{
    char room[16];
    const char *key;

    bson_uint32_to_string((*count)++, &key, room, sizeof(room));
    BSON_APPEND_UTF8(list, key, text);
}

/* ---- one review ---------------------------------------------------------- */

static char *probe_review(const char *path)
{
    struct kube_place place;
    bson_t review = BSON_INITIALIZER, spec, what;
    struct buffer text;
    char *out = NULL;

    BSON_APPEND_UTF8(&review, "kind", "SelfSubjectAccessReview");
    BSON_APPEND_UTF8(&review, "apiVersion", "authorization.k8s.io/v1");
    BSON_APPEND_DOCUMENT_BEGIN(&review, "spec", &spec);
    if (kube_place_of(path, &place)) {
        BSON_APPEND_DOCUMENT_BEGIN(&spec, "resourceAttributes", &what);
        BSON_APPEND_UTF8(&what, "verb", *place.name ? "get" : "list");
        BSON_APPEND_UTF8(&what, "group", place.group);
        BSON_APPEND_UTF8(&what, "version", place.version);
        BSON_APPEND_UTF8(&what, "resource", place.plural);
        BSON_APPEND_UTF8(&what, "namespace", place.namespace);
        BSON_APPEND_UTF8(&what, "name", place.name);
    } else {
        BSON_APPEND_DOCUMENT_BEGIN(&spec, "nonResourceAttributes", &what);
        BSON_APPEND_UTF8(&what, "verb", "get");
        BSON_APPEND_UTF8(&what, "path", path);
    }
    bson_append_document_end(&spec, &what);
    bson_append_document_end(&review, &spec);
    buffer_init(&text, (size_t)64 * 1024);
    if (document_to_json(&review, 0, &text) == ENGINE_OK)
        out = buffer_take(&text);
    buffer_clear(&text);
    bson_destroy(&review);
    return out;
}

static void probe_describe(const char *path, char *out, size_t room)
{
    struct kube_place place;

    if (!kube_place_of(path, &place)) {
        snprintf(out, room, "get %s", path);
        return;
    }
    snprintf(out, room, "%s %.200s%s%.200s%s%.200s%s%.100s", *place.name ? "get" : "list",
             place.plural, *place.group ? "." : "", place.group,
             *place.name ? "/" : "", place.name,
             *place.namespace ? " in namespace " : "", place.namespace);
}

/* 1: allowed, 0: denied, -1: could not be found out */
static int probe_answer(const struct kube_get *get)
{
    struct arena arena;
    struct value root;
    const struct value *allowed = NULL;
    int answer = -1;

    arena_init(&arena, (size_t)4 * 1024 * 1024);
    if (get->failure.status == ENGINE_OK && get->text.len &&
        value_from_json(get->text.data, get->text.len, "the review", &arena,
                        &root, NULL) == ENGINE_OK)
        allowed = value_at(&root, "status", "allowed", NULL);
    if (allowed && allowed->kind == VALUE_BOOL)
        answer = allowed->boolean;
    arena_clear(&arena);
    return answer;
}

/* ---- all of them --------------------------------------------------------- */

static engine_status probe_ask(struct kube_cluster *cluster,
                               const char *const *paths, size_t count,
                               bson_t *missing, uint32_t *missing_count,
                               engine_error *err)
{
    struct kube_get *gets = engine_calloc(count + 1, sizeof(*gets));
    engine_status status = ENGINE_OK;

    if (!gets)
        return engine_fail_memory(err);
    for (size_t i = 0; i < count; i++) {
        gets[i].path = PROBE_REVIEW;
        gets[i].body = probe_review(paths[i]);
        if (!gets[i].body)
            status = engine_fail_memory(err);
    }
    if (status == ENGINE_OK)
        status = kube_cluster_get(cluster, gets, count, err);
    for (size_t i = 0; i < count; i++) {
        const int answer = status == ENGINE_OK ? probe_answer(&gets[i]) : 1;
        char what[800], text[864];

        probe_describe(paths[i], what, sizeof(what));
        snprintf(text, sizeof(text), "%s%s", what,
                 answer < 0 ? " (could not be found out)" : "");
        if (answer <= 0)
            probe_miss(missing, missing_count, text);
        kube_get_clear(&gets[i]);
        engine_free((char *)gets[i].body);
    }
    engine_free(gets);
    return status;
}

/* the paths that the job's rules read; rules that cannot be planned say why
 * when they are scanned */
static engine_status probe_plan(struct kube_cluster *cluster,
                                struct kube_rule *rules,
                                struct kube_reads *reads, bson_t *documents,
                                engine_error *err)
{
    const struct scanner_job *job = cluster->base.job;
    struct kube_namespaces *namespaces = NULL;
    struct kube_programs *programs = kube_programs_new();
    engine_status status = ENGINE_OK;
    bson_t variables, target;

    kit_view(&job->variables, &variables);
    kit_view(&job->target, &target);
    if (!programs)
        return engine_fail_memory(err);
    status = kube_namespaces_new(&target, &namespaces, err);
    for (uint32_t i = 0; status == ENGINE_OK && i < job->rules_count; i++) {
        const struct kube_planner planner = {.source = &cluster->base,
                                             .variables = &variables,
                                             .namespaces = namespaces,
                                             .reads = reads,
                                             .programs = programs};
        engine_error why = {0};

        kube_rule_init(&rules[i], &documents[i]);
        if (kube_rule_plan(&rules[i], &planner, &why) == ENGINE_ENOMEM)
            status = engine_fail_memory(err);
    }
    for (uint32_t i = 0; i < job->rules_count; i++)
        if (rules[i].document)
            kube_rule_clear(&rules[i]);
    kube_programs_free(programs);
    kube_namespaces_free(namespaces);
    return status;
}

static engine_status probe_rights(struct kube_cluster *cluster,
                                  bson_t *missing, engine_error *err)
{
    const struct scanner_job *job = cluster->base.job;
    struct kube_rule *rules = engine_calloc(job->rules_count + 1,
                                            sizeof(*rules));
    struct kube_reads reads;
    bson_t *documents = NULL;
    const char **paths = NULL;
    uint32_t count = 0;
    size_t usual = 0;
    engine_status status;

    kube_reads_init(&reads);
    status = rules ? kit_rules(job, &documents, err) : engine_fail_memory(err);
    if (status == ENGINE_OK && job->rules_count)
        status = probe_plan(cluster, rules, &reads, documents, err);
    while (probe_usual[usual])
        usual++;
    if (status == ENGINE_OK && reads.count) {
        paths = engine_calloc(reads.count, sizeof(*paths));
        for (size_t i = 0; paths && i < reads.count; i++)
            paths[i] = reads.items[i]->path.plain;
        status = paths ? probe_ask(cluster, paths, reads.count, missing,
                                   &count, err)
                       : engine_fail_memory(err);
    } else if (status == ENGINE_OK) {
        status = probe_ask(cluster, probe_usual, usual, missing, &count, err);
    }
    engine_free(paths);
    kube_reads_clear(&reads);
    engine_free(documents);
    engine_free(rules);
    return status;
}

/* ---- its version --------------------------------------------------------- */

static void probe_tell_version(const struct value *root, bson_t *out)
{
    const char *version = value_text(value_member(root, "gitVersion"));
    const char *major = value_text(value_member(root, "major"));
    const char *minor = value_text(value_member(root, "minor"));
    char text[128];
    bson_t platforms;

    BSON_APPEND_BOOL(out, "reachable", true);
    BSON_APPEND_ARRAY_BEGIN(out, "platforms", &platforms);
    if (major && minor) {
        snprintf(text, sizeof(text), "cpe:/a:kubernetes:kubernetes:%.*s.%.*s",
                 (int)strspn(major, "0123456789"), major,
                 (int)strspn(minor, "0123456789"), minor);
        BSON_APPEND_UTF8(&platforms, "0", text);
    }
    bson_append_array_end(out, &platforms);
    line_clean(version ? version : "", version ? strlen(version) : 0, text,
               sizeof(text));
    BSON_APPEND_UTF8(out, "version", text);
}

static engine_status probe_version(struct kube_cluster *cluster, bson_t *out,
                                   engine_error *err)
{
    struct kube_get get = {.path = "/version"};
    engine_status status = kube_cluster_get(cluster, &get, 1, err);
    struct arena arena;
    struct value root;

    if (status == ENGINE_OK && get.failure.status < 0) {
        *err = get.failure;
        status = err->status;
    }
    arena_init(&arena, (size_t)4 * 1024 * 1024);
    if (status == ENGINE_OK)
        status = value_from_json(get.text.data ? get.text.data : "",
                                 get.text.len, "GET /version", &arena, &root,
                                 err);
    if (status == ENGINE_OK)
        probe_tell_version(&root, out);
    arena_clear(&arena);
    kube_get_clear(&get);
    return status;
}

engine_status kube_cluster_probe(const struct kube *self,
                                 const struct scanner_job *job,
                                 const bson_t *target, bson_t *out,
                                 engine_error *err)
{
    struct kube_source *source = NULL;
    engine_status status = kube_cluster_open(self, job, target, &source, err);
    bson_t missing = BSON_INITIALIZER;

    if (status == ENGINE_OK)
        status = probe_version((struct kube_cluster *)source, out, err);
    if (status == ENGINE_OK)
        status = probe_rights((struct kube_cluster *)source, &missing, err);
    if (status == ENGINE_OK)
        BSON_APPEND_ARRAY(out, "missing", &missing);
    if (source)
        source->ops->close(source);
    bson_destroy(&missing);
    return status;
}
