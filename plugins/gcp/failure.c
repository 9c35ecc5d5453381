/* SPDX-License-Identifier: Apache-2.0 */
/* failure.c - what a refusal says. */
#include "plugins/gcp/failure.h"

#include <stdio.h>
#include <string.h>

#include "sdk/base/arena.h"

#define FAILURE_MEMORY ((size_t)2 * 1024 * 1024)

/* One line. */
static void failure_copy(char *out, size_t room, const char *text)
{
    snprintf(out, room, "%s", text ? text : "");
    for (; *out; out++)
        if ((unsigned char)*out < 0x20 || *out == 0x7f)
            *out = ' ';
}

static void failure_add_reason(struct gcp_failure *out, const char *reason)
{
    const size_t used = strlen(out->reasons);

    if (reason && *reason && !strchr(reason, ' ') &&
        used + strlen(reason) + 2 < sizeof(out->reasons))
        snprintf(out->reasons + used, sizeof(out->reasons) - used, "%s%s",
                 used ? " " : "", reason);
}

static void failure_list(const struct value *list, struct gcp_failure *out)
{
    for (uint32_t i = 0; list && list->kind == VALUE_ARRAY && i < list->count;
         i++) {
        const struct value *data = value_member(&list->items[i], "metadata");
        const char *text;

        failure_add_reason(out,
                           value_text(value_member(&list->items[i], "reason")));
        text = value_text(value_member(data, "permission"));
        if (text)
            failure_copy(out->permission, sizeof(out->permission), text);
        text = value_text(value_member(data, "service"));
        if (text)
            failure_copy(out->service, sizeof(out->service), text);
        text = value_text(value_member(data, "consumer"));
        if (text)
            failure_copy(out->consumer, sizeof(out->consumer), text);
    }
}

void gcp_failure_read(const char *body, size_t len, struct gcp_failure *out)
{
    struct value answer = value_null;
    const struct value *error;
    struct arena arena;

    *out = (struct gcp_failure){0};
    arena_init(&arena, FAILURE_MEMORY);
    if (value_from_json(body, len, "answer", &arena, &answer, NULL) < 0)
        answer = value_null;
    error = value_member(answer.kind == VALUE_ARRAY && answer.count
                             ? &answer.items[0]
                             : &answer,
                         "error");
    out->known = error && (error->kind == VALUE_STRING ||
                           error->kind == VALUE_OBJECT);
    if (error && error->kind == VALUE_STRING) { /* of OAuth */
        failure_copy(out->status, sizeof(out->status), error->text);
        failure_copy(out->message, sizeof(out->message),
                     value_text(value_member(&answer, "error_description")));
    } else {
        failure_copy(out->status, sizeof(out->status),
                     value_text(value_member(error, "status")));
        failure_copy(out->message, sizeof(out->message),
                     value_text(value_member(error, "message")));
        failure_list(value_member(error, "errors"), out);
        failure_list(value_member(error, "details"), out);
    }
    arena_clear(&arena);
}

void gcp_failure_codes(const struct gcp_failure *failure, long status,
                       char *out, size_t room)
{
    *out = '\0';
    if (!failure->known)
        return;
    snprintf(out, room, "%s%s%s%s%ld",
             strchr(failure->status, ' ') ? "" : failure->status,
             *failure->status ? " " : "", failure->reasons,
             *failure->reasons ? " " : "", status);
}

static bool failure_has(const struct gcp_failure *failure, const char *reason)
{
    const size_t len = strlen(reason);

    for (const char *at = failure->reasons; *at;) {
        const size_t own = strcspn(at, " ");

        if (own == len && memcmp(at, reason, len) == 0)
            return true;
        at += own;
        at += strspn(at, " ");
    }
    return false;
}

bool gcp_failure_concerns_consumer(const struct gcp_failure *failure)
{
    return *failure->consumer || failure_has(failure, "SERVICE_DISABLED") ||
           failure_has(failure, "accessNotConfigured");
}

bool gcp_failure_throttles(const struct gcp_failure *failure, long status)
{
    return status == 429 ||
           (status == 403 && (strcmp(failure->status, "RESOURCE_EXHAUSTED") ==
                                  0 ||
                              failure_has(failure, "rateLimitExceeded") ||
                              failure_has(failure, "userRateLimitExceeded") ||
                              failure_has(failure, "RATE_LIMIT_EXCEEDED")));
}

static void failure_hint(const struct gcp_failure *failure, long status,
                         engine_error *err)
{
    if (failure_has(failure, "SERVICE_DISABLED") ||
        failure_has(failure, "accessNotConfigured"))
        engine_hint(err, "enable the API %s in %s: gcloud services enable %s",
                    *failure->service ? failure->service : "of this call",
                    *failure->consumer ? failure->consumer : "the project",
                    *failure->service ? failure->service : "...");
    else if (*failure->permission)
        engine_hint(err, "the permission %s is needed", failure->permission);
    else if (gcp_failure_throttles(failure, status))
        engine_hint(err, "the API throttles: set a lower rate or concurrency");
    else if (status == 401)
        engine_hint(err, "the token was refused, a fresh one as well");
    else if (status == 403)
        engine_hint(err, "the identity may lack a role such as Viewer, or "
                         "Security Reviewer");
}

engine_status gcp_failure_fail(const struct gcp_failure *failure, long status,
                               const char *subject, engine_error *err)
{
    engine_status code = ENGINE_EIO;

    if (status == 404)
        code = ENGINE_ENOTFOUND;
    else if (status == 401 || (status == 403 && !gcp_failure_throttles(
                                                    failure, status)))
        code = ENGINE_EDENIED;
    engine_fail(err, code, "%.400s: %ld%s%s%s%s", subject, status,
                *failure->status ? " " : "", failure->status,
                *failure->message ? ": " : "", failure->message);
    failure_hint(failure, status, err);
    return code;
}
