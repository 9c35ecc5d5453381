/* SPDX-License-Identifier: Apache-2.0 */
/* xccdf.h - XCCDF 1.2 (NIST IR 7275r4) written from rule documents. */
#ifndef ENGINE_SERVER_XCCDF_H
#define ENGINE_SERVER_XCCDF_H

#include "engine/server/private.h"

/* of what the replaced system generates */
#define XCCDF_PREFIX "xccdf_com.hanalyx.openwatch_"
#define XCCDF_NAMESPACE "http://checklists.nist.gov/xccdf/1.2"
#define XCCDF_TEXT_MAX ((size_t)15 * 1024 * 1024)

/* ---- xccdf_text.c -------------------------------------------------------- */

/** Text for an element or a quoted attribute; what XML cannot carry becomes
 * a question mark. */
void xccdf_text(struct buffer *out, const char *text);
/** The same for an attribute of type anyURI. */
void xccdf_uri(struct buffer *out, const char *text);
/** `<name>text</name>` on a line; nothing for no text. */
void xccdf_element(struct buffer *out, int indent, const char *name,
                   const char *text);
/** True for "xccdf_NAMESPACE_KIND_NAME" of that kind. */
bool xccdf_is_id(const char *kind, const char *name);
/** An XCCDF id ("xccdf_NAMESPACE_KIND_NAME", an NCName): `name` as it is when
 * it is one of that kind, else made from it; in the arena. NULL: out of
 * memory. */
const char *xccdf_id(struct arena *arena, const char *kind, const char *name);
/** The id of a variable's Value: what it declares, else made from its name. */
const char *xccdf_value_id(struct arena *arena, const char *name,
                           const bson_t *variable);
/** The id of the profile of a framework. */
const char *xccdf_profile_id(struct arena *arena, const char *framework,
                             const char *version);
/** A `<set-value>` line. */
void xccdf_set_value(struct buffer *out, const char *value_id,
                     const bson_iter_t *value);
/** A text of the request, or fallback; ENGINE_EINVAL for what is no text. */
engine_status xccdf_field(const bson_t *json, const char *name,
                          const char *fallback, const char **out,
                          engine_error *err);

/* ---- xccdf_rule.c -------------------------------------------------------- */

/** A `<Rule>`. content_id: the rule of imported content whose checks it has;
 * NULL: it gets its own check, which names what the rule says. */
void xccdf_rule(struct buffer *out, struct arena *arena, const char *id,
                const bson_t *rule, const char *content_id);
/** A `<Value>` for a variable. */
void xccdf_value(struct buffer *out, const char *id, const char *name,
                 const bson_t *variable);

/* ---- xccdf_benchmark.c, xccdf_tailoring.c -------------------------------- */

/** The whole answer, without generated_at. */
engine_status xccdf_benchmark(struct request *request, bson_t *out,
                              engine_error *err);
engine_status xccdf_tailoring(struct request *request, bson_t *out,
                              engine_error *err);

/* ---- xccdf_content.c ----------------------------------------------------- */

/** Rules of imported content, by their ids in the store. */
struct xccdf_content {
    const struct plugin_entry *plugin;
    const char **stored_ids;
    size_t count;
    const char *artifact;
    const char *profile; /* or NULL */
};

/** Has the scanner complete a benchmark; *out is replaced. */
engine_status xccdf_content_complete(struct request *request,
                                     const struct xccdf_content *content,
                                     struct buffer *out, engine_error *err);

#endif
