/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ssh.h - argument vectors for remote runs. Nothing a user wrote is part of a
 * remote command: the script is fixed, only numbers are put into it.
 */
#ifndef PLUGINS_OSCAP_SSH_H
#define PLUGINS_OSCAP_SSH_H

#include "plugins/oscap/run.h"
#include "plugins/oscap/target.h"
#include "sdk/base/arena.h"

/* exit codes of the remote script that are not oscap's */
#define OSCAP_REMOTE_NO_OSCAP 90
#define OSCAP_REMOTE_SHORT 91
#define OSCAP_REMOTE_NO_SPACE 92
#define OSCAP_REMOTE_NO_SUDO 93

/*
 * apt.conf(5) for oscap's dpkg probe: no lists, no sources, none of the
 * machine's own settings, and cache paths that cannot be written, since apt
 * puts the scanned root before them (an empty path makes it fail there).
 */
#define OSCAP_APT_CONF                                                     \
    "Dir::Etc::main /dev/null; Dir::Etc::parts /dev/null; "                \
    "Dir::Etc::sourcelist /dev/null; Dir::Etc::sourceparts /dev/null; "    \
    "Dir::State::lists /nonexistent/lists/; "                              \
    "Dir::Cache::pkgcache /nonexistent/pkgcache.bin; "                     \
    "Dir::Cache::srcpkgcache /nonexistent/srcpkgcache.bin;"

/** A growing argument vector in an arena, NULL-ended. */
struct oscap_argv {
    struct arena *arena;
    const char **items;
    size_t count, room;
    bool failed; /* out of memory, told once by oscap_argv_end */
};

void oscap_argv_add(struct oscap_argv *argv, const char *word);
void oscap_argv_addf(struct oscap_argv *argv, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** ssh ... host SCRIPT: content on standard input, results on standard
 * output; sizes in bytes of the datastream and the tailoring. */
engine_status oscap_ssh_stream(const struct oscap_run_options *options,
                               const struct oscap_target *target,
                               struct oscap_argv *argv, engine_error *err);
/** ssh ... host true-like script: prints os-release and oscap's version. */
void oscap_ssh_probe(const bson_t *options,
                     const struct oscap_target *target,
                     struct oscap_argv *argv);
/** oscap-ssh [--sudo] user@host port xccdf eval ...; *additional receives the
 * value of SSH_ADDITIONAL_OPTIONS. */
engine_status oscap_ssh_wrapper(const struct oscap_run_options *options,
                                const struct oscap_target *target,
                                struct oscap_argv *argv,
                                const char **additional, engine_error *err);

/** Is the target's key file there? ssh itself would only warn, and then say
 * that permission is denied. */
engine_status oscap_ssh_check_key(const struct oscap_target *target,
                                  engine_error *err);

#endif
