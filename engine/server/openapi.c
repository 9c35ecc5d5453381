/* SPDX-License-Identifier: Apache-2.0 */
/* openapi.c - the OpenAPI 3.1 document, from the table of routes. */
#include <string.h>

#include "engine/server/private.h"
#include "engine/server/schemas.h"

static const struct {
    const char *code, *text;
} openapi_codes[] = {
    {"200", "Done"},
    {"201", "Made"},
    {"202", "Accepted: it goes on"},
    {"400", "The request is malformed"},
    {"401", "No token, or none that is good"},
    {"403", "The token's role may not do this"},
    {"404", "There is no such thing"},
    {"405", "Another method is meant"},
    {"409", "It collides with what is going on"},
    {"413", "The body is too large"},
    {"415", "The body is of another type"},
    {"422", "Understood, but wrong"},
    {"429", "Too many requests: see Retry-After"},
    {"500", "A defect of the daemon"},
    {"503", "For now impossible: see Retry-After"}};

static const char *openapi_text(const char *code)
{
    for (size_t i = 0; i < SERVER_COUNT(openapi_codes); i++)
        if (strncmp(openapi_codes[i].code, code, 3) == 0)
            return openapi_codes[i].text;
    return "";
}

static void openapi_schema(struct buffer *out, const char *name)
{
    buffer_printf(out, "{\"$ref\":\"#/components/schemas/%s\"}", name);
}

/* ---- answers ------------------------------------------------------------- */

static const char *openapi_media(const struct route *route)
{
    if (strcmp(route->response_schema, "Zip") == 0)
        return "application/zip";
    if (strcmp(route->response_schema, "Events") == 0)
        return "text/event-stream";
    if (strcmp(route->operation, "exportRules") == 0)
        return "application/x-ndjson";
    return strcmp(route->response_schema, "Text") == 0 ? "text/plain"
                                                       : "application/json";
}

static void openapi_success(const struct route *route, const char *code,
                            struct buffer *out)
{
    buffer_printf(out, "\"%.3s\":{\"description\":\"%s\",\"content\":{\"%s\":"
                  "{\"schema\":", code, openapi_text(code),
                  openapi_media(route));
    openapi_schema(out, route->response_schema);
    buffer_puts(out, "}}}");
}

static void openapi_failure(const char *code, struct buffer *out)
{
    buffer_printf(out, ",\"%.3s\":{\"$ref\":\"#/components/responses/E%.3s\"}",
                  code, code);
}

static void openapi_answers(const struct route *route, struct buffer *out)
{
    char code[8];

    snprintf(code, sizeof(code), "%u", route->status);
    buffer_puts(out, "\"responses\":{");
    openapi_success(route, code, out);
    for (const char *at = route->failures; *at; at += strspn(at, " ")) {
        if (*at == '2') {
            buffer_putc(out, ',');
            openapi_success(route, at, out);
        } else {
            openapi_failure(at, out);
        }
        at += strcspn(at, " ");
    }
    if (route->role != ROLE_OPEN)
        openapi_failure("401", out);
    if (route->role > ROLE_VIEWER) /* every token has at least this role */
        openapi_failure("403", out);
    openapi_failure("429", out);
    openapi_failure("503", out);
    buffer_puts(out, "}");
}

/* ---- parameters and bodies ----------------------------------------------- */

static void openapi_path_words(const char *path, struct buffer *out,
                               bool *some)
{
    for (const char *at = path; (at = strchr(at, '{')); at++) {
        const size_t len = strcspn(at + 1, "}");

        buffer_printf(out, "%s{\"name\":\"%.*s\",\"in\":\"path\",\"required\":"
                      "true,\"schema\":{\"type\":\"string\",\"minLength\":1}}",
                      *some ? "," : "", (int)len, at + 1);
        *some = true;
    }
}

static void openapi_parameters(const struct route *route, struct buffer *out)
{
    bool some = false;

    buffer_puts(out, "\"parameters\":[");
    openapi_path_words(route->path, out, &some);
    for (const struct route_parameter *at = route->parameters;
         at && at->name; at++) {
        buffer_printf(out, "%s{\"name\":\"%s\",\"in\":\"query\","
                      "\"description\":\"%s\",\"schema\":{\"type\":\"%s\"",
                      some ? "," : "", at->name, at->help, at->type);
        if (strcmp(at->type, "integer") == 0)
            buffer_printf(out, ",\"minimum\":%lld,\"maximum\":%lld",
                          (long long)at->minimum, (long long)at->maximum);
        buffer_puts(out, "}}");
        some = true;
    }
    buffer_puts(out, "],");
}

