/* SPDX-License-Identifier: Apache-2.0 */
/* spool_private.h - what writing and reading a spool share. */
#ifndef ENGINE_STORE_SPOOL_PRIVATE_H
#define ENGINE_STORE_SPOOL_PRIVATE_H

#include "engine/store/spool.h"
#include "sdk/base/buffer.h"

#define SPOOL_FRAME_HEAD ((size_t)24)
#define SPOOL_FRAME_END ((size_t)32)
#define SPOOL_FRAME_EXTRA (SPOOL_FRAME_HEAD + SPOOL_FRAME_END)
#define SPOOL_DOCUMENT_MAX ((uint32_t)64 * 1024 * 1024)

/** A place in the file, always between two frames. */
struct spool_place {
    int64_t offset;
    uint64_t number;   /* of the frame that begins here */
    int64_t documents; /* between the head and here */
};

struct store_spool {
    int fd;
    char *path;
    bson_t *head;
    int64_t maximum;
    struct spool_place first;           /* after the head */
    struct spool_place written, marked; /* end of the file, of its batches */
    struct spool_place reading, forgotten;
    struct buffer frame; /* read last */
    char damage[160];
};

/** Fills a frame's head, and the digest of both parts. */
void store_spool_frame_head(uint32_t kind, uint32_t length, uint64_t number,
                            uint8_t out[SPOOL_FRAME_HEAD]);
engine_status store_spool_frame_digest(const uint8_t head[SPOOL_FRAME_HEAD],
                                       const uint8_t *data, uint32_t length,
                                       char out[SPOOL_FRAME_END],
                                       engine_error *err);

/** The frame at `at`: 1 and its kind (its document is in spool->frame), 0 when
 * the file ends within it, ENGINE_ECORRUPT when it is no frame. Moves *at. */
int store_spool_frame_read(struct store_spool *spool, struct spool_place *at,
                           int64_t end, uint32_t *kind, engine_error *err);

engine_status store_spool_fail(const struct store_spool *spool,
                               const char *verb, engine_error *err);

#endif
