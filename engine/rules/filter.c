/* SPDX-License-Identifier: Apache-2.0 */
/* filter.c - the query for the rules that a scan configuration means. */
#include <string.h>

#include "engine/rules/rules_private.h"
#include "sdk/document/match.h"

void rules_filter_framework(const char *framework, size_t len,
                            const char *version, bson_t *filter)
{
    bson_t field, match;

    BSON_APPEND_DOCUMENT_BEGIN(filter, "framework_refs", &field);
    BSON_APPEND_DOCUMENT_BEGIN(&field, "$elemMatch", &match);
    bson_append_utf8(&match, "framework", -1, framework, (int)len);
    if (version)
        BSON_APPEND_UTF8(&match, "version", version);
    bson_append_document_end(&field, &match);
    bson_append_document_end(filter, &field);
}

void rules_filter_framework_word(const char *text, bson_t *filter)
{
    const char *colon = strchr(text, ':');

    rules_filter_framework(text,
                           colon ? (size_t)(colon - text) : strlen(text),
                           colon ? colon + 1 : NULL, filter);
}

static engine_status filter_framework(const bson_t *config, bson_t *filter,
                                      engine_error *err)
{
    const char *framework = document_string(config, "framework");
    const char *version = document_string(config, "framework_version");
    engine_status status = ENGINE_OK;
    struct arena arena;

    if (!framework || !*framework)
        return ENGINE_OK;
    arena_init(&arena, 65536 + strlen(framework));
    framework = rules_framework_name(&arena, framework);
    if (framework)
        rules_filter_framework(framework, strlen(framework),
                               version && *version ? version : NULL, filter);
    else
        status = engine_fail_memory(err);
    arena_clear(&arena);
    return status;
}

/* The user's part is checked by itself first, so that it is what the message
 * is about; then it can only narrow. */
static engine_status filter_user(const bson_t *config, bson_t *out,
                                 engine_error *err)
{
    struct matcher *matcher = NULL;
    engine_status status;
    bson_iter_t value;

    bson_init(out);
    if (!bson_iter_init_find(&value, config, "rule_filter") ||
        BSON_ITER_HOLDS_NULL(&value))
        return ENGINE_OK;
    if (!BSON_ITER_HOLDS_DOCUMENT(&value) ||
        !document_iter_child(&value, out))
        return engine_fail(err, ENGINE_EINVAL,
                           "rule_filter must be a document");
    status = matcher_new(out, &matcher, err);
    if (status < 0)
        engine_error_prefix(err, "rule_filter");
    matcher_free(matcher);
    return status;
}

engine_status rules_filter(const bson_t *config, const char *benchmark,
                           bson_t *out, engine_error *err)
{
    engine_status status;
    bson_t user, engine;

    status = filter_user(config, &user, err);
    if (status < 0)
        return status;
    bson_init(&engine);
    BSON_APPEND_BOOL(&engine, "is_latest", true);
    if (benchmark)
        BSON_APPEND_UTF8(&engine, "benchmark", benchmark);
    status = filter_framework(config, &engine, err);
    if (status == ENGINE_OK)
        matcher_and(&engine, &user, out);
    bson_destroy(&engine);
    return status;
}
