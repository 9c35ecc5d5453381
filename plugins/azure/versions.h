/* SPDX-License-Identifier: Apache-2.0 */
/* versions.h - which API version a resource type has by default, as its
 * provider says (Azure REST API, "Providers - List"). */
#ifndef PLUGINS_AZURE_VERSIONS_H
#define PLUGINS_AZURE_VERSIONS_H

#include "sdk/base/arena.h"
#include "sdk/base/hash.h"
#include "sdk/kit/value.h"

#define AZURE_PROVIDERS_VERSION "2021-04-01"

struct azure_versions {
    struct arena arena;
    struct table table; /* "microsoft.storage/storageaccounts" -> version */
    bool loaded;
};

void azure_versions_init(struct azure_versions *versions);
void azure_versions_clear(struct azure_versions *versions);
/** Takes the answer of the list of providers, all pages of it. */
engine_status azure_versions_read(struct azure_versions *versions,
                                  const struct value *answer,
                                  engine_error *err);
/** The version of a type, else of the type it belongs to; NULL: unknown. */
const char *azure_versions_get(const struct azure_versions *versions,
                               const char *type);

#endif
