/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value.h - an immutable JSON value in an arena: what API answers, dumps and
 * rule documents become before an expression looks at them.
 *
 * A value is plain data and is valid as long as its arena. Texts are UTF-8,
 * NUL-terminated, and may hold NUL themselves: use their length. An object
 * keeps the order of its members and has every key once.
 *
 * Threads: a value may be read by many; readers and arenas belong to one.
 */
#ifndef SDK_KIT_VALUE_H
#define SDK_KIT_VALUE_H

#include <bson/bson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sdk/base/arena.h"
#include "sdk/base/buffer.h"
#include "sdk/base/error.h"

#define VALUE_MAX_DEPTH 100 /* nesting, as documents have it */

enum value_kind {
    VALUE_NULL,
    VALUE_BOOL,
    VALUE_INT,    /* fits int64_t */
    VALUE_DOUBLE, /* every other number */
    VALUE_STRING,
    VALUE_ARRAY,
    VALUE_OBJECT
};

struct value {
    uint8_t kind;   /* enum value_kind */
    uint32_t count; /* elements, members, or bytes of the text */
    union {
        bool boolean;
        int64_t integer;
        double number;
        const char *text;
        const struct value *items;
        const struct value_member *members;
    };
};

struct value_member {
    const char *key;
    uint32_t key_len;
    uint32_t reserved;
    struct value value;
};

extern const struct value value_null; /* a constant to point at */

/* ---- looking inside ----------------------------------------------------- */

/** A member of an object; NULL when it is none or has no such key. */
const struct value *value_member(const struct value *object, const char *key);
const struct value *value_member_n(const struct value *object,
                                   const char *key, size_t len);
/** Follows keys from member to member; NULL where one is missing. Ends with
 * NULL: value_at(pod, "metadata", "name", NULL). */
const struct value *value_at(const struct value *object, ...)
    __attribute__((sentinel));
/** Text of a string value (also of NULL), or NULL. */
const char *value_text(const struct value *value);
/** Number of an int or a double. */
bool value_number(const struct value *value, double *out);
/** Deep equality as JSON has it: 1 equals 1.0, the order of members counts
 * for nothing, types are never mixed. */
bool value_equal(const struct value *a, const struct value *b);
/** A whole copy in an arena. ENGINE_ENOMEM when it does not fit. */
engine_status value_copy(const struct value *value, struct arena *arena,
                         struct value *out, engine_error *err);
/** Makes a member of an object: a copy of a text, or null for NULL. The key
 * stays the caller's. */
engine_status value_member_text(struct arena *arena, struct value_member *out,
                                const char *key, const char *text,
                                engine_error *err);
/** A word for messages: "null", "boolean", "number", "string", ... */
const char *value_kind_name(const struct value *value);

/* ---- reading ------------------------------------------------------------- */

/**
 * One JSON text (RFC 8259, UTF-8), whole. `name` is what messages call it
 * ("name:line: ..."). ENGINE_EPARSE, ENGINE_ELIMIT (depth, arena) or
 * ENGINE_ENOMEM; of a key that comes twice the last one counts, as the API
 * server and jq have it.
 */
engine_status value_from_json(const char *text, size_t len, const char *name,
                              struct arena *arena, struct value *out,
                              engine_error *err);

/** Receives each document of a YAML stream; a failure ends the reading. */
typedef engine_status (*value_document_fn)(const struct value *value,
                                           long line, void *user,
                                           engine_error *err);
/**
 * YAML 1.2 core schema (JSON is YAML), any number of documents, aliases
 * resolved within limits. The values live in arena.
 */
engine_status value_from_yaml(const char *text, size_t len, const char *name,
                              struct arena *arena, value_document_fn fn,
                              void *user, engine_error *err);

/** A BSON value: dates become RFC 3339 text, ObjectIds hex, binary base64. */
engine_status value_from_bson(const bson_iter_t *iter, struct arena *arena,
                              struct value *out, engine_error *err);

/* ---- writing ------------------------------------------------------------- */

#define VALUE_JSON_PRETTY 1u

/** Compact JSON, or with two spaces of indentation. */
engine_status value_to_json(const struct value *value, unsigned flags,
                            struct buffer *out);
/** Appends the value to a document under key; cut is set (may be NULL) when
 * texts or containers were shortened to stay within maximum bytes. */
engine_status value_to_bson(const struct value *value, const char *key,
                            size_t maximum, bson_t *to, bool *cut);

#endif
