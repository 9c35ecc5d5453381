/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_query.c - a filter in the first line, a document in the rest. */
#include <string.h>

#include "sdk/document/document.h"
#include "sdk/document/match.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const char fallback[] =
    "{\"a\": 1, \"b\": [1, 2.5, \"x\", null, {\"c\": [true]}],"
    " \"severity\": \"high\", \"framework_refs\": [{\"framework\": \"nist\"}]}";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const char *text = (const char *)data;
    const char *end = len ? memchr(text, '\n', len) : NULL;
    size_t filter_len = end ? (size_t)(end - text) : len;
    struct matcher *matcher = NULL;
    engine_error err;
    bson_t filter;
    bson_t document;

    if (document_from_json(text, filter_len, "filter", &filter, &err) < 0)
        return 0;
    if (matcher_new(&filter, &matcher, &err) == ENGINE_OK) {
        if (!end || document_from_json(end + 1, len - filter_len - 1,
                                       "document", &document, &err) < 0)
            (void)document_from_json(fallback, sizeof(fallback) - 1,
                                     "document", &document, &err);
        (void)matcher_test(matcher, &document);
        bson_destroy(&document);
    }
    matcher_free(matcher);
    bson_destroy(&filter);
    return 0;
}
