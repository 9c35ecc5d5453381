/* SPDX-License-Identifier: Apache-2.0 */
/* normalise.c - any accepted form of a rule becomes the canonical one. */
#include <ctype.h>
#include <string.h>

#include "engine/rules/rules_private.h"

#define NORMALISE_ARENA_MAX ((size_t)64 * 1024 * 1024)

/* Fields that are understood, or that say nothing to this engine: OpenWatch's
 * bookkeeping and what its own code never used. */
static const char *const normalise_known[] = {
    /* contract.md */
    "_id", "benchmark", "rule_id", "version", "is_latest", "title",
    "description", "rationale", "references", "tags", "identifiers",
    "platforms", "severity", "scanner_type", "category", "frameworks",
    "framework_refs", "variables", "check_content", "remediation", "source",
    "scap_rule_id", "warnings",
    /* accepted in other places or under other names */
    "metadata", "warning", "xccdf_variables", "check_implementation",
    "manual_remediation", "fix_content", "source_file", "abstract",
    /* OpenWatch */
    "parent_rule_id", "inherits_from", "derived_rules", "security_function",
    "platform_implementations", "platform_requirements",
    "platform_capability_detection", "conditions", "base_parameters",
    "inheritable_properties", "parameter_overrides", "parameter_resolution",
    "check_type", "dependencies", "fix_available", "remediation_complexity",
    "remediation_risk", "source_hash", "version_hash", "revision_id",
    "supersedes_version", "superseded_by", "effective_from",
    "effective_until", "imported_at", "updated_at", "created_by",
    "source_bundle", "source_bundle_hash", "import_id", "change_summary",
    "deprecated", "deprecation_reason", "replacement_rule_id",
};

static const struct {
    const char *alias, *severity;
} normalise_severities[] = {
    {"informational", "info"}, {"information", "info"}, {"none", "info"},
    {"moderate", "medium"},    {"minor", "low"},        {"important", "high"},
};

static void normalise_unknown(struct normaliser *n)
{
    const size_t count =
        sizeof(normalise_known) / sizeof(normalise_known[0]);
    bson_iter_t field;

    if (!bson_iter_init(&field, n->in))
        return;
    while (bson_iter_next(&field)) {
        const char *key = bson_iter_key(&field);
        size_t i = 0;
        while (i < count && strcmp(key, normalise_known[i]) != 0)
            i++;
        if (i == count)
            normaliser_note(n, key, "ignored field \"%s\"", key);
    }
}

/* the first of two places that has a text */
static const char *normalise_either(struct normaliser *n, const char *path,
                                    const char *other)
{
    const char *text = normaliser_text(n, path);

    return text && *text ? text : normaliser_text(n, other);
}

/* OpenWatch's ids all start so; a file of ours may do that too, but has
 * neither of the fields. */
static bool normalise_is_openwatch(const struct normaliser *n,
                                   const char *rule_id)
{
    return strncmp(rule_id, "ow-", 3) == 0 &&
           (bson_has_field(n->in, "scap_rule_id") ||
            bson_has_field(n->in, "metadata")) &&
           !bson_has_field(n->in, "benchmark");
}

/* Titles are one line: blanks at the ends go, others become one space. */
static const char *normalise_blanks(struct normaliser *n, const char *title)
{
    char *text = arena_strdup(&n->arena, title);
    char *to = text;

    if (!text)
        return title;
    for (const char *at = text; *at; at++) {
        const bool blank = (unsigned char)*at <= ' ';
        if (!blank)
            *to++ = *at;
        else if (to > text && to[-1] != ' ')
            *to++ = ' ';
    }
    if (to > text && to[-1] == ' ')
        to--;
    *to = '\0';
    if (strcmp(text, title) != 0)
        normaliser_note(n, "title", "blanks in the title");
    return text;
}

