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
bool evidence_is_secret(const char *key)
{
    char plain[128];
    size_t len = 0;

    for (; *key && len < sizeof(plain) - 1; key++)
        if (isalnum((unsigned char)*key))
            plain[len++] = (char)tolower((unsigned char)*key);
    plain[len] = '\0';
    for (size_t i = 0;
         i < sizeof(evidence_secrets) / sizeof(*evidence_secrets); i++) {
        const size_t word = strlen(evidence_secrets[i]);

        if (len >= word && strcmp(plain + len - word, evidence_secrets[i]) == 0)
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

engine_status evidence_make(const struct cloud_rule *rule,
                            const struct value *subject, struct arena *arena,
                            bson_t *out, engine_error *err)
{
    struct value shown;
    bool cut = false;
    engine_status status =
        value_copy_masked(subject, rule->mask, arena, &shown, err);

    if (status == ENGINE_ELIMIT) {
        bson_append_bool(out, "truncated", -1, true);
        return ENGINE_OK;
    }
    if (status < 0)
        return status;
    evidence_redact(&shown, false);
    bson_append_utf8(out, "assert", -1, expr_text(rule->assert), -1);
    status = value_to_bson(&shown, "subject", EVIDENCE_BYTES, out, &cut);
    if (status < 0)
        return engine_fail_memory(err);
    if (cut)
        bson_append_bool(out, "truncated", -1, true);
    return ENGINE_OK;
}
