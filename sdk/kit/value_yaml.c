/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value_yaml.c - values from libyaml's events. An alias shares what it stands
 * for, and counts as if it had been written out.
 */
#include <stdarg.h>
#include <stdio.h>

#include "sdk/base/alloc.h"
#include "sdk/document/document.h"
#include "sdk/document/utf8.h"
#include "sdk/document/yaml_problem.h"
#include "sdk/document/yaml_scalar.h"
#include "sdk/kit/value_builder.h"

#define YAML_BYTES_PER_NODE 64 /* a long text counts as several values */

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

static bool yaml_fail(struct yaml_source *yaml, engine_status status,
                      const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool yaml_fail(struct yaml_source *yaml, engine_status status,
                      const char *format, ...)
{
    char what[512];
    va_list args;

    va_start(args, format);
    vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    yaml->status = engine_fail(yaml->err, status, "%s:%ld: %s", yaml->name,
                               yaml->line, what);
    return false;
}

static bool yaml_fail_builder(struct yaml_source *yaml)
{
    engine_error err;
    const engine_status status = builder_fail(&yaml->builder, &err);

    return yaml_fail(yaml, status, "%s", err.message);
}

static struct yaml_frame *yaml_top(struct yaml_source *yaml)
{
    return yaml->depth ? &yaml->frames[yaml->depth - 1] : NULL;
}

static bool yaml_at_key(struct yaml_source *yaml)
{
    const struct yaml_frame *top = yaml_top(yaml);

    return top && !top->array && !top->keyed;
}

/* ---- values where they belong ----------------------------------------------- */

static bool yaml_take_merge(struct yaml_source *yaml, struct yaml_frame *top,
                            const struct value *value)
{
    struct yaml_merge *merge;
    bool maps = value->kind == VALUE_OBJECT || value->kind == VALUE_ARRAY;

    for (uint32_t i = 0; value->kind == VALUE_ARRAY && i < value->count; i++)
        maps = maps && value->items[i].kind == VALUE_OBJECT;
    if (!maps)
        return yaml_fail(yaml, ENGINE_EPARSE,
                         "<< needs a mapping or a list of mappings");
    merge = builder_alloc(&yaml->builder, sizeof(*merge));
    if (!merge)
        return yaml_fail_builder(yaml);
    merge->value = *value;
    merge->next = top->merges;
    top->merges = merge;
    top->merging = top->keyed = false;
    return true;
}

/* A value is complete: `height` levels deep. */
static bool yaml_give(struct yaml_source *yaml, const struct value *value,
                      int height)
{
    struct yaml_frame *top = yaml_top(yaml);
    struct value_member *place;

    if (!top) {
        yaml->status = yaml->fn(value, yaml->line, yaml->user, yaml->err);
        return yaml->status == ENGINE_OK;
    }
    if (top->height < height)
        top->height = height;
    if (top->merging)
        return yaml_take_merge(yaml, top, value);
    if (!top->array) {
        yaml->builder.waiting[yaml->builder.used - 1].value = *value;
        top->keyed = false;
        return true;
    }
    place = builder_push(&yaml->builder);
    if (!place)
        return yaml_fail_builder(yaml);
    place->value = *value;
    return true;
}

/* ---- anchors and aliases ------------------------------------------------------ */

static struct yaml_anchor *yaml_anchor_find(struct yaml_source *yaml,
                                            const char *name)
{
    struct yaml_anchor *anchor = yaml->anchors;

    while (anchor && strcmp(anchor->name, name) != 0)
        anchor = anchor->next;
    return anchor;
}

/* *out is NULL when there is none; false on failure. */
static bool yaml_anchor_new(struct yaml_source *yaml, const yaml_char_t *name,
                            struct yaml_anchor **out)
{
    const char *text = (const char *)name;
    struct yaml_anchor *anchor;

    *out = NULL;
    if (!name)
        return true;
    anchor = builder_alloc(&yaml->builder, sizeof(*anchor));
    if (anchor)
        anchor->name = builder_text(&yaml->builder, text, strlen(text));
    if (!anchor || !anchor->name)
        return yaml_fail_builder(yaml);
    anchor->next = yaml->anchors;
    yaml->anchors = anchor;
    *out = anchor;
    return true;
}

static void yaml_anchor_done(struct yaml_anchor *anchor,
                             const struct value *value, size_t weight,
                             int height)
{
    if (!anchor)
        return;
    anchor->value = *value;
    anchor->weight = weight;
    anchor->height = height;
    anchor->done = true;
}

static bool yaml_give_key(struct yaml_source *yaml, const char *text,
                          size_t len);

static bool yaml_on_alias(struct yaml_source *yaml, const yaml_event_t *event)
{
    const char *name = (const char *)event->data.alias.anchor;
    const struct yaml_anchor *anchor = yaml_anchor_find(yaml, name);

    if (!anchor)
        return yaml_fail(yaml, ENGINE_EPARSE,
                         "alias *%.100s stands for nothing", name);
    if (!anchor->done)
        return yaml_fail(yaml, ENGINE_EPARSE,
                         "alias *%.100s is part of what it stands for", name);
    if (yaml_at_key(yaml)) {
        if (anchor->value.kind == VALUE_STRING)
            return yaml_give_key(yaml, anchor->value.text, anchor->value.count);
        return yaml_fail(yaml, ENGINE_EPARSE, "a key must be text");
    }
    yaml->expanded += anchor->weight;
    yaml->builder.nodes += anchor->weight;
    if (yaml->expanded > DOCUMENT_MAX_NODES)
        return yaml_fail(yaml, ENGINE_ELIMIT,
                         "aliases expand to more than %d values",
                         DOCUMENT_MAX_NODES);
    if (yaml->depth + anchor->height > VALUE_MAX_DEPTH)
        return yaml_fail(yaml, ENGINE_ELIMIT, "nested deeper than %d",
                         VALUE_MAX_DEPTH);
    return yaml_give(yaml, &anchor->value, anchor->height);
}

/* ---- scalars ------------------------------------------------------------------ */

static bool yaml_give_key(struct yaml_source *yaml, const char *text,
                          size_t len)
{
    const char *key = builder_text(&yaml->builder, text, len);
    struct value_member *place = key ? builder_push(&yaml->builder) : NULL;

    if (!place)
        return yaml_fail_builder(yaml);
    *place = (struct value_member){.key = key, .key_len = (uint32_t)len};
    yaml_top(yaml)->keyed = true;
    return true;
}

static bool yaml_on_key(struct yaml_source *yaml, const yaml_event_t *event)
{
    const char *text = (const char *)event->data.scalar.value;
    const size_t len = event->data.scalar.length;

    if (event->data.scalar.anchor)
        return yaml_fail(yaml, ENGINE_EPARSE,
                         "an anchor on a key is not supported");
    if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
        event->data.scalar.plain_implicit && len == 2 &&
        memcmp(text, "<<", 2) == 0) {
        yaml_top(yaml)->keyed = yaml_top(yaml)->merging = true;
        return true;
    }
    return yaml_give_key(yaml, text, len);
}

