/* SPDX-License-Identifier: Apache-2.0 */
/* host_register.c - what a plugin registers in init. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "engine/worker/worker_private.h"

#define REGISTER_NAME_MAX 64
#define REGISTER_COUNT_MAX 64

/* Names end up in files, URLs and columns: letters, digits, "_", "-", ".". */
static bool register_name(const char *name)
{
    const size_t len = name ? strnlen(name, REGISTER_NAME_MAX + 1) : 0;

    if (len == 0 || len > REGISTER_NAME_MAX)
        return false;
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)name[i]) && !strchr("_-.", name[i]))
            return false;
    return true;
}

static int32_t register_add(bson_t *list, uint32_t *count, const char *first,
                            const char *name, const char *second,
                            const char *other)
{
    char key[16];
    bson_t item;

    if (!register_name(name) || (other && !register_name(other)) ||
        *count >= REGISTER_COUNT_MAX)
        return SCANNER_EINVAL;
    snprintf(key, sizeof(key), "%u", (*count)++);
    BSON_APPEND_DOCUMENT_BEGIN(list, key, &item);
    BSON_APPEND_UTF8(&item, first, name);
    if (other)
        BSON_APPEND_UTF8(&item, second, other);
    bson_append_document_end(list, &item);
    return SCANNER_OK;
}

static int32_t host_register_type(const struct scanner_host *host,
                                  const char *scanner_type, const char *alias)
{
    struct worker *worker = host_worker(host, WORKER_INIT);

    if (!worker)
        return SCANNER_EINVAL;
    return register_add(&worker->types, &worker->types_count, "name",
                        scanner_type, "alias", alias);
}

static int32_t host_register_target(const struct scanner_host *host,
                                    const char *target_type,
                                    const char *alias)
{
    struct worker *worker = host_worker(host, WORKER_INIT);

    if (!worker)
        return SCANNER_EINVAL;
    return register_add(&worker->targets, &worker->targets_count, "name",
                        target_type, "alias", alias);
}

static int32_t host_register_content(const struct scanner_host *host,
                                     const char *format, const char *marker)
{
    struct worker *worker = host_worker(host, WORKER_INIT);

    if (!worker)
        return SCANNER_EINVAL;
    return register_add(&worker->content, &worker->content_count, "format",
                        format, "marker", marker);
}

void host_fill_register(struct scanner_host *host)
{
    host->register_type = host_register_type;
    host->register_target = host_register_target;
    host->register_content = host_register_content;
}
