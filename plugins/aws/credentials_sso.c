/* SPDX-License-Identifier: Apache-2.0 */
/* credentials_sso.c - keys for the token that `aws sso login` left (IAM
 * Identity Center, GetRoleCredentials of the portal). */
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "plugins/aws/credentials_private.h"
#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"
#include "sdk/base/file.h"

#define SSO_WORD "abcdefghijklmnopqrstuvwxyz" \
                 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+=,.@_-"

struct sso {
    struct aws_credentials *self;
    const char *region, *account, *role;
    const char *key; /* what the cache's file is named after */
    struct secret token;
};

static engine_status sso_settings(struct sso *sso, engine_error *err)
{
    const struct aws_section *profile = sso->self->profile;
    const char *session = aws_section_get(profile, "sso_session");
    const struct aws_section *from =
        session ? aws_files_section(&sso->self->setup->files, AWS_SECTION_SSO,
                                    session)
                : profile;

    if (!from)
        return engine_fail(err, ENGINE_ENOTFOUND,
                           "%s: there is no [sso-session %.100s]",
                           sso->self->label, session);
    sso->key = session ? session : aws_section_get(profile, "sso_start_url");
    sso->region = aws_section_get(from, "sso_region");
    sso->account = aws_section_get(profile, "sso_account_id");
    sso->role = aws_section_get(profile, "sso_role_name");
    if (!sso->region || !sso->account || !sso->role || !sso->key)
        return engine_fail(err, ENGINE_EINVAL,
                           "%s: it needs sso_region, sso_account_id and "
                           "sso_role_name",
                           sso->self->label);
    if (strspn(sso->role, SSO_WORD) != strlen(sso->role) ||
        strspn(sso->account, "0123456789") != strlen(sso->account) ||
        strspn(sso->region, "abcdefghijklmnopqrstuvwxyz0123456789-") !=
            strlen(sso->region))
        return engine_fail(err, ENGINE_EINVAL,
                           "%s: its sso_region, sso_account_id or "
                           "sso_role_name is none",
                           sso->self->label);
    return ENGINE_OK;
}

/* ---- the cache ----------------------------------------------------------- */

static char *sso_path(const struct sso *sso)
{
    const char *home = aws_env("HOME");
    unsigned char digest[EVP_MAX_MD_SIZE];
    char hex[2 * EVP_MAX_MD_SIZE + 1];
    unsigned len = 0;

    if (!home || EVP_Digest(sso->key, strlen(sso->key), digest, &len,
                            EVP_sha1(), NULL) != 1)
        return NULL;
    id_hex(digest, len, hex);
    return engine_strf("%s/.aws/sso/cache/%s.json", home, hex);
}

static engine_status sso_login(const struct sso *sso, const char *what,
                               engine_error *err)
{
    engine_fail(err, ENGINE_EDENIED, "%s: %s", sso->self->label, what);
    engine_hint(err, "log in again: aws sso login --profile %.100s",
                sso->self->profile->name);
    return ENGINE_EDENIED;
}

/* RFC 3339; older command-line interfaces write "UTC" in place of "Z". */
static bool sso_date(const char *text, int64_t *unix_ms)
{
    const size_t len = text ? strlen(text) : 0;
    char date[40];

    if (len < 3 || len >= sizeof(date))
        return false;
    snprintf(date, sizeof(date), "%s", text);
    if (strcmp(date + len - 3, "UTC") == 0)
        memcpy(date + len - 3, "Z", 2);
    return clock_parse(date, unix_ms) == 0;
}

static engine_status sso_read(struct sso *sso, const char *text, size_t len,
                              engine_error *err)
{
    struct arena arena;
    struct value root;
    const char *token = NULL, *expires = NULL;
    int64_t end_ms = 0;
    engine_status status;

    arena_init(&arena, (size_t)16 * AWS_ANSWER_MAXIMUM);
    status = value_from_json(text, len, "cache", &arena, &root, NULL);
    if (status == ENGINE_OK) {
        token = value_text(value_member(&root, "accessToken"));
        expires = value_text(value_member(&root, "expiresAt"));
    }
    if (!token || !*token || strpbrk(token, "\r\n") ||
        !sso_date(expires, &end_ms))
        status = sso_login(sso, "the SSO cache has no token", err);
    else if (end_ms <= clock_now_ms())
        status = sso_login(sso, "the log-in has ended, and is not renewed here",
                           err);
    else
        status = secret_set(&sso->token, token, strlen(token), err);
    arena_wipe(&arena);
    return status;
}

