/* SPDX-License-Identifier: Apache-2.0 */
/* test_drop.c - workers that are another user: what they are, what they need,
 * and that the engine takes nothing from them that is not theirs to give. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/worker/worker_private.h"
#include "sdk/base/alloc.h"
#include "sdk/base/file.h"
#include "sdk/base/hash.h"
#include "sdk/document/document.h"
#include "tests/unit/conduct_stage.h"
#include "tests/unit/skip.h"

#define RULE(id, more)                                                      \
    "{\"rule_id\": \"" id "\", \"check_content\": {\"status\": \"pass\"" more \
    "}}"

/* ---- files that it names ------------------------------------------------- */

/* A worker that has put something into its folder, and names it. */
struct trickster {
    struct launcher base;
    const struct stage *stage;
    void (*trick)(const struct stage *stage, const char *workdir);
    const char *name; /* in its folder */
    int there;
};

static char *trick_path(const char *workdir, const char *name)
{
    return engine_strf("%s/%s", workdir, name);
}

static engine_status trickster_start(struct launcher *launcher,
                                     struct launch *launch, engine_error *err)
{
    struct trickster *self = (void *)launcher;
    char *pattern = engine_strf("%s/engine-*/job-*",
                                self->stage->options.run_directory);
    int ends[2];
    glob_t found;
    bson_t frame;
    char *path;

    (void)err;
    assert_int_equal(glob(pattern, 0, NULL, &found), 0);
    assert_int_equal(found.gl_pathc, 1);
    self->trick(self->stage, found.gl_pathv[0]);
    path = trick_path(found.gl_pathv[0], self->name);
    frame_init(&frame, "artifact");
    BSON_APPEND_UTF8(&frame, "id", "x");
    BSON_APPEND_UTF8(&frame, "path", path);
    BSON_APPEND_UTF8(&frame, "name", "n");
    BSON_APPEND_UTF8(&frame, "media_type", "m");
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends),
                     0);
    assert_int_equal(write(ends[1], bson_get_data(&frame), frame.len),
                     frame.len);
    bson_destroy(&frame);
    engine_free(path);
    globfree(&found);
    engine_free(pattern);
    self->there = ends[1];
    *launch = (struct launch){.launcher = launcher};
    channel_init(&launch->channel, ends[0]);
    return ENGINE_OK;
}

static void trickster_kill(struct launch *launch)
{
    shutdown(launch->channel.fd, SHUT_RDWR);
}

static void trickster_reap(struct launch *launch, struct launch_end *out)
{
    channel_clear(&launch->channel);
    close(((struct trickster *)(void *)launch->launcher)->there);
    *out = (struct launch_end){.exited = 1};
}

/* What is beside the folder stays, and what it holds is not taken. */
static void play(void (*trick)(const struct stage *, const char *),
                 const char *name, const char *expected)
{
    static const struct launcher_ops ops = {.name = "trickster",
                                            .start = trickster_start,
                                            .kill = trickster_kill,
                                            .reap = trickster_reap};
    struct trickster self = {.base = {&ops}, .trick = trick, .name = name};
    engine_error err = {0};
    struct launcher *real;
    struct stage stage;
    struct trial trial;
    char *secret;

    stage_open(&stage, STAGE_STORE);
    secret = stage_path(&stage, "secret");
    assert_int_equal(file_write(secret, "secret", 6, 0600, NULL), ENGINE_OK);
    real = stage.options.launcher;
    stage.options.launcher = &self.base;
    self.stage = &stage;
    trial_open(&trial, "alpha", "scan");
    trial_rule(&trial, RULE("one", ""));
    assert_int_equal(trial_run(&trial, &stage, &err), ENGINE_EPLUGIN);
    if (!strstr(err.message, expected))
        fail_msg("%s: \"%s\" lacks \"%s\"", name, err.message, expected);
    assert_string_equal(trial.artifact, "");
    assert_true(file_exists(secret));
    engine_free(secret);
    stage.options.launcher = real;
    trial_close(&trial);
    stage_close(&stage);
}

