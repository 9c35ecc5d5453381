/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_spool.c - what may lie on disk under a spool's name. */
#include <stdlib.h>
#include <unistd.h>

#include "engine/store/spool.h"
#include "sdk/base/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void use_spool(const char *path)
{
    struct store_spool *spool = NULL;
    engine_error err;
    uint32_t kind;
    bson_t out;

    if (store_spool_open(path, &spool, &err) < 0)
        return;
    if (store_spool_check(spool, &err) == ENGINE_OK)
        while (store_spool_read(spool, &kind, &out, &err) > 0)
            store_spool_forget(spool);
    (void)store_spool_damage(spool);
    store_spool_close(spool);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char path[] = "/tmp/fuzz-spool-XXXXXX";
    const int fd = mkstemp(path); /* mode 0600, as a spool has it */

    if (fd < 0)
        return 0;
    if (file_write_all(fd, data, len, NULL) == ENGINE_OK)
        use_spool(path);
    close(fd);
    (void)unlink(path);
    return 0;
}
