/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_remote.c - what a client reads from a daemon. The first byte says what:
 * an address, a page, or events, which must not depend on how they are cut. */
#include <stdlib.h>
#include <string.h>

#include "engine/remote/page.h"
#include "engine/remote/sse.h"
#include "engine/remote/url.h"
#include "sdk/base/alloc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void fuzz_url(const char *text)
{
    engine_error err = {0};
    char *out = NULL;
    const long wait = url_retry_after(text);

    if (wait < -1 || wait > 86400)
        abort();
    if (url_check(text, false, &out, &err) < 0) {
        if (out || !err.message[0])
            abort();
    } else if (strncmp(out, "https://", 8) != 0 &&
               strncmp(out, "http://", 7) != 0) {
        abort();
    }
    engine_free(out);
}

static engine_status fuzz_on_item(const bson_t *item, void *user,
                                  engine_error *err)
{
    (void)user;
    (void)err;
    if (!bson_validate(item, BSON_VALIDATE_UTF8, NULL))
        abort();
    return ENGINE_OK;
}

static void fuzz_page(const char *text, size_t len)
{
    engine_error err = {0};
    bson_t rest;

    if (page_read(text, len, "list", fuzz_on_item, NULL, &rest, &err) < 0) {
        if (!err.message[0])
            abort();
        return;
    }
    bson_destroy(&rest);
}

/* Everything that was told, as one number. */
static engine_status fuzz_on_event(const struct sse_event *event, void *user,
                                   engine_error *err)
{
    uint64_t *sum = user;

    (void)err;
    for (const char *at = event->name; *at; at++)
        *sum = *sum * 31 + (unsigned char)*at;
    for (size_t i = 0; i < event->len; i++)
        *sum = *sum * 37 + (unsigned char)event->data[i];
    *sum += event->cut + 1;
    return ENGINE_OK;
}

static uint64_t fuzz_events(const char *text, size_t len, size_t step)
{
    struct sse sse;
    uint64_t sum = 0;

    sse_init(&sse, fuzz_on_event, &sum);
    for (size_t at = 0; at < len; at += step)
        if (sse_feed(&sse, text + at, len - at < step ? len - at : step, NULL) <
            0)
            break;
    for (const char *at = sse_last_id(&sse); *at; at++)
        sum = sum * 41 + (unsigned char)*at;
    sse_clear(&sse);
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char *text = len ? engine_malloc(len) : NULL;

    if (!text)
        return 0;
    memcpy(text, data + 1, len - 1);
    text[len - 1] = '\0';
    if (data[0] == 'u')
        fuzz_url(text);
    else if (data[0] == 'p')
        fuzz_page(text, len - 1);
    else if (fuzz_events(text, len - 1, len) !=
             fuzz_events(text, len - 1, 1 + data[0] % 7))
        abort();
    engine_free(text);
    return 0;
}
