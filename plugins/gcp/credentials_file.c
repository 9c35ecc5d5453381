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

#define IMPERSONATION_URL \
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

engine_status gcp_file_url(const struct gcp_credentials *self,
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

/* Of URLs that are told what opens something: Google's, or of this machine.
 * Whoever writes the file chooses what is read and sent (files, answers of
 * metadata services), and must not choose to whom. */
static bool file_is_google(const char *url)
{
    static const char suffix[] = ".googleapis.com";
    static const char older[] = "accounts.google.com"; /* of old files */
    const char *host = strstr(url, "://") + 3;
    const size_t len = strcspn(host, ":/?");
    const size_t own = strlen(suffix);

    return (len > own && strncasecmp(host + len - own, suffix, own) == 0) ||
           (len == strlen(older) && strncasecmp(host, older, len) == 0);
}

engine_status gcp_file_google(const struct gcp_credentials *self,
                              const struct value *object, const char *key,
                              const char **out, engine_error *err)
{
    const char *url = NULL;
    engine_status status = gcp_file_url(
        self, object, key, GUARD_HTTPS | GUARD_LOOPBACK, &url, err);

    if (status < 0)
        return status;
    if (!file_is_google(url) && guard_url(url, GUARD_LOOPBACK, key, NULL) < 0) {
        engine_fail(err, ENGINE_EINVAL,
                    "credentials \"%.200s\": \"%s\" is not at "
                    "googleapis.com",
                    self->name, key);
        engine_hint(err, "what is sent there opens everything: only Google's "
                         "own hosts and this machine are asked");
        return ENGINE_EINVAL;
    }
    *out = url;
    return ENGINE_OK;
}

engine_status gcp_file_bad(const struct gcp_credentials *self, const char *key,
                           const char *what, engine_error *err)
{
    return engine_fail(err, ENGINE_EPARSE,
                       "credentials \"%.200s\": \"%s\" is %s", self->name, key,
                       what);
}

/* A text that need not be there; anything else in its place is an error. */
engine_status gcp_file_maybe(const struct gcp_credentials *self,
                             const struct value *object, const char *key,
                             const char **out, engine_error *err)
{
    const struct value *found = value_member(object, key);

    *out = NULL;
    return !found || found->kind == VALUE_NULL
               ? ENGINE_OK
               : gcp_file_text(self, object, key, out, err);
}

/* The same of what becomes a header or a part of a form. */
engine_status gcp_file_project(const struct gcp_credentials *self,
                               const struct value *object, const char *key,
                               const char **out, engine_error *err)
{
    const engine_status status = gcp_file_maybe(self, object, key, out, err);

    if (status == ENGINE_OK && *out &&
        (strlen(*out) > 100 ||
         (*out)[strspn(*out, "abcdefghijklmnopqrstuvwxyz0123456789-:.")]))
        return gcp_file_bad(self, key, "no id of a project", err);
    return status;
}

const char *gcp_file_say(struct gcp_credentials *self, const char *what,
                         const char *who)
{
    return arena_strf(&self->arena, "%s%s%.200s of \"%.200s\"", what,
                      who ? " " : "", who ? who : "", self->name);
}

/* ---- impersonation ------------------------------------------------------- */

static engine_status file_delegates(const struct gcp_credentials *self,
                                    const struct value *delegates,
                                    engine_error *err)
{
    if (!delegates || delegates->kind == VALUE_NULL)
        return ENGINE_OK;
    if (delegates->kind != VALUE_ARRAY)
        return gcp_file_bad(self, "delegates", "no list", err);
    for (uint32_t i = 0; i < delegates->count; i++)
        if (!value_text(&delegates->items[i]))
            return gcp_file_bad(self, "delegates", "no list of texts", err);
    return ENGINE_OK;
}

engine_status gcp_file_chain(struct gcp_credentials *self,
                             const struct value *object,
                             const struct value *delegates, int64_t lifetime_s,
                             engine_error *err)
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
    status = gcp_file_google(self, object, key, &url, err);
    if (status == ENGINE_OK)
        status = file_delegates(self, delegates, err);
    if (status < 0)
        return status;
    step = &self->chain[self->chain_len++];
    step->url = url;
    step->delegates = delegates && delegates->count ? delegates : NULL;
    step->lifetime_s = lifetime_s;
    return ENGINE_OK;
}

engine_status gcp_file_impersonate(struct gcp_credentials *self,
                                   const char *email, engine_error *err)
{
    struct gcp_impersonation *step;
    const char *at = strchr(email, '@');

    if (!at || at == email || !at[1] || strchr(at + 1, '@') ||
        strlen(email) > 200 ||
        email[strspn(email, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVW"
                            "XYZ0123456789@.-_")])
        return engine_fail(err, ENGINE_EINVAL,
                           "impersonate: \"%.100s\" is no address of a service "
                           "account",
                           email);
    if (self->chain_len == GCP_CHAIN)
        return engine_fail(err, ENGINE_ELIMIT, "too many impersonations");
    step = &self->chain[self->chain_len];
    step->url = arena_strf(&self->arena,
                           IMPERSONATION_URL "%s:generateAccessToken", email);
    self->source = arena_strf(&self->arena, "%s as %s", self->source, email);
    step->lifetime_s = GCP_LIFETIME_S;
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
        status = gcp_file_google(self, file, "token_uri", &text, err);
    if (status == ENGINE_OK)
        status = gcp_file_maybe(self, file, "private_key_id", &text, err);
    if (status == ENGINE_OK)
        status =
            gcp_file_project(self, file, "project_id", &self->project, err);
    self->kind = GCP_SERVICE_ACCOUNT;
    self->source = gcp_file_say(self, "service account", email);
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
        status = gcp_file_google(self, file, "token_uri", &text, err);
    self->kind = GCP_USER;
    self->source = gcp_file_say(self, "a user's log-in", NULL);
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
        return gcp_file_external(self, file, err);
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
        status = gcp_file_chain(self, file, value_member(file, "delegates"),
                                GCP_LIFETIME_S, err);
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
    status = gcp_file_maybe(self, file, "universe_domain", &universe, err);
    if (status < 0)
        return status;
    if (universe && strcmp(universe, "googleapis.com") != 0)
        return engine_fail(err, ENGINE_EUNSUPPORTED,
                           "credentials \"%.200s\": \"universe_domain\" is "
                           "not googleapis.com",
                           self->name);
    status = file_nested(self, file, err);
    if (status == ENGINE_OK)
        status =
            gcp_file_project(self, file, "quota_project_id", &self->quota, err);
    if (status == ENGINE_OK && !self->source)
        status = engine_fail_memory(err);
    return status;
}
