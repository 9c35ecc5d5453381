/* SPDX-License-Identifier: Apache-2.0 */
/* call_sign.c - each try of a call is signed anew; what an answer means for
 * the next one. */
#include <string.h>

#include "plugins/aws/aws.h"

#define SIGN_SILENT 5 /* tries of what fails without saying how */

/* ---- signing ---------------------------------------------------------------- */

static engine_status sign_headers(struct http_request *request,
                                  const struct aws_keys *keys,
                                  const struct aws_signature *signature)
{
    engine_status status =
        http_request_header(request, "X-Amz-Date", signature->date);

    if (status == ENGINE_OK && signature->content_sha256[0])
        status = http_request_header(request, "X-Amz-Content-Sha256",
                                     signature->content_sha256);
    if (status == ENGINE_OK && keys->token.len)
        status = http_request_header(request, "X-Amz-Security-Token",
                                     keys->token.text);
    if (status == ENGINE_OK)
        status = http_request_header(request, "Authorization",
                                     signature->authorization);
    return status;
}

engine_status aws_call_auth(struct http_request *request, bool refused,
                            void *user, engine_error *err)
{
    struct aws_call *call = user;
    struct aws_credentials *credentials = call->account->credentials;
    struct aws_signature signature;
    const struct aws_keys *keys;
    struct aws_signed what = {
        .method = call->request.method,
        .url = call->request.url,
        .headers = (const char *const *)call->request.headers,
        .body = call->request.body.data,
        .body_len = call->request.body.len,
        .region = call->request.region,
        .service = call->request.service,
        .s3 = call->request.s3,
    };
    engine_status status;

    /* a clock that was corrected is no reason for other keys */
    if (call->skew_told)
        refused = false;
    call->skew_told = false;
    status = aws_credentials_get(credentials, refused, &keys, err);
    if (status < 0)
        return status;
    what.now_ms = aws_credentials_now(credentials);
    status = aws_sign(call->aws->signer, keys, &what, &signature, err);
    if (status == ENGINE_OK)
        status = sign_headers(request, keys, &signature);
    explicit_bzero(&signature, sizeof(signature));
    return status;
}

/* ---- what answers mean -------------------------------------------------------- */

const char *aws_call_header(const char *name, void *user)
{
    return http_header(user, name);
}

bool aws_code_in(const char *code, const char *const *codes)
{
    for (; *codes; codes++)
        if (strcmp(code, *codes) == 0)
            return true;
    return false;
}

/* AWS's SDKs, "Retry behavior"; botocore's _retry.json */
static bool sign_is_throttled(const char *code)
{
    static const char *const codes[] = {
        "Throttling", "ThrottlingException", "ThrottledException",
        "RequestThrottled", "RequestThrottledException",
        "TooManyRequestsException", "TooManyRequests", "RequestLimitExceeded",
        "BandwidthLimitExceeded", "LimitExceededException", "SlowDown",
        "PriorRequestNotComplete", "TransactionInProgressException",
        "EC2ThrottledException", "ProvisionedThroughputExceededException",
        "RateExceeded", "Rate exceeded", "RequestRateTooHigh", NULL};

    return aws_code_in(code, codes);
}

static bool sign_is_transient(const char *code)
{
    static const char *const codes[] = {
        "RequestTimeout", "RequestTimeoutException", "InternalError",
        "InternalFailure", "InternalServerError", "ServiceUnavailable",
        "Unavailable", "ReportInProgress",
        "CredentialReportNotReadyException", NULL};

    return aws_code_in(code, codes);
}

static bool sign_is_expired(const char *code)
{
    static const char *const codes[] = {
        "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired",
        "ExpiredCredentials", NULL};

    return aws_code_in(code, codes);
}

/* The time that a signature is of; some services say it in their message
 * alone ("Signature expired: ... is now earlier than ..."). */
static bool sign_is_skew(const struct aws_failure *failure)
{
    static const char *const codes[] = {
        "RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture",
        "AuthFailure.ClockSkew", NULL};
    static const char *const perhaps[] = {
        "InvalidSignatureException", "SignatureDoesNotMatch", "AuthFailure",
        NULL};

    return aws_code_in(failure->code, codes) ||
           (aws_code_in(failure->code, perhaps) &&
            (strstr(failure->message, "expired") ||
             strstr(failure->message, "not yet current") ||
             strstr(failure->message, "time")));
}

enum http_verdict aws_call_classify(struct http_request *request,
                                    const struct http_response *response,
                                    const char *body, size_t len, void *user)
{
    struct aws_call *call = user;
    const struct aws_head head = {response->status, aws_call_header, request};
    char *code = call->failure.code;

    aws_failure_read(call->generate ? call->generate : call->operation, &head,
                     body, len, &call->failure);
    /* the status in place of one is told besides */
    if (strspn(code, "0123456789") == strlen(code))
        *code = '\0';
    if (sign_is_throttled(code) || response->status == 429)
        return HTTP_THROTTLED;
    if (sign_is_transient(code))
        return HTTP_RETRY;
    if (sign_is_expired(code))
        return HTTP_REFUSED;
    if (!call->skewed && sign_is_skew(&call->failure) &&
        aws_credentials_skew(call->account->credentials,
                             http_header(request, "Date"))) {
        call->skewed = call->skew_told = true;
        return HTTP_REFUSED;
    }
    /* an error of AWS has a code: this is a server that does not know the
     * service, or something in between that is broken */
    if (!*code && response->tries >= SIGN_SILENT)
        return HTTP_FINAL;
    /* 401 says nothing more that others would know */
    return response->status >= 500 ? HTTP_USUAL : HTTP_FINAL;
}
