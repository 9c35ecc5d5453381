/* SPDX-License-Identifier: Apache-2.0 */
/*
 * content_rules.c - fragments for rules that bring their OVAL along
 * (check_content.oval): a benchmark is written around them and goes through
 * the importer like any other.
 *
 * The external variables of the OVAL get the values of the rule's variables:
 * those named in check_content.oval.variables {variable: OVAL id}, else the
 * one whose OVAL id ends in the variable's name, as in oval:x-NAME:var:1.
 */
#include <string.h>

#include "plugins/oscap/import_private.h"
#include "sdk/base/alloc.h"
#include "sdk/document/document.h"

#define RULES_NS "xccdf_org.scan-engine_"
#define RULES_TEXT_MAX ((size_t)64 * 1024 * 1024)

struct rules_builder {
    struct import import;
    struct buffer text, values;
    const char **contents; /* distinct OVAL texts */
    xmlDoc **docs;
    size_t docs_count;
    xmlDoc *benchmark;
    struct table keys; /* variables that have a value already */
};

static const char *rules_id(const bson_t *rule)
{
    const char *id = document_string(rule, "rule_id");

    return id ? id : "";
}

/* The OVAL of a rule, parsed once for all rules that bring the same text. */
static engine_status rules_oval(struct rules_builder *builder,
                                const bson_t *rule, size_t *out)
{
    engine_error *err = builder->import.err;
    const char *content = document_string(rule, "check_content.oval.content");
    const char *name;
    engine_status status;

    if (!content)
        return engine_fail(err, ENGINE_EINVAL,
                           "rule \"%s\": check_content.oval has no content",
                           rules_id(rule));
    for (*out = 0; *out < builder->docs_count; ++*out)
        if (strcmp(builder->contents[*out], content) == 0)
            return ENGINE_OK;
    name =
        arena_strf(&builder->import.arena, "rule \"%s\": oval", rules_id(rule));
    if (!name)
        return engine_fail_memory(err);
    status =
        xml_parse(content, strlen(content), name, &builder->docs[*out], err);
    if (status < 0)
        return status;
    builder->contents[builder->docs_count++] = content;
    if (!xml_is(xmlDocGetRootElement(builder->docs[*out]), XML_OVAL,
                "oval_definitions"))
        return engine_fail(err, ENGINE_EPARSE,
                           "rule \"%s\": check_content.oval.content is no "
                           "<oval_definitions>",
                           rules_id(rule));
    return ENGINE_OK;
}

static bool rules_has_definition(const xmlDoc *doc, const char *id)
{
    xmlNode *list =
        xml_child(xmlDocGetRootElement(doc), XML_OVAL, "definitions");

    for (xmlNode *at = xml_first(list); at; at = xml_next(at)) {
        const char *have = xml_attr(at, "id");

        if (have && strcmp(have, id) == 0)
            return true;
    }
    return false;
}

/* ---- variables ---------------------------------------------------------- */

static bool rules_key_is_plain(const char *key)
{
    for (; *key; key++)
        if (!((*key >= 'a' && *key <= 'z') || (*key >= 'A' && *key <= 'Z') ||
              (*key >= '0' && *key <= '9') || strchr("._-", *key)))
            return false;
    return true;
}

/* oval:ns-NAME:var:1 or oval:NAME:var:1 */
static bool rules_variable_matches(const char *oval_id, const char *key)
{
    const char *start = strchr(oval_id, ':');
    const char *end = start ? strchr(start + 1, ':') : NULL;
    const size_t len = strlen(key);

    if (!end || (size_t)(end - start - 1) < len)
        return false;
    if (strncmp(end - len, key, len) != 0)
        return false;
    return end - len == start + 1 || end[-(long)len - 1] == '-';
}

