/* The tables of the engine in memory, and how its files find rows. */
#ifndef TENTERHOOK_TESTS_JOURNAL_MEMORY_ROWS_H
#define TENTERHOOK_TESTS_JOURNAL_MEMORY_ROWS_H

#include "journal_memory.h"
#include "journal_memory_routes.h"

#include "server/journal/engine.h"

enum { EVENTS_MAX = 4096, ACTIONS_MAX = 64, PROVISIONED_MAX = 16, TOLD_MAX = 16 };

struct delivery_row {
    int64_t handle, action;
    enum memory_state state;
    uint64_t runner_id;
    unsigned attempt, takeovers, stops, failures;
    int64_t due_ms, wait_ms;
    bool given_up, alone;
    int64_t key, fold, since_ms;
    char superseded_by[ID_TEXT_SIZE]; /* "": by none */
    struct journal_answer answer;     /* how the last attempt ended */
    struct bytes reason, error_output;
    int64_t ended_ms;
};

struct event_row {
    int64_t seq;
    struct event event;
    bool has_body, quarantined;
    unsigned reruns;
    size_t first, count; /* of its deliveries; none: they are gone */
    bool gone;
};

struct action_row {
    char route[64], name[64];
};

struct told_row {
    char name[64];
    int64_t told_ms, untold, event_ms;
    bool told_silence, told_refusal;
};

struct key_row {
    char route[64], provider[64];
    uint8_t key[256];
    size_t length;
};

struct tables {
    struct route_table routes;
    struct told_row told[TOLD_MAX];
    struct event_row events[EVENTS_MAX];
    struct delivery_row deliveries[EVENTS_MAX * 2];
    struct action_row actions[ACTIONS_MAX];
    struct key_row keys[PROVISIONED_MAX];
    size_t event_count, delivery_count, action_count, key_count;
    int64_t horizon_ms, due_offset_ms;
};

static inline struct event_row *memory_event(struct tables *tables, int64_t handle)
{
    for (size_t i = 0; i < tables->event_count; i++)
        if (tables->events[i].seq == handle / JOURNAL_ACTIONS_MAX && !tables->events[i].gone)
            return &tables->events[i];
    return NULL;
}

static inline struct delivery_row *memory_delivery(struct tables *tables, int64_t handle)
{
    for (size_t i = 0; i < tables->delivery_count; i++)
        if (tables->deliveries[i].handle == handle)
            return &tables->deliveries[i];
    return NULL;
}

static inline struct journal_due memory_due(struct tables *tables, const struct delivery_row *row)
{
    const struct event_row *event = memory_event(tables, row->handle);
    return (struct journal_due){row->action, row->handle,
                                event ? (uint32_t)event->event.body.length : 0, row->key};
}

static inline int64_t memory_key(const struct journal_admit *admit, size_t place)
{
    return admit->keys ? admit->keys[place] : 0;
}

#endif
