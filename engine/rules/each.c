/* SPDX-License-Identifier: Apache-2.0 */
/* each.c - the one loop over what a query finds. */
#include <string.h>

#include "engine/rules/rules_private.h"

engine_status rules_each(struct store *store, const char *collection,
                         const bson_t *filter, const bson_t *fields,
                         rules_each_fn fn, void *user, engine_error *err)
{
    const struct store_query query = {.filter = filter, .fields = fields};
    struct store_cursor *cursor = NULL;
    const bson_t *document = NULL;
    engine_status status = store_find(store, collection, &query, &cursor,
                                      err);
    int more = 0;

    while (status == ENGINE_OK &&
           (more = store_cursor_next(cursor, &document, err)) > 0)
        status = fn(document, user, err);
    if (status == ENGINE_OK && more < 0)
        status = more;
    store_cursor_close(cursor);
    return status;
}

bool rules_profile_next(bson_iter_t *at, bson_t *profile, const char **id)
{
    while (bson_iter_next(at)) {
        *id = document_iter_child(at, profile)
                  ? document_string(profile, "id")
                  : NULL;
        if (*id)
            return true;
    }
    return false;
}

bool rules_profiles(const bson_t *benchmark, bson_t *profiles,
                    bson_iter_t *at)
{
    return document_child(benchmark, "profiles", profiles) &&
           bson_iter_init(at, profiles);
}

const char *rules_profile_short(const char *id)
{
    const char *mark = strstr(id, "_profile_");

    return mark ? mark + strlen("_profile_") : id;
}
