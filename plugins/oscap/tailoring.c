/* SPDX-License-Identifier: Apache-2.0 */
/* tailoring.c - the values of a scan's variables as an XCCDF tailoring. */
#include <string.h>

#include "plugins/oscap/compile.h"
#include "plugins/oscap/import_private.h"
#include "plugins/oscap/xml.h"
#include "sdk/base/alloc.h"
#include "sdk/base/file.h"
#include "sdk/document/document.h"

#define TAILORING_PROFILE COMPILE_PROFILE "_tailored"

/* Text of a scalar; numbers and booleans as XCCDF writes them. */
static char *tailoring_text(const bson_iter_t *value)
{
    switch (bson_iter_type(value)) {
    case BSON_TYPE_UTF8:
        return engine_strdup(bson_iter_utf8(value, NULL));
    case BSON_TYPE_BOOL:
        return engine_strdup(bson_iter_bool(value) ? "true" : "false");
    case BSON_TYPE_INT32:
    case BSON_TYPE_INT64:
        return engine_strf("%lld", (long long)bson_iter_as_int64(value));
    case BSON_TYPE_DOUBLE:
        return engine_strf("%.15g", bson_iter_double(value));
    default:
        return engine_strdup("");
    }
}

static engine_status tailoring_value(const struct compile_set *set,
                                     uint32_t item, const bson_t *variables,
                                     struct buffer *out, engine_error *err)
{
    const char *id =
        fragments_string(set->content, set->content->items[item].id);
    engine_status status = ENGINE_OK;
    bson_iter_t at;
    uint32_t len;
    char *text;

    if (!variables ||
        (!bson_iter_init_find(&at, variables, import_short_id(id)) &&
         !bson_iter_init_find(&at, variables, id)))
        return ENGINE_OK;
    text = tailoring_text(&at);
    if (!text)
        return engine_fail_memory(err);
    if (!xml_can_carry(text) || (BSON_ITER_HOLDS_UTF8(&at) &&
                                 strlen(bson_iter_utf8(&at, &len)) != len)) {
        status = engine_fail(err, ENGINE_EINVAL,
                             "variable \"%s\": the value "
                             "holds bytes that XML cannot carry",
                             import_short_id(id));
        engine_hint(err, "remove control characters from the value");
    } else {
        buffer_puts(out, "    <set-value idref=\"");
        xml_escape(out, id, true);
        buffer_puts(out, "\">");
        xml_escape(out, text, false);
        buffer_puts(out, "</set-value>\n");
    }
    engine_free(text);
    return status;
}

static engine_status tailoring_fill(const struct compile_set *set,
                                    const struct oscap_compiled *compiled,
                                    const bson_t *variables, struct buffer *out,
                                    engine_error *err)
{
    engine_status status = ENGINE_OK;

    buffer_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                     "<Tailoring xmlns=\"" XML_XCCDF
                     "\" id=\"xccdf_org.scan-engine_tailoring_scan\">\n"
                     "  <benchmark href=\"");
    xml_escape(out, compiled->benchmark_id, true);
    buffer_puts(out, "\"/>\n"
                     "  <version time=\"1970-01-01T00:00:00\">1</version>\n"
                     "  <Profile id=\"" TAILORING_PROFILE "\" extends=\"");
    xml_escape(out, compiled->profile_id, true);
    buffer_puts(out, "\">\n    <title>The rules and variables of this scan"
                     "</title>\n");
    for (uint32_t i = 0;
         i < set->content->head->items_count && status == ENGINE_OK; i++)
        if (set->marked[i] && set->content->items[i].kind == FRAGMENT_VALUE)
            status = tailoring_value(set, i, variables, out, err);
    buffer_puts(out, "  </Profile>\n</Tailoring>\n");
    return status < 0 ? status : buffer_status(out, err);
}

engine_status oscap_tailoring_write(const struct oscap_compile_options *options,
                                    const struct oscap_compiled *compiled,
                                    const bson_t *variables, const char *path,
                                    char **profile_id, engine_error *err)
{
    struct compile_set set;
    struct buffer out;
    char *profile;
    engine_status status = compile_set_init(&set, options->content, err);

    if (status < 0)
        return status;
    buffer_init(&out, 64 * 1024 * 1024);
    profile = engine_strdup(TAILORING_PROFILE);
    if (!profile)
        status = engine_fail_memory(err);
    if (status == ENGINE_OK)
        status =
            compile_set_rules(&set, options->rules, options->rules_count, err);
    if (status == ENGINE_OK)
        status = tailoring_fill(&set, compiled, variables, &out, err);
    if (status == ENGINE_OK)
        status = file_write(path, out.data, out.len, 0600, err);
    if (status == ENGINE_OK)
        *profile_id = profile;
    else
        engine_free(profile);
    buffer_clear(&out);
    compile_set_clear(&set);
    return status;
}

engine_status oscap_rule_variables(const struct oscap_content *content,
                                   const bson_t *rule, const bson_t *variables,
                                   bson_t *out, engine_error *err)
{
    const struct fragment *item;
    uint32_t found;
    engine_status status = compile_rule_find(content, rule, &found, err);

    if (status < 0)
        return status;
    item = &content->items[found];
    bson_init(out);
    for (uint32_t i = 0; i < item->refs_count; i++) {
        const struct fragment *to =
            &content->items[content->refs[item->refs + i]];
        const char *id = fragments_string(content, to->id);
        const char *key = import_short_id(id);
        bson_t declared, one;
        bson_iter_t at;

        if (to->kind != FRAGMENT_VALUE)
            continue;
        if (variables && (bson_iter_init_find(&at, variables, key) ||
                          bson_iter_init_find(&at, variables, id)))
            bson_append_iter(out, key, -1, &at);
        else if (document_child(rule, "variables", &declared) &&
                 document_child(&declared, key, &one) &&
                 bson_iter_init_find(&at, &one, "default"))
            bson_append_iter(out, key, -1, &at);
    }
    return ENGINE_OK;
}
