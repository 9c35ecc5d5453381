/* SPDX-License-Identifier: Apache-2.0 */
/* describe.c - what a plugin says about itself, as one document. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/worker/worker_private.h"
#include "sdk/document/document.h"

static const char *describe_option_type(uint32_t type)
{
    switch (type) {
    case SCANNER_OPTION_STRING:
        return "string";
    case SCANNER_OPTION_INT:
        return "int";
    case SCANNER_OPTION_BOOL:
        return "bool";
    default:
        return NULL;
    }
}

static const struct scanner_option *describe_option_at(
    const struct scanner_ops *ops, uint32_t index)
{
    const char *table = (const char *)ops->options;

    return (const void *)(table + (size_t)index * ops->options_stride);
}

/* A default as a typed value; null when there is none. */
static bool describe_default(const struct scanner_option *option, bson_t *out,
                             const char *key)
{
    const char *text = option->default_value;
    char *end = NULL;
    long long number;

    if (!text)
        return BSON_APPEND_NULL(out, key);
    if (option->type == SCANNER_OPTION_STRING)
        return BSON_APPEND_UTF8(out, key, text);
    if (option->type == SCANNER_OPTION_BOOL) {
        if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
            return false;
        return BSON_APPEND_BOOL(out, key, text[0] == 't');
    }
    errno = 0;
    number = strtoll(text, &end, 10);
    if (errno || end == text || *end)
        return false;
    return BSON_APPEND_INT64(out, key, number);
}

static bool describe_option(const struct scanner_option *option, bson_t *out)
{
    const char *type = describe_option_type(option->type);

    if (!type || !host_text(option->name, 64) || !option->name[0] ||
        (option->help && !host_text(option->help, 1024)) ||
        (option->default_value && !host_text(option->default_value, 4096)))
        return false;
    BSON_APPEND_UTF8(out, "name", option->name);
    BSON_APPEND_UTF8(out, "type", type);
    if (option->default_value && !describe_default(option, out, "default"))
        return false;
    if (option->minimum || option->maximum) {
        BSON_APPEND_INT64(out, "minimum", option->minimum);
        BSON_APPEND_INT64(out, "maximum", option->maximum);
    }
    BSON_APPEND_UTF8(out, "help", option->help ? option->help : "");
    return true;
}

static engine_status describe_option_table(const struct scanner_ops *ops,
                                           bson_t *out, engine_error *err)
{
    bson_t list, item;

    BSON_APPEND_ARRAY_BEGIN(out, "options", &list);
    for (uint32_t i = 0; i < ops->options_count; i++) {
        char key[16];
        bool fine;

        snprintf(key, sizeof(key), "%u", i);
        BSON_APPEND_DOCUMENT_BEGIN(&list, key, &item);
        fine = describe_option(describe_option_at(ops, i), &item);
        bson_append_document_end(&list, &item);
        if (fine)
            continue;
        bson_append_array_end(out, &list);
        return engine_fail(err, ENGINE_EPLUGIN, "scanner \"%s\": option %u of "
                           "its table is malformed", ops->name, i + 1);
    }
    bson_append_array_end(out, &list);
    return ENGINE_OK;
}

engine_status describe_options(const struct scanner_ops *ops, bson_t *out,
                               engine_error *err)
{
    for (uint32_t i = 0; i < ops->options_count; i++) {
        const struct scanner_option *option = describe_option_at(ops, i);

        if (!host_text(option->name, 64) ||
            !describe_default(option, out, option->name))
            return engine_fail(err, ENGINE_EPLUGIN, "scanner \"%s\": the "
                               "default of option %u of its table is "
                               "malformed", ops->name, i + 1);
    }
    return ENGINE_OK;
}

static void describe_names(bson_t *out, const char *field,
                           const char *const *names, const bool *have,
                           uint32_t count)
{
    uint32_t used = 0;
    char key[16];
    bson_t list;

    BSON_APPEND_ARRAY_BEGIN(out, field, &list);
    for (uint32_t i = 0; i < count; i++) {
        if (!have[i])
            continue;
        snprintf(key, sizeof(key), "%u", used++);
        BSON_APPEND_UTF8(&list, key, names[i]);
    }
    bson_append_array_end(out, &list);
}

static void describe_caps(const struct scanner_ops *ops, bson_t *out)
{
    static const char *const names[] = {"sharded", "findings", "parallel",
                                        "network", "processes", "records"};
    bool have[6];

    for (uint32_t i = 0; i < 6; i++)
        have[i] = (ops->caps >> i) & 1;
    describe_names(out, "caps", names, have, 6);
    BSON_APPEND_INT64(out, "caps_bits", (int64_t)ops->caps);
}

static void describe_operations(const struct scanner_ops *ops, bson_t *out)
{
    static const char *const names[] = {"scan", "plan", "import", "probe",
                                        "undo"};
    const bool have[] = {ops->scan != NULL, ops->plan != NULL,
                         ops->import != NULL, ops->probe != NULL,
                         ops->undo != NULL};

    describe_names(out, "operations", names, have, 5);
}

static void describe_list(bson_t *out, const char *field,
                          const char *const *entries)
{
    uint32_t count = 0;
    char key[16];
    bson_t list;

    BSON_APPEND_ARRAY_BEGIN(out, field, &list);
    for (; entries && entries[count]; count++) {
        snprintf(key, sizeof(key), "%u", count);
        BSON_APPEND_UTF8(&list, key, entries[count]);
    }
    bson_append_array_end(out, &list);
}

/* What it declared to need, checked by the loader. */
static void describe_declared(const struct scanner_ops *ops, bson_t *out)
{
    static const char *const any[] = {"*", NULL};
    const bool runs = ops->caps & SCANNER_CAP_PROCESSES;

    describe_list(out, "reads", ops->reads);
    describe_list(out, "writes", ops->writes);
    describe_list(out, "programs",
                  !runs ? NULL : ops->programs ? ops->programs : any);
}

engine_status describe_plugin(struct worker *worker, engine_error *err)
{
    const struct scanner_ops *ops = worker->ops;
    bson_t *out = &worker->description;
    char abi[16];

    snprintf(abi, sizeof(abi), "%u.%u", ops->abi_major, ops->abi_minor);
    bson_reinit(out);
    BSON_APPEND_UTF8(out, "name", ops->name);
    BSON_APPEND_UTF8(out, "version", ops->version);
    BSON_APPEND_UTF8(out, "abi", abi);
    describe_caps(ops, out);
    BSON_APPEND_ARRAY(out, "types", &worker->types);
    BSON_APPEND_ARRAY(out, "targets", &worker->targets);
    BSON_APPEND_ARRAY(out, "content", &worker->content);
    describe_operations(ops, out);
    describe_declared(ops, out);
    return describe_option_table(ops, out, err);
}
