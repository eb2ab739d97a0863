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

#include <assert.h>

struct journal;
struct journal_turn;
struct outcome;
struct shared;

enum {
    JOURNAL_ACTIONS_MAX = 256, /* deliveries of one event */
    JOURNAL_RERUNS_MAX = 10,   /* how often copies of an event have its dead deliveries rerun */
    JOURNAL_ANSWERS_MAX = 16 << 20,
    JOURNAL_WOKEN_MAX = 1024,
    JOURNAL_CRASHES_ALONE = 2, /* a delivery that was left so often by its runner runs alone */
};
#define JOURNAL_HANDLE_END (INT64_MAX / 2)

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
};

/* How the delivery ended whose output answers the sender of a copy. */
struct journal_answer {
    struct journal_answer *next;
    int exit_status; /* -1: none */
    struct bytes output;
    uint64_t output_total; /* more than `output` has: the rest is not kept, or too long */
};

struct journal_admit {
    struct event *event;    /* borrowed until the turn is completed; the engine gives it its id */
    const int64_t *actions; /* their numbers; one delivery for each */
    size_t action_count;
    int64_t window_ms;           /* how long its dedupe key counts */
    bool keeps_dead;             /* a copy does not have dead deliveries rerun */
    const char *dead_reason;     /* its deliveries are dead from the start; NULL: they are not */
    struct journal_places claim; /* deliveries that are to be born running */
    int64_t answering;           /* the action whose output answers the sender; 0: none */
    size_t answer_most;          /* bytes of that output */

    enum journal_admitted result;
    char id[ID_TEXT_SIZE];
    int64_t handle;                /* ADMIT_ACCEPTED: of its first delivery */
    struct journal_places claimed; /* of `claim`, those that `hold` has taken */
    enum frame_duplicate why;      /* ADMIT_DUPLICATE: why the copy has no effect, */
    bool can_replay;               /* and whether people can replay the first */
    /* With `answering`: the delivery of that action which is to be carried out; 0: none. Then how
     * that of the first has ended; NULL: it has not, or nobody knows any more. */
    int64_t answer_handle;
    const struct journal_answer *answer;

    uint64_t own[2]; /* of the engine, while the turn is under way */
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

    bool applied; /* false: this attempt of this runner was not under way any more */
};

/* A delivery that the queue has chosen. */
struct journal_want {
    int64_t handle;
    bool is_alone; /* nothing else that counts crashes runs here, or will before it has ended */
    enum {
        WANT_CLAIMED,
        WANT_GONE,      /* it is not pending any more, or dead because its event is gone */
        WANT_NO_MEMORY, /* `hold` has not taken it: it stays pending */
        WANT_NOT_ALONE, /* it must be alone, and would not be: it stays pending */
    } result;
};

/* What an attempt of a delivery needs; spans until `hold` returns. */
struct journal_delivery {
    unsigned attempt;
    unsigned failures;  /* attempts that have failed since it was stored or replayed */
    unsigned takeovers; /* how often its runner has left it */
    struct event event;
};

struct journal_due {
    int64_t action, handle;
    uint32_t bytes; /* of the body */
};

/* Asks for the pending deliveries of an action that are due, behind `after`, in order. */
struct journal_look {
    int64_t action, after;
    size_t room;

    size_t count; /* so many of `due`, behind those of the looks before */
};

/* A key that a sender has delivered: kept, unless its route has one. */
struct journal_learn {
    const char *route, *provider;
    struct bytes key;

    bool added;
};

enum delivery_state { DELIVERY_PENDING, DELIVERY_RUNNING, DELIVERY_DONE, DELIVERY_DEAD };

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

/* Deliveries that are running, but neither by us now nor by a live runner, are pending again. Those
 * of an action that counts crashes are dead where they ran alone, or must not run twice. */
struct journal_take_over {
    const uint64_t *live; /* ids of other runners */
    size_t live_count;
    const int64_t *ours; /* handles of what runs here */
    size_t our_count;

    size_t count; /* taken over */
};

