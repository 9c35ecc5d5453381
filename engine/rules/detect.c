/* SPDX-License-Identifier: Apache-2.0 */
/* detect.c - what kind of rule content a file holds. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "engine/rules/rules_private.h"

static const struct {
    const char *ending;
    enum rules_format format;
} detect_endings[] = {
    {".yaml", RULES_FORMAT_YAML},      {".yml", RULES_FORMAT_YAML},
    {".json", RULES_FORMAT_JSON},      {".jsonl", RULES_FORMAT_JSON},
    {".ndjson", RULES_FORMAT_JSON},    {".bson", RULES_FORMAT_BSON},
    {".tar.gz", RULES_FORMAT_ARCHIVE}, {".tgz", RULES_FORMAT_ARCHIVE},
    {".tar", RULES_FORMAT_ARCHIVE},    {".xml", RULES_FORMAT_NATIVE},
};

enum rules_format rules_format_of_name(const char *name)
{
    const size_t endings = sizeof(detect_endings) / sizeof(detect_endings[0]);
    const size_t len = strlen(name);

    for (size_t i = 0; i < endings; i++) {
        const size_t ending = strlen(detect_endings[i].ending);
        if (len > ending && strcasecmp(name + len - ending,
                                       detect_endings[i].ending) == 0)
            return detect_endings[i].format;
    }
    return RULES_FORMAT_UNKNOWN;
}

enum rules_format rules_format_of_word(const char *word)
{
    static const struct {
        const char *word;
        enum rules_format format;
    } words[] = {
        {"yaml", RULES_FORMAT_YAML},   {"json", RULES_FORMAT_JSON},
        {"jsonl", RULES_FORMAT_JSON},  {"bson", RULES_FORMAT_BSON},
        {"bundle", RULES_FORMAT_ARCHIVE},
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(word, words[i].word) == 0)
            return words[i].format;
    return RULES_FORMAT_UNKNOWN;
}

static size_t detect_blanks(const char *data, size_t len)
{
    size_t at = len >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

    while (at < len && isspace((unsigned char)data[at]))
        at++;
    return at;
}

enum rules_format rules_format_of_bytes(const char *data, size_t len)
{
    const size_t at = detect_blanks(data, len);

    if (len >= 2 && memcmp(data, "\x1f\x8b", 2) == 0)
        return RULES_FORMAT_ARCHIVE;
    if (len >= 263 && memcmp(data + 257, "ustar", 5) == 0)
        return RULES_FORMAT_ARCHIVE;
    if (at == len)
        return RULES_FORMAT_UNKNOWN;
    if (data[at] == '<')
        return RULES_FORMAT_NATIVE;
    if (data[at] == '{' || data[at] == '[')
        return RULES_FORMAT_JSON;
    return RULES_FORMAT_UNKNOWN;
}

/* a DOCTYPE may hold declarations in brackets, and ends behind those */
static const char *detect_doctype_end(const char *data, size_t len)
{
    const char *bracket = memchr(data, '[', len);
    const char *end = memchr(data, '>', len);

    return bracket && end && bracket < end ? "]>" : ">";
}

/* past "<!-- -->", "<?xml ?>" or "<!DOCTYPE >"; len when it does not end */
static size_t detect_skip_markup(const char *data, size_t at, size_t len)
{
    const bool comment =
        len - at >= 4 && memcmp(data + at, "<!--", 4) == 0;
    const char *end = comment ? "-->"
                      : data[at + 1] == '?'
                          ? "?>"
                          : detect_doctype_end(data + at, len - at);
    const char *found = memmem(data + at, len - at, end, strlen(end));

    return found ? (size_t)(found - data) + strlen(end) : len;
}

bool rules_xml_root(const char *data, size_t len, char *out, size_t out_len)
{
    size_t at = detect_blanks(data, len), end;

    while (at + 1 < len && data[at] == '<' &&
           (data[at + 1] == '!' || data[at + 1] == '?')) {
        at = detect_skip_markup(data, at, len);
        while (at < len && isspace((unsigned char)data[at]))
            at++;
    }
    if (at + 1 >= len || data[at] != '<')
        return false;
    for (end = ++at; end < len && !isspace((unsigned char)data[end]) &&
                     data[end] != '>' && data[end] != '/';
         end++)
        if (data[end] == ':')
            at = end + 1; /* the local name is what counts */
    if (end == len || end == at || end - at >= out_len)
        return false;
    memcpy(out, data + at, end - at);
    out[end - at] = '\0';
    return true;
}
