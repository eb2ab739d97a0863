/* From what is pending in the journal to attempts under way and back: claims, attempts, outcomes.
 * Of each turn of the journal: dispatch_fill, dispatch_push for each new event and dispatch_choose,
 * then, when it is completed, dispatch_settle. */
#ifndef TENTERHOOK_SERVER_RUNNER_DISPATCH_H
#define TENTERHOOK_SERVER_RUNNER_DISPATCH_H

#include "base/loop.h"
#include "handlers/action/body_files.h"
#include "handlers/action/process_tree.h"
#include "server/runner/answers.h"
#include "server/runner/attempt_list.h"
#include "server/runner/due.h"
#include "server/runner/elsewhere.h"
#include "server/runner/failure_line.h"
#include "server/runner/gate.h"
#include "server/runner/pending.h"
#include "server/runner/queue.h"

enum {
    DISPATCH_RUNNERS_MAX = 64,
    DISPATCH_CLAIMS_MAX = 256, /* in one turn: with the bodies read, it stays short */
};

/* Who wants to know of attempts. */
struct dispatch_watcher {
    void (*started)(void *owner, struct attempt *attempt);
    void (*settled)(void *owner, const struct attempt *attempt); /* its outcome is in the journal */
    void *owner;
};

struct dispatch {
    struct journal *journal;
    struct loop *loop;
    char file[FAILURE_FILE_SIZE]; /* the route file, absolute; empty: nobody knows */
    struct queue queue;
    struct gates gates;
    struct backlog backlog;
    struct body_files body_files;
    struct process_forest forest;
    struct answers answers;                 /* senders that wait for outputs */
    const struct dispatch_watcher *watcher; /* NULL: nobody */

    /* the turn under way */
    struct journal_want wants[DISPATCH_CLAIMS_MAX];
    struct reservation reserved[DISPATCH_CLAIMS_MAX];
    size_t want_count, reserved_count, wants_held;
    size_t reserved_bytes;       /* bodies of those */
    struct attempt_list claimed; /* made by it */
    struct attempt_list written; /* ended, their outcomes are in it */
    struct elsewhere elsewhere;  /* and what is asked about it */
    struct journal_take_over take_over;
    struct journal_abandon abandon;
    uint64_t live_told[DISPATCH_RUNNERS_MAX]; /* and `ours`: of the take-over */
    int64_t *ours;
    bool no_memory;

    struct attempt_list started;
    struct attempt_list ended;           /* the outcome is in no turn yet */
    uint64_t live[DISPATCH_RUNNERS_MAX]; /* older runners whose deliveries are left alone */
    size_t live_count;
    bool claiming;
    bool takeover_due, orphans_due;
    bool read_again;          /* the queue has lost a delivery that is pending still */
    int64_t claims_resume_ns; /* nothing is claimed before: there was no memory */
    int64_t leaving_ns;       /* when the server was told to stop; 0: it was not */
    bool stops, stops_all;    /* what starts from now on is stopped, too: */
    bool recalls;             /* each in the time that its kind has, from then on, */
    int64_t stop_ns;          /* or by then */
    int64_t outcomes_due_ns;  /* of those in `ended`: they may wait for company until then */
    struct loop_timer outcomes_timer;

    /* deliveries that wait for their time, which is the retry clock's */
    struct due due;
};

/* Claims nothing until dispatch_claim. */
bool dispatch_init(struct dispatch *dispatch, const struct settings *settings, struct loop *loop,
                   struct error *err);
/* Where cgroups are made; NULL: nowhere. */
struct process_forest *dispatch_forest(struct dispatch *dispatch);
/* Commands have cgroups from now on. Copies the forest. */
void dispatch_contain(struct dispatch *dispatch, const struct process_forest *forest,
                      uint64_t runner_id);
/* Before anything else: the journal, opened with the actions of the queue. */
void dispatch_begin(struct dispatch *dispatch, struct journal *journal,
                    const struct journal_action *actions);
/* Only where nothing is under way. */
void dispatch_finish(struct dispatch *dispatch);

/* ---- a turn ---- */

/* Whether there is something that has to be written or asked now: an outcome is not for some
 * milliseconds. */
bool dispatch_is_due(struct dispatch *dispatch);
/* Puts what there is into the turn, but for claims. */
void dispatch_fill(struct dispatch *dispatch, struct journal_turn *turn);
/* The deliveries of an admission of the turn: they can be chosen. */
void dispatch_push(struct dispatch *dispatch, const struct journal_turn *turn, size_t admit);
/* Last of all: what is to be claimed. */
void dispatch_choose(struct dispatch *dispatch, struct journal_turn *turn);
/* As a turn wants it; makes the attempt. */
bool dispatch_take(struct dispatch *dispatch, int64_t action, int64_t handle,
                   const struct journal_delivery *delivery);
/* The turn is over: done, or refused. */
void dispatch_settle(struct dispatch *dispatch, const struct journal_turn *turn);

/* ---- what the supervisor says ---- */

/* Begins to claim: all that is pending, and all that runs under the id of a runner that is not
 * live. */
void dispatch_claim(struct dispatch *dispatch);
void dispatch_leave_alone(struct dispatch *dispatch, uint64_t runner_id);
void dispatch_gone(struct dispatch *dispatch, uint64_t runner_id);
/* Claims nothing any more. */
void dispatch_hold(struct dispatch *dispatch);
/* Whether it has read which routes are paused, and starts nothing of them. False before it claims,
 * because until then the runner before may start something. */
bool dispatch_obeys_pauses(const struct dispatch *dispatch);
/* The server is told to stop, which may be what a command under way has done. */
void dispatch_note_stop(struct dispatch *dispatch);
/* Ends the attempts of actions that take no slot (or all of them) by `deadline_ns`. */
void dispatch_stop(struct dispatch *dispatch, bool all, int64_t deadline_ns);
/* Ends those that must be recalled, from `now_ns` on in the time that their kind gives them. */
void dispatch_recall(struct dispatch *dispatch, int64_t now_ns);
/* The longest of these times, whether anything is under way or not. */
int64_t dispatch_recall_ns(const struct dispatch *dispatch);

/* The output of the delivery answers a sender. */
void dispatch_await(struct dispatch *dispatch, const struct awaited *awaited);
/* A listener is gone, and nobody behind it waits any more. */
void dispatch_forget_link(struct dispatch *dispatch, const struct listener_link *link);

/* Others have committed: look for what is new. */
void dispatch_refresh(struct dispatch *dispatch);
/* They have done something else than to add deliveries: all is read anew. */
void dispatch_read_anew(struct dispatch *dispatch);
/* The journal was opened anew: what it says and what we know are compared. */
void dispatch_recover(struct dispatch *dispatch);

/* Attempts whose end is not committed yet: all, or those that take no slot. */
size_t dispatch_running(const struct dispatch *dispatch, bool all);
/* Attempts that have ended and wait to be written, once nothing else is under way; else 0. */
size_t dispatch_unwritten(const struct dispatch *dispatch);

#endif
