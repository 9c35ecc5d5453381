/* SPDX-License-Identifier: Apache-2.0 */
/*
 * credentials_managed.c - managed identities: of App Service and its like
 * (IDENTITY_ENDPOINT, IDENTITY_HEADER), of Azure Arc (IDENTITY_ENDPOINT,
 * IMDS_ENDPOINT), of Cloud Shell (MSI_ENDPOINT), of virtual machines (the
 * instance metadata service).
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "plugins/azure/credentials_private.h"
#include "plugins/azure/problem.h"
#include "sdk/base/alloc.h"
#include "sdk/base/file.h"
#include "sdk/kit/cloud/guard.h"

#define MANAGED_URL_MAXIMUM ((size_t)8192)
#define MANAGED_ARC "/var/opt/azcmagent/tokens"
#define MANAGED_ARC_KEY ((size_t)4096)

/* One way to ask. */
struct managed {
    struct azure_credentials *self;
    struct http_client *client; /* of the way: without proxies, impatient */
    const char *resource;
    struct token *out;
};

/* A service on this machine or link; nothing of it goes through a proxy. */
static const struct http_endpoint managed_endpoint = {.proxy = ""};

/* ---- URLs ---------------------------------------------------------------- */

static bool managed_is_link_local(const char *url)
{
    struct in_addr address;
    char host[64];
    const char *at = strncmp(url, "http://", 7) == 0 ? url + 7 : NULL;

    if (!at || strcspn(at, ":/?#") >= sizeof(host))
        return false;
    snprintf(host, sizeof(host), "%.*s", (int)strcspn(at, ":/?#"), at);
    return inet_pton(AF_INET, host, &address) == 1 &&
           ntohl(address.s_addr) >> 16 == 0xa9fe;
}

/* App Service listens on an address of its own in 169.254.0.0/16 */
static engine_status managed_guard(const char *url, const char *what,
                                   engine_error *err)
{
    if (managed_is_link_local(url))
        return ENGINE_OK;
    return guard_url(url, GUARD_LOOPBACK | GUARD_METADATA, what, err);
}

/* url?api-version=...&resource=...[&client_id=...] */
static engine_status managed_url(const struct managed *how, const char *base,
                                 const char *version, const char *object,
                                 const char *resource_id, struct buffer *url,
                                 engine_error *err)
{
    const struct azure_identity *identity = how->self->options.identity;

    buffer_printf(url, "%s%capi-version=%s&resource=", base,
                  strchr(base, '?') ? '&' : '?', version);
    (void)azure_encode(how->resource, url);
    if (identity->managed_client_id) {
        buffer_puts(url, "&client_id=");
        (void)azure_encode(identity->managed_client_id, url);
    }
    if (identity->object_id) {
        buffer_printf(url, "&%s=", object);
        (void)azure_encode(identity->object_id, url);
    }
    if (identity->resource_id) {
        buffer_printf(url, "&%s=", resource_id);
        (void)azure_encode(identity->resource_id, url);
    }
    return buffer_status(url, err);
}

/* ---- App Service, Functions, Container Apps ------------------------------ */

static engine_status managed_app(struct managed *how, engine_error *err)
{
    const struct azure_identity *identity = how->self->options.identity;
    struct secret header;
    struct buffer url, line;
    engine_status status;

    secret_init(&header);
    buffer_init(&url, MANAGED_URL_MAXIMUM);
    buffer_init(&line, SECRET_MAXIMUM + 32);
    status = managed_guard(identity->endpoint, "IDENTITY_ENDPOINT", err);
    if (status == ENGINE_OK)
        status = azure_reference_read(&identity->header, "IDENTITY_HEADER",
                                      &header, err);
    if (status == ENGINE_OK)
        status = managed_url(how, identity->endpoint, "2019-08-01",
                             "principal_id", "mi_res_id", &url, err);
    if (status == ENGINE_OK) {
        const char *headers[] = {NULL, NULL};
        const struct http_call call = {.url = url.data,
                                       .headers = headers,
                                       .endpoint = &managed_endpoint};

        buffer_printf(&line, "X-IDENTITY-HEADER: %s", header.text);
        headers[0] = line.data;
        status = buffer_status(&line, err);
        if (status == ENGINE_OK)
            status = token_fetch(how->out, how->client, &call, NULL, err);
    }
    azure_wipe(&line);
    buffer_clear(&url);
    secret_clear(&header);
    return status;
}

/* ---- Azure Arc ----------------------------------------------------------- */

/* The agent says in a challenge which file has the key: one of its folder,
 * that only administrators of the machine and members of its group read. */
