/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import_xccdf.c - the benchmark as fragments: of each item all that decides a
 * verdict (checks, platforms, requires, conflicts, role, weight), no prose.
 */
#include <string.h>

#include "plugins/oscap/import_private.h"

struct import_item *import_item_find(const struct import *import,
                                     const char *id)
{
    return table_get(&import->items, id);
}

const char *import_short_id(const char *id)
{
    static const char mark[] = "_value_";
    const char *at = strncmp(id, "xccdf_", 6) == 0 ? strstr(id, mark) : NULL;

    return at ? at + sizeof(mark) - 1 : id;
}

/* ---- collecting --------------------------------------------------------- */

static void xccdf_append(struct import_items *items, struct import_item *item)
{
    if (!items->end)
        items->end = &items->first;
    *items->end = item;
    items->end = &item->next;
    items->count++;
}

static engine_status xccdf_add(struct import *import, xmlNode *node,
                               enum fragment_kind kind,
                               struct import_items *list,
                               struct import_item *parent,
                               struct import_item **out)
{
    const char *id = xml_attr(node, "id");
    struct import_item *item;

    if (!id)
        return import_fail(import, ENGINE_EPARSE, node, "<%s> has no id",
                           xml_name(node));
    if (table_has(&import->items, id))
        return import_fail(import, ENGINE_EPARSE, node,
                           "the id \"%s\" is there twice", id);
    item = arena_alloc(&import->arena, sizeof(*item));
    if (!item || table_set(&import->items, id, item) < 0)
        return engine_fail_memory(import->err);
    *item = (struct import_item){.node = node,
                                 .id = id,
                                 .kind = kind,
                                 .parent = parent,
                                 .depth = parent ? parent->depth + 1 : 0};
    item->fragment = fragments_add(&import->writer, kind, FRAGMENT_NONE, id);
    if (item->fragment == FRAGMENT_NONE)
        return engine_fail_memory(import->err);
    if (parent)
        import->writer.items[item->fragment].parent = parent->fragment;
    xccdf_append(list, item);
    if (out)
        *out = item;
    return ENGINE_OK;
}

static engine_status xccdf_collect_one(struct import *import, xmlNode *node,
                                       struct import_item *parent,
                                       struct import_item **group)
{
    *group = NULL;
    if (xml_is(node, XML_XCCDF, "Group"))
        return xccdf_add(import, node, FRAGMENT_GROUP, &import->groups, parent,
                         group);
    if (xml_is(node, XML_XCCDF, "Rule"))
        return xccdf_add(import, node, FRAGMENT_RULE, &import->rules, parent,
                         NULL);
    if (xml_is(node, XML_XCCDF, "Value"))
        return xccdf_add(import, node, FRAGMENT_VALUE, &import->values, parent,
                         NULL);
    if (xml_is(node, XML_XCCDF, "Profile"))
        return xccdf_add(import, node, FRAGMENT_PROFILE, &import->profiles,
                         NULL, NULL);
    return ENGINE_OK;
}

/* Document order, groups entered in place; no recursion. */
static engine_status xccdf_walk(struct import *import)
{
    struct import_item *parent = NULL;
    xmlNode *at = xml_first(import->benchmark);

    while (at) {
        struct import_item *group;
        xmlNode *next;
        engine_status status = xccdf_collect_one(import, at, parent, &group);

        if (status < 0)
            return status;
        next = group ? xml_first(at) : NULL;
        if (next) {
            parent = group;
            at = next;
            continue;
        }
        while (at && !(next = xml_next(at))) {
            at = at->parent == import->benchmark ? NULL : at->parent;
            parent = parent ? parent->parent : NULL;
        }
        at = at ? next : NULL;
    }
    return ENGINE_OK;
}

engine_status import_xccdf_collect(struct import *import)
{
    xmlNode *node = import->benchmark;
    xmlNode *version = xml_child(node, XML_XCCDF, "version");

    import->benchmark_id = xml_attr(node, "id");
    if (!import->benchmark_id)
        return import_fail(import, ENGINE_EPARSE, node,
                           "the benchmark has no id");
    import->title = import_child_prose(import, node, "title");
    import->version = version ? import_trimmed(import, version) : "";
    if (!import->title || !import->version)
        return engine_fail_memory(import->err);
    return xccdf_walk(import);
}

/* ---- slices ------------------------------------------------------------- */

