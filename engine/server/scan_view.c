/* SPDX-License-Identifier: Apache-2.0 */
/* scan_view.c - scan documents as clients see them. */
#include "engine/server/scan_view.h"

#include <string.h>

static const char *const view_counters[] = {
    "total_rules",   "passed",       "failed",        "error",
    "unknown",       "not_applicable", "not_checked", "not_selected",
    "informational", "fixed",        "waived",        "compliance_percentage",
    "coverage_percentage", "by_severity", "by_scanner", "by_target"};

bool scan_view_is_over(const bson_t *scan)
{
    const char *state = document_string(scan, "status");

    return !state ||
           (strcmp(state, "pending") != 0 && strcmp(state, "running") != 0);
}

static void view_copy(const bson_t *scan, const char *from, const char *to,
                      bson_t *out)
{
    bson_iter_t iter;

    if (bson_iter_init_find(&iter, scan, from))
        document_copy_value(out, to, &iter);
}

/* {scanner: version} from {scanner: {version, ...}} */
static void view_versions(const bson_t *scan, bson_t *out)
{
    bson_t metadata, versions, item;
    bson_iter_t iter;

    BSON_APPEND_DOCUMENT_BEGIN(out, "scanner_versions", &versions);
    if (document_child(scan, "scanner_metadata", &metadata) &&
        bson_iter_init(&iter, &metadata))
        while (bson_iter_next(&iter)) {
            const char *version = document_iter_child(&iter, &item)
                                      ? document_string(&item, "version")
                                      : NULL;

            if (version)
                bson_append_utf8(&versions, bson_iter_key(&iter), -1, version,
                                 -1);
        }
    bson_append_document_end(out, &versions);
}

void scan_view(const bson_t *scan, bson_t *out)
{
    bson_t summary;

    bson_concat(out, scan);
    view_copy(scan, "name", "scan_name", out);
    view_copy(scan, "scan_config", "config", out);
    BSON_APPEND_DOCUMENT_BEGIN(out, "summary", &summary);
    for (size_t i = 0; i < SERVER_COUNT(view_counters); i++)
        view_copy(scan, view_counters[i], view_counters[i], &summary);
    bson_append_document_end(out, &summary);
    view_versions(scan, out);
}

/* ---- progress ------------------------------------------------------------ */

engine_status scan_view_progress(struct store *store, const bson_t *scan,
                                 bson_t *out, engine_error *err)
{
    bson_t *filter =
        BCON_NEW("scan_id", BCON_UTF8(document_string(scan, "scan_id")));
    bson_t groups, targets;
    bson_iter_t iter;
    int64_t done = 0, count = 1, total = document_int(scan, "total_rules", 0);
    engine_status status = store_group(store, STORE_VERDICTS, filter,
                                       "status", &groups, err);

    bson_destroy(filter);
    if (status < 0)
        return status;
    if (document_child(scan, "scan_config.targets", &targets))
        count = (int64_t)bson_count_keys(&targets);
    bson_iter_init(&iter, &groups);
    while (bson_iter_next(&iter))
        done += bson_iter_as_int64(&iter);
    if (scan_view_is_over(scan))
        total = done;
    else if (total * count > done)
        total *= count > 1 ? count : 1;
    BSON_APPEND_INT64(out, "rules_total", total > done ? total : done);
    BSON_APPEND_INT64(out, "rules_done", done);
    BSON_APPEND_INT64(out, "passed", document_int(&groups, "pass", 0));
    BSON_APPEND_INT64(out, "failed", document_int(&groups, "fail", 0));
    BSON_APPEND_INT64(out, "error", document_int(&groups, "error", 0));
    bson_destroy(&groups);
    return ENGINE_OK;
}

engine_status scan_view_status(struct store *store, const bson_t *scan,
                               bson_t *out, engine_error *err)
{
    static const char *const names[] = {"scan_id", "status", "started_at",
                                        "completed_at", "duration_seconds",
                                        "cancel_requested"};
    bson_t progress;
    engine_status status;

    for (size_t i = 0; i < SERVER_COUNT(names); i++)
        view_copy(scan, names[i], names[i], out);
    BSON_APPEND_DOCUMENT_BEGIN(out, "progress", &progress);
    status = scan_view_progress(store, scan, &progress, err);
    bson_append_document_end(out, &progress);
    view_copy(scan, "by_severity", "by_severity", out);
    return status;
}

/* ---- errors -------------------------------------------------------------- */

/* The message of a scanner's failed group, or NULL. */
static const char *view_error_of(const bson_t *scan, const char *scanner)
{
    bson_t errors, item;
    bson_iter_t iter;

    if (!document_child(scan, "errors", &errors) ||
        !bson_iter_init(&iter, &errors))
        return NULL;
    while (bson_iter_next(&iter)) {
        const char *name = document_iter_child(&iter, &item)
                               ? document_string(&item, "scanner")
                               : NULL;

        if (name && strcmp(name, scanner) == 0)
            return document_string(&item, "message");
    }
    return NULL;
}

void scan_view_errors(const bson_t *scan, bson_t *out)
{
    bson_t metadata, tools;
    bson_iter_t iter;
    int32_t total = 0, failed = 0;

    view_copy(scan, "scan_id", "scan_id", out);
    view_copy(scan, "status", "status", out);
    BSON_APPEND_DOCUMENT_BEGIN(out, "tool_errors", &tools);
    if (document_child(scan, "scanner_metadata", &metadata) &&
        bson_iter_init(&iter, &metadata))
        while (bson_iter_next(&iter)) {
            const char *why = view_error_of(scan, bson_iter_key(&iter));

            if (why)
                bson_append_utf8(&tools, bson_iter_key(&iter), -1, why, -1);
            else
                bson_append_null(&tools, bson_iter_key(&iter), -1);
            total++;
            failed += why != NULL;
        }
    bson_append_document_end(out, &tools);
    BSON_APPEND_INT32(out, "total_tools", total);
    BSON_APPEND_INT32(out, "failed_tools", failed);
    BSON_APPEND_INT32(out, "success_tools", total - failed);
    view_copy(scan, "errors", "errors", out);
    view_copy(scan, "warnings", "warnings", out);
}
