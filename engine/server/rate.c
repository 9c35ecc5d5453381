/* SPDX-License-Identifier: Apache-2.0 */
/* rate.c - a token bucket for each client, in a table that does not grow. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "engine/server/private.h"
#include "sdk/base/alloc.h"

#define RATE_SLOTS 4096
#define RATE_TRIES 8

struct rate_slot {
    char client[48];
    double left;
    int64_t seen_ms;
};

struct rate {
    pthread_mutex_t lock;
    struct rate_slot slots[RATE_SLOTS];
};

struct rate *rate_new(void)
{
    struct rate *rate = engine_calloc(1, sizeof(*rate));

    if (rate)
        pthread_mutex_init(&rate->lock, NULL);
    return rate;
}

void rate_free(struct rate *rate)
{
    if (rate)
        pthread_mutex_destroy(&rate->lock);
    engine_free(rate);
}

/* The client's slot, or in its place the one unused for longest. */
static struct rate_slot *rate_find(struct rate *rate, const char *client,
                                   int64_t burst, int64_t now_ms)
{
    struct rate_slot *oldest = NULL;
    uint32_t hash = 2166136261u;

    for (const char *at = client; *at; at++)
        hash = (hash ^ (unsigned char)*at) * 16777619u;
    for (uint32_t i = 0; i < RATE_TRIES; i++) {
        struct rate_slot *slot = &rate->slots[(hash + i) % RATE_SLOTS];

        if (strcmp(slot->client, client) == 0)
            return slot;
        if (!oldest || slot->seen_ms < oldest->seen_ms)
            oldest = slot;
    }
    snprintf(oldest->client, sizeof(oldest->client), "%s", client);
    oldest->left = (double)burst;
    oldest->seen_ms = now_ms;
    return oldest;
}

int64_t rate_take(struct rate *rate, const char *client, int64_t per_minute,
                  int64_t burst, int64_t now_ms)
{
    const double each = (double)per_minute / 60000.0; /* in a millisecond */
    struct rate_slot *slot;
    char name[48];
    int64_t wait = 0;

    if (per_minute <= 0)
        return 0;
    snprintf(name, sizeof(name), "%s", client);
    pthread_mutex_lock(&rate->lock);
    slot = rate_find(rate, name, burst, now_ms);
    slot->left += (double)(now_ms - slot->seen_ms) * each;
    if (slot->left > (double)burst)
        slot->left = (double)burst;
    slot->seen_ms = now_ms;
    if (slot->left >= 1.0)
        slot->left -= 1.0;
    else
        wait = (int64_t)((1.0 - slot->left) / each) + 1;
    pthread_mutex_unlock(&rate->lock);
    return wait;
}
