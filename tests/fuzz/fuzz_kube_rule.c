/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_kube_rule.c - rule documents in YAML, each a check_content, over a
 * cluster in memory: whatever they say, every rule ends once and with a reason
 * when it is an error, by the same reads that the plan has told of.
 */
#include <stdlib.h>
#include <string.h>

#include "plugins/kubernetes/source.h"
#include "sdk/base/alloc.h"
#include "sdk/document/document.h"

#define RULES_MAXIMUM 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* ---- the cluster --------------------------------------------------------- */

static const char fuzz_list[] =
    "{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"metadata\":{},\"items\":["
    "{\"metadata\":{\"name\":\"web-1\",\"namespace\":\"shop\",\"uid\":\"1\","
    "\"labels\":{\"app\":\"web\"}},\"spec\":{\"hostNetwork\":true,"
    "\"containers\":[{\"name\":\"a\",\"image\":\"x:1\",\"resources\":"
    "{\"limits\":{\"cpu\":\"500m\",\"memory\":\"1Gi\"}}}]}},"
    "{\"metadata\":{\"name\":\"db-1\",\"namespace\":\"data\",\"uid\":\"2\","
    "\"labels\":{\"app\":\"db\",\"tier\":\"back\"}},\"spec\":{\"containers\":"
    "[{\"name\":\"a\",\"ports\":[{\"hostPort\":80},{\"hostPort\":81}]},"
    "{\"name\":\"b\"}],\"podSelector\":{}}},"
    "{\"metadata\":{\"name\":\"shop\",\"uid\":\"3\"},\"data\":{\"k\":\"v\"},"
    "\"spec\":{\"selector\":{\"app\":\"web\"},\"level\":3}}]}";
static const char fuzz_object[] =
    "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"web\","
    "\"namespace\":\"shop\",\"uid\":\"1\"},\"spec\":{\"hostNetwork\":false,"
    "\"level\":3},\"items\":[1,2]}";

struct fuzz_source {
    struct kube_source base;
    struct kube_kinds *kinds;
};

static engine_status fuzz_resolve(struct kube_source *source,
                                  const char *name,
                                  struct kube_resource *out,
                                  engine_error *err)
{
    const struct kube_resource *found =
        kube_kinds_find(((struct fuzz_source *)source)->kinds, name);

    if (!found)
        return engine_fail(err, ENGINE_ENOTFOUND, "no such type");
    *out = *found;
    return ENGINE_OK;
}

static engine_status fuzz_run(struct kube_source *source,
                              struct kube_read *const *reads, size_t count,
                              engine_error *err)
{
    (void)source;
    (void)err;
    for (size_t i = 0; i < count; i++) {
        const char *text =
            kube_read_is_named(reads[i]) ? fuzz_object : fuzz_list;
        engine_error why = {0};
        const char *next;

        if (strstr(reads[i]->path.key, "absent"))
            kube_read_absent(reads[i]);
        else if (kube_read_bytes(reads[i], text, strlen(text), &why) ==
                 ENGINE_OK)
            (void)kube_read_page(reads[i], &next, &why);
        kube_read_done(reads[i], &why);
    }
    return ENGINE_OK;
}

static void fuzz_close(struct kube_source *source)
{
    kube_kinds_free(((struct fuzz_source *)source)->kinds);
    engine_free(source);
}

engine_status kube_source_open(const struct kube *self,
                               const struct scanner_job *job,
                               struct kube_source **out, engine_error *err)
{
    static const struct kube_source_ops ops = {
        .resolve = fuzz_resolve, .run = fuzz_run, .close = fuzz_close};
    struct fuzz_source *source = engine_calloc(1, sizeof(*source));

    if (!source)
        return engine_fail_memory(err);
    source->base.ops = &ops;
    source->base.self = self;
    source->base.job = job;
    source->kinds = kube_kinds_new();
    if (!source->kinds || kube_kinds_add_common(source->kinds, err) < 0)
        abort();
    *out = &source->base;
    return ENGINE_OK;
}

int64_t kube_option(const struct kube *self, const char *name)
{
    return document_int(&self->options, name, 0);
}

/* ---- the engine ---------------------------------------------------------- */

struct fuzz_engine {
    unsigned ends[RULES_MAXIMUM], count;
};

static unsigned fuzz_index(const struct scanner_host *host,
                           const char *rule_id)
{
    const struct fuzz_engine *engine = host->internal;
    const unsigned index = (unsigned)(rule_id[0] - '0');

    if (index >= engine->count || rule_id[1])
        abort();
    return index;
}

static int32_t fuzz_emit(const struct scanner_host *host,
                         const struct scanner_job *job,
                         const struct scanner_result *result)
{
    const struct fuzz_engine *engine = host->internal;

    (void)job;
    if (engine->ends[fuzz_index(host, result->rule_id)] ||
        result->status < SCANNER_PASS || result->status > SCANNER_FIXED ||
        (result->message && !bson_utf8_validate(
                                result->message, strlen(result->message),
                                false)))
        abort();
    return SCANNER_OK;
}

