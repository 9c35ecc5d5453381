/* SPDX-License-Identifier: Apache-2.0 */
/* test_aws_model.c - AWS's services, operations and requests by their models;
 * test_aws_answer.c has the answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plugins/aws/model.h"
#include "plugins/aws/model_file.h"
#include "sdk/base/alloc.h"
#include "sdk/base/file.h"

static struct aws_model *model;
static struct arena arena;
static struct aws_request request;
static engine_error err;

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, 1u << 24);
    request = (struct aws_request){0};
    err = (engine_error){0};
    return aws_model_new(AWS_TEST_MODEL, &model, &err);
}

static int teardown(void **state)
{
    (void)state;
    aws_request_clear(&request);
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

static struct value json(const char *text)
{
    struct value value;

    assert_int_equal(
        value_from_json(text, strlen(text), "test", &arena, &value, &err), 0);
    return value;
}

static engine_status make(const char *service, const char *name,
                          const char *parameters,
                          const struct aws_place *place)
{
    const struct value given = json(parameters);

    aws_request_clear(&request);
    return aws_request_init(model, operation(service, name), &given, NULL,
                            place, &request, &err);
}

static void make_at(const char *service, const char *name,
                    const char *parameters, const char *region)
{
    const struct aws_place place = {.region = region};

    if (make(service, name, parameters, &place) < 0)
        fail_msg("%s", err.message);
}

/* ---- services and operations ---------------------------------------------- */

static void finds_services_by_all_their_names(void **state)
{
    static const char *const names[][2] = {
        {"elbv2", "elbv2"},           {"elb", "elb"},
        {"monitoring", "cloudwatch"}, {"cloudwatch", "cloudwatch"},
        {"s3-control", "s3control"},  {"apigateway", "apigateway"},
        {"ec2", "ec2"},               {"cognito-idp", "cognito-idp"},
        {"email", "sesv2"},           {"config", "config"}};
    const struct aws_service *service;

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        assert_int_equal(aws_model_service(model, names[i][0], &service, &err),
                         0);
        assert_string_equal(aws_service_name(service), names[i][1]);
    }
}

static void names_what_comes_near_an_unknown_service(void **state)
{
    const struct aws_service *service;

    (void)state;
    assert_int_equal(aws_model_service(model, "gardduty", &service, &err),
                     ENGINE_ENOTFOUND);
    assert_non_null(strstr(err.message, "\"gardduty\""));
    assert_non_null(strstr(err.hint, "\"guardduty\""));
    assert_int_equal(aws_model_service(model, "qqqqqqqqqqq", &service, &err),
                     ENGINE_ENOTFOUND);
    assert_string_equal(err.hint, "");
}

static void finds_operations_in_any_spelling(void **state)
{
    (void)state;
    assert_ptr_equal(operation("s3", "ListBuckets"),
                     operation("s3", "list_buckets"));
    assert_ptr_equal(operation("s3", "ListBuckets"),
                     operation("s3", "list-buckets"));
    assert_string_equal(
        aws_operation_name(operation("rds", "describe-db-instances")),
        "DescribeDBInstances");
}

static void names_what_comes_near_an_unknown_operation(void **state)
{
    const struct aws_operation *found;
    const struct aws_service *service;

    (void)state;
    assert_int_equal(aws_model_service(model, "ec2", &service, &err), 0);
    assert_int_equal(
        aws_model_operation(model, service, "DescribeVpc", &found, &err),
        ENGINE_ENOTFOUND);
    assert_non_null(strstr(err.hint, "\"DescribeVpcs\""));
}

static engine_status ask(const char *service, const char *name)
{
    const struct aws_operation *found;
    const struct aws_service *of;

    assert_int_equal(aws_model_service(model, service, &of, &err), 0);
    return aws_model_operation(model, of, name, &found, &err);
}

