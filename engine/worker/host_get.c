/* SPDX-License-Identifier: Apache-2.0 */
/* host_get.c - typed getters, so that a simple plugin needs no BSON library. */
#include <string.h>

#include "engine/worker/worker_private.h"
#include "sdk/document/document.h"

/* SCANNER_OK and an iterator on the value; null counts as absent. Documents
 * come from the engine or are children of those: checked when they arrived. */
static int32_t get_find(const struct scanner_doc *document, const char *path,
                        bson_iter_t *iter)
{
    bson_t borrowed;

    if (!document || !path)
        return SCANNER_EINVAL;
    if (!document->data)
        return SCANNER_ENOTFOUND;
    if (!bson_init_static(&borrowed, document->data, document->len))
        return SCANNER_EINVAL;
    if (!document_find(&borrowed, path, iter) || BSON_ITER_HOLDS_NULL(iter))
        return SCANNER_ENOTFOUND;
    return SCANNER_OK;
}

static int32_t host_get_string(const struct scanner_host *host,
                               const struct scanner_doc *document,
                               const char *path, const char **out)
{
    bson_iter_t iter;
    const int32_t status = get_find(document, path, &iter);

    (void)host;
    if (status < 0)
        return status;
    if (!out || !BSON_ITER_HOLDS_UTF8(&iter))
        return SCANNER_EINVAL;
    *out = bson_iter_utf8(&iter, NULL);
    return SCANNER_OK;
}

static int32_t host_get_int(const struct scanner_host *host,
                            const struct scanner_doc *document,
                            const char *path, int64_t *out)
{
    bson_iter_t iter;
    const int32_t status = get_find(document, path, &iter);

    (void)host;
    if (status < 0)
        return status;
    if (!out || (!BSON_ITER_HOLDS_INT32(&iter) &&
                 !BSON_ITER_HOLDS_INT64(&iter)))
        return SCANNER_EINVAL;
    *out = bson_iter_as_int64(&iter);
    return SCANNER_OK;
}

static int32_t host_get_double(const struct scanner_host *host,
                               const struct scanner_doc *document,
                               const char *path, double *out)
{
    bson_iter_t iter;
    const int32_t status = get_find(document, path, &iter);

    (void)host;
    if (status < 0)
        return status;
    if (!out || !BSON_ITER_HOLDS_NUMBER(&iter))
        return SCANNER_EINVAL;
    *out = bson_iter_as_double(&iter);
    return SCANNER_OK;
}

static int32_t host_get_bool(const struct scanner_host *host,
                             const struct scanner_doc *document,
                             const char *path, int32_t *out)
{
    bson_iter_t iter;
    const int32_t status = get_find(document, path, &iter);

    (void)host;
    if (status < 0)
        return status;
    if (!out || !BSON_ITER_HOLDS_BOOL(&iter))
        return SCANNER_EINVAL;
    *out = bson_iter_bool(&iter) ? 1 : 0;
    return SCANNER_OK;
}

static int32_t host_get_doc(const struct scanner_host *host,
                            const struct scanner_doc *document,
                            const char *path, struct scanner_doc *out)
{
    bson_t child;
    bson_iter_t iter;
    const int32_t status = get_find(document, path, &iter);

    (void)host;
    if (status < 0)
        return status;
    if (!out || !document_iter_child(&iter, &child))
        return SCANNER_EINVAL;
    *out = (struct scanner_doc){.data = bson_get_data(&child),
                                .len = child.len};
    return SCANNER_OK;
}

void host_fill_getters(struct scanner_host *host)
{
    host->get_string = host_get_string;
    host->get_int = host_get_int;
    host->get_double = host_get_double;
    host->get_bool = host_get_bool;
    host->get_doc = host_get_doc;
}
