/* SPDX-License-Identifier: Apache-2.0 */
/* warning.c - what scanners say about a whole scan: kept with it, in bounds. */
#include <string.h>

#include "engine/scan/run.h"

#define WARNING_MAXIMUM 100 /* of one scan */

/* Of a list of the store: what a scanner said, not the summary's own. */
static bool warning_read(const bson_iter_t *iter, bson_t *out)
{
    return document_iter_child(iter, out) &&
           document_string(out, "scanner") && document_string(out, "message");
}

static bool warning_equals(const bson_t *item, const char *field,
                           const char *text)
{
    const char *have = document_string(item, field);

    return have && strcmp(have, text) == 0;
}

static bool warning_is_known(const struct scan_group *group,
                             const char *message)
{
    bson_iter_t iter;
    bson_t item;

    if (!group->run->warnings_count ||
        !bson_iter_init(&iter, &group->run->warnings))
        return false;
    while (bson_iter_next(&iter))
        if (document_iter_child(&iter, &item) &&
            warning_equals(&item, "message", message) &&
            warning_equals(&item, "scanner", group->plugin->spec->name) &&
            warning_equals(&item, "target", group->target_id))
            return true;
    return false;
}

static void warning_append(struct scan_run *run, const char *scanner,
                           const char *target, const char *message)
{
    const char *key;
    char number[16];
    bson_t item;

    if (!run->warnings_count)
        bson_init(&run->warnings);
    bson_uint32_to_string(run->warnings_count++, &key, number,
                          sizeof(number));
    BSON_APPEND_DOCUMENT_BEGIN(&run->warnings, key, &item);
    BSON_APPEND_UTF8(&item, "message", message);
    BSON_APPEND_UTF8(&item, "scanner", scanner);
    if (target)
        BSON_APPEND_UTF8(&item, "target", target);
    bson_append_document_end(&run->warnings, &item);
}

/* An engine that is killed leaves them behind. A store that is away gets them
 * with the summary. */
static engine_status warning_store(struct scan_run *run, engine_error *err)
{
    bson_t changes = BSON_INITIALIZER;
    engine_error why = {0};
    engine_status status;

    BSON_APPEND_ARRAY(&changes, "warnings", &run->warnings);
    status = run->delivery.away
                 ? ENGINE_OK
                 : scan_document_update(run->context->store, run->scan_id,
                                        run->owner, &changes, &why);
    bson_destroy(&changes);
    /* lost or deleted: the next look at the lease ends the run */
    if (status >= 0 || status == ENGINE_EDENIED ||
        status == ENGINE_ENOTFOUND || scan_deliver_away(run, &why))
        return ENGINE_OK;
    if (err)
        *err = why;
    return status;
}

engine_status scan_warning_add(void *user, const char *message,
                               engine_error *err)
{
    struct scan_group *group = user;
    struct scan_run *run = group->run;
    const char *scanner = group->plugin->spec->name;

    if (run->warnings_count > WARNING_MAXIMUM ||
        warning_is_known(group, message))
        return ENGINE_OK;
    if (run->warnings_count == WARNING_MAXIMUM)
        warning_append(run, scanner, NULL, "gave more warnings; they were "
                                           "left out");
    else
        warning_append(run, scanner, group->target_id, message);
    log_write(run->context->log, LOG_LEVEL_WARNING,
              "scanner \"%s\" on target \"%s\": %s", scanner,
              group->target_id, message);
    return warning_store(run, err);
}

void scan_warnings_take(const bson_t *scan, struct scan_run *run)
{
    bson_iter_t iter;
    bson_t list, item;

    if (!document_child(scan, "warnings", &list) ||
        !bson_iter_init(&iter, &list))
        return;
    while (bson_iter_next(&iter) && run->warnings_count <= WARNING_MAXIMUM)
        if (warning_read(&iter, &item))
            warning_append(run, document_string(&item, "scanner"),
                           document_string(&item, "target"),
                           document_string(&item, "message"));
}

uint32_t scan_warnings_append(const struct scan_run *run, bson_t *list)
{
    if (run->warnings_count)
        bson_concat(list, &run->warnings);
    return run->warnings_count;
}
