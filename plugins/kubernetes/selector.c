/* SPDX-License-Identifier: Apache-2.0 */
/* selector.c - compiling and matching label and field selectors. */
#include "plugins/kubernetes/selector.h"

#include <ctype.h>
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/base/arena.h"

#define SELECTOR_MEMORY ((size_t)256 * 1024)

enum selector_op {
    SELECTOR_EQUALS,
    SELECTOR_NOT_EQUALS,
    SELECTOR_IN,
    SELECTOR_NOT_IN,
    SELECTOR_EXISTS,
    SELECTOR_NOT_EXISTS
};

struct selector_term {
    enum selector_op op;
    bool field;
    const char *key;
    const char **values;
    size_t count;
    struct selector_term *next;
};

struct kube_selector {
    struct arena arena;
    struct selector_term *terms;
};

static char *selector_trim(struct arena *arena, const char *text, size_t len)
{
    while (len && isspace((unsigned char)*text)) {
        text++;
        len--;
    }
    while (len && isspace((unsigned char)text[len - 1]))
        len--;
    return arena_strndup(arena, text, len);
}

static engine_status selector_fail(engine_error *err, const char *text,
                                   size_t len)
{
    engine_fail(err, ENGINE_EINVAL, "\"%.*s\" is no selector",
                (int)(len > 200 ? 200 : len), text);
    engine_hint(err, "selectors are key=value, key!=value, key in (a, b), "
                     "key notin (a, b), key and !key, separated by commas");
    return ENGINE_EINVAL;
}

/* the values of "(a, b)" */
static engine_status selector_values(struct kube_selector *selector,
                                     struct selector_term *term,
                                     const char *text, size_t len,
                                     engine_error *err)
{
    size_t commas = 1;

    while (len && isspace((unsigned char)text[len - 1]))
        len--;
    if (len < 2 || text[0] != '(' || text[len - 1] != ')')
        return selector_fail(err, text, len);
    text++;
    len -= 2;
    for (size_t i = 0; i < len; i++)
        commas += text[i] == ',';
    term->values =
        arena_alloc(&selector->arena, commas * sizeof(*term->values));
    for (size_t i = 0; term->values && i < commas; i++) {
        const char *comma = memchr(text, ',', len);
        const size_t part = comma ? (size_t)(comma - text) : len;
        term->values[term->count] =
            selector_trim(&selector->arena, text, part);
        if (!term->values[term->count++])
            return engine_fail_memory(err);
        text += part + (comma ? 1 : 0);
        len -= part + (comma ? 1 : 0);
    }
    return term->values ? ENGINE_OK : engine_fail_memory(err);
}

static engine_status selector_equality(struct kube_selector *selector,
                                       struct selector_term *term,
                                       const char *text, size_t len,
                                       const char *equals, engine_error *err)
{
    const bool negative = equals > text && equals[-1] == '!';
    const char *value = equals + (equals + 1 < text + len && equals[1] == '='
                                      ? 2 : 1);

    term->op = negative ? SELECTOR_NOT_EQUALS : SELECTOR_EQUALS;
    term->key = selector_trim(&selector->arena, text,
                              (size_t)(equals - text) - negative);
    term->values = arena_alloc(&selector->arena, sizeof(*term->values));
    if (!term->key || !term->values)
        return engine_fail_memory(err);
    term->values[term->count++] = selector_trim(
        &selector->arena, value, (size_t)(text + len - value));
    if (!term->values[0])
        return engine_fail_memory(err);
    return *term->key ? ENGINE_OK : selector_fail(err, text, len);
}

/* "key", "!key", "key in (...)", "key notin (...)" */
static engine_status selector_words(struct kube_selector *selector,
                                    struct selector_term *term,
                                    const char *text, size_t len,
                                    engine_error *err)
{
    const bool negative = *text == '!';
    const char *key = text + negative;
    size_t key_len = 0;
    const char *rest;

    while (key_len < len - negative && !isspace((unsigned char)key[key_len]))
        key_len++;
    term->key = arena_strndup(&selector->arena, key, key_len);
    if (!term->key)
        return engine_fail_memory(err);
    rest = key + key_len;
    while (rest < text + len && isspace((unsigned char)*rest))
        rest++;
    if (!*term->key || (negative && rest < text + len))
        return selector_fail(err, text, len);
    if (rest == text + len) {
        term->op = negative ? SELECTOR_NOT_EXISTS : SELECTOR_EXISTS;
        return ENGINE_OK;
    }
    term->op = strncmp(rest, "in", 2) == 0 ? SELECTOR_IN : SELECTOR_NOT_IN;
    if (term->op == SELECTOR_NOT_IN && strncmp(rest, "notin", 5) != 0)
        return selector_fail(err, text, len);
    rest += term->op == SELECTOR_IN ? 2 : 5;
    while (rest < text + len && isspace((unsigned char)*rest))
        rest++;
    return selector_values(selector, term, rest, (size_t)(text + len - rest),
                           err);
}

