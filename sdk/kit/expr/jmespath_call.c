/* SPDX-License-Identifier: Apache-2.0 */
/* jmespath_call.c - the table of functions, and calls with their types. */
#include <stdio.h>
#include <string.h>

#include "sdk/kit/expr/jmespath_functions.h"

#define MANY JMESPATH_ARGUMENTS
#define ANY JMESPATH_T_ANY
#define NONE JMESPATH_T_NULL
#define NUMBER JMESPATH_T_NUMBER
#define STRING JMESPATH_T_STRING
#define ARRAY JMESPATH_T_ARRAY
#define OBJECT JMESPATH_T_OBJECT
#define NUMBERS JMESPATH_T_NUMBERS
#define STRINGS JMESPATH_T_STRINGS
#define REFERENCE JMESPATH_T_REFERENCE

/* By name. */
static const struct jmespath_function jmespath_functions[] = {
    {"abs", 1, 1, {NUMBER}, jmespath_abs},
    {"age_days",
     1,
     2,
     {NONE | STRING | NUMBER, STRING | NUMBER},
     jmespath_age_days},
    {"avg", 1, 1, {NUMBERS}, jmespath_avg},
    {"capture", 2, 3, {NONE | STRING, STRING, STRING}, jmespath_capture},
    {"ceil", 1, 1, {NUMBER}, jmespath_ceil},
    {"cidr_contains",
     2,
     2,
     {NONE | STRING | ARRAY, STRING},
     jmespath_cidr_contains},
    {"cidr_is_any", 1, 1, {NONE | STRING}, jmespath_cidr_is_any},
    {"cidr_is_public", 1, 1, {NONE | STRING}, jmespath_cidr_is_public},
    {"contains", 2, 2, {ARRAY | STRING, ANY}, jmespath_contains},
    {"ends_with", 2, 2, {STRING, STRING}, jmespath_ends_with},
    {"floor", 1, 1, {NUMBER}, jmespath_floor},
    {"from_base64", 1, 1, {NONE | STRING}, jmespath_from_base64},
    {"from_csv", 1, 2, {NONE | STRING, STRING}, jmespath_from_csv},
    {"from_items", 1, 1, {ARRAY}, jmespath_from_items},
    {"from_json", 1, 1, {NONE | STRING | OBJECT}, jmespath_from_json},
    {"group_by", 2, 2, {ARRAY, REFERENCE}, jmespath_group_by},
    {"items", 1, 1, {OBJECT}, jmespath_items},
    {"join", 2, 2, {STRING, STRINGS}, jmespath_join},
    {"keys", 1, 1, {OBJECT}, jmespath_keys},
    {"length", 1, 1, {STRING | ARRAY | OBJECT}, jmespath_length},
    {"lower", 1, 1, {NONE | STRING}, jmespath_lower},
    {"map", 2, 2, {REFERENCE, ARRAY}, jmespath_map},
    {"matches", 2, 3, {NONE | STRING, STRING, STRING}, jmespath_matches},
    {"max", 1, 1, {NUMBERS | STRINGS}, jmespath_max},
    {"max_by", 2, 2, {ARRAY, REFERENCE}, jmespath_max_by},
    {"merge", 1, MANY, {OBJECT, OBJECT, OBJECT}, jmespath_merge},
    {"min", 1, 1, {NUMBERS | STRINGS}, jmespath_min},
    {"min_by", 2, 2, {ARRAY, REFERENCE}, jmespath_min_by},
    {"not_null", 1, MANY, {ANY, ANY, ANY}, jmespath_not_null},
    {"now", 0, 0, {ANY}, jmespath_now},
    {"port_in",
     2,
     2,
     {NONE | NUMBER | STRING | ARRAY, NUMBER | STRING},
     jmespath_port_in},
    {"replace", 3, 3, {NONE | STRING, STRING, STRING}, jmespath_replace},
    {"reverse", 1, 1, {STRING | ARRAY}, jmespath_reverse},
    {"sort", 1, 1, {NUMBERS | STRINGS}, jmespath_sort},
    {"sort_by", 2, 2, {ARRAY, REFERENCE}, jmespath_sort_by},
    {"split", 2, 2, {NONE | STRING, STRING}, jmespath_split},
    {"starts_with", 2, 2, {STRING, STRING}, jmespath_starts_with},
    {"sum", 1, 1, {NUMBERS}, jmespath_sum},
    {"to_array", 1, 1, {ANY}, jmespath_to_array},
    {"to_number", 1, 1, {ANY}, jmespath_to_number},
    {"to_string", 1, 1, {ANY}, jmespath_to_string},
    {"trim", 1, 2, {NONE | STRING, STRING}, jmespath_trim},
    {"type", 1, 1, {ANY}, jmespath_type},
    {"unique", 1, 1, {ARRAY}, jmespath_unique},
    {"unix_time", 1, 1, {NONE | STRING | NUMBER}, jmespath_unix_time},
    {"upper", 1, 1, {NONE | STRING}, jmespath_upper},
    {"url_decode", 1, 1, {NONE | STRING | OBJECT}, jmespath_url_decode},
    {"values", 1, 1, {OBJECT}, jmespath_values}};

