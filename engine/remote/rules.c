/* SPDX-License-Identifier: Apache-2.0 */
/* rules.c - the rules of verdicts, for what reports say about them. */
#include <string.h>

#include "engine/remote/remote.h"
#include "engine/remote/url.h"
#include "sdk/base/alloc.h"
#include "sdk/document/document.h"

#define RULES_IDS 20     /* in one address */
#define RULES_BYTES 2000 /* of them; escaped they may be thrice that */
#define RULES_PATH_MAX ((size_t)16 * 1024)

/* ---- rules --------------------------------------------------------------- */

static engine_status rules_on_rule(const bson_t *rule,
                                   const struct document_origin *origin,
                                   void *user, engine_error *err)
{
    (void)origin;
    return spool_put_rule(user, rule, err);
}

static engine_status rules_fetch(struct remote *remote, const bson_t *filter,
                                 engine_error *err)
{
    struct buffer json, path;
    struct http_answer answer;
    engine_status status;

    buffer_init(&json, RULES_PATH_MAX);
    buffer_init(&path, RULES_PATH_MAX);
    http_answer_init(&answer);
    document_to_json(filter, 0, &json);
    buffer_puts(&path, "/rules/export?filter=");
    url_escape(json.data ? json.data : "", &path);
    status = buffer_status(&path, err);
    if (status == ENGINE_OK)
        status = remote_ask(remote, "GET", path.data, NULL, &answer, err);
    if (status == ENGINE_OK && answer.body.len) {
        status = document_read_json(answer.body.data, answer.body.len, "rules",
                                    rules_on_rule, remote, err);
        if (status == ENGINE_EPARSE)
            status = remote_fail_misread(remote, err);
    }
    http_answer_clear(&answer);
    buffer_clear(&path);
    buffer_clear(&json);
    return status;
}

/** Rules that are still to be asked for. */
struct rules_wanted {
    bson_t ids; /* an array */
    uint32_t count;
    size_t bytes;
    char *last;
};

static engine_status rules_wanted_send(struct remote *remote,
                                       struct rules_wanted *wanted,
                                       engine_error *err)
{
    bson_t filter = BSON_INITIALIZER, in;
    engine_status status = ENGINE_OK;

    BSON_APPEND_DOCUMENT_BEGIN(&filter, "rule_id", &in);
    BSON_APPEND_ARRAY(&in, "$in", &wanted->ids);
    bson_append_document_end(&filter, &in);
    if (wanted->count)
        status = rules_fetch(remote, &filter, err);
    bson_destroy(&filter);
    bson_reinit(&wanted->ids);
    wanted->count = 0;
    wanted->bytes = 0;
    return status;
}

static engine_status rules_wanted_add(struct remote *remote,
                                      struct rules_wanted *wanted,
                                      const char *rule_id, engine_error *err)
{
    char key[16];

    if (wanted->last && strcmp(wanted->last, rule_id) == 0)
        return ENGINE_OK; /* they come sorted: another target or benchmark */
    engine_free(wanted->last);
    wanted->last = engine_strdup(rule_id);
    if (!wanted->last)
        return engine_fail_memory(err);
    snprintf(key, sizeof(key), "%u", wanted->count++);
    BSON_APPEND_UTF8(&wanted->ids, key, rule_id);
    wanted->bytes += strlen(rule_id);
    return wanted->count < RULES_IDS && wanted->bytes < RULES_BYTES
               ? ENGINE_OK
               : rules_wanted_send(remote, wanted, err);
}

engine_status remote_fetch_rules_of(struct remote *remote, bool failed,
                                    engine_error *err)
{
    bson_t *filter =
        failed ? BCON_NEW("status", BCON_UTF8("fail")) : bson_new();
    bson_t *sort = BCON_NEW("rule_id", BCON_INT32(1));
    const struct store_query query = {.filter = filter, .sort = sort};
    struct rules_wanted wanted = {.count = 0};
    struct store_cursor *cursor = NULL;
    const bson_t *verdict;
    engine_status status =
        store_find(remote->spool, STORE_VERDICTS, &query, &cursor, err);
    int more = 0;

    bson_init(&wanted.ids);
    while (status == ENGINE_OK &&
           (more = store_cursor_next(cursor, &verdict, err)) == 1)
        status = rules_wanted_add(remote, &wanted,
                                  document_string(verdict, "rule_id"), err);
    store_cursor_close(cursor);
    if (status == ENGINE_OK && more < 0)
        status = more;
    if (status == ENGINE_OK)
        status = rules_wanted_send(remote, &wanted, err);
    engine_free(wanted.last);
    bson_destroy(&wanted.ids);
    bson_destroy(filter);
    bson_destroy(sort);
    return status;
}
