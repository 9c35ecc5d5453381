/* SPDX-License-Identifier: Apache-2.0 */
/* jq_machine.c - jq programs, each a function of one program of libjq's. */
#include "sdk/kit/expr/jq_machine.h"

#include <stdlib.h>
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/kit/expr_private.h"

#define JQ_TEXT ((size_t)16 << 20) /* of all programs together */
#define JQ_PROBLEM 512

/* One line. input is what jq says when there is no more. */
#define JQ_PRELUDE                                              \
    "def env: {}; def debug: .; def stderr: .; "                \
    "def input: error(\"No more inputs\"); def inputs: empty; " \
    "def modulemeta: error(\"modules are not available\"); "    \
    "def get_search_list: []; {} as $ENV |\n"

/* Reading stops at this module, before libjq reads its own library. */
#define JQ_NOWHERE "scan-engine/none"

struct jq_program {
    struct jq_machine *machine;
    char *text;
    size_t number;
    long line, lines;         /* in the text of the machine */
    bool owner;               /* of the machine, and alone in it */
    char problem[JQ_PROBLEM]; /* why it cannot run */
};

struct jq_machine {
    jq_state *jq; /* NULL: to be compiled */
    struct jq_program **programs;
    size_t count, room;
    bool many; /* its input is [number, input] */
    const struct value *held;
    jv input; /* what was held, converted; else invalid */
    char problem[JQ_PROBLEM];
};

/* ---- what libjq has to say ---------------------------------------------------- */

/* "jq: error: WHAT (Unix shell ...) at <top-level>, line N:\nTEXT" */
static long jq_problem_line(const char *message)
{
    const char *line = strstr(message, " at <top-level>, line ");

    return line ? strtol(line + strlen(" at <top-level>, line "), NULL, 10) : 0;
}

static void jq_problem_copy(char problem[JQ_PROBLEM], const char *message,
                            long line)
{
    static const char begin[] = "jq: error: ";
    static const char *const ends[] = {" (Unix shell", " at <top-level>", "\n"};
    size_t len;

    if (strncmp(message, begin, strlen(begin)) == 0)
        message += strlen(begin);
    len = strlen(message);
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        const char *end = strstr(message, ends[i]);

        if (end && (size_t)(end - message) < len)
            len = (size_t)(end - message);
    }
    if (len > JQ_PROBLEM / 2)
        len = JQ_PROBLEM / 2;
    snprintf(problem, JQ_PROBLEM, "%.*s", (int)len, message);
    if (line > 1)
        snprintf(problem + len, JQ_PROBLEM - len, " in line %ld", line);
}

/* The first message about each program is kept. */
static void jq_on_problem(void *user, jv message)
{
    struct jq_machine *machine = user;
    const char *text = jv_string_value(message);
    const long line = jq_problem_line(text);

    for (size_t i = 0; line && i < machine->count; i++) {
        struct jq_program *program = machine->programs[i];

        if (program && program->lines && line >= program->line &&
            line < program->line + program->lines) {
            if (!*program->problem)
                jq_problem_copy(program->problem, text,
                                line - program->line + 1);
            jv_free(message);
            return;
        }
    }
    if (!*machine->problem)
        jq_problem_copy(machine->problem, text, 0);
    jv_free(message);
}

/* ---- compiling ---------------------------------------------------------------- */

static long jq_count_lines(const char *text)
{
    long lines = 1;

    while ((text = strchr(text, '\n'))) {
        lines++;
        text++;
    }
    return lines;
}

/* Programs first to last - 1, by halves. */
static void jq_put_choice(struct buffer *out, size_t first, size_t last)
{
    const size_t middle = first + (last - first) / 2;

    if (last - first == 1) {
        buffer_printf(out, "scan_engine_%zu", first);
        return;
    }
    buffer_printf(out, "if $scan_engine < %zu then ", middle);
    jq_put_choice(out, first, middle);
    buffer_puts(out, " else ");
    jq_put_choice(out, middle, last);
    buffer_puts(out, " end");
}

static void jq_put_programs(struct jq_machine *machine, struct buffer *out)
{
    long line = 2;

    buffer_puts(out, JQ_PRELUDE);
    for (size_t i = 0; i < machine->count; i++) {
        struct jq_program *program = machine->programs[i];
        const char *text = program && !*program->problem ? program->text : ".";

        if (program) {
            program->line = line + 1;
            program->lines = jq_count_lines(text) + 1;
        }
        buffer_printf(out, "def scan_engine_%zu:\n%s\n;\n", i, text);
        line += jq_count_lines(text) + 2;
    }
    buffer_puts(out, ".[0] as $scan_engine | .[1] | ");
    jq_put_choice(out, 0, machine->count);
}