static void trick_link(const struct stage *stage, const char *workdir)
{
    char *secret = stage_path(stage, "secret");
    char *path = trick_path(workdir, "it");

    assert_int_equal(symlink(secret, path), 0);
    engine_free(path);
    engine_free(secret);
}

static void trick_hard_link(const struct stage *stage, const char *workdir)
{
    char *secret = stage_path(stage, "secret");
    char *path = trick_path(workdir, "it");

    assert_int_equal(link(secret, path), 0);
    engine_free(path);
    engine_free(secret);
}

static void trick_fifo(const struct stage *stage, const char *workdir)
{
    char *path = trick_path(workdir, "it");

    (void)stage;
    assert_int_equal(mkfifo(path, 0600), 0);
    engine_free(path);
}

static void trick_folder(const struct stage *stage, const char *workdir)
{
    char *path = trick_path(workdir, "it");

    (void)stage;
    assert_int_equal(mkdir(path, 0700), 0);
    engine_free(path);
}

/* workdir/it is a link to where "secret" is */
static void trick_folder_link(const struct stage *stage, const char *workdir)
{
    char *path = trick_path(workdir, "it");

    assert_int_equal(symlink(stage->root, path), 0);
    engine_free(path);
}

static void trick_other_owner(const struct stage *stage, const char *workdir)
{
    char *path = trick_path(workdir, "it");

    (void)stage;
    assert_int_equal(file_write(path, "x", 1, 0644, NULL), ENGINE_OK);
    if (geteuid() == 0)
        assert_int_equal(chown(path, 1, 1), 0);
    else
        assert_int_equal(unlink(path), 0);
    engine_free(path);
}

static void trick_file(const struct stage *stage, const char *workdir)
{
    char *path = trick_path(workdir, "it");

    (void)stage;
    assert_int_equal(file_write(path, "x", 1, 0600, NULL), ENGINE_OK);
    engine_free(path);
}

static void takes_nothing_but_files_of_its_folder(void **state)
{
    static const char outside[] = "named a file outside its directory";

    (void)state;
    play(trick_link, "it", outside);
    play(trick_hard_link, "it", outside);
    play(trick_fifo, "it", outside);
    play(trick_folder, "it", outside);
    play(trick_folder_link, "it/secret", outside);
    play(trick_other_owner, "it", outside);
    play(trick_file, "../../../secret", outside);
    play(trick_file, "./it", outside);
    play(trick_file, "..", outside);
    play(trick_file, "", outside);
    play(trick_file, "missing", outside);
    play(trick_file, "it", "changed the file \"n\" while it was kept");
}

/* ---- who it is ----------------------------------------------------------- */

static void expect(const struct stage *stage, const char *attempt,
                   const char *at, int wanted)
{
    char *rule = engine_strf("{\"rule_id\": \"r\", \"check_content\": "
                             "{\"attempt\": \"%s\", \"at\": \"%s\"}}",
                             attempt, at);
    engine_error err = {0};
    struct trial trial;
    int status = 0;

    trial_open(&trial, "trespass", "scan");
    trial_rule(&trial, rule);
    if (trial_run(&trial, stage, &err) != ENGINE_OK)
        fail_msg("%s: %s (%s)", attempt, err.message, err.hint);
    assert_int_equal(sscanf(trial.said.data, "r:r=%d", &status), 1);
    if (status != wanted)
        fail_msg("%s %s: %d, not %d", attempt, at, status, wanted);
    trial_close(&trial);
    engine_free(rule);
}

