/* SPDX-License-Identifier: Apache-2.0 */
/* platform.c - what a cluster is, and whether a rule is for such a one. */
#include "plugins/kubernetes/platform.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "plugins/kubernetes/record.h"
#include "sdk/document/document.h"

enum platform_verdict { PLATFORM_NO, PLATFORM_YES, PLATFORM_UNKNOWN };

/* ---- asking -------------------------------------------------------------- */

/* One path of what the cluster says of itself. */
struct platform_read {
    const char *path, *first, *second, *third;
    char *out;
    struct kube_read read;
    bool open;
};

static engine_status platform_on_item(struct kube_read *read,
                                      const struct value *item,
                                      struct arena *arena, void *user,
                                      engine_error *err)
{
    (void)read;
    (void)item;
    (void)arena;
    (void)user;
    (void)err;
    return ENGINE_OK;
}

static void platform_on_done(struct kube_read *read, void *user)
{
    const struct platform_read *asked = user;
    const struct value *value = read->document;
    const char *text;

    if (read->failure.status < 0 || read->absent || !value)
        return;
    if (value->kind == VALUE_ARRAY) /* ["4.12.1"], as a filter leaves it */
        value = value->count ? &value->items[0] : NULL;
    else
        value = value_at(value, asked->first, asked->second, asked->third,
                         NULL);
    text = value ? value_text(value) : NULL;
    if (text && !*asked->out)
        snprintf(asked->out, sizeof(((struct kube_platform *)0)->cloud), "%s",
                 text);
}

static const struct kube_read_events platform_events = {
    .item = platform_on_item, .done = platform_on_done};

static engine_status platform_open(struct platform_read *asked,
                                   struct kube_recorder *recorder,
                                   engine_error *err)
{
    engine_status status =
        kube_path_parse(asked->path, &asked->read.path, err);

    if (status < 0)
        return status;
    asked->open = true;
    status = kube_read_open(&asked->read, &platform_events, asked, err);
    if (status == ENGINE_OK && recorder)
        status = kube_record_open(recorder, &asked->read, err);
    return status;
}

static engine_status platform_run(struct kube_source *source,
                                  struct platform_read *asked, size_t count,
                                  struct kube_recorder *recorder,
                                  engine_error *err)
{
    struct kube_read *reads[8];
    engine_status status = ENGINE_OK;
    engine_error gone = {0};
    size_t ready = 0;

    for (; status == ENGINE_OK && ready < count; ready++) {
        status = platform_open(&asked[ready], recorder, err);
        reads[ready] = &asked[ready].read;
    }
    if (status == ENGINE_OK)
        status = source->ops->run(source, reads, count, err);
    engine_fail(&gone, ENGINE_EIO, "it was not asked");
    for (size_t i = 0; i < count; i++) {
        if (asked[i].read.events)
            kube_read_done(&asked[i].read, &gone);
        if (asked[i].open)
            kube_path_clear(&asked[i].read.path);
    }
    return status;
}

/* the platforms of a rule alone, one after the other; NULL: no more */
static const char *platform_next(bson_iter_t *list)
{
    while (bson_iter_next(list)) {
        const char *text = BSON_ITER_HOLDS_UTF8(list)
                               ? bson_iter_utf8(list, NULL)
                               : "cpe:";

        if (strncmp(text, "cpe:", 4) != 0)
            return *text == '#' ? text + 1 : text;
    }
    return NULL;
}

static bool platform_list(const bson_t *rule, bson_iter_t *out)
{
    bson_t list;

    return document_child(rule, "platforms", &list) &&
           bson_iter_init(out, &list);
}

static bool platform_is_named(const bson_t *rules, size_t count)
{
    bson_iter_t list;

    for (size_t i = 0; i < count; i++)
        if (platform_list(&rules[i], &list) && platform_next(&list))
            return true;
    return false;
}

engine_status kube_platform_ask(struct kube_source *source,
                                const bson_t *rules, size_t count,
                                struct kube_recorder *recorder,
                                struct kube_platform *out, engine_error *err)
{
    struct platform_read asked[] = {
        {.path = "/version", .first = "gitVersion", .out = out->version},
        {.path = "/apis/config.openshift.io/v1/clusterversions/version",
         .first = "status", .second = "desired", .third = "version",
         .out = out->openshift},
        {.path = "/apis/config.openshift.io/v1/infrastructures/cluster",
         .first = "status", .second = "platform", .out = out->cloud},
        {.path = "/apis/config.openshift.io/v1/networks/cluster",
         .first = "status", .second = "networkType", .out = out->network},
        {.path = "/ocp/version", .out = out->openshift}, /* of collectors */
    };
    const size_t all = sizeof(asked) / sizeof(asked[0]);

