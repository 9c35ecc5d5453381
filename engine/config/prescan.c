/* SPDX-License-Identifier: Apache-2.0 */
/* prescan.c - libconfig calls exit() when it is told to include a directory,
 * and cuts large numbers off in silence: both are found here first. */
#include "engine/config/prescan.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sdk/base/alloc.h"
#include "sdk/base/file.h"

#define PRESCAN_MAX_DEPTH 9    /* libconfig's own limit is 10 */
#define PRESCAN_MAX_FILES 1000 /* included ones, each time counted */

struct prescan {
    const char *path;
    const char *directory; /* of the outermost file: what includes refer to */
    const char *at, *end;
    long line;
    int depth;
    unsigned *files;
    engine_error *err;
};

static engine_status prescan_text(struct prescan *scan);

static engine_status prescan_read(const char *path, char **out, size_t *len,
                                  engine_error *err)
{
    struct stat info;
    engine_status status;

    if (stat(path, &info) < 0)
        return engine_fail(err, engine_status_from_errno(errno),
                           "could not read configuration \"%s\": %s", path,
                           strerror(errno));
    if (!S_ISREG(info.st_mode)) {
        engine_fail(err, ENGINE_EINVAL,
                    "configuration \"%s\" is %s, not a file", path,
                    S_ISDIR(info.st_mode) ? "a directory" : "a device");
        engine_hint(err, "name the file itself, such as \"%s/engine.conf\"",
                    path);
        return ENGINE_EINVAL;
    }
    status = file_read(path, PRESCAN_MAX_BYTES, out, len, err);
    if (status < 0)
        return status;
    if (!memchr(*out, '\0', *len))
        return ENGINE_OK;
    engine_free(*out);
    *out = NULL;
    return engine_fail(err, ENGINE_EPARSE,
                       "configuration \"%s\" is no text: it holds a zero byte",
                       path);
}

/* Scans one included file; what it names is relative to the first file. */
static engine_status prescan_included(const struct prescan *outer,
                                      const char *name)
{
    struct prescan scan = *outer;
    char *path = NULL, *text = NULL;
    size_t len = 0;
    engine_status status;

    if (outer->depth >= PRESCAN_MAX_DEPTH)
        return engine_fail(outer->err, ENGINE_ELIMIT,
                           "%s:%ld: files include each other more than %d deep",
                           outer->path, outer->line, PRESCAN_MAX_DEPTH);
    if (++*outer->files > PRESCAN_MAX_FILES)
        return engine_fail(outer->err, ENGINE_ELIMIT,
                           "%s:%ld: more than %d files are included",
                           outer->path, outer->line, PRESCAN_MAX_FILES);
    path = name[0] == '/' ? engine_strdup(name)
                          : engine_strf("%s/%s", outer->directory, name);
    if (!path)
        return engine_fail_memory(outer->err);
    status = prescan_read(path, &text, &len, outer->err);
    if (status < 0) {
        engine_error_prefix(outer->err, "%s:%ld: @include", outer->path,
                            outer->line);
        goto out;
    }
    scan.path = path;
    scan.at = text;
    scan.end = text + len;
    scan.line = 1;
    scan.depth++;
    status = prescan_text(&scan);
out:
    engine_free(text);
    engine_free(path);
    return status;
}

/* `at` is behind "@include"; a name that libconfig does not understand either
 * is left for it to refuse. */
static engine_status prescan_include(struct prescan *scan)
{
    char name[PATH_MAX];
    size_t len = 0;

    while (scan->at < scan->end && (*scan->at == ' ' || *scan->at == '\t'))
        scan->at++;
    if (scan->at >= scan->end || *scan->at != '"')
        return ENGINE_OK;
    for (scan->at++; scan->at < scan->end && *scan->at != '"'; scan->at++) {
        if (*scan->at == '\\' && scan->at + 1 < scan->end)
            scan->at++;
        if (*scan->at == '\n' || len + 1 >= sizeof(name))
            return engine_fail(scan->err, ENGINE_EPARSE,
                               "%s:%ld: the name of an included file does "
                               "not end",
                               scan->path, scan->line);
        name[len++] = *scan->at;
    }
    scan->at += scan->at < scan->end;
    name[len] = '\0';
    return prescan_included(scan, name);
}

/* Without a trailing L, libconfig keeps 32 bits of a number and says nothing;
 * with one, 64. */