static engine_status rules_value(struct rules_builder *builder,
                                 const bson_t *rule, const char *key,
                                 const bson_t *variable)
{
    const char *type = document_string(variable, "type");
    const char *value = document_string(variable, "default");
    struct buffer *out = &builder->values;

    if (!rules_key_is_plain(key))
        return engine_fail(builder->import.err, ENGINE_EINVAL,
                           "rule \"%s\": variable \"%s\": only letters, "
                           "digits and . _ - can be in its name",
                           rules_id(rule), key);
    if (value && !xml_can_carry(value))
        return engine_fail(builder->import.err, ENGINE_EINVAL,
                           "rule \"%s\": the default of \"%s\" holds bytes "
                           "that XML cannot carry",
                           rules_id(rule), key);
    if (table_has(&builder->keys, key))
        return ENGINE_OK;
    if (table_set(&builder->keys, key, builder) < 0)
        return engine_fail_memory(builder->import.err);
    buffer_printf(
        out,
        "<Value id=\"" RULES_NS "value_%s\" type=\"%s\">"
        "<title>%s</title><value>",
        key,
        type && (strcmp(type, "number") == 0 || strcmp(type, "boolean") == 0)
            ? type
            : "string",
        key);
    xml_escape(out, value ? value : "", false);
    buffer_puts(out, "</value></Value>\n");
    return ENGINE_OK;
}

static void rules_export(struct rules_builder *builder, const char *key,
                         const char *oval_id)
{
    buffer_printf(&builder->text,
                  "<check-export value-id=\"" RULES_NS "value_%s\" "
                  "export-name=\"",
                  key);
    xml_escape(&builder->text, oval_id, true);
    buffer_puts(&builder->text, "\"/>");
}

static void rules_exports(struct rules_builder *builder, const bson_t *rule,
                          const char *key, const xmlDoc *doc)
{
    xmlNode *list = xml_child(xmlDocGetRootElement(doc), XML_OVAL, "variables");
    bson_t named;
    bson_iter_t at;

    if (document_child(rule, "check_content.oval.variables", &named) &&
        bson_iter_init_find(&at, &named, key) && BSON_ITER_HOLDS_UTF8(&at)) {
        if (xml_can_carry(bson_iter_utf8(&at, NULL)))
            rules_export(builder, key, bson_iter_utf8(&at, NULL));
        return;
    }
    for (xmlNode *node = xml_child(list, XML_OVAL, "external_variable"); node;
         node = xml_sibling(node, XML_OVAL, "external_variable")) {
        const char *id = xml_attr(node, "id");

        if (id && rules_variable_matches(id, key))
            rules_export(builder, key, id);
    }
}

static engine_status rules_variables(struct rules_builder *builder,
                                     const bson_t *rule, const xmlDoc *doc)
{
    engine_status status = ENGINE_OK;
    bson_t variables, one;
    bson_iter_t at;

    if (!document_child(rule, "variables", &variables) ||
        !bson_iter_init(&at, &variables))
        return ENGINE_OK;
    while (status == ENGINE_OK && bson_iter_next(&at)) {
        if (!document_iter_child(&at, &one))
            continue;
        status = rules_value(builder, rule, bson_iter_key(&at), &one);
        if (status == ENGINE_OK)
            rules_exports(builder, rule, bson_iter_key(&at), doc);
    }
    return status;
}

/* ---- the benchmark around them ------------------------------------------ */

static engine_status rules_add(struct rules_builder *builder,
                               const bson_t *rule)
{
    engine_error *err = builder->import.err;
    const char *definition =
        document_string(rule, "check_content.oval.definition");
    char id[1024];
    size_t at = 0;
    engine_status status = oscap_rule_xccdf_id(rule, id, sizeof(id), err);

    if (status == ENGINE_OK)
        status = rules_oval(builder, rule, &at);
    if (status < 0)
        return status;
    if (!definition || !rules_has_definition(builder->docs[at], definition))
        return engine_fail(err, ENGINE_EINVAL,
                           "rule \"%s\": definition \"%s\" is not in its OVAL",
                           rules_id(rule), definition ? definition : "");
    buffer_puts(&builder->text, "<Rule id=\"");
    xml_escape(&builder->text, id, true);
    buffer_puts(&builder->text, "\" selected=\"false\"><title>");
    xml_escape(&builder->text, id, false);
    buffer_puts(&builder->text, "</title><check system=\"" XML_OVAL "\">");
    status = rules_variables(builder, rule, builder->docs[at]);
    buffer_printf(&builder->text,
                  "<check-content-ref href=\"rules-%zu.xml\" "
                  "name=\"",
                  at);
    xml_escape(&builder->text, definition, true);
    buffer_puts(&builder->text, "\"/></check></Rule>\n");
    return status;
}

