/* SPDX-License-Identifier: Apache-2.0 */
/* request.c - options of the command line over the file's scan { }. */
#include "engine/cli/request.h"

#include <stdlib.h>
#include <string.h>

#include "sdk/document/document.h"

/* ---- targets ------------------------------------------------------------- */

/* [USER@]HOST[:PORT], where a HOST with colons stands in brackets. */
static engine_status request_target_ssh(const char *text, bson_t *out,
                                        engine_error *err)
{
    const char *at = strrchr(text, '@');
    const char *host = at ? at + 1 : text;
    const char *colon = strrchr(host, ':');
    const char *bracket = host[0] == '[' ? strchr(host, ']') : NULL;
    char *end = NULL;
    long port = 0;
    size_t len;

    if (bracket)
        colon = bracket[1] == ':' ? bracket + 1 : NULL;
    else if (colon && strchr(host, ':') != colon)
        colon = NULL; /* a bare IPv6 address */
    len = bracket ? (size_t)(bracket - host) - 1
          : colon ? (size_t)(colon - host)
                  : strlen(host);
    if (colon)
        port = strtol(colon + 1, &end, 10);
    if (len == 0 || (colon && (*end || port < 1 || port > 65535)))
        return engine_fail(err, ENGINE_EINVAL,
                           "target \"ssh:%s\": expected "
                           "ssh:[USER@]HOST[:PORT]",
                           text);
    bson_init(out);
    BSON_APPEND_UTF8(out, "type", "ssh");
    bson_append_utf8(out, "host", -1, host + (bracket != NULL), (int)len);
    if (at)
        bson_append_utf8(out, "username", -1, text, (int)(at - text));
    if (port)
        BSON_APPEND_INT32(out, "port", (int32_t)port);
    return ENGINE_OK;
}

/* TYPE:VALUE of types that one value says enough about */
static bool request_target_short(const char *text, bson_t *out)
{
    static const struct {
        const char *type, *key;
        bool path;
    } forms[] = {{"chroot", "path", true},
                 {"kubernetes_dump", "path", true},
                 {"kubernetes", "context", false},
                 {"azure_subscription", "subscription", false}};

    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        const size_t len = strlen(forms[i].type);
        if (strncmp(text, forms[i].type, len) != 0 || text[len] != ':' ||
            (forms[i].path ? text[len + 1] != '/' : !text[len + 1]))
            continue;
        bson_init(out);
        BSON_APPEND_UTF8(out, "type", forms[i].type);
        bson_append_utf8(out, forms[i].key, -1, text + len + 1, -1);
        return true;
    }
    return false;
}

engine_status request_target(const char *text, bson_t *out, engine_error *err)
{
    if (text[0] == '{')
        return document_from_json(text, strlen(text), "--target", out, err);
    if (strncmp(text, "ssh:", 4) == 0)
        return request_target_ssh(text + 4, out, err);
    if (request_target_short(text, out))
        return ENGINE_OK;
    if (!*text || strpbrk(text, ":/ ")) {
        engine_fail(err, ENGINE_EINVAL, "target \"%s\" is not understood",
                    text);
        engine_hint(err, "write local, chroot:/PATH, ssh:[USER@]HOST[:PORT], "
                         "kubernetes:CONTEXT, kubernetes_dump:/PATH "
                         "or {\"type\": \"...\", ...}");
        return ENGINE_EINVAL;
    }
    bson_init(out);
    BSON_APPEND_UTF8(out, "type", text);
    return ENGINE_OK;
}

static engine_status request_add_targets(const struct cli_args *args,
                                         bson_t *out, engine_error *err)
{
    engine_status status = ENGINE_OK;
    bson_t list = BSON_INITIALIZER;
    const char *text;
    uint32_t count = 0;
    size_t at = 0;

    while (status == ENGINE_OK && (text = cli_next(args, "target", &at))) {
        char key[16];
        bson_t target;

        status = request_target(text, &target, err);
        if (status < 0)
            break;
        snprintf(key, sizeof(key), "%u", count++);
        bson_append_document(&list, key, -1, &target);
        bson_destroy(&target);
    }
    if (count)
        BSON_APPEND_ARRAY(out, "targets", &list);
    bson_destroy(&list);
    return status;
}

/* ---- selection ----------------------------------------------------------- */

static void request_add_framework(const char *text, bson_t *out)
{
    const char *colon = strchr(text, ':');

    bson_append_utf8(out, "framework", -1, text,
                     colon ? (int)(colon - text) : -1);
    if (colon)
        BSON_APPEND_UTF8(out, "framework_version", colon + 1);
}

static void request_add_rules(const struct cli_args *args, bson_t *out)
{
    bson_t list;
    const char *text;
    uint32_t count = 0;
    size_t at = 0;

    if (!cli_flag(args, "rule"))
        return;
    BSON_APPEND_ARRAY_BEGIN(out, "rules", &list);
    while ((text = cli_next(args, "rule", &at))) {
        char key[16];

        snprintf(key, sizeof(key), "%u", count++);
        BSON_APPEND_UTF8(&list, key, text);
    }
    bson_append_array_end(out, &list);
}

