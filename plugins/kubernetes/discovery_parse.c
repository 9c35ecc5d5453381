/* SPDX-License-Identifier: Apache-2.0 */
/*
 * discovery_parse.c - the documents of discovery: APIGroupDiscoveryList,
 * APIVersions, APIGroupList, APIResourceList. Names in them become parts of
 * paths, so they are looked at.
 */
#include <ctype.h>
#include <string.h>

#include "plugins/kubernetes/discovery.h"
#include "sdk/base/buffer.h"
#include "sdk/kit/value.h"

#define PARSE_MEMORY ((size_t)256 * 1024 * 1024)
#define PARSE_NAME_MAXIMUM 253

static bool parse_is_name(const char *text)
{
    size_t len = 0;

    for (; text && text[len]; len++)
        if (!isalnum((unsigned char)text[len]) && !strchr(".-", text[len]))
            return false;
    return len > 0 && len <= PARSE_NAME_MAXIMUM && text[0] != '.';
}

static const char *parse_name(const struct value *of, const char *key)
{
    const char *text = value_text(value_member(of, key));

    return parse_is_name(text) ? text : NULL;
}

static const struct value *parse_list(const struct value *of,
                                      const char *key)
{
    const struct value *list = value_member(of, key);

    return list && list->kind == VALUE_ARRAY ? list : NULL;
}

#define PARSE_EACH(i, list) \
    for (uint32_t i = 0; (list) && i < (list)->count; i++)

/* ---- a resource ---------------------------------------------------------- */

static engine_status parse_shorts(const struct value *of, struct buffer *out,
                                  engine_error *err)
{
    const struct value *list = parse_list(of, "shortNames");

    PARSE_EACH(i, list)
    {
        const char *text = value_text(&list->items[i]);
        if (!parse_is_name(text))
            continue;
        if (out->len)
            buffer_putc(out, ',');
        buffer_puts(out, text);
    }
    return buffer_status(out, err);
}

static engine_status parse_add(struct kube_discovery *discovery,
                               const struct kube_resource *resource,
                               const struct value *of, const char *singular,
                               engine_error *err)
{
    struct buffer shorts;
    engine_status status;

    buffer_init(&shorts, (size_t)64 * 1024);
    status = parse_shorts(of, &shorts, err);
    if (status == ENGINE_OK)
        status = kube_kinds_add(discovery->kinds, resource, singular,
                                shorts.data, err);
    buffer_clear(&shorts);
    return status;
}

/* ---- aggregated ---------------------------------------------------------- */

static engine_status parse_version(struct kube_discovery *discovery,
                                   const char *group,
                                   const struct value *of, engine_error *err)
{
    const char *version = parse_name(of, "version");
    const char *fresh = value_text(value_member(of, "freshness"));
    const struct value *list = parse_list(of, "resources");
    engine_status status = ENGINE_OK;

    if (!version)
        return ENGINE_OK;
    PARSE_EACH(i, list)
    {
        const struct value *each = &list->items[i];
        const char *scope = value_text(value_member(each, "scope"));
        const struct kube_resource resource = {
            group, version, parse_name(each, "resource"),
            parse_name(value_member(each, "responseKind"), "kind"),
            scope && strcmp(scope, "Namespaced") == 0};

        if (status == ENGINE_OK && resource.plural && resource.kind)
            status = parse_add(discovery, &resource, each,
                               parse_name(each, "singularResource"), err);
    }
    if (status == ENGINE_OK && fresh && strcmp(fresh, "Stale") == 0)
        status = kube_discovery_failed(discovery, group, version,
                                       "the server calls them stale", err);
    return status;
}

static engine_status parse_groups(struct kube_discovery *discovery,
                                  const struct value *root, engine_error *err)
{
    const struct value *items = parse_list(root, "items");
    engine_status status = ENGINE_OK;

    PARSE_EACH(i, items)
    {
        const struct value *metadata =
            value_member(&items->items[i], "metadata");
        const char *group = parse_name(metadata, "name");
        const struct value *versions =
            parse_list(&items->items[i], "versions");

        for (uint32_t j = 0; versions && j < versions->count &&
                             status == ENGINE_OK; j++)
            status = parse_version(discovery, group ? group : "",
                                   &versions->items[j], err);
    }
    return status;
}

/* ---- group by group ------------------------------------------------------ */

