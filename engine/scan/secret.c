/* SPDX-License-Identifier: Apache-2.0 */
/* secret.c - no secret gets into a scan's document: references only. */
#include "engine/scan/secret.h"

#include <string.h>
#include <strings.h>

#include "sdk/document/document.h"

#define SECRET_DEPTH 16

/* how the names of secrets end: "client_secret", "sessionToken" */
static const char *const secret_words[] = {
    "password",  "passwd",    "passphrase", "secret",     "token",
    "api_key",   "apikey",    "access_key", "accesskey",  "secret_key",
    "secretkey", "private_key", "privatekey", "authorization", NULL};
static const char *const secret_references[] = {"file", "env", NULL};

static bool secret_ends_with(const char *text, size_t len, const char *word)
{
    const size_t word_len = strlen(word);

    return len >= word_len &&
           strncasecmp(text + len - word_len, word, word_len) == 0;
}

static bool secret_is_name(const char *key)
{
    size_t len = strlen(key);

    if (len && (key[len - 1] == 's' || key[len - 1] == 'S'))
        len--; /* "tokens" */
    for (const char *const *word = secret_words; *word; word++)
        if (secret_ends_with(key, len, *word) ||
            secret_ends_with(key, strlen(key), *word))
            return true;
    return false;
}

static bool secret_is_reference(const char *key)
{
    for (const char *const *name = secret_references; *name; name++)
        if (strcmp(*name, key) == 0)
            return true;
    return false;
}

/* a key itself, or a password in a URL */
static bool secret_is_text(const char *text)
{
    const char *scheme = strstr(text, "://");
    const char *host = scheme ? scheme + 3 : "";
    const size_t authority = strcspn(host, "/?# ");
    const char *colon = memchr(host, ':', authority);
    const char *at = memchr(host, '@', authority);

    return strstr(text, "PRIVATE KEY-----") || (colon && at && colon < at);
}

static engine_status secret_found(const char *id, const char *key,
                                  engine_error *err)
{
    engine_fail(err, ENGINE_EINVAL, "target \"%s\" holds a secret in \"%s\"",
                id, key);
    engine_hint(err, "give a reference: {\"file\": ...} or {\"env\": ...}");
    return ENGINE_EINVAL;
}

/* `inside`: the name of a secret that this is a part of, or NULL */
static engine_status secret_check(const bson_t *document, const char *id,
                                  const char *inside, int depth,
                                  engine_error *err)
{
    engine_status status = ENGINE_OK;
    bson_iter_t iter;
    bson_t child;

    if (depth > SECRET_DEPTH)
        return engine_fail(err, ENGINE_ELIMIT,
                           "target \"%s\" is nested too deeply", id);
    bson_iter_init(&iter, document);
    while (status == ENGINE_OK && bson_iter_next(&iter)) {
        const char *key = bson_iter_key(&iter);
        const char *name = inside               ? inside
                           : secret_is_name(key) ? key
                                                 : NULL;
        if (document_iter_child(&iter, &child))
            status = secret_check(&child, id, name, depth + 1, err);
        else if (BSON_ITER_HOLDS_NULL(&iter) || BSON_ITER_HOLDS_BOOL(&iter))
            continue;
        else if (name && !(inside && secret_is_reference(key)))
            status = secret_found(id, name, err);
        else if (BSON_ITER_HOLDS_UTF8(&iter) &&
                 secret_is_text(bson_iter_utf8(&iter, NULL)))
            status = secret_found(id, key, err);
    }
    return status;
}

engine_status scan_secret_check(const bson_t *target, const char *id,
                                engine_error *err)
{
    return secret_check(target, id, NULL, 0, err);
}
