/* SPDX-License-Identifier: Apache-2.0 */
/* value_bson.c - values from BSON, and into it. */
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/document/document.h"
#include "sdk/kit/value_builder.h"

/* ---- from BSON -------------------------------------------------------------- */

struct bson_source {
    struct value_builder builder;
    engine_error *err;
};

static engine_status bson_no_memory(struct bson_source *source)
{
    return builder_fail(&source->builder, source->err);
}

static engine_status bson_text(struct bson_source *source, const char *text,
                               size_t len, struct value *out)
{
    *out = (struct value){.kind = VALUE_STRING, .count = (uint32_t)len};
    out->text = builder_text(&source->builder, text ? text : "", len);
    return out->text ? ENGINE_OK : bson_no_memory(source);
}

/* What JSON has no type for, as its JSON text says it: a string, or a number
 * or an object of strings. */
static engine_status bson_by_json(struct bson_source *source,
                                  const bson_iter_t *iter, struct value *out)
{
    struct buffer text;
    engine_status status;

    buffer_init(&text, (size_t)64 << 20);
    status = document_value_to_json(iter, 0, &text);
    if (status == ENGINE_OK)
        status = value_from_json(text.data, text.len, "BSON",
                                 source->builder.arena, out, source->err);
    else
        engine_fail(source->err, status, "a value cannot be shown as JSON");
    buffer_clear(&text);
    return status;
}

static engine_status bson_value(struct bson_source *source,
                                const bson_iter_t *iter, int depth,
                                struct value *out);

static engine_status bson_children(struct bson_source *source,
                                   const bson_iter_t *iter, int depth,
                                   struct value *out)
{
    struct value_builder *builder = &source->builder;
    const bool array = BSON_ITER_HOLDS_ARRAY(iter);
    const size_t base = builder->used;
    bson_iter_t child;

    if (depth >= VALUE_MAX_DEPTH)
        return engine_fail(source->err, ENGINE_ELIMIT, "nested deeper than %d",
                           VALUE_MAX_DEPTH);
    if (!bson_iter_recurse(iter, &child))
        return engine_fail(source->err, ENGINE_EPARSE, "malformed BSON");
    while (bson_iter_next(&child)) {
        struct value_member member = {0};
        struct value_member *place;
        engine_status status;

        if (!array) {
            member.key_len = bson_iter_key_len(&child);
            member.key =
                builder_text(builder, bson_iter_key(&child), member.key_len);
            if (!member.key)
                return bson_no_memory(source);
        }
        status = bson_value(source, &child, depth + 1, &member.value);
        if (status < 0)
            return status;
        place = builder_push(builder);
        if (!place)
            return bson_no_memory(source);
        *place = member;
    }
    if (child.err_off)
        return engine_fail(source->err, ENGINE_EPARSE, "malformed BSON");
    if (array ? builder_array(builder, base, out)
              : builder_object(builder, base, out, NULL))
        return ENGINE_OK;
    return bson_no_memory(source);
}

static engine_status bson_value(struct bson_source *source,
                                const bson_iter_t *iter, int depth,
                                struct value *out)
{
    const char *text;
    uint32_t len;

    *out = value_null;
    switch (bson_iter_type(iter)) {
    case BSON_TYPE_NULL:
    case BSON_TYPE_UNDEFINED:
        return ENGINE_OK;
    case BSON_TYPE_BOOL:
        *out = (struct value){.kind = VALUE_BOOL};
        out->boolean = bson_iter_bool(iter);
        return ENGINE_OK;
    case BSON_TYPE_INT32:
    case BSON_TYPE_INT64:
        *out = (struct value){.kind = VALUE_INT};
        out->integer = bson_iter_as_int64(iter);
        return ENGINE_OK;
    case BSON_TYPE_DOUBLE:
        *out = (struct value){.kind = VALUE_DOUBLE};
        out->number = bson_iter_double(iter);
        return ENGINE_OK;
    case BSON_TYPE_UTF8:
        text = bson_iter_utf8(iter, &len);
        return bson_text(source, text, len, out);
    case BSON_TYPE_DOCUMENT:
    case BSON_TYPE_ARRAY:
        return bson_children(source, iter, depth, out);
    default:
        return bson_by_json(source, iter, out);
    }
}

engine_status value_from_bson(const bson_iter_t *iter, struct arena *arena,
                              struct value *out, engine_error *err)
{
    struct bson_source source = {.err = err};
    engine_status status;
    struct value value;

    builder_init(&source.builder, arena, arena->maximum / sizeof(struct value));
    status = bson_value(&source, iter, 0, &value);
    if (status == ENGINE_OK)
        *out = value;
    builder_clear(&source.builder);
    return status;
}

