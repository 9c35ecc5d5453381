/* SPDX-License-Identifier: Apache-2.0 */
/* path.c - dotted paths over keys that may contain dots themselves. */
#include "sdk/document/path.h"

#include <string.h>

size_t path_index(const char *path, uint32_t *index)
{
    const size_t digits = strspn(path, "0123456789");
    uint32_t value = 0;

    if (!digits || digits > 9 || (path[digits] && path[digits] != '.') ||
        (path[0] == '0' && digits > 1))
        return 0;
    for (size_t i = 0; i < digits; i++)
        value = value * 10 + (uint32_t)(path[i] - '0');
    *index = value;
    return digits;
}

bool path_begins(const char *path, const char *key, size_t *len)
{
    size_t at = 0;

    while (key[at] && key[at] == path[at])
        at++;
    *len = at;
    return !key[at] && (!path[at] || path[at] == '.');
}

bool path_longest_key(const bson_t *document, const char *path, size_t limit,
                      bson_iter_t *out, size_t *len)
{
    bson_iter_t iter;
    bool found = false;

    if (!bson_iter_init(&iter, document))
        return false;
    while (bson_iter_next(&iter)) {
        size_t match;

        if (!path_begins(path, bson_iter_key(&iter), &match) ||
            match >= limit || (found && match <= *len))
            continue;
        found = true;
        *out = iter;
        *len = match;
        if (!path[match])
            break; /* nothing is longer than the whole path */
    }
    return found;
}
