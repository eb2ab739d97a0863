/* What the files of the journal share, and nobody else includes. */
#ifndef TENTERHOOK_SERVER_JOURNAL_PRIVATE_H
#define TENTERHOOK_SERVER_JOURNAL_PRIVATE_H

#include "handlers/action/action.h"
#include "server/journal/dedupe.h"
#include "server/journal/engine.h"
#include "server/journal/mark.h"
#include "server/journal/sqlite.h"

struct sqlite_journal {
    struct journal base; /* first */
    struct sqlite db;
    const struct journal_settings *settings;
    struct shared *shared;
    uint64_t runner_id;
    unsigned tended_pages; /* in the log, when we copied it last */
    bool was_cut;          /* its log, of what had been acknowledged; until it is open again */
    int64_t data_version;  /* of SQLite: moves when another connection has committed */
    int64_t event_added;   /* the newest in the transaction under way; 0: none */
    int64_t last_event;    /* the newest that we have committed; 0: none */
    char added_id[ID_TEXT_SIZE], last_id[ID_TEXT_SIZE];
    struct mark mark;
    int64_t least_number; /* events were there up to before it: our next has no lower one; 0: looked
                             at */
    enum sqlite_status refused; /* why the last turn was; SQLITE_STATUS_OK: it was not */

    struct dedupe keys;
    int64_t window_ms; /* the longest of all routes */
    int64_t last_key;  /* keys up to this event are in the set */
    bool keys_behind;  /* others have committed events that are not */
};

enum journal_sql {
    SQL_ADD_EVENT,
    SQL_ADD_BODY,
    SQL_ADD_DELIVERY,
    SQL_ADD_RUNNING,
    SQL_ADD_DEAD,
    SQL_FIND_ACTION,
    SQL_ADD_ACTION,
    SQL_READ_ACTIONS,
    SQL_EVENT_KEY,
    SQL_READ_KNOWN,
    SQL_READ_ANSWER,
    SQL_SAME_CONTENT,
    SQL_RERUN,
    SQL_COUNT_RERUN,
    SQL_READ_KEYS,
    SQL_EVENT_ID,
    SQL_LEARN,
    SQL_READ_PROVISIONED,
    SQL_FIND_PENDING,
    SQL_NEXT_OPEN,
    SQL_CLAIM,
    SQL_READ_DELIVERY,
    SQL_LOST,
    SQL_FINISH,
    SQL_COUNT_STOP,
    SQL_PUT_OUTPUT,
    SQL_DROP_OUTPUT,
    SQL_READ_RUNNING,
    SQL_READ_LEFT,
    SQL_TAKE_OVER,
    SQL_READ_DEATH,
    SQL_ABANDON,
    SQL_READ_HORIZON,
    SQL_PUT_HORIZON,
    SQL_PRUNE_LOOK,
    SQL_PRUNE_ATTEMPTS,
    SQL_PRUNE_OUTPUTS,
    SQL_PRUNE_DELIVERIES,
    SQL_PRUNE_BODY,
    SQL_PRUNE_EVENT,
    SQL_REMOVED_BEFORE,
    SQL_REMOVED_BEHIND,
    SQL_REMOVED_DROP,
    SQL_REMOVED_PUT,
    SQL_DATA_VERSION,
    SQL_TRACK,
    SQL_FIND_TELLER,
    SQL_FIND_WAITING,
    SQL_COUNT_UNTOLD,
    SQL_ADD_TELLER,
    SQL_READ_TELLER,
    SQL_READ_TELLING,
    SQL_READ_FAILURE,
    SQL_TOLD,
    SQL_TOLD_COUNT,
    SQL_TELL_LATER,
    SQL_HEAR,
    SQL_READ_HEARD,
    SQL_TOLD_SILENCE,
    SQL_TOLD_REFUSAL,
    SQL_KEEP_ATTEMPT,
    SQL_DROP_ATTEMPTS,
    SQL_WOKEN,
    SQL_NEXT_DUE,
    SQL_READ_DUE_OFFSET,
    SQL_PUT_DUE_OFFSET,
    SQL_PULL_IN,
    SQL_ADD_FOLDED,
    SQL_SUPERSEDE,
    SQL_SUPERSEDE_ALL,
    SQL_FOLD,
    SQL_NEXT_KEY,
    SQL_KEY_HEADS,
    SQL_KEYLESS,
    SQL_ANY_HEADS,
    SQL_WATCH,
    SQL_IS_PENDING,
    SQL_TALLY,
    SQL_READ_ROUTES,
    SQL_COUNT_DEATH,
    SQL_FORGET_DEATHS,
    SQL_PAUSE,
    SQL_COUNT
};

