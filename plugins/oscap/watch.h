/* SPDX-License-Identifier: Apache-2.0 */
/* watch.h - a local oscap while it runs: which rules it has ended, and whether
 * it still does anything. */
#ifndef PLUGINS_OSCAP_WATCH_H
#define PLUGINS_OSCAP_WATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "sdk/base/buffer.h"

/** Told about each rule as oscap ends it, with the time since the one before,
 * in tenths of a millisecond. */
typedef void (*oscap_on_rule_fn)(void *user, const char *xccdf_id,
                                 uint32_t tenths);

/** Reads oscap's list of ended rules ("ID:result") while it grows. */
struct oscap_follow {
    int fd;             /* -1: nothing to follow */
    struct buffer text; /* the line that is not complete yet, and more */
    int64_t last_ms;
    oscap_on_rule_fn on_rule;
    void *user;
};

/** path NULL, or one that cannot be read: nothing is followed. */
void oscap_follow_open(struct oscap_follow *follow, const char *path,
                       oscap_on_rule_fn on_rule, void *user);
/** One read at most, so that it takes no time. */
void oscap_follow_step(struct oscap_follow *follow);
void oscap_follow_close(struct oscap_follow *follow);

/** Notices a process that does nothing any more. */
struct oscap_watch {
    pid_t pid;
    int64_t limit_ms; /* 0: off */
    int64_t looked_ms, progressed_ms;
    unsigned long long ticks;
};

void oscap_watch_init(struct oscap_watch *watch, pid_t pid, int64_t limit_ms);
/**
 * True when the process has used no processor time for the limit and waits
 * for nothing on a disk; or for 10 s (or the limit, if less) while each of
 * its threads waits for another one, which nothing can end.
 */
bool oscap_watch_is_hung(struct oscap_watch *watch);

#endif
