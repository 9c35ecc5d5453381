/* SPDX-License-Identifier: Apache-2.0 */
/* request.c - paths and URLs of rules: what they are about, what is refused. */
#include "plugins/azure/request.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* (Azure national clouds, "Endpoints"; names as az and the SDKs have them) */
static const struct azure_cloud request_clouds[] = {
    {"public", "https://management.azure.com",
     "https://login.microsoftonline.com", "https://graph.microsoft.com"},
    {"usgov", "https://management.usgovcloudapi.net",
     "https://login.microsoftonline.us", "https://graph.microsoft.us"},
    {"china", "https://management.chinacloudapi.cn",
     "https://login.chinacloudapi.cn",
     "https://microsoftgraph.chinacloudapi.cn"},
};
static const char *const request_names[][2] = {
    {"AzureCloud", "public"},
    {"AzurePublic", "public"},
    {"AzureUSGovernment", "usgov"},
    {"AzureGovernment", "usgov"},
    {"AzureChinaCloud", "china"},
    {"AzureChina", "china"},
};
#define REQUEST_COUNT(list) (sizeof(list) / sizeof((list)[0]))

const struct azure_cloud *azure_cloud_get(const char *name)
{
    for (size_t i = 0; name && i < REQUEST_COUNT(request_names); i++)
        if (strcasecmp(name, request_names[i][0]) == 0)
            name = request_names[i][1];
    for (size_t i = 0; name && i < REQUEST_COUNT(request_clouds); i++)
        if (strcasecmp(name, request_clouds[i].name) == 0)
            return &request_clouds[i];
    return NULL;
}

/* ---- the parts ----------------------------------------------------------- */

void azure_request_clear(struct azure_request *request)
{
    buffer_clear(&request->path);
}

/* the host of one of the clouds, or none: what is behind it */
static const char *request_after_host(const char *text, enum azure_api *api)
{
    for (size_t i = 0; i < REQUEST_COUNT(request_clouds); i++) {
        const char *hosts[] = {request_clouds[i].resource_manager,
                               request_clouds[i].graph};

        for (size_t k = 0; k < 2; k++) {
            const size_t len = strlen(hosts[k]);

            if (strncasecmp(text, hosts[k], len) != 0 || text[len] != '/')
                continue;
            *api = k ? AZURE_GRAPH : AZURE_ARM;
            return text + len;
        }
    }
    return NULL;
}

static bool request_is_hex(const char *text)
{
    return isxdigit((unsigned char)text[0]) && isxdigit((unsigned char)text[1]);
}

/* what a path or query may hold as it is (RFC 3986, pchar, "/" and "?") */
static bool request_is_plain(char byte)
{
    return isalnum((unsigned char)byte) ||
           (byte && strchr("-._~!$&'()*+,;=:@/?", byte));
}

/* the value of "%6c", or -1 */
static int request_unescape(const char *text)
{
    int value = 0;

    if (text[0] != '%' || !request_is_hex(text + 1))
        return -1;
    for (size_t i = 1; i < 3; i++) {
        const int byte = (unsigned char)text[i];

        value = value * 16 +
                (isdigit(byte) ? byte - '0' : tolower(byte) - 'a' + 10);
    }
    return value;
}

static bool request_is_unreserved(int byte)
{
    return byte > 0 && byte < 128 && (isalnum(byte) || strchr("-._~", byte));
}

/* What servers take for the same is written in one way (RFC 3986, section
 * 6.2.2.2), which is the one that is looked at. */
static engine_status request_encode(const char *text, struct buffer *out,
                                    engine_error *err)
{
    for (; *text; text++) {
        const unsigned char byte = (unsigned char)*text;

        if (byte < ' ' || byte == 127 || byte == '#' || byte == '\\')
            return engine_fail(err, ENGINE_EINVAL,
                               "a path cannot hold %s",
                               byte == '#'    ? "\"#\""
                               : byte == '\\' ? "a backslash"
                                              : "control characters");
        if (request_is_unreserved(request_unescape(text))) {
            buffer_putc(out, (char)request_unescape(text));
            text += 2;
        } else if (request_is_plain(*text) || request_unescape(text) >= 0) {
            buffer_putc(out, *text);
        } else {
            buffer_printf(out, "%%%02X", byte);
        }
    }
    return buffer_status(out, err);
}

