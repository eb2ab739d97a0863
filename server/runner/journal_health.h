/* Whether the journal takes what it is given: the latch that is set by a failure and opened by
 * proof, and the floor of free space. Each change of it is logged once. */
#ifndef TENTERHOOK_SERVER_RUNNER_JOURNAL_HEALTH_H
#define TENTERHOOK_SERVER_RUNNER_JOURNAL_HEALTH_H

#include "base/loop.h"
#include "config/settings.h"
#include "server/journal/journal.h"

struct journal_health {
    struct journal *journal;
    struct loop *loop;
    const struct journal_settings *settings;
    enum store_status status; /* STORE_OK: the next transaction may be tried */
    enum store_status said;   /* what the log knows; STORE_OK is said when it has lasted */
    int64_t since_ns;         /* of the last change that was said */
    int64_t settles_ns;       /* when STORE_OK will have lasted */
    int64_t busy_since_ns;    /* somebody else's lock is being waited for; 0: no */
    struct loop_timer retry;
    int64_t room;               /* bytes above the floor, in this turn */
    bool low_space, no_outputs; /* what the log knows */
    /* After the journal was closed, opened and checked: what is in memory is to be made anew.
     * False: that failed, and so has the journal. */
    bool (*reopened)(void *owner);
    void *owner;
};

void journal_health_init(struct journal_health *store, struct journal *journal, struct loop *loop,
                         const struct journal_settings *settings, bool (*reopened)(void *owner),
                         void *owner);
void journal_health_finish(struct journal_health *store);

enum journal_health_turn {
    HEALTH_TURN_BEGUN,  /* a transaction is open */
    HEALTH_TURN_WAIT,   /* the lock is somebody else's at the moment: leave all as it is, a timer
                          brings the next turn */
    HEALTH_TURN_REFUSE, /* the journal takes nothing */
};

enum journal_health_turn journal_health_begin(struct journal_health *store);
/* Commits, or rolls back what has failed. True if it is on disk. */
bool journal_health_commit(struct journal_health *store);
/* A failure outside of a transaction. */
void journal_health_fail(struct journal_health *store);

/* What is written in a turn is bounded by the space on its disk. */
enum room_for { ROOM_FOR_EVENTS, ROOM_FOR_OUTPUTS };

/* At the beginning of a turn. */
void journal_health_look_at_space(struct journal_health *store);
/* Whether so many bytes may be written: events above `min_free`, outputs of commands above half of
 * it. The rest is for what has to be written: claims, outcomes, and copying the log. */
bool journal_health_has_room(const struct journal_health *store, enum room_for what, size_t bytes);
/* Takes it, if it is there; the log hears once if it is not. */
bool journal_health_take_room(struct journal_health *store, enum room_for what, size_t bytes);

/* What to tell those who are refused, in seconds. */
unsigned journal_health_retry_after_s(const struct journal_health *store);

#endif
