/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import_text.c - descriptions as plain text: XHTML markup goes, paragraphs
 * and lists become lines, <sub> becomes what the variable is called.
 */
#include <string.h>

#include "plugins/oscap/import_private.h"

struct text_writer {
    struct import *import;
    struct buffer out;
    bool space;     /* white space is due before the next word */
    unsigned lines; /* line ends that are due */
};

static bool text_is_block(const char *name)
{
    static const char *const blocks[] = {
        "p",  "div", "ul", "ol", "li", "pre", "br",    "h1", "h2",
        "h3", "h4",  "tr", "dl", "dt", "dd",  "table", NULL};

    for (size_t i = 0; blocks[i]; i++)
        if (strcmp(blocks[i], name) == 0)
            return true;
    return false;
}

static void text_flush(struct text_writer *writer)
{
    if (writer->lines && writer->out.len)
        buffer_putc(&writer->out, '\n');
    else if (writer->space && writer->out.len)
        buffer_putc(&writer->out, ' ');
    writer->lines = 0;
    writer->space = false;
}

static void text_words(struct text_writer *writer, const char *text)
{
    while (*text) {
        const size_t blank = strspn(text, " \t\r\n");
        size_t word;

        writer->space = writer->space || blank;
        text += blank;
        word = strcspn(text, " \t\r\n");
        if (!word)
            continue;
        text_flush(writer);
        buffer_append(&writer->out, text, word);
        text += word;
    }
}

/* Inside <pre> every character counts. */
static void text_verbatim(struct text_writer *writer, const char *text)
{
    if (!*text)
        return;
    text_flush(writer);
    buffer_puts(&writer->out, text);
}

static void text_sub(struct text_writer *writer, const xmlNode *node,
                     bool title_first)
{
    const char *idref = xml_attr(node, "idref"), *use = xml_attr(node, "use");
    const struct import_item *value =
        idref ? import_item_find(writer->import, idref) : NULL;
    const char *text = NULL;

    if (!value || value->kind != FRAGMENT_VALUE)
        return;
    if (use && strcmp(use, "title") == 0)
        title_first = true;
    if (title_first)
        text = import_child_prose(writer->import, value->node, "title");
    if (!text || !*text)
        text = import_value_default(writer->import, value->node);
    if (text)
        text_words(writer, text);
}

static bool text_within(const xmlNode *node, const xmlNode *top,
                        const char *name)
{
    for (; node && node != top; node = node->parent)
        if (node->type == XML_ELEMENT_NODE && strcmp(xml_name(node), name) == 0)
            return true;
    return false;
}

static void text_enter(struct text_writer *writer, const xmlNode *node,
                       const xmlNode *top)
{
    if (node->type == XML_TEXT_NODE && node->content) {
        if (text_within(node->parent, top, "pre"))
            text_verbatim(writer, (const char *)node->content);
        else
            text_words(writer, (const char *)node->content);
        return;
    }
    if (node->type != XML_ELEMENT_NODE || node == top)
        return;
    if (xml_is(node, XML_XCCDF, "sub"))
        text_sub(writer, node, true);
    if (text_is_block(xml_name(node)))
        writer->lines = 1;
    if (strcmp(xml_name(node), "li") == 0) {
        text_flush(writer);
        buffer_puts(&writer->out, "- ");
    }
}

const char *import_prose(struct import *import, const xmlNode *node)
{
    struct text_writer writer = {.import = import};
    const xmlNode *at = node;
    const char *text = "";

    buffer_init(&writer.out, 4 * 1024 * 1024);
    while (at) {
        text_enter(&writer, at, node);
        if (at->type == XML_ELEMENT_NODE && at->children) {
            at = at->children;
            continue;
        }
        while (at != node && !at->next) {
            at = at->parent;
            if (at->type == XML_ELEMENT_NODE && text_is_block(xml_name(at)))
                writer.lines = 1;
        }
        at = at == node ? NULL : at->next;
    }
    if (writer.out.len)
        text = arena_strndup(&import->arena, writer.out.data, writer.out.len);
    if (writer.out.status < 0 || !text)
        import->writer.pool.status = writer.out.status < 0 ? writer.out.status
            : ENGINE_ENOMEM;
    buffer_clear(&writer.out);
    return text;
}

/* A function: BSON_APPEND_UTF8 would evaluate its arguments twice. */
void import_put(bson_t *out, const char *key, const char *text)
{
    bson_append_utf8(out, key, -1, text ? text : "", -1);
}

const char *import_verbatim(struct import *import, const xmlNode *node)
{
    const char *text = xml_text(&import->arena, node);

    if (!text)
        import->writer.pool.status = ENGINE_ENOMEM;
    return text;
}

const char *import_trimmed(struct import *import, const xmlNode *node)
{
    const char *text = xml_trimmed(&import->arena, node);

    if (!text)
        import->writer.pool.status = ENGINE_ENOMEM;
    return text;
}

const char *import_child_prose(struct import *import, const xmlNode *node,
                               const char *name)
{
    const xmlNode *child = xml_child(node, XML_XCCDF, name);

    return child ? import_prose(import, child) : "";
}
