/* SPDX-License-Identifier: Apache-2.0 */
/* test_aws_answer.c - answers and failures of AWS's APIs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "plugins/aws/model.h"
#include "sdk/base/alloc.h"

static struct aws_model *model;
static struct arena arena;
static struct value answer;
static engine_error err;

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, 1u << 24);
    err = (engine_error){0};
    return aws_model_new(AWS_TEST_MODEL, &model, &err);
}

static int teardown(void **state)
{
    (void)state;
    aws_model_free(model);
    arena_clear(&arena);
    return 0;
}

static const struct aws_operation *operation(const char *service,
                                             const char *name)
{
    const struct aws_operation *found = NULL;
    const struct aws_service *of = NULL;

    assert_int_equal(aws_model_service(model, service, &of, &err), 0);
    if (aws_model_operation(model, of, name, &found, &err) < 0)
        fail_msg("%s:%s: %s", service, name, err.message);
    return found;
}

/* Headers: names and values in turn, NULL-ended. */
static const char *find_header(const char *name, void *user)
{
    for (const char *const *at = user; at && *at; at += 2) {
        if (strcasecmp(*at, name) == 0)
            return at[1];
    }
    return NULL;
}

static engine_status read_answer(const char *service, const char *name,
                                 const char *body)
{
    const struct aws_head head = {.status = 200, .header = find_header};

    return aws_answer(operation(service, name), &head, body, strlen(body),
                      &arena, &answer, &err);
}

static void same(const struct value *value, const char *wanted)
{
    struct buffer text;

    buffer_init(&text, 1u << 20);
    assert_int_equal(value_to_json(value, 0, &text), 0);
    assert_string_equal(text.data, wanted);
    buffer_clear(&text);
}

static void is(const char *service, const char *name, const char *body,
               const char *wanted)
{
    if (read_answer(service, name, body) < 0)
        fail_msg("%s", err.message);
    same(&answer, wanted);
}

/* ---- XML ------------------------------------------------------------------ */

static void keeps_lists_of_one_and_of_none(void **state)
{
    (void)state;
    is("ec2", "DescribeSecurityGroups",
       "<R xmlns=\"http://ec2\"><requestId>1</requestId><securityGroupInfo>"
       "<item><groupId>sg-1</groupId><ipPermissions/><tagSet><item>"
       "<key>a</key><value/></item></tagSet></item></securityGroupInfo></R>",
       "{\"SecurityGroups\":[{\"GroupId\":\"sg-1\",\"IpPermissions\":[],"
       "\"Tags\":[{\"Key\":\"a\",\"Value\":\"\"}]}]}");
    is("ec2", "DescribeSecurityGroups",
       "<R><securityGroupInfo/></R>", "{\"SecurityGroups\":[]}");
    is("ec2", "DescribeSecurityGroups", "<R/>", "{}");
}

static void joins_what_is_flattened(void **state)
{
    (void)state;
    is("s3", "GetBucketLifecycleConfiguration",
       "<L><Rule><ID>a</ID><Status>Enabled</Status></Rule><X>1</X>"
       "<Rule><ID>b</ID></Rule></L>",
       "{\"Rules\":[{\"ID\":\"a\",\"Status\":\"Enabled\"},{\"ID\":\"b\"}],"
       "\"X\":\"1\"}");
    is("sqs", "GetQueueAttributes",
       "<R><GetQueueAttributesResult><Attribute><Name>a</Name><Value>1"
       "</Value></Attribute><Attribute><Name>b</Name><Value>2</Value>"
       "</Attribute></GetQueueAttributesResult></R>",
       "{\"Attributes\":{\"a\":\"1\",\"b\":\"2\"}}");
}

