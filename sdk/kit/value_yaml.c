/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value_yaml.c - values from libyaml's events. An alias shares what it stands
 * for, and counts as if it had been written out.
 */
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/document/document.h"
#include "sdk/document/utf8.h"
#include "sdk/document/yaml_problem.h"
#include "sdk/document/yaml_scalar.h"
#include "sdk/kit/value_yaml_private.h"

#define YAML_BYTES_PER_NODE 64 /* a long text counts as several values */

/* ---- scalars ------------------------------------------------------------- */

static bool yaml_on_key(struct yaml_source *yaml, const yaml_event_t *event)
{
    const char *text = (const char *)event->data.scalar.value;
    const size_t len = event->data.scalar.length;

    if (event->data.scalar.anchor)
        return yaml_tree_fail(yaml, ENGINE_EPARSE,
                              "an anchor on a key is not supported");
    if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
        event->data.scalar.plain_implicit && len == 2 &&
        memcmp(text, "<<", 2) == 0) {
        yaml_tree_top(yaml)->keyed = yaml_tree_top(yaml)->merging = true;
        return true;
    }
    return yaml_tree_key(yaml, text, len);
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
        return out->text || yaml_tree_fail_builder(yaml);
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
    return !wrong ||
           yaml_tree_fail(yaml, ENGINE_EPARSE, "\"%.60s\"%s%.60s is %s",
                          scalar->text, tag ? " with tag " : "", tag ? tag : "",
                          wrong);
}

static bool yaml_on_scalar(struct yaml_source *yaml, const yaml_event_t *event)
{
    struct reader_scalar scalar;
    struct yaml_anchor *anchor;
    struct value value;

    if (yaml_tree_at_key(yaml))
        return yaml_on_key(yaml, event);
    if (!yaml_resolve(yaml, event, &scalar))
        return false;
    /* nothing between two "---" is no document */
    if (!yaml->depth && !scalar.len && scalar.type == BSON_TYPE_NULL)
        return true;
    if (!yaml_tree_anchor_new(yaml, event->data.scalar.anchor, &anchor) ||
        !yaml_to_value(yaml, &scalar, &value))
        return false;
    yaml_tree_anchor_done(anchor, &value, 1 + scalar.len / YAML_BYTES_PER_NODE,
                          0);
    yaml->builder.nodes += scalar.len / YAML_BYTES_PER_NODE;
    return yaml_tree_give(yaml, &value, 0);
}

/* ---- containers ---------------------------------------------------------- */

static bool yaml_on_begin(struct yaml_source *yaml, const yaml_event_t *event)
{
    const bool array = event->type == YAML_SEQUENCE_START_EVENT;
    const char *tag = (const char *)(array ? event->data.sequence_start.tag
                                           : event->data.mapping_start.tag);
    const yaml_char_t *name = array ? event->data.sequence_start.anchor
                                    : event->data.mapping_start.anchor;
    struct yaml_anchor *anchor;

    if (yaml_tree_at_key(yaml))
        return yaml_tree_fail(yaml, ENGINE_EPARSE,
                              "a key must be text, not a mapping or list");
    if (tag && strcmp(tag, array ? YAML_SEQ_TAG : YAML_MAP_TAG) != 0)
        return yaml_tree_fail(yaml, ENGINE_EPARSE,
                              "tag \"%.100s\" is not known here", tag);
    if (yaml->depth == VALUE_MAX_DEPTH)
        return yaml_tree_fail(yaml, ENGINE_ELIMIT, "nested deeper than %d",
                              VALUE_MAX_DEPTH);
    if (!yaml_tree_anchor_new(yaml, name, &anchor))
        return false;
    yaml->frames[yaml->depth++] =
        (struct yaml_frame){.base = yaml->builder.used,
                            .weight = yaml->builder.nodes,
                            .anchor = anchor,
                            .line = yaml->line,
                            .array = array};
    return true;
}

/* ---- the stream ---------------------------------------------------------- */

static bool yaml_on_event(struct yaml_source *yaml, const yaml_event_t *event)
{
    yaml->line = (long)event->start_mark.line + 1;
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return yaml_on_scalar(yaml, event);
    case YAML_ALIAS_EVENT:
        return yaml_tree_alias(yaml, event);
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
        return yaml_on_begin(yaml, event);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return yaml_tree_close(yaml);
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
        return yaml_tree_fail(yaml, ENGINE_EPARSE, "%s", why);
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
