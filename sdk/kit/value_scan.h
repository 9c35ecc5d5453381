/* SPDX-License-Identifier: Apache-2.0 */
/* value_scan.h - the inner loops of the JSON reader, many bytes at a time. */
#ifndef SDK_KIT_VALUE_SCAN_H
#define SDK_KIT_VALUE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#define SCAN_MAX_DEPTH 128

/**
 * Bytes at text, of len, before the first quote, backslash or control
 * character. *high becomes true when there are bytes over 0x7f among them.
 */
static inline size_t scan_plain(const char *text, size_t len, bool *high)
{
    size_t at = 0;

#if defined(__SSE2__)
    for (; len - at >= 16; at += 16) {
        const __m128i bytes = _mm_loadu_si128((const __m128i *)(text + at));
        const __m128i stop = _mm_or_si128(
            _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                         _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))),
            _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes));
        const unsigned stops = (unsigned)_mm_movemask_epi8(stop);
        const unsigned highs = (unsigned)_mm_movemask_epi8(bytes);

        if (stops) {
            *high |= (highs & ((stops & -stops) - 1)) != 0;
            return at + (size_t)__builtin_ctz(stops);
        }
        *high |= highs != 0;
    }
#endif
    while (at < len) {
        const unsigned char byte = (unsigned char)text[at];

        if (byte < 0x20 || byte == '"' || byte == '\\')
            break;
        *high |= byte > 0x7f;
        at++;
    }
    return at;
}

/** Where a value is that is passed over. */
struct scan_skip {
    int depth; /* open brackets; 0: done */
    int curly; /* how many of them are curly */
    bool in_text, escaped;
    const char *wrong; /* what was found wrong */
    bool too_deep;     /* and that it is only a limit */
};

/**
 * Passes over the rest of an array or object whose first bracket (`open`) was
 * read: set depth to 0 and call scan_skip_begin, then scan_skip as text comes.
 * As many brackets of each kind must be closed as were opened before, and
 * strings be free of control characters; nothing else is looked at. Returns how many bytes were used: all of them unless it is
 * done or wrong.
 */
void scan_skip_begin(struct scan_skip *skip, char open);
size_t scan_skip(struct scan_skip *skip, const char *text, size_t len,
                 int maximum_depth);
/** The same as every processor can do it. */
size_t scan_skip_plain(struct scan_skip *skip, const char *text, size_t len,
                       int maximum_depth);

#endif
