/* SPDX-License-Identifier: Apache-2.0 */
/* pager.c - pages of an answer. */
#include "plugins/azure/pager.h"

#include <string.h>
#include <strings.h>

#include "sdk/base/alloc.h"

#define PAGER_EXPANDED 20 /* objects, the most that Microsoft Graph expands */
#define PAGER_DEPTH 12    /* how deep lists that were cut are looked for */

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

/* ---- what a page holds --------------------------------------------------- */

static const struct value *pager_list(const struct azure_pager *pager,
                                      const struct value *page)
{
    const struct value *list =
        value_member(page, pager->tokens ? "data" : "value");

    return list && list->kind == VALUE_ARRAY ? list : NULL;
}

/* "{}", "{"nextLink": null}" and "{"error": {}}" hold nothing at all */
static bool pager_is_hollow(const struct value *page)
{
    for (uint32_t i = 0; page->kind == VALUE_OBJECT && i < page->count; i++) {
        const char *key = page->members[i].key;

        if (!strchr(key, '@') && strcmp(key, "nextLink") != 0 &&
            strcmp(key, "error") != 0 &&
            (strcmp(key, "value") != 0 ||
             page->members[i].value.kind != VALUE_NULL))
            return false;
    }
    return page->kind == VALUE_OBJECT;
}

/* What is no page is not an end: something would be missing. A first one that
 * leads nowhere may be anything, such as a single resource. */
static engine_status pager_check(const struct azure_pager *pager,
                                 const struct value *page, engine_error *err)
{
    const bool first = pager->count == 1 && !pager->tokens;

    if (page->kind == VALUE_NULL || (first && pager_is_hollow(page)))
        return pager->count == 1
                   ? engine_fail(err, ENGINE_EPARSE, "the answer is empty")
                   : engine_fail(err, ENGINE_EPARSE, "page %u is empty",
                                 pager->count);
    if ((!first || pager_next(pager, page)) && !pager_list(pager, page))
        return engine_fail(err, ENGINE_EPARSE, "page %u has no list \"%s\"",
                           pager->count, pager->tokens ? "data" : "value");
    return ENGINE_OK;
}

/* ---- what $expand cut ---------------------------------------------------- */

/* "members@odata.nextLink": there is more of them (OData JSON Format 4.01,
 * section 4.6.5) */
static bool pager_key_leads_on(const struct value_member *member)
{
    static const char tail[] = "@odata.nextLink";
    const uint32_t len = sizeof(tail) - 1;

    return member->key_len > len && member->value.kind == VALUE_STRING &&
           member->value.count &&
           memcmp(member->key + member->key_len - len, tail, len) == 0;
}

/* Of objects of a directory no more than 20 are expanded, and nothing says
 * that there are more (Microsoft Graph, "Use query parameters", expand). */
static bool pager_member_is_full(const struct azure_pager *pager,
                                 const struct value_member *member)
{
    return pager->expand && member->value.kind == VALUE_ARRAY &&
           member->value.count == PAGER_EXPANDED &&
           member->value.items[0].kind == VALUE_OBJECT &&
           (pager->expand[0] == '*' || strstr(pager->expand, member->key));
}

static engine_status pager_whole_value(const struct azure_pager *pager,
                                       const struct value *value,
                                       unsigned depth, engine_error *err)
{
    engine_status status = ENGINE_OK;

    if (depth == PAGER_DEPTH)
        return ENGINE_OK;
    for (uint32_t i = 0; value->kind == VALUE_ARRAY && i < value->count &&
                         status == ENGINE_OK; i++)
        status = pager_whole_value(pager, &value->items[i], depth + 1, err);
    for (uint32_t i = 0; value->kind == VALUE_OBJECT && i < value->count &&
                         status == ENGINE_OK; i++) {
        const struct value_member *member = &value->members[i];

        if (pager_key_leads_on(member) ||
            pager_member_is_full(pager, member)) {
            engine_fail(err, ENGINE_ELIMIT,
                        "\"%.100s\" may be there in part only", member->key);
            engine_hint(err, "ask for it with a call of its own (foreach), "
                             "not with $expand");
            return ENGINE_ELIMIT;
        }
        status = pager_whole_value(pager, &member->value, depth + 1, err);
    }
    return status;
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
    status = pager_check(pager, &page, err);
    if (status == ENGINE_OK && !pager->tokens)
        status = pager_whole_value(pager, &page, 0, err);
    if (status == ENGINE_OK)
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
