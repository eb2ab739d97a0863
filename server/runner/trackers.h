/* Questions about events: each is answered once, either at once or when the event has ended or the
 * time of the question is over. At most TRACKERS_WAITING wait; a further one is answered at once.
 */
#ifndef TENTERHOOK_SERVER_RUNNER_TRACKERS_H
#define TENTERHOOK_SERVER_RUNNER_TRACKERS_H

#include "server/ipc/listener_link.h"
#include "server/journal/journal.h"

enum {
    TRACKERS_MAX = 1024,    /* at once */
    TRACKERS_WAITING = 256, /* of those, for an end that has not come */
    TRACKERS_STEP = 128,    /* asked in one turn */
};

/* One question. */
struct tracker {
    struct listener_link *link;
    struct track_frame frame;
    int64_t until_ns; /* monotonic */
    bool is_due;      /* the next turn asks for it */
    size_t asked;     /* the turn under way does, as that track, from 1; 0: it does not */
    bool is_waiting;  /* for the end of these deliveries: */
    int64_t handle;
    size_t count;
};

struct trackers {
    const struct settings *settings;
    struct loop *loop;
    struct tracker *items; /* room for TRACKERS_MAX, in no order */
    size_t count, due, waiting;
    struct journal_track tracks[TRACKERS_STEP];
    char ids[TRACKERS_STEP][ID_TEXT_SIZE];
    struct loop_timer timer; /* the time of one that waits is over */
    bool is_closed;          /* no question waits any more */
};

/* False without memory. */
bool trackers_init(struct trackers *trackers, const struct settings *settings, struct loop *loop);
void trackers_finish(struct trackers *trackers);

/* Takes the next question of the link; false: none comes next. A question that no listener of ours
 * would ask is a fault of the link. */
bool trackers_take(struct trackers *trackers, struct listener_link *link);

/* Whether there is something to ask. */
static inline bool trackers_are_due(const struct trackers *trackers)
{
    return trackers->due > 0;
}

/* Puts the questions that are due into the turn. */
void trackers_fill(struct trackers *trackers, struct journal_turn *turn);
/* The turn is over: done, or refused. */
void trackers_settle(struct trackers *trackers, const struct journal_turn *turn);
/* The journal cannot be read: answers those that are due so. */
void trackers_refuse(struct trackers *trackers);

/* Others have written: any event may have ended. */
void trackers_ask_all(struct trackers *trackers);
/* The server leaves: no question waits any more. */
void trackers_close(struct trackers *trackers);
/* The listener is gone. */
void trackers_forget(struct trackers *trackers, const struct listener_link *link);

#endif
