/* SPDX-License-Identifier: Apache-2.0 */
/* check_record.c - what a path leaves of a document, as records of OVAL: see
 * check_oval.h. Their fields are compared as they come and then forgotten. */
#include <stdio.h>
#include <string.h>

#include "sdk/kit/check_private.h"

/* Where records go: to the state, or only to be counted. */
struct record_sink {
    struct check *check;
    bool counting;
    engine_error *err;
};

static bool record_is_scalar(const struct value *value)
{
    return value->kind != VALUE_ARRAY && value->kind != VALUE_OBJECT;
}

static void record_failed(struct record_sink *sink, const char *why)
{
    struct oval *oval = &sink->check->oval;

    if (!oval->failed)
        snprintf(oval->why, sizeof(oval->why), "%.255s", why);
    oval->failed = true;
}

/* ---- one value of one field ---------------------------------------------------- */

static engine_status record_capture(struct record_sink *sink,
                                    const struct oval_field *field,
                                    const struct value *value,
                                    enum oval_result *out)
{
    struct condition_text text;
    struct pattern_span span = {0};
    engine_status status = ENGINE_OK;

    *out = OVAL_FALSE;
    if (condition_text(value, &text))
        status = pattern_capture(sink->check->oval.capture, text.text,
                                 text.len, &span, sink->err);
    if (status == ENGINE_OK && span.begin &&
        span.len == strlen(field->value) &&
        !memcmp(span.begin, field->value, span.len))
        *out = OVAL_TRUE;
    if (status < 0 && status != ENGINE_ENOMEM) {
        *out = OVAL_ERROR;
        status = ENGINE_OK;
    }
    oval_add(&sink->check->oval.captures, *out);
    return status;
}

static void record_undecided(struct record_sink *sink,
                             const struct oval_field *field,
                             const struct value *value)
{
    char shown[CHECK_SHOWN];
    struct oval *oval = &sink->check->oval;

    if (oval->why[0])
        return;
    check_show(value, sink->check->seen.hidden, shown);
    snprintf(oval->why, sizeof(oval->why),
             "%s cannot be compared (%s%s \"%.40s\")", shown,
             field->operation == OVAL_PATTERN_MATCH ? "too many steps, " : "",
             oval_operation_name(field->operation), field->value);
}

static engine_status record_value(struct record_sink *sink, const char *key,
                                  size_t len, const struct value *value,
                                  struct oval_counts *counts)
{
    struct oval *oval = &sink->check->oval;
    engine_status status = ENGINE_OK;
    bool against = false;

    if (sink->counting) {
        oval->controls += !key;
        return ENGINE_OK;
    }
    oval->elements += !key;
    for (unsigned i = 0; i < oval->count && status == ENGINE_OK; i++) {
        const struct oval_field *field = &oval->fields[i];
        enum oval_result result = OVAL_UNKNOWN;

        if (!oval_field_is(field, key, len))
            continue;
        status = oval->capture
                     ? record_capture(sink, field, value, &result)
                     : oval_field_test(field, value, &result, sink->err);
        if (status == ENGINE_OK && result == OVAL_ERROR)
            record_undecided(sink, field, value);
        oval_add(&counts[i], result);
        against = against ||
                  (result == OVAL_TRUE) == (field->check == OVAL_NONE_SATISFY);
    }
    return status < 0 ? status
                      : check_seen_value(sink->check, key, value, against,
                                         sink->err);
}

/* ---- records -------------------------------------------------------------------- */

/* A record is complete: each field by its own entity_check, then all. */
static void record_close(struct record_sink *sink, struct oval_counts *counts)
{
    struct oval *oval = &sink->check->oval;
    struct oval_counts all = {{0}};

    if (sink->counting)
        return;
    oval->records++;
    for (unsigned i = 0; i < oval->count; i++) {
        const struct oval_field *field = &oval->fields[i];
        const enum oval_result result = oval_check(&counts[i], field->check);
        const size_t *found = counts[i].results;
        const bool missing = !found[OVAL_TRUE] && !found[OVAL_FALSE] &&
                             !found[OVAL_ERROR] && !found[OVAL_UNKNOWN];

        if (missing && !oval->why[0])
            snprintf(oval->why, sizeof(oval->why),
                     "a record has no field \"%.100s\"", field->key);
        oval_add(&all, missing ? OVAL_ERROR : result);
    }
    if (oval->count)
        oval_add(&oval->record_results, oval_and(&all));
}

static void record_open(struct record_sink *sink)
{
    struct oval *oval = &sink->check->oval;

    for (unsigned i = 0; i < oval->count; i++)
        oval->current[i] = (struct oval_counts){{0}};
}

static engine_status record_list(struct record_sink *sink, const char *key,
                                 size_t len, const struct value *list)
{
    engine_status status = ENGINE_OK;

    for (uint32_t i = 0; i < list->count && status == ENGINE_OK; i++) {
        if (!record_is_scalar(&list->items[i])) {
            record_failed(sink, "the path leads to something with more than "
                                "two levels");
            break;
        }
        status = record_value(sink, key, len, &list->items[i],
                              sink->check->oval.current);
    }
    return status;
}

