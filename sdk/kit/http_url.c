/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_url.c - URLs, by libcurl's own parser: what we say about a URL and
 * where a request goes cannot differ.
 */
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/kit/http_private.h"

struct url_parts {
    CURLU *handle;
    char *scheme, *host, *port, *path;
};

/* Whether the port need not be said. */
static bool url_usual(const struct url_parts *parts)
{
    return strcmp(parts->port,
                  strcmp(parts->scheme, "https") == 0 ? "443" : "80") == 0;
}

void http_wipe(char *text)
{
    if (text)
        explicit_bzero(text, strlen(text));
    engine_free(text);
}

static void url_clear(struct url_parts *parts)
{
    if (!parts->handle)
        return;
    curl_free(parts->scheme);
    curl_free(parts->host);
    curl_free(parts->port);
    curl_free(parts->path);
    curl_url_cleanup(parts->handle);
}

static CURLUcode url_get(struct url_parts *parts)
{
    CURLUcode code;

    code = http_curl_url_get(parts->handle, CURLUPART_SCHEME, &parts->scheme,
                             0);
    if (!code)
        code =
            http_curl_url_get(parts->handle, CURLUPART_HOST, &parts->host, 0);
    if (!code)
        code = http_curl_url_get(parts->handle, CURLUPART_PORT, &parts->port,
                                 CURLU_DEFAULT_PORT);
    if (!code)
        code =
            http_curl_url_get(parts->handle, CURLUPART_PATH, &parts->path, 0);
    return code;
}

/* libcurl would guess at what is missing. */
static bool url_whole(const char *url)
{
    const char *rest = strstr(url, "://");

    return rest && rest[3] != '/' && http_parse_clean(url, false);
}

/* The URL itself is left out of messages: it may hold a password. */
static engine_status url_parse(const char *url, struct url_parts *parts,
                               engine_error *err)
{
    engine_status status = http_curl_load(err);
    CURLUcode code;

    *parts = (struct url_parts){0};
    if (status < 0)
        return status;
    parts->handle = curl_url();
    if (!parts->handle)
        return engine_fail_memory(err);
    code = url_whole(url) ? curl_url_set(parts->handle, CURLUPART_URL, url,
                                         CURLU_PATH_AS_IS)
                          : CURLUE_MALFORMED_INPUT;
    if (!code)
        code = url_get(parts);
    if (code == CURLUE_OUT_OF_MEMORY)
        return engine_fail_memory(err);
    if (code)
        return engine_fail(err, ENGINE_EINVAL, "not a URL: %s",
                           curl_url_strerror(code));
    if (strcmp(parts->scheme, "https") != 0 &&
        strcmp(parts->scheme, "http") != 0)
        return engine_fail(err, ENGINE_EINVAL,
                           "a URL of scheme \"%s\": only https and http can "
                           "be asked",
                           parts->scheme);
    return ENGINE_OK;
}

engine_status http_url_split(const char *url, char **shown, char **host,
                             engine_error *err)
{
    struct url_parts parts;
    engine_status status = url_parse(url, &parts, err);
    char *text = NULL, *name = NULL;

    if (status < 0)
        goto out;
    name = engine_strf("%s://%s:%s", parts.scheme, parts.host, parts.port);
    text = engine_strf("%s://%s%s%s%s", parts.scheme, parts.host,
                       url_usual(&parts) ? "" : ":",
                       url_usual(&parts) ? "" : parts.port, parts.path);
    if (!name || !text) {
        status = engine_fail_memory(err);
        goto out;
    }
    *host = name;
    *shown = text;
    name = text = NULL; /* moved to the caller */
out:
    engine_free(name);
    engine_free(text);
    url_clear(&parts);
    return status;
}

engine_status http_url_move(const char *url, const char *name, char **moved,
                            char **connect_to, char **host_header,
                            engine_error *err)
{
    struct url_parts parts;
    engine_status status = url_parse(url, &parts, err);
    const char *rest;

    if (status < 0)
        goto out;
    rest = strstr(url, "://");
    rest = rest ? rest + 3 : url;
    rest += strcspn(rest, "/?#");
    *moved = engine_strf("%s://%s:%s%s", parts.scheme, name, parts.port, rest);
    *connect_to =
        engine_strf("%s:%s:%s:%s", name, parts.port, parts.host, parts.port);
    *host_header =
        engine_strf("Host: %s%s%s", parts.host, url_usual(&parts) ? "" : ":",
                    url_usual(&parts) ? "" : parts.port);
    if (!*moved || !*connect_to || !*host_header) {
        http_wipe(*moved);
        engine_free(*connect_to);
        engine_free(*host_header);
        *moved = *connect_to = *host_header = NULL;
        status = engine_fail_memory(err);
    }
out:
    url_clear(&parts);
    return status;
}
