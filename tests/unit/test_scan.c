/* SPDX-License-Identifier: Apache-2.0 */
/* test_scan.c - requests, verdicts, leases and summaries, without workers. */
#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/scan/run.h"
#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"
#include "sdk/base/file.h"

#define RULES 4

struct fixture {
    char *directory;
    struct store *store;
    struct registry *registry;
    struct plugin_spec spec;
    struct scan_context context;
    struct conduct_options conduct;
    struct scan_run run;
    bson_t target;
};

static void from_json(const char *text, bson_t *out)
{
    engine_error err = {0};

    if (document_from_json(text, strlen(text), "test", out, &err) < 0)
        fail_msg("%s", err.message);
}

static void fixture_registry(struct fixture *fixture)
{
    engine_error err = {0};
    bson_t about;

    fixture->spec = (struct plugin_spec){.name = "alpha",
                                         .path = "/x/alpha.so",
                                         .file = "engine.conf",
                                         .line = 1};
    from_json("{\"name\":\"alpha\",\"version\":\"1\",\"abi\":\"0.1\","
              "\"caps\":[],\"caps_bits\":0,\"types\":[{\"name\":\"alpha\"}],"
              "\"targets\":[{\"name\":\"local\"},{\"name\":\"ssh\",\"alias\":"
              "\"ssh_host\"}],\"content\":[],\"options\":[],\"operations\":"
              "[\"scan\"]}", &about);
    assert_int_equal(registry_new(&fixture->registry, &err), ENGINE_OK);
    assert_int_equal(registry_add(fixture->registry, &fixture->spec, &about,
                                  &err), ENGINE_OK);
    bson_destroy(&about);
}

static int fixture_open(void **state)
{
    struct fixture *fixture =
        engine_calloc_aligned(alignof(struct fixture), 1, sizeof(*fixture));
    engine_error err = {0};
    char *uri;

    assert_non_null(fixture);
    assert_int_equal(file_make_temporary("/tmp", "test-scan-",
                                         &fixture->directory, &err),
                     ENGINE_OK);
    uri = engine_strf("sqlite:%s/engine.db", fixture->directory);
    if (store_open(uri, 0, NULL, &fixture->store, &err) < 0)
        fail_msg("%s", err.message);
    engine_free(uri);
    fixture_registry(fixture);
    fixture->context = (struct scan_context){.store = fixture->store,
                                             .registry = fixture->registry,
                                             .conduct = &fixture->conduct};
    *state = fixture;
    return 0;
}

static int fixture_close(void **state)
{
    struct fixture *fixture = *state;

    registry_free(fixture->registry);
    store_close(fixture->store);
    file_remove_tree(fixture->directory, NULL);
    engine_free(fixture->directory);
    engine_free(fixture);
    return 0;
}

/* ---- requests ----------------------------------------------------------- */

static engine_status check(struct fixture *fixture, const char *json,
                           bson_t *out, engine_error *err)
{
    engine_status status;
    bson_t config;

    from_json(json, &config);
    status = scan_config_check(&config, fixture->registry, out, err);
    bson_destroy(&config);
    return status;
}

static void a_scan_without_targets_is_of_this_machine(void **state)
{
    engine_error err = {0};
    bson_t out;

    assert_int_equal(check(*state, "{}", &out, &err), ENGINE_OK);
    assert_string_equal(document_string(&out, "targets.0.id"), "local");
    assert_string_equal(document_string(&out, "targets.0.type"), "local");
    bson_destroy(&out);
}

static void target_aliases_become_canonical(void **state)
{
    engine_error err = {0};
    bson_t out;

    assert_int_equal(check(*state,
                           "{\"target\":{\"type\":\"ssh_host\",\"host\":"
                           "\"web\",\"port\":2222},\"name\":\"n\"}",
                           &out, &err), ENGINE_OK);
    assert_string_equal(document_string(&out, "targets.0.id"),
                        "ssh:web:2222");
    assert_string_equal(document_string(&out, "targets.0.type"), "ssh");
    assert_string_equal(document_string(&out, "name"), "n");
    assert_false(bson_has_field(&out, "target"));
    bson_destroy(&out);
}

