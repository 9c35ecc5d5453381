/* SPDX-License-Identifier: Apache-2.0 */
/* judge.c - objects go by, rules look at them, and end. */
#include "plugins/kubernetes/judge.h"

#include <stdio.h>
#include <string.h>

#include "plugins/kubernetes/foreach.h"
#include "plugins/kubernetes/report.h"
#include "sdk/base/alloc.h"
#include "sdk/document/document.h"

void kube_judge_note(struct kube_rule *rule, const engine_error *why)
{
    if (rule->failure.status == ENGINE_OK)
        rule->failure = *why;
}

/* objects of lists do not tell their kind: it is what was asked for */
static bool judge_is_of(const struct kube_want *want, const char *kind)
{
    const char *is = want->role == KUBE_ROLE_BELONGS
                         ? kube_foreach_kind(want->rule->each)
                         : want->rule->kind;

    return is && strcmp(is, kind) == 0;
}

/* ---- an object goes by --------------------------------------------------- */

bool kube_judge_is_inside(const struct kube_judge *judge,
                          const struct kube_want *want,
                          const struct value *object)
{
    const char *name;

    if (!judge->namespaces)
        return true;
    name = value_text(value_at(object, "metadata",
                               judge_is_of(want, "Namespace")
                                   ? "name"
                                   : "namespace",
                               NULL));
    return !name || kube_namespaces_match(judge->namespaces, name);
}

/* this is what a scan spends its time on: the outcome and the error are the
 * judge's own, so that nothing of their size is cleared for every object */
static void judge_over(struct kube_judge *judge, struct kube_rule *rule,
                       const struct kube_read *read,
                       const struct value *object, const struct value *input,
                       struct arena *arena)
{
    struct check_outcome *outcome = &judge->outcome;

    outcome->status = 0;
    outcome->message[0] = '\0';
    judge->err.status = ENGINE_OK;
    if (check_subject(rule->check, input, arena, outcome, &judge->err) < 0) {
        kube_judge_note(rule, &judge->err);
    } else {
        kube_report_outcome(judge, rule, read, object, outcome);
    }
    check_outcome_clear(outcome);
}

void kube_judge_object(struct kube_judge *judge, struct kube_rule *rule,
                       const struct kube_read *read,
                       const struct value *object, struct arena *arena)
{
    judge_over(judge, rule, read, object, object, arena);
}

/* what a filter gives for an element stays until the list has ended */
static engine_status judge_collect(struct kube_rule *rule,
                                   const struct expr_values *values,
                                   engine_error *err)
{
    for (size_t i = 0; i < values->count; i++) {
        if (rule->outputs_count == rule->outputs_room) {
            const size_t room =
                rule->outputs_room ? rule->outputs_room * 2 : 16;
            struct value *outputs =
                engine_realloc(rule->outputs, room * sizeof(*outputs));
            if (!outputs)
                return engine_fail_memory(err);
            rule->outputs = outputs;
            rule->outputs_room = room;
        }
        if (value_copy(values->values[i], &rule->kept,
                       &rule->outputs[rule->outputs_count], err) < 0)
            return ENGINE_ENOMEM;
        rule->outputs_count++;
    }
    return ENGINE_OK;
}

static void judge_filter_item(struct kube_judge *judge,
                              struct kube_rule *rule,
                              const struct value *item, struct arena *arena)
{
    struct expr_values values = {0};

    if (expr_evaluate(rule->filter, item, arena, &values, &judge->err) < 0 ||
        judge_collect(rule, &values, &judge->err) < 0)
        kube_judge_note(rule, &judge->err);
}

static void judge_each_item(struct kube_judge *judge,
                            const struct kube_want *want,
                            const struct value *item)
{
    if (kube_judge_is_inside(judge, want, item) &&
        kube_foreach_keep(want->rule->each, want->role, item,
                          &judge->err) < 0)
        kube_judge_note(want->rule, &judge->err);
}

static engine_status judge_on_item(struct kube_read *read,
                                   const struct value *item,
                                   struct arena *arena, void *user,
                                   engine_error *err)
{
    struct kube_judge *judge = user;

    (void)err;
    if (read->filters)
        kube_programs_hold(judge->programs, item);
    for (struct kube_look *look = read->looks; look; look = look->next)
        kube_judge_look(judge, read, look, item, arena);
    for (struct kube_want *want = read->others; want; want = want->beside) {
        struct kube_rule *rule = want->rule;
        if (rule->ended || rule->failure.status < 0)
            continue;
        if (rule->view == KUBE_VIEW_EACH) {
            judge_each_item(judge, want, item);
        } else if (rule->view == KUBE_VIEW_FILTERED) {
            judge_filter_item(judge, rule, item, arena);
        } else if (rule->view == KUBE_VIEW_ELEMENTS &&
                   check_add(rule->check, item, arena, &judge->err) < 0) {
            kube_judge_note(rule, &judge->err);
        }
    }
    if (read->filters)
        kube_programs_hold(judge->programs, NULL);
    return ENGINE_OK;
}

