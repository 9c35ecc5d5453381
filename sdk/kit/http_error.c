/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_error.c - what went wrong, in words: method, host and path (never the
 * query, which may hold secrets), the cause, and what to do about it.
 */
#include <string.h>

#include "sdk/kit/http_private.h"

void http_error_subject(const struct http_request *request, char *out,
                        size_t room)
{
    snprintf(out, room, "%s \"%.300s%s\"", request->method, request->shown,
             strlen(request->shown) > 300 ? "..." : "");
}

struct error_kind {
    CURLcode code;
    engine_status status;
    const char *text;
    const char *hint;
};

static const struct error_kind error_kinds[] = {
    {CURLE_COULDNT_RESOLVE_HOST, ENGINE_EIO,
     "the address of the host could not be found",
     "check the host's name, and name resolution on this machine"},
    {CURLE_COULDNT_RESOLVE_PROXY, ENGINE_EIO,
     "the address of the proxy could not be found",
     "check the proxy's name (also in https_proxy and http_proxy)"},
    {CURLE_COULDNT_CONNECT, ENGINE_EIO, "could not connect",
     "is the server running, and may this machine reach its port?"},
    {CURLE_PROXY, ENGINE_EIO, "the proxy refused or failed",
     "check the proxy (also in https_proxy and http_proxy)"},
    {CURLE_OPERATION_TIMEDOUT, ENGINE_ETIMEOUT, "no connection in time",
     "may this machine reach the server's port?"},
    {CURLE_SSL_CONNECT_ERROR, ENGINE_EIO, "no TLS connection",
     "is this a TLS port, and does the server speak TLS 1.2 or later?"},
    {CURLE_SSL_CACERT_BADFILE, ENGINE_EINVAL,
     "the CA certificates cannot be read", "they have to be PEM"},
    {CURLE_SSL_CERTPROBLEM, ENGINE_EINVAL,
     "the client certificate or its key cannot be used",
     "they have to be PEM, to belong together, and to have no password"},
    {CURLE_GOT_NOTHING, ENGINE_EIO, "the connection was closed without answer",
     ""},
    {CURLE_PARTIAL_FILE, ENGINE_EIO, "the answer was cut off", ""},
    {CURLE_RECV_ERROR, ENGINE_EIO, "the connection broke", ""},
    {CURLE_SEND_ERROR, ENGINE_EIO, "the connection broke", ""},
    {CURLE_HTTP2, ENGINE_EIO, "the connection broke", ""},
    {CURLE_HTTP2_STREAM, ENGINE_EIO, "the connection broke", ""},
    {CURLE_BAD_CONTENT_ENCODING, ENGINE_EPARSE,
     "the answer's compression is damaged", ""},
    {CURLE_WEIRD_SERVER_REPLY, ENGINE_EPARSE, "this is not an HTTP answer",
     "does the port belong to an HTTP server?"},
    {CURLE_UNSUPPORTED_PROTOCOL, ENGINE_EPARSE, "this is not an HTTP answer",
     "does the port belong to an HTTP server?"},
};

/* what a connection that did not come about has to do with a proxy */
static const struct error_kind error_proxies[] = {
    {CURLE_PROXY, ENGINE_EIO, "the proxy refused",
     "check the proxy, its user and its password (also in https_proxy and "
     "http_proxy)"},
    {CURLE_COULDNT_CONNECT, ENGINE_EIO, "could not connect to the proxy",
     "is the proxy right (also in https_proxy and http_proxy), and does it "
     "run?"},
};

static bool error_used_proxy(const struct http_request *request)
{
#if LIBCURL_VERSION_NUM >= 0x080700
    long used = 0;

    curl_easy_getinfo(request->try->easy, CURLINFO_USED_PROXY, &used);
    return used != 0;
#else
    const char *given = request->place->given.proxy;

    return given && *given;
#endif
}

static const struct error_kind *error_kind_get(
    const struct http_request *request, CURLcode code)
{
    static const struct error_kind other = {CURLE_OK, ENGINE_EIO,
                                            "the request failed", ""};
    long answer = 0;

    curl_easy_getinfo(request->try->easy, CURLINFO_HTTP_CONNECTCODE, &answer);
    if (answer >= 300)
        return &error_proxies[0];
    if (code == CURLE_COULDNT_CONNECT && error_used_proxy(request))
        return &error_proxies[1];
    for (size_t i = 0; i < sizeof(error_kinds) / sizeof(*error_kinds); i++)
        if (error_kinds[i].code == code)
            return &error_kinds[i];
    return &other;
}

/* libcurl's own words, as one harmless line; it quotes the other side. */
static void error_cause(const struct http_request *request, CURLcode code,
                        char *out, size_t room)
{
    const char *cause = request->try->cause;
    long number = 0;

    curl_easy_getinfo(request->try->easy, CURLINFO_OS_ERRNO, &number);
    if (code == CURLE_COULDNT_CONNECT && number)
        cause = strerror((int)number);
    snprintf(out, room, "%.250s", *cause ? cause : curl_easy_strerror(code));
    for (char *at = out; *at; at++)
        if ((unsigned char)*at < 0x20 || (unsigned char)*at >= 0x7f)
            *at = '?';
}

/* Whose certificate was refused, and what to do, depends on libcurl's words:
 * there is no other way to tell a wrong name from an unknown CA. */
static engine_status error_untrusted(struct http_request *request,
                                     const char *subject, const char *cause)
{
    engine_error *err = &request->try->err;
    long proxy = 0;

    curl_easy_getinfo(request->try->easy, CURLINFO_PROXY_SSL_VERIFYRESULT,
                      &proxy);
    engine_fail(err, ENGINE_EIO, "%s: the %s's certificate was refused: %s",
                subject, proxy ? "proxy" : "server", cause);
    if (strstr(cause, "alternative certificate subject name") ||
        strstr(cause, "does not match"))
        engine_hint(err, "the certificate is for another name: use that name "
                         "in the URL, or give it as the server's TLS name");
    else if (strstr(cause, "expired") || strstr(cause, "not yet valid"))
        engine_hint(err, "renew the certificate, or check the clock");
    else
        engine_hint(err, "give the CA that signed it (PEM)");
    return ENGINE_EIO;
}

engine_status http_error_fill(struct http_request *request, CURLcode code)
{
    const struct error_kind *kind = error_kind_get(request, code);
    engine_error *err = &request->try->err;
    char subject[ENGINE_MESSAGE_MAX / 2], cause[256], tries[32] = "";

    if (code == CURLE_OUT_OF_MEMORY)
        return engine_fail_memory(err);
    request->response.unresolved = code == CURLE_COULDNT_RESOLVE_HOST;
    http_error_subject(request, subject, sizeof(subject));
    error_cause(request, code, cause, sizeof(cause));
    if (code == CURLE_PEER_FAILED_VERIFICATION)
        return error_untrusted(request, subject, cause);
    if (request->response.tries > 1)
        snprintf(tries, sizeof(tries), " (%u tries)", request->response.tries);
    engine_fail(err, kind->status, "%s: %s: %s%s", subject, kind->text, cause,
                tries);
    if (*kind->hint)
        engine_hint(err, "%s", kind->hint);
    return kind->status;
}
