/* What every engine of the journal is made with: the memory that a turn tells from, the actions of
 * the route file, and what a copy of an event brings about. */
#ifndef TENTERHOOK_SERVER_JOURNAL_ENGINE_H
#define TENTERHOOK_SERVER_JOURNAL_ENGINE_H

#include "server/journal/journal.h"

/* At the beginning of a submit: everything out is empty. */
void engine_begin(struct journal_turn *turn);
/* What is not said of a turn that has failed. */
void engine_forget(struct journal_turn *turn);

/* False without memory. */
bool engine_add_number(struct journal_numbers *list, int64_t number);
bool engine_add_due(struct journal_dues *list, const struct journal_due *due);
bool engine_add_superseded(struct journal_replaced *list, const struct journal_superseded *one);
bool engine_add_key(struct journal_turn *turn, struct bytes route, struct bytes provider,
                    struct bytes key);
/* `paused_ms` 0: it is not paused. */
bool engine_add_route(struct journal_turn *turn, struct bytes name, struct bytes why,
                      int64_t paused_ms, unsigned deaths);
/* NULL: nobody counts the deaths of the route. */
struct journal_streak *engine_find_streak(const struct journal_turn *turn, struct bytes route);
bool engine_add_heard(struct journal_turn *turn, struct bytes route,
                      const struct journal_heard *heard);
/* One more delivery of the event that `track` asks about, which has just been asked. */
bool engine_add_progress(struct journal_turn *turn, struct journal_track *track,
                         struct bytes action, const struct journal_progress *progress);
/* A copy of it in the turn; NULL without memory, and where the turn has enough of them. */
const struct journal_answer *engine_add_answer(struct journal_turn *turn,
                                               const struct journal_answer *answer);
/* How long a delivery waits from now on that takes the place of a burst which began at `since_ms`;
 * at least a millisecond, so that what is due tells of it. */
int64_t engine_burst_wait_ms(const struct journal_turn *turn, const struct journal_fold *fold,
                             int64_t since_ms);
/* Without memory the log does not hear of it. */
void engine_add_death(struct journal_turn *turn, int64_t handle, const struct bytes texts[5],
                      unsigned attempt);
enum { DEATH_ID, DEATH_ROUTE, DEATH_ACTION, DEATH_CLIENT, DEATH_REASON };

/* Keeps the actions of the route file, whose numbers are known. */
bool engine_know_actions(struct journal *journal, const struct journal_setup *setup);
/* The action of that number; NULL: the route file does not have it. */
const struct journal_action *engine_find_action(const struct journal *journal, int64_t number);
/* Calls `tell` for each delivery of the turn that is dead now, as far as its outcome or its death
 * says: a later part of the turn may have had it rerun. */
void engine_tell_failures(const struct journal *journal, struct journal_turn *turn,
                          void (*tell)(void *context, struct journal_turn *turn, int64_t handle),
                          void *context);
/* Whether a delivery with that handle tells of a failure. */
static inline bool engine_is_teller(int64_t handle)
{
    return handle % JOURNAL_ACTIONS_MAX >= JOURNAL_TELLER_FIRST;
}
/* Whether a delivery of that action, which was left so often by its runner, runs alone: one of
 * those that ran then may be what ends the runner, and that tells which. */
bool engine_must_be_alone(const struct journal *journal, int64_t action, unsigned takeovers);
/* Frees what engine_know_actions and `orphans` hold. */
void engine_finish(struct journal *journal);

/* What became of an event of which a copy has come. */
struct journal_known {
    unsigned reruns;
    bool quarantined; /* its schema refused it, and nobody has replayed it since */
    bool has_body;
    uint32_t bytes;    /* of the body */
    size_t open, done; /* deliveries; what a newer event has superseded is done */
    size_t dead_count;
    struct journal_dead {
        int64_t handle, action;
        bool given_up; /* it may be what ends the server: crashes or stops */
        int64_t key;
    } dead[JOURNAL_ACTIONS_MAX];
};

/* What a copy brings about. */
enum rerun {
    RERUN_NOTHING,
    RERUN_DEAD,         /* the deliveries that are left in `known` are pending again */
    RERUN_DEAD_IF_SAME, /* as that if type and body are the same; else RERUN_NEW_EVENT */
    RERUN_NEW_EVENT,
};

/* Inside the transaction, which is over before anything of it is said. With RERUN_NOTHING `admit`
 * tells why. */
enum rerun rerun_decide(const struct journal *journal, struct journal_known *known,
                        struct journal_admit *admit);

#endif
