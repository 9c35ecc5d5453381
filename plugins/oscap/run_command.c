/* SPDX-License-Identifier: Apache-2.0 */
/* run_command.c - what oscap is called with: arguments and environment. */
#include "plugins/oscap/run_command.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sdk/base/alloc.h"
#include "sdk/base/file.h"
#include "sdk/document/document.h"

bool oscap_run_wants_arf(const struct oscap_run_options *options)
{
    return options->arf || options->oval_results;
}

bool oscap_run_is_wrapped(const struct oscap_run_options *options)
{
    const char *transport = document_string(options->options, "ssh_transport");

    return transport && strcmp(transport, "oscap-ssh") == 0;
}

/* apt runs "dpkg --print-foreign-architectures" again and again unless it is
 * told what dpkg(1) would say: the lines of this file; where there is none,
 * only the native one, which apt adds by itself */
static void run_append_architectures(struct buffer *conf)
{
    char *text = NULL, *line, *rest;
    const engine_status status =
        file_read("/var/lib/dpkg/arch", 4096, &text, NULL, NULL);

    if (status == ENGINE_ENOTFOUND)
        buffer_puts(conf, " APT::Architectures { \"\"; };");
    if (status < 0)
        return;
    if (strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-\n") ==
            strlen(text) &&
        *text) {
        buffer_puts(conf, " APT::Architectures {");
        for (line = strtok_r(text, "\n", &rest); line;
             line = strtok_r(NULL, "\n", &rest))
            buffer_printf(conf, " \"%s\";", line);
        buffer_puts(conf, " };");
    }
    engine_free(text);
}

/* oscap's dpkg probe has apt build its whole cache, and write it below the
 * root that is scanned; it needs dpkg's status alone */
static engine_status run_write_apt(const char *directory, struct arena *arena,
                                   const char **path, engine_error *err)
{
    char *file = arena_strf(arena, "%s/apt.conf", directory);
    struct buffer conf;
    engine_status status;

    if (!file)
        return engine_fail_memory(err);
    buffer_init(&conf, 16384);
    buffer_puts(&conf, OSCAP_APT_CONF);
    run_append_architectures(&conf);
    buffer_putc(&conf, '\n');
    status = buffer_status(&conf, err);
    if (status == ENGINE_OK)
        status = file_write(file, conf.data, conf.len, 0600, err);
    buffer_clear(&conf);
    *path = file;
    return status;
}

static void run_env_copy(struct oscap_argv *env, const char *name,
                         const char *fallback)
{
    const char *value = getenv(name);

    if (value || fallback)
        oscap_argv_addf(env, "%s=%s", name, value ? value : fallback);
}

/* oscap-quick.so lies above the plugin's own directory; see quick.c. Files
 * that others could have written are left alone, as the loader does. */
static const char *run_find_quick(struct arena *arena)
{
    const char *slash, *path;
    struct stat info;
    Dl_info where;

    if (!dladdr((const void *)&oscap_run_argv_free, &where) ||
        !where.dli_fname || !(slash = strrchr(where.dli_fname, '/')))
        return NULL;
    path = arena_strf(arena, "%.*s/../oscap-quick.so",
                      (int)(slash - where.dli_fname), where.dli_fname);
    if (!path || where.dli_fname[0] != '/' || strpbrk(path, " :") ||
        lstat(path, &info) < 0 || !S_ISREG(info.st_mode) ||
        (info.st_mode & (S_IWGRP | S_IWOTH)) ||
        (info.st_uid != 0 && info.st_uid != geteuid()))
        return NULL;
    return path;
}

