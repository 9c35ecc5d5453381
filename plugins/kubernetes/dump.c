/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dump.c - a directory in the collector's layout: a file per API path, with
 * its query in the name where it was asked with one, "path#hash" for what a
 * filter made of it. Without such folders the directory holds manifests.
 */
#include "plugins/kubernetes/dump.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugins/kubernetes/record.h"
#include "plugins/kubernetes/selector.h"
#include "sdk/base/alloc.h"
#include "sdk/base/file.h"
#include "sdk/document/document.h"

#define DUMP_CHUNK ((size_t)256 * 1024)
#define DUMP_YAML_MAXIMUM ((size_t)64 * 1024 * 1024)

struct dump {
    struct kube_source base;
    char *root; /* where "/api" and "/apis" are */
    struct kube_kinds *kinds;
    struct kube_manifests *manifests; /* instead of root's paths */
    bson_t *errors; /* of a recording: {path: {status, message}} */
};

static bool dump_filtered(struct kube_source *source,
                          const struct kube_path *path)
{
    struct dump *dump = (struct dump *)source;
    engine_error err = {0};
    char *file = NULL;

    if (dump->manifests || strchr(path->hash, '/'))
        return false;
    /* what cannot be looked for is said when it is read */
    if (kube_dump_filtered(dump->root, path, &file, &err) < 0)
        return true;
    engine_free(file);
    return file != NULL;
}

/* ---- reading a file ------------------------------------------------------ */

static engine_status dump_on_yaml(const struct value *value, long line,
                                  void *user, engine_error *err)
{
    struct kube_read *read = user;

    (void)line;
    if (read->document)
        return engine_fail(err, ENGINE_EPARSE,
                           "%s: the file holds several documents",
                           read->path.key);
    return kube_read_value(read, value, err);
}

static engine_status dump_read_yaml(struct kube_read *read, const char *file,
                                    engine_error *err)
{
    struct arena arena;
    engine_status status;
    char *text = NULL;
    size_t len = 0;

    status = file_read(file, DUMP_YAML_MAXIMUM, &text, &len, err);
    if (status < 0)
        return status;
    arena_init(&arena, 8 * DUMP_YAML_MAXIMUM);
    status = value_from_yaml(text, len, file, &arena, dump_on_yaml, read,
                             err);
    /* an empty file is a document with nothing in it */
    if (status == ENGINE_OK && !read->document)
        status = kube_read_value(read, &value_null, err);
    arena_clear(&arena);
    engine_free(text);
    return status;
}

static bool dump_is_json(const char *data, size_t len)
{
    size_t at = len >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

    while (at < len && strchr(" \t\r\n", data[at]))
        at++;
    return at < len && (data[at] == '{' || data[at] == '[');
}

static ssize_t dump_read_chunk(int fd, char *chunk)
{
    ssize_t len;

    do
        len = read(fd, chunk, DUMP_CHUNK);
    while (len < 0 && errno == EINTR);
    return len;
}

static engine_status dump_read_json(struct dump *dump, struct kube_read *read,
                                    int fd, char *chunk, ssize_t len,
                                    engine_error *err)
{
    const struct scanner_host *host = dump->base.self->host;
    engine_status status = ENGINE_OK;
    const char *next;

    while (status == ENGINE_OK && len > 0) {
        if (host->cancelled(host, dump->base.job))
            return engine_fail(err, ENGINE_ECANCELLED, "cancelled");
        status = kube_read_bytes(read, chunk, (size_t)len, err);
        if (status == ENGINE_OK)
            len = dump_read_chunk(fd, chunk);
    }
    if (status == ENGINE_OK && len < 0)
        status = engine_fail(err, ENGINE_EIO, "%s: %s", read->path.key,
                             strerror(errno));
    return status < 0 ? status : kube_read_page(read, &next, err);
}

/* the collector leaves a comment where it got no answer:
 * "# kube-api-error=NotFound" */
