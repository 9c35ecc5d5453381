/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rules.h - rule documents: importing them into a store, selecting them for
 * a scan, and their variables. Knows no kind of check: check_content belongs
 * to the scanner.
 */
#ifndef ENGINE_RULES_RULES_H
#define ENGINE_RULES_RULES_H

#include <bson/bson.h>

#include "engine/store/store.h"
#include "sdk/base/arena.h"
#include "sdk/base/error.h"
#include "sdk/base/log.h"
#include "sdk/document/document.h"

/* ---- importing (load.c, archive.c, normalise.c, validate.c, commit.c) --- */

/** Collects one import: documents in, a report out. */
struct rules_import;

struct rules_import_options {
    struct store *store;    /* NULL: validate only, nothing is stored */
    const struct log *log;
    /* the canonical name of a scanner type or alias (registry), or NULL when
     * no scanner registered it; NULL function: names are taken as they are */
    const char *(*canonical_type)(const char *name, void *user);
    /* XML and other native content found among the paths: import it through a
     * plugin, which calls rules_import_document; NULL: such files are refused */
    engine_status (*native)(const char *path, const char *format,
                            struct rules_import *import, void *user,
                            engine_error *err);
    const char *format;     /* --as; NULL: detect */
    void *user;
};

engine_status rules_import_new(const struct rules_import_options *options,
                               struct rules_import **out, engine_error *err);
void rules_import_free(struct rules_import *import);

/**
 * Imports a file (YAML, JSON, JSON Lines, .tar.gz bundle, native content) or
 * a directory of them. Documents that are wrong are rejected in the report and
 * do not stop the others; only a store failure ends the import with a status.
 */
engine_status rules_import_path(struct rules_import *import, const char *path,
                                engine_error *err);

/** Imports text in memory: YAML, JSON or JSON Lines, by the options' format or
 * by its looks. `name` stands for its file in the report. */
engine_status rules_import_text(struct rules_import *import, const char *text,
                                size_t len, const char *name,
                                engine_error *err);

/**
 * Imports one document that a plugin produced: kind "rule" or "benchmark".
 * `file` names the native file in the report.
 */
engine_status rules_import_document(struct rules_import *import,
                                    const char *kind, const bson_t *document,
                                    const char *file, engine_error *err);
/** Notes a file that could not be imported at all. */
engine_status rules_import_reject(struct rules_import *import,
                                  const char *file, const engine_error *why);

/** Writes what is still buffered; call once before the report. */
engine_status rules_import_finish(struct rules_import *import,
                                  engine_error *err);

/**
 * The report, borrowed until the import is freed:
 * {files: [{file, added, changed, unchanged, rejected, normalised: [{rule_id,
 * line, what}], rejections: [{line, rule_id, reason, hint}]}], benchmarks:
 * [id], totals: {files, documents, added, changed, unchanged, normalised,
 * rejected, skipped, removed}}. `normalised` and `rejections` are capped per
 * file; the counts are not (a file's count of normalised documents is
 * `normalised_count`). Skipped: old versions, abstract rules, the rules of a
 * benchmark that another file of this import has too, and files in a directory
 * of a format that no scanner imports (native: ENGINE_EUNSUPPORTED). Removed: rules that a
 * re-imported benchmark no longer has, so that no version of them is latest.
 */
const bson_t *rules_import_report(const struct rules_import *import);

/* ---- one rule document (normalise.c, validate.c) ------------------------ */

/** Says what a normalisation changed, such as "version \"2024.2\" -> 1". */
typedef void (*rules_note_fn)(const char *path, const char *what, void *user);

/**
 * Turns an accepted form (contract.md; OpenWatch's own documents too) into the
 * canonical rule document: title, severity, scanner_type, frameworks without
 * duplicates and with canonical names (pci -> pci_dss), framework_refs,
 * variables, check_content, remediation, source. `origin` may be NULL.
 */
engine_status rules_normalise(const bson_t *document,
                              const struct document_origin *origin,
                              const struct rules_import_options *options,
                              rules_note_fn note, void *user, bson_t *out,
                              engine_error *err);