static engine_status request_add_filter(const char *text, bson_t *out,
                                        engine_error *err)
{
    bson_t filter;
    engine_status status =
        document_from_json(text, strlen(text), "--filter", &filter, err);

    if (status < 0)
        return status;
    BSON_APPEND_DOCUMENT(out, "rule_filter", &filter);
    bson_destroy(&filter);
    return ENGINE_OK;
}

/* ---- variables and options ----------------------------------------------- */

static void request_copy_others(const bson_t *from, const bson_t *but,
                                bson_t *out)
{
    bson_iter_t iter;

    if (!bson_iter_init(&iter, from))
        return;
    while (bson_iter_next(&iter))
        if (!bson_has_field(but, bson_iter_key(&iter)))
            document_copy_value(out, bson_iter_key(&iter), &iter);
}

/* Appends `name`: what is in `changes`, over the same group of the file. */
static void request_merge(const bson_t *file, const char *name,
                          const bson_t *changes, bson_t *out)
{
    bson_t merged = BSON_INITIALIZER, group;

    if (document_child(file, name, &group))
        request_copy_others(&group, changes, &merged);
    bson_concat(&merged, changes);
    if (bson_count_keys(&merged))
        BSON_APPEND_DOCUMENT(out, name, &merged);
    bson_destroy(&merged);
}

static engine_status request_add_set(const char *text, bson_t *out,
                                     engine_error *err)
{
    const char *equals = strchr(text, '=');
    char name[512];
    size_t len = equals ? (size_t)(equals - text) : 0;

    if (len == 0 || len >= sizeof(name))
        return engine_fail(err, ENGINE_EINVAL,
                           "--set is \"%s\": expected VAR=VALUE", text);
    memcpy(name, text, len);
    name[len] = '\0';
    if (bson_has_field(out, name))
        return engine_fail(err, ENGINE_EINVAL, "--set gives \"%s\" twice",
                           name);
    bson_append_utf8(out, name, -1, equals + 1, -1);
    return ENGINE_OK;
}

static engine_status request_add_variables(const struct cli_args *args,
                                           const bson_t *file, bson_t *out,
                                           engine_error *err)
{
    bson_t set = BSON_INITIALIZER;
    engine_status status = ENGINE_OK;
    const char *text;
    size_t at = 0;

    while (status == ENGINE_OK && (text = cli_next(args, "set", &at)))
        status = request_add_set(text, &set, err);
    if (status == ENGINE_OK)
        request_merge(file, "variable_overrides", &set, out);
    bson_destroy(&set);
    return status;
}

static engine_status request_add_options(const struct cli_args *args,
                                         const bson_t *file, bson_t *out,
                                         engine_error *err)
{
    bson_t set = BSON_INITIALIZER;
    long long timeout = -1, shards = -1;
    engine_status status;

    status = cli_number(args, "timeout", 0, 1000000000, &timeout, err);
    if (status == ENGINE_OK)
        status = cli_number(args, "shards", 0, 256, &shards, err);
    if (timeout >= 0)
        BSON_APPEND_INT64(&set, "timeout", timeout);
    if (shards >= 0)
        BSON_APPEND_INT64(&set, "shards", shards);
    if (cli_flag(args, "allow-empty"))
        BSON_APPEND_BOOL(&set, "allow_empty", true);
    if (status == ENGINE_OK)
        request_merge(file, "options", &set, out);
    bson_destroy(&set);
    return status;
}

/* ---- all of it ----------------------------------------------------------- */

/* Keys of the file that no option replaces. */
static void request_add_file(const struct cli_args *args, const bson_t *file,
                             bson_t *out)
{
    static const struct {
        const char *key, *option;
    } keys[] = {{"name", "name"},
                {"target", "target"},
                {"targets", "target"},
                {"framework", "framework"},
                {"framework_version", "framework"},
                {"benchmark", "benchmark"},
                {"profile", "profile"},
                {"rules", "rule"},
                {"rule_filter", "filter"}};
    bson_iter_t iter;

    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
        if (!cli_flag(args, keys[i].option) &&
            bson_iter_init_find(&iter, file, keys[i].key))
            document_copy_value(out, keys[i].key, &iter);
}

engine_status request_build(const struct session *session,
                            const struct cli_args *args, bson_t *out,
                            engine_error *err)
{
    static const char *const plain[] = {"name", "benchmark", "profile"};
    const bson_t *file = &session->config.scan;
    engine_status status;

    bson_init(out);
    request_add_file(args, file, out);
    for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++)
        if (cli_flag(args, plain[i]))
            bson_append_utf8(out, plain[i], -1, cli_value(args, plain[i]), -1);
    if (cli_flag(args, "framework"))
        request_add_framework(cli_value(args, "framework"), out);
    request_add_rules(args, out);
    status = request_add_targets(args, out, err);
    if (status == ENGINE_OK && cli_flag(args, "filter"))
        status = request_add_filter(cli_value(args, "filter"), out, err);
    if (status == ENGINE_OK)
        status = request_add_variables(args, file, out, err);
    if (status == ENGINE_OK)
        status = request_add_options(args, file, out, err);
    if (status == ENGINE_OK && !bson_validate(out, BSON_VALIDATE_UTF8, NULL))
        status = engine_fail(err, ENGINE_EINVAL, "an option is not UTF-8");
    return status;
}
