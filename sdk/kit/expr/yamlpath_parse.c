/* SPDX-License-Identifier: Apache-2.0 */
/* yamlpath_parse.c - the grammar of YAML paths; see yamlpath.h. */
#include <stdlib.h>
#include <string.h>

#include "sdk/kit/expr/yamlpath.h"
#include "sdk/kit/value.h"

#define YAMLPATH_ITEMS 256 /* of a selection or set, as yaml-filter has it */
#define YAMLPATH_MEMORY ((size_t)1 << 20)

struct yamlpath_source {
    const char *text, *at;
    struct yamlpath *path;
    engine_error *err;
};

/* At the character that the source stands on. */
static engine_status yamlpath_fail(const struct yamlpath_source *source,
                                   const char *what)
{
    const char *at = source->at;
    int len = *at ? 1 : 0;

    while (len && ((unsigned char)at[len] & 0xc0) == 0x80)
        len++; /* the rest of a character */
    if (!len)
        return engine_fail(source->err, ENGINE_EINVAL,
                           "yamlpath \"%.300s\": at its end: %s", source->text,
                           what);
    return engine_fail(source->err, ENGINE_EINVAL,
                       "yamlpath \"%.300s\": '%.*s' at character %zu: %s",
                       source->text, len, at, (size_t)(at - source->text) + 1,
                       what);
}

static engine_status yamlpath_no_memory(const struct yamlpath_source *source)
{
    const struct arena *arena = &source->path->arena;

    /* a path has few steps, so this is about its keys */
    if (strlen(source->text) > arena->maximum / 4)
        return engine_fail(source->err, ENGINE_ELIMIT,
                           "yamlpath \"%.100s...\" is too long", source->text);
    return engine_fail_memory(source->err);
}

static struct yamlpath_step *yamlpath_step(struct yamlpath_source *source,
                                           enum yamlpath_kind kind)
{
    struct yamlpath_step *step = &source->path->steps[source->path->count++];

    step->kind = kind;
    return step;
}

static engine_status yamlpath_keys(struct yamlpath_source *source,
                                   struct yamlpath_step *step,
                                   const struct value_step *keys, size_t count)
{
    struct arena *arena = &source->path->arena;

    step->keys = arena_alloc(arena, count * sizeof(*keys));
    if (!step->keys)
        return yamlpath_no_memory(source);
    for (size_t i = 0; i < count; i++) {
        step->keys[i].key = arena_strndup(arena, keys[i].key, keys[i].key_len);
        step->keys[i].key_len = keys[i].key_len;
        if (!step->keys[i].key)
            return yamlpath_no_memory(source);
    }
    step->count = count;
    return ENGINE_OK;
}

/* A key without quotes. */
static engine_status yamlpath_bare(struct yamlpath_source *source)
{
    const size_t len = strcspn(source->at, ".[");
    const struct value_step key = {source->at, len};

    if (!len)
        return yamlpath_fail(source, "a key should be here");
    if (source->at[0] == '*') {
        source->at++;
        if (len > 1)
            return yamlpath_fail(source, "'*' stands alone, for every key; a "
                                         "key with '*' needs quotes");
        yamlpath_step(source, YAMLPATH_MEMBERS);
        return ENGINE_OK;
    }
    source->at += len;
    return yamlpath_keys(source, yamlpath_step(source, YAMLPATH_KEY), &key, 1);
}

/* ['a'] or ['a',"b"], at the first quote. */
static engine_status yamlpath_quoted(struct yamlpath_source *source)
{
    struct value_step keys[YAMLPATH_ITEMS];
    size_t count = 0;
    struct yamlpath_step *step;

    for (;; source->at++) {
        const char quote = *source->at;
        const char *end;

        if (quote != '\'' && quote != '"')
            return yamlpath_fail(source, "a quoted key should be here");
        end = strchr(source->at + 1, quote);
        if (!end)
            return yamlpath_fail(source, "this quote is never closed");
        if (end == source->at + 1)
            return yamlpath_fail(source, "a key must not be empty");
        if (count == YAMLPATH_ITEMS)
            return yamlpath_fail(source, "too many keys");
        keys[count].key = source->at + 1;
        keys[count++].key_len = (size_t)(end - source->at - 1);
        source->at = end + 1;
        if (*source->at == ']')
            break;
        if (*source->at != ',')
            return yamlpath_fail(source, "',' or ']' should be here");
    }
    source->at++;
    step = yamlpath_step(source, count > 1 ? YAMLPATH_MEMBERS : YAMLPATH_KEY);
    return yamlpath_keys(source, step, keys, count);
}

