/* SPDX-License-Identifier: Apache-2.0 */
/* host.c - documents and errors across the scanner ABI. */
#include "sdk/kit/host.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>

#include "sdk/base/alloc.h"

void kit_view(const struct scanner_doc *document, bson_t *out)
{
    if (!document->data ||
        !bson_init_static(out, document->data, document->len))
        bson_init(out);
}

struct scanner_doc kit_doc(const bson_t *document)
{
    if (!document)
        return (struct scanner_doc){0};
    return (struct scanner_doc){.data = bson_get_data(document),
                                .len = document->len};
}

engine_status kit_rules(const struct scanner_job *job, bson_t **out,
                        engine_error *err)
{
    const char *at = (const char *)job->rules;
    bson_t *rules = engine_calloc_aligned(alignof(bson_t), job->rules_count,
                                          sizeof(*rules));

    if (!rules)
        return engine_fail_memory(err);
    for (uint32_t i = 0; i < job->rules_count; i++) {
        kit_view((const struct scanner_doc *)(const void *)at, &rules[i]);
        at += job->rules_stride;
    }
    *out = rules;
    return ENGINE_OK;
}

int32_t kit_fail(struct scanner_error *out, const engine_error *err)
{
    if (out && err->status < 0) {
        out->status = err->status;
        snprintf(out->message, sizeof(out->message), "%s", err->message);
        if (!err->message[0]) /* the status is what the host answered */
            snprintf(out->message, sizeof(out->message),
                     "the engine refused: %s", engine_status_name(err->status));
        snprintf(out->hint, sizeof(out->hint), "%s", err->hint);
    }
    return err->status;
}

void kit_log(const struct scanner_host *host, uint32_t level,
             const char *format, ...)
{
    char text[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    host->log(host, level, text);
}

void kit_warn(const struct scanner_host *host, const struct scanner_job *job,
              const char *message)
{
    if (!SCANNER_HAS(host, warn) ||
        host->warn(host, job, message) == SCANNER_EINVAL)
        host->log(host, SCANNER_LOG_WARNING, message);
}

const char *kit_status_word(int32_t status)
{
    static const char *const words[10] = {
        "",           "pass",       "fail",        "error",
        "unknown",    "notapplicable", "notchecked", "notselected",
        "informational", "fixed"};

    return status > 0 && status < 10 ? words[status] : "";
}

int kit_status_weight(int32_t status)
{
    static const int weights[10] = {0, 5, 8, 7, 6, 1, 2, 1, 3, 4};

    return status > 0 && status < 10 ? weights[status] : 0;
}

void kit_rule_error(const struct scanner_host *host,
                    const struct scanner_job *job, const char *rule_id,
                    const engine_error *why)
{
    char message[sizeof(why->message) + sizeof(why->hint) + 2];
    const struct scanner_result result = {.size = sizeof(result),
                                          .status = SCANNER_ERROR,
                                          .rule_id = rule_id,
                                          .message = message};
    const struct scanner_rule_end end = {.size = sizeof(end),
                                         .status = SCANNER_ERROR,
                                         .rule_id = rule_id,
                                         .message = message,
                                         .duration_ms = -1};

    snprintf(message, sizeof(message), "%s%s%s", why->message,
             why->hint[0] ? "; " : "", why->hint);
    /* a refusal is the engine's to notice: it makes the rule's verdict */
    (void)host->emit(host, job, &result);
    (void)host->rule_done(host, job, &end);
}