static engine_status prescan_number(struct prescan *scan)
{
    const char *start = scan->at;
    const char *at = start;
    size_t len;
    char digits[32];
    bool hex =
        at[0] == '0' && at + 1 < scan->end && (at[1] == 'x' || at[1] == 'X');
    bool wide;
    long long value;

    at += hex ? 2 : 0;
    while (at < scan->end &&
           (hex ? isxdigit((unsigned char)*at) : isdigit((unsigned char)*at)))
        at++;
    len = (size_t)(at - start);
    wide = at < scan->end && *at == 'L';
    scan->at = at;
    if (!hex && at < scan->end && strchr(".eE", *at)) {
        while (scan->at < scan->end &&
               (isalnum((unsigned char)*scan->at) || *scan->at == '.'))
            scan->at++;
        return ENGINE_OK; /* a float */
    }
    errno = 0;
    snprintf(digits, sizeof(digits), "%.*s", (int)(len > 30 ? 30 : len), start);
    value = strtoll(digits, NULL, hex ? 16 : 10);
    if (len < 30 && errno == 0 &&
        (wide || (hex ? value <= UINT32_MAX : value <= INT32_MAX)))
        return ENGINE_OK;
    engine_fail(scan->err, ENGINE_EPARSE, "%s:%ld: the number %s is too large",
                scan->path, scan->line, digits);
    if (!wide)
        engine_hint(scan->err, "numbers above 2147483647 end with an L");
    return ENGINE_EPARSE;
}

static void prescan_string(struct prescan *scan)
{
    for (scan->at++; scan->at < scan->end && *scan->at != '"'; scan->at++) {
        if (*scan->at == '\\' && scan->at + 1 < scan->end)
            scan->at++;
        if (*scan->at == '\n')
            scan->line++;
    }
    scan->at += scan->at < scan->end;
}

static bool prescan_starts(const struct prescan *scan, const char *word)
{
    size_t len = strlen(word);

    return (size_t)(scan->end - scan->at) >= len &&
           memcmp(scan->at, word, len) == 0;
}

static void prescan_comment(struct prescan *scan)
{
    bool block = prescan_starts(scan, "/*");

    scan->at += block ? 2 : 1; /* "/" and "*" of a start end nothing */
    while (scan->at < scan->end && (block || *scan->at != '\n')) {
        if (block && prescan_starts(scan, "*/")) {
            scan->at += 2;
            return;
        }
        if (*scan->at++ == '\n')
            scan->line++;
    }
}

static void prescan_word(struct prescan *scan)
{
    while (scan->at < scan->end &&
           (isalnum((unsigned char)*scan->at) || memchr("_-*", *scan->at, 3)))
        scan->at++;
}

static engine_status prescan_text(struct prescan *scan)
{
    engine_status status = ENGINE_OK;

    while (scan->at < scan->end && status == ENGINE_OK) {
        unsigned char byte = (unsigned char)*scan->at;

        if (prescan_starts(scan, "@include")) {
            scan->at += strlen("@include");
            status = prescan_include(scan);
        } else if (byte == '"') {
            prescan_string(scan);
        } else if (byte == '#' || prescan_starts(scan, "//") ||
                   prescan_starts(scan, "/*")) {
            prescan_comment(scan);
        } else if (isdigit(byte)) {
            status = prescan_number(scan);
        } else if (isalpha(byte)) {
            prescan_word(scan);
        } else {
            scan->line += byte == '\n';
            scan->at++;
        }
    }
    return status;
}

static engine_status prescan_all(const char *name, const char *directory,
                                 const char *text, size_t len,
                                 engine_error *err)
{
    unsigned files = 0;
    struct prescan scan = {.path = name,
                           .directory = directory,
                           .at = text,
                           .end = text + len,
                           .line = 1,
                           .files = &files,
                           .err = err};

    return prescan_text(&scan);
}

engine_status prescan_memory(const char *name, const char *text,
                             engine_error *err)
{
    const size_t len = strlen(text);

    if (len > PRESCAN_MAX_BYTES)
        return engine_fail(err, ENGINE_ELIMIT,
                           "%s: it is longer than %zu bytes", name,
                           PRESCAN_MAX_BYTES);
    return prescan_all(name, ".", text, len, err);
}

engine_status prescan_file(const char *path, char **out, engine_error *err)
{
    const char *slash = strrchr(path, '/');
    char *directory = NULL, *text = NULL;
    size_t len = 0;
    engine_status status = prescan_read(path, &text, &len, err);

    if (status < 0)
        return status;
    directory = slash ? engine_strndup(path, (size_t)(slash - path) + 1)
                      : engine_strdup(".");
    status = directory ? prescan_all(path, directory, text, len, err)
                       : engine_fail_memory(err);
    if (status == ENGINE_OK) {
        *out = text;
        text = NULL;
    }
    engine_free(directory);
    engine_free(text);
    return status;
}
