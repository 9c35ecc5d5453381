/* SPDX-License-Identifier: Apache-2.0 */
/*
 * archive.c - scans as a ZIP file: <scan-id>/scan.json, verdicts.jsonl,
 * results.jsonl, artifacts/..., and archive-manifest.json with their hashes.
 */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/server/private.h"
#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"
#include "sdk/base/file.h"
#include "sdk/base/hash.h"

#define ARCHIVE_BLOCK 65536

struct archive_state {
    struct request *request;
    struct archive *zip;
    const char *work; /* directory for the file being put in */
    bson_t manifest;  /* [{file, sha256, size}] */
    int64_t files;
};

static engine_status archive_fail(struct archive *zip, engine_error *err)
{
    const int code = archive_errno(zip);

    return engine_fail(err, code ? engine_status_from_errno(code) : ENGINE_EIO,
                       "could not write the archive: %s",
                       archive_error_string(zip) ? archive_error_string(zip)
                                                 : "");
}

static engine_status archive_copy(struct archive_state *state, int fd,
                                  engine_error *err)
{
    char block[ARCHIVE_BLOCK];
    ssize_t got;

    while ((got = read(fd, block, sizeof(block))) > 0)
        if (archive_write_data(state->zip, block, (size_t)got) != got)
            return archive_fail(state->zip, err);
    if (got < 0)
        return engine_fail(err, engine_status_from_errno(errno),
                           "could not read a part of the archive: %s",
                           strerror(errno));
    return ENGINE_OK;
}

static void archive_note(struct archive_state *state, const char *name,
                         const char *hash, int64_t size)
{
    char key[24];
    bson_t item;

    snprintf(key, sizeof(key), "%lld", (long long)state->files++);
    BSON_APPEND_DOCUMENT_BEGIN(&state->manifest, key, &item);
    BSON_APPEND_UTF8(&item, "file", name);
    BSON_APPEND_UTF8(&item, "sha256", hash);
    BSON_APPEND_INT64(&item, "size", size);
    bson_append_document_end(&state->manifest, &item);
}

/* Puts a file of the work directory in under a name, and removes it. */
static engine_status archive_add(struct archive_state *state, const char *path,
                                 const char *name, engine_error *err)
{
    struct archive_entry *entry = archive_entry_new();
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    char hash[HASH_HEX_SIZE];
    struct stat info;
    engine_status status = hash_file(path, hash, err);

    if (status == ENGINE_OK && (!entry || fd < 0 || fstat(fd, &info) < 0))
        status = engine_fail(err, ENGINE_EIO, "could not read \"%s\"", path);
    if (status == ENGINE_OK) {
        archive_entry_set_pathname(entry, name);
        archive_entry_set_filetype(entry, AE_IFREG);
        archive_entry_set_perm(entry, 0644);
        archive_entry_set_size(entry, info.st_size);
        archive_entry_set_mtime(entry, clock_now_ms() / 1000, 0);
        if (archive_write_header(state->zip, entry) != ARCHIVE_OK)
            status = archive_fail(state->zip, err);
    }
    if (status == ENGINE_OK)
        status = archive_copy(state, fd, err);
    if (status == ENGINE_OK)
        archive_note(state, name, hash, (int64_t)info.st_size);
    if (fd >= 0)
        close(fd);
    archive_entry_free(entry);
    unlink(path);
    return status;
}

/* ---- documents ----------------------------------------------------------- */

static engine_status archive_line(FILE *file, const bson_t *document)
{
    struct response response;

    response_init(&response);
    response_add(&response, document);
    fprintf(file, "%s\n", response.body.data ? response.body.data : "{}");
    response_clear(&response);
    return ENGINE_OK;
}

/* Every document of a collection that belongs to the scan, one on a line. */
static engine_status archive_lines(struct archive_state *state,
                                   const char *collection, const char *scan_id,
                                   FILE *file, engine_error *err)
{
    bson_t *filter = BCON_NEW("scan_id", BCON_UTF8(scan_id));
    const struct store_query query = {.filter = filter};
    struct store_cursor *cursor = NULL;
    const bson_t *document;
    engine_status status = store_find(state->request->store, collection,
                                      &query, &cursor, err);
    int more = 0;

    while (status == ENGINE_OK &&
           (more = store_cursor_next(cursor, &document, err)) == 1)
        status = archive_line(file, document);
    store_cursor_close(cursor);
    bson_destroy(filter);
    return status == ENGINE_OK && more < 0 ? more : status;
}

static engine_status archive_part(struct archive_state *state,
                                  const char *collection, const char *scan_id,
                                  const char *name, engine_error *err)
{
    struct arena *arena = &state->request->arena;
    char *path = arena_strf(arena, "%s/part", state->work);
    char *entry = arena_strf(arena, "%s/%s", scan_id, name);
    FILE *file = path && entry ? fopen(path, "we") : NULL;
    engine_status status;

    if (!file)
        return engine_fail(err, ENGINE_EIO, "could not write \"%s\": %s",
                           path ? path : "", strerror(errno));
    status = archive_lines(state, collection, scan_id, file, err);
    if (fclose(file) != 0 && status == ENGINE_OK)
        status = engine_fail(err, engine_status_from_errno(errno),
                             "could not write \"%s\": %s", path,
                             strerror(errno));
    return status == ENGINE_OK ? archive_add(state, path, entry, err) : status;
}

/* ---- artifacts ----------------------------------------------------------- */

