/* SPDX-License-Identifier: Apache-2.0 */
/* import_rule.c - one rule document per XCCDF rule. */
#include <string.h>

#include "plugins/oscap/import_yaml.h"

static void rule_put(bson_t *out, const char *key, const char *text)
{
    if (text && *text)
        import_put(out, key, text);
}

static void rule_list_add(bson_t *list, uint32_t *count, const char *text)
{
    char buffer[16];
    const char *key;

    bson_uint32_to_string((*count)++, &key, buffer, sizeof(buffer));
    import_put(list, key, text);
}

/* ---- references and frameworks ------------------------------------------ */

static void rule_references(struct import *import, const xmlNode *node,
                            bson_t *out)
{
    uint32_t count = 0;
    bson_t list, one;
    char buffer[16];
    const char *key;

    BSON_APPEND_ARRAY_BEGIN(out, "references", &list);
    for (xmlNode *at = xml_child(node, XML_XCCDF, "reference"); at;
         at = xml_sibling(at, XML_XCCDF, "reference")) {
        const char *href = xml_attr(at, "href");
        const char *text = import_trimmed(import, at);

        bson_uint32_to_string(count++, &key, buffer, sizeof(buffer));
        BSON_APPEND_DOCUMENT_BEGIN(&list, key, &one);
        rule_put(&one, "href", href);
        rule_put(&one, "text", text);
        bson_append_document_end(&list, &one);
    }
    bson_append_array_end(out, &list);
}

/* One reference that belongs to a framework. */
struct rule_control {
    struct import_framework framework;
    const char *control;
    bool done;
};

static size_t rule_controls(struct import *import, const xmlNode *node,
                            struct rule_control **out)
{
    size_t count = 0, room = 0;
    struct rule_control *controls;

    for (xmlNode *at = xml_child(node, XML_XCCDF, "reference"); at;
         at = xml_sibling(at, XML_XCCDF, "reference"))
        room++;
    controls = arena_alloc(&import->arena, (room + 1) * sizeof(*controls));
    if (!controls)
        import->writer.pool.status = ENGINE_ENOMEM;
    for (xmlNode *at = xml_child(node, XML_XCCDF, "reference"); at && controls;
         at = xml_sibling(at, XML_XCCDF, "reference")) {
        const char *href = xml_attr(at, "href");
        const char *text = import_trimmed(import, at);

        if (text && *text &&
            import_framework_find(href ? href : "", text,
                                  &controls[count].framework))
            controls[count++].control = text;
    }
    *out = controls;
    return count;
}

static void rule_version(struct rule_control *controls, size_t count,
                         size_t first, bson_t *versions)
{
    const struct import_framework want = controls[first].framework;
    uint32_t added = 0;
    bson_t list;

    BSON_APPEND_ARRAY_BEGIN(versions, want.version, &list);
    for (size_t i = first; i < count; i++) {
        bool twin = false;

        if (strcmp(controls[i].framework.name, want.name) != 0 ||
            strcmp(controls[i].framework.version, want.version) != 0)
            continue;
        for (size_t j = first; j < i && !twin; j++)
            twin = controls[j].framework.name == controls[i].framework.name &&
                   controls[j].framework.version ==
                       controls[i].framework.version &&
                   strcmp(controls[j].control, controls[i].control) == 0;
        if (!twin)
            rule_list_add(&list, &added, controls[i].control);
        controls[i].done = true;
    }
    bson_append_array_end(versions, &list);
}

static void rule_frameworks(struct import *import, const xmlNode *node,
                            bson_t *out)
{
    struct rule_control *controls = NULL;
    const size_t count = rule_controls(import, node, &controls);
    bson_t all, versions;

    BSON_APPEND_DOCUMENT_BEGIN(out, "frameworks", &all);
    for (size_t i = 0; i < count; i++) {
        if (controls[i].done)
            continue;
        BSON_APPEND_DOCUMENT_BEGIN(&all, controls[i].framework.name, &versions);
        for (size_t j = i; j < count; j++)
            if (!controls[j].done && strcmp(controls[j].framework.name,
                                            controls[i].framework.name) == 0)
                rule_version(controls, count, j, &versions);
        bson_append_document_end(&all, &versions);
    }
    bson_append_document_end(out, &all);
}

static void rule_identifiers(struct import *import, const xmlNode *node,
                             bson_t *out)
{
    static const char *const known[] = {"cce", "cve", "cci", NULL};
    bson_t ids;

    BSON_APPEND_DOCUMENT_BEGIN(out, "identifiers", &ids);
    for (xmlNode *at = xml_child(node, XML_XCCDF, "ident"); at;
         at = xml_sibling(at, XML_XCCDF, "ident")) {
        const char *system = xml_attr(at, "system");
        const char *text = import_trimmed(import, at), *key = "ident";

        for (size_t i = 0; known[i] && system; i++)
            if (strstr(system, known[i]))
                key = known[i];
        if (text && *text && !bson_has_field(&ids, key))
            import_put(&ids, key, text);
    }
    bson_append_document_end(out, &ids);
}

