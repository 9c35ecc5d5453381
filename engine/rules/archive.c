/* SPDX-License-Identifier: Apache-2.0 */
/* archive.c - rule files in a tar archive, read as a stream: nothing is
 * unpacked, so names in it can do no harm. */
#include <archive.h>
#include <archive_entry.h>
#include <ctype.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/rules/manifest.h"
#include "engine/rules/rules_private.h"
#include "sdk/base/alloc.h"
#include "sdk/base/buffer.h"

#define ARCHIVE_BLOCK 65536
#define ARCHIVE_NAME_MAX 1024

struct archive_import {
    struct rules_import *import;
    const char *path;
    struct archive *archive;
    struct buffer content; /* of one entry */
    int64_t unpacked;
    size_t entries, documents; /* so far */
    struct manifest manifest;
};

static struct archive *archive_open(const char *path, engine_error *err)
{
    struct archive *archive = archive_read_new();

    if (!archive) {
        engine_fail_memory(err);
        return NULL;
    }
    archive_read_support_filter_gzip(archive);
    archive_read_support_filter_bzip2(archive);
    archive_read_support_filter_xz(archive);
    archive_read_support_format_tar(archive);
    if (archive_read_open_filename(archive, path, ARCHIVE_BLOCK) ==
        ARCHIVE_OK)
        return archive;
    engine_fail(err, ENGINE_EPARSE, "could not read the archive: %s",
                archive_error_string(archive));
    archive_read_free(archive);
    return NULL;
}

/* "bundle.tar.gz/rules/x.yaml", without what would spoil a terminal */
static char *archive_file_name(const char *path, const char *name)
{
    char *file = engine_strf("%s/%.*s", path, ARCHIVE_NAME_MAX, name);

    for (char *at = file; at && *at; at++)
        if (iscntrl((unsigned char)*at))
            *at = '?';
    return file;
}

static const char *archive_base_name(const char *name)
{
    const char *slash = strrchr(name, '/');

    return slash ? slash + 1 : name;
}

static engine_status archive_limit(engine_error *err)
{
    return engine_fail(err, ENGINE_ELIMIT,
                       "the archive unpacks to more than %lld bytes",
                       (long long)RULES_ARCHIVE_MAX);
}

/* Reads an entry to its end; ENGINE_ELIMIT also ends the archive. */
static engine_status archive_slurp(struct archive_import *a,
                                   engine_error *err)
{
    const void *block = NULL;
    size_t len = 0;
    la_int64_t offset = 0;
    int code;

    buffer_reset(&a->content);
    while ((code = archive_read_data_block(a->archive, &block, &len,
                                           &offset)) == ARCHIVE_OK) {
        a->unpacked += (int64_t)len;
        if (a->unpacked > RULES_ARCHIVE_MAX)
            return archive_limit(err);
        if (buffer_append(&a->content, block, len) < 0)
            return buffer_status(&a->content, err);
    }
    if (code != ARCHIVE_EOF)
        return engine_fail(err, ENGINE_EPARSE, "the archive is damaged: %s",
                           archive_error_string(a->archive));
    return ENGINE_OK;
}

/* Rejects a document that is not the one that the manifest promised. */
static engine_status archive_verify(struct archive_import *a,
                                    const char *file, const char *name,
                                    bool *good, engine_error *err)
{
    engine_error why = {0};

    *good = manifest_check(&a->manifest, name,
                           a->content.data ? a->content.data : "",
                           a->content.len, &why) == ENGINE_OK;
    if (why.status == ENGINE_ENOMEM)
        return engine_fail_memory(err);
    if (*good)
        return ENGINE_OK;
    return rules_import_refuse(a->import, file, why.hint[0] ? why.hint : NULL,
                               "%s", why.message);
}

static engine_status archive_take(struct archive_import *a, const char *file,
                                  const char *name, enum rules_format format,
                                  engine_error *why, engine_error *err)
{
    engine_status status;
    bool good;

    if (format == RULES_FORMAT_NATIVE || format == RULES_FORMAT_ARCHIVE)
        return rules_import_refuse(a->import, file,
                                   "unpack the archive and import the file",
                                   "such a file cannot be read inside an "
                                   "archive");
    status = archive_slurp(a, why);
    if (status < 0)
        return status;
    a->documents++;
    status = archive_verify(a, file, name, &good, err);
    if (status < 0 || !good)
        return status;
    return rules_import_bytes(a->import, file, format,
                              a->content.data ? a->content.data : "",
                              a->content.len, err);
}

