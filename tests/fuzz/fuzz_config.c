/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_config.c - any bytes as a configuration file. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/config/config.h"
#include "sdk/base/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct engine_config config;
    engine_error err;
    char path[64];

    /* includes would read whatever the machine has */
    if (len >= 8 && memmem(data, len, "@include", 8))
        return 0;
    snprintf(path, sizeof(path), "/tmp/fuzz-config-%ld.conf", (long)getpid());
    if (file_write(path, data, len, 0600, NULL) < 0)
        return 0;
    if (config_load(path, &config, &err) == ENGINE_OK)
        config_unload(&config);
    unlink(path);
    return 0;
}
