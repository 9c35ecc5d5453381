/* SPDX-License-Identifier: Apache-2.0 */
/* compile.h - choosing the fragments that a set of rules needs. */
#ifndef PLUGINS_OSCAP_COMPILE_H
#define PLUGINS_OSCAP_COMPILE_H

#include "plugins/oscap/fragments.h"

#define COMPILE_PROFILE "xccdf_org.scan-engine_profile_scan"
#define COMPILE_APPLICABLE "scan-engine-applicability-oval.xml"

/** A set of fragments, closed over their references. */
struct compile_set {
    const struct oscap_content *content;
    unsigned char *marked; /* by item */
    uint32_t *stack;
    uint32_t *rules;     /* the rules asked for, ascending, once each */
    const char *profile; /* whose refine-rules apply, or NULL */
    size_t stack_count, rules_count;
};

engine_status compile_set_init(struct compile_set *set,
                               const struct oscap_content *content,
                               engine_error *err);
void compile_set_clear(struct compile_set *set);
/** Adds items and all they refer to. */
void compile_set_mark(struct compile_set *set, uint32_t item);
/** Adds the rules of documents, their groups and the benchmark's platforms. */
engine_status compile_set_rules(struct compile_set *set,
                                const bson_t *const *rules, size_t count,
                                engine_error *err);
/** The item of one rule document. */
engine_status compile_rule_find(const struct oscap_content *content,
                                const bson_t *rule, uint32_t *out,
                                engine_error *err);

/* compile_xccdf.c, compile_oval.c: text of one component */
void compile_benchmark(const struct compile_set *set, struct buffer *out);
void compile_oval(const struct compile_set *set, uint32_t component,
                  struct buffer *out);
void compile_dictionary(const struct compile_set *set, const char *cpe,
                        struct buffer *out);
void compile_applicable_oval(struct buffer *out);
/** The slice of an item. */
void compile_slice(const struct compile_set *set, uint32_t item,
                   struct buffer *out);

/* ---- compile_cache.c ---------------------------------------------------- */

/** Marks a cached file as used now. */
void compile_cache_used(const char *path);
/** Removes what was not used for a month; when there are very many, also what
 * no scan can be using any more. */
void compile_cache_sweep(const char *directory);

#endif
