/* SPDX-License-Identifier: Apache-2.0 */
/* sts.c - roles that are assumed: AWS Security Token Service (API version
 * 2011-06-15, the query protocol). */
#include <stdio.h>
#include <string.h>

#include "plugins/aws/credentials_private.h"
#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"
#include "sdk/kit/cloud/guard.h"

#define STS_VERSION "2011-06-15"

/* one call; what is signed in it, and where it goes */
struct sts_call {
    struct aws_credentials *self;
    const struct aws_sts *how;
    char url[512], host[300];
    const char *region;
    struct buffer form;
    const char *headers[2];
    engine_error why; /* of signing */
    bool skewed;      /* the clock was corrected for it */
};

/* ---- the request --------------------------------------------------------- */

static void sts_encode(struct buffer *out, const char *text)
{
    for (; *text; text++) {
        const unsigned char c = (unsigned char)*text;

        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
            (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' ||
            c == '~')
            buffer_putc(out, (char)c);
        else
            buffer_printf(out, "%%%02X", c);
    }
}

static void sts_put(struct buffer *form, const char *name, const char *value)
{
    if (!value || !*value)
        return;
    buffer_printf(form, "&%s=", name);
    sts_encode(form, value);
}

static engine_status sts_session(const struct aws_credentials *self,
                                 const char **out, engine_error *err)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789_+=,.@-";
    const char *name = self->session_name ? self->session_name : "scan-engine";
    const size_t len = strlen(name);

    if (len < 2 || len > 64 || strspn(name, allowed) != len)
        return engine_fail(err, ENGINE_EINVAL,
                           "%s: the name of its session has to be 2 to 64 "
                           "letters, digits and _+=,.@-",
                           self->label);
    *out = name;
    return ENGINE_OK;
}

static engine_status sts_form(struct sts_call *call, engine_error *err)
{
    const struct aws_credentials *self = call->self;
    const char *session = NULL;
    engine_status status = sts_session(self, &session, err);

    if (status < 0)
        return status;
    buffer_printf(&call->form, "Action=%s&Version=" STS_VERSION,
                  call->how->action);
    sts_put(&call->form, "RoleArn", self->role);
    sts_put(&call->form, "RoleSessionName", session);
    sts_put(&call->form, "ExternalId", self->external_id);
    if (self->duration_s)
        buffer_printf(&call->form, "&DurationSeconds=%d", self->duration_s);
    if (call->how->token)
        sts_put(&call->form, "WebIdentityToken", call->how->token->text);
    return buffer_status(&call->form, err);
}

/* The region's own STS; without a region the one that always was. */
static engine_status sts_place(struct sts_call *call, engine_error *err)
{
    const struct aws_credentials *self = call->self;
    const char *region = aws_credentials_region(self);
    bool trusted;
    const char *endpoint = aws_endpoint_find(self, "sts", &trusted);
    engine_status status = ENGINE_OK;
    int len;

    call->region = region ? region : "us-east-1";
    if (endpoint && !trusted)
        status = guard_url(endpoint, GUARD_HTTPS | GUARD_LOOPBACK,
                           "the endpoint of STS", err);
    if (status < 0)
        return status;
    if (strspn(call->region, "abcdefghijklmnopqrstuvwxyz0123456789-") !=
        strlen(call->region))
        return engine_fail(err, ENGINE_EINVAL, "\"%.60s\" is no region",
                           call->region);
    if (endpoint)
        len = snprintf(call->url, sizeof(call->url), "%s%s", endpoint,
                       strstr(endpoint, "://") &&
                               strchr(strstr(endpoint, "://") + 3, '/')
                           ? ""
                           : "/");
    else
        len = snprintf(call->url, sizeof(call->url), "https://sts.%s%s%s/",
                       region ? region : "", region ? "." : "",
                       aws_domain(call->region));
    if (len < 0 || (size_t)len >= sizeof(call->url))
        return engine_fail(err, ENGINE_ELIMIT,
                           "the URL of STS's endpoint is too long");
    aws_host(call->url, call->host, sizeof(call->host));
    return ENGINE_OK;
}

