/* SPDX-License-Identifier: Apache-2.0 */
/* put.c - BSON (bsonspec.org 1.1) made member by member in a buffer. */
#include "sdk/document/put.h"

#include <string.h>

static void put_u32(char *at, uint32_t value)
{
    value = BSON_UINT32_TO_LE(value);
    memcpy(at, &value, sizeof(value));
}

/* A member's type and name, and room for its value; NULL: there is none. */
static char *put_member(struct buffer *out, bson_type_t type, const char *key,
                        size_t len)
{
    const size_t name = strlen(key) + 1;
    char *room = buffer_room(out, 1 + name + len);

    if (!room)
        return NULL;
    room[0] = (char)type;
    memcpy(room + 1, key, name);
    buffer_grown(out, 1 + name + len);
    return room + 1 + name;
}

static void put_number(struct buffer *out, bson_type_t type, const char *key,
                       int64_t value)
{
    const uint64_t raw = BSON_UINT64_TO_LE((uint64_t)value);
    char *at = put_member(out, type, key, sizeof(raw));

    if (at)
        memcpy(at, &raw, sizeof(raw));
}

void put_begin(struct buffer *out)
{
    buffer_reset(out);
    buffer_append(out, "\0\0\0", 4);
}

void put_text(struct buffer *out, const char *key, const char *text)
{
    const size_t len = strlen(text) + 1;
    char *at = put_member(out, BSON_TYPE_UTF8, key, 4 + len);

    if (!at)
        return;
    put_u32(at, (uint32_t)len);
    memcpy(at + 4, text, len);
}

void put_int32(struct buffer *out, const char *key, int32_t value)
{
    char *at = put_member(out, BSON_TYPE_INT32, key, 4);

    if (at)
        put_u32(at, (uint32_t)value);
}

void put_int64(struct buffer *out, const char *key, int64_t value)
{
    put_number(out, BSON_TYPE_INT64, key, value);
}

void put_date(struct buffer *out, const char *key, int64_t unix_ms)
{
    put_number(out, BSON_TYPE_DATE_TIME, key, unix_ms);
}

void put_document(struct buffer *out, const char *key, const bson_t *value)
{
    char *at = put_member(out, BSON_TYPE_DOCUMENT, key, value->len);

    if (at)
        memcpy(at, bson_get_data(value), value->len);
}

size_t put_open(struct buffer *out, const char *key, bool array)
{
    (void)put_member(out, array ? BSON_TYPE_ARRAY : BSON_TYPE_DOCUMENT, key, 4);
    return out->len - 4;
}

void put_close(struct buffer *out, size_t opened)
{
    if (buffer_append(out, "", 1) == ENGINE_OK)
        put_u32(out->data + opened, (uint32_t)(out->len - opened));
}

bool put_end(struct buffer *out, bson_t *document)
{
    put_close(out, 0);
    return buffer_status(out, NULL) == ENGINE_OK && out->len <= INT32_MAX &&
           bson_init_static(document, (const uint8_t *)out->data, out->len);
}
