/* SPDX-License-Identifier: Apache-2.0 */
/* cloud_stage.c - a cloud in memory, and a host. */
#include "tests/unit/cloud_stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/document/document.h"
#include "sdk/kit/cloud/cloud_private.h"
#include "sdk/kit/host.h"

#define STAGE_RULES 64

/* ---- the cloud ---------------------------------------------------------- */

struct late {
    struct cloud_call *call;
    struct stage_call *data;
    struct late *next;
};

struct stage_call {
    char line[512]; /* "Op SCOPE ARGS" */
    char op[64], scope[64], args[300];
};

struct sky {
    struct cloud *cloud;
    struct stage *stage;
    struct late *first, **end;
};

static const char *const sky_levels[] = {"account", "region", NULL};
static const char *const sky_keys[] = {"op", "args", NULL};

static engine_status sky_open(struct cloud *cloud, void **out,
                              engine_error *err)
{
    struct sky *sky = engine_calloc(1, sizeof(*sky));
    const char *broken = document_string(cloud_target(cloud), "broken");

    if (!sky)
        return engine_fail_memory(err);
    if (broken) {
        engine_free(sky);
        return engine_fail(err, ENGINE_EDENIED, "%s", broken);
    }
    sky->cloud = cloud;
    sky->stage = cloud_job(cloud)->internal;
    if (sky->stage->calls_most)
        cloud->calls_most = sky->stage->calls_most;
    sky->end = &sky->first;
    *out = sky;
    return ENGINE_OK;
}

static void sky_close(void *self)
{
    struct sky *sky = self;

    while (sky->first) {
        struct late *next = sky->first->next;

        engine_free(sky->first);
        sky->first = next;
    }
    engine_free(sky);
}

static struct value sky_text(const char *text)
{
    return (struct value){.kind = VALUE_STRING,
                          .count = (uint32_t)strlen(text),
                          .text = text};
}

static engine_status sky_add(struct sky *sky, const struct cloud_scope *parent,
                             const bson_t *from,
                             const struct cloud_scope **out, engine_error *err)
{
    struct arena *arena = cloud_arena(sky->cloud);
    const char *name = arena_strdup(arena, document_string(from, "name"));
    const char *why = document_string(from, "why");
    struct value_member *members =
        arena_alloc(arena, 2 * sizeof(struct value_member));
    engine_error broken = {0};
    struct cloud_scope scope = {.parent = parent,
                                .level = parent != NULL,
                                .name = name,
                                .account = parent ? parent->account : name,
                                .region = parent ? name : NULL};

    if (!name || !members)
        return engine_fail_memory(err);
    scope.label = parent ? arena_strf(arena, "%s/%s", parent->name, name)
                         : name;
    members[0] = (struct value_member){.key = "account", .key_len = 7,
                                       .value = sky_text(scope.account)};
    members[1] = (struct value_member){.key = "region", .key_len = 6,
                                       .value = sky_text(name)};
    scope.value = (struct value){.kind = VALUE_OBJECT,
                                 .count = parent ? 2 : 1,
                                 .members = members};
    if (why) {
        engine_fail(&broken, ENGINE_EDENIED, "%s", why);
        scope.why = &broken;
    }
    return cloud_add_scope(sky->cloud, &scope, out, err);
}

/* all regions of an account */
static engine_status sky_regions(struct sky *sky, const bson_t *account,
                                 const struct cloud_scope *scope,
                                 engine_error *err)
{
    bson_t regions, region;
    bson_iter_t iter;
    engine_status status = ENGINE_OK;

    if (!document_child(account, "regions", &regions) ||
        !bson_iter_init(&iter, &regions))
        return ENGINE_OK;
    while (status == ENGINE_OK && bson_iter_next(&iter) &&
           document_iter_child(&iter, &region))
        status = sky_add(sky, scope, &region, NULL, err);
    return status;
}

/* outer ones first, and then what is within them */
static engine_status sky_scopes(void *self, unsigned deepest,
                                engine_error *err)
{
    struct sky *sky = self;
    const struct cloud_scope *scopes[1024];
    bson_t accounts, account;
    engine_status status = ENGINE_OK;

    sky->stage->deepest = deepest;
    if (!document_child(&sky->stage->world, "accounts", &accounts))
        return ENGINE_OK;
    for (unsigned level = 0; level <= deepest; level++) {
        bson_iter_t iter;

        if (!bson_iter_init(&iter, &accounts))
            break;
        for (size_t i = 0; status == ENGINE_OK && i < 1024 &&
                           bson_iter_next(&iter) &&
                           document_iter_child(&iter, &account);
             i++)
            status = level ? sky_regions(sky, &account, scopes[i], err)
                           : sky_add(sky, NULL, &account, &scopes[i], err);
    }
    return status;
}

