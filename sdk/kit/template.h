/* SPDX-License-Identifier: Apache-2.0 */
/*
 * template.h - the part of Go templates (text/template) that Kubernetes
 * content has in its paths and filters: {{.name}}, {{if eq|ne .name "text"}},
 * {{else if ...}}, {{else}}, {{end}}, nested, with {{- and -}} trimming.
 */
#ifndef SDK_KIT_TEMPLATE_H
#define SDK_KIT_TEMPLATE_H

#include <bson/bson.h>
#include <stdbool.h>

#include "sdk/base/buffer.h"

/** Told of every variable that was looked up and had a value. */
typedef void (*template_used_fn)(const char *name, void *user);

/**
 * Expands a text with variables {id: value}; names match with or without an
 * xccdf_*_value_ prefix. A variable without a value, an unknown action and a
 * missing {{end}} are ENGINE_EINVAL naming them. Where a variable's value is
 * null it is the text "None", as the content's own tools have it. Text
 * without {{ comes out as it is. Caller frees *out (engine_free).
 *
 * eq and ne compare texts; eq takes any number of alternatives, as in Go. A
 * bare {{if .name}} asks whether the variable is not empty, zero or false.
 * What is not taken has to be well-formed, but its variables may be unknown.
 */
engine_status template_expand(const char *text, const bson_t *variables,
                              template_used_fn used, void *user, char **out,
                              engine_error *err);

/**
 * The variable when text is nothing but {{.name}}: *value stands on it then.
 * False when text is anything else or there is no such variable.
 */
bool template_single(const char *text, const bson_t *variables,
                     bson_iter_t *value);

/** A variable by its name, with or without an xccdf_*_value_ prefix. */
bool template_variable(const bson_t *variables, const char *name,
                       bson_iter_t *out);

/**
 * Appends a value to a document under key, with variables in all its texts: a
 * text that is only {{.variable}} takes the typed value. used gets those that
 * were used, {id: value}.
 */
engine_status template_fill(const bson_iter_t *from, const bson_t *variables,
                            bson_t *used, bson_t *to, const char *key,
                            engine_error *err);
/** Remembers in used that a variable was used. */
void template_note(bson_t *used, const bson_iter_t *variable);

/** Appends its text, "None" for null; false: it is a list or a document. */
bool template_variable_text(const bson_iter_t *value, struct buffer *out);

#endif