static void jq_put_one(struct jq_program *program, struct buffer *out)
{
    buffer_puts(out, JQ_PRELUDE);
    buffer_puts(out, program->text);
    program->line = 2;
    program->lines = jq_count_lines(program->text) + 1;
}

/* True: compiled. False: problems were noted; *memory when it was that. */
static bool jq_machine_try(struct jq_machine *machine, const char *import,
                           bool *memory)
{
    struct buffer text;
    bool done = false;

    buffer_init(&text, JQ_TEXT);
    buffer_puts(&text, import);
    if (machine->many)
        jq_put_programs(machine, &text);
    else
        jq_put_one(machine->programs[0], &text);
    machine->jq = text.status == ENGINE_OK ? jq_init() : NULL;
    *memory = !machine->jq;
    if (machine->jq) {
        jq_set_error_cb(machine->jq, jq_on_problem, machine);
        /* jq 1.6 leaves both undefined */
        jq_set_debug_cb(machine->jq, NULL, NULL);
        jq_set_input_cb(machine->jq, NULL, NULL);
        done = jq_compile(machine->jq, text.data) != 0;
        jq_set_error_cb(machine->jq, NULL, NULL);
    }
    if (!done && machine->jq)
        jq_teardown(&machine->jq);
    buffer_clear(&text);
    return done;
}

/* Does without programs that cannot be compiled, which keep their problem. */
static engine_status jq_machine_compile(struct jq_machine *machine,
                                        engine_error *err)
{
    bool memory = false, found = true;

    *machine->problem = '\0';
    while (found) {
        size_t broken = 0, still = 0;

        for (size_t i = 0; i < machine->count; i++)
            broken += machine->programs[i] && *machine->programs[i]->problem;
        if (jq_machine_try(machine, "", &memory))
            return ENGINE_OK;
        if (memory)
            return engine_fail_memory(err);
        for (size_t i = 0; i < machine->count; i++)
            still += machine->programs[i] && *machine->programs[i]->problem;
        found = machine->many && still > broken;
    }
    return engine_fail(err, ENGINE_EINVAL, "jq: %s",
                       *machine->problem ? machine->problem
                                         : "the programs cannot be compiled");
}

/* ---- programs ----------------------------------------------------------------- */

static struct jq_machine *jq_machine_new(bool many)
{
    struct jq_machine *machine =
        engine_calloc_aligned(_Alignof(struct jq_machine), 1, sizeof(*machine));

    if (machine) {
        machine->many = many;
        machine->input = jv_invalid();
    }
    return machine;
}

static void jq_machine_stop(struct jq_machine *machine)
{
    if (machine->jq)
        jq_teardown(&machine->jq);
}

void jq_machine_free(struct jq_machine *machine)
{
    if (!machine)
        return;
    jq_machine_stop(machine);
    jv_free(machine->input);
    engine_free(machine->programs);
    engine_free(machine);
}

static bool jq_machine_add(struct jq_machine *machine,
                           struct jq_program *program)
{
    if (machine->count == machine->room) {
        const size_t room = machine->room ? 2 * machine->room : 8;
        struct jq_program **more = engine_realloc(
            machine->programs, room * sizeof(struct jq_program *));

        if (!more)
            return false;
        machine->programs = more;
        machine->room = room;
    }
    program->number = machine->count;
    program->machine = machine;
    machine->programs[machine->count++] = program;
    return true;
}

static engine_status jq_refuse(const struct jq_program *program,
                               engine_error *err)
{
    return engine_fail(err, ENGINE_EINVAL, "jq \"%.300s\": %s", program->text,
                       *program->problem ? program->problem
                                         : program->machine->problem);
}

/* In a machine of its own. */
static engine_status jq_program_alone(struct jq_program *program,
                                      engine_error *err)
{
    struct jq_machine *machine = jq_machine_new(false);
    engine_status status;

    program->owner = true;
    if (!machine || !jq_machine_add(machine, program)) {
        jq_machine_free(machine);
        return engine_fail_memory(err);
    }
    status = jq_machine_compile(machine, err);
    return status == ENGINE_EINVAL ? jq_refuse(program, err) : status;
}

