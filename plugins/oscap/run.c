/* SPDX-License-Identifier: Apache-2.0 */
/* run.c - one run of oscap: its start, watching, how it ended. */
#include "plugins/oscap/run_command.h"

#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugins/oscap/watch.h"
#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"
#include "sdk/base/file.h"
#include "sdk/document/document.h"

#define RUN_MAX_OUTPUT ((size_t)512 * 1024 * 1024) /* results of a remote run */

struct oscap_run {
    struct oscap_run_options options;
    struct oscap_target target;
    struct arena arena;
    struct process *process;
    char *results_path;
    const char **env;
    struct oscap_follow follow;
    struct oscap_watch watch;
    bool hung;
};

static void run_free(struct oscap_run *run)
{
    oscap_follow_close(&run->follow);
    arena_clear(&run->arena);
    engine_free(run->results_path);
    engine_free(run);
}

static int64_t run_watchdog_s(const struct oscap_run *run)
{
    return document_int(run->options.options, "watchdog", 60);
}

static engine_status run_spawn(struct oscap_run *run,
                               const struct oscap_argv *argv,
                               const struct oscap_argv *env,
                               engine_error *err)
{
    const struct oscap_run_options *options = &run->options;
    const bool remote = run->target.kind == OSCAP_SSH;
    const bool stream = remote && !oscap_run_is_wrapped(options);
    const char *listing = arena_strf(&run->arena, "%s/progress",
                                     options->directory);
    struct process_options how = {
        .argv = argv->items,
        .env = env->items,
        .directory = options->directory,
        .output_path = stream ? run->results_path : listing,
        .output_maximum = RUN_MAX_OUTPUT,
        /* the far side ends itself first, so that it can clean up */
        .timeout_ms = options->timeout_ms > 0 && remote
                          ? options->timeout_ms + 15000
                          : options->timeout_ms,
    };

    engine_status status;

    if (!listing)
        return engine_fail_memory(err);
    if (stream) {
        how.input_paths[0] = options->datastream_path;
        how.input_paths[1] = options->tailoring_path;
    }
    status = process_start(&how, &run->process, err);
    if (status < 0)
        return status;
    if (!remote)
        oscap_follow_open(&run->follow, listing, options->on_rule,
                          options->user);
    oscap_watch_init(&run->watch, process_pid(run->process),
                     remote ? 0 : 1000 * run_watchdog_s(run));
    return ENGINE_OK;
}

static void run_hint_missing(const struct oscap_run *run, engine_error *err)
{
    if (run->target.kind == OSCAP_SSH)
        engine_hint(err, "install an ssh client (Debian: openssh-client; for "
                         "oscap-ssh: openscap-utils)");
    else
        engine_hint(err, "install OpenSCAP (Debian: openscap-scanner), or "
                         "set the option \"program\" of scanner \"oscap\"");
}

engine_status oscap_run_start(const struct oscap_run_options *options,
                              struct oscap_run **out, engine_error *err)
{
    struct oscap_run *run = engine_calloc(1, sizeof(*run));
    struct oscap_argv argv, env;
    engine_status status;

    if (!run)
        return engine_fail_memory(err);
    run->options = *options;
    oscap_follow_open(&run->follow, NULL, NULL, NULL);
    arena_init(&run->arena, 1024 * 1024);
    argv = (struct oscap_argv){.arena = &run->arena};
    env = (struct oscap_argv){.arena = &run->arena};
    run->results_path = engine_strf("%s/results.xml", options->directory);
    status = run->results_path
                 ? oscap_target_read(options->target, &run->target, err)
                 : engine_fail_memory(err);
    if (status == ENGINE_OK)
        status = oscap_ssh_check_key(&run->target, err);
    if (status == ENGINE_OK)
        status = oscap_run_build(options, &run->target, &argv, &env, err);
    if (status == ENGINE_OK) {
        status = run_spawn(run, &argv, &env, err);
        if (status == ENGINE_ENOTFOUND)
            run_hint_missing(run, err);
    }
    if (status < 0) {
        run_free(run);
        return status;
    }
    run->env = env.items;
    *out = run;
    return ENGINE_OK;
}

int oscap_run_step(struct oscap_run *run, int wait_ms)
{
    const int ended = process_step(run->process, wait_ms);

    oscap_follow_step(&run->follow);
    if (!ended && !run->hung && oscap_watch_is_hung(&run->watch)) {
        run->hung = true;
        kill(process_pid(run->process), SIGKILL);
    }
    return ended;
}

/* the last line of what a program said, for messages */
static void run_last_line(const struct process_result *result, char *out,
                          size_t size)
{
    const char *text = result->errors.data ? result->errors.data : "";
    size_t len = strlen(text), start;

    while (len && (text[len - 1] == '\n' || text[len - 1] == '\r'))
        len--;
    for (start = len; start && text[start - 1] != '\n';)
        start--;
    snprintf(out, size, "%.*s", (int)(len - start < 400 ? len - start : 400),
             text + start);
    for (char *at = out; *at; at++)
        if ((unsigned char)*at < 32)
            *at = ' ';
}