_Static_assert((int)SQL_COUNT <= (int)SQLITE_STATEMENTS_MAX, "room for every statement");

/* Numbers that stand in the statements as text. */
#define JOURNAL_CRASHES_ALONE_TEXT "2" /* JOURNAL_CRASHES_ALONE */
#define LEFT_COUNTED_TEXT "2"          /* enum journal_left */
#define LEFT_FAILED_TEXT "3"
#define JOURNAL_STOPS_MAX "3"
#define JOURNAL_PRUNE_PAGE "100"
#define JOURNAL_PRUNE_FEW "4"
#define JOURNAL_ATTEMPTS_MAX "20" /* of a delivery, in the table attempt */
#define JOURNAL_KEYLESS_STEP "2048"

extern const char *const journal_sql[SQL_COUNT];

/* The number of a delivery, which is its handle: that of its event, and its place. */
static inline int64_t delivery_seq(int64_t event, size_t place)
{
    return event * JOURNAL_ACTIONS_MAX + (int64_t)place;
}

/* ---- writer.c ---- */

/* Opens, makes or migrates the journal at `settings->path`. Where `check_ms` is not 0 the log is
 * walked over first, and the file is looked over for at most that long. The directory must exist;
 * `settings` outlives the journal. */
struct sqlite_journal *writer_open(const struct journal_settings *settings, int64_t check_ms,
                                   struct error *err);
/* Whether to wait seconds for another writer instead of a moment: while nobody waits for us. */
void writer_be_patient(struct sqlite_journal *journal, bool patient);
void writer_close(struct sqlite_journal *journal);

/* After SQLITE_STATUS_BROKEN: closes, opens and checks, and makes sure that the newest event
 * committed through this connection is there and that all of the log is in the file. False: try
 * again later; until then everything fails with SQLITE_STATUS_BROKEN. */
bool writer_reopen(struct sqlite_journal *journal, struct error *err);

/* ---- transactions ---- */

enum sqlite_status writer_begin(struct sqlite_journal *journal);
/* Commits if nothing has failed since the beginning; otherwise rolls back and says what it was. */
enum sqlite_status writer_commit(struct sqlite_journal *journal);
/* A transaction that only proves that one can be made durable. */
enum sqlite_status writer_probe(struct sqlite_journal *journal);
/* Within a transaction: writes the first page, as it is. False if that failed. */
bool writer_touch(struct sqlite_journal *journal);
/* As much of the log as possible goes into the file. */
void writer_copy_log(struct sqlite_journal *journal);
/* After a turn, when everybody has his answer: tells the checkpointer how long the log is, or
 * copies it if no other process may do so beside our commits. */
void writer_tend(struct sqlite_journal *journal);
/* After a status that was dealt with outside of a transaction. */
void writer_forget_failure(struct sqlite_journal *journal);
/* What has failed since the last beginning, and why (returns false). */
enum sqlite_status writer_status(const struct sqlite_journal *journal);
bool writer_explain(const struct sqlite_journal *journal, struct error *err);
/* Whether another connection has committed since the last call. */
bool writer_changed(struct sqlite_journal *journal);
/* Pages in the write-ahead log after the last commit. */
unsigned writer_log_pages(const struct sqlite_journal *journal);

/* ---- event.c: in a transaction ---- */

bool events_add(struct sqlite_journal *journal, const struct event *event, int64_t *seq);
/* One for each action of the route; `action` as from events_find_action. */
bool events_add_delivery(struct sqlite_journal *journal, int64_t event, size_t place,
                         int64_t action, int64_t key);
/* One that is claimed already, with our runner_id. */
bool events_add_running(struct sqlite_journal *journal, int64_t event, size_t place, int64_t action,
                        int64_t key, uint64_t runner_id, int64_t now_ms);
/* One that is not to be carried out, and why. */
bool events_add_dead(struct sqlite_journal *journal, int64_t event, size_t place, int64_t action,
                     int64_t key, const char *reason, int64_t now_ms);
