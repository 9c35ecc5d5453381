/* SPDX-License-Identifier: Apache-2.0 */
/* cluster_page.c - whether a page is what was asked for, and lists end. */
#include <string.h>

#include "plugins/kubernetes/cluster_read.h"
#include "plugins/kubernetes/dump.h"
#include "sdk/kit/line.h"

#define READ_IDLE_MAXIMUM 20   /* pages in a row without a new object */
#define READ_PAGES_FREE 200    /* pages before they have to be worth it */
#define READ_PAGE_WORTH 10     /* objects on a page, on average, from then */

static engine_status page_wrong(const struct cluster_read *read,
                                engine_error *err, const char *what,
                                const char *kind)
{
    engine_fail(err, ENGINE_EPARSE, "GET %.300s: the answer is %s%s%.60s%s "
                                    "(%.300s)", read->read->path.key, what,
                kind ? " of kind \"" : "", kind ? kind : "",
                kind ? "\"" : "", read->cluster->who);
    return ENGINE_EPARSE;
}

/* Lists have no name. What their kind is called is theirs to say where the
 * type is a custom one, whose group has a dot. */
static bool page_is_list(const struct cluster_read *read, const char *kind,
                         const struct value *document)
{
    const size_t len = kind ? strlen(kind) : 0;
    const struct value *items = value_member(document, "items");
    struct kube_place place;

    if (!kind || value_at(document, "metadata", "name", NULL))
        return false;
    if (len >= 4 && strcmp(kind + len - 4, "List") == 0)
        return true;
    return (read->list || (items && items->kind == VALUE_ARRAY)) &&
           kube_place_of(read->read->path.plain, &place) &&
           strchr(place.group, '.');
}

/* is it what was asked for: a list, an object of the API */
engine_status cluster_page_check(const struct cluster_read *read,
                                 engine_error *err)
{
    const struct value *document = read->read->document;
    const char *kind = value_text(value_member(document, "kind"));
    const bool is_list = page_is_list(read, kind, document);

    if (document->kind == VALUE_OBJECT && kind &&
        strcmp(kind, "Status") == 0 &&
        value_text(value_member(document, "message"))) {
        char said[256];
        const char *text = value_text(value_member(document, "message"));
        line_clean(text, strlen(text), said, sizeof(said));
        return engine_fail(err, ENGINE_EIO,
                           "GET %.300s: the server says: %s (%.300s)",
                           read->read->path.key, said, read->cluster->who);
    }
    if (!read->place)
        return ENGINE_OK;
    if (document->kind != VALUE_OBJECT)
        return page_wrong(read, err, "neither a list nor an object", NULL);
    if (read->list && (!is_list || !read->read->has_list))
        return page_wrong(read, err, "no list but something", kind ? kind
                                                                   : "");
    if (!read->list && (!kind || is_list))
        return page_wrong(read, err, "no object but something",
                          kind ? kind : "");
    return ENGINE_OK;
}

/* lists without an end: pages that bring nothing, or next to nothing */
engine_status cluster_page_next(struct cluster_read *read,
                                const char *next, engine_error *err)
{
    const int64_t size = kube_option(read->cluster->base.self, "page_size");
    const uint64_t worth = size > 0 && size < READ_PAGE_WORTH
                               ? 1
                               : READ_PAGE_WORTH;
    const uint64_t items = read->read->items;

    read->pages++;
    read->idle = items > read->before ? 0 : read->idle + 1;
    if (read->token && strcmp(next, read->token) == 0)
        return engine_fail(err, ENGINE_EPARSE,
                           "GET %.300s: the list does not end: page %llu "
                           "leads to itself (%.300s)", read->read->path.key,
                           (unsigned long long)read->pages,
                           read->cluster->who);
    /* after a new beginning the pages of before come again */
    if (read->idle > read->passed + READ_IDLE_MAXIMUM ||
        (read->pages > read->passed + READ_PAGES_FREE &&
         items < (read->pages - read->passed) * worth))
        return engine_fail(err, ENGINE_ELIMIT,
                           "GET %.300s: the list does not end: %llu pages "
                           "brought %llu objects (%.300s)",
                           read->read->path.key,
                           (unsigned long long)read->pages,
                           (unsigned long long)items, read->cluster->who);
    return ENGINE_OK;
}
