/* SPDX-License-Identifier: Apache-2.0 */
/* import_benchmark.c - the document of a benchmark and of its profiles. */
#include "plugins/oscap/import_private.h"

static engine_status benchmark_profiles(struct import *import, bson_t *out)
{
    engine_status status = ENGINE_OK;
    uint32_t count = 0;
    bson_t list, one;
    char buffer[16];
    const char *key;

    BSON_APPEND_ARRAY_BEGIN(out, "profiles", &list);
    for (const struct import_item *at = import->profiles.first;
         at && status == ENGINE_OK; at = at->next) {
        bson_uint32_to_string(count++, &key, buffer, sizeof(buffer));
        BSON_APPEND_DOCUMENT_BEGIN(&list, key, &one);
        import_put(&one, "id", at->id);
        import_put(&one, "title",
                   import_child_prose(import, at->node, "title"));
        import_put(&one, "description",
                   import_child_prose(import, at->node, "description"));
        status = import_profile_selection(import, at, &one);
        bson_append_document_end(&list, &one);
    }
    bson_append_array_end(out, &list);
    return status;
}

static void benchmark_values(struct import *import, bson_t *out)
{
    uint32_t count = 0;
    bson_t list, one;
    char buffer[16];
    const char *key;

    BSON_APPEND_ARRAY_BEGIN(out, "values", &list);
    for (const struct import_item *at = import->values.first; at;
         at = at->next) {
        bson_uint32_to_string(count++, &key, buffer, sizeof(buffer));
        BSON_APPEND_DOCUMENT_BEGIN(&list, key, &one);
        import_put(&one, "id", import_short_id(at->id));
        import_value_document(import, at, &one);
        bson_append_document_end(&list, &one);
    }
    bson_append_array_end(out, &list);
}

static void benchmark_groups(struct import *import, bson_t *out)
{
    uint32_t count = 0;
    bson_t list, one;
    char buffer[16];
    const char *key;

    BSON_APPEND_ARRAY_BEGIN(out, "groups", &list);
    for (const struct import_item *at = import->groups.first; at;
         at = at->next) {
        bson_uint32_to_string(count++, &key, buffer, sizeof(buffer));
        BSON_APPEND_DOCUMENT_BEGIN(&list, key, &one);
        import_put(&one, "id", at->id);
        import_put(&one, "title",
                   import_child_prose(import, at->node, "title"));
        if (at->parent)
            import_put(&one, "parent", at->parent->id);
        bson_append_document_end(&list, &one);
    }
    bson_append_array_end(out, &list);
}

static void benchmark_platforms(struct import *import, bson_t *out)
{
    uint32_t count = 0;
    char buffer[16];
    const char *key;
    bson_t list;

    BSON_APPEND_ARRAY_BEGIN(out, "platforms", &list);
    for (xmlNode *at = xml_child(import->benchmark, XML_XCCDF, "platform"); at;
         at = xml_sibling(at, XML_XCCDF, "platform")) {
        if (!xml_attr(at, "idref"))
            continue;
        bson_uint32_to_string(count++, &key, buffer, sizeof(buffer));
        import_put(&list, key, xml_attr(at, "idref"));
    }
    bson_append_array_end(out, &list);
}

static engine_status benchmark_fill(struct import *import, bson_t *out)
{
    engine_status status;

    import_put(out, "_id", import->benchmark_id);
    import_put(out, "benchmark", import->benchmark_id);
    import_put(out, "title", import->title);
    import_put(out, "version", import->version);
    benchmark_platforms(import, out);
    import_put(out, "artifact", import->artifact);
    import_put(out, "source_artifact", import->source);
    BSON_APPEND_INT32(out, "rules_count", (int32_t)import->rules.count);
    benchmark_values(import, out);
    status = benchmark_profiles(import, out);
    benchmark_groups(import, out);
    return status;
}

engine_status import_benchmark_document(struct import *import)
{
    const struct oscap_import_sink *sink = import->sink;
    bson_t document = BSON_INITIALIZER;
    engine_status status = benchmark_fill(import, &document);

    if (status == ENGINE_OK)
        status = buffer_status(&import->writer.pool, import->err);
    if (status == ENGINE_OK && document.len > IMPORT_DOCUMENT_MAX)
        status = import_fail(import, ENGINE_ELIMIT, import->benchmark,
                             "benchmark \"%s\" makes a document of %u bytes, "
                             "the most is %d",
                             import->benchmark_id, document.len,
                             IMPORT_DOCUMENT_MAX);
    if (status == ENGINE_OK)
        status =
            sink->document(sink->user, "benchmark", &document, import->err);
    bson_destroy(&document);
    return status;
}
