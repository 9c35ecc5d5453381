/* SPDX-License-Identifier: Apache-2.0 */
/* handlers_archive.c - ZIP files of scans: made, listed, sent, removed. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/server/handlers_archive.h"
#include "engine/server/private.h"
#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"
#include "sdk/base/file.h"
#include "sdk/base/hash.h"

#define ARCHIVE_END ".zip"
#define ARCHIVE_OWNER 16

/* Its id is part of a path: only what we name ourselves. */
static bool archive_is_id(const char *id)
{
    return strlen(id) == 36 &&
           strspn(id, "0123456789abcdef-") == strlen(id);
}

/* Files are called ID-OWNER.zip; the owner as a hash, which suits any file
 * system. */
static void archive_owner(const struct request *request,
                          char out[ARCHIVE_OWNER + 1])
{
    const char *owner = request_owner(request);
    char hash[HASH_HEX_SIZE];

    hash_bytes(owner, strlen(owner), hash);
    memcpy(out, hash, ARCHIVE_OWNER);
    out[ARCHIVE_OWNER] = '\0';
}

static char *archive_path(struct request *request, const char *id)
{
    char owner[ARCHIVE_OWNER + 1];

    archive_owner(request, owner);
    return arena_strf(&request->arena, "%s/%s-%s" ARCHIVE_END,
                      request->world->config->server_archive_directory, id,
                      owner);
}

/* The id of an archive that the request may see, by its file's name. */
static bool archive_visible(const struct request *request, const char *name,
                            char id[37])
{
    char owner[ARCHIVE_OWNER + 1];

    if (strlen(name) != 36 + 1 + ARCHIVE_OWNER + strlen(ARCHIVE_END) ||
        name[36] != '-' ||
        strcmp(name + 36 + 1 + ARCHIVE_OWNER, ARCHIVE_END) != 0)
        return false;
    memcpy(id, name, 36);
    id[36] = '\0';
    archive_owner(request, owner);
    return archive_is_id(id) &&
           (request_sees_all(request) ||
            strncmp(name + 36 + 1, owner, ARCHIVE_OWNER) == 0);
}

/* The file of an archive that the request may see, or NULL. */
static char *archive_find(struct request *request, const char *id)
{
    const char *path = request->world->config->server_archive_directory;
    DIR *directory = archive_is_id(id) ? opendir(path) : NULL;
    const struct dirent *entry;
    char *found = NULL, seen[37];

    while (directory && !found && (entry = readdir(directory)))
        if (archive_visible(request, entry->d_name, seen) &&
            strcmp(seen, id) == 0)
            found = arena_strf(&request->arena, "%s/%s", path, entry->d_name);
    if (directory)
        closedir(directory);
    return found;
}

static void archive_put(const char *id, const struct stat *info, bson_t *out)
{
    char url[128], name[64];

    snprintf(name, sizeof(name), "%.40s" ARCHIVE_END, id);
    snprintf(url, sizeof(url), SERVER_PREFIX "/scans/archives/%.40s", id);
    BSON_APPEND_UTF8(out, "archive_id", id);
    BSON_APPEND_UTF8(out, "filename", name);
    BSON_APPEND_UTF8(out, "archive_name", name);
    BSON_APPEND_UTF8(out, "name", name);
    BSON_APPEND_UTF8(out, "download_url", url);
    BSON_APPEND_INT64(out, "size_bytes", (int64_t)info->st_size);
    BSON_APPEND_INT64(out, "archive_size_bytes", (int64_t)info->st_size);
    BSON_APPEND_DATE_TIME(out, "created_at", (int64_t)info->st_mtime * 1000);
}

engine_status handle_archive_make(struct request *request,
                                  struct response *response, engine_error *err)
{
    bson_t ids = BSON_INITIALIZER, out = BSON_INITIALIZER;
    struct stat info = {0};
    char id[37], *path;
    int64_t files = 0;
    engine_status status = request_scan_ids(request, &ids, err);

    id_uuid(id);
    path = archive_path(request, id);
    if (status == ENGINE_OK)
        status = file_make_directory(
            request->world->config->server_archive_directory, err);
    if (status == ENGINE_OK)
        status = path ? archive_make(request, &ids, path, &files, err)
                      : engine_fail_memory(err);
    if (status == ENGINE_OK && stat(path, &info) < 0)
        status = engine_fail(err, ENGINE_EIO, "the archive is gone: %s",
                             strerror(errno));
    if (status == ENGINE_OK) {
        BSON_APPEND_BOOL(&out, "success", true);
        archive_put(id, &info, &out);
        BSON_APPEND_INT64(&out, "archived_scans",
                          (int64_t)bson_count_keys(&ids));
        BSON_APPEND_INT64(&out, "archived_files", files);
        response_header(response, "Location",
                        arena_strf(&request->arena,
                                   SERVER_PREFIX "/scans/archives/%s", id));
        status = response_document(response, 201, &out, err);
    }
    bson_destroy(&out);
    bson_destroy(&ids);
    return status;
}

static void archives_add(const struct request *request, const char *name,
                         bson_t *list, uint32_t *count)
{
    char id[37], key[16], *path;
    struct stat info;
    bson_t item;

    if (!archive_visible(request, name, id))
        return;
    path = engine_strf("%s/%s",
                       request->world->config->server_archive_directory, name);
    if (path && stat(path, &info) == 0) {
        snprintf(key, sizeof(key), "%u", (*count)++);
        BSON_APPEND_DOCUMENT_BEGIN(list, key, &item);
        archive_put(id, &info, &item);
        bson_append_document_end(list, &item);
    }
    engine_free(path);
}

engine_status handle_archives(struct request *request,
                              struct response *response, engine_error *err)
{
    const char *path = request->world->config->server_archive_directory;
    DIR *directory = opendir(path);
    bson_t out = BSON_INITIALIZER, list;
    const struct dirent *entry;
    uint32_t count = 0;
    engine_status status;

    BSON_APPEND_ARRAY_BEGIN(&out, "archives", &list);
    while (directory && (entry = readdir(directory)))
        archives_add(request, entry->d_name, &list, &count);
    bson_append_array_end(&out, &list);
    BSON_APPEND_INT64(&out, "total", count);
    if (directory)
        closedir(directory);
    status = response_document(response, 200, &out, err);
    bson_destroy(&out);
    return status;
}

static engine_status archive_missing(const char *id, engine_error *err)
{
    return engine_fail(err, ENGINE_ENOTFOUND, "there is no archive \"%.80s\"",
                       id);
}

engine_status handle_archive_get(struct request *request,
                                 struct response *response, engine_error *err)
{
    const char *id = request->words[0];
    const char *path = archive_find(request, id);
    const int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;

    if (fd < 0)
        return archive_missing(id, err);
    response->status = 200;
    response->media_type = "application/zip";
    response->file = fd;
    response_header(response, "Content-Disposition",
                    arena_strf(&request->arena,
                               "attachment; filename=\"%s" ARCHIVE_END "\"",
                               id));
    return ENGINE_OK;
}

engine_status handle_archive_delete(struct request *request,
                                    struct response *response,
                                    engine_error *err)
{
    const char *id = request->words[0];
    const char *path = archive_find(request, id);
    bson_t *out;
    engine_status status;

    if (!path || unlink(path) < 0)
        return archive_missing(id, err);
    out = BCON_NEW("success", BCON_BOOL(true), "archive_id", BCON_UTF8(id));
    status = response_document(response, 200, out, err);
    bson_destroy(out);
    return status;
}