static void refuses_requests_that_say_nothing_clear(void **state)
{
    static const struct {
        const char *json, *message;
    } rows[] = {
        {"{\"benchmrk\":\"x\"}", "unknown key \"benchmrk\""},
        {"{\"options\":{\"shard\":2}}", "unknown key \"shard\""},
        {"{\"options\":{\"shards\":-1}}", "shards"},
        {"{\"options\":{\"on_scanner_error\":\"pause\"}}", "pause"},
        {"{\"target\":{\"type\":\"moon\"}}", "\"moon\""},
        {"{\"target\":{\"host\":\"x\"}}", "no \"type\""},
        {"{\"target\":\"local\"}", "must be"},
        {"{\"targets\":{}}", "must be"},
        {"{\"rules\":\"x\"}", "list"},
        {"{\"targets\":[{\"type\":\"local\"},{\"type\":\"local\"}]}",
         "two targets are called \"local\""},
        {"{\"target\":{\"type\":\"ssh\",\"host\":\"x\",\"password\":\"pw\"}}",
         "holds a secret"},
        {"{\"target\":{\"type\":\"ssh\",\"credentials\":{\"username\":\"u\","
         "\"password\":\"pw\"}}}", "holds a secret in \"password\""},
        {"{\"target\":{\"type\":\"ssh\",\"client_Secret\":\"pw\"}}",
         "holds a secret"},
        {"{\"target\":{\"type\":\"ssh\",\"tokens\":[\"pw\"]}}",
         "holds a secret"},
        {"{\"target\":{\"type\":\"ssh\",\"password\":{\"value\":\"pw\"}}}",
         "holds a secret"},
        {"{\"target\":{\"type\":\"ssh\",\"password\":123}}",
         "holds a secret"},
        {"{\"target\":{\"type\":\"ssh\",\"name\":\"a\",\"proxy\":"
         "\"https://u:pw@h/\"}}", "holds a secret in \"proxy\""},
        {"{\"target\":{\"type\":\"ssh\",\"key\":\"-----BEGIN PRIVATE "
         "KEY-----\"}}", "holds a secret in \"key\""},
        {"{\"target\":{\"type\":\"local\",\"name\":\"none\"}}", "\"none\""},
        {"{\"target\":{\"type\":\"local\",\"name\":\"\"}}", "1 to 256"},
        {"{\"target\":{\"type\":\"local\",\"name\":5}}", "a text"},
        {"{\"profile\":5}", "\"profile\" of the scan must be a text"},
        {"{\"benchmark\":[\"x\"]}", "must be a text"},
        {"{\"options\":5}", "must be an object"},
        {"{\"options\":{\"timeout\":\"5\"}}", "\"timeout\""},
        {"{\"options\":{\"timeout\":99999999999}}", "\"timeout\""},
        {"{\"options\":{\"allow_empty\":\"yes\"}}", "true or false"},
        {"{\"options\":{\"on_scanner_error\":1}}", "must be a text"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        engine_error err = {0};
        bson_t out;
        if (check(*state, rows[i].json, &out, &err) == ENGINE_OK)
            fail_msg("accepted %s", rows[i].json);
        if (!strstr(err.message, rows[i].message))
            fail_msg("%s: %s", rows[i].json, err.message);
        assert_null(strstr(err.message, "pw\""));
    }
}

static void references_to_secrets_are_no_secrets(void **state)
{
    engine_error err = {0};
    bson_t out;

    if (check(*state,
              "{\"target\":{\"type\":\"ssh\",\"host\":\"h\",\"password\":"
              "{\"file\":\"/run/pw\"},\"token_file\":\"/run/token\","
              "\"credentials\":{\"token\":{\"env\":\"T\"}},\"secret\":null,"
              "\"server\":\"https://me@h:443/a:b@c\"}}", &out, &err) < 0)
        fail_msg("%s", err.message);
    bson_destroy(&out);
}

/* ---- a run of four rules on one target ------------------------------------ */

static void run_open(struct fixture *fixture)
{
    struct scan_run *run = &fixture->run;
    engine_error err = {0};

    *run = (struct scan_run){.context = &fixture->context};
    table_init(&run->done);
    id_uuid(run->scan_id);
    run->owner = scan_owner_new();
    run->started_ms = run->leased_ms = clock_steady_ms();
    run->committed_ms = INT64_MAX / 2; /* commits when the test says so */
    assert_int_equal(check(fixture, "{}", &run->config, &err), ENGINE_OK);
    run->has_config = true;
    run->has_selection = true;
    arena_init(&run->selection.arena, 1024 * 1024);
    bson_init(&run->selection.variables);
    bson_init(&run->selection.overrides);
    run->selection.items = engine_calloc(RULES,
                                         sizeof(*run->selection.items));
    run->selection.count = RULES;
    for (int i = 0; i < RULES; i++) {
        char *id = arena_strf(&run->selection.arena, "rule-%d", i);
        run->selection.items[i] = (struct rules_selected){
            .id = id, .benchmark = "local", .rule_id = id, .title = id,
            .severity = i ? "high" : "low", .scanner_type = "alpha",
            .version = 1};
    }
    assert_int_equal(scan_targets_take(run, &err), ENGINE_OK);
}

static void run_store_rules(struct fixture *fixture)
{
    for (int i = 0; i < RULES; i++) {
        bson_t *rule = BCON_NEW(
            "_id", BCON_UTF8(fixture->run.selection.items[i].id), "rule_id",
            BCON_UTF8(fixture->run.selection.items[i].rule_id));
        const bson_t *const list[] = {rule};
        assert_int_equal(store_put(fixture->store, STORE_RULES, list, 1,
                                   NULL), ENGINE_OK);
        bson_destroy(rule);
    }
}

static struct scan_group *run_group(struct fixture *fixture)
{
    engine_error err = {0};

    run_open(fixture);
    run_store_rules(fixture);
    if (scan_document_insert(&fixture->run, "cli", NULL, false, &err) < 0)
        fail_msg("%s", err.message);
    if (scan_groups_build(&fixture->run, &err) < 0)
        fail_msg("%s", err.message);
    assert_int_equal(fixture->run.groups_count, 1);
    assert_int_equal(fixture->run.groups[0]->units_count, RULES);
    return fixture->run.groups[0];
}

static void tell(struct scan_group *group, bool done, const char *json)
{
    engine_error err = {0};
    bson_t frame;

    from_json(json, &frame);
    if ((done ? scan_collect_rule_done : scan_collect_result)(group, &frame,
                                                              &err) < 0)
        fail_msg("%s", err.message);
    bson_destroy(&frame);
}

static void verdict(struct fixture *fixture, const char *rule, bson_t *out)
{
    char id[256];
    engine_error err = {0};

    snprintf(id, sizeof(id), "%s/local/local/%s", fixture->run.scan_id, rule);
    if (store_get(fixture->store, STORE_VERDICTS, id, out, &err) < 0)
        fail_msg("%s", err.message);
}

static void verdict_is(struct fixture *fixture, const char *rule,
                       const char *status, const char *origin)
{
    bson_t out;

    verdict(fixture, rule, &out);
    assert_string_equal(document_string(&out, "status"), status);
    assert_string_equal(document_string(&out, "origin"), origin);
    bson_destroy(&out);
}

/* as a reference and a rule of another benchmark can come together */
static void rules_with_one_id_do_not_share_a_job(void **state)
{
    struct fixture *fixture = *state;
    struct scan_run *run = &fixture->run;
    engine_error err = {0};
    bson_t *rule = BCON_NEW("_id", BCON_UTF8("other"), "rule_id",
                            BCON_UTF8("rule-0"));
    const bson_t *const list[] = {rule};
    bson_t scan;

    run_open(fixture);
    run_store_rules(fixture);
    assert_int_equal(store_put(fixture->store, STORE_RULES, list, 1, NULL),
                     ENGINE_OK);
    run->selection.items[1].id = "other";
    run->selection.items[1].benchmark = "other";
    if (scan_document_insert(run, "cli", NULL, false, &err) < 0 ||
        scan_groups_build(run, &err) < 0)
        fail_msg("%s", err.message);
    assert_int_equal(run->groups_count, 2);
    assert_int_equal(run->groups[0]->units_count, RULES - 1);
    assert_int_equal(run->groups[1]->units_count, 1);
    tell(run->groups[0], true, "{\"rule_id\":\"rule-0\",\"status\":1}");
    tell(run->groups[1], true, "{\"rule_id\":\"rule-0\",\"status\":2}");
    assert_int_equal(scan_collect_commit(run, &err), ENGINE_OK);
    verdict_is(fixture, "rule-0", "pass", "plugin");
    assert_int_equal(scan_summarise(run, "completed", &err), ENGINE_OK);
    assert_int_equal(store_get(fixture->store, STORE_SCANS, run->scan_id,
                               &scan, &err), ENGINE_OK);
    assert_int_equal(document_int(&scan, "passed", -1), 1);
    assert_int_equal(document_int(&scan, "failed", -1), 1);
    assert_true(document_child(&scan, "scanner_metadata.alpha@local",
                               &(bson_t){0}));
    bson_destroy(&scan);
    bson_destroy(rule);
    scan_run_clear(run);
}

static void the_worst_result_is_the_verdict(void **state)
{
    struct fixture *fixture = *state;
    struct scan_group *group = run_group(fixture);
    engine_error err = {0};
    bson_t out;

    tell(group, false, "{\"rule_id\":\"rule-0\",\"status\":1}");
    tell(group, false, "{\"rule_id\":\"rule-0\",\"status\":2,\"message\":"
                       "\"open\"}");
    tell(group, false, "{\"rule_id\":\"rule-0\",\"status\":1}");
    tell(group, true, "{\"rule_id\":\"rule-0\",\"status\":1}");
    tell(group, false, "{\"rule_id\":\"rule-1\",\"status\":5}");
    tell(group, false, "{\"rule_id\":\"rule-1\",\"status\":1}");
    tell(group, true, "{\"rule_id\":\"rule-1\",\"status\":0}");
    tell(group, true, "{\"rule_id\":\"rule-2\",\"status\":0}");
    assert_int_equal(scan_collect_commit(&fixture->run, &err), ENGINE_OK);
    verdict_is(fixture, "rule-0", "fail", "plugin");
    verdict_is(fixture, "rule-1", "pass", "plugin");
    verdict_is(fixture, "rule-2", "error", "plugin");
    verdict(fixture, "rule-0", &out);
    assert_string_equal(document_string(&out, "message"), "open");
    assert_int_equal(document_int(&out, "resources.pass", 0), 2);
    assert_int_equal(document_int(&out, "resources.fail", 0), 1);
    bson_destroy(&out);
    scan_run_clear(&fixture->run);
}

static void targets_with_slashes_do_not_share_verdicts(void **state)
{
    struct fixture *fixture = *state;
    struct scan_run *run = &fixture->run;
    struct rules_selected rows[2] = {
        {.benchmark = "b", .rule_id = "c/d"}, {.benchmark = "c",
                                               .rule_id = "d"}};
    char *one, *other, *plain;

    run_open(fixture);
    one = scan_verdict_id(run, "a", &rows[0]);
    other = scan_verdict_id(run, "a/b", &rows[1]);
    plain = scan_verdict_id(run, "a%2Fb", &rows[1]);
    assert_string_not_equal(one, other);
    assert_string_not_equal(plain, other);
    engine_free(one);
    engine_free(other);
    engine_free(plain);
    scan_run_clear(run);
}

static void a_verdict_says_when_and_with_what(void **state)
{
    struct fixture *fixture = *state;
    struct scan_group *group = run_group(fixture);
    engine_error err = {0};
    bson_t out, child;

    tell(group, true, "{\"rule_id\":\"rule-0\",\"status\":1,\"duration_ms\":"
                      "1500,\"variables_applied\":{\"v\":\"1\"}}");
    assert_int_equal(scan_collect_rest(group, SCANNER_ERROR, "x", &err),
                     ENGINE_OK);
    assert_int_equal(scan_collect_commit(&fixture->run, &err), ENGINE_OK);
    verdict(fixture, "rule-0", &out);
    assert_int_equal(document_date(&out, "completed_at", 0) -
                         document_date(&out, "started_at", 0), 1500);
    assert_string_equal(document_string(&out, "variables_applied.v"), "1");
    bson_destroy(&out);
    verdict(fixture, "rule-1", &out);
    assert_true(document_child(&out, "variables_applied", &child));
    assert_true(document_child(&out, "resources", &child));
    assert_false(bson_has_field(&out, "started_at"));
    bson_destroy(&out);
    scan_run_clear(&fixture->run);
}

static void a_second_end_changes_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct scan_group *group = run_group(fixture);
    engine_error err = {0};
    int64_t count = 0;

    tell(group, true, "{\"rule_id\":\"rule-0\",\"status\":1}");
    tell(group, true, "{\"rule_id\":\"rule-0\",\"status\":2}");
    tell(group, false, "{\"rule_id\":\"rule-0\",\"status\":2}");
    assert_int_equal(scan_collect_commit(&fixture->run, &err), ENGINE_OK);
    verdict_is(fixture, "rule-0", "pass", "plugin");
    assert_int_equal(store_count(fixture->store, STORE_RESULTS, NULL, &count,
                                 &err), ENGINE_OK);
    assert_int_equal(count, 0);
    scan_run_clear(&fixture->run);
}