/* ---- where it applies, what it reads, how to repair --------------------- */

/* The benchmark's platforms and the rule's own. */
static void rule_platforms(struct import *import,
                           const struct import_item *rule, bson_t *out)
{
    const xmlNode *at = xml_child(import->benchmark, XML_XCCDF, "platform");
    uint32_t count = 0;
    bson_t list;

    BSON_APPEND_ARRAY_BEGIN(out, "platforms", &list);
    for (; at; at = xml_sibling(at, XML_XCCDF, "platform"))
        if (xml_attr(at, "idref"))
            rule_list_add(&list, &count, xml_attr(at, "idref"));
    for (at = xml_child(rule->node, XML_XCCDF, "platform"); at;
         at = xml_sibling(at, XML_XCCDF, "platform"))
        if (xml_attr(at, "idref"))
            rule_list_add(&list, &count, xml_attr(at, "idref"));
    bson_append_array_end(out, &list);
}

static void rule_tags(struct import *import, const struct import_item *rule,
                      bson_t *out)
{
    uint32_t count = 0;
    bson_t list;

    BSON_APPEND_ARRAY_BEGIN(out, "tags", &list);
    for (const struct import_item *at = rule->parent; at; at = at->parent) {
        const char *title = import_child_prose(import, at->node, "title");

        if (title && *title)
            rule_list_add(&list, &count, title);
    }
    bson_append_array_end(out, &list);
}

static void rule_variable(struct import *import,
                          const struct import_item *value, bson_t *all)
{
    const char *name = import_short_id(value->id);
    bson_iter_t seen;
    bson_t one;

    if (bson_iter_init_find(&seen, all, name))
        return;
    bson_append_document_begin(all, name, -1, &one);
    import_value_document(import, value, &one);
    bson_append_document_end(all, &one);
}

/* yaml: what a kubernetes rule uses besides; NULL for one of oscap */
static void rule_variables(struct import *import,
                           const struct import_item *rule,
                           const struct import_yaml *yaml, bson_t *out)
{
    const struct fragments_writer *writer = &import->writer;
    const struct fragment *item = &writer->items[rule->fragment];
    bson_t all = BSON_INITIALIZER;

    for (uint32_t i = 0; i < item->refs_count; i++) {
        const uint32_t to = writer->refs[item->refs + i];
        const struct import_item *value;

        if (writer->items[to].kind != FRAGMENT_VALUE)
            continue;
        value =
            import_item_find(import, writer->pool.data + writer->items[to].id);
        if (!yaml || import_yaml_uses(value))
            rule_variable(import, value, &all);
    }
    for (size_t i = 0; yaml && i < yaml->values_count; i++)
        rule_variable(import, yaml->values[i], &all);
    BSON_APPEND_DOCUMENT(out, "variables", &all);
    bson_destroy(&all);
}

/* Code keeps its shape: only <sub> is replaced. */
static const char *rule_code(struct import *import, const xmlNode *fix)
{
    const char *text = "";
    struct buffer out;

    buffer_init(&out, 4 * 1024 * 1024);
    for (const xmlNode *at = fix->children; at; at = at->next) {
        if (at->type == XML_TEXT_NODE && at->content)
            buffer_puts(&out, (const char *)at->content);
        if (xml_is(at, XML_XCCDF, "sub") && xml_attr(at, "idref")) {
            const struct import_item *value =
                import_item_find(import, xml_attr(at, "idref"));
            const char *now = value && value->kind == FRAGMENT_VALUE
                                  ? import_value_default(import, value->node)
                                  : NULL;

            buffer_puts(&out, now ? now : "");
        }
    }
    if (out.len)
        text = arena_strndup(&import->arena, out.data, out.len);
    if (out.status < 0 || !text)
        import->writer.pool.status = out.status < 0 ? out.status
            : ENGINE_ENOMEM;
    buffer_clear(&out);
    return text;
}

/* "urn:xccdf:fix:script:sh" is bash, else the last word. */
static const char *rule_fix_language(const char *system)
{
    const char *colon = strrchr(system, ':');
    const char *word = colon ? colon + 1 : system;

    return strcmp(word, "sh") == 0 ? "bash" : word;
}

