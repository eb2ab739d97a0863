/* A delivery's history (attempts, the last output) stays; what it waits for, and how often a runner
 * has left it, begins anew. */
#include "server/journal_replay.h"

#include "server/journal_schema.h"

#include <stdlib.h>

enum { REPLAY_BUSY_MS = 10000 };

enum replay_sql { REPLAY_BEGIN, REPLAY_COMMIT, REPLAY_DELIVERIES, REPLAY_EVENT, REPLAY_COUNT };

static const char *const replay_sql[REPLAY_COUNT] = {
    [REPLAY_BEGIN] = "BEGIN IMMEDIATE",
    [REPLAY_COMMIT] = "COMMIT",
    [REPLAY_DELIVERIES] =
        "UPDATE delivery SET state = 'pending', due_ms = 0, takeovers = 0, runner = NULL,"
        " ended_ms = NULL, reason = NULL WHERE seq BETWEEN ?1 * 256 AND ?1 * 256 + 255"
        " AND (state = 'dead' OR (?2 AND state = 'done'))"
        " AND EXISTS (SELECT 1 FROM body WHERE event = ?1)",
    [REPLAY_EVENT] = "UPDATE event SET failures = NULL WHERE seq = ?1 AND failures IS NOT NULL",
};

struct journal_replay {
    struct database db;
};

static bool prepare(struct database *db, struct error *err)
{
    return journal_check_version(db, err) &&
           (database_run(db, "PRAGMA synchronous = FULL") || database_explain(db, err));
}

struct journal_replay *journal_replay_open(const char *path, struct error *err)
{
    struct journal_replay *replay = calloc(1, sizeof *replay);
    if (!replay) {
        error_set(err, "no memory");
        return NULL;
    }
    if (!database_open(&replay->db, path, DATABASE_KEEP, REPLAY_BUSY_MS, replay_sql, err)) {
        free(replay);
        return NULL;
    }
    if (!prepare(&replay->db, err)) {
        error_prefix(err, "%s", path);
        journal_replay_close(replay);
        return NULL;
    }
    return replay;
}

void journal_replay_close(struct journal_replay *replay)
{
    if (!replay)
        return;
    database_close(&replay->db); /* rolls back what was not committed */
    free(replay);
}

static bool execute(struct journal_replay *replay, enum replay_sql which, struct error *err)
{
    return database_execute_values(&replay->db, which, NULL, 0) ||
           database_explain(&replay->db, err);
}

bool journal_replay_begin(struct journal_replay *replay, struct error *err)
{
    database_clear(&replay->db);
    return execute(replay, REPLAY_BEGIN, err);
}

bool journal_replay_commit(struct journal_replay *replay, struct error *err)
{
    return execute(replay, REPLAY_COMMIT, err);
}

bool journal_replay_event(struct journal_replay *replay, int64_t seq, bool all, size_t *count,
                          struct error *err)
{
    struct database *db = &replay->db;
    if (!database_execute(db, REPLAY_DELIVERIES, value_number(seq), value_number(all)))
        return database_explain(db, err);
    *count = (size_t)database_changes(db);
    return *count == 0 || database_execute(db, REPLAY_EVENT, value_number(seq)) ||
           database_explain(db, err);
}
