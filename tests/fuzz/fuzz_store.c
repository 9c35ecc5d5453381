/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_store.c - a filter in the first line, rules in the others: what the
 * SQLite store finds is what the matcher accepts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/store/store.h"
#include "sdk/base/alloc.h"
#include "sdk/base/file.h"
#include "sdk/document/document.h"
#include "sdk/document/match.h"

#define MAX_DOCUMENTS 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* One store for the whole run; every input is rolled back. */
static struct state {
    struct store *store;
    char *folder;
} state;

static void leave(void)
{
    store_close(state.store);
    file_remove_tree(state.folder, NULL);
    engine_free(state.folder);
}

static void start(void)
{
    char *uri;

    if (file_make_temporary("/tmp", "fuzz-store-", &state.folder, NULL) < 0)
        abort();
    uri = engine_strf("sqlite:%s/engine.db", state.folder);
    if (!uri || store_open(uri, 0, NULL, &state.store, NULL) < 0)
        abort();
    engine_free(uri);
    atexit(leave);
}

struct input {
    struct matcher *matcher;
    int count, expected;
};

/* The document of a line under an id of ours. */
static void add(struct input *input, const bson_t *document)
{
    bson_t copy = BSON_INITIALIZER;
    const bson_t *one = &copy;
    char id[16];

    snprintf(id, sizeof(id), "%d", input->count);
    BSON_APPEND_UTF8(&copy, "_id", id);
    bson_copy_to_excluding_noinit(document, &copy, "_id", NULL);
    if (store_insert(state.store, STORE_RULES, &one, 1, NULL) == ENGINE_OK) {
        input->count++;
        input->expected += matcher_test(input->matcher, &copy);
    }
    bson_destroy(&copy);
}

static void add_lines(struct input *input, const char *text, size_t len)
{
    while (len && input->count < MAX_DOCUMENTS) {
        const char *end = memchr(text, '\n', len);
        const size_t line = end ? (size_t)(end - text) : len;
        bson_t document;
        if (document_from_json(text, line, "rule", &document, NULL) ==
            ENGINE_OK) {
            add(input, &document);
            bson_destroy(&document);
        }
        text += line + (end != NULL);
        len -= line + (end != NULL);
    }
}

static void compare(const struct input *input, const bson_t *filter)
{
    const struct store_query query = {.filter = filter};
    struct store_cursor *cursor = NULL;
    const bson_t *found = NULL;
    int64_t count = -1;
    int seen = 0;

    if (store_count(state.store, STORE_RULES, filter, &count, NULL) < 0 ||
        count != input->expected ||
        store_find(state.store, STORE_RULES, &query, &cursor, NULL) < 0)
        abort();
    for (; store_cursor_next(cursor, &found, NULL) == 1; seen++)
        if (!matcher_test(input->matcher, found))
            abort();
    store_cursor_close(cursor);
    if (seen != input->expected)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const char *text = (const char *)data;
    const char *end = len ? memchr(text, '\n', len) : NULL;
    const size_t filter_len = end ? (size_t)(end - text) : len;
    struct input input = {0};
    bson_t filter;

    if (!state.store)
        start();
    if (!end ||
        document_from_json(text, filter_len, "filter", &filter, NULL) < 0)
        return 0;
    if (matcher_new(&filter, &input.matcher, NULL) == ENGINE_OK) {
        if (store_begin(state.store, NULL) < 0)
            abort();
        add_lines(&input, end + 1, len - filter_len - 1);
        compare(&input, &filter);
        store_rollback(state.store);
    }
    matcher_free(input.matcher);
    bson_destroy(&filter);
    return 0;
}
