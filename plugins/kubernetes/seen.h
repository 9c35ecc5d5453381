/* SPDX-License-Identifier: Apache-2.0 */
/* seen.h - which objects of a list were judged already, eight bytes each. */
#ifndef PLUGINS_KUBERNETES_SEEN_H
#define PLUGINS_KUBERNETES_SEEN_H

#include <stdbool.h>

#include "sdk/kit/value.h"

struct kube_seen;

struct kube_seen *kube_seen_new(void);
void kube_seen_free(struct kube_seen *seen);
/** Adds an object by its uid (else by namespace and name); *fresh is false
 * when it was there. An object that has none of these is always fresh. */
engine_status kube_seen_add(struct kube_seen *seen,
                            const struct value *object, bool *fresh,
                            engine_error *err);

#endif
