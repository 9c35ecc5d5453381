/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_jq_split.c - cutting jq programs: the parts are texts of the whole. */
#include <stdlib.h>
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/kit/expr/jq_split.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char *text = engine_strndup((const char *)data, len);
    char *item = NULL, *rest = NULL;
    engine_error err = {0};
    const engine_status status = jq_split(text, "items", &item, &rest, &err);

    if (status == ENGINE_OK) {
        if (!*item || !*rest || strlen(item) > strlen(text) + 3 ||
            strlen(rest) > 2 * strlen(text) + 3)
            abort();
    } else if (status != ENGINE_EUNSUPPORTED || item || rest) {
        abort();
    }
    engine_free(item);
    engine_free(rest);
    engine_free(text);
    return 0;
}