static void refuses_what_changes_something(void **state)
{
    static const char *const names[][2] = {
        {"iam", "CreateAccessKey"},   {"s3", "PutBucketPolicy"},
        {"s3", "DeleteBucket"},       {"ec2", "RunInstances"},
        {"kms", "Decrypt"},           {"kms", "GenerateDataKey"},
        {"sts", "AssumeRole"},        {"sqs", "ReceiveMessage"},
        {"lambda", "Invoke"},         {"iam", "GenerateServiceLastAccessedDetails"},
        {"cognito-identity", "GetId"}, {"license-manager", "CheckoutLicense"},
        {"kms", "GetParametersForImport"}, {"acm", "ExportCertificate"}};

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        assert_int_equal(ask(names[i][0], names[i][1]), ENGINE_EDENIED);
        assert_non_null(strstr(err.message, "change something"));
    }
}

static void refuses_what_hands_out_secrets(void **state)
{
    static const char *const names[][2] = {
        {"secretsmanager", "GetSecretValue"},
        {"secretsmanager", "GetRandomPassword"},
        {"sts", "GetSessionToken"},
        {"sts", "GetFederationToken"},
        {"ecr", "GetAuthorizationToken"},
        {"ecr-public", "GetAuthorizationToken"},
        {"ecr", "GetDownloadUrlForLayer"},
        {"codeartifact", "GetAuthorizationToken"},
        {"sso", "GetRoleCredentials"},
        {"redshift", "GetClusterCredentials"},
        {"redshift", "GetClusterCredentialsWithIAM"},
        {"redshift-serverless", "GetCredentials"},
        {"cognito-identity", "GetCredentialsForIdentity"},
        {"cognito-identity", "GetOpenIdToken"},
        {"cognito-identity", "GetOpenIdTokenForDeveloperIdentity"},
        {"ec2", "GetPasswordData"},
        {"connect", "GetFederationToken"},
        {"lightsail", "GetInstanceAccessDetails"},
        {"lightsail", "GetRelationalDatabaseMasterUserPassword"},
        {"lakeformation", "GetTemporaryGlueTableCredentials"},
        {"gamelift", "GetComputeAccess"},
        {"ivs", "GetStreamKey"},
        {"ivs", "BatchGetStreamKey"},
        {"quicksight", "GetDashboardEmbedUrl"},
        {"license-manager", "GetAccessToken"},
        {"finspace-data", "GetProgrammaticAccessCredentials"},
        {"codepipeline", "GetJobDetails"}};

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        assert_int_equal(ask(names[i][0], names[i][1]), ENGINE_EDENIED);
        assert_non_null(strstr(err.message, "secrets"));
    }
}

static void refuses_streams_of_events(void **state)
{
    (void)state;
    assert_int_equal(ask("s3", "SelectObjectContent"), ENGINE_EDENIED);
    assert_non_null(strstr(err.message, "stream"));
}

static void offers_what_only_reads(void **state)
{
    static const char *const names[][2] = {
        {"iam", "GenerateCredentialReport"}, {"iam", "GetCredentialReport"},
        {"iam", "SimulatePrincipalPolicy"},  {"s3", "HeadBucket"},
        {"cloudtrail", "LookupEvents"},      {"tagging", "GetResources"},
        {"config", "SelectResourceConfig"},  {"dynamodb", "Scan"},
        {"codebuild", "BatchGetProjects"},   {"sts", "GetCallerIdentity"},
        {"iam", "GetAccountPasswordPolicy"}, {"sqs", "GetQueueUrl"},
        {"accessanalyzer", "ValidatePolicy"}};

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        operation(i == 5 ? "resourcegroupstaggingapi" : names[i][0],
                  names[i][1]);
}

