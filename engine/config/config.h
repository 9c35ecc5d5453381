/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.h - the configuration file (libconfig) and its built-in defaults.
 * libconfig stops in this folder: everything leaves as plain data.
 */
#ifndef ENGINE_CONFIG_CONFIG_H
#define ENGINE_CONFIG_CONFIG_H

#include <bson/bson.h>

#include "engine/plugin/registry.h"
#include "sdk/base/arena.h"
#include "sdk/base/buffer.h"
#include "sdk/base/error.h"
#include "sdk/base/log.h"

/**
 * Built-in places, changeable for uninstalled use by the environment:
 * SCAN_ENGINE_PLUGIN_DIR and SCAN_ENGINE_WORKER.
 */
struct engine_config {
    struct arena arena;    /* owns all strings and specs */
    const char *file;      /* the file read, or NULL: defaults alone */
    const char *store_uri; /* "sqlite:/path" */
    const char *cache_directory, *run_directory;
    const char *plugin_directory, *worker_path;
    enum log_level log_level;
    const char *confinement; /* "auto", "off", "required" */
    const char *user;        /* that workers run as; NULL or "": the engine's */
    const struct plugin_user *worker_user; /* NULL: the engine's */
    uint32_t workers; /* jobs at once; 0: processors */
    /* limits of one job; see conduct.h for units; 0: none */
    int64_t limit_wall_s, limit_memory_mb, limit_cpu_s, limit_file_mb;
    int64_t limit_processes, limit_files, limit_results, limit_result_mb;
    int64_t limit_artifacts, limit_artifact_mb;
    /* results that wait while the store is away */
    const char *spool_directory;
    int64_t spool_maximum_mb, spool_wait_s; /* 0: no limit */
    /* the daemon; NULL: the option was not set */
    const char *server_listen, *server_auth, *server_recover;
    const char *server_visibility;
    const char *server_tls_certificate, *server_tls_key;
    const char *server_archive_directory;
    int64_t server_scans, server_queue, server_connections;
    int64_t server_request_mb, server_request_s;
    int64_t server_rate, server_burst;
    struct plugin_spec *plugins;
    size_t plugins_count;
    bool has_scan;
    bson_t scan;       /* the file's scan { }, contract.md's names */
    bson_t scan_lines; /* {path: line} for messages */
};

/**
 * Reads `path`; NULL: $SCAN_ENGINE_CONFIG, then /etc/scan-engine/engine.conf,
 * then the built-in defaults. Unknown keys, wrong types and values out of
 * range fail with file, line and what is allowed.
 */
engine_status config_load(const char *path, struct engine_config *out,
                          engine_error *err);
/** The same of text in memory, which messages call "configuration"; NULL: the
 * built-in defaults. What it includes is relative to the current directory. */
engine_status config_load_text(const char *text, struct engine_config *out,
                               engine_error *err);
/** Frees what config_load filled in. Not called config_clear: libconfig has a
 * function of that name from 1.7 on. */
void config_unload(struct engine_config *config);

/** Fails where workers are to run as another user, and we cannot: naming file
 * and line. Asked before workers are started, not of whoever only reads. */
engine_status config_check_users(const struct engine_config *config,
                                 engine_error *err);

/** Creates a private directory, or checks that the one there is: owned by the
 * running user, and others may at most pass through. */
engine_status config_private_directory(const char *path, engine_error *err);

/** Writes the commented example configuration made from the option tables. */
engine_status config_example(struct buffer *out);

#endif
