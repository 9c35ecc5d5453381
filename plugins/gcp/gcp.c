/* SPDX-License-Identifier: Apache-2.0 */
/* gcp.c - the ops table, the instance, the provider. */
#include "plugins/gcp/gcp.h"

#include <stdlib.h>

#include "sdk/base/alloc.h"
#include "sdk/document/document.h"
#include "sdk/kit/cloud/options.h"
#include "sdk/kit/host.h"

static void gcp_close(void *self)
{
    struct gcp *gcp = self;

    if (!gcp)
        return;
    gcp_credentials_free(gcp->credentials);
    engine_free(gcp);
}

static engine_status gcp_open_credentials(struct gcp *gcp, engine_error *err)
{
    const struct gcp_credentials_options how = {
        .file = gcp->target.file,
        .env = gcp->target.env,
        .metadata = gcp->target.metadata,
        .impersonate = gcp->target.impersonate,
        .ca_file = gcp->target.ca_file,
        .client = cloud_http(gcp->cloud),
    };
    const char *quota = getenv("GOOGLE_CLOUD_QUOTA_PROJECT");

    if (!gcp->target.quota_project && quota && *quota)
        gcp->target.quota_project = quota;
    return gcp_credentials_new(&how, &gcp->credentials, err);
}

static engine_status gcp_open(struct cloud *cloud, void **out,
                              engine_error *err)
{
    const bson_t *options = cloud_option_values(cloud);
    struct gcp *gcp = engine_calloc(1, sizeof(*gcp));
    engine_status status;

    if (!gcp)
        return engine_fail_memory(err);
    gcp->cloud = cloud;
    status = gcp_target_read(cloud_target(cloud), cloud_arena(cloud),
                             document_bool(options, "custom_endpoints", false),
                             &gcp->target, err);
    if (status == ENGINE_OK)
        status = gcp_open_credentials(gcp, err);
    if (status < 0) {
        gcp_close(gcp);
        return status;
    }
    *out = gcp;
    return ENGINE_OK;
}

static const char *const gcp_levels[] = {"organization", "project", NULL};
static const char *const gcp_keys[] = {"request", "method", "body", NULL};
static const char *const gcp_members[] = {"organization",   "folder",
                                          "project",        "project_number",
                                          "project_name",   NULL};

static const struct cloud_provider gcp_provider = {
    .name = "gcp",
    .levels = gcp_levels,
    .fan = "projects",
    .call_keys = gcp_keys,
    .default_type = "gcp",
    .open = gcp_open,
    .close = gcp_close,
    .scopes = gcp_scopes,
    .check = gcp_check,
    .prepare = gcp_prepare,
    .start = gcp_start,
    .release = gcp_release,
    .probe = gcp_probe,
    .members = gcp_members,
};

/* ---- the plugin ---------------------------------------------------------- */

static int32_t gcp_init(const struct scanner_host *host,
                        const struct scanner_config *config, void **out,
                        struct scanner_error *err)
{
    struct cloud_plugin *plugin = NULL;
    engine_error why = {0};

    why.status = cloud_plugin_new(host, config, &gcp_provider, &plugin, &why);
    if (why.status >= 0)
        why.status = host->register_type(host, "gcp_api", "gcp");
    if (why.status >= 0)
        why.status = host->register_target(host, "gcp_project", "gcp");
    if (why.status < 0) {
        cloud_plugin_free(plugin);
        return kit_fail(err, &why);
    }
    *out = plugin;
    return SCANNER_OK;
}

static void gcp_destroy(void *instance)
{
    cloud_plugin_free(instance);
}

static const struct scanner_option gcp_options[] = {
    CLOUD_OPTIONS,
    {.name = "custom_endpoints",
     .type = SCANNER_OPTION_BOOL,
     .default_value = "false",
     .help = "Targets may have endpoints on other hosts than googleapis.com "
             "and this machine; tokens are sent to them."},
};

/* A file of credentials names another for its token, anywhere. */
static const char *const gcp_reads[] = {"/", NULL};

static const struct scanner_ops gcp_ops = {
    .magic = SCANNER_MAGIC,
    .size = sizeof(struct scanner_ops),
    .abi_major = SCANNER_ABI_MAJOR,
    .abi_minor = SCANNER_ABI_MINOR,
    .caps = SCANNER_CAP_NETWORK,
    .needs = SCANNER_HOST_DOCUMENTS,
    .name = "gcp",
    .version = SCAN_ENGINE_VERSION,
    .options = gcp_options,
    .options_count = sizeof(gcp_options) / sizeof(*gcp_options),
    .options_stride = sizeof(struct scanner_option),
    .init = gcp_init,
    .scan = cloud_op_scan,
    .destroy = gcp_destroy,
    .plan = cloud_op_plan,
    .probe = cloud_op_probe,
    .reads = gcp_reads,
};

SCANNER_PLUGIN(gcp, gcp_ops)