static void knows_the_names_of_permissions(void **state)
{
    static const char *const names[][3] = {
        {"s3", "ListBuckets", "s3:ListAllMyBuckets"},
        {"s3", "HeadBucket", "s3:ListBucket"},
        {"s3", "ListObjectsV2", "s3:ListBucket"},
        {"s3", "GetBucketPolicy", "s3:GetBucketPolicy"},
        {"s3", "GetBucketEncryption", "s3:GetEncryptionConfiguration"},
        {"s3", "GetPublicAccessBlock", "s3:GetBucketPublicAccessBlock"},
        {"s3control", "GetPublicAccessBlock",
         "s3:GetAccountPublicAccessBlock"},
        {"apigateway", "GetRestApis", "apigateway:GET"},
        {"apigatewayv2", "GetApis", "apigateway:GET"},
        {"cloudwatch", "DescribeAlarms", "cloudwatch:DescribeAlarms"},
        {"elbv2", "DescribeLoadBalancers",
         "elasticloadbalancing:DescribeLoadBalancers"},
        {"efs", "DescribeFileSystems",
         "elasticfilesystem:DescribeFileSystems"},
        {"opensearch", "ListDomainNames", "es:ListDomainNames"}};

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        assert_string_equal(
            aws_operation_permission(operation(names[i][0], names[i][1])),
            names[i][2]);
}

static void knows_what_is_the_same_in_all_regions(void **state)
{
    (void)state;
    assert_true(aws_operation_is_global(operation("iam", "ListUsers")));
    assert_true(aws_operation_is_global(operation("s3", "GetBucketAcl")));
    assert_true(aws_operation_is_global(operation("organizations",
                                                  "ListAccounts")));
    assert_true(aws_operation_is_global(operation("route53",
                                                  "ListHostedZones")));
    assert_true(aws_operation_is_global(operation("s3control",
                                                  "GetPublicAccessBlock")));
    assert_false(aws_operation_is_global(operation("ec2", "DescribeVpcs")));
    assert_false(aws_operation_is_global(operation("s3control",
                                                   "ListAccessPoints")));
}

static void knows_partitions_and_their_regions(void **state)
{
    const char *const *regions = aws_model_regions(model, "aws-us-gov");

    (void)state;
    assert_string_equal(aws_model_partition(model, "eu-west-1"), "aws");
    assert_string_equal(aws_model_partition(model, "cn-north-1"), "aws-cn");
    assert_string_equal(aws_model_partition(model, "us-gov-west-1"),
                        "aws-us-gov");
    assert_string_equal(aws_model_partition(model, "cn-south-7"), "aws-cn");
    assert_string_equal(aws_model_partition(model, "mars-north-1"), "aws");
    assert_string_equal(aws_model_partition(model, NULL), "aws");
    assert_string_equal(regions[0], "us-gov-east-1");
    assert_string_equal(regions[1], "us-gov-west-1");
    assert_null(regions[2]);
    assert_null(aws_model_regions(model, "mars")[0]);
}

/* ---- where requests go ------------------------------------------------------ */

static void puts_a_bucket_into_the_host_where_it_can(void **state)
{
    (void)state;
    make_at("s3", "GetBucketPolicy", "{\"Bucket\": \"a-b\"}", "eu-west-1");
    assert_string_equal(request.url,
                        "https://a-b.s3.eu-west-1.amazonaws.com/?policy");
    assert_true(request.s3);
    make_at("s3", "GetBucketPolicy", "{\"Bucket\": \"a.b\"}", "eu-west-1");
    assert_string_equal(request.url,
                        "https://s3.eu-west-1.amazonaws.com/a.b?policy");
    make_at("s3", "GetBucketPolicy", "{\"Bucket\": \"a/../b\"}", "us-east-1");
    assert_string_equal(
        request.url, "https://s3.us-east-1.amazonaws.com/a%2F..%2Fb?policy");
    make_at("s3", "GetBucketLocation", "{\"Bucket\": \"a-b\"}", "eu-west-1");
    assert_string_equal(request.url,
                        "https://s3.eu-west-1.amazonaws.com/a-b?location");
    make_at("s3", "HeadObject", "{\"Bucket\": \"a-b\", \"Key\": \"x y/+z\"}",
            "cn-north-1");
    assert_string_equal(
        request.url,
        "https://a-b.s3.cn-north-1.amazonaws.com.cn/x%20y/%2Bz");
    assert_string_equal(request.method, "HEAD");
}