static engine_status sky_check(void *self, const struct value *call,
                               unsigned *level, engine_error *err)
{
    struct sky *sky = self;
    const char *op = value_text(value_member(call, "op"));
    const char *at;
    char path[128];

    if (!op)
        return engine_fail(err, ENGINE_EINVAL, "there is no op");
    snprintf(path, sizeof(path), "ops.%.60s", op);
    if (!bson_has_field(&sky->stage->world, path))
        return engine_fail(err, ENGINE_EINVAL, "there is no operation \"%s\"",
                           op);
    snprintf(path, sizeof(path), "ops.%.60s.level", op);
    at = document_string(&sky->stage->world, path);
    *level = at && strcmp(at, "region") == 0;
    return ENGINE_OK;
}

static engine_status sky_prepare(void *self, const struct cloud_scope *scope,
                                 const struct value *call, struct buffer *key,
                                 void **data, engine_error *err)
{
    struct sky *sky = self;
    struct stage_call *made = engine_calloc(1, sizeof(*made));
    const struct value *args = value_member(call, "args");
    struct buffer json;

    if (!made)
        return engine_fail_memory(err);
    buffer_init(&json, 1 << 16);
    if (args && value_to_json(args, 0, &json) < 0)
        abort();
    if (args && value_member(args, "bad")) {
        buffer_clear(&json);
        engine_free(made);
        return engine_fail(err, ENGINE_EINVAL, "bad is no parameter");
    }
    snprintf(made->op, sizeof(made->op), "%s",
             value_text(value_member(call, "op")));
    snprintf(made->scope, sizeof(made->scope), "%s", scope->label);
    snprintf(made->args, sizeof(made->args), "%s", json.data ? json.data : "");
    snprintf(made->line, sizeof(made->line), "%s %s%s%s", made->op,
             made->scope, json.len ? " " : "", made->args);
    buffer_printf(key, "%s %s", made->op, json.data ? json.data : "");
    buffer_clear(&json);
    sky->stage->prepared++;
    *data = made;
    return ENGINE_OK;
}

static void sky_release(void *self, void *data)
{
    ((struct sky *)self)->stage->released++;
    engine_free(data);
}

static bool sky_find(const struct stage *stage, const struct stage_call *call,
                     bson_t *out)
{
    char keys[3][420];
    bson_t ops, op, answers;

    if (!document_child(&stage->world, "ops", &ops) ||
        !document_child(&ops, call->op, &op) ||
        !document_child(&op, "answers", &answers))
        return false;
    snprintf(keys[0], sizeof(keys[0]), "%s %s", call->scope, call->args);
    snprintf(keys[1], sizeof(keys[1]), "%s", call->scope);
    snprintf(keys[2], sizeof(keys[2]), "*");
    for (int i = 0; i < 3; i++) {
        bson_iter_t iter;

        if (bson_iter_init_find(&iter, &answers, keys[i]) &&
            document_iter_child(&iter, out))
            return true;
    }
    return false;
}

static void sky_answer(struct sky *sky, struct cloud_call *call,
                       const struct stage_call *data)
{
    struct value value = value_null;
    engine_error why = {0};
    bson_t found;
    bson_iter_t iter;
    const char *message;

    if (!sky_find(sky->stage, data, &found)) {
        engine_fail(&why, ENGINE_ENOTFOUND, "no answer to %s", data->line);
        cloud_refuse(call, "NotFound 404", &why);
        return;
    }
    message = document_string(&found, "message");
    if (message) {
        engine_fail(&why, ENGINE_EDENIED, "%s", message);
        cloud_refuse(call, document_string(&found, "code"), &why);
        return;
    }
    if (bson_iter_init_find(&iter, &found, "answer") &&
        value_from_bson(&iter, cloud_call_arena(call), &value, &why) < 0) {
        cloud_refuse(call, NULL, &why);
        return;
    }
    cloud_answer(call, &value);
}

