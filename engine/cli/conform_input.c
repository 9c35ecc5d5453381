/* SPDX-License-Identifier: Apache-2.0 */
/* conform_input.c - the scanner, options, rules and target of conform. */
#include "engine/cli/conform.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/cli/request.h"
#include "engine/plugin/options.h"
#include "sdk/base/alloc.h"
#include "sdk/base/file.h"
#include "sdk/document/document.h"

#define CONFORM_RULES_BYTES ((size_t)64 << 20)
#define CONFORM_RULES_MAX 1000
#define CONFORM_SECONDS 60
#define CONFORM_SECONDS_MAX 86400

/* Symbolic links are left in it: whether there are any is a check. */
engine_status conform_path(struct conform *conform, engine_error *err)
{
    const char *given = conform->args->words[0];
    char folder[PATH_MAX];
    const char *base;

    while (strncmp(given, "./", 2) == 0)
        given += 2;
    if (given[0] == '/')
        conform->path = engine_strdup(given);
    else if (getcwd(folder, sizeof(folder)))
        conform->path = engine_strf("%s/%s", folder, given);
    else
        return engine_fail(err, engine_status_from_errno(errno),
                           "could not tell the current directory: %s",
                           strerror(errno));
    if (!conform->path)
        return engine_fail_memory(err);
    if (!file_exists(conform->path)) {
        engine_fail(err, ENGINE_ENOTFOUND, "there is no file \"%s\"",
                    conform->path);
        engine_hint(err, "name the scanner's file: ./NAME.so");
        return ENGINE_ENOTFOUND;
    }
    base = strrchr(conform->path, '/') + 1;
    conform->name = engine_strndup(base, strcspn(base, "."));
    return conform->name ? ENGINE_OK : engine_fail_memory(err);
}

engine_status conform_options(struct conform *conform, engine_error *err)
{
    const char *target = cli_value(conform->args, "target");
    long long seconds = CONFORM_SECONDS;

    if (cli_number(conform->args, "timeout", 1, CONFORM_SECONDS_MAX, &seconds,
                   err) < 0)
        return ENGINE_EINVAL;
    conform->timeout_ms = seconds * 1000;
    if (!target)
        return ENGINE_OK;
    bson_destroy(&conform->target);
    if (request_target(target, &conform->target, err) < 0) {
        bson_init(&conform->target);
        return ENGINE_EINVAL;
    }
    conform->has_target = true;
    if (!document_string(&conform->target, "type"))
        return engine_fail(err, ENGINE_EINVAL, "--target has no type");
    if (!document_string(&conform->target, "id"))
        BSON_APPEND_UTF8(&conform->target, "id", "conform");
    return ENGINE_OK;
}

/* ---- --option ------------------------------------------------------------ */

static const char *conform_option_type(const bson_t *description,
                                       const char *name)
{
    bson_t list, item;
    bson_iter_t iter;

    if (!document_child(description, "options", &list) ||
        !bson_iter_init(&iter, &list))
        return NULL;
    while (bson_iter_next(&iter)) {
        const char *known = NULL;

        if (document_iter_child(&iter, &item))
            known = document_string(&item, "name");
        if (known && strcmp(known, name) == 0)
            return document_string(&item, "type");
    }
    return NULL;
}

/* As the configuration file would have it; what does not fit its type stays
 * text, and is refused like there. */
static void conform_put_option(bson_t *out, const char *name, const char *type,
                               const char *value)
{
    char *end = NULL;
    long long number;

    if (type && strcmp(type, "bool") == 0 &&
        (strcmp(value, "true") == 0 || strcmp(value, "false") == 0)) {
        BSON_APPEND_BOOL(out, name, value[0] == 't');
        return;
    }
    errno = 0;
    number = strtoll(value, &end, 10);
    if (type && strcmp(type, "int") == 0 && !errno && end != value && !*end)
        BSON_APPEND_INT64(out, name, number);
    else
        BSON_APPEND_UTF8(out, name, value);
}

