/* SPDX-License-Identifier: Apache-2.0 */
/* record.c - which directory a group's scanner records to. */
#include <ctype.h>
#include <string.h>

#include "engine/scan/run.h"
#include "sdk/base/alloc.h"

static size_t record_groups(const struct scan_run *run)
{
    size_t count = 0;

    for (size_t i = 0; i < run->groups_count; i++)
        if (run->groups[i]->plugin->caps & SCANNER_CAP_RECORDS)
            count++;
    return count;
}

engine_status scan_record_check(const struct scan_run *run, engine_error *err)
{
    if (!run->context->record || record_groups(run))
        return ENGINE_OK;
    engine_fail(err, ENGINE_EUNSUPPORTED,
                "no scanner of this scan can record what it reads");
    engine_hint(err, "leave --record out, or add a target whose scanner can, "
                     "such as kubernetes");
    return ENGINE_EUNSUPPORTED;
}

/* one recording per directory: several get one each, by their target's id */
engine_status scan_record_add(const struct scan_group *group, bson_t *request,
                              engine_error *err)
{
    const struct scan_run *run = group->run;
    const bool alone = record_groups(run) == 1;
    char *path, *name;

    if (!run->context->record ||
        !(group->plugin->caps & SCANNER_CAP_RECORDS))
        return ENGINE_OK;
    path = engine_strf("%s%s%s", run->context->record, alone ? "" : "/",
                       alone ? "" : group->target_id);
    if (!path)
        return engine_fail_memory(err);
    name = path + strlen(run->context->record) + !alone;
    for (; *name; name++)
        if (!isalnum((unsigned char)*name) && *name != '-' && *name != '_')
            *name = '_';
    BSON_APPEND_UTF8(request, "record", path);
    engine_free(path);
    return ENGINE_OK;
}