static void gives_values_their_types(void **state)
{
    (void)state;
    is("rds", "DescribeDBInstances",
       "<R><DescribeDBInstancesResult><DBInstances><DBInstance>"
       "<AllocatedStorage>20</AllocatedStorage><MultiAZ>true</MultiAZ>"
       "<StorageEncrypted>false</StorageEncrypted><InstanceCreateTime>"
       "2020-01-02T03:04:05.678+01:00</InstanceCreateTime></DBInstance>"
       "</DBInstances></DescribeDBInstancesResult></R>",
       "{\"DBInstances\":[{\"AllocatedStorage\":20,\"MultiAZ\":true,"
       "\"StorageEncrypted\":false,"
       "\"InstanceCreateTime\":\"2020-01-02T02:04:05.678Z\"}]}");
}

static void leaves_what_is_not_of_its_type_a_text(void **state)
{
    (void)state;
    is("rds", "DescribeDBInstances",
       "<R><DescribeDBInstancesResult><DBInstances><DBInstance>"
       "<AllocatedStorage>twenty</AllocatedStorage><InstanceCreateTime>now"
       "</InstanceCreateTime></DBInstance></DBInstances>"
       "</DescribeDBInstancesResult></R>",
       "{\"DBInstances\":[{\"AllocatedStorage\":\"twenty\","
       "\"InstanceCreateTime\":\"now\"}]}");
}

static void keeps_members_that_the_model_does_not_have(void **state)
{
    (void)state;
    is("iam", "GetUser",
       "<R><GetUserResult><User><UserName>a</UserName><New><A>1</A><A>2</A>"
       "<B/></New></User></GetUserResult><ResponseMetadata/></R>",
       "{\"User\":{\"UserName\":\"a\",\"New\":{\"A\":[\"1\",\"2\"],"
       "\"B\":\"\"}}}");
    is("kms", "ListKeys", "{\"Keys\": [{\"KeyId\": \"a\", \"New\": {\"a\": "
       "1}}], \"Newer\": null}",
       "{\"Keys\":[{\"KeyId\":\"a\",\"New\":{\"a\":1}}],\"Newer\":null}");
}

static void reads_attributes(void **state)
{
    (void)state;
    is("s3", "GetBucketAcl",
       "<A xmlns=\"s3\"><AccessControlList><Grant><Grantee xmlns:xsi=\"x\" "
       "xsi:type=\"Group\"><URI>a&amp;b</URI></Grantee></Grant>"
       "</AccessControlList></A>",
       "{\"Grants\":[{\"Grantee\":{\"URI\":\"a&b\",\"Type\":\"Group\"}}]}");
}

static void finds_out_where_a_bucket_is(void **state)
{
    (void)state;
    is("s3", "GetBucketLocation", "<LocationConstraint xmlns=\"s3\"/>",
       "{\"LocationConstraint\":\"us-east-1\"}");
    is("s3", "GetBucketLocation", "<LocationConstraint>EU"
       "</LocationConstraint>", "{\"LocationConstraint\":\"eu-west-1\"}");
    is("s3", "GetBucketLocation", "<LocationConstraint>ap-south-1"
       "</LocationConstraint>", "{\"LocationConstraint\":\"ap-south-1\"}");
}

static void takes_bodies_as_they_are(void **state)
{
    (void)state;
    is("s3", "GetBucketPolicy", "{\"Version\": \"2012-10-17\"}",
       "{\"Policy\":\"{\\\"Version\\\": \\\"2012-10-17\\\"}\"}");
}

static void decodes_policies_of_iam(void **state)
{
    (void)state;
    is("iam", "GetRole",
       "<R><GetRoleResult><Role><RoleName>a</RoleName>"
       "<AssumeRolePolicyDocument>%7B%22Statement%22%3A%5B%7B%22Effect%22%3A"
       "%22Allow%22%7D%5D%7D</AssumeRolePolicyDocument></Role></GetRoleResult>"
       "</R>",
       "{\"Role\":{\"RoleName\":\"a\",\"AssumeRolePolicyDocument\":"
       "{\"Statement\":[{\"Effect\":\"Allow\"}]}}}");
    is("iam", "GetRole",
       "<R><GetRoleResult><Role><AssumeRolePolicyDocument>a%20b"
       "</AssumeRolePolicyDocument></Role></GetRoleResult></R>",
       "{\"Role\":{\"AssumeRolePolicyDocument\":\"a b\"}}");
}