/* The number of an action, which is made if it is new. */
bool events_find_action(struct sqlite_journal *journal, const char *route, const char *name,
                        int64_t *number);

/* Whether event `seq` has that route and key: its id, and when it was received. */
bool events_match_key(struct sqlite_journal *journal, int64_t seq, struct bytes route,
                      struct bytes key, char id[ID_TEXT_SIZE], int64_t *received_ms);

/* False on failure; an event that is not there is an empty one. */
bool events_read_known(struct sqlite_journal *journal, int64_t seq, struct journal_known *known);
/* How the delivery of `action` among those of the event has ended, with at most `most` bytes of its
 * output; false where it has not ended, or by no attempt. The span lasts until `each` returns. */
bool events_read_answer(struct sqlite_journal *journal, int64_t seq, int64_t action, size_t most,
                        void (*each)(void *context, const struct journal_answer *answer),
                        void *context);
/* Whether the event has its body still, and is the same as the copy in all that a schema is chosen
 * by and held against: types, body, what was made of it, headers, path and query. False on failure,
 * too. */
bool events_has_content(struct sqlite_journal *journal, int64_t seq, const struct event *copy);
/* In a transaction: a dead delivery is pending again; its attempts, and how often crashes and stops
 * have ended it, are counted on. False where it is not dead. */
bool events_rerun(struct sqlite_journal *journal, int64_t delivery);
/* Once for all of these of an event; it is not held to be against its schema any more. */
bool events_count_rerun(struct sqlite_journal *journal, int64_t event);

struct stored_progress {
    int64_t handle, received_ms; /* of the delivery; of its event */
    struct bytes action;
    struct journal_progress how;
};

/* Each delivery of the event with that id, in their order, if it is of that route. */
bool events_track(struct sqlite_journal *journal, const char *id, const char *route,
                  void (*each)(void *context, const struct stored_progress *progress),
                  void *context);

struct stored_key {
    int64_t seq, received_ms;
    struct bytes route, key; /* key is empty where the event has none */
};

/* Every event after `seq`, newest first, until `each` returns false. */
bool events_read_keys(struct sqlite_journal *journal, int64_t after,
                      bool (*each)(void *context, const struct stored_key *key), void *context);

/* In a transaction: keeps the key, unless there is one; `*added` tells. */
bool events_learn(struct sqlite_journal *journal, const char *route, const char *provider,
                  struct bytes key, int64_t now_ms, bool *added);

struct stored_provisioned {
    struct bytes route, provider, key;
};

bool events_read_provisioned(struct sqlite_journal *journal,
                             void (*each)(void *context, const struct stored_provisioned *key),
                             void *context);

/* ---- delivery.c ---- */

/* Pending ones of an action that are due, after `after`, in order, with the sizes of their bodies
 * (`sizes` may be NULL); how many in `*count`. */
bool deliveries_find_pending(struct sqlite_journal *journal, int64_t action, int64_t after,
                             int64_t now_ms, int64_t *seqs, uint32_t *sizes, size_t limit,
                             size_t *count);

/* Counts pending ones, due or not. */
bool deliveries_tally(struct sqlite_journal *journal, struct journal_tally *tally);

/* Each action with an open delivery, in the order of their numbers. */
bool deliveries_read_open(struct sqlite_journal *journal,
                          void (*each)(void *context, int64_t action), void *context);

/* A delivery that is dead now though no action has ended; for the log. Spans until the callback
 * returns, empty where the row is not there any more. */
struct stored_death {
    int64_t handle;
    struct bytes id, route, action, client, reason;
    unsigned attempt;
};

typedef void delivery_died(void *context, const struct stored_death *death);

struct claim {
    int64_t delivery;
    uint64_t runner_id;
    int64_t now_ms;
    bool is_alone; /* one that has to be, will be: see journal_want */
};

/* In a transaction: if the delivery is pending, `each` gets it, and if that takes it (true) it
 * becomes running, with our runner_id. `died`, where its event is not there any more. False only on
 * failure. */
bool deliveries_claim(struct sqlite_journal *journal, const struct claim *claim,
                      bool (*each)(void *context, int64_t action,
                                   const struct journal_delivery *delivery),
                      delivery_died *died, void *context);

