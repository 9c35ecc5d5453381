/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jq_machine.h - programs in libjq's interpreter. libjq takes tens of
 * milliseconds for each program, nearly all of it for its own library; so the
 * programs of a pool are compiled together, when the first of them runs.
 *
 * What a program could reach outside is taken away: the environment is empty
 * (env, $ENV), modules are a syntax error, input has nothing, and stderr and
 * debug print nothing. libjq itself reads ~/.jq if there is one.
 */
#ifndef SDK_KIT_EXPR_JQ_MACHINE_H
#define SDK_KIT_EXPR_JQ_MACHINE_H

#include <jq.h>

#include "sdk/kit/expr.h"

struct jq_program;

/** Into a pool, or by itself (NULL). ENGINE_EINVAL says what is wrong. */
engine_status jq_program_new(const char *text, struct expr_pool *pool,
                             struct jq_program **out, engine_error *err);
void jq_program_free(struct jq_program *program);

engine_status jq_program_start(struct jq_program *program,
                               const struct value *input, engine_error *err);
/** The next output; invalid at the end, with a message on an error. */
jv jq_program_next(struct jq_program *program);
bool jq_program_halted(const struct jq_program *program);
/** Forgets what is left of the outputs. */
void jq_program_stop(struct jq_program *program);

struct jq_machine;

void jq_machine_free(struct jq_machine *machine);
/** The value that inputs will be; NULL: none. It is converted once. */
void jq_machine_hold(struct jq_machine *machine, const struct value *value);

#endif
