/* The journal: what was acknowledged, what is still to be carried out, what became of it.
 *
 * A turn is data, submitted and completed. What a runner has to write and to ask goes in together,
 * is applied as a whole or not at all, and comes back with what became of each. An engine is a
 * table of functions; SQLite's completes a turn before submit returns, another one may complete it
 * later from the loop, so the caller relies on neither. Why it has this shape:
 * docs/decisions/journal-turn.md.
 *
 * A handle names a delivery. It is the engine's, greater than 0 and less than JOURNAL_HANDLE_END,
 * and ordered: the delivery with the lower one was journalled first. The deliveries of one event
 * have handles that follow each other, in the order of its actions. */
#ifndef TENTERHOOK_SERVER_JOURNAL_JOURNAL_H
#define TENTERHOOK_SERVER_JOURNAL_JOURNAL_H

#include "base/id.h"
#include "base/loop.h"
#include "config/settings.h"
#include "server/event.h"
#include "server/ipc/frame.h"
#include "server/journal/notice_event.h"

#include <assert.h>

struct journal;
struct journal_turn;
struct outcome;
struct shared;

enum {
    JOURNAL_ACTIONS_MAX = 256, /* deliveries of one event */
    /* The places of those that tell of failures: the second is for what fails while the first runs.
     * The actions of a route have the places before. */
    JOURNAL_TELLER_LAST = JOURNAL_ACTIONS_MAX - 1,
    JOURNAL_TELLER_FIRST = JOURNAL_ACTIONS_MAX - 2,
    JOURNAL_TOLD_OUTPUT = 4096, /* bytes of each output of a failure that are told */
    JOURNAL_RERUNS_MAX = 10,    /* how often copies of an event have its dead deliveries rerun */
    JOURNAL_ANSWERS_MAX = 16 << 20,
    JOURNAL_WOKEN_MAX = 1024,
    JOURNAL_CRASHES_ALONE = 2, /* a delivery that was left so often by its runner runs alone */
};
#define JOURNAL_HANDLE_END (INT64_MAX / 2)
_Static_assert((int)ROUTE_ACTIONS_MAX <= (int)JOURNAL_TELLER_FIRST, "places for tellers");
/* The reason of a delivery that people have cancelled. */
#define JOURNAL_CANCELLED "cancelled"

/* ---- what goes into a turn and comes back ---- */

/* A set of places among the deliveries of an event. */
struct journal_places {
    uint64_t words[JOURNAL_ACTIONS_MAX / 64];
};

static inline void journal_places_add(struct journal_places *places, size_t place)
{
    places->words[place / 64] |= UINT64_C(1) << place % 64;
}

static inline bool journal_places_has(const struct journal_places *places, size_t place)
{
    return places->words[place / 64] >> place % 64 & 1;
}

/* What became of an event that was to be admitted. */
enum journal_admitted {
    ADMIT_ACCEPTED,
    ADMIT_DUPLICATE, /* `id` is that of the first */
    ADMIT_RERUN,     /* as that, and the dead deliveries of the first are pending again: `reruns` */
    ADMIT_NO_ROOM,   /* it does not fit into `room` */
    ADMIT_QUEUE_FULL, /* with `queue_full`: it would have to wait */
};

/* How the delivery ended whose output answers the sender of a copy. */
struct journal_answer {
    struct journal_answer *next;
    int exit_status; /* -1: none */
    struct bytes output;
    uint64_t output_total; /* more than `output` has: the rest is not kept, or too long */
};

/* A burst becomes its last event: a delivery takes the place of those of its action and key that
 * wait for the end of their burst, and waits until `window_ms` are over, but not longer than
 * `most_ms` after the first of them. */
struct journal_fold {
    int64_t key; /* 0: the event is none of a burst */
    int64_t window_ms, most_ms;
};

