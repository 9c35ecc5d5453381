/* SPDX-License-Identifier: Apache-2.0 */
/* handlers_rules.c - rules: lists, one, export, and uploads. */
#include <string.h>
#include <unistd.h>

#include "engine/server/private.h"
#include "sdk/base/alloc.h"
#include "sdk/base/file.h"
#include "sdk/document/match.h"

/* ---- which rules --------------------------------------------------------- */

/* Words are looked for as they are: no character of theirs is special. */
static engine_status rules_add_words(const char *text, bson_t *filter,
                                     engine_error *err)
{
    static const char *const fields[] = {"rule_id", "title"};
    struct buffer pattern;
    bson_t any, item, match;
    engine_status status;

    buffer_init(&pattern, 4096);
    for (const char *at = text; *at; at++) {
        if (strchr("\\^$.|?*+()[]{}", *at))
            buffer_putc(&pattern, '\\');
        buffer_putc(&pattern, *at);
    }
    status = buffer_status(&pattern, err);
    BSON_APPEND_ARRAY_BEGIN(filter, "$or", &any);
    for (size_t i = 0; i < SERVER_COUNT(fields); i++) {
        char key[4] = {(char)('0' + i), '\0'};

        BSON_APPEND_DOCUMENT_BEGIN(&any, key, &item);
        BSON_APPEND_DOCUMENT_BEGIN(&item, fields[i], &match);
        BSON_APPEND_UTF8(&match, "$regex", pattern.data ? pattern.data : "");
        BSON_APPEND_UTF8(&match, "$options", "i");
        bson_append_document_end(&item, &match);
        bson_append_document_end(&any, &item);
    }
    bson_append_array_end(filter, &any);
    buffer_clear(&pattern);
    return status;
}

static engine_status rules_add_benchmark(struct request *request,
                                         bson_t *filter, engine_error *err)
{
    const char *name = request_query(request, "benchmark");
    char *id = NULL;
    engine_status status;

    if (!name)
        return ENGINE_OK;
    status = rules_find_benchmark(request->store, name, &id, err);
    if (status == ENGINE_OK)
        BSON_APPEND_UTF8(filter, "benchmark", id);
    engine_free(id);
    return status;
}

/* Our own conditions alone; *out is initialised also on failure. */
static engine_status rules_conditions(struct request *request, bson_t *out,
                                      engine_error *err)
{
    const char *severity = request_query(request, "severity");
    const char *scanner = request_query(request, "scanner");
    const char *framework = request_query(request, "framework");
    const char *words = request_query(request, "q");
    engine_status status;

    BSON_APPEND_BOOL(out, "is_latest", true);
    if (severity)
        BSON_APPEND_UTF8(out, "severity", severity);
    if (scanner)
        BSON_APPEND_UTF8(out, "scanner_type", scanner);
    if (framework)
        rules_filter_framework_word(framework, out);
    status = rules_add_benchmark(request, out, err);
    if (status == ENGINE_OK && words)
        status = rules_add_words(words, out, err);
    return status;
}

static engine_status rules_filter(struct request *request,
                                  struct response *response, bson_t *out,
                                  engine_error *err)
{
    const char *text = request_query(request, "filter");
    bson_t ours = BSON_INITIALIZER, user;
    engine_status status = rules_conditions(request, &ours, err);

    if (status == ENGINE_OK && text) {
        status = document_from_json(text, strlen(text), "filter", &user, err);
        if (status < 0)
            response->status = 400;
    }
    if (status == ENGINE_OK && text) {
        bson_destroy(out);
        matcher_and(&ours, &user, out);
        bson_destroy(&user);
    } else {
        bson_concat(out, &ours);
    }
    bson_destroy(&ours);
    return status;
}

/* ---- lists and export ---------------------------------------------------- */

engine_status handle_rules(struct request *request, struct response *response,
                           engine_error *err)
{
    bson_t filter = BSON_INITIALIZER;
    bson_t *fields = BCON_NEW(
        "benchmark", BCON_INT32(1), "rule_id", BCON_INT32(1), "version",
        BCON_INT32(1), "title", BCON_INT32(1), "severity", BCON_INT32(1),
        "scanner_type", BCON_INT32(1), "frameworks", BCON_INT32(1));
    struct page page = {.collection = STORE_RULES, .name = "rules",
                        .limit = 50};
    engine_status status = rules_filter(request, response, &filter, err);

    page.query.filter = &filter;
    page.query.fields = fields;
    if (status == ENGINE_OK)
        status = response_page(request, response, &page, err);
    bson_destroy(fields);
    bson_destroy(&filter);
    return status;
}

engine_status handle_rules_search(struct request *request,
                                  struct response *response, engine_error *err)
{
    return handle_rules(request, response, err);
}

struct rules_export {
    struct server *server;
    struct store *store;
    struct store_cursor *cursor;
    struct buffer line;
    size_t taken;
};

static long rules_export_read(void *state, char *out, size_t room)
{
    struct rules_export *export = state;
    const bson_t *rule;
    size_t len;

    if (export->taken == export->line.len) {
        struct response response;

        if (store_cursor_next(export->cursor, &rule, NULL) != 1)
            return -1;
        response_init(&response);
        response_add(&response, rule);
        buffer_reset(&export->line);
        buffer_printf(&export->line, "%s\n",
                      response.body.data ? response.body.data : "{}");
        response_clear(&response);
        export->taken = 0;
    }
    len = export->line.len - export->taken;
    len = len < room ? len : room;
    memcpy(out, export->line.data + export->taken, len);
    export->taken += len;
    return (long)len;
}

