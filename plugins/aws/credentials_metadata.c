/* SPDX-License-Identifier: Apache-2.0 */
/* credentials_metadata.c - the role of the machine that the engine runs on:
 * containers (ECS, EKS Pod Identity) and instances (IMDSv2). */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "plugins/aws/credentials_private.h"
#include "sdk/base/alloc.h"
#include "sdk/kit/cloud/guard.h"

#define METADATA_CONTAINER "http://169.254.170.2"
#define METADATA_V4 "http://169.254.169.254"
#define METADATA_V6 "http://[fd00:ec2::254]"
#define METADATA_SECONDS "21600"

/* answers of both have these */
static const struct aws_names metadata_names = {
    .id = "AccessKeyId",
    .secret = "SecretAccessKey",
    .token = "Token",
    .expires = "Expiration",
    .must_expire = true,
};

struct metadata_call {
    struct aws_credentials *self;
    const char *method, *url;
    const char *name;            /* of the header below */
    const struct secret *secret; /* its value; or NULL */
    const char *header;          /* another one */
};

static engine_status metadata_auth(struct http_request *request, bool refused,
                                   void *user, engine_error *err)
{
    const struct metadata_call *call = user;

    if (refused)
        return engine_fail(err, ENGINE_EDENIED, "refused");
    if (!call->secret || !call->secret->len)
        return ENGINE_OK;
    if (http_request_header(request, call->name, call->secret->text) < 0)
        return engine_fail(err, ENGINE_EINVAL,
                           "the token for the header %s is none", call->name);
    return ENGINE_OK;
}

/* to its end, past proxies; any status but 200 is a failure */
static engine_status metadata_fetch(const struct metadata_call *call,
                                    struct buffer *body, engine_error *err)
{
    const char *const headers[] = {call->header, NULL};
    const struct http_endpoint endpoint = {.proxy = ""};
    struct aws_setup *setup = call->self->setup;
    struct http_call what = {
        .method = call->method,
        .url = call->url,
        .headers = headers,
        .body_maximum = AWS_ANSWER_MAXIMUM,
        .endpoint = &endpoint,
        .auth = metadata_auth,
        .retry_unsafe = true,
        .auth_user = (void *)(uintptr_t)call,
    };
    struct http_response response = {0};
    char host[300];
    engine_status status = aws_local_client(setup, err);

    buffer_init(body, AWS_ANSWER_MAXIMUM);
    if (status < 0)
        return status;
    status = http_fetch(setup->local, &what, &response, body, err);
    aws_host(call->url, host, sizeof(host));
    if (response.status && response.status != 200) {
        engine_fail(err, response.status < 500 ? ENGINE_EDENIED : ENGINE_EIO,
                    "%s: %s answered %ld", call->self->label, host,
                    response.status);
        return response.status < 500 ? ENGINE_EDENIED : ENGINE_EIO;
    }
    if (status < 0 && status != ENGINE_ENOMEM)
        engine_error_prefix(err, "%s", call->self->label);
    return status;
}

static engine_status metadata_read(const struct aws_credentials *self,
                                   const struct buffer *body, bool coded,
                                   struct aws_keys *out, engine_error *err)
{
    struct arena arena;
    struct value root;
    engine_status status;
    const char *code;

    arena_init(&arena, (size_t)16 * AWS_ANSWER_MAXIMUM);
    status = value_from_json(body->data ? body->data : "", body->len,
                             "its answer", &arena, &root, err);
    /* what is no JSON may be a page of a proxy: its text is nothing to tell */
    if (status < 0 && status != ENGINE_ENOMEM)
        status = engine_fail(err, ENGINE_EPARSE, "its answer is no JSON");
    code = status == ENGINE_OK ? value_text(value_member(&root, "Code")) : NULL;
    if (coded && code && strcmp(code, "Success") != 0) {
        char word[64];

        aws_line(code, strlen(code), word, sizeof(word));
        status = engine_fail(err, ENGINE_EDENIED, "it says \"%s\"", word);
    }
    if (status == ENGINE_OK)
        status = aws_keys_read(&root, &metadata_names, out, err);
    arena_wipe(&arena);
    if (status < 0 && status != ENGINE_ENOMEM)
        engine_error_prefix(err, "%s", self->label);
    return status;
}

