/* SPDX-License-Identifier: Apache-2.0 */
/* ssh.c - argument vectors for remote runs. */
#include "plugins/oscap/ssh.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sdk/base/alloc.h"
#include "sdk/document/document.h"

/*
 * Runs on the other side under sh. Its only variable parts are numbers and
 * the fixed words of this file. It has no single quote, because it is handed
 * to "sh -c" inside single quotes: the login shell may be any.
 */
#define REMOTE_HEAD                                                        \
    "umask 077; d=$(TMPDIR=/tmp mktemp -d) || exit 92; "                               \
    "trap \"rm -rf $d\" EXIT; trap \"exit 94\" HUP INT TERM PIPE; "        \
    "command -v oscap >/dev/null 2>&1 || exit 90; cd $d || exit 92; "
#define REMOTE_TAKE                                                        \
    "cat >in || exit 92; [ $(wc -c <in) -eq %lld ] || exit 91; "           \
    "head -c %lld in >ds.xml && tail -c %lld in >t.xml || exit 92; "       \
    "rm -f in; "
#define REMOTE_APT                                                         \
    "echo \"" OSCAP_APT_CONF "\" >apt.conf || exit 92; "                   \
    "APT_CONFIG=$d/apt.conf; export APT_CONFIG; "
#define REMOTE_SUDO                                                        \
    "sudo -n true >/dev/null 2>&1 || exit 93; "
/* sshd signals nobody when a connection is lost: our shell looks whether its
 * parent, which is sshd's process for the session, has changed */
#define REMOTE_RUN                                                         \
    "t=; command -v timeout >/dev/null 2>&1 && t=\"timeout -k 5 %lld\"; "  \
    ": >out.xml || exit 92; "                                              \
    "$t %soscap xccdf eval --skip-valid --profile %s --tailoring-file "    \
    "t.xml %s out.xml ds.xml >/dev/null 2>err & o=$!; w=; "                \
    "[ -r /proc/$$/stat ] && { (while read -r a b c q e </proc/$$/stat "   \
    "&& [ $q -eq $PPID ]; do sleep 1; done; kill $o) "                     \
    "</dev/null >/dev/null 2>&1 & w=$!; }; "                               \
    "wait $o; rc=$?; [ -z $w ] || kill $w; "                               \
    "cat err >&2; [ -s out.xml ] || exit $rc; cat out.xml; exit $rc"
#define REMOTE_PROBE                                                       \
    "cat /etc/os-release 2>/dev/null || cat /usr/lib/os-release "          \
    "2>/dev/null; command -v oscap >/dev/null 2>&1 || exit 90; "           \
    "echo; oscap --version | head -n 1"

static void argv_push(struct oscap_argv *argv, const char *word)
{
    if (argv->count + 2 > argv->room) {
        const size_t room = argv->room ? 2 * argv->room : 16;
        const char **items =
            arena_alloc(argv->arena, room * sizeof(*items));
        if (!items) {
            argv->failed = true;
            return;
        }
        if (argv->count)
            memcpy(items, argv->items, argv->count * sizeof(*items));
        argv->items = items;
        argv->room = room;
    }
    argv->items[argv->count++] = word;
    argv->items[argv->count] = NULL;
}

void oscap_argv_add(struct oscap_argv *argv, const char *word)
{
    const char *copy = arena_strdup(argv->arena, word);

    if (copy)
        argv_push(argv, copy);
    else
        argv->failed = true;
}

void oscap_argv_addf(struct oscap_argv *argv, const char *format, ...)
{
    char text[8192];
    va_list args;

    va_start(args, format);
    if (vsnprintf(text, sizeof(text), format, args) >= (int)sizeof(text))
        argv->failed = true;
    va_end(args);
    oscap_argv_add(argv, text);
}

static const char *ssh_policy(const bson_t *options)
{
    const char *policy = document_string(options, "host_key_policy");

    return policy && strcmp(policy, "accept-new") == 0 ? "accept-new" : "yes";
}

/* everything up to the host; no word of it is read by a shell */
static void ssh_head(const bson_t *options, const struct oscap_target *target,
                     struct oscap_argv *argv)
{
    const char *known = document_string(options, "known_hosts");
    const char *program = document_string(options, "ssh_program");

    oscap_argv_add(argv, program ? program : "ssh");
    oscap_argv_add(argv, "-T");
    oscap_argv_add(argv, "-oBatchMode=yes");
    oscap_argv_add(argv, "-oServerAliveInterval=15");
    oscap_argv_add(argv, "-oServerAliveCountMax=4");
    oscap_argv_addf(argv, "-oConnectTimeout=%lld",
                    (long long)document_int(options, "connect_timeout", 15));
    oscap_argv_addf(argv, "-oStrictHostKeyChecking=%s", ssh_policy(options));
    if (known && *known)
        oscap_argv_addf(argv, "-oUserKnownHostsFile=\"%s\"", known);
    if (target->identity_file) {
        oscap_argv_add(argv, "-oIdentitiesOnly=yes");
        oscap_argv_addf(argv, "-oIdentityFile=\"%s\"",
                        target->identity_file);
    }
    oscap_argv_addf(argv, "-p%lld", (long long)target->port);
    if (target->username) {
        oscap_argv_add(argv, "-l");
        oscap_argv_add(argv, target->username);
    }
    oscap_argv_add(argv, "--");
    oscap_argv_add(argv, target->host);
}

/* ids that we made ourselves, checked all the same */
static bool ssh_is_word(const char *text)
{
    for (; *text; text++)
        if (!((*text >= 'a' && *text <= 'z') ||
              (*text >= 'A' && *text <= 'Z') ||
              (*text >= '0' && *text <= '9') || strchr("._-", *text)))
            return false;
    return true;
}

