/* SPDX-License-Identifier: Apache-2.0 */
/* kubeconfig_files.c - reading kubeconfig files, and finding entries in them:
 * of several files the first that has a name wins. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "plugins/kubernetes/kubeconfig.h"
#include "sdk/base/alloc.h"
#include "sdk/base/file.h"

#define FILES_MAXIMUM ((size_t)4 * 1024 * 1024) /* bytes of one file */

/* ---- reading ------------------------------------------------------------- */

struct files_document {
    struct kube_file *file;
    struct value *root;
    bool seen;
};

static engine_status files_on_document(const struct value *value, long line,
                                       void *user, engine_error *err)
{
    struct files_document *document = user;
    const struct value *kind = value_member(value, "kind");

    if (value->kind == VALUE_NULL)
        return ENGINE_OK;
    if (document->seen)
        return engine_fail(err, ENGINE_EPARSE,
                           "%s:%ld: a second document; a kubeconfig is one",
                           document->file->path, line);
    if (value->kind != VALUE_OBJECT)
        return engine_fail(err, ENGINE_EPARSE,
                           "%s:%ld: no kubeconfig: not a mapping but a %s",
                           document->file->path, line,
                           value_kind_name(value));
    if (value_text(kind) && strcmp(value_text(kind), "Config") != 0)
        return engine_fail(err, ENGINE_EPARSE,
                           "%s:%ld: no kubeconfig: its kind is \"%.60s\"",
                           document->file->path, line, value_text(kind));
    *document->root = *value; /* its parts live in the arena */
    document->file->root = document->root;
    document->seen = true;
    return ENGINE_OK;
}

static engine_status files_parse(struct kube_files *files,
                                 struct kube_file *file, const char *text,
                                 size_t len, engine_error *err)
{
    struct files_document document = {
        .file = file, .root = arena_alloc(files->arena, sizeof(struct value))};
    engine_status status;

    if (!document.root)
        return engine_fail_memory(err);
    file->root = &value_null;
    status = value_from_yaml(text, len, file->path, files->arena,
                             files_on_document, &document, err);
    if (status == ENGINE_OK)
        files->count++;
    return status;
}

static engine_status files_room(struct kube_files *files, const char *path,
                                struct kube_file **out, engine_error *err)
{
    struct kube_file *file = &files->items[files->count];
    const size_t room = sizeof(files->items) / sizeof(files->items[0]);

    if (files->count == room)
        return engine_fail(err, ENGINE_ELIMIT,
                           "more than %zu kubeconfig files", room);
    *file = (struct kube_file){.path = arena_strdup(files->arena, path)};
    if (!file->path)
        return engine_fail_memory(err);
    *out = file;
    return ENGINE_OK;
}

/* relative paths in a file are relative to its folder */
static engine_status files_folder(struct kube_files *files,
                                  struct kube_file *file, engine_error *err)
{
    const char *slash = strrchr(file->path, '/');

    file->folder = !slash ? arena_strdup(files->arena, ".")
                          : arena_strndup(files->arena, file->path,
                                          slash == file->path
                                              ? 1
                                              : (size_t)(slash - file->path));
    return file->folder ? ENGINE_OK : engine_fail_memory(err);
}

engine_status kube_files_add(struct kube_files *files, const char *path,
                             bool optional, engine_error *err)
{
    struct kube_file *file;
    struct stat about;
    char *text = NULL;
    size_t len = 0;
    engine_status status;

    if (optional && !file_exists(path))
        return ENGINE_OK;
    status = files_room(files, path, &file, err);
    if (status == ENGINE_OK)
        status = files_folder(files, file, err);
    if (status == ENGINE_OK) {
        status = file_read(path, FILES_MAXIMUM, &text, &len, err);
        if (status < 0)
            engine_error_prefix(err, "kubeconfig");
    }
    if (status == ENGINE_OK) {
        file->open = stat(path, &about) == 0 && (about.st_mode & S_IROTH);
        status = files_parse(files, file, text, len, err);
    }
    if (text)
        explicit_bzero(text, len);
    engine_free(text);
    return status;
}

