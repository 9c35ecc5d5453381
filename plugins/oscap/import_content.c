/* SPDX-License-Identifier: Apache-2.0 */
/* import_content.c - from a file of SCAP content to fragments and documents. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "plugins/oscap/import_private.h"
#include "sdk/base/alloc.h"
#include "sdk/base/file.h"

#define IMPORT_ARENA_MAX ((size_t)1024 * 1024 * 1024)
#define IMPORT_WARNINGS_MAX 200
#define IMPORT_NAMES_MAX 4096

static long import_line(const xmlNode *node)
{
    return node ? xmlGetLineNo(node) : 0;
}

void import_warn(struct import *import, const xmlNode *node, const char *format,
                 ...)
{
    char text[1024];
    va_list args;
    int len;

    if (!import->sink->warning || import->warnings++ >= IMPORT_WARNINGS_MAX)
        return;
    len = snprintf(text, sizeof(text), "%s:%ld: ", import->name,
                   import_line(node));
    if (len < 0 || (size_t)len >= sizeof(text))
        len = 0;
    va_start(args, format);
    vsnprintf(text + len, sizeof(text) - (size_t)len, format, args);
    va_end(args);
    import->sink->warning(import->sink->user, text);
}

engine_status import_fail(struct import *import, engine_status status,
                          const xmlNode *node, const char *format, ...)
{
    char text[768];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return engine_fail(import->err, status, "%s:%ld: %s", import->name,
                       import_line(node), text);
}

/* ---- components and the names they go by -------------------------------- */

struct import_component *import_component_add(struct import *import,
                                              const char *key, xmlNode *root)
{
    struct import_component **at = &import->components;
    struct import_component *component;

    for (; *at; at = &(*at)->next)
        if (strcmp((*at)->key, key) == 0)
            return *at;
    component = arena_alloc(&import->arena, sizeof(*component));
    if (!component)
        return NULL;
    component->key = key;
    component->root = root;
    table_init(&component->ids);
    table_init(&component->nodes);
    xml_names_init(&component->names, XML_OVAL);
    *at = component;
    return component;
}

engine_status import_name_add(struct import *import, const char *name,
                              struct import_component *component,
                              bool dictionary)
{
    struct import_name **at = &import->names;
    struct import_name *entry;
    unsigned count = 0;

    for (; *at; at = &(*at)->next, count++)
        if ((*at)->dictionary == dictionary && strcmp((*at)->name, name) == 0)
            return ENGINE_OK;
    if (count >= IMPORT_NAMES_MAX)
        return import_fail(import, ENGINE_ELIMIT, import->benchmark,
                           "more than %d components", IMPORT_NAMES_MAX);
    entry = arena_alloc(&import->arena, sizeof(*entry));
    if (!entry || !component)
        return engine_fail_memory(import->err);
    *entry = (struct import_name){name, component, dictionary, NULL};
    *at = entry;
    return ENGINE_OK;
}

struct import_component *import_component_find(const struct import *import,
                                               const char *name,
                                               bool dictionary)
{
    for (const struct import_name *at = import->names; at; at = at->next)
        if (at->dictionary == dictionary && strcmp(at->name, name) == 0)
            return at->component;
    return NULL;
}

/* ---- one benchmark ------------------------------------------------------ */

static void import_benchmark_clear(struct import *import)
{
    for (struct import_component *at = import->components; at;
         at = at->next) {
        table_clear(&at->ids);
        table_clear(&at->nodes);
    }
    import->components = NULL;
    import->names = NULL;
    import->benchmark = import->dictionary = NULL;
    fragments_writer_clear(&import->writer);
    table_clear(&import->items);
}

static engine_status import_fragments(struct import *import)
{
    const struct oscap_import_sink *sink = import->sink;
    char *path =
        engine_strf("%s/fragments-%u", import->workdir, import->benchmarks++);
    engine_status status;

    if (!path)
        return engine_fail_memory(import->err);
    status = fragments_write(&import->writer, path, import->err);
    if (status == ENGINE_OK)
        status = sink->artifact(sink->user, path, "fragments",
                                "application/x-scap-fragments",
                                import->artifact, import->err);
    engine_free(path);
    return status;
}

