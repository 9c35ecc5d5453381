/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nowhere.c - whether a service is not there in a region: its host is a name
 * that does not exist. A resolver that fails, a proxy or an endpoint that
 * somebody mistyped, and a region that nobody knows say nothing of the kind.
 */
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

#include "plugins/aws/aws.h"
#include "sdk/base/clock.h"

#define NOWHERE_AGAIN_MS 60000 /* after a resolver that failed */

/* EAI_NODATA (a name without an address) is EAI_NONAME on some systems, and
 * not of POSIX. */
static bool nowhere_is_name(int code)
{
#if defined(EAI_NODATA) && EAI_NODATA != EAI_NONAME
    if (code == EAI_NODATA)
        return true;
#endif
    return code == EAI_NONAME;
}

/* libcurl does not tell what getaddrinfo said, and it was asked just now:
 * this takes no time. A resolver that fails is not asked again for each of
 * hundreds of hosts. */
static bool nowhere_ask(struct aws *aws, const char *host)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC,
                                   .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    int code;

    if (aws->resolver_ms && clock_steady_ms() < aws->resolver_ms)
        return false;
    code = getaddrinfo(host, NULL, &hints, &found);
    if (code == 0)
        freeaddrinfo(found);
    else if (!nowhere_is_name(code))
        aws->resolver_ms = clock_steady_ms() + NOWHERE_AGAIN_MS;
    return nowhere_is_name(code);
}

static bool nowhere_knows(const struct aws_call *call)
{
    const char *const *names =
        aws_model_regions(call->aws->model, call->account->partition);

    for (; names && *names; names++)
        if (strcmp(*names, call->region) == 0)
            return true;
    return aws_account_region(call->account, call->region) != NULL;
}

bool aws_call_is_nowhere(struct aws_call *call,
                         const struct http_response *response)
{
    const char *host = strstr(call->request.url, "://");
    char name[256];
    size_t len;

    if (!response || !response->unresolved || call->elsewhere || !host ||
        !nowhere_knows(call))
        return false;
    len = strcspn(host + 3, ":/?");
    if (!len || len >= sizeof(name))
        return false;
    memcpy(name, host + 3, len);
    name[len] = '\0';
    return nowhere_ask(call->aws, name);
}