static void xccdf_write_children(struct import *import, xmlNode *node,
                                 const char *name, int indent)
{
    for (xmlNode *at = xml_child(node, XML_XCCDF, name); at;
         at = xml_sibling(at, XML_XCCDF, name))
        xml_write(&import->writer.pool, at, indent, &import->xccdf_names, NULL,
                  NULL);
}

/* A title in schema order, plain: nothing in it may need a declaration. */
static void xccdf_write_title(struct import *import, xmlNode *node, int indent)
{
    const char *title = import_child_prose(import, node, "title");
    struct buffer *pool = &import->writer.pool;

    if (!title) {
        pool->status = ENGINE_ENOMEM;
        return;
    }
    xml_write_indent(pool, indent);
    buffer_puts(pool, "<title>");
    xml_escape(pool, title, false);
    buffer_puts(pool, "</title>\n");
}

static uint32_t xccdf_links(struct import *import, xmlNode *node)
{
    struct buffer links;
    uint32_t at = 0;

    buffer_init(&links, 65536);
    for (xmlNode *child = xml_first(node); child; child = xml_next(child)) {
        const bool requires = xml_is(child, XML_XCCDF, "requires");
        const char *idref = xml_attr(child, "idref");

        if (idref && (requires || xml_is(child, XML_XCCDF, "conflicts")))
            buffer_printf(&links, "%c %s\n", requires ? 'r' : 'c', idref);
    }
    if (links.status < 0)
        import->writer.pool.status = links.status;
    else if (links.len)
        at = fragments_intern(&import->writer, links.data);
    buffer_clear(&links);
    return at;
}

static void xccdf_write_item(struct import *import, struct import_item *item)
{
    static const char *const skip[] = {"selected", "Id", NULL};
    struct fragments_writer *writer = &import->writer;
    const int indent = 8 + 2 * item->depth;
    const uint32_t links = xccdf_links(import, item->node);
    const char *extends = xml_attr(item->node, "extends");
    const char *role = xml_attr(item->node, "role");
    size_t from = writer->pool.len, split;

    xml_write_indent(&writer->pool, indent);
    xml_write_start(&writer->pool, item->node, &import->xccdf_names, skip,
                    item->kind == FRAGMENT_RULE ? " selected=\"false\"" : "");
    xccdf_write_title(import, item->node, indent + 2);
    xccdf_write_children(import, item->node, "platform", indent + 2);
    split = writer->pool.len - from;
    for (xmlNode *at = xml_first(item->node); at; at = xml_next(at))
        if (item->kind == FRAGMENT_RULE && import_check_kept(at))
            xml_write(&writer->pool, at, indent + 2, &import->xccdf_names, NULL,
                      NULL);
    if (item->kind == FRAGMENT_RULE) {
        xml_write_indent(&writer->pool, indent);
        buffer_puts(&writer->pool, "</Rule>\n");
    }
    fragments_slice(writer, item->fragment, from);
    writer->items[item->fragment].split = (uint32_t)split;
    writer->items[item->fragment].extra = links;
    if (role && strcmp(role, "unchecked") == 0)
        writer->items[item->fragment].flags = FRAGMENT_UNCHECKED;
    fragments_refs_begin(writer, item->fragment);
    import_ref_platforms(import, item->fragment, item->node);
    if (item->kind == FRAGMENT_RULE)
        import_ref_checks(import, item->fragment, item->node);
    if (extends && import_item_find(import, extends))
        fragments_ref(writer, item->fragment,
                      import_item_find(import, extends)->fragment);
}

static bool xccdf_keep_value(const xmlNode *node, void *user)
{
    static const char *const prose[] = {
        "status",   "dc-status", "version",  "description", "warning",
        "question", "reference", "metadata", "signature",   NULL};
    (void)user;
    for (size_t i = 0; prose[i]; i++)
        if (strcmp(xml_name(node), prose[i]) == 0)
            return false;
    return true;
}

static void xccdf_write_value(struct import *import, struct import_item *item)
{
    struct fragments_writer *writer = &import->writer;
    const size_t from = writer->pool.len;

    xml_write(&writer->pool, item->node, 8, &import->xccdf_names,
              xccdf_keep_value, NULL);
    fragments_slice(writer, item->fragment, from);
    fragments_refs_begin(writer, item->fragment);
    if (xml_attr(item->node, "extends")) {
        const struct import_item *base =
            import_item_find(import, xml_attr(item->node, "extends"));

        if (base)
            fragments_ref(writer, item->fragment, base->fragment);
    }
}

