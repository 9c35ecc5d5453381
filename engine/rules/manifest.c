/* SPDX-License-Identifier: Apache-2.0 */
/* manifest.c - what a bundle of rules promises, and whether it holds. */
#include "engine/rules/manifest.h"

#include <string.h>
#include <strings.h>

#include "sdk/document/document.h"

void manifest_init(struct manifest *manifest)
{
    manifest->documents = NULL;
    table_init(&manifest->seen);
}

void manifest_clear(struct manifest *manifest)
{
    if (manifest->documents)
        bson_destroy(manifest->documents);
    table_clear(&manifest->seen);
    manifest_init(manifest);
}

static const char *manifest_file(const char *name)
{
    return strncmp(name, "./", 2) == 0 ? name + 2 : name;
}

engine_status manifest_read(struct manifest *manifest, const char *name,
                            const char *text, size_t len, engine_error *err)
{
    bson_t whole, documents;
    engine_status status;

    if (manifest->documents)
        return engine_fail(err, ENGINE_EPARSE, "%s: a second manifest", name);
    status = document_from_json(text, len, name, &whole, err);
    if (status < 0)
        return status;
    if (document_child(&whole, "documents", &documents)) {
        manifest->documents = bson_copy(&documents);
        if (!manifest->documents)
            status = engine_fail_memory(err);
    }
    bson_destroy(&whole);
    return status;
}

engine_status manifest_check(struct manifest *manifest, const char *file,
                             const char *data, size_t len, engine_error *err)
{
    char hash[HASH_HEX_SIZE];
    bson_iter_t iter;

    if (!manifest->documents)
        return ENGINE_OK;
    file = manifest_file(file);
    if (!bson_iter_init_find(&iter, manifest->documents, file) ||
        !BSON_ITER_HOLDS_UTF8(&iter)) {
        engine_fail(err, ENGINE_ECORRUPT,
                    "the manifest of the bundle does not have it");
        return ENGINE_ECORRUPT;
    }
    if (table_set(&manifest->seen, file, manifest) < 0)
        return engine_fail_memory(err);
    hash_bytes(data, len, hash);
    if (strcasecmp(hash, bson_iter_utf8(&iter, NULL)) == 0)
        return ENGINE_OK;
    engine_fail(err, ENGINE_ECORRUPT,
                "its sha256 is %s, the manifest of the bundle says %s", hash,
                bson_iter_utf8(&iter, NULL));
    engine_hint(err, "get the bundle again from where it comes from");
    return ENGINE_ECORRUPT;
}

engine_status manifest_finish(const struct manifest *manifest,
                              engine_error *err)
{
    bson_iter_t iter;

    if (!manifest->documents || !bson_iter_init(&iter, manifest->documents))
        return ENGINE_OK;
    while (bson_iter_next(&iter))
        if (!table_has(&manifest->seen, bson_iter_key(&iter)))
            return engine_fail(err, ENGINE_ECORRUPT,
                               "the bundle lacks \"%s\", which its manifest "
                               "has", bson_iter_key(&iter));
    return ENGINE_OK;
}
