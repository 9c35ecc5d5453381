/* SPDX-License-Identifier: Apache-2.0 */
/* scene.c - a job of scan-conform: which check, with what, and its outcome. */
#include "engine/conform/scene.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sdk/base/alloc.h"
#include "sdk/base/file.h"
#include "sdk/document/document.h"

#define SCENE_MEMORY ((size_t)256 << 20)
#define SCENE_PATIENCE_MS 5000

/* ---- the outcome --------------------------------------------------------- */

static void scene_send(struct worker *worker, const char *kind,
                       const bson_t *document)
{
    bson_t frame;

    frame_init(&frame, "document");
    BSON_APPEND_UTF8(&frame, "kind", kind);
    BSON_APPEND_DOCUMENT(&frame, "document", document);
    (void)worker_send(worker, &frame);
    bson_destroy(&frame);
}

/* What a scanner has said may be anything: only text leaves. */
static void scene_append(bson_t *out, const char *key, const char *text)
{
    size_t len = strlen(text);

    while (len && !bson_utf8_validate(text, len, false))
        len--;
    bson_append_utf8(out, key, -1, text, (int)len);
}

static void scene_send_note(struct worker *worker, const char *text)
{
    bson_t note = BSON_INITIALIZER;

    scene_append(&note, "text", text);
    scene_send(worker, "note", &note);
    bson_destroy(&note);
}

static void scene_send_outcome(struct worker *worker, const char *state,
                               const char *why, bool fatal)
{
    bson_t outcome = BSON_INITIALIZER;

    BSON_APPEND_UTF8(&outcome, "state", state);
    scene_append(&outcome, "why", why);
    BSON_APPEND_BOOL(&outcome, "fatal", fatal);
    scene_send(worker, "outcome", &outcome);
    bson_destroy(&outcome);
}

