/* What a replay is about: deliveries of events, by their numbers. */
#ifndef TENTERHOOK_SERVER_CLI_REPLAY_PLAN_H
#define TENTERHOOK_SERVER_CLI_REPLAY_PLAN_H

#include "server/journal/editor.h"
#include "server/journal/reader.h"

struct replay_plan {
    struct planned {
        int64_t event, delivery;
        bool is_open; /* while it is waited for */
    } * items;        /* those of an event side by side */
    size_t count, capacity, events;
    bool is_short; /* of memory */
};

void replay_plan_finish(struct replay_plan *plan);

/* Adds the deliveries of the event that would be replayed. False where the reader is not well or
 * there is no memory. */
bool replay_plan_add(struct replay_plan *plan, struct journal_reader *reader, int64_t event,
                     const struct replay_choice *choice);

/* Adds the items of one event; false without memory. */
bool replay_plan_take(struct replay_plan *plan, const struct planned *items, size_t count);

/* Waits until all of them have ended, and prints how each did. An exit code: EXIT_NO if one is
 * dead.
 */
int replay_plan_wait(struct replay_plan *plan, struct journal_reader *reader);

#endif
