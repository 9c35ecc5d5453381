/* SPDX-License-Identifier: Apache-2.0 */
/* problem.c - errors of the APIs as messages, and what to do about them. */
#include "plugins/azure/problem.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "sdk/kit/line.h"

#define PROBLEM_ARENA ((size_t)1024 * 1024)

/* ---- reading ------------------------------------------------------------- */

static void problem_copy(const struct value *value, char *out, size_t room)
{
    const char *text = value_text(value);

    line_clean(text ? text : "", text ? value->count : 0, out, room);
}

static const struct value *problem_object(const struct value *root)
{
    static const char *const names[] = {"error", "odata.error", "Error"};

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        const struct value *error = value_member(root, names[i]);

        if (error && error->kind == VALUE_OBJECT)
            return error;
    }
    return root;
}

static const struct value *problem_member(const struct value *error,
                                          const char *name,
                                          const char *capital)
{
    const struct value *found = value_member(error, name);

    return found ? found : value_member(error, capital);
}

/* the text between two marks, such as action '...' */
static void problem_between(const char *text, const char *before, char *out,
                            size_t room)
{
    const char *at = strstr(text, before);
    size_t len;

    out[0] = '\0';
    if (!at)
        return;
    at += strlen(before);
    len = strcspn(at, "'");
    if (at[len] && len < room)
        snprintf(out, room, "%.*s", (int)len, at);
}

/* "The client 'x' with object id 'y' does not have authorization to perform
 * action 'z' over scope ...": who, and which; where is said by the hint */
static void problem_shorten(struct azure_problem *out)
{
    char *rest = strstr(out->message, " does not have authorization");
    const size_t used = rest ? (size_t)(rest - out->message) : 0;

    if (rest && out->action[0])
        snprintf(rest, sizeof(out->message) - used, " may not perform %s",
                 out->action);
}

static void problem_fill(const struct value *root, struct azure_problem *out)
{
    const struct value *error = problem_object(root);
    const struct value *message = problem_member(error, "message", "Message");
    const struct value *details = problem_member(error, "details", "Details");

    problem_copy(problem_member(error, "code", "Code"), out->code,
                 sizeof(out->code));
    if (message && message->kind == VALUE_OBJECT) /* OData 3 */
        message = value_member(message, "value");
    problem_copy(message, out->message, sizeof(out->message));
    if (details && details->kind == VALUE_ARRAY && details->count)
        problem_copy(problem_member(&details->items[0], "code", "Code"),
                     out->inner, sizeof(out->inner));
    problem_between(out->message, "perform action '", out->action,
                    sizeof(out->action));
    problem_between(out->message, "over scope '", out->scope,
                    sizeof(out->scope));
    problem_shorten(out);
}

void azure_problem_read(const char *text, size_t len, const char *type,
                        struct azure_problem *out)
{
    struct arena arena;
    struct value root;

    *out = (struct azure_problem){0};
    /* some answers begin with a byte order mark */
    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3;
        len -= 3;
    }
    arena_init(&arena, PROBLEM_ARENA);
    if (len && value_from_json(text, len, "the answer", &arena, &root,
                               NULL) == ENGINE_OK)
        problem_fill(&root, out);
    else if (type && strncasecmp(type, "text/html", 9) == 0)
        out->page = snprintf(out->message, sizeof(out->message),
                             "a page of HTML, as proxies and login pages send "
                             "them") > 0;
    else if (len)
        line_clean(text, len < 300 ? len : 300, out->message,
                   sizeof(out->message));
    for (char *at = out->code; *at; at++)
        if (*at == ' ') /* separates codes */
            *at = '_';
    for (char *at = out->inner; *at; at++)
        if (*at == ' ')
            *at = '_';
    arena_clear(&arena);
}

/* What was asked for may be there: the question was wrong, or asked in the
 * wrong place. A rule that takes any 404 for "nothing there" means another. */
static bool problem_is_elsewhere(const struct azure_problem *problem)
{
    static const char *const codes[] = {
        "SubscriptionNotFound", "InvalidSubscriptionId", "InvalidResourceType",
        "InvalidResourceNamespace"};

    for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++)
        if (strcasecmp(problem->code, codes[i]) == 0 ||
            strcasecmp(problem->inner, codes[i]) == 0)
            return true;
    return false;
}

void azure_problem_codes(const struct azure_problem *problem, long status,
                         char *out, size_t room)
{
    char number[24] = "";

    if (!problem->page && !problem_is_elsewhere(problem))
        snprintf(number, sizeof(number), "%ld", status);
    snprintf(out, room, "%s%s%s%s%s", problem->code,
             problem->code[0] && (problem->inner[0] || number[0]) ? " " : "",
             problem->inner, problem->inner[0] && number[0] ? " " : "",
             number);
}

/* ---- saying -------------------------------------------------------------- */

/* Application permissions of Microsoft Graph, by the paths that need them
 * (Microsoft Graph permissions reference). */
