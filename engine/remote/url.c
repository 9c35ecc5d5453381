/* SPDX-License-Identifier: Apache-2.0 */
/* url.c - addresses of daemons. libcurl takes them apart, as it will again
 * when it asks: no two readings of one text. */
#include "engine/remote/url.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sdk/base/alloc.h"

#define URL_PREFIX "/api/v1"
#define URL_MAX 2000
#define URL_RETRY_MAX 86400

bool url_is_loopback(const char *host)
{
    struct in_addr four;
    struct in6_addr six;
    char bare[64];
    const size_t len = strlen(host);

    if (strcasecmp(host, "localhost") == 0)
        return true;
    if (inet_pton(AF_INET, host, &four) == 1)
        return (ntohl(four.s_addr) >> 24) == 127;
    if (len < 3 || len >= sizeof(bare) || host[0] != '[' ||
        host[len - 1] != ']')
        return false;
    memcpy(bare, host + 1, len - 2);
    bare[len - 2] = '\0';
    return inet_pton(AF_INET6, bare, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

long url_retry_after(const char *text)
{
    char *end = NULL;
    long value;

    text += strspn(text, " \t");
    if (*text < '0' || *text > '9')
        return -1;
    value = strtol(text, &end, 10); /* too large: LONG_MAX */
    end += strspn(end, " \t\r\n");
    if (*end)
        return -1;
    return value > URL_RETRY_MAX ? URL_RETRY_MAX : value;
}

struct url_parts {
    char *scheme, *host, *path;
};

static bool url_has(CURLU *url, CURLUPart part)
{
    char *text = NULL;
    const bool has = curl_url_get(url, part, &text, 0) == CURLUE_OK;

    curl_free(text);
    return has;
}

static engine_status url_check_parts(CURLU *url, const struct url_parts *parts,
                                     bool insecure, engine_error *err)
{
    const bool plain = strcmp(parts->scheme, "http") == 0;

    if (!plain && strcmp(parts->scheme, "https") != 0)
        return engine_fail(err, ENGINE_EINVAL,
                           "--server begins with \"%.20s\": expected https "
                           "or http",
                           parts->scheme);
    /* not quoted: it may hold a password */
    if (url_has(url, CURLUPART_USER) || url_has(url, CURLUPART_PASSWORD)) {
        engine_fail(err, ENGINE_EINVAL,
                    "--server holds a user or password, which everybody on "
                    "this machine can read");
        engine_hint(err, "write a token into a file and use --token-file");
        return ENGINE_EINVAL;
    }
    if (url_has(url, CURLUPART_QUERY) || url_has(url, CURLUPART_FRAGMENT))
        return engine_fail(err, ENGINE_EINVAL,
                           "--server has a query or fragment: expected "
                           "https://HOST[:PORT]");
    if (plain && !insecure && !url_is_loopback(parts->host)) {
        engine_fail(err, ENGINE_EDENIED,
                    "--server is plain http to another machine, \"%.200s\": "
                    "everybody on the way could read the token",
                    parts->host);
        engine_hint(err, "use https; or, where nobody else is on the way, "
                         "--insecure-http");
        return ENGINE_EDENIED;
    }
    return ENGINE_OK;
}

static engine_status url_make(CURLU *url, const struct url_parts *parts,
                              char **out, engine_error *err)
{
    size_t len = strlen(parts->path);
    char *path, *whole = NULL, *made = NULL;
    CURLUcode code;

    while (len && parts->path[len - 1] == '/')
        len--;
    if (len >= strlen(URL_PREFIX) &&
        memcmp(parts->path + len - strlen(URL_PREFIX), URL_PREFIX,
               strlen(URL_PREFIX)) == 0)
        len -= strlen(URL_PREFIX);
    path = engine_strf("%.*s" URL_PREFIX, (int)len, parts->path);
    if (!path)
        return engine_fail_memory(err);
    code = curl_url_set(url, CURLUPART_PATH, path, 0);
    if (code == CURLUE_OK)
        code = curl_url_get(url, CURLUPART_URL, &whole, 0);
    engine_free(path);
    if (code == CURLUE_OK)
        made = engine_strdup(whole);
    curl_free(whole);
    if (!made)
        return engine_fail_memory(err);
    *out = made;
    return ENGINE_OK;
}

engine_status url_check(const char *text, bool insecure, char **out,
                        engine_error *err)
{
    struct url_parts parts = {NULL, NULL, NULL};
    CURLU *url = curl_url();
    engine_status status = ENGINE_EINVAL;

    if (!url)
        return engine_fail_memory(err);
    if (strlen(text) > URL_MAX || !strstr(text, "://") ||
        curl_url_set(url, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME) ||
        curl_url_get(url, CURLUPART_SCHEME, &parts.scheme, 0) ||
        curl_url_get(url, CURLUPART_HOST, &parts.host, 0) ||
        curl_url_get(url, CURLUPART_PATH, &parts.path, 0)) {
        engine_fail(err, ENGINE_EINVAL, "--server is no address");
        engine_hint(err, "write https://HOST[:PORT]");
    } else {
        status = url_check_parts(url, &parts, insecure, err);
        if (status == ENGINE_OK)
            status = url_make(url, &parts, out, err);
    }
    curl_free(parts.scheme);
    curl_free(parts.host);
    curl_free(parts.path);
    curl_url_cleanup(url);
    return status;
}

void url_escape(const char *text, struct buffer *out)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789-._~";

    for (; *text; text++) {
        if (strchr(plain, *text))
            buffer_putc(out, *text);
        else
            buffer_printf(out, "%%%02X", (unsigned)(unsigned char)*text);
    }
}
