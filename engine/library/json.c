/* SPDX-License-Identifier: Apache-2.0 */
/* json.c - documents come in and go out as JSON texts. */
#include <string.h>

#include "engine/library/library.h"
#include "sdk/document/document.h"

#define JSON_MAX_BYTES ((size_t)1024 * 1024 * 1024)

engine_status library_parse(const char *text, const char *what, bson_t *out,
                            engine_error *err)
{
    if (text)
        return document_from_json(text, strlen(text), what, out, err);
    bson_init(out);
    return ENGINE_OK;
}

static engine_status json_take(struct buffer *buffer, char **out,
                               engine_error *err)
{
    engine_status status = buffer_status(buffer, err);
    char *text = status == ENGINE_OK ? buffer_take(buffer) : NULL;

    if (status == ENGINE_OK && !text)
        status = engine_fail_memory(err);
    if (status == ENGINE_OK)
        *out = text;
    buffer_clear(buffer);
    return status;
}

engine_status library_print(const bson_t *document, char **out,
                            engine_error *err)
{
    struct buffer buffer;

    buffer_init(&buffer, JSON_MAX_BYTES);
    (void)document_to_json(document, 0, &buffer);
    return json_take(&buffer, out, err);
}

void library_list_init(struct buffer *list)
{
    buffer_init(list, JSON_MAX_BYTES);
    (void)buffer_putc(list, '[');
}

engine_status library_list_add(struct buffer *list, const bson_t *document,
                               engine_error *err)
{
    if (list->len > 1)
        (void)buffer_putc(list, ',');
    (void)document_to_json(document, 0, list);
    return buffer_status(list, err);
}

engine_status library_list_take(struct buffer *list, char **out,
                                engine_error *err)
{
    (void)buffer_putc(list, ']');
    return json_take(list, out, err);
}
