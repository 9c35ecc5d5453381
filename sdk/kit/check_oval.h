/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_oval.h - the OVAL form: ind-def:yamlfilecontent_test of OVAL 5.11 as
 * ComplianceAsCode's template yamlfile_value makes it, with the results that
 * OpenSCAP gives.
 *
 * A document is an item; what its path leaves of it are records:
 *   a scalar                   one record with the field "#"
 *   a list of scalars          one record, the field "#" repeated
 *   a list of lists            one record for each
 *   an object                  one record, its keys as fields (lists repeat
 *                              a field)
 *   a list of objects          one record for each
 *   anything deeper, or a list of objects and other values: an error
 * Empty lists and objects leave nothing; a document without records is no
 * item. null is the text "(null)".
 *
 * Differences from OpenSCAP 1.3.7, all of them its mistakes: integers have 64
 * bits instead of 32, the text of 1.5 is "1.5" instead of "1.500000", no value
 * of a list like [1, [2]] is lost, and an error is an error for any_exist
 * without a state, too.
 *
 * One difference follows the content's own tests, which are never run through
 * oscap: a value that is compared with an xccdf_variable for equality may be
 * written as another duration of the same length ("10m0s" for "10m"; for
 * "600" where the path or the variable speaks of seconds). Where oscap's very
 * result is wanted, values: [{value: "{{.variable}}"}] has it.
 */
#ifndef SDK_KIT_CHECK_OVAL_H
#define SDK_KIT_CHECK_OVAL_H

#include <bson/bson.h>
#include <stdbool.h>

#include "sdk/base/pattern.h"
#include "sdk/kit/expr.h"

#define OVAL_MAX_FIELDS 64

enum oval_result { OVAL_TRUE, OVAL_FALSE, OVAL_ERROR, OVAL_UNKNOWN };

/** How many results of each kind there are. */
struct oval_counts {
    size_t results[4]; /* by enum oval_result */
};

enum oval_check {
    OVAL_ALL,
    OVAL_AT_LEAST_ONE,
    OVAL_NONE_SATISFY,
    OVAL_ONLY_ONE
};

enum oval_existence {
    OVAL_ALL_EXIST,
    OVAL_ANY_EXIST,
    OVAL_AT_LEAST_ONE_EXISTS,
    OVAL_NONE_EXIST,
    OVAL_ONLY_ONE_EXISTS
};

enum oval_datatype {
    OVAL_STRING,
    OVAL_INT,
    OVAL_FLOAT,
    OVAL_BOOLEAN
};

enum oval_operation {
    OVAL_EQUALS,
    OVAL_NOT_EQUAL,
    OVAL_IEQUALS, /* case insensitive */
    OVAL_INOT_EQUAL,
    OVAL_GREATER,
    OVAL_LESS,
    OVAL_GREATER_OR_EQUAL,
    OVAL_LESS_OR_EQUAL,
    OVAL_BITWISE_AND,
    OVAL_BITWISE_OR,
    OVAL_PATTERN_MATCH
};

/** A field of the state. */
struct oval_field {
    const char *key, *value; /* key is "#" for what has none */
    enum oval_datatype datatype;
    enum oval_operation operation;
    enum oval_check check; /* over the values of the field */
    struct pattern *pattern;
    bool duration; /* also equal to another writing of the same duration */
    bool seconds;  /* whose bare numbers are seconds */
    int64_t integer;
    double number;
    bool boolean;
};

struct oval {
    enum oval_existence existence;
    enum oval_check check;        /* over documents */
    enum oval_check entity_check; /* over the records of a document */
    struct oval_field *fields;
    unsigned count;           /* of fields; none: only existence counts */
    bool object_has_to_exist; /* ocp_data */
    struct expr *counter;     /* check_existence_yamlpath */
    unsigned counter_fans;
    struct pattern *capture; /* embedded_data: what fields[0] looks at */
    bool split;              /* elements of a list come one by one */

    /* of the set that is open */
    bool open;
    size_t documents, items;
    struct oval_counts item_results;
    size_t elements, controls; /* values of "#" at both paths */
    bool keyed;                /* a record without "#" is to be counted */
    struct oval_counts captures;
    bool failed; /* something could not be made records of */
    char why[256];

    /* of the document */
    size_t records;
    struct oval_counts record_results;
    bool has_plain, has_object;
    struct oval_counts *plain;   /* by field: scalars of a list */
    struct oval_counts *current; /* by field: the record that is read */
};

/* ---- check_duration.c -------------------------------------------------------- */

/**
 * Nanoseconds of a duration as Go writes it, such as 1h30m; with seconds also
 * of a bare number. *written tells whether it had a unit.
 */
bool oval_duration(const char *text, bool seconds, bool *written,
                   int64_t *out);

/* ---- check_table.c: the tables of the OVAL language ------------------------ */

void oval_add(struct oval_counts *counts, enum oval_result result);
enum oval_result oval_check(const struct oval_counts *counts,
                            enum oval_check check);
enum oval_result oval_and(const struct oval_counts *counts);
bool oval_exist(enum oval_existence existence, size_t items);
/** Numbers of words, spelled with spaces or with underscores. */
bool oval_check_find(const char *word, enum oval_check *out);
bool oval_existence_find(const char *word, enum oval_existence *out);
bool oval_datatype_find(const char *word, enum oval_datatype *out);
bool oval_operation_find(const char *word, enum oval_operation *out);
const char *oval_check_name(enum oval_check check);
const char *oval_existence_name(enum oval_existence existence);
const char *oval_operation_name(enum oval_operation operation);

/* ---- check_field.c: one field ---------------------------------------------- */

/** Checks that operation, type and value of a field go together. */
engine_status oval_field_prepare(struct oval_field *field, engine_error *err);
/** Whether a scalar satisfies a field. ENGINE_ENOMEM only. */
engine_status oval_field_test(const struct oval_field *field,
                              const struct value *value,
                              enum oval_result *out, engine_error *err);
/** Whether a key of a document is the one of a field; NULL: "#". */
bool oval_field_is(const struct oval_field *field, const char *key,
                   size_t len);

#endif