struct journal_admit {
    struct event *event;    /* borrowed until the turn is completed; the engine gives it its id */
    const int64_t *actions; /* their numbers; one delivery for each */
    size_t action_count;
    int64_t window_ms;           /* how long its dedupe key counts */
    bool keeps_dead;             /* a copy does not have dead deliveries rerun */
    bool queue_full;             /* nothing is to become pending: only a copy that has no effect is
                                    answered */
    const char *dead_reason;     /* its deliveries are dead from the start; NULL: they are not */
    struct journal_places claim; /* deliveries that are to be born running */
    const int64_t *keys; /* of each delivery, by which it is limited; 0, and NULL: by none */
    struct journal_places cancels; /* deliveries that take the place of what is open of their action
                                      and key: that is superseded, or is to be stopped */
    struct journal_fold fold;
    int64_t answering;  /* the action whose output answers the sender; 0: none */
    size_t answer_most; /* bytes of that output */

    enum journal_admitted result;
    char id[ID_TEXT_SIZE];
    int64_t handle;                /* ADMIT_ACCEPTED: of its first delivery */
    int64_t due_ms;                /* and with `fold`, when the first of them is due */
    struct journal_places claimed; /* of `claim`, those that `hold` has taken */
    enum frame_duplicate why;      /* ADMIT_DUPLICATE: why the copy has no effect, */
    bool can_replay;               /* and whether people can replay the first */
    /* With `answering`: the delivery of that action which is to be carried out; 0: none. Then how
     * that of the first has ended; NULL: it has not, or nobody knows any more. */
    int64_t answer_handle;
    const struct journal_answer *answer;

    uint64_t own[2]; /* of the engine, while the turn is under way */
};

enum delivery_state {
    DELIVERY_PENDING,
    DELIVERY_RUNNING,
    DELIVERY_DONE,
    DELIVERY_DEAD,
    DELIVERY_SUPERSEDED,
    DELIVERY_STATES
};

/* How often in a row deliveries of a route have died. The journal counts them: a death counts one
 * more, a delivery that is done begins anew. */
struct journal_streak {
    const char *route;
    unsigned pause_at; /* so many pause the route, */
    int64_t teller;    /* and this action is told of it, by an event; 0: nobody is */

    unsigned deaths; /* as the journal has them; also in: nothing is written where there are none */
    bool paused;     /* by this turn */
    char told_id[ID_TEXT_SIZE]; /* of the event that tells of that; "": there is none */
};

/* What became of a delivery that was carried out by this runner. */
struct journal_finish {
    struct journal_finish *next;
    int64_t handle;
    unsigned attempt;
    const struct outcome *outcome; /* OUTCOME_INTERRUPTED gives the delivery back */
    int64_t ended_ms;
    int64_t wait_ms;    /* it is pending again, and due so long after `due_ms` of the turn; 0: dead
                           where it has failed, due at once where it was interrupted */
    bool stopped_early; /* a stop of the server interrupted it soon after its start, which the
                           command may have caused: dead when that has happened too often */
    struct journal_streak *streak; /* of its route, one of the turn's; NULL: nobody counts */
    int64_t told; /* failures that were counted, and that a teller which is done has told of */

    bool applied;              /* false: this attempt of this runner was not under way any more */
    enum delivery_state state; /* if it was: the delivery's now */
};

/* A delivery that the queue has chosen. */
struct journal_want {
    int64_t handle;
    bool is_alone; /* nothing else that counts crashes runs here, or will before it has ended */
    enum {
        WANT_CLAIMED,
        WANT_GONE,      /* it is not pending any more, or put off until it may tell of a failure */
        WANT_LOST,      /* it was pending, and is dead, because its event is gone */
        WANT_NO_MEMORY, /* `hold` has not taken it: it stays pending */
        WANT_NOT_ALONE, /* it must be alone, and would not be: it stays pending */
    } result;
};

