/* SPDX-License-Identifier: Apache-2.0 */
/* test_process.c - running programs: capture, limits, deadlines, groups. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"
#include "sdk/base/file.h"
#include "sdk/kit/process.h"

#define SHELL(script)            \
    (const char *const[])        \
    {                            \
        "sh", "-c", script, NULL \
    }

struct fixture {
    char *folder;
    char *one, *two, *out;
    struct process_options options;
    struct process_result result;
    engine_error err;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    assert_int_equal(file_make_temporary("/tmp", "process-", &f->folder, NULL),
                     0);
    f->one = engine_strf("%s/one", f->folder);
    f->two = engine_strf("%s/two", f->folder);
    f->out = engine_strf("%s/out", f->folder);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    process_result_clear(&f->result);
    file_remove_tree(f->folder, NULL);
    engine_free(f->folder);
    engine_free(f->one);
    engine_free(f->two);
    engine_free(f->out);
    free(f);
    return 0;
}

static engine_status run(struct fixture *f, const char *const *argv)
{
    f->options.argv = argv;
    process_result_clear(&f->result);
    return process_run(&f->options, &f->result, &f->err);
}

static void put(const char *path, size_t len, char byte)
{
    char *text = malloc(len);

    memset(text, byte, len);
    assert_int_equal(file_write(path, text, len, 0600, NULL), 0);
    free(text);
}

static const char *text_of(const struct buffer *buffer)
{
    return buffer->data ? buffer->data : "";
}

static void captures_both_streams_and_the_exit_code(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(run(f, SHELL("echo out; echo err >&2; exit 3")), 0);
    assert_int_equal(f->result.how, PROCESS_EXITED);
    assert_int_equal(f->result.code, 3);
    assert_string_equal(text_of(&f->result.output), "out\n");
    assert_string_equal(text_of(&f->result.errors), "err\n");
    assert_true(f->result.peak_bytes > 0);
    assert_true(f->result.wall_ms >= 0);
}

static void tells_the_signal(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(run(f, SHELL("kill -TERM $$")), 0);
    assert_int_equal(f->result.how, PROCESS_SIGNALED);
    assert_int_equal(f->result.code, SIGTERM);
}

static void names_a_missing_program(void **state)
{
    struct fixture *f = *state;
    const char *const argv[] = {"no-such-oscap", NULL};
    const char *const named[] = {"/nowhere/oscap", NULL};

    assert_int_equal(run(f, argv), ENGINE_ENOTFOUND);
    assert_string_equal(f->err.message,
                        "program \"no-such-oscap\" was not found on PATH");
    assert_int_equal(run(f, named), ENGINE_ENOTFOUND);
    assert_string_equal(f->err.message,
                        "program \"/nowhere/oscap\" was not found");
}

static void tells_a_missing_interpreter_from_a_missing_program(void **state)
{
    struct fixture *f = *state;
    const char *const argv[] = {f->one, NULL};

    assert_int_equal(file_write(f->one, "#!/nowhere/sh\n", 14, 0700, NULL), 0);
    /* under emulators, such as Valgrind, exec's error stays in the child */
    if (run(f, argv) == ENGINE_OK) {
        assert_int_not_equal(f->result.code, 0);
        return;
    }
    assert_int_equal(f->err.status, ENGINE_EIO);
    assert_non_null(strstr(f->err.message, "could not run"));
}

static void names_a_missing_directory(void **state)
{
    struct fixture *f = *state;

    f->options.directory = "/nowhere";
    assert_int_equal(run(f, SHELL(":")), ENGINE_EIO);
    assert_non_null(strstr(f->err.message, "/nowhere"));
}

static void runs_in_the_directory_with_the_environment(void **state)
{
    struct fixture *f = *state;
    const char *const env[] = {"COLOUR=green", NULL};

    f->options.directory = f->folder;
    f->options.env = env;
    assert_int_equal(run(f, SHELL("pwd; echo $COLOUR $HOME")), 0);
    assert_non_null(strstr(text_of(&f->result.output), f->folder));
    assert_non_null(strstr(text_of(&f->result.output), "\ngreen\n"));
}

static void standard_input_is_empty_by_default(void **state)
{
    struct fixture *f = *state;

    f->options.timeout_ms = 300000;
    assert_int_equal(run(f, SHELL("cat; echo end")), 0);
    assert_string_equal(text_of(&f->result.output), "end\n");
}

static void feeds_the_files_one_after_another(void **state)
{
    struct fixture *f = *state;

    put(f->one, 300000, 'a');
    put(f->two, 200000, 'b');
    f->options.input_paths[0] = f->one;
    f->options.input_paths[1] = f->two;
    f->options.output_maximum = 500000;
    assert_int_equal(run(f, SHELL("cat")), 0);
    assert_int_equal(f->result.how, PROCESS_EXITED);
    assert_int_equal(f->result.output.len, 500000);
    assert_int_equal(f->result.output.data[299999], 'a');
    assert_int_equal(f->result.output.data[300000], 'b');
}

