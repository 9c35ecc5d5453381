/* SPDX-License-Identifier: Apache-2.0 */
/* handlers_xccdf.c - generating XCCDF, and checking it. */
#include <string.h>

#include "engine/server/xccdf.h"
#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"
#include "sdk/base/file.h"

static engine_status xccdf_respond(
    struct request *request, struct response *response,
    engine_status (*make)(struct request *, bson_t *, engine_error *),
    engine_error *err)
{
    bson_t out = BSON_INITIALIZER;
    engine_status status = server_helper_take(request, err);

    if (status < 0)
        return status;
    status = make(request, &out, err);
    server_helper_give(request);
    /* it is about what was asked for, not about the address */
    if (status == ENGINE_ENOTFOUND)
        response->status = 422;
    if (status == ENGINE_OK) {
        BSON_APPEND_DATE_TIME(&out, "generated_at", clock_now_ms());
        status = response_document(response, 200, &out, err);
    }
    bson_destroy(&out);
    return status;
}

engine_status handle_xccdf_benchmark(struct request *request,
                                     struct response *response,
                                     engine_error *err)
{
    return xccdf_respond(request, response, xccdf_benchmark, err);
}

engine_status handle_xccdf_tailoring(struct request *request,
                                     struct response *response,
                                     engine_error *err)
{
    return xccdf_respond(request, response, xccdf_tailoring, err);
}

/* ---- validate ------------------------------------------------------------ */

/* The client knows no directories of ours. */
static void xccdf_hide(char *message, const char *directory)
{
    const size_t len = strlen(directory) + 1; /* and the slash */
    char *at = message;

    while ((at = strstr(at, directory)) && at[len - 1] == '/')
        memmove(at, at + len, strlen(at + len) + 1);
}

static engine_status xccdf_check(struct request *request, const char *content,
                                 engine_error *why, engine_error *err)
{
    const char *run = request->world->config->run_directory;
    char *directory = NULL, *path = NULL;
    engine_status status =
        file_make_temporary(run, "xccdf-", &directory, err);

    if (status < 0)
        return status;
    path = engine_strf("%s/content.xml", directory);
    status = path ? file_write(path, content, strlen(content), 0600, err)
                  : engine_fail_memory(err);
    if (status == ENGINE_OK)
        (void)request->server->setup.native(request->world, NULL, path,
                                            "Benchmark", NULL, why);
    xccdf_hide(why->message, directory);
    (void)file_remove_tree(directory, NULL);
    engine_free(path);
    engine_free(directory);
    return status;
}

engine_status handle_xccdf_validate(struct request *request,
                                    struct response *response,
                                    engine_error *err)
{
    const char *content = document_string(&request->json, "xccdf_content");
    bson_t out = BSON_INITIALIZER, list;
    engine_error why = {0};
    engine_status status;

    if (!content)
        return engine_fail(err, ENGINE_EINVAL,
                           "\"xccdf_content\" must be the text to check");
    status = server_helper_take(request, err);
    if (status < 0)
        return status;
    status = xccdf_check(request, content, &why, err);
    server_helper_give(request);
    if (status == ENGINE_OK && why.status == ENGINE_EUNSUPPORTED) {
        *err = why; /* no scanner knows XCCDF: nothing was checked */
        return why.status;
    }
    if (status < 0)
        return status;
    BSON_APPEND_BOOL(&out, "valid", why.status == ENGINE_OK);
    BSON_APPEND_ARRAY_BEGIN(&out, "errors", &list);
    if (why.status != ENGINE_OK)
        BSON_APPEND_UTF8(&list, "0", why.message);
    bson_append_array_end(&out, &list);
    BSON_APPEND_ARRAY_BEGIN(&out, "warnings", &list);
    bson_append_array_end(&out, &list);
    status = response_document(response, 200, &out, err);
    bson_destroy(&out);
    return status;
}
