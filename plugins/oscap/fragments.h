/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fragments.h - the file that content is kept in: slices of XML and an index
 * of what each refers to. It is mapped, checked once for bounds and used as it
 * lies on disk; no XML is parsed on the way to a scan.
 *
 *   head | items | references | items by (kind, component, id) | pool
 *
 * All numbers are 32 bits in the byte order of the machine that wrote it.
 */
#ifndef PLUGINS_OSCAP_FRAGMENTS_H
#define PLUGINS_OSCAP_FRAGMENTS_H

#include <stddef.h>
#include <stdint.h>

#include "plugins/oscap/content.h"

#define FRAGMENT_NONE UINT32_MAX
#define FRAGMENTS_MAGIC "SE-FRAG1"
#define FRAGMENTS_ORDER 0x01020304u
#define FRAGMENTS_MAX ((size_t)512 * 1024 * 1024)

enum fragment_kind {
    FRAGMENT_BENCHMARK = 1, /* slice: status, title; extra: namespaces */
    FRAGMENT_TRAILER,       /* slice: platforms, version, models */
    FRAGMENT_GROUP,         /* extra: links, see below */
    FRAGMENT_RULE,          /* extra: links */
    FRAGMENT_VALUE,
    FRAGMENT_PROFILE,    /* extra: refine-rules, one element per line */
    FRAGMENT_PLATFORM,   /* CPE language platform */
    FRAGMENT_DICTIONARY, /* extra: namespaces */
    FRAGMENT_CPE_ITEM,
    FRAGMENT_COMPONENT, /* OVAL; extra: namespaces; slice: generator */
    FRAGMENT_REMOTE,    /* a component elsewhere; extra: its address */
    FRAGMENT_CATALOG,   /* id: name used in an href; component: where */
    FRAGMENT_DEFINITION,
    FRAGMENT_TEST,
    FRAGMENT_OBJECT, /* extra: element name; cost */
    FRAGMENT_STATE,
    FRAGMENT_VARIABLE,
    FRAGMENT_KINDS
};

#define FRAGMENT_IN_DICTIONARY 1u /* catalog entry of the CPE dictionary */
#define FRAGMENT_UNCHECKED 2u     /* a rule whose role is "unchecked" */

/*
 * Rules and groups are written at compile time as slice[0..split), then
 * requires and conflicts, then the rest. Links, one per line: "r id id" or
 * "c id".
 */
struct fragment {
    uint32_t kind, component; /* component: index of the item it belongs to */
    uint32_t id, extra;       /* strings in the pool */
    uint32_t parent;          /* index of the enclosing group */
    uint32_t slice, slice_len, split;
    uint32_t refs, refs_count;
    uint32_t cost; /* objects: tenths of a millisecond */
    uint32_t flags;
};

struct fragments_head {
    char magic[8];
    uint32_t order, items_count, refs_count, pool_len;
};

struct oscap_content {
    const struct fragments_head *head;
    const struct fragment *items;
    const uint32_t *refs, *sorted;
    const char *pool;
    size_t mapped;
};

/** Index of an item, or FRAGMENT_NONE. */
uint32_t fragments_find(const struct oscap_content *content,
                        enum fragment_kind kind, uint32_t component,
                        const char *id);
const char *fragments_string(const struct oscap_content *content, uint32_t at);
/** Items of one kind: first (inclusive) in `sorted`, and how many. */
uint32_t fragments_range(const struct oscap_content *content,
                         enum fragment_kind kind, uint32_t component,
                         uint32_t *count);

/* ---- writing (fragments_write.c) ---------------------------------------- */

struct fragments_writer {
    struct fragment *items;
    size_t items_count, items_room;
    uint32_t *refs;
    size_t refs_count, refs_room;
    struct buffer pool; /* also carries the first failure */
};

void fragments_writer_init(struct fragments_writer *writer);
void fragments_writer_clear(struct fragments_writer *writer);

/** Adds an item and returns its index; FRAGMENT_NONE after a failure. */
uint32_t fragments_add(struct fragments_writer *writer, enum fragment_kind kind,
                       uint32_t component, const char *id);
/** Puts a string into the pool and returns where. */
uint32_t fragments_intern(struct fragments_writer *writer, const char *text);
/** The slice of an item is what was appended to the pool since `from`. */
void fragments_slice(struct fragments_writer *writer, uint32_t item,
                     size_t from);
/** Opens the references of an item; they must be added before the next. */
void fragments_refs_begin(struct fragments_writer *writer, uint32_t item);
void fragments_ref(struct fragments_writer *writer, uint32_t item, uint32_t to);
/** Sorts the index and writes the file. */
engine_status fragments_write(struct fragments_writer *writer, const char *path,
                              engine_error *err);

#endif
