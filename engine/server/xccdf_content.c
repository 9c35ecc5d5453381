/* SPDX-License-Identifier: Apache-2.0 */
/* xccdf_content.c - the scanner adds what only imported content has. */
#include "engine/server/xccdf.h"

#include <string.h>

#include "sdk/base/alloc.h"

struct content_job {
    struct store *store;
    const struct xccdf_content *content;
    size_t next;
    bson_t sent;
    bool has_sent;
    struct buffer *out;
};

static int content_next_rule(void *user, const bson_t **out, engine_error *err)
{
    struct content_job *state = user;
    engine_status status;

    if (state->has_sent)
        bson_destroy(&state->sent);
    state->has_sent = false;
    if (state->next == state->content->count)
        return 0;
    status = store_get(state->store, STORE_RULES,
                       state->content->stored_ids[state->next], &state->sent,
                       err);
    if (status < 0)
        return status;
    state->next++;
    state->has_sent = true;
    *out = &state->sent;
    return 1;
}

static engine_status content_on_document(void *user, const char *kind,
                                         const bson_t *document,
                                         engine_error *err)
{
    struct content_job *state = user;
    const char *text = document_string(document, "content");
    const char *message = document_string(document, "message");

    if (strcmp(kind, "note") == 0 && message)
        return engine_fail(err, ENGINE_EINVAL, "%s", message);
    if (strcmp(kind, "file") != 0 || !text)
        return ENGINE_OK;
    buffer_reset(state->out);
    buffer_puts(state->out, text);
    return buffer_status(state->out, err);
}

static engine_status content_run(struct request *request,
                                 struct content_job *state,
                                 const bson_t *asked, engine_error *err)
{
    const char *artifacts[] = {state->content->artifact, NULL};
    bson_t *target = BCON_NEW("type", BCON_UTF8("local"), "id",
                              BCON_UTF8("local"));
    struct job job = {.plugin = state->content->plugin,
                      .op = "plan",
                      .target = target,
                      .request = asked,
                      .parallel = 1,
                      .artifacts = artifacts,
                      .user = state,
                      .next_rule = content_next_rule,
                      .on_document = content_on_document};
    struct scan_context context;
    struct conduct_options options;
    engine_status status;

    request_context(request, &context);
    options = *context.conduct;
    options.store = context.store;
    options.log = context.log;
    options.cancelled = context.cancelled;
    options.user = context.user;
    job.limits = conduct_limits(job.plugin, &context.limits);
    status = conduct_one(&options, &job, err);
    bson_destroy(target);
    return status;
}

engine_status xccdf_content_complete(struct request *request,
                                     const struct xccdf_content *content,
                                     struct buffer *out, engine_error *err)
{
    struct content_job state = {.store = request->store, .content = content,
                                .out = out};
    bson_t asked = BSON_INITIALIZER;
    engine_status status;

    BSON_APPEND_UTF8(&asked, "want", "complete");
    BSON_APPEND_UTF8(&asked, "benchmark", out->data);
    if (content->profile)
        BSON_APPEND_UTF8(&asked, "profile", content->profile);
    status = content_run(request, &state, &asked, err);
    if (state.has_sent)
        bson_destroy(&state.sent);
    bson_destroy(&asked);
    return status;
}
