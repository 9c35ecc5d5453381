/* SPDX-License-Identifier: Apache-2.0 */
/* test_costs.c - measured costs and the cache of compiled content. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include <cmocka.h>

#include "plugins/oscap/compile.h"
#include "plugins/oscap/costs.h"
#include "sdk/base/alloc.h"
#include "sdk/base/file.h"

static int directory_open(void **state)
{
    return file_make_temporary("/tmp", "test-costs-", (char **)state, NULL);
}

static int directory_close(void **state)
{
    file_remove_tree(*state, NULL);
    engine_free(*state);
    return 0;
}

static void remembers_what_rules_took_on_a_target(void **state)
{
    struct oscap_costs costs;

    oscap_costs_open(&costs, *state, "chroot:/srv");
    assert_int_equal(oscap_costs_get(&costs, "rule"), 0);
    oscap_costs_note(&costs, "rule", 1024);
    oscap_costs_note(&costs, "none", 0);
    oscap_costs_close(&costs);

    oscap_costs_open(&costs, *state, "chroot:/srv");
    assert_int_equal(oscap_costs_get(&costs, "rule"), 1024);
    assert_int_equal(oscap_costs_get(&costs, "none"), 1);
    oscap_costs_note(&costs, "rule", 3072);
    assert_int_equal(oscap_costs_get(&costs, "rule"), 2048);
    oscap_costs_close(&costs);

    oscap_costs_open(&costs, *state, "chroot:/other");
    assert_int_equal(oscap_costs_get(&costs, "rule"), 0);
    oscap_costs_close(&costs);
}

static void small_changes_give_the_same_cost(void **state)
{
    struct oscap_costs costs;

    oscap_costs_open(&costs, *state, "x");
    oscap_costs_note(&costs, "a", 1000);
    oscap_costs_note(&costs, "b", 1020);
    assert_int_equal(oscap_costs_get(&costs, "a"),
                     oscap_costs_get(&costs, "b"));
    oscap_costs_note(&costs, "c", 2000);
    assert_int_not_equal(oscap_costs_get(&costs, "a"),
                         oscap_costs_get(&costs, "c"));
    oscap_costs_close(&costs);
}

static void takes_a_damaged_file_for_an_empty_one(void **state)
{
    static const char rubbish[] = "\x20\x00\x00\x00garbage, not BSON at all";
    struct oscap_costs costs;
    char *path;

    oscap_costs_open(&costs, *state, "x");
    path = engine_strdup(costs.path);
    oscap_costs_note(&costs, "a", 8);
    oscap_costs_close(&costs);
    assert_true(file_exists(path));
    assert_int_equal(file_write(path, rubbish, sizeof(rubbish), 0600, NULL),
                     ENGINE_OK);
    oscap_costs_open(&costs, *state, "x");
    assert_int_equal(oscap_costs_get(&costs, "a"), 0);
    oscap_costs_close(&costs);
    engine_free(path);
}

/* a compiled file that was used so many seconds ago */
static char *aged(const char *directory, int number, time_t age)
{
    char *path = engine_strf("%s/compiled-%d.xml", directory, number);
    struct timespec times[2] = {{.tv_sec = time(NULL) - age}};

    times[1] = times[0];
    assert_int_equal(file_write(path, "x", 1, 0600, NULL), ENGINE_OK);
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    return path;
}

static void removes_what_was_not_used_for_a_month(void **state)
{
    char *old = aged(*state, 1, 40L * 24 * 3600);
    char *day = aged(*state, 2, 24L * 3600);
    char *used = aged(*state, 3, 40L * 24 * 3600);

    compile_cache_used(used);
    compile_cache_sweep(*state);
    assert_false(file_exists(old));
    assert_true(file_exists(day));
    assert_true(file_exists(used));
    engine_free(old);
    engine_free(day);
    engine_free(used);
}

static void keeps_only_fresh_files_of_very_many(void **state)
{
    char *fresh = aged(*state, 0, 60), *last = NULL;

    for (int i = 1; i < 300; i++) {
        engine_free(last);
        last = aged(*state, i, 2L * 3600);
    }
    compile_cache_sweep(*state);
    assert_true(file_exists(fresh));
    assert_false(file_exists(last));
    engine_free(fresh);
    engine_free(last);
}

#define WITH_DIRECTORY(test) \
    cmocka_unit_test_setup_teardown(test, directory_open, directory_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DIRECTORY(remembers_what_rules_took_on_a_target),
        WITH_DIRECTORY(small_changes_give_the_same_cost),
        WITH_DIRECTORY(takes_a_damaged_file_for_an_empty_one),
        WITH_DIRECTORY(removes_what_was_not_used_for_a_month),
        WITH_DIRECTORY(keeps_only_fresh_files_of_very_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
