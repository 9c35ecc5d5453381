/* SPDX-License-Identifier: Apache-2.0 */
/* confine_path.c - which paths a job may use: what every scanner needs, what
 * this one declared, and what the operator named. */
#include <limits.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/worker/confine_private.h"
#include "sdk/document/document.h"

#define PATH_NAMED_MAX 256 /* in one document */
#define PATH_DEPTH_MAX 16

static const char *const path_system[] = {
    "/usr", "/lib", "/lib32", "/lib64", "/libx32", "/bin", "/sbin",
    "/nix/store", "/gnu/store", "/proc", "/sys", "/dev/random",
    "/dev/urandom", "/dev/zero",
    /* how names, users, times and certificates are looked up */
    "/etc/alternatives", "/etc/ca-certificates", "/etc/ca-certificates.conf",
    "/etc/crypto-policies", "/etc/default/locale", "/etc/gai.conf",
    "/etc/group", "/etc/gss", "/etc/host.conf", "/etc/hostname", "/etc/hosts",
    "/etc/krb5.conf", "/etc/krb5.conf.d", "/etc/ld.so.cache",
    "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/ld.so.preload",
    "/etc/locale.alias", "/etc/localtime", "/etc/machine-id",
    "/etc/mime.types", "/etc/nsswitch.conf", "/etc/openldap", "/etc/openssl",
    "/etc/os-release", "/etc/passwd", "/etc/pki", "/etc/protocols",
    "/etc/resolv.conf", "/etc/selinux", "/etc/services", "/etc/ssl",
    "/etc/timezone", "/run/systemd/resolve", "/run/resolvconf",
    "/run/NetworkManager", "/run/connman", NULL};

struct path_job {
    const struct scanner_ops *ops;
    const bson_t *job;
    const char *type, *home;
    struct confinement *plan;
    unsigned rights;
    bool failed;
};

/* Too many are left out: what is not in the list is refused. */
static void path_add(struct path_job *job, const char *path, unsigned rights)
{
    struct confinement *plan = job->plan;
    char *copy;

    if (path[0] != '/' || plan->count == CONFINE_PATHS_MAX)
        return;
    copy = arena_strdup(&plan->arena, path);
    if (!copy)
        job->failed = true;
    else
        plan->paths[plan->count++] =
            (struct confine_path){.path = copy, .rights = rights};
}

/* The folder of a path; NULL: it is "/", or memory ran out. */
static char *path_folder(struct path_job *job, const char *path)
{
    const char *slash = strrchr(path, '/');

    if (!slash || slash == path)
        return NULL;
    return arena_strndup(&job->plan->arena, path, (size_t)(slash - path));
}

/* A file that is to be written may not be there yet. */
static void path_add_writable(struct path_job *job, const char *path)
{
    const char *folder;

    if (path[0] != '/')
        return;
    if (access(path, F_OK) != 0) {
        folder = path_folder(job, path);
        if (!folder || (job->home && strcmp(folder, job->home) == 0))
            return;
        path = folder;
    }
    path_add(job, path, CONFINE_READ | CONFINE_WRITE);
}

static void path_add_by(struct path_job *job, const char *start,
                        size_t start_len, const char *rest)
{
    char *path = arena_strf(&job->plan->arena, "%.*s%s", (int)start_len,
                            start, rest);

    if (!path)
        job->failed = true;
    else if (job->rights & CONFINE_WRITE)
        path_add_writable(job, path);
    else
        path_add(job, path, job->rights);
}

/* ---- what the scanner declared ------------------------------------------- */

/* "$NAME/rest": each path of the list that the variable holds */
static void path_add_variable(struct path_job *job, const char *entry)
{
    const size_t len = strcspn(entry, "/");
    char *name = arena_strndup(&job->plan->arena, entry, len);
    const char *value = name ? getenv(name) : NULL;

    job->failed = job->failed || !name;
    while (value && *value) {
        const size_t part = strcspn(value, ":");

        path_add_by(job, value, part, entry + len);
        value += part + (value[part] == ':');
    }
}

/* "@target.field/rest" */
static void path_add_field(struct path_job *job, const char *entry)
{
    const size_t len = strcspn(entry, "/");
    char *name = arena_strndup(&job->plan->arena, entry, len);
    const char *value = name ? document_string(job->job, name) : NULL;

    job->failed = job->failed || !name;
    if (value && *value)
        path_add_by(job, value, strlen(value), entry + len);
}

/* The entry behind its target type; NULL: it is for other targets. */
static const char *path_for_target(const struct path_job *job,
                                   const char *entry)
{
    const size_t len =
        strspn(entry, "abcdefghijklmnopqrstuvwxyz0123456789_");

    if (!len || entry[len] != ':')
        return entry;
    if (!job->type || strlen(job->type) != len ||
        strncmp(entry, job->type, len) != 0)
        return NULL;
    return entry + len + 1;
}

static void path_add_entry(struct path_job *job, const char *entry)
{
    entry = path_for_target(job, entry);
    if (!entry)
        return;
    if (entry[0] == '/')
        path_add_by(job, "", 0, entry);
    else if (entry[0] == '~' && job->home)
        path_add_by(job, job->home, strlen(job->home), entry + 1);
    else if (entry[0] == '$')
        path_add_variable(job, entry + 1);
    else if (entry[0] == '@')
        path_add_field(job, entry + 1);
}

static void path_add_entries(struct path_job *job, const char *const *entries,
                             unsigned rights)
{
    job->rights = rights;
    for (; entries && *entries; entries++)
        path_add_entry(job, *entries);
}

/* ---- programs ------------------------------------------------------------ */

