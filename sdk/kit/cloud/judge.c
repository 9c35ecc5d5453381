/* SPDX-License-Identifier: Apache-2.0 */
/* judge.c - the subjects of a rule in a scope, each with a verdict. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/kit/cloud/cloud_private.h"

struct judge {
    struct visit *visit;
    struct value subjects;
    struct blame blame;
    struct verdict verdict;
    engine_error err;
};

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

static void judge_failed(struct judge *judge, const struct failing *failure,
                         const char *name)
{
    judge_say(judge, SCANNER_ERROR, "%s: calls.%s: %s%s%s", name,
              judge->visit->rule->calls[failure->call].name,
              failure->where ? failure->where->label : "",
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
                                   const struct failing *failure)
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
    return done % 256 == 255 ? cloud_stopped(judge->visit->cloud, &judge->err)
                             : ENGINE_OK;
}

static engine_status judge_all(struct judge *judge)
{
    const struct visit *visit = judge->visit;
    struct blame *blame = &judge->blame;
    engine_status status = blame_find(blame, judge->visit, &judge->subjects);

    if (status < 0)
        return engine_fail_memory(&judge->err);
    for (uint32_t i = 0; status == ENGINE_OK && i < judge->subjects.count;
         i++) {
        if (visit->rule->each &&
            judge->subjects.items[i].kind == VALUE_NULL)
            continue; /* nothing there */
        status = judge_subject(judge, &judge->subjects.items[i],
                               blame_of(blame, i));
        if (status == ENGINE_OK)
            status = judge_cancelled(judge, i);
    }
    for (size_t i = 0; status == ENGINE_OK && i < blame->count; i++)
        if (!blame->failing[i].told)
            status = judge_subject(judge, &blame->failing[i].item->value,
                                   &blame->failing[i]);
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
    blame_clear(&judge.blame);
    return status;
}
