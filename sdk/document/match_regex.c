/* SPDX-License-Identifier: Apache-2.0 */
/* match_regex.c - $regex, by patterns with limits on what one may cost. */
#include "sdk/base/pattern.h"
#include "sdk/document/match_private.h"

struct match_regex {
    struct match_regex *next;     /* of one condition */
    struct match_regex *next_all; /* of the matcher */
    struct pattern *pattern;
};

engine_status match_regex_new(struct matcher *matcher,
                              const struct match_place *place,
                              const char *pattern, const char *options,
                              struct match_regex **list, engine_error *err)
{
    struct match_regex *regex = arena_alloc(&matcher->arena, sizeof(*regex));
    engine_status status;

    if (!regex)
        return engine_fail_memory(err);
    regex->next_all = matcher->regexes;
    matcher->regexes = regex;
    status = pattern_new(pattern, options, &regex->pattern, err);
    if (status < 0) {
        if (status != ENGINE_ENOMEM)
            engine_error_prefix(err, "\"%s\": %s", place->path,
                                place->operator);
        return status;
    }
    regex->next = *list;
    *list = regex;
    return ENGINE_OK;
}

void match_regex_free_all(struct matcher *matcher)
{
    for (struct match_regex *regex = matcher->regexes; regex;
         regex = regex->next_all)
        pattern_free(regex->pattern);
}

/* What costs too much, or is no UTF-8, does not match. */
static bool regex_test(const struct match_regex *regex, const char *text,
                       size_t len)
{
    bool found = false;

    return pattern_find(regex->pattern, text, len, &found, NULL) == ENGINE_OK &&
           found;
}

bool match_regex_test(const struct match_regex *list, const char *text,
                      size_t len)
{
    while (list && !regex_test(list, text, len))
        list = list->next;
    return list != NULL;
}
