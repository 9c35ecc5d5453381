/* SPDX-License-Identifier: Apache-2.0 */
/* answer_xml.c - elements to values, by the shapes of the model. */
#include <string.h>

#include "plugins/aws/model_private.h"

#define XML_UNKNOWN 100 /* members of a structure that no model has */
#define XML_SEEN 256

/* ---- what no model has -------------------------------------------------------- */

static engine_status xml_unknown(struct answer *answer, struct xml_node *node,
                                 struct value *out);

/* Elements of one name become a list when there is more than one. */
static engine_status xml_unknown_group(struct answer *answer,
                                       struct xml_node *first)
{
    const char *name =
        builder_text(&answer->builder, first->name, strlen(first->name));
    const size_t base = answer->builder.used;
    struct value value;
    engine_status status = ENGINE_OK;

    if (!name)
        return builder_fail(&answer->builder, answer->err);
    for (struct xml_node *node = first; node && status == ENGINE_OK;
         node = node->next) {
        if (node->name != first->name)
            continue;
        node->taken = true;
        status = xml_unknown(answer, node, &value);
        if (status == ENGINE_OK)
            status = answer_put(answer, "", &value);
    }
    if (status == ENGINE_OK && answer->builder.used - base == 1)
        answer->builder.used = base;
    else if (status == ENGINE_OK)
        status = answer_array(answer, base, &value);
    return status == ENGINE_OK ? answer_put(answer, name, &value) : status;
}

static engine_status xml_unknown(struct answer *answer, struct xml_node *node,
                                 struct value *out)
{
    const size_t base = answer->builder.used;
    engine_status status = ENGINE_OK;
    int groups = 0;

    if (!node->first) {
        *out = (struct value){.kind = VALUE_STRING,
                              .count = (uint32_t)node->text_len,
                              .text = node->text ? node->text : ""};
        return ENGINE_OK;
    }
    for (struct xml_node *child = node->first;
         child && status == ENGINE_OK && groups < XML_UNKNOWN;
         child = child->next) {
        if (child->taken)
            continue;
        groups++;
        status = xml_unknown_group(answer, child);
    }
    return status == ENGINE_OK ? answer_object(answer, base, out) : status;
}

/* ---- structures ----------------------------------------------------------------- */

/* A flattened list may be named after its elements, or not. */
static bool xml_is(const struct model_file *file,
                   const struct model_member *member, const char *name)
{
    return strcmp(model_text(file, member->key), name) == 0 ||
           (member->flags & MODEL_FLATTENED &&
            strcmp(model_text(file, member->wire), name) == 0);
}

/* The member that an element is; elements come in the model's order as a
 * rule, so the one behind the last is looked at first. */
static const struct model_member *xml_find(const struct answer *answer,
                                           const struct model_shape *shape,
                                           const char *name, uint32_t *next)
{
    const struct model_file *file = answer->file;

    for (uint32_t i = 0; i < shape->count; i++) {
        const uint32_t at = (*next + i) % shape->count;
        const struct model_member *member = &file->members[shape->first + at];

        if (xml_is(file, member, name) &&
            MODEL_LOCATION(member) == MODEL_BODY &&
            !(member->flags & MODEL_ATTRIBUTE)) {
            *next = at + 1;
            return member;
        }
    }
    return NULL;
}

static const char *xml_local(const char *name)
{
    const char *colon = strchr(name, ':');

    return colon ? colon + 1 : name;
}

static engine_status xml_attributes(struct answer *answer,
                                    const struct model_shape *shape,
                                    const struct xml_node *node)
{
    const struct model_file *file = answer->file;

    for (uint32_t i = 0; i < shape->count; i++) {
        const struct model_member *member = &file->members[shape->first + i];
        const char *name = xml_local(model_text(file, member->wire));
        const struct xml_attribute *attribute = node->attributes;
        engine_status status;
        struct value value;

        if (!(member->flags & MODEL_ATTRIBUTE))
            continue;
        while (attribute && strcmp(attribute->name, name) != 0)
            attribute = attribute->next;
        if (!attribute)
            continue;
        status = answer_scalar(answer, member, attribute->value,
                               strlen(attribute->value), &value);
        if (status == ENGINE_OK)
            status = answer_put(answer, model_text(file, member->name), &value);
        if (status != ENGINE_OK)
            return status;
    }
    return ENGINE_OK;
}

