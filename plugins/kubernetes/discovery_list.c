/* SPDX-License-Identifier: Apache-2.0 */
/* discovery_list.c - what discovery found, and what of it could not be had. */
#include <string.h>

#include "plugins/kubernetes/discovery.h"
#include "sdk/base/alloc.h"

struct kube_discovery *kube_discovery_new(void)
{
    struct kube_discovery *discovery = engine_calloc(1, sizeof(*discovery));

    if (!discovery)
        return NULL;
    arena_init(&discovery->arena, (size_t)64 * 1024 * 1024);
    discovery->answers_end = &discovery->answers;
    discovery->kinds = kube_kinds_new();
    if (discovery->kinds)
        return discovery;
    engine_free(discovery);
    return NULL;
}

void kube_discovery_free(struct kube_discovery *discovery)
{
    if (!discovery)
        return;
    kube_kinds_free(discovery->kinds);
    arena_clear(&discovery->arena);
    engine_free(discovery);
}

engine_status kube_discovery_failed(struct kube_discovery *discovery,
                                    const char *group, const char *version,
                                    const char *why, engine_error *err)
{
    struct kube_failed *failed =
        arena_alloc(&discovery->arena, sizeof(*failed));

    if (failed) {
        failed->group = arena_strdup(&discovery->arena, group);
        failed->version = arena_strdup(&discovery->arena, version);
        failed->why = arena_strdup(&discovery->arena, why);
    }
    if (!failed || !failed->group || !failed->version || !failed->why)
        return engine_fail_memory(err);
    failed->next = discovery->failed;
    discovery->failed = failed;
    return ENGINE_OK;
}

engine_status kube_discovery_note(struct kube_discovery *discovery,
                                  const char *path, const char *text,
                                  size_t len, engine_error *err)
{
    struct arena *arena = &discovery->arena;
    struct kube_answer *answer = arena_alloc(arena, sizeof(*answer));

    if (answer) {
        answer->path = arena_strdup(arena, path);
        answer->text = arena_strndup(arena, text, len);
        answer->len = len;
    }
    if (!answer || !answer->path || !answer->text)
        return engine_fail_memory(err);
    *discovery->answers_end = answer;
    discovery->answers_end = &answer->next;
    return ENGINE_OK;
}

const struct kube_version *
kube_discovery_version(const struct kube_discovery *discovery,
                       const char *path)
{
    for (size_t i = 0; i < discovery->versions_count; i++)
        if (strcmp(discovery->versions[i].path, path) == 0)
            return &discovery->versions[i];
    return NULL;
}
