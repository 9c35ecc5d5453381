/* SPDX-License-Identifier: Apache-2.0 */
/* credentials.c - keys that are kept, and fetched when they are old. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/aws/credentials_private.h"
#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"

#define SETUP_ARENA_MAXIMUM ((size_t)64 * 1024 * 1024)

/* ---- beginning and end --------------------------------------------------- */

static void setup_free(struct aws_setup *setup)
{
    aws_files_clear(&setup->files);
    arena_wipe(&setup->arena);
    http_client_free(setup->local);
    aws_signer_free(setup->signer);
    engine_free(setup);
}

struct aws_credentials *aws_credentials_make(struct aws_setup *setup,
                                             enum aws_source source)
{
    struct aws_credentials *self = engine_calloc(1, sizeof(*self));

    if (!self)
        return NULL;
    self->setup = setup;
    self->source = source;
    aws_keys_init(&self->keys);
    return self;
}

void aws_credentials_free(struct aws_credentials *self)
{
    while (self) {
        struct aws_credentials *base = self->owns_base ? self->base : NULL;

        aws_keys_clear(&self->keys);
        if (self->owns_setup)
            setup_free(self->setup);
        engine_free(self);
        self = base;
    }
}

static const char *setup_copy(struct aws_setup *setup, const char *text,
                              bool *failed)
{
    const char *copy;

    if (!text || !*text)
        return NULL;
    copy = arena_strdup(&setup->arena, text);
    *failed = *failed || !copy;
    return copy;
}

/* an explicit path, that of a variable, or the usual one; NULL: no home */
static const char *setup_path(struct aws_setup *setup, const char *given,
                              const char *variable, const char *usual)
{
    if (given && *given)
        return aws_home_path(&setup->arena, given);
    given = aws_env(variable);
    return aws_home_path(&setup->arena, given ? given : usual);
}

static engine_status setup_load(struct aws_setup *setup, const char *path,
                                int is_config, engine_error *err)
{
    const engine_status status =
        path ? aws_files_load(&setup->files, path, is_config, err) : 0;

    if (status == ENGINE_ENOTFOUND)
        return ENGINE_OK;
    if (status < 0 && status != ENGINE_ENOMEM)
        engine_hint(err, "correct the file, or name another one with %s",
                    is_config ? "AWS_CONFIG_FILE"
                              : "AWS_SHARED_CREDENTIALS_FILE");
    return status;
}

static engine_status setup_fill(struct aws_setup *setup,
                                const struct aws_credentials_options *options,
                                engine_error *err)
{
    const char *profile = options->profile;
    bool failed = false;
    engine_status status;

    if (!profile || !*profile)
        profile = aws_env("AWS_PROFILE");
    if (!profile)
        profile = aws_env("AWS_DEFAULT_PROFILE");
    setup->profile_wanted = profile != NULL;
    setup->profile_name =
        setup_copy(setup, profile ? profile : "default", &failed);
    setup->region = setup_copy(setup, options->region, &failed);
    setup->endpoint = setup_copy(setup, options->endpoint, &failed);
    if (failed)
        return engine_fail_memory(err);
    setup->config_path = setup_path(setup, options->config_file,
                                    "AWS_CONFIG_FILE", "~/.aws/config");
    setup->shared_path =
        setup_path(setup, options->shared_file, "AWS_SHARED_CREDENTIALS_FILE",
                   "~/.aws/credentials");
    status = setup_load(setup, setup->config_path, 1, err);
    if (status == ENGINE_OK)
        status = setup_load(setup, setup->shared_path, 0, err);
    if (status < 0)
        return status;
    setup->profile = aws_files_section(&setup->files, AWS_SECTION_PROFILE,
                                       setup->profile_name);
    return ENGINE_OK;
}

engine_status aws_credentials_new(const struct aws_credentials_options *options,
                                  struct aws_credentials **out,
                                  engine_error *err)
{
    struct aws_setup *setup = engine_calloc(1, sizeof(*setup));
    struct aws_credentials *self = NULL;
    engine_status status;

    if (!setup)
        return engine_fail_memory(err);
    arena_init(&setup->arena, SETUP_ARENA_MAXIMUM);
    aws_files_init(&setup->files);
    setup->client = options->client;
    setup->log = options->log;
    setup->user = options->user;
    setup->allow_process = options->allow_process;
    setup->allow_sso = options->allow_sso;
    setup->profile_given = options->profile && *options->profile;
    status = aws_signer_new(&setup->signer, err);
    if (status == ENGINE_OK)
        status = setup_fill(setup, options, err);
    if (status == ENGINE_OK)
        status = aws_chain_resolve(setup, &self, err);
    if (status < 0) {
        setup_free(setup);
        return status;
    }
    self->owns_setup = true;
    *out = self;
    return ENGINE_OK;
}

static bool credentials_is_arn(const char *text)
{
    return text && strncmp(text, "arn:", 4) == 0 && strstr(text, ":role/");
}

