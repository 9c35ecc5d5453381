/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oscap_content.c - imports and compiles SCAP content without the engine, for
 * oscap_equality.py and for looking at what comes out. Not installed.
 *
 *   oscap_content import FILE DIRECTORY
 *   oscap_content show DIRECTORY                (documents as JSON lines)
 *   oscap_content compile DIRECTORY BENCHMARK OUT [cpe=NAME] [shards=N]
 *                 [rules=FILE] [profile=ID] [set=VALUE:TEXT]... [cache=DIR]
 */
#include <bson/bson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/oscap/content.h"
#include "sdk/base/alloc.h"
#include "sdk/base/buffer.h"
#include "sdk/base/clock.h"
#include "sdk/base/file.h"
#include "sdk/base/hash.h"
#include "sdk/document/document.h"

static int tool_fail(const engine_error *err)
{
    fprintf(stderr, "oscap_content: %s%s%s\n", err->message,
            *err->hint ? "; " : "", err->hint);
    return 1;
}

/* ---- import ------------------------------------------------------------- */

struct tool_sink {
    const char *directory;
    struct buffer documents;
    unsigned rules, benchmarks, warnings;
};

static engine_status tool_artifact(void *user, const char *path,
                                   const char *name, const char *media_type,
                                   char id[65], engine_error *err)
{
    const struct tool_sink *sink = user;
    char *data = NULL, *to;
    size_t len = 0;
    engine_status status = hash_file(path, id, err);

    (void)name;
    (void)media_type;
    if (status == ENGINE_OK)
        status = file_read(path, (size_t)1 << 30, &data, &len, err);
    to = engine_strf("%s/%s", sink->directory, id);
    if (status == ENGINE_OK)
        status = file_write(to, data, len, 0600, err);
    engine_free(data);
    engine_free(to);
    return status;
}

static engine_status tool_document(void *user, const char *kind,
                                   const bson_t *document, engine_error *err)
{
    struct tool_sink *sink = user;

    if (strcmp(kind, "rule") == 0)
        sink->rules++;
    else
        sink->benchmarks++;
    buffer_append(&sink->documents, bson_get_data(document), document->len);
    return buffer_status(&sink->documents, err);
}

static void tool_warning(void *user, const char *text)
{
    struct tool_sink *sink = user;

    sink->warnings++;
    fprintf(stderr, "warning: %s\n", text);
}

static int tool_import(const char *path, const char *directory)
{
    const int64_t start = clock_steady_ms();
    struct tool_sink sink = {.directory = directory};
    const struct oscap_import_sink out = {tool_artifact, tool_document,
                                          tool_warning, &sink};
    char *to = engine_strf("%s/documents.bson", directory);
    engine_error err = {0};
    engine_status status;

    buffer_init(&sink.documents, (size_t)1 << 30);
    status = file_make_directory(directory, &err);
    if (status == ENGINE_OK)
        status = oscap_import(path, directory, &out, &err);
    if (status == ENGINE_OK)
        status =
            file_write(to, sink.documents.data, sink.documents.len, 0600, &err);
    buffer_clear(&sink.documents);
    engine_free(to);
    if (status < 0)
        return tool_fail(&err);
    printf("%u rules, %u benchmarks, %u warnings, %lld ms\n", sink.rules,
           sink.benchmarks, sink.warnings,
           (long long)(clock_steady_ms() - start));
    return 0;
}

/* ---- documents ---------------------------------------------------------- */

struct tool_documents {
    bson_t **items;
    size_t count;
};

static void tool_load(const char *directory, struct tool_documents *out)
{
    char *path = engine_strf("%s/documents.bson", directory);
    bson_reader_t *reader = bson_reader_new_from_file(path, NULL);
    const bson_t *document;
    bool end = false;

    *out = (struct tool_documents){0};
    while (reader && (document = bson_reader_read(reader, &end))) {
        out->items = realloc(out->items, (out->count + 1) * sizeof(bson_t *));
        out->items[out->count++] = bson_copy(document);
    }
    if (reader)
        bson_reader_destroy(reader);
    engine_free(path);
}

static int tool_show(const char *directory)
{
    struct tool_documents documents;

    tool_load(directory, &documents);
    for (size_t i = 0; i < documents.count; i++) {
        char *text = bson_as_relaxed_extended_json(documents.items[i], NULL);

        puts(text);
        bson_free(text);
    }
    return 0;
}

/* ---- compile ------------------------------------------------------------ */

struct tool_job {
    struct oscap_compile_options options;
    struct oscap_content *content;
    const bson_t *benchmark;
    const bson_t **rules;
    size_t count;
    bson_t variables;
    bool tailored;
    unsigned shards;
    struct table wanted; /* rule ids; empty: all */
    const char *out;
};

static void tool_wanted(struct tool_job *job, const char *path)
{
    engine_error err = {0};
    char *text = NULL, *rest = NULL;
    size_t len = 0;

    if (file_read(path, 1 << 24, &text, &len, &err) < 0)
        exit(tool_fail(&err));
    for (char *id = strtok_r(text, " \n", &rest); id;
         id = strtok_r(NULL, " \n", &rest))
        table_set(&job->wanted, id, job);
    engine_free(text);
}

