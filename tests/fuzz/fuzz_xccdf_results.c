/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_xccdf_results.c - oscap's results and OVAL results, damaged. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "plugins/oscap/evidence.h"
#include "plugins/oscap/results.h"
#include "sdk/base/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static engine_status count(const struct oscap_rule_result *result, void *user,
                           engine_error *err)
{
    size_t *total = user;

    (void)err;
    *total += strlen(result->rule_id);
    for (size_t i = 0; result->messages[i]; i++)
        *total += strlen(result->messages[i]);
    return ENGINE_OK;
}

static void read_evidence(const char *path)
{
    static const char *const ids[] = {
        "oval:ssg-accounts_umask_etc_login_defs:def:1",
        "oval:ssg-file_permissions_etc_passwd:def:1", "d", "e"};
    struct oscap_evidence *evidence = NULL;
    engine_error err;

    if (oscap_evidence_read(path, ids, 4, &evidence, &err) < 0)
        return;
    for (size_t i = 0; i < 4; i++) {
        bson_t document;

        if (oscap_evidence_build(evidence, ids[i], &document, &err) < 0)
            continue;
        if (!bson_validate(&document, BSON_VALIDATE_UTF8, NULL) ||
            document.len > 2 * OSCAP_EVIDENCE_RULE)
            abort();
        bson_destroy(&document);
    }
    oscap_evidence_free(evidence);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct oscap_results_summary summary;
    engine_error err;
    char path[64];
    size_t total = 0;
    const int fd = memfd_create("results", MFD_CLOEXEC);

    if (fd < 0 || file_write_all(fd, data, len, &err) < 0)
        abort();
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    (void)oscap_results_read(path, count, &total, &summary, &err);
    read_evidence(path);
    close(fd);
    return 0;
}
