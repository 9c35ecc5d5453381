/* SPDX-License-Identifier: Apache-2.0 */
/* store_module.c - finds, checks and loads the module of a store. */
#include "engine/store/store_module.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "engine/plugin/loader.h"
#include "sdk/base/alloc.h"

/* ---- the file ------------------------------------------------------------- */

static engine_status module_path(const char *name, char **out,
                                 engine_error *err)
{
    const char *directory = secure_getenv("SCAN_ENGINE_MODULE_DIR");

    if (!directory || !*directory)
        directory = SCAN_ENGINE_MODULEDIR;
    else if (directory[0] != '/')
        return engine_fail(err, ENGINE_EINVAL,
                           "SCAN_ENGINE_MODULE_DIR is \"%s\": expected an "
                           "absolute path",
                           directory);
    *out = engine_strf("%s/%s.so", directory, name);
    return *out ? ENGINE_OK : engine_fail_memory(err);
}

static engine_status module_check(const char *path, const char *package,
                                  engine_error *err)
{
    const engine_status status =
        loader_check_file("store module", path, err);

    if (status != ENGINE_ENOTFOUND)
        return status;
    /* another status: it is not the store that is not there */
    engine_fail(err, ENGINE_EPLUGIN, "the store module \"%s\" is not there",
                path);
    engine_hint(err, "install it from the build of this scan-engine (it needs "
                     "%s), or name its directory with SCAN_ENGINE_MODULE_DIR",
                package);
    return ENGINE_EPLUGIN;
}

/* ---- loading -------------------------------------------------------------- */

/* Never unloaded: the libraries below it have threads' data and handlers that
 * outlive a store. */
static engine_status module_load(const char *path, const char *package,
                                 const struct store_module **out,
                                 engine_error *err)
{
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);

    if (!handle) {
        const char *reason = dlerror();
        engine_fail(err, ENGINE_EPLUGIN, "could not load the store module "
                                         "\"%s\": %s",
                    path, reason ? reason : "unknown reason");
        engine_hint(err, "install what it needs (ldd names it): %s", package);
        return ENGINE_EPLUGIN;
    }
    *out = dlsym(handle, STORE_MODULE_SYMBOL);
    if (*out)
        return ENGINE_OK;
    dlclose(handle);
    return engine_fail(err, ENGINE_EPLUGIN,
                       "\"%s\" is no store module: it exports no \"%s\"", path,
                       STORE_MODULE_SYMBOL);
}

static engine_status module_fits(const struct store_module *module,
                                 const char *path, engine_error *err)
{
    if (module->size == sizeof(*module) &&
        module->ops_size == sizeof(struct store_ops) &&
        strcmp(module->version, SCAN_ENGINE_VERSION) == 0)
        return ENGINE_OK;
    engine_fail(err, ENGINE_EVERSION,
                "the store module \"%s\" is not of this build of scan-engine "
                "%s%s%s",
                path, SCAN_ENGINE_VERSION,
                module->size == sizeof(*module) ? ", but of " : "",
                module->size == sizeof(*module) ? module->version : "");
    engine_hint(err, "install both from one build");
    return ENGINE_EVERSION;
}

engine_status store_module_open(const char *name, const char *package,
                                const char *uri, unsigned flags,
                                const struct log *log, struct store **out,
                                engine_error *err)
{
    const struct store_module *module = NULL;
    char *path = NULL;
    engine_status status = module_path(name, &path, err);

    if (status == ENGINE_OK)
        status = module_check(path, package, err);
    if (status == ENGINE_OK)
        status = module_load(path, package, &module, err);
    if (status == ENGINE_OK)
        status = module_fits(module, path, err);
    engine_free(path);
    return status < 0 ? status : module->open(uri, flags, log, out, err);
}
