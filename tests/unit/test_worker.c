/* SPDX-License-Identifier: Apache-2.0 */
/* test_worker.c - a worker, spoken to frame by frame. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/worker/frames.h"
#include "engine/worker/worker.h"
#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"
#include "sdk/base/file.h"
#include "sdk/document/document.h"

/* A worker in a thread, our end of its socket, its directories. */
struct talk {
    struct channel channel;
    pthread_t thread;
    int fd;
    char *folder, *plugin;
    bson_t frame; /* the last one received */
};

static void *talk_worker(void *user)
{
    (void)worker_run(((struct talk *)user)->fd, WORKER_IN_THREAD, NULL);
    return NULL;
}

static void talk_open(struct talk *talk, const char *plugin)
{
    const char *build = getenv("SCAN_ENGINE_BUILD");
    char *path = engine_strf("%s/tests/fixtures/plugins/.libs/%s.so",
                             build ? build : ".", plugin);
    int ends[2];

    talk->plugin = realpath(path, NULL);
    assert_non_null(talk->plugin);
    engine_free(path);
    assert_int_equal(file_make_temporary("/tmp", "worker-", &talk->folder,
                                         NULL), ENGINE_OK);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends),
                     0);
    talk->fd = ends[1];
    channel_init(&talk->channel, ends[0]);
    bson_init(&talk->frame);
    assert_int_equal(pthread_create(&talk->thread, NULL, talk_worker, talk),
                     0);
}

static void talk_close(struct talk *talk)
{
    channel_clear(&talk->channel);
    assert_int_equal(pthread_join(talk->thread, NULL), 0);
    file_remove_tree(talk->folder, NULL);
    bson_destroy(&talk->frame);
    engine_free(talk->folder);
    free(talk->plugin);
}

static void say(struct talk *talk, const char *json)
{
    bson_t frame;

    assert_int_equal(document_from_json(json, strlen(json), "test", &frame,
                                        NULL), ENGINE_OK);
    assert_int_equal(channel_send(&talk->channel, &frame, NULL), ENGINE_OK);
    bson_destroy(&frame);
}

static void say_job(struct talk *talk, const char *op, const char *more)
{
    char *json = engine_strf(
        "{\"t\": \"job\", \"op\": \"%s\", \"plugin\": {\"name\": \"x\", "
        "\"path\": \"%s\"}, \"workdir\": \"%s\", \"cachedir\": \"%s\"%s}", op,
        talk->plugin, talk->folder, talk->folder, more);

    say(talk, json);
    engine_free(json);
}

/* The next frame of a kind; others are passed over. */
static void hear(struct talk *talk, const char *kind)
{
    for (int i = 0; i < 1000; i++) {
        struct pollfd one = {.fd = talk->channel.fd, .events = POLLIN};
        bson_t frame;

        while (channel_next(&talk->channel, &frame, NULL) == 1) {
            if (strcmp(frame_kind(&frame), kind) != 0)
                continue;
            bson_destroy(&talk->frame);
            bson_copy_to(&frame, &talk->frame);
            return;
        }
        assert_false(talk->channel.closed);
        (void)poll(&one, 1, 5000);
        assert_int_equal(channel_pump(&talk->channel, NULL), ENGINE_OK);
    }
    fail_msg("no frame \"%s\" came", kind);
}

static void expect_done(struct talk *talk, engine_status status,
                        const char *message)
{
    hear(talk, "done");
    assert_int_equal(document_int(&talk->frame, "status", 1), status);
    if (message && !strstr(document_string(&talk->frame, "message"), message))
        fail_msg("\"%s\" lacks \"%s\"",
                 document_string(&talk->frame, "message"), message);
}