    *out = (struct kube_platform){0};
    if (!platform_is_named(rules, count))
        return ENGINE_OK;
    return platform_run(source, asked, source->any_path ? all : all - 1,
                        recorder, err);
}

/* ---- judging ------------------------------------------------------------- */

/* of "4.1", which says 4 of whatever, and "4.12" */
static enum platform_verdict platform_version(
    const struct kube_platform *platform, const char *wanted)
{
    const size_t len = strlen(wanted);
    const char *have = platform->openshift;

    if (!*have)
        return strstr(platform->version, "-eks-") ? PLATFORM_NO
                                                  : PLATFORM_UNKNOWN;
    return strncmp(have, wanted, len) == 0 &&
                   !isdigit((unsigned char)have[len])
               ? PLATFORM_YES
               : PLATFORM_NO;
}

static enum platform_verdict platform_on(const struct kube_platform *platform,
                                         const char *wanted)
{
    static const struct {
        const char *name, *says;
        bool network;
    } known[] = {{"aws", "AWS", false},
                 {"azure", "Azure", false},
                 {"gcp", "GCP", false},
                 {"sdn", "OpenShiftSDN", true},
                 {"ovn", "OVNKubernetes", true}};

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        const char *have = known[i].network ? platform->network
                                            : platform->cloud;

        if (strcmp(wanted, known[i].name) != 0)
            continue;
        if (!*have)
            return platform_version(platform, "4") == PLATFORM_NO
                       ? PLATFORM_NO
                       : PLATFORM_UNKNOWN;
        return strcasecmp(have, known[i].says) == 0 ? PLATFORM_YES
                                                    : PLATFORM_NO;
    }
    return PLATFORM_UNKNOWN;
}

/* "ocp4", "ocp4.6", "ocp4-on-aws", "eks"; of others nothing is known */
static enum platform_verdict platform_one(
    const struct kube_platform *platform, const char *name)
{
    if (strcmp(name, "eks") == 0 && *platform->openshift)
        return PLATFORM_NO;
    if (strcmp(name, "ocp4") == 0)
        return platform_version(platform, "4");
    if (strncmp(name, "ocp4.", 5) == 0 &&
        strspn(name + 5, "0123456789") == strlen(name + 5))
        return platform_version(platform, name + 3);
    if (strncmp(name, "ocp4-on-", 8) == 0)
        return platform_on(platform, name + 8);
    return PLATFORM_UNKNOWN;
}

/* "A_or_B", or "A or B" before it was compiled; what else there may be in an
 * expression makes names of which nothing is known */
static bool platform_any(const struct kube_platform *platform,
                         const char *names)
{
    const char *const or = strchr(names, ' ') ? " or " : "_or_";
    char name[128];

    while (*names) {
        const char *end = strstr(names, or);
        const size_t len = end ? (size_t)(end - names) : strlen(names);

        if (len >= sizeof(name))
            return true;
        memcpy(name, names, len);
        name[len] = '\0';
        if (platform_one(platform, name) != PLATFORM_NO)
            return true;
        names += len + (end ? strlen(or) : 0);
    }
    return false;
}

bool kube_platform_applies(const struct kube_platform *platform,
                           const bson_t *rule, char *why, size_t room)
{
    const char *text, *last = NULL;
    bson_iter_t list;

    if (!platform_list(rule, &list))
        return true;
    while ((text = platform_next(&list))) {
        if (platform_any(platform, text))
            return true;
        last = text;
    }
    if (!last)
        return true;
    snprintf(why, room, "it is for the platform %.200s; the cluster is %s %s%s"
                        "%s%s%s", last,
             *platform->openshift ? "OpenShift" : "Kubernetes",
             *platform->openshift ? platform->openshift : platform->version,
             *platform->cloud ? " on " : "", platform->cloud,
             *platform->network ? " with " : "", platform->network);
    return false;
}
