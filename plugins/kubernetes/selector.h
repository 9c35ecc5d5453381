/* SPDX-License-Identifier: Apache-2.0 */
/*
 * selector.h - label and field selectors, for what no server has selected.
 * (Kubernetes documentation, "Labels and Selectors" and "Field Selectors".)
 */
#ifndef PLUGINS_KUBERNETES_SELECTOR_H
#define PLUGINS_KUBERNETES_SELECTOR_H

#include <stdbool.h>

#include "sdk/kit/value.h"

struct kube_selector;

/** Compiles selectors as the API writes them; either may be NULL.
 * ENGINE_EINVAL names what is wrong. */
engine_status kube_selector_new(const char *labels, const char *fields,
                                struct kube_selector **out,
                                engine_error *err);
void kube_selector_free(struct kube_selector *selector);
bool kube_selector_matches(const struct kube_selector *selector,
                           const struct value *object);

#endif
