/* SPDX-License-Identifier: Apache-2.0 */
/* request.c - from the call of a rule to method, host, path and body. */
#include "plugins/gcp/request.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "sdk/base/alloc.h"
#include "sdk/document/document.h"
#include "sdk/kit/cloud/token.h"

#define REQUEST_MAXIMUM ((size_t)32 * 1024)
#define REQUEST_BODY ((size_t)1024 * 1024)
#define REQUEST_HOST ".googleapis.com"

void gcp_request_clear(struct gcp_request *request)
{
    engine_free(request->path);
    engine_free(request->body);
    *request = (struct gcp_request){0};
}

/* ---- which API ----------------------------------------------------------- */

/* APIs whose paths begin with their own name: what Google's discovery
 * documents have as servicePath, or in each of their paths. */
static bool request_keeps_name(const char *api)
{
    static const char *const names[] = {"bigquery", "compute",
                                        "deploymentmanager", "dns", "storage"};

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (strcmp(names[i], api) == 0)
            return true;
    return false;
}

/* Splits off the API's name; *rest is its path, without the slash. */
static engine_status request_api(const char *text, char *api, size_t room,
                                 const char **rest, engine_error *err)
{
    static const char https[] = "https://";
    const bool url = strncasecmp(text, https, strlen(https)) == 0;
    const char *start = url ? text + strlen(https) : text;
    const char *end = start + strcspn(start, "/");
    const size_t own = strlen(REQUEST_HOST);
    size_t len = (size_t)(end - start);

    if (strstr(text, "://") && !url)
        return engine_fail(err, ENGINE_EINVAL,
                           "request: only https://API.googleapis.com can be "
                           "asked");
    if (url && (len <= own ||
                strncasecmp(end - own, REQUEST_HOST, own) != 0))
        return engine_fail(err, ENGINE_EINVAL,
                           "request: the host is not at googleapis.com");
    len -= url ? own : 0;
    if (len == 0 || len >= room || *end != '/')
        return engine_fail(err, ENGINE_EINVAL,
                           "request: it has to begin with the name of an API, "
                           "such as compute/v1/projects/{project}/...");
    for (size_t i = 0; i < len; i++) {
        if (!islower((unsigned char)start[i]) &&
            !isdigit((unsigned char)start[i]) && start[i] != '-')
            return engine_fail(err, ENGINE_EINVAL,
                               "request: \"%.*s\" is no name of an API",
                               (int)len, start);
        api[i] = start[i];
    }
    api[len] = '\0';
    *rest = !url && request_keeps_name(api) ? text : end + 1;
    return ENGINE_OK;
}

/* ---- checking a call ----------------------------------------------------- */

/* Segments that are empty, or lead elsewhere. */
static engine_status request_segments(const char *path, engine_error *err)
{
    while (*path && *path != '?') {
        const size_t len = strcspn(path, "/?");

        if (len == 0 || (len == 1 && *path == '.') ||
            (len == 2 && strncmp(path, "..", 2) == 0)) {
            engine_fail(err, ENGINE_EINVAL,
                        "request: the path has an empty segment, or \"..\"");
            engine_hint(err, "a placeholder may have no value: does the "
                             "target name an organization or folder?");
            return ENGINE_EINVAL;
        }
        path += len;
        path += *path == '/';
    }
    return ENGINE_OK;
}

static engine_status request_method(const struct value *call, bool *post,
                                    engine_error *err)
{
    const struct value *method = value_member(call, "method");
    const struct value *body = value_member(call, "body");
    const char *name = value_text(method);

    *post = name && strcmp(name, "POST") == 0;
    if (method && (!name || (!*post && strcmp(name, "GET") != 0)))
        return engine_fail(err, ENGINE_EINVAL,
                           "method: it is neither GET nor POST");
    if (body && !*post)
        return engine_fail(err, ENGINE_EINVAL,
                           "body: only a POST has one (method: POST)");
    if (body && body->kind != VALUE_OBJECT && body->kind != VALUE_STRING)
        return engine_fail(err, ENGINE_EINVAL, "body: it is no mapping");
    return ENGINE_OK;
}

/* Does a placeholder mention a member of projects? */
static bool request_wants_project(const char *text)
{
    for (const char *at = strchr(text, '{'); at; at = strchr(at + 1, '{')) {
        const char *end = strchr(at, '}');
        const char *word = strstr(at, "project");

        if (end && word && word < end)
            return true;
    }
    return false;
}

static bool request_value_wants(const struct value *value, unsigned depth)
{
    if (!value || depth > VALUE_MAX_DEPTH)
        return false;
    if (value->kind == VALUE_STRING)
        return request_wants_project(value->text);
    for (uint32_t i = 0; value->kind == VALUE_ARRAY && i < value->count; i++)
        if (request_value_wants(&value->items[i], depth + 1))
            return true;
    for (uint32_t i = 0; value->kind == VALUE_OBJECT && i < value->count; i++)
        if (request_value_wants(&value->members[i].value, depth + 1))
            return true;
    return false;
}

engine_status gcp_request_check(const struct value *call, bool *project,
                                engine_error *err)
{
    const char *text = value_text(value_member(call, "request")), *path;
    char api[64];
    bool post;
    engine_status status;

    if (!text)
        return engine_fail(err, ENGINE_EINVAL,
                           "request: it is missing, or no text");
    status = request_api(text, api, sizeof(api), &path, err);
    if (status == ENGINE_OK)
        status = request_method(call, &post, err);
    /* a placeholder at the end may become a verb: looked at again then */
    if (status == ENGINE_OK &&
        (!*path || path[strlen(path) - 1] != '}'))
        status = gcp_request_may(path, post, err);
    *project = request_value_wants(value_member(call, "request"), 0) ||
               request_value_wants(value_member(call, "body"), 0);
    return status;
}