/* What an attempt of a delivery needs; spans until `hold` returns. */
struct journal_delivery {
    unsigned attempt;
    unsigned failures;  /* attempts that have failed since it was stored or replayed */
    unsigned takeovers; /* how often its runner has left it */
    int64_t key;
    struct event event;
    const struct delivery_failure *failure; /* of a teller, why it runs; else NULL */
};

struct journal_due {
    int64_t action, handle;
    uint32_t bytes; /* of the body */
    int64_t key;    /* not of looks: they are for actions that ask for no key */
};

/* Asks for the pending deliveries of an action that are due, behind `after`, in order. */
struct journal_look {
    int64_t action, after;
    size_t room;

    size_t count; /* so many of `due`, behind those of the looks before */
};

/* The first pending delivery of a key. */
struct journal_head {
    int64_t key, action, handle;
    int64_t due_ms; /* it waits until then */
    uint32_t bytes; /* of the body */
    bool more;      /* others are pending behind it */
};

/* Asks for the first pending delivery of a key, or of one key after the other, among those of some
 * actions that are limited together. */
struct journal_key_look {
    const int64_t *actions;
    size_t action_count;
    enum journal_key_scope {
        KEYS_AFTER, /* of each key behind `key` */
        KEYS_ONE,   /* of `key` */
        KEYS_NONE,  /* of those without a key, behind the handle `after`: an index does not find
                       them, so a look goes on where the one before has ended */
        KEYS_ANY,   /* of all, whatever their keys */
    } scope;
    int64_t key, after;
    bool only_due;              /* what is not due yet is passed over */
    struct journal_head *heads; /* with room for so many: */
    size_t room;

    size_t count;
    bool goes_on;    /* it has not come to the end, */
    int64_t reached; /* but to this key, or handle */
};

/* Asks about a delivery that was running, here or elsewhere, or that waited. */
struct journal_watch {
    int64_t handle, action, key;

    bool is_over;              /* it is not running */
    enum delivery_state state; /* DELIVERY_DEAD, too, where it is gone */
    char by[ID_TEXT_SIZE];     /* the event that takes its place; "": there is none */
};

/* A delivery whose place a newer event has taken. */
struct journal_superseded {
    int64_t action, handle, key;
    uint32_t bytes;  /* of its body */
    bool is_running; /* it is to be stopped, if we run it */
    const char *by;  /* id of that event, which is in an admission of the turn */
};

/* Counts what is pending of an action behind `after`, whenever it is due; at most `room`
 * deliveries, in order. */
struct journal_tally {
    int64_t action, after;
    size_t room;

    size_t count;  /* `room`: there may be more, */
    int64_t bytes; /* of their bodies */
    int64_t last;  /* behind this one; as `after` where there is none */
};

/* A key that a sender has delivered: kept, unless its route has one. */
struct journal_learn {
    const char *route, *provider;
    struct bytes key;

    bool added;
};

/* What is known of the events of a route: when the last one came, and what was told of none coming
 * since. */
struct journal_heard {
    struct journal_heard *next;
    const char *route;
    int64_t event_ms; /* negative: one is expected since then, and none has come */
    bool told_silence, told_refusal;
};

/* An event of the route has come, so there is nothing to tell any more; or (negative) one is
 * expected from now on, where nothing is known of the route. */
struct journal_hear {
    const char *route;
    int64_t event_ms;
};

/* An event of the server's own, with nothing but a delivery for who tells of failures. */
struct journal_notice {
    enum notice_kind kind; /* NOTICE_SILENT or NOTICE_REFUSED: see journal_streak */
    const char *route;
    struct event *event; /* borrowed until the turn is completed; the engine gives it its id */
    int64_t teller;   /* the action; 0: nobody, so there is no event, and it only counts as told */
    int64_t heard_ms; /* NOTICE_SILENT: the last event that the caller knows of */

    bool applied;          /* false: it was told before, or an event has come since */
    char id[ID_TEXT_SIZE]; /* with a teller */
};

