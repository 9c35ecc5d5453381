/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yamlpath.h - a compiled YAML path: the steps from the root of a document.
 * The grammar is "YAML Path definition v1" of OpenSCAP's yaml-filter, which
 * oscap has behind OVAL's yamlfilecontent_object:
 *
 *   path      = [ "$" | key ] *( "." key | ".*" | "[" inside "]" )
 *   key       = any characters but "." and "["; the first one may stand alone
 *   inside    = ":"                       every element of an array
 *             | "*"                       every member of an object
 *             | [ number ] *( "," number )  elements; none: the first one
 *             | quoted *( "," quoted )    a member, or a selection of members
 *
 * Anchors ("&name") are refused: values have none. So is text between "]" or
 * "$" and the next step, which yaml-filter ignores.
 */
#ifndef SDK_KIT_EXPR_YAMLPATH_H
#define SDK_KIT_EXPR_YAMLPATH_H

#include <stdbool.h>

#include "sdk/base/arena.h"
#include "sdk/kit/value_mask.h"

enum yamlpath_kind {
    YAMLPATH_KEY,      /* .key, ['key'] */
    YAMLPATH_INDEX,    /* [n] */
    YAMLPATH_ELEMENTS, /* [n,m], [:] */
    YAMLPATH_MEMBERS   /* ['a','b'], .* */
};

struct yamlpath_step {
    enum yamlpath_kind kind;
    size_t count; /* of keys or indices; 0: all there are */
    struct value_step *keys;
    uint32_t *indices; /* ascending, each once */
};

struct yamlpath {
    struct arena arena; /* of all below */
    struct yamlpath_step *steps;
    size_t count;
};

/** Fills an empty path; ENGINE_EINVAL names what is wrong and where. */
engine_status yamlpath_parse(const char *text, struct yamlpath *path,
                             engine_error *err);
void yamlpath_clear(struct yamlpath *path);

struct expr;
/** Whether a compiled path gives a result for each of some elements: there is
 * no selection of members before them, which would make one result of all. */
bool yamlpath_fans(const struct expr *expr);

#endif
