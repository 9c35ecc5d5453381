/* SPDX-License-Identifier: Apache-2.0 */
/* buffer_xml.c - texts as XML has them. */
#include "sdk/base/buffer.h"

#include <string.h>

static void xml_reference(struct buffer *buffer, char byte)
{
    switch (byte) {
    case '&':
        buffer_puts(buffer, "&amp;");
        break;
    case '<':
        buffer_puts(buffer, "&lt;");
        break;
    case '>':
        buffer_puts(buffer, "&gt;");
        break;
    case '"':
        buffer_puts(buffer, "&quot;");
        break;
    default:
        buffer_printf(buffer, "&#%d;", byte);
    }
}

void buffer_xml(struct buffer *buffer, const char *text, size_t len,
                const char *special)
{
    size_t plain = 0; /* where what is not yet appended begins */

    for (size_t i = 0; i < len; i++) {
        if (!text[i] || !strchr(special, text[i]))
            continue;
        buffer_append(buffer, text + plain, i - plain);
        xml_reference(buffer, text[i]);
        plain = i + 1;
    }
    buffer_append(buffer, text + plain, len - plain);
}
