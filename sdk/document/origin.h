/* SPDX-License-Identifier: Apache-2.0 */
/* origin.h - the tree of lines and scalar texts behind document_origin. */
#ifndef SDK_DOCUMENT_ORIGIN_H
#define SDK_DOCUMENT_ORIGIN_H

#include "sdk/document/document.h"

/** One value of a document. Children may be shared by what an alias made. */
struct origin_node {
    const char *key;  /* NULL: an element of a list */
    const char *text; /* NULL: no scalar */
    struct origin_node *first, *next;
    long line;
};

struct document_origin {
    const char *file;
    const struct origin_node *root;
};

#endif
