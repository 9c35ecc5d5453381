/* SPDX-License-Identifier: Apache-2.0 */
/* dump_file.c - which file of a dump answers a read. */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "plugins/kubernetes/dump.h"
#include "sdk/base/alloc.h"

/* Only what is definitely not there is absent: a file that may not be looked
 * at is a failure. */
static bool file_is_absent(int error)
{
    return error == ENOENT || error == ENOTDIR || error == ENAMETOOLONG;
}

/* *out: the file of that path below root when there is one; takes `path` */
static engine_status file_find(const char *root, char *path, char **out,
                               engine_error *err)
{
    char *file = path ? engine_strf("%s%s", root, path) : NULL;
    engine_status status = ENGINE_OK;
    struct stat about;

    *out = NULL;
    if (!file)
        status = engine_fail_memory(err);
    else if (stat(file, &about) == 0 && S_ISREG(about.st_mode))
        *out = file;
    else if (stat(file, &about) < 0 && !file_is_absent(errno))
        status = engine_fail(err, ENGINE_EIO, "%s: %s", file,
                             strerror(errno));
    if (!*out)
        engine_free(file);
    engine_free(path);
    return status;
}

/* a file's name as the path that it answers, if it is one of ours */
static engine_status file_try_entry(const char *root,
                                    const struct kube_path *path,
                                    const char *name, char **found,
                                    bool *exact, engine_error *err)
{
    const char *slash = strrchr(path->plain, '/');
    const size_t base = strlen(slash + 1);
    engine_status status = ENGINE_OK;
    struct kube_path other;
    char *text, *file;

    if (strncmp(name, slash + 1, base) != 0 || name[base] != '?' ||
        strchr(name, '#'))
        return ENGINE_OK;
    text = engine_strf("%.*s/%s", (int)(slash - path->plain), path->plain,
                       name);
    if (!text)
        return engine_fail_memory(err);
    if (kube_path_parse(text, &other, NULL) < 0) {
        engine_free(text);
        return ENGINE_OK; /* no name that anybody asked with */
    }
    *exact = strcmp(other.key, path->key) == 0;
    if (*exact || (!*found && !*other.query)) {
        status = file_find(root, text, &file, err);
        text = NULL;
        if (file) {
            engine_free(*found);
            *found = file;
        }
    }
    engine_free(text);
    kube_path_clear(&other);
    return status;
}

/* a file of the same plain path, asked with some other query */
static engine_status file_find_query(const char *root,
                                     const struct kube_path *path,
                                     char **out, bool *exact,
                                     engine_error *err)
{
    const char *slash = strrchr(path->plain, '/');
    char *folder = engine_strf("%s%.*s", root, (int)(slash - path->plain),
                               path->plain);
    DIR *directory = folder ? opendir(folder) : NULL;
    engine_status status = ENGINE_OK;
    struct dirent *entry;

    *exact = false;
    if (!folder)
        status = engine_fail_memory(err);
    else if (!directory && !file_is_absent(errno))
        status = engine_fail(err, ENGINE_EIO, "%s: %s", folder,
                             strerror(errno));
    while (directory && !*exact && status == ENGINE_OK &&
           (entry = readdir(directory)))
        status = file_try_entry(root, path, entry->d_name, out, exact, err);
    if (directory)
        closedir(directory);
    engine_free(folder);
    return status;
}

engine_status kube_dump_locate(const char *root, const struct kube_path *path,
                               char **out, bool *narrow, engine_error *err)
{
    const bool selects = path->labels || path->fields;
    engine_status status;
    bool exact = false;

    *narrow = false;
    status = file_find(root, engine_strdup(path->wish), out, err);
    if (status == ENGINE_OK && !*out && strcmp(path->key, path->wish) != 0)
        status = file_find(root, engine_strdup(path->key), out, err);
    if (status < 0 || *out)
        return status;
    status = file_find_query(root, path, out, &exact, err);
    *narrow = selects && !exact;
    if (status < 0) {
        engine_free(*out);
        *out = NULL;
    }
    if (status < 0 || *out || !*path->query)
        return status;
    *narrow = selects;
    return file_find(root, engine_strdup(path->plain), out, err);
}

engine_status kube_dump_filtered(const char *root,
                                 const struct kube_path *path, char **out,
                                 engine_error *err)
{
    const char *spellings[] = {path->wish, path->key, path->plain};
    engine_status status = ENGINE_OK;

    *out = NULL;
    for (size_t i = 0; status == ENGINE_OK && !*out && i < 3; i++)
        status = file_find(root,
                           engine_strf("%s#%s", spellings[i], path->hash),
                           out, err);
    return status;
}
