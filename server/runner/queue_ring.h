/* The window on what waits of one action: a ring of handles, in the journal's order. */
#ifndef TENTERHOOK_SERVER_RUNNER_QUEUE_RING_H
#define TENTERHOOK_SERVER_RUNNER_QUEUE_RING_H

#include "server/runner/action_queue.h"

#include <stdlib.h>

static inline size_t ring_place(const struct action_queue *action, size_t index)
{
    return (action->head + index) % QUEUE_RING;
}

static inline int64_t ring_handle(const struct action_queue *action, size_t index)
{
    return action->ring->handles[ring_place(action, index)];
}

static inline void ring_put(struct action_queue *action, size_t index, int64_t handle,
                            uint32_t bytes)
{
    action->ring->handles[ring_place(action, index)] = handle;
    action->ring->bytes[ring_place(action, index)] = bytes;
}

/* Made at the first need; false without memory. */
static inline bool ring_is_there(struct action_queue *action)
{
    if (!action->ring)
        action->ring = calloc(1, sizeof *action->ring);
    return action->ring;
}

/* False where it is full, or without memory. */
static inline bool ring_append(struct action_queue *action, int64_t handle, uint32_t bytes)
{
    if (!ring_is_there(action) || action->count == QUEUE_RING)
        return false;
    ring_put(action, action->count, handle, bytes);
    action->count++;
    return true;
}

#endif