/* Whether it can be parsed; names that do not exist are found later. */
static engine_status jq_program_check(struct jq_program *program,
                                      engine_error *err)
{
    struct jq_machine machine = {.programs = &program, .count = 1};
    bool memory;

    machine.input = jv_invalid();
    jq_machine_try(&machine,
                   "import \"" JQ_NOWHERE "\" as none {search: \"/none\"}; ",
                   &memory);
    if (memory)
        return engine_fail_memory(err);
    if (!*program->problem && !strstr(machine.problem, JQ_NOWHERE))
        snprintf(program->problem, sizeof(program->problem), "%s",
                 machine.problem);
    return *program->problem ? jq_refuse(program, err) : ENGINE_OK;
}

static engine_status jq_program_join(struct jq_program *program,
                                     struct expr_pool *pool, engine_error *err)
{
    engine_status status = jq_program_check(program, err);

    if (status < 0)
        return status;
    if (!pool->jq)
        pool->jq = jq_machine_new(true);
    if (!pool->jq || !jq_machine_add(pool->jq, program))
        return engine_fail_memory(err);
    jq_machine_stop(pool->jq);
    return ENGINE_OK;
}

engine_status jq_program_new(const char *text, struct expr_pool *pool,
                             struct jq_program **out, engine_error *err)
{
    struct jq_program *program = engine_calloc(1, sizeof(*program));
    engine_status status;

    if (!program)
        return engine_fail_memory(err);
    program->text = engine_strdup(text);
    if (!program->text)
        status = engine_fail_memory(err);
    else if (pool)
        status = jq_program_join(program, pool, err);
    else
        status = jq_program_alone(program, err);
    if (status < 0)
        jq_program_free(program);
    else
        *out = program;
    return status;
}

void jq_program_free(struct jq_program *program)
{
    if (!program)
        return;
    if (program->owner)
        jq_machine_free(program->machine);
    else if (program->machine)
        program->machine->programs[program->number] = NULL;
    engine_free(program->text);
    engine_free(program);
}

/* ---- running ------------------------------------------------------------------ */

static jv jq_from_value(const struct value *value)
{
    jv out;

    switch (value->kind) {
    case VALUE_BOOL:
        return jv_bool(value->boolean);
    case VALUE_INT:
        return jv_number((double)value->integer);
    case VALUE_DOUBLE:
        return jv_number(value->number);
    case VALUE_STRING:
        return jv_string_sized(value->text, (int)value->count);
    case VALUE_ARRAY:
        out = jv_array_sized((int)value->count);
        for (uint32_t i = 0; i < value->count; i++)
            out = jv_array_append(out, jq_from_value(&value->items[i]));
        return out;
    case VALUE_OBJECT:
        out = jv_object();
        for (uint32_t i = 0; i < value->count; i++) {
            const struct value_member *member = &value->members[i];

            out = jv_object_set(
                out, jv_string_sized(member->key, (int)member->key_len),
                jq_from_value(&member->value));
        }
        return out;
    default:
        return jv_null();
    }
}

void jq_machine_hold(struct jq_machine *machine, const struct value *value)
{
    jv_free(machine->input);
    machine->input = jv_invalid();
    machine->held = value;
}

static jv jq_machine_input(struct jq_machine *machine,
                           const struct value *value)
{
    if (!machine->held || machine->held != value)
        return jq_from_value(value);
    if (!jv_is_valid(machine->input)) {
        jv_free(machine->input);
        machine->input = jq_from_value(value);
    }
    return jv_copy(machine->input);
}

engine_status jq_program_start(struct jq_program *program,
                               const struct value *input, engine_error *err)
{
    struct jq_machine *machine = program->machine;
    jv in;

    if (!machine->jq && !*program->problem) {
        const engine_status status = jq_machine_compile(machine, err);

        if (status < 0)
            return status;
    }
    if (*program->problem)
        return jq_refuse(program, err);
    in = jq_machine_input(machine, input);
    if (machine->many)
        in = jv_array_append(
            jv_array_append(jv_array(), jv_number((double)program->number)),
            in);
    jq_start(machine->jq, in, 0);
    return ENGINE_OK;
}

jv jq_program_next(struct jq_program *program)
{
    return jq_next(program->machine->jq);
}

bool jq_program_halted(const struct jq_program *program)
{
    return jq_halted(program->machine->jq);
}

void jq_program_stop(struct jq_program *program)
{
    struct jq_machine *machine = program->machine;

    /* jq 1.6 frees what a program halted with at every start from then on */
    if (jq_halted(machine->jq))
        jq_machine_stop(machine);
    else
        jq_start(machine->jq, jv_null(), 0);
}
