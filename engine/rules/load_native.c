/* SPDX-License-Identifier: Apache-2.0 */
/* load_native.c - documents that plugins make of native content. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine/rules/rules_private.h"

static engine_status native_benchmark(struct rules_import *import,
                                      const bson_t *document, const char *file,
                                      engine_error *err)
{
    const char *id = document_string(document, "benchmark");
    engine_error why = {0};
    engine_status status;

    if (!id)
        id = document_string(document, "_id");
    if (!id || !*id || strlen(id) > RULES_ID_MAX || strchr(id, '/') ||
        strchr(id, ' ')) {
        engine_fail(&why, ENGINE_EINVAL, "a benchmark without a usable id");
        return rules_load_reject(import, document, 0, &why, err);
    }
    status = rules_commit_benchmark(&import->batch, &import->known, document,
                                    file, &why);
    if (status == ENGINE_OK) {
        rules_report_benchmark(import->report, id);
        return ENGINE_OK;
    }
    why.status = status;
    return rules_load_reject(import, document, 0, &why, err);
}

static engine_status native_start(struct rules_import *import, const char *file,
                                  engine_error *err)
{
    if (import->fatal < 0) {
        if (err)
            *err = import->fatal_error;
        return import->fatal;
    }
    if (strcmp(rules_report_current(import->report), file) == 0)
        return ENGINE_OK;
    return rules_report_start(import->report, file, err);
}

/*
 * Sister systems ship one benchmark id in several files (rhel8 and centos8):
 * the first file of an import has it, and the others are told so once.
 */
static bool native_is_taken(struct rules_import *import, const bson_t *document,
                            const char *file)
{
    const char *id = document_string(document, "benchmark");
    struct known_benchmark *benchmark =
        id ? table_get(&import->known.benchmarks, id) : NULL;

    if (!benchmark || !benchmark->document ||
        strcmp(benchmark->file, file) == 0)
        return false;
    rules_report_counts(import->report)->documents++;
    rules_report_counts(import->report)->skipped++;
    if (benchmark->refused && strcmp(benchmark->refused, file) == 0)
        return true;
    rules_import_refuse(import, file,
                        "import only one of them: both use the same id",
                        "benchmark \"%s\" is already imported from %s", id,
                        benchmark->file);
    benchmark->refused = arena_strdup(&benchmark->arena, file);
    return true;
}

/* what a plugin made of a file says which file that was */
static engine_status native_rule(struct rules_import *import,
                                 const bson_t *document,
                                 const char *file, engine_error *err)
{
    bson_t named = BSON_INITIALIZER, source, child;
    const char *note = document_string(document, "import_note");
    engine_status status;

    if (note)
        rules_report_note(import->report,
                          document_string(document, "rule_id"), 0, note);
    bson_copy_to_excluding_noinit(document, &named, "source", "import_note",
                                  NULL);
    bson_append_document_begin(&named, "source", -1, &child);
    if (document_child(document, "source", &source))
        bson_copy_to_excluding_noinit(&source, &child, "file", NULL);
    BSON_APPEND_UTF8(&child, "file", file);
    bson_append_document_end(&named, &child);
    status = rules_load(&named, NULL, import, err);
    bson_destroy(&named);
    return status;
}

engine_status rules_import_document(struct rules_import *import,
                                    const char *kind, const bson_t *document,
                                    const char *file, engine_error *err)
{
    engine_status status = native_start(import, file, err);

    if (status < 0 || native_is_taken(import, document, file))
        return status;
    if (strcmp(kind, "rule") == 0)
        return native_rule(import, document, file, err);
    if (strcmp(kind, "benchmark") == 0)
        return native_benchmark(import, document, file, err);
    return engine_fail(err, ENGINE_EINVAL,
                       "\"%s\" is neither a rule nor a benchmark", kind);
}

engine_status rules_import_reject(struct rules_import *import,
                                  const char *file, const engine_error *why)
{
    engine_status status = native_start(import, file, NULL);

    if (status < 0)
        return status;
    rules_report_reject(import->report, NULL, 0, why);
    return ENGINE_OK;
}

engine_status rules_import_refuse(struct rules_import *import,
                                  const char *file, const char *hint,
                                  const char *format, ...)
{
    char text[ENGINE_MESSAGE_MAX];
    engine_error why = {0};
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    engine_fail(&why, ENGINE_EINVAL, "%s", text);
    if (hint)
        engine_hint(&why, "%s", hint);
    return rules_import_reject(import, file, &why);
}