engine_status aws_credentials_assume(struct aws_credentials *base,
                                     const struct aws_role *role,
                                     struct aws_credentials **out,
                                     engine_error *err)
{
    struct aws_setup *setup = base->setup;
    struct aws_credentials *self;
    bool failed = false;

    if (!credentials_is_arn(role->arn)) {
        engine_fail(err, ENGINE_EINVAL, "\"%.200s\" is no ARN of a role",
                    role->arn ? role->arn : "");
        engine_hint(err, "arn:aws:iam::ACCOUNT:role/NAME");
        return ENGINE_EINVAL;
    }
    self = aws_credentials_make(setup, AWS_SOURCE_ROLE);
    if (!self)
        return engine_fail_memory(err);
    self->base = base;
    self->role = setup_copy(setup, role->arn, &failed);
    self->external_id = setup_copy(setup, role->external_id, &failed);
    self->session_name = setup_copy(setup, role->session_name, &failed);
    self->duration_s = role->duration_s;
    self->label = arena_strf(&setup->arena, "role %s by %s", role->arn,
                             base->label);
    if (failed || !self->label) {
        aws_credentials_free(self);
        return engine_fail_memory(err);
    }
    *out = self;
    return ENGINE_OK;
}

const char *aws_credentials_source(const struct aws_credentials *self)
{
    return self->label;
}

/* ---- keys ---------------------------------------------------------------- */

static engine_status credentials_fetch(struct aws_credentials *self,
                                       struct aws_keys *out, engine_error *err)
{
    switch (self->source) {
    case AWS_SOURCE_ROLE:
        return aws_fetch_role(self, out, err);
    case AWS_SOURCE_WEB:
        return aws_fetch_web(self, out, err);
    case AWS_SOURCE_CONTAINER:
        return aws_fetch_container(self, out, err);
    case AWS_SOURCE_METADATA:
        return aws_fetch_metadata(self, out, err);
    case AWS_SOURCE_PROCESS:
        return aws_fetch_process(self, out, err);
    case AWS_SOURCE_SSO:
        return aws_fetch_sso(self, out, err);
    default:
        return aws_chain_nothing(self->setup, err);
    }
}

/* half of what short-lived keys have left, five minutes of others */
static int64_t credentials_early(const struct aws_keys *keys)
{
    const int64_t left = keys->expires_ms - clock_now_ms();

    return left / 2 < AWS_EARLY_MS ? left / 2 : AWS_EARLY_MS;
}

static bool credentials_is_old(const struct aws_credentials *self)
{
    return !self->keys.id[0] ||
           (self->keys.expires_ms &&
            clock_now_ms() + self->early_ms >= self->keys.expires_ms);
}

static bool credentials_is_over(const struct aws_credentials *self)
{
    return !self->keys.id[0] || (self->keys.expires_ms &&
                                 clock_now_ms() >= self->keys.expires_ms);
}

engine_status aws_credentials_keep(struct aws_credentials *self,
                                   struct aws_keys *fresh, engine_error *err)
{
    if (fresh->expires_ms && fresh->expires_ms <= clock_now_ms())
        return engine_fail(err, ENGINE_EDENIED,
                           "%s: the keys that it gives have expired",
                           self->label);
    aws_keys_clear(&self->keys);
    self->keys = *fresh;
    aws_keys_init(fresh);
    self->fetched_ms = clock_steady_ms();
    self->retry_ms = 0;
    self->early_ms = self->keys.expires_ms ? credentials_early(&self->keys) : 0;
    return ENGINE_OK;
}

static engine_status credentials_renew(struct aws_credentials *self,
                                       engine_error *err)
{
    struct aws_keys fresh;
    engine_status status;

    aws_keys_init(&fresh);
    self->busy = true;
    status = credentials_fetch(self, &fresh, err);
    self->busy = false;
    if (status == ENGINE_OK)
        status = aws_credentials_keep(self, &fresh, err);
    if (status < 0)
        self->retry_ms = clock_steady_ms() + AWS_AGAIN_MS;
    aws_keys_clear(&fresh);
    return status;
}

static engine_status credentials_static(struct aws_credentials *self,
                                        bool refused,
                                        const struct aws_keys **out,
                                        engine_error *err)
{
    if (refused) {
        engine_fail(err, ENGINE_EDENIED, "the keys of %s were refused",
                    self->label);
        engine_hint(err, self->keys.token.len
                             ? "a session has an end: set fresh keys"
                             : "are they active, and of this account?");
        return ENGINE_EDENIED;
    }
    *out = &self->keys;
    return ENGINE_OK;
}

/* refusals that were on their way while the keys came do not count */
static bool credentials_wants(const struct aws_credentials *self, bool refused)
{
    const int64_t now = clock_steady_ms();

    if (refused)
        return !self->fetched_ms || now - self->fetched_ms > AWS_TOGETHER_MS;
    return credentials_is_old(self) &&
           (now >= self->retry_ms || credentials_is_over(self));
}

engine_status aws_credentials_get(struct aws_credentials *self, bool refused,
                                  const struct aws_keys **out,
                                  engine_error *err)
{
    engine_error why = {0};
    engine_status status = ENGINE_OK;

    if (self->source == AWS_SOURCE_STATIC)
        return credentials_static(self, refused, out, err);
    /* a call that goes on while keys are fetched, by http_fetch within auth */
    if (self->busy && !self->keys.id[0])
        return engine_fail(err, ENGINE_EAWAY,
                           "%s: its keys are being fetched", self->label);
    if (!self->busy && credentials_wants(self, refused))
        status = credentials_renew(self, &why);
    if (status < 0 && (refused || credentials_is_over(self))) {
        if (err)
            *err = why;
        return status;
    }
    if (status < 0)
        aws_say(self->setup, 2, "%s: keys that still last could not be "
                                "renewed: %s",
                self->label, why.message);
    *out = &self->keys;
    return ENGINE_OK;
}
