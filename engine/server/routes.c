/* SPDX-License-Identifier: Apache-2.0 */
/* routes.c - every route; routing and the OpenAPI document come from here. A
 * path with fewer {...} stands before those that it would match too. */
#include <string.h>

#include "engine/server/private.h"

#define ROUTES_MOST 1000000000
#define ROUTES_TEXT(name, help) {name, "string", help, 0, 0}
#define ROUTES_NUMBER(name, least, most, help) \
    {name, "integer", help, least, most}
#define ROUTES_FLAG(name, help) {name, "boolean", help, 0, 0}
#define ROUTES_END {NULL, NULL, NULL, 0, 0}
#define ROUTES_PAGE                                                \
    ROUTES_NUMBER("skip", 0, ROUTES_MOST, "how many to leave out"), \
        ROUTES_NUMBER("limit", 1, 1000, "how many to show"),       \
        ROUTES_FLAG("count", "also count all of them, as `total`")

static const struct route_parameter routes_execute[] = {
    ROUTES_NUMBER("wait", 0, 3600, "seconds to wait for the end of the scan"),
    ROUTES_FLAG("queue", "wait for a busy target instead of failing"),
    ROUTES_TEXT("scan_name", "a name to find the scan by"),
    ROUTES_END};
static const struct route_parameter routes_scans[] = {
    ROUTES_PAGE,
    ROUTES_TEXT("status", "only scans in this state"),
    ROUTES_TEXT("framework", "only scans of this framework"),
    ROUTES_TEXT("target", "only scans of this target: its id, host or type"),
    ROUTES_END};
static const struct route_parameter routes_scan[] = {
    ROUTES_NUMBER("results_skip", 0, ROUTES_MOST, "verdicts to leave out"),
    ROUTES_NUMBER("results_limit", 0, 1000, "verdicts to show"),
    ROUTES_END};
static const struct route_parameter routes_results[] = {
    ROUTES_PAGE,
    ROUTES_TEXT("status", "only verdicts of this status"),
    ROUTES_TEXT("severity", "only rules of this severity"),
    ROUTES_TEXT("target", "only this target's"),
    ROUTES_TEXT("benchmark", "only this benchmark's, by its whole id"),
    ROUTES_TEXT("rule", "only this rule's, by its whole id"),
    ROUTES_NUMBER("resources_skip", 0, ROUTES_MOST,
                  "results of each verdict to leave out; there are more when "
                  "it says more_results"),
    ROUTES_END};
static const struct route_parameter routes_events[] = {
    ROUTES_FLAG("results", "also every verdict; true"),
    ROUTES_END};
static const struct route_parameter routes_statistics[] = {
    ROUTES_NUMBER("days", 1, 36500, "of the last so many days; 30"),
    ROUTES_TEXT("framework", "only scans of this framework"),
    ROUTES_TEXT("target_type", "only scans of such targets"),
    ROUTES_END};
static const struct route_parameter routes_rules[] = {
    ROUTES_PAGE,
    ROUTES_TEXT("benchmark", "any end of a benchmark's id"),
    ROUTES_TEXT("framework", "NAME or NAME:VERSION"),
    ROUTES_TEXT("severity", "info, low, medium, high, critical, unknown"),
    ROUTES_TEXT("scanner", "a scanner type"),
    ROUTES_TEXT("filter", "a query as JSON; it can only narrow"),
    ROUTES_TEXT("q", "words of the title or the rule's id"),
    ROUTES_END};
static const struct route_parameter routes_rule[] = {
    ROUTES_TEXT("benchmark", "any end of a benchmark's id"),
    ROUTES_END};
static const struct route_parameter routes_import[] = {
    ROUTES_TEXT("as", "yaml, json, jsonl, bson, bundle or a native format"),
    ROUTES_TEXT("name", "what messages call the file"),
    ROUTES_END};
static const struct route_parameter routes_variables[] = {
    ROUTES_TEXT("framework", "only variables of rules of this framework"),
    ROUTES_TEXT("framework_version", "and of this version of it"),
    ROUTES_TEXT("benchmark", "any end of a benchmark's id"),
    ROUTES_END};

#define V ROLE_VIEWER
#define O ROLE_OPERATOR