/* A name in each folder of $PATH: "*": the folders. */
static void path_add_search(struct path_job *job, const char *name)
{
    const char *at = getenv("PATH");

    while (at && *at) {
        const size_t len = strcspn(at, ":");
        char *rest = arena_strf(&job->plan->arena, "/%s", name);

        if (!rest)
            job->failed = true;
        else
            path_add_by(job, at, len, name[0] == '*' ? "" : rest);
        at += len + (at[len] == ':');
    }
}

/* The kernel opens it for every program that is linked like us. */
static int path_find_loader(struct dl_phdr_info *info, size_t size, void *user)
{
    (void)size;
    for (size_t i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_INTERP)
            *(const char **)user = (const char *)(info->dlpi_addr +
                                                  info->dlpi_phdr[i].p_vaddr);
    return 1; /* the first one is the program */
}

static void path_add_programs(struct path_job *job)
{
    const char *const *entries = job->ops->programs;
    const char *loader = NULL;

    job->rights = CONFINE_READ | CONFINE_EXECUTE;
    if (job->plan->any) {
        job->rights = CONFINE_READ;
        path_add_search(job, "*");
        return;
    }
    for (; entries && *entries; entries++) {
        const char *entry = path_for_target(job, *entries);

        if (entry && strpbrk(entry, "/~$@"))
            path_add_entry(job, entry);
        else if (entry)
            path_add_search(job, entry);
    }
    dl_iterate_phdr(path_find_loader, &loader);
    if (loader)
        path_add(job, loader, CONFINE_READ | CONFINE_EXECUTE);
}

/* ---- what the operator named --------------------------------------------- */

static void path_add_named(struct path_job *job, const bson_t *document,
                           int depth, unsigned *count)
{
    bson_iter_t iter;
    bson_t child;

    if (!bson_iter_init(&iter, document))
        return;
    while (depth < PATH_DEPTH_MAX && *count < PATH_NAMED_MAX &&
           bson_iter_next(&iter)) {
        const char *text = BSON_ITER_HOLDS_UTF8(&iter)
                               ? bson_iter_utf8(&iter, NULL)
                               : "";

        if (document_iter_child(&iter, &child)) {
            path_add_named(job, &child, depth + 1, count);
        } else if (text[0] == '/' && text[1] && strlen(text) < PATH_MAX) {
            path_add(job, text, CONFINE_READ);
            *count += 1;
        }
    }
}

/* Native content may name files beside it. */
static void path_add_content(struct path_job *job)
{
    bson_iter_t iter;
    bson_t list;

    if (!document_child(job->job, "request.paths", &list) ||
        !bson_iter_init(&iter, &list))
        return;
    while (bson_iter_next(&iter)) {
        const char *path = BSON_ITER_HOLDS_UTF8(&iter)
                               ? bson_iter_utf8(&iter, NULL)
                               : "";
        const char *folder = path_folder(job, path);

        path_add(job, path, CONFINE_READ);
        if (folder)
            path_add(job, folder, CONFINE_READ);
    }
}

static void path_add_artifacts(struct path_job *job)
{
    bson_iter_t iter;
    bson_t list, one;

    if (!document_child(job->job, "artifacts", &list) ||
        !bson_iter_init(&iter, &list))
        return;
    while (bson_iter_next(&iter)) {
        const char *path = document_iter_child(&iter, &one)
                               ? document_string(&one, "path")
                               : NULL;

        if (path)
            path_add(job, path, CONFINE_READ);
    }
}

/* The configuration's own lists. */
static void path_add_configured(struct path_job *job, const char *name,
                                unsigned rights)
{
    bson_iter_t iter;
    bson_t list;

    job->rights = rights;
    if (!document_child(job->job, name, &list) ||
        !bson_iter_init(&iter, &list))
        return;
    while (bson_iter_next(&iter))
        if (BSON_ITER_HOLDS_UTF8(&iter))
            path_add_by(job, "", 0, bson_iter_utf8(&iter, NULL));
}

static void path_add_job(struct path_job *job)
{
    static const char *const documents[] = {"target", "options", NULL};
    static const char *const writable[] = {"workdir", "cachedir",
                                           "request.record", NULL};
    const char *plugin = document_string(job->job, "plugin.path");
    const char *folder = plugin ? path_folder(job, plugin) : NULL;
    bson_t child;

    if (folder)
        path_add(job, folder, CONFINE_READ);
    for (size_t i = 0; writable[i]; i++) {
        const char *path = document_string(job->job, writable[i]);

        if (path)
            path_add_writable(job, path);
    }
    for (size_t i = 0; documents[i]; i++) {
        unsigned count = 0;

        if (document_child(job->job, documents[i], &child))
            path_add_named(job, &child, 0, &count);
    }
    path_add_content(job);
    path_add_artifacts(job);
    path_add_configured(job, "plugin.reads", CONFINE_READ);
    path_add_configured(job, "plugin.writes", CONFINE_READ | CONFINE_WRITE);
}

engine_status confine_add_paths(const struct scanner_ops *ops,
                                const bson_t *job, struct confinement *plan,
                                engine_error *err)
{
    struct path_job work = {.ops = ops,
                            .job = job,
                            .type = document_string(job, "target.type"),
                            .home = getenv("HOME"),
                            .plan = plan};

    path_add(&work, "/dev/null", CONFINE_READ | CONFINE_WRITE);
    path_add(&work, "/dev/full", CONFINE_READ | CONFINE_WRITE);
    path_add_job(&work);
    path_add_entries(&work, ops->reads, CONFINE_READ);
    path_add_entries(&work, ops->writes, CONFINE_READ | CONFINE_WRITE);
    if (plan->processes)
        path_add_programs(&work);
    for (size_t i = 0; path_system[i]; i++)
        path_add(&work, path_system[i], CONFINE_READ);
    return work.failed ? engine_fail_memory(err) : ENGINE_OK;
}
