/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text.h - text for people: what scanners and targets say is made harmless for
 * a terminal, measured in columns, wrapped and coloured.
 */
#ifndef ENGINE_REPORT_TEXT_H
#define ENGINE_REPORT_TEXT_H

#include <stdbool.h>
#include <stdio.h>

#include "sdk/base/buffer.h"

enum text_style {
    TEXT_PLAIN,
    TEXT_BOLD,
    TEXT_RED,
    TEXT_YELLOW,
    TEXT_GREEN,
    TEXT_DIM
};

/** Where text goes. */
struct text_out {
    FILE *file;
    bool color;
    unsigned width; /* columns; 0: unlimited */
};

/**
 * Appends text as one line: line ends and tabs become spaces, control
 * characters, direction overrides and malformed bytes U+FFFD. NULL is "".
 */
void text_clean(struct buffer *out, const char *text);

/** Columns that a terminal needs for clean text. */
size_t text_width(const char *text);

/** Prints clean text in at most `columns`, cut with "…", padded if `pad`. */
void text_cell(const struct text_out *out, const char *text, size_t columns,
               bool pad, enum text_style style);

/** The same, but what is cut is the beginning: for ids, whose ends differ. */
void text_cell_end(const struct text_out *out, const char *text, size_t columns,
                   bool pad, enum text_style style);

/** Prints text wrapped at words, each line indented; ends with a newline.
 * `lead` stands before the first line, which it indents the others to. */
void text_paragraph(const struct text_out *out, unsigned indent,
                    const char *lead, const char *text, enum text_style style);

/** Prints text as it is, coloured; nothing of it may be a scanner's. */
void text_styled(const struct text_out *out, enum text_style style,
                 const char *text);

#endif
