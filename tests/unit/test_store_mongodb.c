/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_store_mongodb.c - what only the MongoDB store has: filters as they are
 * sent, URIs, servers that are away. With SCAN_ENGINE_TEST_MONGODB_URI, which
 * names a server without a database, also what is kept there.
 */
#include "engine/store/mongodb.h"
#include "tests/unit/store_suite.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"
#include "sdk/base/file.h"
#include "tests/unit/skip.h"

/* ---- filters -------------------------------------------------------------- */

static void expect_pushed(const char *json, const char *pushed, bool exact)
{
    bson_t *filter = suite_bson("%s", json), *wanted = suite_bson("%s", pushed);
    struct mongodb_filter parts;

    assert_int_equal(mongodb_filter_init(&parts, filter, NULL), 0);
    if (!bson_equal(parts.pushed, wanted)) {
        char *text = bson_as_relaxed_extended_json(parts.pushed, NULL);
        fail_msg("%s is sent as %s, expected %s", json, text, pushed);
    }
    assert_int_equal(parts.exact, exact);
    mongodb_filter_clear(&parts);
    bson_destroy(filter);
    bson_destroy(wanted);
}

static void sends_what_servers_answer_alike(void **state)
{
    (void)state;
    expect_pushed("{}", "{}", true);
    expect_pushed("{'a': 'x'}", "{'$and': [{'a': {'$eq': 'x'}}]}", true);
    expect_pushed("{'a': {'$gte': 1, '$ne': 3}}",
                  "{'$and': [{'a': {'$gte': 1}}, {'a': {'$ne': 3}}]}", true);
    expect_pushed("{'a': {'$in': ['x', true]}}",
                  "{'$and': [{'a': {'$in': ['x', true]}}]}", true);
    expect_pushed("{'a': {'$exists': false}}",
                  "{'$and': [{'a': {'$exists': false}}]}", true);
    expect_pushed("{'$and': [{'a': 1}, {'$and': [{'b': 2}]}]}",
                  "{'$and': [{'a': {'$eq': 1}}, {'b': {'$eq': 2}}]}", true);
    expect_pushed("{'$or': [{'a': 1}, {'b': 2, 'c': 3}]}",
                  "{'$and': [{'$or': [{'$and': [{'a': {'$eq': 1}}]}, {'$and': "
                  "[{'b': {'$eq': 2}}, {'c': {'$eq': 3}}]}]}]}",
                  true);
    expect_pushed("{'$nor': [{'a': 1}]}",
                  "{'$and': [{'$nor': [{'$and': [{'a': {'$eq': 1}}]}]}]}",
                  true);
}

static void keeps_the_rest_for_the_matcher(void **state)
{
    (void)state;
    expect_pushed("{'a.b': 1}", "{}", false);
    expect_pushed("{'a': 1.5}", "{}", false);
    expect_pushed("{'a': null, 'b': 1}", "{'$and': [{'b': {'$eq': 1}}]}",
                  false);
    expect_pushed("{'a': {'b': 1}}", "{}", false);
    expect_pushed("{'a': {}}", "{}", false);
    expect_pushed("{'a': ['x']}", "{}", false);
    expect_pushed("{'a': {'$in': ['x', null]}}", "{}", false);
    expect_pushed("{'a': {'$size': 1, '$gt': 'a'}}",
                  "{'$and': [{'a': {'$gt': 'a'}}]}", false);
    expect_pushed("{'$or': [{'a': 1}, {'b.c': 2}], 'd': 3}",
                  "{'$and': [{'d': {'$eq': 3}}]}", false);
    expect_pushed("{'$nor': [{'a': {'$size': 1}}]}", "{}", false);
}

/* ---- opening -------------------------------------------------------------- */

/* As the module does: here its functions are linked in. */
static struct store *open_here(const char *uri)
{
    struct store *store = NULL;
    engine_error err = {0};

    if (mongodb_store_open(uri, 0, NULL, &store, &err) < 0)
        fail_msg("%s", err.message);
    return store;
}

/* ---- URIs ----------------------------------------------------------------- */

static engine_status try_open(const char *uri, unsigned flags,
                              engine_error *err)
{
    struct store *store = NULL;
    const engine_status status = mongodb_store_open(uri, flags, NULL, &store, err);

    if (status == ENGINE_OK)
        store_close(store);
    return status;
}