static engine_status normalise_ids(struct normaliser *n, engine_error *err)
{
    const char *rule_id = normaliser_text(n, "rule_id");
    const char *benchmark = normaliser_text(n, "benchmark");
    const char *title;

    if (!rule_id || !*rule_id)
        return rules_fail_at(err, n->origin, "rule_id", "rule_id is missing");
    n->openwatch = normalise_is_openwatch(n, rule_id);
    if (!benchmark || !*benchmark)
        benchmark = n->openwatch ? "openwatch" : "local";
    BSON_APPEND_UTF8(n->out, "benchmark", benchmark);
    BSON_APPEND_UTF8(n->out, "rule_id", rule_id);
    title = normalise_either(n, "title", "metadata.name");
    if (title)
        title = normalise_blanks(n, title);
    if (!title || !*title) {
        normaliser_note(n, "title", "title missing -> \"%s\"", rule_id);
        title = rule_id;
    }
    BSON_APPEND_UTF8(n->out, "title", title);
    return ENGINE_OK;
}

static engine_status normalise_severity(struct normaliser *n,
                                        engine_error *err)
{
    const size_t aliases =
        sizeof(normalise_severities) / sizeof(normalise_severities[0]);
    const char *given = normalise_either(n, "severity", "metadata.severity");
    char *word = arena_strdup(&n->arena, given ? given : "unknown");
    const char *severity = word;

    if (!word)
        return engine_fail_memory(err);
    for (char *at = word; *at; at++)
        *at = (char)tolower((unsigned char)*at);
    for (size_t i = 0; i < aliases; i++)
        if (strcmp(word, normalise_severities[i].alias) == 0)
            severity = normalise_severities[i].severity;
    if (given && strcmp(given, severity) != 0)
        normaliser_note(n, "severity", "severity \"%s\" -> \"%s\"", given,
                        severity);
    BSON_APPEND_UTF8(n->out, "severity", severity);
    return ENGINE_OK;
}

/* OpenWatch has no scanner_type in its files, but says where they are from. */
static const char *normalise_default_type(struct normaliser *n)
{
    const char *file = normaliser_text(n, "source_file");

    if (!n->openwatch)
        return "oscap";
    if (file && strstr(file, "applications/openshift")) {
        normaliser_note(n, "scanner_type",
                        "scanner_type missing -> \"kubernetes\" (from %s)",
                        file);
        return "kubernetes";
    }
    normaliser_note(n, "scanner_type", "scanner_type missing -> \"oscap\"");
    return "oscap";
}

static void normalise_type(struct normaliser *n)
{
    const struct rules_import_options *options = n->options;
    const char *given = normaliser_text(n, "scanner_type");
    const char *type = given && *given ? given : normalise_default_type(n);

    if (options && options->canonical_type) {
        const char *name = options->canonical_type(type, options->user);
        if (!name)
            normaliser_note(n, "scanner_type",
                            "no scanner registered for \"%s\"", type);
        else if (strcmp(name, type) != 0)
            normaliser_note(n, "scanner_type",
                            "scanner_type \"%s\" -> \"%s\"", type, name);
        type = name ? name : type;
    }
    n->scanner_type = arena_strdup(&n->arena, type);
    if (!n->scanner_type)
        n->scanner_type = type;
    BSON_APPEND_UTF8(n->out, "scanner_type", n->scanner_type);
}

/* XCCDF has one or more; a plugin that joins them sends one text */
static void normalise_warning(struct normaliser *n, const char *text)
{
    bson_t list;

    bson_append_array_begin(n->out, "warnings", -1, &list);
    BSON_APPEND_UTF8(&list, "0", text);
    bson_append_array_end(n->out, &list);
}

static void normalise_texts(struct normaliser *n)
{
    const char *text = normalise_either(n, "description",
                                        "metadata.description");

    if (text && *text)
        BSON_APPEND_UTF8(n->out, "description", text);
    text = normalise_either(n, "rationale", "metadata.rationale");
    if (text && *text)
        BSON_APPEND_UTF8(n->out, "rationale", text);
    text = normaliser_text(n, "warning");
    if (text && *text && !bson_has_field(n->in, "warnings"))
        normalise_warning(n, text);
}

