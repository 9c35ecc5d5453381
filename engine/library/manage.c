/* SPDX-License-Identifier: Apache-2.0 */
/* manage.c - probing targets, and removing scans. */
#include "engine/library/library.h"

static engine_status manage_on_report(const bson_t *report, void *user,
                                      engine_error *err)
{
    return library_list_add(user, report, err);
}

static engine_status manage_probe(struct engine *engine, struct store *store,
                                  const bson_t *config, struct buffer *list,
                                  engine_error *err)
{
    struct conduct_options conduct = engine->session.conduct;
    struct scan_context context;

    session_context(&engine->session, &context);
    conduct.store = store;
    context.conduct = &conduct;
    context.store = store;
    return scan_probe(&context, config, manage_on_report, list, err);
}

engine_status engine_probe(struct engine *engine, const char *config,
                           char **out, engine_error *err)
{
    struct store *store = NULL;
    struct buffer list;
    engine_status status;
    bson_t document;

    if (!engine || !out)
        return engine_fail(err, ENGINE_EINVAL,
                           "engine_probe: an argument is NULL");
    if (config) {
        status = library_parse(config, "scan configuration", &document, err);
        if (status < 0)
            return status;
    } else {
        bson_copy_to(&engine->session.config.scan, &document);
    }
    library_list_init(&list);
    library_read(engine);
    status = library_store_take(engine, &store, err);
    if (status == ENGINE_OK) {
        status = manage_probe(engine, store, &document, &list, err);
        library_store_give(engine, store, status == ENGINE_OK);
    }
    library_read_end(engine);
    bson_destroy(&document);
    if (status == ENGINE_OK)
        return library_list_take(&list, out, err);
    buffer_clear(&list);
    return status;
}

engine_status engine_scan_delete(struct engine *engine, const char *scan_id,
                                 engine_error *err)
{
    struct store *store = NULL;
    engine_status status;

    if (!engine || !scan_id)
        return engine_fail(err, ENGINE_EINVAL,
                           "engine_scan_delete: an argument is NULL");
    status = library_store_take(engine, &store, err);
    if (status < 0)
        return status;
    status = scan_delete(store, scan_id, err);
    library_store_give(engine, store, status == ENGINE_OK);
    return status;
}
