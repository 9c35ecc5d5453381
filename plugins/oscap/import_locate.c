/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import_locate.c - where a benchmark's OVAL and CPE are: in the components of
 * a datastream, or in files beside a plain XCCDF file.
 */
#include <string.h>

#include "plugins/oscap/import_private.h"
#include "sdk/base/alloc.h"
#include "sdk/base/file.h"

/* ---- source datastreams ------------------------------------------------- */

static xmlNode *locate_by_id(xmlNode *root, const char *id)
{
    for (xmlNode *at = xml_first(root); at; at = xml_next(at)) {
        const char *have = xml_attr(at, "id");

        if (have && strcmp(have, id) == 0)
            return at;
    }
    return NULL;
}

/* The component-ref of this id, in any list of the data-stream. */
static xmlNode *locate_ref(xmlNode *stream, const char *id)
{
    for (xmlNode *list = xml_first(stream); list; list = xml_next(list)) {
        xmlNode *found = locate_by_id(list, id);

        if (found)
            return found;
    }
    return NULL;
}

/* What a component-ref refers to: the root inside, or an address. */
static engine_status locate_target(struct import *import, xmlNode *ref,
                                   xmlNode **root, const char **href)
{
    xmlNode *component;

    *root = NULL;
    *href = xml_attr_ns(ref, XML_XLINK, "href");
    if (!*href)
        return import_fail(import, ENGINE_EPARSE, ref,
                           "component-ref without xlink:href");
    if (**href != '#')
        return ENGINE_OK;
    component = locate_by_id(xmlDocGetRootElement(ref->doc), *href + 1);
    if (!component)
        return import_fail(import, ENGINE_EPARSE, ref,
                           "there is no component \"%s\"", *href + 1);
    *root = xml_first(component);
    return ENGINE_OK;
}

static engine_status locate_uri(struct import *import, xmlNode *stream,
                                xmlNode *uri, bool dictionary)
{
    const char *name = xml_attr(uri, "name");
    const char *to = xml_attr(uri, "uri");
    struct import_component *component;
    const char *href = NULL;
    xmlNode *root, *ref;
    engine_status status;

    if (!name || !to || *to != '#')
        return ENGINE_OK;
    ref = locate_ref(stream, to + 1);
    if (!ref) {
        import_warn(import, uri, "there is no component-ref \"%s\"", to + 1);
        return ENGINE_OK;
    }
    status = locate_target(import, ref, &root, &href);
    if (status < 0)
        return status;
    if (*href == '#' && !xml_is(root, XML_OVAL, "oval_definitions"))
        return ENGINE_OK; /* OCIL and the like: oscap does not check them */
    component = import_component_add(import, href, root);
    if (component && *href != '#')
        component->remote = href;
    return import_name_add(import, name, component, dictionary);
}

static engine_status locate_catalog(struct import *import, xmlNode *stream,
                                    xmlNode *ref, bool dictionary)
{
    xmlNode *catalog = xml_child(ref, XML_CATALOG, "catalog");
    engine_status status = ENGINE_OK;

    for (xmlNode *at = xml_child(catalog, XML_CATALOG, "uri");
         at && status == ENGINE_OK; at = xml_sibling(at, XML_CATALOG, "uri"))
        status = locate_uri(import, stream, at, dictionary);
    return status;
}

/* oscap reads every dictionary; more than one is rare and refused aloud. */
static engine_status locate_dictionary(struct import *import, xmlNode *stream)
{
    xmlNode *list = xml_child(stream, XML_DS, "dictionaries");
    engine_status status = ENGINE_OK;

    for (xmlNode *ref = xml_child(list, XML_DS, "component-ref");
         ref && status == ENGINE_OK;
         ref = xml_sibling(ref, XML_DS, "component-ref")) {
        const char *href = NULL;
        xmlNode *root;

        status = locate_target(import, ref, &root, &href);
        if (status < 0)
            return status;
        if (!xml_is(root, XML_CPE_DICT, "cpe-list"))
            continue;
        if (import->dictionary) {
            import_warn(import, ref, "only the first CPE dictionary is used");
            continue;
        }
        import->dictionary = root;
        status = locate_catalog(import, stream, ref, true);
    }
    return status;
}

static engine_status import_checklist(struct import *import, xmlNode *stream,
                                      xmlNode *ref, struct table *seen,
                                      unsigned *count)
{
    const char *href = NULL;
    xmlNode *root;
    engine_status status = locate_target(import, ref, &root, &href);

    if (status < 0 || table_has(seen, href))
        return status;
    if (table_set(seen, href, import) < 0)
        return engine_fail_memory(import->err);
    if (!xml_is(root, XML_XCCDF, "Benchmark")) {
        import_warn(import, ref,
                    "checklist \"%s\" holds no XCCDF 1.2 "
                    "benchmark and is left out",
                    href);
        return ENGINE_OK;
    }
    import->benchmark = root;
    status = locate_catalog(import, stream, ref, false);
    if (status == ENGINE_OK)
        status = locate_dictionary(import, stream);
    if (status == ENGINE_OK)
        status = import_benchmark(import);
    *count += status == ENGINE_OK;
    return status;
}

/* Before the first document: a benchmark names the original file. */
static engine_status import_source(struct import *import)
{
    const struct oscap_import_sink *sink = import->sink;

    return sink->artifact(sink->user, import->path, import->name,
                          "application/xml", import->source, import->err);
}

