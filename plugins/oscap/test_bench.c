/* SPDX-License-Identifier: Apache-2.0 */
/* test_bench.c - the imported fixture that the tests of content work on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "plugins/oscap/fragments.h"
#include "plugins/oscap/import_private.h"
#include "plugins/oscap/test_bench.h"
#include "plugins/oscap/xml.h"
#include "sdk/base/alloc.h"
#include "sdk/base/file.h"
#include "sdk/base/hash.h"
#include "sdk/document/document.h"

/* ---- a sink that remembers ---------------------------------------------- */

static engine_status bench_artifact(void *user, const char *path,
                                    const char *name, const char *media_type,
                                    char id[65], engine_error *err)
{
    struct bench *bench = user;

    (void)media_type;
    if (strcmp(name, "fragments") == 0) {
        engine_free(bench->fragments);
        bench->fragments = engine_strdup(path);
        if (!bench->fragments)
            return engine_fail(err, ENGINE_ENOMEM, "out of memory");
    }
    return hash_file(path, id, err);
}

static engine_status bench_document(void *user, const char *kind,
                                    const bson_t *document, engine_error *err)
{
    struct bench *bench = user;

    (void)err;
    if (strcmp(kind, "benchmark") == 0) {
        if (bench->benchmark)
            bson_destroy(bench->benchmark);
        bench->benchmark = bson_copy(document);
    } else if (bench->rules_count < 64) {
        bench->rules[bench->rules_count++] = bson_copy(document);
    }
    return ENGINE_OK;
}

static void bench_warning(void *user, const char *text)
{
    struct bench *bench = user;
    const size_t len = strlen(bench->warnings);

    snprintf(bench->warnings + len, sizeof(bench->warnings) - len, "%s\n",
             text);
}

void bench_forget(struct bench *bench)
{
    for (size_t i = 0; i < bench->rules_count; i++)
        bson_destroy(bench->rules[i]);
    if (bench->benchmark)
        bson_destroy(bench->benchmark);
    engine_free(bench->fragments);
    bench->rules_count = 0;
    bench->benchmark = NULL;
    bench->fragments = NULL;
    bench->warnings[0] = '\0';
}

struct oscap_import_sink bench_sink(struct bench *bench)
{
    return (struct oscap_import_sink){bench_artifact, bench_document,
                                      bench_warning, bench};
}

const char *bench_fixture(void)
{
    static char path[4096];
    const char *top = getenv("SCAN_ENGINE_SRC");

    snprintf(path, sizeof(path), "%s/tests/fixtures/content/zoo-ds.xml",
             top ? top : ".");
    return path;
}

int bench_set_up(void **state)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    const struct oscap_import_sink sink = bench_sink(bench);
    engine_error err = {0};

    if (file_make_temporary("/tmp", "content-", &bench->directory, &err) < 0 ||
        oscap_import(bench_fixture(), bench->directory, &sink, &err) < 0 ||
        oscap_content_open(bench->fragments, &bench->content, &err) < 0) {
        fprintf(stderr, "%s\n", err.message);
        return -1;
    }
    *state = bench;
    return 0;
}

int bench_tear_down(void **state)
{
    struct bench *bench = *state;

    oscap_content_close(bench->content);
    bench_forget(bench);
    file_remove_tree(bench->directory, NULL);
    engine_free(bench->directory);
    free(bench);
    return 0;
}

const bson_t *bench_rule(const struct bench *bench, const char *name)
{
    for (size_t i = 0; i < bench->rules_count; i++)
        if (strcmp(document_string(bench->rules[i], "rule_id") + strlen(RULE),
                   name) == 0)
            return bench->rules[i];
    fail_msg("no rule %s", name);
    return NULL;
}

struct oscap_compile_options bench_options(const struct bench *bench,
                                           const bson_t **rules, size_t count)
{
    return (struct oscap_compile_options){.content = bench->content,
                                          .rules = rules,
                                          .rules_count = count,
                                          .directory = bench->directory};
}
