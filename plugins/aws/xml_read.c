/* SPDX-License-Identifier: Apache-2.0 */
/* xml_read.c - an answer's XML as a tree of elements, by libxml2's SAX. */
#include <libxml/parser.h>
#include <string.h>

#include "plugins/aws/model_private.h"

#define XML_NODES_MAXIMUM (1u << 30)

struct xml_reader {
    struct xml_document *document;
    struct value_builder *texts;
    xmlParserCtxtPtr parser;
    struct xml_node *open[AWS_MAX_DEPTH];
    struct xml_node *last[AWS_MAX_DEPTH]; /* child of each of these so far */
    size_t depth;
    struct buffer text; /* of the innermost element so far */
    engine_status status;
    engine_error *err;
};

static void xml_stop(struct xml_reader *reader, engine_status status)
{
    if (reader->status == ENGINE_OK)
        reader->status = status;
    xmlStopParser(reader->parser);
}

static void *xml_alloc(struct xml_reader *reader, size_t size)
{
    void *memory = arena_alloc(&reader->document->nodes, size);

    if (!memory)
        xml_stop(reader, engine_fail(reader->err, ENGINE_ENOMEM,
                                     "out of memory for an answer"));
    return memory;
}

/* Without XML_PARSE_NOENT, which is for documents that have entities, libxml2
 * leaves an ampersand in an attribute as "&#38;". */
static const char *xml_attribute_text(struct xml_reader *reader,
                                      const char *from, size_t len)
{
    static const char left[] = "&#38;";
    char *text = builder_room(reader->texts, len), *at = text;

    if (!text)
        return NULL;
    for (size_t i = 0; i < len; i++) {
        *at++ = from[i];
        if (len - i >= sizeof(left) - 1 &&
            memcmp(from + i, left, sizeof(left) - 1) == 0)
            i += sizeof(left) - 2;
    }
    *at = '\0';
    return text;
}

static void xml_attribute(struct xml_reader *reader, struct xml_node *node,
                          const xmlChar **from)
{
    struct xml_attribute *attribute = xml_alloc(reader, sizeof(*attribute));

    if (!attribute)
        return;
    /* name, prefix, URI, begin and end of the value */
    attribute->name = (const char *)from[0];
    attribute->value = xml_attribute_text(reader, (const char *)from[3],
                                          (size_t)(from[4] - from[3]));
    attribute->next = node->attributes;
    node->attributes = attribute;
    if (!attribute->value)
        xml_stop(reader, builder_fail(reader->texts, reader->err));
}

/* Puts a node where it belongs and goes into it. */
static void xml_hang(struct xml_reader *reader, struct xml_node *node)
{
    const size_t up = reader->depth - 1; /* when there is a parent */

    if (!reader->depth)
        reader->document->root = node;
    else if (reader->last[up])
        reader->last[up]->next = node;
    else
        reader->open[up]->first = node;
    if (reader->depth)
        reader->last[up] = node;
    reader->last[reader->depth] = NULL;
    reader->open[reader->depth++] = node;
}

static void xml_on_start(void *user, const xmlChar *name,
                         const xmlChar *prefix, const xmlChar *space,
                         int spaces, const xmlChar **space_list,
                         int attributes, int defaulted, const xmlChar **list)
{
    struct xml_reader *reader = ((xmlParserCtxtPtr)user)->_private;
    struct xml_node *node;

    (void)prefix, (void)space, (void)spaces, (void)space_list, (void)defaulted;
    if (reader->depth == AWS_MAX_DEPTH) {
        xml_stop(reader, engine_fail(reader->err, ENGINE_ELIMIT,
                                     "an answer's elements are nested deeper "
                                     "than %d", AWS_MAX_DEPTH));
        return;
    }
    node = xml_alloc(reader, sizeof(*node));
    if (!node)
        return;
    node->name = (const char *)name;
    for (int i = 0; i < attributes; i++)
        xml_attribute(reader, node, list + 5 * i);
    buffer_reset(&reader->text);
    xml_hang(reader, node);
}

