/* SPDX-License-Identifier: Apache-2.0 */
/* run.h - what the steps of one scan share; private to engine/scan. */
#ifndef ENGINE_SCAN_RUN_H
#define ENGINE_SCAN_RUN_H

#include <engine/scanner.h>

#include "engine/scan/scan.h"
#include "sdk/base/buffer.h"
#include "sdk/base/hash.h"

#define SCAN_NO_TARGET "none" /* target of a verdict that no target suits */
#define SCAN_LEASE_MS 60000
#define SCAN_NONE UINT32_MAX

/** A selected rule that takes its verdict from a unit. */
struct scan_subscriber {
    uint32_t selected; /* index into the selection */
    uint32_t next;     /* in scan_group.subscribers, or SCAN_NONE */
    char *verdict_id;  /* once it has a result; freed with the group */
};

/** One evaluation: a rule document that the plugin gets once. */
struct scan_unit {
    const char *stored_id; /* _id of the rule document to send */
    const char *rule_id;   /* what the plugin calls it */
    uint32_t first;        /* first subscriber */
    uint32_t counts[10];   /* results by SCANNER_* status */
    uint32_t results;      /* how many, for their ids */
    int32_t worst;         /* 0: none yet */
    bool done;
    char *message;         /* of the worst result; freed with the unit */
};

#define SCAN_FEED 64 /* rule documents read at once */

/** Rule documents on their way from the store to a job; see feed.c. */
struct scan_feed {
    size_t first, count; /* the units whose documents these are */
    bool cut;            /* they are large: not all were read */
    bool has[SCAN_FEED];
    bson_t documents[SCAN_FEED];
};

/** One (plugin, target): one job. */
struct scan_group {
    struct scan_run *run;
    const struct plugin_entry *plugin;
    const bson_t *target;        /* borrowed from the run's configuration */
    const char *target_id, *target_type;
    struct scan_unit *units;
    size_t units_count, units_room;
    struct scan_subscriber *subscribers;
    size_t subscribers_count, subscribers_room;
    struct table by_rule;        /* rule_id -> index + 1 */
    size_t guess;                /* in it: rules mostly come in order */
    struct table artifacts;      /* ids that the rules refer to */
    const char **artifact_ids;   /* NULL-ended, for the job */
    size_t next;                 /* the next unit to send */
    int64_t units_done;          /* have their verdict */
    int64_t units_told;          /* the plugin says it is done with */
    struct scan_feed *feed;      /* NULL: nothing was sent yet */
    bson_t request;
    struct job job;
    int64_t started_ms;
    struct job_end end;
    bool ended;
};

/** One target with what is known about it. */
struct scan_target {
    bson_t document;   /* canonical, with "id" */
    const char *id, *type;
    bson_t platforms;  /* CPE names, once asked */
    engine_error probe_error;
    bool probed;
    const struct plugin_entry *asked; /* whether this one accepts it ... */
    bool accepted;                    /* ... for thousands of rules */
};

/** Documents waiting for the next commit. */
struct scan_batch {
    bson_t **items;
    size_t count, room;
    size_t bytes; /* of all of them */
    bson_t **spares; /* of batches before, to be filled again; or NULL */
    size_t spares_count;
};

/** How results get to the store; see deliver.c. */
struct scan_delivery {
    struct store_spool *spool;  /* NULL: nothing is spooled */
    bool away;            /* the store was, when it was asked last */
    bool full;            /* nothing more is spooled: batches stay in memory */
    bool left;            /* what is spooled is for the next engine */
    unsigned refusals;    /* in a row, though it answers */
    int64_t since_ms;     /* steady time at which it went away */
    int64_t next_ms, pause_ms; /* when it is asked again, and how seldom */
    int64_t counted_frames, counted_bytes; /* told to the figures */
    engine_error why;     /* it is away */
};

