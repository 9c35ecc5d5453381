/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yamlpath.c - what YAML paths select, as yaml-filter does.
 *
 * The first [:] or [n,m] of a path gives one result for each element. Further
 * ones give a list within that result, and a selection of members an object;
 * a member that is selected but does not have the rest of the path is null in
 * it. What selects nothing is left out.
 */
#include "sdk/kit/expr/yamlpath.h"

#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/kit/expr_private.h"

#define YAMLPATH_ROUTES 4096

static engine_status yamlpath_compile(const char *text, struct expr *expr,
                                      engine_error *err)
{
    expr->program = engine_calloc(1, sizeof(struct yamlpath));
    if (!expr->program)
        return engine_fail_memory(err);
    return yamlpath_parse(text, expr->program, err);
}

static void yamlpath_free(struct expr *expr)
{
    if (expr->program)
        yamlpath_clear(expr->program);
    engine_free(expr->program);
}

/* ---- evaluation ------------------------------------------------------------- */

struct yamlpath_walk {
    const struct yamlpath *path;
    struct arena *arena;
    size_t built, maximum; /* values that were made, and may be */
    engine_status status;
    engine_error *err;
    const struct expr *expr;
};

static void *yamlpath_alloc(struct yamlpath_walk *walk, size_t count,
                            size_t size)
{
    void *memory;

    walk->built += count;
    if (walk->built > walk->maximum) {
        walk->status = expr_fail_values(walk->expr, walk->err);
        return NULL;
    }
    memory = arena_alloc(walk->arena, count * size);
    if (!memory)
        walk->status =
            expr_fail_memory(walk->expr, walk->arena, count * size, walk->err);
    return memory;
}

/* Follows keys and indices from a value; *step is where it stopped. */
static const struct value *yamlpath_descend(const struct yamlpath *path,
                                            const struct value *value,
                                            size_t *step)
{
    for (; value && *step < path->count; (*step)++) {
        const struct yamlpath_step *at = &path->steps[*step];

        if (at->kind == YAMLPATH_KEY)
            value = value_member_n(value, at->keys->key, at->keys->key_len);
        else if (at->kind != YAMLPATH_INDEX)
            break;
        else if (value->kind == VALUE_ARRAY && at->indices[0] < value->count)
            value = &value->items[at->indices[0]];
        else
            return NULL;
    }
    return value;
}

/* The nth element that a step selects, or NULL behind the last one. */
static const struct value *yamlpath_element(const struct yamlpath_step *step,
                                            const struct value *array,
                                            size_t nth)
{
    size_t index = nth;

    if (step->count)
        index = nth < step->count ? step->indices[nth] : UINT32_MAX;
    return index < array->count ? &array->items[index] : NULL;
}

static size_t yamlpath_most(const struct yamlpath_step *step,
                            const struct value *array)
{
    return step->count && step->count < array->count ? step->count
                                                     : array->count;
}

static const struct value *yamlpath_inner(struct yamlpath_walk *walk,
                                          const struct value *value,
                                          size_t step);

static const struct value *yamlpath_list(struct yamlpath_walk *walk,
                                         const struct value *array, size_t step)
{
    const struct yamlpath_step *at = &walk->path->steps[step];
    const struct value *element;
    struct value *list, *items;
    uint32_t count = 0;

    if (array->kind != VALUE_ARRAY || !array->count)
        return NULL;
    items = yamlpath_alloc(walk, yamlpath_most(at, array), sizeof(*items));
    list = yamlpath_alloc(walk, 1, sizeof(*list));
    if (!items || !list)
        return NULL;
    for (size_t i = 0; (element = yamlpath_element(at, array, i)); i++) {
        element = yamlpath_inner(walk, element, step + 1);
        if (element)
            items[count++] = *element;
    }
    *list = (struct value){.kind = VALUE_ARRAY, .count = count, .items = items};
    return count ? list : NULL;
}

static bool yamlpath_selects(const struct yamlpath_step *step,
                             const struct value_member *member)
{
    if (!step->count)
        return true;
    for (size_t i = 0; i < step->count; i++) {
        if (step->keys[i].key_len == member->key_len &&
            memcmp(step->keys[i].key, member->key, member->key_len) == 0)
            return true;
    }
    return false;
}

static const struct value *yamlpath_selection(struct yamlpath_walk *walk,
                                              const struct value *object,
                                              size_t step)
{
    const struct yamlpath_step *at = &walk->path->steps[step];
    struct value_member *members;
    struct value *selection;
    uint32_t count = 0;

    if (object->kind != VALUE_OBJECT || !object->count)
        return NULL;
    members = yamlpath_alloc(walk, object->count, sizeof(*members));
    selection = yamlpath_alloc(walk, 1, sizeof(*selection));
    if (!members || !selection)
        return NULL;
    for (uint32_t i = 0; i < object->count; i++) {
        const struct value_member *member = &object->members[i];
        const struct value *inner;

        if (!yamlpath_selects(at, member))
            continue;
        inner = yamlpath_inner(walk, &member->value, step + 1);
        members[count] = *member;
        members[count++].value = inner ? *inner : value_null;
    }
    *selection = (struct value){
        .kind = VALUE_OBJECT, .count = count, .members = members};
    return count ? selection : NULL;
}

/* The one value that the rest of a path makes of a value; NULL: none. Recurses
 * once for a step. */
static const struct value *yamlpath_inner(struct yamlpath_walk *walk,
                                          const struct value *value,
                                          size_t step)
{
    value = yamlpath_descend(walk->path, value, &step);
    if (!value || step == walk->path->count || walk->status < 0)
        return value;
    return walk->path->steps[step].kind == YAMLPATH_ELEMENTS
               ? yamlpath_list(walk, value, step)
               : yamlpath_selection(walk, value, step);
}