static void xml_on_end(void *user, const xmlChar *name, const xmlChar *prefix,
                       const xmlChar *space)
{
    struct xml_reader *reader = ((xmlParserCtxtPtr)user)->_private;
    struct xml_node *node;

    (void)name, (void)prefix, (void)space;
    if (!reader->depth)
        return;
    node = reader->open[--reader->depth];
    if (!node->first && reader->text.len) {
        node->text = builder_text(reader->texts, reader->text.data,
                                  reader->text.len);
        node->text_len = (uint32_t)reader->text.len;
        if (!node->text)
            xml_stop(reader, builder_fail(reader->texts, reader->err));
    }
    buffer_reset(&reader->text);
}

static void xml_on_text(void *user, const xmlChar *text, int len)
{
    struct xml_reader *reader = ((xmlParserCtxtPtr)user)->_private;

    if (buffer_append(&reader->text, text, (size_t)len) != ENGINE_OK)
        xml_stop(reader, buffer_status(&reader->text, reader->err));
}

/* A document type is the door to entities; no answer has one. */
static void xml_on_doctype(void *user, const xmlChar *name,
                           const xmlChar *public_id, const xmlChar *system_id)
{
    struct xml_reader *reader = ((xmlParserCtxtPtr)user)->_private;

    (void)name, (void)public_id, (void)system_id;
    xml_stop(reader, engine_fail(reader->err, ENGINE_EPARSE,
                                 "the answer has a document type, which no "
                                 "answer of AWS has"));
}

static void xml_on_error(void *user, xmlErrorPtr error)
{
    (void)user;
    (void)error;
}

static void xml_handlers(xmlSAXHandlerPtr sax)
{
    memset(sax, 0, sizeof(*sax));
    sax->initialized = XML_SAX2_MAGIC;
    sax->startElementNs = xml_on_start;
    sax->endElementNs = xml_on_end;
    sax->characters = xml_on_text;
    sax->ignorableWhitespace = xml_on_text;
    sax->cdataBlock = xml_on_text;
    sax->internalSubset = xml_on_doctype;
    sax->serror = xml_on_error;
}

static engine_status xml_verdict(struct xml_reader *reader)
{
    const xmlError *error = &reader->parser->lastError;

    if (reader->status != ENGINE_OK)
        return reader->status;
    if (reader->parser->wellFormed && reader->document->root)
        return ENGINE_OK;
    return engine_fail(reader->err, ENGINE_EPARSE,
                       "the answer is no XML: line %d: %.*s", error->line,
                       error->message ? (int)strcspn(error->message, "\n") : 0,
                       error->message ? error->message : "");
}

engine_status xml_read(const char *body, size_t len,
                       struct value_builder *texts, struct xml_document *out,
                       engine_error *err)
{
    struct xml_reader reader = {.document = out, .texts = texts, .err = err};
    xmlDocPtr tree;
    engine_status status;

    *out = (struct xml_document){0};
    arena_init(&out->nodes, XML_NODES_MAXIMUM);
    if (len > INT32_MAX)
        return engine_fail(err, ENGINE_ELIMIT, "the answer is too large");
    reader.parser = xmlNewParserCtxt();
    if (!reader.parser)
        return engine_fail_memory(err);
    buffer_init(&reader.text, 64u << 20);
    xml_handlers(reader.parser->sax);
    reader.parser->_private = &reader;
    tree = xmlCtxtReadMemory(reader.parser, body, (int)len, NULL, NULL,
                             XML_PARSE_NONET | XML_PARSE_NOERROR |
                                 XML_PARSE_NOWARNING);
    xmlFreeDoc(tree);
    status = xml_verdict(&reader);
    out->names = reader.parser->dict;
    xmlDictReference(out->names);
    xmlFreeParserCtxt(reader.parser);
    buffer_clear(&reader.text);
    if (status != ENGINE_OK)
        xml_clear(out);
    return status;
}

void xml_clear(struct xml_document *document)
{
    xmlDictFree(document->names);
    arena_clear(&document->nodes);
    *document = (struct xml_document){0};
}

struct xml_node *xml_child(const struct xml_node *node, const char *name)
{
    struct xml_node *child = node->first;

    while (child && strcmp(child->name, name) != 0)
        child = child->next;
    return child;
}
