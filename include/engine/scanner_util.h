/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine/scanner_util.h - conveniences for authors of scanners: formatted
 * messages, errors, getters with a fallback, small BSON documents. Everything
 * here is a static inline function over engine/scanner.h and <stdio.h>: there
 * is nothing to link, and nothing of it is part of the ABI.
 *
 * Nothing here allocates. Texts are cut to the room they are given and made
 * valid UTF-8, which the engine insists on: what is not becomes '?'. Services
 * that an older engine lacks are asked for with SCANNER_HAS.
 *
 * Threads: as engine/scanner.h has it for the host's services.
 */
#ifndef ENGINE_SCANNER_UTIL_H
#define ENGINE_SCANNER_UTIL_H

#include <engine/scanner.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define SCANNER_PRINTF(text, first) \
    __attribute__((format(printf, text, first)))
#else
#define SCANNER_PRINTF(text, first)
#endif

#define SCANNER_MESSAGE_MAX 1024 /* bytes of a message, with its NUL */

/* ---- text ---------------------------------------------------------------- */

/** Bytes of the UTF-8 sequence (RFC 3629) at `text`; 0: it is none. */
static inline size_t scanner_utf8(const char *text)
{
    const unsigned char *p = (const unsigned char *)text;
    const unsigned char low = p[0] == 0xe0 ? 0xa0 : p[0] == 0xf0 ? 0x90 : 0x80;
    const unsigned char high = p[0] == 0xed ? 0x9f : p[0] == 0xf4 ? 0x8f : 0xbf;
    const size_t len = p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;

    if (len == 1)
        return p[0] != 0;
    if (p[0] < 0xc2 || p[0] > 0xf4 || p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < len; i++)
        if (p[i] < 0x80 || p[i] > 0xbf)
            return 0;
    return len;
}

/** Makes a text valid UTF-8 in place. */
static inline void scanner_clean(char *text)
{
    while (*text) {
        const size_t len = scanner_utf8(text);

        if (!len)
            *text = '?';
        text += len ? len : 1;
    }
}

/** Formats into room, cut to its size; returns room. */
static inline char *scanner_vformat(char *room, size_t size,
                                    const char *format, va_list args)
    SCANNER_PRINTF(3, 0);
static inline char *scanner_vformat(char *room, size_t size,
                                    const char *format, va_list args)
{
    if (vsnprintf(room, size, format, args) < 0)
        room[0] = '\0';
    scanner_clean(room);
    return room;
}

static inline char *scanner_format(char *room, size_t size,
                                   const char *format, ...)
    SCANNER_PRINTF(3, 4);
static inline char *scanner_format(char *room, size_t size,
                                   const char *format, ...)
{
    va_list args;

    va_start(args, format);
    scanner_vformat(room, size, format, args);
    va_end(args);
    return room;
}

/* ---- errors and the log -------------------------------------------------- */

/** Fills err (which may be NULL), empties its hint, and returns status:
 * `return scanner_fail(err, SCANNER_EIO, "could not read \"%s\"", path);` */
static inline int32_t scanner_fail(struct scanner_error *err, int32_t status,
                                   const char *format, ...)
    SCANNER_PRINTF(3, 4);
static inline int32_t scanner_fail(struct scanner_error *err, int32_t status,
                                   const char *format, ...)
{
    va_list args;

    if (!err)
        return status;
    err->status = status;
    err->hint[0] = '\0';
    va_start(args, format);
    scanner_vformat(err->message, sizeof(err->message), format, args);
    va_end(args);
    return status;
}

/** Says what the operator should do about the error. */
static inline void scanner_hint(struct scanner_error *err, const char *format,
                                ...) SCANNER_PRINTF(2, 3);
static inline void scanner_hint(struct scanner_error *err, const char *format,
                                ...)
{
    va_list args;

    if (!err)
        return;
    va_start(args, format);
    scanner_vformat(err->hint, sizeof(err->hint), format, args);
    va_end(args);
}

