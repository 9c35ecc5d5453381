/* SPDX-License-Identifier: Apache-2.0 */
/* read.c - from the bytes of a file to the documents in it. */
#include <string.h>

#include "engine/rules/rules_private.h"

/* as JSON and YAML have it; what walks documents later relies on it */
static bool read_is_shallow(const bson_t *document, int depth)
{
    bson_iter_t value;
    bson_t child;

    if (depth > DOCUMENT_MAX_DEPTH || !bson_iter_init(&value, document))
        return false;
    while (bson_iter_next(&value))
        if (document_iter_child(&value, &child) &&
            !read_is_shallow(&child, depth + 1))
            return false;
    return true;
}

static engine_status read_bson(const char *file, const char *data, size_t len,
                               document_fn fn, void *user, engine_error *err)
{
    bson_reader_t *reader =
        bson_reader_new_from_data((const uint8_t *)data, len);
    const bson_t *document;
    engine_status status = ENGINE_OK;
    bool end = false;

    while (status == ENGINE_OK &&
           (document = bson_reader_read(reader, &end)) != NULL) {
        if (read_is_shallow(document, 1) &&
            bson_validate(document, BSON_VALIDATE_UTF8, NULL))
            status = fn(document, NULL, user, err);
        else
            status = engine_fail(err, ENGINE_EPARSE,
                                 "%s: malformed or too deeply nested BSON "
                                 "before byte %lld", file,
                                 (long long)bson_reader_tell(reader));
    }
    if (status == ENGINE_OK && !end)
        status = engine_fail(err, ENGINE_EPARSE,
                             "%s: malformed BSON after byte %lld", file,
                             (long long)bson_reader_tell(reader));
    bson_reader_destroy(reader);
    return status;
}

static bool read_is_utf16(const char *data, size_t len)
{
    return len >= 2 && (memcmp(data, "\xff\xfe", 2) == 0 ||
                        memcmp(data, "\xfe\xff", 2) == 0);
}

engine_status rules_read(const char *file, enum rules_format format,
                         const char *data, size_t len, document_fn fn,
                         void *user, engine_error *err)
{
    if (format == RULES_FORMAT_BSON)
        return read_bson(file, data, len, fn, user, err);
    if (read_is_utf16(data, len)) {
        engine_fail(err, ENGINE_EPARSE, "%s:1: this is UTF-16, not UTF-8",
                    file);
        engine_hint(err, "convert it: iconv -f UTF-16 -t UTF-8");
        return ENGINE_EPARSE;
    }
    if (len >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0) {
        data += 3;
        len -= 3;
    }
    if (format == RULES_FORMAT_JSON)
        return document_read_json(data, len, file, fn, user, err);
    return document_read_yaml(data, len, file, fn, user, err);
}
