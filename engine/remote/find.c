/* SPDX-License-Identifier: Apache-2.0 */
/* find.c - which scan a name means. */
#include <string.h>

#include "engine/remote/remote.h"
#include "sdk/base/alloc.h"
#include "sdk/document/document.h"

#define FIND_ID_LEN 36 /* of a whole id, a UUID */
#define FIND_PAGE 200

struct find {
    const char *name;
    char id[REMOTE_ID_MAX];
    int64_t count, got;
    bool last;
};

static bool find_fits(const struct find *find, const char *id)
{
    const size_t len = strlen(find->name), id_len = strlen(id);

    return find->last ||
           (len <= id_len && (memcmp(id, find->name, len) == 0 ||
                              strcmp(id + id_len - len, find->name) == 0));
}

static engine_status find_on_scan(const bson_t *scan, void *user,
                                  engine_error *err)
{
    struct find *find = user;
    const char *id = document_string(scan, "scan_id");

    (void)err;
    find->got++;
    if (!id || strlen(id) >= sizeof(find->id) || !find_fits(find, id))
        return ENGINE_OK;
    if (find->count++ == 0)
        snprintf(find->id, sizeof(find->id), "%s", id);
    return ENGINE_OK;
}

static engine_status find_page(struct remote *remote, struct find *find,
                               int64_t skip, bool *more, engine_error *err)
{
    struct http_answer answer;
    bson_t rest;
    engine_status status;
    char path[80];

    snprintf(path, sizeof(path), "/scans?skip=%lld&limit=%d", (long long)skip,
             find->last ? 1 : FIND_PAGE);
    http_answer_init(&answer);
    status = remote_ask(remote, "GET", path, NULL, &answer, err);
    if (status == ENGINE_OK)
        status =
            page_read(answer.body.data ? answer.body.data : "", answer.body.len,
                      "scans", find_on_scan, find, &rest, err);
    if (status == ENGINE_OK) {
        *more = document_bool(&rest, "has_more", false);
        bson_destroy(&rest);
    } else if (status == ENGINE_EPARSE) {
        status = remote_fail_misread(remote, err);
    }
    http_answer_clear(&answer);
    return status;
}

engine_status remote_find_scan(struct remote *remote, const char *name,
                               char out[REMOTE_ID_MAX], engine_error *err)
{
    struct find find = {.name = name, .last = strcmp(name, "last") == 0};
    const size_t len = strlen(name);
    bool more = true;
    engine_status status = ENGINE_OK;

    if (len == FIND_ID_LEN && strspn(name, "0123456789abcdef-") == len) {
        memcpy(out, name, len + 1); /* the daemon will say if it is not */
        return ENGINE_OK;
    }
    for (int64_t skip = 0; more && !(find.last && skip) && find.count < 2;
         skip += find.got) {
        find.got = 0;
        status = find_page(remote, &find, skip, &more, err);
        if (status < 0)
            return status;
        if (!find.got)
            break;
    }
    if (find.count == 1 || (find.last && find.count)) {
        memcpy(out, find.id, sizeof(find.id));
        return ENGINE_OK;
    }
    if (find.count) {
        engine_fail(err, ENGINE_EINVAL, "\"%.80s\" may be more than one scan",
                    name);
        engine_hint(err, "write more of the id");
        return ENGINE_EINVAL;
    }
    engine_fail(err, ENGINE_ENOTFOUND, "there is no scan \"%.80s\"", name);
    engine_hint(err, "scan-engine scans list %s shows those there are",
                remote->options);
    return ENGINE_ENOTFOUND;
}