static engine_status normalise_lists(struct normaliser *n, engine_error *err)
{
    static const char *const lists[][2] = {
        {"platforms", "metadata.platforms"},
        {"tags", "metadata.tags"},
        {"references", "metadata.references"},
        {"warnings", "metadata.warnings"},
    };

    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        const char *path = bson_has_field(n->in, lists[i][0]) ? lists[i][0]
                                                              : lists[i][1];
        engine_status status;
        if (bson_has_field(n->out, lists[i][0]))
            continue;
        status = normaliser_copy_list(n, n->out, lists[i][0], path, err);
        if (status < 0)
            return status;
    }
    normaliser_copy_text(n, n->out, "category", "category");
    return normaliser_copy_map(n, n->out, "identifiers", "identifiers", err);
}

/*
 * The incoming version belongs to the source; the engine counts its own. What
 * an engine exported has its hash, and its version is the engine's.
 */
static void normalise_source_version(struct normaliser *n, bson_t *source)
{
    const char *version = normaliser_text(n, "source.version");
    const char *given = normaliser_text(n, "version");

    if (!version && given && !document_string(n->in, "source.hash")) {
        version = given;
        normaliser_note(n, "version", "version \"%s\" -> source.version",
                        given);
    }
    if (version)
        BSON_APPEND_UTF8(source, "version", version);
}

static void normalise_source(struct normaliser *n)
{
    const char *name = normaliser_text(n, "source.name");
    const char *id = normalise_either(n, "source.upstream_id",
                                      "metadata.source.upstream_id");
    const char *upstream = normalise_either(n, "source.upstream_file",
                                            "source_file");
    bson_t source;

    if (!name && n->openwatch)
        name = "OpenWatch";
    bson_append_document_begin(n->out, "source", -1, &source);
    if (name)
        BSON_APPEND_UTF8(&source, "name", name);
    if (id)
        BSON_APPEND_UTF8(&source, "upstream_id", id);
    if (upstream)
        BSON_APPEND_UTF8(&source, "upstream_file", upstream);
    normalise_source_version(n, &source);
    if (n->origin) {
        BSON_APPEND_UTF8(&source, "file", document_origin_file(n->origin));
        BSON_APPEND_INT64(&source, "line",
                          document_origin_line(n->origin, ""));
    } else if (normaliser_text(n, "source.file")) {
        BSON_APPEND_UTF8(&source, "file", normaliser_text(n, "source.file"));
    }
    bson_append_document_end(n->out, &source);
}

static engine_status normalise_run(struct normaliser *n, engine_error *err)
{
    engine_status status = normalise_ids(n, err);

    if (status < 0)
        return status;
    normalise_texts(n);
    status = normalise_severity(n, err);
    if (status < 0)
        return status;
    normalise_type(n);
    status = normalise_lists(n, err);
    if (status == ENGINE_OK)
        status = normalise_frameworks(n, err);
    if (status == ENGINE_OK)
        status = normalise_variables(n, err);
    if (status == ENGINE_OK)
        status = normalise_content(n, err);
    if (status < 0)
        return status;
    normalise_remediation(n);
    normalise_source(n);
    normalise_unknown(n);
    return n->starved ? engine_fail_memory(err) : ENGINE_OK;
}

engine_status rules_normalise(const bson_t *document,
                              const struct document_origin *origin,
                              const struct rules_import_options *options,
                              rules_note_fn note, void *user, bson_t *out,
                              engine_error *err)
{
    struct normaliser n = {.in = document,
                           .origin = origin,
                           .options = options,
                           .note = note,
                           .user = user,
                           .out = out};
    engine_status status;

    bson_init(out);
    arena_init(&n.arena, NORMALISE_ARENA_MAX);
    status = normalise_run(&n, err);
    arena_clear(&n.arena);
    if (status < 0) {
        bson_destroy(out);
        bson_init(out); /* nothing to free, and safe to destroy again */
    }
    return status;
}
