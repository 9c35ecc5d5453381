/* SPDX-License-Identifier: Apache-2.0 */
/* budget.c - what a job may use, whether it uses more, and how that is said:
 * always with the limit, its value and the key of the configuration. */
#include <stddef.h>
#include <string.h>

#include "engine/launch/task.h"
#include "engine/worker/sweep.h"
#include "sdk/base/clock.h"
#include "sdk/document/document.h"

#define BUDGET_MB (INT64_C(1024) * 1024)
#define BUDGET_LOOK_MS 200 /* between looks at how many processes there are */
#define BUDGET_COUNT_MS 5000 /* until they are counted in any case */

/* A limit, as the configuration has it. */
struct budget_key {
    const char *name;
    size_t offset; /* in struct job_limits */
    int64_t unit;
    bool process;  /* of processes: threads go without */
};

#define BUDGET_AT(member) offsetof(struct job_limits, member)

static const struct budget_key budget_keys[] = {
    {"wall", BUDGET_AT(wall_ms), 1000, false},
    {"memory_mb", BUDGET_AT(memory_bytes), BUDGET_MB, true},
    {"cpu", BUDGET_AT(cpu_seconds), 1, true},
    {"file_mb", BUDGET_AT(file_bytes), BUDGET_MB, true},
    {"files", BUDGET_AT(files), 1, true},
    {"processes", BUDGET_AT(processes), 1, true},
    {"results", BUDGET_AT(results), 1, false},
    {"result_mb", BUDGET_AT(result_bytes), BUDGET_MB, false},
    {"artifacts", BUDGET_AT(artifacts), 1, false},
    {"artifact_mb", BUDGET_AT(artifact_bytes), BUDGET_MB, false}};

#define BUDGET_KEYS (sizeof(budget_keys) / sizeof(budget_keys[0]))

static int64_t *budget_at(struct job_limits *limits,
                          const struct budget_key *key)
{
    return (int64_t *)(void *)((char *)limits + key->offset);
}

struct job_limits conduct_limits(const struct plugin_entry *plugin,
                                 const struct job_limits *all)
{
    const bson_t *own = plugin && plugin->spec ? plugin->spec->limits : NULL;
    struct job_limits out = *all;

    for (size_t i = 0; own && i < BUDGET_KEYS; i++) {
        const struct budget_key *key = &budget_keys[i];
        const int64_t value = document_int(own, key->name, -1);

        if (value >= 0)
            *budget_at(&out, key) = value * key->unit;
    }
    return out;
}

/* ---- saying it ----------------------------------------------------------- */

void budget_put(struct job_limits limits, bool processes, bson_t *out)
{
    for (size_t i = 0; i < BUDGET_KEYS; i++) {
        const struct budget_key *key = &budget_keys[i];
        const int64_t value = *budget_at(&limits, key);

        if (value > 0 && (processes || !key->process))
            BSON_APPEND_INT64(out, key->name, value / key->unit);
    }
}

static void budget_hint(const struct task *task, const char *key,
                        engine_error *err)
{
    engine_hint(err, "raise %s (for this scanner alone: in plugins, { name = "
                "\"%s\"; limits = { ... }; }), or select fewer rules",
                key, task->name);
}

void budget_fail(const struct task *task, const char *did, int64_t limit,
                 const char *what, const char *key, engine_error *err)
{
    engine_fail(err, ENGINE_ELIMIT, "scanner \"%s\" %s more than %lld %s (%s)",
                task->name, did, (long long)limit, what, key);
    budget_hint(task, key, err);
}

void budget_late(const struct task *task, engine_error *err)
{
    const char *key = task->job->wall_key ? task->job->wall_key
                                          : "limits.wall";
    const int64_t seconds = (task->job->limits.wall_ms + 999) / 1000;

    engine_fail(err, ENGINE_ETIMEOUT,
                "scanner \"%s\" did not finish within %lld s%s%s%s",
                task->name, (long long)seconds, *key ? " (" : "", key,
                *key ? ")" : "");
    if (*key)
        budget_hint(task, key, err);
}

