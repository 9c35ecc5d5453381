/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xccdf_tailoring.c - a profile that extends another one and sets values. The
 * profile is one of an imported benchmark, which then says what its values are
 * called, or one of a generated benchmark.
 */
#include "engine/server/xccdf.h"

#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"

struct tailoring {
    struct request *request;
    struct arena *arena;
    const char *id, *href, *version, *title, *description;
    char *benchmark;     /* the imported benchmark that has the profile */
    const char *profile, *customized; /* whole ids: extended, and made */
    struct buffer sets;
    int64_t count;
};

/* ---- the profile that is extended ---------------------------------------- */

/* The imported benchmarks that have the profile; the last one is kept. */
static engine_status tailoring_search(struct tailoring *made, const char *name,
                                      size_t *found, engine_error *why,
                                      engine_error *err)
{
    bson_t filter = BSON_INITIALIZER;
    const struct store_query query = {.filter = &filter};
    struct store_cursor *cursor = NULL;
    const bson_t *benchmark;
    engine_status status;
    int more = 0;

    if (made->benchmark)
        BSON_APPEND_UTF8(&filter, "benchmark", made->benchmark);
    status = store_find(made->request->store, STORE_BENCHMARKS, &query,
                        &cursor, err);
    while (status == ENGINE_OK &&
           (more = store_cursor_next(cursor, &benchmark, err)) == 1) {
        char *id = NULL;

        if (rules_find_profile(benchmark, name, &id, why) < 0)
            continue;
        ++*found;
        made->profile = arena_strdup(made->arena, id);
        engine_free(id);
        engine_free(made->benchmark);
        made->benchmark = engine_strdup(document_string(benchmark,
                                                        "benchmark"));
        if (!made->profile || !made->benchmark)
            status = engine_fail_memory(err);
    }
    store_cursor_close(cursor);
    bson_destroy(&filter);
    return status == ENGINE_OK && more < 0 ? more : status;
}

/* Of a generated benchmark: by its framework, or by its id. */
static engine_status tailoring_generated(struct tailoring *made,
                                         const char *name, engine_error *err)
{
    const char *framework = NULL, *version = NULL;
    engine_status status =
        xccdf_field(&made->request->json, "framework", NULL, &framework, err);

    if (status == ENGINE_OK)
        status = xccdf_field(&made->request->json, "framework_version", NULL,
                             &version, err);
    if (status < 0)
        return status;
    if (!name && (!framework || !version)) {
        engine_fail(err, ENGINE_EINVAL, "there is no profile to extend");
        engine_hint(err, "say \"profile_id\", or \"framework\" and "
                         "\"framework_version\"");
        return ENGINE_EINVAL;
    }
    if (!name)
        framework = rules_framework_name(made->arena, framework);
    if (!name && framework)
        made->profile = xccdf_profile_id(made->arena, framework, version);
    else if (name)
        made->profile = name;
    return made->profile ? ENGINE_OK : engine_fail_memory(err);
}

static engine_status tailoring_profile(struct tailoring *made,
                                       engine_error *err)
{
    const bson_t *json = &made->request->json;
    const char *name = NULL, *benchmark = NULL;
    engine_error why = {0};
    size_t found = 0;
    engine_status status = xccdf_field(json, "profile_id", NULL, &name, err);

    if (status == ENGINE_OK && !name)
        status = xccdf_field(json, "profile", NULL, &name, err);
    if (status == ENGINE_OK)
        status = xccdf_field(json, "benchmark", NULL, &benchmark, err);
    if (status == ENGINE_OK && benchmark)
        status = rules_find_benchmark(made->request->store, benchmark,
                                      &made->benchmark, err);
    if (status == ENGINE_OK && name)
        status = tailoring_search(made, name, &found, &why, err);
    if (status < 0)
        return status;
    if (found > 1) {
        engine_fail(err, ENGINE_EINVAL,
                    "profile \"%.200s\" is in %zu benchmarks", name, found);
        engine_hint(err, "name one as \"benchmark\"");
        return ENGINE_EINVAL;
    }
    if (found)
        return ENGINE_OK;
    /* a whole id may be of a benchmark that is not here */
    if (!name || (!benchmark && xccdf_is_id("profile", name)))
        return tailoring_generated(made, name, err);
    if (why.status == ENGINE_OK)
        return engine_fail(err, ENGINE_EINVAL,
                           "no imported benchmark has a profile \"%.200s\"",
                           name);
    *err = why;
    return why.status;
}

/* ---- values -------------------------------------------------------------- */

