/* SPDX-License-Identifier: Apache-2.0 */
/* match_compile.h - what compiling fields and compiling operators share. */
#ifndef SDK_DOCUMENT_MATCH_COMPILE_H
#define SDK_DOCUMENT_MATCH_COMPILE_H

#include "sdk/document/match_private.h"

struct compiler {
    struct matcher *matcher;
    engine_error *err;
    int depth;
};

/* One operator of a field: what it is called and what it applies to. */
struct operand {
    struct match_place place; /* place.path is never NULL */
    const char *path;         /* NULL inside $elemMatch: {$op: ...} */
    const bson_t *siblings;   /* the operators beside it */
    const bson_iter_t *value;
    struct match_node *parent; /* an AND */
};

typedef engine_status (*compile_fn)(struct compiler *compiler,
                                    const struct operand *operand);

/* ---- match_compile.c --------------------------------------------------- */

/** Fields and $and, $or, $nor. */
engine_status compile_fields(struct compiler *compiler, const bson_t *filter,
                             struct match_node *parent);
/** The operators of one path. */
engine_status compile_operators(struct compiler *compiler, const char *path,
                                const bson_t *operators,
                                struct match_node *parent);
engine_status compile_fail(const struct compiler *compiler,
                           const struct operand *operand, const char *what);
/** A new last child; NULL when out of memory, which err says then. */
struct match_node *compile_node(struct compiler *compiler,
                                struct match_node *parent, enum match_op op,
                                const char *path);
bool compile_is_operator(const bson_iter_t *iter);
bool compile_is_logic(const char *name);
/** True when the first key of a document is an operator. */
bool compile_begins_with_operator(const bson_t *document);

/* ---- match_operators.c ------------------------------------------------- */

/** What compiles an operator; NULL: it is none of the subset. */
compile_fn compile_find(const char *name);
engine_status compile_eq(struct compiler *compiler,
                         const struct operand *operand);
engine_status compile_regex(struct compiler *compiler,
                            const struct operand *operand);

#endif