static void is_bound_by_permissions(void **state)
{
    struct stage stage;
    char *closed, *folder, *parent;

    stage_open(&stage, STAGE_FLAGS(state));
    stage.options.confinement = "off";
    closed = stage_path(&stage, "closed");
    folder = stage_path(&stage, "folder");
    parent = engine_strf("%d", (int)getpid());
    assert_int_equal(file_write(closed, "x", 1, 0600, NULL), ENGINE_OK);
    expect(&stage, "root", "", SCANNER_PASS);
    expect(&stage, "read", closed, SCANNER_PASS);
    expect(&stage, "read", "/etc/shadow", SCANNER_PASS);
    expect(&stage, "write", "/etc/hosts", SCANNER_PASS);
    expect(&stage, "unlink", closed, SCANNER_PASS);
    expect(&stage, "mkdir", folder, SCANNER_PASS);
    expect(&stage, "kill", parent, SCANNER_PASS);
    expect(&stage, "own", "", SCANNER_FAIL);
    expect(&stage, "home", "/nonexistent", SCANNER_FAIL);
    expect(&stage, "fork", "", SCANNER_FAIL);
    expect(&stage, "run", "/bin/true", SCANNER_FAIL);
    engine_free(parent);
    engine_free(folder);
    engine_free(closed);
    stage_close(&stage);
}

/* A program that a scanner runs, and what it leaves running, could speak to the
 * engine, and take what is for the worker. */
static void gives_programs_no_way_to_the_engine(void **state)
{
    static const char text[] = "#!/bin/sh\n"
                               "ls -l /proc/$$/fd | grep -q 'socket:\\|memfd:' "
                               "&& exit 1\n"
                               "exit 0\n";
    struct stage stage;
    char *script;

    stage_open(&stage, STAGE_FLAGS(state));
    stage.options.confinement = "off";
    script = stage_path(&stage, "script");
    assert_int_equal(file_write(script, text, sizeof(text) - 1, 0755, NULL),
                     ENGINE_OK);
    expect(&stage, "run", script, SCANNER_FAIL); /* not refused */
    engine_free(script);
    stage_close(&stage);
}

/* Root's workers run as before, beside those of another user. */
static void one_plugin_stays_as_the_engine_is(void **state)
{
    struct stage stage;
    char *folder;

    (void)state;
    if (geteuid() != 0)
        skip_since("only root can give files to another user");
    stage_open(&stage, 0);
    stage.options.confinement = "off";
    folder = stage_path(&stage, "folder");
    expect(&stage, "root", "", SCANNER_FAIL);
    expect(&stage, "mkdir", folder, SCANNER_FAIL);
    engine_free(folder);
    stage_close(&stage);
}

static void keeps_files_and_reads_those_that_are_kept(void **state)
{
    char id[HASH_HEX_SIZE], rule[256];
    const char *ids[] = {id, NULL};
    engine_error err = {0};
    struct stage stage;
    struct trial trial;

    hash_bytes("raw results", 11, id);
    stage_open(&stage, STAGE_STORE | STAGE_FLAGS(state));
    trial_open(&trial, "alpha", "scan");
    trial_rule(&trial, RULE("one", ", \"artifact\": \"raw results\""));
    if (trial_run(&trial, &stage, &err) < 0)
        fail_msg("%s", err.message);
    assert_string_equal(trial.artifact, id);
    trial_close(&trial);
    trial_open(&trial, "alpha", "scan");
    trial.job.artifacts = ids;
    snprintf(rule, sizeof(rule), "{\"rule_id\": \"two\", \"check_content\": "
             "{\"resources\": 0, \"open\": \"%s\"}}", id);
    trial_rule(&trial, rule);
    if (trial_run(&trial, &stage, &err) < 0)
        fail_msg("%s", err.message);
    assert_string_equal(document_string(&trial.document, "message"),
                        "raw results");
    trial_close(&trial);
    stage_close(&stage);
}

static struct stat look(const struct stage *stage, const char *name)
{
    char *path = stage_path(stage, name);
    struct stat info = {0};

    if (stat(path, &info) < 0)
        fail_msg("%s: %s", path, strerror(errno));
    engine_free(path);
    return info;
}

