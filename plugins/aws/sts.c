/* SPDX-License-Identifier: Apache-2.0 */
/* sts.c - roles that are assumed: AWS Security Token Service (API version
 * 2011-06-15, the query protocol). */
#include <stdio.h>
#include <string.h>

#include "plugins/aws/credentials_private.h"
#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"

#define STS_VERSION "2011-06-15"

/* one call; what is signed in it, and where it goes */
struct sts_call {
    struct aws_credentials *self;
    struct aws_sts how;
    struct aws_sts_place place;
    struct http_endpoint endpoint;
    struct buffer form, body;
    const char *headers[2];
    bool skewed;      /* the clock was corrected for it */
    aws_sts_fn ended; /* of one among others */
    void *user;
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
                  call->how.action);
    sts_put(&call->form, "RoleArn", self->role);
    sts_put(&call->form, "RoleSessionName", session);
    sts_put(&call->form, "ExternalId", self->external_id);
    if (self->duration_s)
        buffer_printf(&call->form, "&DurationSeconds=%d", self->duration_s);
    if (call->how.token)
        sts_put(&call->form, "WebIdentityToken", call->how.token->text);
    return buffer_status(&call->form, err);
}

static engine_status sts_auth(struct http_request *request, bool refused,
                              void *user, engine_error *err)
{
    struct sts_call *call = user;
    const struct aws_keys *keys = call->how.keys;
    struct aws_signed what = {.method = "POST",
                              .url = call->place.url,
                              .headers = call->headers,
                              .body = call->form.data,
                              .body_len = call->form.len,
                              .region = call->place.region,
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
    if (call->how.keys && !call->skewed && sts_is(code, skewed) &&
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
                    call->how.keys ? "sts:AssumeRole"
                                    : "sts:AssumeRoleWithWebIdentity",
                    call->how.keys ? ", with the external_id if it wants one"
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
    aws_redact(message, call->how.keys, call->how.token);
    engine_fail(err, response->status < 500 ? ENGINE_EDENIED : ENGINE_EIO,
                "%s: STS at %s answered %s%s%ld%s%s", call->self->label,
                call->place.host, code, code[0] ? ", " : "", response->status,
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
    snprintf(element, sizeof(element), "%sResult", call->how.action);
    status = aws_sts_read(body->data ? body->data : "", body->len, element,
                          out, err);
    if (status < 0 && status != ENGINE_ENOMEM)
        engine_error_prefix(err, "%s: STS at %s", call->self->label,
                            call->place.host);
    return status;
}

/* ---- one call ------------------------------------------------------------- */

static engine_status sts_init(struct sts_call *call,
                              struct aws_credentials *self,
                              const struct aws_sts *how, engine_error *err)
{
    engine_status status;

    *call = (struct sts_call){
        .self = self,
        .how = *how,
        .headers = {"Content-Type: application/x-www-form-urlencoded; "
                    "charset=utf-8"},
        .endpoint = {.ca_file = aws_credentials_ca(self)}};
    buffer_init(&call->form, (size_t)4 * SECRET_MAXIMUM);
    buffer_init(&call->body, AWS_ANSWER_MAXIMUM);
    status = aws_sts_place(self, &call->place, err);
    return status < 0 ? status : sts_form(call, err);
}

static void sts_clear(struct sts_call *call)
{
    aws_wipe(&call->form);
    aws_wipe(&call->body);
}

static struct http_call sts_what(struct sts_call *call)
{
    return (struct http_call){
        .method = "POST",
        .url = call->place.url,
        .endpoint = &call->endpoint,
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
}

/* status: of the request, which had this answer, or none */
static engine_status sts_end(const struct sts_call *call, engine_status status,
                             const struct http_response *response,
                             const struct buffer *body, struct aws_keys *out,
                             engine_error *err)
{
    if (status == ENGINE_OK || response->status >= 400)
        return sts_judge(call, response, body, out, err);
    if (status != ENGINE_ENOMEM && status != ENGINE_ECANCELLED)
        engine_error_prefix(err, "%s: STS", call->self->label);
    return status;
}

engine_status aws_sts_assume(struct aws_credentials *self,
                             const struct aws_sts *how, struct aws_keys *out,
                             engine_error *err)
{
    struct http_response response = {0};
    struct sts_call call;
    struct http_call what;
    struct buffer body;
    engine_status status = sts_init(&call, self, how, err);

    if (status == ENGINE_OK) {
        what = sts_what(&call);
        status =
            http_fetch(self->setup->client, &what, &response, &body, err);
        status = sts_end(&call, status, &response, &body, out, err);
        aws_wipe(&body);
    }
    sts_clear(&call);
    return status;
}

/* ---- one among others ------------------------------------------------------- */

static engine_status sts_head(struct http_request *request,
                              const struct http_response *response,
                              void *user, engine_error *err)
{
    struct sts_call *call = user;

    (void)request;
    (void)response;
    (void)err;
    buffer_reset(&call->body);
    return ENGINE_OK;
}

static engine_status sts_again(struct http_request *request, void *user,
                               engine_error *err)
{
    return sts_head(request, NULL, user, err);
}

static engine_status sts_body(struct http_request *request, const char *data,
                              size_t len, void *user, engine_error *err)
{
    struct sts_call *call = user;

    (void)request;
    buffer_append(&call->body, data, len);
    return buffer_status(&call->body, err);
}

static void sts_done(struct http_request *request, engine_status status,
                     const struct http_response *response,
                     const engine_error *err, void *user)
{
    static const struct http_response none = {0};
    struct sts_call *call = user;
    engine_error why = {0};
    struct aws_keys keys;

    (void)request;
    if (err)
        why = *err;
    aws_keys_init(&keys);
    why.status = sts_end(call, status, response ? response : &none,
                         &call->body, &keys, &why);
    call->ended(call->self, &keys, &why, call->user);
    aws_keys_clear(&keys);
    sts_clear(call);
    engine_free(call);
}

engine_status aws_sts_begin(struct aws_credentials *self,
                            const struct aws_sts *how, aws_sts_fn ended,
                            void *user, engine_error *err)
{
    static const struct http_handler handler = {.head = sts_head,
                                                .body = sts_body,
                                                .again = sts_again,
                                                .done = sts_done};
    struct sts_call *call = engine_calloc(1, sizeof(*call));
    struct http_request *added;
    struct http_call what;
    engine_status status;

    if (!call)
        return engine_fail_memory(err);
    status = sts_init(call, self, how, err);
    call->ended = ended;
    call->user = user;
    what = sts_what(call);
    what.handler = &handler;
    what.user = call;
    if (status == ENGINE_OK)
        status = http_add(self->setup->client, &what, &added, err);
    if (status < 0) {
        sts_clear(call);
        engine_free(call);
    }
    return status;
}
