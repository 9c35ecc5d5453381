/* SPDX-License-Identifier: Apache-2.0 */
/* path.c - taking API paths apart and putting them together. */
#include "plugins/kubernetes/path.h"

#include <ctype.h>
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/base/buffer.h"

#define PATH_MAX_BYTES ((size_t)16 * 1024)

/* how to read, not what */
static const char *const path_paging[] = {"limit", "continue", "watch",
                                          "timeoutSeconds", "pretty", NULL};

static bool path_is_paging(const char *name, size_t len)
{
    for (size_t i = 0; path_paging[i]; i++)
        if (strlen(path_paging[i]) == len &&
            memcmp(path_paging[i], name, len) == 0)
            return true;
    return false;
}

static int path_hex(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    digit = (char)tolower((unsigned char)digit);
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* percent-decoding of a query's value (RFC 3986, 2.1); + is a blank */
static char *path_decode(const char *text, size_t len)
{
    char *out = engine_malloc(len + 1);
    size_t used = 0;

    for (size_t i = 0; out && i < len; i++) {
        const int high = text[i] == '%' && i + 2 < len ? path_hex(text[i + 1])
                                                       : -1;
        const int low = high >= 0 ? path_hex(text[i + 2]) : -1;
        if (low >= 0) {
            out[used++] = (char)(high * 16 + low);
            i += 2;
        } else {
            out[used++] = text[i];
            if (text[i] == '+')
                out[used - 1] = ' ';
        }
    }
    if (out)
        out[used] = '\0';
    return out;
}

static engine_status path_add_parameter(struct kube_path *path,
                                        struct buffer *query,
                                        const char *text, size_t len,
                                        engine_error *err)
{
    const char *equals = memchr(text, '=', len);
    const size_t name = equals ? (size_t)(equals - text) : len;
    char **selector = NULL;

    if (len == 0 || path_is_paging(text, name))
        return ENGINE_OK;
    if (name == 13 && memcmp(text, "labelSelector", name) == 0)
        selector = &path->labels;
    else if (name == 13 && memcmp(text, "fieldSelector", name) == 0)
        selector = &path->fields;
    if (selector && equals) {
        engine_free(*selector);
        *selector = path_decode(equals + 1, len - name - 1);
        if (!*selector)
            return engine_fail_memory(err);
    }
    if (query->len)
        buffer_putc(query, '&');
    for (size_t i = 0; i < len; i++)
        if (text[i] == '/') /* a key is a file's name in a recording, too */
            buffer_puts(query, "%2F");
        else
            buffer_putc(query, text[i]);
    return buffer_status(query, err);
}

static engine_status path_parse_query(struct kube_path *path,
                                      const char *text, engine_error *err)
{
    engine_status status = ENGINE_OK;
    struct buffer query;

    buffer_init(&query, PATH_MAX_BYTES);
    buffer_puts(&query, "");
    while (status == ENGINE_OK && *text) {
        const size_t len = strcspn(text, "&");
        status = path_add_parameter(path, &query, text, len, err);
        text += len + (text[len] == '&');
    }
    if (status == ENGINE_OK && !(path->query = buffer_take(&query)))
        status = engine_fail_memory(err);
    buffer_clear(&query);
    return status;
}

/* a segment may hold dots and colons, but no way up or out */
static bool path_segments_fit(const char *text)
{
    const char *at = text;

    if (*at != '/')
        return false;
    for (; *at; at++) {
        const size_t len = strcspn(at + 1, "/");
        if (*at != '/')
            continue;
        if (len == 0 || (len == 1 && at[1] == '.') ||
            (len == 2 && at[1] == '.' && at[2] == '.'))
            return false;
    }
    return true;
}

/* as it was written, and as it is encoded */
static engine_status path_check_length(const char *text, engine_error *err)
{
    if (strlen(text) <= PATH_MAX_BYTES)
        return ENGINE_OK;
    return engine_fail(err, ENGINE_ELIMIT,
                       "the path is longer than %zu bytes", PATH_MAX_BYTES);
}

static engine_status path_check(const char *text, engine_error *err)
{
    if (path_check_length(text, err) < 0)
        return ENGINE_ELIMIT;
    for (const char *at = text; *at; at++)
        if (iscntrl((unsigned char)*at) || *at == ' ' || *at == '\\')
            return engine_fail(err, ENGINE_EINVAL,
                               "\"%.200s\" is no API path: blanks, "
                               "backslashes and control characters have to "
                               "be percent-encoded", text);
    return ENGINE_OK;
}

engine_status kube_path_parse(const char *text, struct kube_path *out,
                              engine_error *err)
{
    const char *hash = strchr(text, '#');
    const size_t whole = hash ? (size_t)(hash - text) : strlen(text);
    engine_status status;
    char *question;

    memset(out, 0, sizeof(*out));
    status = path_check(text, err);
    if (status < 0)
        return status;
    out->wish = engine_strndup(text, whole);
    out->plain = engine_strndup(text, whole);
    out->hash = hash ? engine_strdup(hash + 1) : NULL;
    if (!out->wish || !out->plain || (hash && !out->hash)) {
        kube_path_clear(out);
        return engine_fail_memory(err);
    }
    question = strchr(out->plain, '?');
    if (question)
        *question = '\0';
    if (!path_segments_fit(out->plain))
        status = engine_fail(err, ENGINE_EINVAL,
                             "\"%.200s\" is no API path: it has to begin "
                             "with / and have no empty, \".\" or \"..\" "
                             "segments", text);
    else
        status = path_parse_query(out, question ? question + 1 : "", err);
    if (status == ENGINE_OK) {
        out->key = engine_strf("%s%s%s", out->plain, *out->query ? "?" : "",
                               out->query);
        status = out->key ? path_check_length(out->key, err)
                          : engine_fail_memory(err);
    }
    if (status < 0)
        kube_path_clear(out);
    return status;
}

void kube_path_clear(struct kube_path *path)
{
    engine_free(path->key);
    engine_free(path->plain);
    engine_free(path->query);
    engine_free(path->wish);
    engine_free(path->hash);
    engine_free(path->labels);
    engine_free(path->fields);
    memset(path, 0, sizeof(*path));
}

bool kube_path_is_api(const struct kube_path *path)
{
    static const char *const roots[] = {"/api", "/apis", "/version",
                                        "/openapi", "/healthz", "/livez",
                                        "/readyz"};

    for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
        const size_t len = strlen(roots[i]);
        if (strncmp(path->plain, roots[i], len) == 0 &&
            (path->plain[len] == '/' || path->plain[len] == '\0'))
            return true;
    }
    return false;
}

