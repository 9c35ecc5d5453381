/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_aws_files.c - shared config and credentials files; what begins with
 * "<" as answers of STS. */
#include <stdlib.h>
#include <string.h>

#include "plugins/aws/credentials_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void fuzz_files(const char *text, size_t len, int is_config)
{
    struct aws_files files;
    engine_error err = {0};

    aws_files_init(&files);
    if (aws_files_add(&files, "seed", text, len, is_config, &err) < 0 &&
        !err.message[0])
        abort();
    for (const struct aws_section *at = files.sections; at; at = at->next) {
        if (!at->name || !*at->name || at->line < 1)
            abort();
        for (const struct aws_setting *one = at->settings; one; one = one->next)
            if (!one->key || !*one->key || !one->value || one->line < 1)
                abort();
        (void)aws_section_get(at, "role_arn");
        (void)aws_section_get_in(at, "s3", "endpoint_url");
    }
    aws_files_clear(&files);
}

static void fuzz_answer(const char *text, size_t len)
{
    struct aws_keys keys;
    engine_error err = {0};
    char code[64], message[320];

    aws_keys_init(&keys);
    if (aws_sts_read(text, len, "AssumeRoleResult", &keys, &err) == ENGINE_OK) {
        if (!keys.id[0] || !keys.secret.len || !keys.expires_ms)
            abort();
    } else if (!err.message[0]) {
        abort();
    }
    aws_sts_read_error(text, len, code, message);
    if (strlen(code) >= sizeof(code) || strlen(message) >= sizeof(message))
        abort();
    aws_keys_clear(&keys);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len && data[0] == '<') {
        fuzz_answer((const char *)data, len);
        return 0;
    }
    fuzz_files((const char *)data, len, 1);
    fuzz_files((const char *)data, len, 0);
    return 0;
}