/* Of documents before it nothing was promised: then they would be in vain. */
static engine_status archive_manifest(struct archive_import *a,
                                      engine_error *why)
{
    engine_status status = archive_slurp(a, why);

    if (status == ENGINE_OK)
        status = manifest_read(&a->manifest, MANIFEST_NAME,
                               a->content.data ? a->content.data : "",
                               a->content.len, why);
    if (status == ENGINE_OK && a->manifest.documents && a->documents)
        status = engine_fail(why, ENGINE_EPARSE,
                             "the manifest of a bundle comes first");
    return status;
}

/* `why` is about the archive, `err` ends the whole import */
static engine_status archive_entry_import(struct archive_import *a,
                                          struct archive_entry *entry,
                                          engine_error *why,
                                          engine_error *err)
{
    const char *name = archive_entry_pathname(entry);
    const char *base = name ? archive_base_name(name) : "";
    const enum rules_format format = rules_format_of_name(base);
    engine_status status;
    char *file;

    if (++a->entries > RULES_FILES_MAX)
        return engine_fail(why, ENGINE_ELIMIT,
                           "the archive has more than %d entries",
                           RULES_FILES_MAX);
    if (archive_entry_filetype(entry) != AE_IFREG || base[0] == '.' ||
        format == RULES_FORMAT_UNKNOWN)
        return ENGINE_OK;
    if (strcmp(base, MANIFEST_NAME) == 0)
        return name == base || strcmp(name, "./" MANIFEST_NAME) == 0
                   ? archive_manifest(a, why)
                   : ENGINE_OK;
    file = archive_file_name(a->path, name);
    if (!file)
        return engine_fail_memory(err);
    if (archive_entry_size_is_set(entry) &&
        archive_entry_size(entry) > (la_int64_t)RULES_FILE_MAX)
        status = rules_import_refuse(a->import, file, NULL,
                                     "larger than %zu bytes", RULES_FILE_MAX);
    else
        status = archive_take(a, file, name, format, why, err);
    engine_free(file);
    return status;
}

/* Each entry that is left out is still inflated by libarchive: count it. */
static engine_status archive_count(struct archive_import *a,
                                   engine_error *why)
{
    const la_int64_t read = archive_filter_bytes(a->archive, 0);

    if (read > RULES_ARCHIVE_MAX)
        return archive_limit(why);
    return ENGINE_OK;
}

static engine_status archive_entries(struct archive_import *a,
                                     engine_error *why, engine_error *err)
{
    struct archive_entry *entry = NULL;
    engine_status status = ENGINE_OK;
    int code = ARCHIVE_OK;

    while (status == ENGINE_OK &&
           ((code = archive_read_next_header(a->archive, &entry)) ==
                ARCHIVE_OK ||
            code == ARCHIVE_WARN)) {
        status = archive_count(a, why);
        if (status == ENGINE_OK)
            status = archive_entry_import(a, entry, why, err);
    }
    if (status == ENGINE_OK && code != ARCHIVE_EOF)
        status = engine_fail(why, ENGINE_EPARSE,
                             "the archive is damaged: %s",
                             archive_error_string(a->archive));
    if (status == ENGINE_OK)
        status = manifest_finish(&a->manifest, why);
    return status;
}

engine_status rules_import_archive(struct rules_import *import,
                                   const char *path, engine_error *err)
{
    struct archive_import a = {.import = import, .path = path};
    engine_error why = {0};
    engine_status status = ENGINE_OK;

    a.archive = archive_open(path, &why);
    if (!a.archive)
        return rules_import_reject(import, path, &why);
    manifest_init(&a.manifest);
    buffer_init(&a.content, RULES_FILE_MAX);
    status = archive_entries(&a, &why, err);
    buffer_clear(&a.content);
    manifest_clear(&a.manifest);
    archive_read_free(a.archive);
    /* what is wrong with the archive is the report's, the rest ends it all */
    if (status < 0 && why.status < 0 && import->fatal == ENGINE_OK &&
        why.status != ENGINE_ENOMEM)
        return rules_import_reject(import, path, &why);
    if (status < 0 && why.status == ENGINE_ENOMEM)
        return engine_fail_memory(err);
    if (status == ENGINE_OK && a.entries == 0)
        return rules_import_refuse(import, path, NULL,
                                   "the archive is empty");
    return status;
}
