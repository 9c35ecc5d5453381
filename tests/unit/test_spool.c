/* SPDX-License-Identifier: Apache-2.0 */
/* test_spool.c - what is written comes back, what is damaged is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "engine/store/spool.h"
#include "sdk/base/alloc.h"
#include "sdk/base/file.h"
#include "sdk/document/document.h"

#define KIND SPOOL_FIRST_KIND
#define MIB ((int64_t)1024 * 1024)

struct fixture {
    char *directory, *path;
    struct store_spool *spool;
};

static void *opened(struct fixture *fixture, engine_status status)
{
    engine_error err = {0};
    const bson_t *head;

    assert_int_equal(store_spool_open(fixture->path, &fixture->spool, &err),
                     status);
    if (status < 0)
        return NULL;
    head = store_spool_head(fixture->spool);
    assert_string_equal(document_string(head, "name"), "test");
    return fixture->spool;
}

static int fixture_make(void **state)
{
    struct fixture *fixture = engine_calloc(1, sizeof(*fixture));
    bson_t *head = BCON_NEW("name", BCON_UTF8("test"));
    engine_error err = {0};

    assert_int_equal(
        file_make_temporary("/tmp", "test-spool-", &fixture->directory, &err),
        ENGINE_OK);
    fixture->path = engine_strf("%s/one.spool", fixture->directory);
    if (store_spool_create(fixture->path, head, MIB, &fixture->spool, &err) < 0)
        fail_msg("%s", err.message);
    bson_destroy(head);
    *state = fixture;
    return 0;
}

static int fixture_remove(void **state)
{
    struct fixture *fixture = *state;

    store_spool_close(fixture->spool);
    (void)file_remove_tree(fixture->directory, NULL);
    engine_free(fixture->directory);
    engine_free(fixture->path);
    engine_free(fixture);
    return 0;
}

static engine_status put(struct store_spool *spool, int32_t number, size_t size,
                         engine_error *err)
{
    bson_t document = BSON_INITIALIZER;
    char *text = engine_calloc(1, size + 1);
    engine_status status;

    memset(text, 'x', size);
    BSON_APPEND_INT32(&document, "number", number);
    BSON_APPEND_UTF8(&document, "text", text);
    status = store_spool_append(spool, KIND, &document, err);
    bson_destroy(&document);
    engine_free(text);
    return status;
}

static void put_batch(struct store_spool *spool, int32_t from, int32_t count)
{
    engine_error err = {0};

    for (int32_t i = from; i < from + count; i++)
        assert_int_equal(put(spool, i, 10, &err), ENGINE_OK);
    assert_int_equal(store_spool_mark(spool, &err), ENGINE_OK);
}

/* How many documents can be read, numbered from `first` on. */
static int32_t read_all(struct store_spool *spool, int32_t first)
{
    engine_error err = {0};
    int32_t count = 0;
    uint32_t kind;
    bson_t out;
    int got;

    while ((got = store_spool_read(spool, &kind, &out, &err)) > 0)
        if (kind == KIND)
            assert_int_equal(document_int(&out, "number", -1), first + count++);
    if (got < 0)
        fail_msg("%s", err.message);
    return count;
}

static void reopen(struct fixture *fixture)
{
    engine_error err = {0};

    store_spool_close(fixture->spool);
    fixture->spool = NULL;
    opened(fixture, ENGINE_OK);
    if (store_spool_check(fixture->spool, &err) < 0)
        fail_msg("%s", err.message);
}

static off_t size_of(const struct fixture *fixture)
{
    struct stat info;

    assert_int_equal(stat(fixture->path, &info), 0);
    return info.st_size;
}

