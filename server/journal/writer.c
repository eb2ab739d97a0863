/* Opening, closing and the transaction. A failure inside a transaction sticks in the connection
 * (sqlite.h), so the commit is the one place that decides; after an I/O error nothing of SQLite's
 * state is believed any more: an fsync that has failed once reports success the next time, although
 * the pages were never written. */
#include "server/journal/private.h"

#include "base/clock.h"
#include "server/ipc/log_events.h"
#include "server/ipc/shared.h"
#include "server/journal/damage.h"
#include "server/journal/tables.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Short, because the runner's loop stands still meanwhile; it asks again itself. */
enum { BUSY_MS = 50, REOPEN_BUSY_MS = 2000 };
/* How long a checkpoint and check after an I/O error may take. */
enum { REOPEN_CHECK_MS = 3000 };

/* ---- open, close, reopen ---- */

/* Looks for damage until the time is over: a journal of gigabytes must not keep the server from
 * starting. */
static bool journal_check(struct sqlite_journal *journal, int64_t check_ms, struct error *err)
{
    char verdict[256] = "ok";
    if (check_ms <= 0)
        return true;
    journal->db.deadline_ns = clock_monotonic_ns() + check_ms * NS_PER_MS;
    bool done = sqlite_read_text(&journal->db, "PRAGMA quick_check(1)", verdict, sizeof verdict);
    bool cut_off = clock_monotonic_ns() > journal->db.deadline_ns;
    journal->db.deadline_ns = 0;
    if (!done && !cut_off)
        return sqlite_explain(&journal->db, err);
    sqlite_clear(&journal->db);
    return strcmp(verdict, "ok") == 0 || error_set(err, "the journal is damaged: %s", verdict);
}

/* All that the log holds goes into the file, and the next commit begins the log anew with other
 * salts: so no frame that was left in it by a crash can be taken for one of the present log. While
 * somebody reads it stays as it is; that is allowed only where nothing was dropped from it. */
static bool begin_log_anew(struct sqlite_journal *journal, bool must, struct error *err)
{
    if (sqlite_checkpoint(&journal->db, true))
        return true;
    if (must)
        return sqlite_explain(&journal->db, err);
    sqlite_clear(&journal->db);
    return true;
}

/* Our own statements write no state that is not one, and SQLite looks a state up in a tree that it
 * builds for each row: that was half of the work of an event. After the check of the file, which
 * looks at the constraints only while they are held; every other connection holds them. */
static bool trust_own_states(struct sqlite *db, struct error *err)
{
    return sqlite_run(db, "PRAGMA ignore_check_constraints = ON") || sqlite_explain(db, err);
}

/* No other process writes meanwhile. */
static bool look_and_prepare(struct sqlite_journal *journal, int64_t check_ms, struct error *err)
{
    struct sqlite *db = &journal->db;
    bool damaged = false, walk = check_ms > 0;
    return (!walk ||
            journal_check_log(sqlite_path(db), journal->settings->damaged == DAMAGED_CONTINUE,
                              &damaged, err)) &&
           journal_prepare(db, &journal->base.is_new, err) && sqlite_note_files(db, err) &&
           journal_check(journal, check_ms, err) && trust_own_states(db, err) &&
           (!walk || begin_log_anew(journal, damaged, err));
}

static bool journal_connect(struct sqlite_journal *journal, int busy_ms, int64_t check_ms,
                            struct error *err)
{
    struct sqlite *db = &journal->db;
    const char *path = journal->settings->path;
    if (!sqlite_open(db, path, SQLITE_MODE_WRITE, busy_ms, journal_sql, err))
        return false;
    bool done =
        sqlite_hold(db) ? look_and_prepare(journal, check_ms, err) : sqlite_explain(db, err);
    if (done) {
        sqlite_let_go(db);
        return true;
    }
    sqlite_close(db);
    return error_prefix(err, "%s", path);
}

