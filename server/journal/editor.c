/* A replayed delivery's history (attempts, outputs, reasons) stays; what it waits for, how many
 * attempts it has, and how often a runner has left it or a stop has ended it, begins anew.
 * What tells of a failure, in the last two places of an event, is not replayed with it. */
#include "server/journal/editor.h"

#include "server/journal/damage.h"
#include "server/journal/journal.h"
#include "server/journal/tables.h"

#include <stdlib.h>

enum { EDIT_BUSY_MS = 10000 };

enum edit_sql {
    EDIT_REPLAY,
    EDIT_REPLAY_EVENT,
    EDIT_FORGET_KEYS,
    EDIT_PAUSE,
    EDIT_RESUME,
    EDIT_CANCEL,
    EDIT_COUNT
};

#define OF_EVENT DELIVERIES_OF("?1")
#define OWN IS_OWN("seq")

static const char *const edit_sql[EDIT_COUNT] = {
    [EDIT_REPLAY] =
        "UPDATE delivery SET state = 'pending', due_ms = 0, takeovers = 0, stops = 0, given_up = 0,"
        " alone = 0, superseded_by = NULL, fold = NULL, runner = NULL, wait_ms = NULL,"
        " failures = 0, replays = replays + 1, ended_ms = iif(attempt > 0, ended_ms, NULL),"
        " reason = iif(attempt > 0, reason, NULL)"
        " WHERE seq" OF_EVENT " AND state NOT IN ('pending', 'running')"
        " AND (state = ?2 OR (?2 IS NULL AND state <> 'superseded'))"
        " AND iif(?3 IS NULL, " OWN
        ", ?3 = (SELECT a.name FROM action a WHERE a.number = delivery.action))"
        " AND EXISTS (SELECT 1 FROM body WHERE event = ?1)",
    [EDIT_REPLAY_EVENT] =
        "UPDATE event SET failures = NULL WHERE seq = ?1 AND failures IS NOT NULL",
    [EDIT_CANCEL] = "UPDATE delivery SET state = 'dead', runner = NULL, due_ms = 0, ended_ms = ?3,"
                    " reason = '" JOURNAL_CANCELLED "' WHERE seq" OF_EVENT
                    " AND (state = 'pending' OR (?2 AND state = 'running'))",
    [EDIT_FORGET_KEYS] = "DELETE FROM learned WHERE route = ?1",
    [EDIT_PAUSE] = "INSERT INTO route (name, paused_ms, paused_why) VALUES (?1, ?2, ?3)"
                   " ON CONFLICT (name) DO UPDATE SET paused_ms = ?2, paused_why = ?3"
                   " WHERE paused_ms IS NULL",
    [EDIT_RESUME] = "UPDATE route SET paused_ms = NULL, paused_why = NULL, deaths = 0"
                    " WHERE name = ?1 AND paused_ms IS NOT NULL",
};

struct journal_edit {
    struct sqlite db;
};

/* What people can act on, where it is known. */
static bool explain(const struct sqlite *db, struct error *err)
{
    if (sqlite_status(db) == SQLITE_STATUS_FULL)
        return error_set(err, "nothing is changed: the journal cannot be written, because its disk "
                              "is full; free space on it, then run this command again");
    return sqlite_explain(db, err);
}

/* A commit would write over what stands behind damage in the log. No other process writes
 * meanwhile. */
static bool look_and_prepare(struct sqlite *db, struct error *err)
{
    bool damaged;
    return journal_check_log(sqlite_path(db), false, &damaged, err) &&
           journal_check_version(db, err) && sqlite_note_files(db, err) &&
           (sqlite_run(db, "PRAGMA synchronous = FULL") || explain(db, err));
}

static bool prepare(struct sqlite *db, struct error *err)
{
    if (!sqlite_hold(db))
        return explain(db, err);
    bool done = look_and_prepare(db, err);
    sqlite_let_go(db);
    return done;
}

struct journal_edit *journal_edit_open(const char *path, struct error *err)
{
    struct journal_edit *edit = calloc(1, sizeof *edit);
    if (!edit) {
        error_set(err, "no memory");
        return NULL;
    }
    if (!sqlite_open(&edit->db, path, SQLITE_MODE_KEEP, EDIT_BUSY_MS, edit_sql, err)) {
        free(edit);
        return NULL;
    }
    if (!prepare(&edit->db, err)) {
        error_prefix(err, "%s", path);
        journal_edit_close(edit);
        return NULL;
    }
    return edit;
}

void journal_edit_close(struct journal_edit *edit)
{
    if (!edit)
        return;
    sqlite_close(&edit->db); /* rolls back what was not committed */
    free(edit);
}

bool journal_edit_begin(struct journal_edit *edit, struct error *err)
{
    sqlite_clear(&edit->db);
    return sqlite_begin(&edit->db) || explain(&edit->db, err);
}

bool journal_edit_commit(struct journal_edit *edit, struct error *err)
{
    return sqlite_commit(&edit->db) || explain(&edit->db, err);
}

static struct bind_value text_or_null(const char *text)
{
    return text ? bind_text(text) : bind_null();
}

bool journal_edit_replay(struct journal_edit *edit, int64_t seq, const struct replay_choice *choice,
                         size_t *count, struct error *err)
{
    struct sqlite *db = &edit->db;
    if (!sqlite_execute(db, EDIT_REPLAY, bind_number(seq), text_or_null(choice->state),
                        text_or_null(choice->action)))
        return explain(db, err);
    *count = (size_t)sqlite_changes(db);
    return *count == 0 || sqlite_execute(db, EDIT_REPLAY_EVENT, bind_number(seq)) ||
           explain(db, err);
}

bool journal_edit_cancel(struct journal_edit *edit, int64_t seq, bool all, int64_t now_ms,
                         size_t *count, struct error *err)
{
    if (!sqlite_execute(&edit->db, EDIT_CANCEL, bind_number(seq), bind_number(all),
                        bind_number(now_ms)))
        return explain(&edit->db, err);
    *count = (size_t)sqlite_changes(&edit->db);
    return true;
}

bool journal_edit_forget_keys(struct journal_edit *edit, const char *route, size_t *count,
                              struct error *err)
{
    if (!sqlite_execute(&edit->db, EDIT_FORGET_KEYS, bind_text(route)))
        return explain(&edit->db, err);
    *count = (size_t)sqlite_changes(&edit->db);
    return true;
}

bool journal_edit_pause(struct journal_edit *edit, const char *route, const char *why,
                        int64_t now_ms, bool *changed, struct error *err)
{
    if (!sqlite_execute(&edit->db, EDIT_PAUSE, bind_text(route), bind_number(now_ms),
                        bind_text(why)))
        return explain(&edit->db, err);
    *changed = sqlite_changes(&edit->db) > 0;
    return true;
}

bool journal_edit_resume(struct journal_edit *edit, const char *route, bool *changed,
                         struct error *err)
{
    if (!sqlite_execute(&edit->db, EDIT_RESUME, bind_text(route)))
        return explain(&edit->db, err);
    *changed = sqlite_changes(&edit->db) > 0;
    return true;
}