static void survives_a_program_that_does_not_read(void **state)
{
    struct fixture *f = *state;
    struct sigaction old, plain = {.sa_handler = SIG_DFL};

    sigaction(SIGPIPE, &plain, &old);
    put(f->one, 1000000, 'a');
    f->options.input_paths[0] = f->one;
    assert_int_equal(run(f, SHELL("exec <&-; sleep 0.2; exit 4")), 0);
    sigaction(SIGPIPE, &old, NULL);
    assert_int_equal(f->result.how, PROCESS_EXITED);
    assert_int_equal(f->result.code, 4);
}

static void refuses_input_that_could_block(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(mkfifo(f->one, 0600), 0);
    f->options.input_paths[0] = f->one;
    assert_int_equal(run(f, SHELL("cat")), ENGINE_EINVAL);
    f->options.input_paths[0] = f->two;
    assert_int_equal(run(f, SHELL("cat")), ENGINE_ENOTFOUND);
    assert_non_null(strstr(f->err.message, f->two));
}

static void kills_a_flood_at_the_maximum(void **state)
{
    struct fixture *f = *state;

    f->options.output_maximum = 1000;
    assert_int_equal(run(f, SHELL("yes")), 0);
    assert_int_equal(f->result.how, PROCESS_OVERFLOW);
    assert_int_equal(f->result.output.len, 1000);
    assert_int_equal(run(f, SHELL("printf %1000d 1")), 0);
    assert_int_equal(f->result.how, PROCESS_EXITED);
}

static void writes_a_new_private_file_up_to_the_maximum(void **state)
{
    struct fixture *f = *state;
    struct stat info;

    f->options.output_path = f->out;
    f->options.output_maximum = 100000;
    assert_int_equal(run(f, SHELL("head -c 100000 /dev/zero")), 0);
    assert_int_equal(f->result.how, PROCESS_EXITED);
    assert_int_equal(stat(f->out, &info), 0);
    assert_int_equal(info.st_size, 100000);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(f->result.output.len, 0);

    assert_int_equal(run(f, SHELL(":")), ENGINE_ECONFLICT);
    assert_non_null(strstr(f->err.message, f->out));

    unlink(f->out);
    assert_int_equal(run(f, SHELL("exec cat /dev/zero")), 0);
    assert_int_equal(f->result.how, PROCESS_OVERFLOW);
    assert_int_equal(stat(f->out, &info), 0);
    assert_int_equal(info.st_size, 100000);
}

static void leaves_no_file_when_the_program_is_missing(void **state)
{
    struct fixture *f = *state;
    const char *const argv[] = {"no-such-oscap", NULL};

    f->options.output_path = f->out;
    assert_int_equal(run(f, argv), ENGINE_ENOTFOUND);
    assert_false(file_exists(f->out));
}

static void tells_when_the_file_cannot_be_written(void **state)
{
    struct fixture *f = *state;
    struct sigaction old, ignore = {.sa_handler = SIG_IGN};
    struct rlimit before, small;
    engine_status status;

    /* a limit on our files' size stands in for a full disk */
    sigaction(SIGXFSZ, &ignore, &old);
    getrlimit(RLIMIT_FSIZE, &before);
    small = before;
    small.rlim_cur = 5000;
    setrlimit(RLIMIT_FSIZE, &small);
    f->options.output_path = f->out;
    f->options.output_maximum = 1000000;
    status = run(f, SHELL("exec cat /dev/zero"));
    setrlimit(RLIMIT_FSIZE, &before);
    sigaction(SIGXFSZ, &old, NULL);
    assert_int_equal(status, ENGINE_EIO);
    assert_int_equal(f->result.how, PROCESS_FAILED);
    assert_int_equal(f->result.code, ENGINE_EIO);
    assert_non_null(strstr(f->err.message, f->out));
    assert_non_null(strstr(f->err.message, "File too large"));
    assert_non_null(strstr(text_of(&f->result.errors), "File too large"));
}

static void keeps_the_end_of_standard_error(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(run(f, SHELL("head -c 400000 /dev/zero | tr '\\0' x >&2;"
                                  "echo last >&2")),
                     0);
    assert_int_equal(f->result.how, PROCESS_EXITED);
    assert_int_equal(f->result.errors.len, 64 * 1024);
    assert_string_equal(f->result.errors.data + 64 * 1024 - 6, "xlast\n");
}

