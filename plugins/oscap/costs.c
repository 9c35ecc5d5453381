/* SPDX-License-Identifier: Apache-2.0 */
/* costs.c - measured costs of rules, one small BSON file per target. */
#include "plugins/oscap/costs.h"

#include <bson/bson.h>
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/base/file.h"

#define COSTS_MAX_BYTES ((size_t)4 * 1024 * 1024)
#define COSTS_MAX_RULES 20000

static void costs_load(struct oscap_costs *costs)
{
    bson_iter_t iter;
    bson_t document;
    char *bytes = NULL;
    size_t len = 0;

    if (file_read(costs->path, COSTS_MAX_BYTES, &bytes, &len, NULL) < 0)
        return;
    if (bson_init_static(&document, (const uint8_t *)bytes, len) &&
        bson_validate(&document, BSON_VALIDATE_UTF8, NULL) &&
        bson_iter_init(&iter, &document))
        while (bson_iter_next(&iter))
            if (BSON_ITER_HOLDS_INT32(&iter) && bson_iter_int32(&iter) > 0)
                (void)table_set(&costs->rules, bson_iter_key(&iter),
                                (void *)(uintptr_t)bson_iter_int32(&iter));
    engine_free(bytes);
}

void oscap_costs_open(struct oscap_costs *costs, const char *cachedir,
                      const char *target_id)
{
    char digest[HASH_HEX_SIZE];

    *costs = (struct oscap_costs){.path = NULL};
    table_init(&costs->rules);
    if (!cachedir || !target_id)
        return;
    hash_bytes(target_id, strlen(target_id), digest);
    costs->path = engine_strf("%s/costs-%.32s.bson", cachedir, digest);
    if (costs->path)
        costs_load(costs);
}

static uint32_t costs_known(const struct oscap_costs *costs, const char *id)
{
    return (uint32_t)(uintptr_t)table_get(&costs->rules, id);
}

/* steps of a quarter of a power of two: small changes from scan to scan must
 * not give other parts, which would have to be compiled anew */
static uint32_t costs_round(uint32_t tenths)
{
    uint32_t step = 1;

    while (tenths / step >= 8)
        step *= 2;
    return tenths / step * step;
}

uint32_t oscap_costs_get(const struct oscap_costs *costs, const char *id)
{
    return costs_round(costs_known(costs, id));
}

void oscap_costs_note(struct oscap_costs *costs, const char *id,
                      uint32_t tenths)
{
    const uint32_t before = costs_known(costs, id);
    const uint32_t now = tenths > 0 ? tenths : 1;

    if (!before && costs->rules.count >= COSTS_MAX_RULES)
        return;
    if (table_set(&costs->rules, id,
                  (void *)(uintptr_t)(before ? (before + now) / 2 : now)) ==
        ENGINE_OK)
        costs->changed = 1;
}

static void costs_save(const struct oscap_costs *costs)
{
    bson_t document = BSON_INITIALIZER;
    size_t at = 0;
    void *value;
    const char *id;

    while ((id = table_next(&costs->rules, &at, &value)))
        BSON_APPEND_INT32(&document, id, (int32_t)(uintptr_t)value);
    /* a cache: that it cannot be written is no failure of the scan */
    (void)file_write(costs->path, bson_get_data(&document), document.len, 0600,
                     NULL);
    bson_destroy(&document);
}

void oscap_costs_close(struct oscap_costs *costs)
{
    if (costs->path && costs->changed)
        costs_save(costs);
    table_clear(&costs->rules);
    engine_free(costs->path);
    *costs = (struct oscap_costs){.path = NULL};
}