static engine_status import_pool_fail(struct import *import)
{
    if (import->writer.pool.status == ENGINE_ELIMIT)
        return import_fail(import, ENGINE_ELIMIT, import->benchmark,
                           "the content is too large, or has more than %d "
                           "namespaces",
                           XML_NAMES_MAX);
    return buffer_status(&import->writer.pool, import->err);
}

static engine_status import_steps(struct import *import)
{
    static engine_status (*const steps[])(struct import *) = {
        import_xccdf_collect, import_oval_collect, import_cpe_write,
        import_oval_write, import_xccdf_write};
    engine_status status = ENGINE_OK;

    fragments_writer_init(&import->writer);
    table_init(&import->items);
    import->groups = import->rules = (struct import_items){0};
    import->values = import->profiles = (struct import_items){0};
    xml_names_init(&import->xccdf_names, XML_XCCDF);
    xml_names_reserve(&import->xccdf_names, XML_CPE_LANG, "cpe-lang");
    xml_names_init(&import->dictionary_names, XML_CPE_DICT);
    for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
        status = steps[i](import);
        if (status == ENGINE_OK && import->writer.pool.status < 0)
            status = import_pool_fail(import);
        if (status < 0)
            break;
    }
    return status;
}

engine_status import_benchmark(struct import *import)
{
    engine_status status = import_steps(import);

    if (status == ENGINE_OK)
        status = import_fragments(import);
    if (status == ENGINE_OK)
        status = import_rule_documents(import);
    if (status == ENGINE_OK)
        status = import_benchmark_document(import);
    import_benchmark_clear(import);
    return status;
}

engine_status import_benchmark_to(struct import *import, const char *path)
{
    engine_status status = import_steps(import);

    if (status == ENGINE_OK)
        status = fragments_write(&import->writer, path, import->err);
    import_benchmark_clear(import);
    return status;
}

/* ---- one file ----------------------------------------------------------- */

static engine_status import_root(struct import *import, xmlNode *root)
{
    engine_status status;

    if (xml_is(root, XML_DS, "data-stream-collection"))
        return import_datastream(import, root);
    if (xml_is(root, XML_XCCDF, "Benchmark"))
        return import_plain(import, root);
    if (xml_is(root, XML_XCCDF_11, "Benchmark")) {
        status =
            import_fail(import, ENGINE_EUNSUPPORTED, root, "this is XCCDF 1.1");
        engine_hint(import->err,
                    "convert it to XCCDF 1.2 first: xsltproc "
                    "xccdf_1.1_to_1.2.xsl, which comes with openscap");
        return status;
    }
    status = import_fail(import, ENGINE_EUNSUPPORTED, root,
                         "<%s> is neither a source datastream nor an XCCDF "
                         "1.2 benchmark",
                         xml_name(root));
    engine_hint(import->err,
                "import the datastream or the XCCDF file that uses it");
    return status;
}

engine_status import_text(const char *text, size_t len, const char *path,
                          const char *workdir,
                          const struct oscap_import_sink *sink,
                          engine_error *err)
{
    const char *slash = strrchr(path, '/');
    struct import import = {.path = path,
                            .name = slash ? slash + 1 : path,
                            .workdir = workdir,
                            .sink = sink,
                            .err = err};
    xmlDoc *doc = NULL;
    engine_status status = xml_parse(text, len, path, &doc, err);

    if (status < 0)
        return status;
    arena_init(&import.arena, IMPORT_ARENA_MAX);
    status = import_root(&import, xmlDocGetRootElement(doc));
    import_benchmark_clear(&import);
    arena_clear(&import.arena);
    xmlFreeDoc(doc);
    return status;
}

engine_status oscap_import(const char *path, const char *workdir,
                           const struct oscap_import_sink *sink,
                           engine_error *err)
{
    char *text = NULL;
    size_t len = 0;
    engine_status status = file_read(path, XML_INPUT_MAX, &text, &len, err);

    if (status == ENGINE_OK)
        status = import_text(text, len, path, workdir, sink, err);
    engine_free(text);
    return status;
}