/** A line for the log; level is SCANNER_LOG_*. */
static inline void scanner_log(const struct scanner_host *host, uint32_t level,
                               const char *format, ...) SCANNER_PRINTF(3, 4);
static inline void scanner_log(const struct scanner_host *host, uint32_t level,
                               const char *format, ...)
{
    char text[SCANNER_MESSAGE_MAX];
    va_list args;

    if (!SCANNER_HAS(host, log))
        return;
    va_start(args, format);
    scanner_vformat(text, sizeof(text), format, args);
    va_end(args);
    host->log(host, level, text);
}

/** A warning about the whole job, kept with the scan; to the log where the
 * engine lacks that service. */
static inline void scanner_warn(const struct scanner_host *host,
                                const struct scanner_job *job,
                                const char *format, ...) SCANNER_PRINTF(3, 4);
static inline void scanner_warn(const struct scanner_host *host,
                                const struct scanner_job *job,
                                const char *format, ...)
{
    char text[SCANNER_MESSAGE_MAX];
    va_list args;

    va_start(args, format);
    scanner_vformat(text, sizeof(text), format, args);
    va_end(args);
    if (!SCANNER_HAS(host, warn) || host->warn(host, job, text) != SCANNER_OK)
        scanner_log(host, SCANNER_LOG_WARNING, "%s", text);
}

/* ---- the job ------------------------------------------------------------- */

/** The i-th rule, whatever size the engine's entries have. */
static inline const struct scanner_doc *
scanner_rule(const struct scanner_job *job, uint32_t i)
{
    const char *first = (const char *)(const void *)job->rules;

    return (const struct scanner_doc *)(const void *)(first +
                                                      (size_t)i *
                                                          job->rules_stride);
}

/** Non-zero when the operation is to end: ask at least once for each rule. */
static inline int scanner_cancelled(const struct scanner_host *host,
                                    const struct scanner_job *job)
{
    return SCANNER_HAS(host, cancelled) && host->cancelled(host, job);
}

/** The text at a dotted path, borrowed from the document; else fallback. */
static inline const char *scanner_text(const struct scanner_host *host,
                                       const struct scanner_doc *document,
                                       const char *path, const char *fallback)
{
    const char *text = NULL;

    return host->get_string(host, document, path, &text) == SCANNER_OK
               ? text : fallback;
}

static inline int64_t scanner_int(const struct scanner_host *host,
                                  const struct scanner_doc *document,
                                  const char *path, int64_t fallback)
{
    int64_t number = 0;

    return host->get_int(host, document, path, &number) == SCANNER_OK
               ? number : fallback;
}

static inline double scanner_double(const struct scanner_host *host,
                                    const struct scanner_doc *document,
                                    const char *path, double fallback)
{
    double number = 0;

    return host->get_double(host, document, path, &number) == SCANNER_OK
               ? number : fallback;
}

static inline int32_t scanner_bool(const struct scanner_host *host,
                                   const struct scanner_doc *document,
                                   const char *path, int32_t fallback)
{
    int32_t truth = 0;

    return host->get_bool(host, document, path, &truth) == SCANNER_OK
               ? truth : fallback;
}

/* ---- documents ----------------------------------------------------------- */

/** A flat BSON document (bsonspec.org 1.1) in the caller's memory. */
struct scanner_writer {
    uint8_t *room;
    uint32_t size, len;
    int32_t full; /* something did not fit */
};

static inline void scanner_write_bytes(struct scanner_writer *writer,
                                       const void *bytes, size_t len)
{
    if (writer->full || len > writer->size - writer->len) {
        writer->full = 1;
        return;
    }
    memcpy(writer->room + writer->len, bytes, len);
    writer->len += (uint32_t)len;
}

static inline void scanner_write_number(struct scanner_writer *writer,
                                        uint64_t number, int bytes)
{
    uint8_t little[8];

    for (int i = 0; i < bytes; i++)
        little[i] = (uint8_t)(number >> (8 * i));
    scanner_write_bytes(writer, little, (size_t)bytes);
}

