/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import_oval.c - OVAL components and CPE as fragments. What an item refers
 * to is found by looking at every attribute and text: whatever equals an id
 * of the component is a reference, so no schema of OVAL has to be known.
 */
#include <string.h>

#include "plugins/oscap/import_private.h"
#include "plugins/oscap/shard.h"

static const struct {
    const char *list;
    enum fragment_kind kind;
} oval_lists[] = {{"definitions", FRAGMENT_DEFINITION},
                  {"tests", FRAGMENT_TEST},
                  {"objects", FRAGMENT_OBJECT},
                  {"states", FRAGMENT_STATE},
                  {"variables", FRAGMENT_VARIABLE}};

#define OVAL_LISTS (sizeof(oval_lists) / sizeof(*oval_lists))

static uint32_t oval_find(const struct import_component *component,
                          const char *id)
{
    return (uint32_t)(uintptr_t)table_get(&component->ids, id) - 1;
}

static engine_status oval_collect_list(struct import *import,
                                       struct import_component *component,
                                       xmlNode *list, enum fragment_kind kind)
{
    for (xmlNode *at = xml_first(list); at; at = xml_next(at)) {
        const char *id = xml_attr(at, "id");
        uint32_t index;

        if (!id)
            return import_fail(import, ENGINE_EPARSE, at, "<%s> has no id",
                               xml_name(at));
        if (table_has(&component->ids, id)) {
            import_warn(import, at, "\"%s\" is there twice", id);
            continue;
        }
        index = fragments_add(&import->writer, kind, component->fragment, id);
        if (table_set(&component->ids, id, (void *)((uintptr_t)index + 1)) <
                0 ||
            table_set(&component->nodes, id, at) < 0)
            return engine_fail_memory(import->err);
    }
    return ENGINE_OK;
}

static engine_status oval_collect(struct import *import,
                                  struct import_component *component)
{
    struct fragments_writer *writer = &import->writer;
    engine_status status = ENGINE_OK;

    component->fragment = fragments_add(
        writer, component->root ? FRAGMENT_COMPONENT : FRAGMENT_REMOTE,
        FRAGMENT_NONE, component->key);
    if (component->fragment == FRAGMENT_NONE)
        return engine_fail_memory(import->err);
    if (component->remote)
        writer->items[component->fragment].extra =
            fragments_intern(writer, component->remote);
    for (size_t i = 0; component->root && i < OVAL_LISTS && status == ENGINE_OK;
         i++)
        status = oval_collect_list(
            import, component,
            xml_child(component->root, XML_OVAL, oval_lists[i].list),
            oval_lists[i].kind);
    return status;
}

engine_status import_oval_collect(struct import *import)
{
    engine_status status = ENGINE_OK;

    for (struct import_component *at = import->components;
         at && status == ENGINE_OK; at = at->next)
        status = oval_collect(import, at);
    for (struct import_name *at = import->names; at && status == ENGINE_OK;
         at = at->next) {
        const uint32_t index = fragments_add(&import->writer, FRAGMENT_CATALOG,
                                             at->component->fragment, at->name);

        if (index == FRAGMENT_NONE)
            status = engine_fail_memory(import->err);
        else if (at->dictionary)
            import->writer.items[index].flags = FRAGMENT_IN_DICTIONARY;
    }
    return status;
}

/* ---- slices ------------------------------------------------------------- */

/* Prose and provenance, which no verdict depends on. */
static bool oval_keep(const xmlNode *node, void *user)
{
    (void)user;
    if (strcmp(xml_uri(node), XML_DSIG) == 0)
        return false;
    if (strcmp(xml_uri(node), XML_OVAL) != 0)
        return true;
    if (strcmp(xml_name(node), "notes") == 0)
        return false;
    if (!node->parent || !xml_is(node->parent, XML_OVAL, "metadata"))
        return true;
    return strcmp(xml_name(node), "title") == 0 ||
           strcmp(xml_name(node), "description") == 0;
}

static bool oval_is_metadata(const xmlNode *node)
{
    return xml_is(node, XML_OVAL, "metadata");
}

/* The next element of an item's tree that may hold references. */
static xmlNode *oval_next(xmlNode *top, xmlNode *at)
{
    xmlNode *next = oval_is_metadata(at) ? NULL : xml_first(at);

    while (!next && at != top) {
        next = xml_next(at);
        at = at->parent;
    }
    return next;
}

static void oval_refs(struct import *import, uint32_t item,
                      const struct import_component *component, xmlNode *node)
{
    struct fragments_writer *writer = &import->writer;

    fragments_refs_begin(writer, item);
    for (xmlNode *at = node; at; at = oval_next(node, at)) {
        for (const xmlAttr *attr = at->properties; attr; attr = attr->next)
            if (attr->children && attr->children->content &&
                (at != node || strcmp((const char *)attr->name, "id") != 0))
                fragments_ref(writer, item,
                              oval_find(component,
                                        (const char *)attr->children->content));
        if (!xml_first(at) && at->children && !oval_is_metadata(at)) {
            const char *text = import_trimmed(import, at);

            if (text && *text && strlen(text) < 512)
                fragments_ref(writer, item, oval_find(component, text));
        }
    }
}

