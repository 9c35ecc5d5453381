/* SPDX-License-Identifier: Apache-2.0 */
/* probe.c - can a target be reached, and which platform (CPE) is it. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "plugins/oscap/oscap.h"
#include "plugins/oscap/ssh.h"
#include "plugins/oscap/target.h"
#include "sdk/base/alloc.h"
#include "sdk/base/file.h"
#include "sdk/document/document.h"
#include "sdk/kit/process.h"

#define PROBE_MAX ((size_t)64 * 1024)

/* os-release ids whose CPE 2.2 name is not cpe:/o:ID:ID:VERSION */
static const struct probe_name {
    const char *id, *vendor, *product;
} probe_names[] = {
    {"debian", "debian", "debian_linux"},
    {"ubuntu", "canonical", "ubuntu_linux"},
    {"rhel", "redhat", "enterprise_linux"},
    {"centos", "centos", "centos"},
    {"fedora", "fedoraproject", "fedora"},
    {"ol", "oracle", "linux"},
    {"sles", "suse", "linux_enterprise_server"},
    {"opensuse-leap", "opensuse", "leap"},
    {"almalinux", "almalinux", "almalinux"},
    {"rocky", "rocky", "rocky"},
};

struct probe {
    bson_t out, platforms, missing;
    uint32_t platforms_count, missing_count;
};

static void probe_append(bson_t *list, uint32_t *count, const char *text)
{
    char buffer[16];
    const char *key;

    bson_uint32_to_string((*count)++, &key, buffer, sizeof(buffer));
    bson_append_utf8(list, key, -1, text, -1);
}

/* the value of NAME=value or NAME="value" in os-release(5) */
static bool probe_field(const char *text, const char *name, char *out,
                        size_t size)
{
    const size_t len = strlen(name);
    size_t used = 0;

    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, name, len) != 0 || line[len] != '=')
            continue;
        for (const char *at = line + len + 1;
             *at && *at != '\n' && used + 1 < size; at++)
            if (*at != '"' && *at != '\'' && !iscntrl((unsigned char)*at))
                out[used++] = *at;
        out[used] = '\0';
        return used > 0;
    }
    return false;
}

static void probe_read_release(struct probe *probe, const char *text)
{
    char id[64], version[64], name[256];

    if (probe_field(text, "CPE_NAME", name, sizeof(name)))
        probe_append(&probe->platforms, &probe->platforms_count, name);
    if (probe_field(text, "PRETTY_NAME", name, sizeof(name)))
        BSON_APPEND_UTF8(&probe->out, "system", name);
    if (!probe_field(text, "ID", id, sizeof(id)))
        return;
    if (!probe_field(text, "VERSION_ID", version, sizeof(version)))
        version[0] = '\0';
    for (size_t i = 0; i < sizeof(probe_names) / sizeof(probe_names[0]); i++)
        if (strcmp(id, probe_names[i].id) == 0) {
            snprintf(name, sizeof(name), "cpe:/o:%s:%s%s%s",
                     probe_names[i].vendor, probe_names[i].product,
                     *version ? ":" : "", version);
            probe_append(&probe->platforms, &probe->platforms_count, name);
        }
}

static engine_status probe_files(struct probe *probe, const char *root,
                                 engine_error *err)
{
    static const char *const names[] = {"etc/os-release",
                                        "usr/lib/os-release"};
    char *text = NULL;

    for (size_t i = 0; !text && i < 2; i++) {
        char *path = engine_strf("%s/%s", root, names[i]);
        if (!path)
            return engine_fail_memory(err);
        if (file_read(path, PROBE_MAX, &text, NULL, NULL) < 0)
            text = NULL;
        engine_free(path);
    }
    if (text)
        probe_read_release(probe, text);
    else
        probe_append(&probe->missing, &probe->missing_count,
                     "an os-release file");
    engine_free(text);
    return ENGINE_OK;
}

static void probe_version(struct probe *probe, const char *text)
{
    char line[128];

    snprintf(line, sizeof(line), "%.*s", (int)strcspn(text, "\n"), text);
    BSON_APPEND_UTF8(&probe->out, "version", line);
}