/** A whole scan. */
struct scan_run {
    const struct scan_context *context;
    struct conduct_options conduct; /* the context's, with our callbacks */
    char scan_id[37];
    char *owner;
    bson_t config;               /* canonical */
    bool has_config;
    struct rules_selection selection;
    bool has_selection;
    struct scan_target *targets;
    size_t targets_count;
    struct scan_group **groups;
    size_t groups_count, groups_room;
    struct table done;           /* resume: verdict ids that stay */
    struct scan_batch verdicts, results;
    struct hash *hash;           /* of fingerprints; NULL: not yet */
    struct buffer text;          /* an id, or what is hashed, being made */
    struct buffer made;          /* a document that is */
    struct scan_delivery delivery;
    bson_t artifacts;            /* [{id, name, media_type, scanner, target}] */
    uint32_t artifacts_count;    /* 0: there is no list */
    bson_t warnings;             /* [{message, scanner, target}] */
    uint32_t warnings_count;     /* 0: there is no list */
    int64_t committed_ms;        /* steady time of the last commit */
    int64_t checked_ms;          /* ... of the last look at the lease */
    int64_t leased_ms;           /* ... of the last renewal */
    int64_t started_ms, deadline_ms; /* steady; deadline 0: none */
    struct scan_progress progress;
    char what[128];
    bool cancel, lost, stop;     /* asked; another engine took over; policy */
    bool deleted;                /* lost, because there is no scan any more */
    bool suspend;                /* stop, but stay pending: SCAN_SUSPEND */
    bool timed_out;              /* the scan's own deadline has passed */
    bool dry;                    /* a plan: nothing is ever committed */
    engine_error failure;        /* of the scan itself, such as the store */
};

/* request.c */
engine_status scan_targets_take(struct scan_run *run, engine_error *err);
int64_t scan_option_int(const bson_t *config, const char *name);

/* group.c */
engine_status scan_groups_build(struct scan_run *run, engine_error *err);
void scan_groups_free(struct scan_run *run);
struct scan_unit *scan_group_find(struct scan_group *group,
                                  const char *rule_id);
/** A unit for a finding that was not in the job. */
struct scan_unit *scan_group_finding(struct scan_group *group,
                                     const char *rule_id,
                                     const bson_t *details,
                                     engine_error *err);

/* feed.c */
/** The rule document of units[next], valid until the next call for another
 * one. ENGINE_ENOTFOUND: it is not there any more. */
engine_status scan_feed_rule(struct scan_feed *feed, struct store *store,
                             const struct scan_group *group, size_t next,
                             const bson_t **out, engine_error *err);
void scan_feed_clear(struct scan_feed *feed);

/* resolve.c */
engine_status scan_target_probe(struct scan_run *run,
                                struct scan_target *target,
                                const struct plugin_entry *plugin,
                                engine_error *err);
/** Document, stored id and rule id for a bare reference on a target;
 * ENGINE_ENOTFOUND says why there is none. */
engine_status scan_resolve(struct scan_run *run, struct scan_target *target,
                           const struct plugin_entry *plugin,
                           const char *scap_rule_id, bson_t *out,
                           engine_error *err);

/* collect.c */
engine_status scan_collect_result(void *group, const bson_t *frame,
                                  engine_error *err);
engine_status scan_collect_rule_done(void *group, const bson_t *frame,
                                     engine_error *err);
/** Gives every unit that has no verdict one made by the engine. */
engine_status scan_collect_rest(struct scan_group *group, int32_t status,
                                const char *message, engine_error *err);
/** A verdict of the engine for one selected rule. */
engine_status scan_collect_verdict(struct scan_run *run, size_t selected,
                                   const char *target_id,
                                   const char *target_type, int32_t status,
                                   const char *message, engine_error *err);
engine_status scan_collect_commit(struct scan_run *run, engine_error *err);
/** An empty document, for scan_batch_add or bson_destroy; NULL: out of memory.
 * It has room for at least `len` bytes already, mostly. */
