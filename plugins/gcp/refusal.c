/* SPDX-License-Identifier: Apache-2.0 */
/*
 * refusal.c - the end of a call that was refused, and whether its codes may
 * mean that nothing is there. They may not when pages came before, nor when
 * they are about another project than the one that is looked at: an API is off,
 * often, in the project that pays for the calls (google.aip.dev/193, ErrorInfo,
 * metadata "consumer": "projects/ID or NUMBER").
 */
#include <stdio.h>
#include <string.h>

#include "plugins/gcp/gcp.h"
#include "sdk/base/alloc.h"

struct refusal {
    struct gcp_call *call;
    char project[128]; /* whom it is about */
    char codes[300];
    engine_error why;
};

static bool refusal_is_ours(const struct gcp_project *ours,
                            const char *consumer)
{
    return strcmp(consumer, ours->id) == 0 ||
           (ours->number && strcmp(consumer, ours->number) == 0);
}

static void refusal_end(struct gcp_call *call, const char *codes,
                        engine_error *why)
{
    call->end(call, NULL, codes, why);
}

static void refusal_foreign(struct refusal *refusal)
{
    engine_error *why = &refusal->why;
    char hint[ENGINE_HINT_MAX];

    snprintf(hint, sizeof(hint), "%s", why->hint);
    engine_hint(why, "this is about %.100s, which pays for the call and need "
                     "not be the project that is scanned%s%.200s",
                *refusal->project ? refusal->project : "the project",
                *hint ? "; " : "", hint);
    refusal_end(refusal->call, NULL, why);
}

/* ---- whose number it is -------------------------------------------------- */

static void refusal_take(struct gcp *gcp, struct gcp_project *project,
                         const struct value *answer)
{
    const char *name = value_text(value_member(answer, "name"));
    const char *id = value_text(value_member(answer, "projectId"));
    struct arena *arena = cloud_arena(gcp->cloud);

    if (!name || strncmp(name, "projects/", 9) != 0 || !id)
        return;
    /* the target may have named either of them */
    if (strcmp(id, project->id) == 0)
        project->number = arena_strdup(arena, name + 9);
    else if (strcmp(name + 9, project->id) == 0)
        project->number = arena_strdup(arena, id);
}

static void refusal_known(struct gcp_call *asked, const struct value *value,
                          const char *code, const engine_error *why)
{
    struct refusal *refusal = asked->user;
    struct gcp_project *project = refusal->call->project;
    struct arena *arena = asked->arena;

    (void)code;
    (void)why;
    if (value)
        refusal_take(asked->gcp, project, value);
    project->asked = true;
    gcp_call_free(asked);
    arena_clear(arena);
    engine_free(arena);
    if (refusal_is_ours(project, refusal->project))
        refusal_end(refusal->call, refusal->codes, &refusal->why);
    else
        refusal_foreign(refusal);
    engine_free(refusal);
}

/* Asks for the project; false: that cannot be done. */
static bool refusal_ask(struct refusal *refusal)
{
    struct gcp_project *project = refusal->call->project;
    struct gcp_call *asked = gcp_call_new(refusal->call->gcp);
    struct arena *arena = engine_calloc(1, sizeof(*arena));
    char text[200];

    snprintf(text, sizeof(text), "cloudresourcemanager/v3/projects/%.150s",
             project->id);
    if (!asked || !arena ||
        gcp_request_own(text, NULL, &asked->request, NULL) < 0) {
        gcp_call_free(asked);
        engine_free(arena);
        return false;
    }
    arena_init(arena, (size_t)1024 * 1024);
    snprintf(asked->bucket, sizeof(asked->bucket), "own:%s",
             asked->request.api);
    asked->arena = arena;
    asked->end = refusal_known;
    asked->user = refusal;
    gcp_call_begin(asked);
    return true;
}

/* ---- the end ------------------------------------------------------------- */

/* A number that nobody has told us yet may be ours. */
static bool refusal_may_ask(const struct gcp_project *ours,
                            const char *consumer)
{
    return ours && !ours->number && !ours->asked && *consumer;
}

static void refusal_consumer(struct refusal *refusal)
{
    struct gcp_project *ours = refusal->call->project;
    struct refusal *later;

    if (ours && refusal_is_ours(ours, refusal->project)) {
        refusal_end(refusal->call, refusal->codes, &refusal->why);
        return;
    }
    later = refusal_may_ask(ours, refusal->project)
                ? engine_calloc(1, sizeof(*later))
                : NULL;
    if (later)
        *later = *refusal;
    if (later && refusal_ask(later))
        return;
    engine_free(later);
    refusal_foreign(refusal);
}

void gcp_call_refused(struct gcp_call *call)
{
    struct refusal refusal = {.call = call};
    struct gcp_failure failure;
    char subject[400];
    const char *consumer;

    gcp_failure_read(call->text.data ? call->text.data : "", call->text.len,
                     &failure);
    gcp_failure_codes(&failure, call->status, refusal.codes,
                      sizeof(refusal.codes));
    gcp_call_subject(call, subject, sizeof(subject));
    (void)gcp_failure_fail(&failure, call->status, subject, &refusal.why);
    consumer = strncmp(failure.consumer, "projects/", 9) == 0
                   ? failure.consumer + 9
                   : failure.consumer;
    snprintf(refusal.project, sizeof(refusal.project), "%s", consumer);
    if (call->page > 0) /* something is there */
        refusal_end(call, NULL, &refusal.why);
    else if (gcp_failure_concerns_consumer(&failure))
        refusal_consumer(&refusal);
    else
        refusal_end(call, refusal.codes, &refusal.why);
}