/* What became of an attempt of a delivery that we claimed. */
struct ended_attempt {
    int64_t delivery;
    uint64_t runner_id;
    unsigned attempt;
    const struct outcome *outcome;
    int64_t ended_ms;
    int64_t due_ms,
        wait_ms; /* it is pending again until then, for so long; 0: see journal_finish */
};

/* In a transaction; `*applied` where that attempt is under way still. */
bool deliveries_finish(struct sqlite_journal *journal, const struct ended_attempt *ended,
                       bool *applied);

/* The same of one that a stop of the server has interrupted soon after its start, which the command
 * may have caused: pending again, but dead when that has happened too often. */
bool deliveries_finish_stopped(struct sqlite_journal *journal, const struct ended_attempt *ended,
                               bool *applied, delivery_died *died, void *context);

/* Whether whoever ran a delivery has left it. */
enum journal_left {
    LEFT_NOT,
    LEFT_PATIENTLY, /* pending again, however often */
    LEFT_COUNTED,   /* pending again, or dead if it ran alone: it is the cause */
    LEFT_FAILED,    /* dead: it must not run twice */
};

/* In a transaction: asks `left` of each running delivery. How many were left in `*count`. */
bool deliveries_take_over(struct sqlite_journal *journal, int64_t now_ms,
                          enum journal_left (*left)(void *context, uint64_t runner_id,
                                                    const struct journal_due *delivery),
                          delivery_died *died, void *context, size_t *count);

/* Whether it is pending: a newer event may have taken its place instead. */
bool deliveries_is_pending(struct sqlite_journal *journal, int64_t delivery);

/* Each action with an open delivery that was ever left by its runner. */
bool deliveries_read_left(struct sqlite_journal *journal,
                          void (*each)(void *context, int64_t action), void *context);

/* In a transaction: at most `limit` pending deliveries of an action are dead for that reason. */
bool deliveries_abandon(struct sqlite_journal *journal, int64_t action, const char *reason,
                        int64_t now_ms, size_t limit, delivery_died *died, void *context,
                        size_t *count);

struct stored_action {
    int64_t number;
    struct bytes route, name;
};

/* Every action that ever had a delivery here. */
bool events_read_actions(struct sqlite_journal *journal,
                         void (*each)(void *context, const struct stored_action *action),
                         void *context);

/* Of a column `state`. */
enum delivery_state events_state(struct bytes text);

/* ---- tell.c: in a transaction ---- */

/* Whoever tells of the failures of the route is told of each delivery that has died in the turn. */
void tell_failures(struct sqlite_journal *journal, struct journal_turn *turn);

/* What a teller is to tell; its spans are in `texts`. */
struct told {
    struct delivery_failure failure;
    uint8_t texts[3 * JOURNAL_TOLD_OUTPUT];
};

/* Before the claim of a teller's delivery: why it runs. False where it is too early for it: the
 * journal says when it is due, and it must not be claimed. */
bool tell_prepare(struct sqlite_journal *journal, struct journal_turn *turn, int64_t action,
                  int64_t handle, struct told *told);
/* It is claimed: the next one keeps its distance. */
void tell_claimed(struct sqlite_journal *journal, const struct journal_turn *turn, int64_t action);
/* A teller is done: what it was told to have been counted counts no more. */
void tell_done(struct sqlite_journal *journal, const struct journal_finish *finish);
/* A delivery for the teller of an event that has been added in this transaction. */
bool tell_of_event(struct sqlite_journal *journal, struct journal_turn *turn, int64_t teller,
                   int64_t event);

/* ---- due.c: deliveries that wait for their time ---- */

/* Before anything is written: what the turn asks of them. */
void due_read(struct sqlite_journal *journal, struct journal_turn *turn);
/* In a transaction: the offset of the retry clock, and what was to wait too long. */
void due_write(struct sqlite_journal *journal, const struct journal_turn *turn);

/* ---- supersede.c: in a transaction, before the delivery at `place` of the event is added ---- */

/* What is open of its action and key gives way to it, where the admission says so. */
bool supersede_open(struct sqlite_journal *journal, struct journal_turn *turn,
                    const struct journal_admit *admit, size_t place);
/* Adds the delivery in the place of those of its burst. */
bool supersede_burst(struct sqlite_journal *journal, struct journal_turn *turn,
                     struct journal_admit *admit, int64_t event, size_t place);

/* ---- key_look.c ---- */