/* How far a delivery has come. */
struct journal_progress {
    struct journal_progress *next;
    const char *action;
    enum delivery_state state;
    unsigned attempt;
    int64_t started_ms, ended_ms; /* of that attempt; 0: it has not */
};

/* Asks what has become of an event. */
struct journal_track {
    const char *id, *route;

    int64_t received_ms;
    int64_t handle;                          /* of its first delivery */
    const struct journal_progress *progress; /* of `count` deliveries */
    size_t count; /* 0: the route has no such event, or its deliveries are gone */
};

/* Deliveries that are running, but neither by us now nor by a live runner, are pending again.
 * Those of an action that counts crashes are dead where they ran alone, or must not run twice.
 */
struct journal_take_over {
    const uint64_t *live; /* ids of other runners */
    size_t live_count;
    const int64_t *ours; /* handles of what runs here */
    size_t our_count;

    size_t count; /* taken over */
};

/* Why a delivery is dead that nobody can carry out. */
#define JOURNAL_ABANDONED "the route file no longer has this route or action"

/* Pending deliveries of these actions are dead for that reason: at most `limit` of them. */
struct journal_abandon {
    const int64_t *actions;
    size_t action_count;
    const char *reason;
    size_t limit;

    bool more; /* the limit was reached */
};

/* One short step of what keeps the journal small: a part of a walk over the events, from the oldest
 * to the first that is too young. */
struct journal_upkeep {
    bool reads_horizon;
    int64_t put_horizon_ms; /* the time that pruning has reached; 0: it is not stored */
    bool prunes;
    int64_t done_before_ms;   /* events received before this that are done may go, */
    int64_t dead_before_ms;   /* those with a dead delivery before this, */
    int64_t body_before_ms;   /* and before this bodies, outputs and attempts of both */
    int64_t dedupe_before_ms; /* keys received before this do not count any more */
    int64_t until_ms;         /* the walk ends at an event received at this time */
    int64_t budget_ns;        /* how long the step may take; one event is looked at in any case */
    int64_t keep_size;        /* bytes that the journal should take */
    bool for_size;            /* the walk is made while it takes more: done events at any age go, */
    bool drops_bodies;        /* bodies of dead ones, */
    bool drops_keys;          /* and events of which no more is left than a key that counts */
    bool shrinks;             /* gives free space back to the file system */
    int64_t position;         /* the walk continues behind it; 0: it begins */

    int64_t horizon_ms, newest_ms; /* as stored, and when the newest event came; 0: none */
    size_t events;                 /* of which anything was removed */
    size_t bodies;                 /* of dead events, which cannot be replayed any more */
    size_t keys;                   /* that counted: copies of these are new events */
    int64_t reached_ms;            /* when the event at `position` was received */
    int64_t over;                  /* bytes above keep_size before the step; 0: none */
    bool ended;                    /* the walk */
    bool can_shrink;
};

/* A delivery that is dead though no attempt has ended, for the log. */
struct journal_death {
    struct journal_death *next;
    int64_t handle;
    const char *id, *route, *action, *client, *reason;
    unsigned attempt;
};

/* A key that a sender has delivered. */
struct journal_key {
    struct journal_key *next;
    const char *route, *provider;
    struct bytes key;
};

/* What people, or deaths in a row, have made of a route. */
struct journal_route {
    struct journal_route *next;
    const char *name, *paused_why;
    int64_t paused_ms; /* since when it is paused; 0: it is not */
    unsigned deaths;   /* in a row */
};

struct journal_numbers {
    int64_t *items;
    size_t count, capacity;
};

struct journal_dues {
    struct journal_due *items;
    size_t count, capacity;
};

struct journal_replaced {
    struct journal_superseded *items;
    size_t count, capacity;
};

/* How a turn ends. */
enum journal_end {
    JOURNAL_DONE,    /* all of it is durable */
    JOURNAL_NOT_NOW, /* somebody holds the lock: nothing was applied, submit it again */
    JOURNAL_REFUSED, /* nothing is acknowledged; only a turn that `proves` is worth submitting
                      */
};

