/* SPDX-License-Identifier: Apache-2.0 */
/* judge.h - objects go by, rules look at them, and end. */
#ifndef PLUGINS_KUBERNETES_JUDGE_H
#define PLUGINS_KUBERNETES_JUDGE_H

#include "plugins/kubernetes/rule.h"

struct kube_namespaces;

/** One scan's judge: the user of its reads' events. */
struct kube_judge {
    const struct kube *self;
    const struct scanner_job *job;
    const struct kube_namespaces *namespaces; /* NULL: all of them */
    uint64_t passing; /* results with pass that a rule emits at most */
    uint64_t rules_done, rules_total;
    struct kube_programs *programs;
    struct arena scratch;
    struct check_outcome outcome; /* of the object that is being judged */
    engine_error err;
};

extern const struct kube_read_events kube_judge_events;

/** A rule whose reads have all ended (also: that has none). */
void kube_judge_finish(struct kube_judge *judge, struct kube_rule *rule,
                       struct kube_read *read);
/** A rule that cannot be checked, before or after its reads. */
void kube_judge_error(struct kube_judge *judge, struct kube_rule *rule,
                      const engine_error *why);
/** A rule that is no work for this target. */
void kube_judge_skip(struct kube_judge *judge, struct kube_rule *rule,
                     const char *why);

/* ---- an object goes by ---------------------------------------------------- */

/** The first failure of a rule makes it an error. */
void kube_judge_note(struct kube_rule *rule, const engine_error *why);
/** Whether an object is in the target's namespaces. */
bool kube_judge_is_inside(const struct kube_judge *judge,
                          const struct kube_want *want,
                          const struct value *object);
/** Judges one object for one rule; NULL: there is none. */
void kube_judge_object(struct kube_judge *judge, struct kube_rule *rule,
                       const struct kube_read *read,
                       const struct value *object, struct arena *arena);
/** judge_look.c: judges one object for all rules that look at one path. */
void kube_judge_look(struct kube_judge *judge, const struct kube_read *read,
                     const struct kube_look *look, const struct value *item,
                     struct arena *arena);

/* ---- namespaces.c --------------------------------------------------------- */

/** A target's namespaces: {include: [patterns], exclude: [patterns]} or a
 * list of patterns (glob(7)); NULL when it names none. */
engine_status kube_namespaces_new(const bson_t *target,
                                  struct kube_namespaces **out,
                                  engine_error *err);
void kube_namespaces_free(struct kube_namespaces *namespaces);
bool kube_namespaces_match(const struct kube_namespaces *namespaces,
                           const char *name);
/** The included names when there are only plain ones and few; else 0. */
size_t kube_namespaces_plain(const struct kube_namespaces *namespaces,
                             const char *const **names);

#endif
