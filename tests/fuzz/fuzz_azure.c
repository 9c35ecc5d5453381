/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_azure.c - what the azure plugin parses; the first byte says which:
 * c certificates, w WWW-Authenticate, r requests, e errors, z az, v versions,
 * o origins of links. */
#include <stdlib.h>
#include <string.h>

#include "plugins/azure/certificate.h"
#include "plugins/azure/credentials_private.h"
#include "plugins/azure/problem.h"
#include "plugins/azure/versions.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void fuzz_certificate(const char *text, size_t len)
{
    static const char *const passwords[] = {NULL, "word"};

    for (size_t i = 0; i < 2; i++) {
        struct azure_certificate certificate;
        engine_error err = {0};

        if (azure_certificate_read(text, len, passwords[i], "seed",
                                   &certificate, &err) == ENGINE_OK) {
            if (!certificate.key.text || !certificate.chain_count ||
                strlen(certificate.sha256) != 43)
                abort();
        } else if (!err.message[0]) {
            abort();
        }
        azure_certificate_clear(&certificate);
    }
}

static void fuzz_request(const char *text)
{
    static const char *const methods[] = {NULL, "POST"};

    for (size_t i = 0; i < 2; i++) {
        struct azure_request request;

        if (azure_request_read(methods[i], text, &request, NULL) ==
            ENGINE_OK) {
            char type[64];

            /* what is sent is a path and nothing else */
            if (request.path.data[0] != '/' || request.path.data[1] == '/' ||
                strpbrk(request.path.data, " #\\\r\n\t\"<>"))
                abort();
            azure_request_type(request.path.data, type, sizeof(type));
        }
        azure_request_clear(&request);
    }
}

static void fuzz_problem(const char *text, size_t len)
{
    struct azure_problem problem;
    engine_error err = {0};
    char codes[300];

    azure_problem_read(text, len, "application/json", &problem);
    azure_problem_codes(&problem, 404, codes, sizeof(codes));
    (void)azure_problem_fail(&problem, AZURE_ARM, "GET x", 404, "q", &err);
    for (const char *at = err.message; *at; at++)
        if ((unsigned char)*at < ' ' || (unsigned char)*at >= 127)
            abort();
}

static void fuzz_versions(const char *text, size_t len)
{
    struct azure_versions versions;
    struct arena arena;
    struct value answer;

    arena_init(&arena, (size_t)8 << 20);
    azure_versions_init(&versions);
    if (value_from_json(text, len, "seed", &arena, &answer, NULL) ==
            ENGINE_OK &&
        azure_versions_read(&versions, &answer, NULL) == ENGINE_OK)
        (void)azure_versions_get(&versions, "a.b/c/d");
    azure_versions_clear(&versions);
    arena_clear(&arena);
}

static void fuzz_az(const char *text, size_t len)
{
    struct token token;

    token_init(&token);
    if (azure_cli_parse(text, len, &token, NULL) == ENGINE_OK &&
        (!token.text.text || strpbrk(token.text.text, "\r\n")))
        abort();
    token_clear(&token);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char *text, out[32];

    if (!len)
        return 0;
    text = malloc(len);
    if (!text)
        return 0;
    memcpy(text, data + 1, len - 1);
    text[len - 1] = '\0';
    switch (data[0]) {
    case 'c': fuzz_certificate(text, len - 1); break;
    case 'w': (void)azure_challenge(text, "Basic", "realm", out, sizeof(out));
              break;
    case 'r': fuzz_request(text); break;
    case 'e': fuzz_problem(text, len - 1); break;
    case 'v': fuzz_versions(text, len - 1); break;
    case 'z': fuzz_az(text, len - 1); break;
    case 'o': (void)azure_same_origin(text, "https://a.example");
              (void)azure_reset_ms(text);
              break;
    default: break;
    }
    free(text);
    return 0;
}
