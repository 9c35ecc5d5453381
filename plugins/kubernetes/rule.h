/* SPDX-License-Identifier: Apache-2.0 */
/* rule.h - a rule of the job, compiled: what it reads and what must hold. */
#ifndef PLUGINS_KUBERNETES_RULE_H
#define PLUGINS_KUBERNETES_RULE_H

#include "plugins/kubernetes/kubernetes.h"
#include "plugins/kubernetes/read.h"
#include "plugins/kubernetes/source.h"
#include "sdk/base/hash.h"
#include "sdk/kit/check.h"
#include "sdk/kit/expr.h"

struct kube_foreach;

/** How a rule wants to see what it reads. */
enum kube_view {
    KUBE_VIEW_OBJECTS,  /* each object by itself, with a verdict each */
    KUBE_VIEW_ELEMENTS, /* OVAL form, its path cut to apply to an element */
    KUBE_VIEW_FILTERED, /* OVAL form, its filter cut to apply to an element */
    KUBE_VIEW_DOCUMENT, /* OVAL form, the whole answer at once */
    KUBE_VIEW_EACH      /* a verdict for each object of foreach, over the
                         * objects that belong to it */
};

/** When a rule's object, or every object, is missing. */
enum kube_missing {
    KUBE_MISSING_CHECK, /* the condition says what that means */
    KUBE_MISSING_NOT_APPLICABLE
};

struct kube_rule {
    const bson_t *document; /* the job's */
    const char *rule_id;
    struct check *check;
    enum kube_view view;
    struct expr *filter; /* DOCUMENT: of the answer; FILTERED: of an element;
                          * borrowed from the programs of the scan */
    struct expr *rest;   /* FILTERED: of the array of all outputs */
    char *kind;          /* OBJECTS: of every object */
    bool named;          /* OBJECTS: one of them, by name */
    bool outside;        /* its namespace is none of the target's */
    enum kube_missing missing;
    enum kube_role role; /* of the reads that are being planned */
    struct kube_foreach *each; /* EACH */
    bson_t variables; /* that its paths and filters used, {id: value} */

    /* judge.c */
    unsigned waiting;      /* reads that have not ended */
    engine_error failure;  /* the first that makes the rule an error */
    struct arena kept;     /* FILTERED: outputs so far */
    struct value *outputs;
    size_t outputs_count, outputs_room;
    uint64_t judged;       /* objects */
    uint64_t passed;       /* results with pass that were emitted */
    uint64_t silent[10];   /* outcomes without a result, by status */
    int32_t worst;
    uint64_t worse;        /* objects with that status */
    char message[512];     /* of the first of them */
    bool ended;
};

struct kube_namespaces;
struct kube_programs;
struct kube_reads;
struct kube_recorder;

/** What rules are planned with. */
struct kube_planner {
    struct kube_source *source;
    const bson_t *variables; /* of the job */
    const struct kube_namespaces *namespaces;
    struct kube_recorder *recorder; /* NULL: nothing is recorded */
    struct kube_reads *reads;
    struct kube_programs *programs;
};

void kube_rule_init(struct kube_rule *rule, const bson_t *document);
/**
 * Compiles a rule and subscribes it to what it reads. ENGINE_EUNSUPPORTED:
 * it is no work for this source, the message says why. A rule that waits for
 * no read then asks for nothing that exists.
 */
engine_status kube_rule_plan(struct kube_rule *rule,
                             const struct kube_planner *planner,
                             engine_error *err);
/** Frees what a rule needs no more once it has ended. */
void kube_rule_release(struct kube_rule *rule);
void kube_rule_clear(struct kube_rule *rule);

/* ---- rule_objects.c ------------------------------------------------------ */

/** The reads of a rule of the condition form. */
engine_status kube_rule_plan_objects(struct kube_rule *rule,
                                     const bson_t *content,
                                     const struct kube_planner *planner,
                                     engine_error *err);
/** Subscribes to the objects that content names (resource_type, ...): keys
 * of that kind alone. *kind is set to theirs (owned), NULL: there is no such
 * type. each is NULL, or takes what depends on an item. */
engine_status kube_rule_want_objects(struct kube_rule *rule,
                                     const bson_t *content,
                                     const struct kube_planner *planner,
                                     struct kube_foreach *each, char **kind,
                                     engine_error *err);
/** A text of content with its template expanded; NULL: it has none. Caller
 * frees; the variables that it used are noted on the rule. */
engine_status kube_rule_text(struct kube_rule *rule, const bson_t *content,
                             const char *key,
                             const struct kube_planner *planner, char **out,
                             engine_error *err);

/* ---- reads.c: the distinct reads of a scan, and the distinct filters ----- */

struct kube_reads {
    struct kube_read **items;
    size_t count, room;
    struct table by_key;
    struct arena arena;
};

void kube_reads_init(struct kube_reads *reads);
void kube_reads_clear(struct kube_reads *reads);
/** The read of a path ("/api/v1/pods?limit=500"; "...#hash" for a filtered
 * file where the source has it), which rule waits for from now on. */
engine_status kube_reads_want(struct kube_reads *reads,
                              struct kube_source *source, const char *path,
                              struct kube_rule *rule, struct kube_read **out,
                              engine_error *err);
/** What of the objects of a read a rule looks at. */
engine_status kube_reads_mask(struct kube_read *read,
                              const struct kube_rule *rule,
                              engine_error *err);

/** share.c: sorts a read's rules by what they look at, once all are planned. */
engine_status kube_reads_share(struct kube_reads *reads,
                               struct kube_read *read, engine_error *err);

struct kube_programs *kube_programs_new(void);
void kube_programs_free(struct kube_programs *programs);
/** Promises that a value stays until the next call, so that it is converted
 * once for all programs; NULL ends it. */
void kube_programs_hold(struct kube_programs *programs,
                        const struct value *value);
/** The jq program of a text, compiled once. */
engine_status kube_programs_get(struct kube_programs *programs,
                                const char *text, struct expr **out,
                                engine_error *err);

#endif