engine_status kube_files_add_text(struct kube_files *files, const char *name,
                                  const char *text, size_t len,
                                  engine_error *err)
{
    struct kube_file *file;
    engine_status status = files_room(files, name, &file, err);

    if (status == ENGINE_OK && len > FILES_MAXIMUM)
        status = engine_fail(err, ENGINE_ELIMIT,
                             "%s: more than %zu bytes of kubeconfig", name,
                             FILES_MAXIMUM);
    return status < 0 ? status : files_parse(files, file, text, len, err);
}

engine_status kube_files_add_list(struct kube_files *files, const char *list,
                                  engine_error *err)
{
    engine_status status = ENGINE_OK;

    while (status == ENGINE_OK && *list) {
        const size_t len = strcspn(list, ":");
        char *path = arena_strndup(files->arena, list, len);

        if (!path)
            return engine_fail_memory(err);
        if (len)
            status = kube_files_add(files, path, true, err);
        list += len + (list[len] == ':');
    }
    return status;
}

/* ---- finding ------------------------------------------------------------- */

static engine_status files_find_in(const struct kube_file *file,
                                   const char *what, const char *name,
                                   struct kube_entry *out, engine_error *err)
{
    char plural[32];
    const struct value *list;

    snprintf(plural, sizeof(plural), "%ss", what);
    list = value_member(file->root, plural);
    if (!list || list->kind == VALUE_NULL)
        return ENGINE_OK;
    if (list->kind != VALUE_ARRAY)
        return engine_fail(err, ENGINE_EPARSE,
                           "kubeconfig %s: \"%s\" is no list but a %s",
                           file->path, plural, value_kind_name(list));
    for (uint32_t i = 0; i < list->count; i++) {
        const struct value *each = &list->items[i];
        const char *called = value_text(value_member(each, "name"));

        if (!called || strcmp(called, name) != 0)
            continue;
        *out = (struct kube_entry){file, what, called,
                                   value_member(each, what)};
        if (!out->body || out->body->kind == VALUE_NULL)
            out->body = &value_null;
        else if (out->body->kind != VALUE_OBJECT)
            return kube_entry_fail(out, err, "it is no mapping but a %s",
                                   value_kind_name(out->body));
        return ENGINE_OK;
    }
    return ENGINE_OK;
}

engine_status kube_files_find(const struct kube_files *files,
                              const char *what, const char *name,
                              struct kube_entry *out, engine_error *err)
{
    *out = (struct kube_entry){0};
    for (size_t i = 0; i < files->count && !out->body; i++) {
        engine_status status =
            files_find_in(&files->items[i], what, name, out, err);
        if (status < 0)
            return status;
    }
    if (out->body)
        return ENGINE_OK;
    return engine_fail(err, ENGINE_ENOTFOUND,
                       "kubeconfig %s%s: there is no %s \"%.200s\"",
                       files->count ? files->items[0].path : "",
                       files->count > 1 ? " and others" : "", what, name);
}

/* ---- fields -------------------------------------------------------------- */

engine_status kube_entry_fail(const struct kube_entry *entry,
                              engine_error *err, const char *format, ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return engine_fail(err, ENGINE_EINVAL, "kubeconfig %s: %s \"%.200s\": %s",
                       entry->file->path, entry->what, entry->name, text);
}

engine_status kube_entry_text(const struct kube_entry *entry,
                              const char *key, const char **out,
                              engine_error *err)
{
    const struct value *value = value_member(entry->body, key);
    const char *text = value_text(value);

    *out = NULL;
    if (!value || value->kind == VALUE_NULL || (text && !*text))
        return ENGINE_OK;
    if (!text)
        return kube_entry_fail(entry, err, "%s is no text but a %s", key,
                               value_kind_name(value));
    if (strlen(text) != value->count || strpbrk(text, "\r\n"))
        return kube_entry_fail(entry, err, "%s has a NUL or a line end", key);
    *out = text;
    return ENGINE_OK;
}