/* ---- building ------------------------------------------------------------ */

/* RFC 3986: "system:node" is a segment as it stands, but no plain value of a
 * query */
static void path_encode(struct buffer *out, const char *text, bool query)
{
    const char *plain = query ? "-._~" : "-._~:@!$&'()*+,;=";

    for (; *text; text++)
        if (isalnum((unsigned char)*text) || strchr(plain, *text))
            buffer_putc(out, *text);
        else
            buffer_printf(out, "%%%02X", (unsigned char)*text);
}

static void path_add_selector(struct buffer *out, const char *name,
                              const char *text, bool *first)
{
    if (!text || !*text)
        return;
    buffer_printf(out, "%c%s=", *first ? '?' : '&', name);
    path_encode(out, text, true);
    *first = false;
}

engine_status kube_path_build(const struct kube_path_parts *parts, char **out,
                              engine_error *err)
{
    engine_status status;
    struct buffer path;
    bool first = true;

    buffer_init(&path, PATH_MAX_BYTES);
    if (parts->group && *parts->group) {
        buffer_puts(&path, "/apis/");
        path_encode(&path, parts->group, false);
        buffer_putc(&path, '/');
    } else {
        buffer_puts(&path, "/api/");
    }
    path_encode(&path, parts->version, false);
    if (parts->namespace) {
        buffer_puts(&path, "/namespaces/");
        path_encode(&path, parts->namespace, false);
    }
    buffer_putc(&path, '/');
    path_encode(&path, parts->plural, false);
    if (parts->name) {
        buffer_putc(&path, '/');
        path_encode(&path, parts->name, false);
    }
    path_add_selector(&path, "labelSelector", parts->labels, &first);
    path_add_selector(&path, "fieldSelector", parts->fields, &first);
    status = buffer_status(&path, err);
    if (status == ENGINE_OK && !(*out = buffer_take(&path)))
        status = engine_fail_memory(err);
    buffer_clear(&path);
    return status;
}
