/* SPDX-License-Identifier: Apache-2.0 */
/* evidence_private.h - the excerpt of an OVAL results file, in an arena. */
#ifndef PLUGINS_OSCAP_EVIDENCE_PRIVATE_H
#define PLUGINS_OSCAP_EVIDENCE_PRIVATE_H

#include <libxml/tree.h>

#include "plugins/oscap/evidence.h"
#include "sdk/base/arena.h"
#include "sdk/base/hash.h"

#define EVIDENCE_OVAL "http://oval.mitre.org/XMLSchema/oval-"
#define EVIDENCE_RESULTS EVIDENCE_OVAL "results-"
#define EVIDENCE_DEFINITIONS EVIDENCE_OVAL "definitions-"
#define EVIDENCE_ITEMS EVIDENCE_OVAL "system-characteristics-"

#define EVIDENCE_NESTING 64 /* definitions which extend definitions */

/* A criterion or an extend_definition. */
struct evidence_ref {
    struct evidence_ref *next;
    const char *id;
    bool extends, negate;
};

struct evidence_definition {
    const char *result;
    struct evidence_ref *refs;
    unsigned visit; /* the walk that saw it last */
};

/* A field of an item or state, or a tested variable (name is its id). */
struct evidence_field {
    struct evidence_field *next;
    const char *name;
    const char *value; /* NULL: does not exist, or comes from the variable */
    const char *operation, *variable; /* states only */
};

struct evidence_item {
    const char *type; /* NULL until it was read */
    struct evidence_field *fields;
};

struct evidence_state {
    bool known;
    struct evidence_field *fields;
};

struct evidence_state_ref {
    struct evidence_state_ref *next;
    struct evidence_state *state;
};

struct evidence_tested {
    struct evidence_item *item;
    const char *result;
};

struct evidence_test {
    const char *id, *comment, *check, *existence;
    const char *result;            /* NULL until it was read */
    struct evidence_tested *items; /* OSCAP_EVIDENCE_ITEMS of them */
    size_t items_count, items_total;
    struct evidence_field *variables;
    struct evidence_state_ref *states;
    bool defined;   /* its definition was read */
    unsigned visit; /* the walk that saw it last */
};

struct oscap_evidence {
    struct arena arena;
    struct table definitions, tests, states, items;
    unsigned visit;
    unsigned system; /* item ids are unique within one system only */
};

/** Whether an element is of a namespace that begins so, and has that name. */
bool evidence_in(const xmlNode *node, const char *prefix);
bool evidence_named(const xmlNode *node, const char *name);
/** An attribute, or fallback where there is none; NULL: no memory. */
const char *evidence_attribute(struct oscap_evidence *evidence,
                               const xmlNode *node, const char *name,
                               const char *fallback);

/** Copy one element; what was copied already is left as it is. */
engine_status evidence_take_definition(struct oscap_evidence *evidence,
                                       const xmlNode *node, engine_error *err);
engine_status evidence_take_test(struct oscap_evidence *evidence,
                                 struct evidence_test *test,
                                 const xmlNode *node, engine_error *err);
engine_status evidence_take_item(struct oscap_evidence *evidence,
                                 struct evidence_item *item,
                                 const xmlNode *node, engine_error *err);
engine_status evidence_define_test(struct oscap_evidence *evidence,
                                   struct evidence_test *test,
                                   const xmlNode *node, engine_error *err);
engine_status evidence_define_state(struct oscap_evidence *evidence,
                                    struct evidence_state *state,
                                    const xmlNode *node, engine_error *err);

/** After NULL from the arena: out of memory, or too much to keep? */
engine_status evidence_full(const struct oscap_evidence *evidence,
                            engine_error *err);

/** Called for each test of a definition, in the order of the criteria. */
typedef engine_status (*evidence_test_fn)(struct oscap_evidence *evidence,
                                          const struct evidence_ref *ref,
                                          bool negate, void *user,
                                          engine_error *err);

/** Walks a definition and those it extends, each once. */
engine_status evidence_walk(struct oscap_evidence *evidence,
                            const char *definition_id, evidence_test_fn fn,
                            void *user, engine_error *err);

#endif
