/* SPDX-License-Identifier: Apache-2.0 */
/*
 * minimal.c - a whole scanner: files have the owner they should have, and no
 * permissions beyond those they may have. Copy it, rename it, change
 * minimal_check.
 *
 *     scanner_type: file_mode
 *     check_content: {path: /etc/shadow, mode: "0640", owner: 0}
 */
#include <engine/scanner_util.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

struct minimal {
    const struct scanner_host *host;
};

static int32_t minimal_init(const struct scanner_host *host,
                            const struct scanner_config *config, void **out,
                            struct scanner_error *err)
{
    struct minimal *self = calloc(1, sizeof(*self));

    (void)config; /* the options of the configuration; this one has none */
    if (!self)
        return scanner_fail(err, SCANNER_ENOMEM, "out of memory");
    self->host = host;
    if (host->register_type(host, "file_mode", NULL) != SCANNER_OK ||
        host->register_target(host, "local", NULL) != SCANNER_OK) {
        free(self);
        return scanner_fail(err, SCANNER_EFAILED, "could not register");
    }
    *out = self;
    return SCANNER_OK;
}

/* One rule: a result with its evidence. What could not be found out is an
 * error, never a pass and never a fail. */
static int32_t minimal_check(const struct scanner_host *host,
                             const struct scanner_job *job,
                             const struct scanner_doc *rule)
{
    const char *id = scanner_text(host, rule, "rule_id", "");
    const char *path = scanner_text(host, rule, "check_content.path", "");
    const char *mode = scanner_text(host, rule, "check_content.mode", "");
    const int64_t owner = scanner_int(host, rule, "check_content.owner", 0);
    struct scanner_result result = {.size = sizeof(result), .rule_id = id};
    struct scanner_writer evidence;
    char room[8192], has[16], message[256];
    struct stat file;

    if (path[0] != '/' || !*mode || mode[strspn(mode, "01234567")])
        return scanner_rule_error(host, job, id, "check_content needs an "
                                  "absolute path, and a mode as \"0640\"");
    if (stat(path, &file) != 0)
        return scanner_rule_error(host, job, id, "could not look at \"%s\": "
                                  "%s", path, strerror(errno));
    result.status = (file.st_mode & 07777 & ~strtoul(mode, NULL, 8)) ||
                            file.st_uid != owner
                        ? SCANNER_FAIL
                        : SCANNER_PASS;
    scanner_format(has, sizeof(has), "%04o", file.st_mode & 07777u);
    result.message = scanner_format(message, sizeof(message),
                                    "%s of user %u, expected %s of user %lld",
                                    has, file.st_uid, mode, (long long)owner);
    scanner_write_begin(&evidence, room, sizeof(room));
    scanner_write_text(&evidence, "path", path);
    scanner_write_text(&evidence, "mode", has);
    scanner_write_int(&evidence, "owner", file.st_uid);
    result.evidence = scanner_write_end(&evidence);
    return scanner_report(host, job, &result);
}

static int32_t minimal_scan(void *instance, const struct scanner_job *job,
                            struct scanner_error *err)
{
    const struct scanner_host *host = ((struct minimal *)instance)->host;
    int32_t status = SCANNER_OK;

    for (uint32_t i = 0; status == SCANNER_OK && i < job->rules_count; i++)
        status = scanner_cancelled(host, job)
                     ? SCANNER_ECANCELLED
                     : minimal_check(host, job, scanner_rule(job, i));
    if (status != SCANNER_OK)
        return scanner_fail(err, status, "the scan was not finished");
    return SCANNER_OK;
}

static const struct scanner_ops minimal_ops = {
    .magic = SCANNER_MAGIC, .size = sizeof(struct scanner_ops),
    .abi_major = SCANNER_ABI_MAJOR, .abi_minor = SCANNER_ABI_MINOR,
    .name = "minimal", .version = "1.0",
    .init = minimal_init, .scan = minimal_scan, .destroy = free,
};

SCANNER_PLUGIN(minimal, minimal_ops)