static void refuses_results_of_rules_that_are_not_in_the_job(void **state)
{
    struct fixture *fixture = *state;
    struct scan_group *group = run_group(fixture);
    engine_error err = {0};
    bson_t frame;

    from_json("{\"rule_id\":\"stranger\",\"status\":1}", &frame);
    assert_int_equal(scan_collect_result(group, &frame, &err),
                     ENGINE_EPLUGIN);
    assert_non_null(strstr(err.message, "stranger"));
    bson_destroy(&frame);
    from_json("{\"rule_id\":\"rule-0\",\"status\":10}", &frame);
    assert_int_equal(scan_collect_result(group, &frame, &err),
                     ENGINE_EPLUGIN);
    bson_destroy(&frame);
    scan_run_clear(&fixture->run);
}

static void what_has_no_verdict_gets_the_engines(void **state)
{
    struct fixture *fixture = *state;
    struct scan_group *group = run_group(fixture);
    engine_error err = {0};
    bson_t scan;

    tell(group, true, "{\"rule_id\":\"rule-0\",\"status\":1}");
    assert_int_equal(scan_collect_rest(group, SCANNER_ERROR, "it crashed",
                                       &err), ENGINE_OK);
    assert_int_equal(scan_collect_commit(&fixture->run, &err), ENGINE_OK);
    verdict_is(fixture, "rule-0", "pass", "plugin");
    verdict_is(fixture, "rule-3", "error", "engine");
    assert_int_equal(scan_summarise(&fixture->run, "failed", &err),
                     ENGINE_OK);
    assert_int_equal(store_get(fixture->store, STORE_SCANS,
                               fixture->run.scan_id, &scan, &err), ENGINE_OK);
    assert_int_equal(document_int(&scan, "passed", -1), 1);
    assert_int_equal(document_int(&scan, "error", -1), 3);
    assert_int_equal(document_int(&scan, "failed", -1), 0);
    assert_int_equal(document_int(&scan, "total_rules", -1), RULES);
    assert_int_equal(document_int(&scan, "by_severity.high.error", -1), 3);
    assert_true(document_double(&scan, "compliance_percentage", 0) == 100);
    assert_true(document_double(&scan, "coverage_percentage", 0) == 25);
    assert_string_equal(document_string(&scan, "status"), "failed");
    bson_destroy(&scan);
    scan_run_clear(&fixture->run);
}