static const char *const mark_reasons[] = {[MARK_MISSING] = "there was none",
                                           [MARK_FOREIGN] = "it was that of another journal",
                                           [MARK_DAMAGED] = "it was damaged"};

/* Without it the journal is as good as ever, but what vanishes from it is not noticed. */
static void open_mark(struct sqlite_journal *journal)
{
    int64_t known = journal->mark.newest.number;
    uint8_t identity[16] = {0};
    enum mark_state state = MARK_FOUND;
    struct error why = {""};
    const char *path = sqlite_path(&journal->db);
    mark_close(&journal->mark); /* of before, where it is opened anew */
    if (!journal_read_identity(&journal->db, identity))
        sqlite_clear(&journal->db);
    if (!mark_open(&journal->mark, path, identity, &state, &why))
        log_write(LOG_MARK_FAILED, log_text("reason", why.text));
    else if (state > MARK_MISSING || (state == MARK_MISSING && !journal->base.is_new))
        log_write_at(LOG_MARK_BEGUN, state == MARK_MISSING ? LOG_INFO : LOG_WARNING,
                     log_text("path", path), log_text("reason", mark_reasons[state]));
    if (journal->mark.newest.number > known)
        known = journal->mark.newest.number;
    journal->least_number = known + 1;
}

void writer_be_patient(struct sqlite_journal *journal, bool patient)
{
    sqlite_wait(&journal->db, patient ? REOPEN_BUSY_MS : BUSY_MS);
}

struct sqlite_journal *writer_open(const struct journal_settings *settings, int64_t check_ms,
                                   struct error *err)
{
    struct sqlite_journal *journal = calloc(1, sizeof *journal);
    if (!journal) {
        error_set(err, "no memory for the journal");
        return NULL;
    }
    journal->settings = settings;
    journal->mark.fd = -1;
    dedupe_init(&journal->keys);
    if (!journal_connect(journal, REOPEN_BUSY_MS, check_ms, err)) {
        writer_close(journal);
        return NULL;
    }
    open_mark(journal);
    writer_be_patient(journal, false);
    writer_changed(journal);
    return journal;
}

void writer_close(struct sqlite_journal *journal)
{
    if (!journal)
        return;
    sqlite_close(&journal->db);
    mark_close(&journal->mark);
    dedupe_finish(&journal->keys);
    engine_finish(&journal->base);
    free(journal);
}

/* The newest event that was acknowledged through us. Where the log was cut it may be gone for good:
 * that is said, and nothing is won by refusing those that come. */
static bool has_last_event(struct sqlite_journal *journal, struct error *err)
{
    struct query query;
    bool found = journal->last_event == 0;
    if (found)
        return true;
    query = sqlite_query(&journal->db, SQL_EVENT_ID, bind_number(journal->last_event));
    while (query_next(&query))
        found = bytes_equal_text(query_bytes(&query, 0), journal->last_id);
    if (sqlite_status(&journal->db) != SQLITE_STATUS_OK)
        return sqlite_explain(&journal->db, err);
    if (!found && journal->was_cut) {
        log_write(LOG_JOURNAL_LOST, log_text("up_to_id", journal->last_id),
                  log_text("reason", "events were acknowledged, and cut out of the log since"));
        journal->last_event = 0;
        return true;
    }
    return found || error_set(err, "event %s was acknowledged and is not there", journal->last_id);
}

/* The log may have pages that the kernel believes to be on disk and are not: all of it is written
 * to the file, synced, and the log begun anew. */
static bool is_whole(struct sqlite_journal *journal, struct error *err)
{
    struct sqlite *db = &journal->db;
    if (!sqlite_checkpoint(db, true) || writer_probe(journal) != SQLITE_STATUS_OK)
        return sqlite_explain(db, err);
    return has_last_event(journal, err);
}