static const char *const problem_permissions[][2] = {
    {"/policies/", "Policy.Read.All"},
    {"/identity/conditionalAccess", "Policy.Read.All"},
    {"/settings", "Directory.Read.All"},
    {"/groupSettings", "Directory.Read.All"},
    {"/reports/authenticationMethods", "AuditLog.Read.All"},
    {"/auditLogs/", "AuditLog.Read.All"},
    {"/directoryRoles", "RoleManagement.Read.Directory"},
    {"/roleManagement/", "RoleManagement.Read.Directory"},
    {"/users", "User.Read.All"},
    {"/groups", "Group.Read.All"},
    {"/applications", "Application.Read.All"},
    {"/servicePrincipals", "Application.Read.All"},
    {"/domains", "Domain.Read.All"},
    {"/organization", "Organization.Read.All"},
};

static void problem_hint_graph(const char *subject, engine_error *err)
{
    for (size_t i = 0;
         i < sizeof(problem_permissions) / sizeof(*problem_permissions); i++)
        if (strstr(subject, problem_permissions[i][0])) {
            engine_hint(err,
                        "give the application the permission %s of Microsoft "
                        "Graph, with the consent of an administrator",
                        problem_permissions[i][1]);
            return;
        }
    engine_hint(err, "give the application the permission of Microsoft Graph "
                     "that the path needs, with the consent of an "
                     "administrator");
}

static bool problem_is(const struct azure_problem *problem, const char *code)
{
    return strcasecmp(problem->code, code) == 0;
}

/* role Reader has all of these */
static bool problem_is_read(const char *action)
{
    const char *slash = strrchr(action, '/');

    return slash && strcasecmp(slash, "/read") == 0;
}

static void problem_hint(const struct azure_problem *problem,
                         enum azure_api api, const char *subject, long status,
                         engine_error *err)
{
    if (problem->action[0])
        engine_hint(err, "grant it on %s%s",
                    problem->scope[0] ? problem->scope : "that scope",
                    problem_is_read(problem->action)
                        ? "; the role Reader has it"
                        : "");
    else if (status == 403 && api == AZURE_GRAPH)
        problem_hint_graph(subject, err);
    else if (status == 403)
        engine_hint(err, "the role Reader on the subscription has the rights "
                         "that rules need");
    else if (status == 401)
        engine_hint(err, "the token was refused: look at tenant and cloud of "
                         "the target");
    else if (status == 204)
        engine_hint(err, "no content; a rule may take that for \"nothing "
                         "there\": empty_on: [\"204\"]");
    else if (status == 429)
        engine_hint(err, "lower the options concurrency or rate of the "
                         "scanner azure, or scan again later");
    else if (problem_is(problem, "SubscriptionNotFound"))
        engine_hint(err, "the identity knows no such subscription: look at "
                         "its roles, and at the tenant of the target");
    else if (problem_is(problem, "MissingSubscriptionRegistration") ||
             problem_is(problem, "SubscriptionNotRegistered"))
        engine_hint(err, "a rule may take that for \"nothing there\": "
                         "empty_on: [%s]",
                    problem->code);
    else if (problem_is(problem, "NoRegisteredProviderFound") ||
             problem_is(problem, "InvalidApiVersionParameter") ||
             problem_is(problem, "InvalidResourceType"))
        engine_hint(err, "look at request and api_version of the rule");
}

static engine_status problem_status(long status)
{
    switch (status) {
    case 401:
    case 403: return ENGINE_EDENIED;
    case 404: return ENGINE_ENOTFOUND;
    case 408:
    case 504: return ENGINE_ETIMEOUT;
    case 429: return ENGINE_ELIMIT;
    default: return ENGINE_EIO;
    }
}

engine_status azure_problem_fail(const struct azure_problem *problem,
                                 enum azure_api api, const char *subject,
                                 long status, const char *quota,
                                 engine_error *err)
{
    const engine_status code = problem_status(status);

    engine_fail(err, code, "%.300s: %ld%s%s%s%s%s%s%s", subject, status,
                problem->code[0] ? " " : "", problem->code,
                problem->message[0] ? ": " : "", problem->message,
                quota && quota[0] ? " (" : "", quota ? quota : "",
                quota && quota[0] ? ")" : "");
    if (err)
        problem_hint(problem, api, subject, status, err);
    return code;
}

int64_t azure_reset_ms(const char *text)
{
    int64_t parts[3] = {0};

    for (int i = 0; i < 3; i++) {
        int digits = 0;

        for (; isdigit((unsigned char)*text) && digits < 3; text++, digits++)
            parts[i] = parts[i] * 10 + (*text - '0');
        if (!digits || *text != (i < 2 ? ':' : '\0'))
            return -1;
        text++;
    }
    return ((parts[0] * 60 + parts[1]) * 60 + parts[2]) * 1000;
}