static engine_status dump_read_refusal(struct kube_read *read,
                                       const char *text, size_t len,
                                       engine_error *err)
{
    size_t end = 0;

    while (end < len && !strchr(" \t\r\n", text[end]))
        end++;
    if ((end == 8 && memcmp(text, "NotFound", end) == 0) ||
        (end == 7 && memcmp(text, "NoMatch", end) == 0)) {
        kube_read_absent(read);
        return ENGINE_OK;
    }
    return engine_fail(err, ENGINE_EIO,
                       "%s: it could not be read when the dump was made: "
                       "%.*s", read->path.key, (int)(end > 200 ? 200 : end),
                       text);
}

static engine_status dump_read_file(struct dump *dump, struct kube_read *read,
                                    const char *file, engine_error *err)
{
    static const char refusal[] = "# kube-api-error=";
    const size_t mark = sizeof(refusal) - 1;
    const int fd = open(file, O_RDONLY | O_CLOEXEC);
    char *chunk = engine_malloc(DUMP_CHUNK);
    engine_status status;
    ssize_t len;

    if (fd < 0 || !chunk) {
        status = chunk ? engine_fail(err, ENGINE_EIO, "%s: %s", file,
                                     strerror(errno))
                       : engine_fail_memory(err);
    } else {
        len = dump_read_chunk(fd, chunk);
        if (len < 0)
            status = engine_fail(err, ENGINE_EIO, "%s: %s", file,
                                 strerror(errno));
        else if ((size_t)len > mark && memcmp(chunk, refusal, mark) == 0)
            status = dump_read_refusal(read, chunk + mark,
                                       (size_t)len - mark, err);
        else if (dump_is_json(chunk, (size_t)len))
            status = dump_read_json(dump, read, fd, chunk, len, err);
        else
            status = dump_read_yaml(read, file, err);
    }
    if (fd >= 0)
        close(fd);
    engine_free(chunk);
    return status;
}

/* ---- the source ---------------------------------------------------------- */

/* what could not be read when the dump was made cannot be read now */
static bool dump_recorded_error(const struct dump *dump,
                                const char *name, engine_error *err)
{
    bson_iter_t iter;
    bson_t entry;

    if (!dump->errors ||
        !bson_iter_init_find(&iter, dump->errors, name) ||
        !document_iter_child(&iter, &entry))
        return false;
    engine_fail(err, (engine_status)document_int(&entry, "status",
                                                 ENGINE_EIO),
                "%s", document_string(&entry, "message")
                          ? document_string(&entry, "message")
                          : "it could not be read");
    if (err->status >= 0 || err->status == ENGINE_ECANCELLED)
        err->status = ENGINE_EIO;
    return true;
}

static engine_status dump_read_path(struct dump *dump, struct kube_read *read,
                                    engine_error *err)
{
    struct kube_selector *selector = NULL;
    engine_status status;
    bool narrow = false;
    char *file = NULL;

    status = read->filtered
                 ? kube_dump_filtered(dump->root, &read->path, &file, err)
                 : kube_dump_locate(dump->root, &read->path, &file, &narrow,
                                    err);
    if (status < 0)
        return status;
    if (!file) {
        kube_read_absent(read);
        return ENGINE_OK;
    }
    if (narrow)
        status = kube_selector_new(read->path.labels, read->path.fields,
                                   &selector, err);
    read->narrow = selector;
    if (status == ENGINE_OK)
        status = dump_read_file(dump, read, file, err);
    read->narrow = NULL;
    kube_selector_free(selector);
    engine_free(file);
    return status;
}

static engine_status dump_run(struct kube_source *source,
                              struct kube_read *const *reads, size_t count,
                              engine_error *err)
{
    struct dump *dump = (struct dump *)source;
    const struct scanner_host *host = source->self->host;

    for (size_t i = 0; i < count; i++) {
        engine_error why = {0};
        if (host->cancelled(host, source->job))
            return engine_fail(err, ENGINE_ECANCELLED, "cancelled");
        if (dump->manifests)
            (void)kube_manifests_read(dump->manifests, reads[i], &why);
        else if (!dump_recorded_error(dump, reads[i]->path.key, &why))
            (void)dump_read_path(dump, reads[i], &why);
        if (why.status == ENGINE_ECANCELLED) {
            *err = why;
            return ENGINE_ECANCELLED;
        }
        kube_read_done(reads[i], &why);
    }
    return ENGINE_OK;
}