engine_status answer_xml_members(struct answer *answer,
                                 const struct model_shape *shape,
                                 struct xml_node *node)
{
    const struct model_file *file = answer->file;
    uint64_t seen[XML_SEEN / 64] = {0};
    engine_status status = ENGINE_OK;
    uint32_t next = 0;
    int unknown = 0;

    for (struct xml_node *child = node->first; child && status == ENGINE_OK;
         child = child->next) {
        const struct model_member *member =
            child->taken ? NULL : xml_find(answer, shape, child->name, &next);
        const uint32_t at =
            member ? (uint32_t)(member - file->members) - shape->first : 0;
        struct value value;

        if (!member) {
            if (!child->taken && ++unknown <= XML_UNKNOWN)
                status = xml_unknown_group(answer, child);
            continue;
        }
        if (at < XML_SEEN) {
            if (seen[at / 64] >> at % 64 & 1)
                continue;
            seen[at / 64] |= UINT64_C(1) << at % 64;
        }
        status = answer_xml(answer, member, child, &value);
        if (status == ENGINE_OK)
            status = answer_put(answer, model_text(file, member->name), &value);
    }
    if (status == ENGINE_OK && node->attributes)
        status = xml_attributes(answer, shape, node);
    return status;
}

/* ---- lists and maps --------------------------------------------------------------- */

/* The elements of a list: those in it, or, flattened, it and those beside it
 * that have its name. */
static engine_status xml_list(struct answer *answer,
                              const struct model_member *member,
                              struct xml_node *node, struct value *out)
{
    const struct model_file *file = answer->file;
    const struct model_member *inner =
        &file->members[model_shape(file, member)->first];
    const bool flat = member->flags & MODEL_FLATTENED;
    const size_t base = answer->builder.used;
    engine_status status = ENGINE_OK;

    for (struct xml_node *item = flat ? node : node->first;
         item && status == ENGINE_OK; item = item->next) {
        struct value value;

        if (flat && item->name != node->name)
            continue;
        item->taken = true;
        status = answer_xml(answer, inner, item, &value);
        if (status == ENGINE_OK)
            status = answer_put(answer, "", &value);
    }
    return status == ENGINE_OK ? answer_array(answer, base, out) : status;
}

static engine_status xml_entry(struct answer *answer,
                               const struct model_member *pair,
                               const struct xml_node *entry)
{
    const struct model_file *file = answer->file;
    struct xml_node *key = xml_child(entry, model_text(file, pair[0].wire));
    struct xml_node *value = xml_child(entry, model_text(file, pair[1].wire));
    struct value made = value_null;
    engine_status status;

    if (!key || !value)
        return ENGINE_OK;
    status = answer_xml(answer, &pair[1], value, &made);
    if (status == ENGINE_OK)
        status = answer_put(answer, key->text ? key->text : "", &made);
    return status;
}

static engine_status xml_map(struct answer *answer,
                             const struct model_member *member,
                             struct xml_node *node, struct value *out)
{
    const struct model_file *file = answer->file;
    const struct model_member *pair =
        &file->members[model_shape(file, member)->first];
    const bool flat = member->flags & MODEL_FLATTENED;
    const size_t base = answer->builder.used;
    engine_status status = ENGINE_OK;

    for (struct xml_node *entry = flat ? node : node->first;
         entry && status == ENGINE_OK; entry = entry->next) {
        if (flat && entry->name != node->name)
            continue;
        entry->taken = true;
        status = xml_entry(answer, pair, entry);
    }
    return status == ENGINE_OK ? answer_object(answer, base, out) : status;
}

engine_status answer_xml(struct answer *answer,
                         const struct model_member *member,
                         struct xml_node *node, struct value *out)
{
    const struct model_shape *shape = model_shape(answer->file, member);
    const size_t base = answer->builder.used;
    engine_status status;

    if (member->flags & MODEL_SENSITIVE)
        return answer_text(answer, AWS_SENSITIVE, strlen(AWS_SENSITIVE), out);
    switch (shape->type) {
    case MODEL_STRUCTURE:
        status = answer_xml_members(answer, shape, node);
        return status == ENGINE_OK ? answer_object(answer, base, out) : status;
    case MODEL_LIST:
        return xml_list(answer, member, node, out);
    case MODEL_MAP:
        return xml_map(answer, member, node, out);
    default:
        return answer_scalar(answer, member, node->text ? node->text : "",
                             node->text_len, out);
    }
}