static engine_status conform_resolve_options(struct conform *conform,
                                             const bson_t *description,
                                             engine_error *err)
{
    const char *text;
    size_t at = 0;

    while ((text = cli_next(conform->args, "option", &at))) {
        const char *equals = strchr(text, '=');
        char *name;

        if (!equals || equals == text)
            return engine_fail(err, ENGINE_EINVAL,
                               "--option \"%s\": expected NAME=VALUE", text);
        name = engine_strndup(text, (size_t)(equals - text));
        if (!name)
            return engine_fail_memory(err);
        conform_put_option(&conform->given, name,
                           conform_option_type(description, name),
                           equals + 1);
        engine_free(name);
    }
    conform->spec.options = &conform->given;
    bson_reinit(&conform->entry.options);
    return options_validate(&conform->spec, description,
                            &conform->entry.options, err);
}

/* ---- --rules ------------------------------------------------------------- */

static engine_status conform_keep_rule(const bson_t *document,
                                       const struct document_origin *origin,
                                       void *user, engine_error *err)
{
    struct conform *conform = user;
    const char *type = document_string(document, "scanner_type");
    const char *name =
        registry_type_name(conform->registry, type ? type : "oscap");

    if (!document_string(document, "rule_id"))
        return engine_fail(err, ENGINE_EINVAL, "%s:%ld: a rule without "
                           "rule_id", document_origin_file(origin),
                           document_origin_line(origin, ""));
    if (!name) {
        conform->rules_other++;
        return ENGINE_OK;
    }
    if (conform->rules_count == CONFORM_RULES_MAX)
        return engine_fail(err, ENGINE_ELIMIT, "more than %d rules",
                           CONFORM_RULES_MAX);
    bson_init(&conform->rules[conform->rules_count]);
    bson_copy_to_excluding_noinit(document,
                                  &conform->rules[conform->rules_count],
                                  "scanner_type", NULL);
    BSON_APPEND_UTF8(&conform->rules[conform->rules_count], "scanner_type",
                     name); /* not an alias of it */
    conform->rules_count++;
    return ENGINE_OK;
}

static engine_status conform_resolve_rules(struct conform *conform,
                                           engine_error *err)
{
    const char *path = cli_value(conform->args, "rules");
    const char *dot = path ? strrchr(path, '.') : NULL;
    char *text = NULL;
    size_t len = 0;
    engine_status status;

    if (!path)
        return ENGINE_OK;
    conform->rules = engine_calloc_aligned(_Alignof(bson_t), CONFORM_RULES_MAX,
                                           sizeof(bson_t));
    if (!conform->rules)
        return engine_fail_memory(err);
    status = file_read(path, CONFORM_RULES_BYTES, &text, &len, err);
    if (status < 0)
        return status;
    if (dot && strncmp(dot, ".json", 5) == 0)
        status = document_read_json(text, len, path, conform_keep_rule,
                                    conform, err);
    else
        status = document_read_yaml(text, len, path, conform_keep_rule,
                                    conform, err);
    engine_free(text);
    if (status == ENGINE_OK && !conform->rules_count)
        return engine_fail(err, ENGINE_EINVAL, "none of the %u rules in "
                           "\"%s\" is for scanner \"%s\"",
                           conform->rules_other, path, conform->name);
    return status;
}

engine_status conform_resolve(struct conform *conform, engine_error *err)
{
    const struct plugin_entry *entry = registry_at(conform->registry, 0);
    engine_status status =
        conform_resolve_options(conform, &entry->description, err);

    return status == ENGINE_OK ? conform_resolve_rules(conform, err) : status;
}

void conform_forget(struct conform *conform)
{
    for (uint32_t i = 0; i < conform->rules_count; i++)
        bson_destroy(&conform->rules[i]);
    engine_free(conform->rules);
    bson_destroy(&conform->given);
    bson_destroy(&conform->target);
    bson_destroy(&conform->entry.description);
    bson_destroy(&conform->entry.options);
    engine_free(conform->path);
    engine_free(conform->name);
}
