/* SPDX-License-Identifier: Apache-2.0 */
/* driver.c - runs a fuzzer over files and prints TAP: the replay of seeds and
 * past crashes in `make check`, where there is no libFuzzer. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* An input that takes longer than this is a bug like any other. */
#define SECONDS_PER_INPUT 60

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void fail(const char *what)
{
    printf("Bail out! %s: %s\n", what, strerror(errno));
    exit(1);
}

/* A copy of exactly the file's size: reading past it is then noticed. */
static uint8_t *slurp(const char *path, size_t *out_len)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = NULL;
    long size = 0;

    if (!file || fseek(file, 0, SEEK_END) != 0)
        fail(path);
    size = ftell(file);
    if (size < 0)
        fail(path);
    rewind(file);
    data = malloc(size > 0 ? (size_t)size : 1);
    if (!data || fread(data, 1, (size_t)size, file) != (size_t)size)
        fail(path);
    fclose(file);
    *out_len = (size_t)size;
    return data;
}

static void replay(const char *path, int number)
{
    const char *slash = strrchr(path, '/');
    size_t len = 0;
    uint8_t *data = slurp(path, &len);

    printf("# %s\n", path);
    fflush(stdout); /* a crash must not take the name with it */
    alarm(SECONDS_PER_INPUT);
    (void)LLVMFuzzerTestOneInput(data, len);
    alarm(0);
    free(data);
    printf("ok %d - %s\n", number, slash ? slash + 1 : path);
    fflush(stdout);
}

static int is_seed(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void replay_folder(const char *folder)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, is_seed, alphasort);

    if (count <= 0) {
        printf("1..1\nnot ok 1 - no seeds in %s\n", folder);
        return;
    }
    printf("1..%d\n", count);
    for (int i = 0; i < count; i++) {
        char path[PATH_MAX];

        if (snprintf(path, sizeof(path), "%s/%s", folder,
                     entries[i]->d_name) >= (int)sizeof(path)) {
            errno = ENAMETOOLONG;
            fail(folder);
        }
        free(entries[i]);
        replay(path, i + 1);
    }
    free(entries);
}

int main(int argc, char **argv)
{
    const char *source = getenv("SCAN_ENGINE_SRC");
    const char *name = strrchr(argv[0], '/');
    char folder[PATH_MAX];

    if (argc > 1) {
        printf("1..%d\n", argc - 1);
        for (int i = 1; i < argc; i++)
            replay(argv[i], i);
        return 0;
    }
    name = name ? name + 1 : argv[0];
    if (strncmp(name, "fuzz_", 5) == 0)
        name += 5;
    snprintf(folder, sizeof(folder), "%.2048s/tests/fuzz/corpus/%.255s",
             source ? source : ".", name);
    replay_folder(folder);
    return 0;
}
