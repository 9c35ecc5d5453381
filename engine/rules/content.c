/* SPDX-License-Identifier: Apache-2.0 */
/* content.c - what is checked, and how it is put right. */
#include <string.h>

#include "engine/rules/rules_private.h"

static bool content_one_of(const char *word, const char *const *list)
{
    for (; *list; list++)
        if (strcmp(word, *list) == 0)
            return true;
    return false;
}

/*
 * True when check_content says no more than which SCAP rule is meant. For
 * oscap everything but real content is decoration that OpenWatch's converter
 * made up; for another scanner any field of its own makes it a check.
 */
static bool content_is_bare(const struct normaliser *n, const bson_t *content)
{
    static const char *const real[] = {"artifact", "rule", "oval", NULL};
    static const char *const hollow[] = {"scap_rule_id", "method",
                                         "expected_result", NULL};
    const bool oscap = strcmp(n->scanner_type, "oscap") == 0;
    bson_iter_t field;

    if (!n->scap_rule_id || !bson_iter_init(&field, content))
        return false;
    while (bson_iter_next(&field)) {
        const char *key = bson_iter_key(&field);
        if (oscap ? content_one_of(key, real) : !content_one_of(key, hollow))
            return false;
    }
    return true;
}

static void content_append_bare(struct normaliser *n)
{
    bson_t child;

    BSON_APPEND_UTF8(n->out, "scap_rule_id", n->scap_rule_id);
    bson_append_document_begin(n->out, "check_content", -1, &child);
    BSON_APPEND_UTF8(&child, "scap_rule_id", n->scap_rule_id);
    bson_append_document_end(n->out, &child);
}

engine_status normalise_content(struct normaliser *n, engine_error *err)
{
    const char *key = bson_has_field(n->in, "check_content")
                          ? "check_content"
                          : "check_implementation";
    bson_iter_t value;
    bson_t content;

    n->scap_rule_id = normaliser_text(n, "scap_rule_id");
    if (!n->scap_rule_id)
        n->scap_rule_id = normaliser_text(n, "check_content.scap_rule_id");
    if (!bson_iter_init_find(&value, n->in, key) ||
        BSON_ITER_HOLDS_NULL(&value)) {
        if (!n->scap_rule_id) {
            rules_fail_at(err, n->origin, key, "check_content is missing");
            engine_hint(err, "say what to check, as the scanner type \"%s\" "
                             "expects it, or give a scap_rule_id",
                        n->scanner_type);
            return ENGINE_EINVAL;
        }
        content_append_bare(n);
        return ENGINE_OK;
    }
    if (!BSON_ITER_HOLDS_DOCUMENT(&value) ||
        !document_iter_child(&value, &content))
        return rules_fail_at(err, n->origin, key, "%s must be a mapping",
                             key);
    if (content_is_bare(n, &content))
        content_append_bare(n);
    else
        document_copy_value(n->out, "check_content", &value);
    return ENGINE_OK;
}

/* {script: ...} and {playbook: ...} wrap the code that is meant */
static void content_copy_code(bson_t *code, const char *key,
                              const bson_iter_t *value)
{
    bson_iter_t inner;
    bson_t child;

    if (BSON_ITER_HOLDS_NULL(value) || bson_has_field(code, key))
        return;
    if (BSON_ITER_HOLDS_DOCUMENT(value) &&
        document_iter_child(value, &child) &&
        (bson_iter_init_find(&inner, &child, "script") ||
         bson_iter_init_find(&inner, &child, "playbook")) &&
        BSON_ITER_HOLDS_UTF8(&inner))
        document_copy_value(code, key, &inner);
    else
        document_copy_value(code, key, value);
}

static void content_copy_codes(const bson_t *from, const char *path,
                               bool every, bson_t *code)
{
    static const char *const languages[] = {
        "ansible", "bash", "shell", "puppet", "chef", "powershell",
        "terraform", "kubectl", "kubernetes", "blueprint", "ignition",
        "anaconda", NULL};
    bson_iter_t value;
    bson_t map;

    if (!document_child(from, path, &map) || !bson_iter_init(&value, &map))
        return;
    while (bson_iter_next(&value)) {
        const char *key = bson_iter_key(&value);
        if (every || content_one_of(key, languages))
            content_copy_code(code, key, &value);
    }
}

void normalise_remediation(struct normaliser *n)
{
    const char *text = normaliser_text(n, "remediation");
    bson_t remediation, code;
    bson_iter_t commands;

    if (!text)
        text = normaliser_text(n, "remediation.text");
    if (!text)
        text = normaliser_text(n, "manual_remediation");
    bson_init(&remediation);
    bson_init(&code);
    if (text && *text)
        BSON_APPEND_UTF8(&remediation, "text", text);
    if (document_find(n->in, "remediation.commands", &commands) &&
        BSON_ITER_HOLDS_ARRAY(&commands))
        document_copy_value(&remediation, "commands", &commands);
    content_copy_codes(n->in, "remediation.code", true, &code);
    content_copy_codes(n->in, "remediation", false, &code);
    content_copy_codes(n->in, "fix_content", true, &code);
    if (!bson_empty(&code))
        BSON_APPEND_DOCUMENT(&remediation, "code", &code);
    if (!bson_empty(&remediation))
        BSON_APPEND_DOCUMENT(n->out, "remediation", &remediation);
    bson_destroy(&code);
    bson_destroy(&remediation);
}
