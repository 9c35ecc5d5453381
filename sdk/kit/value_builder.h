/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value_builder.h - what all readers of values share: finished values wait on
 * a stack until the container around them is complete and goes into the arena.
 */
#ifndef SDK_KIT_VALUE_BUILDER_H
#define SDK_KIT_VALUE_BUILDER_H

#include <string.h>

#include "sdk/kit/value.h"

struct value_builder {
    struct value_member *waiting; /* of an array's elements the value only */
    size_t used, room;
    struct arena *arena;
    char *pool; /* arena memory for texts, which need no alignment */
    size_t left;
    size_t nodes, nodes_maximum; /* so far, and how many there may be */
    engine_status status;        /* of the last failure */
};

void builder_init(struct value_builder *builder, struct arena *arena,
                  size_t nodes_maximum);
void builder_clear(struct value_builder *builder);
/** Goes on in another arena (or in the same one, cleared); nodes begin at 0. */
void builder_switch(struct value_builder *builder, struct arena *arena,
                    size_t nodes_maximum);

/** Says why the last call of a function below failed. */
engine_status builder_fail(const struct value_builder *builder,
                           engine_error *err);

/** Arena memory, zeroed and aligned; NULL on failure. */
void *builder_alloc(struct value_builder *builder, size_t size);

/* The slow parts of the inline functions. */
bool builder_more(struct value_builder *builder);
char *builder_refill(struct value_builder *builder, size_t len);

/** Memory for a text of len bytes and its NUL; NULL on failure. */
static inline char *builder_room(struct value_builder *builder, size_t len)
{
    char *room = builder->pool;

    if (builder->left <= len)
        return builder_refill(builder, len);
    builder->pool += len + 1;
    builder->left -= len + 1;
    return room;
}

/** A copy of a text, NUL-terminated. */
static inline const char *builder_text(struct value_builder *builder,
                                       const char *text, size_t len)
{
    char *copy = builder_room(builder, len);

    if (copy) {
        memcpy(copy, text, len);
        copy[len] = '\0';
    }
    return copy;
}

/** A place on top of the stack; NULL on failure. */
static inline struct value_member *builder_push(struct value_builder *builder)
{
    if ((builder->used == builder->room ||
         builder->nodes >= builder->nodes_maximum) &&
        !builder_more(builder))
        return NULL;
    builder->nodes++;
    return &builder->waiting[builder->used++];
}

/** Makes what waits from base on into an array; false on failure. */
bool builder_array(struct value_builder *builder, size_t base,
                   struct value *out);
/**
 * The same for an object. Of a key that comes twice the last one counts;
 * *twice (may be NULL) is such a key then, else NULL.
 */
bool builder_object(struct value_builder *builder, size_t base,
                    struct value *out, const char **twice);

#endif
