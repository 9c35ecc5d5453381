/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value_scan.c - passing over a value, 64 bytes at a time: bit masks tell
 * which bytes are quotes, in strings, brackets.
 */
#include "sdk/kit/value_scan.h"

#include <string.h>

/* Where the compiler can make functions for processors that have more than
 * all have to have. */
#if defined(__x86_64__) && defined(__GNUC__)
#define SCAN_WIDE 1
#include <immintrin.h>
#endif

/* One bit for each of 64 bytes. */
struct scan_block {
    uint64_t quotes, backslashes, controls;
    uint64_t opens, closes; /* brackets... */
    uint64_t curly;         /* ... and which kind they are of */
};

/* '{' is '[' with 0x20, '}' is ']' with 0x20. */
#define SCAN_CURLY 0x20

#if defined(__SSE2__)
static inline void scan_classify(const char *text, struct scan_block *block)
{
    *block = (struct scan_block){0};
    for (int i = 0; i < 4; i++) {
        const __m128i bytes = _mm_loadu_si128((const __m128i *)(text + i * 16));
        const __m128i upper = _mm_or_si128(bytes, _mm_set1_epi8(SCAN_CURLY));
        const __m128i found[] = {
            _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
            _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')),
            _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes),
            _mm_cmpeq_epi8(upper, _mm_set1_epi8('{')),
            _mm_cmpeq_epi8(upper, _mm_set1_epi8('}')),
            _mm_slli_epi16(bytes, 2)}; /* 0x20 becomes the highest bit */
        uint64_t *const masks[] = {&block->quotes,   &block->backslashes,
                                   &block->controls, &block->opens,
                                   &block->closes,   &block->curly};

        for (int j = 0; j < 6; j++)
            *masks[j] |= (uint64_t)(unsigned)_mm_movemask_epi8(found[j])
                         << (16 * i);
    }
}
#else
static inline void scan_classify(const char *text, struct scan_block *block)
{
    *block = (struct scan_block){0};
    for (int i = 0; i < 64; i++) {
        const unsigned char byte = (unsigned char)text[i];
        const unsigned char upper = byte | SCAN_CURLY;

        block->quotes |= (uint64_t)(byte == '"') << i;
        block->backslashes |= (uint64_t)(byte == '\\') << i;
        block->controls |= (uint64_t)(byte < 0x20) << i;
        block->opens |= (uint64_t)(upper == '{') << i;
        block->closes |= (uint64_t)(upper == '}') << i;
        block->curly |= (uint64_t)((byte & SCAN_CURLY) != 0) << i;
    }
}
#endif

#if defined(SCAN_WIDE)
#define SCAN_WIDE_TARGET __attribute__((target("avx2,pclmul,popcnt,bmi")))

SCAN_WIDE_TARGET
static inline uint64_t scan_mask_wide(__m256i low, __m256i high)
{
    return (uint64_t)(unsigned)_mm256_movemask_epi8(low) |
           (uint64_t)(unsigned)_mm256_movemask_epi8(high) << 32;
}

SCAN_WIDE_TARGET
static inline uint64_t scan_equal_wide(__m256i low, __m256i high, char byte)
{
    const __m256i all = _mm256_set1_epi8(byte);

    return scan_mask_wide(_mm256_cmpeq_epi8(low, all),
                          _mm256_cmpeq_epi8(high, all));
}

SCAN_WIDE_TARGET
static inline void scan_classify_wide(const char *text,
                                      struct scan_block *block)
{
    const __m256i *from = (const __m256i *)(const void *)text;
    const __m256i low = _mm256_loadu_si256(from);
    const __m256i high = _mm256_loadu_si256(from + 1);
    const __m256i curly = _mm256_set1_epi8(SCAN_CURLY);
    const __m256i last = _mm256_set1_epi8(0x1f);
    const __m256i upper[] = {_mm256_or_si256(low, curly),
                             _mm256_or_si256(high, curly)};

    block->quotes = scan_equal_wide(low, high, '"');
    block->backslashes = scan_equal_wide(low, high, '\\');
    block->opens = scan_equal_wide(upper[0], upper[1], '{');
    block->closes = scan_equal_wide(upper[0], upper[1], '}');
    block->curly = scan_mask_wide(_mm256_slli_epi16(low, 2),
                                  _mm256_slli_epi16(high, 2));
    block->controls = scan_mask_wide(
        _mm256_cmpeq_epi8(_mm256_min_epu8(low, last), low),
        _mm256_cmpeq_epi8(_mm256_min_epu8(high, last), high));
}

SCAN_WIDE_TARGET
static inline uint64_t scan_parity_wide(uint64_t bits)
{
    return (uint64_t)_mm_cvtsi128_si64(_mm_clmulepi64_si128(
        _mm_cvtsi64_si128((long long)bits), _mm_set1_epi8((char)0xff), 0));
}
#endif

/* The bytes that a backslash before them takes for itself (Langdale and
 * Lemire, "Parsing gigabytes of JSON per second", 3.1.1): a run of them that
 * begins at an odd place carries into what is behind it when it is added. */
