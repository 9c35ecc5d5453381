/* SPDX-License-Identifier: Apache-2.0 */
/* import_yaml.c - what the OVAL definition of a rule about API objects says. */
#include "plugins/oscap/import_yaml.h"

#include <string.h>

#define XML_OVAL_UNIX XML_OVAL "#unix"

static const xmlNode *yaml_node(const struct import_yaml *yaml,
                                const char *id)
{
    return id ? table_get(&yaml->component->nodes, id) : NULL;
}

static bool yaml_attr_is(const xmlNode *node, const char *name,
                         const char *fallback, const char *want)
{
    const char *value = xml_attr(node, name);

    return strcmp(value ? value : fallback, want) == 0;
}

/* What the only child of this name refers to; NULL: not exactly one. */
static const xmlNode *yaml_follow(const struct import_yaml *yaml,
                                  const xmlNode *node, const char *child,
                                  const char *attribute)
{
    const xmlNode *at = xml_child(node, xml_uri(node), child);

    if (!at || xml_sibling(at, xml_uri(node), child))
        return NULL;
    return yaml_node(yaml, xml_attr(at, attribute));
}

/* ---- objects ------------------------------------------------------------- */

/* All files of a rule are one file. */
static bool yaml_same_path(struct import_yaml *yaml, const xmlNode *object)
{
    const xmlNode *filepath = xml_child(object, xml_uri(object), "filepath");
    const char *path = NULL;

    if (!filepath)
        return import_yaml_stop(yaml, "it reads a file of a node");
    if (!import_yaml_path(yaml, filepath, &path))
        return false;
    if (yaml->path && strcmp(yaml->path, path) != 0)
        return import_yaml_stop(yaml, "it reads two files, %.150s and %.150s",
                                yaml->path, path);
    yaml->path = path;
    return true;
}

static bool yaml_take_object(struct import_yaml *yaml, const xmlNode *object)
{
    if (!object || !xml_is(object, XML_OVAL_IND, "yamlfilecontent_object") ||
        !xml_child(object, XML_OVAL_IND, "yamlpath") ||
        xml_child(object, XML_OVAL, "set"))
        return import_yaml_stop(yaml, "it looks at more than YAML values");
    if (yaml->object && yaml->object != object)
        return import_yaml_stop(yaml, "it has tests of two paths");
    yaml->object = object;
    return yaml_same_path(yaml, object);
}

/* ---- tests --------------------------------------------------------------- */

/* Does the file exist? There is one path, so all of these ask the same. */
static bool yaml_file_test(struct import_yaml *yaml, const xmlNode *test)
{
    const xmlNode *object = yaml_follow(yaml, test, "object", "object_ref");

    if (!object || xml_child(test, XML_OVAL_UNIX, "state") ||
        yaml_attr_is(test, "check_existence", "", "none_exist") ||
        yaml_attr_is(test, "check_existence", "", "any_exist"))
        return import_yaml_stop(yaml, "it tests more of a file than that it "
                                      "exists");
    yaml->has_to_exist = true;
    return yaml_same_path(yaml, object);
}

static bool yaml_content_test(struct import_yaml *yaml, const xmlNode *test)
{
    const xmlNode *reference = xml_child(test, XML_OVAL_IND, "state");
    const xmlNode *state, *value;

    if (yaml->test)
        return import_yaml_stop(yaml, "it has several tests of values");
    yaml->test = test;
    if (!yaml_take_object(yaml,
                          yaml_follow(yaml, test, "object", "object_ref")))
        return false;
    if (!reference)
        return true;
    state = yaml_follow(yaml, test, "state", "state_ref");
    value = state ? xml_child(state, XML_OVAL_IND, "value") : NULL;
    if (!value || xml_next(value) || xml_first(state) != value ||
        !yaml_attr_is(value, "datatype", "string", "record"))
        return import_yaml_stop(yaml, "its state is no record of values");
    yaml->state = value;
    return true;
}

