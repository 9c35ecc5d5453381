/* SPDX-License-Identifier: Apache-2.0 */
/* handlers_xccdf.c - XCCDF of selected rules, as a plugin would use it, and
 * checking XCCDF. */
#include <string.h>

#include "engine/server/private.h"
#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"
#include "sdk/base/file.h"

/* ---- the request as a scan ----------------------------------------------- */

/* What selects rules; the rest of a request only describes the document. */
static void xccdf_config(const bson_t *json, bson_t *out)
{
    static const char *const names[] = {
        "target", "targets", "framework", "framework_version", "rules",
        "rule_filter", "variable_overrides", "profile", "benchmark",
        "options"};
    const char *profile = document_string(json, "profile_id");
    bson_iter_t iter;

    for (size_t i = 0; i < SERVER_COUNT(names); i++)
        if (bson_iter_init_find(&iter, json, names[i]) &&
            !BSON_ITER_HOLDS_NULL(&iter))
            document_copy_value(out, names[i], &iter);
    if (profile && !bson_has_field(out, "profile"))
        BSON_APPEND_UTF8(out, "profile", profile);
}

struct xccdf_plan {
    struct buffer xml;
};

static engine_status xccdf_on_document(const char *plugin, const char *target,
                                       const char *kind,
                                       const bson_t *document, void *user,
                                       engine_error *err)
{
    struct xccdf_plan *plan = user;
    const char *content = document_string(document, "content");

    (void)plugin;
    (void)target;
    if (strcmp(kind, "file") == 0 && content && !plan->xml.len)
        buffer_puts(&plan->xml, content);
    return buffer_status(&plan->xml, err);
}

/* How often a tag begins: "<xccdf:Rule " or "<Rule ". */
static int64_t xccdf_count(const char *xml, const char *tag)
{
    const size_t len = strlen(tag);
    int64_t count = 0;

    for (const char *at = xml; (at = strstr(at, tag)); at += len)
        if (at > xml && (at[-1] == '<' || at[-1] == ':') &&
            (at[len] == ' ' || at[len] == '>' || at[len] == '\n'))
            count += at[-1] == '<' || (at > xml + 1 && at[-2] != '/');
    return count;
}

static engine_status xccdf_plan(struct request *request,
                                struct response *response, const char *want,
                                struct xccdf_plan *plan, engine_error *err)
{
    struct scan_context context;
    bson_t config = BSON_INITIALIZER;
    engine_status status;

    request_context(request, &context);
    xccdf_config(&request->json, &config);
    status = scan_plan(&context, &config, want, xccdf_on_document, plan, err);
    if (status == ENGINE_OK && !plan->xml.len)
        status = engine_fail(err, ENGINE_ENOTFOUND,
                             "no selected rule has a %s", want);
    /* it is about what was asked for, not about the address */
    if (status == ENGINE_ENOTFOUND)
        response->status = 422;
    bson_destroy(&config);
    return status;
}

static engine_status xccdf_generate(struct request *request,
                                    struct response *response,
                                    const char *want, bool tailoring,
                                    engine_error *err)
{
    struct xccdf_plan plan;
    bson_t out = BSON_INITIALIZER, overrides;
    const bool has = document_child(&request->json, "variable_overrides",
                                    &overrides);
    engine_status status;

    buffer_init(&plan.xml, SERVER_BODY_MAX / 2);
    status = xccdf_plan(request, response, want, &plan, err);
    if (status == ENGINE_OK && tailoring) {
        BSON_APPEND_UTF8(&out, "tailoring_xml", plan.xml.data);
        BSON_APPEND_INT64(&out, "variables_overridden",
                          has ? (int64_t)bson_count_keys(&overrides) : 0);
    } else if (status == ENGINE_OK) {
        BSON_APPEND_UTF8(&out, "benchmark_xml", plan.xml.data);
        BSON_APPEND_INT64(&out, "rules_count",
                          xccdf_count(plan.xml.data, "Rule"));
        BSON_APPEND_INT64(&out, "variables_count",
                          xccdf_count(plan.xml.data, "Value"));
        BSON_APPEND_INT64(&out, "profiles_count",
                          xccdf_count(plan.xml.data, "Profile"));
    }
    if (status == ENGINE_OK) {
        BSON_APPEND_DATE_TIME(&out, "generated_at", clock_now_ms());
        status = response_document(response, 200, &out, err);
    }
    buffer_clear(&plan.xml);
    bson_destroy(&out);
    return status;
}

engine_status handle_xccdf_benchmark(struct request *request,
                                     struct response *response,
                                     engine_error *err)
{
    return xccdf_generate(request, response, "benchmark", false, err);
}

engine_status handle_xccdf_tailoring(struct request *request,
                                     struct response *response,
                                     engine_error *err)
{
    return xccdf_generate(request, response, "tailoring", true, err);
}

/* ---- validate ------------------------------------------------------------ */

static engine_status xccdf_check(struct request *request, const char *content,
                                 engine_error *why, engine_error *err)
{
    const char *run = request->world->config->run_directory;
    char *directory = NULL, *path = NULL;
    engine_status status =
        file_make_temporary(run, "xccdf-", &directory, err);

    if (status < 0)
        return status;
    path = engine_strf("%s/content.xml", directory);
    status = path ? file_write(path, content, strlen(content), 0600, err)
                  : engine_fail_memory(err);
    if (status == ENGINE_OK)
        (void)request->server->setup.native(request->world, NULL, path,
                                            "Benchmark", NULL, why);
    (void)file_remove_tree(directory, NULL);
    engine_free(path);
    engine_free(directory);
    return status;
}

engine_status handle_xccdf_validate(struct request *request,
                                    struct response *response,
                                    engine_error *err)
{
    const char *content = document_string(&request->json, "xccdf_content");
    bson_t out = BSON_INITIALIZER, list;
    engine_error why = {0};
    engine_status status;

    if (!content)
        return engine_fail(err, ENGINE_EINVAL,
                           "\"xccdf_content\" must be the text to check");
    status = xccdf_check(request, content, &why, err);
    if (status == ENGINE_OK && why.status == ENGINE_EUNSUPPORTED) {
        *err = why; /* no scanner knows XCCDF: nothing was checked */
        return why.status;
    }
    if (status < 0)
        return status;
    BSON_APPEND_BOOL(&out, "valid", why.status == ENGINE_OK);
    BSON_APPEND_ARRAY_BEGIN(&out, "errors", &list);
    if (why.status != ENGINE_OK)
        BSON_APPEND_UTF8(&list, "0", why.message);
    bson_append_array_end(&out, &list);
    BSON_APPEND_ARRAY_BEGIN(&out, "warnings", &list);
    bson_append_array_end(&out, &list);
    status = response_document(response, 200, &out, err);
    bson_destroy(&out);
    return status;
}
