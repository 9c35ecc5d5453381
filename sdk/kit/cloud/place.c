/* SPDX-License-Identifier: Apache-2.0 */
/* place.c - texts with placeholders: {expression}. */
#include <string.h>

#include "sdk/kit/cloud/cloud_private.h"

/* Where the text in quotes that begins here ends; NULL: nowhere. */
static const char *place_quoted(const char *at, const char *end)
{
    const char quote = *at++;

    for (; at < end; at++) {
        if (*at == '\\')
            at++;
        else if (*at == quote)
            return at;
    }
    return NULL;
}

/* The brace that closes the one at `at`; NULL: there is none. */
static const char *place_close(const char *at, const char *end)
{
    size_t open = 0;

    for (; at && at < end; at++) {
        if (*at == '\'' || *at == '"' || *at == '`')
            at = place_quoted(at, end);
        else if (*at == '{')
            open++;
        else if (*at == '}' && --open == 0)
            return at;
        if (!at)
            return NULL;
    }
    return NULL;
}

static size_t place_count(const char *text, size_t len)
{
    size_t count = 1;

    for (size_t i = 0; i < len; i++)
        count += 2 * (text[i] == '{');
    return count;
}

static engine_status place_literal(struct place *place, const char *from,
                                   const char *to, struct arena *arena,
                                   engine_error *err)
{
    struct place_part *part = &place->parts[place->count];

    if (from == to)
        return ENGINE_OK;
    part->text = (struct value){.kind = VALUE_STRING,
                                .count = (uint32_t)(to - from)};
    part->text.text = arena_strndup(arena, from, (size_t)(to - from));
    if (!part->text.text)
        return engine_fail_memory(err);
    place->count++;
    return ENGINE_OK;
}

static engine_status place_parts(struct cloud *cloud, struct place *place,
                                 const struct value *text,
                                 struct arena *arena, engine_error *err)
{
    const char *at = text->text, *end = at + text->count, *from = at;
    engine_status status = ENGINE_OK;

    while (status == ENGINE_OK && (at = memchr(at, '{', (size_t)(end - at)))) {
        const char *close = place_close(at, end);
        char *inner;

        if (!close)
            return engine_fail(err, ENGINE_EINVAL,
                               "\"%.200s\": a placeholder is not closed; a "
                               "brace itself is {'{'}", text->text);
        status = place_literal(place, from, at, arena, err);
        inner = arena_strndup(arena, at + 1, (size_t)(close - at - 1));
        if (status < 0 || !inner)
            return engine_fail_memory(err);
        status = cloud_program(cloud, inner, &place->parts[place->count].expr,
                               err);
        if (status < 0)
            engine_error_prefix(err, "\"%.100s\"", text->text);
        place->count++;
        from = at = close + 1;
    }
    return status < 0 ? status : place_literal(place, from, end, arena, err);
}

engine_status place_compile(struct cloud *cloud, const struct value *text,
                            struct arena *arena, struct place **out,
                            engine_error *err)
{
    struct place *place = arena_alloc(arena, sizeof(*place));
    const size_t most = place_count(text->text, text->count);

    if (place)
        place->parts = arena_alloc(arena, most * sizeof(*place->parts));
    if (!place || !place->parts)
        return engine_fail_memory(err);
    *out = place;
    return place_parts(cloud, place, text, arena, err);
}

/* ---- filling ------------------------------------------------------------ */

static engine_status place_append(const struct place_part *part,
                                  const struct value *value,
                                  struct buffer *text, engine_error *err)
{
    switch (value->kind) {
    case VALUE_STRING:
        buffer_append(text, value->text, value->count);
        break;
    case VALUE_BOOL:
    case VALUE_INT:
    case VALUE_DOUBLE:
        if (value_to_json(value, 0, text) < 0 && text->status == ENGINE_OK)
            return engine_fail_memory(err);
        break;
    default:
        return engine_fail(err, ENGINE_EINVAL,
                           "the placeholder {%.200s} gives %s, which cannot "
                           "be part of a text", expr_text(part->expr),
                           value->kind == VALUE_NULL ? "nothing"
                                                     : value_kind_name(value));
    }
    return buffer_status(text, err);
}

