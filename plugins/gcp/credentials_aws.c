/* SPDX-License-Identifier: Apache-2.0 */
/*
 * credentials_aws.c - a workload at AWS proves what it is with a signed
 * GetCallerIdentity that Google's token service sends on (google.aip.dev/auth/
 * 4117, "Determining the subject token in AWS").
 */
#include <stdlib.h>
#include <string.h>

#include "plugins/aws/sign.h"
#include "plugins/gcp/credentials_private.h"
#include "sdk/base/clock.h"
#include "sdk/document/document.h"

struct aws_workload {
    struct gcp_credentials *self;
    const struct value *source;
    struct secret session; /* of IMDSv2; may be none */
    char region[64];
    struct aws_keys keys;
};

/* A text of the metadata service, with IMDSv2's token where there is one. */
static engine_status aws_ask(struct aws_workload *workload, const char *url,
                             struct secret *out, engine_error *err)
{
    struct buffer header;
    const char *headers[2] = {NULL, NULL};
    engine_status status = ENGINE_OK;

    buffer_init(&header, GCP_FILE);
    if (workload->session.text) {
        buffer_printf(&header, "X-aws-ec2-metadata-token: %s",
                      workload->session.text);
        status = buffer_status(&header, err);
        headers[0] = header.data;
    }
    if (status == ENGINE_OK)
        status = gcp_fetch_text(workload->self, "GET", url, headers, out, err);
    if (header.data)
        explicit_bzero(header.data, header.len);
    buffer_clear(&header);
    return status;
}

static engine_status aws_session(struct aws_workload *workload,
                                 engine_error *err)
{
    static const char *const headers[] = {
        "X-aws-ec2-metadata-token-ttl-seconds: 300", NULL};
    const char *url = value_text(
        value_member(workload->source, "imdsv2_session_token_url"));

    return url ? gcp_fetch_text(workload->self, "PUT", url, headers,
                                &workload->session, err)
               : ENGINE_OK;
}

static engine_status aws_region(struct aws_workload *workload,
                                engine_error *err)
{
    const char *env = getenv("AWS_REGION");
    const char *url = value_text(value_member(workload->source, "region_url"));
    struct secret zone;
    engine_status status = ENGINE_OK;
    size_t len;

    secret_init(&zone);
    if (!env || !*env)
        env = getenv("AWS_DEFAULT_REGION");
    if (env && *env) {
        len = strlen(env);
        status = secret_set(&zone, env, len, err);
    } else if (url) {
        status = aws_ask(workload, url, &zone, err);
        if (status == ENGINE_OK && zone.len) /* a zone: "us-east-1a" */
            zone.text[--zone.len] = '\0';
    }
    if (status == ENGINE_OK &&
        (!zone.len || zone.len >= sizeof(workload->region) ||
         zone.text[strspn(zone.text, "abcdefghijklmnopqrstuvwxyz0123456789-")]))
        status = engine_fail(err, ENGINE_EPARSE,
                             "the region of AWS is not known");
    if (status == ENGINE_OK)
        memcpy(workload->region, zone.text, zone.len + 1);
    secret_clear(&zone);
    return status;
}

static engine_status aws_keys_put(struct aws_keys *keys, const char *id,
                                  const char *secret, const char *token,
                                  engine_error *err)
{
    engine_status status;

    if (!id || !secret || strlen(id) >= sizeof(keys->id))
        return engine_fail(err, ENGINE_EPARSE,
                           "the keys of AWS are not complete");
    memcpy(keys->id, id, strlen(id) + 1);
    status = secret_set(&keys->secret, secret, strlen(secret), err);
    if (status == ENGINE_OK && token && *token)
        status = secret_set(&keys->token, token, strlen(token), err);
    return status;
}

static engine_status aws_keys_ask(struct aws_workload *workload,
                                  engine_error *err)
{
    const char *url = value_text(value_member(workload->source, "url"));
    struct secret text;
    struct arena arena;
    struct value answer = value_null;
    engine_status status;
    const char *whole;

    if (!url)
        return engine_fail(err, ENGINE_EINVAL, "no \"url\" of keys of AWS");
    secret_init(&text);
    arena_init(&arena, 8 * GCP_FILE);
    status = aws_ask(workload, url, &text, err); /* the role's name */
    whole = status == ENGINE_OK
                ? arena_strf(&arena, "%s/%s", url, text.text)
                : NULL;
    if (status == ENGINE_OK)
        status = whole ? aws_ask(workload, whole, &text, err)
                       : engine_fail_memory(err);
    if (status == ENGINE_OK &&
        value_from_json(text.text, text.len, "keys", &arena, &answer, NULL) < 0)
        status = engine_fail(err, ENGINE_EPARSE,
                             "the keys of AWS are not in JSON");
    if (status == ENGINE_OK)
        status = aws_keys_put(
            &workload->keys, value_text(value_member(&answer, "AccessKeyId")),
            value_text(value_member(&answer, "SecretAccessKey")),
            value_text(value_member(&answer, "Token")), err);
    secret_clear(&text);
    arena_wipe(&arena);
    return status;
}

