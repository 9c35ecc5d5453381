/* SPDX-License-Identifier: Apache-2.0 */
/* conduct_stage.c - what tests of jobs on real workers need. */
#include "tests/unit/conduct_stage.h"

#include <dirent.h>
#include <inttypes.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sdk/base/alloc.h"
#include "sdk/base/file.h"
#include "sdk/document/document.h"
#include "tests/unit/skip.h"

static const char *stage_build(void)
{
    const char *build = getenv("SCAN_ENGINE_BUILD");

    return build ? build : ".";
}

static char *stage_absolute(const char *name)
{
    char *path = engine_strf("%s/%s", stage_build(), name);
    char *real = realpath(path, NULL);

    if (real) {
        engine_free(path);
        path = engine_strdup(real);
        free(real);
    }
    return path;
}

char *stage_plugin(const char *name)
{
    char *relative = engine_strf("tests/fixtures/plugins/.libs/%s.so", name);
    char *path = stage_absolute(relative);

    engine_free(relative);
    return path;
}

char *stage_worker(void)
{
    return stage_absolute("scan-worker");
}

char *stage_path(const struct stage *stage, const char *name)
{
    return engine_strf("%s/%s", stage->root, name);
}

static void stage_log(enum log_level level, const char *text, void *user)
{
    struct stage *stage = user;

    buffer_printf(&stage->logged, "%s %s\n", log_level_name(level), text);
}

/* Whoever runs this may have a build that "nobody" cannot reach: what his
 * workers need is in the stage's directory. */
static void stage_drop(struct stage *stage)
{
    const struct passwd *nobody = getpwnam("nobody");

    assert_non_null(nobody);
    stage->user = (struct plugin_user){.name = "nobody",
                                       .home = "/nonexistent",
                                       .uid = nobody->pw_uid,
                                       .gid = nobody->pw_gid};
    assert_int_equal(chmod(stage->root, 0711), 0);
}

void stage_give(const struct stage *stage, const char *path)
{
    if (stage->user.name)
        assert_int_equal(lchown(path, stage->user.uid, stage->user.gid), 0);
}

void stage_open(struct stage *stage, unsigned flags)
{
    engine_error err = {0};
    char *worker = stage_worker();
    struct launcher *launcher = NULL;
    engine_status status;

    if ((flags & STAGE_DROPPED) && geteuid() != 0)
        skip_since("only root can start workers as another user");
    memset(stage, 0, sizeof(*stage));
    buffer_init(&stage->logged, (size_t)16 << 20);
    assert_int_equal(file_make_temporary("/tmp", "conduct-", &stage->root,
                                         &err), ENGINE_OK);
    stage->log = (struct log){stage_log, stage, LOG_LEVEL_DEBUG};
    status = flags & STAGE_THREADS
                 ? launcher_thread_new(&launcher, &err)
                 : launcher_process_new(worker, &launcher, &err);
    if (status < 0)
        fail_msg("%s", err.message);
    engine_free(worker);
    if (flags & STAGE_STORE) {
        char *uri = engine_strf("sqlite:%s/engine.db", stage->root);
        status = store_open(uri, 0, NULL, &stage->store, &err);
        engine_free(uri);
        if (status < 0)
            fail_msg("%s", err.message);
    }
    stage->options = (struct conduct_options){
        .launcher = launcher,
        .store = stage->store,
        .log = &stage->log,
        .cache_directory = stage_path(stage, "cache"),
        .run_directory = stage_path(stage, "run"),
        .workers = 2,
        .grace_ms = 300,
    };
    if (flags & STAGE_DROPPED)
        stage_drop(stage);
}

/* Nothing but the lock of the directory itself. */
static void stage_check_clean(const struct stage *stage)
{
    DIR *folder = opendir(stage->options.run_directory);
    const struct dirent *entry;

    while (folder && (entry = readdir(folder)))
        if (entry->d_name[0] != '.' && strcmp(entry->d_name, "lock") != 0)
            fail_msg("%s was left in the run directory", entry->d_name);
    if (folder)
        closedir(folder);
}

void stage_close(struct stage *stage)
{
    if (stage->logged.data && strstr(stage->logged.data, "ended badly"))
        fail_msg("%s", stage->logged.data);
    stage_check_clean(stage);
    launcher_free(stage->options.launcher);
    store_close(stage->store);
    file_remove_tree(stage->root, NULL);
    engine_free((char *)stage->options.cache_directory);
    engine_free((char *)stage->options.run_directory);
    engine_free(stage->root);
    buffer_clear(&stage->logged);
}

/* ---- a trial ------------------------------------------------------------ */

static int trial_generate(struct trial *trial, const bson_t **out)
{
    char text[256];

    if ((int64_t)trial->rules_sent >= trial->generated)
        return 0;
    snprintf(text, sizeof(text),
             "{\"rule_id\": \"rule-%zu\", \"check_content\": %.128s}",
             trial->rules_sent++, trial->generated_check);
    bson_destroy(&trial->made);
    assert_int_equal(document_from_json(text, strlen(text), "test",
                                        &trial->made, NULL), ENGINE_OK);
    *out = &trial->made;
    return 1;
}

static int trial_next(void *user, const bson_t **out, engine_error *err)
{
    struct trial *trial = user;

    (void)err;
    if (trial->generated)
        return trial_generate(trial, out);
    if (trial->rules_sent >= trial->rules_count)
        return 0;
    *out = trial->rules[trial->rules_sent++];
    return 1;
}