static void rules_export_free(void *state)
{
    struct rules_export *export = state;

    store_cursor_close(export->cursor);
    server_store_give(export->server, export->store, true);
    buffer_clear(&export->line);
    engine_free(export);
}

engine_status handle_rules_export(struct request *request,
                                  struct response *response, engine_error *err)
{
    struct rules_export *export = engine_calloc(1, sizeof(*export));
    bson_t filter = BSON_INITIALIZER;
    const struct store_query query = {.filter = &filter};
    engine_status status;

    if (!export)
        return engine_fail_memory(err);
    export->server = request->server;
    buffer_init(&export->line, SERVER_BODY_MAX);
    status = rules_filter(request, response, &filter, err);
    if (status == ENGINE_OK)
        status = server_store_take(request->server, &export->store, err);
    if (status == ENGINE_OK)
        status = store_find(export->store, STORE_RULES, &query,
                            &export->cursor, err);
    bson_destroy(&filter);
    if (status < 0) {
        rules_export_free(export);
        return status;
    }
    response->status = 200;
    response->media_type = "application/x-ndjson";
    response->stream = (struct response_stream){.read = rules_export_read,
                                                .free = rules_export_free,
                                                .state = export};
    return ENGINE_OK;
}

engine_status handle_rule(struct request *request, struct response *response,
                          engine_error *err)
{
    const char *name = request_query(request, "benchmark");
    char *benchmark = NULL;
    bson_t rule;
    engine_status status = ENGINE_OK;

    if (name)
        status = rules_find_benchmark(request->store, name, &benchmark, err);
    if (status == ENGINE_OK)
        status = rules_find_rule(request->store, benchmark, request->words[0],
                                 &rule, err);
    engine_free(benchmark);
    if (status < 0)
        return status;
    status = response_document(response, 200, &rule, err);
    bson_destroy(&rule);
    return status;
}

/* ---- uploads ------------------------------------------------------------- */

struct rules_upload {
    struct request *request;
    bool validate_only;
};

static const char *upload_canonical(const char *name, void *user)
{
    const struct rules_upload *upload = user;

    return registry_type_name(upload->request->world->registry, name);
}

static engine_status upload_native(const char *path, const char *format,
                                   struct rules_import *import, void *user,
                                   engine_error *err)
{
    const struct rules_upload *upload = user;
    struct request *request = upload->request;

    return request->server->setup.native(
        request->world, upload->validate_only ? NULL : request->store, path,
        format, upload->validate_only ? NULL : import, err);
}

/* The ending tells the importer what it is, as with a file of a user's. */
static const char *upload_ending(const struct request *request)
{
    static const struct {
        const char *type, *ending;
    } endings[] = {{"application/json", "json"},
                   {"application/x-ndjson", "jsonl"},
                   {"application/jsonl", "jsonl"},
                   {"application/gzip", "tar.gz"},
                   {"application/x-gzip", "tar.gz"},
                   {"application/xml", "xml"},
                   {"text/xml", "xml"},
                   {"application/bson", "bson"}};
    const char *type = request->content_type ? request->content_type : "";
    const size_t len = strcspn(type, "; \t");

    for (size_t i = 0; i < SERVER_COUNT(endings); i++)
        if (strlen(endings[i].type) == len &&
            strncasecmp(type, endings[i].type, len) == 0)
            return endings[i].ending;
    return "yaml";
}

static engine_status upload_run(struct rules_upload *upload, const char *path,
                                struct response *response, engine_error *err)
{
    struct request *request = upload->request;
    const struct rules_import_options options = {
        .store = upload->validate_only ? NULL : request->store,
        .log = request->server->setup.log,
        .canonical_type = upload_canonical,
        .native = upload_native,
        .format = request_query(request, "as"),
        .user = upload};
    struct rules_import *import = NULL;
    engine_error why = {0};
    engine_status status = rules_import_new(&options, &import, err);

    if (status == ENGINE_OK && rules_import_path(import, path, &why) < 0) {
        /* the file as a whole: it belongs into the report */
        status = why.status == ENGINE_EIO || why.status == ENGINE_EAWAY ||
                         why.status == ENGINE_ENOMEM
                     ? why.status : rules_import_reject(import, path, &why);
        if (status < 0 && err)
            *err = why;
    }
    if (status == ENGINE_OK)
        status = rules_import_finish(import, err);
    if (status == ENGINE_OK)
        status = response_document(response, 200, rules_import_report(import),
                                   err);
    rules_import_free(import);
    return status;
}

static engine_status rules_upload(struct request *request,
                                  struct response *response,
                                  bool validate_only, engine_error *err)
{
    struct rules_upload upload = {.request = request,
                                  .validate_only = validate_only};
    const char *run = request->world->config->run_directory;
    char *directory = NULL, *path = NULL;
    engine_status status;

    if (!request->body_len) {
        response->status = 422;
        return engine_fail(err, ENGINE_EINVAL, "the body is empty");
    }
    status = file_make_temporary(run, "upload-", &directory, err);
    if (status < 0)
        return status;
    path = engine_strf("%s/upload.%s", directory, upload_ending(request));
    status = path ? file_write(path, request->body, request->body_len, 0600,
                               err)
                  : engine_fail_memory(err);
    if (status == ENGINE_OK)
        status = upload_run(&upload, path, response, err);
    (void)file_remove_tree(directory, NULL);
    engine_free(path);
    engine_free(directory);
    return status;
}

engine_status handle_rules_validate(struct request *request,
                                    struct response *response,
                                    engine_error *err)
{
    return rules_upload(request, response, true, err);
}

engine_status handle_rules_import(struct request *request,
                                  struct response *response, engine_error *err)
{
    return rules_upload(request, response, false, err);
}
