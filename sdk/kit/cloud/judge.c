/* SPDX-License-Identifier: Apache-2.0 */
/* judge.c - the subjects of a rule in a scope, each with a verdict. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/kit/cloud/cloud_private.h"

/* An item whose call failed. */
struct judge_failure {
    struct visit_item *item;
    const struct fault *fault;
    const char *call;
    const struct cloud_scope *where; /* NULL: in the visit's scope */
};

struct judge {
    struct visit *visit;
    struct value subjects;
    struct judge_failure *failures;
    size_t count;
    struct splice_map map;            /* identity -> failure */
    uint32_t *found;                  /* of each subject: failure + 1 */
    const struct judge_failure *all;  /* every subject has it */
    struct verdict verdict;
    engine_error err;
};

/* ---- failures of items -------------------------------------------------- */

static size_t failures_count(const struct visit *visit)
{
    size_t count = 0;

    for (size_t i = 0; i < visit->rule->count; i++)
        for (size_t k = 0;
             visit->rule->calls[i].foreach && k < visit->calls[i].count; k++)
            count += visit_item_failure(visit, i,
                                        &visit->calls[i].items[k],
                                        NULL) != NULL;
    return count;
}

static void failures_take(struct judge *judge)
{
    struct visit *visit = judge->visit;

    for (size_t i = 0; i < visit->rule->count; i++) {
        struct visit_call *call = &visit->calls[i];

        for (size_t k = 0;
             visit->rule->calls[i].foreach && k < call->count; k++) {
            const struct cloud_scope *where;
            const struct fault *fault =
                visit_item_failure(visit, i, &call->items[k], &where);
            const void *identity;

            if (!fault)
                continue;
            identity = moved_to(visit->moved,
                                splice_identity(&call->items[k].value));
            if (identity)
                splice_map_set(&judge->map, identity,
                               (uint32_t)judge->count);
            judge->failures[judge->count++] = (struct judge_failure){
                &call->items[k], fault, visit->rule->calls[i].name, where};
        }
    }
}

/* the failures within a value; the first of them, + 1 */
static uint32_t failures_within(struct judge *judge, const struct value *value,
                                unsigned depth)
{
    const void *identity = splice_identity(value);
    uint32_t first = 0, found;

    if (!identity || depth > 2 * VALUE_MAX_DEPTH)
        return 0;
    if (splice_map_get(&judge->map, identity, &found)) {
        judge->failures[found].item->claimed = true;
        first = found + 1;
    }
    for (uint32_t i = 0;
         value->kind != VALUE_STRING && i < value->count; i++) {
        found = failures_within(judge,
                                value->kind == VALUE_ARRAY
                                    ? &value->items[i]
                                    : &value->members[i].value,
                                depth + 1);
        first = first ? first : found;
    }
    return first;
}

static void failures_assign(struct judge *judge)
{
    for (uint32_t i = 0; i < judge->subjects.count; i++)
        judge->found[i] =
            failures_within(judge, &judge->subjects.items[i], 0);
    if (judge->visit->rule->looks_at_root)
        judge->all = &judge->failures[0];
    for (size_t i = 0; !judge->all && i < judge->count; i++)
        if (!judge->failures[i].item->claimed &&
            !judge->failures[i].item->found)
            judge->all = &judge->failures[i];
}

static engine_status failures_find(struct judge *judge)
{
    const size_t count = failures_count(judge->visit);

    if (count == 0)
        return ENGINE_OK;
    judge->failures = engine_calloc(count, sizeof(*judge->failures));
    judge->found =
        engine_calloc(judge->subjects.count + 1, sizeof(*judge->found));
    if (!judge->failures || !judge->found ||
        splice_map_init(&judge->map, count) < 0)
        return ENGINE_ENOMEM;
    failures_take(judge);
    failures_assign(judge);
    return ENGINE_OK;
}

/* ---- one subject -------------------------------------------------------- */

/* Messages are cut where they are too long. */
static void judge_say(struct judge *judge, int32_t status, const char *format,
                      ...) __attribute__((format(printf, 3, 4)));

static void judge_say(struct judge *judge, int32_t status, const char *format,
                      ...)
{
    struct verdict *verdict = &judge->verdict;
    va_list args;

    verdict->status = status;
    va_start(args, format);
    vsnprintf(verdict->message, sizeof(verdict->message), format, args);
    va_end(args);
}