static void sends_to_another_endpoint(void **state)
{
    const struct aws_place place = {.region = "eu-west-1",
                                    .account = "123456789012",
                                    .endpoint = "http://127.0.0.1:5000/aws/"};

    (void)state;
    assert_int_equal(make("s3", "GetBucketAcl", "{\"Bucket\": \"a-b\"}",
                          &place), 0);
    assert_string_equal(request.url, "http://127.0.0.1:5000/aws/a-b?acl");
    assert_int_equal(make("iam", "ListUsers", "{}", &place), 0);
    assert_string_equal(request.url, "http://127.0.0.1:5000/aws/");
    assert_string_equal(request.region, "us-east-1");
    assert_int_equal(make("s3control", "GetPublicAccessBlock", "{}", &place),
                     0);
    assert_string_equal(request.url,
                        "http://127.0.0.1:5000/aws/v20180820/configuration/"
                        "publicAccessBlock");
    assert_string_equal(request.headers[0], "x-amz-account-id: 123456789012");
}

static void puts_the_account_into_the_host(void **state)
{
    const struct aws_place place = {.region = "eu-west-1",
                                    .account = "123456789012"};
    const struct aws_place wrong = {.region = "eu-west-1",
                                    .account = "evil.example.com/"};

    (void)state;
    assert_int_equal(make("s3control", "GetPublicAccessBlock", "{}", &place),
                     0);
    assert_non_null(strstr(request.url,
                           "https://123456789012.s3-control.eu-west-1."));
    assert_int_equal(make("s3control", "GetPublicAccessBlock", "{}", &wrong),
                     ENGINE_EINVAL);
    assert_null(request.url);
}

static void signs_for_the_right_region_and_service(void **state)
{
    (void)state;
    make_at("iam", "ListUsers", "{}", NULL);
    assert_string_equal(request.url, "https://iam.amazonaws.com/");
    assert_string_equal(request.region, "us-east-1");
    make_at("iam", "ListUsers", "{}", "cn-north-1");
    assert_string_equal(request.url, "https://iam.cn-north-1.amazonaws.com.cn/");
    assert_string_equal(request.region, "cn-north-1");
    make_at("elbv2", "DescribeLoadBalancers", "{}", "eu-west-1");
    assert_string_equal(request.service, "elasticloadbalancing");
    make_at("cloudwatch", "DescribeAlarms", "{}", "eu-west-1");
    assert_string_equal(request.service, "monitoring");
    make_at("s3control", "ListAccessPoints", "{\"AccountId\": \"1\"}",
            "eu-west-1");
    assert_string_equal(request.service, "s3");
}

static void refuses_regions_that_are_none(void **state)
{
    const struct aws_place place = {.region = "evil.example.com/"};

    (void)state;
    assert_int_equal(make("ec2", "DescribeVpcs", "{}", &place), ENGINE_EINVAL);
    assert_int_equal(make("ec2", "DescribeVpcs", "{}", NULL), ENGINE_EINVAL);
    assert_non_null(strstr(err.message, "needs a region"));
}

/* ---- parameters --------------------------------------------------------------- */

static void wrong_is(const char *service, const char *name,
                     const char *parameters, const char *message,
                     const char *hint)
{
    const struct aws_place place = {.region = "eu-west-1"};

    err = (engine_error){0};
    assert_int_equal(make(service, name, parameters, &place), ENGINE_EINVAL);
    if (!strstr(err.message, message) || !strstr(err.hint, hint))
        fail_msg("\"%s\" (%s)", err.message, err.hint);
    assert_null(request.url);
}