static engine_status parse_announce(struct kube_discovery *discovery,
                                    const char *group, const char *version,
                                    engine_error *err)
{
    struct arena *arena = &discovery->arena;
    struct kube_version *out;

    if (discovery->versions_count == KUBE_VERSIONS_MAXIMUM)
        return engine_fail(err, ENGINE_ELIMIT,
                           "discovery names more than %d versions of groups",
                           KUBE_VERSIONS_MAXIMUM);
    out = &discovery->versions[discovery->versions_count];
    out->group = arena_strdup(arena, group);
    out->version = arena_strdup(arena, version);
    out->path = *group ? arena_strf(arena, "/apis/%s/%s", group, version)
                       : arena_strf(arena, "/api/%s", version);
    if (!out->group || !out->version || !out->path)
        return engine_fail_memory(err);
    discovery->versions_count++;
    return ENGINE_OK;
}

static engine_status parse_core(struct kube_discovery *discovery,
                                const struct value *root, engine_error *err)
{
    const struct value *versions = parse_list(root, "versions");
    engine_status status = ENGINE_OK;

    PARSE_EACH(i, versions)
    {
        const char *version = value_text(&versions->items[i]);
        if (status == ENGINE_OK && parse_is_name(version))
            status = parse_announce(discovery, "", version, err);
    }
    return status;
}

/* the preferred version first, then the others in the server's order */
static engine_status parse_group(struct kube_discovery *discovery,
                                 const struct value *group, engine_error *err)
{
    const char *name = parse_name(group, "name");
    const struct value *versions = parse_list(group, "versions");
    const char *first =
        parse_name(value_member(group, "preferredVersion"), "version");
    engine_status status = ENGINE_OK;

    if (name && first)
        status = parse_announce(discovery, name, first, err);
    PARSE_EACH(i, versions)
    {
        const char *version = parse_name(&versions->items[i], "version");
        if (status == ENGINE_OK && name && version &&
            (!first || strcmp(first, version) != 0))
            status = parse_announce(discovery, name, version, err);
    }
    return status;
}

static engine_status parse_root(struct kube_discovery *out, const char *path,
                                const struct value *root, engine_error *err)
{
    const char *kind = value_text(value_member(root, "kind"));
    const struct value *groups;
    engine_status status = ENGINE_OK;

    kind = kind ? kind : "";
    if (strcmp(kind, "APIGroupDiscoveryList") == 0)
        return parse_groups(out, root, err);
    if (strcmp(kind, "APIVersions") == 0)
        return parse_core(out, root, err);
    if (strcmp(kind, "APIGroupList") != 0)
        return engine_fail(err, ENGINE_EPARSE,
                           "%s: the answer is no discovery of the Kubernetes "
                           "API", path);
    groups = parse_list(root, "groups");
    PARSE_EACH(i, groups)
    if (status == ENGINE_OK)
        status = parse_group(out, &groups->items[i], err);
    return status;
}

engine_status kube_discovery_root(struct kube_discovery *out,
                                  const char *path, const char *text,
                                  size_t len, engine_error *err)
{
    struct arena arena;
    struct value root;
    engine_status status;

    arena_init(&arena, PARSE_MEMORY);
    status = value_from_json(text ? text : "", len, path, &arena, &root, err);
    if (status == ENGINE_OK)
        status = parse_root(out, path, &root, err);
    arena_clear(&arena);
    return status;
}

static engine_status parse_resources(struct kube_discovery *out,
                                     const struct kube_version *version,
                                     const struct value *root,
                                     engine_error *err)
{
    const char *kind = value_text(value_member(root, "kind"));
    const struct value *list = parse_list(root, "resources");
    engine_status status = ENGINE_OK;

    if (!kind || strcmp(kind, "APIResourceList") != 0)
        return engine_fail(err, ENGINE_EPARSE,
                           "%s: the answer is no APIResourceList",
                           version->path);
    PARSE_EACH(i, list)
    {
        const struct value *each = &list->items[i];
        const struct value *namespaced = value_member(each, "namespaced");
        /* subresources have a slash, and are no resource types */
        const struct kube_resource resource = {
            version->group, version->version, parse_name(each, "name"),
            parse_name(each, "kind"),
            namespaced && namespaced->kind == VALUE_BOOL &&
                namespaced->boolean};

        if (status == ENGINE_OK && resource.plural && resource.kind)
            status = parse_add(out, &resource, each,
                               parse_name(each, "singularName"), err);
    }
    return status;
}

engine_status kube_discovery_resources(struct kube_discovery *out,
                                       const struct kube_version *version,
                                       const char *text, size_t len,
                                       engine_error *err)
{
    struct arena arena;
    struct value root;
    engine_status status;

    arena_init(&arena, PARSE_MEMORY);
    status = value_from_json(text ? text : "", len, version->path, &arena,
                             &root, err);
    if (status == ENGINE_OK)
        status = parse_resources(out, version, &root, err);
    arena_clear(&arena);
    return status;
}
