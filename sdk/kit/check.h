/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check.h - one evaluator of declarative checks for all scanners: what the
 * check_content of a rule says must hold of values that were read somewhere.
 *
 * Two forms (contract, check_content):
 *   condition  {path expression, condition, expected_value}: every subject
 *              (an object that was read) has a verdict of its own
 *   OVAL       {yamlpath, check_existence, entity_check, values, ...} as
 *              ComplianceAsCode's yamlfile_value writes it, with the meaning
 *              of OVAL 5.11 (ind-def:yamlfilecontent_test): the documents
 *              that were read are one set with one verdict
 *
 * The kit knows nothing of where values come from: the scanner gives it
 * subjects, or says that there is definitely none. What could not be read
 * never comes here; that is the scanner's error.
 *
 * Threads: a compiled check may be shared by none; one thread at a time.
 */
#ifndef SDK_KIT_CHECK_H
#define SDK_KIT_CHECK_H

#include <bson/bson.h>
#include <stdbool.h>

#include "sdk/kit/expr.h"
#include "sdk/kit/value.h"

struct check;

enum check_form { CHECK_CONDITION, CHECK_OVAL };

/** How a scanner's check_content spells what all of them have. */
struct check_words {
    const struct expr_language *language; /* of the path */
    const char *path;      /* key of the path: "yamlpath" or "path" */
    const char *condition; /* key of the operator: "condition", "operator" */
    const char *expected;  /* key of the expectation */
    const struct expr_limits *limits; /* of the path; may be NULL */
};

/**
 * Compiles a check_content with the variables {id: value} applied to it: a
 * string that is only {{.variable}} takes its typed value, inside a longer
 * one its text (template.h). ENGINE_EINVAL names the key and what is wrong.
 */
engine_status check_compile(const bson_t *content,
                            const struct check_words *words,
                            const bson_t *variables, struct check **out,
                            engine_error *err);
void check_free(struct check *check);
enum check_form check_form(const struct check *check);
/** The variables that it used, {id: value}; lives as long as the check. */
const bson_t *check_variables(const struct check *check);
/** Values of limits->variables, see expr_bind. */
void check_bind(struct check *check, const struct value *const *values);
/** Its compiled path; lives as long as the check. */
const struct expr *check_expr(const struct check *check);
/** Adds to a mask of a subject what it may look at. */
engine_status check_wants(const struct check *check,
                          struct value_mask *mask);

/**
 * Values of what is judged from now on are never shown, in messages neither:
 * only their types and sizes. What has the kind Secret is never shown anyway,
 * but a filtered document does not tell its kind any more.
 */
void check_redact(struct check *check, bool redact);
/** A pass has neither message nor evidence: for thousands of subjects. */
void check_terse(struct check *check, bool terse);

/** A verdict with its reasons. */
struct check_outcome {
    int32_t status;     /* SCANNER_PASS, _FAIL, _NOTAPPLICABLE or _ERROR */
    char message[512];  /* one line: path, what was expected, what was there */
    bson_t *evidence;   /* {path, condition, expected, actual: [..], ...},
                         * bounded; owned by the outcome; may be NULL */
};

void check_outcome_clear(struct check_outcome *outcome);

/**
 * Judges one subject. In the OVAL form it is the only document of the set.
 * NULL: the object definitely does not exist; that goes through exists,
 * not_exists or check_existence, and a condition on a value fails.
 * Where the expression itself fails on the subject the outcome is an error.
 */
engine_status check_subject(struct check *check, const struct value *subject,
                            struct arena *arena,
                            struct check_outcome *outcome, engine_error *err);

/**
 * Many checks of one subject (condition form): what their paths find in it is
 * found once for all that have the same path, what holds of it once for all
 * that are the same, and reasons are made only of what is to be shown.
 *
 *     check_values(any of them, subject, arena, &values, err);
 *     check_holds(each, &values, &holds, err);
 *     check_subject_values(each, subject, &values, &outcome, err);
 *
 * gives what check_subject gives. When one of the first two fails,
 * check_subject makes an outcome of it.
 */
engine_status check_values(struct check *check, const struct value *subject,
                           struct arena *arena, struct expr_values *out,
                           engine_error *err);
engine_status check_holds(struct check *check,
                          const struct expr_values *values, bool *holds,
                          engine_error *err);
engine_status check_subject_values(struct check *check,
                                   const struct value *subject,
                                   const struct expr_values *values,
                                   struct check_outcome *outcome,
                                   engine_error *err);
/** True when the values of one are those of the other, in every subject. */
bool check_has_values_of(const struct check *check,
                         const struct check *other);
/** True when their outcomes are the same, but for check_terse. */
bool check_is_same(const struct check *check, const struct check *other);
/** Its path as it was written, variables applied. */
const char *check_path(const struct check *check);

/**
 * Judges a set that comes piece by piece (OVAL form): open, add each
 * document, close. The elements of a list may be added one by one when
 * check_split gave a program for an element.
 */
engine_status check_open(struct check *check, engine_error *err);
engine_status check_add(struct check *check, const struct value *document,
                        struct arena *arena, engine_error *err);
engine_status check_close(struct check *check, struct check_outcome *outcome,
                          engine_error *err);

/**
 * Makes the path of an OVAL-form check ("<list>[:]<rest>", as in
 * ".items[:].spec.x") apply to the elements of a list one by one; check_add
 * then takes elements. ENGINE_EUNSUPPORTED when the path is not of that form
 * or needs the whole document for another reason.
 */
engine_status check_split(struct check *check, const char *list,
                          engine_error *err);

#endif