static bool yaml_to_value(struct yaml_source *yaml,
                          const struct reader_scalar *scalar, struct value *out)
{
    *out = value_null;
    switch (scalar->type) {
    case BSON_TYPE_NULL:
        return true;
    case BSON_TYPE_BOOL:
        *out = (struct value){.kind = VALUE_BOOL};
        out->boolean = scalar->integer != 0;
        return true;
    case BSON_TYPE_INT32:
    case BSON_TYPE_INT64:
        *out = (struct value){.kind = VALUE_INT};
        out->integer = scalar->integer;
        return true;
    case BSON_TYPE_DOUBLE:
        *out = (struct value){.kind = VALUE_DOUBLE};
        out->number = scalar->number;
        return true;
    default: /* text; !!binary stays the base64 that it was written as */
        *out = (struct value){.kind = VALUE_STRING,
                              .count = (uint32_t)scalar->len};
        out->text = builder_text(&yaml->builder, scalar->text, scalar->len);
        return out->text || yaml_fail_builder(yaml);
    }
}

static bool yaml_resolve(struct yaml_source *yaml, const yaml_event_t *event,
                         struct reader_scalar *scalar)
{
    const char *tag = (const char *)event->data.scalar.tag;
    const char *wrong = NULL;

    *scalar =
        (struct reader_scalar){.type = BSON_TYPE_UTF8,
                               .text = (const char *)event->data.scalar.value,
                               .len = event->data.scalar.length};
    if (tag)
        wrong = yaml_scalar_tagged(scalar, tag, yaml->builder.arena);
    else if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
             !yaml_scalar_resolve(scalar))
        wrong = "a number out of range";
    return !wrong || yaml_fail(yaml, ENGINE_EPARSE, "\"%.60s\"%s%.60s is %s",
                               scalar->text, tag ? " with tag " : "",
                               tag ? tag : "", wrong);
}

