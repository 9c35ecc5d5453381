/* SPDX-License-Identifier: Apache-2.0 */
/* pattern.c - PCRE2 with limits. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/base/pattern.h"

#define PATTERN_MAX_TEXT 16384
#define PATTERN_MAX_MATCH 100000  /* backtracking, per starting point */
#define PATTERN_MAX_DEPTH 20000   /* of nested backtracking */
#define PATTERN_MAX_KIB 20480     /* of memory for it */
#define PATTERN_MAX_STEPS 1000000 /* in all, and more for long texts */
#define PATTERN_STEPS_PER_BYTE 16
#define PATTERN_MAX_DISTANCE ((size_t)500 * 1000 * 1000)
#define PATTERN_SHORT 256 /* bytes whose starting points need no counting */

/* What a match needs beside the pattern: kept for the next one. */
struct pattern_room {
    pcre2_match_data *data;
    pcre2_match_context *limits;
};

/* Short texts, nearly all there are, go through the plain code. */
struct pattern {
    pcre2_code *plain, *counted;
    bool fast; /* plain was compiled to machine code */
    /* of the last match, when none uses it now; apart, for a pattern that is
     * const and may be matched by many threads */
    _Atomic(struct pattern_room *) *spare;
};

/* What a match may still cost: steps, and characters they go over. */
struct pattern_budget {
    size_t steps, distance, at;
};

static engine_status pattern_options(const char *options, uint32_t *out,
                                     engine_error *err)
{
    static const char letters[] = "imsx";
    static const uint32_t bits[] = {PCRE2_CASELESS, PCRE2_MULTILINE,
                                    PCRE2_DOTALL, PCRE2_EXTENDED};

    *out = PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C;
    for (; options && *options; options++) {
        const char *letter = strchr(letters, *options);

        if (!letter)
            return engine_fail(err, ENGINE_EINVAL,
                               "a pattern has options other than i, m, s, x");
        *out |= bits[letter - letters];
    }
    return ENGINE_OK;
}

static engine_status pattern_compile(const char *text, uint32_t options,
                                     pcre2_code **out, bool *fast,
                                     engine_error *err)
{
    PCRE2_UCHAR words[160] = {0};
    PCRE2_SIZE offset = 0;
    int code = 0;

    *out = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, options,
                         &code, &offset, NULL);
    if (*out) {
        /* without it, matching is slower and says the same */
        *fast = pcre2_jit_compile(*out, PCRE2_JIT_COMPLETE) == 0;
        return ENGINE_OK;
    }
    if (code == PCRE2_ERROR_NOMEMORY)
        return engine_fail_memory(err);
    pcre2_get_error_message(code, words, sizeof(words));
    return engine_fail(err, ENGINE_EINVAL,
                       "pattern \"%.200s\": character %zu: %s", text,
                       (size_t)offset, (const char *)words);
}

engine_status pattern_new(const char *text, const char *options,
                          struct pattern **out, engine_error *err)
{
    struct pattern *pattern;
    bool ignored;
    uint32_t bits;
    engine_status status = pattern_options(options, &bits, err);

    if (status < 0)
        return status;
    if (strlen(text) > PATTERN_MAX_TEXT)
        return engine_fail(err, ENGINE_EINVAL,
                           "a pattern is longer than %d bytes",
                           PATTERN_MAX_TEXT);
    pattern = engine_calloc(1, sizeof(*pattern));
    if (!pattern)
        return engine_fail_memory(err);
    pattern->spare = engine_calloc(1, sizeof(*pattern->spare));
    status = pattern->spare
                 ? pattern_compile(text, bits, &pattern->plain,
                                   &pattern->fast, err)
                 : engine_fail_memory(err);
    if (status == ENGINE_OK)
        status = pattern_compile(text, bits | PCRE2_AUTO_CALLOUT,
                                 &pattern->counted, &ignored, err);
    if (status < 0) {
        pattern_free(pattern);
        return status;
    }
    *out = pattern;
    return ENGINE_OK;
}

static void pattern_room_free(struct pattern_room *room)
{
    if (!room)
        return;
    pcre2_match_data_free(room->data);
    pcre2_match_context_free(room->limits);
    engine_free(room);
}

static struct pattern_room *pattern_room_take(const struct pattern *pattern)
{
    struct pattern_room *room = atomic_exchange(pattern->spare, NULL);

    if (room)
        return room;
    room = engine_calloc(1, sizeof(*room));
    if (!room)
        return NULL;
    room->data = pcre2_match_data_create_from_pattern(pattern->plain, NULL);
    room->limits = pcre2_match_context_create(NULL);
    if (!room->data || !room->limits) {
        pattern_room_free(room);
        return NULL;
    }
    pcre2_set_match_limit(room->limits, PATTERN_MAX_MATCH);
    pcre2_set_depth_limit(room->limits, PATTERN_MAX_DEPTH);
    pcre2_set_heap_limit(room->limits, PATTERN_MAX_KIB);
    return room;
}

