/* SPDX-License-Identifier: Apache-2.0 */
/* aws.c - the ops table, and the beginning and end of an operation. */
#include "plugins/aws/aws.h"

#include "sdk/base/alloc.h"
#include "sdk/document/document.h"
#include "sdk/kit/cloud/options.h"
#include "sdk/kit/host.h"

static const struct scanner_option aws_options[] = {
    CLOUD_OPTIONS,
    {.name = "credential_process",
     .type = SCANNER_OPTION_BOOL,
     .default_value = "false",
     .help = "Whether programs that profiles name (credential_process) may be "
             "run for their keys."},
    {.name = "sso_cache",
     .type = SCANNER_OPTION_BOOL,
     .default_value = "false",
     .help = "Whether the log-in that \"aws sso login\" left for profiles "
             "with sso_session may be used."},
};

static void aws_log(int level, const char *text, void *user)
{
    cloud_log(user, (uint32_t)level, "%s", text);
}

static void aws_close(void *instance)
{
    struct aws *self = instance;

    if (!self)
        return;
    aws_buckets_free(self);
    aws_accounts_free(self);
    aws_credentials_free(self->base);
    aws_signer_free(self->signer);
    aws_model_free(self->model);
    engine_free(self);
}

static engine_status aws_open_credentials(struct aws *self, engine_error *err)
{
    const bson_t *options = cloud_option_values(self->cloud);
    const struct aws_credentials_options how = {
        .profile = self->target.profile,
        .endpoint = self->target.endpoint,
        .allow_process = document_bool(options, "credential_process", false),
        .allow_sso = document_bool(options, "sso_cache", false),
        .client = cloud_http(self->cloud),
        .log = aws_log,
        .user = self->cloud,
    };

    return aws_credentials_new(&how, &self->base, err);
}

static engine_status aws_open(struct cloud *cloud, void **out,
                              engine_error *err)
{
    struct aws *self = engine_calloc(1, sizeof(*self));
    engine_status status;

    if (!self)
        return engine_fail_memory(err);
    self->cloud = cloud;
    table_init(&self->buckets);
    status = aws_target_read(cloud, &self->target, err);
    if (status == ENGINE_OK)
        status = aws_model_new(NULL, &self->model, err);
    if (status == ENGINE_OK)
        status = aws_signer_new(&self->signer, err);
    if (status == ENGINE_OK)
        status = aws_open_credentials(self, err);
    if (status < 0) {
        aws_close(self);
        return status;
    }
    *out = self;
    return ENGINE_OK;
}

static const char *const aws_levels[] = {"account", "region", NULL};
static const char *const aws_call_keys[] = {"service", "operation",
                                            "parameters", NULL};
static const char *const aws_members[] = {"account", "region", "partition",
                                          "account_name", NULL};

static const struct cloud_provider aws_provider = {
    .name = "aws",
    .levels = aws_levels,
    .fan = "regions",
    .call_keys = aws_call_keys,
    .default_type = "AWS::Account",
    .open = aws_open,
    .close = aws_close,
    .scopes = aws_scopes,
    .check = aws_check,
    .prepare = aws_prepare,
    .start = aws_start,
    .release = aws_release,
    .probe = aws_probe,
    .members = aws_members,
};

/* ---- the plugin ------------------------------------------------------------ */

static int32_t aws_init(const struct scanner_host *host,
                        const struct scanner_config *config, void **out,
                        struct scanner_error *error)
{
    struct cloud_plugin *plugin = NULL;
    engine_error err = {0};

    err.status = cloud_plugin_new(host, config, &aws_provider, &plugin, &err);
    if (err.status == ENGINE_OK)
        err.status = host->register_type(host, "aws_api", "aws");
    if (err.status == ENGINE_OK)
        err.status = host->register_target(host, "aws_account", "aws");
    if (err.status < 0) {
        cloud_plugin_free(plugin);
        return kit_fail(error, &err);
    }
    *out = plugin;
    return SCANNER_OK;
}

static void aws_destroy(void *instance)
{
    cloud_plugin_free(instance);
}

/* A profile names files and programs for credentials anywhere; these keep
 * caches beside it. */
static const char *const aws_reads[] = {"/", NULL};
static const char *const aws_writes[] = {"~/.aws", NULL};

static const struct scanner_ops aws_ops = {
    .magic = SCANNER_MAGIC,
    .size = sizeof(struct scanner_ops),
    .abi_major = SCANNER_ABI_MAJOR,
    .abi_minor = SCANNER_ABI_MINOR,
    .caps = SCANNER_CAP_NETWORK | SCANNER_CAP_PROCESSES,
    .needs = SCANNER_HOST_DOCUMENTS,
    .name = "aws",
    .version = SCAN_ENGINE_VERSION,
    .options = aws_options,
    .options_count = sizeof(aws_options) / sizeof(*aws_options),
    .options_stride = sizeof(struct scanner_option),
    .init = aws_init,
    .scan = cloud_op_scan,
    .destroy = aws_destroy,
    .plan = cloud_op_plan,
    .probe = cloud_op_probe,
    .reads = aws_reads,
    .writes = aws_writes,
};

SCANNER_PLUGIN(aws, aws_ops)
