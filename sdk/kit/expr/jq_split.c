/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jq_split.c - which jq programs can be applied to a list item by item:
 *
 *   .items[]PATH | f      item: PATH | f   rest: .[]
 *   .items | map(f) | g   item: f          rest: g
 *   [ program ] | g       as the program, whose rest goes into brackets
 *
 * The text is only cut, never changed, and only at places that no operator
 * before them reaches over: behind a path or a whole bracket. Whatever is not
 * plainly of that form is refused.
 */
#include "sdk/kit/expr/jq_split.h"

#include <stdbool.h>
#include <string.h>

#include "sdk/base/alloc.h"

#define SPLIT_DEPTH 64 /* of brackets */

struct split_text {
    const char *at, *end;
};

static bool split_is_space(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static bool split_is_name(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '_';
}

static struct split_text split_trim(struct split_text text)
{
    while (text.at < text.end && split_is_space(*text.at))
        text.at++;
    while (text.at < text.end && split_is_space(text.end[-1]))
        text.end--;
    return text;
}

/*
 * Behind the token at `at`, which is one of brackets, a string or anything
 * else; NULL where brackets or strings do not end, and at comments. A string
 * with \( ) in it nests.
 */
static const char *split_over(const char *at, const char *end)
{
    char open[SPLIT_DEPTH]; /* '"' for a string */
    int depth = 0;

    do {
        const bool text = depth && open[depth - 1] == '"';

        if (at >= end)
            return NULL;
        if (text && *at == '\\' && end - at > 1) {
            if (at[1] == '(' && depth == SPLIT_DEPTH)
                return NULL;
            if (at[1] == '(')
                open[depth++] = ')';
            at++;
        } else if (text) {
            depth -= *at == '"';
        } else if (strchr("\"([{", *at)) {
            if (depth == SPLIT_DEPTH)
                return NULL;
            open[depth++] = *at == '"'   ? '"'
                            : *at == '(' ? ')'
                            : *at == '[' ? ']'
                                         : '}';
        } else if (strchr(")]}", *at)) {
            if (!depth || open[depth - 1] != *at)
                return NULL;
            depth--;
        } else if (*at == '#') {
            return NULL;
        }
        at++;
    } while (depth);
    return at;
}

/* ---- paths -------------------------------------------------------------------- */

/* ["text"], [0], [] or [1:2]: nothing in it depends on the input. */
static const char *split_index(const char *at, const char *end)
{
    const char *close = split_over(at, end);

    if (!close)
        return NULL;
    at++;
    if (*at == '"')
        return split_over(at, end) == close - 1 &&
                       !memchr(at, '\\', (size_t)(close - at))
                   ? close
                   : NULL;
    while (at < close - 1 &&
           ((*at >= '0' && *at <= '9') || *at == ':' || *at == '-'))
        at++;
    return at == close - 1 ? close : NULL;
}

/* Behind the path that begins at `at`: .name, ."name" and indices. */
static const char *split_path(const char *at, const char *end)
{
    while (at && at < end) {
        if (*at == '[') {
            at = split_index(at, end);
        } else if (*at == '.' && end - at > 1 && at[1] == '"') {
            const char *name = at + 1;

            at = split_over(name, end);
            if (at && memchr(name, '\\', (size_t)(at - name)))
                return NULL;
        } else if (*at == '.' && end - at > 1 && split_is_name(at[1]) &&
                   !(at[1] >= '0' && at[1] <= '9')) {
            at++;
            while (at < end && split_is_name(*at))
                at++;
        } else {
            break;
        }
    }
    return at;
}

/* Behind ".items", or NULL. */
static const char *split_list(struct split_text text, const char *list)
{
    const size_t len = strlen(list);

    if ((size_t)(text.end - text.at) < len + 1 || *text.at != '.' ||
        memcmp(text.at + 1, list, len) != 0)
        return NULL;
    text.at += len + 1;
    return text.at < text.end && split_is_name(*text.at) ? NULL : text.at;
}

/* ---- the forms ----------------------------------------------------------------- */

/* What follows a part: nothing, or a pipe and more. */
static bool split_pipe(const char *at, const char *end, struct split_text *more)
{
    *more = split_trim((struct split_text){at, end});
    if (more->at == more->end)
        return true;
    /* "||" and "|=" are no pipes */
    if (*more->at != '|' ||
        (more->end - more->at > 1 && strchr("|=", more->at[1])))
        return false;
    more->at++;
    *more = split_trim(*more);
    return more->at < more->end;
}

/* Both texts after each other, with something before and between them. */
static char *split_join(const char *before, struct split_text a,
                        const char *between, struct split_text b)
{
    return engine_strf("%s%.*s%s%.*s", before, (int)(a.end - a.at), a.at,
                       between, (int)(b.end - b.at), b.at);
}

/* .items[]PATH | f */
static bool split_elements(struct split_text text, const char *at, char **item,
                           char **rest)
{
    struct split_text path, more;

    if (text.end - at < 2 || memcmp(at, "[]", 2) != 0)
        return false;
    path.at = at + 2;
    path.end = split_path(path.at, text.end);
    if (!path.end || !split_pipe(path.end, text.end, &more))
        return false;
    if (path.at < path.end)
        *item = split_join(*path.at == '.' ? "" : ".", path,
                           more.at < more.end ? " | " : "", more);
    else
        *item = split_join(more.at < more.end ? "" : ".", path, "", more);
    *rest = engine_strdup(".[]");
    return true;
}

/* .items | map(f) | g */
static bool split_map(struct split_text text, const char *at, char **item,
                      char **rest)
{
    struct split_text more, inner;
    const char *behind;

    if (!split_pipe(at, text.end, &more) || more.end - more.at < 5 ||
        memcmp(more.at, "map(", 4) != 0)
        return false;
    behind = split_over(more.at + 3, more.end);
    if (!behind)
        return false;
    inner = split_trim((struct split_text){more.at + 4, behind - 1});
    if (inner.at == inner.end || !split_pipe(behind, more.end, &more))
        return false;
    *item = engine_strndup(inner.at, (size_t)(inner.end - inner.at));
    *rest = more.at < more.end
                ? engine_strndup(more.at, (size_t)(more.end - more.at))
                : engine_strdup(".");
    return true;
}

static bool split_program(struct split_text text, const char *list, int depth,
                          char **item, char **rest);

/* [inner] | more, where [.[]] is the array itself. */
static char *split_collect(const char *inner, struct split_text more)
{
    const struct split_text text = {inner, inner + strlen(inner)};

    if (strcmp(inner, ".[]") != 0)
        return split_join("[", text, more.at < more.end ? "] | " : "]", more);
    if (more.at == more.end)
        return engine_strdup(".");
    return engine_strndup(more.at, (size_t)(more.end - more.at));
}

/* [ program ] | g */
static bool split_brackets(struct split_text text, const char *list, int depth,
                           char **item, char **rest)
{
    const char *behind = split_over(text.at, text.end);
    struct split_text more;
    char *inner;

    if (!behind || !split_pipe(behind, text.end, &more) ||
        !split_program((struct split_text){text.at + 1, behind - 1}, list,
                       depth + 1, item, &inner))
        return false;
    *rest = inner ? split_collect(inner, more) : NULL;
    engine_free(inner);
    return true;
}

/* False: not of that form. True: NULL means out of memory. */
static bool split_program(struct split_text text, const char *list, int depth,
                          char **item, char **rest)
{
    const char *at;

    text = split_trim(text);
    *item = *rest = NULL;
    if (text.at == text.end || depth > SPLIT_DEPTH)
        return false;
    if (*text.at == '[')
        return split_brackets(text, list, depth, item, rest);
    at = split_list(text, list);
    return at && (split_elements(text, at, item, rest) ||
                  split_map(text, at, item, rest));
}

/* Every bracket and string ends, and there are no comments. */
static bool split_is_whole(const char *at, const char *end)
{
    while (at && at < end)
        at = split_over(at, end);
    return at != NULL;
}

engine_status jq_split(const char *text, const char *list, char **item,
                       char **rest, engine_error *err)
{
    const struct split_text all = {text, text + strlen(text)};
    char *first = NULL, *second = NULL;

    if (!split_is_whole(all.at, all.end) ||
        !split_program(all, list, 0, &first, &second)) {
        engine_free(first);
        engine_free(second);
        return engine_fail(err, ENGINE_EUNSUPPORTED,
                           "jq \"%.200s\" needs all of .%s at once", text,
                           list);
    }
    if (!first || !second) {
        engine_free(first);
        engine_free(second);
        return engine_fail_memory(err);
    }
    *item = first;
    *rest = second;
    return ENGINE_OK;
}
