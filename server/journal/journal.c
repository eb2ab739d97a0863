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
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Short, because the runner's loop stands still meanwhile; it asks again itself. */
enum { BUSY_MS = 50, REOPEN_BUSY_MS = 2000 };
/* How long a checkpoint and check after an I/O error may take. */
enum { REOPEN_CHECK_MS = 3000 };
/* A server that is leaving holds its lock a moment longer than its socket; what is left of one that
 * was killed, until a sync that it has begun is over. */
enum { LOCK_LEAVING_MS = 700, LOCK_LEFT_MS = 60000, LOCK_PAUSE_MS = 25 };

/* ---- the lock ---- */

/* Far behind what SQLite locks. Of the description, not of the process: a fork shares it. */
static bool lock_own(int fd)
{
    struct flock lock = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = (off_t)1 << 62, .l_len = 1};
    return fcntl(fd, F_OFD_SETLK, &lock) == 0;
}

static bool lock_shared(int fd)
{
    return flock(fd, LOCK_EX | LOCK_NB) == 0;
}

static bool pause_briefly(void *owner, int64_t waited_ms)
{
    const struct timespec pause = {.tv_nsec = LOCK_PAUSE_MS * NS_PER_MS};
    (void)owner;
    (void)waited_ms;
    nanosleep(&pause, NULL);
    return true;
}

/* False with errno; EAGAIN: somebody holds it, and waiting is over. */
static bool lock_waiting(int fd, bool (*lock)(int fd), const struct journal_wait *wait,
                         int64_t most_ms)
{
    int64_t begun_ns = clock_monotonic_ns(), waited_ms = 0;
    while (!lock(fd)) {
        if (errno != EAGAIN && errno != EACCES && errno != EINTR)
            return false;
        waited_ms = (clock_monotonic_ns() - begun_ns) / NS_PER_MS;
        if (waited_ms >= most_ms || !wait->go_on(wait->owner, waited_ms)) {
            errno = EAGAIN;
            return false;
        }
    }
    return true;
}

static bool lock_file(const struct locked_file *file, const char *journal,
                      const struct journal_wait *wait, struct error *err)
{
    static const struct journal_wait briefly = {pause_briefly, NULL};
    if (!lock_waiting(file->own, lock_own, &briefly, LOCK_LEAVING_MS))
        return errno == EAGAIN ? error_set(err, "another tenterhook uses the journal %s", journal)
                               : error_set_errno(err, errno, "cannot lock the journal %s", journal);
    if (lock_waiting(file->shared, lock_shared, wait ? wait : &briefly,
                     wait ? LOCK_LEFT_MS : LOCK_LEAVING_MS))
        return true;
    return errno == EAGAIN
               ? error_set(err, "processes of a tenterhook that is gone use the journal %s",
                           journal)
               : error_set_errno(err, errno, "cannot lock the journal %s", journal);
}

/* What root has made belongs to whom the server becomes; so does an older lock of root's, or having
 * been started by root once would lock everybody else out. It is empty: nothing is given away. */
static bool hand_over(int fd, const struct stat *what, const struct journal_owner *owner,
                      struct error *err)
{
    if (geteuid() != 0 || what->st_uid != 0 || what->st_size != 0 || what->st_nlink != 1)
        return true;
    return fchown(fd, owner->uid, owner->gid) == 0 ||
           error_set_errno(err, errno, "cannot give the journal to its user");
}

enum { OPEN_FLAGS = O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, OPEN_TRIES = 3 };

/* Never through a link. Another server may make it between two looks. */
static int open_or_make(const char *path)
{
    int fd = -1;
    for (int i = 0; fd < 0 && i < OPEN_TRIES; i++) {
        fd = open(path, OPEN_FLAGS | O_NOFOLLOW);
        if (fd < 0 && errno == ENOENT)
            fd = open(path, OPEN_FLAGS | O_NOFOLLOW | O_CREAT | O_EXCL, 0600);
        if (fd < 0 && errno != EEXIST)
            break;
    }
    return fd;
}

/* The journal may be reached through a link (an empty file is a new database to SQLite). We may be
 * root and the link somebody else's: what is behind it is neither made nor given away. */