static engine_status run_fail_remote(const struct oscap_run *run, int code,
                                     const char *said, engine_error *err)
{
    const char *host = run->target.host;

    switch (code) {
    case OSCAP_REMOTE_NO_OSCAP:
        engine_fail(err, ENGINE_ENOTFOUND, "there is no oscap on host \"%s\"",
                    host);
        engine_hint(err, "install OpenSCAP there (Debian: openscap-scanner)");
        return ENGINE_ENOTFOUND;
    case OSCAP_REMOTE_SHORT:
        return engine_fail(err, ENGINE_EIO,
                           "the content did not arrive whole on host \"%s\"",
                           host);
    case OSCAP_REMOTE_NO_SPACE:
        return engine_fail(err, ENGINE_EFULL,
                           "could not write to /tmp on host \"%s\": %s", host,
                           said);
    case OSCAP_REMOTE_NO_SUDO:
        engine_fail(err, ENGINE_EDENIED,
                    "sudo without a password is not allowed on host \"%s\"",
                    host);
        engine_hint(err, "allow it in sudoers for the scanning user, or take "
                         "\"sudo\" off the target");
        return ENGINE_EDENIED;
    case 124:
        return engine_fail(err, ENGINE_ETIMEOUT,
                           "oscap on host \"%s\" took longer than %lld s",
                           host, (long long)(run->options.timeout_ms / 1000));
    case 255:
        engine_fail(err, ENGINE_EIO, "could not reach host \"%s\" by ssh: %s",
                    host, said);
        engine_hint(err, "try: scan-engine probe --target ssh:%s", host);
        return ENGINE_EIO;
    default:
        return engine_fail(err, ENGINE_EPLUGIN,
                           "oscap on host \"%s\" ended with code %d: %s",
                           host, code, said);
    }
}

static engine_status run_fail_code(const struct oscap_run *run, int code,
                                   const char *said, engine_error *err)
{
    if (run->target.kind == OSCAP_SSH)
        return run_fail_remote(run, code, said, err);
    return engine_fail(err, ENGINE_EPLUGIN, "oscap ended with code %d: %s",
                       code, *said ? said : "it said nothing");
}

static bool run_has_results(const struct oscap_run *run)
{
    struct stat info;

    return stat(run->results_path, &info) == 0 && info.st_size > 0;
}

/* how a program ended becomes what happened */
static void run_judge(const struct oscap_run *run,
                      const struct process_result *result,
                      struct oscap_run_end *out)
{
    char said[512];

    run_last_line(result, said, sizeof(said));
    out->exit_code = result->how == PROCESS_EXITED ? result->code : -1;
    if (run->hung) {
        out->retry = true;
        engine_fail(&out->error, ENGINE_ETIMEOUT,
                    "oscap hung and was killed: it made no progress");
    } else if (result->how == PROCESS_TIMEOUT) {
        engine_fail(&out->error, ENGINE_ETIMEOUT,
                    "oscap took longer than %lld s",
                    (long long)(run->options.timeout_ms / 1000));
        engine_hint(&out->error, "raise the option \"timeout\" of scanner "
                                 "\"oscap\"");
    } else if (result->how == PROCESS_SIGNALED) {
        engine_fail(&out->error, ENGINE_EPLUGIN,
                    "oscap was killed by signal %d (%s)", result->code,
                    strsignal(result->code));
    } else if (result->how == PROCESS_OVERFLOW) {
        engine_fail(&out->error, ENGINE_ELIMIT,
                    "oscap wrote more than %zu MiB",
                    RUN_MAX_OUTPUT / 1024 / 1024);
    } else if (result->how == PROCESS_FAILED) {
        engine_fail(&out->error, result->code,
                    "what oscap reads or writes could not be moved: %s",
                    said);
    } else if (result->how != PROCESS_EXITED) {
        engine_fail(&out->error, ENGINE_ECANCELLED, "oscap was stopped");
    } else if ((result->code != 0 && result->code != 2) ||
               !run_has_results(run)) {
        run_fail_code(run, result->code, said, &out->error);
    }
}

/* oscap-ssh leaves its connection master behind when it fails */
static void run_end_master(const struct oscap_run *run)
{
    char *pattern = engine_strf("%s/tmp.*/ssh_socket",
                                run->options.directory);
    glob_t found = {0};

    if (run->target.kind != OSCAP_SSH || !oscap_run_is_wrapped(&run->options) ||
        !pattern || glob(pattern, 0, NULL, &found) != 0)
        found.gl_pathc = 0;
    for (size_t i = 0; i < found.gl_pathc; i++) {
        char *control = engine_strf("-oControlPath=%s", found.gl_pathv[i]);
        const char *const argv[] = {"ssh", control, "-O", "exit",
                                    run->target.host, NULL};
        struct process_options how = {.argv = argv, .timeout_ms = 10000};
        struct process_result result = {0};
        if (control && process_run(&how, &result, NULL) == ENGINE_OK)
            process_result_clear(&result);
        engine_free(control);
    }
    globfree(&found);
    engine_free(pattern);
}

void oscap_run_finish(struct oscap_run *run, struct oscap_run_end *out)
{
    struct process_result result = {0};

    *out = (struct oscap_run_end){.exit_code = -1};
    process_finish(run->process, &result);
    run_end_master(run);
    run_judge(run, &result, out);
    out->wall_ms = result.wall_ms;
    out->cpu_ms = result.cpu_ms;
    out->peak_bytes = result.peak_bytes;
    if (out->error.status == ENGINE_OK) {
        out->results_path = run->results_path;
        run->results_path = NULL;
        if (oscap_run_wants_arf(&run->options))
            out->arf_path = engine_strdup(out->results_path);
    }
    process_result_clear(&result);
    run_free(run);
}

void oscap_run_end_clear(struct oscap_run_end *end)
{
    engine_free(end->results_path);
    engine_free(end->arf_path);
    engine_free(end->oval_path);
    *end = (struct oscap_run_end){0};
}
