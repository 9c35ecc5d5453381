/* SPDX-License-Identifier: Apache-2.0 */
/* check_file.c - checks of the file, and of the table that it returns. */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "engine/conform/scene.h"
#include "engine/conform/usage.h"

#define FILE_QUERY "scanner_query"
#define FILE_CAPS                                                   \
    (SCANNER_CAP_SHARDED | SCANNER_CAP_FINDINGS |                   \
     SCANNER_CAP_PARALLEL | SCANNER_CAP_NETWORK |                   \
     SCANNER_CAP_PROCESSES | SCANNER_CAP_RECORDS)

static void file_fail(struct scene *scene, const engine_error *err)
{
    scene_fail(scene, "%s", err->message);
    if (err->hint[0])
        scene_note(scene, "%s", err->hint);
}

void check_permissions(struct scene *scene)
{
    engine_error err = {0};

    if (loader_check_path(scene->path, &err) < 0)
        file_fail(scene, &err);
}

/* ---- symbols ------------------------------------------------------------- */

struct file_symbols {
    struct scene *scene;
    char wanted[256]; /* <module>_LTX_scanner_query */
    unsigned entries, others;
};

static void file_symbol(const char *name, bool function, void *user)
{
    struct file_symbols *found = user;

    if (function && (strcmp(name, found->wanted) == 0 ||
                     strcmp(name, FILE_QUERY) == 0)) {
        found->entries++;
        return;
    }
    if (found->others++ < 8)
        scene_fail(found->scene, "it exports \"%.200s\"", name);
}

static void file_wanted(const char *path, char *out, size_t size)
{
    const char *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path;

    snprintf(out, size, "%.*s_LTX_" FILE_QUERY, (int)strcspn(base, "."), base);
    for (char *at = out; *at; at++) /* as libltdl does */
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                    "0123456789_", *at))
            *at = '_';
}

void check_symbols(struct scene *scene)
{
    struct file_symbols found = {.scene = scene};
    engine_error err = {0};

    file_wanted(scene->path, found.wanted, sizeof(found.wanted));
    if (symbols_read(scene->path, file_symbol, &found, &err) < 0) {
        file_fail(scene, &err);
        return;
    }
    if (!found.entries)
        scene_fail(scene, "it exports no function \"%s\"", found.wanted);
    if (found.entries > 1)
        scene_fail(scene, "it exports %u entry points", found.entries);
    if (found.others || !found.entries)
        scene_note(scene, "compile with -fvisibility=hidden, and end one file "
                   "with SCANNER_PLUGIN(module, ops), where module is the "
                   "file's name without .so");
    if (found.others)
        scene_note(scene, "what templates of the C++ library bring along is "
                   "hidden by a map, -Wl,--version-script: "
                   "scan-engine-plugin(7) has it");
    if (found.others > 8)
        scene_note(scene, "and %u more", found.others - 8);
}

void check_loads(struct scene *scene)
{
    void *handle = dlopen(scene->path, RTLD_NOW | RTLD_LOCAL);
    const char *why = handle ? NULL : dlerror();

    if (handle)
        return; /* it stays */
    scene_fail(scene, "%s", why ? why : "it could not be loaded");
    scene_note(scene, "link it with -Wl,-z,defs, which finds what is missing "
               "when it is built; \"ldd -r\" names it");
}

/* ---- the table ----------------------------------------------------------- */

static void file_check_head(struct scene *scene, const struct scanner_ops *ops)
{
    if (ops->reserved)
        scene_fail(scene, "\"reserved\" of its table is %u, not 0",
                   ops->reserved);
    if (ops->caps & ~(uint64_t)FILE_CAPS &&
        ops->abi_minor <= SCANNER_ABI_MINOR)
        scene_fail(scene, "it has capabilities that ABI %u.%u does not know: "
                   "0x%llx", ops->abi_major, ops->abi_minor,
                   (unsigned long long)(ops->caps & ~(uint64_t)FILE_CAPS));
    if (ops->abi_minor > SCANNER_ABI_MINOR)
        scene_note(scene, "it was built for ABI %u.%u; this engine provides "
                   "%d.%d, and all that it needs", ops->abi_major,
                   ops->abi_minor, SCANNER_ABI_MAJOR, SCANNER_ABI_MINOR);
    if (ops->abi_minor == SCANNER_ABI_MINOR && ops->size != sizeof(*ops))
        scene_fail(scene, "its table has %u bytes, that of ABI %u.%u has %zu",
                   ops->size, ops->abi_major, ops->abi_minor, sizeof(*ops));
}

void check_table(struct scene *scene)
{
    engine_error err = {0};

    if (loader_open(scene->path, NULL, &scene->module, &err) < 0) {
        file_fail(scene, &err);
        return;
    }
    scene->ops = loader_ops(scene->module);
    file_check_head(scene, scene->ops);
    scene_note(scene, "scanner \"%s\" %s, built for ABI %u.%u",
               scene->ops->name, scene->ops->version, scene->ops->abi_major,
               scene->ops->abi_minor);
}
