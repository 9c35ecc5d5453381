/* SPDX-License-Identifier: Apache-2.0 */
/* request_refuse.c - requests that are never made: what changes something, and
 * what hands out secrets. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "plugins/azure/request.h"

#define REFUSE_COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* POST is for actions; these read, and hand out no secrets. What stands
 * before them is anything; the rest is compared without case. */
static const char *const refuse_posts[] = {
    "/providers/microsoft.resourcegraph/resources",
    "/providers/microsoft.resourcegraph/resourceshistory",
    "/providers/microsoft.management/getentities",
    "/policystates/latest/queryresults",
    "/policystates/latest/summarize",
    "/policyevents/default/queryresults",
};

/* What answers with keys, passwords or tokens whatever the method is. */
static const char *const refuse_secrets[] = {
    "listkeys",
    "listsecrets",
    "listsecret",
    "listconnectionstrings",
    "listcredentials",
    "listcredential",
    "listclusteradmincredential",
    "listclusterusercredential",
    "listadminkeys",
    "listquerykeys",
    "listauthkeys",
    "listaccountsas",
    "listservicesas",
    "listcallbackurl",
    "listpublishingcredentials",
    "listserviceprincipal",
    "listvalue",
    "readonlykeys",
    "hostruntime",
    "regeneratekey",
    "publishxml",
    "sharedkeys",
    "recoverykeys",
    "devicelocalcredentials",
    "getmembercredentials",
};

static bool refuse_ends(const char *path, size_t len, const char *tail)
{
    const size_t tail_len = strlen(tail);

    return len >= tail_len &&
           strncasecmp(path + len - tail_len, tail, tail_len) == 0;
}

/* "listKeys", "listKeys('x')", "ns.listKeys;a=b", "listKeys%20": whatever a
 * server may take for the same name */
static bool refuse_has_secret(const char *path, size_t len, const char *name)
{
    const size_t name_len = strlen(name);

    for (size_t i = 0; i + name_len < len; i++) {
        const char *after = path + i + 1 + name_len;

        if ((path[i] == '/' || path[i] == '.') &&
            strncasecmp(path + i + 1, name, name_len) == 0 &&
            (after == path + len ||
             (!isalnum((unsigned char)*after) && !strchr("-_", *after))))
            return true;
    }
    return false;
}

engine_status azure_request_allow(const struct azure_request *request,
                                  const char *path, size_t len,
                                  engine_error *err)
{
    for (size_t i = 0; i < REFUSE_COUNT(refuse_secrets); i++)
        if (refuse_has_secret(path, len, refuse_secrets[i]))
            return engine_fail(err, ENGINE_EDENIED,
                               "\"%s\" hands out secrets and is never called",
                               refuse_secrets[i]);
    for (size_t i = 0; request->post && i < REFUSE_COUNT(refuse_posts); i++)
        if (refuse_ends(path, len, refuse_posts[i]))
            return ENGINE_OK;
    if (!request->post)
        return ENGINE_OK;
    engine_fail(err, ENGINE_EDENIED,
                "POST %.*s is not known to be an action that only reads",
                len > 200 ? 200 : (int)len, path);
    engine_hint(err, "leave out method for a GET");
    return ENGINE_EDENIED;
}