/* ---- containers ---------------------------------------------------------- */

static engine_status container_url(struct aws_credentials *self,
                                   const char **out, engine_error *err)
{
    struct arena *arena = &self->setup->arena;
    const char *relative = aws_env("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    const char *full = aws_env("AWS_CONTAINER_CREDENTIALS_FULL_URI");

    if (!relative && !full)
        return engine_fail(err, ENGINE_EDENIED,
                           "%s: neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI "
                           "nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set",
                           self->label);
    if (relative && *relative != '/')
        return engine_fail(err, ENGINE_EINVAL,
                           "%s: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI has to "
                           "begin with \"/\"",
                           self->label);
    *out = relative ? arena_strf(arena, METADATA_CONTAINER "%s", relative)
                    : full;
    if (!*out)
        return engine_fail_memory(err);
    return guard_url(*out, GUARD_HTTPS | GUARD_LOOPBACK | GUARD_METADATA,
                     "AWS_CONTAINER_CREDENTIALS_FULL_URI", err);
}

static engine_status container_token(struct aws_credentials *self,
                                     struct secret *out, engine_error *err)
{
    const char *file = aws_env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    const char *text = aws_env("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    engine_status status = ENGINE_OK;

    if (file)
        status = secret_from_file(out, file, err);
    else if (text)
        status = secret_set(out, text, strlen(text), err);
    if (status == ENGINE_OK && out->len && strpbrk(out->text, "\r\n"))
        status = engine_fail(err, ENGINE_EINVAL,
                             "the authorization token has a line end");
    if (status < 0 && status != ENGINE_ENOMEM)
        engine_error_prefix(err, "%s", self->label);
    return status;
}

engine_status aws_fetch_container(struct aws_credentials *self,
                                  struct aws_keys *out, engine_error *err)
{
    struct metadata_call call = {.self = self, .name = "Authorization"};
    struct secret token;
    struct buffer body;
    engine_status status = container_url(self, &call.url, err);

    if (status < 0)
        return status;
    secret_init(&token);
    call.secret = &token;
    status = container_token(self, &token, err);
    if (status == ENGINE_OK) {
        status = metadata_fetch(&call, &body, err);
        if (status == ENGINE_OK)
            status = metadata_read(self, &body, false, out, err);
        aws_wipe(&body);
    }
    secret_clear(&token);
    return status;
}

/* ---- instances ----------------------------------------------------------- */

static engine_status instance_base(const struct aws_credentials *self,
                                   char out[300], engine_error *err)
{
    const struct aws_section *profile = self->setup->profile;
    const char *url = aws_env("AWS_EC2_METADATA_SERVICE_ENDPOINT");
    const char *mode = aws_env("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");
    size_t len;

    if (!url)
        url = aws_section_get(profile, "ec2_metadata_service_endpoint");
    if (!mode)
        mode = aws_section_get(profile, "ec2_metadata_service_endpoint_mode");
    if (!url)
        url = mode && strcasecmp(mode, "IPv6") == 0 ? METADATA_V6
                                                    : METADATA_V4;
    len = strlen(url);
    while (len && url[len - 1] == '/')
        len--;
    if (len >= 200)
        return engine_fail(err, ENGINE_ELIMIT,
                           "AWS_EC2_METADATA_SERVICE_ENDPOINT is too long");
    snprintf(out, 300, "%.*s", (int)len, url);
    return guard_url(out, GUARD_HTTPS | GUARD_LOOPBACK | GUARD_METADATA,
                     "AWS_EC2_METADATA_SERVICE_ENDPOINT", err);
}

static engine_status instance_get(struct aws_credentials *self,
                                  const char *base, const char *path,
                                  const struct secret *token,
                                  struct buffer *body, engine_error *err)
{
    char url[600];
    const struct metadata_call call = {
        .self = self,
        .method = token ? "GET" : "PUT",
        .url = url,
        .name = "X-aws-ec2-metadata-token",
        .secret = token,
        .header = token ? NULL
                        : "X-aws-ec2-metadata-token-ttl-seconds: "
                          METADATA_SECONDS,
    };

    snprintf(url, sizeof(url), "%s%s", base, path);
    return metadata_fetch(&call, body, err);
}

/* Never without a token, as IMDSv1 would have it: what can make this machine
 * fetch a URL could fetch keys then. */
static engine_status instance_token(struct aws_credentials *self,
                                    const char *base, struct secret *out,
                                    engine_error *err)
{
    struct buffer body;
    engine_status status =
        instance_get(self, base, "/latest/api/token", NULL, &body, err);

    if (status == ENGINE_OK &&
        (!body.len || memchr(body.data, '\n', body.len) ||
         memchr(body.data, '\0', body.len)))
        status = engine_fail(err, ENGINE_EPARSE,
                             "%s: the metadata service gave no token",
                             self->label);
    if (status == ENGINE_OK)
        status = secret_set(out, body.data, body.len, err);
    aws_wipe(&body);
    return status;
}

static engine_status instance_role(struct aws_credentials *self,
                                   const char *base,
                                   const struct secret *token, char path[200],
                                   engine_error *err)
{
    static const char folder[] = "/latest/meta-data/iam/security-credentials/";
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789_+=,.@-";
    struct buffer body;
    engine_status status =
        instance_get(self, base, folder, token, &body, err);
    const char *name = body.data ? body.data : "";
    const size_t len = strcspn(name, "\r\n");

    if (status == ENGINE_OK &&
        (!len || len > 128 || strspn(name, allowed) < len))
        status = engine_fail(err, ENGINE_EDENIED,
                             "%s: the metadata service names no role: the "
                             "instance has no instance profile",
                             self->label);
    if (status == ENGINE_OK)
        snprintf(path, 200, "%s%.*s", folder, (int)len, name);
    buffer_clear(&body);
    return status;
}

static engine_status instance_keys(struct aws_credentials *self,
                                   const char *base,
                                   const struct secret *token,
                                   struct aws_keys *out, engine_error *err)
{
    char path[200];
    struct buffer body;
    engine_status status = instance_role(self, base, token, path, err);

    if (status < 0)
        return status;
    status = instance_get(self, base, path, token, &body, err);
    if (status == ENGINE_OK)
        status = metadata_read(self, &body, true, out, err);
    aws_wipe(&body);
    return status;
}

/* Nobody at that address: then this is no instance, and the whole chain has
 * nothing, which is what has to be told. */
static engine_status instance_nothing(const struct aws_credentials *self,
                                      engine_error *err)
{
    engine_error why = {0};
    engine_status status;

    if (err)
        why = *err;
    status = aws_chain_nothing(self->setup, err);
    if (err)
        snprintf(err->message + strlen(err->message),
                 sizeof(err->message) - strlen(err->message), " (%.300s)",
                 why.message);
    return status;
}

engine_status aws_fetch_metadata(struct aws_credentials *self,
                                 struct aws_keys *out, engine_error *err)
{
    char base[300];
    struct secret token;
    engine_status status;

    if (aws_env_true("AWS_EC2_METADATA_DISABLED"))
        return engine_fail(err, ENGINE_EDENIED,
                           "%s: the metadata service is not to be asked "
                           "(AWS_EC2_METADATA_DISABLED)",
                           self->label);
    status = instance_base(self, base, err);
    if (status < 0)
        return status;
    secret_init(&token);
    status = instance_token(self, base, &token, err);
    if (status == ENGINE_OK)
        status = instance_keys(self, base, &token, out, err);
    else if (status != ENGINE_ENOMEM && status != ENGINE_ECANCELLED)
        status = instance_nothing(self, err);
    secret_clear(&token);
    return status;
}
