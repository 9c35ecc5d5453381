/* SPDX-License-Identifier: Apache-2.0 */
/* evidence.c - what a rule's expressions look at of a subject: bounded, and
 * without what may be a secret. */
#include <ctype.h>
#include <string.h>

#include "sdk/kit/cloud/cloud_private.h"

#define EVIDENCE_BYTES ((size_t)32 * 1024)

static const char *const evidence_secrets[] = {
    "password",    "passwd",       "secret",       "secretstring",
    "secretvalue", "privatekey",   "accesskey",    "secretkey",
    "sharedkey",   "accountkey",   "primarykey",   "secondarykey",
    "apikey",      "authkey",      "keystring",    "keymaterial",
    "token",       "sastoken",     "credential",   "connectionstring",
    "userdata",    "clientsecret", "passphrase",   "pskkey",
    "authorizationkey", "customdata"};

/* Whether a key ends with such a word, whatever its case and its "_". */
static bool evidence_is_secret(const char *key)
{
    char plain[128];
    size_t len = 0;

    for (; *key && len < sizeof(plain) - 1; key++)
        if (isalnum((unsigned char)*key))
            plain[len++] = (char)tolower((unsigned char)*key);
    plain[len] = '\0';
    for (size_t i = 0;
         i < sizeof(evidence_secrets) / sizeof(*evidence_secrets); i++) {
        const char *word = evidence_secrets[i];
        const size_t size = strlen(word);

        if (len >= size && plain[len - 1] == word[size - 1] &&
            memcmp(plain + len - size, word, size) == 0)
            return true;
    }
    return false;
}

/* {Environment: {Variables: {...}}}, environmentVariables, {name, value} */
static bool evidence_is_environment(const char *key)
{
    return strcmp(key, "Variables") == 0 || strcmp(key, "variables") == 0 ||
           strcmp(key, "environmentVariables") == 0 ||
           strcmp(key, "EnvironmentVariables") == 0 ||
           strcmp(key, "environment") == 0 ||
           strcmp(key, "Environment") == 0 ||
           strcmp(key, "appSettings") == 0;
}

/* texts are overwritten in a copy of our own, no deeper than copies are */
static void evidence_redact(struct value *value, bool inside)
{
    if (value->kind == VALUE_STRING && inside && value->count) {
        *value = (struct value){.kind = VALUE_STRING, .count = 10,
                                .text = "(redacted)"};
        return;
    }
    if (value->kind == VALUE_ARRAY)
        for (uint32_t i = 0; i < value->count; i++)
            evidence_redact((struct value *)(uintptr_t)&value->items[i],
                            inside);
    if (value->kind != VALUE_OBJECT)
        return;
    for (uint32_t i = 0; i < value->count; i++) {
        const struct value_member *member = &value->members[i];
        const bool name = inside && (strcmp(member->key, "name") == 0 ||
                                     strcmp(member->key, "Name") == 0);

        evidence_redact((struct value *)(uintptr_t)&member->value,
                        !name && (inside || evidence_is_secret(member->key) ||
                                  evidence_is_environment(member->key)));
    }
}

/* A path through such a key. */
bool evidence_path_is_secret(const char *path)
{
    char key[128];

    while (*path) {
        size_t len = strcspn(path, ".[]{}()|&!=<>,:@?*'`\" ");

        if (len > 0 && len < sizeof(key)) {
            memcpy(key, path, len);
            key[len] = '\0';
            if (evidence_is_secret(key) || evidence_is_environment(key))
                return true;
        }
        path += len + (path[len] != '\0');
    }
    return false;
}

engine_status evidence_copy(const bson_t *evidence, struct arena *arena,
                            bson_t *out, engine_error *err)
{
    bson_iter_t iter;
    engine_status status = ENGINE_OK;

    if (!bson_iter_init(&iter, evidence))
        return ENGINE_OK;
    while (status == ENGINE_OK && bson_iter_next(&iter)) {
        struct value value;

        status = value_from_bson(&iter, arena, &value, err);
        if (status < 0)
            break;
        evidence_redact(&value, false);
        status = value_to_bson(&value, bson_iter_key(&iter), EVIDENCE_BYTES,
                               out, NULL);
    }
    return status;
}

engine_status evidence_make(const struct cloud_rule *rule,
                            const struct value *subject, struct arena *arena,
                            bson_t *out, engine_error *err)
{
    struct value shown;
    bool cut = false;
    engine_status status =
        value_copy_masked(subject, rule->mask, arena, &shown, err);

    /* a verdict that is too large to be shown is one all the same */
    if (status < 0 && cloud_fail_arena(arena, err) == ENGINE_ENOMEM &&
        status != ENGINE_ELIMIT)
        return status;
    if (status < 0) {
        bson_append_bool(out, "truncated", -1, true);
        return ENGINE_OK;
    }
    evidence_redact(&shown, false);
    bson_append_utf8(out, "assert", -1, expr_text(rule->assert), -1);
    status = value_to_bson(&shown, "subject", EVIDENCE_BYTES, out, &cut);
    if (status < 0)
        return engine_fail_memory(err);
    if (cut)
        bson_append_bool(out, "truncated", -1, true);
    return ENGINE_OK;
}
