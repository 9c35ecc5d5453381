/* SPDX-License-Identifier: Apache-2.0 */
/* template_word.c - the words of a template's actions, quoted texts and the
 * values of variables. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sdk/document/document.h"
#include "sdk/document/number.h"
#include "sdk/document/utf8.h"
#include "sdk/kit/template_private.h"

#define TEMPLATE_SHOWN 60 /* characters of a template in a message */

/* ---- messages ------------------------------------------------------------- */

engine_status template_fail(struct template *template, size_t at,
                            const char *format, ...)
{
    char text[400];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return engine_fail(template->err, ENGINE_EINVAL,
                       "template \"%.*s%s\": character %zu: %s",
                       (int)TEMPLATE_SHOWN, template->text,
                       template->len > TEMPLATE_SHOWN ? "..." : "", at + 1,
                       text);
}

engine_status template_unexpected(struct template *template,
                                  const struct template_word *word,
                                  const char *wanted)
{
    if (word->kind == TEMPLATE_CLOSE)
        return template_fail(template, word->at, "expected %s", wanted);
    return template_fail(template, word->at, "expected %s, not \"%s%.*s\"",
                         wanted, word->kind == TEMPLATE_FIELD ? "." : "",
                         (int)(word->len < 40 ? word->len : 40), word->text);
}

/* ---- words ---------------------------------------------------------------- */

/* Spaces as Go has them inside and around actions. */
bool template_is_space(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static bool template_is_letter(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '_' || (byte & 0x80);
}

bool template_word_is(const struct template_word *word, const char *text)
{
    return word->kind == TEMPLATE_WORD && word->len == strlen(text) &&
           !memcmp(word->text, text, word->len);
}

/* Closing braces end the action; -}} trims what follows. */
static bool template_close(struct template *template,
                           struct template_word *word)
{
    const char *at = template->text + template->at;
    const bool space = template->at > template->opened &&
                       template_is_space(at[-1]);
    const bool trim = space && at[0] == '-' && at[1] == '}' && at[2] == '}';

    if (!trim && (at[0] != '}' || at[1] != '}'))
        return false;
    word->kind = TEMPLATE_CLOSE;
    template->at += trim ? 3 : 2;
    template->trim = trim;
    return true;
}

static engine_status template_quoted(struct template *template,
                                     struct template_word *word)
{
    const char quote = *word->text;
    size_t len = 1;

    for (;; len++) {
        const char byte = word->text[len];

        if (!byte || (quote == '"' && byte == '\n'))
            return template_fail(template, word->at,
                                 "a quoted text has no end");
        if (byte == quote)
            break;
        if (quote == '"' && byte == '\\' && word->text[len + 1])
            len++;
    }
    word->kind = TEMPLATE_TEXT;
    word->len = len + 1;
    template->at += word->len;
    return ENGINE_OK;
}

/* A comment is the whole of its action. */
static engine_status template_comment(struct template *template,
                                      struct template_word *word)
{
    const char *end = strstr(word->text + 2, "*/");

    if (word->at != template->opened)
        return template_fail(template, word->at,
                             "a comment has to begin where its action does");
    if (!end)
        return template_fail(template, word->at, "a comment has no end");
    word->kind = TEMPLATE_COMMENT;
    word->len = (size_t)(end - word->text) + 2;
    template->at += word->len;
    return ENGINE_OK;
}

static void template_name(struct template *template,
                          struct template_word *word)
{
    const bool field = *word->text == '.';
    size_t len = field;

    while (template_is_letter(word->text[len]))
        len++;
    if (len > (size_t)field && word->text[len] != '.') {
        word->kind = field ? TEMPLATE_FIELD : TEMPLATE_WORD;
        word->text += field;
        word->len = len - field;
    } else { /* whatever it is, shown up to the next space */
        while (word->text[len] && !template_is_space(word->text[len]) &&
               strncmp(word->text + len, "}}", 2) != 0)
            len++;
        word->len = len ? len : 1;
    }
    template->at += len ? len : 1;
}

engine_status template_next(struct template *template,
                            struct template_word *word)
{
    const char *text = template->text;

    while (template_is_space(text[template->at]))
        template->at++;
    *word = (struct template_word){.kind = TEMPLATE_OTHER,
                                   .text = text + template->at,
                                   .at = template->at};
    if (template->at >= template->len)
        return template_fail(template, template->opened,
                             "an action has no closing braces");
    if (template_close(template, word))
        return ENGINE_OK;
    if (*word->text == '"' || *word->text == '`')
        return template_quoted(template, word);
    if (!strncmp(word->text, "/*", 2))
        return template_comment(template, word);
    template_name(template, word);
    return ENGINE_OK;
}

/* ---- quoted texts --------------------------------------------------------- */

/* Hexadecimal or octal digits after a backslash; false: they are none. */
static bool template_digits(const char *text, const char *end, size_t count,
                            unsigned base, unsigned long *out)
{
    *out = 0;
    if ((size_t)(end - text) < count)
        return false;
    for (size_t i = 0; i < count; i++) {
        const char byte = text[i];
        unsigned digit = 99;

        if (byte >= '0' && byte <= '9')
            digit = (unsigned)(byte - '0');
        else if ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'f')
            digit = (unsigned)((byte | 0x20) - 'a') + 10;
        if (digit >= base)
            return false;
        *out = *out * base + digit;
    }
    return true;
}