static void refused(const char *body, engine_status status, const char *word)
{
    err = (engine_error){0};
    assert_int_equal(read_answer("iam", "ListUsers", body), status);
    if (!strstr(err.message, word))
        fail_msg("%s", err.message);
}

static void refuses_what_is_no_answer(void **state)
{
    (void)state;
    refused("", ENGINE_EPARSE, "no XML");
    refused("<R><ListUsersResult>", ENGINE_EPARSE, "no XML");
    refused("<html>", ENGINE_EPARSE, "no XML");
    refused("<R/>", ENGINE_EPARSE, "ListUsersResult");
    assert_int_equal(read_answer("kms", "ListKeys", "<html/>"),
                     ENGINE_EPARSE);
}

static void refuses_document_types_and_their_entities(void **state)
{
    (void)state;
    refused("<!DOCTYPE a [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>"
            "<R><ListUsersResult><Users><member><UserName>&e;</UserName>"
            "</member></Users></ListUsersResult></R>",
            ENGINE_EPARSE, "document type");
    refused("<!DOCTYPE a SYSTEM \"http://127.0.0.1:1/a.dtd\"><R/>",
            ENGINE_EPARSE, "document type");
    refused("<R><ListUsersResult>&e;</ListUsersResult></R>", ENGINE_EPARSE,
            "no XML");
}

static void limits_the_depth_of_elements(void **state)
{
    struct buffer text;

    (void)state;
    buffer_init(&text, 1u << 20);
    buffer_puts(&text, "<R><ListUsersResult>");
    for (int i = 0; i < 100; i++)
        buffer_puts(&text, "<a>");
    refused(text.data, ENGINE_ELIMIT, "deeper than");
    buffer_clear(&text);
}

static void limits_the_memory_of_an_answer(void **state)
{
    struct buffer text;
    struct arena small;
    struct value value;
    const struct aws_head head = {.status = 200};

    (void)state;
    buffer_init(&text, 1u << 20);
    buffer_puts(&text, "<R><ListUsersResult><Users>");
    for (int i = 0; i < 1000; i++)
        buffer_puts(&text, "<member><UserName>a</UserName></member>");
    buffer_puts(&text, "</Users></ListUsersResult></R>");
    arena_init(&small, 20000);
    assert_int_equal(aws_answer(operation("iam", "ListUsers"), &head,
                                text.data, text.len, &small, &value, &err),
                     ENGINE_ELIMIT);
    arena_clear(&small);
    buffer_clear(&text);
}

/* ---- JSON and heads ------------------------------------------------------- */

static void reads_json_with_the_names_of_the_model(void **state)
{
    (void)state;
    is("guardduty", "GetDetector",
       "{\"status\": \"ENABLED\", \"tags\": {\"a\": \"b\"}, "
       "\"serviceRole\": null}",
       "{\"Status\":\"ENABLED\",\"Tags\":{\"a\":\"b\"}}");
    is("kms", "DescribeKey",
       "{\"KeyMetadata\": {\"KeyId\": \"a\", \"CreationDate\": 1.5e9}}",
       "{\"KeyMetadata\":{\"KeyId\":\"a\","
       "\"CreationDate\":\"2017-07-14T02:40:00Z\"}}");
    is("kms", "ListKeys", "", "{}");
}

