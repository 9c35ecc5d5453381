/* SPDX-License-Identifier: Apache-2.0 */
/* guard.c - which URLs may be told a secret. */
#include "sdk/kit/cloud/guard.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define GUARD_HOST 253

struct guard_parts {
    bool https;
    bool v6; /* host was in brackets */
    char host[GUARD_HOST + 1];
};

/* Where a host is, as far as it can be seen from its spelling. */
enum guard_place { GUARD_PUBLIC, GUARD_LOCAL, GUARD_SERVICE, GUARD_PRIVATE };

/* ---- messages ----------------------------------------------------------- */

/* Scheme, host and port; of something odd as much as is certainly no secret:
 * what is behind the last '@' before the path. */
static void guard_show(const char *url, char *out, size_t room)
{
    const char *rest = strstr(url, "://");
    const size_t scheme = rest ? (size_t)(rest - url) : 0;
    const char *host = rest ? rest + 3 : "";
    const char *end = host + strcspn(host, "/\\?#");

    for (const char *at = host; at < end; at++)
        if (*at == '@')
            host = at + 1;
    snprintf(out, room, "%.*s://%.*s", scheme <= 8 ? (int)scheme : 0, url,
             (int)strcspn(host, "/\\?#"), host);
    for (; *out; out++)
        if ((unsigned char)*out <= 0x20 || (unsigned char)*out >= 0x7f ||
            *out == '"')
            *out = '?';
}

static void guard_hint(unsigned allowed, engine_error *err)
{
    engine_hint(err, "accepted is %s%s%s",
                allowed & GUARD_HTTPS ? "https to a public host" : "",
                allowed & GUARD_LOOPBACK
                    ? (allowed & GUARD_HTTPS ? ", http to this machine"
                                             : "http to this machine")
                    : "",
                allowed & GUARD_METADATA
                    ? (allowed & (GUARD_HTTPS | GUARD_LOOPBACK)
                           ? ", http to a metadata service"
                           : "http to a metadata service")
                    : "");
}

static engine_status guard_refuse(const char *url, unsigned allowed,
                                  const char *what, const char *why,
                                  engine_error *err)
{
    char shown[200];

    guard_show(url, shown, sizeof(shown));
    engine_fail(err, ENGINE_EINVAL, "%s: the URL \"%s\" is refused: %s", what,
                shown, why);
    guard_hint(allowed, err);
    return ENGINE_EINVAL;
}

/* ---- spelling ----------------------------------------------------------- */

static const char *guard_port(const char *text, size_t len)
{
    unsigned number = 0;

    if (len < 1 || len > 5)
        return "its port is no number from 1 to 65535";
    for (size_t i = 0; i < len; i++) {
        if (!isdigit((unsigned char)text[i]))
            return "its port is no number from 1 to 65535";
        number = number * 10 + (unsigned)(text[i] - '0');
    }
    return number >= 1 && number <= 65535 && *text != '0'
               ? NULL
               : "its port is no number from 1 to 65535";
}

/* Letters, digits, '-' and '_', in labels that are not empty. */
static const char *guard_name(const char *host)
{
    char before = '.';

    for (const char *at = host; *at; at++) {
        const unsigned char byte = (unsigned char)*at;

        if (byte >= 0x80)
            return "its host is not in ASCII (write an international name as "
                   "xn--...)";
        if (!isalnum(byte) && byte != '-' && byte != '_' && byte != '.')
            return "its host has a character that no name has";
        if (byte == '.' && before == '.')
            return "its host has an empty label";
        before = (char)byte;
    }
    return before == '.' ? "its host ends with a dot" : NULL;
}

/* Splits what is between "://" and the path. */
static const char *guard_authority(const char *text, size_t len,
                                   struct guard_parts *parts)
{
    const char *end = text + len, *host_end = NULL;

    if (memchr(text, '@', len))
        return "it holds user information";
    parts->v6 = len > 0 && *text == '[';
    if (parts->v6) {
        host_end = memchr(++text, ']', len - 1);
        if (!host_end)
            return "its IPv6 address is not closed";
    } else {
        const char *colon = memchr(text, ':', len);

        host_end = colon ? colon : end;
    }
    if (host_end == text || host_end - text > GUARD_HOST)
        return "its host is missing or too long";
    memcpy(parts->host, text, (size_t)(host_end - text));
    parts->host[host_end - text] = '\0';
    host_end += parts->v6;
    if (host_end < end) {
        if (*host_end != ':')
            return "something follows its IPv6 address";
        return guard_port(host_end + 1, (size_t)(end - host_end - 1));
    }
    return NULL;
}

static const char *guard_split(const char *url, struct guard_parts *parts)
{
    const char *why, *rest;

    parts->https = strncasecmp(url, "https://", 8) == 0;
    if (!parts->https && strncasecmp(url, "http://", 7) != 0)
        return "it is not https (or http)";
    for (const char *at = url; *at; at++) {
        if ((unsigned char)*at <= 0x20 || *at == 0x7f)
            return "it holds a space or control character";
        if (*at == '\\' || *at == '#')
            return "it holds a backslash or '#'";
    }
    rest = url + (parts->https ? 8 : 7);
    why = guard_authority(rest, strcspn(rest, "/?"), parts);
    return why || parts->v6 ? why : guard_name(parts->host);
}

