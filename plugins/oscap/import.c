/* SPDX-License-Identifier: Apache-2.0 */
/* import.c - the import operation: SCAP files become rules and artifacts. */
#include <stdio.h>
#include <string.h>

#include "plugins/oscap/oscap.h"
#include "sdk/base/alloc.h"
#include "sdk/base/file.h"
#include "sdk/document/document.h"
#include "sdk/kit/process.h"

#define IMPORT_MAX_FILE ((size_t)256 * 1024 * 1024)

struct import_state {
    struct oscap *self;
    const struct scanner_job *job;
};

/* the engine takes files of the job's directory only */
static engine_status import_copy(const struct import_state *state,
                                 const char *path, char **copy,
                                 engine_error *err)
{
    char *bytes = NULL;
    size_t len = 0;
    engine_status status = file_read(path, IMPORT_MAX_FILE, &bytes, &len, err);

    *copy = engine_strf("%s/original.xml", state->job->workdir);
    if (status == ENGINE_OK && !*copy)
        status = engine_fail_memory(err);
    if (status == ENGINE_OK)
        status = file_write(*copy, bytes, len, 0600, err);
    engine_free(bytes);
    return status;
}

static bool import_is_inside(const struct import_state *state,
                             const char *path)
{
    const size_t len = strlen(state->job->workdir);

    return strncmp(path, state->job->workdir, len) == 0 && path[len] == '/';
}

static engine_status import_artifact(void *user, const char *path,
                                     const char *name, const char *media_type,
                                     char id[65], engine_error *err)
{
    const struct import_state *state = user;
    const struct scanner_host *host = state->self->host;
    engine_status status = ENGINE_OK;
    char *copy = NULL;

    if (!import_is_inside(state, path))
        status = import_copy(state, path, &copy, err);
    if (status == ENGINE_OK &&
        host->artifact(host, state->job, copy ? copy : path, name, media_type,
                       id) < 0)
        status = engine_fail(err, ENGINE_EIO,
                             "the engine did not take the content of \"%s\"",
                             name);
    engine_free(copy);
    return status;
}

static engine_status import_document(void *user, const char *kind,
                                     const bson_t *document,
                                     engine_error *err)
{
    const struct import_state *state = user;
    const struct scanner_host *host = state->self->host;
    const struct scanner_doc view = kit_doc(document);

    if (host->cancelled(host, state->job))
        return engine_fail(err, ENGINE_ECANCELLED, "the import was cancelled");
    if (host->document(host, state->job, kind, &view) < 0)
        return engine_fail(err, ENGINE_EIO, "the engine did not take a %s",
                           kind);
    return ENGINE_OK;
}

static void import_warning(void *user, const char *text)
{
    const struct import_state *state = user;

    oscap_log(state->self, SCANNER_LOG_WARNING, "%s", text);
}

static int import_stop(void *user)
{
    const struct import_state *state = user;

    return state->self->host->cancelled(state->self->host, state->job) != 0;
}

/* the first lines of what a validator said */
static void import_said(const struct process_result *result, char *out,
                        size_t size)
{
    const char *text = result->errors.len ? result->errors.data
                       : result->output.data ? result->output.data
                                             : "";

    snprintf(out, size, "%.600s", text);
    for (char *at = out; *at; at++)
        if ((unsigned char)*at < 32)
            *at = ' ';
}

/* Whether a file begins with this element, more or less. */
static bool import_begins(const char *path, const char *element)
{
    char head[4096] = "";
    FILE *file = fopen(path, "rbe");
    size_t len;

    if (!file)
        return false;
    len = fread(head, 1, sizeof(head) - 1, file);
    head[len] = '\0';
    fclose(file);
    return strstr(head, element) != NULL;
}

/* Schema validation is oscap's own: it ships the schemas. It has no further
 * rules (schematron) for tailorings, and calls them invalid for that. */
static engine_status import_validate(struct import_state *state,
                                     const char *path, engine_error *err)
{
    const char *program = document_string(&state->self->options, "program");
    const bool stream = import_begins(path, "data-stream-collection");
    const bool tailoring = !stream && import_begins(path, "Tailoring");
    const char *const argv[] = {program && *program ? program : "oscap",
                                stream ? "ds" : "xccdf",
                                stream ? "sds-validate" : "validate",
                                tailoring ? "--skip-schematron" : path,
                                tailoring ? path : NULL, NULL};
    struct process_options how = {.argv = argv,
                                  .timeout_ms = 300000,
                                  .output_maximum = 1024 * 1024,
                                  .stop = import_stop,
                                  .user = state};
    struct process_result result = {0};
    engine_status status = process_run(&how, &result, err);
    char said[640];

    if (status == ENGINE_OK &&
        (result.how != PROCESS_EXITED || result.code != 0)) {
        import_said(&result, said, sizeof(said));
        status = engine_fail(err, ENGINE_EPARSE, "\"%s\" is not valid: %s",
                             path, said);
    }
    process_result_clear(&result);
    return status;
}

int32_t oscap_op_import(void *instance, const struct scanner_job *job,
                        struct scanner_error *error)
{
    struct import_state state = {.self = instance, .job = job};
    const struct oscap_import_sink sink = {.artifact = import_artifact,
                                           .document = import_document,
                                           .warning = import_warning,
                                           .user = &state};
    engine_status status = ENGINE_OK;
    bson_iter_t iter, paths;
    engine_error err = {0};
    bson_t request;
    bool check;

    kit_view(&job->request, &request);
    check = document_bool(&request, "validate_only", false);
    if (!bson_iter_init_find(&iter, &request, "paths") ||
        !bson_iter_recurse(&iter, &paths)) {
        engine_fail(&err, ENGINE_EINVAL, "nothing to import");
        return kit_fail(error, &err);
    }
    while (status == ENGINE_OK && bson_iter_next(&paths)) {
        if (!BSON_ITER_HOLDS_UTF8(&paths))
            continue;
        status = check ? import_validate(&state,
                                         bson_iter_utf8(&paths, NULL), &err)
                       : oscap_import(bson_iter_utf8(&paths, NULL),
                                      job->workdir, &sink, &err);
    }
    return status < 0 ? kit_fail(error, &err) : SCANNER_OK;
}