static void has_a_cache_of_its_own(void **state)
{
    struct stage stage;
    struct stat info;
    char name[64];

    stage_open(&stage, STAGE_FLAGS(state));
    expect(&stage, "own", "", SCANNER_FAIL);
    snprintf(name, sizeof(name), "cache/scanners/trespass@%lu",
             (unsigned long)stage.user.uid);
    info = look(&stage, name);
    assert_int_equal(info.st_uid, stage.user.uid);
    assert_int_equal(info.st_mode & 0777, 0700);
    /* passed through, not listed, and ours */
    info = look(&stage, "cache/scanners");
    assert_int_equal(info.st_mode & 0777, 0711);
    assert_int_equal(info.st_uid, geteuid());
    info = look(&stage, "run");
    assert_int_equal(info.st_mode & 0777, 0711);
    stage_close(&stage);
}

/* Of a uid that nobody else here has: a process in a thousand groups, whom its
 * line of them would hide, and one of two threads. */
#define COUNTED_UID 64321
#define COUNTED_GROUPS 1000

static void *counted_thread(void *user)
{
    while (pause() < 0)
        continue;
    return user;
}

static void counted_main(int ready)
{
    gid_t groups[COUNTED_GROUPS];
    pthread_t thread;
    bool able;

    for (gid_t i = 0; i < COUNTED_GROUPS; i++)
        groups[i] = 20000 + i;
    able = setgroups(COUNTED_GROUPS, groups) == 0 &&
           setresuid(COUNTED_UID, COUNTED_UID, COUNTED_UID) == 0 &&
           prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 &&
           pthread_create(&thread, NULL, counted_thread, NULL) == 0;
    (void)!write(ready, able ? "y" : "n", 1);
    counted_thread(NULL);
}

/* What a process finds that becomes it: 100 and its tasks. */
static int counted_find(void)
{
    const pid_t pid = fork();
    engine_error err = {0};
    int64_t tasks = -1;
    int how = 0;

    assert_true(pid >= 0);
    if (pid == 0) {
        const engine_status status = user_enter("64321:1:", &tasks, &err);

        _exit(status == ENGINE_OK ? 100 + (int)tasks : 1);
    }
    assert_int_equal(waitpid(pid, &how, 0), pid);
    assert_true(WIFEXITED(how));
    return WEXITSTATUS(how);
}

/* Two, and those of a sanitizer. */
static int counted_tasks(pid_t pid)
{
    const struct dirent *entry;
    char path[64];
    int count = 0;
    DIR *folder;

    snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    folder = opendir(path);
    assert_non_null(folder);
    while ((entry = readdir(folder)))
        count += entry->d_name[0] != '.';
    closedir(folder);
    assert_true(count >= 2);
    return count;
}

