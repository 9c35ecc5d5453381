/* SPDX-License-Identifier: Apache-2.0 */
/* path.c - importing a path: a file of any kind, or a directory. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/rules/rules_private.h"
#include "sdk/base/alloc.h"
#include "sdk/base/file.h"

#define PATH_SNIFF 4096 /* bytes read to tell what a file is */

/* ---- native content ------------------------------------------------------ */

/* Whatever came of a file before it failed is not all there is. */
static void path_mark_incomplete(struct rules_import *import,
                                 const char *path)
{
    void *value = NULL;
    size_t at = 0;

    while (table_next(&import->known.benchmarks, &at, &value)) {
        struct known_benchmark *benchmark = value;
        if (benchmark->file && strcmp(benchmark->file, path) == 0)
            benchmark->incomplete = true;
    }
}

static engine_status path_native(struct rules_import *import,
                                 const char *path, const char *format,
                                 engine_error *err)
{
    const struct rules_import_options *options = &import->options;
    engine_error why = {0};
    engine_status status;

    if (!options->native)
        return rules_import_refuse(import, path, NULL,
                                   "no scanner here imports \"%s\" content",
                                   format);
    status = rules_report_start(import->report, path, err);
    if (status < 0)
        return status;
    status = options->native(path, format, import, options->user, &why);
    if (status < 0)
        path_mark_incomplete(import, path);
    if (import->fatal < 0 || status == ENGINE_ENOMEM ||
        status == ENGINE_ECANCELLED) {
        if (err)
            *err = import->fatal < 0 ? import->fatal_error : why;
        return import->fatal < 0 ? import->fatal : status;
    }
    if (status == ENGINE_EUNSUPPORTED && import->walking) {
        /* OVAL, OCIL and CPE files lie beside the content they belong to */
        rules_report_counts(import->report)->skipped++;
        rules_report_note(import->report, NULL, 0, why.message);
        return ENGINE_OK;
    }
    if (status < 0)
        return rules_import_reject(import, path, &why);
    return ENGINE_OK;
}

/* ---- one file ------------------------------------------------------------ */

static engine_status path_sniff(const char *path, char *head, size_t *len,
                                engine_error *err)
{
    FILE *file = fopen(path, "rbe");

    if (!file)
        return engine_fail(err, engine_status_from_errno(errno),
                           "could not open \"%s\": %s", path,
                           strerror(errno));
    *len = fread(head, 1, PATH_SNIFF, file);
    fclose(file);
    return ENGINE_OK;
}

static engine_status path_text(struct rules_import *import, const char *path,
                               enum rules_format format, engine_error *err)
{
    engine_error why = {0};
    engine_status status;
    char *data = NULL;
    size_t len = 0;

    status = file_read(path, RULES_FILE_MAX, &data, &len, &why);
    if (status == ENGINE_ENOMEM)
        return engine_fail_memory(err);
    if (status < 0)
        return rules_import_reject(import, path, &why);
    status = rules_import_bytes(import, path, format, data, len, err);
    engine_free(data);
    return status;
}

engine_status rules_import_file(struct rules_import *import, const char *path,
                                enum rules_format format, engine_error *err)
{
    char head[PATH_SNIFF], root[128] = "";
    engine_error why = {0};
    size_t len = 0;

    if (path_sniff(path, head, &len, &why) < 0)
        return rules_import_reject(import, path, &why);
    if (format == RULES_FORMAT_UNKNOWN && import->options.format)
        return path_native(import, path, import->options.format, err);
    if (format == RULES_FORMAT_UNKNOWN)
        format = rules_format_of_bytes(head, len);
    switch (format) {
    case RULES_FORMAT_ARCHIVE:
        return rules_import_archive(import, path, err);
    case RULES_FORMAT_NATIVE:
        if (!rules_xml_root(head, len, root, sizeof(root)))
            return rules_import_refuse(import, path, NULL,
                                       "no XML root element in its first "
                                       "%d bytes", PATH_SNIFF);
        return path_native(import, path, root, err);
    case RULES_FORMAT_UNKNOWN:
        return rules_import_refuse(
            import, path,
            "name it .yaml, .json, .jsonl, .tar.gz or .xml, or say --as",
            "this is no kind of rule content that can be told");
    default:
        return path_text(import, path, format, err);
    }
}

/* ---- directories --------------------------------------------------------- */

struct path_walk {
    struct rules_import *import;
    char *root; /* resolved: links must stay below it */
    size_t files;
};

static engine_status path_walk(struct path_walk *walk, const char *directory,
                               int depth, engine_error *err);

/* hidden entries are none of ours: ".git", "..data" of a Kubernetes volume */
static int path_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static bool path_link_is_inside(const struct path_walk *walk,
                                const char *path)
{
    const size_t len = strlen(walk->root);
    char *real = realpath(path, NULL);
    bool inside = real && strncmp(real, walk->root, len) == 0 &&
                  (real[len] == '/' || strcmp(walk->root, "/") == 0);

    free(real); /* realpath(3) allocates by itself */
    return inside;
}