static void says_what_is_wrong_with_parameters(void **state)
{
    (void)state;
    wrong_is("s3", "GetBucketPolicy", "{}", "needs the parameter Bucket", "");
    wrong_is("s3", "GetBucketPolicy", "{\"Buckt\": \"a\"}",
             "no parameter \"Buckt\"", "\"Bucket\"");
    wrong_is("s3", "GetBucketPolicy", "{\"Bucket\": 1}",
             "Bucket must be a string, not number", "");
    wrong_is("s3", "GetBucketPolicy", "{\"Bucket\": \"\"}", "must not be empty",
             "");
    wrong_is("s3", "GetBucketPolicy", "[]", "must be an object", "");
    wrong_is("ec2", "DescribeVpcs",
             "{\"Filters\": [{\"Name\": \"a\", \"Value\": [\"b\"]}]}",
             "no parameter \"Filters[0].Value\"", "\"Values\"");
    wrong_is("ec2", "DescribeVpcs", "{\"Filters\": {\"Name\": \"a\"}}",
             "Filters must be a list, not object", "");
    wrong_is("ec2", "DescribeVpcs", "{\"DryRun\": \"yes\"}",
             "DryRun must be true or false, not string", "");
    wrong_is("cloudtrail", "LookupEvents", "{\"StartTime\": \"yesterday\"}",
             "StartTime must be a time", "");
    wrong_is("cloudtrail", "LookupEvents", "{\"MaxResults\": 1.5}",
             "MaxResults must be an integer", "");
    wrong_is("iam", "GetAccountSummary", "{\"A\": 1}", "has no parameters", "");
}

static void takes_names_whose_first_letter_is_of_another_case(void **state)
{
    (void)state;
    make_at("ec2", "DescribeVpcs",
            "{\"filters\": [{\"name\": \"a\", \"values\": [\"b\"]}]}",
            "eu-west-1");
    assert_non_null(strstr(request.body.data,
                           "&Filter.1.Name=a&Filter.1.Value.1=b"));
    make_at("guardduty", "ListFindings", "{\"DetectorId\": \"d\"}",
            "eu-west-1");
    assert_non_null(strstr(request.url, "/detector/d/findings"));
}

static engine_status checked(const char *service, const char *name,
                             const char *parameters)
{
    const struct value given = json(parameters);

    return aws_operation_check(operation(service, name), &given, &err);
}

static void checks_rules_with_placeholders_in_them(void **state)
{
    (void)state;
    assert_int_equal(checked("s3", "GetBucketPolicy",
                             "{\"Bucket\": \"{Name}\"}"), 0);
    assert_int_equal(checked("ec2", "DescribeVpcs",
                             "{\"VpcIds\": \"{ids}\", \"DryRun\": \"{x}\"}"),
                     0);
    assert_int_equal(checked("s3control", "GetPublicAccessBlock", "{}"), 0);
    assert_int_equal(checked("ec2", "DescribeVpcs", "{\"DryRun\": \"x\"}"),
                     ENGINE_EINVAL);
    assert_int_equal(checked("s3", "GetBucketPolicy", "{\"Name\": \"{a}\"}"),
                     ENGINE_EINVAL);
    assert_int_equal(checked("s3", "GetBucketPolicy", "{}"), ENGINE_EINVAL);
    assert_int_equal(checked("s3", "GetBucketPolicy", "7"), ENGINE_EINVAL);
}

static void never_asks_for_secrets(void **state)
{
    (void)state;
    make_at("ssm", "GetParameter",
            "{\"Name\": \"a\", \"WithDecryption\": true}", "eu-west-1");
    assert_string_equal(request.body.data,
                        "{\"Name\":\"a\",\"WithDecryption\":false}");
    make_at("ssm", "GetParametersByPath",
            "{\"path\": \"/\", \"withDecryption\": true}", "eu-west-1");
    assert_null(strstr(request.body.data, "true"));
    make_at("glue", "GetConnections", "{\"HidePassword\": false}",
            "eu-west-1");
    assert_string_equal(request.body.data, "{\"HidePassword\":true}");
    make_at("apigateway", "GetApiKeys", "{\"includeValues\": true}",
            "eu-west-1");
    assert_non_null(strstr(request.url, "includeValues=false"));
}

