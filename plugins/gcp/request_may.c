/* SPDX-License-Identifier: Apache-2.0 */
/* request_may.c - which calls only read, and hand out no secrets. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "plugins/gcp/request.h"

static bool may_verb_reads(const char *verb, size_t len)
{
    static const char *const prefixes[] = {"get",  "list",    "search",
                                           "query", "test",   "analyze",
                                           "lookup", "fetch", "batchGet"};

    for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++) {
        const size_t own = strlen(prefixes[i]);

        if (len >= own && strncmp(verb, prefixes[i], own) == 0 &&
            (len == own || isupper((unsigned char)verb[own])))
            return true;
    }
    return false;
}

/* What is behind the last colon of the last segment; `encoded`: one that is
 * written as %3A, too, which a server may or may not take for one. */
static const char *may_verb(const char *path, bool encoded, size_t *len)
{
    const char *end = path + strcspn(path, "?");
    const char *at = end;

    while (at > path && at[-1] != ':' && at[-1] != '/' &&
           (!encoded || at - path < 3 || strncasecmp(at - 3, "%3a", 3) != 0))
        at--;
    *len = (size_t)(end - at);
    return at > path && at[-1] != '/' ? at : NULL;
}

static bool may_word_is(const char *text, size_t len, const char *word)
{
    return len == strlen(word) && strncasecmp(text, word, len) == 0;
}

/* Methods and resources that are secrets themselves: :access (versions of
 * secrets), :fetchReadToken, :generateAccessToken, keys/K/keyString. */
static bool may_gives_secrets(const char *path)
{
    const char *end = path + strcspn(path, "?"), *last = end;
    size_t verb_len;
    const char *verb = may_verb(path, true, &verb_len);

    while (last > path && last[-1] != '/')
        last--;
    if (may_word_is(last, (size_t)(end - last), "keyString"))
        return true;
    if (!verb)
        return false;
    return may_word_is(verb, verb_len, "access") ||
           may_word_is(verb, verb_len, "generateIdToken") ||
           memmem(verb, verb_len, "Token", 5);
}

/* Parameters that make another call of it: alt=media asks for contents,
 * $httpMethod for another method. One whose name is encoded could be any. */
static bool may_is_turned(const char *path)
{
    const char *at = strchr(path, '?');

    while (at && *at) {
        const char *name = ++at;
        const size_t len = strcspn(name, "=&");
        const size_t whole = strcspn(name, "&");
        const bool alt = may_word_is(name, len, "alt") ||
                         may_word_is(name, len, "$alt");

        if (memchr(name, '%', len) || memchr(name, '+', len) ||
            strncasecmp(name, "$http", 5) == 0 ||
            strncasecmp(name, "x-http", 6) == 0 ||
            (alt && !may_word_is(name + len, whole - len, "=json")))
            return true;
        at = name + whole;
    }
    return false;
}

engine_status gcp_request_may(const char *path, bool post,
                              engine_error *err)
{
    size_t len;
    const char *verb = may_verb(path, false, &len);

    if (post && (!verb || !may_verb_reads(verb, len)))
        return engine_fail(err, ENGINE_EDENIED,
                           "request: this POST may change something; allowed "
                           "are methods such as :getIamPolicy, :search..., "
                           ":list, :testIamPermissions");
    if (may_gives_secrets(path))
        return engine_fail(err, ENGINE_EDENIED,
                           "request: contents of secrets, and tokens, are not "
                           "read");
    if (may_is_turned(path))
        return engine_fail(err, ENGINE_EDENIED,
                           "request: contents of objects are not read, and "
                           "parameters such as alt and $httpMethod not sent");
    return ENGINE_OK;
}