static void reads_members_that_are_headers(void **state)
{
    static const char *const headers[] = {
        "x-amz-server-side-encryption", "aws:kms", "Content-Length", "12",
        "Last-Modified", "Wed, 02 Jan 2019 03:04:05 GMT",
        "x-amz-delete-marker", "true", NULL};
    const struct aws_head head = {
        .status = 200, .header = find_header, .user = (void *)headers};

    (void)state;
    assert_int_equal(aws_answer(operation("s3", "HeadObject"), &head, NULL, 0,
                                &arena, &answer, &err), 0);
    same(&answer, "{\"DeleteMarker\":true,"
                  "\"LastModified\":\"2019-01-02T03:04:05Z\","
                  "\"ContentLength\":12,"
                  "\"ServerSideEncryption\":\"aws:kms\"}");
}

static void hides_what_is_sensitive(void **state)
{
    (void)state;
    is("lambda", "GetFunction",
       "{\"Configuration\": {\"FunctionName\": \"a\", \"Environment\": "
       "{\"Variables\": {\"PASSWORD\": \"hunter2\"}}}, \"Code\": "
       "{\"RepositoryType\": \"S3\", \"Location\": \"https://signed\"}}",
       "{\"Configuration\":{\"FunctionName\":\"a\",\"Environment\":"
       "{\"Variables\":\"(sensitive)\"}},\"Code\":{\"RepositoryType\":\"S3\","
       "\"Location\":\"(sensitive)\"}}");
    is("cognito-idp", "DescribeUserPoolClient",
       "{\"UserPoolClient\": {\"ClientId\": \"a\", \"ClientSecret\": \"b\"}}",
       "{\"UserPoolClient\":{\"ClientId\":\"a\","
       "\"ClientSecret\":\"(sensitive)\"}}");
    is("ec2", "DescribeVpnConnections",
       "<R><vpnConnectionSet><item><customerGatewayConfiguration>psk"
       "</customerGatewayConfiguration><vpnConnectionId>v</vpnConnectionId>"
       "<options><tunnelOptionSet><item><preSharedKey>k</preSharedKey></item>"
       "</tunnelOptionSet></options></item></vpnConnectionSet></R>",
       "{\"VpnConnections\":[{\"CustomerGatewayConfiguration\":"
       "\"(sensitive)\",\"VpnConnectionId\":\"v\",\"Options\":"
       "{\"TunnelOptions\":[{\"PreSharedKey\":\"(sensitive)\"}]}}]}");
    is("appsync", "ListApiKeys", "{\"apiKeys\": [{\"id\": \"da2-x\", "
       "\"expires\": 1}]}",
       "{\"apiKeys\":[{\"id\":\"(sensitive)\",\"expires\":1}]}");
}

static void shows_what_rules_need_although_it_is_marked(void **state)
{
    (void)state;
    is("s3", "GetBucketEncryption",
       "<S><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms"
       "</SSEAlgorithm><KMSMasterKeyID>k</KMSMasterKeyID>"
       "</ApplyServerSideEncryptionByDefault></Rule></S>",
       "{\"ServerSideEncryptionConfiguration\":{\"Rules\":["
       "{\"ApplyServerSideEncryptionByDefault\":{\"SSEAlgorithm\":"
       "\"aws:kms\",\"KMSMasterKeyID\":\"k\"}}]}}");
    is("organizations", "ListAccounts",
       "{\"Accounts\": [{\"Id\": \"1\", \"Name\": \"a\", \"Email\": \"b\"}]}",
       "{\"Accounts\":[{\"Id\":\"1\",\"Name\":\"a\","
       "\"Email\":\"(sensitive)\"}]}");
}

/* ---- pages ------------------------------------------------------------------ */

static void token_is(const char *service, const char *name, const char *body,
                     const char *wanted)
{
    struct value token;

    if (read_answer(service, name, body) < 0)
        fail_msg("%s", err.message);
    assert_int_equal(aws_answer_token(operation(service, name), &answer,
                                      &arena, &token, &err), 0);
    same(&token, wanted);
}