static void trial_say(struct trial *trial, char what, const bson_t *frame)
{
    buffer_printf(&trial->said, "%c:%s=%" PRId64 " ", what,
                  document_string(frame, "rule_id"),
                  document_int(frame, "status", -1));
}

static engine_status trial_result(void *user, const bson_t *frame,
                                  engine_error *err)
{
    struct trial *trial = user;

    trial->results++;
    trial_say(trial, 'r', frame);
    bson_destroy(&trial->document);
    bson_copy_to(frame, &trial->document);
    if (trial->fail_at && trial->results == trial->fail_at)
        return engine_fail(err, ENGINE_EFULL, "the disk is full");
    return ENGINE_OK;
}

static engine_status trial_rule_done(void *user, const bson_t *frame,
                                     engine_error *err)
{
    struct trial *trial = user;

    (void)err;
    trial->ends++;
    trial_say(trial, 'd', frame);
    return ENGINE_OK;
}

static engine_status trial_document(void *user, const char *kind,
                                    const bson_t *document, engine_error *err)
{
    struct trial *trial = user;

    (void)err;
    trial->documents++;
    snprintf(trial->kind, sizeof(trial->kind), "%s", kind);
    bson_destroy(&trial->document);
    bson_copy_to(document, &trial->document);
    return ENGINE_OK;
}

static engine_status trial_artifact(void *user, const char *id,
                                    const char *name, const char *media_type,
                                    engine_error *err)
{
    struct trial *trial = user;

    (void)err;
    (void)name;
    (void)media_type;
    snprintf(trial->artifact, sizeof(trial->artifact), "%s", id);
    return ENGINE_OK;
}

static engine_status trial_warning(void *user, const char *message,
                                   engine_error *err)
{
    struct trial *trial = user;

    (void)err;
    snprintf(trial->warning, sizeof(trial->warning), "%s", message);
    return ENGINE_OK;
}

static void trial_progress(void *user, int64_t done, int64_t expected,
                           const char *what)
{
    struct trial *trial = user;

    (void)expected;
    (void)what;
    trial->progress = done;
}

static void trial_end(void *user, const struct job_end *end)
{
    struct trial *trial = user;

    trial->ended++;
    trial->end = *end;
}

void trial_open(struct trial *trial, const char *plugin, const char *op)
{
    memset(trial, 0, sizeof(*trial));
    trial->path = stage_plugin(plugin);
    trial->spec = (struct plugin_spec){.name = plugin, .path = trial->path};
    trial->plugin.spec = &trial->spec;
    bson_init(&trial->plugin.description);
    bson_init(&trial->plugin.options);
    bson_init(&trial->document);
    bson_init(&trial->made);
    buffer_init(&trial->said, (size_t)16 << 20);
    trial->job = (struct job){
        .plugin = &trial->plugin,
        .op = op,
        .scan_id = "scan-1",
        .parallel = 1,
        .limits = {.wall_ms = 600000},
        .user = trial,
        .next_rule = trial_next,
        .on_result = trial_result,
        .on_rule_done = trial_rule_done,
        .on_document = trial_document,
        .on_artifact = trial_artifact,
        .on_progress = trial_progress,
        .on_warning = trial_warning,
        .on_end = trial_end,
    };
}

void trial_rule(struct trial *trial, const char *json)
{
    bson_t *rule = bson_new();
    engine_error err = {0};
    bson_t read;

    if (document_from_json(json, strlen(json), "test", &read, &err) < 0)
        fail_msg("%s", err.message);
    bson_concat(rule, &read);
    bson_destroy(&read);
    trial->rules[trial->rules_count++] = rule;
}

static void trial_drop(struct trial *trial, const struct stage *stage)
{
    char *folder = stage_path(stage, "plugins");
    char *copy = engine_strf("%s/%s.so", folder, trial->spec.name);
    char *data = NULL;
    size_t len = 0;

    assert_int_equal(file_read(trial->path, (size_t)64 << 20, &data, &len,
                               NULL), ENGINE_OK);
    assert_int_equal(file_make_directory(folder, NULL), ENGINE_OK);
    assert_int_equal(chmod(folder, 0711), 0);
    assert_int_equal(file_write(copy, data, len, 0644, NULL), ENGINE_OK);
    engine_free(data);
    engine_free(folder);
    engine_free(trial->path);
    trial->path = copy;
    trial->spec.path = copy;
    trial->spec.user = &stage->user;
}

engine_status trial_run(struct trial *trial, const struct stage *stage,
                        engine_error *err)
{
    engine_status status;

    if (stage->user.name)
        trial_drop(trial, stage);
    status = conduct_one(&stage->options, &trial->job, err);
    assert_int_equal(trial->ended, 1);
    assert_int_equal(trial->end.error.status, status);
    return status;
}

void trial_close(struct trial *trial)
{
    for (size_t i = 0; i < trial->rules_count; i++)
        bson_destroy(trial->rules[i]);
    bson_destroy(&trial->plugin.description);
    bson_destroy(&trial->plugin.options);
    bson_destroy(&trial->document);
    bson_destroy(&trial->made);
    buffer_clear(&trial->said);
    engine_free(trial->path);
}

bool stage_process_gone(long pid)
{
    char path[64], state = 'Z';
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
    file = fopen(path, "r");
    if (!file)
        return true;
    if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
        state = 'Z';
    fclose(file);
    return state == 'Z' || state == 'X';
}
