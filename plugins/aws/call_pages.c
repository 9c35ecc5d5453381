/* SPDX-License-Identifier: Apache-2.0 */
/* call_pages.c - an answer of a call, a page of it: read, and joined with those
 * before, until there is none after it. */
#include <string.h>

#include "plugins/aws/aws.h"

#define PAGES_TOKEN ((size_t)4 << 20) /* JSON of one */

/* elements in the lists of a page */
static size_t pages_count(const struct value *page, const char *const *lists)
{
    size_t count = 0;

    for (; lists && *lists; lists++) {
        const struct value *at = page;
        const char *name = *lists;

        while (at && *name) {
            const size_t len = strcspn(name, ".");

            at = value_member_n(at, name, len);
            name += len + (name[len] == '.');
        }
        if (at && (at->kind == VALUE_ARRAY || at->kind == VALUE_OBJECT))
            count += at->count;
    }
    return count;
}

static engine_status pages_token_hash(const struct value *token, char out[65],
                                     engine_error *err)
{
    struct buffer text;
    engine_status status;

    buffer_init(&text, PAGES_TOKEN);
    value_to_json(token, 0, &text);
    status = buffer_status(&text, err);
    if (status == ENGINE_OK)
        hash_bytes(text.data, text.len, out);
    buffer_clear(&text);
    return status;
}

/* Whether the token came before: with the last page, or with an earlier one;
 * by Brent's algorithm one of the earlier ones is enough to remember. */
static bool pages_came(struct aws_call *call, const char *hash, bool *just_now)
{
    const bool before = strcmp(hash, call->earlier) == 0;

    *just_now = strcmp(hash, call->token) == 0;
    memcpy(call->token, hash, sizeof(call->token));
    if ((call->page & (call->page + 1)) == 0) /* pages 1, 2, 4, 8, ... */
        memcpy(call->earlier, hash, sizeof(call->earlier));
    return before || *just_now;
}

/* A token that comes again: some APIs end like that, with an empty page;
 * anything else would go round for ever. */
static engine_status pages_repeats(struct aws_call *call,
                                  const struct value *page,
                                  const struct value *token, bool *more,
                                  engine_error *err)
{
    char hash[HASH_HEX_SIZE];
    bool just_now;
    engine_status status = pages_token_hash(token, hash, err);

    if (status < 0)
        return status;
    *more = !pages_came(call, hash, &just_now);
    if (!*more && (!just_now ||
                   pages_count(page, aws_operation_lists(call->operation)) > 0))
        return engine_fail(err, ENGINE_EIO,
                           "page %u has the token of a page before",
                           call->page + 1);
    if (*more && ++call->page >= AWS_PAGES)
        return engine_fail(err, ENGINE_ELIMIT, "more than %d pages",
                           AWS_PAGES);
    return ENGINE_OK;
}

static engine_status pages_next(struct aws_call *call,
                               const struct value *token, engine_error *err)
{
    const engine_status status = aws_call_remake(call, token, err);

    return status < 0 ? status : aws_call_start(call, err);
}

static engine_status pages_join(struct aws_call *call,
                               const struct value *page, bool more,
                               const struct value **out, engine_error *err)
{
    engine_status status = ENGINE_OK;

    *out = page;
    if (!call->pages && !more)
        return ENGINE_OK;
    if (!call->pages)
        status = cloud_pages_new(&call->pages);
    if (status < 0)
        return engine_fail_memory(err);
    status = cloud_pages_add(call->pages, page,
                             aws_operation_lists(call->operation), err);
    if (status == ENGINE_OK && !more)
        status = cloud_pages_join(call->pages, call->arena, out, err);
    return status;
}

engine_status aws_call_page(struct aws_call *call,
                            struct http_request *request, long status_code,
                            const struct value **out, bool *more,
                            engine_error *err)
{
    const struct aws_head head = {status_code, aws_call_header, request};
    struct value *page = arena_alloc(call->arena, sizeof(*page));
    struct value token = value_null;
    engine_status status;

    *more = false;
    if (!page)
        return engine_fail_memory(err);
    status = aws_answer(call->operation, &head,
                        call->body.data ? call->body.data : "",
                        call->body.len, call->arena, page, err);
    buffer_clear(&call->body);
    if (status == ENGINE_OK)
        status = aws_answer_token(call->operation, page, call->arena, &token,
                                  err);
    if (status == ENGINE_OK)
        status = aws_answer_whole(call->operation, page, err);
    if (status == ENGINE_OK && token.kind != VALUE_NULL)
        status = pages_repeats(call, page, &token, more, err);
    if (status == ENGINE_OK)
        status = pages_join(call, page, *more, out, err);
    if (status == ENGINE_OK && *more)
        status = pages_next(call, &token, err);
    return status;
}
