/* SPDX-License-Identifier: Apache-2.0 */
/* check_set.c - the OVAL form: a set of documents and its one verdict. */
#include <stdio.h>
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/kit/check_private.h"
#include "sdk/kit/expr/yamlpath.h"

/* ---- a set ------------------------------------------------------------------- */

engine_status check_open(struct check *check, engine_error *err)
{
    struct oval *oval = &check->oval;

    if (check->form != CHECK_OVAL)
        return engine_fail(err, ENGINE_EINVAL,
                           "a condition is judged for each object");
    oval->open = true;
    oval->documents = oval->split; /* the list, even if it is empty */
    oval->items = oval->elements = oval->controls = oval->records = 0;
    oval->item_results = (struct oval_counts){{0}};
    oval->record_results = (struct oval_counts){{0}};
    oval->captures = (struct oval_counts){{0}};
    oval->keyed = oval->failed = oval->has_plain = oval->has_object = false;
    oval->why[0] = '\0';
    check_seen_begin(check);
    return ENGINE_OK;
}

engine_status check_add(struct check *check, const struct value *document,
                        struct arena *arena, engine_error *err)
{
    struct oval *oval = &check->oval;
    engine_status status;

    if (!oval->open)
        return engine_fail(err, ENGINE_EINVAL, "no set of objects is open");
    check_seen_subject(check, document);
    status = check_records(check, document, arena, err);
    if (status < 0 || oval->split)
        return status;
    oval->documents++;
    check_records_end(check);
    return ENGINE_OK;
}

/* ---- its results ------------------------------------------------------------- */

/* check_existence_yamlpath: as many values of "#" as at the other path. */
static enum oval_result set_count(const struct oval *oval)
{
    if (!oval->elements && !oval->keyed)
        return OVAL_FALSE;
    if (oval->keyed || !oval->controls)
        return OVAL_ERROR;
    return oval->elements == oval->controls ? OVAL_TRUE : OVAL_FALSE;
}

/* embedded_data: all of what the pattern took equals the variable. */
static enum oval_result set_captured(const struct oval *oval)
{
    const enum oval_result result = oval_check(&oval->captures, OVAL_ALL);

    if (oval->keyed && !strcmp(oval->fields[0].key, "#"))
        return OVAL_ERROR;
    return result == OVAL_UNKNOWN ? OVAL_FALSE : result;
}

static enum oval_result set_main(const struct oval *oval)
{
    if (oval->failed)
        return OVAL_ERROR;
    if (oval->capture)
        return set_captured(oval);
    if (!oval_exist(oval->existence, oval->items))
        return OVAL_FALSE;
    if (!oval->items || !oval->count)
        return OVAL_TRUE;
    return oval_check(&oval->item_results, oval->check);
}

/* ---- and the words for them ---------------------------------------------------- */

/* The state as a message has it: pattern match "^x$", all. */
static void set_state(const struct oval *oval, char *out, size_t size)
{
    const struct oval_field *field = oval->fields;
    bool named;

    if (!oval->count) {
        snprintf(out, size, "%s", oval_existence_name(oval->existence));
        return;
    }
    named = strcmp(field->key, "#") != 0;
    snprintf(out, size, "%s%.60s%s%s \"%.80s\"%s%s%s",
             named ? "key \"" : "", named ? field->key : "",
             named ? "\" " : "", oval_operation_name(field->operation),
             field->value, field->check ? ", " : "",
             field->check ? oval_check_name(field->check) : "",
             oval->count > 1 ? ", and more" : "");
}

static engine_status set_failed(struct check *check, enum oval_result count,
                                struct check_outcome *outcome,
                                engine_error *err)
{
    const struct oval *oval = &check->oval;
    const size_t found = check->seen.values.total;
    const size_t against = check->seen.against.total;
    const char *existence = oval_existence_name(oval->existence);
    char state[256];

    set_state(oval, state, sizeof(state));
    if (oval->object_has_to_exist && !oval->documents)
        return check_outcome_fill(check, SCANNER_FAIL, outcome, err,
                                  "the object does not exist (%s)",
                                  check->path);
    if (!oval->items && set_main(oval) != OVAL_TRUE)
        return check_outcome_fill(check, SCANNER_FAIL, outcome, err,
                                  "%s: there is no value (%s)", check->path,
                                  existence);
    if (!oval->capture && !oval_exist(oval->existence, oval->items))
        return check_outcome_fill(
            check, SCANNER_FAIL, outcome, err,
            "%s: %zu values in %zu objects, the first is %s (%s)",
            check->path, found, oval->items, check->seen.first, existence);
    if (count == OVAL_FALSE && set_main(oval) == OVAL_TRUE)
        return check_outcome_fill(check, SCANNER_FAIL, outcome, err,
                                  "%s: %zu values where there should be %zu",
                                  check->path, oval->elements,
                                  oval->controls);
    return check_outcome_fill(
        check, SCANNER_FAIL, outcome, err,
        "%s: %zu of %zu values, the first is %s: does not do (%s%s%s)",
        check->path, against ? against : found, found, check->seen.first,
        state, oval->entity_check ? "; " : "",
        oval->entity_check ? oval_check_name(oval->entity_check) : "");
}

