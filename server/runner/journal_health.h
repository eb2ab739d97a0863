/* Whether the journal takes what it is given: the latch that is set by a failure and opened by
 * proof, and the floor of free space. Each change of it is logged once. */
#ifndef TENTERHOOK_SERVER_RUNNER_JOURNAL_HEALTH_H
#define TENTERHOOK_SERVER_RUNNER_JOURNAL_HEALTH_H

#include "base/loop.h"
#include "config/settings.h"
#include "server/journal/journal.h"

struct store {
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

void store_init(struct store *store, struct journal *journal, struct loop *loop,
                const struct journal_settings *settings, bool (*reopened)(void *owner),
                void *owner);
void store_finish(struct store *store);

enum store_turn {
    STORE_TURN_BEGUN,  /* a transaction is open */
    STORE_TURN_WAIT,   /* the lock is somebody else's at the moment: leave all as it is, a timer
                          brings the next turn */
    STORE_TURN_REFUSE, /* the journal takes nothing */
};

enum store_turn store_begin(struct store *store);
/* Commits, or rolls back what has failed. True if it is on disk. */
bool store_commit(struct store *store);
/* A failure outside of a transaction. */
void store_fail(struct store *store);

/* What is written in a turn is bounded by the space on its disk. */
enum room_for { ROOM_FOR_EVENTS, ROOM_FOR_OUTPUTS };

/* At the beginning of a turn. */
void store_look_at_space(struct store *store);
/* Whether so many bytes may be written: events above `min_free`, outputs of commands above half of
 * it. The rest is for what has to be written: claims, outcomes, and copying the log. */
bool store_has_room(const struct store *store, enum room_for what, size_t bytes);
/* Takes it, if it is there; the log hears once if it is not. */
bool store_take_room(struct store *store, enum room_for what, size_t bytes);

/* What to tell those who are refused, in seconds. */
unsigned store_retry_after_s(const struct store *store);

#endif
