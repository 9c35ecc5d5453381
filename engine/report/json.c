/* SPDX-License-Identifier: Apache-2.0 */
/* json.c - the formats json and jsonl: contract.md's documents, streamed. */
#include <string.h>

#include "engine/report/formats.h"
#include "sdk/base/alloc.h"

#define JSON_DOCUMENT_MAX ((size_t)128 * 1024 * 1024) /* one, as text */

struct json_state {
    struct buffer text; /* one document at a time */
    bool lines;         /* jsonl */
    bool in_verdict;    /* its "results" are still open */
    bool has_verdicts, has_results;
};

/* What only the store needs is not shown. */
static engine_status json_text(struct json_state *state, const bson_t *document,
                               engine_error *err)
{
    static const char *const hidden[] = {"_id",      "severity_rank",
                                         "rev",      "found_by",
                                         "claim_by", "claimed_at",
                                         "claim_until", NULL};

    buffer_reset(&state->text);
    document_to_json_without(document, hidden, 0, &state->text);
    return buffer_status(&state->text, err);
}

/* Prints the text without its last brace, so that something can follow. */
static void json_put_open(const struct report *report,
                          const struct json_state *state)
{
    size_t len = state->text.len;

    while (len > 0 && state->text.data[len - 1] != '}')
        len--;
    fwrite(state->text.data, 1, len ? len - 1 : 0, report->options->out);
}

static void json_close_verdict(const struct report *report,
                               struct json_state *state)
{
    if (!state->in_verdict)
        return;
    fputs(state->lines ? "]}\n" : "]}", report->options->out);
    state->in_verdict = false;
}

static engine_status json_begin_as(struct report *report, const bson_t *scan,
                                   bool lines, engine_error *err)
{
    struct json_state *state = engine_calloc(1, sizeof(*state));
    engine_status status;

    if (!state)
        return engine_fail_memory(err);
    report->state = state;
    state->lines = lines;
    buffer_init(&state->text, JSON_DOCUMENT_MAX);
    status = json_text(state, scan, err);
    if (status < 0)
        return status;
    if (lines)
        fprintf(report->options->out, "%s\n", state->text.data);
    else {
        json_put_open(report, state);
        fputs(",\n\"results_by_rule\":[", report->options->out);
    }
    return ENGINE_OK;
}

static engine_status json_begin(struct report *report, const bson_t *scan,
                                engine_error *err)
{
    return json_begin_as(report, scan, false, err);
}

static engine_status jsonl_begin(struct report *report, const bson_t *scan,
                                 engine_error *err)
{
    return json_begin_as(report, scan, true, err);
}

static engine_status json_verdict(struct report *report, const bson_t *verdict,
                                  engine_error *err)
{
    struct json_state *state = report->state;
    engine_status status;

    json_close_verdict(report, state);
    status = json_text(state, verdict, err);
    if (status < 0)
        return status;
    if (!state->lines)
        fputs(state->has_verdicts ? ",\n" : "\n", report->options->out);
    json_put_open(report, state);
    fputs(",\"results\":[", report->options->out);
    state->has_verdicts = true;
    state->in_verdict = true;
    state->has_results = false;
    return ENGINE_OK;
}

static engine_status json_result(struct report *report, const bson_t *result,
                                 engine_error *err)
{
    struct json_state *state = report->state;
    engine_status status = json_text(state, result, err);

    if (status < 0)
        return status;
    if (state->has_results)
        fputc(',', report->options->out);
    fputs(state->text.data, report->options->out);
    state->has_results = true;
    return ENGINE_OK;
}

static engine_status json_end(struct report *report, const bson_t *scan,
                              engine_error *err)
{
    struct json_state *state = report->state;

    (void)err;
    if (!state)
        return ENGINE_OK;
    if (scan) {
        json_close_verdict(report, state);
        if (!state->lines)
            fputs("\n]}\n", report->options->out);
    }
    buffer_clear(&state->text);
    engine_free(state);
    report->state = NULL;
    return ENGINE_OK;
}

const struct report_format report_format_json = {
    .name = "json",
    .help = "one JSON object: the scan with results_by_rule",
    .begin = json_begin,
    .verdict = json_verdict,
    .result = json_result,
    .end = json_end,
    .wants_results = true};

const struct report_format report_format_jsonl = {
    .name = "jsonl",
    .help = "JSON Lines: the scan, then each verdict with its results",
    .begin = jsonl_begin,
    .verdict = json_verdict,
    .result = json_result,
    .end = json_end,
    .wants_results = true};
