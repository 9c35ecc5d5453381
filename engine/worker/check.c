/* SPDX-License-Identifier: Apache-2.0 */
/* check.c - BSON from outside is checked without recursion before any use. */
#include <string.h>

#include "engine/worker/frames.h"
#include "sdk/document/utf8.h"

struct check {
    const uint8_t *data;
    size_t at;                      /* the next byte to look at */
    size_t end;                     /* of the document around it */
    size_t ends[FRAME_MAX_DEPTH];   /* of those around that one */
    unsigned depth, maximum;
    engine_error *err;
};

static int check_fail(const struct check *check, const char *what)
{
    return engine_fail(check->err, ENGINE_EPARSE,
                       "malformed document at byte %zu: %s", check->at, what);
}

static size_t check_left(const struct check *check)
{
    return check->end - check->at;
}

static int32_t check_int(const struct check *check)
{
    const uint8_t *p = check->data + check->at;

    return (int32_t)((uint32_t)p[0] | (uint32_t)p[1] << 8 |
                     (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24);
}

static int check_skip(struct check *check, size_t len)
{
    if (check_left(check) < len)
        return check_fail(check, "it ends within a value");
    check->at += len;
    return 0;
}

static int check_text(struct check *check, size_t len)
{
    const char *text = (const char *)check->data + check->at;

    if (utf8_span(text, len) != len)
        return check_fail(check, "text is not valid UTF-8");
    return check_skip(check, len + 1);
}

/* A key, or one part of a regular expression: ends with NUL. */
static int check_cstring(struct check *check)
{
    const uint8_t *from = check->data + check->at;
    const uint8_t *nul = memchr(from, 0, check_left(check));

    if (!nul)
        return check_fail(check, "a name has no end");
    return check_text(check, (size_t)(nul - from));
}

static int check_string(struct check *check)
{
    int32_t len;

    if (check_left(check) < 5)
        return check_fail(check, "it ends within a string");
    len = check_int(check);
    if (len < 1 || (size_t)len > check_left(check) - 4)
        return check_fail(check, "a string is longer than its document");
    check->at += 4;
    if (check->data[check->at + (size_t)len - 1] != 0)
        return check_fail(check, "a string has no end");
    return check_text(check, (size_t)len - 1);
}

static int check_binary(struct check *check)
{
    int32_t len;
    uint8_t subtype;

    if (check_left(check) < 5)
        return check_fail(check, "it ends within binary data");
    len = check_int(check);
    subtype = check->data[check->at + 4];
    if (len < 0 || (size_t)len > check_left(check) - 5)
        return check_fail(check, "binary data is longer than its document");
    if (subtype == 2)
        return check_fail(check, "binary data of an obsolete kind");
    return check_skip(check, 5 + (size_t)len);
}

static int check_enter(struct check *check)
{
    int32_t len;

    if (check->depth >= check->maximum)
        return check_fail(check, "it is nested too deeply");
    if (check_left(check) < 5)
        return check_fail(check, "it ends within a document");
    len = check_int(check);
    if (len < 5 || (size_t)len > check_left(check))
        return check_fail(check, "a document is longer than its parent");
    check->ends[check->depth++] = check->end;
    check->end = check->at + (size_t)len;
    check->at += 4;
    return 0;
}

static int check_leave(struct check *check)
{
    if (check->at != check->end)
        return check_fail(check, "a document ends early");
    check->end = check->ends[--check->depth];
    return 0;
}

static int check_value(struct check *check, uint8_t type)
{
    switch (type) {
    case BSON_TYPE_UTF8:
    case BSON_TYPE_CODE:
    case BSON_TYPE_SYMBOL:
        return check_string(check);
    case BSON_TYPE_DOCUMENT:
    case BSON_TYPE_ARRAY:
        return check_enter(check);
    case BSON_TYPE_BINARY:
        return check_binary(check);
    case BSON_TYPE_REGEX:
        return check_cstring(check) < 0 ? -1 : check_cstring(check);
    case BSON_TYPE_UNDEFINED:
    case BSON_TYPE_NULL:
    case BSON_TYPE_MINKEY:
    case BSON_TYPE_MAXKEY:
        return 0;
    case BSON_TYPE_BOOL:
        return check_skip(check, 1);
    case BSON_TYPE_INT32:
        return check_skip(check, 4);
    case BSON_TYPE_DOUBLE:
    case BSON_TYPE_DATE_TIME:
    case BSON_TYPE_TIMESTAMP:
    case BSON_TYPE_INT64:
        return check_skip(check, 8);
    case BSON_TYPE_OID:
        return check_skip(check, 12);
    case BSON_TYPE_DECIMAL128:
        return check_skip(check, 16);
    default:
        return check_fail(check, "a value of an unknown type");
    }
}

engine_status frame_check(const uint8_t *data, size_t len, unsigned depth,
                          engine_error *err)
{
    struct check check = {.data = data, .end = len, .err = err};

    check.maximum = depth < FRAME_MAX_DEPTH ? depth : FRAME_MAX_DEPTH;
    if (check_enter(&check) < 0)
        return ENGINE_EPARSE;
    if (check.end != len)
        return engine_fail(err, ENGINE_EPARSE,
                           "malformed document: %zu bytes follow it",
                           len - check.end);
    while (check.depth > 0) {
        uint8_t type;

        if (check_left(&check) < 1)
            return check_fail(&check, "a document has no end");
        type = check.data[check.at++];
        if (type == 0) {
            if (check_leave(&check) < 0)
                return ENGINE_EPARSE;
            continue;
        }
        if (check_cstring(&check) < 0 || check_value(&check, type) < 0)
            return ENGINE_EPARSE;
    }
    return ENGINE_OK;
}
