/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answer_token.c - the token of the next page. Paginators say in JMESPath
 * where it is: a member, one in another ("A.B"), of the last element of a
 * list ("A[-1].B"), or the first of several that is there ("A || B").
 */
#include <string.h>
#include <strings.h>

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

/* Where the answer says whether there are more pages; NULL: it does not. */
static const struct value *token_more(const struct aws_operation *operation,
                                      const struct value *answer)
{
    const char *more = aws_text(operation, operation->row->more);

    return *more ? token_at(answer, more, more + strlen(more)) : NULL;
}

/* An answer that does not say it has more when it has a token; but the name of
 * the last element is there always. */
static bool token_is_last(const struct aws_operation *operation,
                          const struct value *answer, const char *output)
{
    const struct value *more = token_more(operation, answer);

    if (more)
        return !token_is_there(more);
    return *aws_text(operation, operation->row->more) &&
           strstr(output, "[-1]");
}

static engine_status token_missing(const struct aws_operation *operation,
                                   const struct value *answer,
                                   engine_error *err)
{
    if (!token_is_there(token_more(operation, answer)))
        return ENGINE_OK;
    return engine_fail(err, ENGINE_EIO,
                       "there are more pages, but no token of the next");
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
    if (!count ||
        token_is_last(operation, answer, aws_text(operation, outputs[1])))
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
    if (status == ENGINE_OK && !builder.used)
        status = token_missing(operation, answer, err);
    else if (status == ENGINE_OK && !builder_object(&builder, 0, out, NULL))
        status = builder_fail(&builder, err);
    builder_clear(&builder);
    return status;
}

/* ---- pages that nobody knows of -------------------------------------------- */

static bool token_is_named(const char *name)
{
    static const char *const names[] = {
        "nexttoken", "nextmarker", "nextpagetoken", "nextcontinuationtoken",
        "paginationtoken", "continuationtoken", "marker", NULL};

    for (const char *const *at = names; *at; at++)
        if (strcasecmp(name, *at) == 0)
            return true;
    return strcmp(name, "IsTruncated") == 0 ||
           strcmp(name, "Truncated") == 0 || strncmp(name, "HasMore", 7) == 0;
}

/* a member that says that there is more; NULL: none does */
static const char *token_unknown(const struct value *object)
{
    for (uint32_t i = 0; object->kind == VALUE_OBJECT && i < object->count;
         i++)
        if (token_is_named(object->members[i].key) &&
            token_is_there(&object->members[i].value))
            return object->members[i].key;
    return NULL;
}

/* the same in its structures; in maps any name may be */
static const char *token_unknown_in(const struct aws_operation *operation,
                                    const struct value *answer)
{
    const struct model_file *file = &operation->service->file;
    const struct model_member *root = aws_member(file, operation->row->output);
    const struct model_shape *shape = root ? &file->shapes[root->shape] : NULL;
    const char *found = NULL;

    for (uint32_t i = 0; !found && shape && i < shape->count; i++) {
        const struct model_member *member = &file->members[shape->first + i];
        const struct value *inner =
            value_member(answer, model_text(file, member->name));

        if (inner && file->shapes[member->shape].type == MODEL_STRUCTURE)
            found = token_unknown(inner);
    }
    return found;
}

engine_status aws_answer_whole(const struct aws_operation *operation,
                               const struct value *answer, engine_error *err)
{
    const char *name;

    if (*aws_list(operation, operation->row->page_input))
        return ENGINE_OK;
    name = token_unknown(answer);
    if (!name)
        name = token_unknown_in(operation, answer);
    if (!name)
        return ENGINE_OK;
    engine_fail(err, ENGINE_EIO,
                "the answer is only a part (\"%.60s\" says so), and it is not "
                "known how to ask for the rest",
                name);
    engine_hint(err, "ask for less with parameters of the call, or with "
                     "another operation");
    return ENGINE_EIO;
}
