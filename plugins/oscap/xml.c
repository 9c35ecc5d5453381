/* SPDX-License-Identifier: Apache-2.0 */
/* xml.c - parsing untrusted XML and looking around in it. */
#include "plugins/oscap/xml.h"

#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <string.h>

/* What the SAX hooks saw; reached through the context's _private. */
struct xml_guard {
    bool doctype, too_deep;
    int line;
};

static void xml_on_doctype(void *user, const xmlChar *name,
                           const xmlChar *public_id, const xmlChar *system_id)
{
    xmlParserCtxt *parser = user;
    struct xml_guard *guard = parser->_private;

    (void)name;
    (void)public_id;
    (void)system_id;
    guard->doctype = true;
    guard->line = xmlSAX2GetLineNumber(parser);
    xmlStopParser(parser);
}

static void xml_on_start(void *user, const xmlChar *name, const xmlChar *prefix,
                         const xmlChar *uri, int namespaces_count,
                         const xmlChar **namespaces, int attributes_count,
                         int defaulted, const xmlChar **attributes)
{
    xmlParserCtxt *parser = user;
    struct xml_guard *guard = parser->_private;

    if (parser->nodeNr >= XML_DEPTH_MAX) {
        guard->too_deep = true;
        guard->line = xmlSAX2GetLineNumber(parser);
        xmlStopParser(parser);
        return;
    }
    xmlSAX2StartElementNs(parser, name, prefix, uri, namespaces_count,
                          namespaces, attributes_count, defaulted, attributes);
}

static void xml_on_error(void *user, xmlError *error)
{
    (void)user;
    (void)error; /* kept by the context; never printed */
}

static engine_status xml_refuse(const xmlParserCtxt *parser,
                                const struct xml_guard *guard, const char *name,
                                engine_error *err)
{
    const xmlError *error = xmlCtxtGetLastError((void *)(uintptr_t)parser);
    const char *text = error && error->message ? error->message : "";
    engine_status status;

    if (guard->doctype) {
        status =
            engine_fail(err, ENGINE_EPARSE, "%s:%d: a DOCTYPE is not accepted",
                        name, guard->line);
        engine_hint(err, "remove the DOCTYPE and the entities it declares");
        return status;
    }
    if (guard->too_deep)
        return engine_fail(err, ENGINE_ELIMIT,
                           "%s:%d: elements are nested more than %d deep", name,
                           guard->line, XML_DEPTH_MAX);
    if (error && error->code == XML_ERR_NO_MEMORY)
        return engine_fail_memory(err);
    return engine_fail(err, ENGINE_EPARSE, "%s:%d: %.*s", name,
                       error ? error->line : 1, (int)strcspn(text, "\n"),
                       *text ? text : "not well-formed XML");
}

engine_status xml_parse(const char *text, size_t len, const char *name,
                        xmlDoc **out, engine_error *err)
{
    const int options = XML_PARSE_NONET | XML_PARSE_NOCDATA | XML_PARSE_HUGE |
                        XML_PARSE_BIG_LINES | XML_PARSE_COMPACT;
    struct xml_guard guard = {false, false, 0};
    xmlParserCtxt *parser;
    xmlDoc *doc;
    engine_status status = ENGINE_OK;

    if (len > XML_INPUT_MAX)
        return engine_fail(err, ENGINE_ELIMIT,
                           "\"%s\" is larger than %zu bytes", name,
                           XML_INPUT_MAX);
    parser = xmlNewParserCtxt();
    if (!parser)
        return engine_fail_memory(err);
    parser->_private = &guard;
    parser->sax->internalSubset = xml_on_doctype;
    parser->sax->externalSubset = NULL;
    parser->sax->startElementNs = xml_on_start;
    parser->sax->serror = xml_on_error;
    doc = xmlCtxtReadMemory(parser, text, (int)len, name, NULL, options);
    if (!doc || !parser->wellFormed || guard.doctype || guard.too_deep ||
        !xmlDocGetRootElement(doc)) {
        status = xml_refuse(parser, &guard, name, err);
        xmlFreeDoc(doc);
    } else {
        *out = doc;
    }
    xmlFreeParserCtxt(parser);
    return status;
}

