/* SPDX-License-Identifier: Apache-2.0 */
/* tokens.c - tokens in the store: an id to find one by, and a salted hash of
 * its secret half. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "engine/server/private.h"
#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"
#include "sdk/base/hash.h"

#define TOKEN_LEAD "se_"
#define TOKEN_ID_BYTES 8
#define TOKEN_SECRET_BYTES 32
#define TOKEN_ID_LEN (2 * TOKEN_ID_BYTES)
#define TOKEN_SECRET_LEN (2 * TOKEN_SECRET_BYTES)

static const char *const token_roles[] = {"", "viewer", "operator", "admin"};

const char *server_role_name(enum server_role role)
{
    return token_roles[role];
}

static enum server_role token_role(const char *name)
{
    for (int i = ROLE_VIEWER; name && i <= ROLE_ADMIN; i++)
        if (strcmp(name, token_roles[i]) == 0)
            return (enum server_role)i;
    return ROLE_OPEN;
}

static engine_status token_random(size_t len, char *out, engine_error *err)
{
    uint8_t bytes[TOKEN_SECRET_BYTES];

    if (getrandom(bytes, len, 0) != (ssize_t)len)
        return engine_fail(err, ENGINE_EIO, "no random numbers: %s",
                           strerror(errno));
    id_hex(bytes, len, out);
    return ENGINE_OK;
}

/* The secret is random and long: one round of SHA-256 is enough for it. */
static void token_hash(const char *salt, const char *secret,
                       char out[HASH_HEX_SIZE])
{
    char text[TOKEN_ID_LEN + TOKEN_SECRET_LEN + 2];

    snprintf(text, sizeof(text), "%.16s:%.64s", salt, secret);
    hash_bytes(text, strlen(text), out);
    explicit_bzero(text, sizeof(text));
}

engine_status server_token_create(struct store *store, const char *name,
                                  const char *role, int64_t expires_ms,
                                  char **text, engine_error *err)
{
    char id[TOKEN_ID_LEN + 1], salt[TOKEN_ID_LEN + 1];
    char secret[TOKEN_SECRET_LEN + 1], hash[HASH_HEX_SIZE];
    bson_t token = BSON_INITIALIZER;
    const bson_t *const list[] = {&token};
    engine_status status;

    if (token_role(role) == ROLE_OPEN)
        return engine_fail(err, ENGINE_EINVAL,
                           "role \"%s\": expected viewer, operator or admin",
                           role);
    status = token_random(TOKEN_ID_BYTES, id, err);
    if (status == ENGINE_OK)
        status = token_random(TOKEN_ID_BYTES, salt, err);
    if (status == ENGINE_OK)
        status = token_random(TOKEN_SECRET_BYTES, secret, err);
    if (status < 0)
        return status;
    token_hash(salt, secret, hash);
    BSON_APPEND_UTF8(&token, "_id", id);
    BSON_APPEND_UTF8(&token, "token_id", id);
    BSON_APPEND_UTF8(&token, "name", name);
    BSON_APPEND_UTF8(&token, "role", role);
    BSON_APPEND_UTF8(&token, "salt", salt);
    BSON_APPEND_UTF8(&token, "hash", hash);
    BSON_APPEND_DATE_TIME(&token, "created_at", clock_now_ms());
    if (expires_ms)
        BSON_APPEND_DATE_TIME(&token, "expires_at", expires_ms);
    *text = engine_strf(TOKEN_LEAD "%s_%s", id, secret);
    explicit_bzero(secret, sizeof(secret));
    status = *text ? store_insert(store, STORE_TOKENS, list, 1, err)
                   : engine_fail_memory(err);
    if (status < 0) {
        engine_free(*text);
        *text = NULL;
    }
    bson_destroy(&token);
    return status;
}

engine_status server_token_revoke(struct store *store, const char *id,
                                  engine_error *err)
{
    bson_t token, changed = BSON_INITIALIZER;
    const bson_t *const list[] = {&changed};
    engine_status status = store_get(store, STORE_TOKENS, id, &token, err);

    if (status == ENGINE_ENOTFOUND) {
        engine_fail(err, status, "there is no token \"%s\"", id);
        engine_hint(err, "scan-engine token list shows those there are");
    }
    if (status == ENGINE_OK) {
        bson_copy_to_excluding_noinit(&token, &changed, "revoked_at", NULL);
        BSON_APPEND_DATE_TIME(&changed, "revoked_at", clock_now_ms());
        status = store_put(store, STORE_TOKENS, list, 1, err);
        bson_destroy(&token);
    }
    bson_destroy(&changed);
    return status;
}

/* ---- checking ------------------------------------------------------------ */

/* As long for a right one as for a wrong one. */
static bool token_equal(const char *a, const char *b)
{
    unsigned char differs = 0;

    for (size_t i = 0; i < HASH_HEX_SIZE - 1; i++)
        differs |= (unsigned char)(a[i] ^ b[i]);
    return differs == 0;
}