static engine_status selector_term_add(struct kube_selector *selector,
                                       bool field, const char *text,
                                       size_t len, engine_error *err)
{
    struct selector_term *term = arena_alloc(&selector->arena, sizeof(*term));
    const char *equals;

    if (!term)
        return engine_fail_memory(err);
    while (len && isspace((unsigned char)*text)) {
        text++;
        len--;
    }
    if (len == 0)
        return selector_fail(err, text, len);
    term->field = field;
    term->next = selector->terms;
    selector->terms = term;
    equals = memchr(text, '=', len);
    if (equals)
        return selector_equality(selector, term, text, len, equals, err);
    return field ? selector_fail(err, text, len)
                 : selector_words(selector, term, text, len, err);
}

/* terms are separated by commas outside of parentheses */
static engine_status selector_add(struct kube_selector *selector, bool field,
                                  const char *text, engine_error *err)
{
    engine_status status = ENGINE_OK;

    while (status == ENGINE_OK && text && *text) {
        size_t len = 0;
        for (bool inside = false; text[len] && (inside || text[len] != ',');
             len++)
            inside = text[len] == '(' || (inside && text[len] != ')');
        status = selector_term_add(selector, field, text, len, err);
        text += len + (text[len] == ',');
    }
    return status;
}

engine_status kube_selector_new(const char *labels, const char *fields,
                                struct kube_selector **out, engine_error *err)
{
    struct kube_selector *selector = engine_calloc(1, sizeof(*selector));
    engine_status status;

    if (!selector)
        return engine_fail_memory(err);
    arena_init(&selector->arena, SELECTOR_MEMORY);
    status = selector_add(selector, false, labels, err);
    if (status == ENGINE_OK)
        status = selector_add(selector, true, fields, err);
    if (status < 0) {
        kube_selector_free(selector);
        return status;
    }
    *out = selector;
    return ENGINE_OK;
}

void kube_selector_free(struct kube_selector *selector)
{
    if (!selector)
        return;
    arena_clear(&selector->arena);
    engine_free(selector);
}

/* ---- matching ------------------------------------------------------------ */

/* "spec.nodeName" into an object; fields hold only plain keys */
static const struct value *selector_field(const struct value *object,
                                          const char *path)
{
    while (object && *path) {
        const size_t len = strcspn(path, ".");
        object = value_member_n(object, path, len);
        path += len + (path[len] == '.');
    }
    return object;
}

static bool selector_listed(const struct selector_term *term,
                            const char *text)
{
    for (size_t i = 0; i < term->count; i++)
        if (strcmp(term->values[i], text) == 0)
            return true;
    return false;
}

static bool selector_term_matches(const struct selector_term *term,
                                  const struct value *object)
{
    const struct value *labels = value_at(object, "metadata", "labels", NULL);
    const struct value *found = term->field
                                    ? selector_field(object, term->key)
                                    : value_member(labels, term->key);
    const char *text = value_text(found);

    if (term->field && !text)
        text = found && found->kind == VALUE_BOOL
                   ? (found->boolean ? "true" : "false")
                   : "";
    switch (term->op) {
    case SELECTOR_EXISTS:
        return found != NULL;
    case SELECTOR_NOT_EXISTS:
        return found == NULL;
    case SELECTOR_EQUALS:
    case SELECTOR_IN:
        return text && selector_listed(term, text);
    default: /* a missing label is none of them */
        return !text || !selector_listed(term, text);
    }
}

bool kube_selector_matches(const struct kube_selector *selector,
                           const struct value *object)
{
    for (const struct selector_term *term = selector->terms; term;
         term = term->next)
        if (!selector_term_matches(term, object))
            return false;
    return true;
}
