/* SPDX-License-Identifier: Apache-2.0 */
/* registry.c - which plugin serves what. There are few plugins: lists will
 * do, and the first that claims a name has it. */
#include "engine/plugin/registry.h"

#include <pwd.h>
#include <stdalign.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/plugin/options.h"
#include "sdk/base/alloc.h"
#include "sdk/document/document.h"

struct registry {
    struct plugin_entry **entries;
    size_t count;
};

engine_status registry_new(struct registry **out, engine_error *err)
{
    struct registry *registry = engine_calloc(1, sizeof(*registry));

    if (!registry)
        return engine_fail_memory(err);
    *out = registry;
    return ENGINE_OK;
}

static void registry_free_entry(struct plugin_entry *entry)
{
    bson_destroy(&entry->description);
    bson_destroy(&entry->options);
    engine_free(entry);
}

void registry_free(struct registry *registry)
{
    if (!registry)
        return;
    for (size_t i = 0; i < registry->count; i++)
        registry_free_entry(registry->entries[i]);
    engine_free(registry->entries);
    engine_free(registry);
}

size_t registry_count(const struct registry *registry)
{
    return registry->count;
}

const struct plugin_entry *registry_at(const struct registry *registry,
                                       size_t index)
{
    return index < registry->count ? registry->entries[index] : NULL;
}

/* ---- looking things up -------------------------------------------------- */

/* Finds an item of a list of the description, {first, second}, by either of
 * its words; its first word, or NULL. */
static const char *registry_item(const struct plugin_entry *entry,
                                 const char *list_name, const char *first,
                                 const char *second, const char *word)
{
    bson_t list, item;
    bson_iter_t iter;

    if (!word || entry->refused.status < 0 ||
        !document_child(&entry->description, list_name, &list) ||
        !bson_iter_init(&iter, &list))
        return NULL;
    while (bson_iter_next(&iter)) {
        const char *name, *other;

        if (!document_iter_child(&iter, &item))
            continue;
        name = first ? document_string(&item, first) : NULL;
        other = second ? document_string(&item, second) : NULL;
        if ((name && strcmp(name, word) == 0) ||
            (other && strcmp(other, word) == 0))
            return name ? name : other;
    }
    return NULL;
}

static bool registry_claims(const struct plugin_entry *entry,
                            const char *type)
{
    const char *const *types = entry->spec->types;

    for (; types && *types; types++)
        if (strcmp(*types, type) == 0)
            return true;
    return false;
}

const struct plugin_entry *registry_type(const struct registry *registry,
                                         const char *type)
{
    const struct plugin_entry *found = NULL;

    for (size_t i = 0; i < registry->count; i++) {
        const struct plugin_entry *entry = registry->entries[i];
        const char *name =
            registry_item(entry, "types", "name", "alias", type);

        if (name && registry_claims(entry, name))
            return entry; /* the configuration says so */
        if (name && !found)
            found = entry;
    }
    return found;
}

const char *registry_type_name(const struct registry *registry,
                               const char *type)
{
    const struct plugin_entry *entry = registry_type(registry, type);

    return entry ? registry_item(entry, "types", "name", "alias", type)
                 : NULL;
}

const char *registry_target_name(const struct registry *registry,
                                 const char *target_type)
{
    for (size_t i = 0; i < registry->count; i++) {
        const char *name = registry_item(registry->entries[i], "targets",
                                         "name", "alias", target_type);
        if (name)
            return name;
    }
    return NULL;
}

bool registry_accepts(const struct plugin_entry *entry,
                      const char *target_type)
{
    return registry_item(entry, "targets", "name", NULL, target_type) != NULL;
}

const struct plugin_entry *registry_content(const struct registry *registry,
                                            const char *format,
                                            const char *marker)
{
    for (size_t i = 0; i < registry->count; i++) {
        const struct plugin_entry *entry = registry->entries[i];

        if (registry_item(entry, "content", "format", NULL, format) ||
            registry_item(entry, "content", NULL, "marker", marker))
            return entry;
    }
    return NULL;
}

/* ---- adding ------------------------------------------------------------- */

static struct plugin_entry *registry_append(struct registry *registry,
                                            const struct plugin_spec *spec)
{
    struct plugin_entry **entries = engine_realloc(
        registry->entries, (registry->count + 1) * sizeof(*entries));
    struct plugin_entry *entry;

    if (!entries)
        return NULL;
    registry->entries = entries;
    entry = engine_calloc_aligned(alignof(struct plugin_entry), 1,
                                  sizeof(*entry));
    if (!entry)
        return NULL;
    entry->spec = spec;
    bson_init(&entry->description);
    bson_init(&entry->options);
    entries[registry->count++] = entry;
    return entry;
}

