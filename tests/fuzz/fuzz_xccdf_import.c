/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_xccdf_import.c - damaged SCAP content is imported, and what came of it
 * is compiled. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plugins/oscap/content.h"
#include "plugins/oscap/import_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* The files of this process, apart from those of other fuzzers. */
struct workspace {
    char directory[64], fragments[96];
};

static engine_status keep_fragments(void *user, const char *path,
                                    const char *name, const char *media_type,
                                    char id[65], engine_error *err)
{
    const struct workspace *work = user;

    (void)media_type;
    (void)err;
    memset(id, 'a', 64);
    id[64] = '\0';
    if (strcmp(name, "fragments") == 0 && rename(path, work->fragments) < 0)
        abort();
    return ENGINE_OK;
}

static engine_status compile_rule(void *user, const char *kind,
                                  const bson_t *document, engine_error *err)
{
    const struct workspace *work = user;
    struct oscap_content *content = NULL;
    struct buffer out;

    (void)err;
    if (strcmp(kind, "rule") != 0 ||
        oscap_content_open(work->fragments, &content, NULL) < 0)
        return ENGINE_OK;
    buffer_init(&out, 1 << 24);
    (void)oscap_benchmark_write(
        &(struct oscap_compile_options){
            .content = content, .rules = &document, .rules_count = 1},
        &out, NULL);
    buffer_clear(&out);
    oscap_content_close(content);
    return ENGINE_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct workspace work = {.directory = "/tmp/fuzz-XXXXXX"};
    const struct oscap_import_sink sink = {
        .artifact = keep_fragments, .document = compile_rule, .user = &work};
    engine_error err;

    if (!mkdtemp(work.directory))
        abort();
    snprintf(work.fragments, sizeof(work.fragments), "%s/kept", work.directory);
    (void)import_text((const char *)data, len, "/nowhere/input-xccdf.xml",
                      work.directory, &sink, &err);
    unlink(work.fragments);
    rmdir(work.directory);
    return 0;
}