bool keys_look(struct sqlite_journal *journal, struct journal_key_look *look, int64_t due_ms);
bool keys_watch(struct sqlite_journal *journal, struct journal_watch *watch);

/* ---- route.c ---- */

/* Those that are paused or have deaths in a row. */
bool routes_read(struct sqlite_journal *journal, struct journal_turn *turn);
/* In a transaction: a delivery of the route has died; pauses the route when that was one too many.
 */
bool routes_count_death(struct sqlite_journal *journal, struct journal_streak *streak,
                        int64_t now_ms);
/* In a transaction: one is done. */
bool routes_forget_deaths(struct sqlite_journal *journal, struct journal_streak *streak);

/* ---- notice.c ---- */

/* In a transaction. */
void notice_write(struct sqlite_journal *journal, struct journal_turn *turn);
/* In a transaction: of the routes that it pauses. Before tell_failures: the death that has paused
 * one is then counted beside it. */
void notice_write_pauses(struct sqlite_journal *journal, struct journal_turn *turn);
void notice_read(struct sqlite_journal *journal, struct journal_turn *turn);

/* ---- prune.c, on the connection of a runner or of a person ---- */

struct prune_keep {
    int64_t done_before_ms;   /* done events received before this may go, */
    int64_t dead_before_ms;   /* those with a dead delivery before this, */
    int64_t body_before_ms;   /* and before this what is large of both */
    int64_t dedupe_before_ms; /* keys received before this are not needed any more */
    int64_t until_ms;         /* no event received from this time on is looked at */
    int64_t budget_ns;        /* how long a step may take */
    const char *route;        /* only events of this one; NULL: of all */
    bool oldest_done;         /* the file is too large: done events go at any age, */
    int64_t dead_bytes;       /* so much of the bodies and outputs of dead ones; 0: none; */
    bool drops_keys;          /* and what is left of an event for its key */
    bool only_counts;         /* nothing is removed */
};

struct pruned {
    size_t looked; /* events of the route, */
    size_t events; /* of which anything was removed; of these: */
    size_t gone;   /* so many wholly */
    size_t keys;   /* though their keys counted still */
    size_t bodies; /* and, for want of room, of dead events, which cannot be replayed any more */
    bool ended;    /* there is nothing more to look at */
    int64_t reached_ms;
};

/* The time that pruning had reached (horizon.h), 0 if none is kept; and when the newest event was
 * received, 0 if there is none. */
bool prune_read_horizon(struct sqlite *db, int64_t *horizon_ms, int64_t *newest_ms);
/* In a transaction. */
bool prune_put_horizon(struct sqlite *db, int64_t horizon_ms);

/* In a transaction: one short step over the events behind number `*position`, which moves; false
 * when it fails. */
bool prune_step(struct sqlite *db, const struct prune_keep *keep, int64_t *position,
                struct pruned *pruned);
/* Bytes in use, without the log and free pages; and free pages. */
bool prune_measure(struct sqlite *db, int64_t *used_bytes, int64_t *free_pages);
/* Whether so many free pages are more than a journal of `keep_size` bytes soon uses again. */
bool prune_can_shrink(int64_t free_pages, int64_t keep_size);
/* In a transaction: gives some free pages back to the file system. */
bool prune_shrink(struct sqlite *db);
/* The file may not grow past so many pages: what a full disk is like, for tests. */
bool prune_limit_pages(struct sqlite *db, unsigned pages);

/* ---- removed.c ---- */

/* Numbers that a step removes, one after the other and rising. */
struct removed_range {
    int64_t first, last; /* 0: none yet */
};

/* In a transaction: `seq` was removed. What does not follow on the range is noted in the journal at
 * the next call or the end, merged with the ranges beside it. */
bool removed_add(struct sqlite *db, struct removed_range *range, int64_t seq);
bool removed_end(struct sqlite *db, struct removed_range *range);

/* ---- admit.c ---- */

/* Reads the keys that still count from the beginning; false on failure. */
bool admit_rebuild(struct sqlite_journal *journal);
/* In a transaction: decides on every event of the turn. */
void admit_events(struct sqlite_journal *journal, struct journal_turn *turn);
/* After it. */
void admit_settle(struct sqlite_journal *journal, struct journal_turn *turn, bool committed);

/* What so many bytes take on the disk. */
int64_t admit_disk_bytes(size_t bytes);

#endif
