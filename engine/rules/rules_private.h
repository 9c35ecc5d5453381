/* SPDX-License-Identifier: Apache-2.0 */
/* rules_private.h - what the files of engine/rules share among themselves. */
#ifndef ENGINE_RULES_RULES_PRIVATE_H
#define ENGINE_RULES_RULES_PRIVATE_H

#include <stdbool.h>

#include "engine/rules/rules.h"
#include "sdk/base/hash.h"

#define RULES_ID_MAX 512           /* bytes of a rule, benchmark, profile id */
#define RULES_FILE_MAX ((size_t)64 * 1024 * 1024)
#define RULES_DEPTH_MAX 16         /* of directories below the one named */
#define RULES_FILES_MAX 200000     /* in one directory or archive */
#define RULES_ARCHIVE_MAX (INT64_C(1024) * 1024 * 1024) /* unpacked, in all */
#define RULES_CONTROLS_MAX 4096    /* framework controls of one rule */
#define RULES_VARIABLES_MAX 1000   /* variables of one rule */

/* ---- messages (texts.c) ------------------------------------------------- */

/** Fails with "file:line: " before the message when the origin is known. */
engine_status rules_fail_at(engine_error *err,
                            const struct document_origin *origin,
                            const char *path, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* ---- normalising (normalise.c and friends) ------------------------------ */

/** One document on its way to its canonical form. */
struct normaliser {
    const bson_t *in;
    const struct document_origin *origin; /* NULL: from a plugin or BSON */
    const struct rules_import_options *options;
    rules_note_fn note;
    void *user;
    bson_t *out;
    struct arena arena;    /* texts made on the way */
    bool starved;          /* a text was lost for want of memory */
    bool openwatch;        /* one of OpenWatch's own documents */
    const char *scap_rule_id;
    const char *scanner_type;
};

/** Text of a scalar as it was written; NULL when absent, null or no scalar. */
const char *normaliser_text(struct normaliser *n, const char *path);
const char *normaliser_value_text(struct normaliser *n,
                                  const bson_iter_t *value, const char *path);
/** The path of a member, in the arena; "" stands for the document itself. */
const char *normaliser_path(struct normaliser *n, const char *parent,
                            const char *key);
void normaliser_note(struct normaliser *n, const char *path,
                     const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/** Appends the text at path under key, if there is one. */
void normaliser_copy_text(struct normaliser *n, bson_t *to, const char *key,
                          const char *path);
/** Appends the list at path under key: a lone scalar is a list of one,
 * repeated texts are dropped, documents are kept as they are. */
engine_status normaliser_copy_list(struct normaliser *n, bson_t *to,
                                   const char *key, const char *path,
                                   engine_error *err);
/** Appends a mapping of texts; lists and documents in it stay as they are. */
engine_status normaliser_copy_map(struct normaliser *n, bson_t *to,
                                  const char *key, const char *path,
                                  engine_error *err);

/** frameworks and framework_refs (frameworks.c). */
engine_status normalise_frameworks(struct normaliser *n, engine_error *err);
/** variables (declare.c). */
engine_status normalise_variables(struct normaliser *n, engine_error *err);
/** scap_rule_id, check_content and remediation (content.c). */
engine_status normalise_content(struct normaliser *n, engine_error *err);
void normalise_remediation(struct normaliser *n);

/** Checks a declaration itself: type, bounds, pattern, default
 * (variables.c). */
engine_status rules_variable_declared(const char *id, const bson_t *variable,
                                      engine_error *err);

/* ---- the report (report.c) ---------------------------------------------- */

struct rules_counts {
    int64_t documents, added, changed, unchanged, normalised, rejected,
        skipped, removed;
};

struct rules_report;
struct rules_report_file;

struct rules_report *rules_report_new(void);
void rules_report_free(struct rules_report *report);
/** Starts a file; later notes are about it. Its name is copied. */
engine_status rules_report_start(struct rules_report *report,
                                 const char *file, engine_error *err);
const char *rules_report_current(const struct rules_report *report);
/** The counts of the current file. */
struct rules_counts *rules_report_counts(struct rules_report *report);
void rules_report_note(struct rules_report *report, const char *rule_id,
                       long line, const char *what);
/** Takes "file:line: " off the message and counts the rejection. */
void rules_report_reject(struct rules_report *report, const char *rule_id,
                         long line, const engine_error *why);
void rules_report_benchmark(struct rules_report *report, const char *id);
/** Counts a rule that was taken for its scanner. */
void rules_report_type(struct rules_report *report, const char *name);
void rules_report_removed(struct rules_report *report, int64_t count);
const bson_t *rules_report_document(struct rules_report *report);

/* ---- committing (commit.c, batch.c, known.c) ---------------------------- */

/** What the store has of a rule: its newest version. */
struct known_rule {
    const char *first_file; /* where this import found it, or NULL */
    long first_line;
    int32_t version;        /* 0: not stored */
    bool is_latest, seen;
    char hash[HASH_HEX_SIZE];
};

struct known_benchmark {
    char *id;
    const char *file;      /* where this import found its document */
    const char *refused;   /* another file that has it, told already */
    struct table rules;    /* rule_id -> struct known_rule, in the arena */
    struct arena arena;
    int64_t rules_count;   /* what its document promised; -1: not said */
    bool document;         /* its own document came in this import */
    bool incomplete;       /* its import broke off: nothing is removed */
};

/** The benchmarks that an import touched, loaded from the store once. */
struct known {
    struct table benchmarks;
};

void known_init(struct known *known);
void known_clear(struct known *known);
engine_status known_benchmark_get(struct known *known, struct store *store,
                                  const char *id,
                                  struct known_benchmark **out,
                                  engine_error *err);
/** Finds or makes the entry of a rule. */
engine_status known_rule_get(struct known_benchmark *benchmark,
                             const char *rule_id, struct known_rule **out,
                             engine_error *err);

/** Documents that wait for being written in one transaction. */
struct rules_batch_list {
    bson_t **documents;
    size_t count, room;
};

struct rules_batch {
    struct store *store;     /* NULL: nothing is stored */
    struct rules_batch_list inserts, puts, benchmarks;
    size_t bytes;
};

void rules_batch_init(struct rules_batch *batch, struct store *store);
void rules_batch_clear(struct rules_batch *batch);
/** Copies a document into one of its lists. */
engine_status rules_batch_add(struct rules_batch *batch,
                              struct rules_batch_list *list,
                              const bson_t *document, engine_error *err);
/** Writes when it has become large; call between whole documents only. */
engine_status rules_batch_relieve(struct rules_batch *batch,
                                  engine_error *err);
engine_status rules_batch_flush(struct rules_batch *batch, engine_error *err);

/** What became of a document. */
enum rules_outcome { RULES_ADDED, RULES_CHANGED, RULES_UNCHANGED };

/**
 * Puts a canonical rule into the batch when it is new or has changed.
 * ENGINE_EINVAL: this import has another rule of the same id.
 */
engine_status rules_commit_rule(struct rules_batch *batch,
                                struct known *known, const bson_t *rule,
                                const char *file, long line,
                                enum rules_outcome *out, engine_error *err);
engine_status rules_commit_benchmark(struct rules_batch *batch,
                                     struct known *known,
                                     const bson_t *document, const char *file,
                                     engine_error *err);
/** Rules that complete benchmarks no longer have are not latest any more. */
engine_status rules_commit_removed(struct rules_batch *batch,
                                   struct known *known, int64_t *removed,
                                   engine_error *err);

/* ---- loading (load.c, load_native.c, read.c, detect.c, path.c, bundle.c) - */

struct rules_import {
    struct rules_import_options options;
    struct rules_report *report;
    struct known known;
    struct rules_batch batch;
    engine_status fatal;  /* a store failure: the import ends */
    engine_error fatal_error;
    int64_t notes;        /* of the document being normalised */
    bool walking;         /* through a directory */
    struct template_form *form; /* NULL: none was met yet */
    const char *skipped;  /* the last reason of it in the current file */
};

enum rules_format {
    RULES_FORMAT_UNKNOWN,
    RULES_FORMAT_YAML,
    RULES_FORMAT_JSON,
    RULES_FORMAT_BSON,
    RULES_FORMAT_ARCHIVE,
    RULES_FORMAT_NATIVE
};

/* ---- templates' variables as rules (template_form.c) ---------------------- */

struct template_form; /* what files beside the rules told */

void template_form_free(struct template_form *form);
/** True for a rule of the form {id, template_vars, api_resources, ...}. */
bool template_form_is(const bson_t *document);
/** Why a document that lies beside such rules is none; NULL: it is none of
 * those. */
const char *template_form_other(const bson_t *document);
/**
 * Makes an ordinary rule document of one in that form. *form keeps the
 * variables.json that lies beside file. *note says what is missing, or is
 * NULL; it lives as long as the form. out is initialised on success.
 */
engine_status template_form_rule(struct template_form **form,
                                 const bson_t *document, const char *file,
                                 bson_t *out, const char **note,
                                 engine_error *err);

enum rules_format rules_format_of_name(const char *name);
/** By the first bytes; for native content the XML root's local name is put
 * into marker. */
enum rules_format rules_format_of_bytes(const char *data, size_t len);
bool rules_xml_root(const char *data, size_t len, char *out, size_t out_len);
/** A --as word of ours, or RULES_FORMAT_UNKNOWN. */
enum rules_format rules_format_of_word(const char *word);

/** Calls fn for each document in the bytes of one YAML, JSON or BSON file. */
engine_status rules_read(const char *file, enum rules_format format,
                         const char *data, size_t len, document_fn fn,
                         void *user, engine_error *err);
/** Takes one rule document, or reports why not; `user` is the import. */
engine_status rules_load(const bson_t *document,
                         const struct document_origin *origin, void *user,
                         engine_error *err);
/** Reports why a document is not taken; what is no fault of its ends the
 * import. */
engine_status rules_load_reject(struct rules_import *import,
                                const bson_t *document, long line,
                                const engine_error *why, engine_error *err);
/** Imports the bytes of one YAML, JSON or BSON file. */
engine_status rules_import_bytes(struct rules_import *import,
                                 const char *file, enum rules_format format,
                                 const char *data, size_t len,
                                 engine_error *err);
engine_status rules_import_file(struct rules_import *import, const char *path,
                                enum rules_format format, engine_error *err);
engine_status rules_import_directory(struct rules_import *import,
                                     const char *path, engine_error *err);
engine_status rules_import_archive(struct rules_import *import,
                                   const char *path, engine_error *err);
/** Rejects one file of the input with a message of its own. */
engine_status rules_import_refuse(struct rules_import *import,
                                  const char *file, const char *hint,
                                  const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* ---- reading the store (each.c) ----------------------------------------- */

typedef engine_status (*rules_each_fn)(const bson_t *document, void *user,
                                       engine_error *err);

/** Calls fn for what a query finds; NULL fields: whole documents. */
engine_status rules_each(struct store *store, const char *collection,
                         const bson_t *filter, const bson_t *fields,
                         rules_each_fn fn, void *user, engine_error *err);

/** Starts at the profiles of a benchmark; false when it has none. */
bool rules_profiles(const bson_t *benchmark, bson_t *profiles,
                    bson_iter_t *at);
/** The next profile that has an id. */
bool rules_profile_next(bson_iter_t *at, bson_t *profile, const char **id);
/** What follows "_profile_", for people. */
const char *rules_profile_short(const char *id);

/* ---- selecting (filter.c, order.c, suffix.c, near.c, profile.c, choose.c,
 * nothing.c) --------------- */

/** How well a name stands for an id: 0 not at all, 1 a suffix after "_",
 * 2 all that follows "_rule_", "_profile_" or "_benchmark_", 3 the id. */
int rules_name_rank(const char *id, const char *name);

/** Collects the ids that a name fits best; at most a few are kept. */
#define NAME_CANDIDATES 8
struct name_search {
    const char *name;
    int rank;
    size_t count; /* may be more than are kept */
    char *ids[NAME_CANDIDATES];
};

void name_search_init(struct name_search *search, const char *name);
void name_search_clear(struct name_search *search);
engine_status name_search_add(struct name_search *search, const char *id,
                              engine_error *err);
/** The one id (moved to *out), or ENGINE_EINVAL with the candidates. */
engine_status name_search_take(struct name_search *search, const char *what,
                               char **out, engine_error *err);

/** A text that fills up with names; "..." stands for the rest. */
struct name_list {
    char *text;
    size_t room, len;
    bool full;
};

void name_list_init(struct name_list *list, char *text, size_t room);
void name_list_add(struct name_list *list, const char *name);

/** True when somebody who wrote `name` may have meant `meant` (near.c). */
bool rules_name_near(const char *name, const char *meant);

/** How many components of a platform's CPE name a target's name has; 0 when
 * one differs (resolve.c). */
int rules_cpe_suits(const char *platform, const char *target);

/** What a configuration and the benchmark that it names (or NULL) ask for
 * (filter.c). out is initialised on success. */
engine_status rules_filter(const bson_t *config, const char *benchmark,
                           bson_t *out, engine_error *err);

/** Sorts by scanner type, then id (order.c). ENGINE_EINVAL: rules of two
 * benchmarks have one id. */
engine_status rules_order(struct rules_selection *out, engine_error *err);

struct rules_pick {
    struct store *store;
    const char *benchmark; /* NULL: any */
    struct table *wanted;  /* in: the profile's rules; out: those named */
    bool only_wanted;      /* names must be of the profile */
};

/** Turns the `rules` of a configuration into ids, among what the filter
 * finds (pick.c); *any is false when it has none, and wanted is untouched. */
engine_status rules_pick_names(const struct rules_pick *pick,
                               const bson_t *config, const bson_t *filter,
                               bool *any, engine_error *err);

/** Finds the profile; *benchmark is resolved, or chosen when it is NULL. */
engine_status rules_profile_get(struct store *store, const char *name,
                                char **benchmark, char **profile,
                                bson_t *out, engine_error *err);

/** Variables of a selection while its rules stream by (choose.c). */
struct chooser;
struct chooser *chooser_new(void);
void chooser_free(struct chooser *chooser);
engine_status chooser_overrides(struct chooser *chooser,
                                const bson_t *scan_config, engine_error *err);
/** Sees one selected rule: its declarations, checked against overrides. */
engine_status chooser_rule(struct chooser *chooser, const bson_t *rule,
                           engine_error *err);
/** Sees a rule that a selected reference may stand for. */
engine_status chooser_reference(struct chooser *chooser, const bson_t *rule,
                                engine_error *err);
bool chooser_has_overrides(const struct chooser *chooser);
/** Fills variables and overrides; profile may be NULL. `any` says whether
 * rules were selected at all. */
engine_status chooser_finish(struct chooser *chooser, const bson_t *profile,
                             bool any, bson_t *variables, bson_t *overrides,
                             engine_error *err);

/** Fills err with what there is to select from; ENGINE_ENOTFOUND. */
engine_status rules_nothing_selected(struct store *store,
                                     const bson_t *scan_config,
                                     engine_error *err);

#endif
