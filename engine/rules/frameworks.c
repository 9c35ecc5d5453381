/* SPDX-License-Identifier: Apache-2.0 */
/* frameworks.c - frameworks of a rule, by canonical names and without
 * repetitions, and the framework_refs that queries use. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "engine/rules/rules_private.h"

/* A framework without versions: {nist: [AC-6]}. */
#define FRAMEWORK_NO_VERSION "unversioned"

/* Names that are in use for the same thing, after lower-casing and with "_"
 * for "-" and " "; what is not here stays as it is. */
static const struct {
    const char *alias, *name;
} framework_aliases[] = {
    {"pci", "pci_dss"},           {"pcidss", "pci_dss"},
    {"nist_800_53", "nist"},      {"nist800_53", "nist"},
    {"cis_controls", "cis"},      {"cis_benchmark", "cis"},
    {"disa_stig", "stig"},        {"disa", "stig"},
    {"iso_27001", "iso27001"},    {"iso27k", "iso27001"},
    {"iso_iec_27001", "iso27001"},
};

struct framework_ref {
    const char *framework, *version, *control;
};

struct frameworks {
    struct normaliser *n;
    struct framework_ref *refs; /* in the arena */
    size_t count, room, given;
    struct table seen;
};

static char framework_letter(char letter)
{
    if (letter == '-' || letter == ' ')
        return '_';
    return (char)tolower((unsigned char)letter);
}

/* Another way of spelling a name is not worth a note. */
static bool framework_is_spelt(const char *given, const char *name)
{
    while (*given && framework_letter(*given) == *name) {
        given++;
        name++;
    }
    return *given == *name;
}

const char *rules_framework_name(struct arena *arena, const char *name)
{
    const size_t aliases =
        sizeof(framework_aliases) / sizeof(framework_aliases[0]);
    char *word = arena_strdup(arena, name);

    if (!word)
        return NULL;
    for (char *at = word; *at; at++)
        *at = framework_letter(*at);
    for (size_t i = 0; i < aliases; i++)
        if (strcmp(word, framework_aliases[i].alias) == 0)
            return framework_aliases[i].name;
    return word;
}

static engine_status frameworks_add(struct frameworks *f,
                                    struct framework_ref ref,
                                    engine_error *err)
{
    if (f->count == f->room) {
        size_t room = f->room ? 2 * f->room : 32;
        struct framework_ref *refs =
            arena_alloc(&f->n->arena, room * sizeof(*refs));
        if (!refs)
            return engine_fail_memory(err);
        if (f->count > 0)
            memcpy(refs, f->refs, f->count * sizeof(*refs));
        f->refs = refs;
        f->room = room;
    }
    f->refs[f->count++] = ref;
    return ENGINE_OK;
}

static engine_status frameworks_control(struct frameworks *f,
                                        const char *framework,
                                        const char *version,
                                        const bson_iter_t *value,
                                        const char *path, engine_error *err)
{
    const char *control = normaliser_value_text(f->n, value, path);
    const char *key;

    if (!control)
        return rules_fail_at(err, f->n->origin, path,
                             "%s: a control must be a text", path);
    f->given++;
    key = arena_strf(&f->n->arena, "%s\x1f%s\x1f%s", framework, version,
                     control);
    if (!key)
        return engine_fail_memory(err);
    if (table_has(&f->seen, key))
        return ENGINE_OK;
    if (f->count == RULES_CONTROLS_MAX)
        return rules_fail_at(err, f->n->origin, path,
                             "more than %d framework controls",
                             RULES_CONTROLS_MAX);
    if (table_set(&f->seen, key, f) < 0)
        return engine_fail_memory(err);
    return frameworks_add(
        f, (struct framework_ref){framework, version, control}, err);
}

/* a list of controls, or one */
static engine_status frameworks_controls(struct frameworks *f,
                                         const char *framework,
                                         const char *version,
                                         const bson_iter_t *value,
                                         const char *path, engine_error *err)
{
    const size_t count = f->count, given = f->given;
    bson_iter_t item;

    if (BSON_ITER_HOLDS_NULL(value))
        return ENGINE_OK;
    if (!BSON_ITER_HOLDS_ARRAY(value)) {
        normaliser_note(f->n, path, "%s: one value -> a list", path);
        return frameworks_control(f, framework, version, value, path, err);
    }
    bson_iter_recurse(value, &item);
    while (bson_iter_next(&item)) {
        const char *at = normaliser_path(f->n, path, bson_iter_key(&item));
        engine_status status =
            frameworks_control(f, framework, version, &item, at, err);
        if (status < 0)
            return status;
    }
    if (f->given - given > f->count - count)
        normaliser_note(f->n, path, "%s: %zu repeated controls dropped",
                        path, f->given - given - (f->count - count));
    return ENGINE_OK;
}

static engine_status frameworks_versions(struct frameworks *f,
                                         const char *framework,
                                         const bson_iter_t *value,
                                         const char *path, engine_error *err)
{
    bson_iter_t item;

    if (!BSON_ITER_HOLDS_DOCUMENT(value)) {
        normaliser_note(f->n, path, "%s: no version -> \"%s\"", path,
                        FRAMEWORK_NO_VERSION);
        return frameworks_controls(f, framework, FRAMEWORK_NO_VERSION, value,
                                   path, err);
    }
    bson_iter_recurse(value, &item);
    while (bson_iter_next(&item)) {
        const char *version = bson_iter_key(&item);
        engine_status status = frameworks_controls(
            f, framework, version, &item,
            normaliser_path(f->n, path, version), err);
        if (status < 0)
            return status;
    }
    return ENGINE_OK;
}

