/* SPDX-License-Identifier: Apache-2.0 */
/* test_ring.c - frames through shared memory: order, fullness, ends, lies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/worker/frames.h"

/* An engine's end, and a worker's. */
struct pair {
    struct channel engine, worker;
    int ring; /* the descriptor */
};

static void pair_open(struct pair *pair)
{
    struct ring reader;
    int ends[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    channel_init(&pair->engine, ends[0]);
    channel_init(&pair->worker, ends[1]);
    pair->ring = ring_make(&reader);
    assert_true(pair->ring >= 0);
    pair->engine.ring = reader;
    assert_true(ring_open(&pair->worker.ring, pair->ring));
}

static void pair_close(struct pair *pair)
{
    channel_clear(&pair->engine);
    channel_clear(&pair->worker);
    close(pair->ring);
}

static void send_number(struct channel *channel, int32_t number)
{
    bson_t frame;

    frame_init(&frame, "result");
    BSON_APPEND_INT32(&frame, "n", number);
    assert_int_equal(channel_send(channel, &frame, NULL), ENGINE_OK);
    bson_destroy(&frame);
}

/* The number of the next frame; -1: there is none. */
static int32_t next_number(struct channel *channel)
{
    bson_iter_t iter;
    bson_t frame;
    const int got = channel_next(channel, &frame, NULL);

    assert_true(got >= 0);
    if (!got)
        return -1;
    assert_true(bson_iter_init_find(&iter, &frame, "n"));
    return bson_iter_int32(&iter);
}

static void delivers_frames_in_order_many_times_around(void **state)
{
    const int32_t count = 200000; /* 5 MB: several times around */
    int32_t sent = 0, seen = 0;
    struct pair pair;

    (void)state;
    pair_open(&pair);
    while (seen < count) {
        int32_t number;

        while (sent < count && channel_pending(&pair.worker) < 4096)
            send_number(&pair.worker, sent++);
        assert_int_equal(channel_write(&pair.worker, NULL), ENGINE_OK);
        assert_int_equal(channel_pump(&pair.engine, NULL), ENGINE_OK);
        while ((number = next_number(&pair.engine)) >= 0)
            assert_int_equal(number, seen++);
    }
    assert_int_equal(channel_filled(&pair.worker), 0);
    pair_close(&pair);
}

static void carries_a_frame_larger_than_itself(void **state)
{
    const size_t size = 5 * RING_BYTES + 17;
    uint8_t *data = calloc(1, size);
    struct pair pair;
    bson_t frame, got;
    int seen = 0;

    (void)state;
    assert_non_null(data);
    pair_open(&pair);
    frame_init(&frame, "blob");
    BSON_APPEND_BINARY(&frame, "data", BSON_SUBTYPE_BINARY, data,
                       (uint32_t)size);
    assert_int_equal(channel_send(&pair.worker, &frame, NULL), ENGINE_OK);
    assert_true(channel_pending(&pair.worker) > 0);
    for (int i = 0; i < 100 && !seen; i++) {
        assert_int_equal(channel_pump(&pair.engine, NULL), ENGINE_OK);
        assert_int_equal(channel_write(&pair.worker, NULL), ENGINE_OK);
        seen = channel_next(&pair.engine, &got, NULL);
    }
    assert_int_equal(seen, 1);
    assert_true(bson_equal(&got, &frame));
    bson_destroy(&frame);
    free(data);
    pair_close(&pair);
}

static void does_not_overwrite_what_was_not_taken(void **state)
{
    struct pair pair;
    int32_t sent = 0;

    (void)state;
    pair_open(&pair);
    while (!channel_pending(&pair.worker))
        send_number(&pair.worker, sent++);
    assert_int_equal(ring_filled(&pair.worker.ring), RING_BYTES);
    assert_int_equal(channel_flush(&pair.worker, 20, NULL), ENGINE_ETIMEOUT);
    for (int32_t seen = 0; seen < sent;) {
        int32_t number;

        assert_int_equal(channel_pump(&pair.engine, NULL), ENGINE_OK);
        while ((number = next_number(&pair.engine)) >= 0)
            assert_int_equal(number, seen++);
        assert_int_equal(channel_write(&pair.worker, NULL), ENGINE_OK);
    }
    pair_close(&pair);
}

static int woken(const struct pair *pair)
{
    char byte;

    return recv(pair->engine.fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 1;
}

static void wakes_only_who_sleeps_and_only_once(void **state)
{
    struct pair pair;

    (void)state;
    pair_open(&pair);
    send_number(&pair.worker, 1);
    channel_rouse(&pair.worker);
    assert_false(woken(&pair));
    assert_true(channel_sleep(&pair.engine)); /* there is something already */
    channel_rouse(&pair.worker);
    assert_true(woken(&pair));
    assert_true(channel_wake(&pair.engine));
    assert_int_equal(channel_pump(&pair.engine, NULL), ENGINE_OK);
    assert_int_equal(next_number(&pair.engine), 1);
    assert_false(woken(&pair));
    assert_false(channel_sleep(&pair.engine));
    send_number(&pair.worker, 2);
    channel_rouse(&pair.worker);
    channel_rouse(&pair.worker);
    assert_int_equal(recv(pair.engine.fd, (char[8]){0}, 8, MSG_DONTWAIT), 1);
    assert_true(channel_wake(&pair.engine));
    pair_close(&pair);
}

/* Two threads, each as fast as it can, that wait for each other. */
static void *writer_main(void *user)
{
    struct channel *channel = user;

    for (int32_t i = 0; i < 100000; i++) {
        send_number(channel, i);
        channel_rouse(channel);
        while (channel_pending(channel)) {
            channel_await_room(channel, 1000);
            (void)channel_write(channel, NULL);
            channel_rouse(channel);
        }
    }
    return NULL;
}

static void loses_no_wake_up(void **state)
{
    struct pair pair;
    pthread_t thread;
    int32_t seen = 0;

    (void)state;
    pair_open(&pair);
    assert_int_equal(pthread_create(&thread, NULL, writer_main, &pair.worker),
                     0);
    while (seen < 100000) {
        int32_t number;
        char byte;

        /* waits for ever when a wake-up is lost */
        if (!channel_sleep(&pair.engine))
            assert_int_equal(recv(pair.engine.fd, &byte, 1, MSG_PEEK), 1);
        (void)channel_wake(&pair.engine);
        assert_int_equal(channel_pump(&pair.engine, NULL), ENGINE_OK);
        while ((number = next_number(&pair.engine)) >= 0)
            assert_int_equal(number, seen++);
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    pair_close(&pair);
}

static void what_a_killed_process_wrote_is_there(void **state)
{
    struct pair pair;
    struct ring own;
    int32_t seen = 0;
    pid_t pid;

    (void)state;
    pair_open(&pair);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) { /* the parent's mapping is not ours */
        if (!ring_open(&own, pair.ring))
            _exit(1);
        pair.worker.ring = own;
        close(pair.engine.fd);
        for (int32_t i = 0; i < 1000; i++)
            send_number(&pair.worker, i);
        kill(getpid(), SIGKILL);
    }
    close(pair.worker.fd);
    pair.worker.fd = -1;
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    while (!pair.engine.closed)
        assert_int_equal(channel_pump(&pair.engine, NULL), ENGINE_OK);
    while (next_number(&pair.engine) == seen)
        seen++;
    assert_int_equal(seen, 1000);
    pair_close(&pair);
}

static void ends_though_somebody_goes_on_writing(void **state)
{
    struct pair pair;

    (void)state;
    pair_open(&pair);
    send_number(&pair.worker, 1);
    close(pair.worker.fd); /* the socket's end is the worker's */
    pair.worker.fd = -1;
    assert_int_equal(channel_pump(&pair.engine, NULL), ENGINE_OK);
    send_number(&pair.worker, 2);
    for (int i = 0; i < 3; i++)
        assert_int_equal(channel_pump(&pair.engine, NULL), ENGINE_OK);
    assert_true(pair.engine.closed);
    assert_int_equal(next_number(&pair.engine), 1);
    assert_int_equal(next_number(&pair.engine), -1);
    pair_close(&pair);
}

static void refuses_a_writer_that_lies(void **state)
{
    engine_error err = {0};
    struct pair pair;
    uint64_t *words;

    (void)state;
    pair_open(&pair);
    words = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, pair.ring, 0);
    assert_true(words != MAP_FAILED);
    words[0] = RING_BYTES + 1; /* written, the first member */
    assert_int_equal(channel_pump(&pair.engine, &err), ENGINE_EPARSE);
    assert_non_null(strstr(err.message, "overwrote"));
    words[0] = 100;
    assert_int_equal(channel_pump(&pair.engine, NULL), ENGINE_OK);
    assert_int_equal(pair.engine.in.len, 0);
    assert_true(pair.engine.closed);
    words[8] = UINT64_MAX; /* taken: only the writer itself is harmed */
    send_number(&pair.worker, 1);
    assert_int_equal(munmap(words, 4096), 0);
    pair_close(&pair);
}

static void cannot_be_made_smaller(void **state)
{
    struct pair pair;

    (void)state;
    pair_open(&pair);
    assert_true(ftruncate(pair.ring, 0) < 0);
    assert_true(ftruncate(pair.ring, 1 << 30) < 0);
    assert_true(fcntl(pair.ring, F_ADD_SEALS, F_SEAL_WRITE) < 0);
    pair_close(&pair);
}

static void takes_no_other_file_for_one(void **state)
{
    const int other = memfd_create("other", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    struct ring ring = {0};

    (void)state;
    assert_true(other >= 0);
    assert_int_equal(ftruncate(other, 2 * RING_BYTES), 0);
    assert_false(ring_open(&ring, other));
    assert_false(ring_open(&ring, STDIN_FILENO));
    assert_false(ring_open(&ring, -1));
    close(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(delivers_frames_in_order_many_times_around),
        cmocka_unit_test(carries_a_frame_larger_than_itself),
        cmocka_unit_test(does_not_overwrite_what_was_not_taken),
        cmocka_unit_test(wakes_only_who_sleeps_and_only_once),
        cmocka_unit_test(loses_no_wake_up),
        cmocka_unit_test(what_a_killed_process_wrote_is_there),
        cmocka_unit_test(ends_though_somebody_goes_on_writing),
        cmocka_unit_test(refuses_a_writer_that_lies),
        cmocka_unit_test(cannot_be_made_smaller),
        cmocka_unit_test(takes_no_other_file_for_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
