/* SPDX-License-Identifier: Apache-2.0 */
/*
 * foreach.h - rules over two collections: each object of the one (a subject)
 * has a verdict over the objects of the other that belong to it. Both are
 * read once; what the rule looks at of their objects is kept until the end.
 */
#ifndef PLUGINS_KUBERNETES_FOREACH_H
#define PLUGINS_KUBERNETES_FOREACH_H

#include "plugins/kubernetes/rule.h"

struct kube_foreach;

/** A subject, and an array of what belongs to it. */
struct kube_belonging {
    const struct value *subject;
    struct value objects;
};

/** Compiles a rule of that form and subscribes it to both collections. */
engine_status kube_rule_plan_foreach(struct kube_rule *rule,
                                     const bson_t *content,
                                     const struct check_words *words,
                                     const struct kube_planner *planner,
                                     engine_error *err);
void kube_foreach_free(struct kube_foreach *each);
/** Takes the texts that have "{item.PATH}" in them, which then are NULL: no
 * server can select by them. The others are noted. */
engine_status kube_foreach_take(struct kube_foreach *each, char **space,
                                char **name, char **labels,
                                engine_error *err);
/** What the rule looks at of the objects of a role. */
engine_status kube_foreach_wants(const struct kube_foreach *each,
                                 enum kube_role role,
                                 struct value_mask *mask);
/** Kind of the objects that belong to others; NULL: there is no such type. */
const char *kube_foreach_kind(const struct kube_foreach *each);
/** Keeps an object. */
engine_status kube_foreach_keep(struct kube_foreach *each,
                                enum kube_role role, const struct value *item,
                                engine_error *err);

/* ---- foreach_judge.c: when both collections are complete ---------------- */

/** Orders what belongs, once, before the first kube_foreach_get. */
void kube_foreach_sort(struct kube_foreach *each);
size_t kube_foreach_count(const struct kube_foreach *each);
/** A subject with its objects, which live in arena. */
engine_status kube_foreach_get(struct kube_foreach *each, size_t index,
                               struct arena *arena,
                               struct kube_belonging *out, engine_error *err);

/* ---- shared by both files ----------------------------------------------- */

enum { KUBE_EACH_SPACE, KUBE_EACH_NAME, KUBE_EACH_LABELS, KUBE_EACH_TEXTS };
#define KUBE_EACH_PARTS 8 /* placeholders of one text */

/** "a-{item.metadata.name}": texts[0] paths[0] texts[1] ... */
struct kube_each_text {
    char *texts[KUBE_EACH_PARTS + 1];
    struct expr *paths[KUBE_EACH_PARTS];
    size_t count; /* placeholders; 0: there are none */
};

struct kube_each_list {
    struct value *items;
    size_t count, room;
};

struct kube_foreach {
    struct expr *path; /* the rule's, of one object that belongs */
    char *kind;
    struct kube_each_text texts[KUBE_EACH_TEXTS];
    struct value_mask *masks[2]; /* of subjects, of what belongs */
    struct kube_each_list lists[2];
    struct arena arena;
};

#endif
