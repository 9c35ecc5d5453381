/* SPDX-License-Identifier: Apache-2.0 */
/* xccdf_rule.c - one rule, and one variable, in the order of the schema. */
#include "engine/server/xccdf.h"

#include <math.h>
#include <string.h>

#define XCCDF_SYSTEM_OVAL "http://oval.mitre.org/XMLSchema/oval-definitions-5"
#define XCCDF_SYSTEM_CONTENT "urn:scan-engine:content"
#define XCCDF_SYSTEM_OTHER "http://openwatch.hanalyx.com/scanner/"

/* XCCDF knows no more than high. */
static const char *rule_severity(const bson_t *rule)
{
    static const char *const known[] = {"unknown", "info", "low", "medium",
                                        "high"};
    const char *severity = document_string(rule, "severity");

    if (severity && strcmp(severity, "critical") == 0)
        return "high";
    for (size_t i = 0; severity && i < SERVER_COUNT(known); i++)
        if (strcmp(severity, known[i]) == 0)
            return known[i];
    return "unknown";
}

static void rule_reference(struct buffer *out, const char *href,
                           const char *text)
{
    buffer_puts(out, "      <reference href=\"");
    xccdf_uri(out, href);
    buffer_puts(out, "\">");
    xccdf_text(out, text);
    buffer_puts(out, "</reference>\n");
}

static void rule_references(struct buffer *out, struct arena *arena,
                            const bson_t *rule)
{
    const bool own = bson_has_field(rule, "references");
    bson_t list, item;
    bson_iter_t iter;

    if (!document_child(rule, own ? "references" : "framework_refs", &list) ||
        !bson_iter_init(&iter, &list))
        return;
    while (bson_iter_next(&iter)) {
        const char *text = NULL, *href = NULL;

        if (document_iter_child(&iter, &item) && own) {
            href = document_string(&item, "href");
            text = document_string(&item, "text");
        } else if (document_iter_child(&iter, &item)) {
            href = arena_strf(arena, "urn:framework:%s:%s",
                              document_string(&item, "framework"),
                              document_string(&item, "version"));
            text = document_string(&item, "control");
        }
        if (text)
            rule_reference(out, href ? href : "", text);
    }
}

static void rule_idents(struct buffer *out, const bson_t *rule)
{
    bson_t list;
    bson_iter_t iter;

    if (!document_child(rule, "identifiers", &list) ||
        !bson_iter_init(&iter, &list))
        return;
    while (bson_iter_next(&iter)) {
        const char *key = bson_iter_key(&iter);

        if (!BSON_ITER_HOLDS_UTF8(&iter))
            continue;
        buffer_puts(out, "      <ident system=\"");
        if (strcmp(key, "cce") == 0)
            buffer_puts(out, "https://ncp.nist.gov/cce");
        else if (strcmp(key, "cve") == 0)
            buffer_puts(out, "https://cve.mitre.org");
        else {
            buffer_puts(out, "urn:scan-engine:identifier:");
            xccdf_uri(out, key);
        }
        buffer_puts(out, "\">");
        xccdf_text(out, bson_iter_utf8(&iter, NULL));
        buffer_puts(out, "</ident>\n");
    }
}

/* ---- checks -------------------------------------------------------------- */

static void rule_exports(struct buffer *out, struct arena *arena,
                         const bson_t *rule)
{
    bson_t list, variable;
    bson_iter_t iter;

    if (!document_child(rule, "variables", &list) ||
        !bson_iter_init(&iter, &list))
        return;
    while (bson_iter_next(&iter)) {
        const char *id;

        if (!document_iter_child(&iter, &variable))
            continue;
        id = xccdf_value_id(arena, bson_iter_key(&iter), &variable);
        buffer_puts(out, "        <check-export value-id=\"");
        xccdf_text(out, id ? id : "");
        buffer_puts(out, "\" export-name=\"");
        xccdf_text(out, bson_iter_key(&iter));
        buffer_puts(out, "\"/>\n");
    }
}

static void rule_content_ref(struct buffer *out, const char *href,
                             const char *name)
{
    buffer_puts(out, "        <check-content-ref href=\"");
    xccdf_uri(out, href);
    buffer_puts(out, "\" name=\"");
    xccdf_text(out, name);
    buffer_puts(out, "\"/>\n");
}

/* What the rule says, for those who know its scanner type. */
static void rule_content(struct buffer *out, const bson_t *rule)
{
    struct buffer text;
    bson_t content;

    if (!document_child(rule, "check_content", &content))
        return;
    buffer_init(&text, XCCDF_TEXT_MAX);
    document_to_json(&content, 0, &text);
    xccdf_element(out, 8, "check-content", text.data);
    if (text.status < 0)
        out->status = text.status;
    buffer_clear(&text);
}

