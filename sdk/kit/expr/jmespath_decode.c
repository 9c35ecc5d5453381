/* SPDX-License-Identifier: Apache-2.0 */
/* jmespath_decode.c - texts that hold something: JSON, CSV, base64, %XX. */
#include <string.h>

#include "sdk/kit/expr/jmespath_functions.h"

#define JMESPATH_COLUMNS 1000

/* In between, as bson_utf8_validate has it: no NUL is needed here either. */
static bool jmespath_is_utf8(const char *text, size_t len)
{
    return bson_utf8_validate(text, len, true);
}

JMESPATH_FN(from_json)
{
    engine_error why = {0};
    engine_status status;
    struct value *made;

    if (args[0]->kind != VALUE_STRING)
        return args[0];
    made = jmespath_alloc(walk, 1, sizeof(*made));
    if (!made || !jmespath_step(walk, args[0]->count / 4))
        return NULL;
    status = value_from_json(args[0]->text, args[0]->count, "line", walk->arena,
                             made, &why);
    if (status == ENGINE_OK)
        return made;
    jmespath_wrong(walk, call->nodes[0], "invalid-value",
                   "from_json() cannot read its text: %s", why.message);
    walk->status = status == ENGINE_EPARSE ? ENGINE_EINVAL : status;
    return NULL;
}

static const struct value *jmespath_decoded(struct jmespath_walk *walk,
                                            const struct jmespath_node *call,
                                            char *text, size_t len)
{
    if (!jmespath_is_utf8(text, len))
        return jmespath_wrong(walk, call->nodes[0], "invalid-value",
                              "%s() gives no text (UTF-8)",
                              call->function->name);
    text[len] = '\0';
    return jmespath_text_of(walk, text, len);
}

static int jmespath_base64_digit(char digit)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrs"
                                 "tuvwxyz0123456789+/";
    const char *at;

    if (digit == '-' || digit == '_') /* base64url */
        return digit == '-' ? 62 : 63;
    at = digit ? strchr(digits, digit) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* Bytes that were decoded; SIZE_MAX: it is no base64. Line ends may be there,
 * and padding may be missing. */
static size_t jmespath_base64(const struct value *from, char *out)
{
    uint32_t bits = 0, count = 0;
    size_t len = 0, end = from->count;

    while (end && strchr("=\r\n", from->text[end - 1]) && from->text[end - 1])
        end--;
    for (size_t i = 0; i < end; i++) {
        const int digit = jmespath_base64_digit(from->text[i]);

        if (from->text[i] == '\r' || from->text[i] == '\n')
            continue;
        if (digit < 0)
            return SIZE_MAX;
        bits = (bits << 6 | (uint32_t)digit) & 0xffffff;
        if (++count % 4 != 1)
            out[len++] = (char)(bits >> (6 - 2 * ((count - 1) % 4)));
    }
    return count % 4 == 1 ? SIZE_MAX : len;
}

JMESPATH_FN(from_base64)
{
    size_t len;
    char *text;

    if (args[0]->kind == VALUE_NULL)
        return args[0];
    text = jmespath_alloc(walk, (size_t)args[0]->count + 1, 1);
    if (!text || !jmespath_step(walk, args[0]->count / 8))
        return NULL;
    len = jmespath_base64(args[0], text);
    if (len == SIZE_MAX)
        return jmespath_wrong(walk, call->nodes[0], "invalid-value",
                              "from_base64() takes base64");
    return jmespath_decoded(walk, call, text, len);
}

