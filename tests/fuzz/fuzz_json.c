/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_json.c - JSON in, BSON, JSON out: what was accepted is readable again. */
#include <stdlib.h>

#include "sdk/document/document.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static engine_status ignore(const bson_t *document,
                            const struct document_origin *origin, void *user,
                            engine_error *err)
{
    (void)document;
    (void)origin;
    (void)user;
    (void)err;
    return ENGINE_OK;
}

static engine_status write_again(const bson_t *document,
                                 const struct document_origin *origin,
                                 void *user, engine_error *err)
{
    struct buffer text;
    char hash[65];

    (void)user;
    buffer_init(&text, (size_t)64 << 20);
    document_hash(document, hash);
    (void)document_origin_line(origin, "a.b");
    (void)document_origin_text(origin, "rule_id");
    if (document_to_json(document, 0, &text) != ENGINE_OK)
        abort();
    if (document_read_json(text.data, text.len, "again", ignore, NULL, err) !=
        ENGINE_OK)
        abort();
    buffer_clear(&text);
    return ENGINE_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    engine_error err;

    (void)document_read_json((const char *)data, len, "input", write_again,
                             NULL, &err);
    return 0;
}
