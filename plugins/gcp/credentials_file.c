/* SPDX-License-Identifier: Apache-2.0 */
/*
 * credentials_file.c - the JSON files that gcloud and the console write. They
 * may come from elsewhere: whatever URL they name is looked at before anything
 * is sent there.
 */
#include <string.h>
#include <strings.h>

#include "plugins/gcp/credentials_private.h"
#include "sdk/kit/cloud/guard.h"

#define FILE_LIFETIME_S 3600
#define IMPERSONATION_URL                                                      \
    "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/"

engine_status gcp_file_text(const struct gcp_credentials *self,
                            const struct value *object, const char *key,
                            const char **out, engine_error *err)
{
    const struct value *found = value_member(object, key);

    if (!found || found->kind != VALUE_STRING || !found->count ||
        memchr(found->text, '\0', found->count))
        return engine_fail(err, ENGINE_EPARSE,
                           "credentials \"%.200s\": \"%s\" is missing or no "
                           "text",
                           self->name, key);
    *out = found->text;
    return ENGINE_OK;
}

static engine_status file_url(const struct gcp_credentials *self,
                              const struct value *object, const char *key,
                              unsigned allowed, const char **out,
                              engine_error *err)
{
    char what[300];
    engine_status status = gcp_file_text(self, object, key, out, err);

    if (status < 0)
        return status;
    snprintf(what, sizeof(what), "credentials \"%.200s\": \"%s\"", self->name,
             key);
    return guard_url(*out, allowed, what, err);
}

static const char *file_say(struct gcp_credentials *self, const char *what,
                            const char *who)
{
    return arena_strf(&self->arena, "%s%s%.200s of \"%.200s\"", what,
                      who ? " " : "", who ? who : "", self->name);
}

/* ---- impersonation ------------------------------------------------------- */

/* A token that opens everything is sent there: to Google only. */
static bool file_is_google(const char *url)
{
    static const char suffix[] = ".googleapis.com";
    const char *host = strstr(url, "://") + 3;
    const size_t len = strcspn(host, ":/?");
    const size_t own = strlen(suffix);

    return len > own && strncasecmp(host + len - own, suffix, own) == 0;
}

static engine_status file_chain(struct gcp_credentials *self,
                                const struct value *object,
                                const struct value *delegates,
                                int64_t lifetime_s, engine_error *err)
{
    static const char key[] = "service_account_impersonation_url";
    struct gcp_impersonation *step;
    const char *url;
    engine_status status;

    if (self->chain_len == GCP_CHAIN)
        return engine_fail(err, ENGINE_ELIMIT,
                           "credentials \"%.200s\": more than %d "
                           "impersonations on top of each other",
                           self->name, GCP_CHAIN);
    status = file_url(self, object, key, GUARD_HTTPS | GUARD_LOOPBACK, &url,
                      err);
    if (status == ENGINE_OK && !file_is_google(url) &&
        guard_url(url, GUARD_LOOPBACK, key, NULL) < 0)
        return engine_fail(err, ENGINE_EINVAL,
                           "credentials \"%.200s\": \"%s\" is not at "
                           "googleapis.com",
                           self->name, key);
    if (status < 0)
        return status;
    step = &self->chain[self->chain_len++];
    step->url = url;
    step->delegates = delegates && delegates->kind == VALUE_ARRAY &&
                              delegates->count
                          ? delegates
                          : NULL;
    step->lifetime_s = lifetime_s >= 600 && lifetime_s <= 43200
                           ? lifetime_s
                           : FILE_LIFETIME_S;
    return ENGINE_OK;
}

engine_status gcp_file_impersonate(struct gcp_credentials *self,
                                   const char *email, engine_error *err)
{
    struct gcp_impersonation *step = &self->chain[self->chain_len];

    if (!*email || strlen(email) > 200 ||
        email[strspn(email, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVW"
                            "XYZ0123456789@.-_")])
        return engine_fail(err, ENGINE_EINVAL,
                           "impersonate: \"%.100s\" is no address of a service "
                           "account",
                           email);
    if (self->chain_len == GCP_CHAIN)
        return engine_fail(err, ENGINE_ELIMIT, "too many impersonations");
    step->url = arena_strf(&self->arena,
                           IMPERSONATION_URL "%s:generateAccessToken", email);
    self->source = arena_strf(&self->arena, "%s as %s", self->source, email);
    step->lifetime_s = FILE_LIFETIME_S;
    self->chain_len++;
    return step->url && self->source ? ENGINE_OK : engine_fail_memory(err);
}