static void asks_for_large_pages_where_that_helps(void **state)
{
    (void)state;
    make_at("ec2", "DescribeSecurityGroups", "{}", "eu-west-1");
    assert_non_null(strstr(request.body.data, "&MaxResults=1000"));
    make_at("ec2", "DescribeHosts", "{}", "eu-west-1");
    assert_non_null(strstr(request.body.data, "&MaxResults=500"));
    make_at("ec2", "DescribeSecurityGroups", "{\"MaxResults\": 5}",
            "eu-west-1");
    assert_non_null(strstr(request.body.data, "&MaxResults=5"));
    assert_null(strstr(request.body.data, "1000"));
    make_at("ec2", "DescribeInstances", "{\"InstanceIds\": [\"i-1\"]}",
            "eu-west-1");
    assert_null(strstr(request.body.data, "MaxResults"));
    make_at("ec2", "DescribeRegions", "{}", "eu-west-1");
    assert_null(strstr(request.body.data, "MaxResults"));
    make_at("kms", "ListResourceTags", "{\"KeyId\": \"a\"}", "eu-west-1");
    assert_string_equal(request.body.data, "{\"KeyId\":\"a\"}");
}

static void goes_on_with_the_next_page(void **state)
{
    const struct value given = json("{\"PathPrefix\": \"/\"}");
    const struct value token = json("{\"Marker\": \"a=b&c\"}");

    (void)state;
    assert_int_equal(aws_request_init(model, operation("iam", "ListUsers"),
                                      &given, &token, NULL, &request, &err),
                     0);
    assert_string_equal(request.body.data,
                        "Action=ListUsers&Version=2010-05-08&PathPrefix=%2F"
                        "&Marker=a%3Db%26c&MaxItems=1000");
}

static void takes_no_line_breaks_into_headers(void **state)
{
    wrong_is("s3", "GetBucketPolicy",
             "{\"Bucket\": \"abc\", \"ExpectedBucketOwner\": \"1\\r\\nX: y\"}",
             "control character", "");
    (void)state;
}

static void limits_the_depth_of_parameters(void **state)
{
    const struct aws_place place = {.region = "us-east-1"};
    struct buffer text;

    (void)state;
    buffer_init(&text, 65536);
    buffer_puts(&text, "{\"TimePeriod\": {\"Start\": \"a\", \"End\": "
                       "\"b\"}, \"Granularity\": \"DAILY\", \"Metrics\": "
                       "[\"a\"], \"Filter\": ");
    for (int i = 0; i < 70; i++)
        buffer_puts(&text, "{\"Not\": ");
    buffer_puts(&text, "{}");
    for (int i = 0; i < 71; i++)
        buffer_putc(&text, '}');
    assert_int_equal(make("ce", "GetCostAndUsage", text.data, &place),
                     ENGINE_ELIMIT);
    buffer_clear(&text);
}

/* ---- files ---------------------------------------------------------------------- */

static void refuses_damaged_files(void **state)
{
    char path[] = "/tmp/test_aws_modelXXXXXX";
    const int fd = mkstemp(path);
    struct model_file file;
    char *data;
    size_t len, refused = 0, tried = 0;

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(file_read(AWS_TEST_MODEL "/sts.aws", 1u << 20, &data,
                               &len, NULL), 0);
    for (size_t at = 0; at + 4 <= len; at += 4, tried++) {
        char saved[4];

        memcpy(saved, data + at, 4);
        memset(data + at, 0xff, 4);
        assert_int_equal(file_write(path, data, len, 0600, NULL), 0);
        memcpy(data + at, saved, 4);
        if (model_file_open(path, &file, &err) < 0)
            refused++;
        else
            model_file_close(&file);
    }
    /* Flags, limits and texts may be anything. */
    assert_true(refused > tried / 4);
    for (size_t cut = 0; cut < len; cut += 1 + len / 50) {
        assert_int_equal(file_write(path, data, cut, 0600, NULL), 0);
        assert_int_equal(model_file_open(path, &file, &err), ENGINE_EPARSE);
        assert_non_null(strstr(err.message, path));
    }
    engine_free(data);
    unlink(path);
}