static engine_status sts_auth(struct http_request *request, bool refused,
                              void *user, engine_error *err)
{
    struct sts_call *call = user;
    const struct aws_keys *keys = call->how->keys;
    struct aws_signed what = {.method = "POST",
                              .url = call->url,
                              .headers = call->headers,
                              .body = call->form.data,
                              .body_len = call->form.len,
                              .region = call->region,
                              .service = "sts"};
    struct aws_signature signature;
    engine_status status;

    if (refused && !call->skewed)
        return engine_fail(err, ENGINE_EDENIED, "refused");
    if (!keys)
        return ENGINE_OK;
    what.now_ms = aws_credentials_now(call->self);
    status = aws_sign(call->self->setup->signer, keys, &what, &signature, err);
    if (status == ENGINE_OK)
        status = http_request_header(request, "X-Amz-Date", signature.date);
    if (status == ENGINE_OK && keys->token.len)
        status = http_request_header(request, "X-Amz-Security-Token",
                                     keys->token.text);
    if (status == ENGINE_OK)
        status = http_request_header(request, "Authorization",
                                     signature.authorization);
    return status;
}

static bool sts_is(const char *code, const char *const *codes)
{
    for (; *codes; codes++)
        if (strcmp(code, *codes) == 0)
            return true;
    return false;
}

static enum http_verdict sts_classify(struct http_request *request,
                                      const struct http_response *response,
                                      const char *body, size_t len, void *user)
{
    static const char *const throttled[] = {"Throttling",
                                            "ThrottlingException",
                                            "RequestLimitExceeded", NULL};
    static const char *const again[] = {"IDPCommunicationError", NULL};
    static const char *const skewed[] = {"RequestTimeTooSkewed",
                                         "RequestExpired",
                                         "SignatureDoesNotMatch",
                                         "RequestInTheFuture", NULL};
    struct sts_call *call = user;
    char code[64], message[320];

    (void)response;
    aws_sts_read_error(body, len, code, message);
    if (sts_is(code, throttled))
        return HTTP_THROTTLED;
    if (sts_is(code, again))
        return HTTP_RETRY;
    if (call->how->keys && !call->skewed && sts_is(code, skewed) &&
        aws_credentials_skew(call->self, http_header(request, "Date"))) {
        call->skewed = true;
        return HTTP_REFUSED;
    }
    return code[0] && response->status < 500 ? HTTP_FINAL : HTTP_USUAL;
}

/* ---- the answer ---------------------------------------------------------- */

static void sts_advise(const struct sts_call *call, const char *code,
                       engine_error *err)
{
    if (strcmp(code, "AccessDenied") == 0)
        engine_hint(err, "%s on the role has to be allowed, and the role's "
                         "trust policy has to name who asks%s",
                    call->how->keys ? "sts:AssumeRole"
                                    : "sts:AssumeRoleWithWebIdentity",
                    call->how->keys ? ", with the external_id if it wants one"
                                    : "");
    else if (strcmp(code, "ExpiredToken") == 0 ||
             strcmp(code, "ExpiredTokenException") == 0)
        engine_hint(err, "fetch a fresh one");
    else if (strcmp(code, "InvalidClientTokenId") == 0 ||
             strcmp(code, "SignatureDoesNotMatch") == 0)
        engine_hint(err, "check access key id and secret access key, and "
                         "whether they belong to this partition");
    else if (strcmp(code, "RegionDisabledException") == 0)
        engine_hint(err, "activate STS of the region in the account, or set "
                         "another region");
}

static engine_status sts_refused(const struct sts_call *call,
                                 const struct http_response *response,
                                 const struct buffer *body, engine_error *err)
{
    char code[64], message[320];

    aws_sts_read_error(body->data ? body->data : "", body->len, code, message);
    aws_redact(message, call->how->keys, call->how->token);
    engine_fail(err, response->status < 500 ? ENGINE_EDENIED : ENGINE_EIO,
                "%s: STS at %s answered %s%s%ld%s%s", call->self->label,
                call->host, code, code[0] ? ", " : "", response->status,
                message[0] ? ": " : "", message);
    sts_advise(call, code, err);
    return response->status < 500 ? ENGINE_EDENIED : ENGINE_EIO;
}

