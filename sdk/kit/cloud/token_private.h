/* SPDX-License-Identifier: Apache-2.0 */
/* token_private.h - between the files of token.h. */
#ifndef SDK_KIT_CLOUD_TOKEN_PRIVATE_H
#define SDK_KIT_CLOUD_TOKEN_PRIVATE_H

#include "sdk/kit/http.h"

/** Masks, in a text that came from outside, whatever the call sent. */
void token_mask(const struct http_call *call, char *text);

#endif