static engine_status probe_local(const struct oscap *self,
                                 const struct oscap_target *target,
                                 struct probe *probe, engine_error *err)
{
    const char *program = document_string(&self->options, "program");
    const char *const argv[] = {program && *program ? program : "oscap",
                                "--version", NULL};
    struct process_options how = {.argv = argv, .timeout_ms = 30000};
    struct process_result result = {0};
    engine_status status =
        probe_files(probe, target->path ? target->path : "", err);

    if (status < 0)
        return status;
    if (process_run(&how, &result, NULL) == ENGINE_OK &&
        result.how == PROCESS_EXITED && result.output.data)
        probe_version(probe, result.output.data);
    else
        probe_append(&probe->missing, &probe->missing_count,
                     "the oscap program (Debian: openscap-scanner)");
    process_result_clear(&result);
    return ENGINE_OK;
}

static engine_status probe_judge_remote(struct probe *probe,
                                        const struct oscap_target *target,
                                        const struct process_result *result,
                                        engine_error *err)
{
    const char *text = result->output.data ? result->output.data : "";
    const char *last;

    if (result->how != PROCESS_EXITED || result->code == 255) {
        engine_fail(err, ENGINE_EIO, "could not reach host \"%s\" by ssh: "
                                     "%.400s", target->host,
                    result->how == PROCESS_TIMEOUT ? "time limit reached"
                    : result->errors.data          ? result->errors.data
                                                   : "no reason given");
        engine_hint(err, "check host, port, user, key and known_hosts of the "
                         "target");
        return ENGINE_EIO;
    }
    probe_read_release(probe, text);
    last = strstr(text, "OpenSCAP command line tool");
    if (result->code == OSCAP_REMOTE_NO_OSCAP)
        probe_append(&probe->missing, &probe->missing_count,
                     "the oscap program (Debian: openscap-scanner)");
    else if (last)
        probe_version(probe, last);
    return ENGINE_OK;
}

static engine_status probe_remote(const struct oscap *self,
                                  const struct oscap_target *target,
                                  struct probe *probe, engine_error *err)
{
    struct arena arena;
    struct oscap_argv argv = {.arena = &arena};
    struct process_options how = {.timeout_ms = 60000,
                                  .output_maximum = PROBE_MAX};
    struct process_result result = {0};
    engine_status status = oscap_ssh_check_key(target, err);

    if (status < 0)
        return status;
    arena_init(&arena, 1024 * 1024);
    oscap_ssh_probe(&self->options, target, &argv);
    how.argv = argv.items;
    status = argv.failed ? engine_fail_memory(err)
                         : process_run(&how, &result, err);
    if (status == ENGINE_OK)
        status = probe_judge_remote(probe, target, &result, err);
    process_result_clear(&result);
    arena_clear(&arena);
    return status;
}

static engine_status probe_tell(const struct oscap *self,
                                const struct scanner_job *job,
                                struct probe *probe, engine_error *err)
{
    struct scanner_doc view;

    BSON_APPEND_BOOL(&probe->out, "reachable", true);
    BSON_APPEND_ARRAY(&probe->out, "platforms", &probe->platforms);
    BSON_APPEND_ARRAY(&probe->out, "missing", &probe->missing);
    view = kit_doc(&probe->out);
    if (self->host->document(self->host, job, "probe", &view) < 0)
        return engine_fail(err, ENGINE_EIO, "the engine did not take the "
                                            "probe's answer");
    return ENGINE_OK;
}

int32_t oscap_op_probe(void *instance, const struct scanner_job *job,
                       struct scanner_error *error)
{
    const struct oscap *self = instance;
    struct oscap_target target;
    struct probe probe = {.platforms_count = 0};
    engine_error err = {0};
    engine_status status;
    bson_t document;

    bson_init(&probe.out);
    bson_init(&probe.platforms);
    bson_init(&probe.missing);
    kit_view(&job->target, &document);
    status = oscap_target_read(&document, &target, &err);
    if (status == ENGINE_OK)
        status = target.kind == OSCAP_SSH
                     ? probe_remote(self, &target, &probe, &err)
                     : probe_local(self, &target, &probe, &err);
    if (status == ENGINE_OK)
        status = probe_tell(self, job, &probe, &err);
    bson_destroy(&probe.out);
    bson_destroy(&probe.platforms);
    bson_destroy(&probe.missing);
    return status < 0 ? kit_fail(error, &err) : SCANNER_OK;
}
