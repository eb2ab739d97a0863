/* From what the journal has pending to actions under way and back: claims, runs, outcomes.
 * Each turn: dispatch_prepare, then inside the runner's transaction dispatch_write_ended,
 * dispatch_add for each new event and dispatch_write, then dispatch_settle with what the commit
 * said. */
#ifndef TENTERHOOK_SERVER_RUNNER_DISPATCH_H
#define TENTERHOOK_SERVER_RUNNER_DISPATCH_H

#include "server/runner/journal_health.h"
#include "server/runner/queue.h"

enum { DISPATCH_MARKS = 64 };

struct run;

struct run_list {
    struct run *first, *last;
    size_t count;
};

struct dispatch {
    struct journal *journal;
    struct loop *loop;
    uint64_t mark;
    struct lanes lanes;
    struct run_list claimed; /* in the transaction under way */
    size_t claimed_bytes;    /* bodies of those */
    struct run_list started;
    struct run_list ended;           /* the outcome is not committed yet */
    uint64_t living[DISPATCH_MARKS]; /* older runners whose deliveries are left alone */
    size_t living_count;
    int64_t *strays; /* actions in the journal that the configuration does not have any more */
    size_t stray_count;
    bool claiming;
    bool takeover_due, strays_due;
    bool took_over;           /* in the transaction under way */
    bool read_again;          /* the lanes have lost a delivery that is pending still */
    int64_t claims_resume_ns; /* nothing is claimed before: there was no memory */
    int64_t leaving_ns;       /* when the server was told to stop; 0: it was not */
    int64_t outcomes_due_ns;  /* of those in `ended`: they may wait for company until then */
    struct loop_timer outcomes_timer;
};

/* Its own transaction: names the actions. Claims nothing until dispatch_claim. */
bool dispatch_init(struct dispatch *dispatch, const struct settings *settings,
                   struct journal *journal, struct loop *loop, uint64_t mark, struct error *err);
/* Only where nothing is under way. */
void dispatch_finish(struct dispatch *dispatch);

/* ---- a turn ---- */

/* Reads what is pending; `*work` tells whether there is something that has to be written now: an
 * outcome is not for some milliseconds. False on failure. */
bool dispatch_prepare(struct dispatch *dispatch, bool *work);
/* The deliveries of an event that has just been added, and what each is to be given; or, where it
 * is not to be carried out, dead ones for that reason. */
void dispatch_add(struct dispatch *dispatch, const struct route *route, int64_t event,
                  const struct journal_delivery *given);
void dispatch_add_dead(struct dispatch *dispatch, const struct route *route, int64_t event,
                       const char *reason);
/* Whether the configuration has that action of the journal. */
bool dispatch_has_action(const struct dispatch *dispatch, int64_t action);
/* A dead delivery of such an action is pending again; false where that failed. */
bool dispatch_rerun(struct dispatch *dispatch, const struct journal_dead *dead);
/* What has ended; before the frames are looked at, so that a copy of an event that has just failed
 * finds it dead. */
void dispatch_write_ended(struct dispatch *dispatch, struct store *store);
/* What is taken over, and claims. */
void dispatch_write(struct dispatch *dispatch);
void dispatch_settle(struct dispatch *dispatch, bool committed);

/* ---- what the supervisor says ---- */

/* Begins to claim: all that is pending, and all that runs under a mark that is not alive. */
void dispatch_claim(struct dispatch *dispatch);
void dispatch_leave_alone(struct dispatch *dispatch, uint64_t mark);
void dispatch_gone(struct dispatch *dispatch, uint64_t mark);
/* Claims nothing any more. */
void dispatch_hold(struct dispatch *dispatch);
/* The server is told to stop, which may be what a command under way has done. */
void dispatch_note_stop(struct dispatch *dispatch);
/* Ends the runs that must be recalled (or all of them) by `deadline_ns`. */
void dispatch_stop(struct dispatch *dispatch, bool all, int64_t deadline_ns);

/* Others have committed: look for what is new. */
void dispatch_look(struct dispatch *dispatch);
/* The journal was opened anew: what it says and what we know are compared. */
void dispatch_recover(struct dispatch *dispatch);

/* Runs whose end is not committed yet: all, or those that must be recalled. */
size_t dispatch_running(const struct dispatch *dispatch, bool all);

#endif