static engine_status sky_start(void *self, struct cloud_call *call, void *data,
                               engine_error *err)
{
    struct sky *sky = self;
    const struct stage_call *made = data;
    struct late *late;
    const size_t used = strlen(sky->stage->made);
    bson_t found;

    sky->stage->calls++;
    snprintf(sky->stage->made + used, sizeof(sky->stage->made) - used, "%s\n",
             made->line);
    if (sky_find(sky->stage, made, &found)) {
        const char *start = document_string(&found, "start");

        if (start)
            return engine_fail(err, ENGINE_EIO, "%s", start);
        if (document_bool(&found, "lost", false))
            return ENGINE_OK;
        if (document_bool(&found, "late", false)) {
            late = engine_calloc(1, sizeof(*late));
            if (!late)
                return engine_fail_memory(err);
            late->call = call;
            late->data = data;
            *sky->end = late;
            sky->end = &late->next;
            return ENGINE_OK;
        }
    }
    sky_answer(sky, call, made);
    return ENGINE_OK;
}

static engine_status sky_give_up(struct sky *sky, engine_error *err)
{
    engine_error why = {0};

    sky->stage->cancel_at = 1;
    engine_fail(&why, ENGINE_ECANCELLED, "the request: cancelled");
    while (sky->first) {
        struct late *late = sky->first;

        sky->first = late->next;
        cloud_refuse(late->call, NULL, &why);
        engine_free(late);
    }
    sky->end = &sky->first;
    return engine_fail(err, ENGINE_ECANCELLED, "cancelled");
}

/* the late ones, the last of them first */
static engine_status sky_run(void *self, engine_error *err)
{
    struct sky *sky = self;

    while (sky->first) {
        struct late **last = &sky->first, *late;

        if (sky->stage->give_up_at && sky->stage->calls >=
                                          sky->stage->give_up_at)
            return sky_give_up(sky, err);
        if (cloud_stop(sky->cloud))
            return engine_fail(err, ENGINE_ECANCELLED, "cancelled");
        while ((*last)->next)
            last = &(*last)->next;
        late = *last;
        *last = NULL;
        sky->end = last;
        sky_answer(sky, late->call, late->data);
        engine_free(late);
    }
    return ENGINE_OK;
}

static engine_status sky_probe(void *self, bson_t *out, engine_error *err)
{
    (void)self;
    (void)err;
    BSON_APPEND_BOOL(out, "reachable", true);
    return ENGINE_OK;
}

static const struct cloud_provider sky_provider = {
    .name = "sky",
    .levels = sky_levels,
    .fan = "regions",
    .call_keys = sky_keys,
    .default_type = "sky_thing",
    .open = sky_open,
    .close = sky_close,
    .scopes = sky_scopes,
    .check = sky_check,
    .prepare = sky_prepare,
    .start = sky_start,
    .release = sky_release,
    .probe = sky_probe,
    .run = sky_run};

/* ---- the host ----------------------------------------------------------- */

static struct stage *stage_of(const struct scanner_host *host)
{
    return host->internal;
}

static void stage_json(const struct scanner_doc *document, char *out,
                       size_t size)
{
    struct buffer json;
    bson_t view;

    out[0] = '\0';
    if (!document->data)
        return;
    kit_view(document, &view);
    buffer_init(&json, 1 << 20);
    document_to_json(&view, 0, &json);
    snprintf(out, size, "%s", json.data ? json.data : "");
    buffer_clear(&json);
}

static int32_t stage_emit(const struct scanner_host *host,
                          const struct scanner_job *job,
                          const struct scanner_result *result)
{
    struct stage *stage = stage_of(host);
    struct stage_result *to;

    (void)job;
    stage->emitted++;
    if (stage->quiet)
        return SCANNER_OK;
    if (stage->results_count == stage->results_room) {
        stage->results_room = stage->results_room ? 2 * stage->results_room
                                                  : 64;
        stage->results = realloc(stage->results, stage->results_room *
                                                     sizeof(*stage->results));
        if (!stage->results)
            abort();
    }
    to = &stage->results[stage->results_count++];
    snprintf(to->rule, sizeof(to->rule), "%s",
             result->rule_id ? result->rule_id : "");
    to->status = result->status;
    snprintf(to->message, sizeof(to->message), "%s",
             result->message ? result->message : "");
    stage_json(&result->resource, to->resource, sizeof(to->resource));
    stage_json(&result->evidence, to->evidence, sizeof(to->evidence));
    return SCANNER_OK;
}