static engine_status place_join(struct cloud *cloud, const struct place *place,
                                const struct value *input,
                                struct arena *arena, struct buffer *text,
                                engine_error *err)
{
    engine_status status = ENGINE_OK;

    for (size_t i = 0; status == ENGINE_OK && i < place->count; i++) {
        const struct place_part *part = &place->parts[i];
        const struct value *value = &part->text;

        if (part->expr)
            status = cloud_evaluate(cloud, part->expr, input, arena, &value,
                                    err);
        if (status == ENGINE_OK)
            status = place_append(part, value, text, err);
    }
    return status;
}

engine_status place_fill(struct cloud *cloud, const struct place *place,
                         const struct value *input, struct arena *arena,
                         struct value *out, engine_error *err)
{
    const struct value *value;
    engine_status status;
    struct buffer text;

    if (place->count == 1 && place->parts[0].expr) {
        status = cloud_evaluate(cloud, place->parts[0].expr, input, arena,
                                &value, err);
        if (status == ENGINE_OK)
            *out = *value;
        return status;
    }
    buffer_init(&text, (size_t)1 << 20);
    status = place_join(cloud, place, input, arena, &text, err);
    *out = (struct value){.kind = VALUE_STRING, .count = (uint32_t)text.len};
    if (status == ENGINE_OK) {
        out->text = arena_strndup(arena, text.data ? text.data : "", text.len);
        if (!out->text)
            status = cloud_fail_arena(arena, err);
    }
    buffer_clear(&text);
    return status;
}

bool place_any(const struct place *place, place_expr_fn fn, void *user)
{
    for (size_t i = 0; place && i < place->count; i++) {
        if (place->parts[i].expr && fn(place->parts[i].expr, user))
            return true;
    }
    return false;
}

/* ---- whole values, which are no deeper than documents are --------------- */

static engine_status mold_inner(struct cloud *cloud, const struct value *value,
                                struct arena *arena, struct mold *out,
                                engine_error *err)
{
    struct mold *inner = arena_alloc(arena, value->count * sizeof(*inner));
    engine_status status = inner ? ENGINE_OK : engine_fail_memory(err);
    bool any = false;

    for (uint32_t i = 0; status == ENGINE_OK && i < value->count; i++) {
        status = mold_compile(cloud,
                              value->kind == VALUE_ARRAY
                                  ? &value->items[i]
                                  : &value->members[i].value,
                              arena, &inner[i], err);
        if (status < 0 && value->kind == VALUE_OBJECT)
            engine_error_prefix(err, "%.100s", value->members[i].key);
        any = any || inner[i].place || inner[i].inner;
    }
    if (any)
        out->inner = inner;
    return status;
}

engine_status mold_compile(struct cloud *cloud, const struct value *value,
                           struct arena *arena, struct mold *out,
                           engine_error *err)
{
    *out = (struct mold){.value = value};
    if (value->kind == VALUE_STRING) {
        if (!memchr(value->text, '{', value->count))
            return ENGINE_OK;
        return place_compile(cloud, value, arena, &out->place, err);
    }
    if ((value->kind != VALUE_ARRAY && value->kind != VALUE_OBJECT) ||
        value->count == 0)
        return ENGINE_OK;
    return mold_inner(cloud, value, arena, out, err);
}

engine_status mold_fill(struct cloud *cloud, const struct mold *mold,
                        const struct value *input, struct arena *arena,
                        struct value *out, engine_error *err)
{
    const struct value *from = mold->value;
    engine_status status = ENGINE_OK;
    struct value_member *members = NULL;
    struct value *items = NULL;

    if (mold->place)
        return place_fill(cloud, mold->place, input, arena, out, err);
    *out = *from;
    if (!mold->inner)
        return ENGINE_OK;
    if (from->kind == VALUE_ARRAY)
        out->items = items = arena_alloc(arena, from->count * sizeof(*items));
    else
        out->members = members =
            arena_alloc(arena, from->count * sizeof(*members));
    if (!items && !members)
        return cloud_fail_arena(arena, err);
    for (uint32_t i = 0; status == ENGINE_OK && i < from->count; i++) {
        if (members)
            members[i] = from->members[i];
        status = mold_fill(cloud, &mold->inner[i], input, arena,
                           members ? &members[i].value : &items[i], err);
    }
    return status;
}

bool mold_any(const struct mold *mold, place_expr_fn fn, void *user)
{
    if (mold->place && place_any(mold->place, fn, user))
        return true;
    for (uint32_t i = 0; mold->inner && i < mold->value->count; i++) {
        if (mold_any(&mold->inner[i], fn, user))
            return true;
    }
    return false;
}
