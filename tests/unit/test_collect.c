/* SPDX-License-Identifier: Apache-2.0 */
/* test_collect.c - the planner, over a source which counts from 1. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/base/buffer.h"
#include "sdk/kit/collect.h"

#define OPEN 64

/* A key is "NAME:COUNT": that many items, the numbers from 1, in parts of
 * two. Further words: ":fail=N" fails after N items, ":again" begins anew
 * after its first part, ":endless" never ends. */
struct counter {
    struct collect *collect;
    bool later; /* works in run, as HTTP does, and not in start */
    struct {
        struct collect_call *call;
        int from;
    } open[OPEN];
    size_t open_count, most;
    int starts, releases, given;
    bool forget; /* leaves calls open */
};

static void counter_work(struct counter *counter, struct collect_call *call,
                         int from)
{
    const char *key = collect_call_key(call);
    const char *fail = strstr(key, ":fail=");
    const int count = atoi(strchr(key, ':') + 1);
    engine_status status = ENGINE_OK;
    engine_error err;
    int at;

    for (at = from; status == ENGINE_OK && at < count && at < from + 2; at++) {
        const int number = at + 1;

        if (fail && at >= atoi(fail + 6))
            status = engine_fail(&err, ENGINE_EDENIED, "%s is denied", key);
        else
            status = collect_item(call, &number, &err);
    }
    if (status == ENGINE_OK && strstr(key, ":again") && from == 0 &&
        counter->given++ == 0) {
        status = collect_again(call, &err);
        at = 0;
    }
    if (status == ENGINE_OK && (at < count || strstr(key, ":endless"))) {
        int *next = engine_malloc(sizeof(*next));

        *next = strstr(key, ":endless") ? 0 : at;
        status = collect_continue(call, next, &err);
        if (status == ENGINE_OK)
            return;
    }
    collect_end(call, status, &err);
}

static engine_status counter_start(struct collect_call *call, void *data,
                                   void *user, engine_error *err)
{
    struct counter *counter = user;
    const int from = data ? *(int *)data : 0;

    counter->starts++;
    if (strstr(collect_call_key(call), "refused"))
        return engine_fail(err, ENGINE_EINVAL, "no such call");
    if (!counter->later) {
        counter_work(counter, call, from);
        return ENGINE_OK;
    }
    assert_true(counter->open_count < OPEN);
    counter->open[counter->open_count].call = call;
    counter->open[counter->open_count++].from = from;
    if (counter->open_count > counter->most)
        counter->most = counter->open_count;
    return ENGINE_OK;
}

/* The last one begun is answered first: no order between calls. */
static engine_status counter_run(void *user, engine_error *err)
{
    struct counter *counter = user;

    (void)err;
    while (counter->open_count && !counter->forget) {
        counter->open_count--;
        counter_work(counter, counter->open[counter->open_count].call,
                     counter->open[counter->open_count].from);
    }
    return ENGINE_OK;
}

static const void *counter_keep(const void *item, struct arena *arena,
                                void *user)
{
    int *copy = arena_alloc(arena, sizeof(*copy));

    (void)user;
    if (copy)
        *copy = *(const int *)item;
    return copy;
}

static void counter_release(void *data, void *user)
{
    struct counter *counter = user;

    counter->releases += data != NULL;
    engine_free(data);
}

/* A rule that writes down what it is told. */
struct note {
    struct collect_rule *rule;
    struct buffer said;
    engine_status finished;
    unsigned finishes;
    const char *more;   /* wants this for each item of calls with tag "each" */
    engine_status fail; /* what item returns */
    bool absorb;        /* takes failures for answers */
    int sum;            /* of kept items, at the end */
    struct collect_call *kept;
    char message[ENGINE_MESSAGE_MAX];
};

static engine_status note_item(struct collect_call *call, void *tag,
                               const void *item, void *user, engine_error *err)
{
    struct note *note = user;
    char key[64];

    (void)call;
    buffer_printf(&note->said, "%s%d ", (const char *)tag, *(const int *)item);
    if (note->fail < 0)
        return engine_fail(err, note->fail, "a bad item");
    if (!note->more || strcmp(tag, "each") != 0)
        return ENGINE_OK;
    if (strchr(note->more, ':')) /* the same for each */
        snprintf(key, sizeof(key), "%s", note->more);
    else
        snprintf(key, sizeof(key), "%s%d:1", note->more, *(const int *)item);
    return collect_want(note->rule, key, NULL, (void *)"more", 0, err);
}

static engine_status note_again(struct collect_call *call, void *tag,
                                void *user, engine_error *err)
{
    struct note *note = user;

    (void)call;
    (void)err;
    return buffer_printf(&note->said, "%s-again ", (const char *)tag);
}