/* Pending deliveries of these actions are dead for that reason: at most `limit` of them. */
struct journal_abandon {
    const int64_t *actions;
    size_t action_count;
    const char *reason;
    size_t limit;

    bool more; /* the limit was reached */
};

/* One short step of what keeps the journal small. */
struct journal_upkeep {
    bool reads_horizon;
    int64_t put_horizon_ms; /* the time that pruning has reached; 0: it is not stored */
    bool prunes;
    int64_t done_before_ms;   /* events received before this that are done may go */
    int64_t dead_before_ms;   /* and those with a dead delivery before this */
    int64_t dedupe_before_ms; /* keys received before this do not count any more */
    int64_t keep_size;        /* a larger journal lets go of what is done at any age, */
    bool drops_bodies;        /* and of bodies of dead events */
    bool shrinks;             /* gives free space back to the file system */
    int64_t position;         /* where the walk continues; 0: at its beginning, and at its end */

    int64_t horizon_ms, newest_ms; /* as stored, and when the newest event came; 0: none */
    size_t events;                 /* of which anything was removed */
    size_t bodies;                 /* of dead events, which cannot be replayed any more */
    bool is_too_large, can_shrink;
};

/* A delivery that is dead though no attempt has ended, for the log. */
struct journal_death {
    struct journal_death *next;
    const char *id, *route, *action, *client, *reason;
    unsigned attempt;
};

/* A key that a sender has delivered. */
struct journal_key {
    struct journal_key *next;
    const char *route, *provider;
    struct bytes key;
};

struct journal_numbers {
    int64_t *items;
    size_t count, capacity;
};

struct journal_dues {
    struct journal_due *items;
    size_t count, capacity;
};

/* How a turn ends. */
enum journal_end {
    JOURNAL_DONE,    /* all of it is durable */
    JOURNAL_NOT_NOW, /* somebody holds the lock: nothing was applied, submit it again */
    JOURNAL_REFUSED, /* nothing is acknowledged; only a turn that `proves` is worth submitting */
};

struct journal_refusal {
    const char *state; /* a word for the log */
    struct error reason;
    int64_t retry_ns;       /* when to prove again */
    unsigned retry_after_s; /* what callers are told */
};

struct journal_turn {
    /* Called once, from submit or later. */
    void (*completed)(struct journal_turn *turn);
    void *owner;
    int64_t now_ms; /* Unix */
    /* The present of the retry clock, by which deliveries are due: Unix time plus an offset that
     * the journal keeps (server/runner/retry_clock.h). */
    int64_t due_ms;

    /* ---- in; applied in this order ---- */

    bool reads_due_offset; /* `due_offset_ms` */
    bool reads_due; /* what has become due after `due_after_ms`: `woken`; and when the next will */
    int64_t due_after_ms;
    bool puts_due_offset; /* keeps `due_offset_ms` */
    struct journal_look *looks;
    size_t look_count;
    bool reads_open; /* which actions have an open delivery: `open` */
    struct journal_finish *finish;
    struct journal_admit *admits;
    size_t admit_count;
    struct journal_learn *learns;
    size_t learn_count;
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
    struct journal_dues reruns;
    struct journal_dues woken;      /* at most JOURNAL_WOKEN_MAX, */
    bool woken_more;                /* and others that looks find */
    int64_t next_due_ms;            /* of what is not due yet, the earliest; 0: there is none */
    int64_t due_offset_ms;          /* also in */
    struct journal_numbers open;    /* action numbers */
    struct journal_numbers crashed; /* with `take_over`: actions with an open delivery that was ever
                                       left by its runner */
    struct journal_death *deaths, **last_death;
    struct journal_key *keys;
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
    int64_t number;                      /* made by open */
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
};

struct journal_engine {
    const char *name;
    /* Opens, makes or migrates the journal, and gives each action its number. Waits for what is in
     * the way; NULL with the sentence. */
    struct journal *(*open)(const struct journal_setup *setup, struct error *err);
    /* No turn is under way. */
    void (*close)(struct journal *journal);
    /* The turn and what it points to stay as they are until it is completed. Turns are applied in
     * the order in which they are submitted. */
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
