/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_template.c - Go templates: what has no braces stays as it is. */
#include <stdlib.h>
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/kit/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char *text = engine_strndup((const char *)data, len);
    bson_t variables = BSON_INITIALIZER;
    engine_error err = {0};
    bson_iter_t value;
    char *out = NULL;

    if (!text)
        return 0;
    bson_append_utf8(&variables, "a", -1, "None", -1);
    bson_append_null(&variables, "b", -1);
    bson_append_int32(&variables, "c", -1, 7);
    if (template_expand(text, &variables, NULL, NULL, &out, &err) < 0) {
        if (!err.message[0] || out)
            abort();
    } else if (!strstr(text, "{{") && strcmp(text, out) != 0) {
        abort();
    }
    if (template_single(text, &variables, &value) && !out)
        abort();
    engine_free(out);
    engine_free(text);
    bson_destroy(&variables);
    return 0;
}
