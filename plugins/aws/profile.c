/* SPDX-License-Identifier: Apache-2.0 */
/* profile.c - reading the shared config and credentials files. */
#include "plugins/aws/profile.h"

#include <stdbool.h>
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/base/file.h"

#define FILES_ARENA_MAXIMUM ((size_t)64 * 1024 * 1024)
#define FILES_SECTIONS 10000 /* in both files */
#define FILES_SETTINGS 1000  /* of one section */
#define FILES_MORE 1000      /* lines of one value */

/* where the reader is */
struct profile_reader {
    struct aws_files *files;
    const char *file;
    long line;
    bool config;
    struct aws_section *section;  /* NULL before the first one */
    struct aws_setting *setting;  /* the last one, which lines may continue */
    const char *parent;           /* its key when its value is empty */
    size_t indent;                /* of its line */
    unsigned more;                /* lines that continued it */
};

void aws_files_init(struct aws_files *files)
{
    *files = (struct aws_files){0};
    arena_init(&files->arena, FILES_ARENA_MAXIMUM);
}

void aws_files_clear(struct aws_files *files)
{
    arena_wipe(&files->arena);
    aws_files_init(files);
}

/* ---- words --------------------------------------------------------------- */

static bool profile_is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static void profile_trim(const char **text, size_t *len)
{
    while (*len && profile_is_blank(**text)) {
        (*text)++;
        (*len)--;
    }
    while (*len && profile_is_blank((*text)[*len - 1]))
        (*len)--;
}

/* cut at a "#" or ";" with a blank before it */
static size_t profile_uncomment(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((text[i] == '#' || text[i] == ';') &&
            (i == 0 || profile_is_blank(text[i - 1])))
            return i;
    return len;
}

static bool profile_word_is(const char *text, size_t len, const char *word)
{
    return strlen(word) == len && memcmp(text, word, len) == 0;
}

static char *profile_key(struct profile_reader *reader, const char *text,
                         size_t len)
{
    char *key = arena_strndup(&reader->files->arena, text, len);

    for (size_t i = 0; key && i < len; i++)
        if (key[i] >= 'A' && key[i] <= 'Z')
            key[i] = (char)(key[i] + 32);
    return key;
}

static engine_status profile_fail(const struct profile_reader *reader,
                                  engine_error *err, const char *what)
{
    return engine_fail(err, ENGINE_EPARSE, "%s:%ld: %s", reader->file,
                       reader->line, what);
}

static engine_status profile_limit(const struct profile_reader *reader,
                                   engine_error *err, const char *what)
{
    return engine_fail(err, ENGINE_ELIMIT, "%s:%ld: too many %s", reader->file,
                       reader->line, what);
}

/* ---- sections ------------------------------------------------------------ */

/* "profile NAME" and the like: how it begins, and what is left of it */
static bool profile_begins(const char **text, size_t *len, const char *word)
{
    const size_t size = strlen(word);

    if (*len <= size || memcmp(*text, word, size) != 0 ||
        !profile_is_blank((*text)[size]))
        return false;
    *text += size;
    *len -= size;
    profile_trim(text, len);
    return true;
}

static enum aws_section_kind profile_kind(const struct profile_reader *reader,
                                          const char **text, size_t *len)
{
    if (!reader->config)
        return AWS_SECTION_PROFILE;
    if (profile_begins(text, len, "profile") ||
        profile_word_is(*text, *len, "default"))
        return AWS_SECTION_PROFILE;
    if (profile_begins(text, len, "sso-session"))
        return AWS_SECTION_SSO;
    if (profile_begins(text, len, "services"))
        return AWS_SECTION_SERVICES;
    return AWS_SECTION_OTHER;
}

static struct aws_section *profile_section_find(struct aws_files *files,
                                                enum aws_section_kind kind,
                                                const char *name, size_t len)
{
    struct aws_section *at = files->sections;

    while (at && (at->kind != kind || !profile_word_is(name, len, at->name)))
        at = at->next;
    return at;
}

