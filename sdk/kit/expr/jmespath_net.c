/* SPDX-License-Identifier: Apache-2.0 */
/* jmespath_net.c - ports and networks in JMESPath expressions. */
#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "sdk/kit/expr/jmespath_functions.h"

/* ---- ports -------------------------------------------------------------------- */

#define JMESPATH_PORT_BAD (-1)

/* Digits at *at, without blanks around them; JMESPATH_PORT_BAD: none. */
static int jmespath_port(const char **at)
{
    int port = 0;
    const char *from;

    *at += strspn(*at, " ");
    for (from = *at; **at >= '0' && **at <= '9' && port <= 65535; ++*at)
        port = port * 10 + (**at - '0');
    if (*at == from || port > 65535)
        return JMESPATH_PORT_BAD;
    *at += strspn(*at, " ");
    return port;
}

static bool jmespath_is_every(const char *text)
{
    return strcmp(text, "*") == 0 || strcasecmp(text, "any") == 0 ||
           strcasecmp(text, "internet") == 0;
}

/* 1, 0, or JMESPATH_PORT_BAD: "22", "20-25", "22,80-90", "*". */
static int jmespath_port_in_text(const char *at, int port)
{
    int found = 0;

    if (strcmp(at, "*") == 0 || strcasecmp(at, "any") == 0)
        return 1;
    for (;; at++) {
        const int low = jmespath_port(&at);
        int high = low;

        if (*at == '-') {
            at++;
            high = jmespath_port(&at);
        }
        if (low < 0 || high < low || (*at && *at != ','))
            return JMESPATH_PORT_BAD;
        found |= port >= low && port <= high;
        if (!*at)
            return found;
    }
}

static int jmespath_port_in_one(const struct value *range, int port)
{
    double number;

    if (value_number(range, &number))
        return number == port;
    if (range->kind != VALUE_STRING || strlen(range->text) != range->count)
        return JMESPATH_PORT_BAD;
    return jmespath_port_in_text(range->text, port);
}

static int jmespath_port_in_any(struct jmespath_walk *walk,
                                const struct value *ranges, int port)
{
    int found = 0;

    if (ranges->kind != VALUE_ARRAY)
        return jmespath_port_in_one(ranges, port);
    for (uint32_t i = 0; i < ranges->count && jmespath_step(walk, 4); i++) {
        const int one = jmespath_port_in_one(&ranges->items[i], port);

        if (one < 0)
            return one;
        found |= one;
    }
    return found;
}

JMESPATH_FN(port_in)
{
    double number = -1;
    const char *text = args[1]->text;
    int found;

    if (args[0]->kind == VALUE_NULL)
        return args[0];
    if (args[1]->kind == VALUE_STRING) {
        number = jmespath_port(&text);
        number = *text ? -1 : number;
    } else {
        value_number(args[1], &number);
    }
    if (!(number >= 0 && number <= 65535) || number != (int)number)
        return jmespath_wrong(walk, call->nodes[1], "invalid-value",
                              "a port is a number from 0 to 65535");
    found = jmespath_port_in_any(walk, args[0], (int)number);
    if (found < 0)
        return jmespath_wrong(walk, call->nodes[0], "invalid-value",
                              "port_in() takes ports such as \"22\", "
                              "\"20-25\", \"22,80-90\" or \"*\"");
    return walk->status < 0 ? NULL : jmespath_bool(found);
}

/* ---- networks ------------------------------------------------------------------- */

/* All addresses from first to last, IPv4 in four bytes, IPv6 in 16. */
struct jmespath_network {
    unsigned char first[16], last[16];
    size_t len; /* of an address; 0: every address there is */
};

static size_t jmespath_address(const char *text, size_t len,
                               unsigned char out[16])
{
    char copy[INET6_ADDRSTRLEN];

    if (!len || len >= sizeof(copy))
        return 0;
    memcpy(copy, text, len);
    copy[len] = '\0';
    if (inet_pton(AF_INET, copy, out) == 1)
        return 4;
    return inet_pton(AF_INET6, copy, out) == 1 ? 16 : 0;
}

/* What a prefix of so many bits leaves open. */
static void jmespath_widen(struct jmespath_network *net, unsigned bits)
{
    for (size_t i = 0; i < net->len; i++) {
        const unsigned kept = bits > 8 * i ? bits - 8 * (unsigned)i : 0;
        const unsigned open = kept >= 8 ? 0 : 0xffu >> kept;

        net->first[i] = (unsigned char)(net->first[i] & ~open);
        net->last[i] = (unsigned char)(net->first[i] | open);
    }
}

static bool jmespath_prefix(struct jmespath_network *net, const char *digits)
{
    unsigned bits = 0;
    size_t len = strspn(digits, "0123456789");

    if (!len || len > 3 || digits[len])
        return false;
    for (size_t i = 0; i < len; i++)
        bits = bits * 10 + (unsigned)(digits[i] - '0');
    if (bits > 8 * net->len)
        return false;
    jmespath_widen(net, bits);
    return true;
}

