/* SPDX-License-Identifier: Apache-2.0 */
/* line.h - what others say, as one line of a message. */
#ifndef SDK_KIT_LINE_H
#define SDK_KIT_LINE_H

#include <stddef.h>

/** At most room - 1 bytes that no terminal minds: control characters become
 * spaces, what is not ASCII question marks; none are left at the end. */
void line_clean(const char *text, size_t len, char *out, size_t room);

#endif
