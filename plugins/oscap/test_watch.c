/* SPDX-License-Identifier: Apache-2.0 */
/* test_watch.c - following oscap's list, and noticing that it hangs. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "plugins/oscap/watch.h"
#include "sdk/base/alloc.h"
#include "sdk/base/file.h"

struct told {
    char ids[512];
    size_t count;
    uint32_t tenths;
};

static void note_rule(void *user, const char *id, uint32_t tenths)
{
    struct told *told = user;

    strncat(told->ids, id, sizeof(told->ids) - strlen(told->ids) - 1);
    strncat(told->ids, ";", sizeof(told->ids) - strlen(told->ids) - 1);
    told->count++;
    told->tenths += tenths;
}

static void pause_ms(long ms)
{
    const struct timespec time = {.tv_sec = ms / 1000,
                                  .tv_nsec = ms % 1000 * 1000000};

    nanosleep(&time, NULL);
}

static void tells_rules_as_their_lines_are_whole(void **state)
{
    char *directory = NULL, *path;
    struct oscap_follow follow;
    struct told told = {.count = 0};
    FILE *file;

    (void)state;
    assert_int_equal(
        file_make_temporary("/tmp", "test-watch-", &directory, NULL),
        ENGINE_OK);
    path = engine_strf("%s/progress", directory);
    file = fopen(path, "w");
    assert_non_null(file);
    oscap_follow_open(&follow, path, note_rule, &told);
    oscap_follow_step(&follow);
    assert_int_equal(told.count, 0);
    fputs("rule_a:pass\nrule_b:fa", file);
    fflush(file);
    pause_ms(30);
    oscap_follow_step(&follow);
    assert_string_equal(told.ids, "rule_a;");
    assert_in_range(told.tenths, 100, 100000);
    fputs("il\nno colon here\n:\nrule_c:pass\n", file);
    fflush(file);
    oscap_follow_step(&follow);
    oscap_follow_step(&follow);
    assert_string_equal(told.ids, "rule_a;rule_b;;rule_c;");
    oscap_follow_close(&follow);
    fclose(file);
    file_remove_tree(directory, NULL);
    engine_free(directory);
    engine_free(path);
}

static void follows_nothing_where_there_is_nothing(void **state)
{
    struct oscap_follow follow;
    struct told told = {.count = 0};

    (void)state;
    oscap_follow_open(&follow, "/no/such/file", note_rule, &told);
    oscap_follow_step(&follow);
    oscap_follow_close(&follow);
    oscap_follow_open(&follow, NULL, NULL, NULL);
    oscap_follow_step(&follow);
    oscap_follow_close(&follow);
    assert_int_equal(told.count, 0);
}

/* a child that sleeps, or that waits for a lock which nobody will open */
static pid_t child(bool locked)
{
    static int lock;
    const pid_t pid = fork();

    if (pid == 0) {
        while (locked)
            syscall(SYS_futex, &lock, 0 /* FUTEX_WAIT */, 0, NULL, NULL, 0);
        pause_ms(60000);
        _exit(0);
    }
    return pid;
}

static void end(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static void a_sleeper_hangs_after_the_limit(void **state)
{
    struct oscap_watch watch, off;
    const pid_t pid = child(false);

    (void)state;
    oscap_watch_init(&watch, pid, 1500);
    oscap_watch_init(&off, pid, 0);
    pause_ms(600);
    assert_false(oscap_watch_is_hung(&watch));
    pause_ms(600);
    assert_false(oscap_watch_is_hung(&watch));
    pause_ms(1600);
    assert_true(oscap_watch_is_hung(&watch));
    assert_false(oscap_watch_is_hung(&off));
    end(pid);
}

static void threads_that_wait_for_each_other_hang_sooner(void **state)
{
    struct oscap_watch locked, sleeping;
    const pid_t waiter = child(true), sleeper = child(false);
    bool hung = false;

    (void)state;
#if defined(__SANITIZE_THREAD__)
    end(waiter);
    end(sleeper);
    skip(); /* TSan's own thread in the child sleeps, and holds no lock */
#endif
    oscap_watch_init(&locked, waiter, 60000);
    oscap_watch_init(&sleeping, sleeper, 60000);
    for (int i = 0; !hung && i < 150; i++) {
        pause_ms(100);
        hung = oscap_watch_is_hung(&locked);
        assert_false(oscap_watch_is_hung(&sleeping));
        if (i < 80)
            assert_false(hung);
    }
    assert_true(hung);
    end(waiter);
    end(sleeper);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_rules_as_their_lines_are_whole),
        cmocka_unit_test(follows_nothing_where_there_is_nothing),
        cmocka_unit_test(a_sleeper_hangs_after_the_limit),
        cmocka_unit_test(threads_that_wait_for_each_other_hang_sooner),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
