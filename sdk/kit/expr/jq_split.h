/* SPDX-License-Identifier: Apache-2.0 */
/* jq_split.h - a jq program over a list as one over its elements. */
#ifndef SDK_KIT_EXPR_JQ_SPLIT_H
#define SDK_KIT_EXPR_JQ_SPLIT_H

#include "sdk/base/error.h"

/** expr_split for jq programs; it needs no libjq. */
engine_status jq_split(const char *text, const char *list, char **item,
                       char **rest, engine_error *err);

#endif
