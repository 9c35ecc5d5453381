/* SPDX-License-Identifier: Apache-2.0 */
/* input.c - what a scanner under trial is given: rules and targets of the
 * command line, or such as no scanner can do anything with. */
#include <string.h>

#include "engine/conform/scene.h"
#include "sdk/document/document.h"

#define INPUT_RULES_MAX 256

/* Nothing, in every form that a document can have; and values of wrong types
 * under names that scanners look for. */
static const char *const input_contents[] = {
    "null", "\"\"", "\"text\"", "-1", "true", "[]", "{}", "[[], {}]",
    "{\"\": \"\"}",
    "{\"nothing\": {\"that\": [\"anybody\", {\"knows\": 3.5}]}}",
    "{\"check\": {}, \"checks\": {}, \"rules\": {}, \"calls\": {}}",
    "{\"check\": [], \"query\": [], \"path\": [], \"system\": [], \"id\": []}",
    "{\"type\": 7, \"kind\": 7, \"resource\": 7, \"status\": 7, \"path\": 7}",
    "{\"expression\": \"((((\", \"yamlpath\": \"[[[[\", \"jq\": \"((((\","
    " \"filter\": \"]\", \"pattern\": \"((((\", \"command\": \"'\"}",
    "{\"xccdf_id\": \"../../../etc/passwd\", \"content\": \"../x\","
    " \"api\": \"../x\", \"path\": \"../../..\"}",
    "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":"
    "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":"
    "1}}}}}}}}}}}}}}}}}}}}",
};

/* ---- rules --------------------------------------------------------------- */

static bool input_keep(struct scene *scene, const bson_t *document,
                       struct scanner_doc *out)
{
    uint8_t *data = arena_alloc(&scene->memory, document->len);

    if (!data)
        return false;
    memcpy(data, bson_get_data(document), document->len);
    *out = (struct scanner_doc){.data = data, .len = document->len};
    return true;
}

static bool input_make_rule(struct scene *scene, const char *type,
                            const char *id, const char *content,
                            struct scanner_doc *out)
{
    bson_t rule = BSON_INITIALIZER, wrapped;
    bson_iter_t iter;
    char text[1024];
    bool fine;

    snprintf(text, sizeof(text), "{\"check_content\": %s}", content);
    if (document_from_json(text, strlen(text), "garbage", &wrapped, NULL) < 0)
        return false;
    BSON_APPEND_UTF8(&rule, "benchmark", "conform");
    BSON_APPEND_UTF8(&rule, "rule_id", id);
    BSON_APPEND_INT32(&rule, "version", 1);
    BSON_APPEND_UTF8(&rule, "title", "A rule of the conformance checks");
    BSON_APPEND_UTF8(&rule, "severity", "low");
    BSON_APPEND_UTF8(&rule, "scanner_type", type);
    if (bson_iter_init_find(&iter, &wrapped, "check_content"))
        bson_append_iter(&rule, "check_content", -1, &iter);
    fine = input_keep(scene, &rule, out);
    bson_destroy(&wrapped);
    bson_destroy(&rule);
    return fine;
}

/* The nth name of a list of the request: types, targets; or NULL. */
static const char *input_name(const struct scene *scene, const char *list,
                              uint32_t n)
{
    char path[64];

    snprintf(path, sizeof(path), "request.%s.%u", list, n);
    return document_string(&scene->worker->job, path);
}

bool input_garbage(struct scene *scene, struct scanner_doc **out,
                   uint32_t *count)
{
    const size_t kinds = sizeof(input_contents) / sizeof(input_contents[0]);
    struct scanner_doc *rules =
        arena_alloc(&scene->memory, INPUT_RULES_MAX * sizeof(*rules));
    const char *type;
    char id[64];

    *count = 0;
    for (uint32_t t = 0; rules && (type = input_name(scene, "types", t)); t++)
        for (size_t i = 0; i < kinds && *count < INPUT_RULES_MAX; i++) {
            snprintf(id, sizeof(id), "conform-%u-garbage-%zu", t, i);
            if (!input_make_rule(scene, type, id, input_contents[i],
                                 &rules[*count]))
                rules = NULL;
            if (!rules)
                break;
            ++*count;
        }
    if (!rules)
        scene_fail(scene, "out of memory");
    *out = rules;
    return rules != NULL;
}

