/* SPDX-License-Identifier: Apache-2.0 */
/* dispatch.c - every group becomes a job; what they say goes to collect. */
#include <stdalign.h>
#include <string.h>
#include <unistd.h>

#include "engine/scan/run.h"
#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"

#define DISPATCH_LOOK_MS 1000 /* how often the lease is looked at */

/* the next rule document of a group: conduct.h, job.next_rule */
static int dispatch_next_rule(void *user, const bson_t **out,
                              engine_error *err)
{
    struct scan_group *group = user;
    engine_status status;

    if (group->next == group->units_count) {
        if (group->feed)
            scan_feed_clear(group->feed);
        return 0;
    }
    if (group->run->delivery.away)
        return JOB_RULE_LATER;
    if (!group->feed)
        group->feed = engine_calloc_aligned(alignof(struct scan_feed), 1,
                                            sizeof(*group->feed));
    if (!group->feed)
        return engine_fail_memory(err);
    status = scan_feed_rule(group->feed, group->run->context->store, group,
                            group->next, out, err);
    if (status < 0)
        return err && scan_deliver_away(group->run, err) ? JOB_RULE_LATER
                                                         : status;
    group->next++;
    return 1;
}

/* rules that plugins are done with and will report at the end of their job */
static int64_t dispatch_under_way(const struct scan_run *run)
{
    int64_t count = 0;

    for (size_t i = 0; i < run->groups_count; i++) {
        const struct scan_group *group = run->groups[i];
        if (!group->ended && group->units_told > group->units_done)
            count += group->units_told - group->units_done;
    }
    return count;
}

void scan_progress_tell(struct scan_run *run)
{
    struct scan_progress told = run->progress, *progress = &told;
    int64_t left;

    progress->rules_done += dispatch_under_way(run);
    if (progress->rules_done > progress->rules_total)
        progress->rules_done = progress->rules_total;
    left = progress->rules_total - progress->rules_done;
    progress->elapsed_ms = clock_steady_ms() - run->started_ms;
    progress->what = run->what;
    progress->left_ms =
        progress->rules_done
            ? progress->elapsed_ms * left / progress->rules_done
            : -1;
    if (run->context->on_progress)
        run->context->on_progress(progress, run->context->user);
}

static void dispatch_on_progress(void *user, int64_t done, int64_t expected,
                                 const char *what)
{
    struct scan_group *group = user;

    (void)expected;
    group->units_told = done;
    snprintf(group->run->what, sizeof(group->run->what), "%s",
             what ? what : "");
}

static engine_status dispatch_on_artifact(void *user, const char *id,
                                          const char *name,
                                          const char *media_type,
                                          engine_error *err)
{
    return scan_document_note_artifact(user, id, name, media_type, err);
}

/* a failure of the scan itself: kept once, ends everything */
static void dispatch_fail(struct scan_run *run, const engine_error *why)
{
    if (run->failure.status == ENGINE_OK)
        run->failure = *why;
    run->stop = true;
}

static void dispatch_rest(struct scan_group *group, const struct job_end *end)
{
    struct scan_run *run = group->run;
    const bool late = run->timed_out && end->started;
    const bool cancelled = end->error.status == ENGINE_ECANCELLED;
    engine_error why = {0};
    engine_status status;

    if (end->error.status == ENGINE_OK)
        status = scan_collect_rest(group, SCANNER_ERROR,
                                   "the scanner ended without a verdict for "
                                   "this rule", &why);
    else if (late)
        status = scan_collect_rest(group, SCANNER_ERROR,
                                   "the scan's time limit was reached before "
                                   "this rule was done", &why);
    else if (cancelled || !end->started)
        status = scan_collect_rest(group, SCANNER_NOTCHECKED,
                                   cancelled ? "the scan stopped before this "
                                               "rule was done"
                                             : end->error.message, &why);
    else
        status = scan_collect_rest(group, SCANNER_ERROR, end->error.message,
                                   &why);
    if (status < 0)
        dispatch_fail(run, &why);
}

static void dispatch_on_end(void *user, const struct job_end *end)
{
    struct scan_group *group = user;
    struct scan_run *run = group->run;
    const char *policy =
        document_string(&run->config, "options.on_scanner_error");

    group->end = *end;
    group->ended = true;
    dispatch_rest(group, end);
    if (end->error.status < 0 && end->error.status != ENGINE_ECANCELLED) {
        log_write(run->context->log, LOG_LEVEL_ERROR,
                  "scanner \"%s\" on target \"%s\": %s",
                  group->plugin->spec->name, group->target_id,
                  end->error.message);
        if (policy && strcmp(policy, "stop") == 0)
            run->stop = true;
    }
    scan_progress_tell(run);
}

