/* SPDX-License-Identifier: Apache-2.0 */
/* match_regex.c - $regex by PCRE2, with limits on what a pattern may cost. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <string.h>

#include "sdk/document/match_private.h"

#define REGEX_MAX_PATTERN 16384
#define REGEX_MAX_MATCH 100000  /* backtracking, per starting point */
#define REGEX_MAX_DEPTH 20000   /* of nested backtracking */
#define REGEX_MAX_KIB 20480     /* of memory for it */
#define REGEX_MAX_STEPS 1000000 /* in all, and more for long texts */
#define REGEX_STEPS_PER_BYTE 16
#define REGEX_MAX_DISTANCE ((size_t)500 * 1000 * 1000)

struct match_regex {
    struct match_regex *next;     /* of one condition */
    struct match_regex *next_all; /* of the matcher */
    pcre2_code *code;
};

static uint32_t regex_option(char letter)
{
    switch (letter) {
    case 'i':
        return PCRE2_CASELESS;
    case 'm':
        return PCRE2_MULTILINE;
    case 's':
        return PCRE2_DOTALL;
    case 'x':
        return PCRE2_EXTENDED;
    default:
        return 0;
    }
}

static engine_status regex_options(const struct match_place *place,
                                   const char *options, uint32_t *out,
                                   engine_error *err)
{
    *out = PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C | PCRE2_AUTO_CALLOUT;
    for (; *options; options++) {
        const uint32_t option = regex_option(*options);

        if (!option)
            return engine_fail(err, ENGINE_EINVAL,
                               "\"%s\": %s has options other than i, m, s, x",
                               place->path, place->operator);
        *out |= option;
    }
    return ENGINE_OK;
}

static engine_status regex_compile(struct match_regex *regex,
                                   const struct match_place *place,
                                   const char *pattern, uint32_t options,
                                   engine_error *err)
{
    PCRE2_UCHAR words[160] = {0};
    PCRE2_SIZE offset = 0;
    int code = 0;

    if (strlen(pattern) > REGEX_MAX_PATTERN)
        return engine_fail(err, ENGINE_EINVAL,
                           "\"%s\": %s is longer than %d bytes", place->path,
                           place->operator, REGEX_MAX_PATTERN);
    regex->code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
                                options, &code, &offset, NULL);
    if (regex->code)
        return ENGINE_OK;
    if (code == PCRE2_ERROR_NOMEMORY)
        return engine_fail_memory(err);
    pcre2_get_error_message(code, words, sizeof(words));
    return engine_fail(err, ENGINE_EINVAL, "\"%s\": %s at character %zu: %s",
                       place->path, place->operator,(size_t) offset,
                       (const char *)words);
}

engine_status match_regex_new(struct matcher *matcher,
                              const struct match_place *place,
                              const char *pattern, const char *options,
                              struct match_regex **list, engine_error *err)
{
    struct match_regex *regex = arena_alloc(&matcher->arena, sizeof(*regex));
    engine_status status;
    uint32_t bits;

    if (!regex)
        return engine_fail_memory(err);
    regex->next_all = matcher->regexes;
    matcher->regexes = regex;
    status = regex_options(place, options, &bits, err);
    if (status == ENGINE_OK)
        status = regex_compile(regex, place, pattern, bits, err);
    if (status < 0)
        return status;
    regex->next = *list;
    *list = regex;
    return ENGINE_OK;
}

void match_regex_free_all(struct matcher *matcher)
{
    for (struct match_regex *regex = matcher->regexes; regex;
         regex = regex->next_all)
        pcre2_code_free(regex->code);
}

/* What a match may still cost: steps, and characters they go over. */
struct regex_budget {
    size_t steps, distance, at;
};

/* PCRE2's own limits start anew at every character of the text, and a plain
 * repetition is one step however far it goes. */
static int regex_step(pcre2_callout_block *block, void *user)
{
    struct regex_budget *left = user;
    const size_t at = block->current_position;
    const size_t way = at > left->at ? at - left->at : left->at - at;

    if (!left->steps || left->distance < way)
        return PCRE2_ERROR_MATCHLIMIT;
    left->steps--;
    left->distance -= way;
    left->at = at;
    return 0;
}

static bool regex_test(const struct match_regex *regex, const char *text,
                       size_t len)
{
    pcre2_match_context *limits = pcre2_match_context_create(NULL);
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    struct regex_budget left = {.steps = REGEX_MAX_STEPS +
                                         REGEX_STEPS_PER_BYTE * len,
                                .distance = REGEX_MAX_DISTANCE};
    bool found = false;

    if (limits && data) {
        pcre2_set_match_limit(limits, REGEX_MAX_MATCH);
        pcre2_set_depth_limit(limits, REGEX_MAX_DEPTH);
        pcre2_set_heap_limit(limits, REGEX_MAX_KIB);
        pcre2_set_callout(limits, regex_step, &left);
        found = pcre2_match(regex->code, (PCRE2_SPTR)text, len, 0, 0, data,
                            limits) >= 0;
    }
    pcre2_match_data_free(data);
    pcre2_match_context_free(limits);
    return found;
}

bool match_regex_test(const struct match_regex *list, const char *text,
                      size_t len)
{
    while (list && !regex_test(list, text, len))
        list = list->next;
    return list != NULL;
}
