/* How the journal is: what waits, runs and has failed, for `tenterhook status` and `cancel`. Reads
 * beside a running server, in short transactions. */
#ifndef TENTERHOOK_SERVER_JOURNAL_STATUS_READER_H
#define TENTERHOOK_SERVER_JOURNAL_STATUS_READER_H

#include "base/bytes.h"
#include "base/error.h"

#include <stdint.h>

struct journal_status;

/* NULL with the sentence. */
struct journal_status *journal_status_open(const char *path, struct error *err);
void journal_status_close(struct journal_status *status);
/* Why the last call has failed; returns false. */
bool journal_status_explain(const struct journal_status *status, struct error *err);

enum status_state {
    STATUS_PENDING,
    STATUS_RUNNING,
    STATUS_DONE,
    STATUS_DEAD,
    STATUS_SUPERSEDED,
    STATUS_STATES
};
extern const char *const status_state_names[STATUS_STATES];

/* Deliveries of a route, by state; those that tell of failures apart. */
struct status_counts {
    const char *route;
    int64_t by_state[STATUS_STATES];
};

/* Of every route that the journal has deliveries of, by name; all of them are looked at, some
 * ten thousand in one transaction. */
bool journal_status_counts(struct journal_status *status,
                           void (*each)(void *context, const struct status_counts *counts),
                           void *context);

/* Texts until the callback returns, or the next call. */
struct status_delivery {
    struct bytes id, route, action, reason;
    int64_t received_ms, ended_ms, due_ms; /* 0: not known */
};

/* The delivery that has waited longest of those that may start, of routes that are not paused; the
 * next that waits for its time; the dead one that has ended last, cancelled ones apart. False also
 * where there is none: journal_status_is_well tells. */
bool journal_status_oldest(struct journal_status *status, int64_t now_ms,
                           struct status_delivery *found);
bool journal_status_next_due(struct journal_status *status, struct status_delivery *found);
bool journal_status_newest_dead(struct journal_status *status, struct status_delivery *found);
/* Of those that tell of failures: the dead one that has ended last, while what it was to tell of is
 * still dead. */
bool journal_status_newest_untold(struct journal_status *status, struct status_delivery *found);
/* Pending deliveries whose latest attempt could not be started, and the last of them. False also
 * where there is none. Looks at all that wait for another attempt. */
bool journal_status_not_started(struct journal_status *status, int64_t *count,
                                struct status_delivery *newest);
bool journal_status_is_well(const struct journal_status *status);

/* Dead deliveries that nobody has cancelled. */
bool journal_status_count_dead(struct journal_status *status, int64_t *count);

/* Every action that the journal knows; its number is for the question below. */
bool journal_status_actions(struct journal_status *status,
                            void (*each)(void *context, int64_t number, struct bytes route,
                                         struct bytes action),
                            void *context);
/* Deliveries of an action that the route file no longer has: those that wait for it all the same,
 * and those that are dead for this reason. */
bool journal_status_orphans(struct journal_status *status, int64_t action, int64_t *pending,
                            int64_t *dead);

/* Pages in the log, and how many of them the checkpointer has copied into the file; false where
 * there is no log, or it is just being begun anew. */
bool journal_status_log(struct journal_status *status, uint32_t *pages, uint32_t *copied);

bool journal_status_paused(struct journal_status *status,
                           void (*each)(void *context, struct bytes route, int64_t since_ms,
                                        struct bytes why),
                           void *context);

/* The open deliveries of event `seq`: `runner` is 0 of one that is pending. */
bool journal_status_open_of(struct journal_status *status, int64_t seq,
                            void (*each)(void *context, struct bytes action, uint64_t runner),
                            void *context);

#endif