const struct route routes[] = {
    {"GET", "/health", ROLE_OPEN, handle_health, "getHealth",
     "Whether the daemon answers", BODY_NONE, NULL, "Health", 200, "", NULL},
    {"GET", "/ready", ROLE_OPEN, handle_ready, "getReady",
     "Whether store and scanners are there", BODY_NONE, NULL, "Health", 200,
     "", NULL},
    {"GET", "/openapi.json", ROLE_OPEN, handle_openapi, "getOpenapi",
     "This document", BODY_NONE, NULL, "Any", 200, "", NULL},
    {"GET", "/metrics", V, handle_metrics, "getMetrics",
     "Counters for Prometheus", BODY_NONE, NULL, "Text", 200, "", NULL},
    {"GET", "/scanners", V, handle_scanners, "listScanners",
     "Loaded plugins, and what was refused and why", BODY_NONE, NULL,
     "Scanners", 200, "", NULL},

    {"POST", "/scans/execute", O, handle_execute, "executeScan",
     "Start a scan", BODY_JSON, "ScanConfiguration", "Scan", 202,
     "200 400 409 413 415 422", routes_execute},
    {"GET", "/scans", V, handle_scans, "listScans",
     "Stored scans, the newest first", BODY_NONE, NULL, "ScanPage", 200, "400",
     routes_scans},
    {"GET", "/scans/statistics/summary", V, handle_statistics,
     "getStatistics", "Sums over recent scans", BODY_NONE, NULL, "Statistics",
     200, "400", routes_statistics},
    {"DELETE", "/scans/bulk", O, handle_scans_delete, "deleteScans",
     "Remove many scans; those at work are left", BODY_JSON, "ScanIds",
     "Deleted", 200, "400 413 415 422", NULL},
    {"POST", "/scans/bulk/archive", O, handle_archive_make, "archiveScans",
     "Put scans into a ZIP file; nothing is removed", BODY_JSON, "ScanIds",
     "Archive", 201, "400 404 413 415 422", NULL},
    {"GET", "/scans/archives", V, handle_archives, "listArchives",
     "The ZIP files there are", BODY_NONE, NULL, "Archives", 200, "", NULL},
    {"GET", "/scans/archives/{archive_id}", V, handle_archive_get,
     "getArchive", "Download a ZIP file", BODY_NONE, NULL, "Zip", 200, "404",
     NULL},
    {"DELETE", "/scans/archives/{archive_id}", O, handle_archive_delete,
     "deleteArchive", "Remove a ZIP file", BODY_NONE, NULL, "Any", 200, "404",
     NULL},
    {"GET", "/scans/{scan_id}", V, handle_scan, "getScan",
     "A scan with its summary and a page of its verdicts", BODY_NONE, NULL,
     "Scan", 200, "400 404", routes_scan},
    {"DELETE", "/scans/{scan_id}", O, handle_scan_delete, "deleteScan",
     "Remove a scan with everything of it", BODY_NONE, NULL, "Any", 200,
     "404 409", NULL},
    {"GET", "/scans/{scan_id}/status", V, handle_scan_status,
     "getScanStatus", "State and counters", BODY_NONE, NULL, "ScanStatus", 200,
     "404", NULL},
    {"GET", "/scans/{scan_id}/results", V, handle_scan_results,
     "listResults", "Verdicts with their results", BODY_NONE, NULL,
     "ResultPage", 200, "400 404", routes_results},
    {"GET", "/scans/{scan_id}/errors", V, handle_scan_errors, "getErrors",
     "What went wrong, scanner by scanner", BODY_NONE, NULL, "ScanErrors", 200,
     "404", NULL},
    {"GET", "/scans/{scan_id}/events", V, handle_scan_events, "getEvents",
     "Follow a scan: server-sent events progress, result and end", BODY_NONE,
     NULL, "Events", 200, "400 404", routes_events},
    {"POST", "/scans/{scan_id}/cancel", O, handle_scan_cancel, "cancelScan",
     "Stop a scan; its results are kept", BODY_NONE, NULL, "ScanStatus", 202,
     "404 409", NULL},

    {"GET", "/rules", V, handle_rules, "listRules", "Latest rules", BODY_NONE,
     NULL, "RulePage", 200, "400 422", routes_rules},
    {"GET", "/rules/search", V, handle_rules_search, "searchRules",
     "Rules with these words", BODY_NONE, NULL, "RulePage", 200,
     "400 422", routes_rules},
    {"GET", "/rules/export", V, handle_rules_export, "exportRules",
     "Whole rules as JSON Lines", BODY_NONE, NULL, "Text", 200, "400 422",
     routes_rules},
    {"POST", "/rules/validate", V, handle_rules_validate, "validateRules",
     "Check rules, and store nothing", BODY_ANY, "Content", "ImportReport",
     200, "413 422", routes_import},
    {"POST", "/rules/import", ROLE_ADMIN, handle_rules_import, "importRules",
     "Store rules, a bundle or SCAP content", BODY_ANY, "Content",
     "ImportReport", 200, "413 422", routes_import},
    {"GET", "/rules/{rule_id}", V, handle_rule, "getRule", "One rule",
     BODY_NONE, NULL, "Rule", 200, "404 422", routes_rule},
    {"GET", "/frameworks", V, handle_frameworks, "listFrameworks",
     "Frameworks and versions that rules name", BODY_NONE, NULL, "Frameworks",
     200, "", NULL},
    {"GET", "/variables", V, handle_variables, "listVariables",
     "Variables of rules with their constraints", BODY_NONE, NULL,
     "Variables", 200, "422", routes_variables},

    {"POST", "/xccdf/generate-benchmark", V, handle_xccdf_benchmark,
     "generateBenchmark", "The XCCDF benchmark of selected rules", BODY_JSON,
     "BenchmarkRequest", "Benchmark", 200, "400 413 415 422", NULL},
    {"POST", "/xccdf/generate-tailoring", V, handle_xccdf_tailoring,
     "generateTailoring", "An XCCDF tailoring with overrides", BODY_JSON,
     "TailoringRequest", "Tailoring", 200, "400 413 415 422", NULL},
    {"POST", "/xccdf/validate", V, handle_xccdf_validate, "validateXccdf",
     "Check an XCCDF document", BODY_JSON, "XccdfContent", "Validity", 200,
     "400 413 415 422", NULL},
    {"GET", "/xccdf/frameworks", V, handle_frameworks, "listXccdfFrameworks",
     "The same as /frameworks", BODY_NONE, NULL, "Frameworks", 200, "", NULL},
    {"GET", "/xccdf/variables", V, handle_variables, "listXccdfVariables",
     "The same as /variables", BODY_NONE, NULL, "Variables", 200, "422",
     routes_variables},
};
const size_t routes_count = SERVER_COUNT(routes);

