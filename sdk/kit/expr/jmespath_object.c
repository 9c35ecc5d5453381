/* SPDX-License-Identifier: Apache-2.0 */
/* jmespath_object.c - JMESPath's functions of objects and of any values. */
#include <string.h>

#include "sdk/kit/expr/jmespath_functions.h"

static struct value jmespath_key_of(const struct value_member *member)
{
    return (struct value){
        .kind = VALUE_STRING, .count = member->key_len, .text = member->key};
}

JMESPATH_FN(keys)
{
    struct value *items = jmespath_alloc(walk, args[0]->count, sizeof(*items));

    (void)call;
    for (uint32_t i = 0; items && i < args[0]->count; i++)
        items[i] = jmespath_key_of(&args[0]->members[i]);
    return items ? jmespath_array(walk, items, args[0]->count) : NULL;
}

JMESPATH_FN(values)
{
    struct value *items = jmespath_alloc(walk, args[0]->count, sizeof(*items));

    (void)call;
    for (uint32_t i = 0; items && i < args[0]->count; i++)
        items[i] = args[0]->members[i].value;
    return items ? jmespath_array(walk, items, args[0]->count) : NULL;
}

JMESPATH_FN(items)
{
    const uint32_t count = args[0]->count;
    struct value *items = jmespath_alloc(walk, count, sizeof(*items));
    struct value *pairs = jmespath_alloc(walk, 2 * count, sizeof(*pairs));

    (void)call;
    if (!items || !pairs)
        return NULL;
    for (uint32_t i = 0; i < count; i++) {
        pairs[2 * i] = jmespath_key_of(&args[0]->members[i]);
        pairs[2 * i + 1] = args[0]->members[i].value;
        items[i] = (struct value){
            .kind = VALUE_ARRAY, .count = 2, .items = &pairs[2 * i]};
    }
    return jmespath_array(walk, items, count);
}

/* Sets a member; the last one of a key counts. */
static bool jmespath_set(struct jmespath_walk *walk, struct value *object,
                         struct value_member *members, const char *key,
                         uint32_t key_len, const struct value *value)
{
    uint32_t place = 0;

    for (; place < object->count; place++) {
        if (members[place].key_len == key_len &&
            memcmp(members[place].key, key, key_len) == 0)
            break;
    }
    members[place] =
        (struct value_member){.key = key, .key_len = key_len, .value = *value};
    object->count += place == object->count;
    return jmespath_step(walk, place / 8);
}

/* An object without members yet, with room for count. */
static struct value *jmespath_object(struct jmespath_walk *walk, size_t count,
                                     struct value_member **members)
{
    struct value *object = jmespath_alloc(walk, 1, sizeof(*object));

    *members = jmespath_alloc(walk, count, sizeof(**members));
    if (!object || !*members)
        return NULL;
    object->kind = VALUE_OBJECT;
    object->members = *members;
    return object;
}

JMESPATH_FN(merge)
{
    struct value_member *members;
    struct value *object;
    size_t count = 0;

    for (uint32_t i = 0; i < call->count; i++)
        count += args[i]->count;
    object = jmespath_object(walk, count, &members);
    for (uint32_t i = 0; object && i < call->count; i++) {
        for (uint32_t k = 0; k < args[i]->count; k++) {
            const struct value_member *member = &args[i]->members[k];

            if (!jmespath_set(walk, object, members, member->key,
                              member->key_len, &member->value))
                return NULL;
        }
    }
    return object;
}

JMESPATH_FN(from_items)
{
    struct value_member *members;
    struct value *object = jmespath_object(walk, args[0]->count, &members);

    for (uint32_t i = 0; object && i < args[0]->count; i++) {
        const struct value *pair = &args[0]->items[i];

        if (pair->kind != VALUE_ARRAY || pair->count != 2 ||
            pair->items[0].kind != VALUE_STRING)
            return jmespath_wrong(walk, call->nodes[0], "invalid-type",
                                  "from_items() takes arrays of a string and "
                                  "a value");
        if (!jmespath_set(walk, object, members, pair->items[0].text,
                          pair->items[0].count, &pair->items[1]))
            return NULL;
    }
    return object;
}

JMESPATH_FN(not_null)
{
    (void)walk;
    for (uint32_t i = 0; i < call->count; i++) {
        if (args[i]->kind != VALUE_NULL)
            return args[i];
    }
    return &value_null;
}

JMESPATH_FN(to_array)
{
    (void)call;
    return args[0]->kind == VALUE_ARRAY ? args[0]
                                        : jmespath_array(walk, args[0], 1);
}

JMESPATH_FN(type)
{
    const char *name = value_kind_name(args[0]);

    (void)call;
    return jmespath_text_of(walk, name, strlen(name));
}