static engine_status yamlpath_number(struct yamlpath_source *source,
                                     uint32_t *out)
{
    uint64_t number = 0;

    source->at += strspn(source->at, " \t");
    if (*source->at == '-')
        return yamlpath_fail(source, "an index cannot be negative");
    while (*source->at >= '0' && *source->at <= '9') {
        number = number * 10 + (uint64_t)(*source->at - '0');
        if (number > UINT32_MAX)
            return yamlpath_fail(source, "an index is too large");
        source->at++;
    }
    *out = (uint32_t)number;
    return ENGINE_OK;
}

static int yamlpath_compare(const void *a, const void *b)
{
    const uint32_t left = *(const uint32_t *)a;
    const uint32_t right = *(const uint32_t *)b;

    return left < right ? -1 : left > right;
}

static engine_status yamlpath_set(struct yamlpath_source *source,
                                  uint32_t *indices, size_t count)
{
    struct yamlpath_step *step =
        yamlpath_step(source, count > 1 ? YAMLPATH_ELEMENTS : YAMLPATH_INDEX);

    step->indices = arena_alloc(&source->path->arena, count * sizeof(*indices));
    if (!step->indices)
        return yamlpath_no_memory(source);
    qsort(indices, count, sizeof(*indices), yamlpath_compare);
    for (size_t i = 0; i < count; i++) {
        if (!i || indices[i] != indices[i - 1])
            step->indices[step->count++] = indices[i];
    }
    return ENGINE_OK;
}

/* [n] or [n,m]; [] is [0], as yaml-filter reads it. */
static engine_status yamlpath_numbers(struct yamlpath_source *source)
{
    uint32_t indices[YAMLPATH_ITEMS];
    size_t count = 0;

    for (;; source->at++) {
        const char *from = source->at;
        engine_status status;

        if (count == YAMLPATH_ITEMS)
            return yamlpath_fail(source, "too many indices");
        status = yamlpath_number(source, &indices[count]);
        if (status < 0)
            return status;
        if (source->at == from && (count || *source->at != ']'))
            break;
        count++;
        if (*source->at == ']') {
            source->at++;
            return yamlpath_set(source, indices, count);
        }
        if (*source->at != ',')
            break;
    }
    if (*source->at == ':')
        return yamlpath_fail(source, "slices are not known, only [:]");
    if (*source->at == '?' || *source->at == '(')
        return yamlpath_fail(source, "filters are not known");
    return yamlpath_fail(source, "an index, a quoted key, ':' or '*' and then "
                                 "']' should be here");
}

/* Behind '['. */
static engine_status yamlpath_bracket(struct yamlpath_source *source)
{
    if (strncmp(source->at, ":]", 2) == 0 ||
        strncmp(source->at, "*]", 2) == 0) {
        yamlpath_step(source, *source->at == ':' ? YAMLPATH_ELEMENTS
                                                 : YAMLPATH_MEMBERS);
        source->at += 2;
        return ENGINE_OK;
    }
    if (*source->at == '\'' || *source->at == '"')
        return yamlpath_quoted(source);
    return yamlpath_numbers(source);
}

static engine_status yamlpath_steps(struct yamlpath_source *source)
{
    engine_status status = ENGINE_OK;

    if (!*source->at)
        return yamlpath_fail(source, "a path must not be empty");
    if (*source->at == '&')
        return yamlpath_fail(source, "anchors are not known here");
    if (*source->at == '$')
        source->at++;
    else if (*source->at != '.' && *source->at != '[')
        status = yamlpath_bare(source);
    while (status == ENGINE_OK && *source->at) {
        const char sign = *source->at;

        if (sign != '.' && sign != '[')
            return yamlpath_fail(source, "'.' or '[' should be here");
        if (source->path->count == VALUE_MAX_DEPTH)
            return yamlpath_fail(source, "too many steps");
        source->at++;
        status = sign == '.' ? yamlpath_bare(source) : yamlpath_bracket(source);
    }
    return status;
}

engine_status yamlpath_parse(const char *text, struct yamlpath *path,
                             engine_error *err)
{
    struct yamlpath_source source = {text, text, path, err};

    path->count = 0;
    arena_init(&path->arena, YAMLPATH_MEMORY);
    path->steps =
        arena_alloc(&path->arena, VALUE_MAX_DEPTH * sizeof(*path->steps));
    if (!path->steps)
        return engine_fail_memory(err);
    return yamlpath_steps(&source);
}

void yamlpath_clear(struct yamlpath *path)
{
    arena_clear(&path->arena);
    path->steps = NULL;
    path->count = 0;
}
