/* SPDX-License-Identifier: Apache-2.0 */
/* template_form.h - what template_form*.c share. */
#ifndef ENGINE_RULES_TEMPLATE_FORM_H
#define ENGINE_RULES_TEMPLATE_FORM_H

#include "engine/rules/rules_private.h"

/** Reads variables.json beside file, unless that was done already. */
engine_status template_form_open(struct template_form **form,
                                 const char *file, engine_error *err);
/** The resources that rules of the file told so far, by their dump. */
bson_t *template_form_known(struct template_form *form);
/** Declares on a rule the variables that its check_content uses. */
engine_status template_form_variables(struct template_form *form,
                                      const bson_t *content, bson_t *out,
                                      const char **note, engine_error *err);

#endif
