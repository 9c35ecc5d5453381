/* SPDX-License-Identifier: Apache-2.0 */
/* xccdf_made.h - a benchmark while it is made. */
#ifndef ENGINE_SERVER_XCCDF_MADE_H
#define ENGINE_SERVER_XCCDF_MADE_H

#include "engine/server/xccdf.h"
#include "sdk/base/hash.h"

/* A group or a profile while it is collected. */
struct made_part {
    struct made_part *next;
    const char *id, *title;
    struct buffer text;
};

struct made_parts {
    struct made_part *first, **end;
    struct table by_key;
    int64_t count;
};

struct made {
    struct request *request;
    struct arena *arena;
    const char *benchmark_id, *title, *description, *version, *framework;
    struct rules_selection selection;
    struct made_parts groups, profiles;
    struct buffer values, selects;
    struct table ids;       /* in use */
    struct table value_ids; /* variable -> Value id */
    struct table sent;      /* stored ids of content rules */
    struct xccdf_content content;
    bson_t platforms; /* CPE names of the request's target */
    bson_t warnings;
};

/** Adds a selected rule: to a group, to profiles, with its variables. */
engine_status made_rule(struct made *made, const struct rules_selected *item,
                        engine_error *err);

#endif
