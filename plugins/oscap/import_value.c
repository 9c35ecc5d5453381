/* SPDX-License-Identifier: Apache-2.0 */
/* import_value.c - XCCDF values as variables of rule documents. */
#include <stdlib.h>
#include <string.h>

#include "plugins/oscap/import_private.h"

/* The element of this selector; none or "" is the default. */
static xmlNode *value_part(const xmlNode *node, const char *name,
                           const char *selector)
{
    xmlNode *at = xml_child(node, XML_XCCDF, name);

    for (; at; at = xml_sibling(at, XML_XCCDF, name)) {
        const char *have = xml_attr(at, "selector");

        if (strcmp(have ? have : "", selector) == 0)
            break;
    }
    return at;
}

const char *import_value_select(struct import *import, const xmlNode *node,
                                const char *selector)
{
    const xmlNode *value = value_part(node, "value", selector);

    return value ? import_verbatim(import, value) : NULL;
}

const char *import_value_default(struct import *import, const xmlNode *node)
{
    return import_value_select(import, node, "");
}

static const char *value_type(struct import *import, const xmlNode *node)
{
    const char *type = xml_attr(node, "type");

    if (!type || strcmp(type, "string") == 0)
        return "string";
    if (strcmp(type, "number") == 0 || strcmp(type, "boolean") == 0)
        return type;
    import_warn(import, node,
                "value \"%s\" has the unknown type \"%s\", "
                "taken as string",
                xml_attr(node, "id"), type);
    return "string";
}

static void value_put(bson_t *out, const char *key, const char *text)
{
    if (text && *text)
        import_put(out, key, text);
}

static void value_bound(struct import *import, const xmlNode *node,
                        const char *name, const char *key, bson_t *out)
{
    const xmlNode *bound = value_part(node, name, "");
    const char *text = bound ? import_trimmed(import, bound) : NULL;
    char *end = NULL;
    double number;

    if (!text || !*text)
        return;
    number = strtod(text, &end);
    if (*end)
        import_warn(import, bound, "\"%s\" is no number", text);
    else
        BSON_APPEND_DOUBLE(out, key, number);
}

static void value_options(struct import *import, const xmlNode *node,
                          bson_t *out)
{
    xmlNode *at = xml_child(node, XML_XCCDF, "value");
    bson_t options;

    BSON_APPEND_DOCUMENT_BEGIN(out, "options", &options);
    for (; at; at = xml_sibling(at, XML_XCCDF, "value")) {
        const char *selector = xml_attr(at, "selector");
        const char *text = import_verbatim(import, at);

        if (selector && *selector && text &&
            !bson_has_field(&options, selector))
            import_put(&options, selector, text);
    }
    bson_append_document_end(out, &options);
}

/* Choices bind only where the value says that one must match. */
static void value_choices(struct import *import, const xmlNode *node,
                          bson_t *out)
{
    const xmlNode *choices = value_part(node, "choices", "");
    uint32_t count = 0;
    char buffer[16];
    const char *key;
    bson_t list;

    if (!choices || !xml_bool(choices, "mustMatch", false))
        return;
    BSON_APPEND_ARRAY_BEGIN(out, "choices", &list);
    for (xmlNode *at = xml_child(choices, XML_XCCDF, "choice"); at;
         at = xml_sibling(at, XML_XCCDF, "choice")) {
        const char *text = import_verbatim(import, at);

        bson_uint32_to_string(count++, &key, buffer, sizeof(buffer));
        if (text)
            import_put(&list, key, text);
    }
    bson_append_array_end(out, &list);
}

void import_value_document(struct import *import,
                           const struct import_item *value, bson_t *out)
{
    const xmlNode *node = value->node;
    const xmlNode *match = value_part(node, "match", "");

    import_put(out, "type", value_type(import, node));
    if (import_value_default(import, node))
        import_put(out, "default", import_value_default(import, node));
    value_put(out, "title", import_child_prose(import, node, "title"));
    value_put(out, "description",
              import_child_prose(import, node, "description"));
    import_put(out, "xccdf_id", value->id);
    value_put(out, "operator", xml_attr(node, "operator"));
    value_options(import, node, out);
    value_bound(import, node, "lower-bound", "minimum", out);
    value_bound(import, node, "upper-bound", "maximum", out);
    if (match)
        value_put(out, "pattern", import_trimmed(import, match));
    value_choices(import, node, out);
    if (xml_child(node, XML_XCCDF, "complex-value"))
        import_warn(import, node, "value \"%s\": complex values are left out",
                    value->id);
}