/* A deadline at which the program has said something, on any machine. */
static void run_into_deadline(struct fixture *f, const char *const argv[])
{
    for (f->options.timeout_ms = 1500; f->options.timeout_ms < 100000;
         f->options.timeout_ms *= 6) {
        assert_int_equal(run(f, argv), 0);
        if (f->result.how != PROCESS_TIMEOUT || f->result.output.len)
            return;
    }
}

static void kills_at_the_deadline(void **state)
{
    struct fixture *f = *state;
    const int64_t start = clock_steady_ms();

    run_into_deadline(f, SHELL("echo early; sleep 600"));
    assert_int_equal(f->result.how, PROCESS_TIMEOUT);
    assert_int_equal(f->result.code, SIGKILL);
    assert_string_equal(text_of(&f->result.output), "early\n");
    assert_true(clock_steady_ms() - start < 3000000);
}

static int stop_at_third(void *user)
{
    return ++*(int *)user >= 3;
}

static void stops_when_asked_to(void **state)
{
    struct fixture *f = *state;
    const int64_t start = clock_steady_ms();
    int asked = 0;

    f->options.stop = stop_at_third;
    f->options.user = &asked;
    assert_int_equal(run(f, SHELL("sleep 660")), 0);
    assert_int_equal(f->result.how, PROCESS_STOPPED);
    assert_int_equal(asked, 3);
    assert_true(clock_steady_ms() - start < 300000);
}

static int gone(pid_t pid)
{
    for (int i = 0; i < 12000; i++) {
        char path[64], state = 0;
        FILE *file;

        snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
        file = fopen(path, "r");
        if (!file)
            return 1;
        if (fscanf(file, "%*d %*s %c", &state) != 1)
            state = 0;
        fclose(file);
        if (state == 'Z' || state == 'X')
            return 1;
        usleep(10000);
    }
    return 0;
}

static void kills_the_grandchildren_too(void **state)
{
    struct fixture *f = *state;
    pid_t pid;

    run_into_deadline(f, SHELL("sleep 661 & echo $!; wait"));
    assert_int_equal(f->result.how, PROCESS_TIMEOUT);
    pid = (pid_t)atoi(text_of(&f->result.output));
    assert_true(pid > 1);
    assert_true(gone(pid));
}

static void kills_what_a_normal_exit_leaves_behind(void **state)
{
    struct fixture *f = *state;
    const int64_t start = clock_steady_ms();
    pid_t pid;

    assert_int_equal(run(f, SHELL("sleep 662 & echo $!")), 0);
    assert_int_equal(f->result.how, PROCESS_EXITED);
    pid = (pid_t)atoi(text_of(&f->result.output));
    assert_true(pid > 1);
    assert_true(gone(pid));
    assert_true(clock_steady_ms() - start < 300000);
}

static void a_detached_grandchild_on_the_pipe_does_not_block(void **state)
{
    struct fixture *f = *state;
    const int64_t start = clock_steady_ms();
    pid_t pid;

    assert_int_equal(run(f, SHELL("export F=$(mktemp);"
                                  "setsid sh -c 'echo $$; rm $F;"
                                  "exec sleep 663' &"
                                  "while test -e $F; do sleep 0.05; done;"
                                  "echo done")),
                     0);
    assert_int_equal(f->result.how, PROCESS_EXITED);
    assert_non_null(strstr(text_of(&f->result.output), "done\n"));
    assert_true(clock_steady_ms() - start < 300000);
    pid = (pid_t)atoi(text_of(&f->result.output));
    assert_true(pid > 1);
    kill(pid, SIGKILL);
}

static void starts_with_no_signal_blocked_and_no_descriptor_open(void **state)
{
    struct fixture *f = *state;
    struct sigaction pipe_old, ignore = {.sa_handler = SIG_IGN};
    sigset_t all, old;
    int open_end[2];
    engine_status status;

    assert_int_equal(pipe(open_end), 0); /* on purpose without CLOEXEC */
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &old);
    sigaction(SIGPIPE, &ignore, &pipe_old);
    status = run(f, SHELL("grep SigBlk /proc/self/status; ls /proc/self/fd;"
                          "kill -PIPE $$; echo alive"));
    sigaction(SIGPIPE, &pipe_old, NULL);
    sigprocmask(SIG_SETMASK, &old, NULL);
    close(open_end[0]);
    close(open_end[1]);
    assert_int_equal(status, 0);
    assert_string_equal(text_of(&f->result.output),
                        "SigBlk:\t0000000000000000\n0\n1\n2\n3\n");
    assert_int_equal(f->result.how, PROCESS_SIGNALED);
}

