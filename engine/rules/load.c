/* SPDX-License-Identifier: Apache-2.0 */
/* load.c - an import: documents in, a report out. */

#include "engine/rules/rules_private.h"
#include "sdk/base/alloc.h"

engine_status rules_import_new(const struct rules_import_options *options,
                               struct rules_import **out, engine_error *err)
{
    struct rules_import *import = engine_calloc(1, sizeof(*import));

    if (!import)
        return engine_fail_memory(err);
    import->options = *options;
    known_init(&import->known);
    rules_batch_init(&import->batch, options->store);
    import->report = rules_report_new();
    if (!import->report) {
        rules_import_free(import);
        return engine_fail_memory(err);
    }
    *out = import;
    return ENGINE_OK;
}

void rules_import_free(struct rules_import *import)
{
    if (!import)
        return;
    rules_batch_clear(&import->batch);
    known_clear(&import->known);
    template_form_free(import->form);
    rules_report_free(import->report);
    engine_free(import);
}

const bson_t *rules_import_report(const struct rules_import *import)
{
    return rules_report_document(import->report);
}

/* ---- one rule ------------------------------------------------------------ */

/* what notes need to know about the document they are about */
struct load_document {
    struct rules_import *import;
    const struct document_origin *origin;
    const char *rule_id;
};

static void load_note(const char *path, const char *what, void *user)
{
    const struct load_document *document = user;
    struct rules_import *import = document->import;

    import->notes++;
    rules_report_note(import->report, document->rule_id,
                      document->origin
                          ? document_origin_line(document->origin, path)
                          : 0,
                      what);
}

/* Documents that are no rules to run: old versions, and OpenWatch's base
 * rules, which were never executed. */
static const char *load_skip_reason(const bson_t *document)
{
    if (!document_bool(document, "is_latest", true))
        return "skipped: an old version (is_latest is false)";
    if (document_bool(document, "abstract", false))
        return "skipped: an abstract rule";
    return template_form_other(document);
}

/* A rule that cannot be taken is not a rule that is gone. */
static engine_status load_keep(struct rules_import *import,
                               const bson_t *document, engine_error *err)
{
    const char *benchmark_id = document_string(document, "benchmark");
    const char *rule_id = document_string(document, "rule_id");
    struct known_benchmark *benchmark = NULL;
    struct known_rule *rule = NULL;
    engine_status status;

    if (!benchmark_id || !rule_id)
        return ENGINE_OK;
    status = known_benchmark_get(&import->known, import->options.store,
                                 benchmark_id, &benchmark, err);
    if (status == ENGINE_OK)
        status = known_rule_get(benchmark, rule_id, &rule, err);
    if (status == ENGINE_OK)
        rule->seen = true;
    return status;
}

/* A rejected document is the report's; anything else ends the import. */
static engine_status load_fatal(struct rules_import *import,
                                engine_status status,
                                const engine_error *why, engine_error *err)
{
    import->fatal = status;
    import->fatal_error = *why;
    if (err)
        *err = *why;
    return status;
}

engine_status rules_load_reject(struct rules_import *import,
                                const bson_t *document, long line,
                                const engine_error *why, engine_error *err)
{
    engine_error inner = {0};
    engine_status status;

    if (why->status != ENGINE_EINVAL)
        return load_fatal(import, why->status, why, err);
    rules_report_reject(import->report, document_string(document, "rule_id"),
                        line, why);
    status = load_keep(import, document, &inner);
    return status < 0 ? load_fatal(import, status, &inner, err) : ENGINE_OK;
}

static void load_count(struct rules_import *import,
                       enum rules_outcome outcome)
{
    struct rules_counts *counts = rules_report_counts(import->report);

    counts->added += outcome == RULES_ADDED;
    counts->changed += outcome == RULES_CHANGED;
    counts->unchanged += outcome == RULES_UNCHANGED;
    counts->normalised += import->notes > 0;
}