/* ---- places ------------------------------------------------------------- */

/* What resolvers take for a number in one of its many spellings: the last
 * label begins with a digit, and is one, in any base. */
static bool guard_numeric(const char *host)
{
    const char *dot = strrchr(host, '.');
    const char *last = dot ? dot + 1 : host;

    if (last[0] == '0' && (last[1] == 'x' || last[1] == 'X'))
        return last[2 + strspn(last + 2, "0123456789abcdefABCDEF")] == '\0';
    return last[strspn(last, "0123456789")] == '\0';
}

static bool guard_within(uint32_t address, uint32_t net, unsigned bits)
{
    return address >> (32 - bits) == net >> (32 - bits);
}

static enum guard_place guard_place_v4(uint32_t address)
{
    static const struct {
        uint32_t net;
        unsigned bits;
    } special[] = {
        /* IANA's special-purpose registry (RFC 6890), and multicast */
        {0x00000000, 8},  {0x0a000000, 8},  {0x64400000, 10}, {0xa9fe0000, 16},
        {0xac100000, 12}, {0xc0000000, 24}, {0xc0000200, 24}, {0xc0586300, 24},
        {0xc0a80000, 16}, {0xc6120000, 15}, {0xc6336400, 24}, {0xcb007100, 24},
        {0xe0000000, 4},  {0xf0000000, 4},
    };

    if (address >> 24 == 127)
        return GUARD_LOCAL;
    if (address == 0xa9fea9fe || address == 0xa9feaa02 || address == 0xa9feaa17)
        return GUARD_SERVICE;
    for (size_t i = 0; i < sizeof(special) / sizeof(*special); i++)
        if (guard_within(address, special[i].net, special[i].bits))
            return GUARD_PRIVATE;
    return GUARD_PUBLIC;
}

static enum guard_place guard_place_v6(const uint8_t address[16])
{
    static const uint8_t loopback[16] = {[15] = 1};
    static const uint8_t ec2[14] = {0xfd, 0x00, 0x0e, 0xc2};

    if (memcmp(address, loopback, 16) == 0)
        return GUARD_LOCAL;
    if (memcmp(address, ec2, 14) == 0 &&
        ((address[14] == 0x02 && address[15] == 0x54) ||
         (address[14] == 0x00 && address[15] == 0x23)))
        return GUARD_SERVICE;
    /* global unicast is 2000::/3; of it 2001::/23 (Teredo and others),
     * 2001:db8::/32 and 2002::/16 (6to4) lead elsewhere */
    if (address[0] >> 5 != 1 || (address[0] == 0x20 && address[1] == 0x02) ||
        (address[0] == 0x20 && address[1] == 0x01 &&
         (address[2] < 2 || (address[2] == 0x0d && address[3] == 0xb8))))
        return GUARD_PRIVATE;
    return GUARD_PUBLIC;
}

static const char *guard_place(const struct guard_parts *parts,
                               enum guard_place *out)
{
    const char *local = strlen(parts->host) >= 9
                            ? parts->host + strlen(parts->host) - 9
                            : "";
    struct in_addr v4;
    struct in6_addr v6;

    if (parts->v6) {
        if (strchr(parts->host, '.') ||
            inet_pton(AF_INET6, parts->host, &v6) != 1)
            return "its IPv6 address is none, or holds one of IPv4";
        *out = guard_place_v6(v6.s6_addr);
        return NULL;
    }
    if (guard_numeric(parts->host)) {
        if (inet_pton(AF_INET, parts->host, &v4) != 1)
            return "its host is a number in an unusual spelling";
        *out = guard_place_v4(ntohl(v4.s_addr));
        return NULL;
    }
    if (strcasecmp(local, "localhost") == 0 &&
        (local == parts->host || local[-1] == '.'))
        *out = GUARD_LOCAL;
    else if (strcasecmp(parts->host, "metadata.google.internal") == 0)
        *out = GUARD_SERVICE;
    else
        *out = GUARD_PUBLIC;
    return NULL;
}

engine_status guard_url(const char *url, unsigned allowed, const char *what,
                        engine_error *err)
{
    struct guard_parts parts = {0};
    enum guard_place place = GUARD_PRIVATE;
    const char *why = guard_split(url, &parts);

    if (!why)
        why = guard_place(&parts, &place);
    if (why)
        return guard_refuse(url, allowed, what, why, err);
    if (place == GUARD_LOCAL && !(allowed & GUARD_LOOPBACK))
        why = "it leads to this machine";
    else if (place == GUARD_SERVICE && !(allowed & GUARD_METADATA))
        why = "it leads to a metadata service";
    else if (place == GUARD_PRIVATE)
        why = "it leads into a private network";
    else if (place == GUARD_PUBLIC && !parts.https)
        why = "it is not https";
    else if (place == GUARD_PUBLIC && !(allowed & GUARD_HTTPS))
        why = "its host is none of those that may be asked";
    return why ? guard_refuse(url, allowed, what, why, err) : ENGINE_OK;
}