/* ENGINE_ENOMEM goes on; all else is an error of the subject */
static engine_status judge_wrong(struct judge *judge, const char *name)
{
    if (judge->err.status == ENGINE_ENOMEM)
        return ENGINE_ENOMEM;
    judge_say(judge, SCANNER_ERROR, "%s: %s", name, judge->err.message);
    return ENGINE_OK;
}

static void judge_failed(struct judge *judge,
                         const struct judge_failure *failure,
                         const char *name)
{
    judge_say(judge, SCANNER_ERROR, "%s: calls.%s: %s%s%s", name,
              failure->call, failure->where ? failure->where->label : "",
              failure->where ? ": " : "", failure->fault->text);
}

/* the rule's own words about what fails; false: it has none. Words that cannot
 * be made change no verdict. */
static bool judge_message(struct judge *judge, const struct value *subject)
{
    struct cloud *cloud = judge->visit->cloud;
    const struct place *message = judge->visit->rule->message;
    struct value text;

    if (!message ||
        place_fill(cloud, message, subject, &cloud->scratch, &text, NULL) < 0 ||
        text.kind != VALUE_STRING)
        return false;
    judge_say(judge, SCANNER_FAIL, "%s", text.text);
    return true;
}

static void judge_words(struct judge *judge, const struct value *subject,
                        const char *name, bool holds)
{
    const char *assert = expr_text(judge->visit->rule->assert);

    if (holds)
        judge_say(judge, SCANNER_PASS, "%s: %s", name, assert);
    else if (!judge_message(judge, subject))
        judge_say(judge, SCANNER_FAIL, "%s: this does not hold: %s", name,
                  assert);
}

static engine_status judge_assert(struct judge *judge,
                                  const struct value *subject,
                                  const char *name, bson_t *evidence)
{
    struct cloud *cloud = judge->visit->cloud;
    const struct cloud_rule *rule = judge->visit->rule;
    const struct value *truth;
    bool holds;

    if (cloud_evaluate(cloud, rule->assert, subject, &cloud->scratch, &truth,
                       &judge->err) < 0)
        return judge_wrong(judge, name);
    holds = expr_is_true(truth);
    judge->verdict.status = holds ? SCANNER_PASS : SCANNER_FAIL;
    if (holds && report_is_silent(cloud, judge->visit->rule, SCANNER_PASS))
        return ENGINE_OK;
    judge_words(judge, subject, name, holds);
    if (evidence_make(rule, subject, &cloud->scratch, evidence,
                      &judge->err) < 0)
        return judge_wrong(judge, name);
    judge->verdict.evidence = evidence;
    return ENGINE_OK;
}

static engine_status judge_check(struct judge *judge,
                                 const struct value *subject,
                                 const char *name, bson_t *evidence)
{
    struct cloud *cloud = judge->visit->cloud;
    struct cloud_rule *rule = judge->visit->rule;
    struct check_outcome outcome = {0};
    engine_status status = ENGINE_OK;

    check_terse(rule->check, report_is_silent(cloud, rule, SCANNER_PASS));
    if (check_subject(rule->check, subject, &cloud->scratch, &outcome,
                      &judge->err) < 0) {
        status = judge_wrong(judge, name);
    } else {
        judge_say(judge, outcome.status, "%s: %s", name, outcome.message);
        if (outcome.status == SCANNER_FAIL)
            judge_message(judge, subject);
        if (outcome.evidence &&
            evidence_copy(outcome.evidence, &cloud->scratch, evidence,
                          &judge->err) < 0)
            status = judge_wrong(judge, name);
        judge->verdict.evidence = outcome.evidence ? evidence : NULL;
    }
    check_outcome_clear(&outcome);
    return status;
}

/* false: it is none of those that the rule is about */
static engine_status judge_when(struct judge *judge,
                                const struct value *subject, const char *name,
                                bool *out)
{
    struct cloud *cloud = judge->visit->cloud;
    struct expr *when = judge->visit->rule->when;
    const struct value *truth;

    *out = true;
    if (!when)
        return ENGINE_OK;
    if (cloud_evaluate(cloud, when, subject, &cloud->scratch, &truth,
                       &judge->err) < 0) {
        *out = false;
        return judge_wrong(judge, name);
    }
    *out = expr_is_true(truth);
    if (!*out)
        judge_say(judge, SCANNER_NOTAPPLICABLE, "%s: the rule is about %s",
                  name, expr_text(when));
    return ENGINE_OK;
}