static void never_shows_a_password(void **state)
{
    static const char *const bad[] = {
        "mongodb://me:s3cret",
        "mongodb://me:s3cret@",
        "mongodb://me:s3cret@/x",
        "mongodb://me:s3cret@host:port/x",
        "mongodb://me:s3cret@host/?tls=maybe&tls=s3cret",
        "mongodb://me:s3%cret@host/",
        "mongodb://me:s3cret@a@b/",
        "mongodb+srv://me:s3cret@one,two/",
        "mongodb+srv://me:s3cret@host:1/",
        "mongodb://me:s3cret@127.0.0.1:1/db?connectTimeoutMS=200"};
    engine_error err = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_true(try_open(bad[i], 0, &err) < 0);
        assert_true(err.message[0] && err.hint[0]);
        assert_null(strstr(err.message, "s3"));
        assert_null(strstr(err.hint, "s3"));
    }
}

static void refuses_writes_without_an_answer(void **state)
{
    engine_error err = {0};

    (void)state;
    assert_int_equal(try_open("mongodb://127.0.0.1:1/db?w=0", 0, &err),
                     ENGINE_EINVAL);
    assert_non_null(strstr(err.message, "w=0"));
}

static void names_a_server_that_is_away(void **state)
{
    const int64_t start = clock_steady_ms();
    engine_error err = {0};

    (void)state;
    assert_int_equal(try_open("mongodb://me:s3cret@127.0.0.1:1/db", 0, &err),
                     ENGINE_EAWAY);
    assert_non_null(strstr(err.message, "127.0.0.1:1/db"));
    assert_non_null(strstr(err.message, "refused"));
    assert_non_null(strstr(err.hint, "server runs"));
    assert_true(clock_steady_ms() - start < 15000);
}

/* A port that takes connections and says nothing. */
static void does_not_wait_for_a_server_that_says_nothing(void **state)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    const int64_t start = clock_steady_ms();
    engine_error err = {0};
    char uri[128];

    (void)state;
    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(fd, 5), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    snprintf(uri, sizeof(uri),
             "mongodb://127.0.0.1:%d/?connectTimeoutMS=500"
             "&serverSelectionTimeoutMS=700",
             ntohs(address.sin_port));
    assert_int_equal(try_open(uri, 0, &err), ENGINE_EAWAY);
    assert_true(clock_steady_ms() - start < 10000);
    close(fd);
}

/* ---- with a server -------------------------------------------------------- */

struct fixture {
    char *uri, *database;
    struct store *store;
};

/* The server's URI with another database name, or other credentials. */
static char *server_uri(const char *login, const char *database)
{
    const char *given = getenv("SCAN_ENGINE_TEST_MONGODB_URI");
    const char *hosts = strstr(given, "://") + 3;
    const char *at = strrchr(hosts, '@'), *slash, *options;

    if (login && at)
        hosts = at + 1;
    slash = strchr(at ? at : hosts, '/');
    options = strchr(hosts, '?');
    return engine_strf("mongodb://%s%.*s/%s%s", login && at ? login : "",
                       (int)(slash ? (size_t)(slash - hosts) : strlen(hosts)),
                       hosts, database, options ? options : "");
}

static int fixture_open(void **state)
{
    struct fixture *f;
    char id[37];

    f = calloc(1, sizeof(*f));
    id_uuid(id);
    f->database = engine_strf("test_%.8s", id);
    f->uri = server_uri(NULL, f->database);
    f->store = open_here(f->uri);
    *state = f;
    return 0;
}

static int fixture_close(void **state)
{
    struct fixture *f = *state;
    mongoc_database_t *database;

    database = mongoc_client_get_database(((struct mongodb *)f->store)->client,
                                          f->database);
    mongoc_database_drop(database, NULL);
    mongoc_database_destroy(database);
    store_close(f->store);
    engine_free(f->uri);
    engine_free(f->database);
    free(f);
    return 0;
}

static void run_command(const struct fixture *f, const char *json)
{
    bson_t *command = suite_bson("%s", json);
    bson_error_t error;
    bson_t reply;

    if (!mongoc_client_command_simple(((struct mongodb *)f->store)->client,
                                      f->database, command, NULL, &reply,
                                      &error))
        fail_msg("%s: %s", json, error.message);
    bson_destroy(&reply);
    bson_destroy(command);
}

