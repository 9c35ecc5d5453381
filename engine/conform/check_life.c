/* SPDX-License-Identifier: Apache-2.0 */
/* check_life.c - checks of instances: their beginning, their end, and what
 * remains of them. */
#include <stdio.h>

#include "engine/conform/scene.h"
#include "engine/conform/usage.h"

#define LIFE_WARM 20   /* cycles before anything is measured */
#define LIFE_CYCLES 50 /* twice: what both rounds leave is a leak */
#define LIFE_LEAK 16   /* bytes for each cycle: malloc's smallest */

void check_init(struct scene *scene)
{
    struct trial trial;

    if (!trial_open(&trial, scene)) {
        scene_note(scene, "it was given its default options");
        return;
    }
    if (!trial.mock.types && !scene->ops->import)
        scene_fail(scene, "init registered no scanner type");
    if (trial.mock.types && !trial.mock.targets)
        scene_fail(scene, "init registered no target type");
    scene_judge(scene, &trial.mock, MOCK_FORM);
    trial_close(&trial);
}

void check_destroy_null(struct scene *scene)
{
    scene->ops->destroy(NULL);
}

static bool life_cycles(struct scene *scene, unsigned count)
{
    struct trial trial;

    for (unsigned i = 0; i < count; i++) {
        if (!trial_open(&trial, scene))
            return false;
        trial_close(&trial);
    }
    return true;
}

static size_t life_growth(size_t before, size_t after)
{
    return after > before ? after - before : 0;
}

static size_t life_smaller(size_t one, size_t other)
{
    return one < other ? one : other;
}

void check_cycles(struct scene *scene)
{
    const size_t page = 4096;
    struct usage before, after;
    size_t heap[3], space[3], leak;
    char text[512];
    const char *other;

    if (!life_cycles(scene, LIFE_WARM))
        return;
    usage_take(&before);
    for (int i = 0; i < 3; i++) {
        if (i && !life_cycles(scene, LIFE_CYCLES))
            return;
        space[i] = usage_space();
        heap[i] = usage_heap();
    }
    usage_take(&after);
    leak = life_smaller(life_growth(heap[0], heap[1]),
                        life_growth(heap[1], heap[2]));
    if (leak >= (size_t)LIFE_LEAK * LIFE_CYCLES)
        scene_fail(scene, "%d cycles leave %zu bytes of memory allocated",
                   LIFE_CYCLES, leak);
    leak = life_smaller(life_growth(space[0], space[1]),
                        life_growth(space[1], space[2]));
    if (leak >= page * LIFE_CYCLES)
        scene_fail(scene, "%d cycles leave %zu bytes of memory mapped",
                   LIFE_CYCLES, leak);
    other = usage_differs(&before, &after, text, sizeof(text));
    if (other)
        scene_fail(scene, "after %d cycles: %s", 2 * LIFE_CYCLES, other);
}

/* The second outlives the first, and works. */
void check_instances(struct scene *scene)
{
    const struct trial_input nothing = {.target = &scene->target};
    struct trial first, second;

    if (!trial_open(&first, scene))
        return;
    if (!trial_open(&second, scene)) {
        scene_note(scene, "another instance was there");
        trial_close(&first);
        return;
    }
    if (scene->ops->scan)
        trial_scan(&first, &nothing);
    trial_close(&first);
    if (scene->ops->scan)
        trial_scan(&second, &nothing);
    scene_judge(scene, &second.mock, MOCK_FORM);
    trial_close(&second);
}

/* What the first use of a library leaves is not the instance's. */
static void life_use(struct scene *scene)
{
    const struct trial_input input = trial_usual(scene);
    struct trial trial;

    if (!trial_open(&trial, scene))
        return;
    trial_scan(&trial, &input);
    trial_close(&trial);
}

void check_tidy(struct scene *scene)
{
    struct usage start, before, after;
    char text[512];
    const char *other;

    usage_take(&start);
    life_use(scene);
    usage_take(&before);
    life_use(scene);
    usage_take(&after);
    /* settings from the beginning, resources from the first use on */
    start.descriptors = before.descriptors;
    start.threads = before.threads;
    other = usage_differs(&start, &after, text, sizeof(text));
    if (other && !scene->failed)
        scene_fail(scene, "after a scan and destroy: %s", other);
}