static bool token_is_hex(const char *text, size_t len)
{
    return strspn(text, "0123456789abcdef") >= len;
}

/* Takes "Bearer se_ID_SECRET" apart. */
static bool token_parse(const char *header, char id[TOKEN_ID_LEN + 1],
                        const char **secret)
{
    const char *text = header + strlen("Bearer ");

    if (strncasecmp(header, "Bearer ", strlen("Bearer ")) != 0)
        return false;
    text += strspn(text, " ");
    if (strncmp(text, TOKEN_LEAD, strlen(TOKEN_LEAD)) != 0)
        return false;
    text += strlen(TOKEN_LEAD);
    if (!token_is_hex(text, TOKEN_ID_LEN) || text[TOKEN_ID_LEN] != '_')
        return false;
    snprintf(id, TOKEN_ID_LEN + 1, "%s", text);
    *secret = text + TOKEN_ID_LEN + 1;
    return strlen(*secret) == TOKEN_SECRET_LEN &&
           token_is_hex(*secret, TOKEN_SECRET_LEN);
}

static engine_status auth_refuse(const char *why, engine_error *err)
{
    engine_fail(err, ENGINE_EDENIED, "%s", why);
    engine_hint(err, "send \"Authorization: Bearer TOKEN\" with a token of "
                     "\"scan-engine token create\"");
    return ENGINE_EDENIED;
}

static engine_status auth_check_token(struct request *request,
                                      const bson_t *token, const char *secret,
                                      engine_error *err)
{
    const char *salt = document_string(token, "salt");
    const char *stored = document_string(token, "hash");
    const char *name = document_string(token, "name");
    char hash[HASH_HEX_SIZE];

    if (!salt || !stored || strlen(stored) != HASH_HEX_SIZE - 1)
        return auth_refuse("the token is not known", err);
    token_hash(salt, secret, hash);
    if (!token_equal(hash, stored))
        return auth_refuse("the token is not known", err);
    if (document_date(token, "revoked_at", 0))
        return auth_refuse("the token was revoked", err);
    if (document_date(token, "expires_at", INT64_MAX) <= clock_now_ms())
        return auth_refuse("the token has expired", err);
    snprintf(request->token, sizeof(request->token), "%s",
             document_string(token, "_id"));
    snprintf(request->who, sizeof(request->who), "%.120s", name ? name : "");
    request->role = token_role(document_string(token, "role"));
    return ENGINE_OK;
}

/* ---- while the store is away --------------------------------------------- */

#define AUTH_RECALL_MS INT64_C(3600000)

/* Who reads the figures again and again may do so while the store is away,
 * which is when they matter most. */
static void auth_remember(struct request *request, const bson_t *token)
{
    struct server *server = request->server;
    const int64_t most = clock_now_ms() + AUTH_RECALL_MS;
    const int64_t expires = document_date(token, "expires_at", most);

    if (!request->route || request->route->fn != handle_metrics)
        return;
    pthread_mutex_lock(&server->lock);
    hash_bytes(request->authorization, strlen(request->authorization),
               server->recalled.hash);
    snprintf(server->recalled.token, sizeof(server->recalled.token), "%s",
             request->token);
    server->recalled.role = request->role;
    server->recalled.until_ms = expires < most ? expires : most;
    pthread_mutex_unlock(&server->lock);
}

bool auth_recall(struct request *request)
{
    struct server *server = request->server;
    char hash[HASH_HEX_SIZE];
    bool known;

    if (!request->authorization || request->route->fn != handle_metrics)
        return false;
    hash_bytes(request->authorization, strlen(request->authorization), hash);
    pthread_mutex_lock(&server->lock);
    known = server->recalled.until_ms > clock_now_ms() &&
            token_equal(hash, server->recalled.hash);
    if (known) {
        request->role = server->recalled.role;
        snprintf(request->token, sizeof(request->token), "%s",
                 server->recalled.token);
    }
    pthread_mutex_unlock(&server->lock);
    return known;
}

engine_status auth_check(struct request *request, struct store *store,
                         engine_error *err)
{
    char id[TOKEN_ID_LEN + 1];
    const char *secret = NULL;
    bson_t token;
    engine_status status;

    if (!request->authorization)
        return auth_refuse("a token is needed", err);
    if (!token_parse(request->authorization, id, &secret))
        return auth_refuse("the token is not known", err);
    status = store_get(store, STORE_TOKENS, id, &token, err);
    if (status == ENGINE_ENOTFOUND)
        return auth_refuse("the token is not known", err);
    if (status < 0)
        return status;
    status = auth_check_token(request, &token, secret, err);
    if (status == ENGINE_OK)
        auth_remember(request, &token);
    bson_destroy(&token);
    return status;
}