static int64_t raw_count(const struct fixture *f, const char *collection)
{
    const bson_t everything = BSON_INITIALIZER;
    mongoc_collection_t *handle =
        mongodb_collection((struct mongodb *)f->store, collection);
    const int64_t count = mongoc_collection_count_documents(
        handle, &everything, NULL, NULL, NULL, NULL);

    mongoc_collection_destroy(handle);
    return count;
}

static int count_indexes(const struct fixture *f, const char *collection)
{
    mongoc_collection_t *handle =
        mongodb_collection((struct mongodb *)f->store, collection);
    mongoc_cursor_t *cursor =
        mongoc_collection_find_indexes_with_opts(handle, NULL);
    const bson_t *index = NULL;
    int count = 0;

    while (mongoc_cursor_next(cursor, &index))
        count++;
    mongoc_cursor_destroy(cursor);
    mongoc_collection_destroy(handle);
    return count;
}

static void makes_its_indexes_once_and_again(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(count_indexes(f, STORE_RULES), 4);
    assert_int_equal(count_indexes(f, STORE_VERDICTS), 3);
    assert_int_equal(count_indexes(f, MONGODB_CHUNKS), 2);
    /* as if an engine had been killed while it made them */
    run_command(f, "{'dropIndexes': 'rules', 'index': 'latest'}");
    run_command(f, "{'update': 'meta', 'updates': [{'q': {'_id': 'schema'}, "
                   "'u': {'$unset': {'indexes': 1}}}]}");
    assert_int_equal(try_open(f->uri, 0, NULL), 0);
    assert_int_equal(count_indexes(f, STORE_RULES), 4);
}

static void says_when_there_is_no_store(void **state)
{
    struct fixture *f = *state;
    char *uri = server_uri(NULL, "scan_engine_none");
    engine_error err = {0};

    assert_int_equal(try_open(uri, STORE_READ_ONLY | STORE_NO_CREATE, &err),
                     ENGINE_ENOTFOUND);
    assert_non_null(strstr(err.message, "scan_engine_none"));
    assert_int_equal(try_open(uri, STORE_READ_ONLY, &err), ENGINE_ENOTFOUND);
    assert_int_equal(try_open(f->uri, STORE_READ_ONLY, &err), 0);
    engine_free(uri);
}

static void leaves_other_programs_databases_alone(void **state)
{
    struct fixture *f = *state;
    engine_error err = {0};

    suite_add(f->store, STORE_RULES, "{'_id': 'theirs'}");
    run_command(f, "{'delete': 'meta', 'deletes': [{'q': {}, 'limit': 0}]}");
    assert_int_equal(try_open(f->uri, 0, &err), ENGINE_EINVAL);
    assert_non_null(strstr(err.message, "another program"));
    assert_int_equal(raw_count(f, "meta"), 0);
}

static void refuses_a_newer_schema(void **state)
{
    struct fixture *f = *state;
    engine_error err = {0};

    run_command(f, "{'update': 'meta', 'updates': [{'q': {'_id': 'schema'}, "
                   "'u': {'$set': {'version': 99}}}]}");
    assert_int_equal(try_open(f->uri, 0, &err), ENGINE_EVERSION);
    assert_int_equal(try_open(f->uri, STORE_READ_ONLY, &err), ENGINE_EVERSION);
}

static void a_wrong_password_is_denied_and_not_shown(void **state)
{
    struct fixture *f = *state;
    char *uri = server_uri("scan:wr0ng@", f->database);
    engine_error err = {0};

    if (strcmp(uri, f->uri) == 0 || !strstr(f->uri, "@")) {
        engine_free(uri);
        skip_since("this server has no passwords");
    }
    assert_int_equal(try_open(uri, 0, &err), ENGINE_EDENIED);
    assert_null(strstr(err.message, "wr0ng"));
    assert_non_null(strstr(err.hint, "password"));
    engine_free(uri);
}

