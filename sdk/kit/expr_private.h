/* SPDX-License-Identifier: Apache-2.0 */
/* expr_private.h - what the languages share; include expr.h elsewhere. */
#ifndef SDK_KIT_EXPR_PRIVATE_H
#define SDK_KIT_EXPR_PRIVATE_H

#include "sdk/kit/expr.h"

struct expr {
    const struct expr_language *language;
    char *text;
    struct expr_limits limits; /* with the defaults filled in */
    void *program;             /* the language's own */
    const struct value *const *bound; /* NULL: nothing is */
};

struct jq_machine;

struct expr_pool {
    struct jq_machine *jq; /* NULL until there is a jq program */
};

extern const struct expr_language expr_yamlpath;
extern const struct expr_language expr_jmespath;
#ifdef HAVE_JQ
extern const struct expr_language expr_jq;
#endif

/** Fails because there are more results than the limits allow. */
engine_status expr_fail_values(const struct expr *expr, engine_error *err);
/** Fails because the arena did not give size bytes. */
engine_status expr_fail_memory(const struct expr *expr,
                               const struct arena *arena, size_t size,
                               engine_error *err);

#endif
