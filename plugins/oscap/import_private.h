/* SPDX-License-Identifier: Apache-2.0 */
/* import_private.h - what the parts of the importer share. */
#ifndef PLUGINS_OSCAP_IMPORT_PRIVATE_H
#define PLUGINS_OSCAP_IMPORT_PRIVATE_H

#include "plugins/oscap/fragments.h"
#include "plugins/oscap/xml.h"
#include "sdk/base/arena.h"
#include "sdk/base/hash.h"

#define IMPORT_DOCUMENT_MAX (15 * 1024 * 1024) /* below BSON's 16 MiB */

/* An OVAL component, or one that is kept elsewhere (root is NULL). */
struct import_component {
    xmlNode *root;
    const char *key;    /* component id or file name: one per component */
    const char *remote; /* its address, or NULL */
    uint32_t fragment;
    struct table ids;   /* id -> index of its item, plus one */
    struct table nodes; /* id -> its element */
    struct xml_names names;
    struct import_component *next;
};

/* A name by which the checklist or the dictionary knows a component. */
struct import_name {
    const char *name;
    struct import_component *component;
    bool dictionary;
    struct import_name *next;
};

/* A group, rule, value or profile of the benchmark, in document order. */
struct import_item {
    xmlNode *node;
    const char *id;
    enum fragment_kind kind;
    uint32_t fragment;
    int depth;
    struct import_item *parent, *next;
};

struct import_items {
    struct import_item *first, **end;
    size_t count;
};

struct import {
    const char *path, *name; /* as given, and for messages */
    const char *workdir;
    const struct oscap_import_sink *sink;
    engine_error *err;
    struct arena arena;
    char source[65]; /* the original file's artifact */

    /* the benchmark at work */
    xmlNode *benchmark, *dictionary;
    const char *benchmark_id, *title, *version;
    struct import_component *components;
    struct import_name *names;
    struct fragments_writer writer;
    struct xml_names xccdf_names, dictionary_names;
    struct table items; /* id -> struct import_item */
    struct import_items groups, rules, values, profiles;
    char artifact[65];
    unsigned warnings, benchmarks;
};

/* import_content.c */
void import_warn(struct import *import, const xmlNode *node, const char *format,
                 ...) __attribute__((format(printf, 3, 4)));
engine_status import_fail(struct import *import, engine_status status,
                          const xmlNode *node, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
struct import_component *import_component_add(struct import *import,
                                              const char *key, xmlNode *root);
engine_status import_name_add(struct import *import, const char *name,
                              struct import_component *component,
                              bool dictionary);
struct import_component *import_component_find(const struct import *import,
                                               const char *name,
                                               bool dictionary);
/** Fragments, artifact and documents of import->benchmark. */
engine_status import_benchmark(struct import *import);
/** Its fragments alone, into a file. */
engine_status import_benchmark_to(struct import *import, const char *path);
engine_status import_text(const char *text, size_t len, const char *path,
                          const char *workdir,
                          const struct oscap_import_sink *sink,
                          engine_error *err);

/* import_locate.c */
engine_status import_datastream(struct import *import, xmlNode *root);
engine_status import_plain(struct import *import, xmlNode *root);

/* import_oval.c: items and slices of OVAL components and CPE */
engine_status import_oval_collect(struct import *import);
engine_status import_oval_write(struct import *import);
engine_status import_cpe_write(struct import *import);

/* import_xccdf.c: items and slices of the benchmark */
engine_status import_xccdf_collect(struct import *import);
engine_status import_xccdf_write(struct import *import);
struct import_item *import_item_find(const struct import *import,
                                     const char *id);
/** The short form of a value's id: after the last "_value_". */
const char *import_short_id(const char *id);
/** True for a check that oscap looks at. */
bool import_check_kept(const xmlNode *node);

/* import_refs.c: references of an item; begin them with fragments_refs_begin */
void import_ref_cpe(struct import *import, uint32_t from, const char *name);
void import_ref_platforms(struct import *import, uint32_t from, xmlNode *node);
void import_ref_definition(struct import *import, uint32_t from,
                           const xmlNode *where,
                           const struct import_component *component,
                           const char *name);
void import_ref_checks(struct import *import, uint32_t from, xmlNode *rule);

/* import_text.c: text as it stands, trimmed, and prose without its markup;
 * NULL only when out of memory, which also fails import->writer */
void import_put(bson_t *out, const char *key, const char *text);
const char *import_verbatim(struct import *import, const xmlNode *node);
const char *import_trimmed(struct import *import, const xmlNode *node);
const char *import_prose(struct import *import, const xmlNode *node);
const char *import_child_prose(struct import *import, const xmlNode *node,
                               const char *name);

/* import_value.c */
const char *import_value_default(struct import *import, const xmlNode *node);
const char *import_value_select(struct import *import, const xmlNode *node,
                                const char *selector);
void import_value_document(struct import *import,
                           const struct import_item *value, bson_t *out);

/* import_frameworks.c */
struct import_framework {
    const char *name, *version;
};
bool import_framework_find(const char *href, const char *text,
                           struct import_framework *out);

/* import_rule.c, import_benchmark.c, import_profile.c: documents */
engine_status import_rule_documents(struct import *import);
engine_status import_benchmark_document(struct import *import);
engine_status import_profile_write(struct import *import,
                                   const struct import_item *profile);
/** Appends the rules, variables and severities of a profile. */
engine_status import_profile_selection(struct import *import,
                                       const struct import_item *profile,
                                       bson_t *out);

#endif
