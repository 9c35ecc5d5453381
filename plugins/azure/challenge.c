/* SPDX-License-Identifier: Apache-2.0 */
/* challenge.c - WWW-Authenticate (RFC 9110 section 11.6.1), several challenges
 * in one header, as servers send it: unquoted values hold anything. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "plugins/azure/problem.h"

static bool challenge_is_token(char byte)
{
    return isalnum((unsigned char)byte) ||
           (byte && strchr("!#$%&'*+-.^_`|~", byte));
}

static const char *challenge_space(const char *at)
{
    while (*at == ' ' || *at == '\t' || *at == ',')
        at++;
    return at;
}

/* A value, quoted or not, to where it ends; out may be NULL. */
static const char *challenge_value(const char *at, char *out, size_t room,
                                   bool *fits)
{
    const bool quoted = *at == '"';
    size_t used = 0;

    at += quoted;
    while (*at && (quoted ? *at != '"' : !strchr(" \t,", *at))) {
        if (quoted && *at == '\\' && at[1])
            at++;
        if (out && used + 1 < room)
            out[used] = *at;
        used++;
        at++;
    }
    if (out)
        out[used < room ? used : room - 1] = '\0';
    *fits = used < room && (!quoted || *at == '"');
    return at + (quoted && *at == '"');
}

bool azure_challenge(const char *header, const char *scheme, const char *name,
                     char *out, size_t room)
{
    bool ours = false, fits = false;

    for (const char *at = challenge_space(header); *at;
         at = challenge_space(at)) {
        const char *word = at;
        size_t len;
        bool wanted;

        while (challenge_is_token(*at))
            at++;
        len = (size_t)(at - word);
        if (!len)
            return false;
        while (*at == ' ' || *at == '\t')
            at++;
        if (*at != '=') { /* no parameter: a scheme */
            ours = len == strlen(scheme) &&
                   strncasecmp(word, scheme, len) == 0;
            continue;
        }
        at++;
        while (*at == ' ' || *at == '\t')
            at++;
        wanted = ours && len == strlen(name) &&
                 strncasecmp(word, name, len) == 0;
        at = challenge_value(at, wanted ? out : NULL, room, &fits);
        if (wanted)
            return fits;
    }
    return false;
}