/* What the kernel refuses is an error of the plugin's call, which the plugin
 * reports in its words: those of strerror(3), most of the time. */
void budget_explain(const struct task *task, engine_error *err)
{
    const struct job_limits *limits = &task->job->limits;
    const struct {
        int64_t value;
        const char *key, *unit;
        const char *words[2];
    } known[] = {
        {limits->memory_bytes / BUDGET_MB, "limits.memory_mb", "MiB",
         {"out of memory", "Cannot allocate memory"}},
        {limits->file_bytes / BUDGET_MB, "limits.file_mb", "MiB",
         {"File too large", "file too large"}},
        {limits->files, "limits.files", "open files",
         {"Too many open files", "too many open files"}},
        /* fork(2), where RLIMIT_NPROC binds: not root */
        {task_user(task) ? limits->processes : 0, "limits.processes",
         "processes", {"Resource temporarily unavailable", "cannot fork"}},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        bool said = i == 0 && err->status == ENGINE_ENOMEM;

        for (size_t w = 0; w < 2; w++)
            said = said || strstr(err->message, known[i].words[w]);
        if (!said || known[i].value <= 0)
            continue;
        engine_hint(err, "its limit is %lld %s (%s); raise it, for this "
                    "scanner alone in its group of plugins",
                    (long long)known[i].value, known[i].unit, known[i].key);
        return;
    }
}

/* ---- processes ----------------------------------------------------------- */

/* Before there is a worker: it may be quicker than our first look at it. */
void budget_begin(struct task *task)
{
    task->tasks_least = sweep_tasks();
    task->count_ms = clock_steady_ms() + BUDGET_COUNT_MS;
}

bool budget_forked(struct task *task, engine_error *err)
{
    const struct launcher_ops *ops = task->launch.launcher->ops;
    const int64_t limit = task->job->limits.processes;
    const int64_t now = clock_steady_ms();
    int64_t tasks;

    if (limit <= 0 || !ops->processes || now < task->look_ms)
        return false;
    task->look_ms = now + BUDGET_LOOK_MS;
    /* counting one worker's is dear: only when so many more are there, and now
     * and then, since others may have ended meanwhile */
    tasks = sweep_tasks();
    if (tasks < task->tasks_least)
        task->tasks_least = tasks;
    if (tasks - task->tasks_least < limit / 2 && now < task->count_ms)
        return false;
    task->count_ms = now + BUDGET_COUNT_MS;
    if (ops->processes(&task->launch) <= limit)
        return false;
    budget_fail(task, "had", limit, "processes at once", "limits.processes",
                err);
    return true;
}

bool budget_grown(struct task *task, engine_error *err)
{
    const struct launcher_ops *ops = task->launch.launcher->ops;
    const int64_t limit = task->job->limits.memory_bytes;
    const int64_t before = clock_steady_ms();
    bool grown;

    if (limit <= 0 || !ops->memory || before < task->weigh_ms)
        return false;
    grown = ops->memory(&task->launch, limit) > limit;
    /* a close look at many large processes takes a while */
    task->weigh_ms = clock_steady_ms();
    task->weigh_ms += BUDGET_LOOK_MS + 20 * (task->weigh_ms - before);
    if (grown)
        budget_fail(task, "took", limit / BUDGET_MB,
                    "MiB of memory in all its processes", "limits.memory_mb",
                    err);
    return grown;
}

bool budget_burned(struct task *task, engine_error *err)
{
    const struct launcher_ops *ops = task->launch.launcher->ops;
    const int64_t limit = task->job->limits.cpu_seconds;
    const int64_t now = clock_steady_ms();

    if (limit <= 0 || !ops->seconds || now < task->time_ms)
        return false;
    task->time_ms = now + BUDGET_LOOK_MS;
    if (ops->seconds(&task->launch) <= limit)
        return false;
    budget_fail(task, "used", limit, "s of processor time", "limits.cpu", err);
    return true;
}