static engine_status sts_judge(const struct sts_call *call,
                               const struct http_response *response,
                               const struct buffer *body, struct aws_keys *out,
                               engine_error *err)
{
    char element[64];
    engine_status status;

    if (response->status != 200)
        return sts_refused(call, response, body, err);
    snprintf(element, sizeof(element), "%sResult", call->how->action);
    status = aws_sts_read(body->data ? body->data : "", body->len, element,
                          out, err);
    if (status < 0 && status != ENGINE_ENOMEM)
        engine_error_prefix(err, "%s: STS at %s", call->self->label,
                            call->host);
    return status;
}

static engine_status sts_send(struct sts_call *call, struct aws_keys *out,
                              engine_error *err)
{
    const struct http_endpoint endpoint = {
        .ca_file = aws_credentials_ca(call->self)};
    const struct http_call what = {
        .method = "POST",
        .url = call->url,
        .endpoint = &endpoint,
        .headers = call->headers,
        .body = call->form.data,
        .body_len = call->form.len,
        .body_maximum = AWS_ANSWER_MAXIMUM,
        .auth = sts_auth,
        .auth_user = call,
        .retry_unsafe = true,
        .classify = sts_classify,
        .classify_user = call,
    };
    struct http_response response = {0};
    struct buffer body;
    engine_status status =
        http_fetch(call->self->setup->client, &what, &response, &body, err);

    if (status == ENGINE_OK || response.status >= 400)
        status = sts_judge(call, &response, &body, out, err);
    else if (status != ENGINE_ENOMEM && status != ENGINE_ECANCELLED)
        engine_error_prefix(err, "%s: STS", call->self->label);
    aws_wipe(&body);
    return status;
}

engine_status aws_sts_assume(struct aws_credentials *self,
                             const struct aws_sts *how, struct aws_keys *out,
                             engine_error *err)
{
    struct sts_call call = {
        .self = self,
        .how = how,
        .headers = {"Content-Type: application/x-www-form-urlencoded; "
                    "charset=utf-8"}};
    engine_status status;

    buffer_init(&call.form, (size_t)4 * SECRET_MAXIMUM);
    status = sts_place(&call, err);
    if (status == ENGINE_OK)
        status = sts_form(&call, err);
    if (status == ENGINE_OK)
        status = sts_send(&call, out, err);
    aws_wipe(&call.form);
    return status;
}

/* ---- sources ------------------------------------------------------------- */

engine_status aws_fetch_role(struct aws_credentials *self,
                             struct aws_keys *out, engine_error *err)
{
    struct aws_sts how = {.action = "AssumeRole"};
    engine_status status =
        aws_credentials_get(self->base, false, &how.keys, err);
    engine_error why = {0};

    if (status < 0)
        return status;
    status = aws_sts_assume(self, &how, out, &why);
    /* keys may end in between, or be taken back */
    if (status == ENGINE_EDENIED && strstr(why.message, "answered Expired") &&
        aws_credentials_get(self->base, true, &how.keys, NULL) == ENGINE_OK) {
        aws_keys_clear(out);
        status = aws_sts_assume(self, &how, out, &why);
    }
    if (status < 0 && err)
        *err = why;
    return status;
}

engine_status aws_fetch_web(struct aws_credentials *self,
                            struct aws_keys *out, engine_error *err)
{
    struct secret token;
    const struct aws_sts how = {.action = "AssumeRoleWithWebIdentity",
                                .token = &token};
    engine_status status;

    secret_init(&token);
    /* the file is written anew before its token ends */
    status = secret_from_file(&token, self->token_file, err);
    if (status < 0 && status != ENGINE_ENOMEM)
        engine_error_prefix(err, "%s", self->label);
    if (status == ENGINE_OK)
        status = aws_sts_assume(self, &how, out, err);
    secret_clear(&token);
    return status;
}
