/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_kube_path.c - API paths and selectors: a line each of the input. */
#include <stdlib.h>
#include <string.h>

#include "plugins/kubernetes/dump.h"
#include "plugins/kubernetes/path.h"
#include "plugins/kubernetes/selector.h"
#include "sdk/base/alloc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void fuzz_selector(const char *labels, const char *fields)
{
    struct kube_selector *selector = NULL;
    engine_error err = {0};

    if (kube_selector_new(labels, fields, &selector, &err) < 0) {
        if (!err.message[0] || selector)
            abort();
        return;
    }
    (void)kube_selector_matches(selector, &value_null);
    kube_selector_free(selector);
}

static void fuzz_path(const char *text)
{
    engine_error err = {0};
    struct kube_path path, again;
    struct kube_place place;

    if (kube_path_parse(text, &path, &err) < 0) {
        if (!err.message[0])
            abort();
        return;
    }
    /* a key is a path of its own, and names the same thing */
    if (kube_path_parse(path.key, &again, NULL) < 0 ||
        strcmp(path.key, again.key) != 0 || strstr(path.plain, "/../"))
        abort();
    (void)kube_place_of(path.plain, &place);
    fuzz_selector(path.labels, path.fields);
    kube_path_clear(&again);
    kube_path_clear(&path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char *text = engine_strndup((const char *)data, len), *line;

    if (!text)
        return 0;
    line = strchr(text, '\n');
    if (line)
        *line++ = '\0';
    fuzz_path(text);
    if (line)
        fuzz_selector(line, NULL);
    engine_free(text);
    return 0;
}
