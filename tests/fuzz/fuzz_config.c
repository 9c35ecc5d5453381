/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_config.c - a configuration file. */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine/config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    int fd = memfd_create("fuzz_config", MFD_CLOEXEC);
    struct engine_config config;
    engine_error err;
    char path[64];

    if (fd < 0)
        return 0;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (write(fd, data, len) == (ssize_t)len &&
        config_load(path, &config, &err) == ENGINE_OK)
        config_clear(&config);
    close(fd);
    return 0;
}
