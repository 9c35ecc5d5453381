/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_gcp_files.c - files of credentials, refusals and answers of APIs, and the
 * calls of rules. The first byte chooses. Messages about files hold nothing of them, but
 * for the hosts of URLs that are refused.
 */
#include <stdlib.h>
#include <string.h>

#include "plugins/gcp/credentials.h"
#include "plugins/gcp/failure.h"
#include "plugins/gcp/request.h"
#include "sdk/base/alloc.h"
#include "sdk/base/arena.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void fuzz_file(const char *text, size_t len)
{
    struct gcp_credentials *credentials = NULL;
    engine_error err = {0};

    if (gcp_credentials_parse(text, len, "file", &credentials, &err) ==
        ENGINE_OK) {
        if (!gcp_credentials_source(credentials))
            abort();
    } else if (!*err.message || credentials ||
               (strstr(err.message, "s3cr3t") &&
                !memmem(text, len, "://", 3))) {
        abort();
    }
    gcp_credentials_free(credentials);
}

static void fuzz_failure(const char *text, size_t len)
{
    struct gcp_failure failure;
    engine_error err = {0};
    char codes[300];

    gcp_failure_read(text, len, &failure);
    gcp_failure_codes(&failure, 403, codes, sizeof(codes));
    if (gcp_failure_fail(&failure, 403, "GET x", &err) >= 0 ||
        !*codes == failure.known || strchr(err.message, '\n'))
        abort();
}

/* What is found to be missing is said in one line. */
static void fuzz_whole(const char *text, size_t len)
{
    struct arena arena;
    struct value answer;
    engine_error err = {0};

    arena_init(&arena, (size_t)16 * 1024 * 1024);
    if (value_from_json(text, len, "answer", &arena, &answer, NULL) ==
            ENGINE_OK &&
        gcp_answer_whole(&answer, &err) < 0 &&
        (!*err.message || strpbrk(err.message, "\r\n\033")))
        abort();
    arena_clear(&arena);
}

/* What may be asked is at googleapis.com, and a POST only reads. */
static void fuzz_request(const char *text)
{
    const struct value_member members[] = {
        {.key = "request", .key_len = 7,
         .value = {.kind = VALUE_STRING, .count = (uint32_t)strlen(text),
                   .text = text}},
        {.key = "method", .key_len = 6,
         .value = {.kind = VALUE_STRING, .count = 4, .text = "POST"}}};
    const struct value call = {.kind = VALUE_OBJECT, .count = 2,
                               .members = members};
    struct gcp_request request = {0};
    bool project;

    (void)gcp_request_check(&call, &project, NULL);
    if (gcp_request_init(&call, &request, NULL) == ENGINE_OK) {
        const size_t path = strcspn(request.path, "?");
        const char *verb = memrchr(request.path, ':', path);

        if (!verb || strncmp(verb, ":set", 4) == 0 || *request.path != '/' ||
            strpbrk(request.api, "./:@") || strpbrk(request.path, " \r\n#\\"))
            abort();
    }
    gcp_request_clear(&request);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char *text;

    if (len < 1)
        return 0;
    text = engine_strndup((const char *)data + 1, len - 1);
    if (!text)
        return 0;
    switch (data[0] % 3) {
    case 0:
        fuzz_file((const char *)data + 1, len - 1);
        break;
    case 1:
        fuzz_failure((const char *)data + 1, len - 1);
        fuzz_whole((const char *)data + 1, len - 1);
        break;
    default:
        fuzz_request(text);
    }
    engine_free(text);
    return 0;
}
