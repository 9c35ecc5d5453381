/* SPDX-License-Identifier: Apache-2.0 */
/* oscap.h - the scanner instance and what its operations share. */
#ifndef PLUGINS_OSCAP_OSCAP_H
#define PLUGINS_OSCAP_OSCAP_H

#include <bson/bson.h>
#include <engine/scanner.h>

#include "plugins/oscap/content.h"
#include "plugins/oscap/costs.h"
#include "sdk/base/error.h"
#include "sdk/kit/host.h"

/** One configured instance. */
struct oscap {
    const struct scanner_host *host;
    bson_t options; /* options.c, every option present */
};

#define OSCAP_OPTIONS_COUNT 12
extern const struct scanner_option oscap_options[OSCAP_OPTIONS_COUNT];

void oscap_log(const struct oscap *self, uint32_t level, const char *format,
               ...) __attribute__((format(printf, 3, 4)));

/* operations, one file each */
int32_t oscap_op_scan(void *self, const struct scanner_job *job,
                      struct scanner_error *err);
int32_t oscap_op_plan(void *self, const struct scanner_job *job,
                      struct scanner_error *err);
int32_t oscap_op_import(void *self, const struct scanner_job *job,
                        struct scanner_error *err);
int32_t oscap_op_probe(void *self, const struct scanner_job *job,
                       struct scanner_error *err);

/* ---- units.c: the contents that a job needs, each with its rules -------- */

/** Rules of one content; one oscap run per part. */
struct oscap_unit {
    struct oscap_content *content;
    const bson_t **rules;     /* borrowed views */
    size_t count;
    unsigned *part;           /* shard of each rule, once split */
    unsigned parts;
};

struct oscap_units {
    struct oscap_unit *items;
    size_t count;
};

/** Called for a rule that cannot be evaluated at all. */
typedef void (*oscap_refuse_fn)(void *user, const bson_t *rule,
                                const engine_error *why);

/**
 * Opens every content that the rules refer to (artifact or inline OVAL) and
 * puts each rule into its unit; rules without usable content go to refuse.
 */
engine_status oscap_units_open(const struct oscap *self,
                               const struct scanner_job *job,
                               const bson_t *rules, size_t count,
                               oscap_refuse_fn refuse, void *user,
                               struct oscap_units *out, engine_error *err);
void oscap_units_close(struct oscap_units *units);
/** Splits each unit over at most `parallel` parts; costs may be NULL. */
engine_status oscap_units_split(struct oscap_units *units, unsigned parallel,
                                const struct oscap_costs *costs,
                                engine_error *err);

/** Files of one part: compiled content, tailoring, and its own directory. */
struct oscap_part {
    const struct oscap_unit *unit;
    const bson_t **rules;
    size_t count;
    char *directory;
    struct oscap_compiled compiled;
    char *tailoring_path, *profile_id;
};

engine_status oscap_part_build(const struct oscap_unit *unit, unsigned index,
                               const struct scanner_job *job,
                               const char *directory, struct oscap_part *out,
                               engine_error *err);
void oscap_part_clear(struct oscap_part *part);

#endif
