/* How much is pending, of each route and in all, and whether an event may make it more: `queue` of
 * a route and `journal.queue`. */
#ifndef TENTERHOOK_SERVER_RUNNER_BACKLOG_H
#define TENTERHOOK_SERVER_RUNNER_BACKLOG_H

#include "base/loop.h"
#include "server/runner/flow.h"
#include "server/runner/queue.h"

enum {
    BACKLOG_RETRY_S = 30, /* when a sender is to come again */
};

/* Of a route, or of all. */
struct backlog_count {
    int64_t deliveries, bytes;
    struct queue_limit limit;
    const char *route; /* NULL: all */
    bool is_full;      /* an event was refused, and there is no room since */
};

struct backlog {
    struct loop *loop;
    struct queue *queue;
    struct backlog_count all, *routes; /* in the order of the queue's */

    /* the walk along what is pending, one action after the other */
    int64_t *open; /* actions that have something */
    size_t open_count, at;
    struct journal_tally tally;              /* of the action that it is at: a step */
    int64_t found_deliveries, found_bytes;   /* of it, up to tally.after */
    bool is_wanted, asks_open, is_under_way; /* to be begun; begun by this turn; begun */
    bool is_counted;                         /* one has ended */
    int64_t due_ns, began_ns, ended_ns;      /* of the next step; of the last walk */
    struct loop_timer timer;
};

/* Nothing is counted yet. All that is pointed to outlives it. */
bool backlog_init(struct backlog *backlog, const struct settings *settings, struct queue *queue,
                  struct loop *loop, struct error *err);
void backlog_finish(struct backlog *backlog);

/* ---- room ---- */

enum backlog_room { BACKLOG_ROOM, BACKLOG_ROUTE_FULL, BACKLOG_ALL_FULL };

/* Whether an event with so many deliveries may come; if so, it counts until backlog_release. */
enum backlog_room backlog_reserve(struct backlog *backlog, const struct route_queue *route,
                                  size_t deliveries, size_t body_bytes);
/* What was reserved is pending by now, or not at all. */
void backlog_release(struct backlog *backlog, const struct route_queue *route, size_t deliveries,
                     size_t body_bytes);
/* Whether no event of any route may come. */
bool backlog_is_full(const struct backlog *backlog);

/* ---- counting ---- */

/* A delivery is pending (1), or not any more (-1). */
void backlog_change(struct backlog *backlog, struct action_queue *action, int64_t handle,
                    int64_t bytes, int change);
/* Others have changed what is pending: it is counted again, after a while, in small steps. */
void backlog_recount(struct backlog *backlog);
/* Whether a step of that is due. */
bool backlog_is_due(const struct backlog *backlog);
void backlog_fill(struct backlog *backlog, struct journal_turn *turn);
/* The turn is done: what it tells was so before anything that it has changed. */
void backlog_load(struct backlog *backlog, const struct journal_turn *turn);

#endif
