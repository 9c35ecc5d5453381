/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_symbols.c - a file of which somebody says that it is a scanner. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/conform/usage.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void fuzz_symbol(const char *name, bool function, void *user)
{
    size_t *bytes = user;

    *bytes += strlen(name) + (function ? 1 : 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    engine_error err = {0};
    size_t bytes = 0;

    if (symbols_scan((const char *)data, len, fuzz_symbol, &bytes, &err) < 0 &&
        !err.message[0])
        abort(); /* without a reason */
    return 0;
}