static engine_status rules_text(struct rules_builder *builder,
                                const bson_t *const *rules, size_t count)
{
    engine_status status = ENGINE_OK;
    struct buffer all;

    for (size_t i = 0; i < count && status == ENGINE_OK; i++)
        status = rules_add(builder, rules[i]);
    if (status < 0)
        return status;
    buffer_init(&all, 2 * RULES_TEXT_MAX);
    buffer_puts(&all, "<Benchmark xmlns=\"" XML_XCCDF "\" id=\"" RULES_NS
                      "benchmark_rules\" resolved=\"true\">\n"
                      "<status>incomplete</status><title>rules</title>"
                      "<version>1</version>\n");
    if (builder->values.len)
        buffer_append(&all, builder->values.data, builder->values.len);
    if (builder->text.len)
        buffer_append(&all, builder->text.data, builder->text.len);
    buffer_puts(&all, "</Benchmark>\n");
    status = buffer_status(&builder->values, builder->import.err);
    if (status == ENGINE_OK)
        status = buffer_status(&builder->text, builder->import.err);
    if (status == ENGINE_OK)
        status = buffer_status(&all, builder->import.err);
    if (status == ENGINE_OK)
        status = xml_parse(all.data, all.len, "rules", &builder->benchmark,
                           builder->import.err);
    buffer_clear(&all);
    return status;
}

static engine_status rules_components(struct rules_builder *builder)
{
    struct import *import = &builder->import;
    engine_status status = ENGINE_OK;

    for (size_t i = 0; i < builder->docs_count && status == ENGINE_OK; i++) {
        const char *name = arena_strf(&import->arena, "rules-%zu.xml", i);

        if (!name)
            return engine_fail_memory(import->err);
        status = import_name_add(
            import, name,
            import_component_add(import, name,
                                 xmlDocGetRootElement(builder->docs[i])),
            false);
    }
    return status;
}

static engine_status rules_builder_init(struct rules_builder *builder,
                                        size_t count, engine_error *err)
{
    static const struct oscap_import_sink silent = {.warning = NULL};

    *builder = (struct rules_builder){.import = {.path = "rules",
                                                 .name = "rules",
                                                 .workdir = "",
                                                 .sink = &silent,
                                                 .err = err}};
    arena_init(&builder->import.arena, (size_t)256 * 1024 * 1024);
    buffer_init(&builder->text, RULES_TEXT_MAX);
    buffer_init(&builder->values, RULES_TEXT_MAX);
    table_init(&builder->keys);
    builder->contents = engine_calloc(count + 1, sizeof(char *));
    builder->docs = engine_calloc(count + 1, sizeof(xmlDoc *));
    if (!builder->contents || !builder->docs)
        return engine_fail_memory(err);
    return ENGINE_OK;
}

static void rules_builder_clear(struct rules_builder *builder)
{
    for (size_t i = 0; builder->docs && i < builder->docs_count; i++)
        xmlFreeDoc(builder->docs[i]);
    xmlFreeDoc(builder->benchmark);
    engine_free(builder->contents);
    engine_free(builder->docs);
    buffer_clear(&builder->text);
    buffer_clear(&builder->values);
    table_clear(&builder->keys);
    arena_clear(&builder->import.arena);
}

engine_status oscap_content_from_rules(const bson_t *const *rules, size_t count,
                                       const char *path,
                                       struct oscap_content **out,
                                       engine_error *err)
{
    struct rules_builder builder;
    engine_status status = rules_builder_init(&builder, count, err);

    if (status == ENGINE_OK)
        status = rules_text(&builder, rules, count);
    if (status == ENGINE_OK)
        status = rules_components(&builder);
    if (status == ENGINE_OK) {
        builder.import.benchmark = xmlDocGetRootElement(builder.benchmark);
        status = import_benchmark_to(&builder.import, path);
    }
    rules_builder_clear(&builder);
    return status < 0 ? status : oscap_content_open(path, out, err);
}
