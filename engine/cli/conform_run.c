/* SPDX-License-Identifier: Apache-2.0 */
/* conform_run.c - one worker for each check, and their outcomes as TAP
 * (testanything.org, version 13). */
#include "engine/cli/conform.h"

#include <stdarg.h>
#include <string.h>

#include "engine/cli/signals.h"
#include "engine/plugin/options.h"
#include "sdk/document/document.h"

#define CONFORM_PATIENCE 6    /* of this part of the timeout */
#define CONFORM_LINES 20      /* of what a scanner printed */

/* ---- printing ------------------------------------------------------------ */

static void conform_print(const struct conform *conform, const char *lead,
                          const char *text)
{
    const struct text_out *out = &conform->cli->out;

    fputs(lead, out->file);
    text_cell(out, text, 0, false, TEXT_PLAIN);
    fputc('\n', out->file);
}

/* Lines of a buffer, each as a comment. */
static void conform_print_lines(const struct conform *conform,
                                struct buffer *lines, const char *lead,
                                unsigned maximum)
{
    char *at = lines->data, *end;
    unsigned count = 0;

    for (; at && *at; at = end) {
        end = at + strcspn(at, "\n");
        if (*end)
            *end++ = '\0';
        if (count++ < maximum)
            conform_print(conform, lead, at);
    }
    if (count > maximum)
        fprintf(conform->cli->out.file, "# ... and %u lines more\n",
                count - maximum);
}

static void conform_report(struct conform *conform,
                           const struct conform_check *check)
{
    FILE *file = conform->cli->out.file;
    const bool bad = strcmp(conform->state, "not ok") == 0;
    const bool skip = strcmp(conform->state, "skip") == 0;

    fprintf(file, "%s %u - %s: %s", bad ? "not ok" : "ok", ++conform->number,
            check->name, check->title);
    conform_print(conform, skip ? " # SKIP " : "", skip ? conform->why : "");
    if (bad)
        conform_print(conform, "# ", conform->why);
    conform_print_lines(conform, &conform->notes, "# ", CONFORM_LINES);
    if (bad)
        conform_print_lines(conform, &conform->printed, "# printed: ",
                            CONFORM_LINES);
    fflush(file);
    conform->failed += bad;
}

