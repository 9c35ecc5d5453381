/* SPDX-License-Identifier: Apache-2.0 */
/* session.h - what the program and embedders work with: configuration, store,
 * workers and plugins. Only what is asked for is opened. */
#ifndef ENGINE_LIBRARY_SESSION_H
#define ENGINE_LIBRARY_SESSION_H

#include "engine/config/config.h"
#include "engine/launch/conduct.h"
#include "engine/rules/rules.h"
#include "engine/scan/scan.h"

#define SESSION_STORE 1u   /* the store, made when it is not there */
#define SESSION_READ 2u    /* the store, for reading only */
#define SESSION_PLUGINS 4u /* workers, and what plugins say of themselves */

struct session_options {
    const char *config_path; /* as config_load has it */
    const char *config_text; /* as config_load_text has it ... */
    bool memory;             /* ... which is called then */
    const char *store_uri;   /* instead of the configuration's; or NULL */
    struct store *store;     /* lent, instead of opening one; or NULL */
    const struct log *log;   /* outlives the session */
    bool threads;            /* plugins run in threads, not in processes */
    int (*cancelled)(void *user); /* as in struct scan_context */
    void *user;
};

struct session {
    struct session_options options;
    struct engine_config config;
    char *store_uri; /* absolute: handles may be opened later, too */
    struct store *store;
    struct launcher *launcher; /* of processes; NULL: no plugin needs one */
    struct launcher *threads;
    struct registry *registry;
    struct conduct_options conduct;
    struct scan_spool spool;
    char *store_name; /* the spool's */
    bool loaded;
};

/** Reads the configuration; texts of `options` are the caller's. The session
 * is closed again when it fails. */
engine_status session_load(const struct session_options *options,
                           struct session *out, engine_error *err);
/** Opens what `needs` says; closes everything when it fails. */
engine_status session_start(struct session *session, unsigned needs,
                            engine_error *err);
/** Accepts a session of zeros. */
void session_close(struct session *session);

/** The limits of a job by the configuration. */
void session_limits(const struct engine_config *config,
                    struct job_limits *out);
/** A context for engine/scan without callbacks but `cancelled`. */
void session_context(const struct session *session, struct scan_context *out);

/** Content that only a plugin can read; native.c. */
struct native {
    const struct registry *registry;
    const struct conduct_options *conduct;
    const struct engine_config *config;
    bool validate_only;
};

/**
 * Lets the plugin for `format` (a name for --as, or an XML root element) read
 * a file. `import` receives the documents; NULL: nothing is kept.
 */
engine_status native_import(const struct native *native, const char *path,
                            const char *format, struct rules_import *import,
                            engine_error *err);

#endif