static engine_status profile_section_open(struct profile_reader *reader,
                                          enum aws_section_kind kind,
                                          const char *name, size_t len,
                                          engine_error *err)
{
    struct aws_files *files = reader->files;
    struct aws_section *section =
        profile_section_find(files, kind, name, len);

    if (!section) {
        if (files->count >= FILES_SECTIONS)
            return profile_limit(reader, err, "sections");
        section = arena_alloc(&files->arena, sizeof(*section));
        if (!section)
            return engine_fail_memory(err);
        files->count++;
        section->kind = kind;
        section->name = arena_strndup(&files->arena, name, len);
        if (!section->name)
            return engine_fail_memory(err);
        section->file = reader->file;
        section->line = reader->line;
        section->next = files->sections;
        files->sections = section;
    }
    reader->section = section;
    reader->setting = NULL;
    reader->parent = NULL;
    return ENGINE_OK;
}

static engine_status profile_read_section(struct profile_reader *reader,
                                          const char *text, size_t len,
                                          engine_error *err)
{
    const char *close = memchr(text, ']', len), *rest;
    enum aws_section_kind kind;
    size_t left;

    if (!close)
        return profile_fail(reader, err, "a section without \"]\"");
    rest = close + 1;
    left = (size_t)(text + len - rest);
    profile_trim(&rest, &left);
    if (left && *rest != '#' && *rest != ';')
        return profile_fail(reader, err, "text behind \"]\" of a section");
    text++;
    len = (size_t)(close - text);
    profile_trim(&text, &len);
    kind = profile_kind(reader, &text, &len);
    if (len >= 2 && (*text == '"' || *text == '\'') && text[len - 1] == *text) {
        text++;
        len -= 2;
    }
    if (!len)
        return profile_fail(reader, err, "a section without a name");
    return profile_section_open(reader, kind, text, len, err);
}

/* ---- settings ------------------------------------------------------------ */

static struct aws_setting *profile_setting_find(struct aws_section *section,
                                                const char *parent,
                                                const char *key)
{
    struct aws_setting *at = section->settings;

    while (at && (strcmp(at->key, key) != 0 || !at->parent != !parent ||
                  (parent && strcmp(at->parent, parent) != 0)))
        at = at->next;
    return at;
}

static engine_status profile_setting_put(struct profile_reader *reader,
                                         const char *parent, const char *key,
                                         const char *value,
                                         struct aws_setting **out,
                                         engine_error *err)
{
    struct aws_section *section = reader->section;
    struct aws_setting *setting;

    if (!key || !value)
        return engine_fail_memory(err);
    setting = profile_setting_find(section, parent, key);
    if (!setting) {
        if (section->count >= FILES_SETTINGS)
            return profile_limit(reader, err, "settings in a section");
        setting = arena_alloc(&reader->files->arena, sizeof(*setting));
        if (!setting)
            return engine_fail_memory(err);
        setting->parent = parent;
        setting->key = key;
        setting->next = section->settings;
        section->settings = setting;
        section->count++;
    }
    setting->value = value;
    setting->file = reader->file;
    setting->line = reader->line;
    *out = setting;
    return ENGINE_OK;
}

/* "key = value", its parts trimmed */
static engine_status profile_cut(struct profile_reader *reader,
                                 const char *text, size_t len,
                                 const char **key, const char **value,
                                 engine_error *err)
{
    const char *equals = memchr(text, '=', len), *rest;
    size_t key_len, left;

    if (!equals)
        return profile_fail(reader, err,
                            "neither a section nor \"key = value\"");
    key_len = (size_t)(equals - text);
    profile_trim(&text, &key_len);
    if (!key_len)
        return profile_fail(reader, err, "a value without a key");
    rest = equals + 1;
    left = (size_t)(text + len - rest);
    left = profile_uncomment(rest, left);
    profile_trim(&rest, &left);
    *key = profile_key(reader, text, key_len);
    *value = arena_strndup(&reader->files->arena, rest, left);
    return *key && *value ? ENGINE_OK : engine_fail_memory(err);
}

static engine_status profile_read_setting(struct profile_reader *reader,
                                          const char *text, size_t len,
                                          engine_error *err)
{
    const char *key, *value;
    engine_status status;

    if (!reader->section)
        return profile_fail(reader, err, "a setting before any [section]");
    status = profile_cut(reader, text, len, &key, &value, err);
    if (status < 0)
        return status;
    reader->parent = *value ? NULL : key;
    return profile_setting_put(reader, NULL, key, value, &reader->setting, err);
}

