/* SPDX-License-Identifier: Apache-2.0 */
/* check_evidence.c - what was there, bounded and without secrets. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/document/document.h"
#include "sdk/document/utf8.h"
#include "sdk/kit/check_private.h"

/* ---- samples ----------------------------------------------------------------- */

static void sample_clear(struct check_sample *sample)
{
    if (sample->list)
        bson_destroy(sample->list);
    *sample = (struct check_sample){.room = CHECK_MAX_EVIDENCE};
}

static void sample_describe(const struct value *value, char out[CHECK_SHOWN])
{
    switch (value->kind) {
    case VALUE_STRING:
        snprintf(out, CHECK_SHOWN, "a text of %u bytes", value->count);
        break;
    case VALUE_ARRAY:
        snprintf(out, CHECK_SHOWN, "a list of %u", value->count);
        break;
    case VALUE_OBJECT:
        snprintf(out, CHECK_SHOWN, "an object of %u members", value->count);
        break;
    default:
        snprintf(out, CHECK_SHOWN, "a %s", value_kind_name(value));
    }
}

/* {"key": value}, or the value itself. */
static engine_status sample_append(struct check_sample *sample,
                                   const char *key, const struct value *value)
{
    const uint32_t before = sample->list->len;
    char number[16];
    bson_t record;
    engine_status status;
    bool cut = false;

    snprintf(number, sizeof(number), "%u", sample->count);
    if (key) {
        bson_append_document_begin(sample->list, number, -1, &record);
        status = value_to_bson(value, key, sample->room, &record, &cut);
        bson_append_document_end(sample->list, &record);
    } else {
        status = value_to_bson(value, number, sample->room, sample->list,
                               &cut);
    }
    sample->count++;
    sample->cut = sample->cut || cut;
    before < sample->list->len && sample->list->len - before < sample->room
        ? (sample->room -= sample->list->len - before)
        : (sample->room = 0);
    return status;
}

static engine_status sample_add(struct check_sample *sample, bool hidden,
                                const char *key, const struct value *value,
                                engine_error *err)
{
    char words[CHECK_SHOWN];
    struct value shown = *value;

    sample->total++;
    if (!sample->list) {
        sample->list = bson_new();
        sample->room = CHECK_MAX_EVIDENCE;
    }
    if (!sample->list)
        return engine_fail_memory(err);
    if (sample->count >= CHECK_MAX_VALUES || sample->room < 64 ||
        (key && strlen(key) > 1024)) {
        sample->cut = true;
        return ENGINE_OK;
    }
    if (hidden) {
        sample_describe(value, words);
        shown = (struct value){.kind = VALUE_STRING,
                               .count = (uint32_t)strlen(words),
                               .text = words};
    }
    return sample_append(sample, key, &shown) == ENGINE_OK
               ? ENGINE_OK
               : engine_fail_memory(err);
}

/* ---- what was seen ----------------------------------------------------------- */

void check_seen_clear(struct check_seen *seen)
{
    sample_clear(&seen->values);
    sample_clear(&seen->against);
    seen->first[0] = '\0';
}

void check_seen_begin(struct check *check)
{
    check_seen_clear(&check->seen);
    check->seen.hidden = check->redact;
}

static bool check_is_secret(const struct value *object)
{
    const char *kind = value_text(value_member(object, "kind"));

    return kind && (!strcmp(kind, "Secret") || !strcmp(kind, "SecretList"));
}

/* What of a Secret is none: its name and namespace. */
static bool check_is_name(const char *path)
{
    static const char *const names[] = {"metadata.name",
                                        "metadata.namespace"};
    const size_t len = strlen(path);

    for (size_t i = 0; i < 2; i++)
        if (len >= strlen(names[i]) &&
            !strcmp(path + len - strlen(names[i]), names[i]))
            return true;
    return false;
}

void check_seen_subject(struct check *check, const struct value *subject)
{
    const struct value *items = value_member(subject, "items");
    bool secret = check_is_secret(subject);

    if (items && items->kind == VALUE_ARRAY)
        for (uint32_t i = 0; i < items->count && !secret; i++)
            secret = check_is_secret(&items->items[i]);
    if (secret && !check_is_name(check->path))
        check->seen.hidden = true;
}

