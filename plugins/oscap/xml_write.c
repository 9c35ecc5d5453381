/* SPDX-License-Identifier: Apache-2.0 */
/* xml_write.c - slices of a document as text, with prefixes of our own. */
#include <stdio.h>
#include <string.h>

#include "plugins/oscap/xml.h"

void xml_names_init(struct xml_names *names, const char *default_uri)
{
    *names = (struct xml_names){.count = 1};
    names->items[0].uri = default_uri;
}

void xml_names_reserve(struct xml_names *names, const char *uri,
                       const char *prefix)
{
    if (names->count == XML_NAMES_MAX)
        return;
    names->items[names->count].uri = uri;
    snprintf(names->items[names->count].prefix,
             sizeof(names->items[names->count].prefix), "%s", prefix);
    names->count++;
}

static bool xml_names_taken(const struct xml_names *names, const char *prefix)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->items[i].prefix, prefix) == 0)
            return true;
    return false;
}

/* The document's own prefix when it is free, else n1, n2, ... */
static const char *xml_names_add(struct xml_names *names, const xmlNs *ns)
{
    const char *wish = (const char *)ns->prefix;
    const size_t at = names->count;
    char *prefix;

    if (at == XML_NAMES_MAX)
        return NULL;
    prefix = names->items[at].prefix;
    if (wish && strlen(wish) < sizeof(names->items[at].prefix) &&
        !xml_names_taken(names, wish))
        memcpy(prefix, wish, strlen(wish) + 1);
    else
        snprintf(prefix, sizeof(names->items[at].prefix), "n%zu", at);
    names->items[at].uri = (const char *)ns->href;
    names->count++;
    return prefix;
}

/* "" stands for no prefix; attributes may not use the default namespace. */
static const char *xml_names_prefix(struct xml_names *names, const xmlNs *ns,
                                    bool attribute)
{
    if (!ns || !ns->href)
        return "";
    if (strcmp((const char *)ns->href, (const char *)XML_XML_NAMESPACE) == 0)
        return "xml";
    for (size_t i = attribute ? 1 : 0; i < names->count; i++)
        if (strcmp(names->items[i].uri, (const char *)ns->href) == 0)
            return names->items[i].prefix;
    return xml_names_add(names, ns);
}

void xml_names_write(const struct xml_names *names, struct buffer *out)
{
    for (size_t i = 0; i < names->count; i++) {
        buffer_puts(out, i ? " xmlns:" : " xmlns");
        buffer_puts(out, names->items[i].prefix);
        buffer_puts(out, "=\"");
        xml_escape(out, names->items[i].uri, true);
        buffer_putc(out, '"');
    }
}

void xml_escape(struct buffer *out, const char *text, bool attribute)
{
    buffer_xml(out, text, strlen(text), attribute ? "&<>\r\n\t\"" : "&<>\r");
}

/* Three bytes of UTF-8 that stand for a surrogate, U+FFFE or U+FFFF. */
static bool xml_is_outlaw(const unsigned char *at)
{
    if (at[0] == 0xed && at[1] >= 0xa0)
        return true;
    return at[0] == 0xef && at[1] == 0xbf && at[2] >= 0xbe;
}

bool xml_can_carry(const char *text)
{
    if (!xmlCheckUTF8((const unsigned char *)text))
        return false;
    for (const unsigned char *at = (const unsigned char *)text; *at; at++)
        if ((*at < 0x20 && *at != '\t' && *at != '\n' && *at != '\r') ||
            xml_is_outlaw(at))
            return false;
    return true;
}

void xml_write_indent(struct buffer *out, int indent)
{
    static const char blanks[] = "                                ";

    while (indent > 0) {
        const int some = indent < 32 ? indent : 32;

        buffer_append(out, blanks, (size_t)some);
        indent -= some;
    }
}

static void xml_write_name(struct buffer *out, struct xml_names *names,
                           const xmlNs *ns, const xmlChar *name, bool attribute)
{
    const char *prefix = xml_names_prefix(names, ns, attribute);

    if (!prefix) {
        out->status = ENGINE_ELIMIT; /* more namespaces than XML_NAMES_MAX */
        return;
    }
    if (*prefix)
        buffer_printf(out, "%s:", prefix);
    buffer_puts(out, (const char *)name);
}

