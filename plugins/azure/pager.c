/* SPDX-License-Identifier: Apache-2.0 */
/* pager.c - pages of an answer. */
#include "plugins/azure/pager.h"

#include <string.h>
#include <strings.h>

#include "sdk/base/alloc.h"

void azure_pager_init(struct azure_pager *pager, const char *origin,
                      bool tokens, struct arena *arena)
{
    *pager = (struct azure_pager){
        .origin = origin, .tokens = tokens, .arena = arena};
}

void azure_pager_clear(struct azure_pager *pager)
{
    cloud_pages_free(pager->pages);
    engine_free(pager->next);
    pager->pages = NULL;
    pager->next = NULL;
}

/* ---- what comes next ----------------------------------------------------- */

static const struct value *pager_next(const struct azure_pager *pager,
                                      const struct value *page)
{
    static const char *const links[] = {"nextLink", "@odata.nextLink",
                                        "odata.nextLink", NULL};
    static const char *const tokens[] = {"$skipToken", NULL};

    for (const char *const *key = pager->tokens ? tokens : links; *key; key++) {
        const struct value *next = value_member(page, *key);

        if (next && next->kind != VALUE_NULL &&
            !(next->kind == VALUE_STRING && !next->count))
            return next;
    }
    return NULL;
}

/* the path of a link, which must be one that could be asked for */
static engine_status pager_link(const struct azure_pager *pager,
                                const char *text, char **out,
                                engine_error *err)
{
    struct azure_request request = {0};
    const char *scheme = strstr(text, "://");
    const char *path = scheme ? strchr(scheme + 3, '/') : NULL;
    engine_status status;

    if (!path || !azure_same_origin(text, pager->origin)) {
        const char *host = scheme ? scheme + 3 : "";

        return engine_fail(err, ENGINE_EDENIED,
                           "the next page would be on another host "
                           "(\"%.*s\") and is not asked for",
                           (int)strcspn(host, "/?#@\\\r\n\t ") > 80
                               ? 80
                               : (int)strcspn(host, "/?#@\\\r\n\t "),
                           host);
    }
    status = azure_request_read(NULL, path, &request, err);
    if (status == ENGINE_OK) {
        *out = buffer_take(&request.path);
        if (!*out)
            status = engine_fail_memory(err);
    } else {
        engine_error_prefix(err, "the link to the next page");
    }
    azure_request_clear(&request);
    return status;
}

static engine_status pager_follow(struct azure_pager *pager,
                                  const struct value *page, engine_error *err)
{
    const struct value *next = pager_next(pager, page);
    const char *text = value_text(next);
    char *found = NULL;
    engine_status status = ENGINE_OK;

    if (next && (!text || strlen(text) != next->count))
        return engine_fail(err, ENGINE_EPARSE,
                           "what leads to the next page is no text");
    if (next && pager->tokens) {
        found = engine_strdup(text);
        status = found ? ENGINE_OK : engine_fail_memory(err);
    } else if (next) {
        status = pager_link(pager, text, &found, err);
    }
    if (status == ENGINE_OK && found && pager->next &&
        strcmp(found, pager->next) == 0)
        status = engine_fail(err, ENGINE_ELIMIT,
                             "page %u leads to itself", pager->count);
    if (status == ENGINE_OK && found && pager->count >= AZURE_PAGES)
        status = engine_fail(err, ENGINE_ELIMIT, "more than %u pages",
                             AZURE_PAGES);
    if (status < 0) {
        engine_free(found);
        return status;
    }
    engine_free(pager->next);
    pager->next = found;
    return ENGINE_OK;
}

/* Resource Graph says so when it cannot page: results would be missing. */
static engine_status pager_whole(const struct azure_pager *pager,
                                 const struct value *page, engine_error *err)
{
    const char *cut = value_text(value_member(page, "resultTruncated"));

    if (!pager->tokens || pager->next || !cut || strcasecmp(cut, "true") != 0)
        return ENGINE_OK;
    engine_fail(err, ENGINE_ELIMIT,
                "Resource Graph left out rows of the answer");
    engine_hint(err, "queries are paged when their rows have an id: project "
                     "it, or summarize less");
    return ENGINE_ELIMIT;
}

/* ---- pages --------------------------------------------------------------- */

static engine_status pager_keep(struct azure_pager *pager,
                                const struct value *page, engine_error *err)
{
    static const char *const values[] = {"value", NULL};
    static const char *const data[] = {"data", NULL};
    const char *const *lists = pager->tokens ? data : values;
    engine_status status = ENGINE_OK;

    if (pager->count == 1) {
        pager->first = *page;
        return ENGINE_OK;
    }
    if (!pager->pages) {
        status = cloud_pages_new(&pager->pages);
        if (status < 0)
            return engine_fail_memory(err);
        status = cloud_pages_add(pager->pages, &pager->first, lists, err);
    }
    if (status == ENGINE_OK)
        status = cloud_pages_add(pager->pages, page, lists, err);
    return status;
}

engine_status azure_pager_add(struct azure_pager *pager, const char *text,
                              size_t len, engine_error *err)
{
    struct value page = value_null;
    engine_status status = ENGINE_OK;

    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3;
        len -= 3;
    }
    if (len)
        status = value_from_json(text, len, "the answer", pager->arena, &page,
                                 err);
    if (status < 0)
        return status;
    pager->count++;
    if (page.kind != VALUE_OBJECT && pager->count > 1)
        return engine_fail(err, ENGINE_EPARSE, "page %u is no object",
                           pager->count);
    status = pager_follow(pager, &page, err);
    if (status == ENGINE_OK)
        status = pager_whole(pager, &page, err);
    if (status == ENGINE_OK)
        status = pager_keep(pager, &page, err);
    return status;
}

engine_status azure_pager_end(struct azure_pager *pager,
                              const struct value **out, engine_error *err)
{
    if (pager->pages)
        return cloud_pages_join(pager->pages, pager->arena, out, err);
    *out = &pager->first;
    return ENGINE_OK;
}
