/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xccdf_benchmark.c - selected rules as an XCCDF benchmark: groups by category,
 * a profile for each framework and version, a Value for each variable. Rules
 * of imported content, and rules that only name such a rule, get its checks.
 */
#include "engine/server/xccdf_made.h"

#include <string.h>
#include <time.h>

#include "sdk/base/clock.h"

/* ---- the document -------------------------------------------------------- */

static void made_head(const struct made *made, struct buffer *out)
{
    const time_t now = (time_t)(clock_now_ms() / 1000);
    struct tm day;
    char date[16] = "1970-01-01";

    if (gmtime_r(&now, &day))
        strftime(date, sizeof(date), "%Y-%m-%d", &day);
    buffer_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                     "<Benchmark xmlns=\"" XCCDF_NAMESPACE "\" id=\"");
    xccdf_text(out, made->benchmark_id);
    buffer_printf(out, "\" resolved=\"true\">\n"
                       "  <status date=\"%s\">draft</status>\n", date);
    xccdf_element(out, 2, "title", made->title);
    xccdf_element(out, 2, "description", made->description);
    xccdf_element(out, 2, "version", made->version);
}

/* What the profile or the request sets, for variables that are here. */
static void made_set_values(const struct made *made, struct buffer *out)
{
    const struct rules_selection *selection = &made->selection;
    const bson_t *sets = selection->profile ? &selection->variables
                                            : &selection->overrides;
    bson_iter_t iter;

    bson_iter_init(&iter, sets);
    while (bson_iter_next(&iter)) {
        const char *id = table_get(&made->value_ids, bson_iter_key(&iter));

        if (id)
            xccdf_set_value(out, id, &iter);
    }
}

static void made_put_profile(const struct made *made, const char *id,
                             const char *title, const struct buffer *selects,
                             struct buffer *out)
{
    buffer_printf(out, "  <Profile id=\"%s\">\n", id);
    xccdf_element(out, 4, "title", title);
    buffer_append(out, selects->data, selects->len);
    made_set_values(made, out);
    buffer_puts(out, "  </Profile>\n");
}

static engine_status made_assemble(const struct made *made, struct buffer *out,
                                   engine_error *err)
{
    made_head(made, out);
    for (struct made_part *at = made->profiles.first; at; at = at->next)
        made_put_profile(made, at->id, at->title, &at->text, out);
    if (!made->profiles.first)
        made_put_profile(made, XCCDF_PREFIX "profile_all", "All rules",
                         &made->selects, out);
    if (made->values.len)
        buffer_append(out, made->values.data, made->values.len);
    for (struct made_part *at = made->groups.first; at; at = at->next) {
        buffer_printf(out, "  <Group id=\"%s\">\n", at->id);
        xccdf_element(out, 4, "title", at->title);
        buffer_append(out, at->text.data, at->text.len);
        buffer_puts(out, "  </Group>\n");
    }
    buffer_puts(out, "</Benchmark>\n");
    return buffer_status(out, err);
}

static engine_status made_complete(struct made *made, struct buffer *out,
                                   engine_error *err)
{
    struct xccdf_content *content = &made->content;
    size_t at = 0, count = 0;
    const char *id;

    content->stored_ids =
        arena_alloc(made->arena, made->sent.count * sizeof(char *) + 1);
    if (!content->stored_ids)
        return engine_fail_memory(err);
    while ((id = table_next(&made->sent, &at, NULL)))
        content->stored_ids[count++] = id;
    content->count = count;
    content->profile = made->selection.profile;
    return xccdf_content_complete(made->request, content, out, err);
}

/* ---- the request --------------------------------------------------------- */

/* What selects rules; the rest of a request only describes the document. */
static void made_config(const bson_t *json, bson_t *out)
{
    static const char *const names[] = {"framework", "framework_version",
                                        "rules", "rule_filter", "profile",
                                        "benchmark", "variable_overrides"};
    bson_iter_t iter;

    for (size_t i = 0; i < SERVER_COUNT(names); i++)
        if (bson_iter_init_find(&iter, json, names[i]) &&
            !BSON_ITER_HOLDS_NULL(&iter))
            document_copy_value(out, names[i], &iter);
    if (!bson_has_field(out, "profile") &&
        bson_iter_init_find(&iter, json, "profile_id") &&
        !BSON_ITER_HOLDS_NULL(&iter))
        document_copy_value(out, "profile", &iter);
}

/* Of a target, only what system it is matters here. */
static engine_status made_platforms(struct made *made, engine_error *err)
{
    const bson_t *json = &made->request->json;
    static const char *const paths[] = {"target", "target.applicability"};
    bson_iter_t iter;

    for (size_t i = 0; i < SERVER_COUNT(paths); i++)
        if (document_find(json, paths[i], &iter) &&
            !BSON_ITER_HOLDS_DOCUMENT(&iter) &&
            (i > 0 || !BSON_ITER_HOLDS_NULL(&iter)))
            return engine_fail(err, ENGINE_EINVAL, "\"%s\" must be an object",
                               paths[i]);
    if (!document_find(json, "target.applicability.cpe", &iter))
        return ENGINE_OK;
    if (!BSON_ITER_HOLDS_UTF8(&iter))
        return engine_fail(err, ENGINE_EINVAL,
                           "\"target.applicability.cpe\" must be a text");
    BSON_APPEND_UTF8(&made->platforms, "0", bson_iter_utf8(&iter, NULL));
    return ENGINE_OK;
}

