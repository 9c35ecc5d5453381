/* SPDX-License-Identifier: Apache-2.0 */
/* auth.c - the credentials of each try: a token, a password, or none because
 * a client certificate is enough; read or asked for again when they are old. */
#include "plugins/kubernetes/auth.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"

#define AUTH_FILE_MS 60000   /* a token file is read again after that */
#define AUTH_TOGETHER_MS 5000 /* an answer to one 401 is one to the others */
#define AUTH_EARLY_MS 10000  /* a credential is renewed before it ends */

struct kube_auth {
    const struct kube *self;
    const struct scanner_job *job;
    const struct kube_config *config;
    struct kube_credential credential; /* of a plugin */
    bool asked, refused;
    int64_t asked_ms; /* steady */
    unsigned generation;
    struct secret file; /* of token_file */
    struct timespec file_changed;
    int64_t file_read_ms; /* steady; 0: never */
};

engine_status kube_auth_new(const struct kube *self,
                            const struct scanner_job *job,
                            const struct kube_config *config,
                            struct kube_auth **out, engine_error *err)
{
    struct kube_auth *auth = engine_calloc(1, sizeof(*auth));

    if (!auth)
        return engine_fail_memory(err);
    auth->self = self;
    auth->job = job;
    auth->config = config;
    secret_init(&auth->file);
    *out = auth;
    return ENGINE_OK;
}

void kube_auth_free(struct kube_auth *auth)
{
    if (!auth)
        return;
    kube_credential_clear(&auth->credential);
    secret_clear(&auth->file);
    engine_free(auth);
}

unsigned kube_auth_generation(const struct kube_auth *auth)
{
    return auth->generation;
}

/* ---- a plugin's credential ----------------------------------------------- */

static bool auth_is_same(const struct secret *a, const struct secret *b)
{
    return a->len == b->len && (!a->len || !memcmp(a->text, b->text, a->len));
}

static engine_status auth_ask(struct kube_auth *auth, engine_error *err)
{
    struct kube_credential fresh = {0};
    engine_status status = kube_exec_run(auth->self, auth->job, auth->config,
                                         &fresh, err);

    if (status < 0)
        return status;
    if (!auth->asked || !auth_is_same(&fresh.cert, &auth->credential.cert))
        auth->generation++;
    kube_credential_clear(&auth->credential);
    auth->credential = fresh;
    auth->asked = true;
    auth->asked_ms = clock_steady_ms();
    return ENGINE_OK;
}

static bool auth_is_old(const struct kube_auth *auth)
{
    const int64_t expires = auth->credential.expires_ms;

    return !auth->asked ||
           (expires && expires - AUTH_EARLY_MS <= clock_now_ms());
}

engine_status kube_auth_prepare(struct kube_auth *auth, engine_error *err)
{
    if (!auth->config->exec || !auth_is_old(auth))
        return ENGINE_OK;
    return auth_ask(auth, err);
}

/* ---- a token file -------------------------------------------------------- */

static engine_status auth_read_file(struct kube_auth *auth, bool refused,
                                    engine_error *err)
{
    const char *path = auth->config->token_file;
    const int64_t now = clock_steady_ms();
    struct stat about;
    engine_status status;

    if (stat(path, &about) == 0 && auth->file_read_ms && !refused &&
        now - auth->file_read_ms < AUTH_FILE_MS &&
        about.st_mtim.tv_sec == auth->file_changed.tv_sec &&
        about.st_mtim.tv_nsec == auth->file_changed.tv_nsec)
        return ENGINE_OK;
    status = secret_from_file(&auth->file, path, err);
    if (status < 0) {
        engine_error_prefix(err, "token file");
        return status;
    }
    auth->file_read_ms = now;
    auth->file_changed = about.st_mtim;
    if (strpbrk(auth->file.text, "\r\n"))
        return engine_fail(err, ENGINE_EINVAL,
                           "token file %s: a token has no line ends", path);
    return ENGINE_OK;
}

/* ---- headers ------------------------------------------------------------- */

static void auth_wipe(struct buffer *buffer)
{
    if (buffer->data)
        explicit_bzero(buffer->data, buffer->room);
    buffer_clear(buffer);
}

static engine_status auth_header(struct http_request *request,
                                 const char *name, const char *value,
                                 engine_error *err)
{
    const engine_status status = http_request_header(request, name, value);

    if (status == ENGINE_ENOMEM)
        return engine_fail_memory(err);
    if (status < 0)
        return engine_fail(err, status, "what goes into the header %s has "
                                        "characters that no header has",
                           name);
    return ENGINE_OK;
}