static void says_where_it_looked_for_models(void **state)
{
    struct aws_model *none;

    (void)state;
    assert_int_equal(aws_model_new("/nonexistent", &none, &err),
                     ENGINE_ENOTFOUND);
    assert_non_null(strstr(err.message, "/nonexistent/index.json"));
    assert_non_null(strstr(err.hint, "SCAN_ENGINE_AWS_MODEL_DIR"));
    assert_null(none);
}

static engine_status whole_way(struct arena *memory)
{
    static const char body[] =
        "<R><ListUsersResult><Users><member><UserName>a</UserName></member>"
        "</Users></ListUsersResult></R>";
    const struct value_member members[] = {
        {.key = "PathPrefix", .key_len = 10,
         .value = {.kind = VALUE_STRING, .count = 1, .text = "/"}}};
    const struct value given = {
        .kind = VALUE_OBJECT, .count = 1, .members = members};
    const struct aws_head head = {.status = 200};
    const struct aws_operation *found;
    const struct aws_service *service;
    struct aws_model *own = NULL;
    struct aws_request made = {0};
    struct value answer;
    engine_status status = aws_model_new(AWS_TEST_MODEL, &own, &err);

    if (status == ENGINE_OK)
        status = aws_model_service(own, "iam", &service, &err);
    if (status == ENGINE_OK)
        status = aws_model_operation(own, service, "ListUsers", &found, &err);
    if (status == ENGINE_OK)
        status = aws_request_init(own, found, &given, NULL, NULL, &made, &err);
    if (status == ENGINE_OK)
        status = aws_answer(found, &head, body, strlen(body), memory, &answer,
                            &err);
    aws_request_clear(&made);
    aws_model_free(own);
    return status;
}

static void survives_the_want_of_memory(void **state)
{
    engine_status status = ENGINE_ENOMEM;
    long nth = 0;

    (void)state;
    while (status != ENGINE_OK) {
        struct arena memory;

        arena_init(&memory, 1u << 20);
        engine_alloc_fail_at(++nth);
        status = whole_way(&memory);
        engine_alloc_fail_at(0);
        arena_clear(&memory);
        assert_true(status == ENGINE_OK || status == ENGINE_ENOMEM);
        assert_true(nth < 1000);
    }
    assert_true(nth > 20);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(finds_services_by_all_their_names),
        TEST(names_what_comes_near_an_unknown_service),
        TEST(finds_operations_in_any_spelling),
        TEST(names_what_comes_near_an_unknown_operation),
        TEST(refuses_what_changes_something),
        TEST(refuses_what_hands_out_secrets),
        TEST(refuses_streams_of_events),
        TEST(offers_what_only_reads),
        TEST(knows_the_names_of_permissions),
        TEST(knows_what_is_the_same_in_all_regions),
        TEST(knows_partitions_and_their_regions),
        TEST(puts_a_bucket_into_the_host_where_it_can),
        TEST(sends_to_another_endpoint),
        TEST(puts_the_account_into_the_host),
        TEST(signs_for_the_right_region_and_service),
        TEST(refuses_regions_that_are_none),
        TEST(says_what_is_wrong_with_parameters),
        TEST(takes_names_whose_first_letter_is_of_another_case),
        TEST(checks_rules_with_placeholders_in_them),
        TEST(never_asks_for_secrets),
        TEST(asks_for_large_pages_where_that_helps),
        TEST(goes_on_with_the_next_page),
        TEST(takes_no_line_breaks_into_headers),
        TEST(limits_the_depth_of_parameters),
        TEST(refuses_damaged_files),
        TEST(says_where_it_looked_for_models),
        TEST(survives_the_want_of_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