static void yamlpath_fan_out(struct yamlpath_walk *walk,
                             const struct value *array, size_t step,
                             struct expr_values *out)
{
    const struct yamlpath_step *at = &walk->path->steps[step];
    const struct value **values;
    const struct value *element;

    if (array->kind != VALUE_ARRAY || !array->count)
        return;
    values = yamlpath_alloc(walk, yamlpath_most(at, array),
                            sizeof(const struct value *));
    if (!values)
        return;
    out->values = values;
    for (size_t i = 0; (element = yamlpath_element(at, array, i)); i++) {
        element = yamlpath_inner(walk, element, step + 1);
        if (element)
            values[out->count++] = element;
    }
}

static engine_status yamlpath_evaluate(struct expr *expr,
                                       const struct value *input,
                                       struct arena *arena,
                                       struct expr_values *out,
                                       engine_error *err)
{
    struct yamlpath_walk walk = {.path = expr->program,
                                 .arena = arena,
                                 .maximum = expr->limits.values,
                                 .err = err,
                                 .expr = expr};
    struct expr_values found = {0};
    const struct value **values;
    size_t step = 0;
    const struct value *value = yamlpath_descend(walk.path, input, &step);

    if (value && step < walk.path->count &&
        walk.path->steps[step].kind == YAMLPATH_ELEMENTS) {
        yamlpath_fan_out(&walk, value, step, &found);
    } else if (value && (value = yamlpath_inner(&walk, value, step))) {
        values = yamlpath_alloc(&walk, 1, sizeof(const struct value *));
        if (values) {
            values[0] = value;
            found = (struct expr_values){values, 1};
        }
    }
    if (walk.status == ENGINE_OK)
        *out = found;
    return walk.status;
}

bool yamlpath_fans(const struct expr *expr)
{
    const struct yamlpath *path = expr->program;
    size_t step = 0;

    while (step < path->count && (path->steps[step].kind == YAMLPATH_KEY ||
                                  path->steps[step].kind == YAMLPATH_INDEX))
        step++;
    return step < path->count && path->steps[step].kind == YAMLPATH_ELEMENTS;
}

/* ---- what it looks at -------------------------------------------------------- */

struct yamlpath_route {
    const struct yamlpath *path;
    struct value_step steps[VALUE_MAX_DEPTH];
    struct value_mask *mask;
    size_t routes;
};

/* A selection makes a route of each of its keys. */
static engine_status yamlpath_route(struct yamlpath_route *route, size_t step)
{
    const struct yamlpath_step *at = &route->path->steps[step];
    engine_status status = ENGINE_OK;

    if (step == route->path->count || route->routes > YAMLPATH_ROUTES) {
        route->routes++;
        return value_mask_add(route->mask, route->steps, step);
    }
    route->steps[step] = (struct value_step){0};
    if (at->kind == YAMLPATH_INDEX || at->kind == YAMLPATH_ELEMENTS ||
        !at->count)
        return yamlpath_route(route, step + 1);
    for (size_t i = 0; i < at->count && status == ENGINE_OK; i++) {
        route->steps[step] = at->keys[i];
        status = yamlpath_route(route, step + 1);
    }
    return status;
}

static engine_status yamlpath_wants(const struct expr *expr, size_t root,
                                    struct value_mask *mask)
{
    struct yamlpath_route route = {.path = expr->program, .mask = mask};

    if (root)
        return ENGINE_OK; /* it knows no variables */
    return yamlpath_route(&route, 0);
}

/* ---- item by item -------------------------------------------------------------- */

/* "<list>[:]<rest>", where the rest gives one result at most. */
static engine_status yamlpath_split_path(const struct yamlpath *path,
                                         const char *list)
{
    if (path->count < 2 || strchr(list, '[') ||
        path->steps[0].kind != YAMLPATH_KEY ||
        strcmp(path->steps[0].keys->key, list) != 0 ||
        path->steps[1].kind != YAMLPATH_ELEMENTS || path->steps[1].count)
        return ENGINE_EUNSUPPORTED;
    for (size_t i = 2; i < path->count; i++) {
        if (path->steps[i].kind == YAMLPATH_ELEMENTS)
            return ENGINE_EUNSUPPORTED;
    }
    return ENGINE_OK;
}

static engine_status yamlpath_split(const char *text, const char *list,
                                    char **item, char **rest, engine_error *err)
{
    struct yamlpath path = {0};
    engine_status status = yamlpath_parse(text, &path, err);

    if (status == ENGINE_OK && yamlpath_split_path(&path, list) < 0)
        status = engine_fail(err, ENGINE_EUNSUPPORTED,
                             "yamlpath \"%.200s\" is not one of each of %s[:]",
                             text, list);
    yamlpath_clear(&path);
    if (status < 0)
        return status;
    /* No key of a path that begins with the list holds "[:]" before it. */
    *item = engine_strf("$%s", strstr(text, "[:]") + 3);
    *rest = engine_strdup("$");
    if (*item && *rest)
        return ENGINE_OK;
    engine_free(*item);
    engine_free(*rest);
    return engine_fail_memory(err);
}

const struct expr_language expr_yamlpath = {.name = "yamlpath",
                                            .compile = yamlpath_compile,
                                            .evaluate = yamlpath_evaluate,
                                            .wants = yamlpath_wants,
                                            .split = yamlpath_split,
                                            .clear = yamlpath_free};
