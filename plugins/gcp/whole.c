/* SPDX-License-Identifier: Apache-2.0 */
/*
 * whole.c - answers of success that say themselves what they lack. There is no
 * one way: names and kinds are those of Google's discovery documents.
 */
#include <stdio.h>
#include <string.h>

#include "plugins/gcp/failure.h"

static engine_status whole_lacks(engine_error *err, const char *what,
                                 const char *of)
{
    char text[400];

    snprintf(text, sizeof(text), "%s", of);
    for (char *at = text; *at; at++) /* one line, whatever a server says */
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            *at = ' ';
    return engine_fail(err, ENGINE_EIO, "the answer is not whole: %s%s", what,
                       text);
}

/* proto3's JSON leaves out what is false, 0 or empty, or has it. */
static bool whole_is_nothing(const struct value *value)
{
    return !value || value->kind == VALUE_NULL ||
           (value->kind == VALUE_BOOL && !value->boolean) ||
           ((value->kind == VALUE_ARRAY || value->kind == VALUE_OBJECT ||
             value->kind == VALUE_STRING) &&
            value->count == 0);
}

/* ---- places -------------------------------------------------------------- */

/* unreachable, unreachables, unreachableLocations; failedLocations (Bigtable),
 * failedLocation (Dataflow: [{name}]); missingZones (Kubernetes Engine) */
static bool whole_names_places(const char *key)
{
    return strncmp(key, "unreachable", 11) == 0 ||
           strncmp(key, "failedLocation", 14) == 0 ||
           strcmp(key, "missingZones") == 0;
}

static const char *whole_place(const struct value *value)
{
    const char *text = value_text(value);

    if (!text)
        text = value_text(value_member(value, "name"));
    return text ? text : "somewhere";
}

static engine_status whole_places(const struct value *places,
                                  engine_error *err)
{
    char text[400];
    size_t used = 0;

    if (places->kind != VALUE_ARRAY)
        return whole_lacks(err, "no answer from ", whole_place(places));
    for (uint32_t i = 0; i < places->count && used + 160 < sizeof(text); i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%.120s",
                                 used ? ", " : "",
                                 whole_place(&places->items[i]));
    return whole_lacks(err, "no answer from ", text);
}

/* ---- errors beside what was found ---------------------------------------- */

/* executionErrors and partialErrors (Monitoring: google.rpc.Status),
 * nonCriticalErrors (Cloud Asset Inventory: {code, cause}) */
static bool whole_names_errors(const char *key)
{
    return strcmp(key, "executionErrors") == 0 ||
           strcmp(key, "partialErrors") == 0 ||
           strcmp(key, "nonCriticalErrors") == 0;
}

static engine_status whole_error(const struct value *error, engine_error *err)
{
    const struct value *first =
        error->kind == VALUE_ARRAY ? &error->items[0] : error;
    const char *text = value_text(first);

    if (!text)
        text = value_text(value_member(first, "message"));
    if (!text)
        text = value_text(value_member(first, "cause"));
    if (!text)
        text = value_text(value_member(first, "code"));
    return whole_lacks(err, "", text ? text : "errors were met");
}

/* ---- warnings ------------------------------------------------------------ */

/* Of a resource they are about it, such as a route's next hop; only of lists
 * do they say what is not there. */
static bool whole_warning_counts(const char *code, bool resource)
{
    if (code && (strstr(code, "UNREACHABLE") || strstr(code, "PARTIAL")))
        return true;
    return !resource && !(code && (strcmp(code, "NO_RESULTS_ON_PAGE") == 0 ||
                                   strncmp(code, "DEPRECATED_", 11) == 0));
}

static engine_status whole_warning(const struct value *warning,
                                   const char *where, bool resource,
                                   engine_error *err)
{
    static const char *const codes[] = {"code", "warningCode"};
    static const char *const messages[] = {"message", "displayMessage"};
    const char *code = NULL, *message = value_text(warning);
    char text[400];

    if (whole_is_nothing(warning))
        return ENGINE_OK;
    for (size_t i = 0; i < 2; i++) {
        if (!code)
            code = value_text(value_member(warning, codes[i]));
        if (!message)
            message = value_text(value_member(warning, messages[i]));
    }
    if (!whole_warning_counts(code, resource))
        return ENGINE_OK;
    if (!where)
        where = value_text(value_member(warning, "region"));
    snprintf(text, sizeof(text), "%.100s%s%.60s%s%.200s", where ? where : "",
             where ? ": " : "", code ? code : "a warning",
             message ? ": " : "", message ? message : "");
    return whole_lacks(err, "", text);
}