/* an indented line: below a key without a value one of its own, else more of
 * the value in front of it */
static engine_status profile_read_more(struct profile_reader *reader,
                                       const char *text, size_t len,
                                       engine_error *err)
{
    const char *key, *value;
    struct aws_setting *setting;
    engine_status status;

    if (++reader->more > FILES_MORE)
        return profile_limit(reader, err, "lines of one value");
    if (!reader->parent) {
        value = arena_strf(&reader->files->arena, "%s\n%.*s",
                           reader->setting->value, (int)len, text);
        if (!value)
            return engine_fail_memory(err);
        reader->setting->value = value;
        return ENGINE_OK;
    }
    status = profile_cut(reader, text, len, &key, &value, err);
    if (status < 0)
        return status;
    return profile_setting_put(reader, reader->parent, key, value, &setting,
                               err);
}

static engine_status profile_read_line(struct profile_reader *reader,
                                       const char *text, size_t len,
                                       engine_error *err)
{
    const char *line = text;
    size_t indent;

    if (len && text[len - 1] == '\r')
        len--;
    profile_trim(&text, &len);
    if (!len || *text == '#' || *text == ';')
        return ENGINE_OK;
    if (memchr(text, '\0', len))
        return profile_fail(reader, err, "a zero byte");
    indent = (size_t)(text - line);
    if (reader->setting && indent > reader->indent)
        return profile_read_more(reader, text, len, err);
    reader->indent = indent;
    reader->more = 0;
    if (*text == '[')
        return profile_read_section(reader, text, len, err);
    return profile_read_setting(reader, text, len, err);
}

/* ---- files --------------------------------------------------------------- */

engine_status aws_files_add(struct aws_files *files, const char *file,
                            const char *text, size_t len, int is_config,
                            engine_error *err)
{
    struct profile_reader reader = {.files = files, .config = is_config};
    const char *end = text + len;
    engine_status status = ENGINE_OK;

    reader.file = arena_strdup(&files->arena, file);
    if (!reader.file)
        return engine_fail_memory(err);
    if (len > AWS_FILE_MAXIMUM)
        return engine_fail(err, ENGINE_ELIMIT, "%s: larger than %zu bytes",
                           file, AWS_FILE_MAXIMUM);
    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        text += 3;
    while (status == ENGINE_OK && text < end) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));

        reader.line++;
        stop = stop ? stop : end;
        status = profile_read_line(&reader, text, (size_t)(stop - text), err);
        text = stop + 1;
    }
    return status;
}

engine_status aws_files_load(struct aws_files *files, const char *path,
                             int is_config, engine_error *err)
{
    char *text = NULL;
    size_t len = 0;
    engine_status status = file_read(path, AWS_FILE_MAXIMUM, &text, &len, err);

    if (status < 0)
        return status;
    status = aws_files_add(files, path, text, len, is_config, err);
    explicit_bzero(text, len);
    engine_free(text);
    return status;
}

/* ---- looking up ---------------------------------------------------------- */

const struct aws_section *aws_files_section(const struct aws_files *files,
                                            enum aws_section_kind kind,
                                            const char *name)
{
    const struct aws_section *at = files->sections;

    while (at && (at->kind != kind || strcmp(at->name, name) != 0))
        at = at->next;
    return at;
}

const struct aws_setting *aws_section_setting(const struct aws_section *section,
                                              const char *key)
{
    for (const struct aws_setting *at = section ? section->settings : NULL; at;
         at = at->next)
        if (!at->parent && strcmp(at->key, key) == 0)
            return *at->value ? at : NULL;
    return NULL;
}

const char *aws_section_get(const struct aws_section *section, const char *key)
{
    const struct aws_setting *setting = aws_section_setting(section, key);

    return setting ? setting->value : NULL;
}

const char *aws_section_get_in(const struct aws_section *section,
                               const char *parent, const char *key)
{
    for (const struct aws_setting *at = section ? section->settings : NULL; at;
         at = at->next)
        if (at->parent && strcmp(at->parent, parent) == 0 &&
            strcmp(at->key, key) == 0)
            return *at->value ? at->value : NULL;
    return NULL;
}
