/* SPDX-License-Identifier: Apache-2.0 */
/* record.c - writing what was read as a dump, and reading its notes. */
#include "plugins/kubernetes/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "plugins/kubernetes/dump.h"
#include "sdk/base/alloc.h"
#include "sdk/base/file.h"
#include "sdk/document/document.h"

struct kube_recorder {
    char *root;
    bson_t *errors, *kinds; /* kinds: {"group/version/plural": {...}} */
    engine_error failure;
};

struct kube_record {
    struct kube_recorder *recorder;
    char *path, *temporary;
    FILE *file;
    uint64_t items;
};

/* ---- the recording ------------------------------------------------------- */

static void recorder_free(struct kube_recorder *recorder)
{
    if (recorder->errors)
        bson_destroy(recorder->errors);
    if (recorder->kinds)
        bson_destroy(recorder->kinds);
    engine_free(recorder->root);
    engine_free(recorder);
}

engine_status kube_recorder_open(const char *directory,
                                 struct kube_recorder **out,
                                 engine_error *err)
{
    struct kube_recorder *recorder = engine_calloc(1, sizeof(*recorder));
    char *notes = engine_strf("%s/" RECORD_NOTES, directory);
    engine_status status = ENGINE_OK;

    if (recorder) {
        recorder->root = engine_strdup(directory);
        recorder->errors = bson_new();
        recorder->kinds = bson_new();
    }
    if (!recorder || !notes || !recorder->root)
        status = engine_fail_memory(err);
    else if (file_exists(notes))
        status = engine_fail(err, ENGINE_ECONFLICT,
                             "%s holds a recording already", directory);
    else
        status = file_make_directory(directory, err);
    engine_free(notes);
    if (status < 0 && recorder)
        recorder_free(recorder);
    if (status == ENGINE_OK)
        *out = recorder;
    return status;
}

/* "ing" of "networking.k8s.io/v1/ing" and of "ing.networking.k8s.io" */
static char *recorder_alias(const char *name)
{
    const char *slash = strrchr(name, '/');

    name = slash ? slash + 1 : name;
    return engine_strndup(name, strcspn(name, "."));
}

void kube_recorder_kind(struct kube_recorder *recorder, const char *name,
                        const struct kube_resource *resource)
{
    char *alias = recorder_alias(name);
    char *key = alias ? engine_strf("%s/%s/%s/%s", resource->group,
                                    resource->version, resource->plural,
                                    alias)
                      : NULL;
    bson_t entry;

    if (key && !bson_has_field(recorder->kinds, key)) {
        bson_append_document_begin(recorder->kinds, key, -1, &entry);
        BSON_APPEND_UTF8(&entry, "group", resource->group);
        BSON_APPEND_UTF8(&entry, "version", resource->version);
        BSON_APPEND_UTF8(&entry, "plural", resource->plural);
        BSON_APPEND_UTF8(&entry, "kind", resource->kind);
        BSON_APPEND_UTF8(&entry, "alias", alias);
        BSON_APPEND_BOOL(&entry, "namespaced", resource->namespaced);
        bson_append_document_end(recorder->kinds, &entry);
    }
    if (!key && recorder->failure.status == ENGINE_OK)
        engine_fail_memory(&recorder->failure);
    engine_free(alias);
    engine_free(key);
}

void kube_recorder_error(struct kube_recorder *recorder, const char *name,
                         const engine_error *why)
{
    bson_t entry;

    if (bson_has_field(recorder->errors, name))
        return;
    bson_append_document_begin(recorder->errors, name, -1, &entry);
    BSON_APPEND_INT32(&entry, "status", why->status);
    BSON_APPEND_UTF8(&entry, "message", why->message);
    bson_append_document_end(recorder->errors, &entry);
}

static engine_status recorder_write_notes(const struct kube_recorder *recorder,
                                          engine_error *err)
{
    char *path = engine_strf("%s/" RECORD_NOTES, recorder->root);
    bson_t notes = BSON_INITIALIZER;
    engine_status status = ENGINE_OK;
    struct buffer text;

    buffer_init(&text, RECORD_NOTES_MAXIMUM);
    BSON_APPEND_INT32(&notes, "format", 1);
    BSON_APPEND_DOCUMENT(&notes, "kinds", recorder->kinds);
    BSON_APPEND_DOCUMENT(&notes, "errors", recorder->errors);
    if (!path)
        status = engine_fail_memory(err);
    if (status == ENGINE_OK &&
        document_to_json(&notes, DOCUMENT_JSON_PRETTY, &text) < 0)
        status = buffer_status(&text, err);
    if (status == ENGINE_OK)
        status = file_write(path, text.data, text.len, 0600, err);
    buffer_clear(&text);
    bson_destroy(&notes);
    engine_free(path);
    return status;
}

engine_status kube_recorder_close(struct kube_recorder *recorder,
                                  engine_error *err)
{
    engine_status status = recorder->failure.status;

    if (status < 0 && err)
        *err = recorder->failure;
    if (status == ENGINE_OK)
        status = recorder_write_notes(recorder, err);
    recorder_free(recorder);
    return status;
}

/* ---- one read ------------------------------------------------------------ */

static engine_status record_failed(struct kube_record *record,
                                   engine_error *err)
{
    engine_fail(err, engine_status_from_errno(errno), "recording %s: %s",
                record->path, strerror(errno));
    if (err && record->recorder->failure.status == ENGINE_OK)
        record->recorder->failure = *err;
    return err ? err->status : ENGINE_EIO;
}

