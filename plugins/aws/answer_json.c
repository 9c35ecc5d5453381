/* SPDX-License-Identifier: Apache-2.0 */
/* answer_json.c - JSON to values of the model: its names, its times. */
#include <stdio.h>
#include <string.h>

#include "plugins/aws/model_private.h"

static const struct model_member *json_find(const struct answer *answer,
                                            const struct model_shape *shape,
                                            const char *name, uint32_t *next)
{
    const struct model_file *file = answer->file;

    for (uint32_t i = 0; i < shape->count; i++) {
        const uint32_t at = (*next + i) % shape->count;
        const struct model_member *member = &file->members[shape->first + at];

        if (strcmp(model_text(file, member->wire), name) == 0 &&
            MODEL_LOCATION(member) == MODEL_BODY) {
            *next = at + 1;
            return member;
        }
    }
    return NULL;
}

engine_status answer_json_members(struct answer *answer,
                                  const struct model_shape *shape,
                                  const struct value *from)
{
    uint32_t next = 0;

    if (from->kind != VALUE_OBJECT)
        return ENGINE_OK;
    for (uint32_t i = 0; i < from->count; i++) {
        const struct value_member *given = &from->members[i];
        const struct model_member *member =
            json_find(answer, shape, given->key, &next);
        struct value value = given->value;
        engine_status status = ENGINE_OK;

        if (member && value.kind == VALUE_NULL)
            continue;
        if (member)
            status = answer_json(answer, member, &given->value, &value);
        if (status == ENGINE_OK)
            status = answer_put(answer,
                                member ? model_text(answer->file, member->name)
                                       : given->key, &value);
        if (status != ENGINE_OK)
            return status;
    }
    return ENGINE_OK;
}

static engine_status json_list(struct answer *answer,
                               const struct model_member *inner,
                               const struct value *from, struct value *out)
{
    const size_t base = answer->builder.used;
    engine_status status = ENGINE_OK;

    for (uint32_t i = 0; i < from->count && status == ENGINE_OK; i++) {
        struct value value;

        status = answer_json(answer, inner, &from->items[i], &value);
        if (status == ENGINE_OK)
            status = answer_put(answer, "", &value);
    }
    return status == ENGINE_OK ? answer_array(answer, base, out) : status;
}

static engine_status json_map(struct answer *answer,
                              const struct model_member *inner,
                              const struct value *from, struct value *out)
{
    const size_t base = answer->builder.used;
    engine_status status = ENGINE_OK;

    for (uint32_t i = 0; i < from->count && status == ENGINE_OK; i++) {
        struct value value;

        status = answer_json(answer, inner, &from->members[i].value, &value);
        if (status == ENGINE_OK)
            status = answer_put(answer, from->members[i].key, &value);
    }
    return status == ENGINE_OK ? answer_object(answer, base, out) : status;
}

static engine_status json_time(struct answer *answer, const struct value *from,
                               struct value *out)
{
    double seconds;
    char text[40];

    if (from->kind == VALUE_STRING) {
        int64_t moment;

        if (aws_time_parse(from->text, &moment) < 0)
            return ENGINE_OK;
        aws_time_format(moment, text);
        return answer_text(answer, text, strlen(text), out);
    }
    if (!value_number(from, &seconds) || !(seconds > -6.2e10) ||
        !(seconds < 2.534e11))
        return ENGINE_OK;
    aws_time_format((int64_t)(seconds * 1e6 + (seconds < 0 ? -0.5 : 0.5)),
                    text);
    return answer_text(answer, text, strlen(text), out);
}

engine_status answer_json(struct answer *answer,
                          const struct model_member *member,
                          const struct value *from, struct value *out)
{
    const struct model_file *file = answer->file;
    const struct model_shape *shape = model_shape(file, member);
    const struct model_member *inner = &file->members[shape->first];
    const size_t base = answer->builder.used;
    engine_status status;

    *out = *from;
    if (from->kind == VALUE_NULL)
        return ENGINE_OK;
    if (member->flags & MODEL_SENSITIVE)
        return answer_text(answer, AWS_SENSITIVE, strlen(AWS_SENSITIVE), out);
    if (member->flags & MODEL_DOCUMENT)
        return ENGINE_OK;
    if (shape->type == MODEL_STRUCTURE && from->kind == VALUE_OBJECT) {
        status = answer_json_members(answer, shape, from);
        return status == ENGINE_OK ? answer_object(answer, base, out) : status;
    }
    if (shape->type == MODEL_LIST && from->kind == VALUE_ARRAY)
        return json_list(answer, inner, from, out);
    if (shape->type == MODEL_MAP && from->kind == VALUE_OBJECT)
        return json_map(answer, inner + 1, from, out);
    if (shape->type == MODEL_TIMESTAMP)
        return json_time(answer, from, out);
    return ENGINE_OK;
}
