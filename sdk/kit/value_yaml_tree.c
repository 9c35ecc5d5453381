/* SPDX-License-Identifier: Apache-2.0 */
/* value_yaml_tree.c - where values of YAML belong: keys, <<, aliases. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sdk/document/document.h"
#include "sdk/kit/value_yaml_private.h"

bool yaml_tree_fail(struct yaml_source *yaml, engine_status status,
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

bool yaml_tree_fail_builder(struct yaml_source *yaml)
{
    engine_error err;
    const engine_status status = builder_fail(&yaml->builder, &err);

    return yaml_tree_fail(yaml, status, "%s", err.message);
}

struct yaml_frame *yaml_tree_top(struct yaml_source *yaml)
{
    return yaml->depth ? &yaml->frames[yaml->depth - 1] : NULL;
}

bool yaml_tree_at_key(struct yaml_source *yaml)
{
    const struct yaml_frame *top = yaml_tree_top(yaml);

    return top && !top->array && !top->keyed;
}

/* ---- values where they belong -------------------------------------------- */

static bool tree_take_merge(struct yaml_source *yaml, struct yaml_frame *top,
                            const struct value *value)
{
    struct yaml_merge *merge;
    bool maps = value->kind == VALUE_OBJECT || value->kind == VALUE_ARRAY;

    for (uint32_t i = 0; value->kind == VALUE_ARRAY && i < value->count; i++)
        maps = maps && value->items[i].kind == VALUE_OBJECT;
    if (!maps)
        return yaml_tree_fail(yaml, ENGINE_EPARSE,
                              "<< needs a mapping or a list of mappings");
    merge = builder_alloc(&yaml->builder, sizeof(*merge));
    if (!merge)
        return yaml_tree_fail_builder(yaml);
    merge->value = *value;
    merge->next = top->merges;
    top->merges = merge;
    top->merging = top->keyed = false;
    return true;
}

bool yaml_tree_give(struct yaml_source *yaml, const struct value *value,
                    int height)
{
    struct yaml_frame *top = yaml_tree_top(yaml);
    struct value_member *place;

    if (!top) {
        yaml->status = yaml->fn(value, yaml->line, yaml->user, yaml->err);
        return yaml->status == ENGINE_OK;
    }
    if (top->height < height)
        top->height = height;
    if (top->merging)
        return tree_take_merge(yaml, top, value);
    if (!top->array) {
        yaml->builder.waiting[yaml->builder.used - 1].value = *value;
        top->keyed = false;
        return true;
    }
    place = builder_push(&yaml->builder);
    if (!place)
        return yaml_tree_fail_builder(yaml);
    place->value = *value;
    return true;
}

bool yaml_tree_key(struct yaml_source *yaml, const char *text, size_t len)
{
    const char *key = builder_text(&yaml->builder, text, len);
    struct value_member *place = key ? builder_push(&yaml->builder) : NULL;

    if (!place)
        return yaml_tree_fail_builder(yaml);
    *place = (struct value_member){.key = key, .key_len = (uint32_t)len};
    yaml_tree_top(yaml)->keyed = true;
    return true;
}

/* ---- anchors and aliases ------------------------------------------------- */

static struct yaml_anchor *tree_anchor_find(struct yaml_source *yaml,
                                            const char *name)
{
    struct yaml_anchor *anchor = yaml->anchors;

    while (anchor && strcmp(anchor->name, name) != 0)
        anchor = anchor->next;
    return anchor;
}

bool yaml_tree_anchor_new(struct yaml_source *yaml, const yaml_char_t *name,
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
        return yaml_tree_fail_builder(yaml);
    anchor->next = yaml->anchors;
    yaml->anchors = anchor;
    *out = anchor;
    return true;
}

void yaml_tree_anchor_done(struct yaml_anchor *anchor,
                           const struct value *value, size_t weight, int height)
{
    if (!anchor)
        return;
    anchor->value = *value;
    anchor->weight = weight;
    anchor->height = height;
    anchor->done = true;
}

bool yaml_tree_alias(struct yaml_source *yaml, const yaml_event_t *event)
{
    const char *name = (const char *)event->data.alias.anchor;
    const struct yaml_anchor *anchor = tree_anchor_find(yaml, name);

    if (!anchor)
        return yaml_tree_fail(yaml, ENGINE_EPARSE,
                              "alias *%.100s stands for nothing", name);
    if (!anchor->done)
        return yaml_tree_fail(yaml, ENGINE_EPARSE,
                              "alias *%.100s is part of what it stands for",
                              name);
    if (yaml_tree_at_key(yaml)) {
        if (anchor->value.kind == VALUE_STRING)
            return yaml_tree_key(yaml, anchor->value.text, anchor->value.count);
        return yaml_tree_fail(yaml, ENGINE_EPARSE, "a key must be text");
    }
    yaml->expanded += anchor->weight;
    yaml->builder.nodes += anchor->weight;
    if (yaml->expanded > DOCUMENT_MAX_NODES)
        return yaml_tree_fail(yaml, ENGINE_ELIMIT,
                              "aliases expand to more than %d values",
                              DOCUMENT_MAX_NODES);
    if (yaml->depth + anchor->height > VALUE_MAX_DEPTH)
        return yaml_tree_fail(yaml, ENGINE_ELIMIT, "nested deeper than %d",
                              VALUE_MAX_DEPTH);
    return yaml_tree_give(yaml, &anchor->value, anchor->height);
}

/* ---- the end of a container ---------------------------------------------- */

static bool tree_push_members(struct yaml_source *yaml,
                              const struct value *object)
{
    for (uint32_t i = 0; i < object->count; i++) {
        struct value_member *place = builder_push(&yaml->builder);

        if (!place)
            return yaml_tree_fail_builder(yaml);
        *place = object->members[i];
    }
    return true;
}

/* What << brought comes first, the most important last: the last one counts. */
static bool tree_merge_all(struct yaml_source *yaml,
                           const struct yaml_frame *frame, struct value *out)
{
    for (const struct yaml_merge *merge = frame->merges; merge;
         merge = merge->next) {
        const struct value *value = &merge->value;

        if (value->kind == VALUE_OBJECT && !tree_push_members(yaml, value))
            return false;
        for (uint32_t i = value->count; value->kind == VALUE_ARRAY && i; i--) {
            if (!tree_push_members(yaml, &value->items[i - 1]))
                return false;
        }
    }
    return tree_push_members(yaml, out) &&
           (builder_object(&yaml->builder, frame->base, out, NULL) ||
            yaml_tree_fail_builder(yaml));
}

bool yaml_tree_close(struct yaml_source *yaml)
{
    struct yaml_frame *top = yaml_tree_top(yaml);
    const char *twice = NULL;
    struct value value;

    if (top->array ? !builder_array(&yaml->builder, top->base, &value)
                   : !builder_object(&yaml->builder, top->base, &value, &twice))
        return yaml_tree_fail_builder(yaml);
    yaml->line = top->line;
    if (twice)
        return yaml_tree_fail(yaml, ENGINE_EPARSE,
                              "the mapping has key \"%.100s\" twice", twice);
    if (top->merges && !tree_merge_all(yaml, top, &value))
        return false;
    yaml_tree_anchor_done(top->anchor, &value,
                          1 + yaml->builder.nodes - top->weight,
                          top->height + 1);
    yaml->depth--;
    return yaml_tree_give(yaml, &value, top->height + 1);
}