/* Two plugins for one type: the configuration gives it to neither or both. */
static engine_status registry_clash(const struct plugin_entry *has,
                                    const struct plugin_entry *wants,
                                    const char *type, engine_error *err)
{
    engine_fail(err, ENGINE_ECONFLICT,
                "scanner \"%s\" (%s): scanner type \"%s\" is served by "
                "scanner \"%s\" (%s) already", wants->spec->name,
                wants->spec->path, type, has->spec->name, has->spec->path);
    engine_hint(err, "say in the configuration of one of them: "
                "types = [\"%s\"]", type);
    return ENGINE_ECONFLICT;
}

static engine_status registry_check_type(const struct registry *registry,
                                         const struct plugin_entry *entry,
                                         const bson_t *type,
                                         engine_error *err)
{
    const char *name = document_string(type, "name");
    const char *words[] = {name, document_string(type, "alias")};

    for (size_t i = 0; i < registry->count; i++) {
        const struct plugin_entry *other = registry->entries[i];

        for (size_t j = 0; other != entry && j < 2; j++) {
            const char *theirs = registry_item(other, "types", "name",
                                               "alias", words[j]);
            if (theirs && registry_claims(other, theirs) ==
                              (name && registry_claims(entry, name)))
                return registry_clash(other, entry, words[j], err);
        }
    }
    return ENGINE_OK;
}

static engine_status registry_check_types(const struct registry *registry,
                                          const struct plugin_entry *entry,
                                          engine_error *err)
{
    bson_t list, type;
    bson_iter_t iter;

    if (!document_child(&entry->description, "types", &list) ||
        !bson_iter_init(&iter, &list))
        return ENGINE_OK;
    while (bson_iter_next(&iter)) {
        if (document_iter_child(&iter, &type) &&
            registry_check_type(registry, entry, &type, err) < 0)
            return ENGINE_ECONFLICT;
    }
    return ENGINE_OK;
}

engine_status registry_add(struct registry *registry,
                           const struct plugin_spec *spec,
                           const bson_t *description, engine_error *err)
{
    struct plugin_entry *entry = registry_append(registry, spec);
    engine_error why = {0};
    engine_status status;

    if (!entry)
        return engine_fail_memory(err);
    bson_destroy(&entry->description);
    bson_copy_to(description, &entry->description);
    entry->caps = (uint64_t)document_int(description, "caps_bits", 0);
    status = options_validate(spec, description, &entry->options, &why);
    if (status == ENGINE_OK)
        status = registry_check_types(registry, entry, &why);
    if (status == ENGINE_OK)
        return ENGINE_OK;
    entry->refused = why;
    bson_reinit(&entry->options);
    return ENGINE_OK;
}

engine_status registry_refuse(struct registry *registry,
                              const struct plugin_spec *spec,
                              const engine_error *why)
{
    struct plugin_entry *entry = registry_append(registry, spec);

    if (!entry)
        return ENGINE_ENOMEM;
    entry->refused = *why;
    return ENGINE_OK;
}

void registry_user(const struct plugin_entry *entry, char *out,
                   size_t out_size)
{
    const struct plugin_user *user = entry->spec->user;
    struct passwd known, *found = NULL;
    char room[4096];

    if (!user && getpwuid_r(geteuid(), &known, room, sizeof(room), &found) != 0)
        found = NULL;
    if (user || found)
        snprintf(out, out_size, "%s", user ? user->name : found->pw_name);
    else
        snprintf(out, out_size, "%lu", (unsigned long)geteuid());
}

void registry_describe(const struct plugin_entry *entry, bson_t *out)
{
    const bool refused = entry->refused.status != ENGINE_OK;
    char user[REGISTRY_USER_MAX];

    BSON_APPEND_UTF8(out, "plugin", entry->spec->name);
    BSON_APPEND_UTF8(out, "file", entry->spec->path);
    registry_user(entry, user, sizeof(user));
    BSON_APPEND_UTF8(out, "user", user);
    BSON_APPEND_UTF8(out, "state", refused ? "refused" : "loaded");
    if (refused) {
        BSON_APPEND_UTF8(out, "reason", entry->refused.message);
        BSON_APPEND_UTF8(out, "hint", entry->refused.hint);
    }
    bson_concat(out, &entry->description);
    if (!refused)
        BSON_APPEND_DOCUMENT(out, "configured", &entry->options);
}
