/* SPDX-License-Identifier: Apache-2.0 */
/* plan.c - benchmark, tailoring and exact commands, without running them. */
#include <stdio.h>
#include <string.h>

#include "plugins/oscap/oscap.h"
#include "plugins/oscap/run.h"
#include "sdk/base/alloc.h"
#include "sdk/base/file.h"
#include "sdk/document/document.h"

#define PLAN_MAX_FILE ((size_t)15 * 1024 * 1024) /* what a document may hold */

struct plan_state {
    struct oscap *self;
    const struct scanner_job *job;
    const char *want;
    size_t parts;
};

static bool plan_wants(const struct plan_state *state, const char *what)
{
    return strcmp(state->want, "all") == 0 || strcmp(state->want, what) == 0;
}

static engine_status plan_document(const struct plan_state *state,
                                   const char *kind, const bson_t *document,
                                   engine_error *err)
{
    const struct scanner_host *host = state->self->host;
    const struct scanner_doc view = kit_doc(document);

    if (host->document(host, state->job, kind, &view) < 0)
        return engine_fail(err, ENGINE_EIO, "the engine did not take a "
                                            "document of the plan");
    return ENGINE_OK;
}

static void plan_refuse(void *user, const bson_t *rule,
                        const engine_error *why)
{
    const struct plan_state *state = user;
    const char *rule_id = document_string(rule, "rule_id");
    bson_t note = BSON_INITIALIZER;

    BSON_APPEND_UTF8(&note, "rule_id", rule_id ? rule_id : "");
    BSON_APPEND_UTF8(&note, "status", "error");
    BSON_APPEND_UTF8(&note, "message", why->message);
    (void)plan_document(state, "note", &note, NULL);
    bson_destroy(&note);
}

static engine_status plan_file(const struct plan_state *state,
                               const char *name, const char *text,
                               engine_error *err)
{
    bson_t file = BSON_INITIALIZER;
    engine_status status;

    BSON_APPEND_UTF8(&file, "name", name);
    BSON_APPEND_UTF8(&file, "media_type", "application/xml");
    BSON_APPEND_UTF8(&file, "content", text);
    status = plan_document(state, "file", &file, err);
    bson_destroy(&file);
    return status;
}

static engine_status plan_benchmark(const struct plan_state *state,
                                    const struct oscap_part *part,
                                    engine_error *err)
{
    struct oscap_compile_options how = {.content = part->unit->content,
                                        .rules = part->rules,
                                        .rules_count = part->count};
    bson_t request;
    struct buffer text;
    engine_status status;
    char name[64];

    kit_view(&state->job->request, &request);
    how.profile = document_string(&request, "profile");
    buffer_init(&text, PLAN_MAX_FILE);
    snprintf(name, sizeof(name), "benchmark-%zu.xml", state->parts);
    status = oscap_benchmark_write(&how, &text, err);
    if (status == ENGINE_OK)
        status = plan_file(state, name, text.data, err);
    buffer_clear(&text);
    return status;
}

static engine_status plan_tailoring(const struct plan_state *state,
                                    const struct oscap_part *part,
                                    engine_error *err)
{
    char name[64], *text = NULL;
    engine_status status;

    snprintf(name, sizeof(name), "tailoring-%zu.xml", state->parts);
    status = file_read(part->tailoring_path, PLAN_MAX_FILE, &text, NULL, err);
    if (status == ENGINE_OK)
        status = plan_file(state, name, text, err);
    engine_free(text);
    return status;
}

static void plan_append_words(bson_t *out, const char *name, char **words)
{
    bson_t list;
    char key[24];

    BSON_APPEND_ARRAY_BEGIN(out, name, &list);
    for (size_t i = 0; words[i]; i++) {
        snprintf(key, sizeof(key), "%zu", i);
        BSON_APPEND_UTF8(&list, key, words[i]);
    }
    bson_append_array_end(out, &list);
}