const struct jmespath_function *jmespath_function(const char *name, size_t len)
{
    const size_t count =
        sizeof(jmespath_functions) / sizeof(jmespath_functions[0]);

    for (size_t i = 0; i < count; i++) {
        if (strlen(jmespath_functions[i].name) == len &&
            memcmp(jmespath_functions[i].name, name, len) == 0)
            return &jmespath_functions[i];
    }
    return NULL;
}

/* ---- types ------------------------------------------------------------------ */

static unsigned jmespath_type_of(const struct value *value)
{
    static const unsigned types[] = {
        [VALUE_NULL] = JMESPATH_T_NULL,     [VALUE_BOOL] = JMESPATH_T_BOOL,
        [VALUE_INT] = JMESPATH_T_NUMBER,    [VALUE_DOUBLE] = JMESPATH_T_NUMBER,
        [VALUE_STRING] = JMESPATH_T_STRING, [VALUE_ARRAY] = JMESPATH_T_ARRAY,
        [VALUE_OBJECT] = JMESPATH_T_OBJECT};

    return types[value->kind];
}

/* An array of nothing but values of one type. */
static bool jmespath_all(const struct value *array, unsigned type)
{
    if (array->kind != VALUE_ARRAY)
        return false;
    for (uint32_t i = 0; i < array->count; i++) {
        if (jmespath_type_of(&array->items[i]) != type)
            return false;
    }
    return true;
}

static bool jmespath_fits(const struct value *value, unsigned types)
{
    if (jmespath_type_of(value) & types)
        return true;
    return (types & NUMBERS && jmespath_all(value, NUMBER)) ||
           (types & STRINGS && jmespath_all(value, STRING));
}

/* "a number or null"; the type of an argument, in words. */
static void jmespath_describe(unsigned types, char *out, size_t size)
{
    static const struct {
        unsigned type;
        const char *words;
    } all[] = {{STRING, "a string"},
               {NUMBER, "a number"},
               {JMESPATH_T_BOOL, "a boolean"},
               {ARRAY, "an array"},
               {OBJECT, "an object"},
               {NUMBERS, "an array of numbers"},
               {STRINGS, "an array of strings"},
               {NONE, "null"},
               {REFERENCE, "an expression (&...)"}};
    size_t len = 0;

    out[0] = '\0';
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (types & all[i].type && len < size)
            len += (size_t)snprintf(out + len, size - len, "%s%s",
                                    len ? " or " : "", all[i].words);
    }
}

static bool jmespath_check(struct jmespath_walk *walk,
                           const struct jmespath_node *call, uint32_t nth,
                           const struct value *arg)
{
    const uint32_t last = JMESPATH_TYPES - 1;
    const unsigned types = call->function->types[nth < last ? nth : last];
    const bool array =
        types & (NUMBERS | STRINGS) && arg && arg->kind == VALUE_ARRAY;
    char words[160];

    if (arg ? jmespath_fits(arg, types) : types & REFERENCE)
        return true;
    jmespath_describe(types, words, sizeof(words));
    jmespath_wrong(walk, call->nodes[nth], "invalid-type",
                   "%s() takes %s here, not %s", call->function->name, words,
                   !arg    ? "an expression"
                   : array ? "an array of others"
                           : value_kind_name(arg));
    return false;
}

const struct value *jmespath_call(struct jmespath_walk *walk,
                                  const struct jmespath_node *node,
                                  const struct value *at)
{
    const struct value *args[JMESPATH_ARGUMENTS];

    for (uint32_t i = 0; i < node->count; i++) {
        args[i] = NULL;
        if (node->nodes[i]->kind != JMESPATH_REFERENCE) {
            args[i] = jmespath_eval(walk, node->nodes[i], at);
            if (!args[i])
                return NULL;
        }
        if (!jmespath_check(walk, node, i, args[i]))
            return NULL;
    }
    return node->function->fn(walk, node, args);
}

const struct value *jmespath_refer(struct jmespath_walk *walk,
                                   const struct jmespath_node *call, size_t nth,
                                   const struct value *at)
{
    return jmespath_eval(walk, call->nodes[nth]->nodes[0], at);
}
