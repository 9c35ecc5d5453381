/* SPDX-License-Identifier: Apache-2.0 */
/*
 * content.h - SCAP content inside the plugin: imported once into fragments
 * (every XCCDF and OVAL item as pretty-printed XML with its references), then
 * compiled per scan into a small source datastream that holds only what the
 * selected rules need.
 */
#ifndef PLUGINS_OSCAP_CONTENT_H
#define PLUGINS_OSCAP_CONTENT_H

#include <bson/bson.h>
#include <engine/scanner.h>

#include "sdk/base/buffer.h"
#include "sdk/base/error.h"

/* ---- import (import_*.c) ------------------------------------------------ */

/** Where an import delivers; a failure of a callback ends it. */
struct oscap_import_sink {
    /* keeps a file, id receives its sha256 */
    engine_status (*artifact)(void *user, const char *path, const char *name,
                              const char *media_type, char id[65],
                              engine_error *err);
    /* kind "rule" or "benchmark" */
    engine_status (*document)(void *user, const char *kind,
                              const bson_t *document, engine_error *err);
    void (*warning)(void *user, const char *text);
    void *user;
};

/**
 * Reads a SCAP 1.2/1.3 source datastream, or a plain XCCDF 1.2 (or 1.1) file
 * with the OVAL and CPE files it names beside it. Never touches the network,
 * expands no entities, refuses a DOCTYPE. Messages name file and line.
 */
engine_status oscap_import(const char *path, const char *workdir,
                           const struct oscap_import_sink *sink,
                           engine_error *err);

/* ---- fragments (fragments.c) -------------------------------------------- */

struct oscap_content; /* an opened fragments file, memory-mapped */

engine_status oscap_content_open(const char *path, struct oscap_content **out,
                                 engine_error *err);
void oscap_content_close(struct oscap_content *content);
/** The XCCDF id of the benchmark it was made from. */
const char *oscap_content_benchmark(const struct oscap_content *content);

/**
 * Fragments for hand-written rules: check_content.oval {definition, content},
 * content being OVAL XML text. Written to `path`, then opened as above.
 */
engine_status oscap_content_from_rules(const bson_t *const *rules,
                                       size_t count, const char *path,
                                       struct oscap_content **out,
                                       engine_error *err);

/** XCCDF id inside the content of a rule document, into `out`. */
engine_status oscap_rule_xccdf_id(const bson_t *rule, char *out,
                                  size_t out_size, engine_error *err);

/* ---- compile (compile*.c, shard.c, tailoring.c) ------------------------- */

struct oscap_compile_options {
    const struct oscap_content *content;
    const bson_t *const *rules; /* rule documents of this content */
    size_t rules_count;
    const char *cpe;            /* applicability: this platform applies; NULL */
    const char *directory;      /* where files are written */
    const char *cachedir;       /* compiled content by hash; NULL: no cache */
    const char *profile;        /* the XCCDF profile that the scan chose: its
                                 * refine-rules apply; NULL: none */
};

struct oscap_compiled {
    char *datastream_path;      /* pretty-printed source datastream */
    char *benchmark_id;
    char *profile_id;           /* selects exactly the rules */
    bool cached;
};

void oscap_compiled_clear(struct oscap_compiled *compiled);

/** Writes the trimmed datastream; deterministic, cached by the hash of
 * content, rules and options. */
engine_status oscap_compile(const struct oscap_compile_options *options,
                            struct oscap_compiled *out, engine_error *err);

/** The XCCDF benchmark component alone, schema-valid XCCDF 1.2. */
engine_status oscap_benchmark_write(
    const struct oscap_compile_options *options, struct buffer *out,
    engine_error *err);

/**
 * Completes an XCCDF 1.2 benchmark that the engine wrote: each rule whose check
 * is `<check system="urn:scan-engine:content"><check-content-ref
 * name="RULE ID OF THE CONTENT" .../></check>` gets that rule's checks and
 * platforms; the values they use come along. options->rules are those rules.
 */
engine_status oscap_benchmark_complete(
    const struct oscap_compile_options *options, const char *text,
    struct buffer *out, engine_error *err);

/**
 * An XCCDF 1.2 tailoring whose profile extends compiled->profile_id and sets
 * `variables` {short id: value} for the values that the rules use.
 * *profile_id is freed by the caller.
 */
engine_status oscap_tailoring_write(const struct oscap_compile_options *options,
                                    const struct oscap_compiled *compiled,
                                    const bson_t *variables, const char *path,
                                    char **profile_id, engine_error *err);

/** True when the rule has a check that oscap evaluates (OVAL), so that
 * "notchecked" would be a missing result and no verdict. */
bool oscap_rule_is_automated(const struct oscap_content *content,
                             const bson_t *rule);

/** The OVAL definition that the rule's (first) check names, or NULL. */
const char *oscap_rule_definition(const struct oscap_content *content,
                                  const bson_t *rule);

/** The variables (short id: value) that one rule's checks read. */
engine_status oscap_rule_variables(const struct oscap_content *content,
                                   const bson_t *rule, const bson_t *variables,
                                   bson_t *out, engine_error *err);

/**
 * Splits rules into at most `shards` parts of about equal estimated cost;
 * rules that share expensive OVAL objects stay together. part[i] receives the
 * part of rules[i]; returns the number of parts used (at least 1).
 * measured[i], in tenths of a millisecond, replaces the estimate of rules[i]
 * where it is not 0; measured may be NULL.
 */
unsigned oscap_shard(const struct oscap_content *content,
                     const bson_t *const *rules, size_t count,
                     unsigned shards, const uint32_t *measured,
                     unsigned *part);

#endif
