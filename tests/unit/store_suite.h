/* SPDX-License-Identifier: Apache-2.0 */
/* store_suite.h - what every store must do, whatever it is made of. */
#ifndef TESTS_UNIT_STORE_SUITE_H
#define TESTS_UNIT_STORE_SUITE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "engine/store/store.h"

/* What a test of the suite gets: an empty store. */
struct suite {
    struct store *store;
    char *uri;    /* for more handles on the same store */
    char *folder; /* a private directory, removed afterwards */
};

/** Names a store for a test; the result is freed with engine_free. The
 * environment's SCAN_ENGINE_TEST_STORE_URI comes first: that store is emptied
 * before each test. */
typedef char *(*suite_uri_fn)(const char *folder);

/** Runs the suite; the number of failed tests. */
int store_suite_run(const char *name, suite_uri_fn fn);

/** A document from JSON; single quotes stand for double ones. Freed with
 * bson_destroy. */
bson_t *suite_bson(const char *json, ...) __attribute__((format(printf, 1, 2)));
/** Opens one more handle. */
struct store *suite_open(const char *uri);
/** Inserts one document from JSON. */
void suite_add(struct store *store, const char *collection, const char *json,
               ...) __attribute__((format(printf, 3, 4)));
int64_t suite_count(struct store *store, const char *collection,
                    const char *json);
/** The ids that a query finds, each followed by a space; engine_free. */
char *suite_ids(struct store *store, const char *collection, const char *filter,
                const char *sort, int64_t skip, int64_t limit);

#endif
