/* SPDX-License-Identifier: Apache-2.0 */
/* sts_answer.c - what STS says: an XML document, read by libxml2 without
 * entities, network or anything large. */
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <stdio.h>
#include <string.h>

#include "plugins/aws/credentials_private.h"
#include "sdk/base/clock.h"

#define ANSWER_OPTIONS                                                    \
    (XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |          \
     XML_PARSE_NOCDATA)
#define ANSWER_DEPTH 16

/* A document without a DTD, so without entities of its own; NULL: none. */
static xmlDoc *answer_open(const char *text, size_t len)
{
    xmlDoc *doc = len <= AWS_ANSWER_MAXIMUM
                      ? xmlReadMemory(text, (int)len, NULL, NULL,
                                      ANSWER_OPTIONS)
                      : NULL;

    if (doc && (doc->intSubset || doc->extSubset)) {
        xmlFreeDoc(doc);
        return NULL;
    }
    return doc;
}

/* keys are in there */
static void answer_wipe(xmlNode *node, unsigned depth)
{
    for (; node && depth < ANSWER_DEPTH; node = node->next) {
        if (node->type == XML_TEXT_NODE && node->content &&
            node->content != (xmlChar *)&node->properties)
            explicit_bzero(node->content, strlen((char *)node->content));
        if (node->type == XML_ELEMENT_NODE)
            answer_wipe(node->children, depth + 1);
    }
}

static xmlNode *answer_child(xmlNode *node, const char *name)
{
    for (xmlNode *at = node ? node->children : NULL; at; at = at->next)
        if (at->type == XML_ELEMENT_NODE &&
            strcmp((const char *)at->name, name) == 0)
            return at;
    return NULL;
}

/* the text of an element with nothing but text in it */
static const char *answer_text(xmlNode *node, const char *name)
{
    xmlNode *child = answer_child(node, name);

    child = child ? child->children : NULL;
    return child && !child->next && child->type == XML_TEXT_NODE
               ? (const char *)child->content
               : NULL;
}

static engine_status answer_take(xmlNode *node, struct aws_keys *out,
                                 engine_error *err)
{
    const char *id = answer_text(node, "AccessKeyId");
    const char *secret = answer_text(node, "SecretAccessKey");
    const char *token = answer_text(node, "SessionToken");
    const char *expires = answer_text(node, "Expiration");

    if (!id || !secret || !token || !expires)
        return engine_fail(err, ENGINE_EPARSE,
                           "an answer without AccessKeyId, SecretAccessKey, "
                           "SessionToken or Expiration");
    if (clock_parse(expires, &out->expires_ms) < 0)
        return engine_fail(err, ENGINE_EPARSE,
                           "an answer whose Expiration is no date");
    return aws_keys_set(out, id, secret, token, err);
}

engine_status aws_sts_read(const char *text, size_t len, const char *element,
                           struct aws_keys *out, engine_error *err)
{
    xmlDoc *doc = answer_open(text, len);
    xmlNode *node;
    engine_status status;

    if (!doc)
        return engine_fail(err, ENGINE_EPARSE, "an answer that is no XML, or "
                                               "has a DTD");
    node = answer_child(xmlDocGetRootElement(doc), element);
    node = answer_child(node, "Credentials");
    if (node)
        status = answer_take(node, out, err);
    else
        status = engine_fail(err, ENGINE_EPARSE,
                             "an answer without %s and Credentials", element);
    answer_wipe(xmlDocGetRootElement(doc), 0);
    xmlFreeDoc(doc);
    return status;
}

void aws_sts_read_error(const char *text, size_t len, char code[64],
                        char message[320])
{
    xmlDoc *doc = answer_open(text, len);
    xmlNode *node = doc ? xmlDocGetRootElement(doc) : NULL;
    xmlNode *inner = answer_child(node, "Error");
    const char *value;

    code[0] = message[0] = '\0';
    node = inner ? inner : node;
    value = answer_text(node, "Code");
    if (value)
        aws_line(value, strlen(value), code, 64);
    value = answer_text(node, "Message");
    if (value)
        aws_line(value, strlen(value), message, 320);
    xmlFreeDoc(doc);
}
