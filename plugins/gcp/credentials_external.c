/* SPDX-License-Identifier: Apache-2.0 */
/*
 * credentials_external.c - files of workloads of elsewhere, of type
 * external_account (google.aip.dev/auth/4117).
 */
#include <string.h>

#include "plugins/gcp/credentials_private.h"
#include "sdk/kit/cloud/guard.h"

/* Signed with the keys of AWS and given away: it must say no more than who
 * they belong to. */
static bool external_is_identity(const char *url)
{
    static const char https[] = "https://sts.";
    static const char query[] = "?Action=GetCallerIdentity&Version=2011-06-15";
    static const char *const domains[] = {".amazonaws.com", ".api.aws",
                                          ".amazonaws.com.cn"};
    const char *host, *end;

    if (strncmp(url, https, strlen(https)) != 0)
        return false;
    host = url + strlen(https) - 1;
    end = host + strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789-.{}");
    if (strcmp(end + (*end == '/'), query) != 0)
        return false;
    for (size_t i = 0; i < 3; i++) {
        const size_t len = strlen(domains[i]);

        if ((size_t)(end - host) >= len &&
            memcmp(end - len, domains[i], len) == 0)
            return true;
    }
    return false;
}

static engine_status external_aws(struct gcp_credentials *self,
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
            status = gcp_file_url(self, source, urls[i],
                                  GUARD_LOOPBACK | GUARD_METADATA, &text, err);
    if (status == ENGINE_OK)
        status = gcp_file_text(self, source, "regional_cred_verification_url",
                               &text, err);
    if (status == ENGINE_OK && !external_is_identity(text))
        return gcp_file_bad(self, "regional_cred_verification_url",
                            "not https://sts.{region}.amazonaws.com?"
                            "Action=GetCallerIdentity&Version=2011-06-15",
                            err);
    self->kind = GCP_EXTERNAL_AWS;
    return status;
}

/* {type: "text" | "json", subject_token_field_name} and headers: what cannot be
 * understood is not left out. */
static engine_status external_format(const struct gcp_credentials *self,
                                     const struct value *source,
                                     engine_error *err)
{
    const struct value *headers = value_member(source, "headers");
    const struct value *format = value_member(source, "format");
    const char *type, *text;
    engine_status status = gcp_file_maybe(self, format, "type", &type, err);

    if (format && format->kind != VALUE_OBJECT)
        return gcp_file_bad(self, "format", "no mapping", err);
    if (status == ENGINE_OK && type && strcmp(type, "text") != 0 &&
        strcmp(type, "json") != 0)
        return gcp_file_bad(self, "format", "neither text nor json", err);
    if (status == ENGINE_OK && type && strcmp(type, "json") == 0)
        status =
            gcp_file_text(self, format, "subject_token_field_name", &text, err);
    if (status < 0 || !headers)
        return status;
    if (headers->kind != VALUE_OBJECT || headers->count > GCP_HEADERS)
        return gcp_file_bad(self, "headers", "no mapping, or too long", err);
    for (uint32_t i = 0; i < headers->count; i++)
        if (!value_text(&headers->members[i].value))
            return gcp_file_bad(self, "headers", "no mapping of texts", err);
    return ENGINE_OK;
}

static engine_status external_source(struct gcp_credentials *self,
                                     const struct value *file,
                                     engine_error *err)
{
    const struct value *source = value_member(file, "credential_source");
    const char *text;
    engine_status status;

    if (!source || source->kind != VALUE_OBJECT)
        return gcp_file_bad(self, "credential_source", "missing or no mapping",
                            err);
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
        return external_aws(self, source, err);
    status = external_format(self, source, err);
    if (status < 0)
        return status;
    if (value_member(source, "url")) {
        self->kind = GCP_EXTERNAL_URL;
        return gcp_file_url(self, source, "url",
                            GUARD_HTTPS | GUARD_LOOPBACK | GUARD_METADATA,
                            &text, err);
    }
    self->kind = GCP_EXTERNAL_FILE;
    return gcp_file_text(self, source, "file", &text, err);
}

/* Seconds that the token of an impersonation is good for. */
static engine_status external_lifetime(const struct gcp_credentials *self,
                                       const struct value *file, int64_t *out,
                                       engine_error *err)
{
    const struct value *how =
        value_member(file, "service_account_impersonation");
    const struct value *found = value_member(how, "token_lifetime_seconds");
    double seconds = GCP_LIFETIME_S;

    if (how && how->kind != VALUE_OBJECT)
        return gcp_file_bad(self, "service_account_impersonation", "no mapping",
                            err);
    if (found && (!value_number(found, &seconds) || !(seconds >= 600) ||
                  !(seconds <= 43200)))
        return gcp_file_bad(self, "token_lifetime_seconds",
                            "no number from 600 to 43200", err);
    *out = (int64_t)seconds;
    return ENGINE_OK;
}

engine_status gcp_file_external(struct gcp_credentials *self,
                                const struct value *file, engine_error *err)
{
    static const char impersonation[] = "service_account_impersonation_url";
    int64_t lifetime_s = GCP_LIFETIME_S;
    const char *text;
    engine_status status = gcp_file_text(self, file, "audience", &text, err);

    if (status == ENGINE_OK)
        status = gcp_file_text(self, file, "subject_token_type", &text, err);
    if (status == ENGINE_OK)
        status = gcp_file_google(self, file, "token_url", &text, err);
    if (status == ENGINE_OK && value_member(file, "token_info_url"))
        status = gcp_file_google(self, file, "token_info_url", &text, err);
    if (status == ENGINE_OK)
        status = gcp_file_project(self, file, "workforce_pool_user_project",
                                  &text, err);
    if (status == ENGINE_OK)
        status = external_source(self, file, err);
    if (status == ENGINE_OK)
        status = external_lifetime(self, file, &lifetime_s, err);
    if (status == ENGINE_OK)
        status = gcp_file_maybe(self, file, impersonation, &text, err);
    if (status == ENGINE_OK && text)
        status = gcp_file_chain(self, file, NULL, lifetime_s, err);
    self->source = gcp_file_say(self, "workload identity", NULL);
    return status;
}
