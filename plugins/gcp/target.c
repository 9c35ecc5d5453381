/* SPDX-License-Identifier: Apache-2.0 */
/* target.c - which projects, with whose rights, through which endpoints. */
#include "plugins/gcp/target.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/document/document.h"
#include "sdk/kit/cloud/guard.h"

#define TARGET_PROJECTS 100000

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
    bson_iter_t iter;
    size_t used = 0;

    if (count == 0 || count > TARGET_PROJECTS)
        return engine_fail(err, ENGINE_EINVAL,
                           "target: \"projects\" is empty or too long");
    out->projects = arena_alloc(arena, (count + 1) * sizeof(char *));
    if (!out->projects || !bson_iter_init(&iter, list))
        return engine_fail_memory(err);
    while (status == ENGINE_OK && bson_iter_next(&iter)) {
        if (!BSON_ITER_HOLDS_UTF8(&iter))
            return engine_fail(err, ENGINE_EINVAL,
                               "target: \"projects\" holds what is no text");
        status = target_project(bson_iter_utf8(&iter, NULL),
                                &out->projects[used++], err);
    }
    return status;
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

    if (number > 0)
        text = arena_strf(arena, "%lld", (long long)number);
    if (!text && number > 0)
        return engine_fail_memory(err);
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
    engine_status status = ENGINE_OK;
    bson_t list;

    if (!one)
        one = document_string(document, "projects");
    if (one)
        status = target_one(one, arena, out, err);
    else if (document_child(document, "projects", &list))
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
    bson_t credentials;

    out->impersonate = document_string(document, "impersonate");
    if (!document_child(document, "credentials", &credentials))
        return ENGINE_OK;
    out->file = document_string(&credentials, "file");
    out->env = document_string(&credentials, "env");
    out->metadata = document_bool(&credentials, "metadata", false);
    if (!!out->file + !!out->env + out->metadata == 1)
        return ENGINE_OK;
    return engine_fail(err, ENGINE_EINVAL,
                       "target: \"credentials\" is one of {file: PATH}, "
                       "{env: NAME} and {metadata: true}");
}

engine_status gcp_target_read(const bson_t *document, struct arena *arena,
                              bool custom, struct gcp_target *out,
                              engine_error *err)
{
    engine_status status = target_where(document, arena, out, err);

    bson_init(&out->endpoints);
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
