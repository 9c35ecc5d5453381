/* SPDX-License-Identifier: Apache-2.0 */
/* test_rules_fixture.h - a store, an import and a directory for files. */
#ifndef TESTS_UNIT_TEST_RULES_FIXTURE_H
#define TESTS_UNIT_TEST_RULES_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/rules/rules.h"
#include "sdk/base/alloc.h"
#include "sdk/base/file.h"

#define HELPER __attribute__((unused)) static

struct fixture {
    char *directory;
    struct store *store;
    struct rules_import *import;
    struct rules_import_options options;
    engine_error err;
};

HELPER int setup(void **state)
{
    struct fixture *f = engine_calloc(1, sizeof(*f));
    char *uri;

    assert_int_equal(
        file_make_temporary("/tmp", "test-rules-", &f->directory, &f->err),
        0);
    uri = engine_strf("sqlite:%s/engine.db", f->directory);
    assert_int_equal(store_open(uri, 0, NULL, &f->store, &f->err), 0);
    engine_free(uri);
    f->options.store = f->store;
    *state = f;
    return 0;
}

HELPER int teardown(void **state)
{
    struct fixture *f = *state;

    rules_import_free(f->import);
    store_close(f->store);
    file_remove_tree(f->directory, NULL);
    engine_free(f->directory);
    engine_free(f);
    return 0;
}

/* the path of a file below the fixture's directory; freed by the caller */
HELPER char *path_of(const struct fixture *f, const char *name)
{
    return engine_strf("%s/%s", f->directory, name);
}

HELPER char *write_bytes(const struct fixture *f, const char *name,
                         const void *data, size_t len)
{
    char *path = path_of(f, name);

    assert_int_equal(file_write(path, data, len, 0644, NULL), 0);
    return path;
}

HELPER void import_start(struct fixture *f)
{
    rules_import_free(f->import);
    f->import = NULL;
    assert_int_equal(rules_import_new(&f->options, &f->import, &f->err), 0);
}

HELPER const bson_t *import_end(struct fixture *f)
{
    assert_int_equal(rules_import_finish(f->import, &f->err), 0);
    return rules_import_report(f->import);
}

/* imports one path and returns the report */
HELPER const bson_t *import_path(struct fixture *f, const char *path)
{
    import_start(f);
    assert_int_equal(rules_import_path(f->import, path, &f->err), 0);
    return import_end(f);
}

HELPER const bson_t *import_bytes(struct fixture *f, const char *name,
                                  const void *data, size_t len)
{
    char *path = write_bytes(f, name, data, len);
    const bson_t *report = import_path(f, path);

    engine_free(path);
    return report;
}

HELPER const bson_t *import_text(struct fixture *f, const char *name,
                                 const char *text)
{
    return import_bytes(f, name, text, strlen(text));
}

HELPER void assert_total(const bson_t *report, const char *name,
                         int64_t expected)
{
    char path[64];

    snprintf(path, sizeof(path), "totals.%s", name);
    assert_int_equal(document_int(report, path, -1), expected);
}

/* the reason of the first rejection of the first file */
HELPER const char *first_reason(const bson_t *report)
{
    const char *reason =
        document_string(report, "files.0.rejections.0.reason");

    return reason ? reason : "";
}

HELPER void assert_contains(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in \"%s\"", part, text);
}

HELPER bson_t *json(const char *text)
{
    engine_error err = {0};
    bson_t *copy;
    bson_t out;

    if (document_from_json(text, strlen(text), "test", &out, &err) < 0)
        fail_msg("%s", err.message);
    copy = bson_copy(&out);
    bson_destroy(&out);
    return copy;
}

/* hands a document over as a plugin would */
HELPER void import_document(struct fixture *f, const char *kind,
                            const char *file, const char *text)
{
    bson_t *document = json(text);

    assert_int_equal(rules_import_document(f->import, kind, document, file,
                                           &f->err), 0);
    bson_destroy(document);
}

HELPER void stored(const struct fixture *f, const char *id, bson_t *out)
{
    engine_error err = {0};

    if (store_get(f->store, STORE_RULES, id, out, &err) < 0)
        fail_msg("%s: %s", id, err.message);
}

HELPER bool is_latest(const struct fixture *f, const char *id)
{
    bool latest;
    bson_t rule;

    stored(f, id, &rule);
    latest = document_bool(&rule, "is_latest", false);
    bson_destroy(&rule);
    return latest;
}

#endif