/* ---- types --------------------------------------------------------------- */

static engine_status file_service_account(struct gcp_credentials *self,
                                          const struct value *file,
                                          engine_error *err)
{
    const char *text, *email = NULL;
    engine_status status =
        gcp_file_text(self, file, "client_email", &email, err);

    if (status == ENGINE_OK)
        status = gcp_file_text(self, file, "private_key", &text, err);
    if (status == ENGINE_OK)
        status = file_url(self, file, "token_uri",
                          GUARD_HTTPS | GUARD_LOOPBACK, &text, err);
    self->kind = GCP_SERVICE_ACCOUNT;
    self->project = value_text(value_member(file, "project_id"));
    self->source = file_say(self, "service account", email);
    return status;
}

static engine_status file_user(struct gcp_credentials *self,
                               const struct value *file, engine_error *err)
{
    const char *text;
    engine_status status =
        gcp_file_text(self, file, "refresh_token", &text, err);

    if (status == ENGINE_OK)
        status = gcp_file_text(self, file, "client_id", &text, err);
    if (status == ENGINE_OK)
        status = gcp_file_text(self, file, "client_secret", &text, err);
    if (status == ENGINE_OK && value_member(file, "token_uri"))
        status = file_url(self, file, "token_uri",
                          GUARD_HTTPS | GUARD_LOOPBACK, &text, err);
    self->kind = GCP_USER;
    self->source = file_say(self, "a user's log-in", NULL);
    return status;
}

static engine_status file_aws(struct gcp_credentials *self,
                              const struct value *source, engine_error *err)
{
    static const char *const urls[] = {"region_url", "url",
                                       "imdsv2_session_token_url"};
    const char *id, *text;
    engine_status status =
        gcp_file_text(self, source, "environment_id", &id, err);

    if (status == ENGINE_OK && strcmp(id, "aws1") != 0)
        return engine_fail(err, ENGINE_EUNSUPPORTED,
                           "credentials \"%.200s\": \"environment_id\" is not "
                           "aws1",
                           self->name);
    for (size_t i = 0; status == ENGINE_OK && i < 3; i++)
        if (value_member(source, urls[i]))
            status = file_url(self, source, urls[i],
                              GUARD_LOOPBACK | GUARD_METADATA, &text, err);
    if (status == ENGINE_OK)
        status = gcp_file_text(self, source, "regional_cred_verification_url",
                               &text, err);
    self->kind = GCP_EXTERNAL_AWS;
    return status;
}

static engine_status file_external_source(struct gcp_credentials *self,
                                          const struct value *file,
                                          engine_error *err)
{
    const struct value *source = value_member(file, "credential_source");
    const char *text;

    if (value_member(source, "executable") ||
        value_member(source, "certificate")) {
        engine_fail(err, ENGINE_EUNSUPPORTED,
                    "credentials \"%.200s\": \"credential_source\" is a "
                    "program or a certificate, which is not supported",
                    self->name);
        engine_hint(err, "use a source of file, url or aws");
        return ENGINE_EUNSUPPORTED;
    }
    if (value_member(source, "environment_id"))
        return file_aws(self, source, err);
    if (value_member(source, "url")) {
        self->kind = GCP_EXTERNAL_URL;
        return file_url(self, source, "url",
                        GUARD_HTTPS | GUARD_LOOPBACK | GUARD_METADATA, &text,
                        err);
    }
    self->kind = GCP_EXTERNAL_FILE;
    return gcp_file_text(self, source, "file", &text, err);
}

