/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_value_stream.c - the kit's JSON reader against yajl: both take the same
 * texts and read the same from them; in pieces, by elements and with a mask it
 * gives what it gives at once.
 *
 * The first byte of the input is the size of the pieces.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "sdk/base/alloc.h"
#include "sdk/kit/value_stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* ---- what yajl reads, as a number ------------------------------------------- */

static int hash_bytes(uint64_t *hash, char kind, const void *data, size_t len)
{
    const uint8_t *bytes = data;

    *hash = (*hash ^ (uint8_t)kind) * UINT64_C(1099511628211);
    for (size_t i = 0; i < len; i++)
        *hash = (*hash ^ bytes[i]) * UINT64_C(1099511628211);
    return 1;
}

static int on_null(void *hash)
{
    return hash_bytes(hash, 'n', "", 0);
}

static int on_bool(void *hash, int value)
{
    return hash_bytes(hash, value ? 't' : 'f', "", 0);
}

static int on_number(void *hash, const char *text, size_t len)
{
    char *copy = engine_strndup(text, len);
    const double number = strtod(copy, NULL) + 0.0; /* -0 is 0 */

    engine_free(copy);
    return hash_bytes(hash, '0', &number, sizeof(number));
}

static int on_text(void *hash, const unsigned char *text, size_t len)
{
    return hash_bytes(hash, '"', text, len);
}

static int on_key(void *hash, const unsigned char *text, size_t len)
{
    return hash_bytes(hash, ':', text, len);
}

static int on_map(void *hash)
{
    return hash_bytes(hash, '{', "", 0);
}

static int on_end_map(void *hash)
{
    return hash_bytes(hash, '}', "", 0);
}

static int on_array(void *hash)
{
    return hash_bytes(hash, '[', "", 0);
}

static int on_end_array(void *hash)
{
    return hash_bytes(hash, ']', "", 0);
}

static bool read_with_yajl(const char *text, size_t len, uint64_t *hash)
{
    static const yajl_callbacks callbacks = {
        on_null, on_bool, NULL,       NULL,     on_number,   on_text,
        on_map,  on_key,  on_end_map, on_array, on_end_array};
    yajl_handle parser = yajl_alloc(&callbacks, NULL, hash);
    bool done;

    *hash = 0;
    done = yajl_parse(parser, (const unsigned char *)text, len) ==
               yajl_status_ok &&
           yajl_complete_parse(parser) == yajl_status_ok;
    yajl_free(parser);
    return done;
}

/* ---- comparing --------------------------------------------------------------- */

static bool contains(const char *text, size_t len, const char *part)
{
    return memmem(text, len, part, strlen(part)) != NULL;
}

/* Where both are right in their way: numbers of no double, depth; and where
 * yajl is lenient: some texts that are no UTF-8, part of a token at the end. */
static bool may_refuse(const engine_error *err)
{
    return err->status == ENGINE_ELIMIT ||
           strstr(err->message, "out of range") ||
           strstr(err->message, "too long") ||
           strstr(err->message, "not UTF-8") ||
           strstr(err->message, "more text after");
}

/* What is between keys and values: as much is left where no key came twice. */
static size_t count_tokens(const char *text, size_t len)
{
    size_t count = 0;
    bool quoted = false;

    for (size_t i = 0; i < len; i++) {
        if (quoted && text[i] == '\\')
            i++;
        else if (text[i] == '"')
            quoted = !quoted;
        else if (!quoted)
            count += text[i] == ':' || text[i] == ',';
    }
    return count;
}

static size_t count_separators(const struct value *value)
{
    size_t count = 0;

    if (value->kind == VALUE_ARRAY && value->count)
        count = value->count - 1;
    if (value->kind == VALUE_OBJECT && value->count)
        count = 2 * (size_t)value->count - 1;
    for (uint32_t i = 0; value->kind == VALUE_ARRAY && i < value->count; i++)
        count += count_separators(&value->items[i]);
    for (uint32_t i = 0; value->kind == VALUE_OBJECT && i < value->count; i++)
        count += count_separators(&value->members[i].value);
    return count;
}

static void compare_with_yajl(const char *text, size_t len,
                              const struct value *value,
                              const engine_error *err)
{
    uint64_t theirs, ours;
    struct buffer again;

    if (!read_with_yajl(text, len, &theirs)) {
        if (value)
            abort();
        return;
    }
    if (!value) {
        /* which yajl takes for spaces */
        if (!may_refuse(err) && !memchr(text, '\f', len) &&
            !memchr(text, '\v', len))
            abort();
        return;
    }
    /* yajl makes "?" of half a pair, and reports keys that come twice */
    if (contains(text, len, "\\uD") || contains(text, len, "\\ud") ||
        count_separators(value) != count_tokens(text, len))
        return;
    buffer_init(&again, (size_t)1 << 28);
    if (value_to_json(value, 0, &again) < 0 ||
        !read_with_yajl(again.data, again.len, &ours) || ours != theirs)
        abort();
    buffer_clear(&again);
}

/* ---- in pieces ---------------------------------------------------------------- */

static const struct value_step route_a[] = {{"a", 1}, {NULL, 0}, {"b", 1}};
static const struct value_step route_c[] = {{NULL, 0}, {"c", 1}};
static const struct value_step route_d[] = {{"d", 1}};
static const struct {
    const struct value_step *steps;
    size_t count;
} routes[] = {{route_a, 3}, {route_c, 2}, {route_d, 1}};

#define ROUTES 3