static void openapi_body(const struct route *route, struct buffer *out)
{
    static const char *const media[] = {
        "application/yaml", "application/json", "application/x-ndjson",
        "application/gzip", "application/xml"};

    if (route->body == BODY_NONE)
        return;
    buffer_puts(out, "\"requestBody\":{\"required\":true,\"content\":{");
    if (route->body == BODY_JSON) {
        buffer_puts(out, "\"application/json\":{\"schema\":");
        openapi_schema(out, route->request_schema);
        buffer_puts(out, "}");
    }
    for (size_t i = 0; route->body == BODY_ANY && i < SERVER_COUNT(media);
         i++) {
        buffer_printf(out, "%s\"%s\":{\"schema\":", i ? "," : "", media[i]);
        openapi_schema(out, route->request_schema);
        buffer_puts(out, "}");
    }
    buffer_puts(out, "}},");
}

/* ---- all of it ----------------------------------------------------------- */

static void openapi_operation(const struct route *route, struct buffer *out)
{
    char method[16] = "";

    for (size_t i = 0; route->method[i] && i + 1 < sizeof(method); i++)
        method[i] = (char)(route->method[i] | 0x20); /* lower case */
    buffer_printf(out, "\"%s\":{\"operationId\":\"%s\",\"summary\":\"%s\","
                  "\"x-role\":\"%s\",%s", method, route->operation,
                  route->summary,
                  route->role == ROLE_OPEN ? "none"
                                           : server_role_name(route->role),
                  route->role == ROLE_OPEN ? "\"security\":[]," : "");
    openapi_parameters(route, out);
    openapi_body(route, out);
    openapi_answers(route, out);
    buffer_puts(out, "}");
}

static bool openapi_is_first(size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (strcmp(routes[i].path, routes[index].path) == 0)
            return false;
    return true;
}

static void openapi_paths(struct buffer *out)
{
    for (size_t i = 0; i < routes_count; i++) {
        bool some = false;

        if (!openapi_is_first(i))
            continue;
        buffer_printf(out, "%s\n\"%s\":{", i ? "," : "", routes[i].path);
        for (size_t j = i; j < routes_count; j++) {
            if (strcmp(routes[j].path, routes[i].path) != 0)
                continue;
            buffer_puts(out, some ? "," : "");
            openapi_operation(&routes[j], out);
            some = true;
        }
        buffer_puts(out, "}");
    }
}

static void openapi_responses(struct buffer *out)
{
    bool some = false;

    for (size_t i = 0; i < SERVER_COUNT(openapi_codes); i++) {
        if (openapi_codes[i].code[0] == '2')
            continue;
        buffer_printf(out, "%s\n\"E%s\":{\"description\":\"%s\",\"content\":"
                      "{\"application/json\":{\"schema\":{\"$ref\":"
                      "\"#/components/schemas/Error\"}}}}", some ? "," : "",
                      openapi_codes[i].code, openapi_codes[i].text);
        some = true;
    }
}

engine_status openapi_put(struct buffer *out, engine_error *err)
{
    buffer_puts(out, "{\"openapi\":\"3.1.0\",\"info\":{\"title\":"
                     "\"scan-engine\",\"version\":\"" SCAN_ENGINE_VERSION "\","
                     "\"license\":{\"name\":\"Apache-2.0\",\"identifier\":"
                     "\"Apache-2.0\"}},"
                     "\"servers\":[{\"url\":\"" SERVER_PREFIX "\"}],"
                     "\"security\":[{\"token\":[]}],\"paths\":{");
    openapi_paths(out);
    buffer_puts(out, "},\n\"components\":{\"securitySchemes\":{\"token\":"
                     "{\"type\":\"http\",\"scheme\":\"bearer\"}},"
                     "\"responses\":{");
    openapi_responses(out);
    buffer_puts(out, "},\n\"schemas\":{");
    for (size_t i = 0; i < server_schemas_count; i++)
        buffer_printf(out, "%s\n\"%s\":%s", i ? "," : "",
                      server_schemas[i].name, server_schemas[i].json);
    buffer_puts(out, "}}}\n");
    return buffer_status(out, err);
}
