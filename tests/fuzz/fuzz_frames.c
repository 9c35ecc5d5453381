/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_frames.c - what a broken worker may send: a stream of frames. */
#include <sys/socket.h>
#include <unistd.h>

#include "engine/worker/frames.h"
#include "sdk/document/document.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void use_frame(const bson_t *frame)
{
    struct buffer text;

    buffer_init(&text, (size_t)64 << 20);
    (void)frame_kind(frame);
    (void)document_string(frame, "rule_id");
    (void)document_to_json(frame, 0, &text);
    buffer_clear(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    int ends[2];
    struct channel channel;
    engine_error err;
    bson_t frame;
    int got = 0;

    (void)frame_check(data, len, FRAME_MAX_DEPTH, &err);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
                   ends) < 0)
        return 0;
    (void)!write(ends[1], data, len);
    close(ends[1]);
    channel_init(&channel, ends[0]);
    while (got >= 0 && !channel.closed) {
        if (channel_pump(&channel, &err) < 0)
            break;
        while ((got = channel_next(&channel, &frame, &err)) > 0)
            use_frame(&frame);
    }
    channel_clear(&channel);
    return 0;
}
