/* SPDX-License-Identifier: Apache-2.0 */
/* results.c - reading the rule results of an XCCDF results file or an ARF. */
#include "plugins/oscap/results.h"

#include <engine/scanner.h>
#include <libxml/xpath.h>
#include <string.h>

#include "plugins/oscap/results_reader.h"
#include "sdk/base/buffer.h"

#define RESULTS_XCCDF "http://checklists.nist.gov/xccdf/"
#define RESULTS_SCORING "urn:xccdf:scoring:default"
#define RESULTS_ARENA ((size_t)256 * 1024) /* one rule-result, all told */

/* What the text being read is. */
enum results_text {
    RESULTS_NOTHING,
    RESULTS_RESULT,
    RESULTS_MESSAGE,
    RESULTS_INSTANCE,
    RESULTS_SCORE
};

struct results {
    struct results_reader reader;
    oscap_rule_result_fn fn;
    void *user;
    struct oscap_results_summary summary;
    bool default_score; /* the score is the one of RESULTS_SCORING */
    bool found;         /* a TestResult was there */
    int depth;          /* of the open TestResult; -1: none is open */
    struct arena arena; /* of the open rule-result, or of one element */
    bool in_rule, checked;
    struct oscap_rule_result rule;
    const char *messages[OSCAP_RESULTS_MESSAGES + 1];
    size_t messages_count;
    enum results_text collecting;
    int collecting_depth;
    struct buffer text;
};

int oscap_result_status(const char *word)
{
    static const struct {
        const char *word;
        int status;
    } words[] = {
        {"pass", SCANNER_PASS},
        {"fail", SCANNER_FAIL},
        {"error", SCANNER_ERROR},
        {"unknown", SCANNER_UNKNOWN},
        {"notapplicable", SCANNER_NOTAPPLICABLE},
        {"notchecked", SCANNER_NOTCHECKED},
        {"notselected", SCANNER_NOTSELECTED},
        {"informational", SCANNER_INFORMATIONAL},
        {"fixed", SCANNER_FIXED},
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(word, words[i].word) == 0)
            return words[i].status;
    return 0;
}

static bool results_is(const struct results *results, const char *name)
{
    return results_reader_is(&results->reader, RESULTS_XCCDF, name);
}

static engine_status results_attribute(struct results *results,
                                       const char *name, const char **out,
                                       engine_error *err)
{
    return results_reader_attribute(&results->reader, name, &results->arena,
                                    out, err);
}

/* An attribute of the TestResult's header into the summary. */
static engine_status results_note(struct results *results, const char *name,
                                  char *out, size_t room, engine_error *err)
{
    const char *value = NULL;
    engine_status status = results_attribute(results, name, &value, err);

    if (status == ENGINE_OK && value && strlen(value) >= room)
        status =
            engine_fail(err, ENGINE_ELIMIT,
                        "%s:%ld: attribute \"%s\" is longer than %zu "
                        "bytes",
                        results->reader.path,
                        results_reader_line(&results->reader), name, room - 1);
    if (status == ENGINE_OK && value)
        memcpy(out, value, strlen(value) + 1);
    if (!results->in_rule)
        arena_clear(&results->arena);
    return status;
}

static void results_collect(struct results *results, enum results_text what,
                            int depth)
{
    results->collecting = what;
    results->collecting_depth = depth;
    buffer_reset(&results->text);
}

static engine_status results_open(struct results *results, int depth,
                                  engine_error *err)
{
    struct oscap_results_summary *summary = &results->summary;
    engine_status status;

    if (results->found)
        return engine_fail(err, ENGINE_EPARSE, "%s:%ld: a second TestResult",
                           results->reader.path,
                           results_reader_line(&results->reader));
    results->found = true;
    results->depth = depth;
    status = results_note(results, "start-time", summary->start_time,
                          sizeof(summary->start_time), err);
    if (status < 0)
        return status;
    return results_note(results, "end-time", summary->end_time,
                        sizeof(summary->end_time), err);
}

static engine_status results_rule_open(struct results *results,
                                       engine_error *err)
{
    struct oscap_rule_result *rule = &results->rule;
    engine_status status;

    arena_clear(&results->arena);
    *rule = (struct oscap_rule_result){.messages = results->messages};
    results->messages_count = 0;
    results->messages[0] = NULL;
    results->in_rule = true;
    results->checked = false;
    status = results_attribute(results, "idref", &rule->rule_id, err);
    if (status == ENGINE_OK)
        status = results_attribute(results, "time", &rule->time, err);
    if (status == ENGINE_OK)
        status = results_attribute(results, "severity", &rule->severity, err);
    if (status == ENGINE_OK)
        status = results_attribute(results, "weight", &rule->weight, err);
    if (status == ENGINE_OK)
        status = results_attribute(results, "role", &rule->role, err);
    if (status < 0)
        return status;
    if (!rule->rule_id || !*rule->rule_id)
        return engine_fail(
            err, ENGINE_EPARSE, "%s:%ld: a rule-result without idref",
            results->reader.path, results_reader_line(&results->reader));
    return ENGINE_OK;
}