static engine_status note_end(struct collect_call *call, void *tag,
                              engine_status status, const engine_error *why,
                              void *user, engine_error *err)
{
    struct note *note = user;
    const int *item;

    for (size_t i = 0; (item = collect_kept(call, i)); i++)
        note->sum += *item;
    buffer_printf(&note->said, "%s%s ", (const char *)tag,
                  status < 0 ? "-failed" : "-end");
    if (status < 0 && !note->absorb) {
        *err = *why;
        return status;
    }
    return ENGINE_OK;
}

static void note_finished(engine_status status, const engine_error *err,
                          void *user)
{
    struct note *note = user;

    note->finished = status;
    note->finishes++;
    assert_true((status < 0) == (err != NULL));
    if (err)
        snprintf(note->message, sizeof(note->message), "%s", err->message);
}

static const struct collect_rule_ops note_ops = {note_item, note_again,
                                                 note_end, note_finished};
/* Sees no items as they come, and is not told of a failure. */
static const struct collect_rule_ops plain_ops = {.finished = note_finished};

#define NOTES 8

struct table_of_notes {
    struct counter counter;
    struct collect *collect;
    struct note notes[NOTES];
};

static void stage_options(struct table_of_notes *stage,
                          const struct collect_options *options)
{
    const struct collect_source source = {counter_start, counter_run,
                                          counter_keep, counter_release,
                                          &stage->counter};

    collect_free(stage->collect);
    assert_int_equal(collect_new(&source, options, &stage->collect, NULL), 0);
}

static int setup(void **state)
{
    struct table_of_notes *stage = engine_calloc(1, sizeof(*stage));

    stage->counter.later = true;
    for (size_t i = 0; i < NOTES; i++) {
        buffer_init(&stage->notes[i].said, 1 << 20);
        buffer_append(&stage->notes[i].said, "", 0);
    }
    stage_options(stage, NULL);
    *state = stage;
    return 0;
}

static int teardown(void **state)
{
    struct table_of_notes *stage = *state;

    collect_free(stage->collect);
    for (size_t i = 0; i < NOTES; i++)
        buffer_clear(&stage->notes[i].said);
    engine_free(stage);
    return 0;
}

/* Makes rule `at` want a call, and the rule if it is new. */
static struct note *want(struct table_of_notes *stage, size_t at,
                         const char *key, const char *tag, unsigned flags)
{
    struct note *note = &stage->notes[at];

    if (!note->rule)
        assert_int_equal(collect_rule_new(stage->collect, &note_ops, note,
                                          &note->rule, NULL),
                         0);
    assert_int_equal(
        collect_want(note->rule, key, NULL, (void *)tag, flags, NULL), 0);
    return note;
}

static void run(struct table_of_notes *stage)
{
    assert_int_equal(collect_run(stage->collect, NULL), 0);
    for (size_t i = 0; i < NOTES; i++)
        if (stage->notes[i].rule)
            assert_int_equal(stage->notes[i].finishes, 1);
}

/* ---- the tests ----------------------------------------------------------- */

static void makes_equal_calls_once_for_all_who_ask(void **state)
{
    struct table_of_notes *stage = *state;
    struct collect_counts counts;

    want(stage, 0, "pods:3", "a", 0);
    want(stage, 1, "pods:3", "b", 0);
    want(stage, 1, "nodes:1", "n", 0);
    run(stage);
    assert_string_equal(stage->notes[0].said.data, "a1 a2 a3 a-end ");
    assert_string_equal(stage->notes[1].said.data, "n1 n-end b1 b2 b3 b-end ");
    collect_counts(stage->collect, &counts);
    assert_int_equal(counts.wanted, 3);
    assert_int_equal(counts.calls, 2);
    assert_int_equal(counts.items, 4);
    assert_int_equal(stage->counter.starts, 3); /* pods in two parts */
}

static void works_over_a_source_which_does_not_wait(void **state)
{
    struct table_of_notes *stage = *state;

    stage->counter.later = false;
    want(stage, 0, "pods:5", "each", 0)->more = "logs";
    want(stage, 1, "pods:5", "b", 0);
    run(stage);
    assert_string_equal(stage->notes[1].said.data, "b1 b2 b3 b4 b5 b-end ");
    assert_non_null(strstr(stage->notes[0].said.data,
                           "each-end more1 more-end more1 more-end "));
}

static void follows_items_with_further_calls(void **state)
{
    struct table_of_notes *stage = *state;
    struct collect_counts counts;

    want(stage, 0, "buckets:3", "each", 0)->more = "policy";
    want(stage, 1, "buckets:3", "each", 0)->more = "policy";
    run(stage);
    assert_int_equal(stage->notes[0].finished, 0);
    assert_non_null(strstr(stage->notes[0].said.data, "each3 each-end "));
    collect_counts(stage->collect, &counts);
    assert_int_equal(counts.calls, 4); /* those of both rules are the same */
    assert_int_equal(counts.wanted, 8);
}

