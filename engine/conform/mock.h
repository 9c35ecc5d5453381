/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mock.h - an engine as a scanner sees it, which looks at everything that it
 * is told, and can cancel, refuse and be old. One for each instance; all of it
 * on the scanner's thread.
 */
#ifndef ENGINE_CONFORM_MOCK_H
#define ENGINE_CONFORM_MOCK_H

#include "engine/worker/worker_private.h"

/* What a scanner can do wrong while it runs. */
enum mock_kind {
    MOCK_FORM,  /* not BSON, not UTF-8, too large, no status, at no time */
    MOCK_IDS,   /* about rules that are not in the job, or after their end */
    MOCK_WORDS, /* failed without a proper message */
    MOCK_KINDS
};

struct mock_breach {
    unsigned count;
    char first[512];
};

/* One rule: which statuses its results had, by bit; and its end. */
struct mock_rule {
    unsigned statuses;
    bool ended;
    int32_t end;
};

struct mock {
    struct worker *worker;
    const struct scanner_ops *ops;
    struct scanner_host *host; /* ends where readable memory ends */
    enum worker_phase phase;
    const struct scanner_job *job;

    /* what it is to do; 0: never. From that call on. */
    uint64_t cancel_at, fail_emit_at, fail_end_at;
    int32_t fail_status;
    bool refuse_types;

    /* what happened */
    struct table rules; /* id -> struct mock_rule */
    struct arena memory;
    struct mock_breach breaches[MOCK_KINDS];
    uint64_t polls, emits, ends, documents, warnings;
    uint64_t refused;  /* reports since the first that was not taken */
    int64_t stop_ms;   /* since when it ought to end; steady clock */
    uint32_t types, targets, effects, effects_open;
};

/** host_size: how much of struct scanner_host this engine has. */
engine_status mock_open(struct mock *mock, struct worker *worker,
                        const struct scanner_ops *ops, uint32_t host_size,
                        engine_error *err);
void mock_close(struct mock *mock);

/** A job begins, with these rules; NULL: it is over. */
engine_status mock_begin(struct mock *mock, const struct scanner_job *job,
                         engine_error *err);

/** Notes a breach; the first of each kind is kept. */
void mock_breach(struct mock *mock, enum mock_kind kind, const char *format,
                 ...) __attribute__((format(printf, 3, 4)));

/** The rule's verdict is one about the target: pass, fail or fixed. */
bool mock_is_judged(const struct mock_rule *rule);

/** Memory of `size` bytes at whose end reading and writing crash; NULL: none
 * left. Freed with mock_unguard. */
void *mock_guard(size_t size);
void mock_unguard(void *memory, size_t size);

/* mock_report.c */
void mock_fill_reports(struct scanner_host *host);
/* mock.c, for mock_report.c */
/** The mock behind a host during an operation; NULL: it was called at another
 * time, which is noted. */
struct mock *mock_running(const struct scanner_host *host,
                          const struct scanner_job *job, const char *call);

#endif