static void no_verdict_at_all_gives_no_percentage(void **state)
{
    struct fixture *fixture = *state;
    engine_error err = {0};
    bson_iter_t iter;
    bson_t scan;

    (void)run_group(fixture);
    assert_int_equal(scan_summarise(&fixture->run, "completed", &err),
                     ENGINE_OK);
    assert_int_equal(store_get(fixture->store, STORE_SCANS,
                               fixture->run.scan_id, &scan, &err), ENGINE_OK);
    assert_true(bson_iter_init_find(&iter, &scan, "compliance_percentage"));
    assert_true(BSON_ITER_HOLDS_NULL(&iter));
    bson_destroy(&scan);
    scan_run_clear(&fixture->run);
}

/* five reasons are told, the others are counted */
static void what_was_not_checked_is_warned_of_with_the_reason(void **state)
{
    struct fixture *fixture = *state;
    struct scan_run *run = &fixture->run;
    engine_error err = {0};
    char target[32], message[32];
    bson_t scan;

    (void)run_group(fixture);
    for (int i = 0; i < 9; i++) {
        snprintf(target, sizeof(target), "target-%d", i);
        snprintf(message, sizeof(message), "reason %d", i > 6 ? 7 : i);
        assert_int_equal(scan_collect_verdict(run, 0, target, "",
                                              SCANNER_NOTCHECKED, message,
                                              &err), ENGINE_OK);
    }
    assert_int_equal(scan_collect_commit(run, &err), ENGINE_OK);
    assert_int_equal(scan_summarise(run, "completed", &err), ENGINE_OK);
    assert_int_equal(store_get(fixture->store, STORE_SCANS, run->scan_id,
                               &scan, &err), ENGINE_OK);
    assert_string_equal(document_string(&scan, "warnings.0.message"),
                        "2 not checked: reason 7");
    assert_string_equal(document_string(&scan, "warnings.1.message"),
                        "1 not checked: reason 0");
    assert_int_equal(document_int(&scan, "warnings.0.not_checked", 0), 2);
    assert_string_equal(document_string(&scan, "warnings.5.message"),
                        "3 not checked for other reasons");
    bson_destroy(&scan);
    scan_run_clear(run);
}

