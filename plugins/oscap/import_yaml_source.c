/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import_yaml_source.c - where a collector's file comes from: the API path
 * and the jq filter stand in the warnings of the rule, for people, in
 * elements with classes.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "plugins/oscap/import_yaml.h"

#define YAML_ROOT "ocp_data_root"

bool import_yaml_stop(struct import_yaml *yaml, const char *format, ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (!yaml->why) {
        yaml->why = arena_strdup(&yaml->import->arena, text);
        if (!yaml->why)
            yaml->why = "out of memory";
    }
    return false;
}

/* ---- variables ----------------------------------------------------------- */

bool import_yaml_uses(const struct import_item *value)
{
    return strcmp(import_short_id(value->id), YAML_ROOT) != 0;
}

bool import_yaml_use(struct import_yaml *yaml,
                     const struct import_item *value)
{
    for (size_t i = 0; i < yaml->values_count; i++)
        if (yaml->values[i] == value)
            return true;
    if (yaml->values_count == YAML_VARIABLES_MAX)
        return import_yaml_stop(yaml, "it uses more than %d variables",
                                YAML_VARIABLES_MAX);
    yaml->values[yaml->values_count++] = value;
    return true;
}

const struct import_item *import_yaml_value(const struct import_yaml *yaml,
                                            const char *variable_id)
{
    xmlNode *at = xml_child(yaml->check, XML_XCCDF, "check-export");

    for (; at; at = xml_sibling(at, XML_XCCDF, "check-export")) {
        const char *name = xml_attr(at, "export-name");
        const char *value_id = xml_attr(at, "value-id");
        const struct import_item *value;

        if (!name || !value_id || strcmp(name, variable_id) != 0)
            continue;
        value = import_item_find(yaml->import, value_id);
        return value && value->kind == FRAGMENT_VALUE ? value : NULL;
    }
    return NULL;
}

static const struct import_item *yaml_value_named(const struct import *import,
                                                  const char *name,
                                                  size_t len)
{
    for (const struct import_item *at = import->values.first; at;
         at = at->next) {
        const char *id = import_short_id(at->id);

        if (strlen(id) == len && memcmp(id, name, len) == 0)
            return at;
    }
    return NULL;
}

/* every ".name" between "{{" and "}}" */
static bool yaml_use_template(struct import_yaml *yaml, const char *text)
{
    const char *at = text, *end;

    while (at && (at = strstr(at, "{{")) && (end = strstr(at, "}}"))) {
        for (; at < end; at++) {
            const char *name = at + 1;
            const struct import_item *value;
            size_t len = 0;

            if (*at != '.')
                continue;
            while (isalnum((unsigned char)name[len]) || name[len] == '_')
                len++;
            value = yaml_value_named(yaml->import, name, len);
            if (!value)
                return import_yaml_stop(
                    yaml, "the benchmark has no variable \"%.*s\"",
                    (int)(len < 100 ? len : 100), name);
            if (!import_yaml_use(yaml, value))
                return false;
            at += len;
        }
    }
    return true;
}

/* ---- the path of the file ------------------------------------------------ */

static bool yaml_path_variable(struct import_yaml *yaml, const xmlNode *node,
                               struct buffer *out, bool *root)
{
    const char *id = xml_attr(node, "var_ref");
    const struct import_item *value = id ? import_yaml_value(yaml, id) : NULL;

    if (!value)
        return import_yaml_stop(yaml, "no value is exported as \"%.200s\"",
                                id ? id : "");
    if (!import_yaml_uses(value)) {
        if (*root || out->len)
            return import_yaml_stop(yaml, "its path does not begin with %s",
                                    YAML_ROOT);
        *root = true;
        return true;
    }
    buffer_printf(out, "{{.%s}}", import_short_id(value->id));
    return import_yaml_use(yaml, value);
}