/* The routes in `on` that go on with a member; all: one ends here. */
static unsigned follow(unsigned on, size_t depth, const char *key, size_t len,
                       bool *all)
{
    unsigned next = 0;

    for (unsigned i = 0; i < ROUTES; i++) {
        const struct value_step *step;

        if (!(on & 1u << i) || depth >= routes[i].count)
            continue;
        step = &routes[i].steps[depth];
        if (step->key &&
            (!key || step->key_len != len || memcmp(step->key, key, len) != 0))
            continue;
        next |= 1u << i;
        *all = *all || depth + 1 == routes[i].count;
    }
    return next;
}

/* What a mask of the routes keeps, as JSON. */
static void put_masked(const struct value *value, unsigned on, size_t depth,
                       struct buffer *out)
{
    const bool array = value->kind == VALUE_ARRAY;
    bool any = false;

    if (!array && value->kind != VALUE_OBJECT) {
        value_to_json(value, 0, out);
        return;
    }
    buffer_putc(out, array ? '[' : '{');
    for (uint32_t i = 0; i < value->count; i++) {
        const struct value_member *member = array ? NULL : &value->members[i];
        const struct value *child = array ? &value->items[i] : &member->value;
        bool all = false;
        const unsigned next = follow(on, depth, array ? NULL : member->key,
                                     array ? 0 : member->key_len, &all);

        if (!next)
            continue;
        if (any)
            buffer_putc(out, ',');
        any = true;
        if (!array) {
            const struct value key = {.kind = VALUE_STRING,
                                      .count = member->key_len,
                                      .text = member->key};

            value_to_json(&key, 0, out);
            buffer_putc(out, ':');
        }
        if (all)
            value_to_json(child, 0, out);
        else
            put_masked(child, next, depth + 1, out);
    }
    buffer_putc(out, array ? ']' : '}');
}

struct seen {
    const struct value *items; /* of the whole document */
    bool masked;
    size_t count;
};

static engine_status on_item(const struct value *item, const char *text,
                             size_t len, void *user, engine_error *err)
{
    struct seen *seen = user;
    struct buffer expected, found;

    (void)err;
    if (!len || strchr(" \t\r\n,", text[0]) ||
        strchr(" \t\r\n,", text[len - 1]))
        abort();
    if (!seen->items || seen->count >= seen->items->count)
        return ENGINE_OK; /* a text that turns out to be none later */
    buffer_init(&expected, (size_t)1 << 28);
    buffer_init(&found, (size_t)1 << 28);
    value_to_json(item, 0, &found);
    if (seen->masked)
        put_masked(&seen->items->items[seen->count], (1u << ROUTES) - 1, 0,
                   &expected);
    else
        value_to_json(&seen->items->items[seen->count], 0, &expected);
    if (found.len != expected.len ||
        memcmp(found.data, expected.data, found.len) != 0)
        abort();
    buffer_clear(&expected);
    buffer_clear(&found);
    seen->count++;
    return ENGINE_OK;
}

static engine_status run_stream(struct value_stream *stream, const char *text,
                                size_t len, size_t step,
                                const struct value **rest, engine_error *err)
{
    for (size_t at = 0; at < len; at += step) {
        const size_t size = len - at < step ? len - at : step;
        char *piece = malloc(size);
        engine_status status;

        memcpy(piece, text + at, size);
        status = value_stream_feed(stream, piece, size, err);
        free(piece);
        if (status < 0)
            return status;
    }
    return value_stream_end(stream, rest, err);
}

static void check_rest(const struct value *whole, const struct value *rest,
                       const struct seen *seen)
{
    const struct value *items = value_member(whole, "items");

    if (seen->items && items && items->kind == VALUE_ARRAY) {
        if (seen->count != items->count)
            abort();
    } else if (!value_equal(whole, rest)) {
        abort();
    }
}

static void compare_in_pieces(const char *text, size_t len, size_t step,
                              const struct value *whole, const char *list,
                              const struct value_mask *mask)
{
    struct seen seen = {.masked = mask != NULL};
    const struct value_stream_options options = {.name = "input",
                                                 .list = list,
                                                 .mask = mask,
                                                 .item = on_item,
                                                 .user = &seen};
    const struct value *rest;
    struct value_stream *stream;
    engine_error err = {0};
    engine_status status;

    if (list && whole && value_member(whole, list) &&
        value_member(whole, list)->kind == VALUE_ARRAY)
        seen.items = value_member(whole, list);
    if (value_stream_new(&options, &stream, &err) < 0)
        abort();
    status = run_stream(stream, text, len, step, &rest, &err);
    if (status == ENGINE_OK && !whole && !list)
        abort();
    if (status == ENGINE_OK && whole)
        check_rest(whole, rest, &seen);
    if (status < 0 && whole && !strstr(err.message, "comes twice"))
        abort();
    value_stream_free(stream);
}

static struct value_mask *make_mask(void)
{
    struct value_mask *mask = value_mask_new();

    for (size_t i = 0; i < ROUTES; i++)
        if (value_mask_add(mask, routes[i].steps, routes[i].count) < 0)
            abort();
    return mask;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const char *text = (const char *)data + 1;
    const size_t step = len ? 1 + data[0] % 100 : 1;
    struct value_mask *mask;
    struct value value;
    struct arena arena;
    engine_error err = {0};
    const struct value *whole = NULL;

    if (!len--)
        return 0;
    arena_init(&arena, (size_t)1 << 28);
    if (value_from_json(text, len, "input", &arena, &value, &err) == ENGINE_OK)
        whole = &value;
    compare_with_yajl(text, len, whole, &err);
    compare_in_pieces(text, len, step, whole, NULL, NULL);
    /* a list that comes twice is refused only when its elements are out */
    if (whole && count_separators(whole) != count_tokens(text, len))
        whole = NULL;
    mask = make_mask();
    compare_in_pieces(text, len, step, whole, "items", NULL);
    compare_in_pieces(text, len, step, whole, "items", mask);
    value_mask_free(mask);
    arena_clear(&arena);
    return 0;
}
