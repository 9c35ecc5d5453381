/* SPDX-License-Identifier: Apache-2.0 */
/* libengine in a process that has a life of its own: signals, descriptors,
 * children, output; with scanners in workers. */
#include "library_stage.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIGNALS 65

/* Where the build tree is, which tests are started in. */
static void build_path(const char *name, char out[PATH_MAX])
{
    const char *build = getenv("SCAN_ENGINE_BUILD");
    char here[PATH_MAX];

    assert_non_null(realpath(build ? build : ".", here));
    assert_true(snprintf(out, PATH_MAX, "%s/%s", here, name) < PATH_MAX);
}

static void plugin_config(const char *plugin, char *out, size_t room)
{
    char worker[PATH_MAX], path[PATH_MAX], name[128];

    snprintf(name, sizeof(name), "tests/fixtures/plugins/.libs/%s.so", plugin);
    build_path("scan-worker", worker);
    build_path(name, path);
    assert_true((size_t)snprintf(out, room,
                                 "plugins = ({name = \"%s\"; path = \"%s\";});"
                                 "\nworker = \"%s\";\n",
                                 plugin, path, worker) < room);
}

static struct stage *open_with(const char *plugin, uint32_t flags)
{
    struct stage *stage = calloc(1, sizeof(*stage));
    char config[3 * PATH_MAX];

    assert_non_null(stage);
    unsetenv("SCAN_ENGINE_WORKER"); /* the configuration's is meant */
    stage_make(stage);
    plugin_config(plugin, config, sizeof(config));
    stage_open(stage, flags, config);
    return stage;
}

static int alpha_setup(void **state)
{
    *state = open_with("alpha", 0);
    return 0;
}

static int alpha_threads_setup(void **state)
{
    *state = open_with("alpha", ENGINE_THREADS);
    return 0;
}

static int crash_setup(void **state)
{
    *state = open_with("crash_scan", 0);
    return 0;
}

#define WITH(setup, test) \
    cmocka_unit_test_setup_teardown(test, setup, stage_teardown)

static void import_alpha(struct engine *engine)
{
    stage_import_one(engine,
                     "{\"rule_id\": \"one\", \"title\": \"one\", "
                     "\"scanner_type\": \"alpha\", \"check_content\": "
                     "{\"status\": \"pass\"}}");
}

static void scan_passes(struct engine *engine)
{
    char *id = NULL, *scan = NULL;

    STAGE_OK(engine_scan_run(engine, "{}", NULL, &id, &stage_err));
    STAGE_OK(engine_get(engine, "scans", id, &scan, &stage_err));
    assert_non_null(strstr(scan, "\"passed\":1"));
    engine_text_free(scan);
    engine_text_free(id);
}

/* ---- what is the program's stays so -------------------------------------- */

static void remember_signals(struct sigaction actions[SIGNALS])
{
    memset(actions, 0, SIGNALS * sizeof(*actions));
    for (int i = 1; i < SIGNALS; i++)
        (void)sigaction(i, NULL, &actions[i]);
}

static void nothing_of_the_process_is_changed(void **state)
{
    struct sigaction before[SIGNALS], after[SIGNALS];
    char where[PATH_MAX], there[PATH_MAX];
    const char *locale = setlocale(LC_ALL, NULL);
    sigset_t mask, mask_after;
    const mode_t mode = umask(027);
    struct stage *stage;

    remember_signals(before);
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    assert_non_null(getcwd(where, sizeof(where)));
    stage = open_with("alpha", 0);
    import_alpha(stage->engine);
    scan_passes(stage->engine);
    stage_remove(stage);
    free(stage);
    remember_signals(after);
    pthread_sigmask(SIG_SETMASK, NULL, &mask_after);
    assert_non_null(getcwd(there, sizeof(there)));
    for (int i = 1; i < SIGNALS; i++) {
        assert_true(before[i].sa_handler == after[i].sa_handler);
        assert_int_equal(before[i].sa_flags, after[i].sa_flags);
        assert_int_equal(sigismember(&mask, i), sigismember(&mask_after, i));
    }
    assert_string_equal(where, there);
    assert_string_equal(locale, setlocale(LC_ALL, NULL));
    assert_int_equal(umask(mode), 027);
    *state = NULL;
}