static void tool_profile(struct tool_job *job, const char *id)
{
    bson_t profiles, rules, variables, one;
    bson_iter_t at, rule;

    job->tailored = true;
    job->options.profile = id;
    if (!document_child(job->benchmark, "profiles", &profiles) ||
        !bson_iter_init(&at, &profiles))
        exit(1);
    while (bson_iter_next(&at)) {
        document_iter_child(&at, &one);
        if (strcmp(document_string(&one, "id"), id) != 0)
            continue;
        document_child(&one, "rules", &rules);
        for (bson_iter_init(&rule, &rules); bson_iter_next(&rule);)
            table_set(&job->wanted, bson_iter_utf8(&rule, NULL), job);
        document_child(&one, "variables", &variables);
        bson_concat(&job->variables, &variables);
        return;
    }
    fprintf(stderr, "no profile %s\n", id);
    exit(1);
}

static void tool_set(struct tool_job *job, const char *text)
{
    const char *colon = strchr(text, ':');

    if (!colon)
        exit(1);
    job->tailored = true;
    bson_append_utf8(&job->variables, text, (int)(colon - text), colon + 1, -1);
}

static void tool_option(struct tool_job *job, const char *text)
{
    const char *value = strchr(text, '=');

    if (!value)
        exit(1);
    value++;
    if (strncmp(text, "cpe=", 4) == 0)
        job->options.cpe = value;
    else if (strncmp(text, "shards=", 7) == 0)
        job->shards = (unsigned)atoi(value);
    else if (strncmp(text, "rules=", 6) == 0)
        tool_wanted(job, value);
    else if (strncmp(text, "profile=", 8) == 0)
        tool_profile(job, value);
    else if (strncmp(text, "cache=", 6) == 0)
        job->options.cachedir = value;
}

static int tool_part(const struct tool_job *job, const bson_t **rules,
                     size_t count, unsigned part)
{
    struct oscap_compile_options options = job->options;
    struct oscap_compiled compiled = {0};
    char *directory = engine_strf("%s/%u", job->out, part);
    char *tailoring = engine_strf("%s/tailoring.xml", directory);
    char *profile = NULL;
    engine_error err = {0};
    engine_status status = file_make_directory(directory, &err);

    options.rules = rules;
    options.rules_count = count;
    options.directory = directory;
    if (status == ENGINE_OK)
        status = oscap_compile(&options, &compiled, &err);
    if (status == ENGINE_OK && job->tailored)
        status = oscap_tailoring_write(&options, &compiled, &job->variables,
                                       tailoring, &profile, &err);
    if (status == ENGINE_OK)
        printf("%zu\t%s\t%s\t%s\n", count, compiled.datastream_path,
               job->tailored ? tailoring : "-",
               profile ? profile : compiled.profile_id);
    oscap_compiled_clear(&compiled);
    engine_free(directory);
    engine_free(tailoring);
    engine_free(profile);
    return status < 0 ? tool_fail(&err) : 0;
}

static int tool_parts(struct tool_job *job)
{
    unsigned *part = calloc(job->count + 1, sizeof(*part));
    const bson_t **some = calloc(job->count + 1, sizeof(*some));
    const unsigned parts =
        oscap_shard(job->content, job->rules, job->count, job->shards, NULL,
                    part);
    int failed = 0;

    for (unsigned p = 0; p < parts && !failed; p++) {
        size_t count = 0;

        for (size_t i = 0; i < job->count; i++)
            if (part[i] == p)
                some[count++] = job->rules[i];
        failed = tool_part(job, some, count, p);
    }
    free(part);
    free(some);
    return failed;
}

static int tool_compile(int argc, char **argv)
{
    const char *directory = argv[2], *benchmark = argv[3];
    struct tool_job job = {.shards = 1, .out = argv[4]};
    struct tool_documents documents;
    engine_error err = {0};
    int64_t start;
    char *path;
    int failed;

    tool_load(directory, &documents);
    bson_init(&job.variables);
    table_init(&job.wanted);
    job.rules = calloc(documents.count + 1, sizeof(*job.rules));
    for (size_t i = 0; i < documents.count; i++)
        if (document_string(documents.items[i], "_id") &&
            strcmp(document_string(documents.items[i], "_id"), benchmark) == 0)
            job.benchmark = documents.items[i];
    if (!job.benchmark)
        return 1;
    /* the first value of a variable counts: overrides before the profile */
    for (int i = 5; i < argc; i++)
        if (strncmp(argv[i], "set=", 4) == 0)
            tool_set(&job, argv[i] + 4);
    for (int i = 5; i < argc; i++)
        tool_option(&job, argv[i]);
    for (size_t i = 0; i < documents.count; i++) {
        const char *id = document_string(documents.items[i], "rule_id");

        if (id && (!job.wanted.count || table_has(&job.wanted, id)))
            job.rules[job.count++] = documents.items[i];
    }
    path = engine_strf("%s/%s", directory,
                       document_string(job.benchmark, "artifact"));
    start = clock_steady_ms();
    if (oscap_content_open(path, &job.content, &err) < 0)
        return tool_fail(&err);
    fprintf(stderr, "open %lld ms, ", (long long)(clock_steady_ms() - start));
    job.options.content = job.content;
    failed = tool_parts(&job);
    fprintf(stderr, "all %lld ms\n", (long long)(clock_steady_ms() - start));
    oscap_content_close(job.content);
    return failed;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "import") == 0)
        return tool_import(argv[2], argv[3]);
    if (argc == 3 && strcmp(argv[1], "show") == 0)
        return tool_show(argv[2]);
    if (argc >= 5 && strcmp(argv[1], "compile") == 0)
        return tool_compile(argc, argv);
    fprintf(stderr, "usage: see the head of oscap_content.c\n");
    return 1;
}
