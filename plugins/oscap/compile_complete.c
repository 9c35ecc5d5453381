/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compile_complete.c - a benchmark that the engine wrote for its rules, made
 * complete: a rule whose check is of system COMPLETE_SYSTEM gets the checks
 * and platforms that the named rule has in the content; the values and the
 * benchmark's platforms come along.
 */
#include <stdio.h>
#include <string.h>

#include "plugins/oscap/compile.h"
#include "plugins/oscap/xml.h"
#include "sdk/base/hash.h"

#define COMPLETE_SYSTEM "urn:scan-engine:content"
#define COMPLETE_NAME "urn:scan-engine"
#define COMPLETE_GROUP "xccdf_org.scan-engine_group_platforms-%u"

struct complete {
    xmlNode *base, *content; /* the two <Benchmark> */
    struct table rules;      /* id -> Rule of the content */
    struct xml_names names;
    struct buffer *out;
    bool has_values;
    unsigned wrapped; /* groups that only carry platforms */
    engine_error *err;
};

/* ---- the content's rules ------------------------------------------------- */

static xmlNode *complete_after(xmlNode *at, const xmlNode *root)
{
    xmlNode *next = xml_first(at);

    while (!next && at != root && !(next = xml_next(at)))
        at = at->parent;
    return next;
}

static engine_status complete_index(struct complete *state)
{
    for (xmlNode *at = state->content; at;
         at = complete_after(at, state->content))
        if (xml_is(at, XML_XCCDF, "Rule") && xml_attr(at, "id") &&
            table_set(&state->rules, xml_attr(at, "id"), at) < 0)
            return engine_fail_memory(state->err);
    return ENGINE_OK;
}

/* ---- writing ------------------------------------------------------------- */

static void complete_copy(struct complete *state, const xmlNode *from,
                          const char *uri, const char *name, int indent)
{
    for (xmlNode *at = xml_child(from, uri, name); at;
         at = xml_sibling(at, uri, name))
        xml_write(state->out, at, indent, &state->names, NULL, NULL);
}

static bool complete_is_check(const xmlNode *node)
{
    return xml_is(node, XML_XCCDF, "check") ||
           xml_is(node, XML_XCCDF, "complex-check");
}

/* The id of the content's rule that this check stands for, or NULL. */
static const char *complete_reference(const xmlNode *check)
{
    const char *system = xml_attr(check, "system");
    const xmlNode *ref = xml_child(check, XML_XCCDF, "check-content-ref");

    return xml_is(check, XML_XCCDF, "check") && system && ref &&
                   strcmp(system, COMPLETE_SYSTEM) == 0
               ? xml_attr(ref, "name")
               : NULL;
}

/* Each level of groups with platforms narrows further: it stays a level. */
static unsigned complete_open_groups(struct complete *state,
                                     const xmlNode *rule)
{
    unsigned open = 0;

    for (const xmlNode *at = rule->parent; at && at != state->content;
         at = at->parent) {
        if (!xml_child(at, XML_XCCDF, "platform"))
            continue;
        xml_write_indent(state->out, 4);
        buffer_printf(state->out, "<Group id=\"" COMPLETE_GROUP "\">\n",
                      ++state->wrapped);
        complete_copy(state, at, XML_XCCDF, "title", 6);
        complete_copy(state, at, XML_XCCDF, "platform", 6);
        open++;
    }
    return open;
}

static void complete_checks(struct complete *state, const xmlNode *rule)
{
    for (xmlNode *at = xml_first(rule); at; at = xml_next(at))
        if (complete_is_check(at))
            xml_write(state->out, at, 6, &state->names, NULL, NULL);
}

static bool complete_follows_platform(const xmlNode *node)
{
    static const char *const names[] = {"ident", "fixtext", "check"};

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (strcmp(xml_name(node), names[i]) == 0)
            return true;
    return false;
}

static void complete_write_rule(struct complete *state, const xmlNode *rule,
                                const xmlNode *from)
{
    static const char *const skip[] = {"role", "weight", NULL};
    const char *role = xml_attr(from, "role"), *weight =
                                                   xml_attr(from, "weight");
    unsigned open = complete_open_groups(state, from);
    bool placed = false;
    char extra[128];

    snprintf(extra, sizeof(extra), "%s%.30s%s%s%.30s%s",
             role ? " role=\"" : "", role ? role : "", role ? "\"" : "",
             weight ? " weight=\"" : "", weight ? weight : "",
             weight ? "\"" : "");
    xml_write_indent(state->out, 4);
    xml_write_start(state->out, rule, &state->names, skip, extra);
    for (xmlNode *at = xml_first(rule); at; at = xml_next(at)) {
        if (!placed && complete_follows_platform(at)) {
            complete_copy(state, from, XML_XCCDF, "platform", 6);
            placed = true;
        }
        if (complete_reference(at))
            complete_checks(state, from);
        else
            xml_write(state->out, at, 6, &state->names, NULL, NULL);
    }
    xml_write_indent(state->out, 4);
    buffer_puts(state->out, "</Rule>\n");
    for (; open; open--)
        buffer_puts(state->out, "    </Group>\n");
}