/* ---- making it ----------------------------------------------------------- */

/* Bytes that no URL has are encoded; the rest is as the rule says. */
static void request_put(const char *path, struct buffer *out)
{
    for (; *path; path++) {
        const unsigned char byte = (unsigned char)*path;

        if (byte <= 0x20 || byte >= 0x7f || strchr("\"<>\\^`{|}#", byte))
            buffer_printf(out, "%%%02X", byte);
        else
            buffer_putc(out, *path);
    }
}

/* Lists that are long by nature come in pages as large as they may be. */
static void request_size(const char *api, const char *path, struct buffer *out)
{
    const char *add = NULL;

    if (strcmp(api, "compute") == 0 && strstr(path, "/aggregated/"))
        add = "maxResults=500";
    else if (strcmp(api, "cloudasset") == 0 && strstr(path, "/assets"))
        add = "pageSize=1000";
    else if (strcmp(api, "cloudasset") == 0 && strstr(path, ":searchAll"))
        add = "pageSize=500";
    if (add && !strstr(path, "maxResults=") && !strstr(path, "pageSize="))
        buffer_printf(out, "%c%s", strchr(path, '?') ? '&' : '?', add);
}

static engine_status request_take_body(const struct value *call,
                                       struct gcp_request *out,
                                       engine_error *err)
{
    const struct value *body = value_member(call, "body");
    const char *raw = value_text(body);
    struct buffer text;
    engine_status status;

    if (!out->post)
        return ENGINE_OK;
    buffer_init(&text, REQUEST_BODY);
    if (raw)
        buffer_puts(&text, raw);
    else if (body)
        value_to_json(body, 0, &text);
    else
        buffer_puts(&text, "{}");
    status = buffer_status(&text, err);
    if (status == ENGINE_OK && (text.len < 2 || text.data[0] != '{' ||
                                text.data[text.len - 1] != '}'))
        status = engine_fail(err, ENGINE_EINVAL, "body: it is no mapping");
    if (status == ENGINE_OK) {
        out->body = buffer_take(&text);
        status = out->body ? ENGINE_OK : engine_fail_memory(err);
    }
    buffer_clear(&text);
    return status;
}

engine_status gcp_request_init(const struct value *call,
                               struct gcp_request *out, engine_error *err)
{
    const char *text = value_text(value_member(call, "request")), *path;
    struct buffer url;
    engine_status status;

    if (!text)
        return engine_fail(err, ENGINE_EINVAL, "request: it is no text");
    status = request_api(text, out->api, sizeof(out->api), &path, err);
    if (status == ENGINE_OK)
        status = request_method(call, &out->post, err);
    if (status == ENGINE_OK)
        status = request_segments(path, err);
    if (status == ENGINE_OK)
        status = gcp_request_may(path, out->post, err);
    if (status < 0)
        return status;
    buffer_init(&url, REQUEST_MAXIMUM);
    buffer_putc(&url, '/');
    request_put(path, &url);
    request_size(out->api, path, &url);
    status = buffer_status(&url, err);
    if (status == ENGINE_OK) {
        out->path = buffer_take(&url);
        status = out->path ? ENGINE_OK : engine_fail_memory(err);
    }
    buffer_clear(&url);
    if (status == ENGINE_OK)
        status = request_take_body(call, out, err);
    if (status < 0)
        gcp_request_clear(out);
    return status;
}

static struct value_member request_member(const char *key, const char *text)
{
    const struct value value = {.kind = VALUE_STRING,
                                .count = (uint32_t)strlen(text),
                                .text = text};

    return (struct value_member){
        .key = key, .key_len = (uint32_t)strlen(key), .value = value};
}

engine_status gcp_request_own(const char *request, const char *body,
                              struct gcp_request *out, engine_error *err)
{
    const struct value_member members[] = {
        request_member("request", request), request_member("method", "POST"),
        request_member("body", body ? body : "")};
    const struct value call = {.kind = VALUE_OBJECT,
                               .count = body ? 3 : 1,
                               .members = members};

    return gcp_request_init(&call, out, err);
}

engine_status gcp_request_path(const struct gcp_request *request,
                               const char *token, struct buffer *out)
{
    struct buffer form;

    buffer_puts(out, request->path);
    if (!token || request->post)
        return buffer_status(out, NULL);
    buffer_init(&form, REQUEST_MAXIMUM);
    token_form(&form, "pageToken", token);
    buffer_printf(out, "%c%s", strchr(request->path, '?') ? '&' : '?',
                  form.data ? form.data : "");
    if (buffer_status(&form, NULL) < 0)
        out->status = form.status;
    buffer_clear(&form);
    return buffer_status(out, NULL);
}

engine_status gcp_request_body(const struct gcp_request *request,
                               const char *token, struct buffer *out)
{
    size_t len;

    if (!request->post)
        return ENGINE_OK;
    len = strlen(request->body);
    if (!token)
        return buffer_append(out, request->body, len);
    buffer_append(out, request->body, len - 1);
    buffer_puts(out, len > 2 ? ",\"pageToken\":" : "\"pageToken\":");
    document_string_to_json(token, out);
    return buffer_putc(out, '}');
}
