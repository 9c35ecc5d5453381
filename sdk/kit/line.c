/* SPDX-License-Identifier: Apache-2.0 */
/* line.c - what others say, without what a terminal would act on. */
#include "sdk/kit/line.h"

void line_clean(const char *text, size_t len, char *out, size_t room)
{
    size_t used = 0;

    while (len && (unsigned char)text[len - 1] <= ' ')
        len--;
    for (size_t i = 0; i < len && used + 1 < room; i++) {
        const unsigned char byte = (unsigned char)text[i];

        if (byte < ' ')
            out[used++] = ' ';
        else
            out[used++] = byte < 127 ? text[i] : '?';
    }
    out[used] = '\0';
}