static engine_status set_passed(struct check *check,
                                struct check_outcome *outcome,
                                engine_error *err)
{
    const size_t found = check->seen.values.total;
    char state[256];

    if (check->terse) {
        outcome->status = SCANNER_PASS;
        return ENGINE_OK;
    }
    set_state(&check->oval, state, sizeof(state));
    if (!found)
        return check_outcome_fill(check, SCANNER_PASS, outcome, err,
                                  "%s: there is no value (%s)", check->path,
                                  oval_existence_name(check->oval.existence));
    return check_outcome_fill(check, SCANNER_PASS, outcome, err,
                              "%s: %zu values, the first is %s (%s)",
                              check->path, found, check->seen.first, state);
}

static engine_status set_undecided(struct check *check,
                                   struct check_outcome *outcome,
                                   engine_error *err)
{
    const struct oval *oval = &check->oval;
    const char *why = oval->why;

    if (!*why && oval->keyed && oval->counter)
        why = "objects cannot be counted (check_existence_yamlpath)";
    else if (!*why && oval->counter && !oval->controls)
        why = "check_existence_yamlpath leads to nothing";
    else if (!*why)
        why = "the values cannot be judged";
    return check_outcome_fill(check, SCANNER_ERROR, outcome, err, "%s: %s",
                              check->path, why);
}

engine_status check_close(struct check *check, struct check_outcome *outcome,
                          engine_error *err)
{
    struct oval *oval = &check->oval;
    struct oval_counts all = {{0}};
    enum oval_result count = OVAL_TRUE;

    check_outcome_clear(outcome);
    if (!oval->open)
        return engine_fail(err, ENGINE_EINVAL, "no set of objects is open");
    oval->open = false;
    if (oval->split)
        check_records_end(check);
    if (oval->counter)
        count = set_count(oval);
    oval_add(&all, set_main(oval));
    oval_add(&all, count);
    oval_add(&all, oval->object_has_to_exist && !oval->documents
                       ? OVAL_FALSE
                       : OVAL_TRUE);
    switch (oval_and(&all)) {
    case OVAL_TRUE:
        return set_passed(check, outcome, err);
    case OVAL_FALSE:
        return set_failed(check, count, outcome, err);
    default:
        return set_undecided(check, outcome, err);
    }
}

/* ---- the elements of a list, one by one ------------------------------------------ */

/* ".items[:].spec.x" and "items" give "$.spec.x"; NULL when it is not such. */
static const char *split_rest(const char *path, const char *list)
{
    const size_t len = strlen(list);

    if (*path == '$')
        path++;
    if (*path == '.')
        path++;
    if (strncmp(path, list, len) != 0 || strncmp(path + len, "[:]", 3) != 0)
        return NULL;
    return path + len + 3;
}

static engine_status split_path(const struct check *check, const char *path,
                                const char *list, struct expr **out,
                                engine_error *err)
{
    const char *rest = strcmp(check->language->name, "yamlpath") == 0
                           ? split_rest(path, list)
                           : NULL;
    char *item;
    engine_status status;

    if (!rest)
        return engine_fail(err, ENGINE_EUNSUPPORTED,
                           "\"%.200s\" is not about the elements of %s one "
                           "by one",
                           path, list);
    item = engine_strf("$%s", rest);
    if (!item)
        return engine_fail_memory(err);
    status = expr_compile(check->language, item, NULL, out, err);
    engine_free(item);
    return status;
}

engine_status check_split(struct check *check, const char *list,
                          engine_error *err)
{
    struct oval *oval = &check->oval;
    struct expr *item = NULL, *counter = NULL;
    engine_status status;

    if (check->form != CHECK_OVAL || oval->split)
        return engine_fail(err, ENGINE_EUNSUPPORTED,
                           "only a whole OVAL check can be split");
    status = split_path(check, check->path, list, &item, err);
    if (status == ENGINE_OK && oval->counter)
        status = split_path(check, expr_text(oval->counter), list, &counter,
                            err);
    if (status < 0) {
        expr_free(item);
        return status;
    }
    expr_free(check->expr);
    check->expr = item;
    check->fans = yamlpath_fans(item);
    if (counter) {
        expr_free(oval->counter);
        oval->counter = counter;
        oval->counter_fans = yamlpath_fans(counter);
    }
    oval->split = true;
    return ENGINE_OK;
}