static int32_t fuzz_rule_done(const struct scanner_host *host,
                              const struct scanner_job *job,
                              const struct scanner_rule_end *end)
{
    struct fuzz_engine *engine = host->internal;

    (void)job;
    if (engine->ends[fuzz_index(host, end->rule_id)]++ ||
        (end->status == SCANNER_ERROR && (!end->message || !*end->message)))
        abort();
    return SCANNER_OK;
}

static int32_t fuzz_document(const struct scanner_host *host,
                             const struct scanner_job *job, const char *kind,
                             const struct scanner_doc *document)
{
    (void)host;
    (void)job;
    if (strcmp(kind, "note") != 0 || !document->len)
        abort();
    return SCANNER_OK;
}

static void fuzz_log(const struct scanner_host *host, uint32_t level,
                     const char *text)
{
    (void)host;
    (void)level;
    (void)text;
}

static int32_t fuzz_cancelled(const struct scanner_host *host,
                              const struct scanner_job *job)
{
    (void)host;
    (void)job;
    return 0;
}

static void fuzz_progress(const struct scanner_host *host,
                          const struct scanner_job *job, uint64_t done,
                          uint64_t expected, const char *what)
{
    (void)host;
    (void)job;
    (void)done;
    (void)expected;
    (void)what;
}

/* ---- rules --------------------------------------------------------------- */

struct fuzz_rules {
    bson_t *items[RULES_MAXIMUM];
    struct scanner_doc docs[RULES_MAXIMUM];
    uint32_t count;
};

/* What jq programs cost is not bounded: those of the seeds are enough. */
static bool fuzz_is_cheap(const bson_t *content)
{
    static const char *const known[] = {
        ".", "[.items[] | .metadata.name]", ".items[0].spec",
        "[.items[] | select(.spec.hostNetwork) | .metadata.name] | length"};
    const char *filter = document_string(content, "jq_filter");

    for (size_t i = 0; filter && i < sizeof(known) / sizeof(*known); i++)
        if (strcmp(filter, known[i]) == 0)
            return true;
    return !filter;
}

static engine_status fuzz_take(const bson_t *content,
                               const struct document_origin *origin,
                               void *user, engine_error *err)
{
    struct fuzz_rules *rules = user;
    char id[2] = {(char)('0' + rules->count), '\0'};
    bson_t *rule;

    (void)origin;
    (void)err;
    if (rules->count == RULES_MAXIMUM || !fuzz_is_cheap(content))
        return ENGINE_OK;
    rule = BCON_NEW("rule_id", BCON_UTF8(id), "title", BCON_UTF8("t"),
                    "scanner_type", BCON_UTF8("kubernetes"),
                    "check_content", BCON_DOCUMENT(content));
    rules->docs[rules->count] = kit_doc(rule);
    rules->items[rules->count++] = rule;
    return ENGINE_OK;
}

static void fuzz_scan(const struct fuzz_rules *rules)
{
    struct fuzz_engine engine = {.count = rules->count};
    const struct scanner_host host = {.magic = SCANNER_MAGIC,
                                      .size = sizeof(host),
                                      .internal = &engine,
                                      .log = fuzz_log,
                                      .emit = fuzz_emit,
                                      .rule_done = fuzz_rule_done,
                                      .document = fuzz_document,
                                      .progress = fuzz_progress,
                                      .cancelled = fuzz_cancelled};
    bson_t *target = BCON_NEW("type", BCON_UTF8("kubernetes"), "namespaces",
                              "{", "exclude", "[", BCON_UTF8("kube-*"), "]",
                              "}");
    bson_t *variables = BCON_NEW("v", BCON_UTF8("web"), "n", BCON_INT32(3),
                                 "b", BCON_BOOL(true), "none",
                                 BCON_UTF8("None"));
    struct kube self = {.host = &host};
    struct scanner_error error = {.size = sizeof(error)};
    const struct scanner_job job = {.size = sizeof(job),
                                    .parallel = 1,
                                    .target = kit_doc(target),
                                    .variables = kit_doc(variables),
                                    .rules = rules->docs,
                                    .rules_count = rules->count,
                                    .rules_stride = sizeof(rules->docs[0])};

    bson_init(&self.options);
    BSON_APPEND_INT64(&self.options, "passing_results", 2);
    if (kube_op_plan(&self, &job, &error) < 0 && !error.message[0])
        abort();
    if (kube_op_scan(&self, &job, &error) == SCANNER_OK)
        for (uint32_t i = 0; i < rules->count; i++)
            if (engine.ends[i] != 1)
                abort();
    bson_destroy(&self.options);
    bson_destroy(variables);
    bson_destroy(target);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct fuzz_rules rules = {.count = 0};

    /* what came before a mistake is judged all the same */
    (void)document_read_yaml((const char *)data, len, "rules", fuzz_take,
                             &rules, NULL);
    if (rules.count)
        fuzz_scan(&rules);
    for (uint32_t i = 0; i < rules.count; i++)
        bson_destroy(rules.items[i]);
    return 0;
}