static engine_status aws_keys_find(struct aws_workload *workload,
                                   engine_error *err)
{
    const char *id = getenv("AWS_ACCESS_KEY_ID");
    const char *secret = getenv("AWS_SECRET_ACCESS_KEY");

    if (id && *id && secret && *secret)
        return aws_keys_put(&workload->keys, id, secret,
                            getenv("AWS_SESSION_TOKEN"), err);
    return aws_keys_ask(workload, err);
}

/* ---- the request that is signed ------------------------------------------ */

static void aws_put(struct buffer *out, const char *key, const char *value)
{
    /* a buffer that has failed has no data */
    buffer_puts(out, out->len && out->data[out->len - 1] == '['
                         ? "{\"key\":"
                         : ",{\"key\":");
    document_string_to_json(key, out);
    buffer_puts(out, ",\"value\":");
    document_string_to_json(value, out);
    buffer_putc(out, '}');
}

static engine_status aws_sign_request(struct aws_workload *workload,
                                      const char *url, const char *host,
                                      const char *audience,
                                      struct aws_signature *out,
                                      engine_error *err)
{
    struct arena *arena = &workload->self->arena;
    const char *headers[] = {
        arena_strf(arena, "host: %s", host),
        arena_strf(arena, "x-goog-cloud-target-resource: %s", audience), NULL};
    const struct aws_signed what = {.method = "POST",
                                    .url = url,
                                    .headers = headers,
                                    .region = workload->region,
                                    .service = "sts",
                                    .now_ms = clock_now_ms(),
                                    .all = true};
    struct aws_signer *signer = NULL;
    engine_status status;

    if (!headers[0] || !headers[1])
        return engine_fail_memory(err);
    status = aws_signer_new(&signer, err);
    if (status == ENGINE_OK)
        status = aws_sign(signer, &workload->keys, &what, out, err);
    aws_signer_free(signer);
    return status;
}

/* "https://sts.{region}.amazonaws.com?Action=..."; with the region in it */
static const char *aws_url(struct aws_workload *workload)
{
    const char *url = value_text(
        value_member(workload->source, "regional_cred_verification_url"));
    const char *at = strstr(url, "{region}");

    return at ? arena_strf(&workload->self->arena, "%.*s%s%s", (int)(at - url),
                           url, workload->region, at + strlen("{region}"))
              : url;
}

static engine_status aws_subject_text(struct aws_workload *workload,
                                      struct buffer *out, engine_error *err)
{
    const char *audience =
        value_text(value_member(workload->self->file, "audience"));
    const char *url = aws_url(workload), *scheme, *host;
    struct aws_signature signature;
    engine_status status;

    scheme = url ? strstr(url, "://") : NULL;
    if (!scheme)
        return engine_fail(err, ENGINE_EINVAL,
                           "\"regional_cred_verification_url\" is no URL");
    host = arena_strndup(&workload->self->arena, scheme + 3,
                         strcspn(scheme + 3, "/?#"));
    if (!host)
        return engine_fail_memory(err);
    status = aws_sign_request(workload, url, host, audience, &signature, err);
    if (status < 0)
        return status;
    buffer_puts(out, "{\"url\":");
    document_string_to_json(url, out);
    buffer_puts(out, ",\"method\":\"POST\",\"headers\":[");
    aws_put(out, "Authorization", signature.authorization);
    aws_put(out, "host", host);
    aws_put(out, "x-amz-date", signature.date);
    aws_put(out, "x-goog-cloud-target-resource", audience);
    if (workload->keys.token.text)
        aws_put(out, "x-amz-security-token", workload->keys.token.text);
    buffer_puts(out, "]}");
    return buffer_status(out, err);
}

engine_status gcp_aws_subject(struct gcp_credentials *self,
                              struct secret *out, engine_error *err)
{
    struct aws_workload workload = {
        .self = self,
        .source = value_member(self->file, "credential_source")};
    struct buffer json, form;
    engine_status status;

    secret_init(&workload.session);
    aws_keys_init(&workload.keys);
    buffer_init(&json, 2 * GCP_FILE);
    buffer_init(&form, 8 * GCP_FILE);
    (void)buffer_room(&json, GCP_FILE);
    status = aws_session(&workload, err);
    if (status == ENGINE_OK)
        status = aws_region(&workload, err);
    if (status == ENGINE_OK)
        status = aws_keys_find(&workload, err);
    if (status == ENGINE_OK)
        status = aws_subject_text(&workload, &json, err);
    /* a JSON text, encoded once more than the form's encoding */
    if (status == ENGINE_OK)
        status = token_form(&form, "", json.data);
    if (status == ENGINE_OK)
        status = secret_set(out, form.data + 1, form.len - 1, err);
    if (json.data)
        explicit_bzero(json.data, json.len);
    if (form.data)
        explicit_bzero(form.data, form.len);
    buffer_clear(&json);
    buffer_clear(&form);
    secret_clear(&workload.session);
    aws_keys_clear(&workload.keys);
    return status;
}