/* A CPE language platform and whatever its tests name. */
static void xccdf_write_platform(struct import *import, xmlNode *node)
{
    struct fragments_writer *writer = &import->writer;
    const char *id = xml_attr(node, "id");
    const uint32_t item =
        id ? fragments_add(writer, FRAGMENT_PLATFORM, FRAGMENT_NONE, id)
           : FRAGMENT_NONE;
    const size_t from = writer->pool.len;
    xmlNode *at = node;

    if (item == FRAGMENT_NONE)
        return;
    xml_write(&writer->pool, node, 10, &import->xccdf_names, NULL, NULL);
    fragments_slice(writer, item, from);
    fragments_refs_begin(writer, item);
    while (at) {
        xmlNode *next = xml_first(at);
        const char *name = xml_attr(at, "name"), *href = xml_attr(at, "href");
        const char *id_ref = xml_attr(at, "id-ref");

        if (xml_is(at, XML_CPE_LANG, "fact-ref") && name)
            import_ref_cpe(import, item, name);
        if (xml_is(at, XML_CPE_LANG, "check-fact-ref") && href && id_ref) {
            const struct import_component *component =
                import_component_find(import, href, false);

            if (!component)
                component = import_component_find(import, href, true);
            if (component)
                import_ref_definition(import, item, at, component, id_ref);
        }
        while (!next && at != node && !(next = xml_next(at)))
            at = at->parent;
        at = at == node && !next ? NULL : next;
    }
}

static void xccdf_write_head(struct import *import)
{
    struct fragments_writer *writer = &import->writer;
    xmlNode *node = import->benchmark, *status;
    const uint32_t head = fragments_add(writer, FRAGMENT_BENCHMARK,
                                        FRAGMENT_NONE, import->benchmark_id);
    const uint32_t tail =
        fragments_add(writer, FRAGMENT_TRAILER, FRAGMENT_NONE, "");
    size_t from = writer->pool.len;

    status = xml_child(node, XML_XCCDF, "status");
    if (status)
        xml_write(&writer->pool, status, 6, &import->xccdf_names, NULL, NULL);
    else
        buffer_puts(&writer->pool, "      <status>incomplete</status>\n");
    xccdf_write_title(import, node, 6);
    fragments_slice(writer, head, from);
    from = writer->pool.len;
    xccdf_write_children(import, node, "platform", 6);
    buffer_puts(&writer->pool, "      <version>");
    xml_escape(&writer->pool, *import->version ? import->version : "0", false);
    buffer_puts(&writer->pool, "</version>\n");
    xccdf_write_children(import, node, "model", 6);
    fragments_slice(writer, tail, from);
    fragments_refs_begin(writer, tail);
    import_ref_platforms(import, tail, node);
}

static engine_status xccdf_names_keep(struct import *import)
{
    struct fragments_writer *writer = &import->writer;
    struct buffer names;

    buffer_init(&names, FRAGMENTS_MAX);
    xml_names_write(&import->xccdf_names, &names);
    if (names.status < 0)
        writer->pool.status = names.status;
    for (size_t i = 0; i < writer->items_count && names.status == ENGINE_OK;
         i++)
        if (writer->items[i].kind == FRAGMENT_BENCHMARK)
            writer->items[i].extra = fragments_intern(writer, names.data);
    buffer_clear(&names);
    return ENGINE_OK;
}

engine_status import_xccdf_write(struct import *import)
{
    xmlNode *platforms =
        xml_child(import->benchmark, XML_CPE_LANG, "platform-specification");

    for (xmlNode *at = xml_child(platforms, XML_CPE_LANG, "platform"); at;
         at = xml_sibling(at, XML_CPE_LANG, "platform"))
        xccdf_write_platform(import, at);
    xccdf_write_head(import);
    for (struct import_item *at = import->groups.first; at; at = at->next)
        xccdf_write_item(import, at);
    for (struct import_item *at = import->values.first; at; at = at->next)
        xccdf_write_value(import, at);
    for (struct import_item *at = import->rules.first; at; at = at->next)
        xccdf_write_item(import, at);
    for (struct import_item *at = import->profiles.first; at; at = at->next)
        import_profile_write(import, at);
    return xccdf_names_keep(import);
}
