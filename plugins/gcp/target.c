/* SPDX-License-Identifier: Apache-2.0 */
/* target.c - which projects, with whose rights, through which endpoints. */
#include "plugins/gcp/target.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/base/hash.h"
#include "sdk/document/document.h"
#include "sdk/kit/cloud/guard.h"

#define TARGET_PROJECTS 100000

/* ---- kinds --------------------------------------------------------------- */

/* A member that is not what it should be would be left out otherwise, and the
 * scan be another one: of other projects, as somebody else. */
struct target_kind {
    const char *key, *what;
    bson_type_t kinds[3];
};

static bool target_is_kind(const struct target_kind *kind, bson_type_t is)
{
    for (size_t i = 0; i < 3; i++)
        if (kind->kinds[i] == is)
            return true;
    return is == BSON_TYPE_NULL;
}

static engine_status target_kinds(const bson_t *document,
                                  const struct target_kind *kinds,
                                  size_t count, engine_error *err)
{
    bson_iter_t iter;

    for (size_t i = 0; i < count; i++)
        if (bson_iter_init_find(&iter, document, kinds[i].key) &&
            !target_is_kind(&kinds[i], bson_iter_type(&iter)))
            return engine_fail(err, ENGINE_EINVAL, "target: \"%s\" is no %s",
                               kinds[i].key, kinds[i].what);
    return ENGINE_OK;
}

static bool target_has_only(const bson_t *document,
                            const struct target_kind *kinds, size_t count)
{
    bson_iter_t iter;
    size_t known = 0;

    for (size_t i = 0; i < count; i++)
        known += bson_iter_init_find(&iter, document, kinds[i].key);
    return known == bson_count_keys(document);
}

static engine_status target_kinds_of(const bson_t *document,
                                     engine_error *err)
{
    static const struct target_kind kinds[] = {
        {"project", "text", {BSON_TYPE_UTF8}},
        {"projects", "list and no text", {BSON_TYPE_ARRAY, BSON_TYPE_UTF8}},
        {"folder",
         "number such as folders/123",
         {BSON_TYPE_UTF8, BSON_TYPE_INT32, BSON_TYPE_INT64}},
        {"organization",
         "number such as organizations/123",
         {BSON_TYPE_UTF8, BSON_TYPE_INT32, BSON_TYPE_INT64}},
        {"credentials", "mapping such as {file: PATH}", {BSON_TYPE_DOCUMENT}},
        {"impersonate", "text", {BSON_TYPE_UTF8}},
        {"quota_project", "text", {BSON_TYPE_UTF8}},
        {"endpoint", "text", {BSON_TYPE_UTF8}},
        {"endpoints", "mapping such as {compute: URL}", {BSON_TYPE_DOCUMENT}},
        {"ca_file", "text", {BSON_TYPE_UTF8}},
    };

    return target_kinds(document, kinds, sizeof(kinds) / sizeof(*kinds), err);
}

/* ---- projects ------------------------------------------------------------ */

/* "my-project1", "example.com:my-project", "123456789012" */
static bool target_is_project(const char *text)
{
    return *text && strlen(text) < 100 &&
           !text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-:.")];
}

static engine_status target_project(const char *text, const char **out,
                                    engine_error *err)
{
    if (strncmp(text, "projects/", 9) == 0)
        text += 9;
    if (!target_is_project(text))
        return engine_fail(err, ENGINE_EINVAL,
                           "target: \"%.100s\" is no id of a project", text);
    *out = text;
    return ENGINE_OK;
}

static engine_status target_list(const bson_t *list, struct arena *arena,
                                 struct gcp_target *out, engine_error *err)
{
    const uint32_t count = bson_count_keys(list);
    engine_status status = ENGINE_OK;
    struct table seen;
    bson_iter_t iter;
    size_t used = 0;

    if (count == 0 || count > TARGET_PROJECTS)
        return engine_fail(err, ENGINE_EINVAL,
                           "target: \"projects\" is empty or too long");
    out->projects = arena_alloc(arena, (count + 1) * sizeof(char *));
    if (!out->projects || !bson_iter_init(&iter, list))
        return engine_fail_memory(err);
    table_init(&seen);
    while (status == ENGINE_OK && bson_iter_next(&iter)) {
        if (!BSON_ITER_HOLDS_UTF8(&iter)) {
            status = engine_fail(err, ENGINE_EINVAL,
                                 "target: \"projects\" holds what is no text");
            break;
        }
        status = target_project(bson_iter_utf8(&iter, NULL),
                                &out->projects[used], err);
        if (status == ENGINE_OK && !table_has(&seen, out->projects[used]))
            status = table_set(&seen, out->projects[used++], out);
    }
    out->projects[used] = NULL; /* after those that came twice */
    table_clear(&seen);
    return status == ENGINE_ENOMEM ? engine_fail_memory(err) : status;
}