static void a_scan_in_which_nothing_applies_says_so(void **state)
{
    struct fixture *fixture = *state;
    struct scan_group *group = run_group(fixture);
    engine_error err = {0};
    bson_t scan;

    tell(group, true, "{\"rule_id\":\"rule-0\",\"status\":5}");
    assert_int_equal(scan_collect_commit(&fixture->run, &err), ENGINE_OK);
    assert_int_equal(scan_summarise(&fixture->run, "completed", &err),
                     ENGINE_OK);
    assert_int_equal(store_get(fixture->store, STORE_SCANS,
                               fixture->run.scan_id, &scan, &err), ENGINE_OK);
    assert_int_equal(document_int(&scan, "warnings.0.not_applicable", 0), 1);
    bson_destroy(&scan);
    scan_run_clear(&fixture->run);
}

/* ---- owners and leases ---------------------------------------------------- */

static void tells_a_dead_owner_from_a_living_one(void **state)
{
    char *owner = scan_owner_new();
    char *dead = engine_strdup(owner);
    char *at;

    (void)state;
    assert_non_null(owner);
    assert_false(scan_owner_dead(owner));
    /* the same process id, started at another time */
    at = strrchr(dead, '/');
    at[-1] = at[-1] == '1' ? '2' : '1';
    assert_true(scan_owner_dead(dead));
    assert_false(scan_owner_dead("elsewhere/boot/1/2/abcd"));
    assert_false(scan_owner_dead("nonsense"));
    assert_false(scan_owner_dead(NULL));
    engine_free(owner);
    engine_free(dead);
}