static void nothing_is_printed(void **state)
{
    struct engine *engine = ((struct stage *)*state)->engine;
    char path[] = "/tmp/libraryXXXXXX";
    const int file = mkstemp(path), out = dup(1), err = dup(2);
    struct stat info;
    engine_status status;

    assert_true(file >= 0 && out >= 0 && err >= 0);
    stage_import_one(engine,
                     "{\"rule_id\": \"one\", \"title\": \"one\", "
                     "\"scanner_type\": \"crash\", \"check_content\": "
                     "{\"crash\": \"segv\"}}");
    fflush(NULL);
    dup2(file, 1);
    dup2(file, 2);
    status = engine_scan_run(engine, "{}", NULL, NULL, NULL);
    (void)engine_scan_run(engine, "{nonsense", NULL, NULL, NULL);
    fflush(NULL);
    dup2(out, 1);
    dup2(err, 2);
    close(out);
    close(err);
    assert_int_equal(fstat(file, &info), 0);
    close(file);
    unlink(path);
    assert_int_equal(status, ENGINE_EPLUGIN); /* its worker crashed */
    assert_int_equal(info.st_size, 0);
}

/* Those above `least`; *inherited: not close-on-exec. */
static int count_descriptors(int *inherited)
{
    int count = 0;

    *inherited = 0;
    for (int fd = 0; fd < 1024; fd++) {
        const int flags = fcntl(fd, F_GETFD);

        if (flags < 0)
            continue;
        count++;
        *inherited += !(flags & FD_CLOEXEC);
    }
    return count;
}

static void descriptors_are_closed_and_not_inherited(void **state)
{
    int inherited_before, inherited, before;
    struct stage *stage = open_with("alpha", 0);

    import_alpha(stage->engine); /* what stays open once is open now */
    scan_passes(stage->engine);
    stage_remove(stage);
    free(stage);
    before = count_descriptors(&inherited_before);
    stage = open_with("alpha", 0);
    import_alpha(stage->engine);
    scan_passes(stage->engine);
    assert_true(count_descriptors(&inherited) > before);
    assert_int_equal(inherited, inherited_before);
    stage_remove(stage);
    free(stage);
    assert_int_equal(count_descriptors(&inherited), before);
    *state = NULL;
}

/* ---- children ------------------------------------------------------------ */

static void children_of_the_program_are_left_for_it(void **state)
{
    struct engine *engine = ((struct stage *)*state)->engine;
    const pid_t child = fork();
    siginfo_t info;
    int status = 0;

    if (child == 0)
        _exit(7);
    assert_true(child > 0);
    assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
    import_alpha(engine);
    scan_passes(engine);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(WEXITSTATUS(status), 7);
}

static void a_program_may_ignore_its_children(void **state)
{
    struct engine *engine = ((struct stage *)*state)->engine;
    void (*before)(int) = signal(SIGCHLD, SIG_IGN);

    import_alpha(engine);
    scan_passes(engine);
    signal(SIGCHLD, before);
}

static int child_scans(const char *store, const char *config)
{
    struct engine_options options = {.size = sizeof(options),
                                     .config_text = config,
                                     .store = store};
    struct engine *engine = NULL;
    int64_t count = 0;
    engine_status status = engine_open(&options, &engine, NULL);

    if (status == ENGINE_OK)
        status = engine_scan_run(engine, "{}", NULL, NULL, NULL);
    if (status == ENGINE_OK)
        status = engine_count(engine, "verdicts", NULL, &count, NULL);
    engine_close(engine);
    return status == ENGINE_OK && count == 2 ? 0 : 1;
}

static void a_forked_child_opens_its_own(void **state)
{
    struct stage *stage = *state;
    char plugins[3 * PATH_MAX], config[4 * PATH_MAX], store[PATH_MAX];
    int status = -1;
    pid_t child;

    plugin_config("alpha", plugins, sizeof(plugins));
    snprintf(config, sizeof(config),
             "run_directory = \"%s/run\";\ncache_directory = \"%s/cache\";\n"
             "%s", stage->directory, stage->directory, plugins);
    snprintf(store, sizeof(store), "sqlite:%s/engine.db", stage->directory);
    import_alpha(stage->engine);
    scan_passes(stage->engine);
    fflush(NULL);
    child = fork();
    if (child == 0)
        _exit(child_scans(store, config));
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    scan_passes(stage->engine);
    assert_int_equal(stage_count(stage->engine, "verdicts", NULL), 3);
}

