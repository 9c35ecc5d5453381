/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value_scan.c - passing over a value, 64 bytes at a time: bit masks tell
 * which bytes are quotes, in strings, brackets.
 */
#include "sdk/kit/value_scan.h"

#include <string.h>

/* One bit for each of 64 bytes. */
struct scan_block {
    uint64_t quotes, backslashes, brackets, controls;
};

#if defined(__SSE2__)
static void scan_classify(const char *text, struct scan_block *block)
{
    *block = (struct scan_block){0};
    for (int i = 0; i < 4; i++) {
        const __m128i bytes = _mm_loadu_si128((const __m128i *)(text + i * 16));
        /* '{' is '[' with 0x20, '}' is ']' with 0x20 */
        const __m128i upper = _mm_or_si128(bytes, _mm_set1_epi8(0x20));
        const __m128i brackets =
            _mm_or_si128(_mm_cmpeq_epi8(upper, _mm_set1_epi8('{')),
                         _mm_cmpeq_epi8(upper, _mm_set1_epi8('}')));
        const __m128i quotes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
        const __m128i slashes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
        const __m128i controls =
            _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);

        block->quotes |= (uint64_t)(unsigned)_mm_movemask_epi8(quotes)
                         << (16 * i);
        block->backslashes |= (uint64_t)(unsigned)_mm_movemask_epi8(slashes)
                              << (16 * i);
        block->brackets |= (uint64_t)(unsigned)_mm_movemask_epi8(brackets)
                           << (16 * i);
        block->controls |= (uint64_t)(unsigned)_mm_movemask_epi8(controls)
                           << (16 * i);
    }
}
#else
static void scan_classify(const char *text, struct scan_block *block)
{
    *block = (struct scan_block){0};
    for (int i = 0; i < 64; i++) {
        const unsigned char byte = (unsigned char)text[i];

        block->quotes |= (uint64_t)(byte == '"') << i;
        block->backslashes |= (uint64_t)(byte == '\\') << i;
        block->brackets |=
            (uint64_t)((byte | 0x20) == '{' || (byte | 0x20) == '}') << i;
        block->controls |= (uint64_t)(byte < 0x20) << i;
    }
}
#endif

/* The bytes that a backslash before them takes for itself. */
static uint64_t scan_escaped(uint64_t backslashes, bool *carry, unsigned len)
{
    uint64_t escaped = *carry;

    backslashes &= ~escaped;
    *carry = false;
    while (backslashes) {
        const uint64_t slash = backslashes & -backslashes;

        /* The last byte of the block escapes the first one of the next. */
        if (slash == (uint64_t)1 << (len - 1))
            *carry = true;
        escaped |= slash << 1;
        backslashes &= ~(slash | slash << 1);
    }
    return escaped;
}

/* Bit i is the parity of the bits up to i. */
static uint64_t scan_parity(uint64_t bits)
{
    bits ^= bits << 1;
    bits ^= bits << 2;
    bits ^= bits << 4;
    bits ^= bits << 8;
    bits ^= bits << 16;
    bits ^= bits << 32;
    return bits;
}

void scan_skip_begin(struct scan_skip *skip, char open)
{
    skip->depth = 1;
    skip->in_text = skip->escaped = false;
    skip->curly[0] = open == '{';
    skip->wrong = NULL;
    skip->too_deep = false;
}

/* False when the last one was closed, or on an error. */
static bool scan_bracket(struct scan_skip *skip, char bracket,
                         int maximum_depth)
{
    const uint8_t curly = (bracket & 0x20) != 0;

    if (bracket == '{' || bracket == '[') {
        if (skip->depth >= maximum_depth || skip->depth >= SCAN_MAX_DEPTH) {
            skip->wrong = "nested too deeply";
            skip->too_deep = true;
            return false;
        }
        skip->curly[skip->depth++] = curly;
        return true;
    }
    if (skip->curly[skip->depth - 1] != curly) {
        skip->wrong = "closes what was not opened";
        return false;
    }
    return --skip->depth > 0;
}

/* Of the first len bytes of 64; how many were used. */
static unsigned scan_block(struct scan_skip *skip, const char *text,
                           unsigned len, int maximum_depth)
{
    struct scan_block block;
    uint64_t texts, brackets, controls;

    scan_classify(text, &block);
    if (block.backslashes || skip->escaped)
        block.quotes &= ~scan_escaped(block.backslashes, &skip->escaped, len);
    texts = scan_parity(block.quotes) ^ (skip->in_text ? ~(uint64_t)0 : 0);
    skip->in_text = texts >> 63;
    controls = block.controls & texts;
    for (brackets = block.brackets & ~texts; brackets;
         brackets &= brackets - 1) {
        const unsigned at = (unsigned)__builtin_ctzll(brackets);

        if (controls && (unsigned)__builtin_ctzll(controls) < at)
            break;
        if (!scan_bracket(skip, text[at], maximum_depth))
            return skip->wrong ? at : at + 1;
    }
    if (!controls)
        return len;
    skip->wrong = "control character in a string";
    return (unsigned)__builtin_ctzll(controls);
}

size_t scan_skip(struct scan_skip *skip, const char *text, size_t len,
                 int maximum_depth)
{
    char padded[64];
    size_t at = 0;

    while (skip->depth && !skip->wrong && at < len) {
        const char *block = text + at;
        const unsigned size = len - at < 64 ? (unsigned)(len - at) : 64;

        if (size < 64) {
            memset(padded, ' ', sizeof(padded));
            memcpy(padded, block, size);
            block = padded;
        }
        at += scan_block(skip, block, size, maximum_depth);
    }
    return at;
}