static void oval_write_item(struct import *import,
                            struct import_component *component, xmlNode *node,
                            enum fragment_kind kind)
{
    struct fragments_writer *writer = &import->writer;
    const uint32_t item = oval_find(component, xml_attr(node, "id"));
    size_t from;

    if (item == FRAGMENT_NONE || writer->pool.status < 0 ||
        writer->items[item].slice_len)
        return;
    if (kind == FRAGMENT_OBJECT) {
        writer->items[item].extra = fragments_intern(writer, xml_name(node));
        writer->items[item].cost = shard_object_cost(node);
    }
    from = writer->pool.len;
    xml_write(&writer->pool, node, 8, &component->names, oval_keep, NULL);
    fragments_slice(writer, item, from);
    oval_refs(import, item, component, node);
}

static void oval_write(struct import *import,
                       struct import_component *component)
{
    struct fragments_writer *writer = &import->writer;
    xmlNode *generator = xml_child(component->root, XML_OVAL, "generator");
    struct buffer names;
    size_t from = writer->pool.len;

    if (generator)
        xml_write(&writer->pool, generator, 6, &component->names, NULL, NULL);
    fragments_slice(writer, component->fragment, from);
    for (size_t i = 0; i < OVAL_LISTS; i++) {
        xmlNode *list =
            xml_child(component->root, XML_OVAL, oval_lists[i].list);

        for (xmlNode *at = xml_first(list); at; at = xml_next(at))
            oval_write_item(import, component, at, oval_lists[i].kind);
    }
    buffer_init(&names, FRAGMENTS_MAX);
    xml_names_write(&component->names, &names);
    if (names.status < 0)
        writer->pool.status = names.status;
    else if (writer->pool.status == ENGINE_OK)
        writer->items[component->fragment].extra =
            fragments_intern(writer, names.data);
    buffer_clear(&names);
}

engine_status import_oval_write(struct import *import)
{
    for (struct import_component *at = import->components; at; at = at->next)
        if (at->root)
            oval_write(import, at);
    return ENGINE_OK;
}

/* ---- CPE dictionary ----------------------------------------------------- */

static bool cpe_keep(const xmlNode *node, void *user)
{
    (void)user;
    return xml_is(node, XML_CPE_DICT, "title") ||
           xml_is(node, XML_CPE_DICT, "check");
}

static void cpe_write_item(struct import *import, uint32_t dictionary,
                           xmlNode *node)
{
    struct fragments_writer *writer = &import->writer;
    const char *name = xml_attr(node, "name");
    const uint32_t item =
        name ? fragments_add(writer, FRAGMENT_CPE_ITEM, dictionary, name)
             : FRAGMENT_NONE;
    const size_t from = writer->pool.len;

    if (item == FRAGMENT_NONE)
        return;
    xml_write(&writer->pool, node, 6, &import->dictionary_names, cpe_keep,
              NULL);
    fragments_slice(writer, item, from);
    fragments_refs_begin(writer, item);
    for (xmlNode *at = xml_child(node, XML_CPE_DICT, "check"); at;
         at = xml_sibling(at, XML_CPE_DICT, "check")) {
        const char *href = xml_attr(at, "href");
        const char *id = import_trimmed(import, at);
        const struct import_component *component =
            href ? import_component_find(import, href, true) : NULL;

        if (component && id && component->root)
            fragments_ref(writer, item, oval_find(component, id));
        else
            import_warn(import, at, "the check of \"%s\" is not there", name);
    }
}

engine_status import_cpe_write(struct import *import)
{
    struct fragments_writer *writer = &import->writer;
    struct buffer names;
    uint32_t dictionary;

    if (!import->dictionary)
        return ENGINE_OK;
    dictionary =
        fragments_add(writer, FRAGMENT_DICTIONARY, FRAGMENT_NONE, "dictionary");
    if (dictionary == FRAGMENT_NONE)
        return engine_fail_memory(import->err);
    for (xmlNode *at = xml_child(import->dictionary, XML_CPE_DICT, "cpe-item");
         at; at = xml_sibling(at, XML_CPE_DICT, "cpe-item"))
        cpe_write_item(import, dictionary, at);
    buffer_init(&names, FRAGMENTS_MAX);
    xml_names_write(&import->dictionary_names, &names);
    if (names.status < 0)
        writer->pool.status = names.status;
    else if (writer->pool.status == ENGINE_OK)
        writer->items[dictionary].extra = fragments_intern(writer, names.data);
    buffer_clear(&names);
    return ENGINE_OK;
}