static int32_t stage_rule_done(const struct scanner_host *host,
                               const struct scanner_job *job,
                               const struct scanner_rule_end *end)
{
    struct stage *stage = stage_of(host);
    struct stage_end *to;

    (void)job;
    if (stage->ends_count == stage->ends_room) {
        stage->ends_room = stage->ends_room ? 2 * stage->ends_room : 64;
        stage->ends =
            realloc(stage->ends, stage->ends_room * sizeof(*stage->ends));
        if (!stage->ends)
            abort();
    }
    to = &stage->ends[stage->ends_count++];
    snprintf(to->rule, sizeof(to->rule), "%s",
             end->rule_id ? end->rule_id : "");
    to->status = end->status;
    snprintf(to->message, sizeof(to->message), "%s",
             end->message ? end->message : "");
    stage_json(&end->resources, to->resources, sizeof(to->resources));
    stage_json(&end->variables_applied, to->variables, sizeof(to->variables));
    return SCANNER_OK;
}

static int32_t stage_document(const struct scanner_host *host,
                              const struct scanner_job *job, const char *kind,
                              const struct scanner_doc *document)
{
    struct stage *stage = stage_of(host);
    char text[4096], *line;

    (void)job;
    stage_json(document, text, sizeof(text));
    line = malloc(strlen(kind) + strlen(text) + 2);
    stage->notes = realloc(stage->notes, (stage->notes_count + 1) *
                                             sizeof(*stage->notes));
    if (!line || !stage->notes)
        abort();
    snprintf(line, strlen(kind) + strlen(text) + 2, "%s %s", kind, text);
    stage->notes[stage->notes_count++] = line;
    return SCANNER_OK;
}

static void stage_log(const struct scanner_host *host, uint32_t level,
                      const char *text)
{
    (void)host;
    (void)level;
    (void)text;
}

static void stage_progress(const struct scanner_host *host,
                           const struct scanner_job *job, uint64_t done,
                           uint64_t expected, const char *what)
{
    struct stage *stage = stage_of(host);

    (void)job;
    (void)what;
    stage->progress++;
    stage->progress_done = done;
    stage->progress_expected = expected;
}

static int32_t stage_cancelled(const struct scanner_host *host,
                               const struct scanner_job *job)
{
    struct stage *stage = stage_of(host);

    (void)job;
    return stage->cancel_at > 0 && --stage->cancel_at == 0
               ? (stage->cancel_at = 1)
               : 0;
}

static int64_t stage_deadline(const struct scanner_host *host,
                              const struct scanner_job *job)
{
    struct stage *stage = stage_of(host);

    (void)job;
    if (stage->late_at > 0 && --stage->late_at == 0)
        stage->late_at = 1;
    else
        return -1;
    return 0;
}

/* ---- using it ----------------------------------------------------------- */

static void stage_die(const engine_error *err)
{
    fprintf(stderr, "cloud_stage: %s\n", err->message);
    abort();
}

static engine_status stage_take(const bson_t *document,
                                const struct document_origin *origin,
                                void *user, engine_error *err)
{
    bson_t *out = user;
    char key[16];

    (void)origin;
    (void)err;
    snprintf(key, sizeof(key), "%u", bson_count_keys(out));
    bson_append_document(out, key, -1, document);
    return ENGINE_OK;
}

/* documents of a stream, {0: .., 1: ..} */
static void stage_read(const char *text, bson_t *out)
{
    engine_error err = {0};

    bson_init(out);
    if (text && document_read_yaml(text, strlen(text), "test", stage_take, out,
                                   &err) < 0)
        stage_die(&err);
}