engine_status import_datastream(struct import *import, xmlNode *root)
{
    engine_status status = import_source(import);
    unsigned count = 0;
    struct table seen;

    table_init(&seen);
    for (xmlNode *stream = xml_child(root, XML_DS, "data-stream");
         stream && status == ENGINE_OK;
         stream = xml_sibling(stream, XML_DS, "data-stream")) {
        xmlNode *list = xml_child(stream, XML_DS, "checklists");

        for (xmlNode *ref = xml_child(list, XML_DS, "component-ref");
             ref && status == ENGINE_OK;
             ref = xml_sibling(ref, XML_DS, "component-ref"))
            status = import_checklist(import, stream, ref, &seen, &count);
    }
    table_clear(&seen);
    if (status == ENGINE_OK && !count)
        status = import_fail(import, ENGINE_EPARSE, root,
                             "the datastream holds no XCCDF 1.2 benchmark");
    return status;
}

/* ---- plain XCCDF -------------------------------------------------------- */

/* A name that can only mean a file in the same directory. */
static bool locate_name_is_safe(const char *name)
{
    return *name && !strchr(name, '/') && !strchr(name, ':') && *name != '.' &&
           strlen(name) < 256;
}

static engine_status locate_sibling(struct import *import, const char *name,
                                    xmlDoc **out)
{
    const char *slash = strrchr(import->path, '/');
    char *path, *text = NULL;
    size_t len = 0;
    engine_status status;

    path = arena_strf(&import->arena, "%.*s%s",
                      slash ? (int)(slash - import->path + 1) : 0, import->path,
                      name);
    if (!path)
        return engine_fail_memory(import->err);
    if (!file_exists(path))
        return ENGINE_ENOTFOUND;
    status = file_read(path, XML_INPUT_MAX, &text, &len, import->err);
    if (status == ENGINE_OK)
        status = xml_parse(text, len, path, out, import->err);
    engine_free(text);
    return status;
}

/* Files opened for one benchmark, closed after it. */
struct locate_files {
    xmlDoc *docs[64];
    size_t count;
};

static engine_status locate_file(struct import *import, const char *name,
                                 const xmlNode *where,
                                 struct locate_files *files)
{
    xmlDoc *doc = NULL;
    xmlNode *root;
    engine_status status;

    if (import_component_find(import, name, false))
        return ENGINE_OK;
    for (struct import_component *at = import->components; at; at = at->next)
        if (strcmp(at->key, name) == 0)
            return import_name_add(import, name, at, false);
    if (!locate_name_is_safe(name) || files->count == 64) {
        import_warn(import, where,
                    "\"%s\" is not beside the file and is not "
                    "read: what it checks will be notchecked",
                    name);
        return ENGINE_OK;
    }
    status = locate_sibling(import, name, &doc);
    if (status == ENGINE_ENOTFOUND) {
        import_warn(import, where,
                    "\"%s\" is not there: what it checks will "
                    "be notchecked",
                    name);
        return ENGINE_OK;
    }
    if (status < 0)
        return status;
    files->docs[files->count++] = doc;
    root = xmlDocGetRootElement(doc);
    if (!xml_is(root, XML_OVAL, "oval_definitions")) {
        import_warn(import, where, "\"%s\" holds no OVAL definitions", name);
        return ENGINE_OK;
    }
    return import_name_add(import, name,
                           import_component_add(import, name, root), false);
}

/* Walks without recursion: every element of the tree, document order. */
static xmlNode *locate_next(xmlNode *top, xmlNode *at)
{
    xmlNode *next = xml_first(at);

    while (!next && at != top) {
        next = xml_next(at);
        at = at->parent;
    }
    return next;
}

static engine_status locate_checks(struct import *import, xmlNode *root,
                                   struct locate_files *files)
{
    engine_status status = ENGINE_OK;

    for (xmlNode *at = root; at && status == ENGINE_OK;
         at = locate_next(root, at)) {
        const char *href = xml_attr(at, "href");
        const char *system = xml_attr(at, "system");

        if (xml_is(at, XML_XCCDF, "check-content-ref"))
            system = xml_attr(at->parent, "system");
        else if (!xml_is(at, XML_CPE_LANG, "check-fact-ref"))
            continue;
        if (href && system && strcmp(system, XML_OVAL) == 0)
            status = locate_file(import, href, at, files);
    }
    return status;
}

/* oscap reads no dictionary that the file does not name, so we do not either,
 * but "x-xccdf.xml" beside "x-cpe-dictionary.xml" is worth a word. */
static engine_status locate_dictionary_unnamed(struct import *import)
{
    static const char suffix[] = "-xccdf.xml";
    const size_t len = strlen(import->path), tail = sizeof(suffix) - 1;
    const char *path;

    if (len <= tail || strcmp(import->path + len - tail, suffix) != 0)
        return ENGINE_OK;
    path = arena_strf(&import->arena, "%.*s-cpe-dictionary.xml",
                      (int)(len - tail), import->path);
    if (!path)
        return engine_fail_memory(import->err);
    if (file_exists(path))
        import_warn(import, import->benchmark,
                    "the CPE dictionary beside it "
                    "is not named in it and not used, as in oscap: platforms "
                    "may not apply; import the datastream instead");
    return ENGINE_OK;
}

engine_status import_plain(struct import *import, xmlNode *root)
{
    struct locate_files files = {.count = 0};
    engine_status status = import_source(import);

    import->benchmark = root;
    if (status == ENGINE_OK)
        status = locate_dictionary_unnamed(import);
    if (status == ENGINE_OK)
        status = locate_checks(import, root, &files);
    if (status == ENGINE_OK)
        status = import_benchmark(import);
    for (size_t i = 0; i < files.count; i++)
        xmlFreeDoc(files.docs[i]);
    return status;
}