/* Another engine inserts between the look and the insert. */
static void a_late_conflict_takes_back_what_was_inserted(void **state)
{
    struct fixture *f = *state;
    struct mongodb *self = (struct mongodb *)f->store;
    bson_t *documents[3];
    engine_error err = {0};

    suite_add(f->store, STORE_RESULTS, "{'_id': '1', 'n': 0}");
    for (int i = 0; i < 3; i++) {
        documents[i] = suite_bson("{'_id': '%d', 'n': 1}", i);
        assert_int_equal(mongodb_pending_add(self, MONGODB_INSERT,
                                             mongodb_collection_name("results"),
                                             documents[i], NULL, false, NULL),
                         0);
    }
    assert_int_equal(mongodb_send(self, &err), ENGINE_ECONFLICT);
    assert_non_null(strstr(err.message, "\"1\""));
    mongodb_pending_clear(self);
    assert_int_equal(suite_count(f->store, STORE_RESULTS, NULL), 1);
    assert_int_equal(suite_count(f->store, STORE_RESULTS, "{'n': 0}"), 1);
    for (int i = 0; i < 3; i++)
        bson_destroy(documents[i]);
}

static char *write_content(char *folder)
{
    char *path = engine_strf("%s/content", folder);

    assert_int_equal(file_write(path, "content", 7, 0600, NULL), 0);
    return path;
}

static void artifacts_not_stored_leave_nothing(void **state)
{
    struct fixture *f = *state;
    char *folder = NULL, *path;
    bson_t info;
    char id[65];

    assert_int_equal(file_make_temporary("/tmp", "store-", &folder, NULL), 0);
    path = write_content(folder);
    assert_int_equal(store_begin(f->store, NULL), 0);
    assert_int_equal(store_artifact_put(f->store, path, "n", "m", id, NULL), 0);
    assert_int_equal(store_artifact_info(f->store, id, &info, NULL), 0);
    bson_destroy(&info);
    assert_int_equal(raw_count(f, MONGODB_CHUNKS), 1);
    store_rollback(f->store);
    assert_int_equal(raw_count(f, MONGODB_CHUNKS), 0);
    assert_int_equal(raw_count(f, MONGODB_ARTIFACTS), 0);
    file_remove_tree(folder, NULL);
    engine_free(path);
    engine_free(folder);
}

static void one_of_two_equal_artifacts_is_kept(void **state)
{
    struct fixture *f = *state;
    struct store *other = open_here(f->uri);
    char *folder = NULL, *path, *copy;
    char id[65];

    assert_int_equal(file_make_temporary("/tmp", "store-", &folder, NULL), 0);
    path = write_content(folder);
    copy = engine_strf("%s/copy", folder);
    assert_int_equal(store_begin(f->store, NULL), 0);
    assert_int_equal(store_artifact_put(f->store, path, "n", "m", id, NULL), 0);
    assert_int_equal(store_artifact_put(other, path, "n", "m", id, NULL), 0);
    assert_int_equal(raw_count(f, MONGODB_CHUNKS), 2);
    assert_int_equal(store_commit(f->store, NULL), 0);
    assert_int_equal(raw_count(f, MONGODB_CHUNKS), 1);
    assert_int_equal(store_artifact_get(f->store, id, copy, NULL), 0);
    store_close(other);
    file_remove_tree(folder, NULL);
    engine_free(path);
    engine_free(copy);
    engine_free(folder);
}

static void a_check_finds_damaged_artifacts_and_foreign_documents(void **state)
{
    struct fixture *f = *state;
    char *folder = NULL, *path, *copy;
    engine_error err = {0};
    char id[65];

    assert_int_equal(file_make_temporary("/tmp", "store-", &folder, NULL), 0);
    path = write_content(folder);
    copy = engine_strf("%s/copy", folder);
    assert_int_equal(store_artifact_put(f->store, path, "n", "m", id, NULL), 0);
    assert_int_equal(store_check(f->store, NULL), 0);
    run_command(f, "{'delete': 'artifact_chunks', 'deletes': [{'q': {}, "
                   "'limit': 0}]}");
    assert_int_equal(store_check(f->store, &err), ENGINE_ECORRUPT);
    assert_non_null(strstr(err.message, id));
    assert_int_equal(store_artifact_get(f->store, id, copy, &err),
                     ENGINE_ECORRUPT);
    assert_false(file_exists(copy));
    run_command(f, "{'insert': 'rules', 'documents': [{'_id': 7}]}");
    assert_int_equal(store_check(f->store, &err), ENGINE_ECORRUPT);
    assert_non_null(strstr(err.message, "rules"));
    file_remove_tree(folder, NULL);
    engine_free(path);
    engine_free(copy);
    engine_free(folder);
}