/* An IPv4 network within IPv6 (::ffff:0:0/96) is the IPv4 network. */
static void jmespath_unmap(struct jmespath_network *net)
{
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};

    if (net->len != 16 || memcmp(net->first, mapped, 12) != 0 ||
        memcmp(net->last, mapped, 12) != 0)
        return;
    memmove(net->first, net->first + 12, 4);
    memmove(net->last, net->last + 12, 4);
    net->len = 4;
}

/* An address, network, range or name of everything; false: none of these. */
static bool jmespath_network_of(const struct value *value,
                                struct jmespath_network *net)
{
    const char *text = value->text, *end;

    *net = (struct jmespath_network){0};
    if (value->kind != VALUE_STRING || strlen(text) != value->count)
        return false;
    if (jmespath_is_every(text))
        return true;
    end = text + strcspn(text, "/-");
    net->len = jmespath_address(text, (size_t)(end - text), net->first);
    if (!net->len)
        return false;
    if (*end == '/') {
        if (!jmespath_prefix(net, end + 1))
            return false;
    } else if (*end == '-') {
        if (jmespath_address(end + 1, strlen(end + 1), net->last) != net->len ||
            memcmp(net->first, net->last, net->len) > 0)
            return false;
    } else {
        memcpy(net->last, net->first, sizeof(net->last));
    }
    jmespath_unmap(net);
    return true;
}

static bool jmespath_net_holds(const struct jmespath_network *outer,
                               const struct jmespath_network *inner)
{
    if (!outer->len)
        return true;
    return outer->len == inner->len &&
           memcmp(outer->first, inner->first, outer->len) <= 0 &&
           memcmp(outer->last, inner->last, outer->len) >= 0;
}

JMESPATH_FN(cidr_contains)
{
    struct jmespath_network outer, inner;
    const struct value *cidr = args[0];
    bool found = false;

    if (cidr->kind == VALUE_NULL)
        return cidr;
    if (!jmespath_network_of(args[1], &inner))
        return jmespath_wrong(walk, call->nodes[1], "invalid-value",
                              "\"%.60s\" is no address or network",
                              args[1]->text);
    if (cidr->kind == VALUE_STRING)
        return jmespath_network_of(cidr, &outer)
                   ? jmespath_bool(jmespath_net_holds(&outer, &inner))
                   : &value_null;
    for (uint32_t i = 0; i < cidr->count && !found; i++) {
        if (!jmespath_step(walk, 4))
            return NULL;
        found = jmespath_network_of(&cidr->items[i], &outer) &&
                jmespath_net_holds(&outer, &inner);
    }
    return jmespath_bool(found);
}

static bool jmespath_net_is_any(const struct jmespath_network *net)
{
    for (size_t i = 0; i < net->len; i++) {
        if (net->first[i] != 0 || net->last[i] != 0xff)
            return false;
    }
    return true;
}

JMESPATH_FN(cidr_is_any)
{
    struct jmespath_network net;

    (void)walk;
    (void)call;
    if (args[0]->kind == VALUE_NULL || !jmespath_network_of(args[0], &net))
        return &value_null;
    return jmespath_bool(jmespath_net_is_any(&net));
}

/* IANA's special-purpose address registries (RFC 6890 and its updates), the
 * blocks that are not globally reachable, and multicast. In order, so that
 * neighbours can be walked through. */
static const char *const jmespath_special[] = {
    "0.0.0.0/8",      "10.0.0.0/8",    "100.64.0.0/10",   "127.0.0.0/8",
    "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",    "192.0.2.0/24",
    "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
    "224.0.0.0/4",    "240.0.0.0/4",   "::/128",          "::1/128",
    "64:ff9b:1::/48", "100::/64",      "2001:2::/48",     "2001:db8::/32",
    "3fff::/20",      "5f00::/16",     "fc00::/7",        "fe80::/10",
    "ff00::/8"};

/* The address behind an address. */
static void jmespath_next(unsigned char *address, size_t len)
{
    while (len-- > 0 && ++address[len] == 0) {
    }
}

/* Cuts what special networks take off the beginning of net, until an address
 * is in none of them, or nothing is left. */
static bool jmespath_net_is_public(struct jmespath_network net)
{
    const size_t count = sizeof(jmespath_special) / sizeof(*jmespath_special);
    struct jmespath_network special;

    if (!net.len)
        return true;
    for (size_t i = 0; i < count; i++) {
        const struct value text = {.kind = VALUE_STRING,
                                   .count =
                                       (uint32_t)strlen(jmespath_special[i]),
                                   .text = jmespath_special[i]};

        if (!jmespath_network_of(&text, &special) || special.len != net.len ||
            memcmp(special.first, net.first, net.len) > 0 ||
            memcmp(special.last, net.first, net.len) < 0)
            continue;
        if (memcmp(special.last, net.last, net.len) >= 0)
            return false;
        memcpy(net.first, special.last, net.len);
        jmespath_next(net.first, net.len);
    }
    return true;
}

JMESPATH_FN(cidr_is_public)
{
    struct jmespath_network net;

    (void)walk;
    (void)call;
    if (args[0]->kind == VALUE_NULL || !jmespath_network_of(args[0], &net))
        return &value_null;
    return jmespath_bool(jmespath_net_is_public(net));
}