static engine_status archive_artifact(struct archive_state *state,
                                      const char *scan_id, const char *id,
                                      const char *name, engine_error *err)
{
    struct arena *arena = &state->request->arena;
    const char *base = name && strrchr(name, '/') ? strrchr(name, '/') + 1
                                                  : name;
    char *path = arena_strf(arena, "%s/artifact", state->work);
    char *entry = arena_strf(arena, "%s/artifacts/%.16s-%.100s", scan_id, id,
                             base && *base ? base : "content");
    engine_status status;

    if (!path || !entry)
        return engine_fail_memory(err);
    status = store_artifact_get(state->request->store, id, path, err);
    return status == ENGINE_OK ? archive_add(state, path, entry, err) : status;
}

static engine_status archive_artifacts(struct archive_state *state,
                                       const bson_t *scan, const char *scan_id,
                                       engine_error *err)
{
    engine_status status = ENGINE_OK;
    bson_t list, item;
    bson_iter_t iter;

    if (!document_child(scan, "artifacts", &list) ||
        !bson_iter_init(&iter, &list))
        return ENGINE_OK;
    while (status == ENGINE_OK && bson_iter_next(&iter)) {
        const char *id = NULL, *name = NULL;

        if (document_iter_child(&iter, &item)) {
            id = document_string(&item, "id");
            name = document_string(&item, "name");
        }
        if (id)
            status = archive_artifact(state, scan_id, id, name, err);
    }
    return status;
}

/* ---- all of it ----------------------------------------------------------- */

static engine_status archive_scan(struct archive_state *state,
                                  const char *scan_id, engine_error *err)
{
    bson_t scan;
    engine_status status = request_scan(state->request, scan_id, &scan, err);

    if (status < 0)
        return status;
    status = archive_part(state, STORE_SCANS, scan_id, "scan.json", err);
    if (status == ENGINE_OK)
        status = archive_part(state, STORE_VERDICTS, scan_id,
                              "verdicts.jsonl", err);
    if (status == ENGINE_OK)
        status = archive_part(state, STORE_RESULTS, scan_id, "results.jsonl",
                              err);
    if (status == ENGINE_OK)
        status = archive_artifacts(state, &scan, scan_id, err);
    bson_destroy(&scan);
    return status;
}

static engine_status archive_manifest(struct archive_state *state,
                                      const bson_t *scan_ids,
                                      engine_error *err)
{
    char *path = arena_strf(&state->request->arena, "%s/manifest", state->work);
    bson_t manifest = BSON_INITIALIZER;
    struct buffer text;
    engine_status status;

    if (!path)
        return engine_fail_memory(err);
    BSON_APPEND_UTF8(&manifest, "made_by", "scan-engine " SCAN_ENGINE_VERSION);
    BSON_APPEND_DATE_TIME(&manifest, "created_at", clock_now_ms());
    BSON_APPEND_ARRAY(&manifest, "scan_ids", scan_ids);
    BSON_APPEND_ARRAY(&manifest, "files", &state->manifest);
    buffer_init(&text, SERVER_BODY_MAX);
    document_to_json(&manifest, DOCUMENT_JSON_PRETTY, &text);
    status = buffer_status(&text, err);
    if (status == ENGINE_OK)
        status = file_write(path, text.data, text.len, 0600, err);
    if (status == ENGINE_OK)
        status = archive_add(state, path, "archive-manifest.json", err);
    buffer_clear(&text);
    bson_destroy(&manifest);
    return status;
}

static engine_status archive_fill(struct archive_state *state,
                                  const bson_t *scan_ids, engine_error *err)
{
    engine_status status = ENGINE_OK;
    bson_iter_t iter;

    bson_iter_init(&iter, scan_ids);
    while (status == ENGINE_OK && bson_iter_next(&iter))
        status = archive_scan(state, bson_iter_utf8(&iter, NULL), err);
    return status == ENGINE_OK ? archive_manifest(state, scan_ids, err)
                               : status;
}

engine_status archive_make(struct request *request, const bson_t *scan_ids,
                           const char *path, int64_t *files, engine_error *err)
{
    struct archive_state state = {.request = request,
                                  .zip = archive_write_new()};
    char *part = arena_strf(&request->arena, "%s.part", path), *work = NULL;
    engine_status status;

    if (!state.zip || !part)
        return engine_fail_memory(err);
    bson_init(&state.manifest);
    status = file_make_temporary(request->world->config->run_directory,
                                 "archive-", &work, err);
    state.work = work;
    if (status == ENGINE_OK &&
        (archive_write_set_format_zip(state.zip) != ARCHIVE_OK ||
         archive_write_open_filename(state.zip, part) != ARCHIVE_OK))
        status = archive_fail(state.zip, err);
    if (status == ENGINE_OK)
        status = archive_fill(&state, scan_ids, err);
    if (archive_write_close(state.zip) != ARCHIVE_OK && status == ENGINE_OK)
        status = archive_fail(state.zip, err);
    archive_write_free(state.zip);
    if (status == ENGINE_OK && rename(part, path) < 0)
        status = engine_fail(err, engine_status_from_errno(errno),
                             "could not name the archive: %s",
                             strerror(errno));
    if (status < 0)
        unlink(part);
    if (work)
        (void)file_remove_tree(work, NULL);
    engine_free(work);
    bson_destroy(&state.manifest);
    *files = state.files;
    return status;
}
