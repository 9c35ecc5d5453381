/* SPDX-License-Identifier: Apache-2.0 */
/* hash.c - SHA-256 by libcrypto. */
#include "sdk/base/hash.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"

struct hash {
    EVP_MD_CTX *context;
};

struct hash *hash_new(void)
{
    struct hash *hash = engine_calloc(1, sizeof(*hash));

    if (!hash)
        return NULL;
    hash->context = EVP_MD_CTX_new();
    if (!hash->context ||
        EVP_DigestInit_ex(hash->context, EVP_sha256(), NULL) != 1) {
        EVP_MD_CTX_free(hash->context);
        engine_free(hash);
        return NULL;
    }
    return hash;
}

void hash_add(struct hash *hash, const void *data, size_t len)
{
    EVP_DigestUpdate(hash->context, data, len);
}

void hash_next(struct hash *hash, char out[HASH_HEX_SIZE])
{
    uint8_t digest[32] = {0};

    EVP_DigestFinal_ex(hash->context, digest, NULL);
    EVP_DigestInit_ex(hash->context, NULL, NULL);
    id_hex(digest, sizeof(digest), out);
}

void hash_end(struct hash *hash, char out[HASH_HEX_SIZE])
{
    hash_next(hash, out);
    hash_free(hash);
}

void hash_free(struct hash *hash)
{
    if (!hash)
        return;
    EVP_MD_CTX_free(hash->context);
    engine_free(hash);
}

void hash_bytes(const void *data, size_t len, char out[HASH_HEX_SIZE])
{
    uint8_t digest[32] = {0};

    EVP_Digest(data, len, digest, NULL, EVP_sha256(), NULL);
    id_hex(digest, sizeof(digest), out);
}

engine_status hash_file(const char *path, char out[HASH_HEX_SIZE],
                        engine_error *err)
{
    engine_status status = ENGINE_OK;
    struct hash *hash = hash_new();
    FILE *file = fopen(path, "rbe");
    char chunk[16384];
    size_t len;

    if (!file) {
        status = engine_fail(err, engine_status_from_errno(errno),
                             "could not open \"%s\": %s", path,
                             strerror(errno));
    } else if (!hash) {
        status = engine_fail_memory(err);
    } else {
        while ((len = fread(chunk, 1, sizeof(chunk), file)) > 0)
            hash_add(hash, chunk, len);
        if (ferror(file))
            status = engine_fail(err, ENGINE_EIO, "could not read \"%s\"",
                                 path);
    }
    if (hash) {
        char digest[HASH_HEX_SIZE];
        hash_end(hash, digest);
        if (status == ENGINE_OK)
            memcpy(out, digest, sizeof(digest));
    }
    if (file)
        fclose(file);
    return status;
}

engine_status hash_open_file(int fd, int64_t size, const char *path,
                             char out[HASH_HEX_SIZE], engine_error *err)
{
    struct hash *hash = hash_new();
    char chunk[16384];
    int64_t at = 0;
    ssize_t got = 0;

    if (!hash)
        return engine_fail_memory(err);
    while (at < size) {
        const int64_t left = size - at;

        got = pread(fd, chunk,
                    left < (int64_t)sizeof(chunk) ? (size_t)left
                                                  : sizeof(chunk), at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        hash_add(hash, chunk, (size_t)got);
        at += got;
    }
    if (got < 0) {
        hash_free(hash);
        return engine_fail(err, ENGINE_EIO, "could not read \"%s\"", path);
    }
    hash_end(hash, out);
    return ENGINE_OK;
}
