/* SPDX-License-Identifier: Apache-2.0 */
/* request.c - checking a scan configuration and naming its targets. */
#include <stdalign.h>
#include <string.h>

#include "engine/scan/run.h"
#include "engine/scan/secret.h"
#include "sdk/base/alloc.h"

/* contract.md, "Scan configuration" */
static const char *const request_keys[] = {
    "name",      "target",    "targets",     "framework",
    "framework_version",      "benchmark",   "profile",
    "rules",     "rule_filter", "variable_overrides", "options", NULL};
static const char *const option_keys[] = {"timeout", "shards",
                                          "on_scanner_error", "allow_empty",
                                          NULL};
/* what tells one target of a type from another, in this order */
static const char *const target_names[] = {
    "path", "host", "identifier", "context", "server", "profile",
    "account", "subscription", "project", "container", NULL};

#define TARGET_NAME_MAX 256

static bool request_listed(const char *const *names, const char *name)
{
    for (; *names; names++)
        if (strcmp(*names, name) == 0)
            return true;
    return false;
}

static engine_status request_check_keys(const bson_t *document,
                                        const char *const *known,
                                        const char *what, engine_error *err)
{
    struct buffer list;
    bson_iter_t iter;

    bson_iter_init(&iter, document);
    while (bson_iter_next(&iter)) {
        if (request_listed(known, bson_iter_key(&iter)))
            continue;
        engine_fail(err, ENGINE_EINVAL, "unknown key \"%s\" in %s",
                    bson_iter_key(&iter), what);
        buffer_init(&list, ENGINE_HINT_MAX);
        for (; *known; known++)
            buffer_printf(&list, " %s", *known);
        engine_hint(err, "known keys:%s", list.data ? list.data : "");
        buffer_clear(&list);
        return ENGINE_EINVAL;
    }
    return ENGINE_OK;
}

static engine_status request_check_type(const bson_t *config,
                                        const char *key, bson_type_t type,
                                        const char *wanted, engine_error *err)
{
    bson_iter_t iter;

    if (!bson_iter_init_find(&iter, config, key) ||
        bson_iter_type(&iter) == type)
        return ENGINE_OK;
    return engine_fail(err, ENGINE_EINVAL, "\"%s\" of the scan must be %s",
                       key, wanted);
}

/* what is not understood must not be ignored: the scan would be another one */
engine_status scan_config_check_types(const bson_t *config, engine_error *err)
{
    static const struct {
        const char *key, *wanted;
        bson_type_t type;
    } keys[] = {
        {"targets", "a list of targets", BSON_TYPE_ARRAY},
        {"target", "an object with a type", BSON_TYPE_DOCUMENT},
        {"rules", "a list of rule ids", BSON_TYPE_ARRAY},
        {"rule_filter", "an object", BSON_TYPE_DOCUMENT},
        {"variable_overrides", "an object", BSON_TYPE_DOCUMENT},
        {"options", "an object", BSON_TYPE_DOCUMENT},
        {"name", "a text", BSON_TYPE_UTF8},
        {"framework", "a text", BSON_TYPE_UTF8},
        {"framework_version", "a text", BSON_TYPE_UTF8},
        {"benchmark", "a text", BSON_TYPE_UTF8},
        {"profile", "a text", BSON_TYPE_UTF8},
    };
    engine_status status = ENGINE_OK;

    for (size_t i = 0;
         status == ENGINE_OK && i < sizeof(keys) / sizeof(keys[0]); i++)
        status = request_check_type(config, keys[i].key, keys[i].type,
                                    keys[i].wanted, err);
    return status;
}

static engine_status request_check_number(const bson_t *options,
                                          const char *name, int64_t maximum,
                                          engine_error *err)
{
    const int64_t number = document_int(options, name, -1);

    if (!bson_has_field(options, name) || (number >= 0 && number <= maximum))
        return ENGINE_OK;
    return engine_fail(err, ENGINE_EINVAL,
                       "\"%s\" of the scan's options must be a number from 0 "
                       "to %lld", name, (long long)maximum);
}

