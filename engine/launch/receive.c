/* SPDX-License-Identifier: Apache-2.0 */
/* receive.c - what a worker says is checked again here: a plugin may have
 * overwritten anything in its own process. */
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <engine/scanner.h>

#include "engine/launch/task.h"
#include "sdk/base/clock.h"
#include "sdk/document/document.h"

#define RECEIVE_CLOSE_MS 5000 /* between a worker's last word and its end */
#define RECEIVE_MB (1024 * 1024)
#define RECEIVE_WARNING_MAX 1024 /* scanner.h */

/* A failing callback ends the job with its error. */
static void receive_status(struct task *task, engine_status status,
                           engine_error *err)
{
    if (status == ENGINE_OK)
        return;
    err->status = status;
    task_kill(task, err);
}

/* True when the store is away for now: the frame waits, and all behind it. */
static bool receive_stall(struct task *task, engine_status status,
                          const engine_error *err)
{
    task->stalled = status < 0 && err->status == status && !task->stopping &&
                    conduct_away(task->conduct, err);
    return task->stalled;
}

/* The rule of a frame, when it may still be spoken of, and where its state is;
 * NULL: it is a finding. */
static const char *receive_rule(struct task *task, const bson_t *frame,
                                bool findings, void ***state)
{
    const char *id = document_string(frame, "rule_id");

    if (!id || !id[0]) {
        task_violation(task, "reported on a rule without an id");
        return NULL;
    }
    *state = table_at(&task->rules, id, &task->rule_guess);
    if (*state && **state == TASK_RULE_ENDED) {
        task_violation(task, "reported on rule \"%.200s\" after its end", id);
        return NULL;
    }
    if (!*state && !findings) {
        task_violation(task,
                       "reported on rule \"%.200s\", which is not in its job",
                       id);
        return NULL;
    }
    return id;
}

static bool receive_findings(const struct task *task)
{
    return (task->job->plugin->caps & SCANNER_CAP_FINDINGS) != 0;
}

static bool receive_verdict(struct task *task, const bson_t *frame,
                            int64_t lowest)
{
    const int64_t status = document_int(frame, "status", -1);

    if (status >= lowest && status <= SCANNER_FIXED)
        return true;
    task_violation(task, "gave a rule the unknown status %d", (int)status);
    return false;
}

static void receive_too_much(struct task *task, const char *did,
                             int64_t limit, const char *what, const char *key)
{
    engine_error err = {0};

    budget_fail(task, did, limit, what, key, &err);
    task->muted = true; /* what comes now counts no more */
    task_stop(task, &err);
}

static bool receive_within_limits(struct task *task, const bson_t *frame)
{
    const struct job_limits *limits = &task->job->limits;

    if (task->muted)
        return false;
    task->results += 1;
    task->result_bytes += frame->len;
    if (limits->results > 0 && task->results > limits->results)
        receive_too_much(task, "reported", limits->results, "results",
                         "limits.results");
    else if (limits->result_bytes > 0 &&
             task->result_bytes > limits->result_bytes)
        receive_too_much(task, "reported", limits->result_bytes / RECEIVE_MB,
                         "MiB of results", "limits.result_mb");
    return !task->muted;
}

static void receive_result(struct task *task, const bson_t *frame)
{
    const struct job *job = task->job;
    engine_error err = {0};
    void **state;

    if (!receive_rule(task, frame, receive_findings(task), &state) ||
        !receive_verdict(task, frame, SCANNER_PASS) ||
        !receive_within_limits(task, frame))
        return;
    if (job->on_result)
        receive_status(task, job->on_result(job->user, frame, &err), &err);
}

static void receive_rule_done(struct task *task, const bson_t *frame)
{
    const struct job *job = task->job;
    void **state;
    const char *id =
        receive_rule(task, frame, receive_findings(task), &state);
    engine_error err = {0};

    /* results over the limit were dropped: no rule may count any more */
    if (!id || !receive_verdict(task, frame, 0) || task->muted)
        return;
    if (state) {
        *state = TASK_RULE_ENDED;
    } else if (table_set(&task->rules, id, TASK_RULE_ENDED) < 0) {
        engine_fail_memory(&err);
        task_kill(task, &err);
        return;
    }
    if (job->on_rule_done)
        receive_status(task, job->on_rule_done(job->user, frame, &err), &err);
}

