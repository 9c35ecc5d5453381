/* SPDX-License-Identifier: Apache-2.0 */
/* model.c - finds services and operations, and tells about them. */
#include <stdlib.h>
#include <string.h>

#include "plugins/aws/model_private.h"
#include "sdk/base/alloc.h"
#include "sdk/base/file.h"
#include "sdk/base/pattern.h"

#define MODEL_INDEX_MAXIMUM (4u << 20)
#define MODEL_ARENA_MAXIMUM (16u << 20)
#define MODEL_NAME_MAX 128

/* ---- the model ------------------------------------------------------------ */

static engine_status model_index(struct aws_model *model, engine_error *err)
{
    char *path = engine_strf("%s/index.json", model->directory);
    char *text = NULL;
    size_t len;
    engine_status status;

    if (!path)
        return engine_fail_memory(err);
    status = file_read(path, MODEL_INDEX_MAXIMUM, &text, &len, err);
    if (status == ENGINE_OK)
        status = value_from_json(text, len, path, &model->arena,
                                 &model->index, err);
    else
        engine_hint(err, "the models of AWS's services belong there: install "
                         "the aws plugin's data, or say where they are with "
                         "SCAN_ENGINE_AWS_MODEL_DIR");
    engine_free(text);
    engine_free(path);
    return status;
}

/* Lists of regions, NULL-ended. */
static engine_status model_regions(struct aws_model *model, engine_error *err)
{
    const struct value *partitions = value_member(&model->index, "partitions");

    if (!partitions || partitions->kind != VALUE_ARRAY || !partitions->count)
        return engine_fail(err, ENGINE_EPARSE, "\"%s/index.json\" has no "
                           "partitions", model->directory);
    model->partitions = partitions->count;
    model->regions = arena_alloc(&model->arena, model->partitions *
                                 sizeof(*model->regions));
    if (!model->regions)
        return engine_fail_memory(err);
    for (size_t i = 0; i < model->partitions; i++) {
        const struct value *regions =
            value_member(&partitions->items[i], "regions");
        const size_t count =
            regions && regions->kind == VALUE_ARRAY ? regions->count : 0;
        const char **names = arena_alloc(&model->arena,
                                         (count + 1) * sizeof(*names));

        if (!names)
            return engine_fail_memory(err);
        for (size_t j = 0; j < count; j++) {
            const char *name = value_text(&regions->items[j]);

            names[j] = name ? name : "";
        }
        model->regions[i] = names;
    }
    return ENGINE_OK;
}

engine_status aws_model_new(const char *directory, struct aws_model **out,
                            engine_error *err)
{
    struct aws_model *model = engine_calloc(1, sizeof(*model));
    engine_status status;

    *out = NULL;
    if (!model)
        return engine_fail_memory(err);
    arena_init(&model->arena, MODEL_ARENA_MAXIMUM);
    table_init(&model->services);
    if (!directory)
        directory = getenv("SCAN_ENGINE_AWS_MODEL_DIR");
    if (!directory || !*directory)
        directory = SCAN_ENGINE_AWS_DATADIR;
    model->directory = engine_strdup(directory);
    status = model->directory ? model_index(model, err)
                              : engine_fail_memory(err);
    if (status == ENGINE_OK)
        status = model_regions(model, err);
    if (status == ENGINE_OK)
        *out = model;
    else
        aws_model_free(model);
    return status;
}

static void model_service_free(struct aws_service *service)
{
    if (!service)
        return;
    for (uint32_t i = 0; service->operations &&
                         i < service->file.operation_count; i++)
        engine_free(service->operations[i].lists);
    engine_free(service->operations);
    model_file_close(&service->file);
    engine_free(service);
}

void aws_model_free(struct aws_model *model)
{
    size_t at = 0;
    void *service;

    if (!model)
        return;
    while (table_next(&model->services, &at, &service))
        model_service_free(service);
    table_clear(&model->services);
    arena_clear(&model->arena);
    engine_free(model->directory);
    engine_free(model);
}

/* ---- services ------------------------------------------------------------- */

static engine_status model_load(struct aws_model *model, const char *name,
                                struct aws_service **out, engine_error *err)
{
    struct aws_service *service = engine_calloc(1, sizeof(*service));
    char *path = engine_strf("%s/%s.aws", model->directory, name);
    engine_status status = ENGINE_ENOMEM;

    if (!service || !path) {
        engine_fail_memory(err);
        goto out;
    }
    status = model_file_open(path, &service->file, err);
    if (status != ENGINE_OK)
        goto out;
    service->name = model_text(&service->file, service->file.service->name);
    service->operations = engine_calloc(
        service->file.operation_count + 1, sizeof(*service->operations));
    if (!service->operations ||
        table_set(&model->services, name, service) != ENGINE_OK) {
        status = engine_fail_memory(err);
        goto out;
    }
    for (uint32_t i = 0; i < service->file.operation_count; i++)
        service->operations[i] =
            (struct aws_operation){service, &service->file.operations[i], NULL};
    *out = service;
    service = NULL;
out:
    engine_free(path);
    model_service_free(service);
    return status;
}

engine_status aws_model_service(struct aws_model *model, const char *name,
                                const struct aws_service **out,
                                engine_error *err)
{
    const struct value *services = value_member(&model->index, "services");
    const char *file = value_text(value_member(services, name));
    struct aws_service *service;
    struct near near;
    engine_status status;

    if (!file) {
        near_init(&near, name);
        for (uint32_t i = 0; services && i < services->count; i++)
            near_add(&near, services->members[i].key);
        status = engine_fail(err, ENGINE_ENOTFOUND,
                             "AWS has no service \"%s\" that is known here",
                             name);
        near_hint(&near, err);
        return status;
    }
    service = table_get(&model->services, file);
    if (!service) {
        status = model_load(model, file, &service, err);
        if (status != ENGINE_OK)
            return status;
    }
    *out = service;
    return ENGINE_OK;
}