static engine_status request_check_options(const bson_t *config,
                                           engine_error *err)
{
    const char *policy = document_string(config, "options.on_scanner_error");
    engine_status status;
    bson_t options;

    if (!document_child(config, "options", &options))
        return ENGINE_OK;
    status = request_check_keys(&options, option_keys, "options of the scan",
                                err);
    if (status < 0)
        return status;
    if (policy && strcmp(policy, "continue") != 0 &&
        strcmp(policy, "stop") != 0)
        return engine_fail(err, ENGINE_EINVAL,
                           "on_scanner_error must be \"continue\" or "
                           "\"stop\", not \"%s\"", policy);
    status = request_check_number(&options, "timeout", 1000000000, err);
    if (status == ENGINE_OK)
        status = request_check_number(&options, "shards", 256, err);
    if (status == ENGINE_OK)
        status = request_check_type(&options, "on_scanner_error",
                                    BSON_TYPE_UTF8, "a text", err);
    if (status == ENGINE_OK)
        status = request_check_type(&options, "allow_empty", BSON_TYPE_BOOL,
                                    "true or false", err);
    return status;
}

int64_t scan_option_int(const bson_t *config, const char *name)
{
    char path[64] = "options.";

    strncat(path, name, sizeof(path) - strlen(path) - 1);
    return document_int(config, path, 0);
}

/* the distinguishing part of a target's id, or NULL */
static char *target_label(const bson_t *target)
{
    for (const char *const *name = target_names; *name; name++) {
        const char *text = document_string(target, *name);
        const int64_t port = document_int(target, "port", 0);
        if (!text)
            continue;
        if (port && strcmp(*name, "host") == 0)
            return engine_strf("%s:%lld", text, (long long)port);
        return engine_strdup(text);
    }
    return NULL;
}

static char *target_id(const bson_t *target, const char *type)
{
    const char *name = document_string(target, "name");
    char *label, *id;

    if (name && *name)
        return engine_strdup(name);
    label = target_label(target);
    if (!label)
        return engine_strdup(type);
    id = engine_strf("%s:%s", type, label);
    engine_free(label);
    return id;
}

static void request_hint_targets(const struct registry *registry,
                                 engine_error *err)
{
    struct buffer list;

    buffer_init(&list, ENGINE_HINT_MAX);
    for (size_t i = 0; i < registry_count(registry); i++) {
        bson_iter_t iter, items;
        const bson_t *about = &registry_at(registry, i)->description;
        if (!document_find(about, "targets", &iter) ||
            !bson_iter_recurse(&iter, &items))
            continue;
        while (bson_iter_next(&items)) {
            bson_t item;
            const char *name = NULL;
            if (document_iter_child(&items, &item))
                name = document_string(&item, "name");
            if (name)
                buffer_printf(&list, " %s", name);
        }
    }
    engine_hint(err, "loaded scanners accept:%s",
                list.data && list.len ? list.data : " nothing");
    buffer_clear(&list);
}

/* the name is part of every verdict's id and of what people read */
static engine_status target_check_name(const bson_t *target,
                                       engine_error *err)
{
    const char *name = document_string(target, "name");
    bson_iter_t iter;

    if (!bson_iter_init_find(&iter, target, "name") ||
        BSON_ITER_HOLDS_NULL(&iter))
        return ENGINE_OK;
    if (!name || !*name || strlen(name) > TARGET_NAME_MAX)
        return engine_fail(err, ENGINE_EINVAL,
                           "the \"name\" of a target must be a text of 1 to "
                           "%d bytes", TARGET_NAME_MAX);
    if (strcmp(name, SCAN_NO_TARGET) == 0)
        return engine_fail(err, ENGINE_EINVAL,
                           "no target can be called \"%s\": it stands for "
                           "rules that no target suits", name);
    return ENGINE_OK;
}

/* one target in canonical form: id, type, then the rest as it came */
static engine_status target_canonical(const bson_t *target,
                                      const struct registry *registry,
                                      bson_t *out, engine_error *err)
{
    const char *given = document_string(target, "type");
    const char *type = given ? registry_target_name(registry, given) : NULL;
    engine_status status;
    char *id;

    if (!given)
        return engine_fail(err, ENGINE_EINVAL, "a target has no \"type\"");
    if (!type) {
        engine_fail(err, ENGINE_EINVAL,
                    "no loaded scanner accepts targets of type \"%s\"",
                    given);
        request_hint_targets(registry, err);
        return ENGINE_EINVAL;
    }
    status = target_check_name(target, err);
    if (status < 0)
        return status;
    id = target_id(target, type);
    if (!id)
        return engine_fail_memory(err);
    status = scan_secret_check(target, id, err);
    if (status == ENGINE_OK) {
        BSON_APPEND_UTF8(out, "id", id);
        BSON_APPEND_UTF8(out, "type", type);
        bson_copy_to_excluding_noinit(target, out, "type", "id", NULL);
    }
    engine_free(id);
    return status;
}