static engine_status target_one(const char *text, struct arena *arena,
                                struct gcp_target *out, engine_error *err)
{
    if (strcmp(text, "all") == 0) {
        out->all = true;
        return ENGINE_OK;
    }
    out->projects = arena_alloc(arena, 2 * sizeof(char *));
    if (!out->projects)
        return engine_fail_memory(err);
    return target_project(text, &out->projects[0], err);
}

/* "organizations/123" and "123" are the same. */
static engine_status target_number(const bson_t *document, struct arena *arena,
                                   const char *key, const char *prefix,
                                   const char **out, engine_error *err)
{
    const char *text = document_string(document, key);
    const int64_t number = document_int(document, key, 0);
    bson_iter_t iter;

    if (number > 0)
        text = arena_strf(arena, "%lld", (long long)number);
    if (!text && number > 0)
        return engine_fail_memory(err);
    if (!text && bson_iter_init_find(&iter, document, key) &&
        !BSON_ITER_HOLDS_NULL(&iter))
        text = "";
    if (!text)
        return ENGINE_OK;
    if (strncmp(text, prefix, strlen(prefix)) == 0)
        text += strlen(prefix);
    if (!*text || strlen(text) > 20 || text[strspn(text, "0123456789")])
        return engine_fail(err, ENGINE_EINVAL,
                           "target: \"%s\" is no number such as %s123", key,
                           prefix);
    *out = text;
    return ENGINE_OK;
}

static engine_status target_where(const bson_t *document, struct arena *arena,
                                  struct gcp_target *out, engine_error *err)
{
    const char *one = document_string(document, "project");
    const char *all = document_string(document, "projects");
    engine_status status = ENGINE_OK;
    bson_t list;
    const bool listed = document_child(document, "projects", &list);

    if (one && (all || listed))
        return engine_fail(err, ENGINE_EINVAL,
                           "target: \"project\" and \"projects\" exclude "
                           "each other");
    if (one || all)
        status = target_one(one ? one : all, arena, out, err);
    else if (listed)
        status = target_list(&list, arena, out, err);
    if (status == ENGINE_OK)
        status = target_number(document, arena, "folder", "folders/",
                               &out->folder, err);
    if (status == ENGINE_OK)
        status = target_number(document, arena, "organization",
                               "organizations/", &out->organization, err);
    if (status == ENGINE_OK && out->folder && out->all)
        return engine_fail(err, ENGINE_EINVAL,
                           "target: \"folder\" and \"projects: all\" exclude "
                           "each other");
    return status;
}

/* ---- the rest ------------------------------------------------------------ */

/* Tokens go there: to Google, to this machine; elsewhere only if the operator
 * of the engine says so. */
static engine_status target_endpoint(const char *url, bool custom,
                                     const char *what, engine_error *err)
{
    static const char google[] = ".googleapis.com";
    char plain[500];
    const char *at = strstr(url, "{api}"), *host = strstr(url, "://");
    size_t len;
    engine_status status;

    if (strlen(url) >= sizeof(plain) - 8)
        return engine_fail(err, ENGINE_EINVAL, "%s is too long", what);
    if (at)
        snprintf(plain, sizeof(plain), "%.*sapi%s", (int)(at - url), url,
                 at + 5);
    else
        snprintf(plain, sizeof(plain), "%s", url);
    status = guard_url(plain, GUARD_HTTPS | GUARD_LOOPBACK, what, err);
    if (status < 0 || custom ||
        guard_url(plain, GUARD_LOOPBACK, what, NULL) == ENGINE_OK)
        return status;
    host = strstr(plain, "://") + 3;
    len = strcspn(host, ":/?");
    if (len > strlen(google) &&
        strncmp(host + len - strlen(google), google, strlen(google)) == 0)
        return ENGINE_OK;
    engine_fail(err, ENGINE_EDENIED,
                "%s is neither at googleapis.com nor on this machine", what);
    engine_hint(err, "tokens would be sent there; the engine's option "
                     "custom_endpoints of gcp allows that");
    return ENGINE_EDENIED;
}

