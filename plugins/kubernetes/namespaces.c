/* SPDX-License-Identifier: Apache-2.0 */
/* namespaces.c - which namespaces of a target are looked at. */
#include <fnmatch.h>
#include <string.h>

#include "plugins/kubernetes/judge.h"
#include "sdk/base/alloc.h"
#include "sdk/document/document.h"

#define NAMESPACES_MAX 1000
#define NAMESPACES_PLAIN 20 /* so many lists are cheaper than one of all */

struct kube_namespaces {
    const char *include[NAMESPACES_MAX], *exclude[NAMESPACES_MAX];
    size_t included, excluded;
    bson_t *copy; /* the patterns are in it */
};

static engine_status namespaces_add(const bson_t *list, const char **out,
                                    size_t *count, engine_error *err)
{
    bson_iter_t iter;

    bson_iter_init(&iter, list);
    while (bson_iter_next(&iter)) {
        if (!BSON_ITER_HOLDS_UTF8(&iter))
            return engine_fail(err, ENGINE_EINVAL,
                               "namespaces of the target have to be texts");
        if (*count == NAMESPACES_MAX)
            return engine_fail(err, ENGINE_ELIMIT,
                               "the target names more than %d namespaces",
                               NAMESPACES_MAX);
        out[(*count)++] = bson_iter_utf8(&iter, NULL);
    }
    return ENGINE_OK;
}

static engine_status namespaces_read(struct kube_namespaces *out,
                                     engine_error *err)
{
    bson_t list, part;
    bson_iter_t iter;
    engine_status status = ENGINE_OK;

    bson_iter_init_find(&iter, out->copy, "namespaces");
    if (!document_iter_child(&iter, &list))
        return engine_fail(err, ENGINE_EINVAL,
                           "\"namespaces\" of the target must be a list of "
                           "names, or {include: [...], exclude: [...]}");
    if (BSON_ITER_HOLDS_ARRAY(&iter))
        return namespaces_add(&list, out->include, &out->included, err);
    bson_iter_init(&iter, &list);
    while (status == ENGINE_OK && bson_iter_next(&iter)) {
        const bool include = strcmp(bson_iter_key(&iter), "include") == 0;
        if ((!include && strcmp(bson_iter_key(&iter), "exclude") != 0) ||
            !BSON_ITER_HOLDS_ARRAY(&iter) ||
            !document_iter_child(&iter, &part))
            return engine_fail(err, ENGINE_EINVAL,
                               "namespaces.%s of the target must be include "
                               "or exclude, and a list", bson_iter_key(&iter));
        status = include ? namespaces_add(&part, out->include,
                                          &out->included, err)
                         : namespaces_add(&part, out->exclude,
                                          &out->excluded, err);
    }
    return status;
}

engine_status kube_namespaces_new(const bson_t *target,
                                  struct kube_namespaces **out,
                                  engine_error *err)
{
    struct kube_namespaces *namespaces;
    engine_status status;

    *out = NULL;
    if (!bson_has_field(target, "namespaces"))
        return ENGINE_OK;
    namespaces = engine_calloc(1, sizeof(*namespaces));
    if (namespaces)
        namespaces->copy = bson_copy(target);
    if (!namespaces || !namespaces->copy) {
        kube_namespaces_free(namespaces);
        return engine_fail_memory(err);
    }
    status = namespaces_read(namespaces, err);
    if (status < 0) {
        kube_namespaces_free(namespaces);
        return status;
    }
    *out = namespaces;
    return ENGINE_OK;
}

void kube_namespaces_free(struct kube_namespaces *namespaces)
{
    if (!namespaces)
        return;
    if (namespaces->copy)
        bson_destroy(namespaces->copy);
    engine_free(namespaces);
}

bool kube_namespaces_match(const struct kube_namespaces *namespaces,
                           const char *name)
{
    bool match = namespaces->included == 0;

    for (size_t i = 0; !match && i < namespaces->included; i++)
        match = fnmatch(namespaces->include[i], name, 0) == 0;
    for (size_t i = 0; match && i < namespaces->excluded; i++)
        match = fnmatch(namespaces->exclude[i], name, 0) != 0;
    return match;
}

size_t kube_namespaces_plain(const struct kube_namespaces *namespaces,
                             const char *const **names)
{
    if (namespaces->included > NAMESPACES_PLAIN)
        return 0;
    for (size_t i = 0; i < namespaces->included; i++)
        if (strpbrk(namespaces->include[i], "*?[\\"))
            return 0;
    *names = namespaces->include;
    return namespaces->included;
}
