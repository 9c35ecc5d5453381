/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_http.c - what other sides and users say to the HTTP client: header
 * lines, Retry-After, URLs. The first byte chooses. */
#include <stdlib.h>
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/kit/http_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void fuzz_line(const char *text, size_t len)
{
    const char *name, *value;
    size_t name_len, value_len;

    if (!http_parse_header(text, len, &name, &name_len, &value, &value_len))
        return;
    if (!name_len || name != text || value < name + name_len ||
        value + value_len > text + len || !http_parse_token(name, name_len) ||
        memchr(value, '\0', value_len))
        abort();
}

static void fuzz_retry_after(const char *text)
{
    const int64_t wait = http_parse_retry_after(text, 1700000000000);

    if (wait < -1)
        abort();
}

/* What is shown holds no user information and no query; a URL that was
 * accepted can be moved to another name, and is a URL then. */
static void fuzz_url(const char *text)
{
    char *shown = NULL, *host = NULL, *moved = NULL, *to = NULL, *header = NULL;

    if (http_url_split(text, &shown, &host, NULL) == ENGINE_OK) {
        if (strncmp(shown, "http", 4) != 0 || strchr(host, '@') ||
            strchr(shown, '?'))
            abort();
        if (http_url_move(text, "name.test", &moved, &to, &header, NULL) < 0)
            abort();
        engine_free(shown);
        engine_free(host);
        shown = host = NULL;
        if (http_url_split(moved, &shown, &host, NULL) < 0 ||
            !strstr(host, "://name.test:"))
            abort();
    }
    engine_free(shown);
    engine_free(host);
    http_wipe(moved);
    engine_free(to);
    engine_free(header);
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
        fuzz_line((const char *)data + 1, len - 1);
        break;
    case 1:
        fuzz_retry_after(text);
        break;
    default:
        fuzz_url(text);
    }
    engine_free(text);
    return 0;
}