static void pattern_room_give(const struct pattern *pattern,
                              struct pattern_room *room)
{
    pcre2_set_callout(room->limits, NULL, NULL);
    pattern_room_free(atomic_exchange(pattern->spare, room));
}

void pattern_free(struct pattern *pattern)
{
    if (!pattern)
        return;
    if (pattern->spare)
        pattern_room_free(atomic_load(pattern->spare));
    engine_free(pattern->spare);
    pcre2_code_free(pattern->plain);
    pcre2_code_free(pattern->counted);
    engine_free(pattern);
}

/* PCRE2's own limits start anew at every character of the text, and a plain
 * repetition is one step however far it goes. */
static int pattern_step(pcre2_callout_block *block, void *user)
{
    struct pattern_budget *left = user;
    const size_t at = block->current_position;
    const size_t way = at > left->at ? at - left->at : left->at - at;

    if (!left->steps || left->distance < way)
        return PCRE2_ERROR_MATCHLIMIT;
    left->steps--;
    left->distance -= way;
    left->at = at;
    return 0;
}

static engine_status pattern_failed(int code, engine_error *err)
{
    if (code == PCRE2_ERROR_NOMEMORY)
        return engine_fail_memory(err);
    if (code == PCRE2_ERROR_MATCHLIMIT || code == PCRE2_ERROR_DEPTHLIMIT ||
        code == PCRE2_ERROR_HEAPLIMIT || code == PCRE2_ERROR_JIT_STACKLIMIT)
        return engine_fail(err, ENGINE_ELIMIT,
                           "a pattern needs too many steps to be matched");
    return engine_fail(err, ENGINE_EINVAL,
                       "a pattern cannot be matched (PCRE2 error %d)", code);
}

static bool pattern_is_ascii(const char *text, size_t len)
{
    uint64_t all = 0, word;
    size_t at = 0;

    for (; len - at >= sizeof(word); at += sizeof(word)) {
        memcpy(&word, text + at, sizeof(word));
        all |= word;
    }
    for (; at < len; at++)
        all |= (unsigned char)text[at];
    return !(all & UINT64_C(0x8080808080808080));
}

/* PCRE2's result: the number of groups, or negative. */
static int pattern_match(const struct pattern *pattern, const char *text,
                         size_t len, struct pattern_room *room)
{
    struct pattern_budget left = {.steps = PATTERN_MAX_STEPS +
                                           PATTERN_STEPS_PER_BYTE * len,
                                  .distance = PATTERN_MAX_DISTANCE};
    const pcre2_code *code =
        len <= PATTERN_SHORT ? pattern->plain : pattern->counted;

    /* what PCRE2 checks before it begins costs more than most matches */
    if (len <= PATTERN_SHORT && pattern->fast && pattern_is_ascii(text, len))
        return pcre2_jit_match(code, (PCRE2_SPTR)text, len, 0, 0, room->data,
                               room->limits);
    pcre2_set_callout(room->limits, pattern_step, &left);
    return pcre2_match(code, (PCRE2_SPTR)text, len, 0, 0, room->data,
                       room->limits);
}

engine_status pattern_capture(const struct pattern *pattern, const char *text,
                              size_t len, struct pattern_span *out,
                              engine_error *err)
{
    struct pattern_room *room = pattern_room_take(pattern);
    engine_status status = ENGINE_OK;
    int found;

    *out = (struct pattern_span){0};
    if (!room)
        return engine_fail_memory(err);
    found = pattern_match(pattern, text, len, room);
    if (found >= 0) {
        const PCRE2_SIZE *at = pcre2_get_ovector_pointer(room->data);

        if (pcre2_get_ovector_count(room->data) > 1 && found > 1)
            at += 2;
        /* a group that took no part took nothing, and \K can turn it round */
        *out = (struct pattern_span){
            at[0] == PCRE2_UNSET ? text : text + at[0],
            at[0] == PCRE2_UNSET || at[1] < at[0] ? 0 : at[1] - at[0]};
    } else if (found != PCRE2_ERROR_NOMATCH) {
        status = pattern_failed(found, err);
    }
    pattern_room_give(pattern, room);
    return status;
}

engine_status pattern_find(const struct pattern *pattern, const char *text,
                           size_t len, bool *found, engine_error *err)
{
    struct pattern_span span;
    engine_status status = pattern_capture(pattern, text, len, &span, err);

    *found = span.begin != NULL;
    return status;
}