/* The variable that a variable_test compares with. */
static const xmlNode *yaml_compared(const struct import_yaml *yaml,
                                    const xmlNode *test, const char **id)
{
    const xmlNode *state = yaml_follow(yaml, test, "state", "state_ref");
    const xmlNode *value =
        state ? xml_child(state, XML_OVAL_IND, "value") : NULL;

    if (!value || xml_next(value) ||
        !yaml_attr_is(value, "operation", "equals", "equals"))
        return NULL;
    *id = xml_attr(value, "var_ref");
    return yaml_node(yaml, *id);
}

/* The object whose values a component takes. */
static const xmlNode *yaml_component_object(const struct import_yaml *yaml,
                                            const xmlNode *parent,
                                            const char **field)
{
    const xmlNode *at = xml_child(parent, XML_OVAL, "object_component");

    if (!at || xml_next(at) || !yaml_attr_is(at, "item_field", "", "value"))
        return NULL;
    *field = xml_attr(at, "record_field");
    return *field ? yaml_node(yaml, xml_attr(at, "object_ref")) : NULL;
}

/* What a pattern takes of the values equals a variable. */
static bool yaml_capture_test(struct import_yaml *yaml, const xmlNode *test,
                              const xmlNode *capture)
{
    const char *id = NULL;
    const xmlNode *object =
        yaml_component_object(yaml, capture, &yaml->capture_key);
    const xmlNode *variable = yaml_compared(yaml, test, &id);
    const struct import_item *value = id ? import_yaml_value(yaml, id) : NULL;

    if (yaml->capture || !object || !variable || !value ||
        !xml_is(variable, XML_OVAL, "external_variable"))
        return import_yaml_stop(yaml, "it compares variables in a way that "
                                      "is not known here");
    yaml->capture = xml_attr(capture, "pattern");
    yaml->variable = import_short_id(value->id);
    if (!yaml->capture || !import_yaml_use(yaml, value))
        return import_yaml_stop(yaml, "a capture without a pattern");
    return yaml_take_object(yaml, object);
}

static const xmlNode *yaml_counted(const struct import_yaml *yaml,
                                   const xmlNode *variable)
{
    const xmlNode *count =
        variable ? xml_child(variable, XML_OVAL, "count") : NULL;
    const char *field = NULL;
    const xmlNode *object =
        count ? yaml_component_object(yaml, count, &field) : NULL;

    return field && strcmp(field, "#") == 0 ? object : NULL;
}

/* There are as many values at one path as at another. */
static bool yaml_count_test(struct import_yaml *yaml, const xmlNode *test,
                            const xmlNode *variable)
{
    const char *id = NULL;
    const xmlNode *control = yaml_compared(yaml, test, &id);

    yaml->counted = yaml_counted(yaml, variable);
    yaml->control = yaml_counted(yaml, control);
    if (!yaml->counted || !yaml->control ||
        !xml_is(yaml->control, XML_OVAL_IND, "yamlfilecontent_object"))
        return import_yaml_stop(yaml, "it counts in a way that is not known "
                                      "here");
    return yaml_same_path(yaml, yaml->counted) &&
           yaml_same_path(yaml, yaml->control);
}

static bool yaml_variable_test(struct import_yaml *yaml, const xmlNode *test)
{
    const xmlNode *object = yaml_follow(yaml, test, "object", "object_ref");
    const xmlNode *reference =
        object ? xml_child(object, XML_OVAL_IND, "var_ref") : NULL;
    const xmlNode *variable = NULL, *capture;

    if (reference)
        variable = yaml_node(yaml, import_trimmed(yaml->import, reference));
    if (!variable || !yaml_attr_is(test, "check", "", "all") ||
        yaml_attr_is(test, "check_existence", "", "none_exist") ||
        yaml_attr_is(test, "check_existence", "", "any_exist"))
        return import_yaml_stop(yaml, "it tests variables in a way that is "
                                      "not known here");
    capture = xml_child(variable, XML_OVAL, "regex_capture");
    return capture ? yaml_capture_test(yaml, test, capture)
                   : yaml_count_test(yaml, test, variable);
}