/** Checks a canonical rule; the message names line (when known) and field. */
engine_status rules_validate(const bson_t *rule,
                             const struct document_origin *origin,
                             engine_error *err);

/* ---- selecting (select.c, suffix.c, profile.c) --------------------------- */

/** One selected rule, light enough to have 100,000 of them. */
struct rules_selected {
    const char *id;          /* _id of the rule's version in the store */
    const char *benchmark, *rule_id, *title, *severity, *scanner_type;
    const char *scap_rule_id; /* a bare reference to resolve, or NULL */
    const char *artifact;    /* stored content that it refers to, "" for none;
                              * NULL: not known, see the rule's document */
    int32_t version;
    int32_t reserved;
};

struct rules_selection {
    struct arena arena;      /* owns all strings */
    struct rules_selected *items; /* sorted by scanner_type, rule_id */
    size_t count;
    char *benchmark;         /* the resolved benchmark id, or NULL */
    char *profile;           /* the resolved profile id, or NULL */
    bson_t variables;        /* {short id: value}: defaults of what the rules
                              * use, then the profile's, then the overrides */
    bson_t overrides;        /* the overrides alone, by short id */
};

/** An empty selection; only needed by who may clear what was never made. */
void rules_selection_init(struct rules_selection *selection);

/**
 * Selects the latest rules for a scan configuration (contract.md: framework,
 * framework_version, benchmark, profile, rules, rule_filter) and checks its
 * variable_overrides against every selected rule. Unambiguous suffixes of ids
 * are accepted. ENGINE_EINVAL: unknown or ambiguous id (with candidates),
 * unknown variable, value outside its constraints, refused filter;
 * ENGINE_ENOTFOUND: nothing selected (names the frameworks, benchmarks and
 * profiles there are). With allow_empty in options an empty selection is OK.
 */
engine_status rules_select(struct store *store, const bson_t *scan_config,
                           struct rules_selection *out, engine_error *err);
/** Loads the selection that a scan stored (collection selections). */
engine_status rules_selection_load(struct store *store, const char *scan_id,
                                   struct rules_selection *out,
                                   engine_error *err);
/** Stores it in chunks under the scan's id, with variables and overrides. */
engine_status rules_selection_save(struct store *store, const char *scan_id,
                                   const struct rules_selection *selection,
                                   engine_error *err);
void rules_selection_clear(struct rules_selection *selection);

/**
 * The imported rule that a bare scap_rule_id stands for on a target with these
 * platforms (CPE names): the latest rule of that id in the benchmark (of those
 * wanted, when wanted is not NULL) whose platforms suit the target.
 * ENGINE_ENOTFOUND fills err with why nothing resolved.
 */
engine_status rules_resolve(struct store *store, const char *scap_rule_id,
                            const char *wanted_benchmark,
                            const bson_t *platforms, bson_t *out_rule,
                            engine_error *err);

/** Adds to a filter on rules: of a framework, of a version or any (NULL). */
void rules_filter_framework(const char *framework, size_t len,
                            const char *version, bson_t *filter);
/** The same of "NAME" or "NAME:VERSION". */
void rules_filter_framework_word(const char *text, bson_t *filter);

/** Finds the full id for an unambiguous suffix of a benchmark, rule or
 * profile id; *out is freed by the caller. */
engine_status rules_find_benchmark(struct store *store, const char *name,
                                   char **out, engine_error *err);
engine_status rules_find_profile(const bson_t *benchmark, const char *name,
                                 char **out, engine_error *err);
engine_status rules_find_rule(struct store *store, const char *benchmark,
                              const char *name, bson_t *out,
                              engine_error *err);

/** The canonical name of a framework ("pci" is "pci_dss"), in the arena; NULL:
 * out of memory. */
const char *rules_framework_name(struct arena *arena, const char *name);

/* ---- variables (variables.c) -------------------------------------------- */

/** "xccdf_org.ssgproject.content_value_x" and "x" are both "x". */
const char *rules_variable_short(const char *id);

/** Checks one value against {type, choices, minimum, maximum, pattern,
 * min_length, max_length}; the message names variable and constraint. */
engine_status rules_variable_check(const char *id, const bson_t *variable,
                                   const char *value, engine_error *err);

#endif
