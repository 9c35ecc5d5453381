/* SPDX-License-Identifier: Apache-2.0 */
/*
 * template_form.c - rules as the variables of ComplianceAsCode's template
 * yamlfile_value: {id, title, severity, identifiers, references, platform,
 * api_resources: [{path, jq_filter, dump}], template_vars: {filepath, ...}}.
 * They become kubernetes rules of the benchmark "openshift".
 */
#include <stdio.h>
#include <string.h>

#include "engine/rules/template_form.h"
#include "sdk/base/alloc.h"

bool template_form_is(const bson_t *document)
{
    bson_t vars;

    return !bson_has_field(document, "rule_id") &&
           document_string(document, "id") &&
           document_child(document, "template_vars", &vars) &&
           document_string(&vars, "filepath");
}

/* definitions of variables: {name: {title, options: {...}, ...}, ...} */
static bool template_is_variables(const bson_t *document)
{
    bson_iter_t at;
    bson_t entry, options;
    bool any = false;

    if (!bson_iter_init(&at, document))
        return false;
    for (; bson_iter_next(&at); any = true)
        if (!BSON_ITER_HOLDS_DOCUMENT(&at) ||
            !document_iter_child(&at, &entry) ||
            !document_child(&entry, "options", &options) ||
            !document_string(&entry, "title"))
            return false;
    return any;
}

const char *template_form_other(const bson_t *document)
{
    bson_t files;

    if (bson_has_field(document, "rule_id"))
        return NULL;
    if (document_string(document, "rule") &&
        document_string(document, "verdict") &&
        document_child(document, "files", &files))
        return "skipped: test cases of rules";
    if (template_is_variables(document))
        return "skipped: definitions of variables, which are attached to the "
               "rules that use them";
    return NULL;
}

/* ---- frameworks ---------------------------------------------------------- */

/* ComplianceAsCode's keys, as an import of its XCCDF has them. */
static const struct {
    const char *key, *name, *version;
} template_frameworks[] = {
    {"nist", "nist", "800-53r4"},     {"nist-csf", "nist-csf", "1.1"},
    {"cui", "cui", "800-171"},        {"pcidss", "pci_dss", "v3.2.1"},
    {"pcidss4", "pci_dss", "v4.0"},   {"stigid", "stig", "current"},
    {"disa", "cci", "current"},       {"cjis", "cjis", "current"},
    {"iso27001-2013", "iso27001", "2013"},
};

#define FRAMEWORKS                                                            \
    (sizeof(template_frameworks) / sizeof(*template_frameworks))

/* "AC-6,CM-6(1)": control by control */
static void template_controls(const char *text, bson_t *list)
{
    unsigned count = 0;
    char number[16];

    while (*text) {
        size_t len = strcspn(text, ","), used;

        while (len && (*text == ' ' || *text == '\n')) {
            text++;
            len--;
        }
        used = len;
        while (used && (text[used - 1] == ' ' || text[used - 1] == '\n'))
            used--;
        snprintf(number, sizeof(number), "%u", count);
        if (used) {
            bson_append_utf8(list, number, -1, text, (int)used);
            count++;
        }
        text += len + (text[len] == ',');
    }
}

/* "cis@ocp4": the framework cis, in its version for ocp4 */
static engine_status template_framework(const bson_iter_t *at, bson_t *out,
                                        engine_error *err)
{
    const char *key = bson_iter_key(at), *product = strchr(key, '@');
    const size_t len = product ? (size_t)(product - key) : strlen(key);
    const char *version = "current";
    char *name = engine_strf("%.*s", (int)len, key);
    bson_t versions, list;
    const char *given = name;

    if (!name)
        return engine_fail_memory(err);
    for (size_t i = 0; i < FRAMEWORKS; i++)
        if (strcmp(template_frameworks[i].key, name) == 0) {
            given = template_frameworks[i].name;
            version = template_frameworks[i].version;
        }
    if (product && product[1])
        version = product + 1;
    bson_append_document_begin(out, key, -1, &versions);
    BSON_APPEND_UTF8(&versions, "name", given);
    BSON_APPEND_UTF8(&versions, "version", version);
    bson_append_array_begin(&versions, "controls", -1, &list);
    template_controls(bson_iter_utf8(at, NULL), &list);
    bson_append_array_end(&versions, &list);
    bson_append_document_end(out, &versions);
    engine_free(name);
    return ENGINE_OK;
}