static engine_status frameworks_read(struct frameworks *f,
                                     const bson_iter_t *value,
                                     engine_error *err)
{
    bson_iter_t item;

    bson_iter_recurse(value, &item);
    while (bson_iter_next(&item)) {
        const char *given = bson_iter_key(&item);
        const char *path = normaliser_path(f->n, "frameworks", given);
        const char *name = rules_framework_name(&f->n->arena, given);
        engine_status status;
        if (!name)
            return engine_fail_memory(err);
        if (!framework_is_spelt(given, name))
            normaliser_note(f->n, path, "framework \"%s\" -> \"%s\"", given,
                            name);
        status = frameworks_versions(f, name, &item, path, err);
        if (status < 0)
            return status;
    }
    return ENGINE_OK;
}

/* True when an earlier reference has the same framework (and version). */
static bool frameworks_earlier(const struct frameworks *f, size_t at,
                               bool with_version)
{
    for (size_t i = 0; i < at; i++)
        if (strcmp(f->refs[i].framework, f->refs[at].framework) == 0 &&
            (!with_version ||
             strcmp(f->refs[i].version, f->refs[at].version) == 0))
            return true;
    return false;
}

static bool frameworks_same(const struct framework_ref *a,
                            const struct framework_ref *b)
{
    return strcmp(a->framework, b->framework) == 0 &&
           strcmp(a->version, b->version) == 0;
}

/* The order in which a reader of the written map meets them: two spellings of
 * one framework may have stood apart. */
static engine_status frameworks_sort(struct frameworks *f, engine_error *err)
{
    struct framework_ref *sorted =
        arena_alloc(&f->n->arena, f->count * sizeof(*sorted));
    size_t count = 0;

    if (!sorted)
        return engine_fail_memory(err);
    for (size_t i = 0; i < f->count; i++) {
        if (frameworks_earlier(f, i, false))
            continue;
        for (size_t k = i; k < f->count; k++) {
            if (strcmp(f->refs[k].framework, f->refs[i].framework) != 0 ||
                frameworks_earlier(f, k, true))
                continue;
            for (size_t m = k; m < f->count; m++)
                if (frameworks_same(&f->refs[m], &f->refs[k]))
                    sorted[count++] = f->refs[m];
        }
    }
    f->refs = sorted;
    return ENGINE_OK;
}

static void frameworks_write_version(const struct frameworks *f, size_t first,
                                     bson_t *to)
{
    const struct framework_ref *same = &f->refs[first];
    unsigned count = 0;
    bson_t list;

    bson_append_array_begin(to, same->version, -1, &list);
    for (size_t i = first; i < f->count; i++) {
        const struct framework_ref *ref = &f->refs[i];
        char number[16];
        if (strcmp(ref->framework, same->framework) != 0 ||
            strcmp(ref->version, same->version) != 0)
            continue;
        snprintf(number, sizeof(number), "%u", count++);
        BSON_APPEND_UTF8(&list, number, ref->control);
    }
    bson_append_array_end(to, &list);
}

static void frameworks_write_map(const struct frameworks *f, bson_t *to)
{
    bson_t map, versions;

    bson_append_document_begin(to, "frameworks", -1, &map);
    for (size_t i = 0; i < f->count; i++) {
        if (frameworks_earlier(f, i, false))
            continue;
        bson_append_document_begin(&map, f->refs[i].framework, -1, &versions);
        for (size_t k = i; k < f->count; k++)
            if (strcmp(f->refs[k].framework, f->refs[i].framework) == 0 &&
                !frameworks_earlier(f, k, true))
                frameworks_write_version(f, k, &versions);
        bson_append_document_end(&map, &versions);
    }
    bson_append_document_end(to, &map);
}

static void frameworks_write_refs(const struct frameworks *f, bson_t *to)
{
    bson_t list, ref;

    bson_append_array_begin(to, "framework_refs", -1, &list);
    for (size_t i = 0; i < f->count; i++) {
        char number[24];
        snprintf(number, sizeof(number), "%zu", i);
        bson_append_document_begin(&list, number, -1, &ref);
        BSON_APPEND_UTF8(&ref, "framework", f->refs[i].framework);
        BSON_APPEND_UTF8(&ref, "version", f->refs[i].version);
        BSON_APPEND_UTF8(&ref, "control", f->refs[i].control);
        bson_append_document_end(&list, &ref);
    }
    bson_append_array_end(to, &list);
}

engine_status normalise_frameworks(struct normaliser *n, engine_error *err)
{
    struct frameworks f = {.n = n};
    engine_status status;
    bson_iter_t value;

    if (!document_find(n->in, "frameworks", &value) ||
        BSON_ITER_HOLDS_NULL(&value))
        return ENGINE_OK;
    if (!BSON_ITER_HOLDS_DOCUMENT(&value))
        return rules_fail_at(err, n->origin, "frameworks",
                             "frameworks must be a mapping "
                             "{framework: {version: [controls]}}");
    table_init(&f.seen);
    status = frameworks_read(&f, &value, err);
    if (status == ENGINE_OK)
        status = frameworks_sort(&f, err);
    if (status == ENGINE_OK && f.count > 0) {
        frameworks_write_map(&f, n->out);
        frameworks_write_refs(&f, n->out);
    }
    table_clear(&f.seen);
    return status;
}
