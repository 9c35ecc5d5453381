/* SPDX-License-Identifier: Apache-2.0 */
/* near.c - what somebody may have meant: edit distance between names. */
#include <string.h>

#include "plugins/aws/model_private.h"
#include "sdk/base/distance.h"

#define NEAR_LEN 64 /* longer names are not compared */

void near_init(struct near *near, const char *wanted)
{
    *near = (struct near){.wanted = wanted};
}

void near_add(struct near *near, const char *name)
{
    const size_t len = strlen(near->wanted);
    const size_t most = len < 4 ? 1 : len / 4 + 1;
    size_t cost, at;

    if (len > NEAR_LEN || strlen(name) > NEAR_LEN)
        return;
    cost = name_distance(near->wanted, name, true);
    if (cost > most)
        return;
    for (at = near->count; at && near->cost[at - 1] > cost; at--) {
        if (at == NEAR_MAX)
            continue;
        near->names[at] = near->names[at - 1];
        near->cost[at] = near->cost[at - 1];
    }
    if (at == NEAR_MAX)
        return;
    near->names[at] = name;
    near->cost[at] = cost;
    if (near->count < NEAR_MAX)
        near->count++;
}

void near_hint(const struct near *near, engine_error *err)
{
    if (near->count == 1)
        engine_hint(err, "did you mean \"%s\"?", near->names[0]);
    else if (near->count == 2)
        engine_hint(err, "did you mean \"%s\" or \"%s\"?", near->names[0],
                    near->names[1]);
    else if (near->count)
        engine_hint(err, "did you mean \"%s\", \"%s\" or \"%s\"?",
                    near->names[0], near->names[1], near->names[2]);
}
