/* SPDX-License-Identifier: Apache-2.0 */
/* provider.c - the calls of rules, and those of our own. */
#include <string.h>

#include "plugins/gcp/gcp.h"
#include "sdk/base/alloc.h"

engine_status gcp_check(void *self, const struct value *call, unsigned *level,
                        engine_error *err)
{
    bool project = false;
    const engine_status status = gcp_request_check(call, &project, err);

    (void)self;
    *level = project ? GCP_PROJECT : GCP_ORGANIZATION;
    return status;
}

engine_status gcp_prepare(void *self, const struct cloud_scope *scope,
                          const struct value *call, struct buffer *key,
                          void **data, engine_error *err)
{
    struct gcp_call *made = gcp_call_new(self);
    engine_status status;

    if (!made)
        return engine_fail_memory(err);
    status = gcp_request_init(call, &made->request, err);
    if (status < 0) {
        gcp_call_free(made);
        return status;
    }
    made->project = scope->data;
    snprintf(made->bucket, sizeof(made->bucket), "%.90s:%.60s", scope->name,
             made->request.api);
    buffer_printf(key, "%s %s", made->request.api, made->request.path);
    if (made->request.post)
        buffer_printf(key, "\n%s", made->request.body);
    *data = made;
    return ENGINE_OK;
}

/* The core releases the call from within these. */
static void provider_end(struct gcp_call *call, const struct value *value,
                         const char *code, const engine_error *why)
{
    if (value)
        cloud_answer(call->user, value);
    else
        cloud_refuse(call->user, code, why);
}

engine_status gcp_start(void *self, struct cloud_call *call, void *data,
                        engine_error *err)
{
    struct gcp_call *made = data;

    (void)self;
    (void)err;
    made->arena = cloud_call_arena(call);
    made->end = provider_end;
    made->user = call;
    gcp_call_begin(made);
    return ENGINE_OK;
}

void gcp_release(void *self, void *data)
{
    (void)self;
    gcp_call_free(data);
}

/* ---- our own ------------------------------------------------------------- */

struct provider_wait {
    const struct value *value;
    engine_error *err;
    engine_status status;
    bool over;
};

static void provider_fetched(struct gcp_call *call, const struct value *value,
                             const char *code, const engine_error *why)
{
    struct provider_wait *wait = call->user;

    (void)code;
    wait->over = true;
    wait->value = value;
    if (!value) {
        wait->status = why->status < 0 ? why->status : ENGINE_EIO;
        if (wait->err)
            *wait->err = *why;
    }
}

engine_status gcp_fetch(struct gcp *gcp, const char *request, const char *body,
                        struct arena *arena, const struct value **out,
                        engine_error *err)
{
    struct provider_wait wait = {.err = err};
    struct gcp_call *made = gcp_call_new(gcp);
    engine_status status;

    if (!made)
        return engine_fail_memory(err);
    status = gcp_request_own(request, body, &made->request, err);
    snprintf(made->bucket, sizeof(made->bucket), "own:%s", made->request.api);
    made->arena = arena;
    made->end = provider_fetched;
    made->user = &wait;
    if (status == ENGINE_OK) {
        gcp_call_begin(made);
        status = wait.over ? ENGINE_OK : http_run(cloud_http(gcp->cloud), err);
    }
    if (status == ENGINE_OK)
        status = wait.status;
    if (status == ENGINE_OK)
        *out = wait.value;
    gcp_call_free(made);
    return status;
}
