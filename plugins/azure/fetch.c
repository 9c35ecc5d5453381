/* SPDX-License-Identifier: Apache-2.0 */
/* fetch.c - lists that the scanner itself needs, before rules are judged. */
#include <string.h>

#include "plugins/azure/azure.h"
#include "plugins/azure/problem.h"
#include "sdk/base/alloc.h"

static engine_status fetch_page(struct azure *azure, const char *path,
                                struct azure_pager *pager, engine_error *err)
{
    const char *origin = azure->target.resource_manager;
    char *url = engine_strf("%s%s", origin, path);
    char *subject = engine_strf("GET %s%.*s", origin, (int)strcspn(path, "?"),
                                path);
    const struct http_call call = {.url = url,
                                   .endpoint = &azure->endpoint,
                                   .auth = azure_auth_apply,
                                   .auth_user = &azure->arm};
    struct http_response response = {0};
    struct azure_problem problem;
    struct buffer body = {0};
    engine_status status = url && subject ? ENGINE_OK : engine_fail_memory(err);

    if (status == ENGINE_OK)
        status = http_fetch(cloud_http(azure->cloud), &call, &response, &body,
                            err);
    if (status == ENGINE_OK && response.status != 200) {
        azure_problem_read(body.data ? body.data : "", body.len,
                           response.content_type, &problem);
        status = azure_problem_fail(&problem, AZURE_ARM, subject,
                                    response.status, NULL, err);
    } else if (status == ENGINE_OK) {
        status = azure_pager_add(pager, body.data ? body.data : "", body.len,
                                 err);
        if (status < 0)
            engine_error_prefix(err, "%.300s", subject);
    }
    buffer_clear(&body);
    engine_free(subject);
    engine_free(url);
    return status;
}

engine_status azure_fetch(struct azure *azure, const char *path,
                          struct arena *arena, const struct value **out,
                          engine_error *err)
{
    struct azure_pager pager;
    engine_status status;

    azure_pager_init(&pager, azure->target.resource_manager, false, arena);
    status = fetch_page(azure, path, &pager, err);
    while (status == ENGINE_OK && pager.next) {
        char *next = engine_strdup(pager.next);

        status = next ? fetch_page(azure, next, &pager, err)
                      : engine_fail_memory(err);
        engine_free(next);
    }
    if (status == ENGINE_OK)
        status = azure_pager_end(&pager, out, err);
    azure_pager_clear(&pager);
    return status;
}
