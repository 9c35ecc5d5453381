/* SPDX-License-Identifier: Apache-2.0 */
/* variables.c - $variables of expressions: a rule's variables come as texts,
 * and those that a rule declares as numbers are compared as numbers. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/document/document.h"
#include "sdk/kit/cloud/cloud_private.h"

static bool variables_is_number(const bson_t *rule, const char *id)
{
    bson_iter_t at, type;
    bson_t declared;

    if (!document_child(rule, "variables", &declared) ||
        !bson_iter_init_find(&at, &declared, id) ||
        !document_iter_child(&at, &declared) ||
        !bson_iter_init_find(&type, &declared, "type"))
        return false;
    return BSON_ITER_HOLDS_UTF8(&type) &&
           strcmp(bson_iter_utf8(&type, NULL), "number") == 0;
}

static void variables_type(struct value *value)
{
    char *end = NULL;
    double number;

    if (value->kind != VALUE_STRING || !value->count)
        return;
    number = strtod(value->text, &end);
    if (*end || end != value->text + value->count || !isfinite(number))
        return;
    if (number == floor(number) && fabs(number) < 9e15)
        *value = (struct value){.kind = VALUE_INT,
                                .integer = (int64_t)number};
    else
        *value = (struct value){.kind = VALUE_DOUBLE, .number = number};
}

static engine_status variables_document(struct cloud *cloud, engine_error *err)
{
    const struct value *variables = &cloud->variables;

    for (uint32_t i = 0; i < variables->count; i++)
        if (value_to_bson(&variables->members[i].value,
                          variables->members[i].key, DOCUMENT_MAX_BYTES,
                          &cloud->typed, NULL) < 0)
            return engine_fail_memory(err);
    return ENGINE_OK;
}

engine_status cloud_type_variables(struct cloud *cloud, engine_error *err)
{
    const uint32_t count = cloud->variables.count;
    struct value_member *members;
    bson_t *rules = NULL;
    engine_status status;

    if (cloud->variables.kind != VALUE_OBJECT || !count)
        return ENGINE_OK;
    status = kit_rules(cloud->job, &rules, err);
    if (status < 0)
        return status;
    members = arena_alloc(&cloud->arena, count * sizeof(*members));
    if (members) {
        memcpy(members, cloud->variables.members, count * sizeof(*members));
        for (uint32_t i = 0; i < count; i++)
            for (uint32_t k = 0; k < cloud->job->rules_count; k++)
                if (variables_is_number(&rules[k], members[i].key)) {
                    variables_type(&members[i].value);
                    break;
                }
        cloud->variables.members = members;
    } else {
        status = engine_fail_memory(err);
    }
    engine_free(rules);
    return status == ENGINE_OK ? variables_document(cloud, err) : status;
}