static engine_status file_external(struct gcp_credentials *self,
                                   const struct value *file, engine_error *err)
{
    static const char impersonation[] = "service_account_impersonation_url";
    double lifetime = 0;
    const char *text;
    engine_status status = gcp_file_text(self, file, "audience", &text, err);

    if (status == ENGINE_OK)
        status = gcp_file_text(self, file, "subject_token_type", &text, err);
    if (status == ENGINE_OK)
        status = file_url(self, file, "token_url",
                          GUARD_HTTPS | GUARD_LOOPBACK, &text, err);
    if (status == ENGINE_OK)
        status = file_external_source(self, file, err);
    value_number(value_at(file, "service_account_impersonation",
                          "token_lifetime_seconds", NULL),
                 &lifetime);
    if (status == ENGINE_OK && value_text(value_member(file, impersonation)))
        status = file_chain(self, file, NULL,
                            lifetime > 0 && lifetime < 1e6 ? (int64_t)lifetime
                                                           : 0,
                            err);
    self->source = file_say(self, "workload identity", NULL);
    return status;
}

/* ---- the file ------------------------------------------------------------ */

static engine_status file_typed(struct gcp_credentials *self,
                                const struct value *file, const char *type,
                                engine_error *err)
{
    if (strcmp(type, "service_account") == 0)
        return file_service_account(self, file, err);
    if (strcmp(type, "authorized_user") == 0)
        return file_user(self, file, err);
    if (strcmp(type, "external_account") == 0)
        return file_external(self, file, err);
    engine_fail(err, ENGINE_EUNSUPPORTED,
                "credentials \"%.200s\": \"type\" is none that is known",
                self->name);
    engine_hint(err, "known are service_account, authorized_user, "
                     "external_account and impersonated_service_account");
    return ENGINE_EUNSUPPORTED;
}

/* Outer impersonations come first in the file, and last when they are made:
 * turned round at the end. */
static void file_turn(struct gcp_credentials *self, size_t outer)
{
    for (size_t i = 0; i < outer / 2; i++) {
        struct gcp_impersonation other = self->chain[i];

        self->chain[i] = self->chain[outer - 1 - i];
        self->chain[outer - 1 - i] = other;
    }
}

static engine_status file_nested(struct gcp_credentials *self,
                                 const struct value *file, engine_error *err)
{
    struct gcp_impersonation outer[GCP_CHAIN];
    size_t count;
    const char *type = NULL;
    engine_status status = gcp_file_text(self, file, "type", &type, err);

    while (status == ENGINE_OK &&
           strcmp(type, "impersonated_service_account") == 0) {
        status = file_chain(self, file, value_member(file, "delegates"), 0,
                            err);
        file = value_member(file, "source_credentials");
        if (status == ENGINE_OK)
            status = gcp_file_text(self, file, "type", &type, err);
    }
    if (status < 0)
        return status;
    file_turn(self, self->chain_len);
    /* what the innermost file adds is made before all of these */
    count = self->chain_len;
    memcpy(outer, self->chain, sizeof(outer));
    self->chain_len = 0;
    self->file = file;
    status = file_typed(self, file, type, err);
    if (status == ENGINE_OK && self->chain_len + count > GCP_CHAIN)
        return engine_fail(err, ENGINE_ELIMIT, "too many impersonations");
    for (size_t i = 0; status == ENGINE_OK && i < count; i++)
        self->chain[self->chain_len++] = outer[i];
    return status;
}

engine_status gcp_file_read(struct gcp_credentials *self, const char *text,
                            size_t len, engine_error *err)
{
    struct value *file = arena_alloc(&self->arena, sizeof(*file));
    const char *universe;
    engine_status status;

    if (!file)
        return engine_fail_memory(err);
    status = value_from_json(text, len, "file", &self->arena, file, NULL);
    if (status == ENGINE_ENOMEM)
        return engine_fail_memory(err);
    if (status < 0 || file->kind != VALUE_OBJECT)
        return engine_fail(err, ENGINE_EPARSE,
                           "credentials \"%.200s\": this is no JSON object",
                           self->name);
    universe = value_text(value_member(file, "universe_domain"));
    if (universe && strcmp(universe, "googleapis.com") != 0)
        return engine_fail(err, ENGINE_EUNSUPPORTED,
                           "credentials \"%.200s\": \"universe_domain\" is "
                           "not googleapis.com",
                           self->name);
    status = file_nested(self, file, err);
    self->quota = value_text(value_member(file, "quota_project_id"));
    if (status == ENGINE_OK && !self->source)
        status = engine_fail_memory(err);
    return status;
}