static engine_status managed_arc_key(const struct managed *how,
                                     const char *challenge, char **out,
                                     engine_error *err)
{
    const char *folder = how->self->options.arc_directory;
    char path[512], *data = NULL;
    struct stat about;
    size_t folder_len, len = 0;

    folder = folder ? folder : MANAGED_ARC;
    folder_len = strlen(folder);
    if (!challenge ||
        !azure_challenge(challenge, "Basic", "realm", path, sizeof(path)))
        return engine_fail(err, ENGINE_EPARSE,
                           "Azure Arc's agent named no key file");
    len = strlen(path);
    if (strncmp(path, folder, folder_len) != 0 || path[folder_len] != '/' ||
        strchr(path + folder_len + 1, '/') || strstr(path, "..") || len < 5 ||
        strcmp(path + len - 4, ".key") != 0)
        return engine_fail(err, ENGINE_EDENIED,
                           "Azure Arc's agent named a key file that is not "
                           "%s/*.key",
                           folder);
    if (lstat(path, &about) == 0 && !S_ISREG(about.st_mode))
        return engine_fail(err, ENGINE_EDENIED,
                           "Azure Arc's key file is no plain file");
    len = 0;
    if (file_read(path, MANAGED_ARC_KEY, &data, &len, err) < 0) {
        if (err)
            err->status = ENGINE_EDENIED;
        return ENGINE_EDENIED;
    }
    *out = data;
    return ENGINE_OK;
}

static engine_status managed_arc_token(struct managed *how, const char *url,
                                       const char *key, engine_error *err)
{
    struct buffer line;
    engine_status status;

    buffer_init(&line, MANAGED_ARC_KEY + 64);
    buffer_printf(&line, "Authorization: Basic %.*s",
                  (int)strcspn(key, "\r\n"), key);
    status = buffer_status(&line, err);
    if (status == ENGINE_OK) {
        const char *const headers[] = {"Metadata: true", line.data, NULL};
        const struct http_call call = {.url = url,
                                       .headers = headers,
                                       .endpoint = &managed_endpoint};

        status = token_fetch(how->out, how->client, &call, NULL, err);
    }
    azure_wipe(&line);
    return status;
}

static engine_status managed_arc(struct managed *how, engine_error *err)
{
    static const char *const headers[] = {"Metadata: true", NULL};
    const struct azure_identity *identity = how->self->options.identity;
    struct http_response response = {0};
    struct buffer url, body = {0};
    char *key = NULL;
    engine_status status;

    buffer_init(&url, MANAGED_URL_MAXIMUM);
    if (identity->object_id || identity->resource_id)
        status = engine_fail(err, ENGINE_EINVAL,
                             "Azure Arc has no user-assigned identities");
    else
        status = managed_guard(identity->endpoint, "IDENTITY_ENDPOINT", err);
    if (status == ENGINE_OK)
        status = managed_url(how, identity->endpoint, "2019-11-01",
                             "object_id", "msi_res_id", &url, err);
    if (status == ENGINE_OK) {
        const struct http_call call = {.url = url.data,
                                       .headers = headers,
                                       .endpoint = &managed_endpoint};

        status = http_fetch(how->client, &call, &response, &body, err);
        azure_wipe(&body);
    }
    if (status == ENGINE_OK && response.status != 401)
        status = engine_fail(err, ENGINE_EIO,
                             "Azure Arc's agent answered %ld in place of a "
                             "challenge",
                             response.status);
    if (status == ENGINE_OK)
        status = managed_arc_key(
            how, http_fetch_header(how->client, "WWW-Authenticate"), &key,
            err);
    if (status == ENGINE_OK)
        status = managed_arc_token(how, url.data, key, err);
    if (key)
        explicit_bzero(key, strlen(key));
    engine_free(key);
    buffer_clear(&url);
    return status;
}

/* ---- Cloud Shell --------------------------------------------------------- */

static engine_status managed_shell(struct managed *how, engine_error *err)
{
    static const char *const headers[] = {
        "Metadata: true", "Content-Type: application/x-www-form-urlencoded",
        NULL};
    const char *url = how->self->options.identity->shell;
    struct buffer form;
    engine_status status = managed_guard(url, "MSI_ENDPOINT", err);

    if (status < 0)
        return status;
    buffer_init(&form, MANAGED_URL_MAXIMUM);
    (void)token_form(&form, "resource", how->resource);
    status = buffer_status(&form, err);
    if (status == ENGINE_OK) {
        const struct http_call call = {.method = "POST",
                                       .url = url,
                                       .headers = headers,
                                       .body = form.data,
                                       .body_len = form.len,
                                       .retry_unsafe = true,
                                       .endpoint = &managed_endpoint};

        status = token_fetch(how->out, how->client, &call, NULL, err);
    }
    buffer_clear(&form);
    return status;
}

