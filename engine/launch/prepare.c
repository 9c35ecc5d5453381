/* SPDX-License-Identifier: Apache-2.0 */
/* prepare.c - the frame that tells a worker its job, and its files. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/launch/task.h"
#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"
#include "sdk/base/file.h"

/* Gives a directory that only we could have made to the worker's user. */
static engine_status prepare_give(const char *path,
                                  const struct plugin_user *user,
                                  engine_error *err)
{
    const int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    engine_status status = ENGINE_OK;
    struct stat info;

    if (fd < 0 || fstat(fd, &info) < 0 ||
        (info.st_uid == geteuid() && fchown(fd, user->uid, user->gid) < 0)) {
        status = engine_fail(err, engine_status_from_errno(errno),
                             "could not give \"%s\" to user \"%s\": %s", path,
                             user->name, strerror(errno));
    } else if (info.st_uid != geteuid() && info.st_uid != user->uid) {
        status = engine_fail(err, ENGINE_EDENIED,
                             "\"%s\" belongs to neither this user nor \"%s\"",
                             path, user->name);
        engine_hint(err, "remove it: it can be made again");
    }
    if (fd >= 0)
        close(fd);
    return status;
}

/* A directory below the cache. What one user's workers have written is not for
 * those of another: each has its own, named "NAME@UID". */
static char *prepare_cache_path(const struct task *task, const char *folder,
                                const char *name)
{
    const struct plugin_user *user = task_user(task);
    const char *cache = task->conduct->options.cache_directory;
    char suffix[32] = "";

    if (user)
        snprintf(suffix, sizeof(suffix), "@%lu", (unsigned long)user->uid);
    return engine_strf("%s/%s%s%s%s", cache ? cache : task->conduct->home,
                       folder, name ? "/" : "", name ? name : "", suffix);
}

/* The way to a path below the cache, for another user. */
static engine_status prepare_doors(const struct task *task, const char *path,
                                   engine_error *err)
{
    const char *cache = task->conduct->options.cache_directory;
    const size_t root = strlen(cache ? cache : task->conduct->home);
    engine_status status = ENGINE_OK;

    for (size_t len = root; path[len] && status == ENGINE_OK;
         len += 1 + strcspn(path + len + 1, "/")) {
        char *part = engine_strndup(path, len);

        status = part ? home_open_door(part, err) : engine_fail_memory(err);
        engine_free(part);
    }
    return status;
}

/* `name` NULL: it stays ours, and is read by the worker. */
static engine_status prepare_cache(struct task *task, const char *folder,
                                   const char *name, char **out,
                                   engine_error *err)
{
    const struct plugin_user *user = task_user(task);
    char *path = prepare_cache_path(task, folder, name);
    engine_status status;

    if (!path)
        return engine_fail_memory(err);
    status = file_make_directory(path, err);
    if (status == ENGINE_OK && user)
        status = prepare_doors(task, path, err);
    if (status == ENGINE_OK && user && !name)
        status = home_open_door(path, err);
    if (status == ENGINE_OK && user && name)
        status = prepare_give(path, user, err);
    if (status < 0) {
        engine_free(path);
        return status;
    }
    *out = path;
    return ENGINE_OK;
}

static bool prepare_is_hash(const char *id)
{
    if (strlen(id) != HASH_HEX_SIZE - 1)
        return false;
    for (; *id; id++)
        if (!isdigit((unsigned char)*id) && (*id < 'a' || *id > 'f'))
            return false;
    return true;
}