static void flip(const struct fixture *fixture, off_t at)
{
    const int fd = open(fixture->path, O_RDWR);
    unsigned char byte;

    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= 0x10;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

/* ---- what it is for ------------------------------------------------------ */

static void gives_back_what_was_written(void **state)
{
    struct fixture *fixture = *state;
    struct stat info;

    put_batch(fixture->spool, 0, 3);
    put_batch(fixture->spool, 3, 1);
    assert_int_equal(store_spool_frames(fixture->spool), 4);
    assert_true(store_spool_bytes(fixture->spool) > 4 * 30);
    assert_int_equal(read_all(fixture->spool, 0), 4);
    store_spool_rewind(fixture->spool);
    assert_int_equal(read_all(fixture->spool, 0), 4);
    store_spool_forget(fixture->spool);
    assert_int_equal(store_spool_frames(fixture->spool), 0);
    assert_int_equal(store_spool_bytes(fixture->spool), 0);
    put_batch(fixture->spool, 4, 2);
    assert_int_equal(read_all(fixture->spool, 4), 2);
    reopen(fixture);
    assert_int_equal(store_spool_frames(fixture->spool), 6);
    assert_int_equal(read_all(fixture->spool, 0), 6);
    assert_null(store_spool_damage(fixture->spool));
    assert_int_equal(stat(fixture->path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    assert_int_equal(store_spool_remove(fixture->spool, NULL), ENGINE_OK);
    fixture->spool = NULL;
    assert_false(file_exists(fixture->path));
    opened(fixture, ENGINE_ENOTFOUND);
}

static void is_one_process_at_a_time(void **state)
{
    struct fixture *fixture = *state;
    struct store_spool *first = fixture->spool, *second = NULL;
    bson_t head = BSON_INITIALIZER;
    engine_error err = {0};

    opened(fixture, ENGINE_ECONFLICT);
    assert_int_equal(
        store_spool_create(fixture->path, &head, MIB, &second, &err),
        ENGINE_ECONFLICT);
    assert_true(file_exists(fixture->path));
    fixture->spool = first;
}

static void leaves_out_what_has_no_mark(void **state)
{
    struct fixture *fixture = *state;
    engine_error err = {0};

    put_batch(fixture->spool, 0, 2);
    assert_int_equal(put(fixture->spool, 2, 10, &err), ENGINE_OK);
    assert_int_equal(read_all(fixture->spool, 0), 2);
    reopen(fixture);
    assert_int_equal(store_spool_frames(fixture->spool), 2);
    assert_int_equal(read_all(fixture->spool, 0), 2);
    assert_null(store_spool_damage(fixture->spool));
}

/* ---- truncation and damage ----------------------------------------------- */

static void takes_a_cut_anywhere_for_the_end(void **state)
{
    struct fixture *fixture = *state;
    const off_t begin = size_of(fixture);
    off_t end;
    int32_t most = 0;

    put_batch(fixture->spool, 0, 1);
    put_batch(fixture->spool, 1, 2);
    for (end = size_of(fixture); end >= begin; end--) {
        int32_t found;

        assert_int_equal(truncate(fixture->path, end), 0);
        reopen(fixture);
        assert_null(store_spool_damage(fixture->spool));
        found = read_all(fixture->spool, 0);
        assert_true(found == 0 || found == 1 || found == 3);
        assert_true(!most || found <= most);
        most = found;
    }
    assert_int_equal(most, 0);
}

static void refuses_a_damaged_head(void **state)
{
    struct fixture *fixture = *state;
    const off_t end = size_of(fixture);

    store_spool_close(fixture->spool);
    for (off_t at = 0; at < end; at += 7) {
        flip(fixture, at);
        opened(fixture, ENGINE_ECORRUPT);
        flip(fixture, at);
    }
    opened(fixture, ENGINE_OK);
    store_spool_close(fixture->spool);
    assert_int_equal(truncate(fixture->path, end - 1), 0);
    opened(fixture, ENGINE_ECORRUPT);
    fixture->spool = NULL;
}

/* Whatever byte is wrong: nothing wrong is read, and it is told, unless it is
 * in the last frame, which might have been written half. */
static void tells_of_damage_and_reads_what_is_before(void **state)
{
    struct fixture *fixture = *state;
    off_t begin, second, last, end;
    engine_error err = {0};

    put_batch(fixture->spool, 0, 2);
    begin = size_of(fixture);
    put_batch(fixture->spool, 2, 2);
    second = size_of(fixture);
    assert_int_equal(put(fixture->spool, 4, 10, &err), ENGINE_OK);
    last = size_of(fixture);
    assert_int_equal(store_spool_mark(fixture->spool, &err), ENGINE_OK);
    end = size_of(fixture);
    for (off_t at = begin; at < end; at++) {
        flip(fixture, at);
        reopen(fixture);
        assert_int_equal(read_all(fixture->spool, 0), at < second ? 2 : 4);
        if (at < last)
            assert_non_null(store_spool_damage(fixture->spool));
        flip(fixture, at);
    }
    reopen(fixture);
    assert_int_equal(read_all(fixture->spool, 0), 5);
}

static void tells_of_frames_that_are_not_where_they_were(void **state)
{
    struct fixture *fixture = *state;
    const off_t begin = size_of(fixture);
    char frames[4096];
    off_t len;
    int fd;

    put_batch(fixture->spool, 0, 1);
    len = size_of(fixture) - begin;
    assert_in_range(len, 1, sizeof(frames));
    fd = open(fixture->path, O_RDWR);
    assert_int_equal(pread(fd, frames, (size_t)len, begin), len);
    assert_int_equal(pwrite(fd, frames, (size_t)len, begin + len), len);
    close(fd);
    reopen(fixture);
    assert_non_null(store_spool_damage(fixture->spool));
    assert_int_equal(read_all(fixture->spool, 0), 1);
    assert_int_equal(store_spool_set_aside(fixture->spool, NULL), ENGINE_OK);
    assert_string_equal(
        store_spool_path(fixture->spool) + strlen(fixture->path), SPOOL_ASIDE);
    assert_true(file_exists(store_spool_path(fixture->spool)));
    assert_false(file_exists(fixture->path));
}

static void notices_damage_while_it_is_written(void **state)
{
    struct fixture *fixture = *state;
    const off_t begin = size_of(fixture);
    engine_error err = {0};
    uint32_t kind;
    bson_t out;

    put_batch(fixture->spool, 0, 1);
    flip(fixture, begin + 30);
    assert_int_equal(store_spool_read(fixture->spool, &kind, &out, &err),
                     ENGINE_ECORRUPT);
    assert_non_null(strstr(err.message, fixture->path));
    flip(fixture, begin + 30);
    assert_int_equal(truncate(fixture->path, begin + 10), 0);
    store_spool_rewind(fixture->spool);
    assert_int_equal(store_spool_read(fixture->spool, &kind, &out, &err),
                     ENGINE_ECORRUPT);
}

static void refuses_a_file_that_others_can_read(void **state)
{
    struct fixture *fixture = *state;

    store_spool_close(fixture->spool);
    assert_int_equal(chmod(fixture->path, 0644), 0);
    opened(fixture, ENGINE_EDENIED);
    fixture->spool = NULL;
}

/* ---- limits -------------------------------------------------------------- */

static void drops_a_batch_that_is_over_the_maximum(void **state)
{
    struct fixture *fixture = *state;
    engine_error err = {0};
    off_t size;

    put_batch(fixture->spool, 0, 2);
    size = size_of(fixture);
    assert_int_equal(put(fixture->spool, 2, 700 * 1024, &err), ENGINE_OK);
    assert_int_equal(put(fixture->spool, 3, 700 * 1024, &err), ENGINE_ELIMIT);
    assert_non_null(strstr(err.message, "1 MiB"));
    assert_non_null(strstr(err.hint, "spool.maximum_mb"));
    assert_int_equal(size_of(fixture), size);
    put_batch(fixture->spool, 2, 1); /* a smaller one fits */
    reopen(fixture);
    assert_int_equal(read_all(fixture->spool, 0), 3);
}

/* RLIMIT_FSIZE stands for a full disk: the middle of a frame is written. */
static void survives_a_write_that_stops_half_way(void **state)
{
    struct fixture *fixture = *state;
    struct rlimit old, less;
    engine_error err = {0};
    off_t size;

    put_batch(fixture->spool, 0, 2);
    size = size_of(fixture);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    less = old;
    less.rlim_cur = (rlim_t)size + 50;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &less), 0);
    assert_int_equal(put(fixture->spool, 2, 1000, &err), ENGINE_EIO);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_non_null(strstr(err.message, fixture->path));
    assert_int_equal(size_of(fixture), size);
    put_batch(fixture->spool, 2, 1);
    reopen(fixture);
    assert_int_equal(read_all(fixture->spool, 0), 3);
    assert_null(store_spool_damage(fixture->spool));
}

static void says_where_it_cannot_be_made(void **state)
{
    struct fixture *fixture = *state;
    char *path = engine_strf("%s/no/such/directory", fixture->directory);
    struct store_spool *spool = NULL;
    bson_t head = BSON_INITIALIZER;
    engine_error err = {0};

    assert_int_equal(store_spool_create(path, &head, MIB, &spool, &err),
                     ENGINE_ENOTFOUND);
    assert_non_null(strstr(err.message, path));
    assert_null(spool);
    engine_free(path);
}

/* ---- kill -9 ------------------------------------------------------------- */

/* Writes batches of three until it is killed; tells of every mark. */
static void write_until_killed(const char *path, int out)
{
    bson_t *head = BCON_NEW("name", BCON_UTF8("test"));
    struct store_spool *spool = NULL;

    if (store_spool_create(path, head, 64 * MIB, &spool, NULL) < 0)
        _exit(1);
    for (int32_t i = 0;; i += 3) {
        if (put(spool, i, 300, NULL) < 0 || put(spool, i + 1, 3000, NULL) < 0 ||
            put(spool, i + 2, 30, NULL) < 0 ||
            store_spool_mark(spool, NULL) < 0 || write(out, "m", 1) != 1)
            _exit(2);
    }
}

static void loses_nothing_marked_when_killed(void **state)
{
    struct fixture *fixture = *state;
    engine_error err = {0};

    store_spool_close(fixture->spool);
    srand(1);
    for (int round = 0; round < 20; round++) {
        const struct timespec nap = {.tv_nsec = rand() % 20000 * 1000L};
        int ends[2], told = 0, status;
        char byte;
        pid_t pid;

        (void)unlink(fixture->path);
        assert_int_equal(pipe(ends), 0);
        /* it holds the writer up before the spool is full, if we sleep */
        assert_true(fcntl(ends[1], F_SETPIPE_SZ, 4096) > 0);
        pid = fork();
        if (pid == 0)
            write_until_killed(fixture->path, ends[1]);
        close(ends[1]);
        assert_int_equal(read(ends[0], &byte, 1), 1);
        (void)nanosleep(&nap, NULL);
        kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status));
        for (told = 1; read(ends[0], &byte, 1) == 1; told++)
            ;
        close(ends[0]);
        opened(fixture, ENGINE_OK);
        assert_int_equal(store_spool_check(fixture->spool, &err), ENGINE_OK);
        assert_null(store_spool_damage(fixture->spool));
        status = read_all(fixture->spool, 0);
        assert_true(status == 3 * told || status == 3 * (told + 1));
        store_spool_close(fixture->spool);
    }
    fixture->spool = NULL;
}

