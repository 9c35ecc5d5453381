/* SPDX-License-Identifier: Apache-2.0 */
/* found.c - what a scan is found by: its framework and its targets. */
#include "engine/scan/found.h"

#include "sdk/base/alloc.h"
#include "sdk/base/hash.h"
#include "sdk/document/document.h"

struct found {
    bson_t *list;
    uint32_t count;
    struct table seen;
    engine_status status;
};

static void found_put(struct found *found, const char *kind, const char *what)
{
    char *text = what ? engine_strf("%s%s", kind, what) : NULL;
    const char *key = NULL;
    char room[16];

    if (what && !text)
        found->status = ENGINE_ENOMEM;
    if (text && !table_has(&found->seen, text)) {
        if (table_set(&found->seen, text, found) < 0)
            found->status = ENGINE_ENOMEM;
        bson_uint32_to_string(found->count++, &key, room, sizeof(room));
        BSON_APPEND_UTF8(found->list, key, text);
    }
    engine_free(text);
}

engine_status scan_found_add(const bson_t *config, bson_t *out,
                             engine_error *err)
{
    struct found found = {.status = ENGINE_OK};
    bson_t list, targets, target;
    bson_iter_t iter;
    const char *owner = document_string(out, "created_by");
    char *own = owner ? engine_strdup(owner) : NULL; /* out will grow */

    if (owner && !own)
        return engine_fail_memory(err);
    table_init(&found.seen);
    BSON_APPEND_ARRAY_BEGIN(out, SCAN_FOUND_BY, &list);
    found.list = &list;
    found_put(&found, SCAN_FOUND_OWNER, own);
    engine_free(own);
    found_put(&found, SCAN_FOUND_FRAMEWORK,
              document_string(config, "framework"));
    if (document_child(config, "targets", &targets) &&
        bson_iter_init(&iter, &targets))
        while (found.status == ENGINE_OK && bson_iter_next(&iter)) {
            if (!document_iter_child(&iter, &target))
                continue;
            found_put(&found, SCAN_FOUND_TARGET,
                      document_string(&target, "id"));
            found_put(&found, SCAN_FOUND_TARGET,
                      document_string(&target, "host"));
            found_put(&found, SCAN_FOUND_TARGET,
                      document_string(&target, "type"));
            found_put(&found, SCAN_FOUND_TYPE,
                      document_string(&target, "type"));
        }
    bson_append_array_end(out, &list);
    table_clear(&found.seen);
    return found.status < 0 ? engine_fail_memory(err) : ENGINE_OK;
}
