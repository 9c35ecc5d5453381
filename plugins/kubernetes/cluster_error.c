/* SPDX-License-Identifier: Apache-2.0 */
/* cluster_error.c - what a server that refuses says, and what to do then. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "plugins/kubernetes/cluster.h"
#include "plugins/kubernetes/dump.h"
#include "sdk/kit/line.h"

#define PROBLEM_ARENA ((size_t)1024 * 1024)

static void problem_copy(const struct value *value, char *out, size_t room)
{
    const char *text = value_text(value);

    line_clean(text ? text : "", text ? value->count : 0, out, room);
}

void kube_problem_read(const char *text, size_t len, const char *type,
                       struct kube_problem *out)
{
    struct arena arena;
    struct value root;
    const char *kind;

    *out = (struct kube_problem){0};
    arena_init(&arena, PROBLEM_ARENA);
    if (len && value_from_json(text, len, "the answer", &arena, &root,
                               NULL) == ENGINE_OK) {
        kind = value_text(value_member(&root, "kind"));
        out->is_status = kind && strcmp(kind, "Status") == 0;
        problem_copy(value_member(&root, "reason"), out->reason,
                     sizeof(out->reason));
        problem_copy(value_member(&root, "message"), out->message,
                     sizeof(out->message));
        problem_copy(value_at(&root, "metadata", "continue", NULL),
                     out->token, sizeof(out->token));
    } else if (type && strncasecmp(type, "text/html", 9) == 0) {
        snprintf(out->message, sizeof(out->message),
                 "a page of HTML, as proxies and login pages send them");
    } else if (len) {
        line_clean(text, len < 300 ? len : 300, out->message,
                   sizeof(out->message));
    }
    arena_clear(&arena);
}

bool kube_problem_is_absent(long status, const struct kube_problem *problem,
                            const char *type, const char *text, size_t len)
{
    static const char plain[] = "404 page not found";

    if (status != 404)
        return false;
    if (problem->is_status)
        return strcmp(problem->reason, "NotFound") == 0;
    while (len && (unsigned char)text[len - 1] <= ' ')
        len--;
    return type && strncasecmp(type, "text/plain", 10) == 0 &&
           len == strlen(plain) && memcmp(text, plain, len) == 0;
}

static const char *problem_word(long status)
{
    switch (status) {
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 410: return "Gone";
    case 429: return "Too Many Requests";
    case 500: return "Internal Server Error";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    default: return status >= 300 && status < 400 ? "a redirect" : "";
    }
}

/* the permission that a denied request takes */
static void problem_grant(const char *method, const char *path,
                          engine_error *err)
{
    struct kube_place place;
    char plain[1024];

    snprintf(plain, sizeof(plain), "%.*s", (int)strcspn(path, "?"), path);
    if (strcmp(method, "GET") != 0 || !kube_place_of(plain, &place))
        return;
    engine_hint(err, "the user needs \"%s\" on \"%s%s%s\"%s%s%s",
                *place.name ? "get" : "list", place.plural,
                *place.group ? "." : "", place.group,
                *place.namespace ? " in namespace \"" : " in the whole "
                                                        "cluster",
                place.namespace, *place.namespace ? "\"" : "");
}

engine_status kube_problem_fail(const struct kube_cluster *cluster,
                                const char *method, const char *path,
                                long status,
                                const struct kube_problem *problem,
                                engine_error *err)
{
    const bool denied = status == 401 || status == 403;
    const engine_status code = denied          ? ENGINE_EDENIED
                               : status == 504 ? ENGINE_ETIMEOUT
                                               : ENGINE_EIO;

    engine_fail(err, code, "%s %.300s: %ld %s%s%s (%.300s)", method, path,
                status, problem_word(status), *problem->message ? ": " : "",
                problem->message, cluster->who);
    if (status == 401)
        engine_hint(err, "the server does not know these credentials: have "
                         "they expired?");
    else if (status == 403)
        problem_grant(method, path, err);
    else if (status == 429)
        engine_hint(err, "the server limits requests: see options retries "
                         "and concurrency");
    else if (status >= 300 && status < 400)
        engine_hint(err, "redirects are not followed, credentials would go "
                         "with them: give the server's own URL");
    return code;
}