static engine_status complete_rule(struct complete *state, xmlNode *rule)
{
    const xmlNode *from;

    for (xmlNode *at = xml_first(rule); at; at = xml_next(at)) {
        const char *id = complete_reference(at);

        if (!id)
            continue;
        from = table_get(&state->rules, id);
        if (!from)
            return engine_fail(state->err, ENGINE_ENOTFOUND,
                               "rule \"%s\" is not in the content", id);
        complete_write_rule(state, rule, from);
        return ENGINE_OK;
    }
    xml_write(state->out, rule, 4, &state->names, NULL, NULL);
    return ENGINE_OK;
}

static engine_status complete_group(struct complete *state, xmlNode *group)
{
    engine_status status = ENGINE_OK;

    xml_write_indent(state->out, 2);
    xml_write_start(state->out, group, &state->names, NULL, "");
    for (xmlNode *at = xml_first(group); at && status == ENGINE_OK;
         at = xml_next(at))
        if (xml_is(at, XML_XCCDF, "Rule"))
            status = complete_rule(state, at);
        else
            xml_write(state->out, at, 4, &state->names, NULL, NULL);
    buffer_puts(state->out, "  </Group>\n");
    return status;
}

/* What the chosen profile says of the content's rules, for those that are
 * here by the same id. */
static void complete_profile(struct complete *state, const xmlNode *profile)
{
    const xmlNode *chosen = xml_child(state->content, XML_XCCDF, "Profile");

    xml_write_indent(state->out, 2);
    xml_write_start(state->out, profile, &state->names, NULL, "");
    for (xmlNode *at = xml_first(profile); at; at = xml_next(at))
        xml_write(state->out, at, 4, &state->names, NULL, NULL);
    for (xmlNode *at = xml_child(chosen, XML_XCCDF, "refine-rule"); at;
         at = xml_sibling(at, XML_XCCDF, "refine-rule")) {
        const char *idref = xml_attr(at, "idref");

        for (xmlNode *one = xml_child(profile, XML_XCCDF, "select");
             one && idref; one = xml_sibling(one, XML_XCCDF, "select"))
            if (xml_attr(one, "idref") &&
                strcmp(xml_attr(one, "idref"), idref) == 0)
                xml_write(state->out, at, 4, &state->names, NULL, NULL);
    }
    buffer_puts(state->out, "  </Profile>\n");
}

/* The order of the schema: platforms, version, model, profiles, values. */
static engine_status complete_child(struct complete *state, xmlNode *at)
{
    const bool version = xml_is(at, XML_XCCDF, "version");

    if (version) {
        complete_copy(state, state->content, XML_CPE_LANG,
                      "platform-specification", 2);
        complete_copy(state, state->content, XML_XCCDF, "platform", 2);
    }
    if (!state->has_values && (xml_is(at, XML_XCCDF, "Value") ||
                               xml_is(at, XML_XCCDF, "Group"))) {
        complete_copy(state, state->content, XML_XCCDF, "Value", 2);
        state->has_values = true;
    }
    if (xml_is(at, XML_XCCDF, "Group"))
        return complete_group(state, at);
    if (xml_is(at, XML_XCCDF, "Profile"))
        complete_profile(state, at);
    else
        xml_write(state->out, at, 2, &state->names, NULL, NULL);
    if (version)
        complete_copy(state, state->content, XML_XCCDF, "model", 2);
    return ENGINE_OK;
}

static engine_status complete_body(struct complete *state, struct buffer *body)
{
    engine_status status = complete_index(state);

    state->out = body;
    for (xmlNode *at = xml_first(state->base); at && status == ENGINE_OK;
         at = xml_next(at))
        status = complete_child(state, at);
    return status == ENGINE_OK ? buffer_status(body, state->err) : status;
}

/* The prefixes are known when all below has been written. */
static void complete_write(struct complete *state, const struct buffer *body,
                           struct buffer *out)
{
    struct buffer names;

    buffer_init(&names, 65536);
    xml_names_write(&state->names, &names);
    if (names.status < 0)
        out->status = names.status;
    buffer_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    xml_write_start(out, state->base, &state->names, NULL,
                    names.data ? names.data : "");
    buffer_append(out, body->data, body->len);
    buffer_puts(out, "</Benchmark>\n");
    buffer_clear(&names);
}

engine_status oscap_benchmark_complete(
    const struct oscap_compile_options *options, const char *text,
    struct buffer *out, engine_error *err)
{
    struct complete state = {.err = err};
    struct buffer compiled, body;
    xmlDoc *base = NULL, *content = NULL;
    engine_status status;

    table_init(&state.rules);
    xml_names_init(&state.names, XML_XCCDF);
    buffer_init(&compiled, out->maximum);
    buffer_init(&body, out->maximum);
    status = oscap_benchmark_write(options, &compiled, err);
    if (status == ENGINE_OK)
        status = xml_parse(compiled.data, compiled.len, "content", &content,
                           err);
    if (status == ENGINE_OK)
        status = xml_parse(text, strlen(text), COMPLETE_NAME, &base, err);
    if (status == ENGINE_OK) {
        state.base = xmlDocGetRootElement(base);
        state.content = xmlDocGetRootElement(content);
        status = complete_body(&state, &body);
    }
    if (status == ENGINE_OK) {
        complete_write(&state, &body, out);
        status = buffer_status(out, err);
    }
    xmlFreeDoc(base);
    xmlFreeDoc(content);
    table_clear(&state.rules);
    buffer_clear(&compiled);
    buffer_clear(&body);
    return status;
}
