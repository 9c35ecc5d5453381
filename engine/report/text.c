/* SPDX-License-Identifier: Apache-2.0 */
/* text.c - cleaning, measuring and wrapping UTF-8 for terminals. */
#include "engine/report/text.h"

#include <stdint.h>
#include <string.h>

#define TEXT_MAX ((size_t)64 * 1024) /* of one message that is shown */
#define TEXT_BAD 0xfffdu
#define TEXT_NARROWEST 20u /* a smaller terminal is treated like this */

struct text_range {
    uint32_t first, last;
};

static bool text_in(const struct text_range *ranges, size_t count,
                    uint32_t code)
{
    for (size_t i = 0; i < count; i++)
        if (code >= ranges[i].first && code <= ranges[i].last)
            return true;
    return false;
}

static bool text_is_zero(uint32_t code)
{
    static const struct text_range ranges[] = {
        {0x300, 0x36f},   {0x483, 0x489},   {0x591, 0x5bd},
        {0x610, 0x61a},   {0x64b, 0x65f},   {0x1ab0, 0x1aff},
        {0x1dc0, 0x1dff}, {0x200b, 0x200d}, {0x20d0, 0x20ff},
        {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xe0100, 0xe01ef}};

    return text_in(ranges, sizeof(ranges) / sizeof(*ranges), code);
}

static bool text_is_wide(uint32_t code)
{
    static const struct text_range ranges[] = {
        {0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0x4dbf},
        {0x4e00, 0x9fff},   {0xa000, 0xa4cf},   {0xac00, 0xd7a3},
        {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},
        {0xffe0, 0xffe6},   {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff},
        {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd}};

    return text_in(ranges, sizeof(ranges) / sizeof(*ranges), code);
}

/* What could move the cursor or turn the order of what follows. */
static bool text_is_harmful(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0x200e ||
           code == 0x200f || code == 0x2028 || code == 0x2029 ||
           (code >= 0x202a && code <= 0x202e) ||
           (code >= 0x2066 && code <= 0x2069) || code == 0xfeff;
}

/* The code point at `text` and its length; TEXT_BAD and 1 when malformed. */
static uint32_t text_decode(const unsigned char *text, size_t *len)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint32_t code;
    size_t size;

    *len = 1;
    if (text[0] < 0x80)
        return text[0];
    size = text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : 2;
    if (text[0] < 0xc2 || text[0] > 0xf4)
        return TEXT_BAD;
    code = text[0] & (0xffu >> (size + 1));
    for (size_t i = 1; i < size; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return TEXT_BAD;
        code = code << 6 | (text[i] & 0x3f);
    }
    if (code < least[size] || code > 0x10ffff ||
        (code >= 0xd800 && code <= 0xdfff))
        return TEXT_BAD;
    *len = size;
    return code;
}

void text_clean(struct buffer *out, const char *text)
{
    const unsigned char *at = (const unsigned char *)(text ? text : "");

    while (*at) {
        size_t len;
        uint32_t code = text_decode(at, &len);

        if (code == '\n' || code == '\t' || code == '\r')
            buffer_putc(out, ' ');
        else if (text_is_harmful(code) || (code == TEXT_BAD && len == 1))
            buffer_puts(out, "\xef\xbf\xbd");
        else
            buffer_append(out, at, len);
        at += len;
    }
}

static size_t text_columns(const unsigned char *at, size_t *len)
{
    uint32_t code = text_decode(at, len);

    return text_is_zero(code) ? 0 : text_is_wide(code) ? 2 : 1;
}

size_t text_width(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    size_t width = 0, len;

    for (; *at; at += len)
        width += text_columns(at, &len);
    return width;
}

/* Bytes of `text` that fit into `columns`. */
static size_t text_fit(const char *text, size_t columns)
{
    const unsigned char *at = (const unsigned char *)text;
    size_t len;

    while (*at) {
        size_t width = text_columns(at, &len);

        if (width > columns)
            break;
        columns -= width;
        at += len;
    }
    return (size_t)(at - (const unsigned char *)text);
}

