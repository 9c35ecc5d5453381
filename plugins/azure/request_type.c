/* SPDX-License-Identifier: Apache-2.0 */
/* request_type.c - of which resource type a path is. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "plugins/azure/request.h"

static bool type_has_segment(const char *path, size_t len, const char *name)
{
    const size_t name_len = strlen(name);

    for (size_t i = 0; i + name_len < len; i++)
        if (path[i] == '/' && strncasecmp(path + i + 1, name, name_len) == 0 &&
            (i + 1 + name_len == len || path[i + 1 + name_len] == '/'))
            return true;
    return false;
}

/* the last "/providers/" before the query: that of an extension resource */
static const char *type_provider(const char *path, size_t len)
{
    static const char word[] = "/providers/";
    const char *found = NULL;

    for (size_t i = 0; i + sizeof(word) - 1 < len; i++)
        if (strncasecmp(path + i, word, sizeof(word) - 1) == 0)
            found = path + i + sizeof(word) - 1;
    return found;
}

static const char *type_resource_type(const char *path, size_t len)
{
    if (type_has_segment(path, len, "resourcegroups"))
        return type_has_segment(path, len, "resources")
                   ? "Microsoft.Resources/resources"
                   : "Microsoft.Resources/resourceGroups";
    if (type_has_segment(path, len, "resources"))
        return "Microsoft.Resources/resources";
    if (type_has_segment(path, len, "locations"))
        return "Microsoft.Resources/subscriptions/locations";
    if (strncasecmp(path, "/subscriptions", 14) == 0)
        return "Microsoft.Resources/subscriptions";
    if (strncasecmp(path, "/tenants", 8) == 0)
        return "Microsoft.Resources/tenants";
    return "";
}

void azure_request_type(const char *path, char *out, size_t room)
{
    const size_t len = strcspn(path, "?");
    const char *at = type_provider(path, len), *end = path + len;
    size_t used = 0;

    out[0] = '\0';
    if (!at) {
        snprintf(out, room, "%s", type_resource_type(path, len));
        return;
    }
    /* Namespace/type/name/type/name: the types, without the names */
    for (size_t nth = 0; at < end; nth++) {
        const char *slash = memchr(at, '/', (size_t)(end - at));
        const size_t size = (size_t)((slash ? slash : end) - at);

        if ((nth == 0 || nth % 2 == 1) && used + size + 2 < room)
            used += (size_t)snprintf(out + used, room - used, "%s%.*s",
                                     nth ? "/" : "", (int)size, at);
        at += size + 1;
    }
    if (!strchr(out, '/'))
        out[0] = '\0';
}
