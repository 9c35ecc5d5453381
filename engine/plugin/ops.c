/* SPDX-License-Identifier: Apache-2.0 */
/* ops.c - is what a module's entry point returned fit for this engine? */
#include <bson/bson.h>
#include <inttypes.h>
#include <string.h>

#include "engine/plugin/loader.h"

#define OPS_FEATURES \
    (SCANNER_HOST_EFFECTS | SCANNER_HOST_ARTIFACTS | SCANNER_HOST_DOCUMENTS)
#define OPS_OPTIONS_MAX 256
#define OPS_NAME_MAX 64
#define OPS_ENTRY_MAX 1023
/* An option as ABI 1.0 has it. */
#define OPS_OPTION_SIZE \
    (offsetof(struct scanner_option, reserved) + sizeof(uint32_t))
/* Everything that every version of the ABI has had. */
#define OPS_SMALLEST offsetof(struct scanner_ops, plan)

static engine_status ops_refuse(engine_error *err, engine_status status,
                                const char *path, const char *why)
{
    engine_fail(err, status, "scanner file \"%s\": %s", path, why);
    engine_hint(err, "rebuild it against this engine's SDK");
    return status;
}

static engine_status ops_check_head(const struct scanner_ops *raw,
                                    const char *path, engine_error *err)
{
    if (!raw)
        return ops_refuse(err, ENGINE_EVERSION, path,
                          "its entry point says that it does not fit this "
                          "engine");
    if (raw->magic != SCANNER_MAGIC)
        return ops_refuse(err, ENGINE_EPLUGIN, path,
                          "its entry point returned something else than a "
                          "scanner (bad magic)");
    if (raw->size < OPS_SMALLEST) {
        engine_fail(err, ENGINE_EPLUGIN,
                    "scanner file \"%s\": its table has %u bytes, at least "
                    "%zu are needed", path, raw->size, OPS_SMALLEST);
        engine_hint(err, "rebuild it against this engine's SDK");
        return ENGINE_EPLUGIN;
    }
    return ENGINE_OK;
}

/* The name, when it can be trusted to be one, for messages. */
static const char *ops_name(const struct scanner_ops *ops)
{
    const size_t len = ops->name ? strnlen(ops->name, OPS_NAME_MAX + 1) : 0;

    if (len == 0 || len > OPS_NAME_MAX)
        return NULL;
    for (size_t i = 0; i < len; i++)
        if (ops->name[i] <= ' ' || ops->name[i] > '~' ||
            strchr("/\"\\", ops->name[i]))
            return NULL;
    return ops->name;
}

static engine_status ops_check_abi(const struct scanner_ops *raw,
                                   const char *path, engine_error *err)
{
    /* of another major nothing but the head can be read: the file names it */
    const char *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path;
    const int len = (int)strcspn(base, ".");

    if (raw->abi_major == SCANNER_ABI_MAJOR)
        return ENGINE_OK;
    engine_fail(err, ENGINE_EVERSION,
                "scanner \"%.*s\" (%s): built for scanner ABI %u.%u, this "
                "engine provides %d.%d", len, base, path, raw->abi_major,
                raw->abi_minor, SCANNER_ABI_MAJOR, SCANNER_ABI_MINOR);
    engine_hint(err, "rebuild it against this engine's SDK");
    return ENGINE_EVERSION;
}

static engine_status ops_check_needs(const struct scanner_ops *ops,
                                     const char *path, engine_error *err)
{
    const uint64_t missing = ops->needs & ~(uint64_t)OPS_FEATURES;

    if (!missing)
        return ENGINE_OK;
    engine_fail(err, ENGINE_EVERSION,
                "scanner \"%s\" (%s): built for scanner ABI %u.%u, this "
                "engine provides %d.%d and lacks the features 0x%" PRIx64
                " that it needs", ops->name, path, ops->abi_major,
                ops->abi_minor, SCANNER_ABI_MAJOR, SCANNER_ABI_MINOR,
                missing);
    engine_hint(err, "use a newer engine, or an older release of the scanner");
    return ENGINE_EVERSION;
}

