/* SPDX-License-Identifier: Apache-2.0 */
/* describe.c - asks every configured plugin what it is, or remembers. */
#include <engine/version.h>
#include <stdalign.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/launch/task.h"
#include "engine/plugin/loader.h"
#include "sdk/base/alloc.h"
#include "sdk/base/file.h"
#include "sdk/document/document.h"

#define DESCRIBE_WALL_MS 60000
#define DESCRIBE_MEMORY (INT64_C(8) * 1024 * 1024 * 1024)
#define DESCRIBE_PROCESSES 256
#define DESCRIBE_MAX_BYTES ((size_t)1024 * 1024)

struct description {
    struct plugin_entry plugin; /* only its spec is known */
    struct job job;
    char *cache_path;           /* NULL: not cached */
    bson_t document;
    engine_error error;
    bool known;
};

/* A file that was changed or replaced gets another name. */
static char *describe_cache_path(const struct conduct_options *options,
                                 const struct plugin_spec *spec)
{
    char hash[HASH_HEX_SIZE];
    struct stat info;
    char *identity, *path;

    /* another user may not be able to load it */
    const unsigned long uid = spec->user ? spec->user->uid : geteuid();

    if (!options->cache_directory || spec->query ||
        stat(spec->path, &info) < 0)
        return NULL;
    identity = engine_strf(
        "%s|%llu|%llu|%lld|%lld.%09ld|%lld.%09ld|%s|%d.%d|%s|%lu",
        spec->path,
        (unsigned long long)info.st_dev, (unsigned long long)info.st_ino,
        (long long)info.st_size, (long long)info.st_mtim.tv_sec,
        info.st_mtim.tv_nsec, (long long)info.st_ctim.tv_sec,
        info.st_ctim.tv_nsec, spec->sha256 ? spec->sha256 : "",
        SCANNER_ABI_MAJOR, SCANNER_ABI_MINOR, ENGINE_VERSION, uid);
    if (!identity)
        return NULL;
    hash_bytes(identity, strlen(identity), hash);
    engine_free(identity);
    path = engine_strf("%s/describe/%s.bson", options->cache_directory, hash);
    return path;
}

static bool describe_is_sane(const uint8_t *data, size_t len, bson_t *out)
{
    bson_t child;

    return frame_check(data, len, FRAME_MAX_DEPTH, NULL) == ENGINE_OK &&
           bson_init_static(out, data, len) && document_string(out, "name") &&
           document_string(out, "version") && document_string(out, "abi") &&
           document_child(out, "types", &child) &&
           document_child(out, "targets", &child) &&
           document_child(out, "content", &child) &&
           document_child(out, "options", &child) &&
           document_child(out, "operations", &child) &&
           document_child(out, "reads", &child) &&
           document_child(out, "writes", &child) &&
           document_child(out, "programs", &child);
}

/* A damaged or missing file only means that the plugin is asked again. */
static bool describe_recall(struct description *one)
{
    char *data = NULL;
    size_t len = 0;
    bson_t found;

    if (!one->cache_path ||
        file_read(one->cache_path, DESCRIBE_MAX_BYTES, &data, &len, NULL) < 0)
        return false;
    one->known = describe_is_sane((const uint8_t *)data, len, &found);
    if (one->known) {
        bson_destroy(&one->document);
        bson_copy_to(&found, &one->document);
    }
    engine_free(data);
    return one->known;
}

static void describe_remember(const struct conduct_options *options,
                              const struct description *one)
{
    char *folder = NULL;

    if (!one->cache_path)
        return;
    folder = engine_strf("%s/describe", options->cache_directory);
    if (folder && file_make_directory(folder, NULL) == ENGINE_OK)
        (void)file_write(one->cache_path, bson_get_data(&one->document),
                         one->document.len, 0600, NULL);
    engine_free(folder);
}

static engine_status describe_take(void *user, const char *kind,
                                   const bson_t *document, engine_error *err)
{
    struct description *one = user;
    bson_t checked;

    if (strcmp(kind, "description") != 0)
        return ENGINE_OK;
    if (document->len > DESCRIBE_MAX_BYTES ||
        !describe_is_sane(bson_get_data(document), document->len, &checked))
        return engine_fail(err, ENGINE_EPLUGIN,
                           "scanner \"%s\" described itself badly",
                           one->plugin.spec->name);
    bson_destroy(&one->document);
    bson_copy_to(document, &one->document);
    one->known = true;
    return ENGINE_OK;
}

static void describe_end(void *user, const struct job_end *end)
{
    struct description *one = user;
    const char *path = one->plugin.spec->path;

    if (end->error.status < 0)
        one->error = end->error;
    else if (!one->known)
        engine_fail(&one->error, ENGINE_EPLUGIN,
                    "scanner \"%s\" did not describe itself",
                    one->plugin.spec->name);
    if (one->error.status < 0 && path && !strstr(one->error.message, path))
        engine_error_prefix(&one->error, "scanner file \"%s\"", path);
}

/* Queues a job, unless the path is refused or the answer is known. */
static engine_status describe_begin(const struct conduct_options *options,
                                    struct conduct *conduct,
                                    const struct plugin_spec *spec,
                                    struct description *one,
                                    engine_error *err)
{
    bson_init(&one->document);
    one->plugin.spec = spec;
    if (!spec->query && loader_check_path(spec->path, &one->error) < 0)
        return ENGINE_OK;
    one->cache_path = describe_cache_path(options, spec);
    if (describe_recall(one))
        return ENGINE_OK;
    one->job = (struct job){
        .plugin = &one->plugin,
        .op = "describe",
        .parallel = 1,
        .limits = {.wall_ms = DESCRIBE_WALL_MS,
                   .memory_bytes = DESCRIBE_MEMORY,
                   .processes = DESCRIBE_PROCESSES},
        .wall_key = "", /* not configured */
        .user = one,
        .on_document = describe_take,
        .on_end = describe_end,
    };
    return conduct_add(conduct, &one->job, err);
}

static engine_status describe_finish(const struct conduct_options *options,
                                     struct registry *registry,
                                     const struct description *one,
                                     engine_error *err)
{
    if (one->error.status < 0)
        return registry_refuse(registry, one->plugin.spec, &one->error);
    if (one->job.op) /* it was asked */
        describe_remember(options, one);
    return registry_add(registry, one->plugin.spec, &one->document, err);
}

engine_status conduct_describe(const struct conduct_options *options,
                               const struct plugin_spec *specs, size_t count,
                               struct registry *registry, engine_error *err)
{
    struct description *all = engine_calloc_aligned(
        alignof(struct description), count, sizeof(*all));
    struct conduct *conduct = NULL;
    engine_status status;
    size_t begun = 0;

    if (!all)
        return engine_fail_memory(err);
    status = conduct_new(options, &conduct, err);
    while (status == ENGINE_OK && begun < count) {
        status = describe_begin(options, conduct, &specs[begun], &all[begun],
                                err);
        begun++;
    }
    if (status == ENGINE_OK)
        status = conduct_run(conduct, err);
    conduct_free(conduct);
    for (size_t i = 0; i < begun; i++) {
        /* in the order of the configuration: of two plugins for one type the
         * first wins */
        if (status == ENGINE_OK)
            status = describe_finish(options, registry, &all[i], err);
        bson_destroy(&all[i].document);
        engine_free(all[i].cache_path);
    }
    engine_free(all);
    return status;
}
