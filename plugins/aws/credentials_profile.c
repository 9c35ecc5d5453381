/* SPDX-License-Identifier: Apache-2.0 */
/* credentials_profile.c - the source that a profile of AWS's files names. */
#include <stdlib.h>
#include <string.h>

#include "plugins/aws/credentials_private.h"

static engine_status profile_keys(struct aws_setup *setup,
                                  const struct aws_section *profile,
                                  struct aws_credentials **out,
                                  engine_error *err)
{
    const struct aws_setting *id =
        aws_section_setting(profile, "aws_access_key_id");
    const struct aws_setting *secret =
        aws_section_setting(profile, "aws_secret_access_key");

    if (!id || !secret)
        return engine_fail(err, ENGINE_EINVAL,
                           "%s:%ld: profile \"%.100s\" has %s and no %s",
                           (id ? id : secret)->file, (id ? id : secret)->line,
                           profile->name, (id ? id : secret)->key,
                           id ? "aws_secret_access_key" : "aws_access_key_id");
    return aws_chain_static(
        setup, arena_strf(&setup->arena, "profile %s", profile->name),
        id->value, secret->value, aws_section_get(profile, "aws_session_token"),
        out, err);
}

/* ---- roles --------------------------------------------------------------- */

static engine_status profile_duration(const struct aws_section *profile,
                                      int *out, engine_error *err)
{
    const struct aws_setting *setting =
        aws_section_setting(profile, "duration_seconds");
    char *end;
    long seconds;

    if (!setting)
        return ENGINE_OK;
    seconds = strtol(setting->value, &end, 10);
    if (*end || seconds < 900 || seconds > 43200)
        return engine_fail(err, ENGINE_EINVAL,
                           "%s:%ld: duration_seconds is a number from 900 to "
                           "43200",
                           setting->file, setting->line);
    *out = (int)seconds;
    return ENGINE_OK;
}

static engine_status profile_no_mfa(const struct aws_section *profile,
                                    engine_error *err)
{
    const struct aws_setting *setting =
        aws_section_setting(profile, "mfa_serial");

    if (!setting)
        return ENGINE_OK;
    engine_fail(err, ENGINE_EUNSUPPORTED,
                "%s:%ld: profile \"%.100s\" asks for a code of the MFA device "
                "%.200s, and nobody is here to type it",
                setting->file, setting->line, profile->name, setting->value);
    engine_hint(err, "give a role that can be assumed without MFA, or the "
                     "keys of a session (aws sts assume-role, or aws "
                     "configure export-credentials) in the environment");
    return ENGINE_EUNSUPPORTED;
}

static engine_status profile_credential_source(struct aws_setup *setup,
                                               const struct aws_setting *from,
                                               struct aws_credentials **out,
                                               engine_error *err)
{
    if (strcmp(from->value, "Environment") == 0)
        return aws_chain_environment(setup, out, err);
    if (strcmp(from->value, "EcsContainer") == 0)
        *out = aws_chain_make(setup, AWS_SOURCE_CONTAINER,
                              "the container's role");
    else if (strcmp(from->value, "Ec2InstanceMetadata") == 0)
        *out =
            aws_chain_make(setup, AWS_SOURCE_METADATA, "the instance's role");
    else
        return engine_fail(err, ENGINE_EINVAL,
                           "%s:%ld: credential_source \"%.60s\" is none of "
                           "Environment, Ec2InstanceMetadata and "
                           "EcsContainer",
                           from->file, from->line, from->value);
    return *out ? ENGINE_OK : engine_fail_memory(err);
}

/* A profile may name itself: its own keys then. */
static engine_status profile_source(struct aws_setup *setup,
                                    const struct aws_section *profile,
                                    const struct aws_setting *from,
                                    struct aws_chain_path *path,
                                    struct aws_credentials **out,
                                    engine_error *err)
{
    const struct aws_section *source =
        aws_files_section(&setup->files, AWS_SECTION_PROFILE, from->value);

    if (!source)
        return engine_fail(err, ENGINE_ENOTFOUND,
                           "%s:%ld: source_profile \"%.100s\" of profile "
                           "\"%.100s\" is not there",
                           from->file, from->line, from->value, profile->name);
    if (source == profile && aws_section_get(profile, "aws_access_key_id"))
        return profile_keys(setup, profile, out, err);
    for (unsigned i = 0; i < path->count; i++)
        if (path->profiles[i] == source)
            return engine_fail(err, ENGINE_EINVAL,
                               "%s:%ld: source_profile \"%.100s\" leads from "
                               "profile \"%.100s\" back to itself",
                               from->file, from->line, from->value,
                               source->name);
    return aws_chain_profile(setup, source, path, out, err);
}

static engine_status profile_base(struct aws_setup *setup,
                                  const struct aws_section *profile,
                                  struct aws_chain_path *path,
                                  struct aws_credentials **out,
                                  engine_error *err)
{
    const struct aws_setting *role = aws_section_setting(profile, "role_arn");
    const struct aws_setting *from =
        aws_section_setting(profile, "source_profile");
    const struct aws_setting *source =
        aws_section_setting(profile, "credential_source");

    if (!from == !source)
        return engine_fail(err, ENGINE_EINVAL,
                           "%s:%ld: role_arn of profile \"%.100s\" needs %s "
                           "source_profile and credential_source",
                           role->file, role->line, profile->name,
                           from ? "only one of" : "one of");
    return from ? profile_source(setup, profile, from, path, out, err)
                : profile_credential_source(setup, source, out, err);
}