static engine_status target_endpoints(const bson_t *document, bool custom,
                                      struct gcp_target *out,
                                      engine_error *err)
{
    engine_status status = ENGINE_OK;
    bson_iter_t iter;

    bson_init(&out->endpoints);
    out->endpoint = document_string(document, "endpoint");
    if (out->endpoint)
        status = target_endpoint(out->endpoint, custom, "target: \"endpoint\"",
                                 err);
    if (status < 0 ||
        !document_child(document, "endpoints", &out->endpoints) ||
        !bson_iter_init(&iter, &out->endpoints))
        return status;
    while (status == ENGINE_OK && bson_iter_next(&iter)) {
        if (!BSON_ITER_HOLDS_UTF8(&iter))
            return engine_fail(err, ENGINE_EINVAL,
                               "target: \"endpoints\" holds what is no URL");
        status = target_endpoint(bson_iter_utf8(&iter, NULL), custom,
                                 "target: \"endpoints\"", err);
    }
    return status;
}

static engine_status target_credentials(const bson_t *document,
                                        struct gcp_target *out,
                                        engine_error *err)
{
    static const struct target_kind kinds[] = {
        {"file", "text", {BSON_TYPE_UTF8}},
        {"env", "text", {BSON_TYPE_UTF8}},
        {"metadata", "true or false", {BSON_TYPE_BOOL}},
    };
    bson_t credentials;
    engine_status status;

    out->impersonate = document_string(document, "impersonate");
    if (!document_child(document, "credentials", &credentials))
        return ENGINE_OK;
    status = target_kinds(&credentials, kinds, 3, err);
    if (status < 0)
        return status;
    out->file = document_string(&credentials, "file");
    out->env = document_string(&credentials, "env");
    out->metadata = document_bool(&credentials, "metadata", false);
    if (!!out->file + !!out->env + out->metadata == 1 &&
        (!out->file || *out->file) && (!out->env || *out->env) &&
        target_has_only(&credentials, kinds, 3))
        return ENGINE_OK;
    return engine_fail(err, ENGINE_EINVAL,
                       "target: \"credentials\" is one of {file: PATH}, "
                       "{env: NAME} and {metadata: true}");
}

engine_status gcp_target_read(const bson_t *document, struct arena *arena,
                              bool custom, struct gcp_target *out,
                              engine_error *err)
{
    engine_status status = target_kinds_of(document, err);

    bson_init(&out->endpoints);
    if (status == ENGINE_OK)
        status = target_where(document, arena, out, err);
    out->ca_file = document_string(document, "ca_file");
    out->quota_project = document_string(document, "quota_project");
    if (status == ENGINE_OK && out->quota_project)
        status = target_project(out->quota_project, &out->quota_project, err);
    if (status == ENGINE_OK)
        status = target_credentials(document, out, err);
    if (status == ENGINE_OK)
        status = target_endpoints(document, custom, out, err);
    return status;
}

/* ---- URLs ---------------------------------------------------------------- */

/* An override may have the version in it ("http://x/compute/v1/"), as gcloud
 * has them; the path begins with it, too. */
static char *target_join(const char *base, const char *api, const char *path)
{
    const char *at = strstr(base, "{api}");
    char *origin = at ? engine_strf("%.*s%s%s", (int)(at - base), base, api,
                                    at + strlen("{api}"))
                      : engine_strdup(base);
    char *rest, *out;
    size_t len;

    if (!origin)
        return NULL;
    len = strlen(origin);
    while (len && origin[len - 1] == '/')
        origin[--len] = '\0';
    rest = at ? NULL : strstr(origin, "://");
    rest = rest ? strchr(rest + 3, '/') : NULL;
    if (rest && strncmp(path, rest, strlen(rest)) == 0 &&
        path[strlen(rest)] == '/')
        *rest = '\0';
    out = engine_strf("%s%s", origin, path);
    engine_free(origin);
    return out;
}

static const char *target_override(const char *api)
{
    char name[100] = "CLOUDSDK_API_ENDPOINT_OVERRIDES_";
    size_t len = strlen(name);

    for (; *api && len + 1 < sizeof(name); api++)
        name[len++] = *api == '-' ? '_' : (char)toupper((unsigned char)*api);
    name[len] = '\0';
    return getenv(name);
}

engine_status gcp_target_url(const struct gcp_target *target, const char *api,
                             const char *path, char **out, engine_error *err)
{
    const char *base = document_string(&target->endpoints, api);
    engine_status status;

    if (!base)
        base = target->endpoint;
    if (!base) {
        base = target_override(api);
        base = base && *base ? base : NULL;
        status = base ? guard_url(base, GUARD_HTTPS | GUARD_LOOPBACK,
                                  "CLOUDSDK_API_ENDPOINT_OVERRIDES", err)
                      : ENGINE_OK;
        if (status < 0)
            return status;
    }
    *out = target_join(base ? base : "https://{api}.googleapis.com", api, path);
    return *out ? ENGINE_OK : engine_fail_memory(err);
}
