/* SPDX-License-Identifier: Apache-2.0 */
/* report.h - outcomes of checks as results and ends of rules. */
#ifndef PLUGINS_KUBERNETES_REPORT_H
#define PLUGINS_KUBERNETES_REPORT_H

#include "plugins/kubernetes/judge.h"

/** Counts an outcome on its rule and emits the result, but for passes beyond
 * the number that is wanted one by one. */
void kube_report_outcome(struct kube_judge *judge, struct kube_rule *rule,
                         const struct kube_read *read,
                         const struct value *object,
                         const struct check_outcome *outcome);
/** Counts a pass that is not emitted: true. False: it is one that is. */
bool kube_report_pass(const struct kube_judge *judge, struct kube_rule *rule);
/** The rule's last word. */
void kube_report_end(struct kube_judge *judge, struct kube_rule *rule,
                     int32_t status, const char *message);

#endif