static engine_status auth_bearer(struct http_request *request,
                                 const struct secret *token,
                                 engine_error *err)
{
    struct buffer text;
    engine_status status;

    buffer_init(&text, SECRET_MAXIMUM + 16);
    buffer_printf(&text, "Bearer %s", token->text);
    status = buffer_status(&text, err);
    if (status == ENGINE_OK)
        status = auth_header(request, "Authorization", text.data, err);
    auth_wipe(&text);
    return status;
}

static engine_status auth_basic(struct http_request *request,
                                const struct kube_config *config,
                                engine_error *err)
{
    struct buffer plain, text;
    engine_status status;

    buffer_init(&plain, 2 * SECRET_MAXIMUM);
    buffer_init(&text, 4 * SECRET_MAXIMUM);
    buffer_printf(&plain, "%s:%s", config->username,
                  config->password.text ? config->password.text : "");
    buffer_puts(&text, "Basic ");
    if (buffer_status(&plain, NULL) == ENGINE_OK)
        kube_base64(plain.data, plain.len, &text);
    status = buffer_status(&plain, err);
    if (status == ENGINE_OK)
        status = buffer_status(&text, err);
    if (status == ENGINE_OK)
        status = auth_header(request, "Authorization", text.data, err);
    auth_wipe(&plain);
    auth_wipe(&text);
    return status;
}

static engine_status auth_impersonate(struct http_request *request,
                                      const struct kube_config *config,
                                      engine_error *err)
{
    engine_status status = ENGINE_OK;

    for (size_t i = 0; status == ENGINE_OK && config->headers &&
                       config->headers[i]; i++) {
        const char *colon = strchr(config->headers[i], ':');
        char name[256];

        snprintf(name, sizeof(name), "%.*s",
                 (int)(colon - config->headers[i]), config->headers[i]);
        status = auth_header(request, name, colon + 2, err);
    }
    return status;
}

/* what the 401 of a plugin's or a file's credential is worth another try; of
 * several that were refused together the first has asked for all */
static engine_status auth_refresh(struct kube_auth *auth, engine_error *err)
{
    const struct kube_config *config = auth->config;
    engine_status status = ENGINE_OK;

    if (config->token_file)
        return auth_read_file(auth, true, err);
    if (!config->exec)
        return engine_fail(err, ENGINE_EDENIED, "no other credentials");
    if (clock_steady_ms() - auth->asked_ms > AUTH_TOGETHER_MS ||
        !auth->refused)
        status = auth_ask(auth, err);
    auth->refused = true;
    /* a certificate belongs to a connection: see kube_auth_generation */
    if (status == ENGINE_OK && auth->credential.cert.text)
        return engine_fail(err, ENGINE_EDENIED, "no other credentials");
    return status;
}

engine_status kube_auth_apply(struct http_request *request, bool refused,
                              void *user, engine_error *err)
{
    struct kube_auth *auth = user;
    const struct kube_config *config = auth->config;
    engine_status status = refused ? auth_refresh(auth, err)
                                   : kube_auth_prepare(auth, err);

    if (status == ENGINE_OK && config->token_file && !refused)
        status = auth_read_file(auth, false, err);
    if (status < 0)
        return status;
    if (config->token.text)
        status = auth_bearer(request, &config->token, err);
    else if (config->token_file)
        status = auth_bearer(request, &auth->file, err);
    else if (config->username)
        status = auth_basic(request, config, err);
    else if (auth->credential.token.text)
        status = auth_bearer(request, &auth->credential.token, err);
    if (status == ENGINE_OK)
        status = auth_impersonate(request, config, err);
    return status;
}

void kube_auth_endpoint(const struct kube_auth *auth,
                        struct http_endpoint *out)
{
    const struct kube_config *config = auth->config;
    const struct kube_credential *credential = &auth->credential;

    *out = (struct http_endpoint){
        .ca_file = config->ca_file,
        .ca_data = config->ca_data,
        .ca_len = config->ca_len,
        .cert_file = config->cert_file,
        .key_file = config->key_file,
        .cert_data = config->cert_data,
        .cert_len = config->cert_len,
        .key_data = config->key_data,
        .key_len = config->key_len,
        .proxy = config->proxy,
        .server_name = config->server_name,
        .insecure = config->insecure,
    };
    if (!config->exec || !credential->cert.text)
        return;
    out->cert_file = out->key_file = NULL;
    out->cert_data = credential->cert.text;
    out->cert_len = credential->cert.len;
    out->key_data = credential->key.text;
    out->key_len = credential->key.len;
}
