/* SPDX-License-Identifier: Apache-2.0 */
/*
 * form.c - a request to scan, as this and the replaced systems write it, in
 * our words. Inline secrets leave the document: they go into files in memory
 * that workers reach by a path, and vanish with this process.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/server/private.h"
#include "sdk/base/alloc.h"
#include "sdk/base/file.h"

struct form_name {
    const char *theirs, *ours;
};

static const struct form_name form_names[] = {{"scan_name", "name"},
                                              {"profile_id", "profile"},
                                              {"scan_options", "options"},
                                              {"limits", "options"}};
static const struct form_name form_target_names[] = {
    {"ssh_key", "identity_file"}};
static const char *const form_secrets[] = {"password", "passphrase", "secret",
                                           "token", "private_key"};

static const char *form_ours(const struct form_name *names, size_t count,
                             const char *theirs)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i].theirs, theirs) == 0)
            return names[i].ours;
    return theirs;
}

/* ---- secrets ------------------------------------------------------------- */

static engine_status form_memory(const char *text, size_t len, int *out,
                                 engine_error *err)
{
    const int fd = memfd_create("secret", MFD_CLOEXEC);
    engine_status status = ENGINE_OK;

    if (fd < 0)
        return engine_fail(err, ENGINE_EIO, "no memory for a secret: %s",
                           strerror(errno));
    if (fchmod(fd, S_IRUSR | S_IWUSR) < 0)
        status = engine_fail(err, ENGINE_EIO, "no memory for a secret: %s",
                             strerror(errno));
    if (status == ENGINE_OK)
        status = file_write_all(fd, text, len, err);
    if (status < 0)
        close(fd);
    else
        *out = fd;
    return status;
}

/* Keeps a text in memory and writes the path of it. */
static engine_status form_hide(const bson_iter_t *value, char path[64],
                               bson_t *files, engine_error *err)
{
    uint32_t len;
    const char *text = bson_iter_utf8(value, &len);
    char key[16];
    int fd = -1;
    engine_status status = form_memory(text, len, &fd, err);

    if (status < 0)
        return status;
    snprintf(path, 64, "/proc/%ld/fd/%d", (long)getpid(), fd);
    snprintf(key, sizeof(key), "%u", (unsigned)bson_count_keys(files));
    BSON_APPEND_INT32(files, key, fd);
    return ENGINE_OK;
}

static bool form_is_secret(const bson_iter_t *value)
{
    if (!BSON_ITER_HOLDS_UTF8(value))
        return false;
    for (size_t i = 0; i < SERVER_COUNT(form_secrets); i++)
        if (strcmp(bson_iter_key(value), form_secrets[i]) == 0)
            return true;
    return false;
}

/* ---- targets ------------------------------------------------------------- */

static engine_status form_target_value(const bson_iter_t *value, bool ssh,
                                       bson_t *out, bson_t *files,
                                       engine_error *err)
{
    const char *key = bson_iter_key(value);
    const char *name = form_ours(form_target_names,
                                 SERVER_COUNT(form_target_names), key);
    char path[64];
    engine_status status;
    bson_t reference;

    if (ssh && strcmp(name, "identifier") == 0)
        name = "host";
    if (bson_has_field(out, name))
        return ENGINE_OK; /* the target's own word, then the credentials' */
    if (strcmp(name, "identity_file") == 0 && BSON_ITER_HOLDS_UTF8(value) &&
        strncmp(bson_iter_utf8(value, NULL), "-----BEGIN", 10) == 0) {
        status = form_hide(value, path, files, err);
        if (status == ENGINE_OK)
            bson_append_utf8(out, name, -1, path, -1);
        return status;
    }
    if (!form_is_secret(value)) {
        document_copy_value(out, name, value);
        return ENGINE_OK;
    }
    status = form_hide(value, path, files, err);
    if (status < 0)
        return status;
    bson_append_document_begin(out, name, -1, &reference);
    BSON_APPEND_UTF8(&reference, "file", path);
    bson_append_document_end(out, &reference);
    return ENGINE_OK;
}

static engine_status form_target(const bson_t *target, bson_t *out,
                                 bson_t *files, engine_error *err)
{
    const char *type = document_string(target, "type");
    const bool ssh = type && strncmp(type, "ssh", 3) == 0;
    engine_status status = ENGINE_OK;
    bson_iter_t iter;
    bson_t credentials;

    bson_iter_init(&iter, target);
    while (status == ENGINE_OK && bson_iter_next(&iter))
        if (strcmp(bson_iter_key(&iter), "credentials") != 0 &&
            strcmp(bson_iter_key(&iter), "metadata") != 0)
            status = form_target_value(&iter, ssh, out, files, err);
    if (status < 0 || !document_child(target, "credentials", &credentials))
        return status;
    bson_iter_init(&iter, &credentials);
    while (status == ENGINE_OK && bson_iter_next(&iter))
        status = form_target_value(&iter, ssh, out, files, err);
    return status;
}

