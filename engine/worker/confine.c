/* SPDX-License-Identifier: Apache-2.0 */
/* confine.c - from a scanner's declaration to what its worker may do. */
#include "engine/worker/confine.h"

#include <string.h>
#include <sys/utsname.h>

#include "engine/worker/confine_private.h"
#include "sdk/base/buffer.h"
#include "sdk/document/document.h"

#define CONFINE_ARENA_MAX ((size_t)8 * 1024 * 1024)

void confine_probe(struct confine_kernel *out)
{
    out->landlock = landlock_version();
    out->seccomp = seccomp_offered();
}

static bool confine_has(const char *const *entries, const char *type,
                        const char *path)
{
    const size_t len = type ? strlen(type) : 0;

    for (; entries && *entries; entries++) {
        const char *entry = *entries;

        if (len && strncmp(entry, type, len) == 0 && entry[len] == ':')
            entry += len + 1;
        if (strcmp(entry, path) == 0)
            return true;
    }
    return false;
}

engine_status confine_plan(const struct scanner_ops *ops, const bson_t *job,
                           struct confinement *out, engine_error *err)
{
    const char *type = document_string(job, "target.type");

    memset(out, 0, sizeof(*out));
    arena_init(&out->arena, CONFINE_ARENA_MAX);
    out->network = ops->caps & SCANNER_CAP_NETWORK;
    out->processes = ops->caps & SCANNER_CAP_PROCESSES;
    out->any = out->processes &&
               (!ops->programs || confine_has(ops->programs, type, "*"));
    /* landlock hides what other processes are about, always */
    out->files = !confine_has(ops->reads, type, "/proc");
    return out->files ? confine_add_paths(ops, job, out, err) : ENGINE_OK;
}

void confine_clear(struct confinement *plan)
{
    arena_clear(&plan->arena);
}

engine_status confine_enter(const struct confinement *plan,
                            const struct confine_kernel *kernel,
                            engine_error *err)
{
    engine_status status = ENGINE_OK;

    if (kernel->landlock && plan->files)
        status = landlock_enter(plan, kernel->landlock, err);
    if (status == ENGINE_OK && kernel->seccomp)
        status = seccomp_enter(plan->network, plan->processes, err);
    return status;
}

engine_status confine_enter_watcher(const struct confine_kernel *kernel,
                                    engine_error *err)
{
    struct confinement plan = {
        .files = true, /* the rest would hold for the scanner's thread too */
        .network = true,
        .processes = true,
        .signals = true, /* the scanner's processes have another domain */
        .paths = {{"/proc", CONFINE_READ}},
        .count = 1};

    return kernel->landlock ? landlock_enter(&plan, kernel->landlock, err)
                            : ENGINE_OK;
}

/* ---- saying it ----------------------------------------------------------- */

/* `typed`: behind a target type, for some targets. */
static bool report_is(const char *text, const char *word, bool typed)
{
    const char *colon = strchr(text, ':');

    return typed ? colon && strcmp(colon + 1, word) == 0
                 : strcmp(text, word) == 0;
}

static bool report_lists(const bson_t *description, const char *field,
                         const char *word, bool typed)
{
    bson_iter_t iter;
    bson_t list;

    if (!document_child(description, field, &list) ||
        !bson_iter_init(&iter, &list))
        return false;
    while (bson_iter_next(&iter))
        if (BSON_ITER_HOLDS_UTF8(&iter) &&
            report_is(bson_iter_utf8(&iter, NULL), word, typed))
            return true;
    return false;
}

struct report {
    struct buffer text;
    bson_t list;
    unsigned count;
};

static void report_add(struct report *report, const char *word)
{
    char key[16];

    snprintf(key, sizeof(key), "%u", report->count);
    BSON_APPEND_UTF8(&report->list, key, word);
    buffer_printf(&report->text, "%s%s", report->count++ ? ", " : "", word);
}

static void report_files(struct report *report, const bson_t *description)
{
    if (report_lists(description, "reads", "/proc", false))
        return;
    if (report_lists(description, "reads", "/proc", true)) {
        report_add(report, "files (not of every target)");
        return;
    }
    report_add(report, report_lists(description, "reads", "/", false)
                           ? "files written"
                           : "files");
}

static void report_enforced(struct report *report, const bson_t *description,
                            const struct confine_kernel *kernel)
{
    const int64_t caps = document_int(description, "caps_bits", 0);

    if (kernel->landlock)
        report_files(report, description);
    if (kernel->seccomp && !(caps & (int64_t)SCANNER_CAP_NETWORK))
        report_add(report, "no network");
    if (kernel->seccomp && !(caps & (int64_t)SCANNER_CAP_PROCESSES))
        report_add(report, "no processes");
    else if (kernel->landlock &&
             !report_lists(description, "programs", "*", false))
        report_add(report, report_lists(description, "programs", "*", true)
                               ? "programs (not of every target)"
                               : "programs");
    if (kernel->seccomp)
        report_add(report, "system calls");
}

static bool report_is_off(const char *mode)
{
    return strcmp(mode, "off") == 0 || strcmp(mode, CONFINE_THREAD) == 0;
}

static void report_why_not(struct report *report, const char *mode)
{
    struct utsname name;

    buffer_reset(&report->text);
    if (strcmp(mode, CONFINE_THREAD) == 0)
        buffer_puts(&report->text, "none (it runs in a thread)");
    else if (report_is_off(mode))
        buffer_puts(&report->text, "off (confinement, in the configuration)");
    else if (uname(&name) == 0)
        buffer_printf(&report->text,
                      "none (kernel %s offers neither landlock nor seccomp)",
                      name.release);
    else
        buffer_puts(&report->text, "none");
}

void confine_report(const bson_t *description, const char *mode, bson_t *out)
{
    struct report report = {.count = 0};
    struct confine_kernel kernel;
    char offers[80] = "";
    bool is_off;

    if (!mode)
        mode = "auto";
    is_off = report_is_off(mode);
    buffer_init(&report.text, 4096);
    bson_init(&report.list);
    confine_probe(&kernel);
    if (!is_off)
        report_enforced(&report, description, &kernel);
    if (is_off || (!kernel.landlock && !kernel.seccomp))
        report_why_not(&report, mode);
    else if (kernel.landlock && kernel.seccomp)
        snprintf(offers, sizeof(offers), " (landlock %d, seccomp)",
                 kernel.landlock);
    else if (kernel.landlock)
        snprintf(offers, sizeof(offers), " (landlock %d)", kernel.landlock);
    else
        snprintf(offers, sizeof(offers), " (seccomp)");
    buffer_puts(&report.text, offers);
    BSON_APPEND_UTF8(out, "mode", mode);
    BSON_APPEND_INT32(out, "landlock", kernel.landlock);
    BSON_APPEND_BOOL(out, "seccomp", kernel.seccomp);
    BSON_APPEND_ARRAY(out, "enforced", &report.list);
    BSON_APPEND_UTF8(out, "text", report.text.data ? report.text.data : "");
    bson_destroy(&report.list);
    buffer_clear(&report.text);
}