static void rule_own_check(struct buffer *out, struct arena *arena,
                           const bson_t *rule)
{
    const char *type = document_string(rule, "scanner_type");
    const char *name = document_string(rule, "check_content.oval.definition");
    const char *href = arena_strf(arena, "%s.oval.xml",
                                  document_string(rule, "rule_id"));

    if (document_string(rule, "check_content.oval_reference.definition")) {
        name = document_string(rule, "check_content.oval_reference.definition");
        href = document_string(rule, "check_content.oval_reference.href");
    }
    buffer_puts(out, "      <check system=\"");
    if (name) {
        buffer_puts(out, XCCDF_SYSTEM_OVAL);
    } else {
        buffer_puts(out, XCCDF_SYSTEM_OTHER);
        xccdf_uri(out, type ? type : "custom");
    }
    buffer_puts(out, "\">\n");
    rule_exports(out, arena, rule);
    if (name)
        rule_content_ref(out, href ? href : "", name);
    else
        rule_content(out, rule);
    buffer_puts(out, "      </check>\n");
}

void xccdf_rule(struct buffer *out, struct arena *arena, const char *id,
                const bson_t *rule, const char *content_id)
{
    const char *title = document_string(rule, "title");

    buffer_puts(out, "    <Rule id=\"");
    xccdf_text(out, id);
    buffer_printf(out, "\" selected=\"false\" severity=\"%s\">\n",
                  rule_severity(rule));
    xccdf_element(out, 6, "title", title && *title ? title : id);
    xccdf_element(out, 6, "description", document_string(rule, "description"));
    rule_references(out, arena, rule);
    xccdf_element(out, 6, "rationale", document_string(rule, "rationale"));
    rule_idents(out, rule);
    xccdf_element(out, 6, "fixtext", document_string(rule, "remediation.text"));
    if (content_id) {
        buffer_puts(out, "      <check system=\"" XCCDF_SYSTEM_CONTENT
                         "\">\n");
        rule_content_ref(out, "", content_id);
        buffer_puts(out, "      </check>\n");
    } else {
        rule_own_check(out, arena, rule);
    }
    buffer_puts(out, "    </Rule>\n");
}

/* ---- variables ----------------------------------------------------------- */

/* xs:decimal has no exponent. */
static void value_bound(struct buffer *out, const bson_t *variable,
                        const char *name, const char *element)
{
    const double bound = document_double(variable, name, NAN);

    if (isfinite(bound) && fabs(bound) < 1e15)
        buffer_printf(out, "    <%s>%.*f</%s>\n", element,
                      bound == floor(bound) ? 0 : 6, bound, element);
}

static void value_choices(struct buffer *out, const bson_t *variable)
{
    bson_t list;
    bson_iter_t iter;

    if (!document_child(variable, "choices", &list) ||
        !bson_iter_init(&iter, &list) || !bson_count_keys(&list))
        return;
    buffer_puts(out, "    <choices mustMatch=\"true\">\n");
    while (bson_iter_next(&iter))
        if (BSON_ITER_HOLDS_UTF8(&iter))
            xccdf_element(out, 6, "choice", bson_iter_utf8(&iter, NULL));
    buffer_puts(out, "    </choices>\n");
}

void xccdf_value(struct buffer *out, const char *id, const char *name,
                 const bson_t *variable)
{
    const char *type = document_string(variable, "type");
    const char *title = document_string(variable, "title");
    const char *text = document_string(variable, "default");
    const bool number = type && strcmp(type, "number") == 0;

    buffer_puts(out, "  <Value id=\"");
    xccdf_text(out, id);
    buffer_printf(out, "\" type=\"%s\">\n",
                  number ? "number"
                  : type && strcmp(type, "boolean") == 0 ? "boolean"
                                                         : "string");
    xccdf_element(out, 4, "title", title && *title ? title : name);
    xccdf_element(out, 4, "description",
                  document_string(variable, "description"));
    buffer_puts(out, "    <value>");
    xccdf_text(out, text ? text : "");
    buffer_puts(out, "</value>\n");
    xccdf_element(out, 4, "match", document_string(variable, "pattern"));
    value_bound(out, variable, "minimum", "lower-bound");
    value_bound(out, variable, "maximum", "upper-bound");
    value_choices(out, variable);
    buffer_puts(out, "  </Value>\n");
}
