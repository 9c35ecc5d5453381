/* SPDX-License-Identifier: Apache-2.0 */
/* utf8.h - strict UTF-8 (RFC 3629): no overlong forms, no surrogates. */
#ifndef SDK_DOCUMENT_UTF8_H
#define SDK_DOCUMENT_UTF8_H

#include <stddef.h>

/** Bytes of text that are valid UTF-8 without NUL; len when all of it is. */
size_t utf8_span(const char *text, size_t len);

#endif
