/* SPDX-License-Identifier: Apache-2.0 */
/* log.h - messages go where the caller says; nothing is printed by default. */
#ifndef SDK_BASE_LOG_H
#define SDK_BASE_LOG_H

enum log_level {
    LOG_LEVEL_ERROR = 1,
    LOG_LEVEL_WARNING,
    LOG_LEVEL_INFO,
    LOG_LEVEL_DEBUG
};

/** Receives one line without its newline. */
typedef void (*log_fn)(enum log_level level, const char *text, void *user);

/** A sink and the most detailed level it wants; passed along, never global. */
struct log {
    log_fn fn;
    void *user;
    enum log_level level;
};

/** Sends one formatted line; log may be NULL. */
void log_write(const struct log *log, enum log_level level,
               const char *format, ...) __attribute__((format(printf, 3, 4)));

/** "error", "warning", "info", "debug". */
const char *log_level_name(enum log_level level);

#endif
