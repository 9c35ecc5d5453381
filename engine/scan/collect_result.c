/* SPDX-License-Identifier: Apache-2.0 */
/*
 * collect_result.c - the documents of results. A scan of a cluster has hundreds of
 * thousands of them: a frame is gone through once, and nothing is looked up,
 * put together or allocated for each that could be for all.
 */
#include <string.h>

#include "engine/scan/run.h"
#include "engine/scan/verdict.h"
#include "sdk/base/alloc.h"

#define RESULT_RESOURCE 1 /* in result_copied */
#define RESULT_TEXT_MAX ((size_t)32 * 1024 * 1024)
#define RESULT_MORE 64 /* bytes: of the fingerprint */

static const char *const result_copied[] = {"message", "resource", "evidence",
                                            "details"};
#define RESULT_COPIED (sizeof(result_copied) / sizeof(result_copied[0]))

static const char *const result_names[] = {"type", "uid", "region",
                                           "namespace", "name"};
#define RESULT_NAMES (sizeof(result_names) / sizeof(result_names[0]))

/* With the NUL, so that no two lists of texts are the same. */
static void result_put(struct buffer *out, const char *text)
{
    buffer_append(out, text, strlen(text) + 1);
}

static const char *result_text(const struct document_member *member)
{
    const char *text = document_member_string(member);

    return text ? text : "";
}

/* same rule, target and resource: same fingerprint in every scan */
static engine_status result_fingerprint(struct scan_run *run,
                                        const struct rules_selected *rule,
                                        const char *target_id,
                                        const struct document_member *resource,
                                        char out[HASH_HEX_SIZE])
{
    struct document_member names[RESULT_NAMES];
    bson_t document = BSON_INITIALIZER;

    if (!run->hash)
        run->hash = hash_new();
    if (!run->hash)
        return ENGINE_ENOMEM;
    if (resource->has)
        (void)document_iter_child(&resource->iter, &document);
    document_members(&document, result_names, RESULT_NAMES, names);
    buffer_reset(&run->text);
    result_put(&run->text, rule->benchmark);
    result_put(&run->text, rule->rule_id);
    result_put(&run->text, target_id);
    for (size_t i = 0; i < RESULT_NAMES; i++)
        result_put(&run->text, result_text(&names[i]));
    if (buffer_status(&run->text, NULL) < 0)
        return ENGINE_ENOMEM;
    hash_add(run->hash, run->text.data, run->text.len);
    hash_next(run->hash, out);
    out[32] = '\0';
    return ENGINE_OK;
}

/* Its id, in run->text. */
static engine_status result_id(struct scan_group *group,
                               const struct scan_unit *unit,
                               struct scan_subscriber *subscriber,
                               const struct rules_selected *rule)
{
    struct buffer *text = &group->run->text;
    const char *number;
    char digits[16];

    if (!subscriber->verdict_id)
        subscriber->verdict_id =
            scan_verdict_id(group->run, group->target_id, rule);
    if (!subscriber->verdict_id)
        return ENGINE_ENOMEM;
    bson_uint32_to_string(unit->results, &number, digits, sizeof(digits));
    text->maximum = RESULT_TEXT_MAX;
    buffer_reset(text);
    buffer_puts(text, subscriber->verdict_id);
    buffer_putc(text, '/');
    buffer_puts(text, number);
    return buffer_status(text, NULL);
}

/* What the frame has of its own, and the fingerprint. */
static engine_status result_fill(struct scan_group *group,
                                 const struct rules_selected *rule,
                                 const bson_t *frame, bson_t *out)
{
    struct document_member found[RESULT_COPIED];
    char fingerprint[HASH_HEX_SIZE];

    document_members(frame, result_copied, RESULT_COPIED, found);
    for (size_t i = 0; i < RESULT_COPIED; i++)
        if (found[i].has)
            document_copy_value(out, result_copied[i], &found[i].iter);
    if (result_fingerprint(group->run, rule, group->target_id,
                           &found[RESULT_RESOURCE], fingerprint) < 0)
        return ENGINE_ENOMEM;
    BSON_APPEND_UTF8(out, "fingerprint", fingerprint);
    return ENGINE_OK;
}

engine_status scan_result_add(struct scan_group *group,
                              const struct scan_unit *unit,
                              struct scan_subscriber *subscriber,
                              const bson_t *frame, int32_t status,
                              engine_error *err)
{
    struct scan_run *run = group->run;
    const struct rules_selected *rule =
        &run->selection.items[subscriber->selected];
    bson_t *out;

    if (result_id(group, unit, subscriber, rule) < 0)
        return engine_fail_memory(err);
    scan_verdict_begin(run, rule, run->text.data, group->target_id, status);
    scan_verdict_put_cpe(run, group);
    out = scan_verdict_take(run, &run->results, frame->len + RESULT_MORE);
    if (!out)
        return engine_fail_memory(err);
    if (result_fill(group, rule, frame, out) < 0) {
        bson_destroy(out);
        return engine_fail_memory(err);
    }
    if (scan_batch_add(&run->results, out) < 0)
        return engine_fail_memory(err);
    return ENGINE_OK;
}
