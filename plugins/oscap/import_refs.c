/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import_refs.c - what rules, groups and platforms refer to: definitions,
 * values and the variables they set, platforms and CPE items.
 */
#include <string.h>
#include <strings.h>

#include "plugins/oscap/import_private.h"

/* Might oscap match these names? One is a part of the other, or either is in
 * a form that is not compared here. */
static bool refs_cpe_related(const char *a, const char *b)
{
    const size_t a_len = strlen(a), b_len = strlen(b);
    const size_t len = a_len < b_len ? a_len : b_len;

    if (strncasecmp(a, "cpe:/", 5) != 0 || strncasecmp(b, "cpe:/", 5) != 0)
        return true;
    return strncasecmp(a, b, len) == 0;
}

void import_ref_cpe(struct import *import, uint32_t from, const char *name)
{
    struct fragments_writer *writer = &import->writer;

    for (size_t i = 0; i < writer->items_count; i++)
        if (writer->items[i].kind == FRAGMENT_CPE_ITEM &&
            refs_cpe_related(writer->pool.data + writer->items[i].id, name))
            fragments_ref(writer, from, (uint32_t)i);
}

static uint32_t refs_platform(const struct import *import, const char *id)
{
    const struct fragments_writer *writer = &import->writer;

    for (size_t i = 0; i < writer->items_count; i++)
        if (writer->items[i].kind == FRAGMENT_PLATFORM &&
            strcmp(writer->pool.data + writer->items[i].id, id) == 0)
            return (uint32_t)i;
    return FRAGMENT_NONE;
}

void import_ref_platforms(struct import *import, uint32_t from, xmlNode *node)
{
    for (xmlNode *at = xml_child(node, XML_XCCDF, "platform"); at;
         at = xml_sibling(at, XML_XCCDF, "platform")) {
        const char *idref = xml_attr(at, "idref");
        uint32_t platform;

        if (!idref)
            continue;
        platform = refs_platform(import, *idref == '#' ? idref + 1 : idref);
        if (platform != FRAGMENT_NONE)
            fragments_ref(&import->writer, from, platform);
        else if (*idref != '#')
            import_ref_cpe(import, from, idref);
        else
            import_warn(import, at, "there is no platform \"%s\"", idref);
    }
}

void import_ref_definition(struct import *import, uint32_t from,
                           const xmlNode *where,
                           const struct import_component *component,
                           const char *name)
{
    struct fragments_writer *writer = &import->writer;
    uintptr_t found;

    fragments_ref(writer, from, component->fragment);
    if (!component->root)
        return;
    if (name) {
        found = (uintptr_t)table_get(&component->ids, name);
        if (found)
            fragments_ref(writer, from, (uint32_t)found - 1);
        else
            import_warn(import, where, "the definition \"%s\" is not there",
                        name);
        return;
    }
    for (size_t i = 0; i < writer->items_count; i++)
        if (writer->items[i].kind == FRAGMENT_DEFINITION &&
            writer->items[i].component == component->fragment)
            fragments_ref(writer, from, (uint32_t)i);
}

static void refs_exports(struct import *import, uint32_t from, xmlNode *check,
                         const struct import_component *component)
{
    for (xmlNode *at = xml_child(check, XML_XCCDF, "check-export"); at;
         at = xml_sibling(at, XML_XCCDF, "check-export")) {
        const char *value_id = xml_attr(at, "value-id");
        const char *name = xml_attr(at, "export-name");
        const struct import_item *value =
            value_id ? import_item_find(import, value_id) : NULL;
        uintptr_t variable = 0;

        if (value && value->kind == FRAGMENT_VALUE)
            fragments_ref(&import->writer, from, value->fragment);
        else
            import_warn(import, at, "there is no value \"%s\"",
                        value_id ? value_id : "");
        if (component && name)
            variable = (uintptr_t)table_get(&component->ids, name);
        if (variable)
            fragments_ref(&import->writer, from, (uint32_t)variable - 1);
    }
}

static void refs_check(struct import *import, uint32_t from, xmlNode *check)
{
    const char *system = xml_attr(check, "system");
    xmlNode *ref = xml_child(check, XML_XCCDF, "check-content-ref");

    if (!system || strcmp(system, XML_OVAL) != 0) {
        refs_exports(import, from, check, NULL);
        return;
    }
    for (; ref; ref = xml_sibling(ref, XML_XCCDF, "check-content-ref")) {
        const char *href = xml_attr(ref, "href");
        const struct import_component *component =
            href ? import_component_find(import, href, false) : NULL;

        if (component)
            import_ref_definition(import, from, ref, component,
                                  xml_attr(ref, "name"));
        refs_exports(import, from, check, component);
    }
}

bool import_check_kept(const xmlNode *node)
{
    const char *system = xml_attr(node, "system");

    if (xml_is(node, XML_XCCDF, "complex-check"))
        return true;
    /* oscap passes over OCIL, except inside a complex check */
    return xml_is(node, XML_XCCDF, "check") &&
           (!system || strncmp(system, XML_OCIL, sizeof(XML_OCIL) - 1) != 0);
}

/* All checks of a rule, those inside complex checks too. */
void import_ref_checks(struct import *import, uint32_t from, xmlNode *rule)
{
    xmlNode *at = xml_first(rule);

    while (at) {
        xmlNode *next = NULL;

        if (xml_is(at, XML_XCCDF, "check") &&
            (at->parent != rule || import_check_kept(at)))
            refs_check(import, from, at);
        else if (xml_is(at, XML_XCCDF, "complex-check"))
            next = xml_first(at);
        while (!next && at != rule && !(next = xml_next(at)))
            at = at->parent;
        at = at == rule ? NULL : next;
    }
}
