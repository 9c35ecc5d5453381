/* SPDX-License-Identifier: Apache-2.0 */
/*
 * noun.c - what subjects are called, by the expression that gives them: those
 * of "reservations.Reservations[].Instances[]" are an Instance each, and what
 * they are known by is InstanceArn, InstanceId or the like.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "sdk/kit/cloud/cloud_private.h"

#define NOUN_MAX 80

/* ---- out of an expression ----------------------------------------------- */

/* behind what is in quotes or brackets */
static const char *noun_skip(const char *at)
{
    const char first = *at++;
    const char last = first == '(' ? ')' : first == '[' ? ']'
                                       : first == '{'   ? '}'
                                                        : first;
    size_t depth = 1;

    for (; *at && depth; at++) {
        if (*at == '\\' && at[1])
            at++;
        else if (*at == last)
            depth--;
        else if (*at == first)
            depth++;
    }
    return at;
}

/* words that say nothing of what they hold */
static bool noun_is_vague(const char *word, size_t len)
{
    static const char *const words[] = {"let",    "in",      "value", "items",
                                        "answer", "results", "data",  "item",
                                        "_scopes"};

    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        if (strlen(words[i]) == len && memcmp(words[i], word, len) == 0)
            return true;
    return false;
}

/* the last member that it goes through */
static const char *noun_last(const char *text, size_t *len)
{
    const char *found = NULL;

    while (*text) {
        const char *from = text;

        if (strchr("'\"`([{", *text)) {
            text = noun_skip(text);
            continue;
        }
        while (isalnum((unsigned char)*text) || *text == '_' || *text == '$')
            text++;
        if (text == from) {
            text++;
        } else if (*from != '$' && *text != '(' &&
                   !noun_is_vague(from, (size_t)(text - from))) {
            found = from;
            *len = (size_t)(text - from);
        }
    }
    return found;
}

static bool noun_strip(char *noun, const char *end, const char *with)
{
    const size_t len = strlen(noun), cut = strlen(end);

    if (len <= cut || strcmp(noun + len - cut, end) != 0)
        return false;
    memcpy(noun + len - cut, with, strlen(with) + 1);
    return true;
}

const char *noun_of(const char *expression, struct arena *arena)
{
    size_t len = 0;
    const char *last = noun_last(expression, &len);
    char noun[NOUN_MAX];

    if (!last || len >= sizeof(noun))
        return NULL;
    memcpy(noun, last, len);
    noun[len] = '\0';
    (void)noun_strip(noun, "List", "");
    if (!noun_strip(noun, "ies", "y") && !noun_strip(noun, "sses", "ss") &&
        !noun_strip(noun, "xes", "x") && !noun_strip(noun, "ss", "ss"))
        (void)noun_strip(noun, "s", "");
    if (!noun_strip(noun, "Summary", "") && !noun_strip(noun, "Metadata", "") &&
        !noun_strip(noun, "Detail", ""))
        (void)noun_strip(noun, "Description", "");
    return arena_strdup(arena, noun);
}

/* ---- into a key --------------------------------------------------------- */

/* SecurityGroup, Group; NULL: no more */
static const char *noun_shorter(const char *noun)
{
    for (noun++; *noun; noun++)
        if (isupper((unsigned char)*noun) && islower((unsigned char)noun[1]))
            return noun;
    return NULL;
}

const char *noun_member(const struct value *subject, const char *noun,
                        const char *const *ends)
{
    for (; noun && *ends; ends++)
        for (const char *word = noun; word; word = noun_shorter(word))
            for (uint32_t i = 0;
                 subject->kind == VALUE_OBJECT && i < subject->count; i++) {
                const struct value_member *member = &subject->members[i];
                const size_t len = strlen(word);

                if (member->value.kind == VALUE_STRING &&
                    member->value.count &&
                    member->key_len == len + strlen(*ends) &&
                    strncasecmp(member->key, word, len) == 0 &&
                    strcasecmp(member->key + len, *ends) == 0)
                    return member->value.text;
            }
    return NULL;
}