static bool yaml_path_parts(struct import_yaml *yaml, const xmlNode *parent,
                            struct buffer *out, bool *root)
{
    for (xmlNode *at = xml_first(parent); at; at = xml_next(at)) {
        if (xml_is(at, XML_OVAL, "literal_component")) {
            const char *text = import_trimmed(yaml->import, at);
            buffer_puts(out, text ? text : "");
        } else if (!xml_is(at, XML_OVAL, "variable_component")) {
            return import_yaml_stop(yaml, "its path has a <%s>",
                                    xml_name(at));
        } else if (!yaml_path_variable(yaml, at, out, root)) {
            return false;
        }
    }
    return true;
}

bool import_yaml_path(struct import_yaml *yaml, const xmlNode *filepath,
                      const char **out)
{
    const char *id = xml_attr(filepath, "var_ref");
    const xmlNode *variable =
        id ? table_get(&yaml->component->nodes, id) : NULL;
    const xmlNode *concat;
    struct buffer text;
    bool root = false, done;

    if (!variable || !xml_is(variable, XML_OVAL, "local_variable"))
        return import_yaml_stop(yaml, "it reads a file of a node");
    concat = xml_child(variable, XML_OVAL, "concat");
    buffer_init(&text, 64 * 1024);
    done = yaml_path_parts(yaml, concat ? concat : variable, &text, &root);
    if (done && (!root || !text.len))
        done = import_yaml_stop(yaml, "it reads a file of a node");
    *out = done ? arena_strndup(&yaml->import->arena, text.data, text.len)
                : NULL;
    if (done && (text.status < 0 || !*out))
        yaml->import->writer.pool.status = ENGINE_ENOMEM;
    buffer_clear(&text);
    return done && *out;
}

/* ---- endpoint and filter ------------------------------------------------- */

/* One <li> of a warning: endpoint, filter, dump location. */
struct yaml_group {
    const char *endpoint, *filter;
};

/* True when the group is complete and its file is the one of the rule. */
static bool yaml_group_node(struct import_yaml *yaml, const xmlNode *node,
                            struct yaml_group *group)
{
    const char *class = node->type == XML_ELEMENT_NODE
                            ? xml_attr(node, "class")
                            : NULL;
    const char *text;

    if (!class || strncmp(class, "ocp-", 4) != 0)
        return false;
    text = import_trimmed(yaml->import, node);
    if (!text)
        return false;
    if (strcmp(class, "ocp-api-endpoint") == 0)
        *group = (struct yaml_group){.endpoint = text};
    else if (strcmp(class, "ocp-api-filter") == 0)
        group->filter = text;
    return strcmp(class, "ocp-dump-location") == 0 && group->endpoint &&
           strcmp(text, yaml->path) == 0;
}

static const xmlNode *yaml_next_node(const xmlNode *at, const xmlNode *top)
{
    if (at->type == XML_ELEMENT_NODE && at->children)
        return at->children;
    while (at != top && !at->next)
        at = at->parent;
    return at == top ? NULL : at->next;
}

static bool yaml_find_group(struct import_yaml *yaml, const xmlNode *rule)
{
    const xmlNode *warning = xml_child(rule, XML_XCCDF, "warning");

    for (; warning; warning = xml_sibling(warning, XML_XCCDF, "warning")) {
        struct yaml_group group = {0};

        for (const xmlNode *at = warning; at;
             at = yaml_next_node(at, warning))
            if (yaml_group_node(yaml, at, &group)) {
                yaml->endpoint = group.endpoint;
                yaml->filter = group.filter;
                return true;
            }
    }
    return false;
}

bool import_yaml_source(struct import_yaml *yaml)
{
    const struct import_item *at = yaml->import->rules.first;
    const bool filtered = strchr(yaml->path, '#');

    /* another rule may tell how the same file is made */
    if (!yaml_find_group(yaml, yaml->rule->node) && filtered)
        while (at && !yaml_find_group(yaml, at->node))
            at = at->next;
    if (filtered && !yaml->filter)
        return import_yaml_stop(yaml,
                                "it reads what a filter made, and no "
                                "warning tells the filter");
    if (yaml->endpoint && !yaml_use_template(yaml, yaml->endpoint))
        return false;
    return !yaml->filter || yaml_use_template(yaml, yaml->filter);
}