static inline uint64_t scan_escaped(uint64_t backslashes, bool *carry,
                                    unsigned len)
{
    const uint64_t even = UINT64_C(0x5555555555555555);
    uint64_t follows, starts, ends, escaped;
    bool over;

    backslashes &= ~(uint64_t)*carry;
    follows = backslashes << 1 | *carry;
    starts = backslashes & ~even & ~follows;
    over = __builtin_add_overflow(starts, backslashes, &ends);
    escaped = (even ^ ends << 1) & follows;
    /* the last byte of the block escapes the first one of the next */
    *carry = len < 64 ? escaped >> len & 1 : over;
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
    skip->curly = open == '{';
    skip->in_text = skip->escaped = false;
    skip->wrong = NULL;
    skip->too_deep = false;
}

/* False when the last one was closed, or on an error. */
static bool scan_bracket(struct scan_skip *skip, char bracket,
                         int maximum_depth)
{
    const int curly = (bracket & SCAN_CURLY) != 0;

    if (bracket == '{' || bracket == '[') {
        if (skip->depth >= maximum_depth || skip->depth >= SCAN_MAX_DEPTH) {
            skip->wrong = "nested too deeply";
            skip->too_deep = true;
            return false;
        }
        skip->depth++;
        skip->curly += curly;
        return true;
    }
    if (!(curly ? skip->curly : skip->depth - skip->curly)) {
        skip->wrong = "closes what was not opened";
        return false;
    }
    skip->curly -= curly;
    return --skip->depth > 0;
}

/* Bracket by bracket, up to a control character; how many bytes were used. */
static unsigned scan_slowly(struct scan_skip *skip, const char *text,
                            unsigned len, uint64_t brackets,
                            uint64_t controls, int maximum_depth)
{
    for (; brackets; brackets &= brackets - 1) {
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

/* Of the first len bytes of 64, where texts is one for those in strings: when
 * it cannot end here, or go wrong, whatever the order of its brackets, they
 * are only counted. */
static inline unsigned scan_block(struct scan_skip *skip, const char *text,
                                  unsigned len, const struct scan_block *block,
                                  uint64_t texts, int maximum_depth)
{
    const uint64_t opens = block->opens & ~texts;
    const uint64_t closes = block->closes & ~texts;
    const uint64_t controls = block->controls & texts;
    const int opened = __builtin_popcountll(opens);
    const int closed = __builtin_popcountll(closes);
    const int curly = __builtin_popcountll(closes & block->curly);

    skip->in_text = texts >> 63;
    if (controls || skip->depth <= closed || skip->curly < curly ||
        skip->depth - skip->curly < closed - curly ||
        skip->depth + opened > maximum_depth ||
        skip->depth + opened > SCAN_MAX_DEPTH)
        return scan_slowly(skip, text, len, opens | closes, controls,
                           maximum_depth);
    skip->depth += opened - closed;
    skip->curly += __builtin_popcountll(opens & block->curly) - curly;
    return len;
}

/* The quotes that begin or end a string. */
static inline uint64_t scan_quotes(struct scan_skip *skip,
                                   const struct scan_block *block,
                                   unsigned len)
{
    if (!block->backslashes && !skip->escaped)
        return block->quotes;
    return block->quotes &
           ~scan_escaped(block->backslashes, &skip->escaped, len);
}

/* A block that has fewer than 64 bytes. */
static const char *scan_pad(const char *text, unsigned len, char padded[64])
{
    if (len == 64)
        return text;
    memset(padded, ' ', 64);
    memcpy(padded, text, len);
    return padded;
}

size_t scan_skip_plain(struct scan_skip *skip, const char *text, size_t len,
                       int maximum_depth)
{
    char padded[64];
    size_t at = 0;

    while (skip->depth && !skip->wrong && at < len) {
        const unsigned size = len - at < 64 ? (unsigned)(len - at) : 64;
        const char *from = scan_pad(text + at, size, padded);
        struct scan_block block;
        uint64_t texts;

        scan_classify(from, &block);
        texts = scan_parity(scan_quotes(skip, &block, size));
        if (skip->in_text)
            texts = ~texts;
        at += scan_block(skip, from, size, &block, texts, maximum_depth);
    }
    return at;
}

#if defined(SCAN_WIDE)
SCAN_WIDE_TARGET
static size_t scan_skip_wide(struct scan_skip *skip, const char *text,
                             size_t len, int maximum_depth)
{
    char padded[64];
    size_t at = 0;

    while (skip->depth && !skip->wrong && at < len) {
        const unsigned size = len - at < 64 ? (unsigned)(len - at) : 64;
        const char *from = scan_pad(text + at, size, padded);
        struct scan_block block;
        uint64_t texts;

        scan_classify_wide(from, &block);
        texts = scan_parity_wide(scan_quotes(skip, &block, size));
        if (skip->in_text)
            texts = ~texts;
        at += scan_block(skip, from, size, &block, texts, maximum_depth);
    }
    return at;
}
#endif

size_t scan_skip(struct scan_skip *skip, const char *text, size_t len,
                 int maximum_depth)
{
#if defined(SCAN_WIDE)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("pclmul") &&
        __builtin_cpu_supports("popcnt") && __builtin_cpu_supports("bmi"))
        return scan_skip_wide(skip, text, len, maximum_depth);
#endif
    return scan_skip_plain(skip, text, len, maximum_depth);
}
