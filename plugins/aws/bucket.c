/* SPDX-License-Identifier: Apache-2.0 */
/* bucket.c - the regions of S3's buckets, which S3 tells when it is asked in a
 * wrong one. */
#include <stdio.h>
#include <string.h>

#include "plugins/aws/aws.h"
#include "sdk/base/alloc.h"

struct aws_bucket {
    const char *region; /* NULL: not known */
    bool asked;         /* a call finds it out */
    struct aws_call *waiting;
};

void aws_buckets_free(struct aws *aws)
{
    size_t at = 0;
    void *bucket;

    while (table_next(&aws->buckets, &at, &bucket))
        engine_free(bucket);
    table_clear(&aws->buckets);
}

static const char *bucket_name(const struct value *parameters)
{
    const char *name = value_text(value_member(parameters, "Bucket"));

    return name ? name : value_text(value_member(parameters, "bucket"));
}

engine_status aws_bucket_find(struct aws_call *call,
                              const struct value *parameters,
                              engine_error *err)
{
    const char *name = parameters ? bucket_name(parameters) : NULL;
    struct table *buckets = &call->aws->buckets;
    struct aws_bucket *bucket;
    char key[300];

    if (strcmp(call->service, "s3") != 0 || !name)
        return ENGINE_OK;
    snprintf(key, sizeof(key), "%s/%.250s", call->account->partition, name);
    bucket = table_get(buckets, key);
    if (!bucket) {
        bucket = engine_calloc(1, sizeof(*bucket));
        if (!bucket || table_set(buckets, key, bucket) < 0) {
            engine_free(bucket);
            return engine_fail_memory(err);
        }
    }
    if (bucket->region)
        call->region = bucket->region;
    else
        call->about = bucket;
    return ENGINE_OK;
}

bool aws_bucket_waits(struct aws_call *call)
{
    struct aws_bucket *bucket = call->about;

    if (!bucket || call->asks)
        return false;
    if (bucket->asked) {
        call->next = bucket->waiting;
        bucket->waiting = call;
        return true;
    }
    /* known since the call was made: it is told if that was wrong */
    if (bucket->region) {
        call->about = NULL;
        return false;
    }
    bucket->asked = call->asks = true;
    return false;
}

/* ended: nothing is begun any more, by this error */
static void bucket_begin(struct aws_call *call, const char *region,
                         const engine_error *ended)
{
    engine_error why = {0};
    engine_status status = ENGINE_OK;

    call->about = NULL;
    call->next = NULL;
    if (ended) {
        aws_call_fail(call, ended);
        return;
    }
    if (region && strcmp(region, call->region) != 0) {
        call->region = region;
        status = aws_call_remake(call, NULL, &why);
    }
    if (status == ENGINE_OK)
        status = aws_call_start(call, &why);
    if (status < 0)
        aws_call_fail(call, &why);
}

void aws_bucket_ended(struct aws_call *call, const char *region,
                      const engine_error *why)
{
    const bool over = why && why->status == ENGINE_ECANCELLED;
    struct aws_bucket *bucket = call->about;
    struct aws_call *waiting;

    if (!bucket || !call->asks)
        return;
    call->about = NULL;
    call->asks = false;
    bucket->asked = false;
    bucket->region = region;
    waiting = bucket->waiting;
    bucket->waiting = NULL;
    while (waiting) {
        struct aws_call *next = waiting->next;

        bucket_begin(waiting, region, over ? why : NULL);
        waiting = next;
    }
}
