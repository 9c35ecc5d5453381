/* SPDX-License-Identifier: Apache-2.0 */
/* scanners.c - which scanners there are, and those that are linked in. */
#include <stdalign.h>
#include <string.h>

#include "engine/library/library.h"
#include "engine/plugin/loader.h"
#include "sdk/base/alloc.h"

static engine_status scanners_list(const struct session *session,
                                   struct buffer *list, engine_error *err)
{
    const struct registry *registry = session->registry;
    struct job_limits limits;
    engine_status status = ENGINE_OK;

    session_limits(&session->config, &limits);
    for (size_t i = 0; i < registry_count(registry) && status == ENGINE_OK;
         i++) {
        bson_t line = BSON_INITIALIZER;

        conduct_show(&session->conduct, &limits, registry_at(registry, i),
                     &line);
        status = library_list_add(list, &line, err);
        bson_destroy(&line);
    }
    return status;
}

engine_status engine_scanners(struct engine *engine, char **out,
                              engine_error *err)
{
    struct buffer list;
    engine_status status;

    if (!engine || !out)
        return engine_fail(err, ENGINE_EINVAL,
                           "engine_scanners: an argument is NULL");
    library_list_init(&list);
    library_read(engine);
    status = scanners_list(&engine->session, &list, err);
    library_read_end(engine);
    if (status == ENGINE_OK)
        return library_list_take(&list, out, err);
    buffer_clear(&list);
    return status;
}

/* ---- linked in ----------------------------------------------------------- */

static void scanners_linked_free(struct library_linked *linked)
{
    bson_destroy(&linked->options);
    engine_free(linked->name);
    engine_free(linked);
}

static engine_status scanners_linked_new(scanner_query_fn query,
                                         const char *options,
                                         struct library_linked **out,
                                         engine_error *err)
{
    struct scanner_ops ops;
    struct library_linked *linked;
    engine_status status = loader_check_ops(
        query(SCANNER_ABI_MAJOR), "linked in", &ops, err);

    if (status < 0)
        return status;
    linked = engine_calloc_aligned(alignof(struct library_linked), 1,
                                   sizeof(*linked));
    if (!linked)
        return engine_fail_memory(err);
    status = library_parse(options, "options", &linked->options, err);
    if (status < 0) {
        engine_free(linked);
        return status;
    }
    linked->name = engine_strdup(ops.name);
    if (!linked->name) {
        scanners_linked_free(linked);
        return engine_fail_memory(err);
    }
    linked->spec = (struct plugin_spec){.name = linked->name,
                                        .path = "(linked in)",
                                        .query = query,
                                        .options = &linked->options};
    *out = linked;
    return ENGINE_OK;
}

/* The lock is held: nobody reads the registry meanwhile. */
static engine_status scanners_add(struct engine *engine,
                                  struct library_linked *linked,
                                  engine_error *err)
{
    struct registry *registry = engine->session.registry;
    const size_t before = registry_count(registry);
    engine_status status;

    if (engine->readers)
        status = engine_fail(err, ENGINE_ECONFLICT,
                             "scanner \"%s\" cannot be added while scans or "
                             "imports are running", linked->name);
    else
        status = conduct_describe(&engine->session.conduct, &linked->spec, 1,
                                  registry, err);
    if (registry_count(registry) == before) {
        scanners_linked_free(linked);
        return status;
    }
    linked->next = engine->linked;
    engine->linked = linked;
    if (status == ENGINE_OK &&
        registry_at(registry, before)->refused.status < 0) {
        if (err)
            *err = registry_at(registry, before)->refused;
        status = registry_at(registry, before)->refused.status;
    }
    return status;
}

engine_status engine_register(struct engine *engine, scanner_query_fn query,
                              const char *options, engine_error *err)
{
    struct library_linked *linked = NULL;
    engine_status status;

    if (!engine || !query)
        return engine_fail(err, ENGINE_EINVAL,
                           "engine_register: an argument is NULL");
    status = scanners_linked_new(query, options, &linked, err);
    if (status < 0)
        return status;
    pthread_mutex_lock(&engine->lock);
    status = scanners_add(engine, linked, err);
    pthread_mutex_unlock(&engine->lock);
    return status;
}
