/* SPDX-License-Identifier: Apache-2.0 */
/* feed.c - the rule documents of a job, in the order of its units, read from
 * the store some at a time: one by one each would cost a round trip. */
#include <string.h>

#include "engine/scan/run.h"

#define FEED_BYTES ((size_t)8 * 1024 * 1024) /* after these no more is read */

void scan_feed_clear(struct scan_feed *feed)
{
    for (size_t i = 0; i < SCAN_FEED; i++)
        if (feed->has[i])
            bson_destroy(&feed->documents[i]);
    memset(feed->has, 0, sizeof(feed->has));
}

/* The place of a document among those asked for; they come in order of ids,
 * as units mostly are. SCAN_FEED: it was not asked for. */
static size_t feed_place(const struct scan_feed *feed,
                         const struct scan_unit *units, size_t expected,
                         const char *id)
{
    for (size_t i = 0; i < feed->count; i++) {
        const size_t at = (expected + i) % feed->count;

        if (!feed->has[at] && strcmp(units[at].stored_id, id) == 0)
            return at;
    }
    return SCAN_FEED;
}

static void feed_filter(const struct scan_feed *feed,
                        const struct scan_unit *units, bson_t *out)
{
    bson_t field, list;
    const char *key;
    char room[16];

    bson_init(out);
    bson_append_document_begin(out, "_id", -1, &field);
    bson_append_array_begin(&field, "$in", -1, &list);
    for (size_t i = 0; i < feed->count; i++) {
        bson_uint32_to_string((uint32_t)i, &key, room, sizeof(room));
        bson_append_utf8(&list, key, -1, units[i].stored_id, -1);
    }
    bson_append_array_end(&field, &list);
    bson_append_document_end(out, &field);
}

static engine_status feed_read(struct scan_feed *feed, struct store *store,
                               const struct scan_unit *units,
                               engine_error *err)
{
    struct store_query query = {0};
    struct store_cursor *cursor = NULL;
    const bson_t *rule;
    engine_status status;
    size_t found = 0, bytes = 0;
    bson_t filter;
    int more = 0;

    feed_filter(feed, units, &filter);
    query.filter = &filter;
    status = store_find(store, STORE_RULES, &query, &cursor, err);
    feed->cut = false;
    while (status == ENGINE_OK && !feed->cut &&
           (more = store_cursor_next(cursor, &rule, err)) == 1) {
        const char *id = document_string(rule, "_id");
        const size_t at =
            id ? feed_place(feed, units, found, id) : SCAN_FEED;

        if (at == SCAN_FEED)
            continue;
        bson_copy_to(rule, &feed->documents[at]);
        feed->has[at] = true;
        found++;
        bytes += rule->len;
        feed->cut = bytes > FEED_BYTES;
    }
    store_cursor_close(cursor);
    bson_destroy(&filter);
    return status == ENGINE_OK && more < 0 ? (engine_status)more : status;
}

/* Asks for `room` units from `next` on, at most. */
static engine_status feed_fill(struct scan_feed *feed, struct store *store,
                               const struct scan_group *group, size_t next,
                               size_t room, engine_error *err)
{
    const size_t left = group->units_count - next;
    engine_status status;

    scan_feed_clear(feed);
    feed->first = next;
    feed->count = left < room ? left : room;
    status = feed_read(feed, store, &group->units[next], err);
    if (status < 0) {
        scan_feed_clear(feed);
        feed->count = 0;
    }
    return status;
}

engine_status scan_feed_rule(struct scan_feed *feed, struct store *store,
                             const struct scan_group *group, size_t next,
                             const bson_t **out, engine_error *err)
{
    engine_status status = ENGINE_OK;
    size_t at = next - feed->first;

    if (next < feed->first || at >= feed->count) {
        status = feed_fill(feed, store, group, next, SCAN_FEED, err);
        at = 0;
    }
    if (status == ENGINE_OK && !feed->has[at] && feed->cut) {
        status = feed_fill(feed, store, group, next, 1, err);
        at = 0;
    }
    if (status < 0)
        return status;
    if (!feed->has[at])
        return engine_fail(err, ENGINE_ENOTFOUND,
                           "rule \"%s\" is no longer in the store",
                           group->units[next].rule_id);
    *out = &feed->documents[at];
    return ENGINE_OK;
}