/* Read by the group of the user, and changed by nobody. */
static engine_status prepare_share(const char *path,
                                   const struct plugin_user *user,
                                   engine_error *err)
{
    const int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    engine_status status = ENGINE_OK;

    if (fd < 0 || fchown(fd, geteuid(), user->gid) < 0 ||
        fchmod(fd, S_IRUSR | S_IRGRP) < 0)
        status = engine_fail(err, engine_status_from_errno(errno),
                             "could not let user \"%s\" read \"%s\": %s",
                             user->name, path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return status;
}

/* Under another name first: a file by this name is always complete. */
static engine_status prepare_fetch(const struct task *task, const char *id,
                                   const char *path, engine_error *err)
{
    const struct plugin_user *user = task_user(task);
    struct store *store = task->conduct->options.store;
    engine_status status;
    char unique[37];
    char *partial;

    if (file_exists(path))
        return ENGINE_OK;
    if (!store)
        return engine_fail(err, ENGINE_ENOTFOUND,
                           "artifact %s: there is no store", id);
    id_uuid(unique);
    partial = engine_strf("%s.%s", path, unique);
    if (!partial)
        return engine_fail_memory(err);
    status = store_artifact_get(store, id, partial, err);
    if (status == ENGINE_OK && user)
        status = prepare_share(partial, user, err);
    if (status == ENGINE_OK && rename(partial, path) < 0)
        status = engine_fail(err, ENGINE_EIO, "could not create \"%s\"",
                             path);
    if (status < 0)
        (void)unlink(partial);
    engine_free(partial);
    return status;
}

static engine_status prepare_artifact(struct task *task, const char *folder,
                                      const char *id, char **path,
                                      engine_error *err)
{
    engine_status status;

    if (!prepare_is_hash(id))
        return engine_fail(err, ENGINE_ENOTFOUND,
                           "\"%.80s\" is no artifact's id", id);
    *path = engine_strf("%s/%s", folder, id);
    if (!*path)
        return engine_fail_memory(err);
    status = prepare_fetch(task, id, *path, err);
    if (status == ENGINE_OK)
        return ENGINE_OK;
    engine_free(*path);
    *path = NULL;
    return status;
}

/* One that is not there is missed by the rules that need it, not by all. */
static engine_status prepare_artifact_item(struct task *task,
                                           const char *folder, const char *id,
                                           bson_t *list, unsigned *count,
                                           engine_error *err)
{
    engine_error why = {0};
    char *path = NULL, key[16];
    engine_status status = prepare_artifact(task, folder, id, &path, &why);
    bson_t item;

    if (status == ENGINE_ENOTFOUND) {
        log_write(task->conduct->options.log, LOG_LEVEL_WARNING,
                  "content for scanner \"%s\": %s", task->name, why.message);
        return ENGINE_OK;
    }
    if (status < 0) {
        if (err)
            *err = why;
        return status;
    }
    snprintf(key, sizeof(key), "%u", (*count)++);
    BSON_APPEND_DOCUMENT_BEGIN(list, key, &item);
    BSON_APPEND_UTF8(&item, "id", id);
    BSON_APPEND_UTF8(&item, "path", path);
    bson_append_document_end(list, &item);
    engine_free(path);
    return ENGINE_OK;
}

static engine_status prepare_artifacts(struct task *task, bson_t *frame,
                                       engine_error *err)
{
    const char *const *ids = task->job->artifacts;
    engine_status status;
    char *folder = NULL;
    unsigned count = 0;
    bson_t list;

    if (!ids || !ids[0])
        return ENGINE_OK;
    status = prepare_cache(task, "artifacts", NULL, &folder, err);
    if (status < 0)
        return status;
    BSON_APPEND_ARRAY_BEGIN(frame, "artifacts", &list);
    for (size_t i = 0; ids[i] && status == ENGINE_OK; i++)
        status = prepare_artifact_item(task, folder, ids[i], &list, &count,
                                       err);
    bson_append_array_end(frame, &list);
    engine_free(folder);
    return status;
}

static void prepare_texts(const char *const *texts, const char *name,
                          bson_t *out)
{
    char key[16];
    bson_t list;

    BSON_APPEND_ARRAY_BEGIN(out, name, &list);
    for (unsigned i = 0; texts && texts[i]; i++) {
        snprintf(key, sizeof(key), "%u", i);
        BSON_APPEND_UTF8(&list, key, texts[i]);
    }
    bson_append_array_end(out, &list);
}

static void prepare_plugin(const struct task *task, bson_t *frame)
{
    const struct plugin_spec *spec = task->job->plugin->spec;
    bson_t plugin;

    BSON_APPEND_DOCUMENT_BEGIN(frame, "plugin", &plugin);
    BSON_APPEND_UTF8(&plugin, "name", spec->name);
    BSON_APPEND_UTF8(&plugin, "path", spec->path);
    if (spec->sha256)
        BSON_APPEND_UTF8(&plugin, "sha256", spec->sha256);
    prepare_texts(spec->reads, "reads", &plugin);
    prepare_texts(spec->writes, "writes", &plugin);
    bson_append_document_end(frame, &plugin);
}

static void prepare_limits(const struct job_limits *from, bson_t *frame)
{
    bson_t limits;

    BSON_APPEND_DOCUMENT_BEGIN(frame, "limits", &limits);
    BSON_APPEND_INT64(&limits, "wall_ms", from->wall_ms);
    BSON_APPEND_INT64(&limits, "memory_bytes", from->memory_bytes);
    BSON_APPEND_INT64(&limits, "cpu_seconds", from->cpu_seconds);
    BSON_APPEND_INT64(&limits, "file_bytes", from->file_bytes);
    BSON_APPEND_INT64(&limits, "files", from->files);
    BSON_APPEND_INT64(&limits, "processes", from->processes);
    BSON_APPEND_INT64(&limits, "results", from->results);
    BSON_APPEND_INT64(&limits, "result_bytes", from->result_bytes);
    BSON_APPEND_INT64(&limits, "artifacts", from->artifacts);
    BSON_APPEND_INT64(&limits, "artifact_bytes", from->artifact_bytes);
    bson_append_document_end(frame, &limits);
}

static void prepare_inputs(const struct job *job, bson_t *frame)
{
    /* a description is made before there are validated options */
    if (strcmp(job->op, "describe") != 0)
        BSON_APPEND_DOCUMENT(frame, "options", &job->plugin->options);
    if (job->target)
        BSON_APPEND_DOCUMENT(frame, "target", job->target);
    if (job->variables)
        BSON_APPEND_DOCUMENT(frame, "variables", job->variables);
    if (job->request)
        BSON_APPEND_DOCUMENT(frame, "request", job->request);
}

engine_status prepare_job(struct task *task, bson_t *frame, engine_error *err)
{
    struct conduct *conduct = task->conduct;
    const struct job *job = task->job;
    char *cache = NULL;
    const struct plugin_user *user = task_user(task);
    engine_status status = home_make_workdir(conduct, user, &task->workdir,
                                             &task->workdir_fd, err);

    if (status == ENGINE_OK)
        status = prepare_cache(task, "scanners", task->name, &cache, err);
    if (status < 0)
        return status;
    BSON_APPEND_UTF8(frame, "op", job->op);
    prepare_plugin(task, frame);
    prepare_inputs(job, frame);
    BSON_APPEND_UTF8(frame, "workdir", task->workdir);
    BSON_APPEND_UTF8(frame, "cachedir", cache);
    BSON_APPEND_INT64(frame, "parallel", job->parallel ? job->parallel : 1);
    prepare_limits(&job->limits, frame);
    BSON_APPEND_INT64(frame, "workers", conduct->workers);
    if (user)
        BSON_APPEND_INT64(frame, "uid", user->uid);
    if (conduct->options.confinement)
        BSON_APPEND_UTF8(frame, "confinement", conduct->options.confinement);
    BSON_APPEND_BOOL(frame, "effects", conduct->options.store != NULL);
    engine_free(cache);
    return prepare_artifacts(task, frame, err);
}