static engine_status record_object(struct record_sink *sink,
                                   const struct value *object)
{
    struct oval *oval = &sink->check->oval;
    engine_status status = ENGINE_OK;
    uint32_t fields = 0;

    if (oval->has_plain && !sink->counting) {
        record_failed(sink, "the path leads to a list of objects and others");
        return ENGINE_OK;
    }
    oval->has_object = oval->has_object || !sink->counting;
    record_open(sink);
    for (uint32_t i = 0; i < object->count && status == ENGINE_OK; i++) {
        const struct value_member *member = &object->members[i];
        const struct value *value = &member->value;

        if (value->kind == VALUE_OBJECT)
            record_failed(sink, "the path leads to an object in an object");
        else if (value->kind == VALUE_ARRAY)
            status = record_list(sink, member->key, member->key_len, value);
        else
            status = record_value(sink, member->key, member->key_len, value,
                                  oval->current);
        fields += record_is_scalar(value) || value->count;
    }
    if (fields) {
        oval->keyed = true;
        record_close(sink, oval->current);
    }
    return status;
}

static engine_status record_plain(struct record_sink *sink,
                                  const struct value *value)
{
    struct oval *oval = &sink->check->oval;

    if (sink->counting)
        return record_value(sink, NULL, 0, value, NULL);
    if (oval->has_object) {
        record_failed(sink, "the path leads to a list of objects and others");
        return ENGINE_OK;
    }
    if (!oval->has_plain)
        for (unsigned i = 0; i < oval->count; i++)
            oval->plain[i] = (struct oval_counts){{0}};
    oval->has_plain = true;
    return record_value(sink, NULL, 0, value, oval->plain);
}

/* An element of the list that a path leads to. */
static engine_status record_element(struct record_sink *sink,
                                    const struct value *value)
{
    engine_status status;

    if (value->kind == VALUE_OBJECT)
        return record_object(sink, value);
    if (value->kind != VALUE_ARRAY)
        return record_plain(sink, value);
    if (!value->count)
        return ENGINE_OK;
    record_open(sink);
    status = record_list(sink, NULL, 0, value);
    record_close(sink, sink->check->oval.current);
    return status;
}

/* ---- documents ------------------------------------------------------------------- */

static engine_status record_elements(struct record_sink *sink,
                                     const struct value *list)
{
    engine_status status = ENGINE_OK;

    for (uint32_t i = 0; i < list->count && status == ENGINE_OK; i++)
        status = record_element(sink, &list->items[i]);
    return status;
}

/* The results of a path that fans out in an element of a list are a list in
 * it. */
static engine_status record_inner(struct record_sink *sink,
                                  const struct expr_values *values)
{
    engine_status status = ENGINE_OK;

    if (!values->count)
        return ENGINE_OK;
    record_open(sink);
    for (size_t i = 0; i < values->count && status == ENGINE_OK; i++) {
        const struct value one = {
            .kind = VALUE_ARRAY, .count = 1, .items = values->values[i]};

        status = record_list(sink, NULL, 0, &one);
    }
    record_close(sink, sink->check->oval.current);
    return status;
}

static engine_status record_read(struct record_sink *sink, struct expr *expr,
                                 unsigned fans, const struct value *value,
                                 struct arena *arena)
{
    const bool split = sink->check->oval.split;
    struct expr_values values;
    engine_error why = {0};
    engine_status status =
        expr_evaluate(expr, value, arena, &values, &why);

    if (status == ENGINE_ENOMEM)
        return engine_fail_memory(sink->err);
    if (status < 0) {
        record_failed(sink, why.message);
        return ENGINE_OK;
    }
    if (split && fans)
        return record_inner(sink, &values);
    for (size_t i = 0; i < values.count && status == ENGINE_OK; i++) {
        const struct value *result = values.values[i];

        status = !split && !fans && result->kind == VALUE_ARRAY
                     ? record_elements(sink, result)
                     : record_element(sink, result);
    }
    return status;
}

engine_status check_records(struct check *check, const struct value *value,
                            struct arena *arena, engine_error *err)
{
    struct record_sink sink = {.check = check, .err = err};
    engine_status status =
        record_read(&sink, check->expr, check->fans, value, arena);

    if (status < 0 || !check->oval.counter)
        return status;
    sink.counting = true;
    return record_read(&sink, check->oval.counter, check->oval.counter_fans,
                       value, arena);
}

void check_records_end(struct check *check)
{
    struct record_sink sink = {.check = check};
    struct oval *oval = &check->oval;

    if (oval->has_plain)
        record_close(&sink, oval->plain);
    if (oval->records) {
        oval->items++;
        if (oval->count)
            oval_add(&oval->item_results,
                     oval_check(&oval->record_results, oval->entity_check));
    }
    oval->records = 0;
    oval->record_results = (struct oval_counts){{0}};
    oval->has_plain = oval->has_object = false;
}