engine_status kube_entry_flag(const struct kube_entry *entry,
                              const char *key, bool *out, engine_error *err)
{
    const struct value *value = value_member(entry->body, key);

    *out = false;
    if (!value || value->kind == VALUE_NULL)
        return ENGINE_OK;
    if (value->kind != VALUE_BOOL)
        return kube_entry_fail(entry, err, "%s is no boolean but a %s", key,
                               value_kind_name(value));
    *out = value->boolean;
    return ENGINE_OK;
}

engine_status kube_entry_path(const struct kube_entry *entry,
                              struct arena *arena, const char *key,
                              const char **out, engine_error *err)
{
    const engine_status status = kube_entry_text(entry, key, out, err);

    if (status < 0 || !*out || **out == '/')
        return status;
    if (!entry->file->folder)
        return kube_entry_fail(entry, err,
                               "%s is relative, and there is no file that it "
                               "could be relative to", key);
    *out = arena_strf(arena, "%s/%s", entry->file->folder, *out);
    return *out ? ENGINE_OK : engine_fail_memory(err);
}

static const char files_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void kube_base64(const char *data, size_t len, struct buffer *out)
{
    const unsigned char *at = (const unsigned char *)data;

    for (size_t i = 0; i < len; i += 3) {
        const uint32_t second = i + 1 < len ? at[i + 1] : 0;
        const uint32_t third = i + 2 < len ? at[i + 2] : 0;
        const uint32_t bits = (uint32_t)at[i] << 16 | second << 8 | third;

        buffer_putc(out, files_digits[bits >> 18]);
        buffer_putc(out, files_digits[bits >> 12 & 63]);
        buffer_putc(out, i + 1 < len ? files_digits[bits >> 6 & 63] : '=');
        buffer_putc(out, i + 2 < len ? files_digits[bits & 63] : '=');
    }
}

static int files_base64_digit(char byte)
{
    const char *at = byte ? strchr(files_digits, byte) : NULL;

    return at ? (int)(at - files_digits) : -1;
}

static bool files_base64(const char *text, size_t len, char *out,
                         size_t *out_len)
{
    uint32_t bits = 0;
    unsigned count = 0, ends = 0;

    *out_len = 0;
    for (size_t i = 0; i < len; i++) {
        const int digit = files_base64_digit(text[i]);

        if (strchr(" \t\r\n", text[i]) && text[i])
            continue;
        if (text[i] == '=' && ++ends <= 2)
            continue;
        if (digit < 0 || ends)
            return false;
        bits = bits << 6 | (uint32_t)digit;
        if (++count % 4 != 1)
            out[(*out_len)++] = (char)(bits >> (6 - 2 * ((count - 1) % 4)));
    }
    return count % 4 != 1 && (ends == 0 || (count + ends) % 4 == 0);
}

engine_status kube_entry_data(const struct kube_entry *entry,
                              struct arena *arena, const char *key,
                              const char **out, size_t *len,
                              engine_error *err)
{
    const struct value *value = value_member(entry->body, key);
    const char *text = value_text(value);
    char *data;

    *out = NULL;
    *len = 0;
    if (!value || value->kind == VALUE_NULL || (text && !*text))
        return ENGINE_OK;
    if (!text)
        return kube_entry_fail(entry, err, "%s is no text but a %s", key,
                               value_kind_name(value));
    data = arena_alloc(arena, value->count + 1);
    if (!data)
        return engine_fail_memory(err);
    if (!files_base64(text, value->count, data, len) || !*len)
        return kube_entry_fail(entry, err, "%s is no base64", key);
    *out = data;
    return ENGINE_OK;
}