bson_t *scan_batch_spare(struct scan_batch *batch, size_t len);
/** Takes over the document, also on failure. */
engine_status scan_batch_add(struct scan_batch *batch, bson_t *document);
void scan_batch_empty(struct scan_batch *batch);
void scan_batch_clear(struct scan_batch *batch);
const char *scan_status_word(int32_t status);
int scan_severity_rank(const char *severity);
char *scan_verdict_id(const struct scan_run *run, const char *target_id,
                      const struct rules_selected *rule);

/* collect_result.c */
/** Makes the result of one subscriber out of a frame and adds it to the
 * batch. */
engine_status scan_result_add(struct scan_group *group,
                              const struct scan_unit *unit,
                              struct scan_subscriber *subscriber,
                              const bson_t *frame, int32_t status,
                              engine_error *err);

/* deliver.c */
/** Writes the run's batches, or spools them while the store is away, which is
 * no failure; writes what is spooled when the store is back. */
engine_status scan_deliver(struct scan_run *run, engine_error *err);
/** True when `why` says that the store is away and this scan can wait. */
bool scan_deliver_away(struct scan_run *run, const engine_error *why);
/** True when the store has been away for longer than a scan may wait. */
bool scan_deliver_is_over(const struct scan_run *run);
/** Waits until everything is in the store. ENGINE_EAWAY, ENGINE_ECANCELLED: it
 * is not, and the next engine will go on; nothing else is to be written. */
engine_status scan_deliver_finish(struct scan_run *run, engine_error *err);
void scan_deliver_close(struct scan_run *run);

/* leftover.c */
/** scan_recover_spools for one scan. */
engine_status scan_leftover_drain(const struct scan_context *context,
                                  const char *scan_id, engine_error *err);

/* dispatch.c */
/** From here on workers, probing ones too, end when the scan is to end, and
 * the lease is renewed while they work. */
/** ENGINE_EUNSUPPORTED when a recording is asked for and nothing can. */
engine_status scan_record_check(const struct scan_run *run,
                                engine_error *err);
/** Adds "record" to the request of a group whose scanner can record. */
engine_status scan_record_add(const struct scan_group *group, bson_t *request,
                              engine_error *err);
void scan_dispatch_watch(struct scan_run *run);
engine_status scan_dispatch(struct scan_run *run, engine_error *err);
void scan_progress_tell(struct scan_run *run);

/* undo.c */
/** Undoes what this scan's scanners left open; what cannot be is logged. */
void scan_undo_own(struct scan_run *run);
/** The same for scans that nobody works on any more. */
engine_status scan_undo_left(struct scan_run *run, engine_error *err);

/* scan.c */
void scan_run_clear(struct scan_run *run);

/* document.c: the scan document, its lease and its summary */
engine_status scan_document_insert(struct scan_run *run, const char *trigger,
                                   const bson_t *more, bool pending,
                                   engine_error *err);
/** Replaces fields of the stored document (compare-and-set on its rev). */
engine_status scan_document_update(struct store *store, const char *scan_id,
                                   const char *owner, const bson_t *changes,
                                   engine_error *err);
/** `waiting`: only a scan that is pending or whose engine died. */
engine_status scan_document_take(struct scan_run *run, bool waiting,
                                 engine_error *err);
/** Notes a file that a scanner left for keeps, for the summary. */
engine_status scan_document_note_artifact(struct scan_group *group,
                                          const char *id, const char *name,
                                          const char *media_type,
                                          engine_error *err);
/** Renews the lease, also one that has run out; notes a cancel request or a
 * lost scan in the run. */
engine_status scan_lease_check(struct scan_run *run, engine_error *err);

/* warning.c */
/** A scanner's warning, stored at once, and again with the summary. One that
 * is known is none; of too many the rest is left out, and this said. */
engine_status scan_warning_add(void *group, const char *message,
                               engine_error *err);
/** A resume goes on with what scanners said in the runs before. */
void scan_warnings_take(const bson_t *scan, struct scan_run *run);
/** Appends them to the scan's list of warnings; the number of items. */
uint32_t scan_warnings_append(const struct scan_run *run, bson_t *list);

/* summary.c */
engine_status scan_summarise(struct scan_run *run, const char *status,
                             engine_error *err);

#endif