static engine_status profile_role(struct aws_setup *setup,
                                  const struct aws_section *profile,
                                  struct aws_chain_path *path,
                                  struct aws_credentials **out,
                                  engine_error *err)
{
    struct aws_role role = {.arn = aws_section_get(profile, "role_arn")};
    struct aws_credentials *base = NULL, *self = NULL;
    engine_status status = profile_no_mfa(profile, err);

    role.external_id = aws_section_get(profile, "external_id");
    role.session_name = aws_section_get(profile, "role_session_name");
    if (status == ENGINE_OK)
        status = profile_duration(profile, &role.duration_s, err);
    if (status == ENGINE_OK)
        status = profile_base(setup, profile, path, &base, err);
    if (status < 0)
        return status;
    status = aws_credentials_assume(base, &role, &self, err);
    if (status < 0) {
        const struct aws_setting *arn =
            aws_section_setting(profile, "role_arn");

        if (status != ENGINE_ENOMEM)
            engine_error_prefix(err, "%s:%ld", arn->file, arn->line);
        aws_credentials_free(base);
        return status;
    }
    self->owns_base = true;
    self->label = arena_strf(&setup->arena, "profile %s, role %s",
                             profile->name, role.arn);
    if (!self->label) {
        aws_credentials_free(self);
        return engine_fail_memory(err);
    }
    *out = self;
    return ENGINE_OK;
}

/* ---- programs and log-ins ------------------------------------------------ */

static engine_status profile_process(struct aws_setup *setup,
                                     const struct aws_section *profile,
                                     struct aws_credentials **out,
                                     engine_error *err)
{
    const struct aws_setting *command =
        aws_section_setting(profile, "credential_process");

    if (!setup->allow_process) {
        engine_fail(err, ENGINE_EDENIED,
                    "%s:%ld: profile \"%.100s\" has its keys from a program "
                    "(credential_process), which is not allowed",
                    command->file, command->line, profile->name);
        engine_hint(err, "allow it with credential_process = true in the "
                         "scanner's options");
        return ENGINE_EDENIED;
    }
    *out = aws_chain_make(setup, AWS_SOURCE_PROCESS,
                          arena_strf(&setup->arena,
                                     "profile %s, credential_process",
                                     profile->name));
    if (!*out)
        return engine_fail_memory(err);
    (*out)->command = command->value;
    return ENGINE_OK;
}

static engine_status profile_sso(struct aws_setup *setup,
                                 const struct aws_section *profile,
                                 struct aws_credentials **out,
                                 engine_error *err)
{
    if (!setup->allow_sso) {
        engine_fail(err, ENGINE_EDENIED,
                    "%s:%ld: profile \"%.100s\" has its keys from a log-in "
                    "of a person (SSO), which is not allowed",
                    profile->file, profile->line, profile->name);
        engine_hint(err, "allow it with sso_cache = true in the scanner's "
                         "options, or give a role for scans");
        return ENGINE_EDENIED;
    }
    *out = aws_chain_make(
        setup, AWS_SOURCE_SSO,
        arena_strf(&setup->arena, "profile %s, SSO", profile->name));
    if (!*out)
        return engine_fail_memory(err);
    (*out)->profile = profile;
    return ENGINE_OK;
}

/* ---- any of them --------------------------------------------------------- */

/* ENGINE_ENOTFOUND without a message: it says nothing of keys */
engine_status aws_chain_profile_any(struct aws_setup *setup,
                                    const struct aws_section *profile,
                                    struct aws_chain_path *path,
                                    struct aws_credentials **out,
                                    engine_error *err)
{
    const char *role = aws_section_get(profile, "role_arn");
    const char *file = aws_section_get(profile, "web_identity_token_file");

    if (file)
        return aws_chain_web(
            setup,
            arena_strf(&setup->arena, "profile %s, web identity",
                       profile->name),
            role, aws_section_get(profile, "role_session_name"), file, out,
            err);
    if (role)
        return profile_role(setup, profile, path, out, err);
    if (aws_section_get(profile, "sso_session") ||
        aws_section_get(profile, "sso_start_url"))
        return profile_sso(setup, profile, out, err);
    if (aws_section_get(profile, "aws_access_key_id") ||
        aws_section_get(profile, "aws_secret_access_key"))
        return profile_keys(setup, profile, out, err);
    if (aws_section_get(profile, "credential_process"))
        return profile_process(setup, profile, out, err);
    return ENGINE_ENOTFOUND;
}

engine_status aws_chain_profile(struct aws_setup *setup,
                                const struct aws_section *profile,
                                struct aws_chain_path *path,
                                struct aws_credentials **out,
                                engine_error *err)
{
    engine_status status;

    if (path->count == AWS_DEPTH)
        return engine_fail(err, ENGINE_ELIMIT,
                           "%s:%ld: more than %d profiles stand on each other",
                           profile->file, profile->line, AWS_DEPTH);
    path->profiles[path->count++] = profile;
    if (err)
        err->message[0] = '\0';
    status = aws_chain_profile_any(setup, profile, path, out, err);
    if (status == ENGINE_ENOTFOUND && (!err || !err->message[0]))
        return engine_fail(err, ENGINE_EINVAL,
                           "%s:%ld: profile \"%.100s\" has no credentials: "
                           "neither aws_access_key_id, nor role_arn, nor "
                           "another source",
                           profile->file, profile->line, profile->name);
    return status;
}
