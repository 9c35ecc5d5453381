/* SPDX-License-Identifier: Apache-2.0 */
/* texts.c - texts, lists and maps of a document that is being normalised. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine/rules/rules_private.h"
#include "sdk/base/clock.h"

engine_status rules_fail_at(engine_error *err,
                            const struct document_origin *origin,
                            const char *path, const char *format, ...)
{
    char text[ENGINE_MESSAGE_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (!origin)
        return engine_fail(err, ENGINE_EINVAL, "%s", text);
    return engine_fail(err, ENGINE_EINVAL, "%s:%ld: %s",
                       document_origin_file(origin),
                       document_origin_line(origin, path), text);
}

void normaliser_note(struct normaliser *n, const char *path,
                     const char *format, ...)
{
    char text[ENGINE_MESSAGE_MAX];
    va_list args;

    if (!n->note)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    n->note(path, text, n->user);
}

const char *normaliser_path(struct normaliser *n, const char *parent,
                            const char *key)
{
    const char *path = *parent ? arena_strf(&n->arena, "%s.%s", parent, key)
                               : key;

    return path ? path : ""; /* only a message would suffer */
}

/* the shortest text that reads back as the same number */
static char *texts_of_double(struct arena *arena, double value)
{
    char text[40];

    if (value == floor(value) && fabs(value) < 1e15)
        return arena_strf(arena, "%.0f", value);
    for (int digits = 15; digits <= 17; digits++) {
        double back = 0;
        snprintf(text, sizeof(text), "%.*g", digits, value);
        if (sscanf(text, "%lf", &back) == 1 && back == value)
            break;
    }
    return arena_strdup(arena, text);
}

static const char *texts_of_date(struct arena *arena, int64_t unix_ms)
{
    char text[32];

    clock_format(unix_ms, text);
    return arena_strdup(arena, text);
}

static const char *texts_of_value(struct normaliser *n,
                                  const bson_iter_t *value)
{
    switch (bson_iter_type(value)) {
    case BSON_TYPE_INT32:
    case BSON_TYPE_INT64:
        return arena_strf(&n->arena, "%lld",
                          (long long)bson_iter_as_int64(value));
    case BSON_TYPE_DOUBLE:
        return texts_of_double(&n->arena, bson_iter_double(value));
    case BSON_TYPE_BOOL:
        return bson_iter_bool(value) ? "true" : "false";
    case BSON_TYPE_DATE_TIME:
        return texts_of_date(&n->arena, bson_iter_date_time(value));
    default:
        return NULL;
    }
}

/* What has a text unless memory is short. */
static bool texts_is_scalar(const bson_iter_t *value)
{
    return BSON_ITER_HOLDS_NUMBER(value) || BSON_ITER_HOLDS_BOOL(value) ||
           BSON_ITER_HOLDS_DATE_TIME(value);
}

const char *normaliser_value_text(struct normaliser *n,
                                  const bson_iter_t *value, const char *path)
{
    const char *text = NULL;

    if (bson_iter_type(value) == BSON_TYPE_UTF8)
        return bson_iter_utf8(value, NULL);
    if (bson_iter_type(value) == BSON_TYPE_NULL)
        return NULL;
    if (n->origin)
        text = document_origin_text(n->origin, path);
    text = text ? arena_strdup(&n->arena, text) : texts_of_value(n, value);
    n->starved = n->starved || (!text && texts_is_scalar(value));
    return text;
}

const char *normaliser_text(struct normaliser *n, const char *path)
{
    bson_iter_t value;

    if (!document_find(n->in, path, &value))
        return NULL;
    return normaliser_value_text(n, &value, path);
}

void normaliser_copy_text(struct normaliser *n, bson_t *to, const char *key,
                          const char *path)
{
    const char *text = normaliser_text(n, path);

    if (text)
        BSON_APPEND_UTF8(to, key, text);
}

/* appends one element; false when it was there already */
static engine_status texts_add(struct normaliser *n, bson_t *list,
                               unsigned *at, struct table *seen,
                               const bson_iter_t *value, const char *path,
                               engine_error *err)
{
    const char *text = normaliser_value_text(n, value, path);
    char number[16];

    snprintf(number, sizeof(number), "%u", *at);
    if (text && table_has(seen, text))
        return ENGINE_OK;
    if (text && table_set(seen, text, seen) < 0)
        return engine_fail_memory(err);
    if (text)
        BSON_APPEND_UTF8(list, number, text);
    else if (BSON_ITER_HOLDS_DOCUMENT(value))
        document_copy_value(list, number, value);
    else
        return rules_fail_at(err, n->origin, path,
                             "%s: expected a text or a mapping", path);
    (*at)++;
    return ENGINE_OK;
}

static engine_status texts_add_all(struct normaliser *n, bson_t *list,
                                   const bson_iter_t *value, const char *path,
                                   struct table *seen, engine_error *err)
{
    unsigned count = 0, given = 0;
    engine_status status = ENGINE_OK;
    bson_iter_t item;

    if (!BSON_ITER_HOLDS_ARRAY(value)) {
        normaliser_note(n, path, "%s: one value -> a list", path);
        return texts_add(n, list, &count, seen, value, path, err);
    }
    if (!bson_iter_recurse(value, &item))
        return ENGINE_OK;
    while (status == ENGINE_OK && bson_iter_next(&item)) {
        if (BSON_ITER_HOLDS_NULL(&item))
            continue;
        given++;
        status = texts_add(n, list, &count, seen, &item,
                           normaliser_path(n, path, bson_iter_key(&item)),
                           err);
    }
    if (status == ENGINE_OK && given > count)
        normaliser_note(n, path, "%s: %u repeated dropped", path,
                        given - count);
    return status;
}

engine_status normaliser_copy_list(struct normaliser *n, bson_t *to,
                                   const char *key, const char *path,
                                   engine_error *err)
{
    engine_status status;
    bson_iter_t value;
    struct table seen;
    bson_t list;

    if (!document_find(n->in, path, &value) || BSON_ITER_HOLDS_NULL(&value))
        return ENGINE_OK;
    table_init(&seen);
    bson_init(&list);
    status = texts_add_all(n, &list, &value, path, &seen, err);
    if (status == ENGINE_OK && !bson_empty(&list))
        BSON_APPEND_ARRAY(to, key, &list);
    bson_destroy(&list);
    table_clear(&seen);
    return status;
}

engine_status normaliser_copy_map(struct normaliser *n, bson_t *to,
                                  const char *key, const char *path,
                                  engine_error *err)
{
    bson_iter_t value, item;
    bson_t map;

    if (!document_find(n->in, path, &value) || BSON_ITER_HOLDS_NULL(&value))
        return ENGINE_OK;
    if (!BSON_ITER_HOLDS_DOCUMENT(&value))
        return rules_fail_at(err, n->origin, path, "%s must be a mapping",
                             path);
    bson_init(&map);
    bson_iter_recurse(&value, &item);
    while (bson_iter_next(&item)) {
        const char *name = bson_iter_key(&item);
        const char *text = normaliser_value_text(
            n, &item, normaliser_path(n, path, name));
        if (text)
            BSON_APPEND_UTF8(&map, name, text);
        else if (!BSON_ITER_HOLDS_NULL(&item))
            document_copy_value(&map, name, &item);
    }
    if (!bson_empty(&map))
        BSON_APPEND_DOCUMENT(to, key, &map);
    bson_destroy(&map);
    return ENGINE_OK;
}