static engine_status results_score_open(struct results *results, int depth,
                                        engine_error *err)
{
    struct oscap_results_summary *summary = &results->summary;
    const char *system = NULL, *maximum = NULL;
    engine_status status = results_attribute(results, "system", &system, err);

    if (status == ENGINE_OK)
        status = results_attribute(results, "maximum", &maximum, err);
    if (status == ENGINE_OK && !results->default_score) {
        results->default_score = system && !strcmp(system, RESULTS_SCORING);
        if (results->default_score || !summary->has_score) {
            /* not strtod, which obeys the locale */
            summary->score_maximum =
                maximum ? xmlXPathCastStringToNumber((const xmlChar *)maximum)
                        : 100;
            results_collect(results, RESULTS_SCORE, depth);
        }
    }
    arena_clear(&results->arena);
    return status;
}

/* An element directly in the TestResult. */
static engine_status results_head(struct results *results, int depth,
                                  engine_error *err)
{
    struct oscap_results_summary *summary = &results->summary;

    if (results_is(results, "rule-result"))
        return results_rule_open(results, err);
    if (results_is(results, "score"))
        return results_score_open(results, depth, err);
    if (results_is(results, "benchmark"))
        return results_note(results, "id", summary->benchmark_id,
                            sizeof(summary->benchmark_id), err);
    if (results_is(results, "profile"))
        return results_note(results, "idref", summary->profile_id,
                            sizeof(summary->profile_id), err);
    if (results_is(results, "set-value") ||
        results_is(results, "set-complex-value"))
        summary->set_values++;
    return ENGINE_OK;
}

/* An element anywhere in a rule-result; the first check may be the first of
 * a complex-check. */
static engine_status results_part(struct results *results, int depth,
                                  engine_error *err)
{
    struct oscap_rule_result *rule = &results->rule;
    engine_status status = ENGINE_OK;
    const char *severity = NULL;

    if (depth == results->depth + 2 && results_is(results, "result")) {
        results_collect(results, RESULTS_RESULT, depth);
    } else if (depth == results->depth + 2 && results_is(results, "instance")) {
        results_collect(results, RESULTS_INSTANCE, depth);
    } else if (depth == results->depth + 2 && results_is(results, "message")) {
        if (results->messages_count == OSCAP_RESULTS_MESSAGES)
            return ENGINE_OK;
        results_collect(results, RESULTS_MESSAGE, depth);
        if (results->messages_count)
            return ENGINE_OK;
        status = results_attribute(results, "severity", &severity, err);
        rule->message_severity = severity;
    } else if (results_is(results, "check")) {
        results->checked = rule->check_system != NULL;
        if (!results->checked)
            status =
                results_attribute(results, "system", &rule->check_system, err);
    } else if (!results->checked && !rule->check_href && !rule->check_name &&
               results_is(results, "check-content-ref")) {
        status = results_attribute(results, "href", &rule->check_href, err);
        if (status == ENGINE_OK)
            status = results_attribute(results, "name", &rule->check_name, err);
    }
    return status;
}

static engine_status results_start(struct results *results, int depth,
                                   engine_error *err)
{
    if (results->depth < 0)
        return results_is(results, "TestResult")
                   ? results_open(results, depth, err)
                   : ENGINE_OK;
    if (results->in_rule)
        return results_part(results, depth, err);
    if (depth == results->depth + 1)
        return results_head(results, depth, err);
    return ENGINE_OK;
}

static engine_status results_add_text(struct results *results,
                                      engine_error *err)
{
    const xmlChar *value = xmlTextReaderConstValue(results->reader.xml);
    const size_t room = results->text.maximum - results->text.len;
    size_t len = value ? strlen((const char *)value) : 0;

    if (results->collecting == RESULTS_NOTHING || !len)
        return ENGINE_OK;
    if (len > room)
        len = results_cut((const char *)value, room);
    buffer_append(&results->text, value, len);
    return buffer_status(&results->text, err);
}

/* Without the white space around it. */
static const char *results_trim(struct results *results)
{
    static const char space[] = " \t\r\n";
    struct buffer *text = &results->text;

    while (text->len && strchr(space, text->data[text->len - 1]))
        text->data[--text->len] = '\0';
    return text->data ? text->data + strspn(text->data, space) : "";
}