static engine_status ssh_size(const char *path, long long *size,
                              engine_error *err)
{
    struct stat info;

    if (stat(path, &info) < 0)
        return engine_fail(err, engine_status_from_errno(errno),
                           "could not open \"%s\": %s", path,
                           strerror(errno));
    *size = (long long)info.st_size;
    return ENGINE_OK;
}

engine_status oscap_ssh_check_key(const struct oscap_target *target,
                                  engine_error *err)
{
    const char *path = target->identity_file;

    if (!path || access(path, R_OK) == 0)
        return ENGINE_OK;
    return engine_fail(err, engine_status_from_errno(errno),
                       "could not read identity file \"%s\" of host \"%s\": "
                       "%s", path, target->host, strerror(errno));
}

engine_status oscap_ssh_stream(const struct oscap_run_options *options,
                               const struct oscap_target *target,
                               struct oscap_argv *argv, engine_error *err)
{
    const bool lists = document_bool(options->options, "apt_lists", false);
    const bool arf = options->arf || options->oval_results;
    long long content = 0, tailoring = 0;
    engine_status status;
    char take[512], run[2048];

    if (!ssh_is_word(options->profile_id))
        return engine_fail(err, ENGINE_EINVAL, "bad profile id \"%s\"",
                           options->profile_id);
    status = ssh_size(options->datastream_path, &content, err);
    if (status == ENGINE_OK && options->tailoring_path)
        status = ssh_size(options->tailoring_path, &tailoring, err);
    if (status < 0)
        return status;
    snprintf(take, sizeof(take), REMOTE_TAKE, content + tailoring, content,
             tailoring);
    snprintf(run, sizeof(run), REMOTE_RUN,
             (long long)(options->timeout_ms > 0
                             ? (options->timeout_ms + 999) / 1000
                             : 86400),
             target->sudo ? (lists ? "sudo -n "
                                   : "sudo -n env APT_CONFIG=$APT_CONFIG ")
                          : "",
             options->profile_id, arf ? "--results-arf" : "--results");
    ssh_head(options->options, target, argv);
    oscap_argv_addf(argv, "exec sh -c '" REMOTE_HEAD "%s%s%s%s'",
                    target->sudo ? REMOTE_SUDO : "", take,
                    lists ? "" : REMOTE_APT,
                    run);
    return ENGINE_OK;
}

void oscap_ssh_probe(const bson_t *options, const struct oscap_target *target,
                     struct oscap_argv *argv)
{
    ssh_head(options, target, argv);
    oscap_argv_add(argv, "exec sh -c '" REMOTE_PROBE "'");
}

/* oscap-ssh splits its ssh options at white space, and hands paths to scp */
static engine_status wrapper_check_path(const char *path, const char *what,
                                        engine_error *err)
{
    for (const char *at = path; *at; at++)
        if (!((*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') ||
              (*at >= '0' && *at <= '9') || strchr("/._-", *at)))
            return engine_fail(err, ENGINE_EINVAL,
                               "oscap-ssh cannot take the %s \"%s\": use "
                               "letters, digits and / . _ - only", what,
                               path);
    return ENGINE_OK;
}

static engine_status wrapper_options(const struct oscap_run_options *options,
                                     const struct oscap_target *target,
                                     struct arena *arena, const char **out,
                                     engine_error *err)
{
    const char *known = document_string(options->options, "known_hosts");
    const char *key = target->identity_file;

    if ((known && *known &&
         wrapper_check_path(known, "known-hosts file", err) < 0) ||
        (key && wrapper_check_path(key, "identity file", err) < 0))
        return ENGINE_EINVAL;
    *out = arena_strf(
        arena,
        "-oBatchMode=yes -oConnectTimeout=%lld -oStrictHostKeyChecking=%s"
        "%s%s%s%s",
        (long long)document_int(options->options, "connect_timeout", 15),
        ssh_policy(options->options),
        known && *known ? " -oUserKnownHostsFile=" : "",
        known && *known ? known : "",
        key ? " -oIdentitiesOnly=yes -oIdentityFile=" : "", key ? key : "");
    return *out ? ENGINE_OK : engine_fail_memory(err);
}

engine_status oscap_ssh_wrapper(const struct oscap_run_options *options,
                                const struct oscap_target *target,
                                struct oscap_argv *argv,
                                const char **additional, engine_error *err)
{
    const bool arf = options->arf || options->oval_results;

    if (wrapper_check_path(options->directory, "run directory", err) < 0 ||
        wrapper_check_path(options->datastream_path, "content path", err) <
            0 ||
        !ssh_is_word(options->profile_id) ||
        wrapper_options(options, target, argv->arena, additional, err) < 0)
        return err ? err->status : ENGINE_EINVAL;
    oscap_argv_add(argv, "oscap-ssh");
    if (target->sudo)
        oscap_argv_add(argv, "--sudo");
    oscap_argv_addf(argv, "%s%s%s", target->username ? target->username : "",
                    target->username ? "@" : "", target->host);
    oscap_argv_addf(argv, "%lld", (long long)target->port);
    oscap_argv_add(argv, "xccdf");
    oscap_argv_add(argv, "eval");
    oscap_argv_add(argv, "--skip-valid");
    oscap_argv_add(argv, "--profile");
    oscap_argv_add(argv, options->profile_id);
    if (options->tailoring_path) {
        oscap_argv_add(argv, "--tailoring-file");
        oscap_argv_add(argv, options->tailoring_path);
    }
    oscap_argv_add(argv, arf ? "--results-arf" : "--results");
    oscap_argv_addf(argv, "%s/results.xml", options->directory);
    oscap_argv_add(argv, options->datastream_path);
    return ENGINE_OK;
}