/* ---- a rule ends --------------------------------------------------------- */

void kube_judge_error(struct kube_judge *judge, struct kube_rule *rule,
                      const engine_error *why)
{
    char message[sizeof(why->message) + sizeof(why->hint) + 2];

    snprintf(message, sizeof(message), "%s%s%s", why->message,
             why->hint[0] ? "; " : "", why->hint);
    kube_report_end(judge, rule, SCANNER_ERROR, message);
}

void kube_judge_skip(struct kube_judge *judge, struct kube_rule *rule,
                     const char *why)
{
    kube_report_end(judge, rule, SCANNER_NOTCHECKED, why);
}

static engine_status judge_fail_kind(const struct kube_read *read,
                                     engine_error *err)
{
    const char *kind = value_text(value_member(read->document, "kind"));

    return engine_fail(err, ENGINE_EINVAL,
                       "%s is no %s: the answer is of kind %s",
                       read->path.key,
                       kube_read_is_named(read) ? "object" : "list",
                       kind ? kind : value_kind_name(read->document));
}

/* the documents that a set of the OVAL form consists of */
static engine_status judge_documents(struct kube_rule *rule,
                                     const struct value *document,
                                     struct expr *filter, struct arena *arena,
                                     engine_error *err)
{
    struct expr_values values = {.values = &document, .count = 1};
    engine_status status = ENGINE_OK;

    if (filter)
        status = expr_evaluate(filter, document, arena, &values, err);
    /* a filter without output leaves an empty file behind, not none */
    if (status == ENGINE_OK && values.count == 0)
        status = check_add(rule->check, &value_null, arena, err);
    for (size_t i = 0; status == ENGINE_OK && i < values.count; i++)
        status = check_add(rule->check, values.values[i], arena, err);
    return status;
}

static engine_status judge_whole(struct kube_rule *rule,
                                 const struct kube_read *read,
                                 struct arena *arena, engine_error *err)
{
    const struct value outputs = {.kind = VALUE_ARRAY,
                                  .count = (uint32_t)rule->outputs_count,
                                  .items = rule->outputs};

    if (rule->view == KUBE_VIEW_FILTERED && read->has_list)
        return judge_documents(rule, &outputs, rule->rest, arena, err);
    if (rule->view == KUBE_VIEW_ELEMENTS && read->has_list)
        return ENGINE_OK; /* they were added one by one */
    if (rule->view == KUBE_VIEW_DOCUMENT)
        return judge_documents(rule, read->document,
                               read->filtered ? NULL : rule->filter, arena,
                               err);
    return judge_fail_kind(read, err);
}

/* A dump without a file of a node says nothing about the node, unless the
 * rule is about files that a collector writes (ocp_data). */
static bool judge_is_of_node(const struct kube_rule *rule,
                             const struct kube_read *read)
{
    const char *data = document_string(rule->document,
                                       "check_content.ocp_data");

    return !kube_path_is_api(&read->path) &&
           !document_bool(rule->document, "check_content.ocp_data",
                          data && strcmp(data, "true") == 0);
}

static void judge_set(struct kube_judge *judge, struct kube_rule *rule,
                      const struct kube_read *read)
{
    struct check_outcome outcome = {0};
    engine_error err = {0};
    engine_status status;

    if (read->absent && judge_is_of_node(rule, read)) {
        kube_judge_skip(judge, rule,
                        "it reads a file of a node, which the dump does not "
                        "have");
        return;
    }
    if (read->absent)
        status = check_subject(rule->check, NULL, &judge->scratch, &outcome,
                               &err);
    else if ((status = judge_whole(rule, read, &judge->scratch, &err)) ==
             ENGINE_OK)
        status = check_close(rule->check, &outcome, &err);
    if (status < 0) {
        kube_judge_error(judge, rule, &err);
    } else {
        kube_report_outcome(judge, rule, read, read->document, &outcome);
        kube_report_end(judge, rule, outcome.status,
                        outcome.message[0] ? outcome.message : NULL);
    }
    check_outcome_clear(&outcome);
    arena_clear(&judge->scratch);
}