static void receive_document(struct task *task, const bson_t *frame)
{
    const struct job *job = task->job;
    const char *kind = document_string(frame, "kind");
    engine_error err = {0};
    bson_t document;

    if (!kind || !document_child(frame, "document", &document)) {
        task_violation(task, "sent an incomplete document");
        return;
    }
    if (!receive_within_limits(task, frame))
        return;
    if (job->on_document)
        receive_status(task,
                       job->on_document(job->user, kind, &document, &err),
                       &err);
}

/* ---- artifacts ---------------------------------------------------------- */

/* The name of a file in the workdir itself, where workers put what is kept;
 * NULL: the path leads anywhere else, or through anything. */
static const char *receive_name(const struct task *task, const char *path)
{
    const size_t len = strlen(task->workdir);
    const char *name = path + len + 1;

    if (strncmp(path, task->workdir, len) != 0 || path[len] != '/' ||
        !name[0] || strchr(name, '/') || strcmp(name, ".") == 0 ||
        strcmp(name, "..") == 0)
        return NULL;
    return name;
}

/* The worker may be another user's and change any name at any time: what is
 * open counts. A link, something that is no file or blocks, and another's file
 * by a hard link are refused. */
static bool receive_open(const struct task *task, const char *path,
                         struct store_file *out)
{
    const struct plugin_user *user = task_user(task);
    const uid_t owner = user ? user->uid : geteuid();
    const char *name = receive_name(task, path);
    struct stat info;

    *out = (struct store_file){.fd = -1, .path = path};
    if (!name)
        return false;
    out->fd = openat(task->workdir_fd, name,
                     O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY |
                         O_CLOEXEC);
    if (out->fd >= 0 && fstat(out->fd, &info) == 0 && S_ISREG(info.st_mode) &&
        info.st_uid == owner && info.st_nlink == 1) {
        out->size = info.st_size;
        return true;
    }
    if (out->fd >= 0)
        close(out->fd);
    return false;
}

/* A copy that the worker made. */
static void receive_drop(const struct task *task, struct store_file *file)
{
    (void)unlinkat(task->workdir_fd, receive_name(task, file->path), 0);
    close(file->fd);
}

static bool receive_room_for(struct task *task, const struct store_file *file)
{
    const struct job_limits *limits = &task->job->limits;

    task->artifacts += 1;
    task->artifact_bytes += file->size;
    if (limits->artifacts > 0 && task->artifacts > limits->artifacts)
        receive_too_much(task, "kept", limits->artifacts, "files",
                         "limits.artifacts");
    else if (limits->artifact_bytes > 0 &&
             task->artifact_bytes > limits->artifact_bytes)
        receive_too_much(task, "kept", limits->artifact_bytes / RECEIVE_MB,
                         "MiB of files", "limits.artifact_mb");
    else
        return true;
    return false;
}

static void receive_keep(struct task *task, const bson_t *frame,
                         struct store_file *file)
{
    struct store *store = task->conduct->options.store;
    const struct job *job = task->job;
    const char *id = document_string(frame, "id");
    const char *name = document_string(frame, "name");
    const char *type = document_string(frame, "media_type");
    char stored[HASH_HEX_SIZE] = "";
    engine_status status = ENGINE_OK;
    engine_error err = {0};

    if (store)
        status = store_artifact_put_file(store, file, name, type, stored,
                                         &err);
    else
        status = hash_open_file(file->fd, file->size, file->path, stored,
                                &err);
    task->counted = receive_stall(task, status, &err);
    if (task->counted) {
        close(file->fd);
        return;
    }
    receive_drop(task, file);
    if (status == ENGINE_OK && strcmp(stored, id) != 0) {
        task_violation(task, "changed the file \"%s\" while it was kept",
                       name);
        return;
    }
    if (status == ENGINE_OK && job->on_artifact)
        status = job->on_artifact(job->user, id, name, type, &err);
    receive_status(task, status, &err);
}

static void receive_artifact(struct task *task, const bson_t *frame)
{
    const char *path = document_string(frame, "path");
    struct store_file file;

    if (!path || !document_string(frame, "id") ||
        !document_string(frame, "name") ||
        !document_string(frame, "media_type") ||
        !receive_open(task, path, &file))
        task_violation(task, "named a file outside its directory");
    else if (task->counted || receive_room_for(task, &file))
        receive_keep(task, frame, &file);
    else
        receive_drop(task, &file);
}

/* ---- effects ------------------------------------------------------------ */

