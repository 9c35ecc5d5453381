/* SPDX-License-Identifier: Apache-2.0 */
/* import.c - rules from paths and from memory. */
#include <stdio.h>
#include <string.h>

#include "engine/library/library.h"
#include "sdk/document/document.h"

struct import_run {
    struct engine *engine;
    struct conduct_options conduct; /* the engine's, with our store */
    struct store *store;
    bson_t options;
    bool check;
};

static const char *import_canonical_type(const char *name, void *user)
{
    const struct import_run *run = user;

    return registry_type_name(run->engine->session.registry, name);
}

static engine_status import_native(const char *path, const char *format,
                                   struct rules_import *import, void *user,
                                   engine_error *err)
{
    const struct import_run *run = user;
    const struct native native = {.registry = run->engine->session.registry,
                                  .conduct = &run->conduct,
                                  .config = &run->engine->session.config,
                                  .validate_only = run->check};

    return native_import(&native, path, format, import, err);
}

static engine_status import_check_options(const bson_t *options,
                                          engine_error *err)
{
    bson_iter_t iter;

    if (!bson_iter_init(&iter, options))
        return engine_fail(err, ENGINE_EINVAL, "options: damaged");
    while (bson_iter_next(&iter)) {
        const char *key = bson_iter_key(&iter);

        if (strcmp(key, "format") == 0 && BSON_ITER_HOLDS_UTF8(&iter))
            continue;
        if (strcmp(key, "check") == 0 && BSON_ITER_HOLDS_BOOL(&iter))
            continue;
        return engine_fail(err, ENGINE_EINVAL,
                           "options: \"%s\" is none of an import's, or not of "
                           "its type: they are format, a text, and check, "
                           "true or false", key);
    }
    return ENGINE_OK;
}

/* ---- what was rejected is an error --------------------------------------- */

/* The first rejection of a report. */
static bool import_first(const bson_t *report, bson_t *out, const char **file)
{
    bson_t files, entry, list;
    bson_iter_t iter, inner;

    if (!document_child(report, "files", &files) ||
        !bson_iter_init(&iter, &files))
        return false;
    while (bson_iter_next(&iter)) {
        if (!document_iter_child(&iter, &entry) ||
            !document_child(&entry, "rejections", &list) ||
            !bson_iter_init(&inner, &list) || !bson_iter_next(&inner) ||
            !document_iter_child(&inner, out))
            continue;
        *file = document_string(&entry, "file");
        return true;
    }
    return false;
}

static engine_status import_verdict(const bson_t *report, engine_error *err)
{
    const long long count =
        (long long)document_int(report, "totals.rejected", 0);
    const char *file = NULL, *rule, *reason, *hint;
    char line[32] = ""; /* what is wrong with a whole file has none */
    bson_t first;

    if (!count)
        return ENGINE_OK;
    if (!import_first(report, &first, &file) || !file)
        return engine_fail(err, ENGINE_EINVAL, "%lld documents were rejected",
                           count);
    rule = document_string(&first, "rule_id");
    reason = document_string(&first, "reason");
    hint = document_string(&first, "hint");
    if (document_int(&first, "line", 0) > 0)
        snprintf(line, sizeof(line), ":%lld",
                 (long long)document_int(&first, "line", 0));
    engine_fail(err, ENGINE_EINVAL, "%.300s%s: %s%.200s%s%.400s", file, line,
                rule ? "rule \"" : "", rule ? rule : "", rule ? "\": " : "",
                reason ? reason : "rejected");
    if (count > 1)
        engine_hint(err, "%lld documents were rejected: the report has them "
                    "all", count);
    else if (hint)
        engine_hint(err, "%.400s", hint);
    return ENGINE_EINVAL;
}

/* ---- running ------------------------------------------------------------- */

static engine_status import_read(struct rules_import *import,
                                 const char *path, const char *text,
                                 char **report, engine_error *err)
{
    engine_status status =
        path ? rules_import_path(import, path, err)
             : rules_import_text(import, text, strlen(text), "text", err);

    if (status == ENGINE_OK)
        status = rules_import_finish(import, err);
    if (status == ENGINE_OK && report)
        status = library_print(rules_import_report(import), report, err);
    if (status < 0)
        return status;
    return import_verdict(rules_import_report(import), err);
}

static engine_status import_with(struct import_run *run, const char *path,
                                 const char *text, char **report,
                                 engine_error *err)
{
    const struct rules_import_options options = {
        .store = run->check ? NULL : run->store,
        .log = &run->engine->log,
        .canonical_type = import_canonical_type,
        .native = path ? import_native : NULL,
        .format = document_string(&run->options, "format"),
        .user = run};
    struct rules_import *import = NULL;
    engine_status status = rules_import_new(&options, &import, err);

    if (status == ENGINE_OK)
        status = import_read(import, path, text, report, err);
    rules_import_free(import);
    return status;
}

static engine_status import_any(struct engine *engine, const char *path,
                                const char *text, const char *options,
                                char **report, engine_error *err)
{
    struct import_run run = {.engine = engine};
    engine_status status = library_parse(options, "options", &run.options, err);

    if (status < 0)
        return status;
    status = import_check_options(&run.options, err);
    if (status == ENGINE_OK)
        status = library_store_take(engine, &run.store, err);
    if (status == ENGINE_OK) {
        library_read(engine);
        run.check = document_bool(&run.options, "check", false);
        run.conduct = engine->session.conduct;
        run.conduct.store = run.store;
        status = import_with(&run, path, text, report, err);
        library_read_end(engine);
        library_store_give(engine, run.store,
                           status == ENGINE_OK || status == ENGINE_EINVAL);
    }
    bson_destroy(&run.options);
    return status;
}

engine_status engine_import_path(struct engine *engine, const char *path,
                                 const char *options, char **report,
                                 engine_error *err)
{
    if (!engine || !path)
        return engine_fail(err, ENGINE_EINVAL,
                           "engine_import_path: an argument is NULL");
    return import_any(engine, path, NULL, options, report, err);
}

engine_status engine_import_text(struct engine *engine, const char *text,
                                 const char *options, char **report,
                                 engine_error *err)
{
    if (!engine || !text)
        return engine_fail(err, ENGINE_EINVAL,
                           "engine_import_text: an argument is NULL");
    return import_any(engine, NULL, text, options, report, err);
}