/* ---- printing ------------------------------------------------------------ */

static const char *text_code(enum text_style style)
{
    static const char *const codes[] = {
        [TEXT_PLAIN] = "",         [TEXT_BOLD] = "\033[1m",
        [TEXT_RED] = "\033[31m",   [TEXT_YELLOW] = "\033[33m",
        [TEXT_GREEN] = "\033[32m", [TEXT_DIM] = "\033[2m"};

    return codes[style];
}

static void text_put(const struct text_out *out, enum text_style style,
                     const char *text, size_t len)
{
    bool color = out->color && style != TEXT_PLAIN && len;

    if (color)
        fputs(text_code(style), out->file);
    fwrite(text, 1, len, out->file);
    if (color)
        fputs("\033[0m", out->file);
}

void text_styled(const struct text_out *out, enum text_style style,
                 const char *text)
{
    text_put(out, style, text, strlen(text));
}

void text_cell(const struct text_out *out, const char *text, size_t columns,
               bool pad, enum text_style style)
{
    struct buffer clean;
    size_t width, len;
    const char *line;

    buffer_init(&clean, TEXT_MAX);
    text_clean(&clean, text);
    line = clean.data ? clean.data : "";
    width = text_width(line);
    len = strlen(line);
    if (columns && width > columns) {
        len = text_fit(line, columns - 1);
        text_put(out, style, line, len);
        fputs("\xe2\x80\xa6", out->file);
        width = columns;
    } else {
        text_put(out, style, line, len);
    }
    for (; pad && width < columns; width++)
        fputc(' ', out->file);
    buffer_clear(&clean);
}

void text_cell_end(const struct text_out *out, const char *text, size_t columns,
                   bool pad, enum text_style style)
{
    struct buffer clean, tail;
    const char *line;
    size_t width, len;

    buffer_init(&clean, TEXT_MAX);
    buffer_init(&tail, TEXT_MAX);
    text_clean(&clean, text);
    line = clean.data ? clean.data : "";
    width = text_width(line);
    if (columns && width > columns) {
        for (; width > columns - 1; line += len)
            width -= text_columns((const unsigned char *)line, &len);
        buffer_puts(&tail, "\xe2\x80\xa6");
    }
    buffer_puts(&tail, line);
    text_cell(out, tail.data, columns, pad, style);
    buffer_clear(&clean);
    buffer_clear(&tail);
}

/* Bytes of the next line: whole words, or as much of one as fits. */
static size_t text_line(const char *text, size_t columns)
{
    size_t fits = text_fit(text, columns);
    size_t len = fits;

    if (!text[fits] || text[fits] == ' ')
        return fits;
    while (len > 0 && text[len - 1] != ' ')
        len--;
    while (len > 0 && text[len - 1] == ' ')
        len--;
    if (len)
        return len;
    if (fits)
        return fits;
    text_columns((const unsigned char *)text, &len);
    return len; /* a wide one in one column: better too long than for ever */
}

static void text_indent(const struct text_out *out, unsigned columns)
{
    for (unsigned i = 0; i < columns; i++)
        fputc(' ', out->file);
}

void text_paragraph(const struct text_out *out, unsigned indent,
                    const char *lead, const char *text, enum text_style style)
{
    unsigned hanging = indent + (unsigned)text_width(lead);
    unsigned width =
        out->width && out->width < TEXT_NARROWEST ? TEXT_NARROWEST : out->width;
    size_t columns = width > hanging + 10 ? width - hanging : 10;
    struct buffer clean;
    const char *at;

    buffer_init(&clean, TEXT_MAX);
    text_clean(&clean, text);
    at = clean.data ? clean.data : "";
    at += strspn(at, " ");
    text_indent(out, indent);
    fputs(lead, out->file);
    while (*at) {
        size_t len = width ? text_line(at, columns) : strlen(at);

        text_put(out, style, at, len);
        at += len;
        at += strspn(at, " ");
        if (*at) {
            fputc('\n', out->file);
            text_indent(out, hanging);
        }
    }
    fputc('\n', out->file);
    buffer_clear(&clean);
}