static void a_running_scan_is_not_taken_from_its_engine(void **state)
{
    struct fixture *fixture = *state;
    struct scan_run other = {.context = &fixture->context};
    engine_error err = {0};
    bson_t *dead;

    (void)run_group(fixture);
    memcpy(other.scan_id, fixture->run.scan_id, sizeof(other.scan_id));
    other.owner = scan_owner_new();
    assert_int_equal(scan_document_take(&other, false, &err),
                     ENGINE_ECONFLICT);
    assert_non_null(strstr(err.message, "running"));

    dead = BCON_NEW("lease_until", BCON_DATE_TIME(clock_now_ms() - 1));
    assert_int_equal(scan_document_update(fixture->store, other.scan_id, NULL,
                                          dead, &err), ENGINE_OK);
    bson_destroy(dead);
    assert_int_equal(scan_document_take(&other, false, &err), ENGINE_OK);
    assert_true(other.has_config);

    assert_int_equal(scan_lease_check(&fixture->run, &err), ENGINE_OK);
    assert_true(fixture->run.lost);
    assert_int_equal(scan_summarise(&fixture->run, "completed", &err),
                     ENGINE_EDENIED);
    bson_destroy(&other.config);
    engine_free(other.owner);
    scan_run_clear(&fixture->run);
}

/* started_at of a pending scan that was claimed a second ago, until then */
static int64_t began_after_a_claim(struct fixture *fixture, int64_t claimed,
                                   int64_t until)
{
    struct scan_run other = {.context = &fixture->context};
    bson_t *changes =
        BCON_NEW("status", BCON_UTF8("pending"), "claimed_at",
                 BCON_DATE_TIME(claimed), "claim_until", BCON_DATE_TIME(until));
    engine_error err = {0};
    int64_t began;
    bson_t scan;

    memcpy(other.scan_id, fixture->run.scan_id, sizeof(other.scan_id));
    other.owner = scan_owner_new();
    assert_int_equal(scan_document_update(fixture->store, other.scan_id, NULL,
                                          changes, &err), ENGINE_OK);
    assert_int_equal(scan_document_take(&other, true, &err), ENGINE_OK);
    assert_int_equal(store_get(fixture->store, STORE_SCANS, other.scan_id,
                               &scan, &err), ENGINE_OK);
    began = document_date(&scan, "started_at", 0);
    bson_destroy(&scan);
    bson_destroy(changes);
    bson_destroy(&other.config);
    engine_free(other.owner);
    return began;
}

