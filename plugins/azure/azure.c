/* SPDX-License-Identifier: Apache-2.0 */
/* azure.c - the ops table, the instance, the provider. */
#include "plugins/azure/azure.h"

#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/document/document.h"
#include "sdk/kit/cloud/options.h"
#include "sdk/kit/host.h"


/* ---- a target ------------------------------------------------------------ */

static void azure_close(void *self)
{
    struct azure *azure = self;

    if (!azure)
        return;
    azure_credentials_free(azure->credentials);
    azure_versions_clear(&azure->versions);
    azure_target_clear(&azure->target);
    engine_free(azure);
}

static engine_status azure_open(struct cloud *cloud, void **out,
                                engine_error *err)
{
    const bson_t *options = cloud_option_values(cloud);
    struct azure *azure = engine_calloc(1, sizeof(*azure));
    engine_status status;

    if (!azure)
        return engine_fail_memory(err);
    azure->cloud = cloud;
    azure_versions_init(&azure->versions);
    status = azure_target_read(cloud_target(cloud), NULL,
                               document_bool(options, "custom_endpoints",
                                             false),
                               &azure->target, err);
    if (status == ENGINE_OK) {
        const struct azure_credentials_options how = {
            .identity = &azure->target.identity,
            .authority = azure->target.authority,
            .ca_file = azure->target.ca_file,
            .client = cloud_http(cloud),
            .cli_ms = document_int(options, "cli_timeout", 30) * 1000,
            .stop = cloud_stop,
            .user = cloud,
        };

        status = azure_credentials_new(&how, &azure->credentials, err);
    }
    if (status < 0) {
        azure_close(azure);
        return status;
    }
    azure->endpoint.ca_file = azure->target.ca_file;
    azure->arm = (struct azure_auth){azure->credentials,
                                     azure->target.audience};
    azure->graph = (struct azure_auth){azure->credentials,
                                       azure->target.cloud->graph};
    *out = azure;
    return ENGINE_OK;
}

static const char *const azure_levels[] = {"tenant", "subscription", NULL};
static const char *const azure_keys[] = {"request", "graph",  "api_version",
                                         "method",  "body", NULL};
static const char *const azure_members[] = {"tenant", "subscription",
                                            "subscription_name", NULL};

static const struct cloud_provider azure_provider = {
    .name = "azure",
    .levels = azure_levels,
    .fan = "subscriptions",
    .call_keys = azure_keys,
    .default_type = "azure",
    .open = azure_open,
    .close = azure_close,
    .scopes = azure_scopes,
    .check = azure_check,
    .prepare = azure_prepare,
    .start = azure_start,
    .release = azure_release,
    .probe = azure_probe,
    .members = azure_members,
};

/* ---- the instance -------------------------------------------------------- */

static int32_t azure_init(const struct scanner_host *host,
                          const struct scanner_config *config, void **out,
                          struct scanner_error *err)
{
    struct cloud_plugin *plugin = NULL;
    engine_error why = {0};

    why.status = host->register_type(host, "azure_api", "azure");
    if (why.status >= 0)
        why.status =
            host->register_target(host, "azure_subscription", "azure");
    if (why.status >= 0)
        why.status =
            cloud_plugin_new(host, config, &azure_provider, &plugin, &why);
    if (why.status < 0)
        return kit_fail(err, &why);
    *out = plugin;
    return SCANNER_OK;
}

static void azure_destroy(void *instance)
{
    cloud_plugin_free(instance);
}

static const struct scanner_option azure_options[] = {
    CLOUD_OPTIONS,
    {.name = "custom_endpoints",
     .type = SCANNER_OPTION_BOOL,
     .default_value = "false",
     .help = "Targets may have endpoints on other hosts than those of the "
             "national clouds and this machine; tokens are sent to them."},
    {.name = "cli_timeout",
     .type = SCANNER_OPTION_INT,
     .default_value = "30",
     .minimum = 1,
     .maximum = 3600,
     .help = "Seconds that az may take for a token."},
};

/* The environment names files for credentials anywhere; az, which is a script
 * that runs others, keeps caches. */
static const char *const azure_reads[] = {"/", NULL};
static const char *const azure_writes[] = {"~/.azure", "$AZURE_CONFIG_DIR",
                                           NULL};

static const struct scanner_ops azure_ops = {
    .magic = SCANNER_MAGIC,
    .size = sizeof(struct scanner_ops),
    .abi_major = SCANNER_ABI_MAJOR,
    .abi_minor = SCANNER_ABI_MINOR,
    .caps = SCANNER_CAP_NETWORK | SCANNER_CAP_PROCESSES,
    .needs = SCANNER_HOST_DOCUMENTS,
    .name = "azure",
    .version = SCAN_ENGINE_VERSION,
    .options = azure_options,
    .options_count = sizeof(azure_options) / sizeof(*azure_options),
    .options_stride = sizeof(struct scanner_option),
    .init = azure_init,
    .scan = cloud_op_scan,
    .destroy = azure_destroy,
    .plan = cloud_op_plan,
    .probe = cloud_op_probe,
    .reads = azure_reads,
    .writes = azure_writes,
};

SCANNER_PLUGIN(azure, azure_ops)
