/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xml.h - reading and writing XML with libxml2: no network, no DOCTYPE, no
 * entities of its own, bounded size and depth; written one element per line,
 * because oscap's OVAL reader needs white space between elements.
 */
#ifndef PLUGINS_OSCAP_XML_H
#define PLUGINS_OSCAP_XML_H

#include <libxml/tree.h>
#include <stdbool.h>

#include "sdk/base/arena.h"
#include "sdk/base/buffer.h"
#include "sdk/base/error.h"

#define XML_INPUT_MAX ((size_t)256 * 1024 * 1024)
#define XML_DEPTH_MAX 200

#define XML_XCCDF "http://checklists.nist.gov/xccdf/1.2"
#define XML_XCCDF_11 "http://checklists.nist.gov/xccdf/1.1"
#define XML_OVAL "http://oval.mitre.org/XMLSchema/oval-definitions-5"
#define XML_OVAL_COMMON "http://oval.mitre.org/XMLSchema/oval-common-5"
#define XML_OVAL_IND XML_OVAL "#independent"
#define XML_OCIL "http://scap.nist.gov/schema/ocil/2"
#define XML_CPE_DICT "http://cpe.mitre.org/dictionary/2.0"
#define XML_CPE_LANG "http://cpe.mitre.org/language/2.0"
#define XML_DS "http://scap.nist.gov/schema/scap/source/1.2"
#define XML_CATALOG "urn:oasis:names:tc:entity:xmlns:xml:catalog"
#define XML_XLINK "http://www.w3.org/1999/xlink"
#define XML_XSI "http://www.w3.org/2001/XMLSchema-instance"
#define XML_DSIG "http://www.w3.org/2000/09/xmldsig#"

/* ---- reading ------------------------------------------------------------ */

/** Parses text; messages begin with "name:line: ". Caller: xmlFreeDoc. */
engine_status xml_parse(const char *text, size_t len, const char *name,
                        xmlDoc **out, engine_error *err);

/** True when node is the element {uri}name. */
bool xml_is(const xmlNode *node, const char *uri, const char *name);
/** The first child element, and the next sibling element; NULL: none. */
xmlNode *xml_first(const xmlNode *parent);
xmlNode *xml_next(const xmlNode *node);
/** The first child element {uri}name, and the next sibling of that name. */
xmlNode *xml_child(const xmlNode *parent, const char *uri, const char *name);
xmlNode *xml_sibling(const xmlNode *node, const char *uri, const char *name);
/** An attribute without and with a namespace, borrowed; NULL: absent. */
const char *xml_attr(const xmlNode *node, const char *name);
const char *xml_attr_ns(const xmlNode *node, const char *uri, const char *name);
const char *xml_name(const xmlNode *node);
const char *xml_uri(const xmlNode *node);
/** xs:boolean of an attribute, or fallback. */
bool xml_bool(const xmlNode *node, const char *name, bool fallback);
/** All text below node, as it stands; NULL when out of memory. */
char *xml_text(struct arena *arena, const xmlNode *node);
/** The same without white space at both ends. */
char *xml_trimmed(struct arena *arena, const xmlNode *node);

/* ---- writing ------------------------------------------------------------ */

#define XML_NAMES_MAX 64

/** The namespaces of one container; the first has no prefix. */
struct xml_names {
    struct {
        const char *uri;
        char prefix[24];
    } items[XML_NAMES_MAX];
    size_t count;
};

void xml_names_init(struct xml_names *names, const char *default_uri);
/** Reserves a prefix for text that is written by hand. */
void xml_names_reserve(struct xml_names *names, const char *uri,
                       const char *prefix);
/** Appends ` xmlns="..." xmlns:x="..."`. */
void xml_names_write(const struct xml_names *names, struct buffer *out);

/** True for the elements that shall be written. */
typedef bool (*xml_keep_fn)(const xmlNode *node, void *user);

/**
 * Writes an element, each child element on a line of its own unless it stands
 * amid text. Prefixes come from `names`, which learns new namespaces; the
 * slice declares none.
 */
void xml_write(struct buffer *out, const xmlNode *node, int indent,
               struct xml_names *names, xml_keep_fn keep, void *user);
/** Writes the start tag alone, without the attributes listed in `skip`, with
 * those in `extra` (as text, such as ` a="b"`). */
void xml_write_start(struct buffer *out, const xmlNode *node,
                     struct xml_names *names, const char *const *skip,
                     const char *extra);
void xml_write_indent(struct buffer *out, int indent);
/** Escapes text for an element or a quoted attribute. */
void xml_escape(struct buffer *out, const char *text, bool attribute);
/** False when text holds characters that XML cannot carry. */
bool xml_can_carry(const char *text);

#endif
