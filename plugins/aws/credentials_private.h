/* SPDX-License-Identifier: Apache-2.0 */
/* credentials_private.h - the sources of the chain; credentials.h says which
 * there are. */
#ifndef PLUGINS_AWS_CREDENTIALS_PRIVATE_H
#define PLUGINS_AWS_CREDENTIALS_PRIVATE_H

#include "plugins/aws/credentials.h"
#include "plugins/aws/profile.h"
#include "sdk/kit/value.h"

#define AWS_DEPTH 8                   /* roles on roles */
#define AWS_EARLY_MS (5 * 60 * 1000)  /* keys are renewed so long before */
#define AWS_TOGETHER_MS 5000          /* fresh keys answer older refusals */
#define AWS_AGAIN_MS (60 * 1000)      /* after a renewal that failed */
#define AWS_ANSWER_MAXIMUM ((size_t)1024 * 1024)

enum aws_source {
    AWS_SOURCE_NONE, /* nothing was found: looked says where */
    AWS_SOURCE_STATIC,
    AWS_SOURCE_ROLE,
    AWS_SOURCE_WEB,
    AWS_SOURCE_CONTAINER,
    AWS_SOURCE_METADATA,
    AWS_SOURCE_PROCESS,
    AWS_SOURCE_SSO
};

/* what all credentials of one target share */
struct aws_setup {
    struct arena arena; /* texts; wiped */
    struct aws_files files;
    const struct aws_section *profile; /* the chosen one; or NULL */
    const char *profile_name;
    bool profile_wanted; /* by options or AWS_PROFILE: it has to be there */
    bool profile_given;  /* by options: it comes before the environment */
    const char *config_path, *shared_path;
    const char *region, *endpoint;
    bool allow_process, allow_sso;
    struct http_client *client;
    struct http_client *local; /* for metadata: short patience; NULL at first */
    struct aws_signer *signer;
    int64_t skew_ms; /* what to add to the clock here */
    void (*log)(int level, const char *text, void *user);
    void *user;
};

struct aws_credentials {
    struct aws_setup *setup;
    bool owns_setup, owns_base, busy;
    enum aws_source source;
    const char *label;
    struct aws_credentials *base; /* of a role */
    const char *role, *external_id, *session_name;
    int duration_s;
    const char *token_file;            /* web identity */
    const char *command;               /* credential_process */
    const struct aws_section *profile; /* SSO */
    struct aws_keys keys;
    int64_t fetched_ms, retry_ms; /* steady; 0: never */
    int64_t early_ms;
};

/* credentials_chain.c: the source that the environment and files say. */
engine_status aws_chain_resolve(struct aws_setup *setup,
                                struct aws_credentials **out,
                                engine_error *err);
/** A source with its label, which may be NULL for want of memory; or NULL. */
struct aws_credentials *aws_chain_make(struct aws_setup *setup,
                                       enum aws_source source,
                                       const char *label);
engine_status aws_chain_static(struct aws_setup *setup, const char *label,
                               const char *id, const char *secret,
                               const char *token, struct aws_credentials **out,
                               engine_error *err);
engine_status aws_chain_environment(struct aws_setup *setup,
                                    struct aws_credentials **out,
                                    engine_error *err);
engine_status aws_chain_web(struct aws_setup *setup, const char *label,
                            const char *role, const char *session,
                            const char *file, struct aws_credentials **out,
                            engine_error *err);

/* profiles on the way from the chosen one to what it stands on */
struct aws_chain_path {
    const struct aws_section *profiles[AWS_DEPTH];
    unsigned count;
};

/* credentials_profile.c: what a profile says, and those it stands on.
 * ..._any: ENGINE_ENOTFOUND without a message when it says nothing of keys. */
engine_status aws_chain_profile(struct aws_setup *setup,
                                const struct aws_section *profile,
                                struct aws_chain_path *path,
                                struct aws_credentials **out,
                                engine_error *err);
engine_status aws_chain_profile_any(struct aws_setup *setup,
                                    const struct aws_section *profile,
                                    struct aws_chain_path *path,
                                    struct aws_credentials **out,
                                    engine_error *err);