static engine_status input_usual_rules(struct scene *scene, engine_error *err)
{
    struct scanner_doc *rules = arena_alloc(&scene->memory, 8 * sizeof(*rules));
    const char *type;
    char id[64];

    scene->rules = rules;
    for (uint32_t t = 0; rules && t < 4; t++) {
        type = input_name(scene, "types", t);
        for (int i = 0; type && i < 2; i++) {
            snprintf(id, sizeof(id), "conform-%u-%d", t, i);
            if (!input_make_rule(scene, type, id, "{}",
                                 &rules[scene->rules_count]))
                return engine_fail_memory(err);
            scene->rules_count++;
        }
    }
    return rules ? ENGINE_OK : engine_fail_memory(err);
}

/* ---- targets ------------------------------------------------------------- */

/* Everything that targets say of where they are, as of one that is not: port
 * 1 of this machine, where nothing listens. */
static void input_nowhere_of(const char *type, bson_t *out)
{
    bson_t credentials;

    bson_init(out);
    BSON_APPEND_UTF8(out, "id", "conform");
    BSON_APPEND_UTF8(out, "name", "conform");
    BSON_APPEND_UTF8(out, "type", type);
    BSON_APPEND_UTF8(out, "host", "127.0.0.1");
    BSON_APPEND_INT32(out, "port", 1);
    BSON_APPEND_UTF8(out, "username", "nobody");
    BSON_APPEND_UTF8(out, "path", "/nowhere/at/all");
    BSON_APPEND_UTF8(out, "server", "https://127.0.0.1:1");
    BSON_APPEND_DOCUMENT_BEGIN(out, "credentials", &credentials);
    BSON_APPEND_UTF8(&credentials, "file", "/nowhere/at/all");
    bson_append_document_end(out, &credentials);
}

bool input_nowhere(struct scene *scene, uint32_t n, bson_t *out)
{
    const char *type;

    for (uint32_t i = 0; (type = input_name(scene, "targets", i)); i++) {
        if (strcmp(type, "local") == 0 || n--)
            continue;
        input_nowhere_of(type, out);
        return true;
    }
    return false;
}

/* This machine for those who scan it; no network that nobody named. */
static void input_usual_target(struct scene *scene)
{
    const char *type = input_name(scene, "targets", 0);

    for (uint32_t i = 0; input_name(scene, "targets", i); i++)
        if (strcmp(input_name(scene, "targets", i), "local") == 0)
            type = "local";
    bson_destroy(&scene->target);
    if (type && strcmp(type, "local") != 0) {
        input_nowhere_of(type, &scene->target);
        return;
    }
    bson_init(&scene->target);
    BSON_APPEND_UTF8(&scene->target, "id", "conform");
    BSON_APPEND_UTF8(&scene->target, "name", "conform");
    BSON_APPEND_UTF8(&scene->target, "type", "local");
}

engine_status input_read(struct scene *scene, engine_error *err)
{
    struct worker *worker = scene->worker;
    bson_t given;

    scene->given_target = document_child(&worker->job, "target", &given);
    if (scene->given_target) {
        bson_destroy(&scene->target);
        bson_copy_to(&given, &scene->target);
    } else {
        input_usual_target(scene);
    }
    scene->given_rules = worker->rules_count > 0;
    if (!scene->given_rules)
        return input_usual_rules(scene, err);
    scene->rules = worker->rules;
    scene->rules_count = worker->rules_count;
    return ENGINE_OK;
}
