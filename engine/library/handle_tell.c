/* SPDX-License-Identifier: Apache-2.0 */
/* handle_tell.c - what a scan tells whoever embeds the engine. */
#include <stdio.h>

#include "engine/library/handle.h"
#include "sdk/base/clock.h"
#include "sdk/document/document.h"

#define SCAN_TELL_MS 100 /* between two words of progress */

int handle_is_cancelled(void *user)
{
    struct engine_scan *scan = user;

    return atomic_load(&scan->cancelled);
}

static void tell_note(struct engine_scan *scan, int32_t answer)
{
    if (answer)
        atomic_store(&scan->cancelled, 1);
}

void handle_on_begin(const char *scan_id, void *user)
{
    struct engine_scan *scan = user;

    pthread_mutex_lock(&scan->lock);
    snprintf(scan->id, sizeof(scan->id), "%s", scan_id);
    pthread_cond_broadcast(&scan->changed);
    pthread_mutex_unlock(&scan->lock);
}

void handle_on_progress(const struct scan_progress *from, void *user)
{
    struct engine_scan *scan = user;
    const int64_t now = clock_steady_ms();
    const struct engine_progress to = {.size = sizeof(to),
                                       .rules = from->rules_total,
                                       .rules_done = from->rules_done,
                                       .passed = from->passed,
                                       .failed = from->failed,
                                       .errors = from->errors,
                                       .elapsed_ms = from->elapsed_ms,
                                       .left_ms = from->left_ms,
                                       .what = from->what};

    if (!scan->callbacks.progress ||
        (from->rules_done < from->rules_total &&
         now - scan->told_ms < SCAN_TELL_MS))
        return;
    scan->told_ms = now;
    tell_note(scan, scan->callbacks.progress(&to, scan->callbacks.user));
}

static engine_status tell_document(struct engine_scan *scan,
                                   int32_t (*fn)(const char *json, void *user),
                                   const bson_t *document, engine_error *err)
{
    engine_status status;

    buffer_reset(&scan->text);
    (void)document_to_json(document, 0, &scan->text);
    status = buffer_status(&scan->text, err);
    if (status == ENGINE_OK)
        tell_note(scan, fn(scan->text.data, scan->callbacks.user));
    return status;
}

engine_status handle_on_result(const bson_t *result, void *user,
                               engine_error *err)
{
    struct engine_scan *scan = user;

    return tell_document(scan, scan->callbacks.result, result, err);
}

engine_status handle_on_verdict(const bson_t *verdict, void *user,
                                engine_error *err)
{
    struct engine_scan *scan = user;

    return tell_document(scan, scan->callbacks.verdict, verdict, err);
}
