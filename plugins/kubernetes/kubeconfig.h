/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kubeconfig.h - how a target's API server is reached, and as whom: from
 * kubeconfig files, from the target itself, or from the pod we run in.
 * (Kubernetes documentation, "Organizing Cluster Access Using kubeconfig
 * Files" and "client.authentication.k8s.io/v1"; client-go's clientcmd.)
 *
 * Nothing here connects to anything, and no message holds a secret.
 */
#ifndef PLUGINS_KUBERNETES_KUBECONFIG_H
#define PLUGINS_KUBERNETES_KUBECONFIG_H

#include <bson/bson.h>
#include <stdbool.h>

#include "sdk/base/arena.h"
#include "sdk/base/buffer.h"
#include "sdk/base/error.h"
#include "sdk/kit/secret.h"
#include "sdk/kit/value.h"

#define KUBE_CONFIG_WARNINGS 8

/** A credential plugin. */
struct kube_exec {
    const char *api_version;
    const char *command;          /* absolute, or a name on PATH */
    const char *const *args;      /* NULL-ended */
    const char *const *env;       /* "NAME=value", NULL-ended */
    const char *hint;             /* what to do when it is not installed */
    bool cluster_info;            /* it wants to know the cluster */
    const struct value *config;   /* the cluster's extension for it, or NULL */
};

/** Everything is owned by the arena; kube_config_clear wipes it. */
struct kube_config {
    struct arena arena;
    const char *source;    /* for messages: the files, or "the target" */
    const char *context, *cluster_name, *user_name; /* NULL: there is none */
    const char *namespace; /* of the context; NULL: none */

    const char *server;    /* URL without a slash at its end */
    const char *ca_file, *ca_data; /* PEM */
    size_t ca_len;
    const char *server_name, *proxy;
    bool insecure;

    const char *cert_file, *cert_data, *key_file, *key_data; /* PEM */
    size_t cert_len, key_len;
    struct secret token;
    const char *token_file;
    const char *username;
    struct secret password;
    const struct kube_exec *exec;
    const char *as, *as_uid;
    const char *const *headers; /* "Impersonate-Group: x"...; NULL-ended */

    const char *warnings[KUBE_CONFIG_WARNINGS];
    size_t warnings_count;
};

/** What the surroundings say; kube_surroundings reads the environment's. */
struct kube_surroundings {
    const char *kubeconfig;   /* KUBECONFIG */
    const char *home;         /* HOME */
    const char *host, *port;  /* KUBERNETES_SERVICE_HOST, _PORT */
};
void kube_surroundings(struct kube_surroundings *out);

/**
 * Reads the access of a target: {kubeconfig?, context?} or {server, token?,
 * ca_file?, ...}, else what the surroundings say. The caller clears *out,
 * also after a failure.
 */
engine_status kube_config_open(const bson_t *target,
                               const struct kube_surroundings *around,
                               struct kube_config *out, engine_error *err);
void kube_config_clear(struct kube_config *config);
/** `context "x", user "y" of FILE`, for messages. */
void kube_config_who(const struct kube_config *config, char *out,
                     size_t room);

/* ---- seams between the files of kubeconfig*.c ---------------------------- */

/** Kubeconfig files, in the order in which they win. */
struct kube_files {
    struct arena *arena;
    struct kube_file {
        const char *path, *folder;
        const struct value *root;
        bool open;      /* everybody on this machine may read it */
    } items[32];
    size_t count;
};

/** An entry of clusters, users or contexts. */
struct kube_entry {
    const struct kube_file *file;
    const char *what, *name;   /* "cluster", "x" */
    const struct value *body;
};

/** Adds a file; a missing one is passed over when `optional`. */
engine_status kube_files_add(struct kube_files *files, const char *path,
                             bool optional, engine_error *err);
/** Adds a text as if it were a file; relative paths are then refused. */
engine_status kube_files_add_text(struct kube_files *files, const char *name,
                                  const char *text, size_t len,
                                  engine_error *err);
/** Adds the files of a list with colons. */
engine_status kube_files_add_list(struct kube_files *files, const char *list,
                                  engine_error *err);
/** The first entry `name` of the list of `what`s. */
engine_status kube_files_find(const struct kube_files *files,
                              const char *what, const char *name,
                              struct kube_entry *out, engine_error *err);
/** Fills config from a context; NULL: the current one. */
engine_status kube_config_choose(struct kube_config *config,
                                 const struct kube_files *files,
                                 const char *context, engine_error *err);

/* entry fields; a field of another type is an error that names it */
engine_status kube_entry_text(const struct kube_entry *entry,
                              const char *key, const char **out,
                              engine_error *err);
engine_status kube_entry_flag(const struct kube_entry *entry,
                              const char *key, bool *out, engine_error *err);
/** A path, relative to the file. */
engine_status kube_entry_path(const struct kube_entry *entry,
                              struct arena *arena, const char *key,
                              const char **out, engine_error *err);
/** Base64 (RFC 4648). */
engine_status kube_entry_data(const struct kube_entry *entry,
                              struct arena *arena, const char *key,
                              const char **out, size_t *len,
                              engine_error *err);
engine_status kube_entry_fail(const struct kube_entry *entry,
                              engine_error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/** The server's access and its user's, from their entries. */
engine_status kube_config_take_cluster(struct kube_config *config,
                                       const struct kube_entry *entry,
                                       engine_error *err);
engine_status kube_config_take_user(struct kube_config *config,
                                    const struct kube_entry *entry,
                                    engine_error *err);
engine_status kube_config_take_exec(struct kube_config *config,
                                    const struct kube_entry *user,
                                    engine_error *err);
/** Base64 of bytes, appended. */
void kube_base64(const char *data, size_t len, struct buffer *out);
void kube_config_warn(struct kube_config *config, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/** Checks what came together: the server's URL, files that must be there. */
engine_status kube_config_check(struct kube_config *config,
                                engine_error *err);

#endif
