/* SPDX-License-Identifier: Apache-2.0 */
/* check_private.h - a compiled check, shared by check*.c. */
#ifndef SDK_KIT_CHECK_PRIVATE_H
#define SDK_KIT_CHECK_PRIVATE_H

#include <engine/scanner.h>

#include "sdk/kit/check.h"
#include "sdk/kit/check_oval.h"
#include "sdk/kit/condition_private.h"

#define CHECK_MAX_MEMORY ((size_t)16 * 1024 * 1024) /* of what is compiled */
#define CHECK_MAX_VALUES 50                   /* shown in the evidence */
#define CHECK_MAX_EVIDENCE ((size_t)32 * 1024) /* bytes of them together */
#define CHECK_SHOWN 160                       /* of a value in a message */

/** Values that go into the evidence, up to the limits. */
struct check_sample {
    bson_t *list; /* an array; NULL while there is none */
    uint32_t count;
    size_t total; /* how many there were */
    size_t room;  /* bytes left */
    bool cut;
};

/** What was found out, until it is an outcome. */
struct check_seen {
    struct check_sample values;  /* what was there */
    struct check_sample against; /* what of it did not satisfy */
    char first[CHECK_SHOWN];     /* the first of those, or of all */
    bool hidden;                 /* values are not to be shown */
};

struct check {
    struct arena arena;
    const struct expr_language *language;
    enum check_form form;
    bson_t content;   /* what is used of it, variables applied */
    bson_t variables; /* that were used */
    char *path;
    struct expr *expr;
    unsigned fans;    /* how many [:] a YAML path has; split: whether that of
                       * an element gives several results */
    bool redact;      /* of every subject */
    bool terse;       /* a pass needs no reasons */
    bool absent_is_notapplicable;
    struct condition condition;
    struct oval oval;
    struct check_seen seen;
};

/* ---- check.c --------------------------------------------------------------- */

/** How many lists a YAML path goes through; 0 of other languages. */
unsigned check_fans(const struct expr_language *language, const char *path);

/* ---- check_content.c ------------------------------------------------------ */

/** Copies what a check looks at into check->content, variables applied. */
engine_status check_take(struct check *check, const bson_t *content,
                         const struct check_words *words,
                         const bson_t *variables, engine_error *err);
/** Remembers that a variable was used. */
void check_note(struct check *check, const bson_iter_t *variable);
/** A string of check->content, or NULL; what is no string fails. */
engine_status check_string(const struct check *check, const char *key,
                           const char **out, engine_error *err);
/** A boolean, or the word "true" or "false", as content writes it. */
engine_status check_flag(const struct check *check, const char *key,
                         bool *out, engine_error *err);

/* ---- check_evidence.c ----------------------------------------------------- */

void check_seen_clear(struct check_seen *seen);
/** Forgets what was seen before; hidden: what comes is not shown. */
void check_seen_begin(struct check *check);
/** Makes sure that no value of a Secret is shown. */
void check_seen_subject(struct check *check, const struct value *subject);
engine_status check_seen_value(struct check *check, const char *key,
                               const struct value *value, bool against,
                               engine_error *err);
/** A value for a message: short, one line, nothing hidden. */
void check_show(const struct value *value, bool hidden,
                char out[CHECK_SHOWN]);
/** Fills an outcome; what is in `words` comes first in the evidence. */
engine_status check_outcome_fill(struct check *check, int32_t status,
                                 struct check_outcome *outcome,
                                 engine_error *err, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* ---- check_condition.c ----------------------------------------------------- */

/** All values of the path, of every level. */
engine_status check_select(struct check *check, const struct value *subject,
                           struct arena *arena, struct expr_values *out,
                           engine_error *err);
engine_status check_judge(struct check *check, const struct value *subject,
                          const struct expr_values *values,
                          struct check_outcome *outcome, engine_error *err);

/* ---- check_oval.c ---------------------------------------------------------- */

/** Makes check->oval from check->content. */
engine_status check_compile_oval(struct check *check, const bson_t *variables,
                                 engine_error *err);
void check_oval_clear(struct oval *oval);

/* ---- check_record.c --------------------------------------------------------- */

/** A document, or in a split check an element of its list, as records. */
engine_status check_records(struct check *check, const struct value *value,
                            struct arena *arena, engine_error *err);
/** The document is complete. */
void check_records_end(struct check *check);

#endif