static bool yaml_on_scalar(struct yaml_source *yaml, const yaml_event_t *event)
{
    struct reader_scalar scalar;
    struct yaml_anchor *anchor;
    struct value value;

    if (yaml_at_key(yaml))
        return yaml_on_key(yaml, event);
    if (!yaml_resolve(yaml, event, &scalar))
        return false;
    /* nothing between two "---" is no document */
    if (!yaml->depth && !scalar.len && scalar.type == BSON_TYPE_NULL)
        return true;
    if (!yaml_anchor_new(yaml, event->data.scalar.anchor, &anchor) ||
        !yaml_to_value(yaml, &scalar, &value))
        return false;
    yaml_anchor_done(anchor, &value, 1 + scalar.len / YAML_BYTES_PER_NODE, 0);
    yaml->builder.nodes += scalar.len / YAML_BYTES_PER_NODE;
    return yaml_give(yaml, &value, 0);
}

/* ---- containers ----------------------------------------------------------------- */

static bool yaml_on_begin(struct yaml_source *yaml, const yaml_event_t *event)
{
    const bool array = event->type == YAML_SEQUENCE_START_EVENT;
    const char *tag = (const char *)(array ? event->data.sequence_start.tag
                                           : event->data.mapping_start.tag);
    const yaml_char_t *name = array ? event->data.sequence_start.anchor
                                    : event->data.mapping_start.anchor;
    struct yaml_anchor *anchor;

    if (yaml_at_key(yaml))
        return yaml_fail(yaml, ENGINE_EPARSE,
                         "a key must be text, not a mapping or list");
    if (tag && strcmp(tag, array ? YAML_SEQ_TAG : YAML_MAP_TAG) != 0)
        return yaml_fail(yaml, ENGINE_EPARSE,
                         "tag \"%.100s\" is not known here", tag);
    if (yaml->depth == VALUE_MAX_DEPTH)
        return yaml_fail(yaml, ENGINE_ELIMIT, "nested deeper than %d",
                         VALUE_MAX_DEPTH);
    if (!yaml_anchor_new(yaml, name, &anchor))
        return false;
    yaml->frames[yaml->depth++] =
        (struct yaml_frame){.base = yaml->builder.used,
                            .weight = yaml->builder.nodes,
                            .anchor = anchor,
                            .line = yaml->line,
                            .array = array};
    return true;
}

static bool yaml_push_members(struct yaml_source *yaml,
                              const struct value *object)
{
    for (uint32_t i = 0; i < object->count; i++) {
        struct value_member *place = builder_push(&yaml->builder);

        if (!place)
            return yaml_fail_builder(yaml);
        *place = object->members[i];
    }
    return true;
}