static engine_status record_open_file(struct kube_record *record,
                                      engine_error *err)
{
    char *slash = strrchr(record->path, '/');
    engine_status status;
    int fd;

    *slash = '\0';
    status = file_make_directory(record->path, err);
    *slash = '/';
    if (status < 0)
        return status;
    /* objects may be Secrets, whoever may look into the folder */
    fd = open(record->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
              0600);
    record->file = fd < 0 ? NULL : fdopen(fd, "w");
    if (fd >= 0 && !record->file)
        close(fd);
    return record->file ? ENGINE_OK : record_failed(record, err);
}

engine_status kube_record_open(struct kube_recorder *recorder,
                               struct kube_read *read, engine_error *err)
{
    struct kube_record *record = engine_calloc(1, sizeof(*record));
    struct kube_place place;
    bool named;

    if (!record)
        return engine_fail_memory(err);
    read->record = record;
    record->recorder = recorder;
    /* what is no object's name may be a folder of objects as well */
    named = kube_place_of(read->path.plain, &place) && *place.name;
    record->path = engine_strf("%s%s%s", recorder->root, read->path.key,
                               named || *read->path.query ? "" : "?");
    record->temporary = engine_strf("%s%s.part", recorder->root,
                                    read->path.key);
    if (!record->path || !record->temporary)
        return engine_fail_memory(err);
    return ENGINE_OK;
}

static engine_status record_item_value(const struct value *item,
                                       struct buffer *out, engine_error *err)
{
    buffer_init(out, RECORD_NOTES_MAXIMUM);
    return value_to_json(item, 0, out) < 0 ? buffer_status(out, err)
                                           : ENGINE_OK;
}

engine_status kube_record_item(struct kube_record *record,
                               const struct value *item, const char *text,
                               size_t len, engine_error *err)
{
    struct buffer made;
    engine_status status;

    if (!text) {
        status = record_item_value(item, &made, err);
        if (status == ENGINE_OK)
            status = kube_record_item(record, item, made.data, made.len, err);
        buffer_clear(&made);
        return status;
    }
    if (!record->file && record_open_file(record, err) < 0)
        return err ? err->status : ENGINE_EIO;
    if (fputs(record->items++ ? ",\n" : "{\"items\":[\n", record->file) < 0 ||
        fwrite(text, 1, len, record->file) != len)
        return record_failed(record, err);
    return ENGINE_OK;
}

static bool record_value(struct kube_record *record,
                         const struct value *value, struct buffer *text)
{
    buffer_reset(text);
    return value_to_json(value, 0, text) == ENGINE_OK &&
           fwrite(text->data, 1, text->len, record->file) == text->len;
}

static bool record_member(struct kube_record *record,
                          const struct value_member *member, bool first,
                          struct buffer *text)
{
    const struct value key = {.kind = VALUE_STRING,
                              .count = member->key_len,
                              .text = member->key};

    return (first || fputc(',', record->file) != EOF) &&
           record_value(record, &key, text) &&
           fputc(':', record->file) != EOF &&
           record_value(record, &member->value, text);
}

/* a list's metadata; the page that it ended on is nobody's business */
static bool record_metadata(struct kube_record *record,
                            const struct value *metadata, struct buffer *text)
{
    bool good = fputs(",\"metadata\":{", record->file) >= 0, first = true;

    for (uint32_t i = 0; good && i < metadata->count; i++) {
        const struct value_member *member = &metadata->members[i];
        if (strcmp(member->key, "continue") == 0 ||
            strcmp(member->key, "remainingItemCount") == 0)
            continue;
        good = record_member(record, member, first, text);
        first = false;
    }
    return good && fputc('}', record->file) != EOF;
}

/* behind the items comes the rest of the list, its kind and metadata */
static bool record_list(struct kube_record *record,
                        const struct value *document, struct buffer *text)
{
    bool good = fputs(record->items ? "\n]" : "{\"items\":[]",
                      record->file) >= 0;

    for (uint32_t i = 0; good && i < document->count; i++) {
        const struct value_member *member = &document->members[i];
        if (strcmp(member->key, "items") == 0)
            continue;
        if (strcmp(member->key, "metadata") == 0 &&
            member->value.kind == VALUE_OBJECT)
            good = record_metadata(record, &member->value, text);
        else
            good = record_member(record, member, false, text);
    }
    return good && fputs("}\n", record->file) >= 0;
}

static engine_status record_rest(struct kube_record *record,
                                 const struct kube_read *read,
                                 engine_error *err)
{
    const struct value *document = read->document;
    struct buffer text;
    bool good;

    buffer_init(&text, RECORD_NOTES_MAXIMUM * 32);
    good = read->has_list && document->kind == VALUE_OBJECT
               ? record_list(record, document, &text)
               : record_value(record, document, &text);
    buffer_clear(&text);
    return good ? ENGINE_OK : record_failed(record, err);
}

void kube_record_end(struct kube_record *record, const struct kube_read *read)
{
    engine_error err = {0};
    engine_status status = ENGINE_OK;

    if (read->failure.status < 0) {
        kube_recorder_error(record->recorder, read->path.key, &read->failure);
        return;
    }
    if (read->absent)
        return;
    if (!record->file && record_open_file(record, &err) < 0) {
        if (record->recorder->failure.status == ENGINE_OK)
            record->recorder->failure = err;
        return;
    }
    status = record_rest(record, read, &err);
    if (fclose(record->file) != 0 && status == ENGINE_OK)
        status = record_failed(record, &err);
    record->file = NULL;
    if (status == ENGINE_OK && rename(record->temporary, record->path) < 0)
        (void)record_failed(record, &err);
}

void kube_record_close(struct kube_record *record)
{
    if (!record)
        return;
    if (record->file)
        fclose(record->file);
    if (record->temporary)
        (void)remove(record->temporary);
    engine_free(record->path);
    engine_free(record->temporary);
    engine_free(record);
}
