/* SPDX-License-Identifier: Apache-2.0 */
/* test_store.c - the store suite over SQLite, or over the store that
 * SCAN_ENGINE_TEST_STORE_URI names. */
#include "sdk/base/alloc.h"
#include "tests/unit/store_suite.h"

static char *sqlite_uri(const char *folder)
{
    return engine_strf("sqlite:%s/engine.db", folder);
}

int main(void)
{
    return store_suite_run("store over sqlite", sqlite_uri);
}