static int open_owned(const char *path, bool may_be_link, const struct journal_owner *owner,
                      struct error *err)
{
    struct stat what;
    int fd = open_or_make(path);
    bool is_link = fd < 0 && errno == ELOOP && may_be_link;
    if (is_link)
        fd = open(path, OPEN_FLAGS);
    if (fd < 0 || fstat(fd, &what) != 0)
        error_set_errno(err, errno, "cannot open %s", path);
    else if (!S_ISREG(what.st_mode))
        error_set(err, "%s is not a regular file", path);
    else if (is_link || hand_over(fd, &what, owner, err))
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

static bool is_same_file(int one, int other)
{
    struct stat first, second;
    return fstat(one, &first) == 0 && fstat(other, &second) == 0 && first.st_dev == second.st_dev &&
           first.st_ino == second.st_ino;
}

/* Opened twice, because a lock belongs to what was opened. */
static bool open_to_lock(struct locked_file *file, const char *path, bool may_be_link,
                         const struct journal_owner *owner, struct error *err)
{
    file->shared = open_owned(path, may_be_link, owner, err);
    file->own = file->shared >= 0 ? open_owned(path, may_be_link, owner, err) : -1;
    return file->own >= 0 &&
           (is_same_file(file->shared, file->own) || error_set(err, "%s is being replaced", path));
}

bool journal_lock(const char *path, const struct journal_owner *owner,
                  const struct journal_wait *wait, struct journal_lock *lock, struct error *err)
{
    char beside[4096];
    struct journal_lock made = journal_lock_none();
    if (snprintf(beside, sizeof beside, "%s.lock", path) >= (int)sizeof beside)
        return error_set(err, "the path of the journal is too long");
    if (open_to_lock(&made.beside, beside, false, owner, err) &&
        lock_file(&made.beside, path, wait, err) &&
        open_to_lock(&made.file, path, true, owner, err) &&
        lock_file(&made.file, path, wait, err)) {
        *lock = made;
        return true;
    }
    journal_unlock(&made);
    return false;
}

struct journal_lock journal_lock_none(void)
{
    return (struct journal_lock){{-1, -1}, {-1, -1}};
}

static void close_lock(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void journal_unlock(struct journal_lock *lock)
{
    close_lock(&lock->file.own);
    close_lock(&lock->file.shared);
    close_lock(&lock->beside.own);
    close_lock(&lock->beside.shared);
}

void journal_lock_inherited(struct journal_lock *lock)
{
    close_lock(&lock->file.own);
    close_lock(&lock->beside.own);
}

/* ---- open, close, reopen ---- */

/* Looks for damage until the time is over: a journal of gigabytes must not keep the server from
 * starting. */
static bool journal_check(struct journal *journal, int64_t check_ms, struct error *err)
{
    char verdict[256] = "ok";
    if (check_ms <= 0)
        return true;
    journal->db.deadline_ns = clock_monotonic_ns() + check_ms * NS_PER_MS;
    bool done = database_read_text(&journal->db, "PRAGMA quick_check(1)", verdict, sizeof verdict);
    bool cut_off = clock_monotonic_ns() > journal->db.deadline_ns;
    journal->db.deadline_ns = 0;
    if (!done && !cut_off)
        return database_explain(&journal->db, err);
    database_clear(&journal->db);
    return strcmp(verdict, "ok") == 0 || error_set(err, "the journal is damaged: %s", verdict);
}

/* All that the log holds goes into the file, and the next commit begins the log anew with other
 * salts: so no frame that was left in it by a crash can be taken for one of the present log. While
 * somebody reads it stays as it is; that is allowed only where nothing was dropped from it. */
static bool begin_log_anew(struct journal *journal, bool must, struct error *err)
{
    if (database_checkpoint(&journal->db, true))
        return true;
    if (must)
        return database_explain(&journal->db, err);
    database_clear(&journal->db);
    return true;
}

/* Our own statements write no state that is not one, and SQLite looks a state up in a tree that it
 * builds for each row: that was half of the work of an event. After the check of the file, which
 * looks at the constraints only while they are held; every other connection holds them. */
static bool trust_own_states(struct database *db, struct error *err)
{
    return database_run(db, "PRAGMA ignore_check_constraints = ON") || database_explain(db, err);
}

/* No other process writes meanwhile. */
static bool look_and_prepare(struct journal *journal, int64_t check_ms, struct error *err)
{
    struct database *db = &journal->db;
    bool damaged = false, walk = check_ms > 0;
    return (!walk ||
            journal_check_log(database_path(db), journal->settings->damaged == DAMAGED_CONTINUE,
                              &damaged, err)) &&
           journal_prepare(db, &journal->is_new, err) && database_note_files(db, err) &&
           journal_check(journal, check_ms, err) && trust_own_states(db, err) &&
           (!walk || begin_log_anew(journal, damaged, err));
}

static bool journal_connect(struct journal *journal, int busy_ms, int64_t check_ms,
                            struct error *err)
{
    struct database *db = &journal->db;
    const char *path = journal->settings->path;
    if (!database_open(db, path, DATABASE_WRITE, busy_ms, journal_sql, err))
        return false;
    bool done =
        database_hold(db) ? look_and_prepare(journal, check_ms, err) : database_explain(db, err);
    if (done) {
        database_let_go(db);
        return true;
    }
    database_close(db);
    return error_prefix(err, "%s", path);
}

void journal_be_patient(struct journal *journal, bool patient)
{
    database_wait(&journal->db, patient ? REOPEN_BUSY_MS : BUSY_MS);
}

struct journal *journal_open(const struct journal_settings *settings, int64_t check_ms,
                             struct error *err)
{
    struct journal *journal = calloc(1, sizeof *journal);
    if (!journal) {
        error_set(err, "no memory for the journal");
        return NULL;
    }
    journal->settings = settings;
    if (!journal_connect(journal, REOPEN_BUSY_MS, check_ms, err)) {
        journal_close(journal);
        return NULL;
    }
    journal_be_patient(journal, false);
    journal_changed(journal);
    return journal;
}

bool journal_is_new(const struct journal *journal)
{
    return journal->is_new;
}

void journal_close(struct journal *journal)
{
    if (!journal)
        return;
    database_close(&journal->db);
    free(journal);
}

/* The newest event that was acknowledged through us. Where the log was cut it may be gone for good:
 * that is said, and nothing is won by refusing those that come. */
static bool has_last_event(struct journal *journal, struct error *err)
{
    struct query query;
    bool found = journal->last_event == 0;
    if (found)
        return true;
    query = database_query(&journal->db, SQL_EVENT_ID, value_number(journal->last_event));
    while (query_next(&query))
        found = bytes_equal_text(query_bytes(&query, 0), journal->last_id);
    if (database_status(&journal->db) != STORE_OK)
        return database_explain(&journal->db, err);
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
static bool is_whole(struct journal *journal, struct error *err)
{
    struct database *db = &journal->db;
    if (!database_checkpoint(db, true) || journal_probe(journal) != STORE_OK)
        return database_explain(db, err);
    return has_last_event(journal, err);
}

bool journal_reopen(struct journal *journal, struct error *err)
{
    struct database *db = &journal->db;
    const char *path = journal->settings->path;
    journal->was_cut |= db->fault == FILES_LOG_CUT;
    if (db->handle && db->fault != FILES_IN_PLACE && !database_rescue(db, err))
        return false;
    database_close(db);
    /* an empty one in its place would hide the loss */
    if (access(path, F_OK) != 0)
        return error_set_errno(err, errno, "cannot open %s", path);
    if (!journal_connect(journal, REOPEN_BUSY_MS, REOPEN_CHECK_MS, err))
        return false;
    if (!is_whole(journal, err)) {
        database_close(db);
        return error_prefix(err, "%s", path);
    }
    journal->was_cut = false;
    database_wait(db, BUSY_MS);
    journal_changed(journal);
    return true;
}

/* ---- transactions ---- */

enum store_status journal_begin(struct journal *journal)
{
    database_clear(&journal->db);
    journal->event_added = 0;
    database_begin(&journal->db);
    return database_status(&journal->db);
}

enum store_status journal_commit(struct journal *journal)
{
    if (database_commit(&journal->db) && journal->event_added) {
        journal->last_event = journal->event_added;
        memcpy(journal->last_id, journal->added_id, sizeof journal->last_id);
    }
    return database_status(&journal->db);
}

bool journal_touch(struct journal *journal)
{
    char sql[64];
    snprintf(sql, sizeof sql, "PRAGMA user_version = %d", JOURNAL_VERSION);
    return database_run(&journal->db, sql);
}

enum store_status journal_probe(struct journal *journal)
{
    if (journal_begin(journal) != STORE_OK)
        return database_status(&journal->db);
    journal_touch(journal);
    return journal_commit(journal);
}

void journal_copy_log(struct journal *journal)
{
    database_clear(&journal->db);
    database_checkpoint(&journal->db, false);
    database_clear(&journal->db);
}

void journal_tend(struct journal *journal)
{
    unsigned pages = journal_log_pages(journal);
    if (pages < journal->tended_pages) /* begun anew */
        journal->tended_pages = 0;
    if (!database_checkpoints_apart() || pages < journal->tended_pages + CHECKPOINT_PAGES)
        return;
    journal->tended_pages = pages;
    journal_copy_log(journal);
}

void journal_forget_failure(struct journal *journal)
{
    database_clear(&journal->db);
}

enum store_status journal_status(const struct journal *journal)
{
    return database_status(&journal->db);
}

bool journal_explain(const struct journal *journal, struct error *err)
{
    return database_explain(&journal->db, err);
}

bool journal_changed(struct journal *journal)
{
    int64_t before = journal->data_version;
    struct query query = database_query_values(&journal->db, SQL_DATA_VERSION, NULL, 0);
    while (query_next(&query))
        journal->data_version = query_number(&query, 0);
    return journal->data_version != before;
}

unsigned journal_log_pages(const struct journal *journal)
{
    return (unsigned)journal->db.log_pages;
}