/* The value of xsi:type is itself a qualified name. */
static void xml_write_type(struct buffer *out, const xmlNode *node,
                           struct xml_names *names, const char *value)
{
    const char *colon = strchr(value, ':');
    char prefix[64];
    const xmlNs *ns;

    if (colon && (size_t)(colon - value) >= sizeof(prefix))
        colon = NULL;
    memcpy(prefix, value, colon ? (size_t)(colon - value) : 0);
    prefix[colon ? colon - value : 0] = '\0';
    ns = xmlSearchNs(node->doc, (xmlNode *)(uintptr_t)node,
                     colon ? (const xmlChar *)prefix : NULL);
    if (ns)
        xml_write_name(out, names, ns,
                       (const xmlChar *)(colon ? colon + 1 : value), true);
    else
        xml_escape(out, value, true);
}

static bool xml_skips(const char *const *skip, const xmlAttr *attr)
{
    for (; skip && *skip; skip++)
        if (!attr->ns && strcmp((const char *)attr->name, *skip) == 0)
            return true;
    return false;
}

static void xml_write_open(struct buffer *out, const xmlNode *node,
                           struct xml_names *names, const char *const *skip)
{
    buffer_putc(out, '<');
    xml_write_name(out, names, node->ns, node->name, false);
    for (const xmlAttr *at = node->properties; at; at = at->next) {
        const char *value = at->children && at->children->content
                                ? (const char *)at->children->content
                                : "";

        if (xml_skips(skip, at))
            continue;
        buffer_putc(out, ' ');
        xml_write_name(out, names, at->ns, at->name, true);
        buffer_puts(out, "=\"");
        if (at->ns && strcmp((const char *)at->ns->href, XML_XSI) == 0 &&
            strcmp((const char *)at->name, "type") == 0)
            xml_write_type(out, node, names, value);
        else
            xml_escape(out, value, true);
        buffer_putc(out, '"');
    }
}

void xml_write_start(struct buffer *out, const xmlNode *node,
                     struct xml_names *names, const char *const *skip,
                     const char *extra)
{
    xml_write_open(out, node, names, skip);
    buffer_puts(out, extra);
    buffer_puts(out, ">\n");
}

static bool xml_has_text(const xmlNode *node)
{
    for (const xmlNode *at = node->children; at; at = at->next)
        if ((at->type == XML_TEXT_NODE || at->type == XML_CDATA_SECTION_NODE) &&
            at->content &&
            ((const char *)
                 at->content)[strspn((const char *)at->content, " \t\r\n")])
            return true;
    return false;
}

/* How an element is laid out: every child on its own line, or as it stands. */
struct xml_layout {
    struct xml_names *names;
    xml_keep_fn keep;
    void *user;
};

/* Depth is bounded by XML_DEPTH_MAX at parsing. */
static void xml_write_node(struct buffer *out, const xmlNode *node, int indent,
                           bool in_text, const struct xml_layout *layout)
{
    const bool verbatim =
        in_text || xml_has_text(node) || (!xml_first(node) && node->children);
    bool lines = false;

    if (!in_text)
        xml_write_indent(out, indent);
    xml_write_open(out, node, layout->names, NULL);
    buffer_puts(out, node->children ? ">" : "/>");
    for (const xmlNode *at = node->children; at; at = at->next) {
        if (at->type == XML_ELEMENT_NODE &&
            (!layout->keep || layout->keep(at, layout->user))) {
            if (!verbatim && !lines)
                buffer_putc(out, '\n');
            lines = !verbatim;
            xml_write_node(out, at, indent + 2, verbatim, layout);
        } else if (verbatim && at->content &&
                   (at->type == XML_TEXT_NODE ||
                    at->type == XML_CDATA_SECTION_NODE)) {
            xml_escape(out, (const char *)at->content, false);
        }
    }
    if (lines)
        xml_write_indent(out, indent);
    if (node->children) {
        buffer_puts(out, "</");
        xml_write_name(out, layout->names, node->ns, node->name, false);
        buffer_putc(out, '>');
    }
    if (!in_text)
        buffer_putc(out, '\n');
}

void xml_write(struct buffer *out, const xmlNode *node, int indent,
               struct xml_names *names, xml_keep_fn keep, void *user)
{
    const struct xml_layout layout = {names, keep, user};

    xml_write_node(out, node, indent, false, &layout);
}