const char *xml_name(const xmlNode *node)
{
    return (const char *)node->name;
}

const char *xml_uri(const xmlNode *node)
{
    return node->ns && node->ns->href ? (const char *)node->ns->href : "";
}

bool xml_is(const xmlNode *node, const char *uri, const char *name)
{
    return node && node->type == XML_ELEMENT_NODE &&
           strcmp(xml_name(node), name) == 0 && strcmp(xml_uri(node), uri) == 0;
}

static xmlNode *xml_element(xmlNode *node)
{
    while (node && node->type != XML_ELEMENT_NODE)
        node = node->next;
    return node;
}

xmlNode *xml_first(const xmlNode *parent)
{
    return parent ? xml_element(parent->children) : NULL;
}

xmlNode *xml_next(const xmlNode *node)
{
    return xml_element(node->next);
}

xmlNode *xml_child(const xmlNode *parent, const char *uri, const char *name)
{
    xmlNode *node = xml_first(parent);

    while (node && !xml_is(node, uri, name))
        node = xml_next(node);
    return node;
}

xmlNode *xml_sibling(const xmlNode *node, const char *uri, const char *name)
{
    xmlNode *at = xml_next(node);

    while (at && !xml_is(at, uri, name))
        at = xml_next(at);
    return at;
}

static const char *xml_attr_value(const xmlAttr *attr)
{
    if (!attr->children || !attr->children->content)
        return "";
    return (const char *)attr->children->content;
}

const char *xml_attr(const xmlNode *node, const char *name)
{
    for (const xmlAttr *at = node->properties; at; at = at->next)
        if (!at->ns && strcmp((const char *)at->name, name) == 0)
            return xml_attr_value(at);
    return NULL;
}

const char *xml_attr_ns(const xmlNode *node, const char *uri, const char *name)
{
    for (const xmlAttr *at = node->properties; at; at = at->next)
        if (at->ns && strcmp((const char *)at->ns->href, uri) == 0 &&
            strcmp((const char *)at->name, name) == 0)
            return xml_attr_value(at);
    return NULL;
}

bool xml_bool(const xmlNode *node, const char *name, bool fallback)
{
    const char *text = xml_attr(node, name);

    if (!text)
        return fallback;
    return strcmp(text, "true") == 0 || strcmp(text, "1") == 0;
}

/* The text nodes below node in document order, without recursion. */
static const xmlNode *xml_text_next(const xmlNode *top, const xmlNode *at)
{
    if (at->type == XML_ELEMENT_NODE && at->children)
        return at->children;
    while (at != top && !at->next)
        at = at->parent;
    return at == top ? NULL : at->next;
}

static bool xml_is_text(const xmlNode *node)
{
    return (node->type == XML_TEXT_NODE ||
            node->type == XML_CDATA_SECTION_NODE) &&
           node->content;
}

char *xml_text(struct arena *arena, const xmlNode *node)
{
    size_t len = 0;
    char *text, *end;

    for (const xmlNode *at = node; at; at = xml_text_next(node, at))
        if (xml_is_text(at))
            len += strlen((const char *)at->content);
    text = end = arena_alloc(arena, len + 1);
    if (!text)
        return NULL;
    for (const xmlNode *at = node; at; at = xml_text_next(node, at)) {
        if (!xml_is_text(at))
            continue;
        len = strlen((const char *)at->content);
        memcpy(end, at->content, len);
        end += len;
    }
    return text;
}

char *xml_trimmed(struct arena *arena, const xmlNode *node)
{
    static const char space[] = " \t\r\n";
    char *text = xml_text(arena, node);
    size_t len;

    if (!text)
        return NULL;
    text += strspn(text, space);
    len = strlen(text);
    while (len && strchr(space, text[len - 1]))
        text[--len] = '\0';
    return text;
}