/* {name: {version: [controls]}} of a flat list of such */
static void template_write_frameworks(const bson_t *flat, bson_t *out)
{
    bson_t done = BSON_INITIALIZER, all, versions, entry, other;
    bson_iter_t at, inner, list;

    bson_append_document_begin(out, "frameworks", -1, &all);
    for (bson_iter_init(&at, flat); bson_iter_next(&at);) {
        const char *name;

        if (!document_iter_child(&at, &entry))
            continue;
        name = document_string(&entry, "name");
        if (bson_iter_init_find(&inner, &done, name))
            continue;
        BSON_APPEND_BOOL(&done, name, true);
        bson_append_document_begin(&all, name, -1, &versions);
        for (inner = at;;) {
            if (document_iter_child(&inner, &other) &&
                strcmp(document_string(&other, "name"), name) == 0 &&
                bson_iter_init_find(&list, &other, "controls"))
                document_copy_value(&versions,
                                    document_string(&other, "version"),
                                    &list);
            if (!bson_iter_next(&inner))
                break;
        }
        bson_append_document_end(&all, &versions);
    }
    bson_append_document_end(out, &all);
    bson_destroy(&done);
}

static engine_status template_references(const bson_t *document, bson_t *out,
                                         engine_error *err)
{
    bson_t references, flat = BSON_INITIALIZER;
    engine_status status = ENGINE_OK;
    bson_iter_t at;

    if (document_child(document, "references", &references) &&
        bson_iter_init(&at, &references))
        while (status == ENGINE_OK && bson_iter_next(&at))
            if (BSON_ITER_HOLDS_UTF8(&at))
                status = template_framework(&at, &flat, err);
    if (status == ENGINE_OK && !bson_empty(&flat))
        template_write_frameworks(&flat, out);
    bson_destroy(&flat);
    return status;
}

/* "cce@ocp4" is a cce */
static void template_identifiers(const bson_t *document, bson_t *out)
{
    bson_t identifiers, to;
    bson_iter_t at, seen;

    if (!document_child(document, "identifiers", &identifiers) ||
        !bson_iter_init(&at, &identifiers))
        return;
    bson_append_document_begin(out, "identifiers", -1, &to);
    while (bson_iter_next(&at)) {
        char key[64];
        snprintf(key, sizeof(key), "%.*s",
                 (int)strcspn(bson_iter_key(&at), "@"), bson_iter_key(&at));
        if (!bson_iter_init_find(&seen, &to, key))
            document_copy_value(&to, key, &at);
    }
    bson_append_document_end(out, &to);
}

/* ---- the check ----------------------------------------------------------- */

/* What the resources of a rule tell, for other rules that read the same. */
static void template_resources(const bson_t *document, bson_t *known)
{
    bson_iter_t at, seen;
    bson_t list, entry;

    if (!document_child(document, "api_resources", &list) ||
        !bson_iter_init(&at, &list))
        return;
    while (bson_iter_next(&at)) {
        const char *dump;
        if (!document_iter_child(&at, &entry))
            continue;
        dump = document_string(&entry, "dump");
        if (dump && *dump && document_string(&entry, "path") &&
            !bson_iter_init_find(&seen, known, dump))
            document_copy_value(known, dump, &at);
    }
}

