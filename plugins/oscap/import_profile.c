/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import_profile.c - what each profile selects.
 * Selection follows oscap: the last select of an item wins; then requires and
 * conflicts of what is selected are looked at once, item by item in document
 * order, against what is selected itself (be its group or not) by then; an
 * unselected group takes all below it along.
 */
#include <string.h>

#include "plugins/oscap/import_private.h"

#define PROFILE_CHAIN_MAX 32

/* A profile and what it extends, the most basic first. */
struct profile_chain {
    const struct import_item *items[PROFILE_CHAIN_MAX];
    size_t count;
};

static void profile_chain_find(struct import *import,
                               const struct import_item *profile,
                               struct profile_chain *chain)
{
    const struct import_item *found[PROFILE_CHAIN_MAX];
    size_t count = 0;

    while (profile && count < PROFILE_CHAIN_MAX) {
        const char *base = xml_attr(profile->node, "extends");

        found[count++] = profile;
        profile = base ? import_item_find(import, base) : NULL;
        if (base && (!profile || profile->kind != FRAGMENT_PROFILE)) {
            import_warn(import, found[count - 1]->node,
                        "there is no profile \"%s\"", base);
            profile = NULL;
        }
    }
    if (profile)
        import_warn(import, profile->node,
                    "profiles extend each other without end");
    chain->count = count;
    for (size_t i = 0; i < count; i++)
        chain->items[i] = found[count - 1 - i];
}

/* ---- selection ----------------------------------------------------------- */

/* id or cluster id -> the last <select> that names it */
static engine_status profile_selects(struct import *import,
                                     const struct profile_chain *chain,
                                     struct table *out)
{
    for (size_t i = 0; i < chain->count; i++)
        for (xmlNode *at =
                 xml_child(chain->items[i]->node, XML_XCCDF, "select");
             at; at = xml_sibling(at, XML_XCCDF, "select")) {
            const char *idref = xml_attr(at, "idref");

            if (idref && table_set(out, idref, at) < 0)
                return engine_fail_memory(import->err);
        }
    return ENGINE_OK;
}

/* Whether an item itself is selected; its groups are another matter. */
static bool profile_selected(const struct table *selects,
                             const struct import_item *item)
{
    const char *cluster = xml_attr(item->node, "cluster-id");
    const xmlNode *select = table_get(selects, item->id);

    if (cluster && !select)
        select = table_get(selects, cluster);
    if (select)
        return xml_bool(select, "selected", true);
    return xml_bool(item->node, "selected", true);
}

/* With all its groups. */
static bool profile_is_on(const struct import_item *item,
                          const struct table *off)
{
    for (; item; item = item->parent)
        if (table_has(off, item->id))
            return false;
    return true;
}

/* True when one of the ids in a blank-separated list is selected itself. */
static bool profile_any_on(struct import *import, const char *list,
                           const struct table *off)
{
    char *copy = arena_strdup(&import->arena, list), *rest = NULL;

    if (!copy)
        import->writer.pool.status = ENGINE_ENOMEM;
    for (char *id = copy ? strtok_r(copy, " \t\r\n", &rest) : NULL; id;
         id = strtok_r(NULL, " \t\r\n", &rest))
        if (import_item_find(import, id) && !table_has(off, id))
            return true;
    return false;
}

static bool profile_links_hold(struct import *import,
                               const struct import_item *item,
                               const struct table *off)
{
    for (xmlNode *at = xml_first(item->node); at; at = xml_next(at)) {
        const char *idref = xml_attr(at, "idref");

        if (!idref)
            continue;
        if (xml_is(at, XML_XCCDF, "requires") &&
            !profile_any_on(import, idref, off))
            return false;
        if (xml_is(at, XML_XCCDF, "conflicts") &&
            profile_any_on(import, idref, off))
            return false;
    }
    return true;
}

/* Groups and rules as one list in document order. */
static const struct import_item *profile_next(const struct import_item **groups,
                                              const struct import_item **rules)
{
    const struct import_item **from = groups;
    const struct import_item *item;

    if (!*groups || (*rules && (*rules)->fragment < (*groups)->fragment))
        from = rules;
    item = *from;
    if (item)
        *from = item->next;
    return item;
}

/* Fills `off` with the ids of the groups and rules that are not selected. */
static engine_status profile_select(struct import *import,
                                    const struct profile_chain *chain,
                                    struct table *off)
{
    const struct import_item *groups = import->groups.first, *at;
    const struct import_item *rules = import->rules.first;
    struct table selects;
    engine_status status;

    table_init(&selects);
    status = profile_selects(import, chain, &selects);
    while (status == ENGINE_OK && (at = profile_next(&groups, &rules)))
        if (!profile_selected(&selects, at))
            status = table_set(off, at->id, import);
    groups = import->groups.first;
    rules = import->rules.first;
    while (status == ENGINE_OK && (at = profile_next(&groups, &rules)))
        if (profile_is_on(at, off) && !profile_links_hold(import, at, off))
            status = table_set(off, at->id, import);
    table_clear(&selects);
    return status < 0 ? engine_fail_memory(import->err) : ENGINE_OK;
}

