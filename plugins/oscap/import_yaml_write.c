/* SPDX-License-Identifier: Apache-2.0 */
/* import_yaml_write.c - what was read, as check_content. */
#include <stdio.h>
#include <string.h>

#include "plugins/oscap/import_yaml.h"

static void yaml_put_word(bson_t *out, const char *key, const xmlNode *node,
                          const char *attribute)
{
    const char *word = xml_attr(node, attribute);

    if (word)
        import_put(out, key, word);
}

static const char *yaml_yamlpath(const struct import_yaml *yaml,
                                 const xmlNode *object)
{
    return import_trimmed(yaml->import,
                          xml_child(object, XML_OVAL_IND, "yamlpath"));
}

/* "^a" stands for "A" in a field's name: check_oval.h knows that */
static void yaml_put_field(const struct import_yaml *yaml,
                           const xmlNode *field, bson_t *out)
{
    const char *name = xml_attr(field, "name");
    const char *variable = xml_attr(field, "var_ref");
    const struct import_item *value =
        variable ? import_yaml_value(yaml, variable) : NULL;
    char text[256];

    if (name && strcmp(name, "#") != 0)
        import_put(out, "key", name);
    if (value) {
        snprintf(text, sizeof(text), "{{.%s}}", import_short_id(value->id));
        import_put(out, "value", text);
    } else {
        import_put(out, "value", import_verbatim(yaml->import, field));
    }
    yaml_put_word(out, "type", field, "datatype");
    yaml_put_word(out, "operation", field, "operation");
    yaml_put_word(out, "entity_check", field, "entity_check");
}

static void yaml_put_values(const struct import_yaml *yaml, bson_t *out)
{
    const xmlNode *at =
        yaml->state ? xml_child(yaml->state, XML_OVAL, "field") : NULL;
    unsigned count = 0;
    bson_t list, one;
    char number[16];

    if (!at && !yaml->capture)
        return;
    bson_append_array_begin(out, "values", -1, &list);
    for (; at; at = xml_sibling(at, XML_OVAL, "field")) {
        snprintf(number, sizeof(number), "%u", count++);
        bson_append_document_begin(&list, number, -1, &one);
        yaml_put_field(yaml, at, &one);
        bson_append_document_end(&list, &one);
    }
    if (yaml->capture) {
        bson_append_document_begin(&list, "0", -1, &one);
        if (strcmp(yaml->capture_key, "#") != 0)
            import_put(&one, "key", yaml->capture_key);
        import_put(&one, "value", yaml->capture);
        bson_append_document_end(&list, &one);
    }
    bson_append_array_end(out, &list);
}

static void yaml_put_source(const struct import_yaml *yaml, bson_t *out)
{
    const char *hash = strchr(yaml->path, '#');
    const char *path = yaml->path;

    if (yaml->endpoint)
        path = arena_strf(&yaml->import->arena, "%s%s", yaml->endpoint,
                          hash ? hash : "");
    if (!path)
        yaml->import->writer.pool.status = ENGINE_ENOMEM;
    import_put(out, "filepath", path);
    if (yaml->filter)
        import_put(out, "jq_filter", yaml->filter);
    if (path && strcmp(path, yaml->path) != 0)
        import_put(out, "dump", yaml->path);
}

void import_yaml_check(const struct import_yaml *yaml, bson_t *out)
{
    const char *existence =
        yaml->test ? xml_attr(yaml->test, "check_existence") : NULL;

    yaml_put_source(yaml, out);
    import_put(out, "yamlpath", yaml_yamlpath(yaml, yaml->object));
    if (yaml->test) {
        yaml_put_word(out, "check", yaml->test, "check");
        import_put(out, "check_existence",
                   existence ? existence : "at_least_one_exists");
    }
    if (yaml->state)
        yaml_put_word(out, "entity_check", yaml->state, "entity_check");
    yaml_put_values(yaml, out);
    if (yaml->capture) {
        import_put(out, "xccdf_variable", yaml->variable);
        BSON_APPEND_BOOL(out, "embedded_data", true);
    }
    if (yaml->control)
        import_put(out, "check_existence_yamlpath",
                   yaml_yamlpath(yaml, yaml->control));
    BSON_APPEND_BOOL(out, "ocp_data", yaml->has_to_exist);
}