/* a segment that means another place */
static bool request_is_dots(const char *segment, size_t len)
{
    return (len == 1 && segment[0] == '.') ||
           (len == 2 && segment[0] == '.' && segment[1] == '.');
}

/* what would mean something else to a server that decodes before it looks, or
 * twice: "/", "\\", "?", NUL, "%6c" */
static bool request_hides(const char *text)
{
    const int byte = request_unescape(text);

    return byte == '/' || byte == '\\' || byte == '?' || byte == 0 ||
           (byte == '%' && request_is_hex(text + 3));
}

static engine_status request_segments(const char *path, size_t len,
                                      engine_error *err)
{
    for (size_t i = 0; i < len;) {
        const char *segment = path + i + 1;
        const char *slash = memchr(segment, '/', len - i - 1);
        const size_t size =
            slash ? (size_t)(slash - segment) : len - i - 1;

        if (!size && i + 1 < len)
            return engine_fail(err, ENGINE_EINVAL,
                               "an empty segment in the path %.*s",
                               len > 200 ? 200 : (int)len, path);
        if (request_is_dots(segment, size))
            return engine_fail(err, ENGINE_EINVAL,
                               "the path %.*s leads elsewhere by its dots",
                               len > 200 ? 200 : (int)len, path);
        for (size_t k = 0; k + 2 < size; k++)
            if (request_hides(segment + k))
                return engine_fail(err, ENGINE_EINVAL,
                                   "an encoded slash, backslash, \"?\", NUL "
                                   "or \"%%\" in the path %.*s",
                                   len > 200 ? 200 : (int)len, path);
        i += 1 + size;
    }
    return ENGINE_OK;
}

static bool request_has_version(const char *query)
{
    for (; *query; query += strcspn(query, "&") + (query[strcspn(query, "&")]
                                                       ? 1
                                                       : 0))
        if (strncasecmp(query, "api-version=", 12) == 0)
            return true;
    return false;
}

const char *azure_request_expand(const char *path)
{
    const char *query = strchr(path, '?');

    while (query) {
        query++;
        if (*query == '$')
            query++;
        else if (strncmp(query, "%24", 3) == 0)
            query += 3;
        if (strncasecmp(query, "expand=", 7) == 0)
            return query + 7;
        query = strchr(query, '&');
    }
    return NULL;
}

static engine_status request_method(const char *method, bool *post,
                                    engine_error *err)
{
    *post = method && strcmp(method, "POST") == 0;
    if (!method || *post || strcmp(method, "GET") == 0)
        return ENGINE_OK;
    return engine_fail(err, ENGINE_EDENIED,
                       "method \"%.20s\": only GET, and POST for a few "
                       "actions that read",
                       method);
}

engine_status azure_request_read(const char *method, const char *text,
                                 struct azure_request *out, engine_error *err)
{
    engine_status status;
    size_t len;

    *out = (struct azure_request){.api = AZURE_ARM};
    buffer_init(&out->path, AZURE_PATH_MAXIMUM);
    status = request_method(method, &out->post, err);
    if (status < 0)
        return status;
    if (strstr(text, "://") && text[0] != '/') {
        text = request_after_host(text, &out->api);
        if (!text)
            return engine_fail(err, ENGINE_EINVAL,
                               "a request goes to Azure Resource Manager or "
                               "to Microsoft Graph, and to no other host");
    }
    if (text[0] != '/' || text[1] == '/')
        return engine_fail(err, ENGINE_EINVAL,
                           "a request is a path that begins with one slash, "
                           "not \"%.100s\"",
                           text);
    status = request_encode(text, &out->path, err);
    if (status < 0)
        return status;
    len = strcspn(out->path.data, "?");
    if (out->path.data[len])
        out->versioned = request_has_version(out->path.data + len + 1);
    if (out->api == AZURE_GRAPH &&
        strncmp(out->path.data, "/v1.0/", 6) != 0 &&
        strncmp(out->path.data, "/beta/", 6) != 0)
        return engine_fail(err, ENGINE_EINVAL,
                           "a path of Microsoft Graph begins with /v1.0/");
    status = request_segments(out->path.data, len, err);
    if (status == ENGINE_OK)
        status = azure_request_allow(out, out->path.data, len, err);
    return status;
}

