/* SPDX-License-Identifier: Apache-2.0 */
/*
 * credentials_chain.c - which source has the keys: a profile that was asked
 * for, the environment, the profile of AWS_PROFILE, a web identity, the default
 * profile, the container's or the instance's own role.
 */
#include "plugins/aws/credentials_private.h"

/* a source with its label, or NULL */
struct aws_credentials *aws_chain_make(struct aws_setup *setup,
                                       enum aws_source source,
                                       const char *label)
{
    struct aws_credentials *self =
        label ? aws_credentials_make(setup, source) : NULL;

    if (self)
        self->label = label;
    return self;
}

/* ---- static keys --------------------------------------------------------- */

engine_status aws_chain_static(struct aws_setup *setup, const char *label,
                               const char *id, const char *secret,
                               const char *token,
                               struct aws_credentials **out,
                               engine_error *err)
{
    struct aws_credentials *self =
        aws_chain_make(setup, AWS_SOURCE_STATIC, label);
    engine_status status;

    if (!self)
        return engine_fail_memory(err);
    status = aws_keys_set(&self->keys, id, secret, token, err);
    if (status < 0) {
        if (status != ENGINE_ENOMEM)
            engine_error_prefix(err, "%s", label);
        aws_credentials_free(self);
        return status;
    }
    *out = self;
    return ENGINE_OK;
}

engine_status aws_chain_environment(struct aws_setup *setup,
                                    struct aws_credentials **out,
                                    engine_error *err)
{
    const char *id = aws_env("AWS_ACCESS_KEY_ID");
    const char *secret = aws_env("AWS_SECRET_ACCESS_KEY");

    if (!id || !secret)
        return engine_fail(err, ENGINE_EINVAL,
                           "the environment has %s and no %s",
                           id ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY",
                           id ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID");
    return aws_chain_static(setup, "AWS_ACCESS_KEY_ID", id, secret,
                            aws_env("AWS_SESSION_TOKEN"), out, err);
}

/* ---- roles --------------------------------------------------------------- */

engine_status aws_chain_web(struct aws_setup *setup, const char *label,
                            const char *role, const char *session,
                            const char *file, struct aws_credentials **out,
                            engine_error *err)
{
    struct aws_credentials *self;

    if (!role)
        return engine_fail(err, ENGINE_EINVAL,
                           "%s: a file with a web identity token, and no role "
                           "(AWS_ROLE_ARN, role_arn) to assume with it",
                           label);
    self = aws_chain_make(setup, AWS_SOURCE_WEB, label);
    if (!self)
        return engine_fail_memory(err);
    self->role = role;
    self->session_name = session;
    self->token_file = aws_home_path(&setup->arena, file);
    if (!self->token_file) {
        aws_credentials_free(self);
        return engine_fail_memory(err);
    }
    *out = self;
    return ENGINE_OK;
}

/* ---- the whole chain ----------------------------------------------------- */

static engine_status chain_no_profile(const struct aws_setup *setup,
                                      engine_error *err)
{
    engine_fail(err, ENGINE_ENOTFOUND,
                "profile \"%.100s\" is neither in %.200s nor in %.200s",
                setup->profile_name,
                setup->config_path ? setup->config_path : "~/.aws/config",
                setup->shared_path ? setup->shared_path
                                   : "~/.aws/credentials");
    engine_hint(err, "in the config file its section is [profile %.100s]",
                setup->profile_name);
    return ENGINE_ENOTFOUND;
}

static engine_status chain_named(struct aws_setup *setup,
                                 struct aws_credentials **out,
                                 engine_error *err)
{
    struct aws_chain_path path = {.count = 0};

    if (!setup->profile)
        return chain_no_profile(setup, err);
    return aws_chain_profile(setup, setup->profile, &path, out, err);
}

/* the default profile is no source when it says nothing of keys */
static engine_status chain_default(struct aws_setup *setup,
                                   struct aws_credentials **out,
                                   engine_error *err)
{
    struct aws_chain_path path = {.count = 1, .profiles = {setup->profile}};
    engine_error why = {0};
    engine_status status;

    *out = NULL;
    if (!setup->profile)
        return ENGINE_OK;
    status = aws_chain_profile_any(setup, setup->profile, &path, out, &why);
    if (status == ENGINE_ENOTFOUND && !why.message[0])
        return ENGINE_OK;
    if (status < 0 && err)
        *err = why;
    return status;
}

static engine_status chain_own_role(struct aws_setup *setup,
                                    struct aws_credentials **out,
                                    engine_error *err)
{
    if (aws_env("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") ||
        aws_env("AWS_CONTAINER_CREDENTIALS_FULL_URI"))
        *out = aws_chain_make(setup, AWS_SOURCE_CONTAINER,
                              "the container's role");
    else if (!aws_env_true("AWS_EC2_METADATA_DISABLED"))
        *out =
            aws_chain_make(setup, AWS_SOURCE_METADATA, "the instance's role");
    else
        *out = aws_chain_make(setup, AWS_SOURCE_NONE, "no credentials");
    return *out ? ENGINE_OK : engine_fail_memory(err);
}

engine_status aws_chain_resolve(struct aws_setup *setup,
                                struct aws_credentials **out,
                                engine_error *err)
{
    const char *file = aws_env("AWS_WEB_IDENTITY_TOKEN_FILE");
    engine_status status;

    if (setup->profile_given)
        return chain_named(setup, out, err);
    if (aws_env("AWS_ACCESS_KEY_ID") || aws_env("AWS_SECRET_ACCESS_KEY"))
        return aws_chain_environment(setup, out, err);
    if (setup->profile_wanted)
        return chain_named(setup, out, err);
    if (file)
        return aws_chain_web(setup, "AWS_WEB_IDENTITY_TOKEN_FILE",
                             aws_env("AWS_ROLE_ARN"),
                             aws_env("AWS_ROLE_SESSION_NAME"), file, out, err);
    status = chain_default(setup, out, err);
    if (status < 0 || *out)
        return status;
    return chain_own_role(setup, out, err);
}

engine_status aws_chain_nothing(const struct aws_setup *setup,
                                engine_error *err)
{
    engine_fail(err, ENGINE_EDENIED,
                "no AWS credentials: neither AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY, nor profile \"%.60s\" in %.150s or "
                "%.150s, nor AWS_WEB_IDENTITY_TOKEN_FILE, nor a container's "
                "role, nor an instance's",
                setup->profile_name,
                setup->config_path ? setup->config_path : "~/.aws/config",
                setup->shared_path ? setup->shared_path
                                   : "~/.aws/credentials");
    engine_hint(err, "set one of them where the engine is started, or name a "
                     "profile in the target");
    return ENGINE_EDENIED;
}