static void finds_the_token_of_the_next_page(void **state)
{
    (void)state;
    token_is("iam", "ListUsers",
             "<R><ListUsersResult><IsTruncated>true</IsTruncated><Marker>m"
             "</Marker></ListUsersResult></R>", "{\"Marker\":\"m\"}");
    token_is("iam", "ListUsers",
             "<R><ListUsersResult><IsTruncated>false</IsTruncated><Marker>m"
             "</Marker></ListUsersResult></R>", "null");
    token_is("ec2", "DescribeVpcs", "<R><nextToken>n</nextToken></R>",
             "{\"NextToken\":\"n\"}");
    token_is("ec2", "DescribeVpcs", "<R><nextToken></nextToken></R>", "null");
    token_is("kms", "ListKeys", "{\"NextMarker\": \"n\", \"Truncated\": true}",
             "{\"Marker\":\"n\"}");
    token_is("cloudfront", "ListDistributions",
             "<DistributionList><NextMarker>n</NextMarker><IsTruncated>true"
             "</IsTruncated></DistributionList>", "{\"Marker\":\"n\"}");
    token_is("s3", "ListObjects",
             "<R><IsTruncated>true</IsTruncated><Contents><Key>a</Key>"
             "</Contents><Contents><Key>b</Key></Contents></R>",
             "{\"Marker\":\"b\"}");
    token_is("s3", "GetBucketPolicy", "{}", "null");
    token_is("dynamodb", "Scan", "{\"LastEvaluatedKey\": {\"a\": {\"S\": "
             "\"b\"}}}", "{\"ExclusiveStartKey\":{\"a\":{\"S\":\"b\"}}}");
}

static void finds_tokens_that_no_paginator_names(void **state)
{
    static const char *const wanted[][4] = {
        {"wafv2", "ListWebACLs", "NextMarker", "NextMarker"},
        {"events", "ListEventBuses", "NextToken", "NextToken"},
        {"apprunner", "ListServices", "NextToken", "NextToken"},
        {"efs", "DescribeAccessPoints", "NextToken", "NextToken"},
        {"ce", "GetAnomalyMonitors", "NextPageToken", "NextPageToken"},
    };
    char body[64], token[64];

    (void)state;
    for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
        snprintf(body, sizeof(body), "{\"%s\": \"n\"}", wanted[i][3]);
        snprintf(token, sizeof(token), "{\"%s\":\"n\"}", wanted[i][2]);
        token_is(wanted[i][0], wanted[i][1], body, token);
        token_is(wanted[i][0], wanted[i][1], "{}", "null");
        assert_non_null(
            aws_operation_lists(operation(wanted[i][0], wanted[i][1])));
    }
    token_is("waf", "ListTagsForResource", "{\"NextMarker\": \"n\"}",
             "{\"NextMarker\":\"n\"}");
    token_is("cloudfront", "ListFunctions",
             "<FunctionList><NextMarker>n</NextMarker></FunctionList>",
             "{\"Marker\":\"n\"}");
    token_is("firehose", "ListDeliveryStreams",
             "{\"DeliveryStreamNames\": [\"a\", \"b\"], "
             "\"HasMoreDeliveryStreams\": true}",
             "{\"ExclusiveStartDeliveryStreamName\":\"b\"}");
    token_is("firehose", "ListDeliveryStreams",
             "{\"DeliveryStreamNames\": [\"a\"], "
             "\"HasMoreDeliveryStreams\": false}", "null");
    /* a token counts where the answer says nothing else */
    token_is("iam", "ListUsers",
             "<R><ListUsersResult><Marker>m</Marker></ListUsersResult></R>",
             "{\"Marker\":\"m\"}");
    token_is("iam", "ListRoleTags",
             "<R><ListRoleTagsResult><IsTruncated>true</IsTruncated><Marker>m"
             "</Marker></ListRoleTagsResult></R>", "{\"Marker\":\"m\"}");
    token_is("s3", "ListBucketInventoryConfigurations",
             "<R><IsTruncated>true</IsTruncated><NextContinuationToken>c"
             "</NextContinuationToken></R>", "{\"ContinuationToken\":\"c\"}");
}