bool writer_reopen(struct sqlite_journal *journal, struct error *err)
{
    struct sqlite *db = &journal->db;
    const char *path = journal->settings->path;
    journal->was_cut |= db->fault == FILES_LOG_CUT;
    if (db->handle && db->fault != FILES_IN_PLACE && !sqlite_rescue(db, err))
        return false;
    sqlite_close(db);
    /* an empty one in its place would hide the loss */
    if (access(path, F_OK) != 0)
        return error_set_errno(err, errno, "cannot open %s", path);
    if (!journal_connect(journal, REOPEN_BUSY_MS, REOPEN_CHECK_MS, err))
        return false;
    if (!is_whole(journal, err)) {
        sqlite_close(db);
        return error_prefix(err, "%s", path);
    }
    journal->was_cut = false;
    open_mark(journal);
    sqlite_wait(db, BUSY_MS);
    writer_changed(journal);
    return true;
}

/* ---- transactions ---- */

enum sqlite_status writer_begin(struct sqlite_journal *journal)
{
    sqlite_clear(&journal->db);
    journal->event_added = 0;
    mark_begin(&journal->mark);
    sqlite_begin(&journal->db);
    return sqlite_status(&journal->db);
}

static void note_committed(struct sqlite_journal *journal)
{
    bool written = mark_write(&journal->mark);
    if (!written && !journal->mark.failed)
        log_write(LOG_MARK_FAILED, log_text("reason", strerror(errno)));
    journal->mark.failed = !written;
    journal->least_number = 0;
    journal->last_event = journal->event_added;
    memcpy(journal->last_id, journal->added_id, sizeof journal->last_id);
}

/* The mark is written under the lock, so that the next runner finds the event before its own. */
enum sqlite_status writer_commit(struct sqlite_journal *journal)
{
    bool added = journal->event_added != 0 && sqlite_hold(&journal->db);
    if (sqlite_commit(&journal->db) && added)
        note_committed(journal);
    if (added)
        sqlite_let_go(&journal->db);
    return sqlite_status(&journal->db);
}

bool writer_touch(struct sqlite_journal *journal)
{
    char sql[64];
    snprintf(sql, sizeof sql, "PRAGMA user_version = %d", JOURNAL_VERSION);
    return sqlite_run(&journal->db, sql);
}

enum sqlite_status writer_probe(struct sqlite_journal *journal)
{
    if (writer_begin(journal) != SQLITE_STATUS_OK)
        return sqlite_status(&journal->db);
    writer_touch(journal);
    return writer_commit(journal);
}

void writer_copy_log(struct sqlite_journal *journal)
{
    sqlite_clear(&journal->db);
    sqlite_checkpoint(&journal->db, false);
    sqlite_clear(&journal->db);
}

void writer_tend(struct sqlite_journal *journal)
{
    unsigned pages = writer_log_pages(journal);
    if (journal->shared)
        shared_tell_pages(journal->shared, pages, !sqlite_checkpoints_apart());
    if (pages < journal->tended_pages) /* begun anew */
        journal->tended_pages = 0;
    if (!sqlite_checkpoints_apart() || pages < journal->tended_pages + CHECKPOINT_PAGES)
        return;
    journal->tended_pages = pages;
    writer_copy_log(journal);
}

void writer_forget_failure(struct sqlite_journal *journal)
{
    sqlite_clear(&journal->db);
}

enum sqlite_status writer_status(const struct sqlite_journal *journal)
{
    return sqlite_status(&journal->db);
}

bool writer_explain(const struct sqlite_journal *journal, struct error *err)
{
    return sqlite_explain(&journal->db, err);
}

bool writer_changed(struct sqlite_journal *journal)
{
    int64_t before = journal->data_version;
    struct query query = sqlite_query_values(&journal->db, SQL_DATA_VERSION, NULL, 0);
    while (query_next(&query))
        journal->data_version = query_number(&query, 0);
    return journal->data_version != before;
}

unsigned writer_log_pages(const struct sqlite_journal *journal)
{
    return (unsigned)journal->db.log_pages;
}