static void rule_remediation(struct import *import, const xmlNode *node,
                             bson_t *out)
{
    bson_t all, code;

    BSON_APPEND_DOCUMENT_BEGIN(out, "remediation", &all);
    rule_put(&all, "text", import_child_prose(import, node, "fixtext"));
    BSON_APPEND_DOCUMENT_BEGIN(&all, "code", &code);
    for (xmlNode *at = xml_child(node, XML_XCCDF, "fix"); at;
         at = xml_sibling(at, XML_XCCDF, "fix")) {
        const char *system = xml_attr(at, "system");
        const char *language =
            system && *system ? rule_fix_language(system) : "text";
        const char *text = rule_code(import, at);

        if (text && *text && *language && !bson_has_field(&code, language))
            import_put(&code, language, text);
    }
    bson_append_document_end(&all, &code);
    bson_append_document_end(out, &all);
}

/* ---- the check ---------------------------------------------------------- */

/* Why oscap will say notchecked; NULL when something is there to check. */
static const char *rule_unchecked(struct import *import,
                                  const struct import_item *rule)
{
    const struct fragments_writer *writer = &import->writer;
    const struct fragment *item = &writer->items[rule->fragment];
    const char *reason = "the rule has no automated check";

    if (item->flags & FRAGMENT_UNCHECKED)
        return "the benchmark says that the rule is not to be checked";
    for (const xmlNode *at = xml_first(rule->node); at; at = xml_next(at))
        if (xml_is(at, XML_XCCDF, "complex-check"))
            return NULL;
        else if (import_check_kept(at))
            reason = "the definition it names is not in the content";
    for (uint32_t i = 0; i < item->refs_count; i++) {
        const struct fragment *to =
            &writer->items[writer->refs[item->refs + i]];

        if (to->kind == FRAGMENT_DEFINITION)
            return NULL;
        if (to->kind == FRAGMENT_REMOTE)
            reason = "its definitions are kept elsewhere and not fetched";
    }
    return reason;
}

static void rule_check(struct import *import, const struct import_item *rule,
                       const struct import_yaml *yaml, bson_t *out)
{
    const char *reason = rule_unchecked(import, rule);
    bson_t check;

    BSON_APPEND_DOCUMENT_BEGIN(out, "check_content", &check);
    if (yaml) {
        import_yaml_check(yaml, &check);
        bson_append_document_end(out, &check);
        return;
    }
    import_put(&check, "artifact", import->artifact);
    import_put(&check, "rule", rule->id);
    if (reason)
        import_put(&check, "notchecked", reason);
    bson_append_document_end(out, &check);
}

static const char *rule_severity(const xmlNode *node)
{
    static const char *const known[] = {"info", "low", "medium", "high", NULL};
    const char *severity = xml_attr(node, "severity");

    for (size_t i = 0; severity && known[i]; i++)
        if (strcmp(severity, known[i]) == 0)
            return known[i];
    return "unknown";
}

static void rule_document(struct import *import, const struct import_item *rule,
                          bson_t *out)
{
    const xmlNode *node = rule->node;
    struct import_yaml read, *yaml = &read;

    if (!import_yaml_read(import, rule, yaml))
        yaml = NULL;
    if (read.why)
        import_put(out, "import_note",
                   arena_strf(&import->arena, "not made a kubernetes rule: %s",
                              read.why));
    import_put(out, "benchmark", import->benchmark_id);
    import_put(out, "rule_id", rule->id);
    rule_put(out, "title", import_child_prose(import, node, "title"));
    rule_put(out, "description",
             import_child_prose(import, node, "description"));
    rule_put(out, "rationale", import_child_prose(import, node, "rationale"));
    rule_put(out, "warning", import_child_prose(import, node, "warning"));
    import_put(out, "severity", rule_severity(node));
    import_put(out, "scanner_type", yaml ? "kubernetes" : "oscap");
    rule_references(import, node, out);
    rule_identifiers(import, node, out);
    rule_frameworks(import, node, out);
    rule_platforms(import, rule, out);
    rule_tags(import, rule, out);
    rule_variables(import, rule, yaml, out);
    rule_check(import, rule, yaml, out);
    rule_remediation(import, node, out);
}

engine_status import_rule_documents(struct import *import)
{
    const struct oscap_import_sink *sink = import->sink;
    engine_status status = ENGINE_OK;

    for (const struct import_item *at = import->rules.first;
         at && status == ENGINE_OK; at = at->next) {
        bson_t document = BSON_INITIALIZER;

        rule_document(import, at, &document);
        status = buffer_status(&import->writer.pool, import->err);
        if (status == ENGINE_OK && document.len > IMPORT_DOCUMENT_MAX)
            import_warn(import, at->node,
                        "rule \"%s\" is too large and is "
                        "left out",
                        at->id);
        else if (status == ENGINE_OK)
            status = sink->document(sink->user, "rule", &document, import->err);
        bson_destroy(&document);
    }
    return status;
}