static int dispatch_cancelled(void *user)
{
    struct scan_run *run = user;
    const int word = run->context->cancelled
                         ? run->context->cancelled(run->context->user)
                         : 0;

    if (word && !run->cancel) {
        run->cancel = true;
        run->suspend = word == SCAN_SUSPEND;
    }
    if (run->deadline_ms && clock_steady_ms() > run->deadline_ms)
        run->timed_out = true;
    if (scan_deliver_is_over(run))
        run->stop = true;
    return run->cancel || run->lost || run->stop || run->timed_out ||
           run->failure.status < 0;
}

static void dispatch_tick(void *user)
{
    struct scan_run *run = user;
    const int64_t now = clock_steady_ms();
    engine_error why = {0};
    engine_status status = ENGINE_OK;

    if (now - run->committed_ms >= 200)
        status = scan_collect_commit(run, &why);
    if (status == ENGINE_OK && !run->delivery.away &&
        now - run->checked_ms >= DISPATCH_LOOK_MS)
        status = scan_lease_check(run, &why);
    if (status < 0 && !scan_deliver_away(run, &why))
        dispatch_fail(run, &why);
    scan_progress_tell(run);
}

/* conduct.h: jobs wait with what needs the store */
static bool dispatch_away(void *user, const engine_error *why)
{
    struct scan_run *run = user;

    return why ? scan_deliver_away(run, why) : run->delivery.away;
}

static uint32_t dispatch_parallel(const struct scan_run *run)
{
    const int64_t asked = scan_option_int(&run->config, "shards");
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    size_t sharded = 0;

    if (asked > 0)
        return (uint32_t)asked;
    for (size_t i = 0; i < run->groups_count; i++)
        if (run->groups[i]->plugin->caps & SCANNER_CAP_SHARDED)
            sharded++;
    if (processors < 1 || !sharded || (size_t)processors <= sharded)
        return 1;
    return (uint32_t)((size_t)processors / sharded);
}

static engine_status dispatch_fill(struct scan_group *group,
                                   uint32_t parallel, engine_error *err)
{
    struct scan_run *run = group->run;
    const int64_t shards = scan_option_int(&run->config, "shards");
    struct job *job = &group->job;

    if (shards > 0)
        BSON_APPEND_INT64(&group->request, "shards", shards);
    if (run->selection.profile)
        BSON_APPEND_UTF8(&group->request, "profile", run->selection.profile);
    *job = (struct job){.plugin = group->plugin,
                        .op = "scan",
                        .scan_id = run->scan_id,
                        .target = group->target,
                        .variables = &run->selection.variables,
                        .request = &group->request,
                        .parallel = parallel,
                        .limits = conduct_limits(
                            group->plugin, &run->context->limits),
                        .artifacts = group->artifact_ids,
                        .user = group,
                        .next_rule = dispatch_next_rule,
                        .on_result = scan_collect_result,
                        .on_rule_done = scan_collect_rule_done,
                        .on_artifact = dispatch_on_artifact,
                        .on_progress = dispatch_on_progress,
                        .on_warning = scan_warning_add,
                        .on_end = dispatch_on_end};
    if (run->deadline_ms) {
        const int64_t left = run->deadline_ms - clock_steady_ms();
        const int64_t wall = left > 1 ? left : 1;
        if (!job->limits.wall_ms || wall < job->limits.wall_ms) {
            job->limits.wall_ms = wall;
            job->wall_key = "scan.options.timeout";
        }
    }
    return scan_record_add(group, &group->request, err);
}

void scan_dispatch_watch(struct scan_run *run)
{
    run->conduct.cancelled = dispatch_cancelled;
    run->conduct.tick = dispatch_tick;
    run->conduct.away = dispatch_away;
    run->conduct.user = run;
}

engine_status scan_dispatch(struct scan_run *run, engine_error *err)
{
    const uint32_t parallel = dispatch_parallel(run);
    struct conduct *conduct = NULL;
    engine_status status;

    status = conduct_new(&run->conduct, &conduct, err);
    for (size_t i = 0; status == ENGINE_OK && i < run->groups_count; i++) {
        status = dispatch_fill(run->groups[i], parallel, err);
        if (status == ENGINE_OK)
            status = conduct_add(conduct, &run->groups[i]->job, err);
    }
    if (status == ENGINE_OK)
        status = conduct_run(conduct, err);
    conduct_free(conduct);
    return status;
}
