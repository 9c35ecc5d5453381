/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_curl.c - libcurl, loaded when a client is made or a URL is read.
 *
 * Linked, it and the thirty libraries below it would take most of the time in
 * which a scanner is loaded, also to say what it is or to read files. So its
 * functions are defined here, by its own header, and go to those of the
 * library. Where http_curl_load fails, none of them may be called.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "sdk/kit/http_private.h"

/* Macros that check types, for callers; here are the functions. */
#undef curl_easy_getinfo
#undef curl_easy_setopt
#undef curl_multi_setopt
#undef curl_share_setopt

#define CURL_EACH(take)                                                      \
    take(curl_easy_cleanup) take(curl_easy_getinfo) take(curl_easy_init)     \
    take(curl_easy_reset) take(curl_easy_setopt) take(curl_easy_strerror)    \
    take(curl_free) take(curl_getdate) take(curl_global_init)                \
    take(curl_multi_add_handle) take(curl_multi_cleanup)                     \
    take(curl_multi_info_read) take(curl_multi_init)                         \
    take(curl_multi_perform) take(curl_multi_poll)                           \
    take(curl_multi_remove_handle) take(curl_multi_setopt)                   \
    take(curl_multi_strerror) take(curl_share_cleanup)                       \
    take(curl_share_init) take(curl_share_setopt) take(curl_slist_append)    \
    take(curl_slist_free_all) take(curl_url) take(curl_url_cleanup)          \
    take(curl_url_get) take(curl_url_set) take(curl_url_strerror)            \
    take(curl_version)

#define CURL_MEMBER(name) __typeof__(name) *name;
#define CURL_NAME(name) {#name, offsetof(struct curl_calls, name)},

struct curl_calls {
    CURL_EACH(CURL_MEMBER)
};

static const struct {
    const char *name;
    size_t offset;
} curl_names[] = {CURL_EACH(CURL_NAME)};

/* One for the process, as the library is: it is never unloaded, since other
 * users of it may be there, and its TLS library has handlers of its own. */
static struct curl_calls curl_real;
static pthread_once_t curl_once = PTHREAD_ONCE_INIT;
static char curl_missing[256]; /* why it could not be loaded */

static void curl_open(void)
{
    void *handle =
        dlopen(CURL_SONAME, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);

    if (!handle) {
        const char *reason = dlerror();

        snprintf(curl_missing, sizeof(curl_missing), "%s",
                 reason ? reason : CURL_SONAME ": unknown reason");
        return;
    }
    for (size_t i = 0; i < sizeof(curl_names) / sizeof(*curl_names); i++) {
        void *symbol = dlsym(handle, curl_names[i].name);

        if (!symbol) {
            snprintf(curl_missing, sizeof(curl_missing),
                     CURL_SONAME ": it has no function %s",
                     curl_names[i].name);
            return;
        }
        /* as POSIX has dlsym */
        memcpy((char *)&curl_real + curl_names[i].offset, &symbol,
               sizeof(symbol));
    }
    /* never undone: others may still need it */
    if (curl_real.curl_global_init(CURL_GLOBAL_ALL) != CURLE_OK)
        snprintf(curl_missing, sizeof(curl_missing),
                 CURL_SONAME ": it could not be set up");
}

engine_status http_curl_load(engine_error *err)
{
    pthread_once(&curl_once, curl_open);
    if (!curl_missing[0])
        return ENGINE_OK;
    engine_fail(err, ENGINE_EUNSUPPORTED, "could not load the HTTP library: %s",
                curl_missing);
    engine_hint(err, "install libcurl 7.87 or later (in Debian: libcurl4), or "
                     "what it needs");
    return ENGINE_EUNSUPPORTED;
}

/* Whoever links the kit may call them for himself, before there is a client. */
static const struct curl_calls *curl_lib(void)
{
    pthread_once(&curl_once, curl_open);
    return &curl_real;
}

/* ---- functions of any arguments ------------------------------------------ */

CURLcode curl_easy_setopt(CURL *handle, CURLoption option, ...)
{
    const struct curl_calls *real = curl_lib();
    CURLcode code;
    va_list rest;

    va_start(rest, option);
    if (option < CURLOPTTYPE_OBJECTPOINT)
        code = real->curl_easy_setopt(handle, option, va_arg(rest, long));
    else if (option >= CURLOPTTYPE_OFF_T && option < CURLOPTTYPE_BLOB)
        code = real->curl_easy_setopt(handle, option,
                                      va_arg(rest, curl_off_t));
    else
        code = real->curl_easy_setopt(handle, option, va_arg(rest, void *));
    va_end(rest);
    return code;
}