static void more_pages_without_a_token_are_an_error(void **state)
{
    struct value token;

    (void)state;
    assert_int_equal(read_answer("iam", "ListUsers",
                                 "<R><ListUsersResult><IsTruncated>true"
                                 "</IsTruncated></ListUsersResult></R>"), 0);
    assert_int_equal(aws_answer_token(operation("iam", "ListUsers"), &answer,
                                      &arena, &token, &err), ENGINE_EIO);
    assert_non_null(strstr(err.message, "no token of the next"));
}

static void whole_is(const char *service, const char *name, const char *body,
                     engine_status wanted)
{
    assert_int_equal(read_answer(service, name, body), 0);
    assert_int_equal(aws_answer_whole(operation(service, name), &answer,
                                      &err), wanted);
}

static void a_part_of_what_has_no_pages_is_an_error(void **state)
{
    (void)state;
    whole_is("fms", "GetProtectionStatus", "{\"NextToken\": \"n\"}",
             ENGINE_EIO);
    assert_non_null(strstr(err.message, "NextToken"));
    whole_is("fms", "GetProtectionStatus", "{\"NextToken\": \"\"}", 0);
    whole_is("wellarchitected", "GetLensReview",
             "{\"LensReview\": {\"NextToken\": \"n\"}}", ENGINE_EIO);
    /* the model does not have it */
    whole_is("sqs", "GetQueueAttributes",
             "<R><GetQueueAttributesResult><IsTruncated>true</IsTruncated>"
             "</GetQueueAttributesResult></R>", ENGINE_EIO);
    /* names of a map */
    whole_is("lambda", "ListTags", "{\"Tags\": {\"Marker\": \"m\"}}", 0);
    whole_is("kms", "ListKeys", "{\"NextMarker\": \"n\"}", 0);
}

static void names_the_lists_that_grow(void **state)
{
    const char *const *lists =
        aws_operation_lists(operation("iam", "GetAccountAuthorizationDetails"));

    (void)state;
    assert_string_equal(lists[0], "UserDetailList");
    assert_non_null(lists[3]);
    assert_null(lists[4]);
    lists = aws_operation_lists(operation("cloudfront", "ListDistributions"));
    assert_string_equal(lists[0], "DistributionList.Items");
    assert_null(aws_operation_lists(operation("s3", "GetBucketPolicy")));
}

/* ---- failures ----------------------------------------------------------------- */

static void failure_is(long status, const char *const *headers,
                       const char *body, const char *code,
                       const char *message, const char *region)
{
    const struct aws_head head = {.status = status, .header = find_header,
                                  .user = (void *)headers};
    struct aws_failure failure;

    aws_failure_read(operation("iam", "ListUsers"), &head, body,
                     body ? strlen(body) : 0, &failure);
    assert_string_equal(failure.code, code);
    assert_string_equal(failure.message, message);
    assert_string_equal(failure.region, region);
}

static void reads_failures_of_all_forms(void **state)
{
    static const char *const type[] = {
        "x-amzn-ErrorType", "ValidationException:http://a/", NULL};
    static const char *const query[] = {
        "x-amzn-query-error", "AWS.Queue.NonExistent;Sender", NULL};

    (void)state;
    failure_is(403, NULL,
               "<ErrorResponse xmlns=\"a\"><Error><Type>Sender</Type><Code>"
               "AccessDenied</Code><Message>not\n  you</Message></Error>"
               "<RequestId>1</RequestId></ErrorResponse>",
               "AccessDenied", "not you", "");
    failure_is(400, NULL,
               "<Response><Errors><Error><Code>InvalidVpcID.NotFound</Code>"
               "<Message>no</Message></Error></Errors></Response>",
               "InvalidVpcID.NotFound", "no", "");
    failure_is(404, NULL,
               "<?xml version=\"1.0\"?>\n<Error><Code>NoSuchBucketPolicy"
               "</Code><Message>none</Message></Error>",
               "NoSuchBucketPolicy", "none", "");
    failure_is(400, NULL, "{\"__type\": \"com.amazon#AccessDeniedException\", "
               "\"Message\": \"no\"}", "AccessDeniedException", "no", "");
    failure_is(400, type, "{\"message\": \"bad\"}", "ValidationException",
               "bad", "");
    failure_is(400, query, "{\"__type\": \"a#QueueDoesNotExist\"}",
               "AWS.Queue.NonExistent", "", "");
}