static int jmespath_hex(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    digit = (char)(digit | 0x20);
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

JMESPATH_FN(url_decode)
{
    size_t len = 0;
    char *text;

    if (args[0]->kind != VALUE_STRING)
        return args[0];
    text = jmespath_alloc(walk, (size_t)args[0]->count + 1, 1);
    if (!text || !jmespath_step(walk, args[0]->count / 8))
        return NULL;
    for (uint32_t i = 0; i < args[0]->count; i++) {
        const char *at = args[0]->text + i; /* NUL ends it */
        const int high = *at == '%' ? jmespath_hex(at[1]) : -1;
        const int low = high >= 0 ? jmespath_hex(at[2]) : -1;

        if (*at == '%' && low < 0)
            return jmespath_wrong(walk, call->nodes[0], "invalid-value",
                                  "url_decode(): '%%' without two digits");
        text[len++] = low < 0 ? *at : (char)(high << 4 | low);
        i += low < 0 ? 0 : 2;
    }
    return jmespath_decoded(walk, call, text, len);
}

/* ---- CSV --------------------------------------------------------------------- */

struct jmespath_csv {
    struct jmespath_walk *walk;
    const struct jmespath_node *call;
    const char *at, *end;
    char separator;
    char *copy; /* where fields go: as large as the text, and a NUL for each */
    size_t line;
};

/* A field in quotes, at the first of them; false: it is never closed. */
static bool jmespath_csv_quoted(struct jmespath_csv *csv)
{
    for (csv->at++; csv->at < csv->end; csv->at++) {
        if (*csv->at == '"') {
            if (csv->at + 1 == csv->end || csv->at[1] != '"') {
                csv->at++;
                return true;
            }
            csv->at++;
        }
        csv->line += *csv->at == '\n';
        *csv->copy++ = *csv->at;
    }
    return false;
}

static const char *jmespath_csv_wrong(struct jmespath_csv *csv, const char *why)
{
    jmespath_wrong(csv->walk, csv->call->nodes[0], "invalid-value",
                   "from_csv(), line %zu: %s", csv->line, why);
    return NULL;
}

/* The next field of a line; *last is set when the line ends behind it. */
static bool jmespath_csv_field(struct jmespath_csv *csv, struct value *field,
                               bool *last)
{
    const char *text = csv->copy;

    if (csv->at < csv->end && *csv->at == '"') {
        if (!jmespath_csv_quoted(csv))
            return jmespath_csv_wrong(csv, "a quote is never closed") != NULL;
    } else {
        while (csv->at < csv->end && *csv->at != csv->separator &&
               *csv->at != '\n' && *csv->at != '\r')
            *csv->copy++ = *csv->at++;
    }
    *field = (struct value){.kind = VALUE_STRING,
                            .count = (uint32_t)(csv->copy - text),
                            .text = text};
    *csv->copy++ = '\0';
    *last = csv->at == csv->end || *csv->at != csv->separator;
    if (*last && csv->at < csv->end && *csv->at == '\r')
        csv->at++;
    if (*last && csv->at < csv->end && *csv->at != '\n')
        return jmespath_csv_wrong(csv, "something is behind a field") != NULL;
    if (csv->at < csv->end)
        csv->at++;
    return true;
}

/* The names of the columns; their number, or 0. */
static uint32_t jmespath_csv_head(struct jmespath_csv *csv, struct value *names)
{
    uint32_t count = 0;
    bool last = false;

    while (!last) {
        if (count == JMESPATH_COLUMNS) {
            jmespath_csv_wrong(csv, "there are too many columns");
            return 0;
        }
        if (!jmespath_csv_field(csv, &names[count], &last))
            return 0;
        for (uint32_t i = 0; i < count; i++) {
            if (value_equal(&names[i], &names[count])) {
                jmespath_csv_wrong(csv, "two columns have the same name");
                return 0;
            }
        }
        count++;
    }
    csv->line++;
    return count;
}

/* What is missing at the end of a line is null. */
static bool jmespath_csv_row(struct jmespath_csv *csv,
                             const struct value *names, uint32_t count,
                             struct jmespath_list *rows)
{
    struct value_member *members =
        jmespath_alloc(csv->walk, count, sizeof(*members));
    bool last = false;

    for (uint32_t i = 0; members && i < count; i++) {
        members[i].key = names[i].text;
        members[i].key_len = names[i].count;
        members[i].value = value_null;
        if (!last && !jmespath_csv_field(csv, &members[i].value, &last))
            return false;
    }
    if (members && !last) {
        jmespath_csv_wrong(csv, "there are more fields than columns");
        return false;
    }
    csv->line++;
    return members && jmespath_step(csv->walk, count) &&
           jmespath_push(csv->walk, rows,
                         &(struct value){.kind = VALUE_OBJECT,
                                         .count = count,
                                         .members = members});
}

static bool jmespath_csv_blank(struct jmespath_csv *csv)
{
    const char *at = csv->at;

    at += at < csv->end && *at == '\r';
    if (at == csv->end || *at != '\n')
        return false;
    csv->at = at + 1;
    csv->line++;
    return true;
}

JMESPATH_FN(from_csv)
{
    struct jmespath_csv csv = {
        .walk = walk, .call = call, .separator = ',', .line = 1};
    struct jmespath_list rows = {0};
    struct value *names;
    uint32_t count;

    if (args[0]->kind == VALUE_NULL)
        return args[0];
    if (call->count > 1) {
        if (args[1]->count != 1 || strchr("\"\r\n", args[1]->text[0]))
            return jmespath_wrong(walk, call->nodes[1], "invalid-value",
                                  "from_csv() takes one character between "
                                  "fields");
        csv.separator = args[1]->text[0];
    }
    csv.at = args[0]->text;
    csv.end = csv.at + args[0]->count;
    csv.copy = jmespath_alloc(walk, 2 * (size_t)args[0]->count + 2, 1);
    names = jmespath_alloc(walk, JMESPATH_COLUMNS, sizeof(*names));
    if (!csv.copy || !names || !jmespath_step(walk, args[0]->count / 4))
        return NULL;
    if (csv.at == csv.end)
        return jmespath_array(walk, NULL, 0);
    count = jmespath_csv_head(&csv, names);
    if (!count)
        return NULL;
    while (csv.at < csv.end) {
        if (!jmespath_csv_blank(&csv) &&
            !jmespath_csv_row(&csv, names, count, &rows))
            return NULL;
    }
    return jmespath_array(walk, rows.items, rows.count);
}