static void tells_a_failure_to_exactly_those_who_asked(void **state)
{
    struct table_of_notes *stage = *state;

    want(stage, 0, "secrets:5:fail=3", "s", 0);
    want(stage, 1, "pods:1", "p", 0);
    want(stage, 2, "pods:1", "p", 0);
    want(stage, 2, "secrets:5:fail=3", "s", 0)->absorb = true;
    want(stage, 3, "refused:1", "r", 0);
    run(stage);
    assert_int_equal(stage->notes[0].finished, ENGINE_EDENIED);
    assert_string_equal(stage->notes[0].said.data, "s1 s2 s3 s-failed ");
    assert_string_equal(stage->notes[0].message, "secrets:5:fail=3 is denied");
    assert_int_equal(stage->notes[1].finished, 0);
    assert_int_equal(stage->notes[2].finished, 0);
    assert_int_equal(stage->notes[3].finished, ENGINE_EINVAL);
    assert_string_equal(stage->notes[3].message, "no such call");
}

static void a_rule_that_fails_stops_itself_only(void **state)
{
    struct table_of_notes *stage = *state;

    want(stage, 0, "pods:5", "a", 0)->fail = ENGINE_EPARSE;
    want(stage, 1, "pods:5", "b", 0);
    run(stage);
    assert_string_equal(stage->notes[0].said.data, "a1 ");
    assert_string_equal(stage->notes[0].message, "a bad item");
    assert_string_equal(stage->notes[1].said.data, "b1 b2 b3 b4 b5 b-end ");
}

static void ends_a_call_that_nobody_wants_any_more(void **state)
{
    struct table_of_notes *stage = *state;

    want(stage, 0, "pods:50", "a", 0)->fail = ENGINE_EPARSE;
    run(stage);
    assert_int_equal(stage->counter.starts, 1);
    assert_int_equal(stage->notes[0].finished, ENGINE_EPARSE);
}

static void begins_a_call_anew_when_the_source_says_so(void **state)
{
    struct table_of_notes *stage = *state;
    struct note *plain = &stage->notes[1];

    want(stage, 0, "pods:3:again", "a", 0);
    assert_int_equal(
        collect_rule_new(stage->collect, &plain_ops, plain, &plain->rule, NULL),
        0);
    assert_int_equal(collect_want(plain->rule, "pods:3:again", NULL, NULL,
                                  COLLECT_KEEP, NULL),
                     0);
    run(stage);
    assert_string_equal(stage->notes[0].said.data,
                        "a1 a2 a-again a1 a2 a3 a-end ");
    assert_int_equal(plain->finished, 0);
}

static void bounds_the_parts_of_a_call(void **state)
{
    struct table_of_notes *stage = *state;

    stage_options(stage, &(struct collect_options){.continued = 10});
    want(stage, 0, "pods:3:endless", "a", 0);
    run(stage);
    assert_int_equal(stage->notes[0].finished, ENGINE_ELIMIT);
    assert_int_equal(stage->counter.starts, 10);
    assert_int_equal(stage->counter.releases, 10);
}

static void keeps_items_for_who_wants_to_look_back(void **state)
{
    struct table_of_notes *stage = *state;

    want(stage, 0, "users:4", "u", COLLECT_KEEP);
    want(stage, 1, "users:4", "v", 0);
    want(stage, 2, "roles:4", "r", 0);
    run(stage);
    assert_int_equal(stage->notes[0].sum, 10);
    assert_int_equal(stage->notes[2].sum, 0);
}

static void bounds_what_is_kept(void **state)
{
    struct table_of_notes *stage = *state;

    stage_options(stage, &(struct collect_options){.keep_maximum = 200});
    want(stage, 0, "users:1000", "u", COLLECT_KEEP);
    want(stage, 1, "users:1000", "v", 0);
    run(stage);
    assert_int_equal(stage->notes[0].finished, ENGINE_ELIMIT);
    assert_int_equal(stage->notes[1].finished, 0);
    assert_non_null(strstr(stage->notes[1].said.data, "v1000 v-end "));
}

static void tells_late_ones_what_is_known_or_asks_again(void **state)
{
    struct table_of_notes *stage = *state;
    struct collect_counts counts;

    /* "late" calls are wanted while others run; all have ended by then */
    stage->counter.later = false;
    want(stage, 0, "denied:1:fail=0", "d", 0)->absorb = true;
    want(stage, 0, "plain:2", "p", 0);
    run(stage);
    want(stage, 1, "denied:1:fail=0", "d", 0);
    want(stage, 2, "plain:2", "p", 0);
    assert_int_equal(collect_run(stage->collect, NULL), 0);
    assert_int_equal(stage->notes[1].finished, ENGINE_EDENIED);
    assert_string_equal(stage->notes[2].said.data, "p1 p2 p-end ");
    collect_counts(stage->collect, &counts);
    assert_int_equal(counts.calls, 3); /* the failure was not asked for */
    assert_int_equal(stage->counter.starts, 3);
}

