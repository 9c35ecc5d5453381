/* SPDX-License-Identifier: Apache-2.0 */
/* subject.c - who a subject is: what the rule says, else what its members
 * say, else a name made of what it holds. */
#include <string.h>

#include "sdk/base/hash.h"
#include "sdk/kit/cloud/cloud_private.h"

static const char *const subject_ids[] = {
    "Arn", "arn", "ARN", "id", "Id", "selfLink", NULL};
static const char *const subject_names[] = {
    "Name", "name", "displayName", "DisplayName", "value", NULL};

/* behind what a subject is: VolumeId */
static const char *const subject_id_ends[] = {"Arn", "Id", "Identifier", "Url",
                                              NULL};
static const char *const subject_name_ends[] = {"Name", "Identifier", "Id",
                                                NULL};

/* a scalar as a text; NULL: it is none */
static const char *subject_text(const struct value *value,
                                struct arena *arena)
{
    const char *text = NULL;
    struct buffer json;

    if (!value || value->kind == VALUE_NULL || value->kind == VALUE_ARRAY ||
        value->kind == VALUE_OBJECT)
        return NULL;
    if (value->kind == VALUE_STRING)
        return value->count ? value->text : NULL;
    buffer_init(&json, 64);
    if (value_to_json(value, 0, &json) == ENGINE_OK && json.data)
        text = arena_strdup(arena, json.data);
    buffer_clear(&json);
    return text;
}

static const char *subject_any(const struct value *subject,
                               const char *const *keys)
{
    for (; *keys; keys++) {
        const struct value *found = value_member(subject, *keys);

        if (found && found->kind == VALUE_STRING && found->count)
            return found->text;
    }
    return NULL;
}

static engine_status subject_ask(struct visit *visit, struct expr *expr,
                                 const struct value *subject,
                                 struct arena *arena, const char **out,
                                 engine_error *err)
{
    const struct value *value;
    engine_status status;

    *out = NULL;
    if (!expr)
        return ENGINE_OK;
    status = cloud_evaluate(visit->cloud, expr, subject, arena, &value, err);
    if (status == ENGINE_OK)
        *out = subject_text(value, arena);
    return status;
}

/* the same for the same content, whatever its place in a list */
static const char *subject_made_up(const char *type,
                                   const struct value *subject,
                                   struct arena *arena)
{
    char hash[HASH_HEX_SIZE] = "";
    struct buffer json;

    buffer_init(&json, (size_t)16 << 20);
    if (value_to_json(subject, 0, &json) == ENGINE_OK && json.data)
        hash_bytes(json.data, json.len, hash);
    buffer_clear(&json);
    hash[12] = '\0';
    return arena_strf(arena, "%s %s", type ? type : "resource", hash);
}

engine_status subject_name(struct visit *visit, const struct value *subject,
                           struct arena *arena, struct subject_name *out,
                           engine_error *err)
{
    struct cloud_rule *rule = visit->rule;
    const bool whole = !rule->each;
    engine_status status;

    *out = (struct subject_name){.type = rule->type};
    if (!whole && !rule->typed_itself && rule->noun)
        out->type = rule->noun;
    status = subject_ask(visit, rule->id, subject, arena, &out->uid, err);
    if (status == ENGINE_OK)
        status = subject_ask(visit, rule->name, subject, arena, &out->name,
                             err);
    if (status == ENGINE_OK)
        status = subject_ask(visit, rule->region, subject, arena,
                             &out->region, err);
    if (!out->uid)
        out->uid = whole ? visit->scope->label
                         : subject_any(subject, subject_ids);
    if (!out->uid)
        out->uid = noun_member(subject, rule->noun, subject_id_ends);
    if (!out->name)
        out->name = whole ? visit->scope->label
                          : subject_any(subject, subject_names);
    if (!out->name)
        out->name = noun_member(subject, rule->noun, subject_name_ends);
    if (!out->region)
        out->region = value_text(value_member(subject, "_region"));
    if (!out->name)
        out->name = out->uid;
    if (!out->name)
        out->name = subject_text(subject, arena);
    if (!out->name)
        out->name = subject_made_up(out->type, subject, arena);
    if (!out->uid)
        out->uid = out->name;
    return status;
}
