/* SPDX-License-Identifier: Apache-2.0 */
/* bundle.c - rule files in a tar archive. It is read twice: nothing of it is
 * stored before all of it is there, and is what its manifest says. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "engine/rules/archive.h"
#include "engine/rules/manifest.h"
#include "sdk/base/alloc.h"

#define BUNDLE_NAME_MAX 1024

static const char *bundle_content(const struct archive_reader *reader)
{
    return reader->content.data ? reader->content.data : "";
}

/* One of a folder in the archive is another's: it is left out. */
static bool bundle_is_manifest(const struct archive_file *file)
{
    const char *slash = strrchr(file->name, '/');

    return strcmp(slash ? slash + 1 : file->name, MANIFEST_NAME) == 0;
}

/* ---- the first time ------------------------------------------------------ */

struct bundle_check {
    struct manifest manifest;
    size_t documents; /* so far */
};

/* Of documents before it nothing was promised: then they would be in vain. */
static engine_status bundle_read_manifest(struct bundle_check *check,
                                          struct archive_reader *reader,
                                          engine_error *why)
{
    engine_status status = archive_slurp(reader, why);

    if (status == ENGINE_OK)
        status = manifest_read(&check->manifest, MANIFEST_NAME,
                               bundle_content(reader), reader->content.len,
                               why);
    if (status == ENGINE_OK && check->documents &&
        manifest_promises(&check->manifest))
        status = engine_fail(why, ENGINE_EPARSE,
                             "the manifest of a bundle comes first");
    return status;
}

static engine_status bundle_check_file(struct archive_reader *reader,
                                       const struct archive_file *file,
                                       void *user, engine_error *why,
                                       engine_error *err)
{
    struct bundle_check *check = user;
    engine_status status;

    (void)err;
    if (bundle_is_manifest(file))
        return strcmp(file->name, MANIFEST_NAME) == 0
                   ? bundle_read_manifest(check, reader, why)
                   : ENGINE_OK;
    check->documents++;
    if (file->too_large && manifest_promises(&check->manifest))
        return engine_fail(why, ENGINE_ELIMIT,
                           "\"%s\" is larger than %zu bytes", file->name,
                           RULES_FILE_MAX);
    if (file->too_large)
        return ENGINE_OK;
    status = archive_slurp(reader, why);
    if (status == ENGINE_OK)
        status = manifest_check(&check->manifest, file->name, file->format,
                                bundle_content(reader), reader->content.len,
                                why);
    return status;
}

static engine_status bundle_check(int fd, engine_error *why,
                                  engine_error *err)
{
    struct archive_reader reader;
    struct bundle_check check = {.documents = 0};
    engine_status status;

    manifest_init(&check.manifest);
    status = archive_each(&reader, fd, bundle_check_file, &check, why, err);
    if (status == ENGINE_OK)
        status = manifest_finish(&check.manifest, why);
    manifest_clear(&check.manifest);
    archive_clear(&reader);
    return status;
}

/* ---- the second time ----------------------------------------------------- */

struct bundle {
    struct rules_import *import;
    const char *path;
};

/* "bundle.tar.gz/rules/x.yaml", without what would spoil a terminal */
static char *bundle_file_name(const char *path, const char *name)
{
    char *file = engine_strf("%s/%.*s", path, BUNDLE_NAME_MAX, name);

    for (char *at = file; at && *at; at++)
        if (iscntrl((unsigned char)*at))
            *at = '?';
    return file;
}

static engine_status bundle_take(const struct bundle *bundle,
                                 struct archive_reader *reader,
                                 const struct archive_file *file,
                                 const char *name, engine_error *why,
                                 engine_error *err)
{
    engine_status status;

    if (file->too_large)
        return rules_import_refuse(bundle->import, name, NULL,
                                   "larger than %zu bytes", RULES_FILE_MAX);
    if (file->format == RULES_FORMAT_NATIVE ||
        file->format == RULES_FORMAT_ARCHIVE)
        return rules_import_refuse(bundle->import, name,
                                   "unpack the archive and import the file",
                                   "such a file cannot be read inside an "
                                   "archive");
    status = archive_slurp(reader, why);
    if (status < 0)
        return status;
    return rules_import_bytes(bundle->import, name, file->format,
                              bundle_content(reader), reader->content.len,
                              err);
}

static engine_status bundle_take_file(struct archive_reader *reader,
                                      const struct archive_file *file,
                                      void *user, engine_error *why,
                                      engine_error *err)
{
    const struct bundle *bundle = user;
    engine_status status;
    char *name;

    if (bundle_is_manifest(file))
        return ENGINE_OK;
    name = bundle_file_name(bundle->path, file->name);
    if (!name)
        return engine_fail_memory(err);
    status = bundle_take(bundle, reader, file, name, why, err);
    engine_free(name);
    return status;
}

static engine_status bundle_import(struct bundle *bundle, int fd,
                                   engine_error *why, engine_error *err)
{
    struct archive_reader reader;
    const engine_status status =
        archive_each(&reader, fd, bundle_take_file, bundle, why, err);
    const bool empty = reader.entries == 0;

    archive_clear(&reader);
    if (status == ENGINE_OK && empty)
        return rules_import_refuse(bundle->import, bundle->path, NULL,
                                   "the archive is empty");
    return status;
}

engine_status rules_import_archive(struct rules_import *import,
                                   const char *path, engine_error *err)
{
    struct bundle bundle = {import, path};
    engine_error why = {0};
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    engine_status status;

    if (fd < 0)
        return rules_import_refuse(import, path, NULL, "could not open: %s",
                                   strerror(errno));
    status = bundle_check(fd, &why, err);
    if (status == ENGINE_OK)
        status = bundle_import(&bundle, fd, &why, err);
    close(fd);
    if (status == ENGINE_OK)
        return ENGINE_OK;
    /* what is wrong with the archive is the report's, the rest ends it all */
    if (why.status == ENGINE_ENOMEM)
        return engine_fail_memory(err);
    if (why.status < 0 && import->fatal == ENGINE_OK)
        return rules_import_reject(import, path, &why);
    return status;
}
