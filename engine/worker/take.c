/* SPDX-License-Identifier: Apache-2.0 */
/* take.c - frames from the engine, taken on the watcher's thread. */
#include <string.h>

#include "engine/worker/confine.h"
#include "engine/worker/worker_private.h"
#include "sdk/base/alloc.h"
#include "sdk/document/document.h"

/* The watcher's thread is not the scanner's, which confines itself and those
 * that it starts: it needs no more than /proc, for its sweep. */
static engine_status take_confine(struct worker *worker, engine_error *err)
{
    const char *mode = document_string(&worker->job, "confinement");
    struct confine_kernel kernel;
    engine_status status;

    if ((worker->flags & WORKER_IN_THREAD) ||
        (mode && strcmp(mode, "off") == 0))
        return ENGINE_OK;
    confine_probe(&kernel);
    status = confine_enter_watcher(&kernel, err);
    if (status == ENGINE_EUNSUPPORTED &&
        (!mode || strcmp(mode, "required") != 0))
        status = ENGINE_OK; /* the scanner's thread will say so */
    return status;
}

static engine_status take_job(struct worker *worker, const bson_t *frame,
                              engine_error *err)
{
    if (worker->have_job)
        return engine_fail(err, ENGINE_EPARSE, "a second job for one worker");
    bson_destroy(&worker->job);
    bson_copy_to(frame, &worker->job);
    worker->have_job = true;
    return take_confine(worker, err);
}

static engine_status take_room(struct worker *worker, engine_error *err)
{
    const uint32_t room = worker->rules_room ? 2 * worker->rules_room : 64;
    struct scanner_doc *rules;

    if (worker->rules_count < worker->rules_room)
        return ENGINE_OK;
    rules = engine_realloc(worker->rules, room * sizeof(*rules));
    if (!rules)
        return engine_fail_memory(err);
    worker->rules = rules;
    worker->rules_room = room;
    return ENGINE_OK;
}

/* While the engine sends the next one: what is told of a rule is looked up. */
static engine_status take_index(struct worker *worker, const char *rule_id,
                                engine_error *err)
{
    struct worker_rule *state = arena_alloc(&worker->states, sizeof(*state));
    const int added =
        state ? table_add(&worker->rule_states, rule_id, state) : ENGINE_ENOMEM;

    if (added < 0)
        return engine_fail_memory(err);
    if (!added)
        return engine_fail(err, ENGINE_EINVAL,
                           "rule \"%s\" is twice in one job", rule_id);
    return ENGINE_OK;
}

static engine_status take_rule(struct worker *worker, const bson_t *frame,
                               engine_error *err)
{
    struct scanner_doc *rule;
    const char *rule_id;
    uint8_t *data;
    bson_t document;

    if (!document_child(frame, "rule", &document) ||
        !(rule_id = document_string(&document, "rule_id")))
        return engine_fail(err, ENGINE_EPARSE, "a rule without rule_id");
    if (worker->started)
        return engine_fail(err, ENGINE_EPARSE, "a rule after the start");
    if (take_room(worker, err) < 0 || take_index(worker, rule_id, err) < 0)
        return err->status;
    data = arena_alloc(&worker->memory, document.len);
    if (!data) {
        engine_fail(err, ENGINE_ELIMIT, "the rules of one job are larger than "
                    "%zu bytes", worker->memory.maximum);
        engine_hint(err, "select fewer rules");
        return ENGINE_ELIMIT;
    }
    memcpy(data, bson_get_data(&document), document.len);
    rule = &worker->rules[worker->rules_count++];
    *rule = (struct scanner_doc){.data = data, .len = document.len};
    return ENGINE_OK;
}

static engine_status take_effect_ok(struct worker *worker,
                                    const bson_t *frame, engine_error *err)
{
    const char *id = document_string(frame, "id");

    if (!id || strlen(id) >= sizeof(worker->effect_stored))
        return engine_fail(err, ENGINE_EPARSE, "effect_ok without an id");
    memcpy(worker->effect_stored, id, strlen(id) + 1);
    return ENGINE_OK;
}

engine_status worker_take(struct worker *worker, const bson_t *frame,
                          engine_error *err)
{
    const char *kind = frame_kind(frame);
    const bool rule = strcmp(kind, "rule") == 0;
    engine_status status = ENGINE_OK;

    pthread_mutex_lock(&worker->lock);
    if (rule)
        status = take_rule(worker, frame, err);
    else if (strcmp(kind, "job") == 0)
        status = take_job(worker, frame, err);
    else if (strcmp(kind, "start") == 0)
        worker->started = true;
    else if (strcmp(kind, "cancel") == 0)
        atomic_store(&worker->cancelled, 1);
    else if (strcmp(kind, "effect_ok") == 0)
        status = take_effect_ok(worker, frame, err);
    else
        status = engine_fail(err, ENGINE_EPARSE,
                             "the engine sent an unknown frame \"%s\"", kind);
    /* nobody waits for a rule, and there may be a million */
    if (!rule)
        pthread_cond_broadcast(&worker->changed);
    pthread_mutex_unlock(&worker->lock);
    return status;
}