static void endpoint_is_in(const char *endpoint, const char *region)
{
    char body[300];

    snprintf(body, sizeof(body),
             "<Error><Code>PermanentRedirect</Code><Endpoint>%s</Endpoint>"
             "</Error>", endpoint);
    failure_is(301, NULL, body, "PermanentRedirect", "", region);
}

static void finds_the_region_that_s3_redirects_to(void **state)
{
    (void)state;
    endpoint_is_in("my.s3.eu-central-1.amazonaws.com", "eu-central-1");
    endpoint_is_in("my-s3.s3.cn-north-1.amazonaws.com.cn", "cn-north-1");
    endpoint_is_in("s3-eu-west-1.amazonaws.com", "eu-west-1");
    endpoint_is_in("my.s3.dualstack.us-west-2.amazonaws.com", "us-west-2");
    endpoint_is_in("my.s3.amazonaws.com", "us-east-1");
    endpoint_is_in("example.com", "");
    endpoint_is_in("s3.evil.example.com", "");
}

static void takes_the_status_where_there_is_no_code(void **state)
{
    (void)state;
    failure_is(404, NULL, NULL, "404", "", "");
    failure_is(503, NULL, "<html><body>busy</body></html>", "503", "", "");
    failure_is(502, NULL, "Bad gateway", "502", "", "");
    failure_is(500, NULL, "{\"a\": ", "500", "", "");
}

static void says_where_a_bucket_is_that_is_elsewhere(void **state)
{
    static const char *const headers[] = {"x-amz-bucket-region", "eu-west-3",
                                          NULL};

    (void)state;
    failure_is(301, headers, NULL, "301", "", "eu-west-3");
    failure_is(400, NULL,
               "<Error><Code>AuthorizationHeaderMalformed</Code><Message>the "
               "region is wrong</Message><Region>eu-west-1</Region></Error>",
               "AuthorizationHeaderMalformed", "the region is wrong",
               "eu-west-1");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(keeps_lists_of_one_and_of_none),
        TEST(joins_what_is_flattened),
        TEST(gives_values_their_types),
        TEST(leaves_what_is_not_of_its_type_a_text),
        TEST(keeps_members_that_the_model_does_not_have),
        TEST(reads_attributes),
        TEST(finds_out_where_a_bucket_is),
        TEST(takes_bodies_as_they_are),
        TEST(decodes_policies_of_iam),
        TEST(refuses_what_is_no_answer),
        TEST(refuses_document_types_and_their_entities),
        TEST(limits_the_depth_of_elements),
        TEST(limits_the_memory_of_an_answer),
        TEST(reads_json_with_the_names_of_the_model),
        TEST(reads_members_that_are_headers),
        TEST(hides_what_is_sensitive),
        TEST(shows_what_rules_need_although_it_is_marked),
        TEST(finds_the_token_of_the_next_page),
        TEST(finds_tokens_that_no_paginator_names),
        TEST(more_pages_without_a_token_are_an_error),
        TEST(a_part_of_what_has_no_pages_is_an_error),
        TEST(names_the_lists_that_grow),
        TEST(reads_failures_of_all_forms),
        TEST(finds_the_region_that_s3_redirects_to),
        TEST(takes_the_status_where_there_is_no_code),
        TEST(says_where_a_bucket_is_that_is_elsewhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
