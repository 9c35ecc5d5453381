/* SPDX-License-Identifier: Apache-2.0 */
/* template_private.h - a template while it is expanded, and its words. */
#ifndef SDK_KIT_TEMPLATE_PRIVATE_H
#define SDK_KIT_TEMPLATE_PRIVATE_H

#include "sdk/base/buffer.h"
#include "sdk/kit/template.h"

#define TEMPLATE_MAX_NESTING 32
#define TEMPLATE_MAX_TEXT ((size_t)1024 * 1024) /* before and after */

/** An open {{if}}. */
struct template_frame {
    size_t at;   /* where it is, for messages */
    bool outer;  /* what is around it is taken */
    bool active; /* this branch is taken */
    bool taken;  /* this branch or one before it was */
    bool last;   /* {{else}} was seen */
};

struct template {
    const char *text;
    size_t len, at;
    size_t opened; /* where the inside of the action begins */
    bool trim;     /* the action before ended with -}} */
    const bson_t *variables;
    template_used_fn used;
    void *user;
    struct buffer out;
    struct template_frame frames[TEMPLATE_MAX_NESTING];
    int depth;
    engine_error *err;
};

enum template_kind {
    TEMPLATE_CLOSE,   /* }} or -}} */
    TEMPLATE_WORD,    /* if, else, end, eq, ne, ... */
    TEMPLATE_FIELD,   /* .name; text is the name */
    TEMPLATE_TEXT,    /* "..." or `...`, quotes included */
    TEMPLATE_COMMENT, /* the whole of an action */
    TEMPLATE_OTHER
};

struct template_word {
    enum template_kind kind;
    const char *text;
    size_t len, at;
};

/** The next word of an action. */
engine_status template_next(struct template *template,
                            struct template_word *word);
bool template_word_is(const struct template_word *word, const char *text);
bool template_is_space(char byte);

/** Appends what a quoted text stands for. */
engine_status template_unquote(struct template *template,
                               const struct template_word *word,
                               struct buffer *out);
/** Appends the text of a variable. */
engine_status template_value(struct template *template,
                             const struct template_word *field,
                             struct buffer *out);
/** Finds the variable, silently. */
bool template_lookup(const struct template *template,
                     const struct template_word *field, bson_iter_t *out);

/** Fails with the place in the text. */
engine_status template_fail(struct template *template, size_t at,
                            const char *format, ...)
    __attribute__((format(printf, 3, 4)));
engine_status template_unexpected(struct template *template,
                                  const struct template_word *word,
                                  const char *wanted);

#endif
