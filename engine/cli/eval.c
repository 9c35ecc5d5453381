/* SPDX-License-Identifier: Apache-2.0 */
/* eval.c - the command eval: one expression on a document, as rules have it. */
#include <string.h>

#include "engine/cli/commands.h"
#include "sdk/base/alloc.h"
#include "sdk/base/file.h"
#include "sdk/kit/expr.h"

#define EVAL_TEXT ((size_t)256 << 20)
#define EVAL_MEMORY ((size_t)4 << 30)

struct eval {
    struct cli *cli;
    struct expr *expr;
    struct arena *arena;
    bool compact;
};

static engine_status eval_language(const struct cli_args *args,
                                   const struct expr_language **out,
                                   engine_error *err)
{
    static const char *const known[] = {"yamlpath", "jq", "jmespath"};
    const char *name = cli_value(args, "language");
    bool absent = false;

    if (!name) {
        engine_fail(err, ENGINE_EINVAL, "eval needs --language");
        engine_hint(err, "yamlpath, jq or jmespath");
        return ENGINE_EINVAL;
    }
    *out = expr_language(name);
    if (*out)
        return ENGINE_OK;
    for (size_t i = 0; i < CLI_COUNT(known); i++)
        absent = absent || strcmp(known[i], name) == 0;
    if (absent)
        return engine_fail(err, ENGINE_EUNSUPPORTED,
                           "this build has no expressions in %s", name);
    engine_fail(err, ENGINE_EINVAL,
                "--language \"%s\" is none that rules are written in", name);
    engine_hint(err, "yamlpath, jq or jmespath");
    return ENGINE_EINVAL;
}

static engine_status eval_put(const struct eval *eval,
                              const struct value *value, engine_error *err)
{
    struct buffer text;
    engine_status status;

    buffer_init(&text, EVAL_MEMORY);
    value_to_json(value, eval->compact ? 0 : VALUE_JSON_PRETTY, &text);
    buffer_putc(&text, '\n');
    status = buffer_status(&text, err);
    if (status == ENGINE_OK &&
        fwrite(text.data, 1, text.len, eval->cli->out.file) != text.len)
        status = engine_fail(err, ENGINE_EIO, "could not write the results");
    buffer_clear(&text);
    return status;
}

static engine_status eval_document(const struct value *value, long line,
                                   void *user, engine_error *err)
{
    const struct eval *eval = user;
    struct expr_values values;
    engine_status status;

    (void)line;
    status = expr_evaluate(eval->expr, value, eval->arena, &values, err);
    for (size_t i = 0; status == ENGINE_OK && i < values.count; i++)
        status = eval_put(eval, values.values[i], err);
    return status;
}

static bool eval_ends(const char *name, const char *end)
{
    const size_t len = strlen(name), end_len = strlen(end);

    return len > end_len && strcmp(name + len - end_len, end) == 0;
}

/* JSON is YAML too, but much slower to read as such. */
static engine_status eval_text(struct eval *eval, const char *text, size_t len,
                               const char *name, engine_error *err)
{
    const bool yaml = eval_ends(name, ".yaml") || eval_ends(name, ".yml");
    struct value value;
    engine_status status = ENGINE_EPARSE;
    engine_error ignored;

    if (!yaml)
        status = value_from_json(text, len, name, eval->arena, &value, err);
    if (status == ENGINE_OK)
        return eval_document(&value, 1, eval, err);
    /* What begins as JSON and is none is explained as JSON. */
    if (status != ENGINE_EPARSE || eval_ends(name, ".json"))
        return status;
    if (!yaml && (text[strspn(text, " \t\r\n")] == '{' ||
                  text[strspn(text, " \t\r\n")] == '[')) {
        status = value_from_yaml(text, len, name, eval->arena, eval_document,
                                 eval, &ignored);
        if (status != ENGINE_OK && status != ENGINE_EPARSE && err)
            *err = ignored;
        return status;
    }
    return value_from_yaml(text, len, name, eval->arena, eval_document, eval,
                           err);
}

static int eval_run(struct cli *cli, const struct cli_args *args,
                    engine_error *err)
{
    const char *path = args->words_count > 1 ? args->words[1] : "-";
    const bool standard = strcmp(path, "-") == 0;
    const struct expr_language *language;
    struct arena arena;
    struct eval eval = {
        .cli = cli, .arena = &arena, .compact = cli_flag(args, "compact")};
    char *text = NULL;
    size_t len = 0;
    engine_status status = eval_language(args, &language, err);

    if (status < 0)
        return status;
    arena_init(&arena, EVAL_MEMORY);
    status = expr_compile(language, args->words[0], NULL, &eval.expr, err);
    if (status == ENGINE_OK)
        status = file_read(standard ? "/dev/stdin" : path, EVAL_TEXT, &text,
                           &len, err);
    if (status == ENGINE_OK)
        status = eval_text(&eval, text, len, standard ? "standard input" : path,
                           err);
    engine_free(text);
    expr_free(eval.expr);
    arena_clear(&arena);
    return status;
}

static const struct cli_option eval_options[] = {
    {"language", "NAME", "yamlpath, jq or jmespath", false},
    {"compact", NULL, "each result on one line", false}};

const struct cli_command command_eval = {
    .name = "eval",
    .words = "EXPRESSION [FILE]",
    .help = "evaluate an expression on a JSON or YAML document",
    .more =
        "Reads FILE, or standard input without one or with \"-\", and prints "
        "every result of the expression as JSON, as a rule would see it. Of a "
        "YAML stream each document is looked at. No result is no error: "
        "nothing is printed then.",
    .options = eval_options,
    .options_count = CLI_COUNT(eval_options),
    .words_min = 1,
    .words_max = 2,
    .run = eval_run};
