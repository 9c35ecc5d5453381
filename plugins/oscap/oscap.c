/* SPDX-License-Identifier: Apache-2.0 */
/* oscap.c - the ops table and what crosses the ABI. */
#include "plugins/oscap/oscap.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/document/document.h"

void oscap_log(const struct oscap *self, uint32_t level, const char *format,
               ...)
{
    char text[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    self->host->log(self->host, level, text);
}

static int32_t oscap_check_word(const bson_t *options, const char *name,
                                const char *first, const char *second,
                                const char *third, engine_error *err)
{
    const char *word = document_string(options, name);

    if (word && (strcmp(word, first) == 0 || strcmp(word, second) == 0 ||
                 (third && strcmp(word, third) == 0)))
        return ENGINE_OK;
    return engine_fail(err, ENGINE_EINVAL,
                       "option \"%s\" of scanner \"oscap\" must be %s%s%s or "
                       "%s, not \"%s\"", name, first, third ? ", " : "",
                       third ? third : "", second, word ? word : "");
}

static int32_t oscap_init(const struct scanner_host *host,
                          const struct scanner_config *config, void **out,
                          struct scanner_error *err)
{
    struct oscap *self =
        engine_calloc_aligned(alignof(struct oscap), 1, sizeof(*self));
    engine_error why = {0};
    bson_t options;

    if (!self) {
        engine_fail_memory(&why);
        return kit_fail(err, &why);
    }
    self->host = host;
    kit_view(&config->options, &options);
    bson_copy_to(&options, &self->options);
    if (oscap_check_word(&self->options, "keep_results", "results", "none",
                         "arf", &why) < 0 ||
        oscap_check_word(&self->options, "ssh_transport", "stream",
                         "oscap-ssh", NULL, &why) < 0 ||
        oscap_check_word(&self->options, "host_key_policy", "strict",
                         "accept-new", NULL, &why) < 0 ||
        (why.status = host->register_type(host, "oscap", "scap")) < 0 ||
        (why.status = host->register_target(host, "local", NULL)) < 0 ||
        (why.status = host->register_target(host, "chroot", NULL)) < 0 ||
        (why.status = host->register_target(host, "ssh", "ssh_host")) < 0 ||
        (why.status = host->register_content(
             host, "scap", "data-stream-collection")) < 0 ||
        (why.status = host->register_content(host, "xccdf", "Benchmark")) <
            0) {
        bson_destroy(&self->options);
        engine_free(self);
        return kit_fail(err, &why);
    }
    *out = self;
    return SCANNER_OK;
}

static void oscap_destroy(void *instance)
{
    struct oscap *self = instance;

    if (!self)
        return;
    bson_destroy(&self->options);
    engine_free(self);
}

/* Probes look at the whole machine; ssh reads what its configuration names, and
 * learns host keys; librpm locks the database that it reads; libopenscap makes
 * /tmp/oscap.*, wherever TMPDIR is. */
static const char *const oscap_reads[] = {"local:/", "local:/proc",
                                          "chroot:/", "ssh:/", NULL};
static const char *const oscap_writes[] = {
    "/tmp", "ssh:~/.ssh", "ssh:@options.known_hosts",
    "chroot:@target.path/var/lib/rpm",
    "chroot:@target.path/usr/lib/sysimage/rpm", NULL};

static const struct scanner_ops oscap_ops = {
    .magic = SCANNER_MAGIC,
    .size = sizeof(struct scanner_ops),
    .abi_major = SCANNER_ABI_MAJOR,
    .abi_minor = SCANNER_ABI_MINOR,
    .caps = SCANNER_CAP_SHARDED | SCANNER_CAP_NETWORK |
            SCANNER_CAP_PROCESSES,
    .needs = SCANNER_HOST_ARTIFACTS | SCANNER_HOST_DOCUMENTS,
    .name = "oscap",
    .version = SCAN_ENGINE_VERSION,
    .options = oscap_options,
    .options_count = OSCAP_OPTIONS_COUNT,
    .options_stride = sizeof(struct scanner_option),
    .init = oscap_init,
    .scan = oscap_op_scan,
    .destroy = oscap_destroy,
    .plan = oscap_op_plan,
    .import = oscap_op_import,
    .probe = oscap_op_probe,
    .reads = oscap_reads,
    .writes = oscap_writes,
};

SCANNER_PLUGIN(oscap, oscap_ops)
