/* From the listeners' frames to events in the journal: one batch a turn, each frame answered when
 * the turn is over. */
#ifndef TENTERHOOK_SERVER_RUNNER_INTAKE_H
#define TENTERHOOK_SERVER_RUNNER_INTAKE_H

#include "config/settings.h"
#include "server/ipc/listener_link.h"
#include "server/runner/dispatch.h"
#include "server/runner/trackers.h"

enum { INTAKE_BATCH = 1024, INTAKE_LEARNS = 64, INTAKE_BYTES = 64 << 20 };

struct intake_item {
    struct listener_link *link;
    struct event_frame frame; /* spans into the link */
    struct answer_frame answer;
    enum backlog_room room;      /* that its deliveries have where they wait */
    struct journal_admit *admit; /* NULL: it is no event, */
    struct journal_learn *learn; /* but a key; NULL: no key that is taken */
};

struct intake {
    const struct settings *settings;
    struct trackers *trackers; /* whose questions come over the same links; NULL: nobody's */
    struct intake_item items[INTAKE_BATCH];
    int64_t chosen[INTAKE_BATCH][ROUTE_ACTIONS_MAX]; /* of those whose actions are not all */
    int64_t keys[INTAKE_BATCH][ROUTE_ACTIONS_MAX];   /* of their deliveries, where some have any */
    struct journal_admit admits[INTAKE_BATCH];
    struct journal_learn learns[INTAKE_LEARNS];
    size_t count, admit_count, learn_count, bytes;
    bool is_asked;      /* a question of the health check is in the batch */
    int64_t written_ns; /* when a turn that wrote something was last done; 0: never */
};

/* The longest time for which a dedupe key counts. */
int64_t intake_window_ms(const struct settings *settings);

/* Takes the whole frames of a link into the batch, as long as there is room; questions about events
 * are the trackers'. */
void intake_collect(struct intake *intake, struct listener_link *link);
/* Puts the batch into the turn, and its deliveries into the dispatcher's queue. */
void intake_fill(struct intake *intake, struct journal_turn *turn, struct dispatch *dispatch);
/* The turn is over; NULL: there is none, and all is refused. Answers everything and empties the
 * batch; who is to be answered with output waits for it in the dispatcher. */
void intake_answer(struct intake *intake, const struct journal_turn *turn,
                   struct dispatch *dispatch, unsigned retry_after_s);

#endif
