/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request_place.c - where a request goes and what region and service it is
 * signed for. Regions and accounts become parts of host names, so that
 * nothing but letters, digits and hyphens is taken.
 */
#include <string.h>

#include "plugins/aws/model_private.h"
#include "sdk/base/alloc.h"

#define PLACE_LABEL 63 /* RFC 1035 section 2.3.4 */
#define PLACE_HOME "us-east-1"

static bool place_label(const char *text, size_t len)
{
    if (!len || len > PLACE_LABEL)
        return false;
    for (size_t i = 0; i < len; i++) {
        const char byte = text[i];

        if (!((byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
              (byte >= '0' && byte <= '9') || byte == '-'))
            return false;
    }
    return true;
}

/* The row for a region: its own, else the partition's template. */
static const struct model_place *place_find(const struct model_file *file,
                                            const char *partition,
                                            const char *region)
{
    const struct model_place *found = NULL;

    for (uint32_t i = 0; i < file->place_count; i++) {
        const struct model_place *row = &file->places[i];
        const char *own = model_text(file, row->region);

        if (strcmp(model_text(file, row->partition), partition) != 0)
            continue;
        if (strcmp(own, region) == 0)
            return row;
        if (!*own)
            found = row;
    }
    return found;
}

/* ---- prefixes ---------------------------------------------------------------- */

static const struct value *place_parameter(const struct request *request,
                                           const char *name, size_t len)
{
    return value_member_n(request->parameters, name, len);
}

/* "{AccountId}." of the operation: parameters that are parts of the host. */
static engine_status place_prefix(struct request *request, engine_error *err)
{
    const char *at =
        aws_text(request->operation, request->operation->row->host_prefix);

    while (*at) {
        const char *open = strchr(at, '{');
        const char *close = open ? strchr(open, '}') : NULL;
        const struct value *value;

        if (!close) {
            buffer_puts(&request->host, at);
            break;
        }
        buffer_append(&request->host, at, (size_t)(open - at));
        value = place_parameter(request, open + 1, (size_t)(close - open - 1));
        if (!value || value->kind != VALUE_STRING ||
            !place_label(value->text, value->count))
            return engine_fail(err, ENGINE_EINVAL,
                               "%s:%s: parameter %.*s must be letters, digits "
                               "and hyphens: it is a part of the host's name",
                               request->operation->service->name,
                               aws_operation_name(request->operation),
                               (int)(close - open - 1), open + 1);
        buffer_append(&request->host, value->text, value->count);
        at = close + 1;
    }
    return ENGINE_OK;
}

/* A bucket that can be a part of a host's name which a certificate for
 * *.s3.REGION.amazonaws.com is good for: no dots. */
static bool place_bucket_label(const struct value *bucket)
{
    if (!bucket || bucket->kind != VALUE_STRING || bucket->count < 3 ||
        !place_label(bucket->text, bucket->count) || bucket->text[0] == '-' ||
        bucket->text[bucket->count - 1] == '-')
        return false;
    for (uint32_t i = 0; i < bucket->count; i++) {
        if (bucket->text[i] >= 'A' && bucket->text[i] <= 'Z')
            return false;
    }
    return true;
}

/* GetBucketLocation is answered everywhere, in the path style. */
static void place_bucket(struct request *request)
{
    static const char label[] = "/{Bucket}";
    const struct value *bucket = place_parameter(request, "Bucket", 6);

    if (strcmp(request->operation->service->name, "s3") != 0 ||
        strncmp(request->uri, label, sizeof(label) - 1) != 0 ||
        !place_bucket_label(bucket) ||
        strcmp(aws_operation_name(request->operation), "GetBucketLocation") ==
            0)
        return;
    buffer_append(&request->host, bucket->text, bucket->count);
    buffer_putc(&request->host, '.');
    request->uri += sizeof(label) - 1;
}

/* ---- hosts ------------------------------------------------------------------- */

static void place_host(struct request *request, const char *host,
                       const char *region)
{
    const char *hole = strstr(host, "{region}");

    if (!hole) {
        buffer_puts(&request->host, host);
        return;
    }
    buffer_append(&request->host, host, (size_t)(hole - host));
    buffer_puts(&request->host, region);
    buffer_puts(&request->host, hole + strlen("{region}"));
}

static engine_status place_endpoint(struct request *request,
                                    const char *endpoint, engine_error *err)
{
    const size_t len = strlen(endpoint);

    if (strncmp(endpoint, "http://", 7) != 0 &&
        strncmp(endpoint, "https://", 8) != 0)
        return engine_fail(err, ENGINE_EINVAL,
                           "endpoint \"%s\" is no http or https URL", endpoint);
    if (strpbrk(endpoint, "?# \r\n\t"))
        return engine_fail(err, ENGINE_EINVAL,
                           "an endpoint must not have a query or fragment");
    return buffer_append(&request->host, endpoint,
                         len - (endpoint[len - 1] == '/'));
}

static const char *place_or(const struct model_file *file, uint32_t first,
                            const char *second)
{
    const char *text = model_text(file, first);

    return *text ? text : second;
}

static engine_status place_scope(struct request *request,
                                 const struct model_place *row,
                                 const char *region, engine_error *err)
{
    const struct model_file *file = request->file;
    const char *name = request->operation->service->name;
    const char *service = model_text(file, file->service->prefix);

    if (row) {
        region = place_or(file, row->scope_region, region);
        service = place_or(file, row->scope_service, service);
    }
    service = place_or(file, file->service->signing, service);
    request->out->s3 = strcmp(name, "s3") == 0 ||
                       strcmp(name, "s3control") == 0;
    request->out->region = engine_strdup(region);
    request->out->service = engine_strdup(service);
    return request->out->region && request->out->service
               ? ENGINE_OK
               : engine_fail_memory(err);
}

engine_status request_place(struct aws_model *model, struct request *request,
                            engine_error *err)
{
    const struct aws_place *place = request->place;
    const struct model_file *file = request->file;
    const struct model_place *row;
    const char *region = place ? place->region : NULL;
    engine_status status;

    if (region && !place_label(region, strlen(region)))
        return engine_fail(err, ENGINE_EINVAL, "\"%s\" is no name of a region",
                           region);
    row = place_find(file, aws_model_partition(model, region),
                     region ? region : "");
    if (!region && !(row && row->global) &&
        !aws_operation_is_global(request->operation))
        return engine_fail(err, ENGINE_EINVAL, "%s:%s needs a region",
                           request->operation->service->name,
                           aws_operation_name(request->operation));
    region = region ? region : PLACE_HOME;
    status = place_scope(request, row, region, err);
    if (status != ENGINE_OK)
        return status;
    if (place && place->endpoint)
        return place_endpoint(request, place->endpoint, err);
    if (!row)
        return engine_fail(err, ENGINE_EINVAL,
                           "%s is not known to be in region %s",
                           request->operation->service->name, region);
    buffer_puts(&request->host, "https://");
    status = place_prefix(request, err);
    if (status != ENGINE_OK)
        return status;
    place_bucket(request);
    place_host(request, model_text(file, row->host), region);
    return buffer_status(&request->host, err);
}

engine_status request_url(struct request *request, engine_error *err)
{
    const char *host = request->host.data ? request->host.data : "";
    const char *path = request->path.data ? request->path.data : "";
    const char *query = request->query.data ? request->query.data : "";
    engine_status status = buffer_status(&request->host, err);

    if (status == ENGINE_OK)
        status = buffer_status(&request->path, err);
    if (status == ENGINE_OK)
        status = buffer_status(&request->query, err);
    if (status != ENGINE_OK)
        return status;
    /* Whoever counts on the path must find one. */
    request->out->url =
        engine_strf("%s%s%s%s%s", host, *path == '/' ? "" : "/", path,
                    *query ? "?" : "", query);
    return request->out->url ? ENGINE_OK : engine_fail_memory(err);
}