void scene_note(struct scene *scene, const char *format, ...)
{
    char text[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    scene_send_note(scene->worker, text);
}

void scene_fail(struct scene *scene, const char *format, ...)
{
    char text[sizeof(scene->why)];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (scene->failed && strcmp(scene->why, text) != 0)
        scene_send_note(scene->worker, text);
    else if (!scene->failed)
        memcpy(scene->why, text, sizeof(text));
    scene->failed = true;
}

void scene_skip(struct scene *scene, const char *format, ...)
{
    va_list args;

    if (scene->failed)
        return;
    va_start(args, format);
    vsnprintf(scene->why, sizeof(scene->why), format, args);
    va_end(args);
    scene->skipped = true;
}

void scene_give_up(struct worker *worker, const char *format, ...)
{
    char text[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    scene_send_outcome(worker, "not ok", text, true);
    _exit(0);
}

void scene_judge(struct scene *scene, const struct mock *mock,
                 enum mock_kind kind)
{
    const struct mock_breach *breach = &mock->breaches[kind];

    if (breach->count > 1)
        scene_fail(scene, "%s (and %u more)", breach->first,
                   breach->count - 1);
    else if (breach->count)
        scene_fail(scene, "%s", breach->first);
}

/* ---- trials -------------------------------------------------------------- */

bool trial_prepare(struct trial *trial, struct scene *scene,
                   uint32_t host_size)
{
    engine_error err = {0};

    *trial = (struct trial){.scene = scene};
    trial->err = mock_guard(sizeof(*trial->err));
    if (trial->err && mock_open(&trial->mock, scene->worker, scene->ops,
                                host_size, &err) == ENGINE_OK)
        return true;
    trial_close(trial);
    scene_fail(scene, "out of memory");
    return false;
}

/* One line of UTF-8 within the size that was given for it. */
static bool trial_is_line(const char *text, size_t size)
{
    const size_t len = strnlen(text, size);

    return len < size && host_text(text, size) && !strpbrk(text, "\r\n");
}

static void trial_check_error(struct trial *trial, const char *name)
{
    const struct scanner_error *err = trial->err;
    struct mock *mock = &trial->mock;
    const size_t len = strnlen(err->message, sizeof(err->message));

    if (trial->code == SCANNER_OK)
        return;
    if (trial->code > 0 || trial->code < ENGINE_EAWAY)
        mock_breach(mock, MOCK_WORDS, "%s returned %d, which is no status",
                    name, trial->code);
    if (!trial_is_line(err->message, sizeof(err->message)) ||
        !trial_is_line(err->hint, sizeof(err->hint)))
        mock_breach(mock, MOCK_WORDS, "%s failed with a message or hint that "
                    "is not one line of UTF-8 in its field", name);
    else if (!len && trial->code != SCANNER_ECANCELLED)
        mock_breach(mock, MOCK_WORDS, "%s failed with status %d and gave no "
                    "message", name, trial->code);
    else if (len > 1 && err->message[0] >= 'A' && err->message[0] <= 'Z' &&
             err->message[1] >= 'a' && err->message[1] <= 'z')
        mock_breach(mock, MOCK_WORDS, "%s failed with a message that begins "
                    "with a capital letter: %.300s", name, err->message);
    else if (len && err->message[len - 1] == '.')
        mock_breach(mock, MOCK_WORDS, "%s failed with a message that ends "
                    "with a full stop: %.300s", name, err->message);
    if (err->size != sizeof(*err))
        mock_breach(mock, MOCK_WORDS, "%s changed the size of the error that "
                    "it was given", name);
}

const char *trial_said(const struct trial *trial)
{
    const char *text = trial->err->message;

    if (!text[0] || !trial_is_line(text, sizeof(trial->err->message)))
        return "it gave no message";
    return text;
}

bool trial_init(struct trial *trial)
{
    struct scene *scene = trial->scene;
    struct scanner_config config = {.size = sizeof(config)};

    config.options.data = bson_get_data(&scene->options);
    config.options.len = scene->options.len;
    *trial->err = (struct scanner_error){.size = sizeof(*trial->err)};
    trial->mock.phase = WORKER_INIT;
    trial->code = scene->ops->init(trial->mock.host, &config, &trial->self,
                                   trial->err);
    trial->mock.phase = WORKER_LOADING;
    trial->ready = trial->code == SCANNER_OK;
    trial_check_error(trial, "init");
    return trial->ready;
}

bool trial_open_on(struct trial *trial, struct scene *scene,
                   uint32_t host_size)
{
    if (!trial_prepare(trial, scene, host_size))
        return false;
    if (trial_init(trial))
        return true;
    scene_fail(scene, "init failed with status %d: %s", trial->code,
               trial_said(trial));
    trial_close(trial);
    return false;
}

bool trial_open(struct trial *trial, struct scene *scene)
{
    return trial_open_on(trial, scene, sizeof(struct scanner_host));
}

void trial_close(struct trial *trial)
{
    trial->mock.phase = WORKER_ENDING;
    if (trial->ready)
        trial->scene->ops->destroy(trial->self);
    trial->ready = false;
    mock_close(&trial->mock);
    mock_unguard(trial->err, sizeof(*trial->err));
    trial->err = NULL;
}

struct trial_input trial_usual(const struct scene *scene)
{
    return (struct trial_input){.target = &scene->target,
                                .rules = scene->rules,
                                .rules_count = scene->rules_count};
}

static struct scanner_doc trial_borrow(const bson_t *document)
{
    struct scanner_doc out = {0};

    if (document) {
        out.data = bson_get_data(document);
        out.len = document->len;
    }
    return out;
}

static void trial_operate(struct trial *trial, const char *name,
                          trial_operation operation,
                          const struct scanner_job *job)
{
    engine_error err = {0};

    *trial->err = (struct scanner_error){.size = sizeof(*trial->err)};
    if (mock_begin(&trial->mock, job, &err) < 0) {
        scene_fail(trial->scene, "%s", err.message);
        trial->code = SCANNER_ENOMEM;
        return;
    }
    trial->code = operation(trial->self, job, trial->err);
    (void)mock_begin(&trial->mock, NULL, NULL);
    trial_check_error(trial, name);
}

int32_t trial_run(struct trial *trial, const char *name,
                  trial_operation operation, const struct trial_input *input)
{
    const struct worker *worker = trial->scene->worker;
    bson_t none = BSON_INITIALIZER;
    engine_error err = {0};
    char *workdir = NULL;

    if (file_make_temporary(worker->workdir, "job-", &workdir, &err) < 0) {
        scene_fail(trial->scene, "%s", err.message);
        return trial->code = SCANNER_EIO;
    }
    trial_operate(trial, name, operation,
                  &(struct scanner_job){
                      .size = sizeof(struct scanner_job),
                      .parallel = 1,
                      .target = trial_borrow(input->target),
                      .variables = trial_borrow(&none),
                      .request = trial_borrow(input->request ? input->request
                                                             : &none),
                      .rules = input->rules,
                      .rules_count = input->rules_count,
                      .rules_stride = sizeof(struct scanner_doc),
                      .workdir = workdir,
                      .cachedir = worker->cachedir,
                      .internal = trial->scene->worker,
                  });
    (void)file_remove_tree(workdir, NULL);
    engine_free(workdir);
    bson_destroy(&none);
    return trial->code;
}

int32_t trial_scan(struct trial *trial, const struct trial_input *input)
{
    return trial_run(trial, "scan", trial->scene->ops->scan, input);
}

/* ---- the job ------------------------------------------------------------- */

struct scene_check {
    const char *name;
    void (*run)(struct scene *scene);
    bool loads; /* the module is opened before */
};

static const struct scene_check scene_checks[] = {
    {"permissions", check_permissions, false},
    {"symbols", check_symbols, false},
    {"loads", check_loads, false},
    {"table", check_table, false},
    {"init", check_init, true},
    {"destroy-null", check_destroy_null, true},
    {"cycles", check_cycles, true},
    {"instances", check_instances, true},
    {"operations", check_operations, true},
    {"no-rules", check_no_rules, true},
    {"rules", check_rules, true},
    {"form", check_form, true},
    {"ids", check_ids, true},
    {"silent", check_silent, true},
    {"messages", check_messages, true},
    {"garbage", check_garbage, true},
    {"unreachable", check_unreachable, true},
    {"cancel", check_cancel, true},
    {"emit", check_emit, true},
    {"old-host", check_old_host, true},
    {"tidy", check_tidy, true},
};

static engine_status scene_load(struct scene *scene, engine_error *err)
{
    struct worker *worker = scene->worker;
    engine_status status = loader_open(
        scene->path, document_string(&worker->job, "plugin.sha256"),
        &scene->module, err);
    bson_t given;

    if (status < 0)
        return status;
    scene->ops = loader_ops(scene->module);
    if (document_child(&worker->job, "options", &given) &&
        !bson_empty(&given)) {
        bson_destroy(&scene->options);
        bson_copy_to(&given, &scene->options);
    } else {
        status = describe_options(scene->ops, &scene->options, err);
    }
    return status == ENGINE_OK ? input_read(scene, err) : status;
}

static void scene_clear(struct scene *scene)
{
    loader_close(scene->module);
    bson_destroy(&scene->options);
    bson_destroy(&scene->target);
    arena_clear(&scene->memory);
}

static engine_status scene_run(struct scene *scene,
                               const struct scene_check *check,
                               engine_error *err)
{
    engine_status status = ENGINE_OK;

    if (check->loads)
        status = scene_load(scene, err);
    if (status < 0)
        return status;
    check->run(scene);
    scene_send_outcome(scene->worker,
                       scene->failed    ? "not ok"
                       : scene->skipped ? "skip"
                                        : "ok",
                       scene->why, scene->fatal);
    return ENGINE_OK;
}

engine_status scene_serve(struct worker *worker, const char *op,
                          engine_error *err)
{
    const size_t count = sizeof(scene_checks) / sizeof(scene_checks[0]);
    const char *name = document_string(&worker->job, "request.check");
    struct scene scene = {
        .worker = worker,
        .path = document_string(&worker->job, "plugin.path"),
        .patience_ms = document_int(&worker->job, "request.patience_ms",
                                    SCENE_PATIENCE_MS)};
    engine_status status = worker_await_start(worker, err);

    if (status < 0)
        return status;
    bson_init(&scene.options);
    bson_init(&scene.target);
    arena_init(&scene.memory, SCENE_MEMORY);
    status = engine_fail(err, ENGINE_EUNSUPPORTED, "there is no check \"%s\" "
                         "for op \"%s\"", name ? name : "", op);
    for (size_t i = 0; name && i < count; i++)
        if (strcmp(scene_checks[i].name, name) == 0)
            status = scene_run(&scene, &scene_checks[i], err);
    scene_clear(&scene);
    return status;
}