/* ---- names --------------------------------------------------------------- */

static void keeps_no_password_in_the_name_of_a_store(void **state)
{
    static const char *const names[][2] = {
        {"mongodb://u:p%40@h:1,i:2/db?w=1", "mongodb://h:1,i:2/db"},
        {"mongodb://u:p@q@h/db", "mongodb://h/db"},
        {"mongodb+srv://h?x=u@v", "mongodb+srv://h"},
        {"mongodb://h/d@b", "mongodb://h/d@b"},
        {"sqlite:/a@b", "sqlite:/a@b"}};

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char *name = store_uri_name(names[i][0]);

        assert_string_equal(name, names[i][1]);
        engine_free(name);
    }
    assert_true(store_uri_is_remote("mongodb+srv://h"));
    assert_false(store_uri_is_remote("sqlite:/a"));
}

static void survives_running_out_of_memory(void **state)
{
    struct fixture *fixture = *state;
    engine_status status = ENGINE_ENOMEM;

    put_batch(fixture->spool, 0, 2);
    store_spool_close(fixture->spool);
    for (long nth = 1; status == ENGINE_ENOMEM; nth++) {
        struct store_spool *spool = NULL;
        engine_error err = {0};
        uint32_t kind;
        bson_t out;

        assert_true(nth < 100);
        engine_alloc_fail_at(nth);
        status = store_spool_open(fixture->path, &spool, &err);
        if (status == ENGINE_OK)
            status = store_spool_check(spool, &err);
        if (status == ENGINE_OK &&
            store_spool_read(spool, &kind, &out, &err) < 0)
            status = err.status;
        engine_alloc_fail_at(0);
        store_spool_close(spool);
    }
    assert_int_equal(status, ENGINE_OK);
    opened(fixture, ENGINE_OK);
}

#define SPOOL_TEST(fn) \
    cmocka_unit_test_setup_teardown(fn, fixture_make, fixture_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SPOOL_TEST(gives_back_what_was_written),
        SPOOL_TEST(is_one_process_at_a_time),
        SPOOL_TEST(leaves_out_what_has_no_mark),
        SPOOL_TEST(takes_a_cut_anywhere_for_the_end),
        SPOOL_TEST(refuses_a_damaged_head),
        SPOOL_TEST(tells_of_damage_and_reads_what_is_before),
        SPOOL_TEST(tells_of_frames_that_are_not_where_they_were),
        SPOOL_TEST(notices_damage_while_it_is_written),
        SPOOL_TEST(refuses_a_file_that_others_can_read),
        SPOOL_TEST(drops_a_batch_that_is_over_the_maximum),
        SPOOL_TEST(survives_a_write_that_stops_half_way),
        SPOOL_TEST(says_where_it_cannot_be_made),
        SPOOL_TEST(loses_nothing_marked_when_killed),
        cmocka_unit_test(keeps_no_password_in_the_name_of_a_store),
        SPOOL_TEST(survives_running_out_of_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