static void receive_effect(struct task *task, const bson_t *frame)
{
    const char *id = document_string(frame, "id");
    engine_status status;
    engine_error err = {0};
    bson_t undo, answer;

    if (!id || strlen(id) > 64 || !document_child(frame, "undo", &undo)) {
        task_violation(task, "sent an incomplete effect");
        return;
    }
    status = effect_open(task, id, &undo, &err);
    if (receive_stall(task, status, &err))
        return;
    if (status == ENGINE_OK) {
        frame_init(&answer, "effect_ok");
        BSON_APPEND_UTF8(&answer, "id", id);
        (void)channel_send(&task->launch.channel, &answer, NULL);
        bson_destroy(&answer);
    }
    receive_status(task, status, &err);
}

static void receive_effect_undone(struct task *task, const bson_t *frame)
{
    const char *id = document_string(frame, "id");
    engine_status status = ENGINE_OK;
    engine_error err = {0};

    if (!id) {
        task_violation(task, "undid an effect without an id");
        return;
    }
    if (task->conduct->options.store)
        status = effect_close(task->conduct->options.store, id, task->name,
                              &err);
    if (!receive_stall(task, status, &err))
        receive_status(task, status, &err);
}

/* ---- the rest ----------------------------------------------------------- */

static void receive_progress(struct task *task, const bson_t *frame)
{
    const struct job *job = task->job;
    const char *what = document_string(frame, "what");

    if (job->on_progress)
        job->on_progress(job->user, document_int(frame, "done", 0),
                         document_int(frame, "expected", 0),
                         what ? what : "");
}

static void receive_log(struct task *task, const bson_t *frame)
{
    const int64_t level = document_int(frame, "level", LOG_LEVEL_INFO);
    const char *text = document_string(frame, "text");

    if (text && level >= LOG_LEVEL_ERROR && level <= LOG_LEVEL_DEBUG)
        log_write(task->conduct->options.log, (enum log_level)level, "%s: %s",
                  task->name, text);
}

static void receive_warning(struct task *task, const bson_t *frame)
{
    const struct job *job = task->job;
    const char *message = document_string(frame, "message");
    engine_error err = {0};

    if (!message || !*message || strlen(message) > RECEIVE_WARNING_MAX)
        task_violation(task, "gave a warning without a proper message");
    else if (job->on_warning)
        receive_status(task, job->on_warning(job->user, message, &err), &err);
    else
        log_write(task->conduct->options.log, LOG_LEVEL_WARNING, "%s: %s",
                  task->name, message);
}

static void receive_done(struct task *task, const bson_t *frame)
{
    const struct job *job = task->job;
    const int64_t status = document_int(frame, "status", 1);
    const char *message = document_string(frame, "message");
    const char *hint = document_string(frame, "hint");
    engine_error err = {0};
    bson_t description;

    if (status > 0 || status < ENGINE_EFULL) {
        task_violation(task, "ended with the unknown status %d", (int)status);
        return;
    }
    if (document_child(frame, "description", &description) &&
        job->on_document)
        receive_status(task, job->on_document(job->user, "description",
                                              &description, &err), &err);
    task->state = TASK_DONE;
    if (task->stopping || task->killed) {
        /* why we ended it is known */
    } else if (status == ENGINE_ECANCELLED && task_is_late(task, &err)) {
        task->error = err; /* the worker's clock was the faster one */
    } else if (status < 0) {
        engine_fail(&task->error, (engine_status)status, "%s",
                    message ? message : "no reason given");
        engine_hint(&task->error, "%s", hint ? hint : "");
        budget_explain(task, &task->error);
    }
    /* the worker waits for this, then ends */
    (void)shutdown(task->launch.channel.fd, SHUT_WR);
    task->launch.channel.deaf = true;
    task->kill_ms = clock_steady_ms() + RECEIVE_CLOSE_MS;
}

void task_receive(struct task *task, const bson_t *frame)
{
    static const struct {
        const char *kind;
        void (*take)(struct task *task, const bson_t *frame);
    } kinds[] = {
        {"result", receive_result},
        {"rule_done", receive_rule_done},
        {"log", receive_log},
        {"warning", receive_warning},
        {"progress", receive_progress},
        {"document", receive_document},
        {"artifact", receive_artifact},
        {"effect", receive_effect},
        {"effect_undone", receive_effect_undone},
        {"done", receive_done},
    };
    const char *kind = frame_kind(frame);

    if (task->state == TASK_DONE) {
        task_violation(task, "went on after its last word");
        return;
    }
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(kind, kinds[i].kind) == 0) {
            kinds[i].take(task, frame);
            return;
        }
    }
    task_violation(task, "sent an unknown frame \"%.64s\"", kind);
}