void stage_open(struct stage *stage, const char *world, const char *options)
{
    bson_t all, one, given;
    struct scanner_config config = {.size = sizeof(config)};
    engine_error err = {0};

    memset(stage, 0, sizeof(*stage));
    stage->host = (struct scanner_host){.magic = SCANNER_MAGIC,
                                        .size = sizeof(stage->host),
                                        .internal = stage,
                                        .log = stage_log,
                                        .emit = stage_emit,
                                        .rule_done = stage_rule_done,
                                        .document = stage_document,
                                        .progress = stage_progress,
                                        .cancelled = stage_cancelled,
                                        .deadline_ms = stage_deadline};
    stage_read(world, &all);
    if (!document_child(&all, "0", &one))
        abort();
    bson_copy_to(&one, &stage->world);
    bson_destroy(&all);
    stage_read(options, &all);
    if (document_child(&all, "0", &given))
        config.options = kit_doc(&given);
    if (cloud_plugin_new(&stage->host, &config, &sky_provider, &stage->plugin,
                         &err) < 0)
        stage_die(&err);
    bson_destroy(&all);
}

void stage_close(struct stage *stage)
{
    for (size_t i = 0; i < stage->notes_count; i++)
        free(stage->notes[i]);
    free(stage->notes);
    free(stage->results);
    free(stage->ends);
    cloud_plugin_free(stage->plugin);
    bson_destroy(&stage->world);
}

typedef int32_t (*stage_op)(void *plugin, const struct scanner_job *job,
                            struct scanner_error *error);

static int32_t stage_run(struct stage *stage, stage_op op,
                         const bson_t *rules, const bson_t *variables)
{
    struct scanner_job job = {.size = sizeof(job),
                              .variables = kit_doc(variables),
                              .rules_stride = sizeof(struct scanner_doc),
                              .internal = stage};
    struct scanner_doc docs[STAGE_RULES];
    bson_t views[STAGE_RULES];
    int32_t status;

    stage->made[0] = '\0';
    stage->calls = stage->results_count = stage->ends_count = 0;
    memset(&stage->error, 0, sizeof(stage->error));
    while (job.rules_count < STAGE_RULES) {
        char key[16];

        snprintf(key, sizeof(key), "%u", job.rules_count);
        if (!document_child(rules, key, &views[job.rules_count]))
            break;
        docs[job.rules_count] = kit_doc(&views[job.rules_count]);
        job.rules_count++;
    }
    job.rules = docs;
    engine_alloc_fail_at(stage->fail_at);
    status = op(stage->plugin, &job, &stage->error);
    engine_alloc_fail_at(0);
    return status;
}

static int32_t stage_run_text(struct stage *stage, stage_op op,
                              const char *rules, const char *variables)
{
    bson_t all, given, one;
    int32_t status;

    stage_read(rules, &all);
    stage_read(variables, &given);
    status = stage_run(stage, op, &all,
                       document_child(&given, "0", &one) ? &one : NULL);
    bson_destroy(&all);
    bson_destroy(&given);
    return status;
}

int32_t stage_scan_documents(struct stage *stage, const bson_t *rules,
                             const bson_t *variables)
{
    return stage_run(stage, cloud_op_scan, rules, variables);
}

int32_t stage_scan(struct stage *stage, const char *rules,
                   const char *variables)
{
    return stage_run_text(stage, cloud_op_scan, rules, variables);
}

int32_t stage_plan(struct stage *stage, const char *rules)
{
    return stage_run_text(stage, cloud_op_plan, rules, NULL);
}

int32_t stage_probe(struct stage *stage)
{
    return stage_run_text(stage, cloud_op_probe, NULL, NULL);
}

const struct stage_result *stage_result(const struct stage *stage,
                                        const char *rule, const char *name)
{
    for (size_t i = 0; i < stage->results_count; i++)
        if (strcmp(stage->results[i].rule, rule) == 0 &&
            strstr(stage->results[i].resource, name))
            return &stage->results[i];
    return NULL;
}

const struct stage_end *stage_end(const struct stage *stage, const char *rule)
{
    for (size_t i = 0; i < stage->ends_count; i++)
        if (strcmp(stage->ends[i].rule, rule) == 0)
            return &stage->ends[i];
    return NULL;
}

size_t stage_count(const struct stage *stage, const char *rule, int32_t status)
{
    size_t count = 0;

    for (size_t i = 0; i < stage->results_count; i++)
        count += strcmp(stage->results[i].rule, rule) == 0 &&
                 (status == 0 || stage->results[i].status == status);
    return count;
}

size_t stage_made(const struct stage *stage, const char *line)
{
    const size_t len = strlen(line);
    size_t count = 0;

    for (const char *at = stage->made; (at = strstr(at, line)); at += len)
        count += (at == stage->made || at[-1] == '\n') && at[len] == '\n';
    return count;
}
