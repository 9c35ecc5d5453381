/* SPDX-License-Identifier: Apache-2.0 */
/* import.c - the commands import and rules validate. */
#include <string.h>

#include "engine/cli/commands.h"
#include "engine/cli/list.h"
#include "engine/cli/session.h"
#include "sdk/document/document.h"

#define IMPORT_FILES_SHOWN 20 /* with more, only those with problems */

struct import_run {
    struct session session;
    bool validate_only;
};

static const char *import_canonical_type(const char *name, void *user)
{
    struct import_run *run = user;

    return registry_type_name(run->session.registry, name);
}

static engine_status import_native(const char *path, const char *format,
                                   struct rules_import *import, void *user,
                                   engine_error *err)
{
    const struct import_run *run = user;
    const struct native native = {.registry = run->session.registry,
                                  .conduct = &run->session.conduct,
                                  .config = &run->session.config,
                                  .validate_only = run->validate_only};

    return native_import(&native, path, format, import, err);
}

/* ---- the report for people ----------------------------------------------- */

static void import_put_count(const struct text_out *out, const bson_t *counts,
                             const char *name, const char *word, bool *some)
{
    long long count = (long long)document_int(counts, name, 0);

    if (!count)
        return;
    fprintf(out->file, "%s%lld %s", *some ? ", " : "", count, word);
    *some = true;
}

/* `check`: nothing was stored, so nothing was added either */
static void import_put_counts(const struct text_out *out, const bson_t *counts,
                              const char *normalised, bool check)
{
    static const char *const names[] = {"added",   "changed", "unchanged",
                                        "removed", "skipped", "rejected"};
    bool some = false;
    long long count = (long long)document_int(counts, normalised, 0);

    for (size_t i = 0; i < CLI_COUNT(names); i++)
        import_put_count(out, counts, names[i],
                         check && i == 0 ? "valid" : names[i], &some);
    if (!some)
        fputs("nothing", out->file);
    if (count)
        fprintf(out->file, " (%lld normalised)", count);
    fputc('\n', out->file);
}

/* "file:line rule: reason" of each entry of a list. */
static void import_put_problems(const struct text_out *out, const char *file,
                                const bson_t *entry, const char *field,
                                const char *text, enum text_style style)
{
    bson_t list, item;
    bson_iter_t iter;

    if (!document_child(entry, field, &list) || !bson_iter_init(&iter, &list))
        return;
    while (bson_iter_next(&iter)) {
        const char *rule, *reason, *hint;
        long long line;

        if (!document_iter_child(&iter, &item))
            continue;
        rule = document_string(&item, "rule_id");
        reason = document_string(&item, text);
        hint = document_string(&item, "hint");
        line = (long long)document_int(&item, "line", 0);
        fputs("  ", out->file);
        text_cell(out, file, 0, false, TEXT_PLAIN);
        if (line)
            fprintf(out->file, ":%lld", line);
        if (rule) {
            fputc(' ', out->file);
            text_cell(out, rule, 0, false, TEXT_BOLD);
        }
        fputs(": ", out->file);
        text_cell(out, reason ? reason : "", 0, false, style);
        fputc('\n', out->file);
        if (hint && *hint)
            text_paragraph(out, 4, "", hint, TEXT_PLAIN);
    }
}

/* for which scanners they are, where there are several */
static void import_put_scanners(const struct text_out *out,
                                const bson_t *entry)
{
    const char *comma = "  of the rules ";
    bson_t types;
    bson_iter_t iter;

    if (!document_child(entry, "by_scanner", &types) ||
        bson_count_keys(&types) < 2 || !bson_iter_init(&iter, &types))
        return;
    while (bson_iter_next(&iter)) {
        fprintf(out->file, "%s%lld are for ", comma,
                (long long)bson_iter_as_int64(&iter));
        text_cell(out, bson_iter_key(&iter), 0, false, TEXT_PLAIN);
        comma = ", ";
    }
    fputc('\n', out->file);
}

static void import_put_file(const struct text_out *out, const bson_t *entry,
                            bool notes, bool check)
{
    const char *file = document_string(entry, "file");

    text_cell(out, file ? file : "", 0, false, TEXT_PLAIN);
    fputs(": ", out->file);
    import_put_counts(out, entry, "normalised_count", check);
    import_put_scanners(out, entry);
    import_put_problems(out, file ? file : "", entry, "rejections", "reason",
                        TEXT_RED);
    if (notes)
        import_put_problems(out, file ? file : "", entry, "normalised", "what",
                            TEXT_PLAIN);
}

