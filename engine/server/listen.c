/* SPDX-License-Identifier: Apache-2.0 */
/* listen.c - "ADDRESS:PORT" becomes a listening socket. */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/server/http.h"
#include "sdk/base/alloc.h"

#define LISTEN_BACKLOG 512

struct listen_place {
    char host[256];
    char port[8];
};

static engine_status listen_parse(const char *where, struct listen_place *out,
                                  engine_error *err)
{
    const char *colon = strrchr(where, ':');
    const char *host = where;
    size_t len = colon ? (size_t)(colon - where) : 0;
    char *end = NULL;
    const long port = colon ? strtol(colon + 1, &end, 10) : -1;

    if (len >= 2 && host[0] == '[' && host[len - 1] == ']') {
        host++;
        len -= 2;
    }
    if (!colon || !end || *end || colon[1] == '\0' || port < 0 ||
        port > 65535 || len >= sizeof(out->host)) {
        engine_fail(err, ENGINE_EINVAL, "server.listen is \"%s\"", where);
        engine_hint(err, "write ADDRESS:PORT, such as 127.0.0.1:8734 or "
                         "[::]:8734");
        return ENGINE_EINVAL;
    }
    snprintf(out->host, sizeof(out->host), "%.*s", (int)len, host);
    snprintf(out->port, sizeof(out->port), "%ld", port);
    return ENGINE_OK;
}

static bool listen_is_loopback(const struct sockaddr *address)
{
    const struct sockaddr_in *four = (const void *)address;
    const struct sockaddr_in6 *six = (const void *)address;

    if (address->sa_family == AF_INET)
        return ntohl(four->sin_addr.s_addr) >> 24 == 127;
    return address->sa_family == AF_INET6 &&
           IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
}

static engine_status listen_bind(const struct addrinfo *info, int *out,
                                 engine_error *err)
{
    const int yes = 1;
    const int kind = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
    const int fd = socket(info->ai_family, kind, 0);
    int code;

    if (fd < 0)
        return engine_fail(err, engine_status_from_errno(errno),
                           "could not make a socket: %s", strerror(errno));
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    if (bind(fd, info->ai_addr, info->ai_addrlen) == 0 &&
        listen(fd, LISTEN_BACKLOG) == 0) {
        *out = fd;
        return ENGINE_OK;
    }
    code = errno;
    close(fd);
    return engine_fail(err, engine_status_from_errno(code), "%s",
                       strerror(code));
}

/* The port may have been 0: any that is free. */
static char *listen_url(int fd, bool tls)
{
    struct sockaddr_storage address;
    socklen_t len = sizeof(address);
    char host[64], port[8];

    if (getsockname(fd, (struct sockaddr *)&address, &len) < 0 ||
        getnameinfo((struct sockaddr *)&address, len, host, sizeof(host), port,
                    sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return NULL;
    return engine_strf(address.ss_family == AF_INET6 ? "%s://[%s]:%s"
                                                     : "%s://%s:%s",
                       tls ? "https" : "http", host, port);
}

engine_status listen_open(const char *where, bool loopback, bool tls, int *out,
                          char **url, bool *replaced, engine_error *err)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_PASSIVE};
    struct listen_place place;
    struct addrinfo *info = NULL;
    engine_status status = listen_parse(where, &place, err);
    int code;

    if (status < 0)
        return status;
    code = getaddrinfo(place.host[0] ? place.host : NULL, place.port, &hints,
                       &info);
    if (code == 0 && loopback && !listen_is_loopback(info->ai_addr)) {
        freeaddrinfo(info);
        *replaced = true;
        code = getaddrinfo("127.0.0.1", place.port, &hints, &info);
    }
    if (code != 0)
        return engine_fail(err, ENGINE_EINVAL,
                           "server.listen is \"%s\": %s", where,
                           gai_strerror(code));
    status = listen_bind(info, out, err);
    freeaddrinfo(info);
    if (status < 0) {
        engine_error_prefix(err, "could not listen at \"%s\"", where);
        return status;
    }
    *url = listen_url(*out, tls);
    if (*url)
        return ENGINE_OK;
    close(*out);
    return engine_fail_memory(err);
}
