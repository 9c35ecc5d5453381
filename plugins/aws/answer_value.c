/* SPDX-License-Identifier: Apache-2.0 */
/* answer_value.c - values of an answer, and what texts in it stand for. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/aws/model_private.h"

engine_status answer_put(struct answer *answer, const char *name,
                         const struct value *value)
{
    struct value_member *place = builder_push(&answer->builder);

    if (!place)
        return builder_fail(&answer->builder, answer->err);
    *place = (struct value_member){
        .key = name, .key_len = (uint32_t)strlen(name), .value = *value};
    return ENGINE_OK;
}

engine_status answer_object(struct answer *answer, size_t base,
                            struct value *out)
{
    return builder_object(&answer->builder, base, out, NULL)
               ? ENGINE_OK
               : builder_fail(&answer->builder, answer->err);
}

engine_status answer_array(struct answer *answer, size_t base,
                           struct value *out)
{
    return builder_array(&answer->builder, base, out)
               ? ENGINE_OK
               : builder_fail(&answer->builder, answer->err);
}

engine_status answer_text(struct answer *answer, const char *text, size_t len,
                          struct value *out)
{
    *out = (struct value){.kind = VALUE_STRING, .count = (uint32_t)len};
    out->text = builder_text(&answer->builder, text, len);
    return out->text ? ENGINE_OK : builder_fail(&answer->builder, answer->err);
}

/* ---- scalars ------------------------------------------------------------- */

/* JSON in a header goes as base64. */
static engine_status answer_jsonvalue(struct answer *answer, const char *text,
                                      size_t len, struct value *out)
{
    struct buffer json;
    struct value value;

    buffer_init(&json, 1u << 20);
    if (aws_unbase64(&json, text, len) && json.len &&
        value_from_json(json.data, json.len, "header", answer->arena, &value,
                        NULL) == ENGINE_OK)
        *out = value;
    buffer_clear(&json);
    return ENGINE_OK;
}

/* Policies of IAM, which go percent-encoded, and templates of CloudFormation
 * that are JSON become objects, as they are in the SDKs for Python and in the
 * command-line interface. What is no JSON remains a text. */
static engine_status answer_document(struct answer *answer,
                                     const struct model_member *member,
                                     const char *text, size_t len,
                                     struct value *out)
{
    const struct model_file *file = answer->file;
    const char *shape = model_text(file, model_shape(file, member)->name);
    const bool policy = strcmp(shape, "policyDocumentType") == 0;
    struct value value;
    char *copy;

    if (!policy && strcmp(shape, "TemplateBody") != 0)
        return ENGINE_OK;
    copy = builder_room(&answer->builder, len);
    if (!copy)
        return builder_fail(&answer->builder, answer->err);
    memcpy(copy, text, len);
    copy[len] = '\0';
    if (policy)
        len = aws_decode(copy, len);
    if (!bson_utf8_validate(copy, len, true))
        return ENGINE_OK;
    *out = (struct value){
        .kind = VALUE_STRING, .count = (uint32_t)len, .text = copy};
    if (value_from_json(copy, len, "document", answer->arena, &value, NULL) ==
            ENGINE_OK && value.kind == VALUE_OBJECT)
        *out = value;
    return ENGINE_OK;
}

static engine_status answer_number(const char *text, bool whole,
                                   struct value *out)
{
    char *end;

    errno = 0;
    if (whole) {
        const long long number = strtoll(text, &end, 10);

        if (end != text && !*end && !errno)
            *out = (struct value){.kind = VALUE_INT, .integer = number};
    } else {
        const double number = strtod(text, &end);

        if (end != text && !*end && isfinite(number))
            *out = (struct value){.kind = VALUE_DOUBLE, .number = number};
    }
    return ENGINE_OK;
}

engine_status answer_scalar(struct answer *answer,
                            const struct model_member *member,
                            const char *text, size_t len, struct value *out)
{
    int64_t moment;
    char time[40];

    /* What is not of its type, such as NaN, remains a text. */
    *out = (struct value){
        .kind = VALUE_STRING, .count = (uint32_t)len, .text = text};
    switch (model_shape(answer->file, member)->type) {
    case MODEL_BOOLEAN:
        *out = (struct value){.kind = VALUE_BOOL,
                              .boolean = strcmp(text, "true") == 0};
        return ENGINE_OK;
    case MODEL_INTEGER:
    case MODEL_LONG:
        return answer_number(text, true, out);
    case MODEL_FLOAT:
    case MODEL_DOUBLE:
        return answer_number(text, false, out);
    case MODEL_TIMESTAMP:
        if (aws_time_parse(text, &moment) < 0)
            return ENGINE_OK;
        aws_time_format(moment, time);
        return answer_text(answer, time, strlen(time), out);
    default:
        if (member->flags & MODEL_JSONVALUE)
            return answer_jsonvalue(answer, text, len, out);
        return answer->documents
                   ? answer_document(answer, member, text, len, out)
                   : ENGINE_OK;
    }
}
