/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answer_token.c - the token of the next page. Paginators say in JMESPath
 * where it is: a member, one in another ("A.B"), of the last element of a
 * list ("A[-1].B"), or the first of several that is there ("A || B").
 */
#include <string.h>

#include "plugins/aws/model_private.h"

/* One step: "Name" or "Name[-1]"; moves *path behind it. */
static const struct value *token_step(const struct value *value,
                                      const char **path, const char *end)
{
    const char *name = *path;
    const char *at = name;

    while (at < end && *at != '.' && *at != '[')
        at++;
    value = value_member_n(value, name, (size_t)(at - name));
    if (end - at >= 4 && memcmp(at, "[-1]", 4) == 0) {
        at += 4;
        value = value && value->kind == VALUE_ARRAY && value->count
                    ? &value->items[value->count - 1]
                    : NULL;
    } else if (at < end && *at == '[') {
        value = NULL;
    }
    *path = at < end ? at + 1 : end;
    return value;
}

static const struct value *token_at(const struct value *answer,
                                    const char *path, const char *end)
{
    const struct value *value = answer;

    while (value && path < end)
        value = token_step(value, &path, end);
    return value;
}

static bool token_is_there(const struct value *value)
{
    return value && value->kind != VALUE_NULL &&
           !(value->kind == VALUE_STRING && !value->count) &&
           !(value->kind == VALUE_BOOL && !value->boolean) &&
           !(value->kind == VALUE_OBJECT && !value->count) &&
           !(value->kind == VALUE_ARRAY && !value->count);
}

static const struct value *token_find(const struct value *answer,
                                      const char *paths)
{
    while (*paths) {
        const char *bar = strstr(paths, " || ");
        const char *end = bar ? bar : paths + strlen(paths);
        const struct value *value = token_at(answer, paths, end);

        if (token_is_there(value))
            return value;
        paths = bar ? bar + 4 : end;
    }
    return NULL;
}

/* Whether the answer says that there are no more pages. */
static bool token_is_last(const struct aws_operation *operation,
                          const struct value *answer)
{
    const char *more = aws_text(operation, operation->row->more);
    const struct value *value = *more ? token_find(answer, more) : NULL;

    return *more && !value;
}

engine_status aws_answer_token(const struct aws_operation *operation,
                               const struct value *answer, struct arena *arena,
                               struct value *out, engine_error *err)
{
    const uint32_t *inputs = aws_list(operation, operation->row->page_input);
    const uint32_t *outputs = aws_list(operation, operation->row->page_output);
    const uint32_t count = *inputs < *outputs ? *inputs : *outputs;
    struct value_builder builder;
    engine_status status = ENGINE_OK;

    *out = value_null;
    if (!count || token_is_last(operation, answer))
        return ENGINE_OK;
    builder_init(&builder, arena, 100);
    for (uint32_t i = 0; i < count && status == ENGINE_OK; i++) {
        const struct value *value =
            token_find(answer, aws_text(operation, outputs[i + 1]));
        const char *name = aws_text(operation, inputs[i + 1]);
        struct value_member *place;

        if (!value)
            continue;
        place = builder_push(&builder);
        if (!place)
            status = builder_fail(&builder, err);
        else
            *place = (struct value_member){.key = name,
                                           .key_len = (uint32_t)strlen(name),
                                           .value = *value};
    }
    if (status == ENGINE_OK && builder.used &&
        !builder_object(&builder, 0, out, NULL))
        status = builder_fail(&builder, err);
    builder_clear(&builder);
    return status;
}
