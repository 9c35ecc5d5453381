/* SPDX-License-Identifier: Apache-2.0 */
/* xccdf_text.c - texts, ids and values as XCCDF has them. */
#include "engine/server/xccdf.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define XCCDF_NAME_MAX 400 /* of an id made from a text */

/* U+FFFE and U+FFFF, which are no characters of XML. */
static bool xccdf_is_no_character(const char *at)
{
    return strncmp(at, "\xef\xbf\xbe", 3) == 0 ||
           strncmp(at, "\xef\xbf\xbf", 3) == 0;
}

void xccdf_text(struct buffer *out, const char *text)
{
    for (; *text; text++) {
        const unsigned char byte = (unsigned char)*text;

        if (byte < 0x20 && !strchr("\t\n\r", byte))
            buffer_putc(out, '?');
        else if (xccdf_is_no_character(text))
            buffer_putc(out, '?'), text += 2;
        else
            buffer_xml(out, text, 1, "&<>\"");
    }
}

void xccdf_uri(struct buffer *out, const char *text)
{
    for (; *text; text++) {
        const unsigned char byte = (unsigned char)*text;

        if (isalnum(byte) || strchr("-._~:/?#@!$'()*+,;=%", byte))
            buffer_putc(out, *text);
        else if (byte == '&')
            buffer_puts(out, "&amp;");
        else
            buffer_printf(out, "%%%02X", byte);
    }
}

void xccdf_element(struct buffer *out, int indent, const char *name,
                   const char *text)
{
    if (!text || !*text)
        return;
    buffer_printf(out, "%*s<%s>", indent, "", name);
    xccdf_text(out, text);
    buffer_printf(out, "</%s>\n", name);
}

/* ---- ids ----------------------------------------------------------------- */

static bool xccdf_in_name(unsigned char byte)
{
    return isalnum(byte) || strchr("-._", byte);
}

bool xccdf_is_id(const char *kind, const char *name)
{
    const size_t len = strlen(kind);
    const char *at;

    if (strncmp(name, "xccdf_", 6) != 0 || name[6] == '_')
        return false;
    for (at = name; *at; at++)
        if (!xccdf_in_name((unsigned char)*at))
            return false;
    at = strchr(name + 6, '_');
    return at && strncmp(at + 1, kind, len) == 0 && at[len + 1] == '_' &&
           at[len + 2];
}

const char *xccdf_id(struct arena *arena, const char *kind, const char *name)
{
    char *out;

    if (xccdf_is_id(kind, name))
        return arena_strdup(arena, name);
    out = arena_strf(arena, XCCDF_PREFIX "%s_%.*s", kind, XCCDF_NAME_MAX,
                     *name ? name : "x");
    for (char *at = out; at && *at; at++)
        if (!xccdf_in_name((unsigned char)*at))
            *at = '_';
    return out;
}

const char *xccdf_value_id(struct arena *arena, const char *name,
                           const bson_t *variable)
{
    const char *declared = document_string(variable, "xccdf_id");

    return xccdf_id(arena, "value", declared ? declared : name);
}

const char *xccdf_profile_id(struct arena *arena, const char *framework,
                             const char *version)
{
    const size_t lead = strlen(XCCDF_PREFIX "profile_");
    char *id = arena_strf(arena, XCCDF_PREFIX "profile_%.*s_%.*s",
                          XCCDF_NAME_MAX / 2, framework, XCCDF_NAME_MAX / 2,
                          version);

    for (char *at = id ? id + lead : NULL; at && *at; at++)
        if (!isalnum((unsigned char)*at))
            *at = '_';
    return id;
}

/* ---- values -------------------------------------------------------------- */

void xccdf_set_value(struct buffer *out, const char *value_id,
                     const bson_iter_t *value)
{
    char text[64];

    buffer_puts(out, "    <set-value idref=\"");
    xccdf_text(out, value_id);
    buffer_puts(out, "\">");
    if (BSON_ITER_HOLDS_UTF8(value))
        xccdf_text(out, bson_iter_utf8(value, NULL));
    else if (BSON_ITER_HOLDS_BOOL(value))
        buffer_puts(out, bson_iter_bool(value) ? "true" : "false");
    else if (BSON_ITER_HOLDS_DOUBLE(value)) {
        snprintf(text, sizeof(text), "%.15g", bson_iter_double(value));
        buffer_puts(out, text);
    } else
        buffer_printf(out, "%lld", (long long)bson_iter_as_int64(value));
    buffer_puts(out, "</set-value>\n");
}

engine_status xccdf_field(const bson_t *json, const char *name,
                          const char *fallback, const char **out,
                          engine_error *err)
{
    bson_iter_t iter;

    *out = fallback;
    if (!bson_iter_init_find(&iter, json, name) || BSON_ITER_HOLDS_NULL(&iter))
        return ENGINE_OK;
    if (!BSON_ITER_HOLDS_UTF8(&iter))
        return engine_fail(err, ENGINE_EINVAL, "\"%s\" must be a text", name);
    if (*bson_iter_utf8(&iter, NULL))
        *out = bson_iter_utf8(&iter, NULL);
    return ENGINE_OK;
}
