/* SPDX-License-Identifier: Apache-2.0 */
/* loader.c - opens scanner modules with libltdl; modules stay resident. */
#include "engine/plugin/loader.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <ltdl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/base/file.h"
#include "sdk/base/hash.h"

struct module {
    lt_dlhandle handle; /* NULL: linked in */
    struct scanner_ops ops;
};

/* libltdl keeps lists of its own and is not safe for threads */
static pthread_mutex_t loader_lock = PTHREAD_MUTEX_INITIALIZER;

static engine_status loader_check_pin(const char *path, const char *sha256,
                                      engine_error *err)
{
    char hash[HASH_HEX_SIZE];
    engine_status status;

    if (!sha256)
        return ENGINE_OK;
    status = hash_file(path, hash, err);
    if (status < 0)
        return status;
    if (strcasecmp(hash, sha256) == 0)
        return ENGINE_OK;
    engine_fail(err, ENGINE_EDENIED,
                "scanner file \"%s\": its sha256 is %s, the configuration "
                "says %s", path, hash, sha256);
    engine_hint(err, "find out who changed the file, or update the pin");
    return ENGINE_EDENIED;
}

/* Which the linker calls "no such file" as well. */
static bool loader_is_foreign(const char *path)
{
    const size_t machine = offsetof(ElfW(Ehdr), e_machine), end = machine + 2;
    char ours[sizeof(ElfW(Ehdr))], theirs[sizeof(ElfW(Ehdr))];

    return file_peek(AT_FDCWD, "/proc/self/exe", ours, sizeof(ours)) >= end &&
           file_peek(AT_FDCWD, path, theirs, sizeof(theirs)) >= end &&
           memcmp(ours, theirs, SELFMAG) == 0 &&
           memcmp(ours + machine, theirs + machine, 2) != 0;
}

/* libltdl calls everything "file not found": the linker knows better. */
static engine_status loader_explain(const char *path, engine_error *err)
{
    const char *reason = lt_dlerror();
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    const char *better = handle ? NULL : dlerror();

    if (loader_is_foreign(path))
        better = "it is built for another kind of machine";
    engine_fail(err, ENGINE_EPLUGIN, "could not load scanner \"%s\": %s",
                path, better ? better : reason ? reason : "unknown reason");
    engine_hint(err, "install what it needs (ldd names it), or rebuild it");
    if (handle)
        dlclose(handle);
    return ENGINE_EPLUGIN;
}

static lt_dlhandle loader_dlopen(const char *path)
{
    lt_dladvise advise;
    lt_dlhandle handle = NULL;

    if (lt_dladvise_init(&advise) != 0)
        return NULL;
    if (lt_dladvise_local(&advise) == 0 && lt_dladvise_resident(&advise) == 0)
        handle = lt_dlopenadvise(path, advise);
    lt_dladvise_destroy(&advise);
    return handle;
}

static engine_status loader_query(struct module *module, const char *path,
                                  engine_error *err)
{
    /* finds <module>_LTX_scanner_query, then plain scanner_query */
    void *symbol = lt_dlsym(module->handle, "scanner_query");
    scanner_query_fn query;

    if (!symbol) {
        engine_fail(err, ENGINE_EPLUGIN,
                    "\"%s\" is no scanner: it exports no function "
                    "<module>_LTX_scanner_query", path);
        engine_hint(err, "end it with SCANNER_PLUGIN(module, ops), where "
                    "module is the file's name without .so");
        return ENGINE_EPLUGIN;
    }
    memcpy(&query, &symbol, sizeof(query)); /* as POSIX has dlsym */
    return loader_check_ops(query(SCANNER_ABI_MAJOR), path, &module->ops,
                            err);
}

static engine_status loader_load(struct module *module, const char *path,
                                 engine_error *err)
{
    engine_status status;

    /* never undone: lt_dlexit forgets resident modules, and each opening of
     * one after it would leak another handle */
    if (lt_dlinit() != 0)
        return engine_fail(err, ENGINE_EPLUGIN,
                           "could not start the module loader: %s",
                           lt_dlerror());
    module->handle = loader_dlopen(path);
    status = module->handle ? loader_query(module, path, err)
                            : loader_explain(path, err);
    if (status < 0 && module->handle)
        lt_dlclose(module->handle);
    return status;
}

engine_status loader_open(const char *path, const char *sha256,
                          struct module **out, engine_error *err)
{
    engine_status status = loader_check_path(path, err);
    struct module *module;

    if (status == ENGINE_OK)
        status = loader_check_pin(path, sha256, err);
    if (status < 0)
        return status;
    module = engine_calloc(1, sizeof(*module));
    if (!module)
        return engine_fail_memory(err);
    pthread_mutex_lock(&loader_lock);
    status = loader_load(module, path, err);
    pthread_mutex_unlock(&loader_lock);
    if (status < 0) {
        engine_free(module);
        return status;
    }
    *out = module;
    return ENGINE_OK;
}

engine_status loader_link(scanner_query_fn query, const char *name,
                          struct module **out, engine_error *err)
{
    struct module *module = engine_calloc(1, sizeof(*module));
    engine_status status;

    if (!module)
        return engine_fail_memory(err);
    status =
        loader_check_ops(query(SCANNER_ABI_MAJOR), name, &module->ops, err);
    if (status < 0) {
        engine_free(module);
        return status;
    }
    *out = module;
    return ENGINE_OK;
}

void loader_close(struct module *module)
{
    if (!module)
        return;
    pthread_mutex_lock(&loader_lock);
    if (module->handle)
        lt_dlclose(module->handle);
    pthread_mutex_unlock(&loader_lock);
    engine_free(module);
}

const struct scanner_ops *loader_ops(const struct module *module)
{
    return &module->ops;
}