/* The resource that the file of the rule comes from; false: itself. */
static bool template_resource(const bson_t *known, const char *filepath,
                              bson_t *out)
{
    bson_iter_t at;

    return bson_iter_init_find(&at, known, filepath) &&
           document_iter_child(&at, out);
}

static engine_status template_source(const bson_t *known,
                                     const bson_t *vars, bson_t *out,
                                     engine_error *err)
{
    const char *filepath = document_string(vars, "filepath");
    const char *hash = strchr(filepath, '#'), *filter;
    bson_t resource;
    char *path;

    if (!template_resource(known, filepath, &resource)) {
        BSON_APPEND_UTF8(out, "filepath", filepath);
        return ENGINE_OK;
    }
    path = engine_strf("%s%s", document_string(&resource, "path"),
                       hash ? hash : "");
    if (!path)
        return engine_fail_memory(err);
    BSON_APPEND_UTF8(out, "filepath", path);
    filter = document_string(&resource, "jq_filter");
    if (filter && *filter)
        BSON_APPEND_UTF8(out, "jq_filter", filter);
    if (strcmp(path, filepath) != 0)
        BSON_APPEND_UTF8(out, "dump", filepath);
    engine_free(path);
    return ENGINE_OK;
}

static engine_status template_check(const bson_t *document,
                                    const bson_t *known, bson_t *content,
                                    engine_error *err)
{
    engine_status status;
    bson_iter_t at;
    bson_t vars;

    if (!document_child(document, "template_vars", &vars) ||
        !bson_iter_init(&at, &vars))
        return engine_fail(err, ENGINE_EINVAL, "template_vars is no mapping");
    status = template_source(known, &vars, content, err);
    while (status == ENGINE_OK && bson_iter_next(&at))
        if (!bson_has_field(content, bson_iter_key(&at)) &&
            !BSON_ITER_HOLDS_NULL(&at))
            document_copy_value(content, bson_iter_key(&at), &at);
    return status;
}

/* ---- the rule ------------------------------------------------------------ */

static void template_copy(const bson_t *document, bson_t *out,
                          const char *const *keys)
{
    bson_iter_t at;

    for (; *keys; keys++)
        if (bson_iter_init_find(&at, document, *keys))
            document_copy_value(out, *keys, &at);
}

static void template_head(const bson_t *document, bson_t *out)
{
    static const char *const same[] = {
        "title", "severity", "description", "rationale", "warnings",
        "remediation", "tags", "version", NULL};
    const char *benchmark = document_string(document, "benchmark");
    const char *platform = document_string(document, "platform");
    bson_t list;

    BSON_APPEND_UTF8(out, "benchmark", benchmark ? benchmark : "openshift");
    BSON_APPEND_UTF8(out, "rule_id", document_string(document, "id"));
    BSON_APPEND_UTF8(out, "scanner_type", "kubernetes");
    template_copy(document, out, same);
    template_identifiers(document, out);
    if (platform) {
        bson_append_array_begin(out, "platforms", -1, &list);
        BSON_APPEND_UTF8(&list, "0", platform);
        bson_append_array_end(out, &list);
    }
}

engine_status template_form_rule(struct template_form **form,
                                 const bson_t *document, const char *file,
                                 bson_t *out, const char **note,
                                 engine_error *err)
{
    bson_t content = BSON_INITIALIZER;
    engine_status status;

    bson_init(out);
    template_head(document, out);
    status = template_references(document, out, err);
    if (status == ENGINE_OK)
        status = template_form_open(form, file, err);
    if (status == ENGINE_OK) {
        template_resources(document, template_form_known(*form));
        status = template_check(document, template_form_known(*form),
                                &content, err);
    }
    if (status == ENGINE_OK)
        status = template_form_variables(*form, &content, out, note, err);
    if (status == ENGINE_OK)
        BSON_APPEND_DOCUMENT(out, "check_content", &content);
    bson_destroy(&content);
    if (status < 0)
        bson_destroy(out);
    return status;
}
