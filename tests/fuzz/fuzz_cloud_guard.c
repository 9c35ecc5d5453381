/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_cloud_guard.c - URLs that may be told a secret. The first byte says
 * what is allowed. Whatever passes means the same to libcurl's parser, and to
 * the resolver it is no address in disguise.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sdk/base/alloc.h"
#include "sdk/kit/cloud/guard.h"
#include "sdk/kit/http_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* The host, of "scheme://host:port"; IPv6 without brackets. */
static char *fuzz_host(char *place)
{
    char *host = strstr(place, "://") + 3;

    *strrchr(host, ':') = '\0';
    if (*host == '[') {
        host[strlen(host) - 1] = '\0';
        host++;
    }
    return host;
}

static void fuzz_passed(const char *url, unsigned allowed)
{
    char *shown = NULL, *place = NULL, *host, text[64];
    struct in_addr v4;
    bool https;

    if (http_url_split(url, &shown, &place, NULL) < 0)
        abort(); /* nobody could ask it */
    https = strncmp(place, "https://", 8) == 0;
    host = fuzz_host(place);
    if (strchr(url, '@') && strchr(url, '@') < url + strcspn(url, "/?") + 2)
        abort();
    /* curl writes IPv6 addresses anew */
    if (!strchr(host, ':') && !strcasestr(url, host))
        abort(); /* curl has another host than we saw */
    if (inet_aton(host, &v4)) {
        inet_ntop(AF_INET, &v4, text, sizeof(text));
        if (strcmp(text, host) != 0)
            abort();
        if (ntohl(v4.s_addr) >> 24 == 127 && !(allowed & GUARD_LOOPBACK))
            abort();
        if (ntohl(v4.s_addr) >> 24 == 10)
            abort();
    }
    if (!https && !(allowed & (GUARD_LOOPBACK | GUARD_METADATA)))
        abort();
    engine_free(shown);
    engine_free(place);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    engine_error err = {0};
    unsigned allowed;
    char *url;

    if (len < 1)
        return 0;
    url = engine_strndup((const char *)data + 1, len - 1);
    if (!url)
        return 0;
    allowed = data[0] & (GUARD_HTTPS | GUARD_LOOPBACK | GUARD_METADATA);
    if (guard_url(url, allowed, "it", &err) == ENGINE_OK)
        fuzz_passed(url, allowed);
    else if (!*err.message)
        abort();
    engine_free(url);
    return 0;
}
