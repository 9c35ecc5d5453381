/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ref.h - a value of a document, small enough to keep many. A bson_iter_t is
 * aligned to more than its size, so there can be no arrays of them.
 */
#ifndef SDK_DOCUMENT_REF_H
#define SDK_DOCUMENT_REF_H

#include <bson/bson.h>

struct ref {
    const uint8_t *data; /* the document around it */
    uint32_t len, off, key_len;
};

static inline struct ref ref_of(const bson_iter_t *iter)
{
    return (struct ref){iter->raw, iter->len, iter->off,
                        bson_iter_key_len(iter)};
}

static inline const char *ref_key(const struct ref *ref)
{
    return (const char *)ref->data + ref->off + 1;
}

static inline bool ref_iter(const struct ref *ref, bson_iter_t *out)
{
    return bson_iter_init_from_data_at_offset(out, ref->data, ref->len,
                                              ref->off, ref->key_len);
}

#endif
