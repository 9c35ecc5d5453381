/* SPDX-License-Identifier: Apache-2.0 */
/* call_detour.c - answers after which a call goes on elsewhere: a bucket in
 * another region, a credential report that is not there yet. */
#include <string.h>

#include "plugins/aws/aws.h"
#include "sdk/base/alloc.h"

#define DETOUR_MOVES 3   /* to the region of a bucket */
#define DETOUR_REPORTS 3 /* credential reports begun */

/* From its beginning, for another region or operation. */
static void detour_begin(struct aws_call *call)
{
    engine_error why = {0};
    engine_status status;

    cloud_pages_free(call->pages);
    call->pages = NULL;
    call->page = 0;
    call->token[0] = call->earlier[0] = '\0';
    buffer_reset(&call->body);
    status = aws_call_remake(call, NULL, &why);
    if (status == ENGINE_OK)
        status = aws_call_start(call, &why);
    if (status < 0)
        aws_call_fail(call, &why);
}

static bool detour_is_region(const char *text)
{
    const size_t len = strlen(text);

    return len && len < 64 &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

/* S3 tells the region in a header, or in the body alone: of an answer to a
 * request that was signed for another one (AuthorizationHeaderMalformed), and
 * as a part of the host to go to (PermanentRedirect, TemporaryRedirect). */
static bool detour_move(struct aws_call *call, long status)
{
    const char *region = call->failure.region;
    engine_error why = {0};

    if (strcmp(call->service, "s3") != 0 || call->generate ||
        (status != 301 && status != 307 && status != 400) ||
        !detour_is_region(region) || strcmp(region, call->region) == 0 ||
        call->moves++ >= DETOUR_MOVES)
        return false;
    region = arena_strdup(cloud_arena(call->aws->cloud), region);
    if (!region) {
        engine_fail_memory(&why);
        aws_call_fail(call, &why);
        return true;
    }
    call->region = region;
    engine_free(call->bucket);
    call->bucket = NULL;
    aws_bucket_ended(call, region, NULL);
    detour_begin(call);
    return true;
}

/* There is no credential report yet, or only an old one: it is begun, then
 * asked for until it is there (call_sign.c: ReportInProgress). */
static bool detour_report(struct aws_call *call)
{
    static const char *const missing[] = {
        "ReportNotPresent", "CredentialReportNotPresentException",
        "ReportExpired", "CredentialReportExpiredException", NULL};
    const struct aws_service *service;
    const struct aws_operation *generate;

    if (call->generate ||
        strcmp(aws_operation_name(call->operation), "GetCredentialReport") ||
        !aws_code_in(call->failure.code, missing) ||
        call->reports++ >= DETOUR_REPORTS ||
        aws_model_service(call->aws->model, "iam", &service, NULL) < 0 ||
        aws_model_operation(call->aws->model, service,
                            "GenerateCredentialReport", &generate, NULL) < 0)
        return false;
    call->generate = generate;
    detour_begin(call);
    return true;
}

bool aws_call_detour(struct aws_call *call, long status)
{
    return detour_move(call, status) || detour_report(call);
}

void aws_call_generated(struct aws_call *call)
{
    call->generate = NULL;
    detour_begin(call);
}
