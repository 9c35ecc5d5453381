/* SPDX-License-Identifier: Apache-2.0 */
/* yaml_read.c - YAML documents from libyaml's events. */
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/document/reader.h"
#include "sdk/document/yaml_problem.h"
#include "sdk/document/yaml_scalar.h"

struct yaml_reader {
    struct reader reader;
    yaml_parser_t parser;
    const char *text;
    size_t len;
};

static long yaml_line(const yaml_event_t *event)
{
    return (long)event->start_mark.line + 1;
}

static bool yaml_at_key(const struct reader *reader)
{
    const struct reader_frame *top;

    if (!reader->depth)
        return false;
    top = &reader->frames[reader->depth - 1];
    return !top->array && !top->key;
}

/* *out is NULL when there is none; false on failure. */
static bool yaml_anchor(struct reader *reader, const yaml_char_t *name,
                        struct reader_anchor **out)
{
    *out = NULL;
    if (!name)
        return true;
    *out = reader_anchor(reader, (const char *)name);
    return *out != NULL;
}

static bool yaml_on_key(struct reader *reader, const yaml_event_t *event)
{
    const long line = yaml_line(event);
    const char *text = (const char *)event->data.scalar.value;
    const size_t len = event->data.scalar.length;
    const bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
                       event->data.scalar.plain_implicit;

    if (event->data.scalar.anchor)
        return reader_fail(reader, ENGINE_EPARSE, line,
                           "an anchor on a key is not supported");
    if (plain && len == 2 && memcmp(text, "<<", 2) == 0)
        return reader_merge_key(reader, line);
    return reader_key(reader, line, text, len);
}

static bool yaml_on_scalar(struct reader *reader, const yaml_event_t *event)
{
    const long line = yaml_line(event);
    const char *tag = (const char *)event->data.scalar.tag;
    struct reader_scalar scalar = {.type = BSON_TYPE_UTF8,
                                   .text =
                                       (const char *)event->data.scalar.value,
                                   .len = event->data.scalar.length};
    const char *wrong = NULL;
    struct reader_anchor *anchor;

    if (yaml_at_key(reader))
        return yaml_on_key(reader, event);
    if (tag)
        wrong = yaml_scalar_tagged(&scalar, tag, &reader->arena);
    else if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
             !yaml_scalar_resolve(&scalar))
        wrong = "a number out of range";
    if (wrong)
        return reader_fail(reader, ENGINE_EPARSE, line,
                           "\"%.60s\"%s%.60s is %s", scalar.text,
                           tag ? " with tag " : "", tag ? tag : "", wrong);
    /* nothing between two "---" is no document */
    if (!reader->depth && !reader->listed && scalar.type == BSON_TYPE_NULL)
        return true;
    return yaml_anchor(reader, event->data.scalar.anchor, &anchor) &&
           reader_scalar(reader, line, &scalar, anchor);
}

static bool yaml_on_alias(struct reader *reader, const yaml_event_t *event)
{
    const char *name = (const char *)event->data.alias.anchor;
    const struct reader_anchor *anchor = reader_anchor_find(reader, name);
    const long line = yaml_line(event);

    if (!anchor)
        return reader_fail(reader, ENGINE_EPARSE, line,
                           "alias *%.100s stands for nothing", name);
    if (!yaml_at_key(reader))
        return reader_alias(reader, line, anchor);
    if (!anchor->node || !anchor->node->text)
        return reader_fail(reader, ENGINE_EPARSE, line,
                           "a key must be text, not a mapping or list");
    return reader_key(reader, line, anchor->node->text,
                      strlen(anchor->node->text));
}

static bool yaml_on_begin(struct reader *reader, const yaml_event_t *event)
{
    const bool array = event->type == YAML_SEQUENCE_START_EVENT;
    const char *tag = (const char *)(array ? event->data.sequence_start.tag
                                           : event->data.mapping_start.tag);
    const yaml_char_t *name = array ? event->data.sequence_start.anchor
                                    : event->data.mapping_start.anchor;
    const long line = yaml_line(event);
    struct reader_anchor *anchor;

    if (yaml_at_key(reader))
        return reader_fail(reader, ENGINE_EPARSE, line,
                           "a key must be text, not a mapping or list");
    if (tag && strcmp(tag, array ? YAML_SEQ_TAG : YAML_MAP_TAG) != 0)
        return reader_fail(reader, ENGINE_EPARSE, line,
                           "tag \"%.100s\" is not known here", tag);
    return yaml_anchor(reader, name, &anchor) &&
           reader_begin(reader, line, array, anchor);
}

static bool yaml_on_event(struct reader *reader, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return yaml_on_scalar(reader, event);
    case YAML_ALIAS_EVENT:
        return yaml_on_alias(reader, event);
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
        return yaml_on_begin(reader, event);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return reader_end(reader);
    case YAML_DOCUMENT_END_EVENT:
        reader_anchors_forget(reader);
        return true;
    default:
        return true;
    }
}

static engine_status yaml_fail(struct yaml_reader *yaml)
{
    char why[YAML_PROBLEM_MAX];
    long line = 0;

    if (yaml_problem(&yaml->parser, yaml->text, yaml->len, &line, why))
        reader_fail(&yaml->reader, ENGINE_EPARSE, line, "%s", why);
    else
        reader_fail_memory(&yaml->reader);
    return yaml->reader.status;
}

static engine_status yaml_run(struct yaml_reader *yaml)
{
    bool more = true;

    while (more) {
        yaml_event_t event;
        bool done;

        if (!yaml_parser_parse(&yaml->parser, &event))
            return yaml_fail(yaml);
        more =
            event.type != YAML_STREAM_END_EVENT && event.type != YAML_NO_EVENT;
        done = yaml_on_event(&yaml->reader, &event);
        yaml_event_delete(&event);
        if (!done)
            return yaml->reader.status;
    }
    return ENGINE_OK;
}

engine_status document_read_yaml(const char *text, size_t len, const char *name,
                                 document_fn fn, void *user, engine_error *err)
{
    struct yaml_reader *yaml = engine_calloc(1, sizeof(*yaml));
    engine_status status;

    if (!yaml)
        return engine_fail_memory(err);
    yaml->text = text;
    yaml->len = len;
    reader_init(&yaml->reader, name, fn, user, err);
    if (yaml_parser_initialize(&yaml->parser)) {
        yaml_parser_set_input_string(&yaml->parser, (const unsigned char *)text,
                                     len);
        /* never guessed from a byte order mark */
        yaml_parser_set_encoding(&yaml->parser, YAML_UTF8_ENCODING);
        status = yaml_run(yaml);
        yaml_parser_delete(&yaml->parser);
    } else {
        status = engine_fail_memory(err);
    }
    reader_clear(&yaml->reader);
    engine_free(yaml);
    return status;
}