CURLcode curl_easy_getinfo(CURL *handle, CURLINFO info, ...)
{
    const struct curl_calls *real = curl_lib();
    CURLcode code;
    va_list rest;

    va_start(rest, info);
    code = real->curl_easy_getinfo(handle, info, va_arg(rest, void *));
    va_end(rest);
    return code;
}

CURLMcode curl_multi_setopt(CURLM *handle, CURLMoption option, ...)
{
    const struct curl_calls *real = curl_lib();
    const int kind = (int)option; /* numbered as CURLoption */
    CURLMcode code;
    va_list rest;

    va_start(rest, option);
    if (kind < CURLOPTTYPE_OBJECTPOINT)
        code = real->curl_multi_setopt(handle, option, va_arg(rest, long));
    else if (kind >= CURLOPTTYPE_OFF_T && kind < CURLOPTTYPE_BLOB)
        code = real->curl_multi_setopt(handle, option,
                                       va_arg(rest, curl_off_t));
    else
        code = real->curl_multi_setopt(handle, option, va_arg(rest, void *));
    va_end(rest);
    return code;
}

CURLSHcode curl_share_setopt(CURLSH *share, CURLSHoption option, ...)
{
    const struct curl_calls *real = curl_lib();
    CURLSHcode code;
    va_list rest;

    va_start(rest, option);
    if (option == CURLSHOPT_SHARE || option == CURLSHOPT_UNSHARE)
        code = real->curl_share_setopt(share, option, va_arg(rest, int));
    else
        code = real->curl_share_setopt(share, option, va_arg(rest, void *));
    va_end(rest);
    return code;
}

/* ---- the others ---------------------------------------------------------- */

#define CURL_PASS(type, name, parameters, arguments) \
    type name parameters                             \
    {                                                \
        return curl_lib()->name arguments;           \
    }
#define CURL_DO(name, parameters, arguments) \
    void name parameters                     \
    {                                        \
        curl_lib()->name arguments;          \
    }

CURL_PASS(CURL *, curl_easy_init, (void), ())
CURL_PASS(const char *, curl_easy_strerror, (CURLcode code), (code))
CURL_DO(curl_easy_reset, (CURL *handle), (handle))
CURL_DO(curl_easy_cleanup, (CURL *handle), (handle))

CURL_PASS(CURLM *, curl_multi_init, (void), ())
CURL_PASS(CURLMcode, curl_multi_add_handle, (CURLM *multi, CURL *handle),
          (multi, handle))
CURL_PASS(CURLMcode, curl_multi_remove_handle, (CURLM *multi, CURL *handle),
          (multi, handle))
CURL_PASS(CURLMcode, curl_multi_perform, (CURLM *multi, int *running),
          (multi, running))
CURL_PASS(CURLMcode, curl_multi_poll,
          (CURLM *multi, struct curl_waitfd *more, unsigned count, int wait_ms,
           int *ready),
          (multi, more, count, wait_ms, ready))
CURL_PASS(CURLMsg *, curl_multi_info_read, (CURLM *multi, int *left),
          (multi, left))
CURL_PASS(const char *, curl_multi_strerror, (CURLMcode code), (code))
CURL_PASS(CURLMcode, curl_multi_cleanup, (CURLM *multi), (multi))

CURL_PASS(CURLSH *, curl_share_init, (void), ())
CURL_PASS(CURLSHcode, curl_share_cleanup, (CURLSH *share), (share))

CURL_PASS(CURLU *, curl_url, (void), ())
CURL_PASS(CURLUcode, curl_url_set,
          (CURLU *url, CURLUPart part, const char *text, unsigned flags),
          (url, part, text, flags))
CURL_PASS(const char *, curl_url_strerror, (CURLUcode code), (code))
CURL_DO(curl_url_cleanup, (CURLU *url), (url))

CURL_PASS(struct curl_slist *, curl_slist_append,
          (struct curl_slist *list, const char *text), (list, text))
CURL_DO(curl_slist_free_all, (struct curl_slist *list), (list))

CURL_PASS(time_t, curl_getdate, (const char *text, const time_t *unused),
          (text, unused))
CURL_PASS(char *, curl_version, (void), ())
CURL_DO(curl_free, (void *memory), (memory))

/* Not by its own name: releases of libcurl differ in its first type. */
CURLUcode http_curl_url_get(CURLU *url, CURLUPart part, char **out,
                            unsigned flags)
{
    return curl_lib()->curl_url_get(url, part, out, flags);
}