static engine_status path_entry(struct path_walk *walk, const char *path,
                                int depth, engine_error *err)
{
    const enum rules_format format = rules_format_of_name(path);
    struct stat info;
    bool link;

    if (lstat(path, &info) != 0)
        return ENGINE_OK; /* gone since the directory was read */
    link = S_ISLNK(info.st_mode);
    if (S_ISDIR(info.st_mode))
        return path_walk(walk, path, depth + 1, err);
    if (format == RULES_FORMAT_UNKNOWN)
        return ENGINE_OK; /* README and the like */
    if (strcmp(strrchr(path, '/') ? strrchr(path, '/') + 1 : path,
               "manifest.json") == 0)
        return ENGINE_OK; /* of an unpacked bundle */
    if (link && !path_link_is_inside(walk, path))
        return rules_import_refuse(walk->import, path, NULL,
                                   "a link that leads out of the directory");
    if (link && (stat(path, &info) != 0 || S_ISDIR(info.st_mode)))
        return ENGINE_OK;
    if (!S_ISREG(info.st_mode))
        return rules_import_refuse(walk->import, path, NULL,
                                   "not a regular file");
    if (++walk->files > RULES_FILES_MAX)
        return engine_fail(err, ENGINE_ELIMIT,
                           "\"%s\" has more than %d files", walk->root,
                           RULES_FILES_MAX);
    return rules_import_file(walk->import, path, format, err);
}

static engine_status path_walk_names(struct path_walk *walk,
                                     const char *directory,
                                     struct dirent **names, int count,
                                     int depth, engine_error *err)
{
    engine_status status = ENGINE_OK;

    for (int i = 0; status == ENGINE_OK && i < count; i++) {
        char *path = engine_strf("%s/%s", directory, names[i]->d_name);
        if (!path)
            return engine_fail_memory(err);
        status = path_entry(walk, path, depth, err);
        engine_free(path);
    }
    return status;
}

static int path_compare(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static engine_status path_walk(struct path_walk *walk, const char *directory,
                               int depth, engine_error *err)
{
    struct dirent **names = NULL;
    engine_status status;
    int count;

    if (depth > RULES_DEPTH_MAX)
        return rules_import_refuse(walk->import, directory, NULL,
                                   "more than %d directories deep",
                                   RULES_DEPTH_MAX);
    count = scandir(directory, &names, path_visible, path_compare);
    if (count < 0)
        return rules_import_refuse(walk->import, directory, NULL,
                                   "could not read the directory: %s",
                                   strerror(errno));
    status = path_walk_names(walk, directory, names, count, depth, err);
    for (int i = 0; i < count; i++)
        free(names[i]); /* scandir(3) allocates by itself */
    free(names);
    return status;
}

engine_status rules_import_directory(struct rules_import *import,
                                     const char *path, engine_error *err)
{
    struct path_walk walk = {.import = import};
    engine_status status;
    char *trimmed = engine_strdup(path);

    if (!trimmed)
        return engine_fail_memory(err);
    for (size_t len = strlen(trimmed); len > 1 && trimmed[len - 1] == '/';)
        trimmed[--len] = '\0';
    walk.root = realpath(trimmed, NULL);
    import->walking = true;
    if (!walk.root)
        status = rules_import_refuse(import, path, NULL,
                                     "could not resolve it: %s",
                                     strerror(errno));
    else
        status = path_walk(&walk, trimmed, 0, err);
    if (status == ENGINE_OK && walk.root && walk.files == 0)
        status = rules_import_refuse(import, path, NULL,
                                     "there is no rule file in this "
                                     "directory");
    import->walking = false;
    free(walk.root);
    engine_free(trimmed);
    return status;
}

engine_status rules_import_text(struct rules_import *import, const char *text,
                                size_t len, const char *name,
                                engine_error *err)
{
    const char *word = import->options.format;
    enum rules_format format =
        word ? rules_format_of_word(word) : rules_format_of_bytes(text, len);

    if (import->fatal < 0) {
        if (err)
            *err = import->fatal_error;
        return import->fatal;
    }
    if (!word && format == RULES_FORMAT_UNKNOWN)
        format = RULES_FORMAT_YAML;
    if (format != RULES_FORMAT_YAML && format != RULES_FORMAT_JSON)
        return rules_import_refuse(import, name,
                                   "import other content from a file",
                                   "this is neither YAML nor JSON");
    if (len > RULES_FILE_MAX)
        return rules_import_refuse(import, name, NULL,
                                   "it is longer than %zu bytes",
                                   (size_t)RULES_FILE_MAX);
    return rules_import_bytes(import, name, format, text, len, err);
}

engine_status rules_import_path(struct rules_import *import, const char *path,
                                engine_error *err)
{
    const char *word = import->options.format;
    enum rules_format format;
    struct stat info;

    if (import->fatal < 0) {
        if (err)
            *err = import->fatal_error;
        return import->fatal;
    }
    if (stat(path, &info) != 0)
        return rules_import_refuse(import, path, NULL, "could not open: %s",
                                   strerror(errno));
    if (S_ISDIR(info.st_mode))
        return rules_import_directory(import, path, err);
    if (!S_ISREG(info.st_mode))
        return rules_import_refuse(import, path, NULL,
                                   "neither a regular file nor a directory");
    format = word ? rules_format_of_word(word) : rules_format_of_name(path);
    return rules_import_file(import, path, format, err);
}