static void describes_a_plugin(void **state)
{
    struct talk talk;

    (void)state;
    talk_open(&talk, "alpha");
    say_job(&talk, "describe", "");
    say(&talk, "{\"t\": \"start\"}");
    expect_done(&talk, ENGINE_OK, NULL);
    assert_string_equal(document_string(&talk.frame, "description.name"),
                        "alpha");
    assert_string_equal(document_string(&talk.frame, "description.abi"),
                        "1.0");
    assert_string_equal(document_string(&talk.frame, "description.caps.0"),
                        "sharded");
    assert_string_equal(document_string(&talk.frame,
                                        "description.types.0.alias"),
                        "alpha_alias");
    assert_string_equal(document_string(&talk.frame,
                                        "description.content.0.marker"),
                        "alpha-content");
    assert_string_equal(document_string(&talk.frame,
                                        "description.options.0.type"), "int");
    assert_int_equal(document_int(&talk.frame,
                                  "description.options.0.default", 0), 10);
    assert_int_equal(document_int(&talk.frame,
                                  "description.options.0.maximum", 0), 100);
    assert_string_equal(document_string(&talk.frame,
                                        "description.operations.4"), "undo");
    talk_close(&talk);
}

/* The effect's file must not be there before the effect is stored. */
static void creates_effects_only_after_they_are_stored(void **state)
{
    struct talk talk;
    char *path, *rule;
    char answer[128];

    (void)state;
    talk_open(&talk, "alpha");
    path = engine_strf("%s/created", talk.folder);
    rule = engine_strf(
        "{\"t\": \"rule\", \"rule\": {\"rule_id\": \"one\", "
        "\"check_content\": {\"status\": \"pass\", \"effect\": \"%s\", "
        "\"keep\": 1}}}", path);
    say_job(&talk, "scan", ", \"effects\": true");
    say(&talk, rule);
    say(&talk, "{\"t\": \"start\"}");
    hear(&talk, "effect");
    assert_string_equal(document_string(&talk.frame, "undo.path"), path);
    usleep(200000);
    assert_false(file_exists(path));
    snprintf(answer, sizeof(answer), "{\"t\": \"effect_ok\", \"id\": \"%s\"}",
             document_string(&talk.frame, "id"));
    say(&talk, answer);
    hear(&talk, "rule_done");
    assert_true(file_exists(path));
    expect_done(&talk, ENGINE_OK, NULL);
    engine_free(path);
    engine_free(rule);
    talk_close(&talk);
}

static void hears_a_cancel_while_it_works(void **state)
{
    struct talk talk;

    (void)state;
    talk_open(&talk, "alpha");
    say_job(&talk, "scan", "");
    say(&talk, "{\"t\": \"rule\", \"rule\": {\"rule_id\": \"one\", "
               "\"check_content\": {\"status\": \"pass\"}}}");
    say(&talk, "{\"t\": \"rule\", \"rule\": {\"rule_id\": \"two\", "
               "\"check_content\": {\"sleep_ms\": 60000}}}");
    say(&talk, "{\"t\": \"start\"}");
    hear(&talk, "rule_done");
    say(&talk, "{\"t\": \"cancel\"}");
    expect_done(&talk, ENGINE_ECANCELLED, "cancelled");
    talk_close(&talk);
}

/* Results go out many at a time, but none waits for what may never come. */
static void a_result_goes_out_while_the_plugin_is_busy(void **state)
{
    struct talk talk;

    (void)state;
    talk_open(&talk, "alpha");
    say_job(&talk, "scan", "");
    say(&talk, "{\"t\": \"rule\", \"rule\": {\"rule_id\": \"one\", "
               "\"check_content\": {\"open\": \"none\", "
               "\"sleep_ms\": 60000}}}");
    say(&talk, "{\"t\": \"start\"}");
    hear(&talk, "result");
    say(&talk, "{\"t\": \"cancel\"}");
    expect_done(&talk, ENGINE_ECANCELLED, "cancelled");
    talk_close(&talk);
}

static void ends_when_the_engine_is_gone(void **state)
{
    struct talk talk;

    (void)state;
    talk_open(&talk, "alpha");
    say_job(&talk, "scan", "");
    say(&talk, "{\"t\": \"rule\", \"rule\": {\"rule_id\": \"one\", "
               "\"check_content\": {\"sleep_ms\": 60000}}}");
    say(&talk, "{\"t\": \"start\"}");
    usleep(100000);
    talk_close(&talk); /* would wait for a minute */
}