static engine_status judge_subject(struct judge *judge,
                                   const struct value *subject,
                                   const struct judge_failure *failure)
{
    struct visit *visit = judge->visit;
    struct subject_name name;
    bson_t evidence = BSON_INITIALIZER;
    bool about;
    engine_status status =
        subject_name(visit, subject, &visit->cloud->scratch, &name,
                     &judge->err);

    judge->verdict.evidence = NULL;
    judge->verdict.message[0] = '\0';
    if (failure) {
        judge_failed(judge, failure, name.name);
        status = ENGINE_OK;
    } else if (status < 0) {
        status = judge_wrong(judge, name.name);
    } else {
        status = judge_when(judge, subject, name.name, &about);
        if (status == ENGINE_OK && about)
            status = visit->rule->check
                         ? judge_check(judge, subject, name.name, &evidence)
                         : judge_assert(judge, subject, name.name, &evidence);
    }
    if (status == ENGINE_OK)
        report_verdict(visit, &name, &judge->verdict);
    bson_destroy(&evidence);
    arena_reset(&visit->cloud->scratch);
    return status;
}

/* ---- all of them -------------------------------------------------------- */

static engine_status judge_find(struct judge *judge)
{
    struct visit *visit = judge->visit;
    struct cloud_rule *rule = visit->rule;
    const struct value *base =
        rule->check ? &visit->members[0].value : &visit->root;
    const struct value *found = base;
    engine_status status = ENGINE_OK;

    if (rule->each)
        status = cloud_evaluate(visit->cloud, rule->each, base, &visit->arena,
                                &found, &judge->err);
    if (status < 0) {
        engine_error_prefix(&judge->err, "%s",
                            rule->check ? "foreach" : "each");
        return status;
    }
    if (rule->each && found->kind == VALUE_ARRAY)
        judge->subjects = *found;
    else
        judge->subjects = (struct value){
            .kind = VALUE_ARRAY,
            .count = !rule->each || found->kind != VALUE_NULL,
            .items = found};
    return ENGINE_OK;
}

static engine_status judge_cancelled(struct judge *judge, uint32_t done)
{
    struct cloud *cloud = judge->visit->cloud;
    const struct scanner_host *host = cloud->plugin->host;

    if (done % 256 != 255 || !host->cancelled(host, cloud->job))
        return ENGINE_OK;
    return engine_fail(&judge->err, ENGINE_ECANCELLED, "cancelled");
}

static engine_status judge_all(struct judge *judge)
{
    const struct visit *visit = judge->visit;
    engine_status status = failures_find(judge);

    if (status < 0)
        return engine_fail_memory(&judge->err);
    for (uint32_t i = 0; status == ENGINE_OK && i < judge->subjects.count;
         i++) {
        const uint32_t found = judge->found ? judge->found[i] : 0;

        if (visit->rule->each &&
            judge->subjects.items[i].kind == VALUE_NULL)
            continue; /* nothing there */
        status = judge_subject(judge, &judge->subjects.items[i],
                               found ? &judge->failures[found - 1]
                                     : judge->all);
        if (status == ENGINE_OK)
            status = judge_cancelled(judge, i);
    }
    for (size_t i = 0; status == ENGINE_OK && i < judge->count; i++) {
        const struct judge_failure *failure = &judge->failures[i];

        if (!failure->item->claimed &&
            (failure->item->found || judge->subjects.count == 0))
            status = judge_subject(judge, &failure->item->value, failure);
    }
    return status;
}

engine_status judge_visit(struct visit *visit, engine_error *err)
{
    struct judge judge = {.visit = visit};
    engine_status status;

    if (visit->failure) {
        report_scope_error(visit, visit->failure);
        return ENGINE_OK;
    }
    cloud_bind(visit->cloud, visit->rule, visit->scope, &visit->root);
    status = judge_find(&judge);
    if (status == ENGINE_OK) {
        status = judge_all(&judge);
    } else if (status != ENGINE_ENOMEM) {
        visit_fail(visit, &judge.err);
        if (visit->failure)
            report_scope_error(visit, visit->failure);
        status = ENGINE_OK;
    }
    if (status < 0)
        *err = judge.err;
    engine_free(judge.failures);
    engine_free(judge.found);
    splice_map_clear(&judge.map);
    return status;
}