static engine_status form_targets(const bson_iter_t *value, bson_t *out,
                                  bson_t *files, engine_error *err)
{
    engine_status status = ENGINE_OK;
    bson_t list = BSON_INITIALIZER, target, made;
    bson_iter_t items;

    if (!BSON_ITER_HOLDS_ARRAY(value)) {
        document_copy_value(out, "targets", value); /* refused later */
        bson_destroy(&list);
        return ENGINE_OK;
    }
    bson_iter_recurse(value, &items);
    while (status == ENGINE_OK && bson_iter_next(&items)) {
        if (!document_iter_child(&items, &target)) {
            document_copy_value(&list, bson_iter_key(&items), &items);
            continue;
        }
        bson_append_document_begin(&list, bson_iter_key(&items), -1, &made);
        status = form_target(&target, &made, files, err);
        bson_append_document_end(&list, &made);
    }
    BSON_APPEND_ARRAY(out, "targets", &list);
    bson_destroy(&list);
    return status;
}

/* ---- all of it ----------------------------------------------------------- */

static engine_status form_value(const bson_iter_t *value, bson_t *out,
                                bson_t *files, engine_error *err)
{
    const char *name = form_ours(form_names, SERVER_COUNT(form_names),
                                 bson_iter_key(value));
    engine_status status;
    bson_t target, made;

    if (BSON_ITER_HOLDS_NULL(value) || strcmp(name, "queue") == 0)
        return ENGINE_OK; /* as if it were absent */
    if (bson_has_field(out, name))
        return engine_fail(err, ENGINE_EINVAL, "\"%s\" says \"%s\" twice",
                           bson_iter_key(value), name);
    if (strcmp(name, "targets") == 0)
        return form_targets(value, out, files, err);
    if (strcmp(name, "target") != 0 || !document_iter_child(value, &target)) {
        document_copy_value(out, name, value);
        return ENGINE_OK;
    }
    BSON_APPEND_DOCUMENT_BEGIN(out, "target", &made);
    status = form_target(&target, &made, files, err);
    bson_append_document_end(out, &made);
    return status;
}

engine_status form_scan(struct request *request, bson_t *out, bson_t *files,
                        engine_error *err)
{
    const char *name = request_query(request, "scan_name");
    engine_status status = ENGINE_OK;
    bson_iter_t iter;

    bson_iter_init(&iter, &request->json);
    while (status == ENGINE_OK && bson_iter_next(&iter))
        status = form_value(&iter, out, files, err);
    if (status == ENGINE_OK && name && !bson_has_field(out, "name")) {
        if (!bson_utf8_validate(name, strlen(name), false))
            return engine_fail(err, ENGINE_EINVAL, "scan_name is not UTF-8");
        BSON_APPEND_UTF8(out, "name", name);
    }
    return status;
}

/* ---- keeping secrets until their scan has ended -------------------------- */

void secrets_close(const bson_t *files)
{
    bson_iter_t iter;

    bson_iter_init(&iter, files);
    while (bson_iter_next(&iter))
        close(bson_iter_int32(&iter));
}

engine_status secrets_keep(struct server *server, const char *scan_id,
                           const bson_t *files, engine_error *err)
{
    bson_iter_t iter;

    bson_iter_init(&iter, files);
    while (bson_iter_next(&iter)) {
        struct server_secret *secret = engine_calloc(1, sizeof(*secret));

        if (!secret) {
            close(bson_iter_int32(&iter));
            engine_fail_memory(err);
            continue;
        }
        secret->file = bson_iter_int32(&iter);
        snprintf(secret->scan_id, sizeof(secret->scan_id), "%s", scan_id);
        pthread_mutex_lock(&server->lock);
        secret->next = server->secrets;
        server->secrets = secret;
        pthread_mutex_unlock(&server->lock);
    }
    return ENGINE_OK;
}

void secrets_drop(struct server *server, const char *scan_id)
{
    struct server_secret **at = &server->secrets, *gone;

    pthread_mutex_lock(&server->lock);
    while ((gone = *at)) {
        if (scan_id && strcmp(gone->scan_id, scan_id) != 0) {
            at = &gone->next;
            continue;
        }
        *at = gone->next;
        close(gone->file);
        engine_free(gone);
    }
    pthread_mutex_unlock(&server->lock);
}
