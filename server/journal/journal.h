/* The journal: what was acknowledged, what is still to be carried out, what became of it.
 * One writing connection; one thread. Everything that changes it happens between journal_begin and
 * journal_commit; the calls in between note a failure and go on, and the commit tells. The tables
 * are described in docs/journal-format.md. */
#ifndef TENTERHOOK_SERVER_JOURNAL_JOURNAL_H
#define TENTERHOOK_SERVER_JOURNAL_JOURNAL_H

#include "base/id.h"
#include "config/settings.h"
#include "server/ipc/frame.h"
#include "server/journal/sqlite.h"

#include <sys/types.h>

struct journal;
struct outcome;

/* Deliveries of one event; a delivery's number is event * JOURNAL_ACTIONS_MAX + its place. */
enum { JOURNAL_ACTIONS_MAX = 256 };

static inline int64_t journal_delivery_seq(int64_t event, size_t place)
{
    return event * JOURNAL_ACTIONS_MAX + (int64_t)place;
}

/* Opens, makes or migrates the journal at `settings->path`. Where `check_ms` is not 0 the log is
 * walked over first, and the file is looked over for at most that long. The directory must exist;
 * `settings` outlives the journal. */
struct journal *journal_open(const struct journal_settings *settings, int64_t check_ms,
                             struct error *err);
/* Whether the file was made by journal_open. */
bool journal_is_new(const struct journal *journal);
/* Whether to wait seconds for another writer instead of a moment: while nobody waits for us. */
void journal_be_patient(struct journal *journal, bool patient);
void journal_close(struct journal *journal);

/* After STORE_BROKEN: closes, opens and checks, and makes sure that the newest event committed
 * through this connection is there and that all of the log is in the file. False: try again later;
 * until then everything fails with STORE_BROKEN. */
bool journal_reopen(struct journal *journal, struct error *err);

/* ---- transactions ---- */

enum store_status journal_begin(struct journal *journal);
/* Commits if nothing has failed since the beginning; otherwise rolls back and says what it was. */
enum store_status journal_commit(struct journal *journal);
/* A transaction that only proves that one can be made durable. */
enum store_status journal_probe(struct journal *journal);
/* Within a transaction: writes the first page, as it is. False if that failed. */
bool journal_touch(struct journal *journal);
/* As much of the log as possible goes into the file. */
void journal_copy_log(struct journal *journal);
/* After a turn, when everybody has his answer: copies the log if it is long, and if no other
 * process may do so beside our commits. */
void journal_tend(struct journal *journal);
/* After a status that was dealt with outside of a transaction. */
void journal_forget_failure(struct journal *journal);
/* What has failed since the last beginning, and why (returns false). */
enum store_status journal_status(const struct journal *journal);
bool journal_explain(const struct journal *journal, struct error *err);
/* Whether another connection has committed since the last call. */
bool journal_changed(struct journal *journal);
/* Pages in the write-ahead log after the last commit. */
unsigned journal_log_pages(const struct journal *journal);

/* ---- in a transaction: events ---- */

bool journal_add_event(struct journal *journal, const char *id, const char *route,
                       const struct event_frame *event, int64_t *seq);
/* One for each action of the route; `action` as from journal_find_action. */
bool journal_add_delivery(struct journal *journal, int64_t event, size_t place, int64_t action);
/* One that is claimed already, with our runner_id. */
bool journal_add_running(struct journal *journal, int64_t event, size_t place, int64_t action,
                         uint64_t runner_id, int64_t now_ms);
/* One that is not to be carried out, and why. */
bool journal_add_dead(struct journal *journal, int64_t event, size_t place, int64_t action,
                      const char *reason, int64_t now_ms);
/* The number of an action, which is made if it is new. */
bool journal_find_action(struct journal *journal, const char *route, const char *name,
                         int64_t *number);

/* Whether event `seq` has that route and key: its id, and when it was received. */
bool journal_match_key(struct journal *journal, int64_t seq, const char *route, struct bytes key,
                       char id[ID_TEXT_SIZE], int64_t *received_ms);

/* How often copies of an event have what is dead of it carried out again. */
enum { JOURNAL_RERUNS_MAX = 10 };

/* What became of an event of which a copy has come. */
struct journal_known {
    unsigned reruns;
    bool quarantined; /* its schema refused it, and nobody has replayed it since */
    bool has_body;
    size_t open, done; /* deliveries */
    size_t dead_count;
    struct journal_dead {
        int64_t delivery, action;
        bool given_up; /* it may be what ends the server: crashes or stops */
    } dead[JOURNAL_ACTIONS_MAX];
};

/* False on failure; an event that is not there is an empty one. */
bool journal_read_known(struct journal *journal, int64_t seq, struct journal_known *known);
/* Whether the event is of that type and has that body still; false on failure, too. */
bool journal_has_content(struct journal *journal, int64_t seq, struct bytes type,
                         struct bytes body);
/* In a transaction: a dead delivery is pending again; its attempts, and how often crashes and stops
 * have ended it, are counted on. False where it is not dead. */
bool journal_rerun(struct journal *journal, int64_t delivery);
/* Once for all of these of an event; it is not held to be against its schema any more. */
bool journal_count_rerun(struct journal *journal, int64_t event);

struct journal_key {
    int64_t seq, received_ms;
    struct bytes route, key; /* key is empty where the event has none */
};