static inline void scanner_write_key(struct scanner_writer *writer,
                                     uint8_t type, const char *key)
{
    scanner_write_bytes(writer, &type, 1);
    scanner_write_bytes(writer, key, strlen(key) + 1);
}

/** Begins a document in `size` bytes of room. */
static inline void scanner_write_begin(struct scanner_writer *writer,
                                       void *room, uint32_t size)
{
    writer->room = (uint8_t *)room;
    writer->size = size;
    writer->len = 0;
    writer->full = 0;
    scanner_write_number(writer, 0, 4); /* its length, known at the end */
}

/** Appends a text; NULL is left out. Keys are UTF-8 without dots. */
static inline void scanner_write_text(struct scanner_writer *writer,
                                      const char *key, const char *text)
{
    const uint32_t before = writer->len;
    size_t len;

    if (!text)
        return;
    len = strlen(text) + 1;
    if (len > writer->size) {
        writer->full = 1;
        return;
    }
    scanner_write_key(writer, 2, key);
    scanner_write_number(writer, len, 4);
    scanner_write_bytes(writer, text, len);
    if (writer->full)
        writer->len = before; /* without a text that does not fit */
    else
        scanner_clean((char *)writer->room + writer->len - len);
}

static inline void scanner_write_int(struct scanner_writer *writer,
                                     const char *key, int64_t number)
{
    scanner_write_key(writer, 18, key);
    scanner_write_number(writer, (uint64_t)number, 8);
}

static inline void scanner_write_bool(struct scanner_writer *writer,
                                      const char *key, int truth)
{
    scanner_write_key(writer, 8, key);
    scanner_write_number(writer, truth != 0, 1);
}

/** The document, borrowed from the room; none when it did not fit. */
static inline struct scanner_doc
scanner_write_end(struct scanner_writer *writer)
{
    struct scanner_doc none, document;

    memset(&none, 0, sizeof(none));
    scanner_write_number(writer, 0, 1);
    if (writer->full)
        return none;
    document.data = writer->room;
    document.len = writer->len;
    document.reserved = 0;
    writer->len = 0;
    scanner_write_number(writer, document.len, 4);
    return document;
}

/* ---- results ------------------------------------------------------------- */

/** Ends a rule: its verdict is the worst of its results, or `status` where
 * that is worse; 0: as the results say. */
static inline int32_t scanner_rule_finish(const struct scanner_host *host,
                                          const struct scanner_job *job,
                                          const char *rule_id, int32_t status)
{
    struct scanner_rule_end end;

    memset(&end, 0, sizeof(end));
    end.size = sizeof(end);
    end.status = status;
    end.rule_id = rule_id;
    end.duration_ms = -1;
    return host->rule_done(host, job, &end);
}

/** Emits the only result of a rule and ends the rule. */
static inline int32_t scanner_report(const struct scanner_host *host,
                                     const struct scanner_job *job,
                                     const struct scanner_result *result)
{
    const int32_t status = host->emit(host, job, result);

    return status == SCANNER_OK
               ? scanner_rule_finish(host, job, result->rule_id, 0) : status;
}

/** A rule that could not be evaluated: an error with a message, never a pass
 * and never a fail. */
static inline int32_t scanner_rule_error(const struct scanner_host *host,
                                         const struct scanner_job *job,
                                         const char *rule_id,
                                         const char *format, ...)
    SCANNER_PRINTF(4, 5);
static inline int32_t scanner_rule_error(const struct scanner_host *host,
                                         const struct scanner_job *job,
                                         const char *rule_id,
                                         const char *format, ...)
{
    char text[SCANNER_MESSAGE_MAX];
    struct scanner_result result;
    va_list args;

    va_start(args, format);
    scanner_vformat(text, sizeof(text), format, args);
    va_end(args);
    memset(&result, 0, sizeof(result));
    result.size = sizeof(result);
    result.status = SCANNER_ERROR;
    result.rule_id = rule_id;
    result.message = text;
    return scanner_report(host, job, &result);
}

#ifdef __cplusplus
}
#endif

#endif