static engine_status results_word(struct results *results, const char *word,
                                  engine_error *err)
{
    struct oscap_rule_result *rule = &results->rule;

    rule->status = oscap_result_status(word);
    if (rule->status)
        return ENGINE_OK;
    return engine_fail(
        err, ENGINE_EPARSE, "%s:%ld: rule \"%s\": \"%.64s\" is no XCCDF result",
        results->reader.path, results_reader_line(&results->reader),
        rule->rule_id, word);
}

/* Ends a text. */
static engine_status results_keep(struct results *results, engine_error *err)
{
    const enum results_text what = results->collecting;
    const char *text = results_trim(results);
    const char *copy;

    results->collecting = RESULTS_NOTHING;
    if (what == RESULTS_RESULT)
        return results_word(results, text, err);
    if (what == RESULTS_SCORE) {
        const double score = xmlXPathCastStringToNumber((const xmlChar *)text);

        results->summary.has_score = score == score; /* not NaN: a number */
        results->summary.score = score;
        return ENGINE_OK;
    }
    copy = arena_strdup(&results->arena, text);
    if (!copy)
        return engine_fail_memory(err);
    if (what == RESULTS_INSTANCE) {
        if (!results->rule.instance)
            results->rule.instance = copy;
        return ENGINE_OK;
    }
    results->messages[results->messages_count++] = copy;
    results->messages[results->messages_count] = NULL;
    results->rule.message = results->messages[0];
    return ENGINE_OK;
}

static engine_status results_rule_close(struct results *results,
                                        engine_error *err)
{
    const struct oscap_rule_result *rule = &results->rule;
    engine_status status;

    results->in_rule = false;
    if (!rule->status)
        return engine_fail(
            err, ENGINE_EPARSE, "%s:%ld: rule \"%s\" has no result",
            results->reader.path, results_reader_line(&results->reader),
            rule->rule_id);
    results->summary.rule_results++;
    results->summary.counts[rule->status]++;
    status = results->fn(rule, results->user, err);
    arena_clear(&results->arena);
    return status;
}

static engine_status results_end(struct results *results, int depth,
                                 engine_error *err)
{
    if (results->collecting != RESULTS_NOTHING &&
        depth == results->collecting_depth)
        return results_keep(results, err);
    if (results->in_rule && depth == results->depth + 1)
        return results_rule_close(results, err);
    if (depth == results->depth)
        results->depth = -1;
    return ENGINE_OK;
}

static engine_status results_node(struct results *results, engine_error *err)
{
    const int depth = xmlTextReaderDepth(results->reader.xml);
    engine_status status;

    switch (xmlTextReaderNodeType(results->reader.xml)) {
    case XML_READER_TYPE_ELEMENT:
        status = results_start(results, depth, err);
        if (status < 0 || !xmlTextReaderIsEmptyElement(results->reader.xml))
            return status;
        return results_end(results, depth, err);
    case XML_READER_TYPE_END_ELEMENT:
        return results_end(results, depth, err);
    case XML_READER_TYPE_TEXT:
    case XML_READER_TYPE_CDATA:
    case XML_READER_TYPE_WHITESPACE:
    case XML_READER_TYPE_SIGNIFICANT_WHITESPACE:
        return results_add_text(results, err);
    default:
        return ENGINE_OK;
    }
}

static engine_status results_walk(struct results *results, engine_error *err)
{
    engine_status status;
    bool more = true;

    for (;;) {
        status = results_reader_step(&results->reader, &more, err);
        if (status < 0 || !more)
            break;
        status = results_node(results, err);
        if (status < 0)
            return status;
    }
    if (status == ENGINE_OK && !results->found) {
        engine_fail(err, ENGINE_EPARSE, "\"%s\" holds no XCCDF TestResult",
                    results->reader.path);
        engine_hint(err, "it must be written by oscap's --results or "
                         "--results-arf");
        return ENGINE_EPARSE;
    }
    return status;
}

engine_status oscap_results_read(const char *path, oscap_rule_result_fn fn,
                                 void *user, struct oscap_results_summary *out,
                                 engine_error *err)
{
    struct results results = {.fn = fn, .user = user, .depth = -1};
    engine_status status;

    arena_init(&results.arena, RESULTS_ARENA);
    buffer_init(&results.text, OSCAP_RESULTS_TEXT_MAX);
    status =
        results_reader_open(&results.reader, path, OSCAP_RESULTS_FILE_MAX, err);
    if (status == ENGINE_OK)
        status = results_walk(&results, err);
    if (status == ENGINE_OK && out)
        *out = results.summary;
    results_reader_close(&results.reader);
    buffer_clear(&results.text);
    arena_clear(&results.arena);
    return status;
}