static engine_status load_take(struct rules_import *import,
                               const bson_t *document,
                               struct load_document *context, bson_t *rule,
                               engine_error *why)
{
    const struct document_origin *origin = context->origin;
    const char *file = rules_report_current(import->report);
    long line = origin ? document_origin_line(origin, "") : 0;
    enum rules_outcome outcome = RULES_UNCHANGED;
    engine_status status =
        rules_normalise(document, origin, &import->options, load_note,
                        context, rule, why);

    if (status < 0)
        return status;
    status = rules_validate(rule, origin, why);
    if (status == ENGINE_OK)
        status = rules_commit_rule(&import->batch, &import->known, rule, file,
                                   line, &outcome, why);
    if (status == ENGINE_OK) {
        load_count(import, outcome);
        rules_report_type(import->report,
                          document_string(rule, "scanner_type"));
    }
    return status;
}

/* rules in the form of templates' variables become ordinary ones first */
static engine_status load_take_template(struct rules_import *import,
                                        const bson_t *document,
                                        struct load_document *context,
                                        bson_t *rule, engine_error *why)
{
    const char *note = NULL;
    engine_status status;
    bson_t made;

    context->rule_id = document_string(document, "id");
    status = template_form_rule(&import->form, document,
                                rules_report_current(import->report), &made,
                                &note, why);
    if (status < 0)
        return status;
    if (note)
        load_note("", note, context);
    status = load_take(import, &made, context, rule, why);
    bson_destroy(&made);
    return status;
}

/* a thousand test cases are one remark */
static void load_skip(struct rules_import *import, const char *rule_id,
                      long line, const char *skip)
{
    const bool again = !rule_id && import->skipped == skip &&
                       rules_report_counts(import->report)->skipped > 0;

    rules_report_counts(import->report)->skipped++;
    if (!again)
        rules_report_note(import->report, rule_id, line, skip);
    import->skipped = skip;
}

/* The callback of the readers; `user` is the import. */
engine_status rules_load(const bson_t *document,
                         const struct document_origin *origin, void *user,
                         engine_error *err)
{
    struct rules_import *import = user;
    struct load_document context = {import, origin,
                                    document_string(document, "rule_id")};
    const long line = origin ? document_origin_line(origin, "") : 0;
    const char *skip = load_skip_reason(document);
    engine_error why = {0};
    engine_status status;
    bson_t rule;

    rules_report_counts(import->report)->documents++;
    if (skip) {
        load_skip(import, context.rule_id, line, skip);
        return ENGINE_OK;
    }
    import->notes = 0;
    bson_init(&rule);
    status = template_form_is(document)
                 ? load_take_template(import, document, &context, &rule, &why)
                 : load_take(import, document, &context, &rule, &why);
    if (status < 0) {
        why.status = status;
        status = rules_load_reject(import,
                                   document_string(&rule, "rule_id") ? &rule
                                                                     : document,
                                   line, &why, err);
    }
    bson_destroy(&rule);
    return status;
}

/* ---- the bytes of a file ------------------------------------------------- */

engine_status rules_import_bytes(struct rules_import *import,
                                 const char *file, enum rules_format format,
                                 const char *data, size_t len,
                                 engine_error *err)
{
    engine_error why = {0};
    engine_status status = rules_report_start(import->report, file, err);

    if (status < 0)
        return status;
    status = rules_read(file, format, data, len, rules_load, import, &why);
    if (status < 0 && (import->fatal < 0 || status == ENGINE_ENOMEM)) {
        if (err)
            *err = why;
        return status;
    }
    if (status < 0)
        rules_report_reject(import->report, NULL, 0, &why);
    else if (rules_report_counts(import->report)->documents == 0)
        return rules_import_refuse(import, file, NULL,
                                   "there is no rule in it");
    return ENGINE_OK;
}

/* ---- the end ------------------------------------------------------------- */

engine_status rules_import_finish(struct rules_import *import,
                                  engine_error *err)
{
    engine_status status = ENGINE_OK;
    int64_t removed = 0;

    if (import->fatal < 0) {
        if (err)
            *err = import->fatal_error;
        return import->fatal;
    }
    status = rules_commit_removed(&import->batch, &import->known, &removed,
                                  err);
    if (status == ENGINE_OK)
        status = rules_batch_flush(&import->batch, err);
    if (status == ENGINE_OK)
        rules_report_removed(import->report, removed);
    return status;
}
