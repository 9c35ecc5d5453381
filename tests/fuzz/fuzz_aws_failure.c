/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_aws_failure.c - what failed answers of AWS say: a header in the first
 * line, then the body. */
#include <stdlib.h>
#include <string.h>

#include <bson/bson.h>

#include "plugins/aws/model.h"
#include "sdk/base/alloc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const char *fuzz_header(const char *name, void *user)
{
    (void)name;
    return user;
}

static void fuzz_line(const char *text, size_t room)
{
    const size_t len = strnlen(text, room);

    if (len == room || strpbrk(text, "\r\n\t"))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char *text = engine_strndup((const char *)data, len), *body;
    struct aws_failure failure;
    struct aws_head head = {.status = 400, .header = fuzz_header};

    if (!text)
        return 0;
    body = memchr(text, '\n', len);
    if (body) {
        *body++ = '\0';
        head.user = text;
    } else {
        body = text;
        head.header = NULL;
    }
    aws_failure_read(NULL, &head, body, strlen(body), &failure);
    fuzz_line(failure.code, sizeof(failure.code));
    fuzz_line(failure.message, sizeof(failure.message));
    fuzz_line(failure.region, sizeof(failure.region));
    if (!bson_utf8_validate(failure.message, strlen(failure.message), false))
        abort();
    engine_free(text);
    return 0;
}