/* warnings (Cloud SQL: {code, region, message}), scopedWarnings (usable
 * subnetworks: {scopeName, warning}) */
static engine_status whole_warnings(const struct value *list, bool resource,
                                    engine_error *err)
{
    engine_status status = ENGINE_OK;

    if (list->kind != VALUE_ARRAY)
        return whole_warning(list, NULL, resource, err);
    for (uint32_t i = 0; status == ENGINE_OK && i < list->count; i++) {
        const struct value *inner = value_member(&list->items[i], "warning");
        const char *where =
            value_text(value_member(&list->items[i], "scopeName"));

        status = whole_warning(inner ? inner : &list->items[i], where,
                               resource, err);
    }
    return status;
}

/* Aggregated lists of Compute Engine: {items: {"zones/z": {warning}}}. */
static engine_status whole_aggregated(const struct value *items,
                                      engine_error *err)
{
    engine_status status = ENGINE_OK;

    for (uint32_t i = 0; status == ENGINE_OK && items &&
                         items->kind == VALUE_OBJECT && i < items->count;
         i++)
        status = whole_warning(
            value_member(&items->members[i].value, "warning"),
            items->members[i].key, false, err);
    return status;
}

/* ---- what is not over ---------------------------------------------------- */

static bool whole_is_false(const struct value *answer, const char *key)
{
    const struct value *found = value_member(answer, key);

    return found && whole_is_nothing(found);
}

static engine_status whole_over(const struct value *answer, engine_error *err)
{
    /* analyses of IAM policies have it when it is true */
    if (whole_is_false(answer, "fullyExplored") ||
        (value_member(answer, "mainAnalysis") &&
         !value_member(answer, "fullyExplored")))
        return whole_lacks(err, "the analysis was not fully explored", "");
    /* queries of BigQuery, and of assets, whose rows may come later */
    if (whole_is_false(answer, "jobComplete") ||
        (value_text(value_member(answer, "jobReference")) &&
         !value_member(answer, "queryResult") &&
         !value_member(answer, "error")))
        return whole_lacks(err, "the query is not over yet", "");
    if (!whole_is_nothing(value_member(answer, "incompleteSearch")) ||
        !whole_is_nothing(value_member(answer, "incompleteResults")))
        return whole_lacks(err, "the search was not complete", "");
    return ENGINE_OK;
}

/* ---- all of it ----------------------------------------------------------- */

static engine_status whole_member(const struct value *answer,
                                  const struct value_member *member,
                                  engine_error *err)
{
    const bool resource = value_text(value_member(answer, "name")) != NULL;
    const char *key = member->key;

    if (whole_is_nothing(&member->value))
        return ENGINE_OK;
    if (whole_names_places(key))
        return whole_places(&member->value, err);
    /* an operation's error is what it is about */
    if (whole_names_errors(key) ||
        (strcmp(key, "error") == 0 && !resource &&
         member->value.kind == VALUE_OBJECT))
        return whole_error(&member->value, err);
    if (strcmp(key, "warning") == 0 || strcmp(key, "warnings") == 0 ||
        strcmp(key, "scopedWarnings") == 0)
        return whole_warnings(&member->value, resource, err);
    /* the pages of queries of assets, which need more than a token */
    if (!whole_is_nothing(value_member(&member->value, "nextPageToken"))) {
        whole_lacks(err, "more pages, which cannot be asked for, has ", key);
        engine_hint(err, "ask for less, or more at once (pageSize)");
        return ENGINE_EIO;
    }
    return ENGINE_OK;
}

engine_status gcp_answer_whole(const struct value *answer, engine_error *err)
{
    engine_status status;

    if (answer->kind != VALUE_OBJECT)
        return engine_fail(err, ENGINE_EPARSE,
                           "the answer is no JSON object");
    status = whole_over(answer, err);
    for (uint32_t i = 0; status == ENGINE_OK && i < answer->count; i++)
        status = whole_member(answer, &answer->members[i], err);
    return status == ENGINE_OK
               ? whole_aggregated(value_member(answer, "items"), err)
               : status;
}