static engine_status plan_command(const struct plan_state *state,
                                  const struct oscap_part *part,
                                  engine_error *err)
{
    bson_t target, out = BSON_INITIALIZER;
    char **argv = NULL, **env = NULL;
    struct oscap_run_options how = {
        .target = &target,
        .options = &state->self->options,
        .datastream_path = part->compiled.datastream_path,
        .tailoring_path = part->tailoring_path,
        .profile_id = part->profile_id,
        .directory = part->directory,
        .timeout_ms =
            1000 * document_int(&state->self->options, "timeout", 3600),
    };
    engine_status status;

    kit_view(&state->job->target, &target);
    status = oscap_run_command(&how, &argv, &env, err);
    if (status == ENGINE_OK) {
        plan_append_words(&out, "argv", argv);
        plan_append_words(&out, "env", env);
        BSON_APPEND_INT64(&out, "rules", (int64_t)part->count);
        status = plan_document(state, "command", &out, err);
    }
    oscap_run_argv_free(argv);
    oscap_run_argv_free(env);
    bson_destroy(&out);
    return status;
}

static engine_status plan_part(struct plan_state *state,
                               const struct oscap_unit *unit, unsigned index,
                               engine_error *err)
{
    char *directory = engine_strf("%s/part-%zu", state->job->workdir,
                                  state->parts);
    struct oscap_part part = {0};
    engine_status status =
        directory ? oscap_part_build(unit, index, state->job, directory,
                                     &part, err)
                  : engine_fail_memory(err);

    if (status == ENGINE_OK && plan_wants(state, "benchmark"))
        status = plan_benchmark(state, &part, err);
    if (status == ENGINE_OK && plan_wants(state, "tailoring"))
        status = plan_tailoring(state, &part, err);
    if (status == ENGINE_OK && plan_wants(state, "all"))
        status = plan_command(state, &part, err);
    state->parts++;
    oscap_part_clear(&part);
    engine_free(directory);
    return status;
}

/* A benchmark that the engine wrote, with what only the content has. */
static engine_status plan_complete(const struct plan_state *state,
                                   const struct oscap_units *units,
                                   engine_error *err)
{
    const struct oscap_unit *unit = units->items;
    struct oscap_compile_options how = {.rules = NULL};
    bson_t request;
    const char *given;
    struct buffer text;
    engine_status status;

    kit_view(&state->job->request, &request);
    given = document_string(&request, "benchmark");
    if (!given || units->count != 1)
        return engine_fail(err, ENGINE_EINVAL,
                           "a benchmark takes rules of one content, not of "
                           "%zu", units->count);
    how.content = unit->content;
    how.rules = unit->rules;
    how.rules_count = unit->count;
    how.profile = document_string(&request, "profile");
    buffer_init(&text, PLAN_MAX_FILE);
    status = oscap_benchmark_complete(&how, given, &text, err);
    if (status == ENGINE_OK)
        status = plan_file(state, "benchmark.xml", text.data, err);
    buffer_clear(&text);
    return status;
}

int32_t oscap_op_plan(void *instance, const struct scanner_job *job,
                      struct scanner_error *error)
{
    struct plan_state state = {.self = instance, .job = job};
    struct oscap_units units = {0};
    engine_error err = {0};
    bson_t *rules = NULL, request;
    bool complete;
    engine_status status = kit_rules(job, &rules, &err);

    kit_view(&job->request, &request);
    state.want = document_string(&request, "want");
    if (!state.want)
        state.want = "all";
    if (status == ENGINE_OK)
        status = oscap_units_open(state.self, job, rules, job->rules_count,
                                  plan_refuse, &state, &units, &err);
    complete = strcmp(state.want, "complete") == 0;
    if (status == ENGINE_OK && complete)
        status = plan_complete(&state, &units, &err);
    if (status == ENGINE_OK && !complete)
        status = oscap_units_split(&units, job->parallel, NULL, &err);
    for (size_t i = 0; !complete && status == ENGINE_OK && i < units.count; i++)
        for (unsigned part = 0;
             status == ENGINE_OK && part < units.items[i].parts; part++)
            status = plan_part(&state, &units.items[i], part, &err);
    oscap_units_close(&units);
    engine_free(rules);
    return status < 0 ? kit_fail(error, &err) : SCANNER_OK;
}
