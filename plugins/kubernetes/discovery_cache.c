/* SPDX-License-Identifier: Apache-2.0 */
/* discovery_cache.c - what a server said of its types, kept for ten minutes
 * as it said it, so that it is read with the same care again. */
#include <bson/bson.h>
#include <string.h>

#include "plugins/kubernetes/cluster.h"
#include "plugins/kubernetes/discovery.h"
#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"
#include "sdk/base/file.h"
#include "sdk/base/hash.h"
#include "sdk/document/document.h"

#define CACHE_MS (INT64_C(10) * 60 * 1000)
#define CACHE_MAXIMUM ((size_t)64 * 1024 * 1024)

/* of a server as a user: who may see less of it has a file of his own */
static char *cache_path(const struct kube_cluster *cluster)
{
    const char *folder = cluster->base.job->cachedir;
    char name[HASH_HEX_SIZE], *key, *path = NULL;

    if (!folder || !*folder)
        return NULL;
    key = engine_strf("%s\n%s", cluster->config.server, cluster->who);
    if (!key)
        return NULL;
    hash_bytes(key, strlen(key), name);
    path = engine_strf("%s/discovery-%s.bson", folder, name);
    engine_free(key);
    return path;
}

static engine_status cache_take(struct kube_discovery *out,
                                const bson_t *answer)
{
    const char *path = document_string(answer, "path");
    const char *text = document_string(answer, "text");
    const struct kube_version *version;

    if (!path || !text)
        return ENGINE_EPARSE;
    if (strcmp(path, "/api") == 0 || strcmp(path, "/apis") == 0)
        return kube_discovery_root(out, path, text, strlen(text), NULL);
    version = kube_discovery_version(out, path);
    return version ? kube_discovery_resources(out, version, text,
                                              strlen(text), NULL)
                   : ENGINE_EPARSE;
}

static bool cache_read(const bson_t *document, const char *server,
                       struct kube_discovery *out)
{
    const char *of = document_string(document, "server");
    const int64_t age = clock_now_ms() - document_int(document, "saved", 0);
    bson_t answers, answer;
    bson_iter_t iter;

    if (!of || strcmp(of, server) != 0 || age < 0 || age > CACHE_MS ||
        !document_child(document, "answers", &answers))
        return false;
    bson_iter_init(&iter, &answers);
    while (bson_iter_next(&iter))
        if (!document_iter_child(&iter, &answer) ||
            cache_take(out, &answer) < 0)
            return false;
    return kube_kinds_count(out->kinds) > 0;
}

bool kube_discovery_load(const struct kube_cluster *cluster,
                         struct kube_discovery *out)
{
    char *path = cache_path(cluster), *data = NULL;
    bson_t document;
    size_t len = 0;
    bool good = false;

    if (path && file_exists(path) &&
        file_read(path, CACHE_MAXIMUM, &data, &len, NULL) == ENGINE_OK)
        good = bson_init_static(&document, (const uint8_t *)data, len) &&
               bson_validate(&document, BSON_VALIDATE_UTF8, NULL) &&
               cache_read(&document, cluster->config.server, out);
    engine_free(data);
    engine_free(path);
    return good;
}

static bool cache_put(bson_t *document, const struct kube_discovery *from)
{
    uint32_t index = 0;
    bson_t answers, entry;
    char room[16];
    const char *key;
    size_t bytes = 0;

    BSON_APPEND_ARRAY_BEGIN(document, "answers", &answers);
    for (const struct kube_answer *each = from->answers; each;
         each = each->next) {
        bytes += each->len;
        if (bytes > CACHE_MAXIMUM / 2)
            break;
        bson_uint32_to_string(index++, &key, room, sizeof(room));
        BSON_APPEND_DOCUMENT_BEGIN(&answers, key, &entry);
        BSON_APPEND_UTF8(&entry, "path", each->path);
        bson_append_utf8(&entry, "text", -1, each->text, (int)each->len);
        bson_append_document_end(&answers, &entry);
    }
    bson_append_array_end(document, &answers);
    return bytes <= CACHE_MAXIMUM / 2;
}

void kube_discovery_save(const struct kube_cluster *cluster,
                         const struct kube_discovery *discovery)
{
    char *path = cache_path(cluster);
    bson_t document = BSON_INITIALIZER;
    engine_error err = {0};

    BSON_APPEND_UTF8(&document, "server", cluster->config.server);
    BSON_APPEND_INT64(&document, "saved", clock_now_ms());
    if (path && cache_put(&document, discovery) &&
        file_write(path, bson_get_data(&document), document.len, 0600,
                   &err) < 0)
        kit_log(cluster->base.self->host, SCANNER_LOG_INFO,
                "discovery is not kept: %s", err.message);
    bson_destroy(&document);
    engine_free(path);
}