static void a_scan_begins_when_it_was_claimed(void **state)
{
    struct fixture *fixture = *state;
    const int64_t now = clock_now_ms();

    (void)run_group(fixture);
    assert_int_equal(began_after_a_claim(fixture, now - 1000, now + 600000),
                     now - 1000);
    assert_true(began_after_a_claim(fixture, now - 1000, now - 1) >= now);
    scan_run_clear(&fixture->run);
}

static void an_engine_that_lost_its_scan_writes_nothing_more(void **state)
{
    struct fixture *fixture = *state;
    struct scan_group *group = run_group(fixture);
    engine_error err = {0};
    int64_t count = -1;

    fixture->run.lost = true;
    fixture->run.committed_ms = 0; /* a commit is due */
    tell(group, true, "{\"rule_id\":\"rule-0\",\"status\":1}");
    assert_int_equal(scan_collect_rest(group, SCANNER_NOTCHECKED, "lost",
                                       &err), ENGINE_OK);
    assert_int_equal(scan_collect_commit(&fixture->run, &err), ENGINE_OK);
    assert_int_equal(store_count(fixture->store, STORE_VERDICTS, NULL, &count,
                                 &err), ENGINE_OK);
    assert_int_equal(count, 0);
    scan_run_clear(&fixture->run);
}

static void a_cancel_request_reaches_the_run(void **state)
{
    struct fixture *fixture = *state;
    engine_error err = {0};

    (void)run_group(fixture);
    assert_int_equal(scan_cancel(fixture->store, fixture->run.scan_id, &err),
                     ENGINE_OK);
    assert_int_equal(scan_delete(fixture->store, fixture->run.scan_id, &err),
                     ENGINE_ECONFLICT);
    assert_int_equal(scan_lease_check(&fixture->run, &err), ENGINE_OK);
    assert_true(fixture->run.cancel);
    assert_int_equal(scan_summarise(&fixture->run, "cancelled", &err),
                     ENGINE_OK);
    assert_int_equal(scan_cancel(fixture->store, fixture->run.scan_id, &err),
                     ENGINE_ECONFLICT);
    assert_int_equal(scan_delete(fixture->store, fixture->run.scan_id, &err),
                     ENGINE_OK);
    assert_int_equal(scan_delete(fixture->store, fixture->run.scan_id, &err),
                     ENGINE_ENOTFOUND);
    scan_run_clear(&fixture->run);
}

#define WITH_FIXTURE(test) \
    cmocka_unit_test_setup_teardown(test, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(a_scan_without_targets_is_of_this_machine),
        WITH_FIXTURE(target_aliases_become_canonical),
        WITH_FIXTURE(refuses_requests_that_say_nothing_clear),
        WITH_FIXTURE(references_to_secrets_are_no_secrets),
        WITH_FIXTURE(rules_with_one_id_do_not_share_a_job),
        WITH_FIXTURE(the_worst_result_is_the_verdict),
        WITH_FIXTURE(targets_with_slashes_do_not_share_verdicts),
        WITH_FIXTURE(a_verdict_says_when_and_with_what),
        WITH_FIXTURE(a_second_end_changes_nothing),
        WITH_FIXTURE(refuses_results_of_rules_that_are_not_in_the_job),
        WITH_FIXTURE(what_has_no_verdict_gets_the_engines),
        WITH_FIXTURE(no_verdict_at_all_gives_no_percentage),
        WITH_FIXTURE(what_was_not_checked_is_warned_of_with_the_reason),
        WITH_FIXTURE(a_scan_in_which_nothing_applies_says_so),
        cmocka_unit_test(tells_a_dead_owner_from_a_living_one),
        WITH_FIXTURE(a_running_scan_is_not_taken_from_its_engine),
        WITH_FIXTURE(a_scan_begins_when_it_was_claimed),
        WITH_FIXTURE(an_engine_that_lost_its_scan_writes_nothing_more),
        WITH_FIXTURE(a_cancel_request_reaches_the_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
