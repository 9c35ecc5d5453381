/* SPDX-License-Identifier: Apache-2.0 */
/* shard.h - what an OVAL object costs to collect, and which rules share it. */
#ifndef PLUGINS_OSCAP_SHARD_H
#define PLUGINS_OSCAP_SHARD_H

#include <libxml/tree.h>
#include <stdint.h>

/** Estimated tenths of a millisecond to collect an OVAL object. */
uint32_t shard_object_cost(const xmlNode *object);

#endif
