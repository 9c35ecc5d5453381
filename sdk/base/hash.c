/* SPDX-License-Identifier: Apache-2.0 */
/* hash.c - SHA-256 by libcrypto. */
#include "sdk/base/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
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
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    engine_status status;

    if (fd < 0)
        return engine_fail(err, engine_status_from_errno(errno),
                           "could not open \"%s\": %s", path,
                           strerror(errno));
    status = hash_open_file(fd, INT64_MAX, path, out, err);
    close(fd);
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
        const int code = errno;

        hash_free(hash);
        return engine_fail(err, ENGINE_EIO, "could not read \"%s\": %s", path,
                           strerror(code));
    }
    hash_end(hash, out);
    return ENGINE_OK;
}
