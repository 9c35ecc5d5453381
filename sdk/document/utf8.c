/* SPDX-License-Identifier: Apache-2.0 */
/* utf8.c - strict UTF-8 validation. */
#include "sdk/document/utf8.h"

#include <stdint.h>
#include <string.h>

/* Eight ASCII bytes without NUL at a time: most of every input. */
static size_t utf8_ascii_span(const char *text, size_t len)
{
    const uint64_t high = UINT64_C(0x8080808080808080);
    const uint64_t ones = UINT64_C(0x0101010101010101);
    size_t at = 0;

    for (; len - at >= 8; at += 8) {
        uint64_t word;

        memcpy(&word, text + at, sizeof(word));
        if ((word & high) || ((word - ones) & ~word & high))
            break;
    }
    while (at < len && (signed char)text[at] > 0)
        at++;
    return at;
}

/* Length of the sequence at text, or 0 when it is malformed. */
static size_t utf8_sequence(const uint8_t *text, size_t len)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    const uint8_t lead = text[0];
    const size_t need = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    uint32_t code = lead & (0x7fu >> need);

    if (lead < 0xc2 || lead > 0xf4 || len < need)
        return 0;
    for (size_t i = 1; i < need; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (text[i] & 0x3fu);
    }
    if (code < smallest[need] || code > 0x10ffff ||
        (code >= 0xd800 && code <= 0xdfff))
        return 0;
    return need;
}

size_t utf8_span(const char *text, size_t len)
{
    size_t at = 0;

    for (;;) {
        size_t step;

        at += utf8_ascii_span(text + at, len - at);
        if (at == len)
            return len;
        step = utf8_sequence((const uint8_t *)text + at, len - at);
        if (!step)
            return at;
        at += step;
    }
}