static void conform_set(struct conform *conform, const char *state,
                        const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void conform_set(struct conform *conform, const char *state,
                        const char *format, ...)
{
    va_list args;

    snprintf(conform->state, sizeof(conform->state), "%s", state);
    va_start(args, format);
    vsnprintf(conform->why, sizeof(conform->why), format, args);
    va_end(args);
}

static void conform_blame(struct conform *conform, const engine_error *err)
{
    conform_set(conform, "not ok", "%s", err->message);
    if (err->hint[0])
        buffer_printf(&conform->notes, "%s\n", err->hint);
}

/* ---- one check in a worker ----------------------------------------------- */

/* Captured output comes as the log's informations: a mock logs nothing. */
void conform_log(enum log_level level, const char *text, void *user)
{
    struct conform *conform = user;
    const size_t len = strlen(conform->name);

    if (level != LOG_LEVEL_INFO)
        return;
    if (strncmp(text, conform->name, len) == 0 && text[len] == ':')
        text += len + 2;
    buffer_printf(&conform->printed, "%s\n", text);
}

static engine_status conform_on_document(void *user, const char *kind,
                                         const bson_t *document,
                                         engine_error *err)
{
    struct conform *conform = user;
    const char *text = document_string(document, "text");
    const char *state = document_string(document, "state");
    const char *why = document_string(document, "why");

    (void)err;
    if (strcmp(kind, "note") == 0 && text)
        buffer_printf(&conform->notes, "%s\n", text);
    if (strcmp(kind, "outcome") == 0 && state && why) {
        conform_set(conform, state, "%s", why);
        conform->fatal = document_bool(document, "fatal", false);
    }
    return ENGINE_OK;
}

static int conform_next_rule(void *user, const bson_t **out, engine_error *err)
{
    struct conform *conform = user;

    (void)err;
    if (conform->next == conform->rules_count)
        return 0;
    *out = &conform->rules[conform->next++];
    return 1;
}

/* The names of a list of the description: types, targets. */
static void conform_put_names(const struct conform *conform, const char *list,
                              bson_t *out)
{
    const struct plugin_entry *entry =
        conform->registry ? registry_at(conform->registry, 0) : NULL;
    bson_t from, item, names;
    bson_iter_t iter;
    uint32_t count = 0;
    char key[16];

    BSON_APPEND_ARRAY_BEGIN(out, list, &names);
    if (entry && document_child(&entry->description, list, &from) &&
        bson_iter_init(&iter, &from))
        while (bson_iter_next(&iter)) {
            const char *name = NULL;

            if (document_iter_child(&iter, &item))
                name = document_string(&item, "name");
            snprintf(key, sizeof(key), "%u", count);
            if (name && BSON_APPEND_UTF8(&names, key, name))
                count++;
        }
    bson_append_array_end(out, &names);
}

static void conform_work(struct conform *conform,
                         const struct conform_check *check)
{
    bson_t request = BSON_INITIALIZER;
    struct job job = {.plugin = &conform->entry,
                      .op = "conform",
                      .target = conform->has_target ? &conform->target : NULL,
                      .request = &request,
                      .parallel = 1,
                      .user = conform,
                      .next_rule = conform_next_rule,
                      .on_document = conform_on_document};
    engine_error err = {0};
    engine_status status;

    session_limits(&conform->session.config, &job.limits);
    job.limits.wall_ms = conform->timeout_ms;
    BSON_APPEND_UTF8(&request, "check", check->name);
    BSON_APPEND_INT64(&request, "patience_ms",
                      conform->timeout_ms / CONFORM_PATIENCE);
    conform_put_names(conform, "types", &request);
    conform_put_names(conform, "targets", &request);
    conform->next = 0;
    status = conduct_one(&conform->conduct, &job, &err);
    bson_destroy(&request);
    if (conform->state[0])
        return; /* it has said it itself */
    if (status == ENGINE_OK)
        engine_fail(&err, ENGINE_EPLUGIN, "the check said nothing");
    if (err.status == ENGINE_ETIMEOUT)
        engine_hint(&err, "--timeout gives a check more time");
    conform_blame(conform, &err);
    conform->fatal = true;
}

/* ---- options ------------------------------------------------------------- */

static void conform_check_unknown(struct conform *conform,
                                  const bson_t *description)
{
    static const char name[] = "no_such_option";
    bson_t given = BSON_INITIALIZER, taken = BSON_INITIALIZER;
    struct plugin_spec spec = conform->spec;
    engine_error err = {0};

    BSON_APPEND_BOOL(&given, name, true);
    spec.options = &given;
    if (options_validate(&spec, description, &taken, &err) == ENGINE_OK)
        conform_set(conform, "not ok", "an option \"%s\" was taken", name);
    bson_destroy(&given);
    bson_destroy(&taken);
}

/* Asks a worker of the usual kind, as every engine does. */
static void conform_describe(struct conform *conform)
{
    struct conduct_options conduct = conform->conduct;
    const struct plugin_entry *entry;
    engine_error err = {0};
    engine_status status = registry_new(&conform->registry, &err);

    conduct.launcher = conform->usual;
    if (status == ENGINE_OK)
        status = conduct_describe(&conduct, &conform->spec, 1,
                                  conform->registry, &err);
    if (status < 0) {
        conform_blame(conform, &err);
        return;
    }
    entry = registry_at(conform->registry, 0);
    if (entry->refused.status < 0)
        conform_blame(conform, &entry->refused);
    else
        conform_set(conform, "ok", "%s", "");
    if (entry->refused.status == ENGINE_OK)
        conform_check_unknown(conform, &entry->description);
}

/* ---- all checks ---------------------------------------------------------- */

/* Why this check makes no sense any more, or NULL. */
static const char *conform_hindrance(const struct conform *conform,
                                     const struct conform_check *check,
                                     const struct conform_check *broken,
                                     bool stuck)
{
    const struct plugin_entry *entry =
        conform->registry ? registry_at(conform->registry, 0) : NULL;
    bson_t operations;
    bson_iter_t iter;

    if (broken && check->stage > broken->stage)
        return broken->name;
    if (stuck && check->scans)
        return "a scan, which did not end well before";
    if (check->stage != CONFORM_SCAN)
        return NULL;
    if (entry &&
        document_child(&entry->description, "operations", &operations) &&
        bson_iter_init(&iter, &operations))
        while (bson_iter_next(&iter))
            if (BSON_ITER_HOLDS_UTF8(&iter) &&
                strcmp(bson_iter_utf8(&iter, NULL), "scan") == 0)
                return NULL;
    return "its operation scan, which it does not have";
}

static void conform_check_one(struct conform *conform,
                              const struct conform_check *check)
{
    conform->state[0] = conform->why[0] = '\0';
    conform->fatal = false;
    buffer_reset(&conform->notes);
    buffer_reset(&conform->printed);
    if (strcmp(check->name, CONFORM_OPTIONS) == 0)
        conform_describe(conform);
    else
        conform_work(conform, check);
    if (strcmp(check->name, "silent") == 0 && conform->printed.len &&
        strcmp(conform->state, "ok") == 0)
        conform_set(conform, "not ok", "it printed %zu bytes",
                    conform->printed.len);
}

static engine_status conform_check_all(struct conform *conform,
                                       engine_error *err)
{
    const struct conform_check *broken = NULL;
    bool stuck = false;

    for (size_t i = 0; i < conform_checks_count; i++) {
        const struct conform_check *check = &conform_checks[i];
        const char *hindrance =
            conform_hindrance(conform, check, broken, stuck);

        if (hindrance) {
            buffer_reset(&conform->notes);
            conform_set(conform, "skip", "it stands on %s", hindrance);
        } else {
            conform_check_one(conform, check);
        }
        if (cli_signals_noted()) {
            conform_print(conform, "Bail out! ", "interrupted");
            return engine_fail(err, ENGINE_ECANCELLED, "interrupted");
        }
        conform_report(conform, check);
        if (!broken && check->gate && strcmp(conform->state, "not ok") == 0)
            broken = check;
        stuck = stuck || (conform->fatal && check->scans);
        if (!broken && strcmp(check->name, CONFORM_OPTIONS) == 0 &&
            conform_resolve(conform, err) < 0) {
            conform_print(conform, "Bail out! ", err->message);
            return err->status;
        }
    }
    return ENGINE_OK;
}

engine_status conform_run(struct conform *conform, engine_error *err)
{
    engine_status status;

    buffer_init(&conform->notes, (size_t)1 << 20);
    buffer_init(&conform->printed, (size_t)1 << 20);
    fprintf(conform->cli->out.file, "TAP version 13\n1..%zu\n",
            conform_checks_count);
    fflush(conform->cli->out.file);
    status = conform_check_all(conform, err);
    registry_free(conform->registry);
    buffer_clear(&conform->notes);
    buffer_clear(&conform->printed);
    return status;
}