/* Every event after `seq`, newest first, until `each` returns false. */
bool journal_read_keys(struct journal *journal, int64_t after,
                       bool (*each)(void *context, const struct journal_key *key), void *context);

/* ---- keys that senders deliver ---- */

/* In a transaction: keeps the key, unless there is one; `*added` tells. */
bool journal_learn(struct journal *journal, const char *route, const char *provider,
                   struct bytes key, int64_t now_ms, bool *added);

struct journal_learned {
    struct bytes route, provider, key;
};

bool journal_read_learned(struct journal *journal,
                          void (*each)(void *context, const struct journal_learned *learned),
                          void *context);

/* ---- deliveries ---- */

/* Pending ones of an action that are due, after `after`, in order; how many in `*count`. */
bool journal_find_pending(struct journal *journal, int64_t action, int64_t after, int64_t now_ms,
                          int64_t *seqs, size_t limit, size_t *count);

/* Each action with an open delivery, in the order of their numbers. */
bool journal_read_open(struct journal *journal, void (*each)(void *context, int64_t action),
                       void *context);

/* What an action needs; spans until the next call. */
struct journal_delivery {
    unsigned attempt;
    int64_t received_ms;
    bool body_is_json;
    struct bytes id, type, delivery_id, client, content_type, headers, body;
};

/* A delivery that is dead now though no action has ended; for the log. Spans until the callback
 * returns, empty where the row is not there any more. */
struct journal_death {
    struct bytes id, route, action, client, reason;
    unsigned attempt;
};

typedef void journal_died(void *context, const struct journal_death *death);

/* In a transaction: if the delivery is pending, `each` gets it, and if that takes it (true) it
 * becomes running, with our runner_id. `died`, where its event is not there any more. False only on
 * failure. */
bool journal_claim(struct journal *journal, int64_t delivery, uint64_t runner_id, int64_t now_ms,
                   bool (*each)(void *context, const struct journal_delivery *delivery),
                   journal_died *died, void *context);

/* In a transaction: what became of a delivery that we claimed. */
bool journal_finish(struct journal *journal, int64_t delivery, uint64_t runner_id,
                    const struct outcome *outcome, int64_t ended_ms);

/* The same of one that a stop of the server has interrupted soon after its start, which the command
 * may have caused: pending again, but dead when that has happened too often. */
bool journal_finish_stopped(struct journal *journal, int64_t delivery, uint64_t runner_id,
                            const struct outcome *outcome, int64_t ended_ms, journal_died *died,
                            void *context);

/* Whether whoever ran a delivery has left it. */
enum journal_left {
    LEFT_NOT,
    LEFT_COUNTED,  /* pending again, or dead if that has happened too often: it may be the cause */
    LEFT_PATIENTLY /* pending again, however often */
};

/* In a transaction: asks `left` of each running delivery. How many were left in `*count`. */
bool journal_take_over(struct journal *journal, int64_t now_ms,
                       enum journal_left (*left)(void *context, int64_t delivery, int64_t action,
                                                 uint64_t runner_id),
                       journal_died *died, void *context, size_t *count);

/* Each action with an open delivery that was ever left by its runner. */
bool journal_read_left(struct journal *journal, void (*each)(void *context, int64_t action),
                       void *context);

/* In a transaction: at most `limit` pending deliveries of an action are dead for that reason. */
bool journal_abandon(struct journal *journal, int64_t action, const char *reason, int64_t now_ms,
                     size_t limit, journal_died *died, void *context, size_t *count);

struct journal_action {
    int64_t number;
    struct bytes route, name;
};

/* Every action that ever had a delivery here. */
bool journal_read_actions(struct journal *journal,
                          void (*each)(void *context, const struct journal_action *action),
                          void *context);

/* ---- pruning ---- */

struct journal_keep {
    int64_t done_before_ms;   /* done events received before this may go */
    int64_t dead_before_ms;   /* and those with a dead delivery before this */
    int64_t dedupe_before_ms; /* keys received before this are not needed any more */
    bool oldest_done;         /* the file is too large: done events go at any age */
    int64_t dead_bytes;       /* and so much of the bodies and outputs of dead ones; 0: none */
};

struct journal_pruned {
    size_t events; /* of which anything was removed */
    size_t bodies; /* of dead events, which cannot be replayed any more */
};

/* The time that pruning had reached (horizon.h), 0 if none is kept; and when the newest event was
 * received, 0 if there is none. */
bool journal_read_horizon(struct journal *journal, int64_t *horizon_ms, int64_t *newest_ms);
/* In a transaction. */
bool journal_put_horizon(struct journal *journal, int64_t horizon_ms);

/* In a transaction: one short step from event `*cursor` on; false when it fails. `*cursor` moves,
 * and is 0 when there is nothing more to look at. */
bool journal_prune(struct journal *journal, const struct journal_keep *keep, int64_t *cursor,
                   struct journal_pruned *pruned);
/* Bytes in use, without the log and free pages; and free pages. */
bool journal_measure(struct journal *journal, int64_t *used_bytes, int64_t *free_pages);
/* The file may not grow past so many pages: what a full disk is like, for tests. */
bool journal_limit_pages(struct journal *journal, unsigned pages);
/* In a transaction: gives up to `pages` free pages back to the file system. */
bool journal_shrink(struct journal *journal, unsigned pages);

#endif