static void judge_none(struct kube_judge *judge, struct kube_rule *rule,
                       const struct kube_read *read)
{
    if (rule->outside || rule->missing == KUBE_MISSING_NOT_APPLICABLE) {
        kube_report_end(judge, rule, SCANNER_NOTAPPLICABLE,
                        rule->outside ? "its namespace is none of the target"
                        : rule->named ? "the object does not exist"
                                    : "there are no such objects");
        return;
    }
    kube_judge_object(judge, rule, read, NULL, &judge->scratch);
    arena_clear(&judge->scratch);
    if (rule->failure.status < 0)
        kube_judge_error(judge, rule, &rule->failure);
    else
        kube_report_end(judge, rule, rule->worst, rule->message);
}

static void judge_objects(struct kube_judge *judge, struct kube_rule *rule,
                          const struct kube_read *read)
{
    char message[sizeof(rule->message) + 64];

    if (rule->judged == 0) {
        judge_none(judge, rule, read);
        return;
    }
    if (rule->judged == 1)
        snprintf(message, sizeof(message), "%s", rule->message);
    else if (rule->worst == SCANNER_PASS)
        snprintf(message, sizeof(message), "all of %llu objects comply",
                 (unsigned long long)rule->judged);
    else
        snprintf(message, sizeof(message), "%llu of %llu objects: %s",
                 (unsigned long long)rule->worse,
                 (unsigned long long)rule->judged, rule->message);
    kube_report_end(judge, rule, rule->worst, message);
}

/* every object of foreach with what belongs to it */
static void judge_each(struct kube_judge *judge, struct kube_rule *rule)
{
    const struct scanner_host *host = judge->self->host;
    struct kube_belonging found;

    if (rule->outside) {
        judge_none(judge, rule, NULL);
        return;
    }
    kube_foreach_sort(rule->each);
    for (size_t i = 0; i < kube_foreach_count(rule->each); i++) {
        if (host->cancelled(host, judge->job))
            return;
        if (kube_foreach_get(rule->each, i, &judge->scratch, &found,
                             &judge->err) < 0) {
            kube_judge_error(judge, rule, &judge->err);
            break;
        }
        if (found.objects.count == 0 &&
            rule->missing == KUBE_MISSING_NOT_APPLICABLE)
            continue;
        judge_over(judge, rule, NULL, found.subject, &found.objects,
                   &judge->scratch);
        arena_reset(&judge->scratch);
    }
    arena_clear(&judge->scratch);
    if (rule->failure.status < 0)
        kube_judge_error(judge, rule, &rule->failure);
    else if (rule->judged == 0)
        kube_report_end(judge, rule, SCANNER_NOTAPPLICABLE,
                        "there are no objects to look at for each of them");
    else
        judge_objects(judge, rule, NULL);
}

void kube_judge_finish(struct kube_judge *judge, struct kube_rule *rule,
                       struct kube_read *read)
{
    if (rule->ended)
        return;
    if (rule->failure.status < 0)
        kube_judge_error(judge, rule, &rule->failure);
    else if (rule->view == KUBE_VIEW_OBJECTS)
        judge_objects(judge, rule, read);
    else if (rule->view == KUBE_VIEW_EACH)
        judge_each(judge, rule);
    else
        judge_set(judge, rule, read);
    kube_rule_release(rule);
}

/* an object by its name; a list that is none has not been read */
static void judge_single(struct kube_judge *judge,
                         const struct kube_want *want,
                         struct kube_read *read)
{
    struct kube_rule *rule = want->rule;
    engine_error err = {0};

    if (!kube_read_is_named(read) || read->document->kind != VALUE_OBJECT) {
        judge_fail_kind(read, &err);
        kube_judge_note(rule, &err);
    } else if (rule->view == KUBE_VIEW_EACH) {
        judge_each_item(judge, want, read->document);
    } else if (kube_judge_is_inside(judge, want, read->document)) {
        kube_judge_object(judge, rule, read, read->document, &read->scratch);
    }
}

static void judge_on_done(struct kube_read *read, void *user)
{
    struct kube_judge *judge = user;

    kube_programs_hold(judge->programs, read->document);
    for (struct kube_want *want = read->wants; want; want = want->next) {
        struct kube_rule *rule = want->rule;
        if (read->failure.status < 0)
            kube_judge_note(rule, &read->failure);
        else if (!read->absent && !read->has_list && !rule->ended &&
                 (rule->view == KUBE_VIEW_OBJECTS ||
                  rule->view == KUBE_VIEW_EACH))
            judge_single(judge, want, read);
        if (--rule->waiting == 0)
            kube_judge_finish(judge, rule, read);
    }
    kube_programs_hold(judge->programs, NULL);
}

const struct kube_read_events kube_judge_events = {.item = judge_on_item,
                                                   .done = judge_on_done};