/* ---- operations ----------------------------------------------------------- */

/* In lower case, without "_" and "-"; false when it is too long. */
static bool model_key(const char *name, char out[MODEL_NAME_MAX])
{
    size_t used = 0;

    for (; *name; name++) {
        if (*name == '_' || *name == '-')
            continue;
        if (used + 1 == MODEL_NAME_MAX)
            return false;
        out[used++] = *name >= 'A' && *name <= 'Z' ? (char)(*name + 32) : *name;
    }
    out[used] = '\0';
    return true;
}

static struct aws_operation *model_find(const struct aws_service *service,
                                        const char *key)
{
    uint32_t low = 0, high = service->file.operation_count;

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        struct aws_operation *operation = &service->operations[middle];
        const int order = strcmp(key, aws_text(operation, operation->row->key));

        if (!order)
            return operation;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

static engine_status model_unknown(const struct aws_service *service,
                                   const char *name, engine_error *err)
{
    struct near near;
    char key[MODEL_NAME_MAX];
    engine_status status;

    near_init(&near, model_key(name, key) ? key : name);
    for (uint32_t i = 0; i < service->file.operation_count; i++) {
        const struct model_operation *row = service->operations[i].row;

        if (row->verdict == MODEL_READS)
            near_add(&near, model_text(&service->file, row->name));
    }
    status = engine_fail(err, ENGINE_ENOTFOUND,
                         "%s has no operation \"%s\" that is known here",
                         service->name, name);
    near_hint(&near, err);
    return status;
}

static engine_status model_refused(const struct aws_operation *operation,
                                   engine_error *err)
{
    static const char *const why[] = {
        [MODEL_CHANGES] = "it may change something",
        [MODEL_SECRETS] = "it hands out secrets",
        [MODEL_STREAMS] = "its answer is a stream of events"};
    const uint32_t verdict = operation->row->verdict;

    return engine_fail(err, ENGINE_EDENIED,
                       "operation %s:%s is not for rules: %s",
                       operation->service->name,
                       aws_operation_name(operation),
                       verdict <= MODEL_STREAMS ? why[verdict] : "");
}

static engine_status model_lists(struct aws_operation *operation,
                                 engine_error *err)
{
    const uint32_t *list = aws_list(operation, operation->row->page_lists);

    if (operation->lists || !*list)
        return ENGINE_OK;
    operation->lists = engine_calloc(*list + 1, sizeof(*operation->lists));
    if (!operation->lists)
        return engine_fail_memory(err);
    for (uint32_t i = 0; i < *list; i++)
        operation->lists[i] = aws_text(operation, list[i + 1]);
    return ENGINE_OK;
}

engine_status aws_model_operation(struct aws_model *model,
                                  const struct aws_service *service,
                                  const char *name,
                                  const struct aws_operation **out,
                                  engine_error *err)
{
    struct aws_operation *operation = NULL;
    char key[MODEL_NAME_MAX];

    (void)model;
    if (model_key(name, key))
        operation = model_find(service, key);
    if (!operation)
        return model_unknown(service, name, err);
    if (operation->row->verdict != MODEL_READS)
        return model_refused(operation, err);
    *out = operation;
    return model_lists(operation, err);
}

const char *aws_service_name(const struct aws_service *service)
{
    return service->name;
}

const char *aws_operation_name(const struct aws_operation *operation)
{
    return aws_text(operation, operation->row->name);
}

const char *aws_operation_permission(const struct aws_operation *operation)
{
    return aws_text(operation, operation->row->permission);
}

bool aws_operation_is_global(const struct aws_operation *operation)
{
    return operation->row->flags & MODEL_GLOBAL;
}

const char *const *aws_operation_lists(const struct aws_operation *operation)
{
    return (const char *const *)operation->lists;
}

/* ---- partitions ----------------------------------------------------------- */

/* Whether the pattern of a partition takes a region that it does not list. */
static bool model_takes(const struct value *partition, const char *region)
{
    const char *text = value_text(value_member(partition, "pattern"));
    struct pattern *pattern = NULL;
    bool found = false;

    if (!text || pattern_new(text, "", &pattern, NULL) != ENGINE_OK)
        return false;
    if (pattern_find(pattern, region, strlen(region), &found, NULL) !=
        ENGINE_OK)
        found = false;
    pattern_free(pattern);
    return found;
}

static const char *model_partition_name(const struct aws_model *model,
                                        size_t at)
{
    const struct value *partitions = value_member(&model->index, "partitions");
    const char *name =
        value_text(value_member(&partitions->items[at], "name"));

    return name ? name : "aws";
}

const char *aws_model_partition(struct aws_model *model, const char *region)
{
    const struct value *partitions = value_member(&model->index, "partitions");

    if (!region)
        return "aws";
    for (size_t i = 0; i < model->partitions; i++) {
        for (const char **name = model->regions[i]; *name; name++) {
            if (strcmp(*name, region) == 0)
                return model_partition_name(model, i);
        }
    }
    for (size_t i = 0; i < model->partitions; i++) {
        if (model_takes(&partitions->items[i], region))
            return model_partition_name(model, i);
    }
    return "aws";
}

const char *const *aws_model_regions(struct aws_model *model,
                                     const char *partition)
{
    static const char *const none[] = {NULL};

    for (size_t i = 0; i < model->partitions; i++) {
        if (strcmp(model_partition_name(model, i), partition) == 0)
            return (const char *const *)model->regions[i];
    }
    return none;
}