/* What << brought comes first, the most important last: the last one counts. */
static bool yaml_merge_all(struct yaml_source *yaml,
                           const struct yaml_frame *frame, struct value *out)
{
    for (const struct yaml_merge *merge = frame->merges; merge;
         merge = merge->next) {
        const struct value *value = &merge->value;

        if (value->kind == VALUE_OBJECT && !yaml_push_members(yaml, value))
            return false;
        for (uint32_t i = value->count; value->kind == VALUE_ARRAY && i; i--) {
            if (!yaml_push_members(yaml, &value->items[i - 1]))
                return false;
        }
    }
    return yaml_push_members(yaml, out) &&
           (builder_object(&yaml->builder, frame->base, out, NULL) ||
            yaml_fail_builder(yaml));
}

static bool yaml_on_end(struct yaml_source *yaml)
{
    struct yaml_frame *top = yaml_top(yaml);
    const char *twice = NULL;
    struct value value;

    if (top->array ? !builder_array(&yaml->builder, top->base, &value)
                   : !builder_object(&yaml->builder, top->base, &value, &twice))
        return yaml_fail_builder(yaml);
    yaml->line = top->line;
    if (twice)
        return yaml_fail(yaml, ENGINE_EPARSE,
                         "the mapping has key \"%.100s\" twice", twice);
    if (top->merges && !yaml_merge_all(yaml, top, &value))
        return false;
    yaml_anchor_done(top->anchor, &value, 1 + yaml->builder.nodes - top->weight,
                     top->height + 1);
    yaml->depth--;
    return yaml_give(yaml, &value, top->height + 1);
}

/* ---- the stream ------------------------------------------------------------------ */

static bool yaml_on_event(struct yaml_source *yaml, const yaml_event_t *event)
{
    yaml->line = (long)event->start_mark.line + 1;
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return yaml_on_scalar(yaml, event);
    case YAML_ALIAS_EVENT:
        return yaml_on_alias(yaml, event);
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
        return yaml_on_begin(yaml, event);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return yaml_on_end(yaml);
    case YAML_DOCUMENT_END_EVENT:
        yaml->anchors = NULL;
        return true;
    default:
        return true;
    }
}

static bool yaml_fail_parser(struct yaml_source *yaml)
{
    char why[YAML_PROBLEM_MAX];

    if (yaml_problem(&yaml->parser, yaml->text, yaml->len, &yaml->line, why))
        return yaml_fail(yaml, ENGINE_EPARSE, "%s", why);
    yaml->status = engine_fail_memory(yaml->err);
    return false;
}

static void yaml_run(struct yaml_source *yaml)
{
    bool more = true;

    while (more) {
        yaml_event_t event;

        if (!yaml_parser_parse(&yaml->parser, &event)) {
            yaml_fail_parser(yaml);
            return;
        }
        more = event.type != YAML_STREAM_END_EVENT &&
               event.type != YAML_NO_EVENT && yaml_on_event(yaml, &event);
        yaml_event_delete(&event);
    }
}

engine_status value_from_yaml(const char *text, size_t len, const char *name,
                              struct arena *arena, value_document_fn fn,
                              void *user, engine_error *err)
{
    struct yaml_source *yaml = engine_calloc(1, sizeof(*yaml));
    engine_status status;

    if (!yaml)
        return engine_fail_memory(err);
    yaml->text = text;
    yaml->len = len;
    yaml->name = name;
    yaml->fn = fn;
    yaml->user = user;
    yaml->err = err;
    builder_init(&yaml->builder, arena,
                 arena->maximum / sizeof(struct value) + DOCUMENT_MAX_NODES);
    if (yaml_parser_initialize(&yaml->parser)) {
        yaml_parser_set_input_string(&yaml->parser, (const unsigned char *)text,
                                     len);
        /* never guessed from a byte order mark */
        yaml_parser_set_encoding(&yaml->parser, YAML_UTF8_ENCODING);
        yaml_run(yaml);
        yaml_parser_delete(&yaml->parser);
    } else {
        yaml->status = engine_fail_memory(err);
    }
    status = yaml->status;
    builder_clear(&yaml->builder);
    engine_free(yaml);
    return status;
}
