/* SPDX-License-Identifier: Apache-2.0 */
/* jmespath_string.c - functions of texts beyond the specification. */
#include <string.h>

#include "sdk/kit/expr/jmespath_functions.h"

static const struct value *jmespath_shift(struct jmespath_walk *walk,
                                          const struct value *from, char first,
                                          char last)
{
    char *text;

    if (from->kind == VALUE_NULL)
        return from;
    text = jmespath_alloc(walk, (size_t)from->count + 1, 1);
    if (!text || !jmespath_step(walk, from->count / 16))
        return NULL;
    for (uint32_t i = 0; i < from->count; i++)
        text[i] = from->text[i] >= first && from->text[i] <= last
                      ? (char)(from->text[i] ^ 0x20)
                      : from->text[i];
    return jmespath_text_of(walk, text, from->count);
}

JMESPATH_FN(lower)
{
    (void)call;
    return jmespath_shift(walk, args[0], 'A', 'Z');
}

JMESPATH_FN(upper)
{
    (void)call;
    return jmespath_shift(walk, args[0], 'a', 'z');
}

/* Whole characters: those of set are cut out of it the same way. */
static size_t jmespath_in_set(const char *at, size_t left,
                              const struct value *set)
{
    size_t len = 1;

    while (len < left && ((unsigned char)at[len] & 0xc0) == 0x80)
        len++;
    return memmem(set->text, set->count, at, len) ? len : 0;
}

JMESPATH_FN(trim)
{
    static const struct value blanks = {
        .kind = VALUE_STRING, .count = 6, .text = " \t\r\n\v\f"};
    const struct value *set = call->count > 1 ? args[1] : &blanks;
    size_t from = 0, to = args[0]->count, len;

    if (args[0]->kind == VALUE_NULL)
        return args[0];
    if (!jmespath_step(walk, to / 4))
        return NULL;
    while (from < to &&
           (len = jmespath_in_set(args[0]->text + from, to - from, set)))
        from += len;
    while (to > from) {
        size_t begin = to - 1;

        while (begin > from &&
               ((unsigned char)args[0]->text[begin] & 0xc0) == 0x80)
            begin--;
        if (!jmespath_in_set(args[0]->text + begin, to - begin, set))
            break;
        to = begin;
    }
    return jmespath_text(walk, args[0]->text + from, to - from);
}

/* The next place to cut, and how many bytes go; NULL at the end. */
static const char *jmespath_cut(const char *at, const char *end,
                                const struct value *separator)
{
    if (separator->count)
        return memmem(at, (size_t)(end - at), separator->text,
                      separator->count);
    if (at == end)
        return NULL;
    for (at++; at < end && ((unsigned char)*at & 0xc0) == 0x80;)
        at++;
    return at < end ? at : NULL;
}

static bool jmespath_push_text(struct jmespath_walk *walk,
                               struct jmespath_list *list, const char *text,
                               size_t len)
{
    const struct value *piece = jmespath_text(walk, text, len);

    return piece && jmespath_step(walk, 1) && jmespath_push(walk, list, piece);
}

JMESPATH_FN(split)
{
    const struct value *text = args[0];
    const char *at = text->text, *end, *cut;
    struct jmespath_list list = {0};

    (void)call;
    if (text->kind == VALUE_NULL)
        return text;
    end = at + text->count;
    if (!args[1]->count && !text->count)
        return jmespath_array(walk, NULL, 0);
    while ((cut = jmespath_cut(at, end, args[1]))) {
        if (!jmespath_push_text(walk, &list, at, (size_t)(cut - at)))
            return NULL;
        at = cut + args[1]->count;
    }
    if (!jmespath_push_text(walk, &list, at, (size_t)(end - at)))
        return NULL;
    return jmespath_array(walk, list.items, list.count);
}

#define JMESPATH_REPLACED ((size_t)64 << 20) /* bytes that replace makes */

JMESPATH_FN(replace)
{
    const struct value *text = args[0], *old = args[1], *made = NULL;
    struct buffer out;
    const char *at, *end, *cut;

    if (text->kind == VALUE_NULL)
        return text;
    if (!old->count)
        return jmespath_wrong(walk, call->nodes[1], "invalid-value",
                              "replace() of an empty text");
    buffer_init(&out, JMESPATH_REPLACED);
    end = text->text + text->count;
    for (at = text->text;
         (cut = memmem(at, (size_t)(end - at), old->text, old->count));
         at = cut + old->count) {
        buffer_append(&out, at, (size_t)(cut - at));
        buffer_append(&out, args[2]->text, args[2]->count);
    }
    buffer_append(&out, at, (size_t)(end - at));
    if (buffer_status(&out, walk->err) < 0)
        walk->status = out.status;
    else if (jmespath_step(walk, (text->count + out.len) / 16))
        made = jmespath_text(walk, out.data ? out.data : "", out.len);
    buffer_clear(&out);
    return made;
}

/* ---- regular expressions -------------------------------------------------- */

#define JMESPATH_MATCH_STEPS 100 /* what a match counts for at least */

static bool jmespath_search(struct jmespath_walk *walk,
                            const struct jmespath_node *call,
                            const struct value *const *args,
                            struct pattern_span *span)
{
    const char *options = call->count > 2 ? args[2]->text : NULL;
    const struct pattern *pattern;
    engine_error why = {0};
    engine_status status;

    if (strlen(args[1]->text) != args[1]->count) {
        jmespath_wrong(walk, call->nodes[1], "invalid-value",
                       "a pattern cannot hold NUL");
        return false;
    }
    if (!jmespath_step(walk, JMESPATH_MATCH_STEPS + args[0]->count))
        return false;
    status =
        jmespath_pattern(walk->program, args[1]->text, options, &pattern, &why);
    if (status == ENGINE_OK)
        status =
            pattern_capture(pattern, args[0]->text, args[0]->count, span, &why);
    if (status == ENGINE_OK)
        return true;
    jmespath_wrong(walk, call->nodes[1], "invalid-value", "%s", why.message);
    walk->status = status;
    return false;
}

JMESPATH_FN(matches)
{
    struct pattern_span span;

    if (args[0]->kind == VALUE_NULL)
        return args[0];
    if (!jmespath_search(walk, call, args, &span))
        return NULL;
    return jmespath_bool(span.begin != NULL);
}

JMESPATH_FN(capture)
{
    struct pattern_span span;

    if (args[0]->kind == VALUE_NULL)
        return args[0];
    if (!jmespath_search(walk, call, args, &span))
        return NULL;
    return span.begin ? jmespath_text(walk, span.begin, span.len) : &value_null;
}