static engine_status sso_cache(struct sso *sso, engine_error *err)
{
    char *path = sso_path(sso), *text = NULL;
    size_t len = 0;
    engine_status status;

    if (!path)
        return sso_login(sso, "there is no SSO cache", err);
    if (file_read(path, AWS_ANSWER_MAXIMUM, &text, &len, NULL) < 0) {
        status = sso_login(sso, "nobody has logged in", err);
    } else {
        status = sso_read(sso, text, len, err);
        explicit_bzero(text, len);
    }
    engine_free(text);
    engine_free(path);
    return status;
}

/* ---- the portal ---------------------------------------------------------- */

static engine_status sso_auth(struct http_request *request, bool refused,
                              void *user, engine_error *err)
{
    const struct sso *sso = user;

    if (refused)
        return engine_fail(err, ENGINE_EDENIED, "refused");
    return http_request_header(request, "x-amz-sso_bearer_token",
                               sso->token.text);
}

static engine_status sso_url(const struct sso *sso, char url[700],
                             engine_error *err)
{
    const char *base = NULL;
    char own[200];
    engine_status status =
        aws_credentials_endpoint(sso->self, "sso", &base, err);
    int len;

    snprintf(own, sizeof(own), "https://portal.sso.%.60s.%s", sso->region,
             aws_domain(sso->region));
    if (status < 0)
        return status;
    len = snprintf(url, 700,
                   "%s/federation/credentials?role_name=%s&account_id=%s",
                   base ? base : own, sso->role, sso->account);
    if (len < 0 || len >= 700)
        return engine_fail(err, ENGINE_ELIMIT, "%s: too long a URL",
                           sso->self->label);
    return ENGINE_OK;
}

static engine_status sso_take(const struct sso *sso, const struct buffer *body,
                              struct aws_keys *out, engine_error *err)
{
    static const struct aws_names names = {
        .id = "accessKeyId",
        .secret = "secretAccessKey",
        .token = "sessionToken",
        .expires = "expiration",
        .must_expire = true,
    };
    const struct value *keys = NULL;
    struct arena arena;
    struct value root;
    engine_status status;

    arena_init(&arena, (size_t)16 * AWS_ANSWER_MAXIMUM);
    status = value_from_json(body->data ? body->data : "", body->len, "answer",
                             &arena, &root, NULL);
    if (status == ENGINE_OK)
        keys = value_member(&root, "roleCredentials");
    if (!keys)
        status = engine_fail(err, ENGINE_EPARSE,
                             "the portal's answer has no roleCredentials");
    else
        status = aws_keys_read(keys, &names, out, err);
    arena_wipe(&arena);
    if (status < 0 && status != ENGINE_ENOMEM)
        engine_error_prefix(err, "%s", sso->self->label);
    return status;
}

static engine_status sso_ask(struct sso *sso, struct aws_keys *out,
                             engine_error *err)
{
    char url[700], host[300];
    const struct http_endpoint endpoint = {
        .ca_file = aws_credentials_ca(sso->self)};
    const struct http_call what = {
        .url = url,
        .endpoint = &endpoint,
        .body_maximum = AWS_ANSWER_MAXIMUM,
        .auth = sso_auth,
        .auth_user = sso,
    };
    struct http_response response = {0};
    struct buffer body;
    engine_status status = sso_url(sso, url, err);

    if (status < 0)
        return status;
    status = http_fetch(sso->self->setup->client, &what, &response, &body, err);
    aws_host(url, host, sizeof(host));
    if (response.status == 200 && status == ENGINE_OK)
        status = sso_take(sso, &body, out, err);
    else if (response.status == 401)
        status = sso_login(sso, "the portal does not accept the log-in", err);
    else if (response.status)
        status = engine_fail(err, ENGINE_EDENIED,
                             "%s: %s answered %ld: is the role %s of account "
                             "%s assigned to who logged in?",
                             sso->self->label, host, response.status,
                             sso->role, sso->account);
    else if (status != ENGINE_ENOMEM)
        engine_error_prefix(err, "%s", sso->self->label);
    aws_wipe(&body);
    return status;
}

engine_status aws_fetch_sso(struct aws_credentials *self,
                            struct aws_keys *out, engine_error *err)
{
    struct sso sso = {.self = self};
    engine_status status;

    secret_init(&sso.token);
    status = sso_settings(&sso, err);
    if (status == ENGINE_OK)
        status = sso_cache(&sso, err);
    if (status == ENGINE_OK)
        status = sso_ask(&sso, out, err);
    secret_clear(&sso.token);
    return status;
}
