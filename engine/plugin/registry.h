/* SPDX-License-Identifier: Apache-2.0 */
/*
 * registry.h - which plugin serves which scanner type, target type and native
 * content. Filled from descriptions (worker op "describe"), never by dlopen in
 * the engine itself.
 */
#ifndef ENGINE_PLUGIN_REGISTRY_H
#define ENGINE_PLUGIN_REGISTRY_H

#include <bson/bson.h>
#include <engine/scanner.h>
#include <sys/types.h>

#include "sdk/base/error.h"

/** The user that a plugin's workers run as, by numbers. */
struct plugin_user {
    const char *name, *home;
    uid_t uid;
    gid_t gid;
    const gid_t *groups; /* all of them */
    int groups_count;
    const char *file;    /* where it was said, for messages */
    long line;
};

/** One plugin as the configuration names it; all owned by the configuration. */
struct plugin_spec {
    const char *name;    /* "oscap": module and file name without .so */
    const char *path;    /* absolute path of the file; for one that is linked
                          * in, words that say so */
    scanner_query_fn query; /* its entry point, when it is linked in; or NULL */
    const char *sha256;  /* pin, or NULL */
    const char *file;    /* configuration file and line, for messages */
    long line;
    const bson_t *options; /* as configured, not yet validated; may be NULL */
    const bson_t *option_lines; /* {option: line}; may be NULL */
    const char *const *types; /* NULL-ended: wins these types over others */
    /* NULL-ended absolute paths that it may use beyond what it declares */
    const char *const *reads, *const *writes;
    const bson_t *limits; /* {name of the option: number}; may be NULL */
    const struct plugin_user *user; /* NULL: as the engine */
};

/**
 * One plugin as it described itself, or why it was refused. `description`:
 * {name, version, abi: "1.0", caps: [names], caps_bits, types: [{name,
 * alias?}], targets: [{name, alias?}], content: [{format, marker?}], options:
 * [{name, type, default?, minimum?, maximum?, help}], operations: ["scan",
 * "plan", ...], reads: [entries as scanner.h has them], writes, programs}.
 */
struct plugin_entry {
    const struct plugin_spec *spec;
    bson_t description;  /* empty when refused */
    bson_t options;      /* validated, every option present */
    engine_error refused; /* status ENGINE_OK when it was not */
    uint64_t caps;
};

struct registry;

engine_status registry_new(struct registry **out, engine_error *err);
void registry_free(struct registry *registry);

/**
 * Adds a described plugin: validates its configured options (unknown option:
 * refused with file, line and the known ones) and registers its types. A type
 * that another plugin has is a refusal naming both, unless a spec claims it in
 * `types`. A refusal is kept in the entry and is not a failure of this call.
 */
engine_status registry_add(struct registry *registry,
                           const struct plugin_spec *spec,
                           const bson_t *description, engine_error *err);
engine_status registry_refuse(struct registry *registry,
                              const struct plugin_spec *spec,
                              const engine_error *why);

size_t registry_count(const struct registry *registry);
const struct plugin_entry *registry_at(const struct registry *registry,
                                       size_t index);

#define REGISTRY_USER_MAX 256
/** The name of the user that its workers run as; its number without one. */
void registry_user(const struct plugin_entry *entry, char *out,
                   size_t out_size);

/** What people are shown of one: {plugin, file, user, state: "loaded"|
 * "refused", reason?, hint?, what it says about itself, configured?: its
 * options}. */
void registry_describe(const struct plugin_entry *entry, bson_t *out);

/** NULL when no plugin has it. Names or aliases. */
const struct plugin_entry *registry_type(const struct registry *registry,
                                         const char *type);
/** Canonical name of a scanner or target type for a name or alias, or NULL. */
const char *registry_type_name(const struct registry *registry,
                               const char *type);
const char *registry_target_name(const struct registry *registry,
                                 const char *target_type);
/** True when this plugin accepts the (canonical) target type. */
bool registry_accepts(const struct plugin_entry *entry,
                      const char *target_type);
/** The plugin that imports a native format: by --as name, or by the XML root
 * element ("data-stream-collection", "Benchmark"). */
const struct plugin_entry *registry_content(const struct registry *registry,
                                            const char *format,
                                            const char *marker);

#endif
