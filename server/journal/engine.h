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
bool engine_add_key(struct journal_turn *turn, struct bytes route, struct bytes provider,
                    struct bytes key);
/* One more delivery of the event that `track` asks about, which has just been asked. */
bool engine_add_progress(struct journal_turn *turn, struct journal_track *track,
                         struct bytes action, const struct journal_progress *progress);
/* A copy of it in the turn; NULL without memory, and where the turn has enough of them. */
const struct journal_answer *engine_add_answer(struct journal_turn *turn,
                                               const struct journal_answer *answer);
/* Without memory the log does not hear of it. */
void engine_add_death(struct journal_turn *turn, const struct bytes texts[5], unsigned attempt);
enum { DEATH_ID, DEATH_ROUTE, DEATH_ACTION, DEATH_CLIENT, DEATH_REASON };

/* Keeps the actions of the route file, whose numbers are known. */
bool engine_know_actions(struct journal *journal, const struct journal_setup *setup);
/* The action of that number; NULL: the route file does not have it. */
const struct journal_action *engine_find_action(const struct journal *journal, int64_t number);
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
    size_t open, done; /* deliveries */
    size_t dead_count;
    struct journal_dead {
        int64_t handle, action;
        bool given_up; /* it may be what ends the server: crashes or stops */
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
