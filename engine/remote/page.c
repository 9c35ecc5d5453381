/* SPDX-License-Identifier: Apache-2.0 */
/* page.c - finds where items begin and end; the JSON reader then checks all:
 * each item, and the page around them. */
#include "engine/remote/page.h"

#include <stdbool.h>
#include <string.h>

#include "sdk/document/document.h"

#define PAGE_REST_MAX DOCUMENT_MAX_BYTES

struct page_state {
    const char *text;
    size_t len, at;
    const char *name;
    page_fn fn;
    void *user;
    struct buffer rest;
    bool found;
};

/* Moves behind a string that begins at `at`. */
static void page_skip_string(struct page_state *page)
{
    for (page->at++; page->at < page->len; page->at++) {
        if (page->text[page->at] == '\\')
            page->at++;
        else if (page->text[page->at] == '"')
            break;
    }
    page->at = page->at < page->len ? page->at + 1 : page->len;
}

static void page_skip_space(struct page_state *page)
{
    while (page->at < page->len && strchr(" \t\r\n", page->text[page->at]) &&
           page->text[page->at])
        page->at++;
}

/* Moves behind an object or list that begins at `at`. */
static void page_skip_value(struct page_state *page)
{
    size_t depth = 0;

    while (page->at < page->len) {
        const char byte = page->text[page->at];

        if (byte == '"') {
            page_skip_string(page);
            continue;
        }
        page->at++;
        if (byte == '{' || byte == '[')
            depth++;
        else if ((byte == '}' || byte == ']') && --depth == 0)
            return;
    }
}

static engine_status page_item(struct page_state *page, engine_error *err)
{
    const size_t from = page->at;
    bson_t item;
    engine_status status;

    if (page->at >= page->len || page->text[page->at] != '{')
        return engine_fail(err, ENGINE_EPARSE, "an item of \"%s\" is no object",
                           page->name);
    page_skip_value(page);
    status = document_from_json(page->text + from, page->at - from, page->name,
                                &item, err);
    if (status < 0)
        return status;
    status = page->fn(&item, page->user, err);
    bson_destroy(&item);
    return status;
}

/* `at` is behind the "[" of the list; ends behind its "]". */
static engine_status page_items(struct page_state *page, engine_error *err)
{
    page->found = true;
    page_skip_space(page);
    if (page->at < page->len && page->text[page->at] == ']') {
        page->at++;
        return ENGINE_OK;
    }
    for (;;) {
        engine_status status;
        char byte;

        page_skip_space(page);
        status = page_item(page, err);
        if (status < 0)
            return status;
        page_skip_space(page);
        byte = page->at < page->len ? page->text[page->at++] : '\0';
        if (byte == ']')
            return ENGINE_OK;
        if (byte != ',')
            return engine_fail(err, ENGINE_EPARSE,
                               "the list \"%s\" does not end", page->name);
    }
}

/* True when the string from..at is the name, and ": [" follows; `at` is then
 * behind the "[". */
static bool page_is_list(struct page_state *page, size_t from)
{
    const size_t len = strlen(page->name), kept = page->at;

    if (page->at - from == len + 2 &&
        memcmp(page->text + from + 1, page->name, len) == 0) {
        page_skip_space(page);
        if (page->at < page->len && page->text[page->at] == ':') {
            page->at++;
            page_skip_space(page);
            if (page->at < page->len && page->text[page->at] == '[') {
                page->at++;
                return true;
            }
        }
    }
    page->at = kept;
    return false;
}

/* The object around the list goes into `rest`. */
static engine_status page_walk(struct page_state *page, engine_error *err)
{
    size_t depth = 0;

    while (page->at < page->len) {
        const char byte = page->text[page->at];
        const size_t from = page->at;

        if (byte == '"') {
            page_skip_string(page);
            if (depth == 1 && !page->found && page_is_list(page, from)) {
                engine_status status;

                buffer_append(&page->rest, page->text + from, page->at - from);
                status = page_items(page, err);
                if (status < 0)
                    return status;
                buffer_putc(&page->rest, ']');
                continue;
            }
        } else {
            page->at++;
        }
        depth += byte == '{' || byte == '[';
        depth -= depth && (byte == '}' || byte == ']');
        if (buffer_append(&page->rest, page->text + from, page->at - from) < 0)
            return buffer_status(&page->rest, err);
    }
    return buffer_status(&page->rest, err);
}

engine_status page_read(const char *text, size_t len, const char *name,
                        page_fn fn, void *user, bson_t *rest, engine_error *err)
{
    struct page_state page = {
        .text = text, .len = len, .name = name, .fn = fn, .user = user};
    engine_status status;

    buffer_init(&page.rest, PAGE_REST_MAX);
    status = page_walk(&page, err);
    if (status == ENGINE_OK && !page.found)
        status =
            engine_fail(err, ENGINE_EPARSE, "there is no list \"%s\"", name);
    if (status == ENGINE_OK)
        status = document_from_json(page.rest.data, page.rest.len, "page", rest,
                                    err);
    buffer_clear(&page.rest);
    return status;
}