static bool template_put_rune(struct buffer *out, unsigned long rune)
{
    if (!rune || rune > 0x10ffff || (rune >= 0xd800 && rune < 0xe000))
        return false;
    if (rune < 0x80) {
        buffer_putc(out, (char)rune);
        return true;
    }
    if (rune < 0x800) {
        buffer_putc(out, (char)(0xc0 | (rune >> 6)));
    } else {
        if (rune < 0x10000) {
            buffer_putc(out, (char)(0xe0 | (rune >> 12)));
        } else {
            buffer_putc(out, (char)(0xf0 | (rune >> 18)));
            buffer_putc(out, (char)(0x80 | ((rune >> 12) & 0x3f)));
        }
        buffer_putc(out, (char)(0x80 | ((rune >> 6) & 0x3f)));
    }
    buffer_putc(out, (char)(0x80 | (rune & 0x3f)));
    return true;
}

/* One escape of a Go string; *at is behind the backslash. */
static bool template_escape(const char **at, const char *end,
                            struct buffer *out)
{
    static const char names[] = "abfnrtv\\\"";
    static const char values[] = "\a\b\f\n\r\t\v\\\"";
    const char letter = **at;
    const char *name = letter ? strchr(names, letter) : NULL;
    const size_t count =
        letter == 'x' ? 2 : letter == 'u' ? 4 : letter == 'U' ? 8 : 3;
    unsigned long code;

    if (name) {
        buffer_putc(out, values[name - names]);
        ++*at;
        return true;
    }
    if (count == 3) {
        if (!template_digits(*at, end, 3, 8, &code) || code > 255 || !code)
            return false;
        *at += 3;
        buffer_putc(out, (char)code);
        return true;
    }
    if (!template_digits(*at + 1, end, count, 16, &code))
        return false;
    *at += 1 + count;
    if (count > 2)
        return template_put_rune(out, code);
    buffer_putc(out, (char)code);
    return code != 0;
}

engine_status template_unquote(struct template *template,
                               const struct template_word *word,
                               struct buffer *out)
{
    const char *at = word->text + 1;
    const char *end = word->text + word->len - 1;
    const size_t before = out->len;

    if (*word->text == '`') {
        for (; at < end; at++)
            if (*at != '\r') /* as in Go's raw strings */
                buffer_putc(out, *at);
    }
    while (at < end) {
        if (*at != '\\') {
            buffer_putc(out, *at++);
            continue;
        }
        at++;
        if (!template_escape(&at, end, out))
            return template_fail(template, word->at,
                                 "a quoted text has an invalid escape");
    }
    if (out->data && utf8_span(out->data + before, out->len - before) !=
                         out->len - before)
        return template_fail(template, word->at,
                             "a quoted text is not UTF-8");
    return buffer_status(out, template->err);
}

/* ---- variables ------------------------------------------------------------ */

/* xccdf_org.example_value_x is known as x, too. */
static const char *template_short(const char *name)
{
    const char *value =
        strncmp(name, "xccdf_", 6) ? NULL : strstr(name, "_value_");

    return value && value[7] ? value + 7 : name;
}

bool template_variable(const bson_t *variables, const char *name,
                       bson_iter_t *out)
{
    const char *wanted = template_short(name);
    bson_iter_t iter;

    if (!variables)
        return false;
    if (bson_iter_init_find(out, variables, name))
        return true;
    if (!bson_iter_init(&iter, variables))
        return false;
    while (bson_iter_next(&iter))
        if (!strcmp(template_short(bson_iter_key(&iter)), wanted)) {
            *out = iter;
            return true;
        }
    return false;
}

bool template_variable_text(const bson_iter_t *value, struct buffer *out)
{
    char number[40];

    switch (bson_iter_type(value)) {
    case BSON_TYPE_UTF8:
        buffer_puts(out, bson_iter_utf8(value, NULL));
        return true;
    case BSON_TYPE_BOOL:
        buffer_puts(out, bson_iter_bool(value) ? "true" : "false");
        return true;
    case BSON_TYPE_INT32:
    case BSON_TYPE_INT64:
        buffer_printf(out, "%lld", (long long)bson_iter_as_int64(value));
        return true;
    case BSON_TYPE_DOUBLE:
        number_format(bson_iter_double(value), number);
        buffer_puts(out, number);
        return true;
    case BSON_TYPE_NULL:
        buffer_puts(out, "None");
        return true;
    default:
        return false;
    }
}

bool template_lookup(const struct template *template,
                     const struct template_word *field, bson_iter_t *out)
{
    char name[256];

    if (field->len >= sizeof(name))
        return false;
    memcpy(name, field->text, field->len);
    name[field->len] = '\0';
    return template_variable(template->variables, name, out);
}

engine_status template_value(struct template *template,
                             const struct template_word *field,
                             struct buffer *out)
{
    const int len = (int)(field->len < 200 ? field->len : 200);
    bson_iter_t value;
    engine_status status;

    if (!template_lookup(template, field, &value)) {
        status = template_fail(template, field->at,
                               "variable \"%.*s\" has no value", len,
                               field->text);
        engine_hint(template->err,
                    "give it a default in the rule's variables, or set it");
        return status;
    }
    if (!template_variable_text(&value, out))
        return template_fail(template, field->at,
                             "variable \"%.*s\" is no text, number or boolean",
                             len, field->text);
    if (template->used)
        template->used(bson_iter_key(&value), template->user);
    return buffer_status(out, template->err);
}