static engine_status run_env(const struct oscap_run_options *options,
                             const struct oscap_target *target,
                             const char *additional, struct oscap_argv *env,
                             engine_error *err)
{
    const char *apt = NULL, *quick = NULL;
    engine_status status = ENGINE_OK;

    run_env_copy(env, "PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    run_env_copy(env, "HOME", "/");
    run_env_copy(env, "USER", NULL);
    run_env_copy(env, "LOGNAME", NULL);
    run_env_copy(env, "SSH_AUTH_SOCK", NULL);
    oscap_argv_add(env, "LANG=C.UTF-8");
    /* it is also its working directory; oscap-ssh makes a socket in it, whose
     * path must be short */
    oscap_argv_addf(env, "TMPDIR=%s",
                    additional ? "/proc/self/cwd" : options->directory);
    if (additional)
        oscap_argv_addf(env, "SSH_ADDITIONAL_OPTIONS=%s", additional);
    if (target->kind == OSCAP_CHROOT)
        oscap_argv_addf(env, "OSCAP_PROBE_ROOT=%s", target->path);
    if (target->kind != OSCAP_SSH &&
        !document_bool(options->options, "self_checks", false))
        quick = run_find_quick(env->arena);
    if (quick)
        oscap_argv_addf(env, "LD_PRELOAD=%s", quick);
    if (target->kind != OSCAP_SSH &&
        !document_bool(options->options, "apt_lists", false)) {
        status = run_write_apt(options->directory, env->arena, &apt, err);
        if (status == ENGINE_OK)
            oscap_argv_addf(env, "APT_CONFIG=%s", apt);
    }
    return status;
}

static void run_local(const struct oscap_run_options *options,
                      struct oscap_argv *argv)
{
    const char *program = document_string(options->options, "program");

    oscap_argv_add(argv, program && *program ? program : "oscap");
    oscap_argv_add(argv, "xccdf");
    oscap_argv_add(argv, "eval");
    oscap_argv_add(argv, "--skip-valid");
    oscap_argv_add(argv, "--progress");
    oscap_argv_add(argv, "--profile");
    oscap_argv_add(argv, options->profile_id);
    if (options->tailoring_path) {
        oscap_argv_add(argv, "--tailoring-file");
        oscap_argv_add(argv, options->tailoring_path);
    }
    oscap_argv_add(argv, oscap_run_wants_arf(options) ? "--results-arf"
                                                      : "--results");
    oscap_argv_addf(argv, "%s/results.xml", options->directory);
    oscap_argv_add(argv, options->datastream_path);
}

engine_status oscap_run_build(const struct oscap_run_options *options,
                              const struct oscap_target *target,
                              struct oscap_argv *argv, struct oscap_argv *env,
                              engine_error *err)
{
    const char *additional = NULL;
    engine_status status = ENGINE_OK;

    if (target->kind != OSCAP_SSH)
        run_local(options, argv);
    else if (oscap_run_is_wrapped(options))
        status = oscap_ssh_wrapper(options, target, argv, &additional, err);
    else
        status = oscap_ssh_stream(options, target, argv, err);
    if (status == ENGINE_OK)
        status = run_env(options, target, additional, env, err);
    if (status == ENGINE_OK && (argv->failed || env->failed))
        status = engine_fail_memory(err);
    return status;
}

static char **run_words_dup(const struct oscap_argv *words)
{
    char **copy = engine_calloc(words->count + 1, sizeof(*copy));

    for (size_t i = 0; copy && i < words->count; i++) {
        copy[i] = engine_strdup(words->items[i]);
        if (!copy[i]) {
            oscap_run_argv_free(copy);
            return NULL;
        }
    }
    return copy;
}

void oscap_run_argv_free(char **argv)
{
    for (char **word = argv; word && *word; word++)
        engine_free(*word);
    engine_free(argv);
}

engine_status oscap_run_command(const struct oscap_run_options *options,
                                char ***argv, char ***env, engine_error *err)
{
    struct oscap_target target;
    struct arena arena;
    struct oscap_argv words = {.arena = &arena}, vars = {.arena = &arena};
    engine_status status = oscap_target_read(options->target, &target, err);

    arena_init(&arena, 1024 * 1024);
    if (status == ENGINE_OK)
        status = oscap_run_build(options, &target, &words, &vars, err);
    if (status == ENGINE_OK) {
        *argv = run_words_dup(&words);
        *env = run_words_dup(&vars);
        if (!*argv || !*env) {
            oscap_run_argv_free(*argv);
            oscap_run_argv_free(*env);
            status = engine_fail_memory(err);
        }
    }
    arena_clear(&arena);
    return status;
}