engine_status azure_version_check(const char *text, engine_error *err)
{
    static const char form[] = "dddd-dd-dd";
    size_t i;

    for (i = 0; form[i]; i++)
        if (form[i] == 'd' ? !isdigit((unsigned char)text[i])
                           : text[i] != form[i])
            break;
    if (!form[i] && (!text[i] || (text[i] == '-' && text[i + 1] &&
                                  strspn(text + i, "-.abcdefghijklmnopqrstuvwxy"
                                                   "z0123456789") ==
                                      strlen(text + i))))
        return ENGINE_OK;
    return engine_fail(err, ENGINE_EINVAL,
                       "api_version \"%.40s\" is no version such as "
                       "2023-05-01 or 2023-05-01-preview",
                       text);
}

/* ---- scopes -------------------------------------------------------------- */

/* "subscription" as a whole word of a placeholder: a name that stands alone */
static bool request_text_needs(const char *text)
{
    static const char word[] = "subscription";
    bool inside = false;

    for (const char *at = text; *at; at++) {
        if (*at == '{')
            inside = true;
        else if (*at == '}')
            inside = false;
        if (!inside || strncmp(at, word, sizeof(word) - 1) != 0)
            continue;
        if (at[sizeof(word) - 1] != '_' &&
            !isalnum((unsigned char)at[sizeof(word) - 1]) && at > text &&
            at[-1] != '_' && at[-1] != '.' && !isalnum((unsigned char)at[-1]))
            return true;
    }
    return false;
}

bool azure_call_needs_subscription(const struct value *call)
{
    if (call->kind == VALUE_STRING)
        return request_text_needs(call->text);
    for (uint32_t i = 0; call->kind == VALUE_ARRAY && i < call->count; i++)
        if (azure_call_needs_subscription(&call->items[i]))
            return true;
    for (uint32_t i = 0; call->kind == VALUE_OBJECT && i < call->count; i++)
        if (azure_call_needs_subscription(&call->members[i].value))
            return true;
    return false;
}

/* ---- URLs ---------------------------------------------------------------- */

struct request_origin {
    bool secure;
    const char *host;
    size_t len;
    long port;
};

static bool request_origin(const char *url, struct request_origin *out)
{
    size_t authority;
    const char *colon;

    out->secure = strncasecmp(url, "https://", 8) == 0;
    if (!out->secure && strncasecmp(url, "http://", 7) != 0)
        return false;
    out->host = url + (out->secure ? 8 : 7);
    authority = strcspn(out->host, "/?#");
    /* neither user information nor what parsers read differently */
    if (!authority || memchr(out->host, '@', authority) ||
        memchr(out->host, '\\', authority) ||
        memchr(out->host, '%', authority))
        return false;
    out->len = authority;
    out->port = out->secure ? 443 : 80;
    colon = memrchr(out->host, ':', authority);
    if (!colon || memchr(colon, ']', authority - (size_t)(colon - out->host)))
        return true;
    out->len = (size_t)(colon - out->host);
    out->port = 0;
    for (const char *at = colon + 1; at < out->host + authority; at++) {
        if (!isdigit((unsigned char)*at) || out->port > 65535)
            return false;
        out->port = out->port * 10 + (*at - '0');
    }
    return out->port > 0 && out->len > 0;
}

bool azure_same_origin(const char *a, const char *b)
{
    struct request_origin one, other;

    return request_origin(a, &one) && request_origin(b, &other) &&
           one.secure == other.secure && one.port == other.port &&
           one.len == other.len &&
           strncasecmp(one.host, other.host, one.len) == 0;
}

engine_status azure_encode(const char *text, struct buffer *out)
{
    for (; *text; text++)
        if (isalnum((unsigned char)*text) || strchr("-._~", *text))
            buffer_putc(out, *text);
        else
            buffer_printf(out, "%%%02X", (unsigned char)*text);
    return buffer_status(out, NULL);
}
