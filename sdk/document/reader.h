/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reader.h - what the JSON and the YAML reader share: events become BSON
 * bytes and the origin tree, document by document, within the limits.
 */
#ifndef SDK_DOCUMENT_READER_H
#define SDK_DOCUMENT_READER_H

#include "sdk/base/arena.h"
#include "sdk/document/document.h"
#include "sdk/document/keys.h"
#include "sdk/document/origin.h"

/* Origins and what aliases refer to: of one document, or of one YAML stream
 * that has anchors. */
#define READER_MAX_MEMORY ((size_t)512 * 1024 * 1024)

/** A mapping or list being built. */
struct reader_frame {
    struct origin_node *node, *last;
    struct reader_merge *merges, *last_merge; /* what << brought */
    const char *key;                          /* NULL: a key comes next */
    struct reader_anchor *anchor;             /* completed with the frame */
    size_t at;                                /* where its bytes begin */
    size_t element; /* where its type byte is, in the parent */
    size_t nodes;   /* how many there were before it */
    uint64_t mapping;
    long key_line;
    uint32_t index;
    int height; /* of what is inside */
    bool array;
    bool merging; /* the value that comes next belongs to << */
};

/** A finished value that an alias can repeat. */
struct reader_anchor {
    struct reader_anchor *next;
    const char *name;
    const struct origin_node *node; /* NULL: not finished yet */
    const uint8_t *data;            /* NULL: still at `at` in the buffer */
    size_t at, len, nodes;
    int height;
    uint8_t type;
};

struct reader {
    const char *name;
    document_fn fn;
    void *user;
    engine_error *err;
    engine_status status;     /* the first failure; ends everything */
    struct buffer bson;       /* the document so far */
    struct arena arena;       /* its origin, and everything else about it */
    struct reader_kept *kept; /* arenas that anchors are in */
    size_t kept_used;
    struct keys keys;
    struct reader_anchor *anchors; /* the newest first */
    struct reader_frame frames[DOCUMENT_MAX_DEPTH + 1];
    int depth;        /* of open frames */
    uint64_t mapping; /* number of the newest mapping */
    size_t nodes, expanded, delivered;
    bool listed;   /* inside a list of documents */
    bool anchored; /* the document has anchors, for later ones of its list */
    bool single;   /* exactly one document, no list */
};

void reader_init(struct reader *reader, const char *name, document_fn fn,
                 void *user, engine_error *err);
void reader_clear(struct reader *reader);

/** Fails with "name:line: ..."; returns false, as all below do on failure. */
bool reader_fail(struct reader *reader, engine_status status, long line,
                 const char *format, ...) __attribute__((format(printf, 4, 5)));
bool reader_fail_memory(struct reader *reader);

/**
 * Events. Text is the scalar as it was written; all of it is checked to be
 * UTF-8 without NUL. An anchor, if not NULL, is filled when its value is
 * complete.
 */
bool reader_key(struct reader *reader, long line, const char *text, size_t len);
bool reader_begin(struct reader *reader, long line, bool array,
                  struct reader_anchor *anchor);
bool reader_end(struct reader *reader);

struct reader_scalar {
    bson_type_t type; /* UTF8, NULL, BOOL, INT32, INT64, DOUBLE or BINARY */
    const char *text; /* as written, for the origin */
    size_t len;
    int64_t integer; /* BOOL, INT32, INT64 */
    double number;
    const void *binary;
    uint32_t binary_len;
};

bool reader_scalar(struct reader *reader, long line,
                   const struct reader_scalar *scalar,
                   struct reader_anchor *anchor);

/** An integer as the narrowest type that holds it. */
void reader_integer(struct reader_scalar *scalar, int64_t value);

/* ---- aliases and merge keys (reader_alias.c) --------------------------- */

/** A new unfinished anchor; NULL when out of memory. */
struct reader_anchor *reader_anchor(struct reader *reader, const char *name);
/** The newest anchor of that name, or NULL. */
struct reader_anchor *reader_anchor_find(const struct reader *reader,
                                         const char *name);
void reader_anchors_forget(struct reader *reader);
/** Repeats the value of a finished anchor. */
bool reader_alias(struct reader *reader, long line,
                  const struct reader_anchor *anchor);
/** The value that follows is merged into the open mapping. */
bool reader_merge_key(struct reader *reader, long line);
/** The mapping that ends takes over what was merged into it. */
bool reader_merge_apply(struct reader *reader);
/** A value under << is complete: keeps it aside. */
bool reader_merge_take(struct reader *reader, size_t element,
                       const struct origin_node *node);
/** Sets aside what the anchors of a delivered document refer to. */
bool reader_anchors_keep(struct reader *reader);

/* ---- for reader_alias.c ------------------------------------------------ */

bool reader_bytes(struct reader *reader, const void *data, size_t len);
/** Begins an element of the open frame: type byte, key, origin node. */
bool reader_element(struct reader *reader, long line, uint8_t type,
                    struct origin_node **out);
/** The element that began at `element` is complete. */
bool reader_element_done(struct reader *reader, size_t element,
                         const struct origin_node *node, int height);
/** A value may begin here, and it is a document if it is not nested. */
bool reader_expects(struct reader *reader, long line, bool document);
/** Delivers the document in the buffer. */
bool reader_deliver(struct reader *reader, const struct origin_node *root);

#endif