static engine_status made_read(struct made *made, engine_error *err)
{
    const bson_t *json = &made->request->json;
    const char *id = NULL, *framework = NULL, *profile;
    engine_status status =
        xccdf_field(json, "framework", NULL, &framework, err);

    if (status == ENGINE_OK) /* which "profile" may stand in for */
        status = xccdf_field(json, "profile_id", NULL, &profile, err);
    if (status == ENGINE_OK)
        status = xccdf_field(json, "benchmark_id",
                             framework ? framework : "rules", &id, err);
    if (status == ENGINE_OK)
        status = xccdf_field(json, "title", "Rules", &made->title, err);
    if (status == ENGINE_OK)
        status = xccdf_field(json, "description", NULL, &made->description,
                             err);
    if (status == ENGINE_OK)
        status = xccdf_field(json, "version", "1.0", &made->version, err);
    if (status == ENGINE_OK)
        status = made_platforms(made, err);
    if (status < 0)
        return status;
    made->benchmark_id = xccdf_id(made->arena, "benchmark", id);
    made->framework = framework
                          ? rules_framework_name(made->arena, framework)
                          : NULL;
    return made->benchmark_id && (!framework || made->framework)
               ? ENGINE_OK
               : engine_fail_memory(err);
}

static engine_status made_collect(struct made *made, struct buffer *text,
                                  engine_error *err)
{
    bson_t config = BSON_INITIALIZER;
    engine_status status = made_read(made, err);

    made_config(&made->request->json, &config);
    if (status == ENGINE_OK)
        status = scan_config_check_types(&config, err);
    if (status == ENGINE_OK)
        status = rules_select(made->request->store, &config, &made->selection,
                              err);
    for (size_t i = 0; status == ENGINE_OK && i < made->selection.count; i++)
        status = made_rule(made, &made->selection.items[i], err);
    if (status == ENGINE_OK)
        status = made_assemble(made, text, err);
    if (status == ENGINE_OK && made->sent.count)
        status = made_complete(made, text, err);
    bson_destroy(&config);
    return status;
}

/* How many elements there are: "<Value " begins one. */
static int64_t made_count(const char *xml, const char *start)
{
    int64_t count = 0;

    for (const char *at = xml; (at = strstr(at, start)); at++)
        count++;
    return count;
}

static void made_init(struct made *made, struct request *request)
{
    *made = (struct made){.request = request, .arena = &request->arena};
    rules_selection_init(&made->selection);
    buffer_init(&made->values, XCCDF_TEXT_MAX);
    buffer_init(&made->selects, XCCDF_TEXT_MAX);
    table_init(&made->groups.by_key);
    table_init(&made->profiles.by_key);
    table_init(&made->ids);
    table_init(&made->value_ids);
    table_init(&made->sent);
    bson_init(&made->platforms);
    bson_init(&made->warnings);
}

static void made_parts_clear(struct made_parts *parts)
{
    for (struct made_part *at = parts->first; at; at = at->next)
        buffer_clear(&at->text);
    table_clear(&parts->by_key);
}

static void made_clear(struct made *made)
{
    rules_selection_clear(&made->selection);
    buffer_clear(&made->values);
    buffer_clear(&made->selects);
    made_parts_clear(&made->groups);
    made_parts_clear(&made->profiles);
    table_clear(&made->ids);
    table_clear(&made->value_ids);
    table_clear(&made->sent);
    bson_destroy(&made->platforms);
    bson_destroy(&made->warnings);
}

engine_status xccdf_benchmark(struct request *request, bson_t *out,
                              engine_error *err)
{
    struct made made;
    struct buffer text;
    engine_status status;

    made_init(&made, request);
    buffer_init(&text, XCCDF_TEXT_MAX);
    status = made_collect(&made, &text, err);
    if (status == ENGINE_ELIMIT)
        engine_hint(err, "select fewer rules");
    if (status == ENGINE_OK) {
        BSON_APPEND_UTF8(out, "benchmark_id", made.benchmark_id);
        BSON_APPEND_UTF8(out, "benchmark_xml", text.data);
        BSON_APPEND_INT64(out, "rules_count", (int64_t)made.selection.count);
        BSON_APPEND_INT64(out, "variables_count",
                          made_count(text.data, "<Value "));
        BSON_APPEND_INT64(out, "profiles_count",
                          made_count(text.data, "<Profile "));
        BSON_APPEND_ARRAY(out, "warnings", &made.warnings);
    }
    buffer_clear(&text);
    made_clear(&made);
    return status;
}