static engine_status targets_add(const bson_t *target,
                                 const struct registry *registry,
                                 struct table *ids, bson_t *list,
                                 uint32_t index, engine_error *err)
{
    char key[16];
    const char *name, *id;
    bson_t item = BSON_INITIALIZER;
    engine_status status = target_canonical(target, registry, &item, err);

    id = status == ENGINE_OK ? document_string(&item, "id") : NULL;
    if (id && table_has(ids, id)) {
        status = engine_fail(err, ENGINE_EINVAL,
                             "two targets are called \"%s\"", id);
        engine_hint(err, "give each target a \"name\"");
    } else if (id && table_set(ids, id, ids) < 0) {
        status = engine_fail_memory(err);
    }
    if (status == ENGINE_OK) {
        bson_uint32_to_string(index, &name, key, sizeof(key));
        bson_append_document(list, name, -1, &item);
    }
    bson_destroy(&item);
    return status;
}

/* target or targets[] as a canonical array; nothing given: this machine */
static engine_status request_targets(const bson_t *config,
                                     const struct registry *registry,
                                     bson_t *list, engine_error *err)
{
    engine_status status = ENGINE_OK;
    struct table ids;
    bson_iter_t iter, items;
    bson_t target;
    uint32_t count = 0;

    table_init(&ids);
    if (document_child(config, "target", &target))
        status = targets_add(&target, registry, &ids, list, count++, err);
    if (bson_iter_init_find(&iter, config, "targets") &&
        bson_iter_recurse(&iter, &items))
        while (status == ENGINE_OK && bson_iter_next(&items)) {
            if (!document_iter_child(&items, &target))
                status = engine_fail(err, ENGINE_EINVAL,
                                     "targets must be objects");
            else
                status = targets_add(&target, registry, &ids, list, count++,
                                     err);
        }
    if (status == ENGINE_OK && count == 0) {
        bson_t local = BSON_INITIALIZER;
        BSON_APPEND_UTF8(&local, "type", "local");
        status = targets_add(&local, registry, &ids, list, 0, err);
        bson_destroy(&local);
    }
    table_clear(&ids);
    return status;
}

engine_status scan_config_check(const bson_t *config,
                                const struct registry *registry, bson_t *out,
                                engine_error *err)
{
    engine_status status;
    bson_t canonical = BSON_INITIALIZER, targets = BSON_INITIALIZER;

    status = request_check_keys(config, request_keys, "the scan", err);
    if (status == ENGINE_OK)
        status = scan_config_check_types(config, err);
    if (status == ENGINE_OK)
        status = request_check_options(config, err);
    if (status == ENGINE_OK)
        status = request_targets(config, registry, &targets, err);
    if (status == ENGINE_OK) {
        bson_copy_to_excluding_noinit(config, &canonical, "target",
                                      "targets", NULL);
        BSON_APPEND_ARRAY(&canonical, "targets", &targets);
        *out = (bson_t)BSON_INITIALIZER;
        bson_concat(out, &canonical);
    }
    bson_destroy(&targets);
    bson_destroy(&canonical);
    return status;
}

engine_status scan_targets_take(struct scan_run *run, engine_error *err)
{
    bson_iter_t iter, items;
    bson_t list, target;
    size_t count = 0;

    if (!document_child(&run->config, "targets", &list))
        return engine_fail(err, ENGINE_EINVAL, "the scan has no targets");
    run->targets = engine_calloc_aligned(alignof(struct scan_target),
                                         bson_count_keys(&list) + 1,
                                         sizeof(*run->targets));
    if (!run->targets)
        return engine_fail_memory(err);
    bson_iter_init_find(&iter, &run->config, "targets");
    bson_iter_recurse(&iter, &items);
    while (bson_iter_next(&items)) {
        struct scan_target *at = &run->targets[count];
        if (!document_iter_child(&items, &target))
            continue;
        bson_init(&at->platforms);
        bson_copy_to(&target, &at->document);
        at->id = document_string(&at->document, "id");
        at->type = document_string(&at->document, "type");
        run->targets_count = ++count;
    }
    return ENGINE_OK;
}
