/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model_file.h - the files that mkmodel writes, one per service: tables of
 * little-endian 32-bit words and a pool of texts, read in one piece and used
 * as they are. A text is an offset in the pool (0: the empty one), a row of
 * another table its index (MODEL_NONE: none).
 */
#ifndef PLUGINS_AWS_MODEL_FILE_H
#define PLUGINS_AWS_MODEL_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sdk/base/error.h"

#define MODEL_MAGIC 0x314D4153u /* "SAM1" */
#define MODEL_VERSION 1u
#define MODEL_NONE 0xFFFFFFFFu

enum model_protocol {
    MODEL_QUERY,
    MODEL_EC2,
    MODEL_JSON,
    MODEL_REST_JSON,
    MODEL_REST_XML
};

enum model_type {
    MODEL_STRUCTURE,
    MODEL_LIST, /* one member, without a name */
    MODEL_MAP,  /* two: key, value */
    MODEL_STRING,
    MODEL_INTEGER,
    MODEL_LONG,
    MODEL_FLOAT,
    MODEL_DOUBLE,
    MODEL_BOOLEAN,
    MODEL_TIMESTAMP,
    MODEL_BLOB,
    MODEL_CHARACTER,
    MODEL_TYPES
};

enum model_location {
    MODEL_BODY,
    MODEL_HEADER,
    MODEL_HEADERS, /* all that begin with wire, a map */
    MODEL_URI,
    MODEL_QUERYSTRING,
    MODEL_STATUS
};

enum model_format { MODEL_ANY, MODEL_ISO8601, MODEL_UNIX, MODEL_RFC822 };

enum model_verdict {
    MODEL_READS,
    MODEL_CHANGES,
    MODEL_SECRETS,
    MODEL_STREAMS /* of events */
};

struct model_service {
    uint32_t name, prefix, signing, version, target, json_version;
    uint32_t protocol; /* enum model_protocol */
    uint32_t xmlns;
    uint32_t query_compatible;
};

#define MODEL_GLOBAL 1u
#define MODEL_UNSIGNED 2u
#define MODEL_FORCED_TRUE 0x80000000u

/* Of what is refused there are name, key and verdict only. */
struct model_operation {
    uint32_t name;
    uint32_t key; /* in lower case; rows are sorted by it */
    uint32_t verdict;
    uint32_t method, uri;
    uint32_t flags;
    uint32_t host_prefix, permission;
    uint32_t input, output; /* members without a name */
    uint32_t wrapper;       /* of query's answers */
    uint32_t page_input, page_output, page_lists; /* lists of texts */
    uint32_t limit_key, more;
    uint32_t limit;  /* asked for; 0: none */
    uint32_t forced; /* a boolean parameter that is always false, or true */
};

struct model_shape {
    uint32_t type; /* enum model_type */
    uint32_t first, count; /* members */
    uint32_t payload; /* a member */
    uint32_t name;
    uint32_t maximum; /* 0: none */
};

#define MODEL_REQUIRED 1u
#define MODEL_FLATTENED 2u
#define MODEL_ATTRIBUTE 4u
#define MODEL_IDEMPOTENCY 8u
#define MODEL_SENSITIVE 16u
#define MODEL_JSONVALUE 32u
#define MODEL_HOSTLABEL 64u
#define MODEL_DOCUMENT 128u
#define MODEL_NAMED 256u /* the wire name is not a default */
#define MODEL_STREAMING 512u
#define MODEL_LOCATION(member) ((member)->flags >> 16 & 0xffu)
#define MODEL_FORMAT(member) ((member)->flags >> 24)

struct model_member {
    uint32_t name;
    uint32_t shape;
    uint32_t wire;  /* in JSON, XML, headers, paths */
    uint32_t key;   /* in XML that is read */
    uint32_t query; /* in forms */
    uint32_t flags; /* and location << 16, format << 24 */
    uint32_t xmlns, xmlns_prefix;
};

struct model_place {
    uint32_t partition;
    uint32_t region; /* empty: all that are not named; host has {region} */
    uint32_t host;
    uint32_t scope_region, scope_service; /* empty: as usual */
    uint32_t global;
};

/** A file's contents, checked: all indexes and texts in it are good. */
struct model_file {
    uint32_t *words;
    size_t size; /* bytes */
    const struct model_service *service;
    const struct model_operation *operations;
    const struct model_shape *shapes;
    const struct model_member *members;
    const struct model_place *places;
    const uint32_t *lists; /* a count, then so many texts */
    const char *texts;
    uint32_t operation_count, shape_count, member_count, place_count;
    uint32_t list_count, text_size;
};

engine_status model_file_open(const char *path, struct model_file *out,
                              engine_error *err);
void model_file_close(struct model_file *file);

static inline const char *model_text(const struct model_file *file,
                                     uint32_t text)
{
    return file->texts + text;
}

static inline const struct model_shape *
model_shape(const struct model_file *file, const struct model_member *member)
{
    return &file->shapes[member->shape];
}

#endif