/* A Value of the benchmark that no rule needs to use. */
static bool tailoring_benchmark_value(const bson_t *benchmark,
                                      const char *name, bson_t *out)
{
    bson_t values, item;
    bson_iter_t iter;

    if (!document_child(benchmark, "values", &values) ||
        !bson_iter_init(&iter, &values))
        return false;
    while (bson_iter_next(&iter)) {
        const char *id = document_iter_child(&iter, &item)
                             ? document_string(&item, "id") : NULL;

        if (id && strcmp(id, name) == 0) {
            bson_copy_to(&item, out);
            return true;
        }
    }
    return false;
}

static bool tailoring_rule_value(const bson_t *rule, const char *name,
                                 bson_t *out)
{
    bson_t variables, item;
    bson_iter_t iter;

    if (!document_child(rule, "variables", &variables) ||
        !bson_iter_init_find(&iter, &variables, name) ||
        !document_iter_child(&iter, &item))
        return false;
    bson_copy_to(&item, out);
    return true;
}

/* The first document of a collection that declares the variable. */
static engine_status tailoring_look(struct tailoring *made,
                                    const char *collection, const char *field,
                                    const char *name, bson_t *out, bool *found,
                                    engine_error *err)
{
    const bool rules = strcmp(collection, STORE_RULES) == 0;
    bson_t *fields = BCON_NEW(field, BCON_INT32(1), "benchmark",
                              BCON_INT32(1));
    bson_t filter = BSON_INITIALIZER;
    const struct store_query query = {.filter = &filter, .fields = fields};
    struct store_cursor *cursor = NULL;
    const bson_t *document;
    engine_status status;
    int more = 0;

    if (rules)
        BSON_APPEND_BOOL(&filter, "is_latest", true);
    if (made->benchmark)
        BSON_APPEND_UTF8(&filter, "benchmark", made->benchmark);
    status = store_find(made->request->store, collection, &query, &cursor,
                        err);
    while (status == ENGINE_OK && !*found &&
           (more = store_cursor_next(cursor, &document, err)) == 1)
        *found = rules ? tailoring_rule_value(document, name, out)
                       : tailoring_benchmark_value(document, name, out);
    store_cursor_close(cursor);
    bson_destroy(&filter);
    bson_destroy(fields);
    return status == ENGINE_OK && more < 0 ? more : status;
}

/* The text of a value, for checking it against its constraints. */
static const char *tailoring_value_text(struct arena *arena,
                                        const bson_iter_t *value)
{
    if (BSON_ITER_HOLDS_UTF8(value))
        return bson_iter_utf8(value, NULL);
    if (BSON_ITER_HOLDS_BOOL(value))
        return bson_iter_bool(value) ? "true" : "false";
    if (BSON_ITER_HOLDS_DOUBLE(value))
        return arena_strf(arena, "%.15g", bson_iter_double(value));
    if (BSON_ITER_HOLDS_INT(value))
        return arena_strf(arena, "%lld",
                          (long long)bson_iter_as_int64(value));
    return NULL;
}

static engine_status tailoring_put(struct tailoring *made, const char *name,
                                   const bson_iter_t *value,
                                   const bson_t *variable, engine_error *err)
{
    const char *id = xccdf_value_id(made->arena, name, variable);
    const char *text = tailoring_value_text(made->arena, value);
    engine_status status;

    if (!text)
        return engine_fail(err, ENGINE_EINVAL,
                           "variable \"%.200s\": its value must be a text, a "
                           "number, true or false", name);
    status = rules_variable_check(name, variable, text, err);
    if (status < 0)
        return status;
    xccdf_set_value(&made->sets, id ? id : "", value);
    made->count++;
    return id ? buffer_status(&made->sets, err) : engine_fail_memory(err);
}

static engine_status tailoring_set(struct tailoring *made,
                                   const bson_iter_t *value, engine_error *err)
{
    const char *name = rules_variable_short(bson_iter_key(value));
    bool found = false;
    bson_t variable;
    engine_status status = tailoring_look(made, STORE_BENCHMARKS, "values",
                                          name, &variable, &found, err);

    if (status == ENGINE_OK && !found)
        status = tailoring_look(made, STORE_RULES, "variables", name,
                                &variable, &found, err);
    if (status == ENGINE_OK && !found) {
        engine_fail(err, ENGINE_EINVAL, "there is no variable \"%.200s\"%s%s",
                    name, made->benchmark ? " in " : "",
                    made->benchmark ? made->benchmark : "");
        engine_hint(err, "GET " SERVER_PREFIX "/variables tells which there "
                         "are");
        return ENGINE_EINVAL;
    }
    if (status == ENGINE_OK)
        status = tailoring_put(made, name, value, &variable, err);
    if (found)
        bson_destroy(&variable);
    return status;
}

