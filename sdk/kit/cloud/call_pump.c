/* SPDX-License-Identifier: Apache-2.0 */
/* call_pump.c - begins calls as there is room, and tells who waits for one
 * that has ended. */
#include "sdk/kit/cloud/cloud_private.h"

void call_queue_add(struct call_queue *queue, struct cloud_call *call)
{
    call->next = NULL;
    if (queue->last)
        queue->last->next = call;
    else
        queue->first = call;
    queue->last = call;
}

static struct cloud_call *pump_take(struct call_queue *queue)
{
    struct cloud_call *call = queue->first;

    if (call) {
        queue->first = call->next;
        if (!queue->first)
            queue->last = NULL;
        call->next = NULL;
    }
    return call;
}

/* the lane whose turn it is; NULL: none may begin a call now */
static struct call_lane *pump_lane(struct cloud *cloud)
{
    if (!cloud->queued || cloud->started >= CLOUD_STARTED)
        return NULL;
    for (unsigned i = 0; i < CLOUD_LANES; i++) {
        struct call_lane *lane =
            &cloud->lanes[(cloud->lane + i) % CLOUD_LANES];

        if (!lane->queue.first || lane->started >= cloud->lane_most)
            continue;
        cloud->lane = (cloud->lane + i + 1) % CLOUD_LANES;
        return lane;
    }
    return NULL;
}

static void pump_start(struct cloud *cloud, struct call_lane *lane)
{
    struct cloud_call *call = pump_take(&lane->queue);
    engine_error why = {0};
    engine_status status;

    call->state = CALL_STARTED;
    cloud->queued--;
    cloud->started++;
    lane->started++;
    status = cloud->provider->start(cloud->self, call, call->data, &why);
    if (status < 0 && call->state == CALL_STARTED) {
        why.status = status;
        cloud_refuse(call, NULL, &why);
    }
}

/* tells all that wait; they may be gone afterwards */
static void pump_settle(struct cloud *cloud)
{
    struct cloud_call *call = pump_take(&cloud->ended);
    struct visit_part *part = call->waiting;

    call->waiting = NULL;
    while (part) {
        struct visit_part *next = part->next;

        visit_part_ended(part);
        part = next;
    }
    report_progress(cloud, false);
}

void cloud_pump(struct cloud *cloud)
{
    engine_error why = {0};

    if (cloud->pumping)
        return;
    cloud->pumping = true;
    while (cloud->failure.status == ENGINE_OK) {
        struct call_lane *lane = pump_lane(cloud);

        if (++cloud->pumped % 64 == 0 && cloud_stopped(cloud, &why) < 0) {
            cloud_abort(cloud, &why);
            break;
        }

        if (lane)
            pump_start(cloud, lane);
        else if (cloud->ended.first)
            pump_settle(cloud);
        else if (!visits_open_more(cloud))
            break;
    }
    cloud->pumping = false;
}