static void say_rule(struct talk *talk, int number)
{
    char json[128];

    snprintf(json, sizeof(json),
             "{\"t\": \"rule\", \"rule\": {\"rule_id\": \"r%d\", "
             "\"check_content\": {\"status\": \"pass\"}}}", number);
    say(talk, json);
}

/* What was still to be told when it ended must not keep it: the bound is that
 * of a few runs which wait for the engine in vain. */
static void ends_as_soon_as_its_last_word_was_taken(void **state)
{
    int64_t waited_ms = 0;

    (void)state;
    for (int i = 0; i < 20; i++) {
        struct talk talk;
        int64_t since_ms;

        talk_open(&talk, "noop");
        say_job(&talk, "scan", ", \"options\": {\"results\": true}");
        for (int j = 0; j < 200; j++)
            say_rule(&talk, j);
        say(&talk, "{\"t\": \"start\"}");
        expect_done(&talk, ENGINE_OK, NULL);
        since_ms = clock_steady_ms();
        talk_close(&talk);
        waited_ms += clock_steady_ms() - since_ms;
    }
    if (waited_ms > 12000)
        fail_msg("20 workers took %lld ms to end", (long long)waited_ms);
}

static void check_nonsense(const char *first, const char *second,
                           engine_status status, const char *message)
{
    struct talk talk;

    talk_open(&talk, "alpha");
    if (first)
        say(&talk, first);
    else
        say_job(&talk, "scan", "");
    say(&talk, second);
    expect_done(&talk, status, message);
    talk_close(&talk);
}

static void refuses_nonsense(void **state)
{
    (void)state;
    check_nonsense("{\"t\": \"hello\"}", "{\"t\": \"start\"}", ENGINE_EPARSE,
                   "unknown frame \"hello\"");
    check_nonsense("{\"t\": \"job\"}", "{\"t\": \"start\"}", ENGINE_EPARSE,
                   "incomplete");
    check_nonsense(NULL, "{\"t\": \"rule\", \"rule\": {}}", ENGINE_EPARSE,
                   "without rule_id");
    check_nonsense(NULL, "{\"t\": \"job\"}", ENGINE_EPARSE, "second job");
}

static void refuses_one_rule_twice(void **state)
{
    struct talk talk;

    (void)state;
    talk_open(&talk, "beta");
    say_job(&talk, "scan", "");
    say(&talk, "{\"t\": \"rule\", \"rule\": {\"rule_id\": \"one\"}}");
    say(&talk, "{\"t\": \"rule\", \"rule\": {\"rule_id\": \"one\"}}");
    say(&talk, "{\"t\": \"start\"}");
    expect_done(&talk, ENGINE_EINVAL, "twice in one job");
    talk_close(&talk);
}

static void passes_options_on(void **state)
{
    struct talk talk;

    (void)state;
    talk_open(&talk, "alpha");
    say_job(&talk, "plan", ", \"options\": {\"limit\": 42, \"loud\": true, "
                           "\"greeting\": \"good day\", \"nothing\": null}");
    say(&talk, "{\"t\": \"start\"}");
    hear(&talk, "log");
    assert_string_equal(document_string(&talk.frame, "text"), "good day");
    hear(&talk, "document");
    assert_string_equal(document_string(&talk.frame, "document.text"),
                        "0 rules, limit 42");
    expect_done(&talk, ENGINE_OK, NULL);
    talk_close(&talk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(describes_a_plugin),
        cmocka_unit_test(creates_effects_only_after_they_are_stored),
        cmocka_unit_test(hears_a_cancel_while_it_works),
        cmocka_unit_test(a_result_goes_out_while_the_plugin_is_busy),
        cmocka_unit_test(ends_when_the_engine_is_gone),
        cmocka_unit_test(ends_as_soon_as_its_last_word_was_taken),
        cmocka_unit_test(refuses_nonsense),
        cmocka_unit_test(refuses_one_rule_twice),
        cmocka_unit_test(passes_options_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
