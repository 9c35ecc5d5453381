/* SPDX-License-Identifier: Apache-2.0 */
/* share.c - which of a read's rules look at the same, and ask the same of it:
 * benchmarks repeat each other. */
#include <string.h>

#include "plugins/kubernetes/rule.h"

#define SHARE_COMPARED 256 /* checks of a path that one is compared with */

/* The look of a check's path. */
static engine_status share_look(struct kube_reads *reads,
                                struct kube_read *read, struct table *by_path,
                                struct check *check, struct kube_look **out)
{
    struct kube_look *look = table_get(by_path, check_path(check));

    *out = look;
    if (look && check_has_values_of(check, look->check))
        return ENGINE_OK;
    look = arena_alloc(&reads->arena, sizeof(*look));
    if (!look || table_set(by_path, check_path(check), look) < 0)
        return ENGINE_ENOMEM;
    *look = (struct kube_look){.check = check, .next = read->looks};
    read->looks = look;
    *out = look;
    return ENGINE_OK;
}

static engine_status share_check(struct kube_reads *reads,
                                 struct kube_look *look,
                                 struct kube_want *want)
{
    struct check *check = want->rule->check;
    struct kube_same *same = look->checks;

    for (unsigned i = 0; same && i < SHARE_COMPARED; i++, same = same->next)
        if (check_is_same(check, same->check)) {
            want->beside = same->wants;
            same->wants = want;
            return ENGINE_OK;
        }
    same = arena_alloc(&reads->arena, sizeof(*same));
    if (!same)
        return ENGINE_ENOMEM;
    *same = (struct kube_same){
        .check = check, .wants = want, .next = look->checks};
    want->beside = NULL;
    look->checks = same;
    return ENGINE_OK;
}

engine_status kube_reads_share(struct kube_reads *reads,
                               struct kube_read *read, engine_error *err)
{
    engine_status status = ENGINE_OK;
    struct kube_look *look;
    struct table by_path;

    table_init(&by_path);
    for (struct kube_want *want = read->wants;
         status == ENGINE_OK && want; want = want->next) {
        if (want->rule->ended)
            continue; /* its plan failed when it wanted this already */
        if (want->rule->view != KUBE_VIEW_OBJECTS) {
            want->beside = read->others;
            read->others = want;
            continue;
        }
        status = share_look(reads, read, &by_path, want->rule->check, &look);
        if (status == ENGINE_OK)
            status = share_check(reads, look, want);
    }
    table_clear(&by_path);
    return status < 0 ? engine_fail_memory(err) : ENGINE_OK;
}