static engine_status dump_resolve(struct kube_source *source,
                                  const char *name,
                                  struct kube_resource *out,
                                  engine_error *err)
{
    const struct dump *dump = (struct dump *)source;
    const struct kube_resource *found;

    if (dump_recorded_error(dump, name, err))
        return err ? err->status : ENGINE_EIO;
    found = kube_kinds_find(dump->kinds, name);
    if (!found)
        return engine_fail(err, ENGINE_ENOTFOUND,
                           "the dump has no resource type \"%s\"", name);
    *out = *found;
    return ENGINE_OK;
}

static void dump_close(struct kube_source *source)
{
    struct dump *dump = (struct dump *)source;

    kube_manifests_close(dump->manifests);
    kube_kinds_free(dump->kinds);
    if (dump->errors)
        bson_destroy(dump->errors);
    engine_free(dump->root);
    engine_free(dump);
}

static const struct kube_source_ops dump_ops = {.resolve = dump_resolve,
                                                .run = dump_run,
                                                .filtered = dump_filtered,
                                                .close = dump_close};

/* ---- opening ------------------------------------------------------------- */

static bool dump_has(const char *root, const char *name)
{
    char *path = engine_strf("%s/%s", root, name);
    struct stat about;
    const bool has =
        path && stat(path, &about) == 0 && S_ISDIR(about.st_mode);

    engine_free(path);
    return has;
}

/* the compliance-operator's collector puts the paths one folder deeper */
static engine_status dump_find_root(struct dump *dump, const char *path,
                                    bool *manifests, engine_error *err)
{
    const char *deeper = "kubernetes-api-resources";

    *manifests = false;
    dump->root = dump_has(path, deeper) ? engine_strf("%s/%s", path, deeper)
                                        : engine_strdup(path);
    if (!dump->root)
        return engine_fail_memory(err);
    *manifests = strcmp(dump->root, path) == 0 && !dump_has(path, "api") &&
                 !dump_has(path, "apis");
    return ENGINE_OK;
}

static engine_status dump_check_path(const bson_t *target, const char **out,
                                     engine_error *err)
{
    const char *path = document_string(target, "path");
    struct stat about;

    if (!path || *path != '/')
        return engine_fail(err, ENGINE_EINVAL,
                           "a target of type kubernetes_dump needs an "
                           "absolute \"path\"");
    if (stat(path, &about) < 0)
        return engine_fail(err, engine_status_from_errno(errno),
                           "the dump %s: %s", path, strerror(errno));
    *out = path;
    return ENGINE_OK;
}

engine_status kube_dump_open(const struct kube *self,
                             const struct scanner_job *job,
                             const bson_t *target, struct kube_source **out,
                             engine_error *err)
{
    struct dump *dump = engine_calloc(1, sizeof(*dump));
    bool manifests = false;
    const char *path = NULL;
    engine_status status;

    if (!dump)
        return engine_fail_memory(err);
    dump->base = (struct kube_source){
        .ops = &dump_ops, .self = self, .job = job, .any_path = true};
    dump->kinds = kube_kinds_new();
    status = dump->kinds ? dump_check_path(target, &path, err)
                         : engine_fail_memory(err);
    if (status == ENGINE_OK)
        status = dump_find_root(dump, path, &manifests, err);
    if (status == ENGINE_OK && !manifests)
        status = kube_record_load(dump->root, dump->kinds, &dump->errors,
                                  err);
    if (status == ENGINE_OK)
        status = kube_kinds_add_common(dump->kinds, err);
    if (status == ENGINE_OK && manifests)
        status = kube_manifests_open(path, dump->kinds, &dump->manifests,
                                     err);
    if (status < 0) {
        dump_close(&dump->base);
        return status;
    }
    *out = &dump->base;
    return ENGINE_OK;
}