static void counts_what_its_user_runs_already(void **state)
{
    int ready[2];
    char able = 0;
    pid_t pid;

    (void)state;
    if (geteuid() != 0)
        skip_since("only root can become another user");
    assert_int_equal(counted_find(), 100);
    assert_int_equal(pipe(ready), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        counted_main(ready[1]);
    assert_int_equal(read(ready[0], &able, 1), 1);
    assert_int_equal(able, 'y');
    assert_int_equal(counted_find(), 100 + counted_tasks(pid));
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    close(ready[0]);
    close(ready[1]);
}

/* ---- what cannot be ------------------------------------------------------ */

static void refuse(struct stage *stage, const char *words)
{
    engine_error err = {0};
    struct trial trial;

    trial_open(&trial, "alpha", "scan");
    trial_rule(&trial, RULE("one", ""));
    assert_true(trial_run(&trial, stage, &err) < 0);
    if (!strstr(err.message, words))
        fail_msg("\"%s\" lacks \"%s\"", err.message, words);
    assert_int_equal(trial.results, 0);
    trial_close(&trial);
}

static void says_what_it_cannot_reach(void **state)
{
    struct stage stage;

    stage_open(&stage, STAGE_FLAGS(state));
    assert_int_equal(chmod(stage.root, 0700), 0);
    refuse(&stage, "user \"nobody\" cannot use \"");
    refuse(&stage, "\": Permission denied");
    assert_int_equal(chmod(stage.root, 0711), 0);
    stage_close(&stage);
}

/* Between us and the worker somebody forgets who it was to be. */
static void never_runs_as_root_instead(void **state)
{
    struct stage stage;
    char *script, *text, *worker = stage_worker();
    struct launcher *launcher = NULL;

    stage_open(&stage, STAGE_FLAGS(state));
    script = stage_path(&stage, "forgetful");
    text = engine_strf("#!/bin/sh\nexec '%s'\n", worker);
    assert_int_equal(file_write(script, text, strlen(text), 0755, NULL),
                     ENGINE_OK);
    assert_int_equal(launcher_process_new(script, &launcher, NULL), ENGINE_OK);
    launcher_free(stage.options.launcher);
    stage.options.launcher = launcher;
    refuse(&stage, "could not become user \"nobody\": it was not told to");
    engine_free(text);
    engine_free(script);
    engine_free(worker);
    stage_close(&stage);
}

static void a_user_is_never_number_zero(void **state)
{
    struct stage stage;

    stage_open(&stage, STAGE_FLAGS(state));
    stage.user.uid = 0;
    refuse(&stage, "is no user");
    stage_close(&stage);
}

/* More than the kernel takes as one argument. */
static void names_a_user_of_too_many_groups(void **state)
{
    static gid_t groups[40000];
    struct stage stage;

    stage_open(&stage, STAGE_FLAGS(state));
    for (size_t i = 0; i < 40000; i++)
        groups[i] = 4000000000u;
    stage.user.groups = groups;
    stage.user.groups_count = 40000;
    refuse(&stage, "user \"nobody\" is in too many groups");
    stage_close(&stage);
}

static void a_thread_cannot_be_another_user(void **state)
{
    struct stage stage;

    stage_open(&stage, STAGE_THREADS | STAGE_FLAGS(state));
    refuse(&stage, "is to run as user \"nobody\", and its worker is a thread");
    stage_close(&stage);
}

/* A cache that is somebody else's may hold anything. */
static void does_not_share_what_others_made(void **state)
{
    struct stage stage;
    char name[64], *path;

    stage_open(&stage, STAGE_FLAGS(state));
    snprintf(name, sizeof(name), "cache/scanners/alpha@%lu",
             (unsigned long)stage.user.uid);
    path = stage_path(&stage, name);
    assert_int_equal(file_make_directory(path, NULL), ENGINE_OK);
    assert_int_equal(chown(path, 1, 1), 0);
    refuse(&stage, "belongs to neither this user nor \"nobody\"");
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(symlink("/etc", path), 0);
    refuse(&stage, "could not give \"");
    engine_free(path);
    stage_close(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_nothing_but_files_of_its_folder),
        STAGE_TEST_DROPPED(is_bound_by_permissions),
        STAGE_TEST(gives_programs_no_way_to_the_engine),
        STAGE_TEST_DROPPED(gives_programs_no_way_to_the_engine),
        cmocka_unit_test(one_plugin_stays_as_the_engine_is),
        STAGE_TEST(keeps_files_and_reads_those_that_are_kept),
        STAGE_TEST_DROPPED(keeps_files_and_reads_those_that_are_kept),
        STAGE_TEST_DROPPED(has_a_cache_of_its_own),
        cmocka_unit_test(counts_what_its_user_runs_already),
        STAGE_TEST_DROPPED(says_what_it_cannot_reach),
        STAGE_TEST_DROPPED(never_runs_as_root_instead),
        STAGE_TEST_DROPPED(a_user_is_never_number_zero),
        STAGE_TEST_DROPPED(names_a_user_of_too_many_groups),
        STAGE_TEST_DROPPED(a_thread_cannot_be_another_user),
        STAGE_TEST_DROPPED(does_not_share_what_others_made),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
