/* SPDX-License-Identifier: Apache-2.0 */
/* errors.c - what went wrong with a call, in words that say what to do. */
#include <stdio.h>
#include <string.h>

#include "plugins/aws/aws.h"

/* Every service has a spelling of its own. */
static bool errors_is_denied(const char *code, long status)
{
    static const char *const codes[] = {
        "AccessDenied", "AccessDeniedException", "AccessDeniedFault",
        "UnauthorizedOperation", "UnauthorizedAccess",
        "UnauthorizedException", "AuthorizationError",
        "AuthorizationErrorException", "AuthorizationException",
        "NotAuthorized", "NotAuthorizedException", "Forbidden",
        "ForbiddenException", "InsufficientPrivilegesException",
        "InvalidAccess", "Client.UnauthorizedOperation",
        "AccountAccessDenied", "AllAccessDisabled", NULL};

    return aws_code_in(code, codes) || (!*code && status == 403);
}

static bool errors_is_keys(const char *code)
{
    static const char *const codes[] = {
        "InvalidClientTokenId", "UnrecognizedClientException",
        "InvalidAccessKeyId", "SignatureDoesNotMatch",
        "InvalidSignatureException", "AuthFailure", "InvalidToken",
        "IncompleteSignature", "IncompleteSignatureException",
        "MissingAuthenticationToken", "MissingAuthenticationTokenException",
        "NotSignedUp", NULL};

    return aws_code_in(code, codes);
}

static bool errors_is_expired(const char *code)
{
    static const char *const codes[] = {"ExpiredToken",
                                        "ExpiredTokenException",
                                        "ExpiredCredentials", NULL};

    return aws_code_in(code, codes);
}

static bool errors_is_opt_in(const char *code)
{
    static const char *const codes[] = {
        "OptInRequired", "OptInRequiredException",
        "SubscriptionRequiredException", "RegionDisabledException", NULL};

    return aws_code_in(code, codes);
}

/* "ec2:DescribeVpcs in 123456789012 eu-west-1" */
static void errors_subject(const struct aws_call *call, char out[256])
{
    const struct aws_operation *operation =
        call->generate ? call->generate : call->operation;
    const bool global = aws_operation_is_global(operation);

    snprintf(out, 256, "%s:%s%s%s%s%s", call->service,
             aws_operation_name(operation), call->account->id[0] ? " in " : "",
             call->account->id, global ? "" : " ",
             global ? "" : call->region);
}

static const char *errors_who(const struct aws_call *call)
{
    return aws_credentials_source(call->account->credentials);
}

void aws_call_refused(const struct aws_call *call, long status,
                      engine_error *err)
{
    const struct aws_failure *failure = &call->failure;
    const struct aws_operation *operation =
        call->generate ? call->generate : call->operation;
    const char *permission = aws_operation_permission(operation);
    const bool denied = errors_is_denied(failure->code, status);
    char subject[256];

    errors_subject(call, subject);
    engine_fail(err, denied ? ENGINE_EDENIED : ENGINE_EIO,
                "%s%s%s: %s%s%ld%s%.250s", subject,
                denied ? ": the permission is missing: " : "",
                denied ? permission : "", failure->code,
                failure->code[0] ? ", " : "", status,
                failure->message[0] ? ": " : "", failure->message);
    if (denied)
        engine_hint(err, "allow it to %.200s (SecurityAudit and "
                         "ViewOnlyAccess have most)",
                    errors_who(call));
    else if (errors_is_expired(failure->code))
        engine_hint(err, "the keys of %.200s have expired: fetch fresh ones",
                    errors_who(call));
    else if (errors_is_opt_in(failure->code))
        engine_hint(err, "is the region enabled, and the service in use, in "
                         "account %s?",
                    call->account->id);
    else if (errors_is_keys(failure->code))
        engine_hint(err, "are the keys of %.200s right, and is region %s "
                         "enabled in the account?",
                    errors_who(call), call->region);
    else if (status >= 500 || status == 429)
        engine_hint(err, "try again later, or with fewer requests at the same "
                         "time (concurrency, rate)");
}

void aws_call_unanswered(const struct aws_call *call, const engine_error *why,
                         engine_error *err)
{
    char subject[256];

    errors_subject(call, subject);
    engine_fail(err, why->status < 0 ? why->status : ENGINE_EIO, "%s: %.700s",
                subject, why->message);
    if (call->nowhere)
        engine_hint(err, "is there %s in region %s? A target names the "
                         "regions that are scanned",
                    call->service, call->region);
    else if (why->hint[0])
        engine_hint(err, "%.400s", why->hint);
}