static void runs_several_at_once(void **state)
{
    struct fixture *f = *state;
    struct process *both[2] = {NULL, NULL};
    int ended[2] = {0, 0};
    const int64_t start = clock_steady_ms();

    f->options.argv = SHELL("sleep 0.5; echo $$");
    for (int i = 0; i < 2; i++)
        assert_int_equal(process_start(&f->options, &both[i], &f->err), 0);
    while (!ended[0] || !ended[1])
        for (int i = 0; i < 2; i++)
            ended[i] = ended[i] || process_step(both[i], 20);
    for (int i = 0; i < 2; i++) {
        process_result_clear(&f->result);
        process_finish(both[i], &f->result);
        assert_int_equal(f->result.how, PROCESS_EXITED);
        assert_true(f->result.output.len > 1);
    }
    assert_true(clock_steady_ms() - start < 300000);
}

static void finishing_early_kills(void **state)
{
    struct fixture *f = *state;
    struct process *process = NULL;

    f->options.argv = SHELL("sleep 664");
    assert_int_equal(process_start(&f->options, &process, &f->err), 0);
    assert_int_equal(process_step(process, 0), 0);
    process_finish(process, &f->result);
    assert_int_equal(f->result.how, PROCESS_STOPPED);
}

static void works_where_children_are_reaped_by_the_system(void **state)
{
    struct fixture *f = *state;
    struct sigaction old, ignore = {.sa_handler = SIG_IGN};
    engine_status status;

    sigaction(SIGCHLD, &ignore, &old);
    status = run(f, SHELL("echo out"));
    sigaction(SIGCHLD, &old, NULL);
    assert_int_equal(status, ENGINE_EIO);
    assert_int_equal(f->result.how, PROCESS_FAILED);
    assert_non_null(strstr(f->err.message, "exit status"));
}

static void finds_programs_only_in_absolute_folders(void **state)
{
    struct fixture *f = *state;
    char *old = strdup(getenv("PATH"));
    char *path;

    assert_int_equal(file_write(f->one, "#!/bin/sh\n", 10, 0700, NULL), 0);
    assert_int_equal(file_write(f->two, "#!/bin/sh\n", 10, 0600, NULL), 0);
    assert_int_equal(chdir(f->folder), 0);
    setenv("PATH", ".::/nowhere", 1);
    assert_null(process_find("one"));
    setenv("PATH", f->folder, 1);
    path = process_find("one");
    assert_string_equal(path, f->one);
    engine_free(path);
    assert_null(process_find("two")); /* not executable */
    assert_null(process_find(""));
    path = process_find("./one");
    assert_non_null(path);
    assert_int_equal(path[0], '/');
    engine_free(path);
    setenv("PATH", old, 1);
    assert_int_equal(chdir("/"), 0);
    free(old);
}

static void survives_every_failing_allocation(void **state)
{
    struct fixture *f = *state;
    engine_status status = ENGINE_ENOMEM;

    put(f->one, 10, 'a');
    f->options.input_paths[0] = f->one;
    f->options.output_maximum = 10;
    for (long nth = 1; nth < 100 && status != ENGINE_OK; nth++) {
        engine_alloc_fail_at(nth);
        status = run(f, SHELL("cat"));
        engine_alloc_fail_at(0);
        if (status != ENGINE_OK)
            assert_true(status == ENGINE_ENOMEM || status == ENGINE_ENOTFOUND);
    }
    assert_int_equal(status, ENGINE_OK);
    assert_string_equal(text_of(&f->result.output), "aaaaaaaaaa");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(captures_both_streams_and_the_exit_code),
        TEST(tells_the_signal),
        TEST(names_a_missing_program),
        TEST(tells_a_missing_interpreter_from_a_missing_program),
        TEST(names_a_missing_directory),
        TEST(runs_in_the_directory_with_the_environment),
        TEST(standard_input_is_empty_by_default),
        TEST(feeds_the_files_one_after_another),
        TEST(survives_a_program_that_does_not_read),
        TEST(refuses_input_that_could_block),
        TEST(kills_a_flood_at_the_maximum),
        TEST(writes_a_new_private_file_up_to_the_maximum),
        TEST(leaves_no_file_when_the_program_is_missing),
        TEST(tells_when_the_file_cannot_be_written),
        TEST(keeps_the_end_of_standard_error),
        TEST(kills_at_the_deadline),
        TEST(stops_when_asked_to),
        TEST(kills_the_grandchildren_too),
        TEST(kills_what_a_normal_exit_leaves_behind),
        TEST(a_detached_grandchild_on_the_pipe_does_not_block),
        TEST(starts_with_no_signal_blocked_and_no_descriptor_open),
        TEST(runs_several_at_once),
        TEST(finishing_early_kills),
        TEST(works_where_children_are_reaped_by_the_system),
        TEST(finds_programs_only_in_absolute_folders),
        TEST(survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