static bool yaml_test(struct import_yaml *yaml, const xmlNode *criterion)
{
    const xmlNode *test = yaml_node(yaml, xml_attr(criterion, "test_ref"));

    if (xml_is(criterion, XML_OVAL, "extend_definition"))
        return import_yaml_stop(yaml, "it is made of other definitions");
    if (!test || !xml_is(criterion, XML_OVAL, "criterion"))
        return import_yaml_stop(yaml, "its criteria are nested");
    if (xml_bool(criterion, "negate", false))
        return import_yaml_stop(yaml, "one of its criteria is negated");
    if (xml_is(test, XML_OVAL_UNIX, "file_test"))
        return yaml_file_test(yaml, test);
    if (xml_is(test, XML_OVAL_IND, "yamlfilecontent_test"))
        return yaml_content_test(yaml, test);
    if (xml_is(test, XML_OVAL_IND, "variable_test"))
        return yaml_variable_test(yaml, test);
    return import_yaml_stop(yaml, "it has a <%s>", xml_name(test));
}

/* ---- the definition ------------------------------------------------------ */

static bool yaml_criteria(struct import_yaml *yaml, const xmlNode *definition)
{
    const xmlNode *criteria = xml_child(definition, XML_OVAL, "criteria");

    if (!criteria || xml_bool(criteria, "negate", false) ||
        !yaml_attr_is(criteria, "operator", "AND", "AND"))
        return import_yaml_stop(yaml, "its criteria are no list of tests "
                                      "that all have to hold");
    for (xmlNode *at = xml_first(criteria); at; at = xml_next(at))
        if (!yaml_test(yaml, at))
            return false;
    if (!yaml->object || (yaml->capture && yaml->test))
        return import_yaml_stop(yaml, "it has no single test of values");
    if (yaml->counted && yaml->counted != yaml->object)
        return import_yaml_stop(yaml, "it counts something else than it "
                                      "tests");
    return true;
}

/* True when some file of the rule is below the collector's folder. */
static bool yaml_is_about_objects(const struct import_yaml *yaml)
{
    xmlNode *at = xml_child(yaml->check, XML_XCCDF, "check-export");

    for (; at; at = xml_sibling(at, XML_XCCDF, "check-export")) {
        const char *id = xml_attr(at, "value-id");
        const struct import_item *value =
            id ? import_item_find(yaml->import, id) : NULL;

        if (value && value->kind == FRAGMENT_VALUE &&
            !import_yaml_uses(value))
            return true;
    }
    return false;
}

/* The only check that oscap would look at, with one definition. */
static const xmlNode *yaml_definition(struct import_yaml *yaml)
{
    const xmlNode *ref;
    const char *href;

    for (xmlNode *at = xml_first(yaml->rule->node); at; at = xml_next(at)) {
        if (!import_check_kept(at))
            continue;
        if (yaml->check || !xml_is(at, XML_XCCDF, "check"))
            return NULL;
        yaml->check = at;
    }
    if (!yaml->check || xml_bool(yaml->check, "negate", false) ||
        !yaml_attr_is(yaml->check, "system", "", XML_OVAL))
        return NULL;
    ref = xml_child(yaml->check, XML_XCCDF, "check-content-ref");
    href = ref ? xml_attr(ref, "href") : NULL;
    yaml->component =
        href ? import_component_find(yaml->import, href, false) : NULL;
    return yaml->component ? yaml_node(yaml, xml_attr(ref, "name")) : NULL;
}

bool import_yaml_read(struct import *import, const struct import_item *rule,
                      struct import_yaml *yaml)
{
    const xmlNode *definition;

    *yaml = (struct import_yaml){.import = import, .rule = rule};
    definition = yaml_definition(yaml);
    if (!definition || !yaml_is_about_objects(yaml) ||
        import->writer.items[rule->fragment].flags & FRAGMENT_UNCHECKED)
        return false;
    return yaml_criteria(yaml, definition) && import_yaml_source(yaml);
}