static engine_status ops_check_table(const struct scanner_ops *ops,
                                     const char *path, engine_error *err)
{
    if (!ops_name(ops))
        return ops_refuse(err, ENGINE_EPLUGIN, path, "it has no proper name");
    if (!ops->version || !ops->version[0] ||
        strnlen(ops->version, 128) >= 128)
        return ops_refuse(err, ENGINE_EPLUGIN, path,
                          "it has no proper version");
    if (!ops->init || !ops->destroy)
        return ops_refuse(err, ENGINE_EPLUGIN, path,
                          "it lacks init or destroy");
    if (!ops->scan && !ops->plan && !ops->import && !ops->probe)
        return ops_refuse(err, ENGINE_EPLUGIN, path,
                          "it offers no operation");
    if (ops->options_count &&
        (!ops->options || ops->options_count > OPS_OPTIONS_MAX ||
         ops->options_stride < OPS_OPTION_SIZE))
        return ops_refuse(err, ENGINE_EPLUGIN, path,
                          "its option table is malformed");
    return ENGINE_OK;
}

/* ---- what it declares to need -------------------------------------------- */

/* Behind the target type, if there is one. */
static const char *ops_entry_path(const char *entry)
{
    const size_t len = strspn(entry, "abcdefghijklmnopqrstuvwxyz0123456789_");

    return len && entry[len] == ':' ? entry + len + 1 : entry;
}

/* "/path", "~/path", "$NAME/path", "@target.field/path" */
static bool ops_is_path(const char *path)
{
    static const char *const starts[] = {"$", "@target.", "@options."};

    if (path[0] == '/')
        return true;
    if (path[0] == '~')
        return !path[1] || path[1] == '/';
    for (size_t i = 0; i < 3; i++) {
        const size_t len = strlen(starts[i]);

        if (strncmp(path, starts[i], len) == 0)
            return path[len] && !strchr("/ :$@~", path[len]);
    }
    return false;
}

/* "*", a name for $PATH, or a path */
static bool ops_is_program(const char *path)
{
    return *path && (!strpbrk(path, "/~$@") || ops_is_path(path));
}

static engine_status ops_check_entries(const char *const *entries,
                                       const char *name,
                                       bool (*is_good)(const char *path),
                                       const char *path, engine_error *err)
{
    for (size_t i = 0; entries && entries[i]; i++) {
        const char *entry = entries[i];
        const size_t len = strnlen(entry, OPS_ENTRY_MAX + 1);

        if (i == SCANNER_ENTRIES_MAX)
            return engine_fail(err, ENGINE_EPLUGIN,
                               "scanner file \"%s\": more than %d entries in "
                               "%s", path, SCANNER_ENTRIES_MAX, name);
        if (len <= OPS_ENTRY_MAX && bson_utf8_validate(entry, len, false) &&
            is_good(ops_entry_path(entry)))
            continue;
        engine_fail(err, ENGINE_EPLUGIN,
                    "scanner file \"%s\": entry %zu of %s is malformed", path,
                    i + 1, name);
        engine_hint(err, "engine/scanner.h says how they are written");
        return ENGINE_EPLUGIN;
    }
    return ENGINE_OK;
}

static engine_status ops_check_declared(const struct scanner_ops *ops,
                                        const char *path, engine_error *err)
{
    engine_status status =
        ops_check_entries(ops->reads, "reads", ops_is_path, path, err);

    if (status == ENGINE_OK)
        status = ops_check_entries(ops->writes, "writes", ops_is_path, path,
                                   err);
    if (status == ENGINE_OK)
        status = ops_check_entries(ops->programs, "programs", ops_is_program,
                                   path, err);
    return status;
}

engine_status loader_check_ops(const struct scanner_ops *raw,
                               const char *path, struct scanner_ops *out,
                               engine_error *err)
{
    struct scanner_ops ops = {0};
    engine_status status = ops_check_head(raw, path, err);

    if (status == ENGINE_OK)
        status = ops_check_abi(raw, path, err);
    if (status < 0)
        return status;
    memcpy(&ops, raw, raw->size < sizeof(ops) ? raw->size : sizeof(ops));
    status = ops_check_table(&ops, path, err);
    if (status == ENGINE_OK)
        status = ops_check_needs(&ops, path, err);
    if (status == ENGINE_OK)
        status = ops_check_declared(&ops, path, err);
    if (status < 0)
        return status;
    *out = ops;
    return ENGINE_OK;
}
