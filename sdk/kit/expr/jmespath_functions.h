/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jmespath_functions.h - the functions of JMESPath expressions: those of the
 * specification, and those that compliance checks need besides.
 *
 * Beyond the specification ("text" is a string; an argument marked "?" may be
 * null, and the result is null then; what cannot be read is an invalid-value
 * error, never a result):
 *
 *   from_json(text?)           the value of a JSON text (policy documents);
 *                              an object, which was read already, is itself;
 *                              so it is for url_decode
 *   from_csv(text?[, sep])     an array of objects, keyed by the first line
 *                              (RFC 4180; credential reports)
 *   from_base64(text?)         the text (UTF-8) behind base64 (RFC 4648)
 *   url_decode(text?)          the text behind %XX (RFC 3986)
 *   now()                      RFC 3339 text, UTC, the same in all of one
 *                              evaluation (expr_limits.now_ms)
 *   unix_time(date?)           seconds since 1970-01-01 UTC
 *   age_days(date?[, now])     whole days since date, negative for a future
 *                              one; a date is RFC 3339 text, YYYY-MM-DD, or
 *                              seconds since 1970; without an offset it is UTC
 *   matches(text?, pattern[, options])
 *                              the pattern (PCRE2, options imsx) is in the text
 *   capture(text?, pattern[, options])
 *                              what its first group took; null without a match
 *   port_in(ranges?, port)     ranges: "22", "20-25", "22,80-90", "*", "any", a
 *                              number, or an array of these
 *   cidr_contains(cidr?, address)
 *                              cidr: "10.0.0.0/8", "::1", "10.0.0.1-10.0.0.9",
 *                              or an array of these, one of which holds all of
 *                              the address (or network). "*", "any" and
 *                              "Internet" are every address; other names (of
 *                              service tags) are null, and nothing in an array
 *   cidr_is_any(cidr?)         every address of a family: "0.0.0.0/0", "::/0",
 *                              "*", "any", "Internet"
 *   cidr_is_public(cidr?)      it holds addresses that are reached from
 *                              everywhere: not only special ones (RFC 6890:
 *                              private, loopback, link-local, documentation,
 *                              multicast, ...)
 *   lower, upper(text?)        of ASCII letters
 *   trim(text?[, characters])  without blanks (or these) at both ends
 *   split(text?, separator)    an array; an empty separator: characters
 *   replace(text?, old, new)   every occurrence
 *   items(object)              an array of [key, value]
 *   from_items(array)          the reverse
 *   group_by(array, &key)      an object of arrays; elements whose key is null
 *                              are in none
 *   unique(array)              without what was there before
 */
#ifndef SDK_KIT_EXPR_JMESPATH_FUNCTIONS_H
#define SDK_KIT_EXPR_JMESPATH_FUNCTIONS_H

#include "sdk/kit/expr/jmespath.h"

#define JMESPATH_TYPES 3 /* the last one holds for all arguments behind it */

enum jmespath_type {
    JMESPATH_T_NULL = 1u,
    JMESPATH_T_BOOL = 2u,
    JMESPATH_T_NUMBER = 4u,
    JMESPATH_T_STRING = 8u,
    JMESPATH_T_ARRAY = 16u,
    JMESPATH_T_OBJECT = 32u,
    JMESPATH_T_ANY = 63u,
    JMESPATH_T_REFERENCE = 64u,
    JMESPATH_T_NUMBERS = 128u, /* an array of them */
    JMESPATH_T_STRINGS = 256u
};

/** args holds call->count values; NULL for references. */
typedef const struct value *(*jmespath_fn)(struct jmespath_walk *walk,
                                           const struct jmespath_node *call,
                                           const struct value *const *args);

struct jmespath_function {
    const char *name;
    uint8_t least, most;
    uint16_t types[JMESPATH_TYPES];
    jmespath_fn fn;
};

/** The function of that name, or NULL. */
const struct jmespath_function *jmespath_function(const char *name, size_t len);
/** What nodes[nth], a reference, gives for a value. */
const struct value *jmespath_refer(struct jmespath_walk *walk,
                                   const struct jmespath_node *call, size_t nth,
                                   const struct value *at);

/* jmespath_number.c */
#define JMESPATH_FN(name)                                                 \
    const struct value *jmespath_##name(struct jmespath_walk *walk,       \
                                        const struct jmespath_node *call, \
                                        const struct value *const *args)
JMESPATH_FN(abs);
JMESPATH_FN(avg);
JMESPATH_FN(ceil);
JMESPATH_FN(floor);
JMESPATH_FN(sum);
JMESPATH_FN(to_number);
/* jmespath_array.c */
JMESPATH_FN(map);
JMESPATH_FN(max);
JMESPATH_FN(min);
JMESPATH_FN(max_by);
JMESPATH_FN(min_by);
JMESPATH_FN(sort);
JMESPATH_FN(sort_by);
JMESPATH_FN(group_by);
JMESPATH_FN(unique);
/* jmespath_object.c */
JMESPATH_FN(items);
JMESPATH_FN(from_items);
JMESPATH_FN(keys);
JMESPATH_FN(values);
JMESPATH_FN(merge);
JMESPATH_FN(not_null);
JMESPATH_FN(to_array);
JMESPATH_FN(type);
/* jmespath_text.c */
JMESPATH_FN(contains);
JMESPATH_FN(starts_with);
JMESPATH_FN(ends_with);
JMESPATH_FN(join);
JMESPATH_FN(length);
JMESPATH_FN(reverse);
JMESPATH_FN(to_string);
/* jmespath_string.c */
JMESPATH_FN(lower);
JMESPATH_FN(upper);
JMESPATH_FN(trim);
JMESPATH_FN(split);
JMESPATH_FN(replace);
JMESPATH_FN(matches);
JMESPATH_FN(capture);
/* jmespath_decode.c */
JMESPATH_FN(from_json);
JMESPATH_FN(from_csv);
JMESPATH_FN(from_base64);
JMESPATH_FN(url_decode);
/* jmespath_time.c */
JMESPATH_FN(now);
JMESPATH_FN(unix_time);
JMESPATH_FN(age_days);
/* jmespath_net.c */
JMESPATH_FN(port_in);
JMESPATH_FN(cidr_contains);
JMESPATH_FN(cidr_is_any);
JMESPATH_FN(cidr_is_public);

#endif