/* ---- into BSON -------------------------------------------------------------- */

struct bson_target {
    size_t left; /* bytes */
    bool cut;
};

#define BSON_CUT "..."
#define BSON_KEY_DIGITS 12

/* As much of a text as fits, cut between characters. */
static bool bson_put_text(struct bson_target *target, bson_t *to,
                          const char *key, int key_len, const char *text,
                          size_t len)
{
    char *shorter;
    bool done;

    if (len <= target->left) {
        target->left -= len;
        return bson_append_utf8(to, key, key_len, text, (int)len);
    }
    target->cut = true;
    len = target->left;
    while (len && ((unsigned char)text[len] & 0xc0) == 0x80)
        len--;
    target->left = 0;
    shorter = engine_malloc(len + sizeof(BSON_CUT));
    if (!shorter)
        return false;
    memcpy(shorter, text, len);
    memcpy(shorter + len, BSON_CUT, sizeof(BSON_CUT));
    done = bson_append_utf8(to, key, key_len, shorter,
                            (int)(len + strlen(BSON_CUT)));
    engine_free(shorter);
    return done;
}

static bool bson_put(struct bson_target *target, bson_t *to, const char *key,
                     size_t key_len, const struct value *value, int depth);

/* Takes the cost of an element from what is left; false: it does not fit. */
static bool bson_take(struct bson_target *target, size_t key_len)
{
    const size_t cost = key_len + 2 + 9; /* type, key, a scalar or a length */

    if (target->left < cost) {
        target->cut = true;
        target->left = 0;
        return false;
    }
    target->left -= cost;
    return true;
}

static bool bson_put_children(struct bson_target *target, bson_t *to,
                              const struct value *value, int depth)
{
    char digits[BSON_KEY_DIGITS];

    for (uint32_t i = 0; i < value->count; i++) {
        const char *key = digits;
        const struct value *child;
        size_t len;

        if (value->kind == VALUE_ARRAY) {
            len = bson_uint32_to_string(i, &key, digits, sizeof(digits));
            child = &value->items[i];
        } else {
            key = value->members[i].key;
            len = value->members[i].key_len;
            child = &value->members[i].value;
        }
        if (!bson_take(target, len))
            return true;
        if (!bson_put(target, to, key, len, child, depth))
            return false;
    }
    return true;
}

static bool bson_put_container(struct bson_target *target, bson_t *to,
                               const char *key, int key_len,
                               const struct value *value, int depth)
{
    bson_t child;
    bool done;

    if (depth >= VALUE_MAX_DEPTH) {
        target->cut = true;
        return bson_append_null(to, key, key_len);
    }
    if (value->kind == VALUE_ARRAY) {
        if (!bson_append_array_begin(to, key, key_len, &child))
            return false;
        done = bson_put_children(target, &child, value, depth + 1);
        return bson_append_array_end(to, &child) && done;
    }
    if (!bson_append_document_begin(to, key, key_len, &child))
        return false;
    done = bson_put_children(target, &child, value, depth + 1);
    return bson_append_document_end(to, &child) && done;
}

static bool bson_put(struct bson_target *target, bson_t *to, const char *key,
                     size_t key_len, const struct value *value, int depth)
{
    const int len = (int)key_len;

    /* BSON keys end at a NUL */
    if (memchr(key, '\0', key_len)) {
        target->cut = true;
        return true;
    }
    switch (value->kind) {
    case VALUE_BOOL:
        return bson_append_bool(to, key, len, value->boolean);
    case VALUE_INT:
        if (value->integer >= INT32_MIN && value->integer <= INT32_MAX)
            return bson_append_int32(to, key, len, (int32_t)value->integer);
        return bson_append_int64(to, key, len, value->integer);
    case VALUE_DOUBLE:
        return bson_append_double(to, key, len, value->number);
    case VALUE_STRING:
        return bson_put_text(target, to, key, len, value->text, value->count);
    case VALUE_ARRAY:
    case VALUE_OBJECT:
        return bson_put_container(target, to, key, len, value, depth);
    default:
        return bson_append_null(to, key, len);
    }
}

engine_status value_to_bson(const struct value *value, const char *key,
                            size_t maximum, bson_t *to, bool *cut)
{
    struct bson_target target = {.left = maximum};
    const size_t len = strlen(key);

    bson_take(&target, len);
    if (!bson_put(&target, to, key, len, value, 0))
        return ENGINE_ENOMEM;
    if (cut)
        *cut = target.cut;
    return ENGINE_OK;
}