static void import_put_report(const struct text_out *out, const bson_t *report,
                              bool notes, bool check)
{
    bson_t files, totals, entry;
    bson_iter_t iter;
    bool all, some = notes;
    uint32_t count;

    if (!document_child(report, "files", &files) ||
        !document_child(report, "totals", &totals) ||
        !bson_iter_init(&iter, &files))
        return;
    count = bson_count_keys(&files);
    all = count <= IMPORT_FILES_SHOWN;
    while (bson_iter_next(&iter)) {
        if (!document_iter_child(&iter, &entry))
            continue;
        if (all || some || document_int(&entry, "rejected", 0) > 0)
            import_put_file(out, &entry, notes, check);
    }
    if (count == 1 && document_int(&totals, "removed", 0) == 0)
        return; /* the file's line says it all */
    fprintf(out->file,
            "%lld files: ", (long long)document_int(&totals, "files", 0));
    import_put_counts(out, &totals, "normalised", check);
    if (!notes && document_int(&totals, "normalised", 0) > 0)
        fputs("--notes says what was normalised, and how\n", out->file);
}

/* ---- the commands -------------------------------------------------------- */

static engine_status import_paths(struct rules_import *import,
                                  const struct cli_args *args,
                                  engine_error *err)
{
    engine_status status = ENGINE_OK;

    for (size_t i = 0; i < args->words_count && status == ENGINE_OK; i++)
        status = rules_import_path(import, args->words[i], err);
    if (status == ENGINE_OK)
        status = rules_import_finish(import, err);
    return status;
}

/* CLI_UNABLE when anything was rejected: a script must not take a partial
 * import for a whole one. */
static int import_report(struct import_run *run, struct rules_import *import,
                         const struct cli_args *args, const char *format,
                         engine_error *err)
{
    const bson_t *report = rules_import_report(import);
    const struct text_out *out = &session_cli(&run->session)->out;
    engine_status status = ENGINE_OK;

    if (strcmp(format, "json") == 0)
        status = list_print_document(out, report, err);
    else
        import_put_report(out, report, cli_flag(args, "notes"),
                          run->validate_only);
    if (status < 0)
        return status;
    return document_int(report, "totals.rejected", 0) > 0 ? CLI_UNABLE
                                                          : CLI_DONE;
}

static int import_run_with(struct cli *cli, const struct cli_args *args,
                           bool validate_only, engine_error *err)
{
    static const char *const formats[] = {"table", "json", NULL};
    struct import_run run = {.validate_only = validate_only};
    struct rules_import_options options = {.canonical_type =
                                               import_canonical_type,
                                           .native = import_native,
                                           .user = &run};
    struct rules_import *import = NULL;
    unsigned needs = SESSION_PLUGINS | (validate_only ? 0 : SESSION_STORE);
    const char *format;
    int code;

    if (cli_choice(args, "format", formats, &format, err) < 0)
        return ENGINE_EINVAL;
    code = session_open(cli, needs, &run.session, err);
    if (code < 0)
        return code;
    options.store = run.session.store;
    options.log = &cli->log;
    options.format = cli_value(args, "as");
    code = rules_import_new(&options, &import, err);
    if (code == ENGINE_OK)
        code = import_paths(import, args, err);
    if (code == ENGINE_OK)
        code = import_report(&run, import, args, format, err);
    rules_import_free(import);
    session_close(&run.session);
    return code;
}

static int import_command(struct cli *cli, const struct cli_args *args,
                          engine_error *err)
{
    return import_run_with(cli, args, false, err);
}

static int validate_command(struct cli *cli, const struct cli_args *args,
                            engine_error *err)
{
    return import_run_with(cli, args, true, err);
}

static const struct cli_option import_options[] = {
    {"as", "TYPE",
     "read the paths as yaml, json, jsonl, bson, bundle, or a "
     "format that a plugin imports",
     false},
    {"format", "FORMAT", "of the report: table (the default) or json", false},
    {"notes", NULL, "also say what was normalised, and how", false},
};

const struct cli_command command_import = {
    .name = "import",
    .words = "PATH...",
    .help = "store rules from files, directories, bundles and SCAP content",
    .more = "Rules are YAML, JSON or JSON Lines; bundles are .tar.gz archives "
            "of them; SCAP datastreams and XCCDF files are read by a plugin. "
            "Each document is imported whole or not at all, and importing it "
            "again changes nothing.\n"
            "Exit status 1 when a document was rejected; all others are "
            "stored.",
    .options = import_options,
    .options_count = CLI_COUNT(import_options),
    .words_min = 1,
    .words_max = SIZE_MAX,
    .run = import_command};

const struct cli_command command_rules_validate = {
    .group = "rules",
    .name = "validate",
    .words = "PATH...",
    .help = "check what import would read, and store nothing",
    .options = import_options,
    .options_count = CLI_COUNT(import_options),
    .words_min = 1,
    .words_max = SIZE_MAX,
    .run = validate_command};
