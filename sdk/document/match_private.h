/* SPDX-License-Identifier: Apache-2.0 */
/* match_private.h - what compiling and testing a filter share. */
#ifndef SDK_DOCUMENT_MATCH_PRIVATE_H
#define SDK_DOCUMENT_MATCH_PRIVATE_H

#include "sdk/base/arena.h"
#include "sdk/document/document.h"
#include "sdk/document/match.h"
#include "sdk/document/ref.h"

#define MATCH_MAX_DEPTH 32  /* of operators inside operators */
#define MATCH_MAX_PATH 1000 /* characters */
#define MATCH_MAX_MEMORY ((size_t)64 * 1024 * 1024)

enum match_op {
    MATCH_AND, /* of children; without any: true */
    MATCH_OR,
    MATCH_NOT, /* of the first child */
    MATCH_EQ,
    MATCH_LT,
    MATCH_LTE,
    MATCH_GT,
    MATCH_GTE,
    MATCH_IN,
    MATCH_EXISTS,
    MATCH_REGEX,
    MATCH_SIZE,
    MATCH_ELEMENT_DOCUMENT, /* $elemMatch: {field: ...}; child on the element */
    MATCH_ELEMENT_VALUE     /* $elemMatch: {$gt: ...} */
};

struct match_regex;

struct match_node {
    enum match_op op;
    const char *path; /* NULL: the element of an $elemMatch itself */
    struct match_node *first, *last, *next;
    struct ref value;   /* EQ, LT, ... */
    struct ref *values; /* IN: in document_compare's order */
    size_t count;
    bool null_in;                /* IN: null is one of the values */
    struct match_regex *regexes; /* REGEX: one; IN: any number */
    int64_t size;
};

struct matcher {
    struct arena arena;
    bson_t *filter; /* the values are in it */
    struct match_node *root;
    struct match_regex *regexes; /* all of them, to be freed */
};

/* ---- match_regex.c ----------------------------------------------------- */

/** Where a condition stands, for messages. */
struct match_place {
    const char *path, *operator;
};

/** Compiles a pattern and adds it to the list. */
engine_status match_regex_new(struct matcher *matcher,
                              const struct match_place *place,
                              const char *pattern, const char *options,
                              struct match_regex **list, engine_error *err);
void match_regex_free_all(struct matcher *matcher);
/** True when one of the list matches; over its limits it does not. */
bool match_regex_test(const struct match_regex *list, const char *text,
                      size_t len);

/* ---- match_compile.c --------------------------------------------------- */

engine_status match_compile(struct matcher *matcher, engine_error *err);

#endif
