/* SPDX-License-Identifier: Apache-2.0 */
/* rule_selector.h - selectors that a rule writes as a document, as the text
 * that the API has for them. */
#ifndef PLUGINS_KUBERNETES_RULE_SELECTOR_H
#define PLUGINS_KUBERNETES_RULE_SELECTOR_H

#include <bson/bson.h>

#include "sdk/base/error.h"

/** {app: web} becomes "app=web"; caller frees, *out stays when it is empty. */
engine_status kube_rule_labels(const bson_t *labels, char **out,
                               engine_error *err);
/** {matchLabels: {...}, matchExpressions: [{key, operator, values}]}. */
engine_status kube_rule_match(const bson_t *selector, char **out,
                              engine_error *err);

#endif
