/* SPDX-License-Identifier: Apache-2.0 */
/* credentials_settings.c - what besides keys the environment and the profile
 * say: the region, and where services are. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "plugins/aws/credentials_private.h"
#include "sdk/base/clock.h"
#include "sdk/kit/cloud/guard.h"

const char *aws_credentials_region(const struct aws_credentials *self)
{
    const struct aws_setup *setup = self->setup;

    if (setup->region)
        return setup->region;
    if (aws_env("AWS_REGION"))
        return aws_env("AWS_REGION");
    if (aws_env("AWS_DEFAULT_REGION"))
        return aws_env("AWS_DEFAULT_REGION");
    return aws_section_get(setup->profile, "region");
}

const char *aws_credentials_ca(const struct aws_credentials *self)
{
    const char *file = aws_env("AWS_CA_BUNDLE");

    return file ? file : aws_section_get(self->setup->profile, "ca_bundle");
}

/* What services are called here, and in AWS_ENDPOINT_URL_NAME: their service
 * id ("AWS SDKs and Tools Reference Guide", "Identifiers for service-specific
 * endpoints"), where that is another name. */
static const struct {
    const char *name, *id;
} settings_ids[] = {
    {"access-analyzer", "accessanalyzer"},
    {"api.ecr", "ecr"},
    {"apigateway", "api_gateway"},
    {"application-autoscaling", "application_auto_scaling"},
    {"autoscaling", "auto_scaling"},
    {"ce", "cost_explorer"},
    {"codedeploy", "codedeploy"},
    {"cognito-identity", "cognito_identity"},
    {"cognito-idp", "cognito_identity_provider"},
    {"config", "config_service"},
    {"directconnect", "direct_connect"},
    {"ds", "directory_service"},
    {"elasticbeanstalk", "elastic_beanstalk"},
    {"elasticfilesystem", "efs"},
    {"elasticloadbalancing", "elastic_load_balancing_v2"},
    {"elasticmapreduce", "emr"},
    {"elb", "elastic_load_balancing"},
    {"elbv2", "elastic_load_balancing_v2"},
    {"email", "ses"},
    {"es", "elasticsearch_service"},
    {"events", "eventbridge"},
    {"logs", "cloudwatch_logs"},
    {"monitoring", "cloudwatch"},
    {"resourcegroupstaggingapi", "resource_groups_tagging_api"},
    {"route53", "route_53"},
    {"route53domains", "route_53_domains"},
    {"s3control", "s3_control"},
    {"secretsmanager", "secrets_manager"},
    {"servicecatalog", "service_catalog"},
    {"stepfunctions", "sfn"},
    {"states", "sfn"},
    {"tagging", "resource_groups_tagging_api"},
    {"waf-regional", "waf_regional"},
};

static void settings_id(const char *service, char out[64])
{
    for (size_t i = 0; i < sizeof(settings_ids) / sizeof(*settings_ids); i++)
        if (strcmp(service, settings_ids[i].name) == 0)
            service = settings_ids[i].id;
    snprintf(out, 64, "%s", service);
    for (; *out; out++) {
        if (*out >= 'A' && *out <= 'Z')
            *out = (char)(*out + 32);
        else if (*out == ' ' || *out == '-' || *out == '.')
            *out = '_';
    }
}

static const char *settings_variable(const char *id)
{
    char name[96];
    char *at;

    snprintf(name, sizeof(name), "AWS_ENDPOINT_URL_%s", id);
    for (at = name; *at; at++)
        if (*at >= 'a' && *at <= 'z')
            *at = (char)(*at - 32);
    return aws_env(name);
}

static bool settings_ignored(const struct aws_setup *setup)
{
    const char *text =
        aws_section_get(setup->profile, "ignore_configured_endpoint_urls");

    return aws_env_true("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") ||
           (text && strcasecmp(text, "true") == 0);
}

/* "services = NAME" in the profile, and [services NAME] */
static const char *settings_service(const struct aws_setup *setup,
                                    const char *id)
{
    const char *name = aws_section_get(setup->profile, "services");

    return name ? aws_section_get_in(aws_files_section(&setup->files,
                                                       AWS_SECTION_SERVICES,
                                                       name),
                                     id, "endpoint_url")
                : NULL;
}

/* trusted: whoever started the engine said so, not a file or a target */
static const char *settings_endpoint(const struct aws_setup *setup,
                                     const char *service, bool *trusted)
{
    const char *found = setup->endpoint;
    char id[64];

    *trusted = false;
    if (found || settings_ignored(setup))
        return found;
    settings_id(service, id);
    found = settings_variable(id);
    if (!found)
        found = aws_env("AWS_ENDPOINT_URL");
    *trusted = found != NULL;
    if (!found)
        found = settings_service(setup, id);
    return found ? found : aws_section_get(setup->profile, "endpoint_url");
}

engine_status aws_credentials_endpoint(const struct aws_credentials *self,
                                       const char *service, const char **out,
                                       engine_error *err)
{
    bool trusted;
    const char *found = settings_endpoint(self->setup, service, &trusted);
    char what[96];
    engine_status status = ENGINE_OK;

    snprintf(what, sizeof(what), "the endpoint_url of %.60s", service);
    if (found && !trusted)
        status = guard_url(found, GUARD_HTTPS | GUARD_LOOPBACK, what, err);
    if (status == ENGINE_EINVAL)
        engine_hint(err, "give https, or this machine; any other URL only by "
                         "AWS_ENDPOINT_URL where the engine is started");
    if (status == ENGINE_OK)
        *out = found;
    return status;
}

/* ---- the clock ----------------------------------------------------------- */

int64_t aws_credentials_now(const struct aws_credentials *self)
{
    return clock_now_ms() + self->setup->skew_ms;
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 section 5.6.7) */
static bool settings_date(const char *text, int64_t *unix_ms)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char month[4], date[32];
    const char *at;
    int day, year, hour, minute, second;

    if (!text || sscanf(text, "%*3s, %2d %3s %4d %2d:%2d:%2d GMT", &day, month,
                        &year, &hour, &minute, &second) != 6)
        return false;
    at = strstr(months, month);
    if (!at || strlen(month) != 3 || (at - months) % 3)
        return false;
    snprintf(date, sizeof(date), "%04d-%02d-%02dT%02d:%02d:%02dZ", year,
             (int)(at - months) / 3 + 1, day, hour, minute, second);
    return clock_parse(date, unix_ms) == 0;
}

bool aws_credentials_skew(struct aws_credentials *self, const char *date)
{
    int64_t there, skew;

    if (!settings_date(date, &there))
        return false;
    skew = there - clock_now_ms();
    if (skew - self->setup->skew_ms < 60000 &&
        self->setup->skew_ms - skew < 60000)
        return false;
    aws_say(self->setup, 2, "the clock here and that of AWS differ by %lld s; "
                            "calls are signed with AWS's time",
            (long long)(skew / 1000));
    self->setup->skew_ms = skew;
    return true;
}
