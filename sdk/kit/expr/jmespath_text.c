/* SPDX-License-Identifier: Apache-2.0 */
/* jmespath_text.c - the specification's functions of texts (and arrays). */
#include <string.h>

#include "sdk/kit/expr/jmespath_functions.h"

static bool jmespath_within(struct jmespath_walk *walk,
                            const struct value *text, const struct value *part)
{
    return jmespath_step(walk, text->count / 16) &&
           part->count <= text->count &&
           memmem(text->text, text->count, part->text, part->count) != NULL;
}

JMESPATH_FN(contains)
{
    const struct value *in = args[0];
    bool found = false;

    (void)call;
    if (in->kind == VALUE_STRING) {
        found =
            args[1]->kind == VALUE_STRING && jmespath_within(walk, in, args[1]);
    } else {
        for (uint32_t i = 0; !found && i < in->count; i++)
            found = jmespath_equal(walk, &in->items[i], args[1]);
    }
    return walk->status < 0 ? NULL : jmespath_bool(found);
}

JMESPATH_FN(starts_with)
{
    const struct value *text = args[0], *part = args[1];

    (void)walk;
    (void)call;
    return jmespath_bool(part->count <= text->count &&
                         memcmp(text->text, part->text, part->count) == 0);
}

JMESPATH_FN(ends_with)
{
    const struct value *text = args[0], *part = args[1];

    (void)walk;
    (void)call;
    return jmespath_bool(part->count <= text->count &&
                         memcmp(text->text + text->count - part->count,
                                part->text, part->count) == 0);
}

JMESPATH_FN(join)
{
    const struct value *glue = args[0], *parts = args[1];
    size_t len = 0;
    char *text, *at;

    (void)call;
    for (uint32_t i = 0; i < parts->count; i++)
        len += parts->items[i].count + (i ? glue->count : 0);
    if (len > UINT32_MAX || !jmespath_step(walk, parts->count + len / 64)) {
        if (walk->status == ENGINE_OK)
            walk->status = expr_fail_values(walk->expr, walk->err);
        return NULL;
    }
    text = at = jmespath_alloc(walk, len + 1, 1);
    for (uint32_t i = 0; text && i < parts->count; i++) {
        if (i) {
            memcpy(at, glue->text, glue->count);
            at += glue->count;
        }
        memcpy(at, parts->items[i].text, parts->items[i].count);
        at += parts->items[i].count;
    }
    return text ? jmespath_text_of(walk, text, len) : NULL;
}

/* Bytes of a character (code point) of valid UTF-8; 1 of anything else. */
static size_t jmespath_character(const char *text, size_t left)
{
    size_t len = 1;

    while (len < left && ((unsigned char)text[len] & 0xc0) == 0x80)
        len++;
    return len;
}

JMESPATH_FN(length)
{
    int64_t characters = 0;

    (void)call;
    if (args[0]->kind != VALUE_STRING)
        return jmespath_int(walk, args[0]->count);
    if (!jmespath_step(walk, args[0]->count / 16))
        return NULL;
    for (uint32_t i = 0; i < args[0]->count; i++)
        characters += ((unsigned char)args[0]->text[i] & 0xc0) != 0x80;
    return jmespath_int(walk, characters);
}

static const struct value *jmespath_reverse_text(struct jmespath_walk *walk,
                                                 const struct value *from)
{
    char *text = jmespath_alloc(walk, (size_t)from->count + 1, 1);

    if (!text || !jmespath_step(walk, from->count / 16))
        return NULL;
    for (size_t i = 0; i < from->count;) {
        const size_t len = jmespath_character(from->text + i, from->count - i);

        memcpy(text + from->count - i - len, from->text + i, len);
        i += len;
    }
    return jmespath_text_of(walk, text, from->count);
}

JMESPATH_FN(reverse)
{
    const uint32_t count = args[0]->count;
    struct value *items;

    (void)call;
    if (args[0]->kind == VALUE_STRING)
        return jmespath_reverse_text(walk, args[0]);
    items = jmespath_alloc(walk, count, sizeof(*items));
    for (uint32_t i = 0; items && i < count; i++)
        items[i] = args[0]->items[count - 1 - i];
    return items ? jmespath_array(walk, items, count) : NULL;
}

#define JMESPATH_JSON ((size_t)64 << 20) /* bytes that to_string makes */

JMESPATH_FN(to_string)
{
    const struct value *text = NULL;
    struct buffer json;

    (void)call;
    if (args[0]->kind == VALUE_STRING)
        return args[0];
    buffer_init(&json, JMESPATH_JSON);
    value_to_json(args[0], 0, &json);
    if (buffer_status(&json, walk->err) < 0)
        walk->status = json.status;
    else if (jmespath_step(walk, json.len / 16))
        text = jmespath_text(walk, json.data, json.len);
    buffer_clear(&json);
    return text;
}
