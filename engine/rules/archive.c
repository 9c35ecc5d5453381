/* SPDX-License-Identifier: Apache-2.0 */
/* archive.c - a tar archive, read as a stream: nothing is unpacked, so names
 * in it can do no harm. */
#include "engine/rules/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ARCHIVE_BLOCK 65536

static engine_status archive_open(struct archive_reader *reader, int fd,
                                  engine_error *why)
{
    reader->archive = archive_read_new();
    if (!reader->archive)
        return engine_fail_memory(why);
    archive_read_support_filter_gzip(reader->archive);
    archive_read_support_filter_bzip2(reader->archive);
    archive_read_support_filter_xz(reader->archive);
    archive_read_support_format_tar(reader->archive);
    if (lseek(fd, 0, SEEK_SET) != 0)
        return engine_fail(why, ENGINE_EIO, "could not read the archive: %s",
                           strerror(errno));
    if (archive_read_open_fd(reader->archive, fd, ARCHIVE_BLOCK) ==
        ARCHIVE_OK)
        return ENGINE_OK;
    return engine_fail(why, ENGINE_EPARSE, "could not read the archive: %s",
                       archive_error_string(reader->archive));
}

void archive_clear(struct archive_reader *reader)
{
    buffer_clear(&reader->content);
    if (reader->archive)
        archive_read_free(reader->archive);
    reader->archive = NULL;
}

static engine_status archive_limit(engine_error *err)
{
    return engine_fail(err, ENGINE_ELIMIT,
                       "the archive unpacks to more than %lld bytes",
                       (long long)RULES_ARCHIVE_MAX);
}

engine_status archive_slurp(struct archive_reader *reader, engine_error *why)
{
    const void *block = NULL;
    size_t len = 0;
    la_int64_t offset = 0;
    int code;

    buffer_reset(&reader->content);
    while ((code = archive_read_data_block(reader->archive, &block, &len,
                                           &offset)) == ARCHIVE_OK) {
        reader->unpacked += (int64_t)len;
        if (reader->unpacked > RULES_ARCHIVE_MAX)
            return archive_limit(why);
        if (buffer_append(&reader->content, block, len) < 0)
            return buffer_status(&reader->content, why);
    }
    if (code != ARCHIVE_EOF)
        return engine_fail(why, ENGINE_EPARSE, "the archive is damaged: %s",
                           archive_error_string(reader->archive));
    return ENGINE_OK;
}

/* Each entry that is left out is still inflated by libarchive: count it. */
static engine_status archive_count(struct archive_reader *reader,
                                   engine_error *why)
{
    if (archive_filter_bytes(reader->archive, 0) > RULES_ARCHIVE_MAX)
        return archive_limit(why);
    if (++reader->entries > RULES_FILES_MAX)
        return engine_fail(why, ENGINE_ELIMIT,
                           "the archive has more than %d entries",
                           RULES_FILES_MAX);
    return ENGINE_OK;
}

/* False for what is no rule file. */
static bool archive_file_of(struct archive_entry *entry,
                            struct archive_file *out)
{
    const char *name = archive_entry_pathname(entry);
    const char *slash = name ? strrchr(name, '/') : NULL;
    const char *base = slash ? slash + 1 : name;

    if (!name || archive_entry_filetype(entry) != AE_IFREG || base[0] == '.')
        return false;
    out->format = rules_format_of_name(base);
    out->name = strncmp(name, "./", 2) == 0 ? name + 2 : name;
    out->too_large = archive_entry_size_is_set(entry) &&
                     archive_entry_size(entry) > (la_int64_t)RULES_FILE_MAX;
    return out->format != RULES_FORMAT_UNKNOWN;
}

engine_status archive_each(struct archive_reader *reader, int fd,
                           archive_fn fn, void *user, engine_error *why,
                           engine_error *err)
{
    struct archive_entry *entry = NULL;
    struct archive_file file;
    engine_status status;
    int code = ARCHIVE_OK;

    memset(reader, 0, sizeof(*reader));
    buffer_init(&reader->content, RULES_FILE_MAX);
    status = archive_open(reader, fd, why);
    while (status == ENGINE_OK &&
           ((code = archive_read_next_header(reader->archive, &entry)) ==
                ARCHIVE_OK ||
            code == ARCHIVE_WARN)) {
        status = archive_count(reader, why);
        if (status == ENGINE_OK && archive_file_of(entry, &file))
            status = fn(reader, &file, user, why, err);
    }
    if (status == ENGINE_OK && code != ARCHIVE_EOF)
        status = engine_fail(why, ENGINE_EPARSE, "the archive is damaged: %s",
                             archive_error_string(reader->archive));
    return status;
}
