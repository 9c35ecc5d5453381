/* SPDX-License-Identifier: Apache-2.0 */
/* schemas.h - the JSON schemas that routes name. */
#ifndef ENGINE_SERVER_SCHEMAS_H
#define ENGINE_SERVER_SCHEMAS_H

#include <stddef.h>

struct server_schema {
    const char *name, *json;
};

extern const struct server_schema server_schemas[];
extern const size_t server_schemas_count;

#endif