struct journal_refusal {
    const char *state; /* a word for the log */
    struct error reason;
    int64_t retry_ns;       /* when to prove again */
    unsigned retry_after_s; /* what callers are told */
    bool is_gone;           /* it is not where it was: what is written now nobody finds again */
};

struct journal_turn {
    /* Called once, from submit or later. */
    void (*completed)(struct journal_turn *turn);
    void *owner;
    int64_t now_ms; /* Unix */
    /* The present of the retry clock, by which deliveries are due: Unix time plus an offset
     * that the journal keeps (server/runner/retry_clock.h). */
    int64_t due_ms;

    /* ---- in; applied in this order ---- */

    bool reads_due_offset; /* `due_offset_ms` */
    bool reads_due; /* what has become due after `due_after_ms`: `woken`; and when the next will
                     */
    int64_t due_after_ms;
    bool puts_due_offset; /* keeps `due_offset_ms` */
    struct journal_look *looks;
    size_t look_count;
    struct journal_key_look *key_looks;
    size_t key_look_count;
    struct journal_watch *watches;
    size_t watch_count;
    bool reads_open;                /* which actions have an open delivery: `open` */
    bool reads_routes;              /* which are paused, or have deaths in a row: `routes` */
    struct journal_tally *tally;    /* NULL: nothing is counted */
    struct journal_streak *streaks; /* of all routes that are paused after deaths */
    size_t streak_count;
    struct journal_finish *finish;
    struct journal_admit *admits;
    size_t admit_count;
    struct journal_learn *learns;
    size_t learn_count;
    struct journal_hear *hears;
    size_t hear_count;
    struct journal_notice *notices;
    size_t notice_count;
    bool reads_heard; /* what is known of all routes: `heard` */
    struct journal_upkeep *upkeep;
    bool pulls_in; /* no delivery waits longer from now on than it was to wait at first */
    struct journal_take_over *take_over;
    struct journal_abandon *abandon;
    struct journal_want *wants;
    size_t want_count;
    bool reads_keys; /* that senders have delivered: `keys` */
    struct journal_track *tracks;
    size_t track_count;
    bool proves; /* something is written, to prove that it can be */
    bool polls;  /* nothing but `changed` may be asked */

    /* Bytes that events may take on the disk, counted down; outputs may take so much more. */
    int64_t room, output_room;
    size_t question_bytes; /* whether an event of that size would fit; 0: nobody asks */

    /* A delivery is about to be claimed: the caller makes its attempt. False: no memory, and it
     * stays pending. Called between submit and completed; what was held counts if the turn is
     * done. */
    bool (*hold)(struct journal_turn *turn, int64_t action, int64_t handle,
                 const struct journal_delivery *delivery);

    /* ---- out; the engine's memory, until the next submit ---- */

    enum journal_end end;
    struct journal_refusal refusal; /* unless JOURNAL_DONE */
    bool changed; /* others have written: then nothing was born running. Told once, and not to a
                     turn of upkeep or one that proves */
    bool anew;    /* what was told before may not hold: the journal was opened anew */
    bool events_refused, outputs_dropped; /* for want of room */
    bool question_fits;
    struct journal_due *due; /* results of the looks */
    size_t due_count, due_capacity;
    struct journal_dues reruns; /* pending again; and deliveries of tellers that may run now */
    struct journal_dues woken;  /* at most JOURNAL_WOKEN_MAX, */
    bool woken_more;            /* and others that looks find */
    int64_t next_due_ms;        /* of what is not due yet, the earliest; 0: there is none */
    int64_t teller_due_ms;      /* of deliveries of tellers that this turn lets wait */
    int64_t due_offset_ms;      /* also in */
    struct journal_replaced superseded; /* by admissions */
    struct journal_dues running;        /* with `take_over`: what others run, who are live */
    struct journal_numbers open;        /* action numbers */
    struct journal_numbers crashed;     /* with `take_over`: actions with an open delivery that was
                                           ever left by its runner */
    struct journal_death *deaths, **last_death;
    struct journal_key *keys;
    struct journal_route *routes;
    struct journal_heard *heard;
    struct journal_progress *progress, **last_progress; /* of all tracks */
    struct journal_answer *answers; /* all together at most JOURNAL_ANSWERS_MAX bytes of output */
    size_t answer_bytes;
};