/* ---- crashes, threads, messages ------------------------------------------ */

static void a_crash_costs_the_scan_and_not_the_program(void **state)
{
    struct engine *engine = ((struct stage *)*state)->engine;
    engine_error err = {0};

    stage_import_one(engine,
                     "{\"rule_id\": \"one\", \"title\": \"one\", "
                     "\"scanner_type\": \"crash\", \"check_content\": "
                     "{\"crash\": \"segv\"}}");
    assert_int_equal(engine_scan_run(engine, "{}", NULL, NULL, &err),
                     ENGINE_EPLUGIN);
    assert_non_null(strstr(err.message, "crash"));
    assert_int_equal(
        stage_count(engine, "verdicts", "{\"status\": \"error\"}"), 1);
}

static void a_plugin_may_run_in_a_thread(void **state)
{
    struct engine *engine = ((struct stage *)*state)->engine;

    import_alpha(engine);
    scan_passes(engine);
}

struct messages {
    pthread_mutex_t lock;
    char text[4096];
    int32_t least;
};

static void on_log(int32_t level, const char *text, void *user)
{
    struct messages *messages = user;
    size_t len;

    pthread_mutex_lock(&messages->lock);
    len = strlen(messages->text);
    snprintf(messages->text + len, sizeof(messages->text) - len, "%s\n", text);
    if (level > messages->least)
        messages->least = level;
    pthread_mutex_unlock(&messages->lock);
}

static void what_holds_a_worker_is_shown(void **state)
{
    struct stage *stage = calloc(1, sizeof(*stage));
    char config[3 * PATH_MAX], extra[4 * PATH_MAX], *list = NULL;

    (void)state;
    assert_non_null(stage);
    stage_make(stage);
    plugin_config("alpha", config, sizeof(config));
    snprintf(extra, sizeof(extra),
             "%slimits = {wall = 77; files = 78;}; confinement = \"off\";",
             config);
    stage_open(stage, 0, extra);
    STAGE_OK(engine_scanners(stage->engine, &list, &stage_err));
    assert_non_null(strstr(list, "\"mode\":\"off\""));
    assert_non_null(strstr(list, "\"limits\":{\"wall\":77,\"memory_mb\":"));
    assert_non_null(strstr(list, "\"files\":78,"));
    engine_text_free(list);
    stage_remove(stage);
    free(stage);
}

static void messages_go_to_the_callback(void **state)
{
    struct messages messages = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct stage *stage = *state;
    char plugins[3 * PATH_MAX], config[4 * PATH_MAX], store[PATH_MAX];
    struct engine_options options = {.size = sizeof(options),
                                     .config_text = config,
                                     .store = store,
                                     .log = on_log,
                                     .log_user = &messages,
                                     .log_level = ENGINE_LOG_INFO};
    struct engine *engine = NULL;

    plugin_config("alpha", plugins, sizeof(plugins));
    snprintf(config, sizeof(config),
             "run_directory = \"%s/run\";\ncache_directory = \"%s/cache\";\n"
             "log_level = \"debug\";\n%s"
             "options = {alpha = {loud = true; greeting = \"good day\";};};\n",
             stage->directory, stage->directory, plugins);
    snprintf(store, sizeof(store), "sqlite:%s/engine.db", stage->directory);
    STAGE_OK(engine_open(&options, &engine, &stage_err));
    import_alpha(engine);
    scan_passes(engine);
    engine_close(engine);
    assert_non_null(strstr(messages.text, "good day"));
    assert_int_equal(messages.least, ENGINE_LOG_INFO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_of_the_process_is_changed),
        WITH(crash_setup, nothing_is_printed),
        cmocka_unit_test(descriptors_are_closed_and_not_inherited),
        WITH(alpha_setup, children_of_the_program_are_left_for_it),
        WITH(alpha_setup, a_program_may_ignore_its_children),
        WITH(alpha_setup, a_forked_child_opens_its_own),
        WITH(crash_setup, a_crash_costs_the_scan_and_not_the_program),
        WITH(alpha_threads_setup, a_plugin_may_run_in_a_thread),
        cmocka_unit_test(what_holds_a_worker_is_shown),
        WITH(alpha_setup, messages_go_to_the_callback),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
