/* SPDX-License-Identifier: Apache-2.0 */
/* sts_place.c - where STS is asked: in the region that is set, if it is of the
 * role's partition. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "plugins/aws/credentials_private.h"

/* Partitions by the names of their regions; the last is that of all others. */
static const struct place_partition {
    const char *prefix, *name, *domain, *home;
} place_partitions[] = {
    {"cn-", "aws-cn", "amazonaws.com.cn", "cn-north-1"},
    {"us-gov-", "aws-us-gov", "amazonaws.com", "us-gov-west-1"},
    {"us-iso-", "aws-iso", "c2s.ic.gov", "us-iso-east-1"},
    {"us-isob-", "aws-iso-b", "sc2s.sgov.gov", "us-isob-east-1"},
    {"us-isof-", "aws-iso-f", "csp.hci.ic.gov", "us-isof-south-1"},
    {"eu-isoe-", "aws-iso-e", "cloud.adc-e.uk", "eu-isoe-west-1"},
    {"eusc-", "aws-eusc", "amazonaws.eu", "eusc-de-east-1"},
    {"", "aws", "amazonaws.com", "us-east-1"},
};
#define PLACE_PARTITIONS (sizeof(place_partitions) / sizeof(*place_partitions))

static const struct place_partition *place_of_region(const char *region)
{
    size_t i = 0;

    while (i < PLACE_PARTITIONS - 1 &&
           strncmp(region, place_partitions[i].prefix,
                   strlen(place_partitions[i].prefix)) != 0)
        i++;
    return &place_partitions[i];
}

/* "arn:PARTITION:..." */
static const struct place_partition *place_of_arn(const char *arn)
{
    const size_t len =
        strncmp(arn, "arn:", 4) == 0 ? strcspn(arn + 4, ":") : 0;

    for (size_t i = 0; i < PLACE_PARTITIONS; i++)
        if (len && strlen(place_partitions[i].name) == len &&
            strncmp(arn + 4, place_partitions[i].name, len) == 0)
            return &place_partitions[i];
    return NULL;
}

const char *aws_domain(const char *region)
{
    return place_of_region(region)->domain;
}

/* No role can be assumed from another partition. */
static const char *place_region(const struct aws_credentials *self)
{
    const char *region = aws_credentials_region(self);
    const struct place_partition *own =
        self->role ? place_of_arn(self->role) : NULL;

    if (region && (!own || place_of_region(region) == own))
        return region;
    return own ? own->home : "us-east-1";
}

/* "AWS SDKs and Tools Reference Guide", "AWS STS Regional endpoints": the
 * regions that were there before regional endpoints. */
bool aws_sts_legacy(const struct aws_credentials *self, const char *region)
{
    static const char *const regions[] = {
        "ap-northeast-1", "ap-south-1", "ap-southeast-1", "ap-southeast-2",
        "ca-central-1", "eu-central-1", "eu-north-1", "eu-west-1",
        "eu-west-2", "eu-west-3", "sa-east-1", "us-east-1", "us-east-2",
        "us-west-1", "us-west-2"};
    const char *how = aws_env("AWS_STS_REGIONAL_ENDPOINTS");

    if (!how)
        how = aws_section_get(self->setup->profile, "sts_regional_endpoints");
    if (!how || strcasecmp(how, "legacy") != 0)
        return false;
    for (size_t i = 0; i < sizeof(regions) / sizeof(*regions); i++)
        if (strcmp(region, regions[i]) == 0)
            return true;
    return false;
}

engine_status aws_sts_place(const struct aws_credentials *self,
                            struct aws_sts_place *out, engine_error *err)
{
    const char *endpoint = NULL, *region = place_region(self);
    engine_status status =
        aws_credentials_endpoint(self, "sts", &endpoint, err);
    int len;

    if (status < 0)
        return status;
    if (strspn(region, "abcdefghijklmnopqrstuvwxyz0123456789-") !=
        strlen(region))
        return engine_fail(err, ENGINE_EINVAL, "\"%.60s\" is no region",
                           region);
    if (!endpoint && aws_sts_legacy(self, region)) {
        endpoint = AWS_STS_GLOBAL;
        region = "us-east-1";
    }
    out->region = region;
    if (endpoint) /* with a path, if only the root */
        len = snprintf(out->url, sizeof(out->url), "%s%s", endpoint,
                       strstr(endpoint, "://") &&
                               strchr(strstr(endpoint, "://") + 3, '/')
                           ? ""
                           : "/");
    else
        len = snprintf(out->url, sizeof(out->url), "https://sts.%s.%s/",
                       region, aws_domain(region));
    if (len < 0 || (size_t)len >= sizeof(out->url))
        return engine_fail(err, ENGINE_ELIMIT,
                           "the URL of STS's endpoint is too long");
    aws_host(out->url, out->host, sizeof(out->host));
    return ENGINE_OK;
}