static engine_status profile_rules(struct import *import,
                                   const struct profile_chain *chain,
                                   bson_t *out)
{
    struct table off;
    engine_status status;
    uint32_t count = 0;
    char buffer[16];
    const char *key;
    bson_t list;

    table_init(&off);
    status = profile_select(import, chain, &off);
    BSON_APPEND_ARRAY_BEGIN(out, "rules", &list);
    for (const struct import_item *at = import->rules.first; at;
         at = at->next) {
        if (!profile_is_on(at, &off))
            continue;
        bson_uint32_to_string(count++, &key, buffer, sizeof(buffer));
        import_put(&list, key, at->id);
    }
    bson_append_array_end(out, &list);
    table_clear(&off);
    return status;
}

/* ---- variables and refined rules ----------------------------------------- */

/* The last element of this name for an idref, along the chain. */
static const xmlNode *profile_last(const struct profile_chain *chain,
                                   const char *name, const char *idref)
{
    const xmlNode *last = NULL;

    for (size_t i = 0; i < chain->count; i++)
        for (const xmlNode *at =
                 xml_child(chain->items[i]->node, XML_XCCDF, name);
             at; at = xml_sibling(at, XML_XCCDF, name)) {
            const char *have = xml_attr(at, "idref");

            if (have && strcmp(have, idref) == 0)
                last = at;
        }
    return last;
}

static const char *profile_value(struct import *import,
                                 const struct profile_chain *chain,
                                 const struct import_item *value)
{
    const xmlNode *set = profile_last(chain, "set-value", value->id);
    const xmlNode *refine = profile_last(chain, "refine-value", value->id);
    const char *selector = refine ? xml_attr(refine, "selector") : NULL;
    const char *text;

    if (set)
        return import_verbatim(import, set);
    if (!selector)
        return NULL;
    text = import_value_select(import, value->node, selector);
    if (!text)
        import_warn(import, refine, "value \"%s\" has no selector \"%s\"",
                    value->id, selector);
    return text;
}

static void profile_variables(struct import *import,
                              const struct profile_chain *chain, bson_t *out)
{
    bson_t all;

    BSON_APPEND_DOCUMENT_BEGIN(out, "variables", &all);
    for (const struct import_item *at = import->values.first; at;
         at = at->next) {
        const char *text = profile_value(import, chain, at);

        if (text)
            import_put(&all, import_short_id(at->id), text);
    }
    bson_append_document_end(out, &all);
}

/* What a profile changes in rules, for compiling: "id TAB element" lines. */
engine_status import_profile_write(struct import *import,
                                   const struct import_item *profile)
{
    struct profile_chain chain = {.count = 0};
    struct buffer out;

    profile_chain_find(import, profile, &chain);
    buffer_init(&out, 16 * 1024 * 1024);
    for (size_t i = 0; i < chain.count; i++)
        for (xmlNode *at =
                 xml_child(chain.items[i]->node, XML_XCCDF, "refine-rule");
             at; at = xml_sibling(at, XML_XCCDF, "refine-rule")) {
            static const char *const skip[] = {"severity", NULL};
            const char *idref = xml_attr(at, "idref");

            if (!idref || (!xml_attr(at, "role") && !xml_attr(at, "selector")))
                continue;
            buffer_printf(&out, "%s\t", idref);
            xml_write_start(&out, at, &import->xccdf_names, skip, "/");
        }
    if (out.len && out.status == ENGINE_OK &&
        import->writer.pool.status == ENGINE_OK)
        import->writer.items[profile->fragment].extra =
            fragments_intern(&import->writer, out.data);
    if (out.status < 0)
        import->writer.pool.status = out.status;
    buffer_clear(&out);
    return ENGINE_OK;
}

static void profile_severities(const struct profile_chain *chain, bson_t *out)
{
    bson_t all;

    BSON_APPEND_DOCUMENT_BEGIN(out, "severities", &all);
    for (size_t i = chain->count; i-- > 0;)
        for (xmlNode *at =
                 xml_child(chain->items[i]->node, XML_XCCDF, "refine-rule");
             at; at = xml_sibling(at, XML_XCCDF, "refine-rule")) {
            const char *idref = xml_attr(at, "idref");
            const char *severity = xml_attr(at, "severity");

            if (idref && severity && !bson_has_field(&all, idref))
                import_put(&all, idref, severity);
        }
    bson_append_document_end(out, &all);
}

engine_status import_profile_selection(struct import *import,
                                       const struct import_item *profile,
                                       bson_t *out)
{
    struct profile_chain chain = {.count = 0};
    engine_status status;

    profile_chain_find(import, profile, &chain);
    status = profile_rules(import, &chain, out);
    profile_variables(import, &chain, out);
    profile_severities(&chain, out);
    return status;
}