struct aws_credentials *aws_credentials_make(struct aws_setup *setup,
                                             enum aws_source source);
/** Takes keys that were fetched; not those that have ended. */
engine_status aws_credentials_keep(struct aws_credentials *self,
                                   struct aws_keys *fresh, engine_error *err);
/** "none of ... has any": AWS_SOURCE_NONE's error, also behind a failure. */
engine_status aws_chain_nothing(const struct aws_setup *setup,
                                engine_error *err);

/* How each source gets keys. out is empty and belongs to the caller. */
engine_status aws_fetch_role(struct aws_credentials *self,
                             struct aws_keys *out, engine_error *err);
engine_status aws_fetch_web(struct aws_credentials *self,
                            struct aws_keys *out, engine_error *err);
engine_status aws_fetch_container(struct aws_credentials *self,
                                  struct aws_keys *out, engine_error *err);
engine_status aws_fetch_metadata(struct aws_credentials *self,
                                 struct aws_keys *out, engine_error *err);
engine_status aws_fetch_process(struct aws_credentials *self,
                                struct aws_keys *out, engine_error *err);
engine_status aws_fetch_sso(struct aws_credentials *self,
                            struct aws_keys *out, engine_error *err);

/* ---- credentials_read.c -------------------------------------------------- */

/* names of the members that hold the keys */
struct aws_names {
    const char *id, *secret, *token, *expires;
    bool must_expire;
};
/** Takes keys out of an object; what is wrong with it is named, never what
 * it holds. expires may be a date or milliseconds. */
engine_status aws_keys_read(const struct value *object,
                            const struct aws_names *names,
                            struct aws_keys *out, engine_error *err);
engine_status aws_keys_set(struct aws_keys *out, const char *id,
                           const char *secret, const char *token,
                           engine_error *err);
/** One line of at most room - 1 bytes, without control characters. */
void aws_line(const char *text, size_t len, char *out, size_t room);
void aws_wipe(struct buffer *buffer);
/** "HOST[:PORT]" of a URL, for messages. */
void aws_host(const char *url, char *out, size_t room);
/** The client for metadata, made when first needed. */
engine_status aws_local_client(struct aws_setup *setup, engine_error *err);
void aws_say(const struct aws_setup *setup, int level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/** Stars in place of secrets that an answer repeats; both may be NULL. */
void aws_redact(char *text, const struct aws_keys *keys,
                const struct secret *token);
/** A file below the home directory: "~/" and AWS's own default paths. */
const char *aws_home_path(struct arena *arena, const char *path);
/** Set and not empty, else NULL. */
const char *aws_env(const char *name);
bool aws_env_true(const char *name);

/* ---- sts.c, sts_place.c, sts_answer.c ------------------------------------ */

struct aws_sts_place {
    char url[512], host[300];
    const char *region; /* that is signed for */
};
engine_status aws_sts_place(const struct aws_credentials *self,
                            struct aws_sts_place *out, engine_error *err);

struct aws_sts {
    const char *action;
    const struct aws_keys *keys; /* NULL: not signed */
    const struct secret *token;  /* web identity; or NULL */
};
/** Asks STS for the keys of the role of self. */
engine_status aws_sts_assume(struct aws_credentials *self,
                             const struct aws_sts *how, struct aws_keys *out,
                             engine_error *err);
/** The same without waiting: ended is called once, within http_run, with the
 * keys, which it may take, or why->status < 0. Not after a failure. */
typedef void (*aws_sts_fn)(struct aws_credentials *self, struct aws_keys *keys,
                           const engine_error *why, void *user);
engine_status aws_sts_begin(struct aws_credentials *self,
                            const struct aws_sts *how, aws_sts_fn ended,
                            void *user, engine_error *err);
/** Reads an answer of STS; element is "AssumeRoleResult". */
engine_status aws_sts_read(const char *text, size_t len, const char *element,
                           struct aws_keys *out, engine_error *err);
/** Error code and message of one; empty where there is none. */
void aws_sts_read_error(const char *text, size_t len, char code[64],
                        char message[320]);
/** The domain of a region's partition: "amazonaws.com". */
const char *aws_domain(const char *region);

#endif