/* ---- virtual machines ---------------------------------------------------- */

/* (IMDS, "Error handling": these pass) */
static enum http_verdict managed_classify(struct http_request *request,
                                          const struct http_response *response,
                                          const char *body, size_t len,
                                          void *user)
{
    (void)request;
    (void)body;
    (void)len;
    (void)user;
    return response->status == 404 || response->status == 410 ? HTTP_RETRY
                                                              : HTTP_USUAL;
}

/* Is anything there? Without the header it refuses, which is enough. */
static engine_status managed_knock(const struct managed *how, const char *url,
                                   engine_error *err)
{
    const struct http_call call = {.url = url, .endpoint = &managed_endpoint};
    struct http_client_options options = {.retries = HTTP_NO_RETRIES,
                                          .connect_ms = 1000,
                                          .stall_ms = 3000,
                                          .request_ms = 4000,
                                          .stop = how->self->options.stop,
                                          .user = how->self->options.user};
    struct http_client *client = NULL;
    struct http_response response = {0};
    struct buffer body = {0};
    engine_status status = http_client_new(&options, &client, err);

    if (status < 0)
        return status;
    status = http_fetch(client, &call, &response, &body, err);
    buffer_clear(&body);
    http_client_free(client);
    /* in a chain another cloud's service is none of ours */
    if (status == ENGINE_OK && !how->self->options.identity->chosen &&
        response.status != 400)
        status = ENGINE_ENOTFOUND;
    if (status == ENGINE_OK || status == ENGINE_ECANCELLED ||
        status == ENGINE_ENOMEM)
        return status;
    return engine_fail(err, ENGINE_ENOTFOUND,
                       "no instance metadata service here");
}

static engine_status managed_imds(struct managed *how, engine_error *err)
{
    static const char *const headers[] = {"Metadata: true", NULL};
    const struct azure_identity *identity = how->self->options.identity;
    struct buffer base, url;
    engine_status status =
        managed_guard(identity->imds, "AZURE_POD_IDENTITY_AUTHORITY_HOST", err);
    size_t len = strlen(identity->imds);

    buffer_init(&base, MANAGED_URL_MAXIMUM);
    buffer_init(&url, MANAGED_URL_MAXIMUM);
    while (len && identity->imds[len - 1] == '/')
        len--;
    buffer_printf(&base, "%.*s/metadata/identity/oauth2/token", (int)len,
                  identity->imds);
    if (status == ENGINE_OK)
        status = buffer_status(&base, err);
    if (status == ENGINE_OK)
        status = managed_url(how, base.data, "2018-02-01", "object_id",
                             "msi_res_id", &url, err);
    if (status == ENGINE_OK)
        status = managed_knock(how, url.data, err);
    if (status == ENGINE_OK) {
        const struct http_call call = {.url = url.data,
                                       .headers = headers,
                                       .endpoint = &managed_endpoint,
                                       .classify = managed_classify};

        status = token_fetch(how->out, how->client, &call, NULL, err);
    }
    buffer_clear(&url);
    buffer_clear(&base);
    /* a machine that has none: in a chain others are asked */
    if (status == ENGINE_EDENIED && !identity->chosen &&
        strstr(err->message, "dentity not found"))
        status = err->status = ENGINE_ENOTFOUND;
    return status;
}

/* ---- which one ----------------------------------------------------------- */

engine_status azure_ask_managed(struct azure_credentials *self,
                                const char *resource, struct token *out,
                                engine_error *err)
{
    const struct azure_identity *identity = self->options.identity;
    struct http_client_options options = {.connect_ms = 5000,
                                          .stall_ms = 15000,
                                          .request_ms = 60000,
                                          .stop = self->options.stop,
                                          .user = self->options.user};
    struct managed how = {.self = self, .resource = resource, .out = out};
    engine_status status = http_client_new(&options, &how.client, err);

    if (status < 0)
        return status;
    if (identity->endpoint && identity->header.env)
        status = managed_app(&how, err);
    else if (identity->endpoint && identity->arc)
        status = managed_arc(&how, err);
    else if (identity->shell)
        status = managed_shell(&how, err);
    else
        status = managed_imds(&how, err);
    http_client_free(how.client);
    return status;
}