/* All in and out are empty; `due_capacity` results of looks at once. False without memory. */
bool journal_turn_init(struct journal_turn *turn, size_t due_capacity);
/* Wipes and frees what a completed turn has told. */
void journal_turn_finish(struct journal_turn *turn);

/* ---- the engine ---- */

struct journal_action {
    const char *route, *name;
    bool counts_crashes, fails_in_crash; /* see journal_take_over */
    /* Of the one that tells of the failures of its route (ON_FAILURE_NAME): it gets a delivery of
     * the event when one of another action is dead, in the same transaction, unless one waits; what
     * is not told is counted. It is claimed once in that time at most. 0: it is another action. */
    int64_t tell_every_ms;
    int64_t number; /* made by open */
};

struct journal_setup {
    const struct journal_settings *settings; /* outlives the journal */
    struct loop *loop;
    struct shared *shared; /* NULL: nobody is told of the journal's state */
    uint64_t runner_id;
    int64_t check_ms;               /* how long to look for damage; 0: not at all */
    int64_t window_ms;              /* the longest in which a dedupe key counts */
    struct journal_action *actions; /* of the route file */
    size_t action_count;
};

struct journal {
    const struct journal_engine *engine;
    bool is_new; /* made by open */
    /* Actions of the journal that the route file does not have. */
    int64_t *orphans;
    size_t orphan_count;
    struct journal_action *known; /* of the route file, by number */
    size_t known_count;
    bool has_tellers; /* one of them tells of failures */
};

struct journal_engine {
    const char *name;
    /* Opens, makes or migrates the journal, and gives each action its number. Waits for what is
     * in the way; NULL with the sentence. */
    struct journal *(*open)(const struct journal_setup *setup, struct error *err);
    /* No turn is under way. */
    void (*close)(struct journal *journal);
    /* The turn and what it points to stay as they are until it is completed. Turns are applied
     * in the order in which they are submitted. */
    void (*submit)(struct journal *journal, struct journal_turn *turn);
    /* After a turn, when everybody has his answer: what is better done then. */
    void (*tend)(struct journal *journal);
    /* Bytes that are free for what comes; false: not known. */
    bool (*space)(struct journal *journal, int64_t *bytes);
};

extern const struct journal_engine sqlite_engine;

/* Of the library behind it, such as "3.40.1". */
const char *journal_library_version(void);
/* Whether its checkpoints are kept apart from commits, because that library needs it. */
bool journal_checkpoints_apart(void);
/* The least space that the journal at work needs beside its file. */
int64_t journal_least_space(void);
/* Whether what stands at `path` is a part of a journal whose file is gone. */
bool journal_is_orphaned(const char *path, struct error *err);

/* Why a route is paused that nobody has paused. */
enum { JOURNAL_WHY_SIZE = 64 };
void journal_explain_streak(const struct journal_streak *streak, char text[JOURNAL_WHY_SIZE]);

static inline void journal_close(struct journal *journal)
{
    if (journal)
        journal->engine->close(journal);
}

static inline void journal_submit(struct journal *journal, struct journal_turn *turn)
{
    assert(turn->completed && (turn->hold || turn->want_count == 0));
    assert((turn->admits || turn->admit_count == 0) && (turn->learns || turn->learn_count == 0));
    journal->engine->submit(journal, turn);
}

#endif