static engine_status tailoring_sets(struct tailoring *made, engine_error *err)
{
    engine_status status = ENGINE_OK;
    bson_t overrides;
    bson_iter_t iter;

    if (!bson_iter_init_find(&iter, &made->request->json,
                             "variable_overrides") ||
        BSON_ITER_HOLDS_NULL(&iter))
        return ENGINE_OK;
    if (!BSON_ITER_HOLDS_DOCUMENT(&iter) ||
        !document_iter_child(&iter, &overrides))
        return engine_fail(err, ENGINE_EINVAL,
                           "\"variable_overrides\" must be an object");
    bson_iter_init(&iter, &overrides);
    while (status == ENGINE_OK && bson_iter_next(&iter))
        status = tailoring_set(made, &iter, err);
    return status;
}

/* ---- the document -------------------------------------------------------- */

static engine_status tailoring_read(struct tailoring *made, engine_error *err)
{
    static const char *const others[] = {"framework", "framework_version",
                                         "profile_id", "profile", "benchmark"};
    const bson_t *json = &made->request->json;
    const char *id = NULL, *other;
    engine_status status = ENGINE_OK;

    for (size_t i = 0; status == ENGINE_OK && i < SERVER_COUNT(others); i++)
        status = xccdf_field(json, others[i], NULL, &other, err);
    if (status == ENGINE_OK)
        status = xccdf_field(json, "tailoring_id", "overrides", &id, err);
    if (status == ENGINE_OK)
        status = xccdf_field(json, "benchmark_href", NULL, &made->href, err);
    if (status == ENGINE_OK)
        status = xccdf_field(json, "benchmark_version", NULL, &made->version,
                             err);
    if (status == ENGINE_OK)
        status = xccdf_field(json, "title", "Overridden values", &made->title,
                             err);
    if (status == ENGINE_OK)
        status = xccdf_field(json, "description", NULL, &made->description,
                             err);
    if (status < 0)
        return status;
    made->id = xccdf_id(made->arena, "tailoring", id);
    return made->id ? ENGINE_OK : engine_fail_memory(err);
}

static void tailoring_benchmark(const struct tailoring *made,
                                struct buffer *out)
{
    const char *href = made->href ? made->href : made->benchmark;

    if (!href)
        return;
    buffer_puts(out, "  <benchmark href=\"");
    xccdf_uri(out, href);
    if (made->benchmark) {
        buffer_puts(out, "\" id=\"");
        xccdf_text(out, made->benchmark);
    }
    if (made->version) {
        buffer_puts(out, "\" version=\"");
        xccdf_text(out, made->version);
    }
    buffer_puts(out, "\"/>\n");
}

static engine_status tailoring_write(const struct tailoring *made,
                                     struct buffer *out, engine_error *err)
{
    char now[32];

    clock_format(clock_now_ms(), now);
    buffer_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                     "<Tailoring xmlns=\"" XCCDF_NAMESPACE "\" id=\"");
    xccdf_text(out, made->id);
    buffer_puts(out, "\">\n");
    tailoring_benchmark(made, out);
    buffer_printf(out, "  <version time=\"%s\">1</version>\n"
                       "  <Profile id=\"%s\" extends=\"%s\">\n",
                  now, made->customized, made->profile);
    xccdf_element(out, 4, "title", made->title);
    xccdf_element(out, 4, "description", made->description);
    if (made->sets.len)
        buffer_append(out, made->sets.data, made->sets.len);
    buffer_puts(out, "  </Profile>\n</Tailoring>\n");
    return buffer_status(out, err);
}

engine_status xccdf_tailoring(struct request *request, bson_t *out,
                              engine_error *err)
{
    struct tailoring made = {.request = request, .arena = &request->arena};
    struct buffer text;
    engine_status status = tailoring_read(&made, err);

    buffer_init(&text, XCCDF_TEXT_MAX);
    buffer_init(&made.sets, XCCDF_TEXT_MAX);
    if (status == ENGINE_OK)
        status = tailoring_profile(&made, err);
    if (status == ENGINE_OK)
        status = tailoring_sets(&made, err);
    if (status == ENGINE_OK)
        made.customized = arena_strf(made.arena, "%s_customized",
                                     made.profile);
    if (status == ENGINE_OK && !made.customized)
        status = engine_fail_memory(err);
    if (status == ENGINE_OK)
        status = tailoring_write(&made, &text, err);
    if (status == ENGINE_OK) {
        BSON_APPEND_UTF8(out, "tailoring_id", made.id);
        BSON_APPEND_UTF8(out, "tailoring_xml", text.data);
        BSON_APPEND_UTF8(out, "profile_id", made.customized);
        BSON_APPEND_UTF8(out, "extends", made.profile);
        BSON_APPEND_INT64(out, "variables_overridden", made.count);
    }
    engine_free(made.benchmark);
    buffer_clear(&made.sets);
    buffer_clear(&text);
    return status;
}
