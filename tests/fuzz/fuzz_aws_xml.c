/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_aws_xml.c - answers of all protocols of AWS: a letter that says which
 * operation, then the body. */
#include <stdlib.h>
#include <string.h>

#include "plugins/aws/model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const char *const fuzz_operations[][2] = {
    {"ec2", "DescribeSecurityGroups"},
    {"iam", "GetAccountAuthorizationDetails"},
    {"s3", "GetBucketAcl"},
    {"s3", "GetBucketLifecycleConfiguration"},
    {"s3", "GetBucketLocation"},
    {"s3", "GetBucketPolicy"},
    {"s3", "ListObjects"},
    {"cloudfront", "ListDistributions"},
    {"sqs", "GetQueueAttributes"},
    {"cloudformation", "GetTemplate"},
    {"kms", "DescribeKey"},
    {"dynamodb", "Scan"},
    {"guardduty", "GetFindings"},
    {"lambda", "GetFunction"},
};
#define FUZZ_OPERATIONS (sizeof(fuzz_operations) / sizeof(*fuzz_operations))

static struct aws_model *fuzz_model(void)
{
    static struct aws_model *model; /* as long as the process */

    if (!model && aws_model_new(AWS_TEST_MODEL, &model, NULL) < 0)
        abort();
    return model;
}

static const char *fuzz_header(const char *name, void *user)
{
    (void)name;
    (void)user;
    return "a, b";
}

/* Whatever came out is a value like any other. */
static void fuzz_value(const struct value *value)
{
    struct buffer text;
    struct value again;
    struct arena arena;

    buffer_init(&text, 64u << 20);
    arena_init(&arena, 256u << 20);
    if (value_to_json(value, 0, &text) < 0 ||
        value_from_json(text.data, text.len, "fuzz", &arena, &again, NULL) < 0)
        abort();
    arena_clear(&arena);
    buffer_clear(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const struct aws_head head = {.status = 200, .header = fuzz_header};
    const struct aws_operation *operation;
    const struct aws_service *service;
    const char *const *name;
    struct value value, token;
    engine_error err = {0};
    struct arena arena;

    if (!len)
        return 0;
    name = fuzz_operations[(size_t)(data[0] - 'a') % FUZZ_OPERATIONS];
    if (aws_model_service(fuzz_model(), name[0], &service, NULL) < 0 ||
        aws_model_operation(fuzz_model(), service, name[1], &operation,
                            NULL) < 0)
        abort();
    arena_init(&arena, 64u << 20);
    if (aws_answer(operation, &head, (const char *)data + 1, len - 1, &arena,
                   &value, NULL) == ENGINE_OK) {
        fuzz_value(&value);
        /* what is cut off is refused, and says so */
        if (aws_answer_token(operation, &value, &arena, &token, &err) ==
            ENGINE_OK)
            fuzz_value(&token);
        else if (!err.message[0])
            abort();
    }
    arena_clear(&arena);
    return 0;
}
