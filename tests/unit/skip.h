/* SPDX-License-Identifier: Apache-2.0 */
/* skip.h - a test that cannot run here, and why. After cmocka.h. */
#ifndef TESTS_UNIT_SKIP_H
#define TESTS_UNIT_SKIP_H

#include <stdlib.h>
#include <string.h>

static inline void skip_since(const char *reason)
{
    print_message("# skipped: %s\n", reason);
    skip();
}

/* Without something that `quickstart test` provides: in CI that is a failure,
 * else it would hide what the test is for. */
static inline void skip_without(const char *what)
{
    const char *ci = getenv("CI");

    if (ci && strcmp(ci, "true") == 0)
        fail_msg("missing: %s", what);
    print_message("# skipped: no %s\n", what);
    skip();
}

#endif