/* ---- matching ------------------------------------------------------------ */

/* Fits a path to a template; words of {...} go into the arena. */
static bool route_fits(const char *template, const char *path,
                       struct arena *arena, const char **words)
{
    size_t count = 0;

    while (*template && *path) {
        size_t wanted, given;

        if (*template++ != '/' || *path++ != '/')
            return false;
        wanted = strcspn(template, "/");
        given = strcspn(path, "/");
        if (*template == '{') {
            if (!given)
                return false;
            words[count++] = arena_strndup(arena, path, given);
            if (!words[count - 1])
                return false;
        } else if (wanted != given || memcmp(template, path, given) != 0) {
            return false;
        }
        template += wanted;
        path += given;
    }
    return !*template && (!*path || strcmp(path, "/") == 0);
}

static const char *route_allow(struct request *request, const char *template)
{
    const char *list = "";

    for (size_t i = 0; i < routes_count && list; i++)
        if (strcmp(routes[i].path, template) == 0)
            list = arena_strf(&request->arena, "%s%s, ", list,
                              strcmp(routes[i].method, "GET") == 0
                                  ? "GET, HEAD" : routes[i].method);
    return list ? arena_strf(&request->arena, "%sOPTIONS", list) : NULL;
}

/* Health and metrics are where every tool looks for them, too. */
static const char *route_path(const char *path)
{
    static const char *const plain[] = {"/health", "/ready", "/metrics"};
    const size_t len = strlen(SERVER_PREFIX);

    if (strncmp(path, SERVER_PREFIX "/", len + 1) == 0)
        return path + len;
    for (size_t i = 0; i < SERVER_COUNT(plain); i++)
        if (strcmp(path, plain[i]) == 0)
            return path;
    return NULL;
}

unsigned routes_match(struct request *request, const char **allow)
{
    const char *path = route_path(request->path);
    const char *method = strcmp(request->method, "HEAD") == 0
                             ? "GET" : request->method;
    const char *template = NULL;

    for (size_t i = 0; path && i < routes_count && !template; i++)
        if (route_fits(routes[i].path, path, &request->arena, request->words))
            template = routes[i].path;
    if (!template)
        return 404;
    for (size_t i = 0; i < routes_count; i++)
        if (strcmp(routes[i].path, template) == 0 &&
            strcmp(routes[i].method, method) == 0) {
            request->route = &routes[i];
            return 0;
        }
    *allow = route_allow(request, template);
    return 405;
}
