/* SPDX-License-Identifier: Apache-2.0 */
/* number.h - numbers to and from text, in no locale but C's. */
#ifndef SDK_DOCUMENT_NUMBER_H
#define SDK_DOCUMENT_NUMBER_H

#include "sdk/document/reader.h"

/**
 * Types a decimal number: an integer where int64_t holds it, else a double.
 * The text is one already; false when it is out of every range.
 */
bool number_parse(const char *text, size_t len, struct reader_scalar *scalar);

/** Digits of an integer of a base up to 16; a double beyond int64_t. */
void number_parse_base(const char *digits, size_t len, unsigned base,
                       struct reader_scalar *scalar);

/** The shortest text that reads as the same finite double, with a point or
 * an exponent, so that it stays a double. */
void number_format(double number, char out[40]);
/** The same for JSON, which has no other numbers: they become null. */
void number_put(struct buffer *out, double number);

#endif
