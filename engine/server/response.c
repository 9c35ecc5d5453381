/* SPDX-License-Identifier: Apache-2.0 */
/* response.c - documents, pages of them, and failures as JSON. */
#include "engine/server/private.h"

#include <string.h>
#include <unistd.h>

void response_init(struct response *response)
{
    memset(response, 0, sizeof(*response));
    buffer_init(&response->body, SERVER_BODY_MAX);
    bson_init(&response->details);
    response->media_type = "application/json";
    response->file = -1;
}

void response_clear(struct response *response)
{
    buffer_clear(&response->body);
    bson_destroy(&response->details);
    if (response->stream.free)
        response->stream.free(response->stream.state);
    if (response->file >= 0)
        close(response->file);
}

void response_header(struct response *response, const char *name,
                     const char *value)
{
    if (value && response->headers_count < SERVER_COUNT(response->headers))
        response->headers[response->headers_count++] =
            (struct server_pair){name, value};
}

engine_status response_add(struct response *response, const bson_t *document)
{
    bson_t shown = BSON_INITIALIZER;
    engine_status status;

    bson_copy_to_excluding_noinit(document, &shown, "_id", "rev", "found_by",
                                  "severity_rank", "claim_by", "claimed_at",
                                  "claim_until", "salt", "hash", NULL);
    status = document_to_json(&shown, 0, &response->body);
    bson_destroy(&shown);
    return status;
}

engine_status response_document(struct response *response, unsigned status,
                                const bson_t *document, engine_error *err)
{
    response->status = status;
    response_add(response, document);
    return buffer_status(&response->body, err);
}

/* ---- pages --------------------------------------------------------------- */

static engine_status response_items(struct request *request,
                                    struct response *response,
                                    const struct page *page,
                                    struct store_cursor *cursor, bool *more,
                                    engine_error *err)
{
    const bson_t *document;
    engine_status status = ENGINE_OK;
    int64_t count = 0;
    int next = 0;

    while (status == ENGINE_OK &&
           (next = store_cursor_next(cursor, &document, err)) == 1) {
        if (page->limit && count == page->limit) {
            *more = true;
            break;
        }
        buffer_puts(&response->body, count++ ? ",\n" : "\n");
        status = page->put ? page->put(request, response, document, err)
                           : response_add(response, document);
        if (status == ENGINE_OK)
            status = buffer_status(&response->body, err);
    }
    return status == ENGINE_OK && next < 0 ? next : status;
}

engine_status response_list(struct request *request, struct response *response,
                            const struct page *page, bool *more,
                            engine_error *err)
{
    struct store_query query = page->query;
    struct store_cursor *cursor = NULL;
    engine_status status;

    query.limit = page->limit ? page->limit + 1 : 0;
    *more = false;
    status = store_find(request->store, page->collection, &query, &cursor, err);
    if (status < 0)
        return status;
    buffer_putc(&response->body, '[');
    status = page->items
                 ? page->items(request, response, page, cursor, more, err)
                 : response_items(request, response, page, cursor, more, err);
    buffer_puts(&response->body, "]");
    store_cursor_close(cursor);
    if (status == ENGINE_ELIMIT)
        engine_hint(err, "ask for fewer of them at once");
    return status;
}

engine_status response_page(struct request *request, struct response *response,
                            struct page *page, engine_error *err)
{
    const int64_t skip = request_number(request, "skip", 0);
    int64_t total = -1;
    bool more = false;
    engine_status status;

    page->limit = request_number(request, "limit", page->limit);
    page->query.skip = skip;
    buffer_printf(&response->body, "{\"%s\":", page->name);
    status = response_list(request, response, page, &more, err);
    if (status == ENGINE_OK && request_flag(request, "count"))
        status = store_count(request->store, page->collection,
                             page->query.filter, &total, err);
    if (status < 0)
        return status;
    buffer_printf(&response->body, ",\"skip\":%lld,\"limit\":%lld,"
                  "\"has_more\":%s", (long long)skip, (long long)page->limit,
                  more ? "true" : "false");
    if (total >= 0)
        buffer_printf(&response->body, ",\"total\":%lld", (long long)total);
    buffer_puts(&response->body, "}\n");
    response->status = 200;
    return buffer_status(&response->body, err);
}

/* ---- failures ------------------------------------------------------------ */

unsigned response_status(engine_status status)
{
    switch (status) {
    case ENGINE_EINVAL:
    case ENGINE_EPARSE:
    case ENGINE_ELIMIT:
    case ENGINE_EPLUGIN:
    case ENGINE_EUNSUPPORTED:
        return 422;
    case ENGINE_ENOTFOUND:
        return 404;
    case ENGINE_ECONFLICT:
        return 409;
    case ENGINE_EDENIED:
        return 403;
    case ENGINE_EAWAY:
    case ENGINE_EIO: /* the store, or a disk, is away for now */
    case ENGINE_ENOMEM:
    case ENGINE_ETIMEOUT:
    case ENGINE_ECANCELLED:
    case ENGINE_EFULL:
        return 503;
    default:
        return 500;
    }
}

static const char *response_code(unsigned status)
{
    static const struct {
        unsigned status;
        const char *code;
    } codes[] = {{400, "bad_request"},
                 {401, "unauthenticated"},
                 {403, "forbidden"},
                 {404, "not_found"},
                 {405, "method_not_allowed"},
                 {409, "conflict"},
                 {413, "too_large"},
                 {415, "unsupported_media_type"},
                 {422, "invalid"},
                 {429, "too_many_requests"},
                 {503, "unavailable"}};

    for (size_t i = 0; i < SERVER_COUNT(codes); i++)
        if (codes[i].status == status)
            return codes[i].code;
    return "internal";
}

/* Messages may quote what a client sent in another encoding. */
static void response_put_text(struct buffer *out, const char *name,
                              const char *text)
{
    buffer_printf(out, ",\"%s\":", name);
    document_string_to_json(
        bson_utf8_validate(text, strlen(text), false) ? text : "(not UTF-8)",
        out);
}

void response_fail(const struct request *request, struct response *response,
                   const engine_error *err)
{
    struct buffer *out = &response->body;

    if (response->status < 400)
        response->status = response_status(err->status);
    buffer_clear(out);
    buffer_init(out, SERVER_BODY_MAX);
    response->media_type = "application/json";
    buffer_printf(out, "{\"error\":{\"code\":\"%s\"",
                  response_code(response->status));
    response_put_text(out, "message",
                      err->message[0] ? err->message : "it failed");
    if (err->hint[0])
        response_put_text(out, "hint", err->hint);
    if (bson_count_keys(&response->details)) {
        buffer_puts(out, ",\"details\":");
        document_to_json(&response->details, 0, out);
    }
    buffer_printf(out, ",\"request_id\":\"%s\"}}\n", request->id);
}