/* ---- memory --------------------------------------------------------------- */

static engine_status read_with_little_memory(struct store *store,
                                             const bson_t *filter)
{
    bson_t *sort = BCON_NEW("a.b", BCON_INT32(1)); /* not ours to fail */
    const struct store_query query = {.filter = filter, .sort = sort};
    struct store_cursor *cursor = NULL;
    const bson_t *found = NULL;
    bson_t groups;
    engine_status status =
        store_find(store, STORE_VERDICTS, &query, &cursor, NULL);

    if (status == ENGINE_OK && store_cursor_next(cursor, &found, NULL) < 0)
        status = ENGINE_ENOMEM;
    store_cursor_close(cursor);
    if (status == ENGINE_OK)
        status =
            store_group(store, STORE_VERDICTS, filter, "_id", &groups, NULL);
    if (status == ENGINE_OK)
        bson_destroy(&groups);
    bson_destroy(sort);
    return status;
}

static engine_status do_with_little_memory(struct fixture *f, int turn)
{
    bson_t *document = suite_bson("{'_id': 'a', 'a': {'b': %d}}", turn);
    bson_t *filter = suite_bson("{'a.b': {'$gte': 0}}");
    const bson_t *one = document;
    struct store *store = NULL;
    engine_status status;

    engine_alloc_fail_at(turn);
    status = mongodb_store_open(f->uri, 0, NULL, &store, NULL);
    if (status == ENGINE_OK)
        status = store_begin(store, NULL);
    if (status == ENGINE_OK)
        status = store_put(store, STORE_VERDICTS, &one, 1, NULL);
    if (status == ENGINE_OK)
        status = read_with_little_memory(store, filter);
    if (status == ENGINE_OK)
        status = store_swap(store, STORE_VERDICTS, "a", filter, document, NULL);
    if (status == ENGINE_OK)
        status = store_commit(store, NULL);
    if (status == ENGINE_OK)
        status = read_with_little_memory(store, filter);
    if (status == ENGINE_OK)
        status = store_delete(store, STORE_VERDICTS, filter, NULL, NULL);
    engine_alloc_fail_at(0);
    store_close(store);
    bson_destroy(filter);
    bson_destroy(document);
    return status;
}

static void every_failed_allocation_is_reported(void **state)
{
    engine_status status = ENGINE_ENOMEM;
    int turn = 1;

    for (; status == ENGINE_ENOMEM && turn < 1000; turn++)
        status = do_with_little_memory(*state, turn);
    assert_int_equal(status, ENGINE_OK);
    assert_true(turn > 10);
}

/* ---- all ------------------------------------------------------------------ */

#define LOCAL(fn) cmocka_unit_test(fn)
#define SERVER(fn) \
    cmocka_unit_test_setup_teardown(fn, fixture_open, fixture_close)

int main(void)
{
    static const struct CMUnitTest local[] = {
        LOCAL(sends_what_servers_answer_alike),
        LOCAL(keeps_the_rest_for_the_matcher),
        LOCAL(never_shows_a_password),
        LOCAL(refuses_writes_without_an_answer),
        LOCAL(names_a_server_that_is_away),
        LOCAL(does_not_wait_for_a_server_that_says_nothing),
    };
    static const struct CMUnitTest server[] = {
        SERVER(makes_its_indexes_once_and_again),
        SERVER(says_when_there_is_no_store),
        SERVER(leaves_other_programs_databases_alone),
        SERVER(refuses_a_newer_schema),
        SERVER(a_wrong_password_is_denied_and_not_shown),
        SERVER(a_late_conflict_takes_back_what_was_inserted),
        SERVER(artifacts_not_stored_leave_nothing),
        SERVER(one_of_two_equal_artifacts_is_kept),
        SERVER(a_check_finds_damaged_artifacts_and_foreign_documents),
        SERVER(every_failed_allocation_is_reported),
    };

    /* tests/integration/test_mongodb.py runs these */
    if (getenv("SCAN_ENGINE_TEST_MONGODB_URI"))
        return cmocka_run_group_tests_name("on a server", server, NULL, NULL);
    return cmocka_run_group_tests_name("store over mongodb", local, NULL, NULL);
}
