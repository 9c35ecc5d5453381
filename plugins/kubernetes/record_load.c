/* SPDX-License-Identifier: Apache-2.0 */
/* record_load.c - the notes of a recording, when it is replayed. */
#include "plugins/kubernetes/record.h"

#include "sdk/base/alloc.h"
#include "sdk/base/file.h"
#include "sdk/document/document.h"

static engine_status record_load_kinds(const bson_t *notes,
                                       struct kube_kinds *kinds,
                                       engine_error *err)
{
    engine_status status = ENGINE_OK;
    bson_t list, entry;
    bson_iter_t iter;

    if (!document_child(notes, "kinds", &list))
        return ENGINE_OK;
    bson_iter_init(&iter, &list);
    while (status == ENGINE_OK && bson_iter_next(&iter)) {
        struct kube_resource resource;
        if (!document_iter_child(&iter, &entry))
            continue;
        resource = (struct kube_resource){
            document_string(&entry, "group"),
            document_string(&entry, "version"),
            document_string(&entry, "plural"),
            document_string(&entry, "kind"),
            document_bool(&entry, "namespaced", false)};
        if (resource.group && resource.version && resource.plural &&
            resource.kind)
            status = kube_kinds_add(kinds, &resource, NULL,
                                    document_string(&entry, "alias"), err);
    }
    return status;
}

engine_status kube_record_load(const char *root, struct kube_kinds *kinds,
                               bson_t **errors, engine_error *err)
{
    char *path = engine_strf("%s/" RECORD_NOTES, root), *text = NULL;
    engine_status status;
    bson_t notes, list;
    size_t len = 0;

    *errors = NULL;
    if (!path)
        return engine_fail_memory(err);
    if (!file_exists(path)) {
        engine_free(path);
        return ENGINE_OK;
    }
    status = file_read(path, RECORD_NOTES_MAXIMUM, &text, &len, err);
    if (status == ENGINE_OK)
        status = document_from_json(text, len, path, &notes, err);
    if (status == ENGINE_OK) {
        status = record_load_kinds(&notes, kinds, err);
        if (document_child(&notes, "errors", &list))
            *errors = bson_copy(&list);
        bson_destroy(&notes);
    }
    engine_free(text);
    engine_free(path);
    return status;
}
