/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read.h - one thing to read: an API path, wanted by any number of rules. The
 * source pushes the answer in; objects come out to the judge one by one.
 *
 * A read goes: bytes..., page, bytes..., page, done; or absent, done; or done
 * with a failure. kube_read_again forgets a page that broke off: objects of
 * it that were judged already are passed over when they come again.
 */
#ifndef PLUGINS_KUBERNETES_READ_H
#define PLUGINS_KUBERNETES_READ_H

#include <stdbool.h>

#include "plugins/kubernetes/path.h"
#include "sdk/base/arena.h"
#include "sdk/base/error.h"
#include "sdk/kit/value.h"
#include "sdk/kit/value_mask.h"
#include "sdk/kit/value_stream.h"

struct check;
struct kube_read;
struct kube_record;
struct kube_rule;
struct kube_seen;
struct kube_selector;

/** What the objects of a read are to a rule. */
enum kube_role {
    KUBE_ROLE_JUDGED,  /* what it is about */
    KUBE_ROLE_SUBJECT, /* its foreach */
    KUBE_ROLE_BELONGS  /* what belongs to an object of its foreach */
};

/** A rule that wants a read. */
struct kube_want {
    struct kube_rule *rule;
    enum kube_role role;
    struct kube_want *next;
    struct kube_want *beside; /* of the same chain in a kube_look, below */
};

/** Rules with one check: it is looked at once. */
struct kube_same {
    struct check *check; /* of the first of them */
    struct kube_want *wants; /* linked by beside */
    struct kube_same *next;
};

/** Rules with one path: what it finds in an object is found once. */
struct kube_look {
    struct check *check; /* of the first of them */
    struct kube_same *checks;
    struct kube_look *next;
};

/** What a read tells its owner; see judge.h. */
struct kube_read_events {
    /** An object of a list; item and what is put into arena live until the
     * call returns. */
    engine_status (*item)(struct kube_read *read, const struct value *item,
                          struct arena *arena, void *user,
                          engine_error *err);
    /** The end; exactly once. */
    void (*done)(struct kube_read *read, void *user);
};

struct kube_read {
    struct kube_path path;
    bool filtered; /* a dump's file that already is a filter's output */

    /* rule.c: who wants it, and how */
    struct kube_want *wants, *last;
    struct kube_look *looks;  /* of those, rules over each object by itself... */
    struct kube_want *others; /* ... and the others, by beside; see share.c */
    struct value_mask *mask; /* what of an object anybody looks at */
    bool keep; /* some rule needs the whole list at the end */
    bool filters; /* some rule has a filter over each object */

    /* once it is done */
    engine_error failure;  /* status ENGINE_OK: it was read, or is absent */
    bool absent;           /* definitely not there */
    bool has_list;         /* the answer had an "items" list */
    uint64_t items;        /* objects of the list that were judged */
    const struct value *document; /* the answer; with items when keep is set,
                                   * with an empty list otherwise */

    /* read.c */
    const struct kube_read_events *events;
    void *user;
    struct value_stream *stream;
    struct arena scratch; /* for one item */
    struct arena arena;   /* for what stays until the end */
    struct kube_kept *kept;
    struct kube_seen *seen;
    bool overlaps; /* what was judged may come once more: pass over it */
    bool open;     /* bytes came that no page has ended */
    bool more;     /* the last page named a next one */
    bool page_list; /* this page has a list */
    const struct kube_selector *narrow; /* set by a dump whose file was not
                                         * read with the path's selectors */
    struct kube_record *record;
    bool done;
};

/* ---- called by sources -------------------------------------------------- */

/** Bytes of the answer's body: JSON, in chunks of any size. */
engine_status kube_read_bytes(struct kube_read *read, const char *data,
                              size_t len, engine_error *err);
/** A document that was parsed elsewhere: bytes and page in one. */
engine_status kube_read_value(struct kube_read *read,
                              const struct value *document,
                              engine_error *err);
/** One object of a list that the source puts together itself. */
engine_status kube_read_item(struct kube_read *read, const struct value *item,
                             engine_error *err);
/**
 * The document is complete. *next is set to metadata.continue (borrowed
 * until the next call) when there are more pages, else to NULL.
 */
engine_status kube_read_page(struct kube_read *read, const char **next,
                             engine_error *err);
/** The try was given up, or a list goes on from another version of it: what
 * was seen may come once more, and is passed over then. */
void kube_read_again(struct kube_read *read);
/** The server (or the dump) definitely has no such thing. */
void kube_read_absent(struct kube_read *read);
/** The end, exactly once; why is NULL or ENGINE_OK for success. */
void kube_read_done(struct kube_read *read, const engine_error *why);

/* ---- called by the scan -------------------------------------------------- */

engine_status kube_read_open(struct kube_read *read,
                             const struct kube_read_events *events,
                             void *user, engine_error *err);
/** True when the path is one of a single object, not of a list. */
bool kube_read_is_named(const struct kube_read *read);
/** Drops buffers that a finished read does not need any more. */
void kube_read_clear(struct kube_read *read);

#endif
