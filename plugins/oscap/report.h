/* SPDX-License-Identifier: Apache-2.0 */
/* report.h - what oscap found becomes results and ends of rules. */
#ifndef PLUGINS_OSCAP_REPORT_H
#define PLUGINS_OSCAP_REPORT_H

#include "plugins/oscap/oscap.h"
#include "plugins/oscap/run.h"

/** Ends a rule as error with the reason as its message. */
void oscap_report_error(const struct oscap *self,
                        const struct scanner_job *job, const bson_t *rule,
                        const engine_error *why);

/**
 * Reads the results of a part's run, emits them with evidence where asked
 * for, ends every rule of the part (one without a result ends as error), and
 * keeps the raw results as an artifact.
 */
engine_status oscap_report_part(const struct oscap *self,
                                const struct scanner_job *job,
                                const struct oscap_part *part,
                                const struct oscap_run_end *end,
                                engine_error *err);

#endif