engine_status check_seen_value(struct check *check, const char *key,
                               const struct value *value, bool against,
                               engine_error *err)
{
    struct check_seen *seen = &check->seen;

    if (!seen->first[0] || (against && !seen->against.total))
        check_show(value, seen->hidden, seen->first);
    if (against) {
        engine_status status =
            sample_add(&seen->against, seen->hidden, key, value, err);

        if (status < 0)
            return status;
    }
    return sample_add(&seen->values, seen->hidden, key, value, err);
}

/* Characters only, of a text that goes into one line. */
static void check_show_text(const struct value *value, char out[CHECK_SHOWN])
{
    const size_t most = CHECK_SHOWN - 8;
    size_t len = value->count < most ? value->count : most;
    const bool cut = len < value->count;

    len = utf8_span(value->text, len);
    out[0] = '"';
    for (size_t i = 0; i < len; i++)
        out[1 + i] = (unsigned char)value->text[i] < 0x20 ||
                             value->text[i] == 0x7f
                         ? ' '
                         : value->text[i];
    snprintf(out + 1 + len, CHECK_SHOWN - 1 - len, "%s\"", cut ? "..." : "");
}

void check_show(const struct value *value, bool hidden, char out[CHECK_SHOWN])
{
    struct buffer json;

    if (hidden || value->kind == VALUE_ARRAY || value->kind == VALUE_OBJECT) {
        sample_describe(value, out);
        return;
    }
    if (value->kind == VALUE_STRING) {
        check_show_text(value, out);
        return;
    }
    buffer_init(&json, CHECK_SHOWN - 1);
    if (value_to_json(value, 0, &json) == ENGINE_OK && json.data)
        snprintf(out, CHECK_SHOWN, "%s", json.data);
    else
        sample_describe(value, out);
    buffer_clear(&json);
}

/* ---- outcomes ---------------------------------------------------------------- */

static void evidence_sample(bson_t *evidence, const struct check_seen *seen,
                            bool against)
{
    const struct check_sample *sample =
        against ? &seen->against : &seen->values;

    bson_append_int64(evidence, "found", -1, (int64_t)seen->values.total);
    if (seen->against.total)
        bson_append_int64(evidence, "unsatisfied", -1,
                          (int64_t)seen->against.total);
    if (sample->list)
        bson_append_array(evidence, "actual", -1, sample->list);
    if (sample->cut)
        bson_append_bool(evidence, "truncated", -1, true);
    if (seen->hidden && seen->values.total)
        bson_append_bool(evidence, "redacted", -1, true);
}

/* The rule's own words, as far as they are short enough. */
static void evidence_words(bson_t *evidence, const bson_t *content)
{
    bson_iter_t iter;

    if (content->len > CHECK_MAX_EVIDENCE / 2)
        return;
    if (bson_iter_init(&iter, content))
        while (bson_iter_next(&iter))
            document_copy_value(evidence, bson_iter_key(&iter), &iter);
}

static engine_status evidence_new(const struct check *check, bool against,
                                  bson_t **out, engine_error *err)
{
    bson_t *evidence = bson_new();

    if (!evidence)
        return engine_fail_memory(err);
    evidence_words(evidence, &check->content);
    evidence_sample(evidence, &check->seen,
                    against && check->seen.against.total);
    *out = evidence;
    return ENGINE_OK;
}

engine_status check_outcome_fill(struct check *check, int32_t status,
                                 struct check_outcome *outcome,
                                 engine_error *err, const char *format, ...)
{
    size_t len;
    va_list args;

    check_outcome_clear(outcome);
    va_start(args, format);
    vsnprintf(outcome->message, sizeof(outcome->message), format, args);
    va_end(args);
    len = strlen(outcome->message); /* whole characters only */
    outcome->message[utf8_span(outcome->message, len)] = '\0';
    outcome->status = status;
    return evidence_new(check, status != SCANNER_PASS, &outcome->evidence,
                        err);
}

void check_outcome_clear(struct check_outcome *outcome)
{
    if (outcome->evidence)
        bson_destroy(outcome->evidence);
    outcome->evidence = NULL;
    outcome->status = 0;
    outcome->message[0] = '\0'; /* all of it would cost more than a check */
}
