/* SPDX-License-Identifier: Apache-2.0 */
/*
 * events.c - server-sent events: a scan's document and verdicts are looked at
 * in the store, so that scans of any engine can be followed. What was sent is
 * remembered as hashes; how often is looked grows with what it costs.
 */
#include <string.h>
#include <time.h>

#include "engine/server/scan_view.h"
#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"

#define EVENTS_LOOK_MS 200
#define EVENTS_ALIVE_MS 10000 /* at most */
#define EVENTS_SENT_MAX ((size_t)1 << 22) /* verdicts of one scan */

struct events {
    struct server *server;
    char scan_id[64];
    struct buffer out; /* made, and not yet taken */
    size_t taken;
    uint64_t *sent;    /* open addressing; 0: free */
    size_t sent_count, sent_room;
    int64_t looked_ms, pause_ms, told_ms, alive_ms, seen;
    bool results; /* wanted, too */
    bool over;
};

/* ---- what was sent ------------------------------------------------------- */

static uint64_t events_hash(const char *text)
{
    uint64_t hash = UINT64_C(14695981039346656037);

    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
    return hash ? hash : 1;
}

static bool events_put_hash(uint64_t *slots, size_t room, uint64_t hash)
{
    for (size_t i = hash & (room - 1);; i = (i + 1) & (room - 1)) {
        if (slots[i] == hash)
            return false;
        if (!slots[i]) {
            slots[i] = hash;
            return true;
        }
    }
}

static engine_status events_grow(struct events *events)
{
    const size_t room = events->sent_room ? 2 * events->sent_room : 1024;
    uint64_t *slots;

    if (room > EVENTS_SENT_MAX)
        return ENGINE_ELIMIT;
    slots = engine_calloc(room, sizeof(*slots));
    if (!slots)
        return ENGINE_ENOMEM;
    for (size_t i = 0; i < events->sent_room; i++)
        if (events->sent[i])
            events_put_hash(slots, room, events->sent[i]);
    engine_free(events->sent);
    events->sent = slots;
    events->sent_room = room;
    return ENGINE_OK;
}

/* 1: it is new; 0: it was sent. */
static int events_is_new(struct events *events, const bson_t *verdict)
{
    const char *id = document_string(verdict, "_id");
    /* a resume replaces verdicts of the engine: they are news */
    const uint64_t hash =
        events_hash(id ? id : "") ^
        (uint64_t)document_date(verdict, "started_at", 0);

    if (2 * (events->sent_count + 1) > events->sent_room &&
        events_grow(events) < 0)
        return 0;
    if (!events_put_hash(events->sent, events->sent_room, hash ? hash : 1))
        return 0;
    events->sent_count++;
    return 1;
}

/* ---- making events ------------------------------------------------------- */

static void events_put(struct events *events, const char *name,
                       const bson_t *document)
{
    struct response response;

    response_init(&response);
    response_add(&response, document);
    buffer_printf(&events->out, "event: %s\ndata: %s\n\n", name,
                  response.body.data ? response.body.data : "{}");
    response_clear(&response);
    events->told_ms = clock_steady_ms();
}

static engine_status events_verdicts(struct events *events,
                                     struct store *store, engine_error *err)
{
    bson_t *filter = BCON_NEW("scan_id", BCON_UTF8(events->scan_id));
    const struct store_query query = {.filter = filter};
    struct store_cursor *cursor = NULL;
    const bson_t *verdict;
    engine_status status =
        store_find(store, STORE_VERDICTS, &query, &cursor, err);
    int more = 0;

    while (status == ENGINE_OK &&
           (more = store_cursor_next(cursor, &verdict, err)) == 1)
        if (events_is_new(events, verdict))
            events_put(events, "result", verdict);
    store_cursor_close(cursor);
    bson_destroy(filter);
    return status == ENGINE_OK && more < 0 ? more : status;
}

static engine_status events_look_at(struct events *events, struct store *store,
                                    engine_error *err)
{
    bson_t scan, view = BSON_INITIALIZER;
    engine_status status =
        store_get(store, STORE_SCANS, events->scan_id, &scan, err);
    bool over;
    int64_t done;

    if (status < 0)
        return status;
    over = scan_view_is_over(&scan);
    status = scan_view_status(store, &scan, &view, err);
    done = document_int(&view, "progress.rules_done", 0);
    if (status == ENGINE_OK && (done != events->seen || over)) {
        if (events->results)
            status = events_verdicts(events, store, err);
        events_put(events, over ? "end" : "progress", &view);
        events->seen = done;
    }
    if (status == ENGINE_OK)
        events->over = over;
    bson_destroy(&view);
    bson_destroy(&scan);
    return status;
}

static void events_look(struct events *events)
{
    struct store *store = NULL;
    engine_error err = {0};
    engine_status status =
        server_store_take(events->server, &store, &err);

    if (status == ENGINE_OK)
        status = events_look_at(events, store, &err);
    server_store_give(events->server, store, status == ENGINE_OK);
    /* a scan that is gone ends the stream; a store that is away may be back */
    if (status == ENGINE_ENOTFOUND)
        events->over = true;
    if (clock_steady_ms() - events->told_ms > events->alive_ms) {
        buffer_puts(&events->out, ": still there\n\n");
        events->told_ms = clock_steady_ms();
    }
}

/* ---- the stream ---------------------------------------------------------- */

static long events_take(struct events *events, char *out, size_t room)
{
    const size_t left = events->out.len - events->taken;
    const size_t len = left < room ? left : room;

    memcpy(out, events->out.data + events->taken, len);
    events->taken += len;
    if (events->taken == events->out.len) {
        buffer_reset(&events->out);
        events->taken = 0;
    }
    return (long)len;
}

static long events_read(void *state, char *out, size_t room)
{
    const struct timespec pause = {.tv_nsec = 50000000L};
    struct events *events = state;

    for (;;) {
        int64_t began;

        if (buffer_status(&events->out, NULL) < 0)
            return -1;
        if (events->out.len > events->taken)
            return events_take(events, out, room);
        if (events->over || atomic_load(&events->server->stopping))
            return -1;
        began = clock_steady_ms();
        if (began - events->looked_ms < events->pause_ms) {
            nanosleep(&pause, NULL);
            continue;
        }
        events_look(events);
        events->looked_ms = clock_steady_ms();
        events->pause_ms = 10 * (events->looked_ms - began);
        if (events->pause_ms < EVENTS_LOOK_MS)
            events->pause_ms = EVENTS_LOOK_MS;
    }
}

static void events_free(void *state)
{
    struct events *events = state;

    buffer_clear(&events->out);
    engine_free(events->sent);
    engine_free(events);
}

engine_status events_open(struct request *request, const char *scan_id,
                          struct response_stream *out, engine_error *err)
{
    struct events *events = engine_calloc(1, sizeof(*events));

    if (!events)
        return engine_fail_memory(err);
    events->server = request->server;
    events->seen = -1;
    events->results = !request_query(request, "results") ||
                      request_flag(request, "results");
    /* before the connection counts as idle */
    events->alive_ms = request->world->config->server_request_s * 1000 / 3;
    if (events->alive_ms > EVENTS_ALIVE_MS)
        events->alive_ms = EVENTS_ALIVE_MS;
    snprintf(events->scan_id, sizeof(events->scan_id), "%s", scan_id);
    buffer_init(&events->out, SERVER_BODY_MAX);
    events->told_ms = clock_steady_ms();
    *out = (struct response_stream){
        .read = events_read, .free = events_free, .state = events};
    return ENGINE_OK;
}
