/* SPDX-License-Identifier: Apache-2.0 */
/* yaml_scalar.h - types of scalars by the YAML 1.2 core schema. */
#ifndef SDK_DOCUMENT_YAML_SCALAR_H
#define SDK_DOCUMENT_YAML_SCALAR_H

#include "sdk/document/reader.h"

/** Types scalar->text as a plain scalar; false: a number out of range. */
bool yaml_scalar_resolve(struct reader_scalar *scalar);

/**
 * Types it by an explicit tag. NULL on success, else what is wrong with it.
 * Binary data is decoded into arena memory.
 */
const char *yaml_scalar_tagged(struct reader_scalar *scalar, const char *tag,
                               struct arena *arena);

#endif
