/* SPDX-License-Identifier: Apache-2.0 */
/* pager.h - pages of an answer: nextLink, @odata.nextLink, $skipToken. */
#ifndef PLUGINS_AZURE_PAGER_H
#define PLUGINS_AZURE_PAGER_H

#include "plugins/azure/request.h"
#include "sdk/base/arena.h"
#include "sdk/kit/cloud/cloud.h"

#define AZURE_PAGES 20000u /* of one answer */

struct azure_pager {
    const char *origin; /* "https://management.azure.com"; borrowed */
    bool tokens;        /* $skipToken of Resource Graph, not links */
    const char *expand; /* azure_request_expand; borrowed, may be NULL */
    struct arena *arena;
    struct value first;
    struct cloud_pages *pages; /* from the second page on */
    char *next;                /* path and query, or token; NULL: no more */
    unsigned count;
};

void azure_pager_init(struct azure_pager *pager, const char *origin,
                      bool tokens, struct arena *arena);
void azure_pager_clear(struct azure_pager *pager);
/** Takes the text of a page; afterwards `next` says what is behind it. A link
 * to another host, to something that is not to be read, or to where we come
 * from is ENGINE_EDENIED or ENGINE_ELIMIT. So is a list within a page that was
 * cut; a text that is empty, or has no list where one must be, is
 * ENGINE_EPARSE. */
engine_status azure_pager_add(struct azure_pager *pager, const char *text,
                              size_t len, engine_error *err);
/** The whole answer. */
engine_status azure_pager_end(struct azure_pager *pager,
                              const struct value **out, engine_error *err);

#endif
