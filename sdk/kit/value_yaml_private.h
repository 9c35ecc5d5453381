/* SPDX-License-Identifier: Apache-2.0 */
/* value_yaml_private.h - a YAML document that becomes a value. */
#ifndef SDK_KIT_VALUE_YAML_PRIVATE_H
#define SDK_KIT_VALUE_YAML_PRIVATE_H

#include <yaml.h>

#include "sdk/kit/value_builder.h"

/** A value that an alias can repeat. */
struct yaml_anchor {
    struct yaml_anchor *next;
    const char *name;
    struct value value;
    size_t weight; /* values in it, expanded */
    int height;
    bool done;
};

/** A value of <<. */
struct yaml_merge {
    struct yaml_merge *next;
    struct value value;
};

struct yaml_frame {
    size_t base, weight; /* on the builder's stack; values before it */
    struct yaml_anchor *anchor;
    struct yaml_merge *merges; /* the last one first */
    long line;
    int height; /* of what is inside */
    bool array;
    bool keyed;   /* the value that comes next has its key */
    bool merging; /* it belongs to << */
};

struct yaml_source {
    yaml_parser_t parser;
    struct value_builder builder;
    struct yaml_frame frames[VALUE_MAX_DEPTH];
    int depth;
    struct yaml_anchor *anchors;
    size_t expanded; /* what aliases stand for, all together */
    const char *text, *name;
    size_t len;
    value_document_fn fn;
    void *user;
    long line; /* of the event */
    engine_status status;
    engine_error *err;
};

/* All that return bool are false after a failure, with status and err. */

bool yaml_tree_fail(struct yaml_source *yaml, engine_status status,
                    const char *format, ...)
    __attribute__((format(printf, 3, 4)));
bool yaml_tree_fail_builder(struct yaml_source *yaml);
/** The innermost container; NULL outside of all. */
struct yaml_frame *yaml_tree_top(struct yaml_source *yaml);
/** Whether what comes next is a key. */
bool yaml_tree_at_key(struct yaml_source *yaml);
bool yaml_tree_key(struct yaml_source *yaml, const char *text, size_t len);
/** A value is complete: `height` levels deep. */
bool yaml_tree_give(struct yaml_source *yaml, const struct value *value,
                    int height);
/** *out is NULL when there is no name. */
bool yaml_tree_anchor_new(struct yaml_source *yaml, const yaml_char_t *name,
                          struct yaml_anchor **out);
void yaml_tree_anchor_done(struct yaml_anchor *anchor,
                           const struct value *value, size_t weight,
                           int height);
bool yaml_tree_alias(struct yaml_source *yaml, const yaml_event_t *event);
/** The innermost container ends. */
bool yaml_tree_close(struct yaml_source *yaml);

#endif