/* The items of the first call are kept until its rule has finished; another
 * rule wants them when they have gone by. */
static void hands_kept_items_to_late_ones(void **state)
{
    struct table_of_notes *stage = *state;
    struct collect_counts counts;

    stage->counter.later = false;
    want(stage, 0, "users:3", "u", COLLECT_KEEP);
    want(stage, 1, "mid:1", "each", 0)->more = "users:3";
    want(stage, 0, "last:1", "l", 0);
    run(stage);
    collect_counts(stage->collect, &counts);
    assert_string_equal(stage->notes[1].said.data,
                        "each1 each-end more1 more2 more3 more-end ");
    assert_int_equal(counts.calls, 3);
}

static void limits_how_many_are_begun(void **state)
{
    struct table_of_notes *stage = *state;
    char key[32];

    stage_options(stage, &(struct collect_options){.started = 4});
    for (int i = 0; i < 20; i++) {
        snprintf(key, sizeof(key), "call%d:3", i);
        want(stage, 0, key, "a", 0);
    }
    run(stage);
    assert_in_range(stage->counter.most, 1, 4);
    assert_int_equal(stage->counter.starts, 40);
}

static void finishes_rules_without_calls(void **state)
{
    struct table_of_notes *stage = *state;
    struct note *note = &stage->notes[0];

    assert_int_equal(
        collect_rule_new(stage->collect, &note_ops, note, &note->rule, NULL),
        0);
    run(stage);
    assert_int_equal(note->finished, 0);
}

static void ends_everything_when_the_source_fails(void **state)
{
    struct table_of_notes *stage = *state;

    stage->counter.forget = true; /* leaves its calls open */
    want(stage, 0, "pods:3", "a", 0);
    assert_int_equal(collect_run(stage->collect, NULL), ENGINE_EPLUGIN);
    assert_int_equal(stage->notes[0].finishes, 1);
    assert_int_equal(stage->notes[0].finished, ENGINE_EPLUGIN);
}

static void cancels_what_is_open_when_it_is_freed(void **state)
{
    struct table_of_notes *stage = *state;

    want(stage, 0, "pods:3", "a", 0);
    collect_free(stage->collect);
    stage->collect = NULL;
    assert_int_equal(stage->notes[0].finishes, 1);
    assert_int_equal(stage->notes[0].finished, ENGINE_ECANCELLED);
}

/* Every allocation fails once: each rule is still told its end once. */
static void survives_every_lack_of_memory(void **state)
{
    struct table_of_notes *stage = *state;

    stage->counter.later = false;
    for (long nth = 1; nth < 40; nth++) {
        struct note note = {.absorb = true};
        engine_status status;

        collect_free(stage->collect);
        stage->collect = NULL;
        stage_options(stage, NULL);
        buffer_init(&note.said, 1 << 20);
        buffer_append(&note.said, "", 0);
        engine_alloc_fail_at(nth);
        status = collect_rule_new(stage->collect, &note_ops, &note, &note.rule,
                                  NULL);
        if (status == ENGINE_OK) {
            collect_want(note.rule, "users:1", NULL, (void *)"u", COLLECT_KEEP,
                         NULL);
            collect_want(note.rule, "x:1:fail=0", NULL, (void *)"x", 0, NULL);
            collect_run(stage->collect, NULL);
            assert_int_equal(note.finishes, 1);
        }
        engine_alloc_fail_at(0);
        buffer_clear(&note.said);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(makes_equal_calls_once_for_all_who_ask,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(works_over_a_source_which_does_not_wait,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(follows_items_with_further_calls, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            tells_a_failure_to_exactly_those_who_asked, setup, teardown),
        cmocka_unit_test_setup_teardown(a_rule_that_fails_stops_itself_only,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(ends_a_call_that_nobody_wants_any_more,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(
            begins_a_call_anew_when_the_source_says_so, setup, teardown),
        cmocka_unit_test_setup_teardown(bounds_the_parts_of_a_call, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(keeps_items_for_who_wants_to_look_back,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(bounds_what_is_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(
            tells_late_ones_what_is_known_or_asks_again, setup, teardown),
        cmocka_unit_test_setup_teardown(hands_kept_items_to_late_ones, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(limits_how_many_are_begun, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(finishes_rules_without_calls, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(ends_everything_when_the_source_fails,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(cancels_what_is_open_when_it_is_freed,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(survives_every_lack_of_memory, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
