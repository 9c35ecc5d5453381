/* SPDX-License-Identifier: Apache-2.0 */
/* manifest.c - what a bundle of rules promises, and whether it holds. */
#include "engine/rules/manifest.h"

#include <string.h>
#include <strings.h>

void manifest_init(struct manifest *manifest)
{
    *manifest = (struct manifest){.rules_count = -1};
    table_init(&manifest->seen);
}

void manifest_clear(struct manifest *manifest)
{
    if (manifest->documents)
        bson_destroy(manifest->documents);
    table_clear(&manifest->seen);
    manifest_init(manifest);
}

bool manifest_promises(const struct manifest *manifest)
{
    return manifest->documents || manifest->rules_count >= 0 ||
           manifest->format != RULES_FORMAT_UNKNOWN;
}

/* ---- reading it ---------------------------------------------------------- */

static engine_status manifest_wrong(const char *name, const char *key,
                                    const char *wanted, engine_error *err)
{
    return engine_fail(err, ENGINE_EPARSE, "%s: \"%s\" is not %s", name, key,
                       wanted);
}

static engine_status manifest_take(struct manifest *manifest,
                                   const bson_t *whole, const char *name,
                                   engine_error *err)
{
    const char *word = document_string(whole, "format");
    bson_iter_t iter;
    bson_t documents;

    if (bson_iter_init_find(&iter, whole, "rules_count")) {
        manifest->rules_count = document_int(whole, "rules_count", -1);
        if (manifest->rules_count < 0)
            return manifest_wrong(name, "rules_count", "a number of rules",
                                  err);
    }
    if (bson_iter_init_find(&iter, whole, "format")) {
        manifest->format = word ? rules_format_of_word(word)
                                : RULES_FORMAT_UNKNOWN;
        if (manifest->format == RULES_FORMAT_UNKNOWN ||
            manifest->format == RULES_FORMAT_ARCHIVE)
            return manifest_wrong(name, "format",
                                  "\"yaml\", \"json\", \"jsonl\" or \"bson\"",
                                  err);
    }
    if (!bson_iter_init_find(&iter, whole, "documents"))
        return ENGINE_OK;
    if (!BSON_ITER_HOLDS_DOCUMENT(&iter) ||
        !document_child(whole, "documents", &documents))
        return manifest_wrong(name, "documents", "{file: sha256}", err);
    manifest->documents = bson_copy(&documents);
    return manifest->documents ? ENGINE_OK : engine_fail_memory(err);
}

engine_status manifest_read(struct manifest *manifest, const char *name,
                            const char *text, size_t len, engine_error *err)
{
    engine_status status;
    bson_t whole;

    if (manifest->read)
        return engine_fail(err, ENGINE_EPARSE, "%s: a second manifest", name);
    manifest->read = true;
    status = document_from_json(text, len, name, &whole, err);
    if (status < 0)
        return status;
    status = manifest_take(manifest, &whole, name, err);
    bson_destroy(&whole);
    return status;
}

/* ---- whether it holds ---------------------------------------------------- */

static engine_status manifest_broken(engine_error *err)
{
    engine_hint(err, "get the bundle again from where it comes from");
    return ENGINE_ECORRUPT;
}

static engine_status manifest_count(const bson_t *document,
                                    const struct document_origin *origin,
                                    void *user, engine_error *err)
{
    struct manifest *manifest = user;

    (void)origin;
    (void)err;
    manifest->rules += template_form_other(document) == NULL;
    return ENGINE_OK;
}

static engine_status manifest_check_sum(struct manifest *manifest,
                                        const char *file, const char *data,
                                        size_t len, engine_error *err)
{
    char hash[HASH_HEX_SIZE];
    bson_iter_t iter;

    if (!bson_iter_init_find(&iter, manifest->documents, file) ||
        !BSON_ITER_HOLDS_UTF8(&iter)) {
        engine_fail(err, ENGINE_ECORRUPT,
                    "\"%s\": the manifest of the bundle does not have it",
                    file);
        return manifest_broken(err);
    }
    if (table_set(&manifest->seen, file, manifest) < 0)
        return engine_fail_memory(err);
    hash_bytes(data, len, hash);
    if (strcasecmp(hash, bson_iter_utf8(&iter, NULL)) == 0)
        return ENGINE_OK;
    engine_fail(err, ENGINE_ECORRUPT,
                "\"%s\": its sha256 is %s, the manifest of the bundle says %s",
                file, hash, bson_iter_utf8(&iter, NULL));
    return manifest_broken(err);
}

engine_status manifest_check(struct manifest *manifest, const char *file,
                             enum rules_format format, const char *data,
                             size_t len, engine_error *err)
{
    engine_status status = ENGINE_OK;

    if (manifest->documents)
        status = manifest_check_sum(manifest, file, data, len, err);
    if (status < 0)
        return status;
    if (manifest->format != RULES_FORMAT_UNKNOWN &&
        manifest->format != format) {
        engine_fail(err, ENGINE_ECORRUPT,
                    "\"%s\" is not of the format that the manifest of the "
                    "bundle says", file);
        return manifest_broken(err);
    }
    if (manifest->rules_count < 0 || format == RULES_FORMAT_NATIVE ||
        format == RULES_FORMAT_ARCHIVE)
        return ENGINE_OK;
    return rules_read(file, format, data, len, manifest_count, manifest, err);
}

engine_status manifest_finish(const struct manifest *manifest,
                              engine_error *err)
{
    bson_iter_t iter;

    if (manifest->documents && bson_iter_init(&iter, manifest->documents))
        while (bson_iter_next(&iter)) {
            if (table_has(&manifest->seen, bson_iter_key(&iter)))
                continue;
            engine_fail(err, ENGINE_ECORRUPT,
                        "the bundle lacks \"%s\", which its manifest has",
                        bson_iter_key(&iter));
            return manifest_broken(err);
        }
    if (manifest->rules_count < 0 || manifest->rules == manifest->rules_count)
        return ENGINE_OK;
    engine_fail(err, ENGINE_ECORRUPT,
                "the bundle has %lld rules, its manifest says %lld",
                (long long)manifest->rules, (long long)manifest->rules_count);
    return manifest_broken(err);
}
