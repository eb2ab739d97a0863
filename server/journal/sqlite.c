/* SQLite behind a handful of calls. Failures are noted and stick, so that the journal's
 * transactions read as a list of statements with one decision at the end; only five kinds of
 * failure are told apart, because only five things are done about them. */
#include "server/journal/sqlite.h"

#include "base/clock.h"
#include "server/ipc/log_events.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Instructions of SQLite's machine between two looks at the deadline. */
enum { DEADLINE_STEPS = 20000 };

/* How long a connection that is closed waits for the lock. */
enum { CLOSE_WAIT_MS = 2000 };

/* ---- failures ---- */

/* The message of the connection is about its last call, which may have succeeded: it is only taken
 * where the code is that of this call. */
static bool note_failure(struct sqlite *db, int code)
{
    bool is_last_call = db->handle && (sqlite3_errcode(db->handle) & 0xff) == (code & 0xff);
    if (db->failure == SQLITE_OK) {
        db->failure = code;
        snprintf(db->failure_text, sizeof db->failure_text, "%s (%d)",
                 is_last_call ? sqlite3_errmsg(db->handle) : sqlite3_errstr(code), code);
    }
    return false;
}

enum sqlite_status sqlite_status(const struct sqlite *db)
{
    static const struct {
        int code;
        enum sqlite_status status;
    } rows[] = {
        {SQLITE_OK, SQLITE_STATUS_OK},           {SQLITE_BUSY, SQLITE_STATUS_BUSY},
        {SQLITE_LOCKED, SQLITE_STATUS_BUSY},     {SQLITE_FULL, SQLITE_STATUS_FULL},
        {SQLITE_IOERR, SQLITE_STATUS_BROKEN},    {SQLITE_CORRUPT, SQLITE_STATUS_BROKEN},
        {SQLITE_NOTADB, SQLITE_STATUS_BROKEN},   {SQLITE_CANTOPEN, SQLITE_STATUS_BROKEN},
        {SQLITE_PERM, SQLITE_STATUS_BROKEN},     {SQLITE_READONLY, SQLITE_STATUS_BROKEN},
        {SQLITE_PROTOCOL, SQLITE_STATUS_BROKEN},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].code == (db->failure & 0xff))
            return rows[i].status;
    return SQLITE_STATUS_FAILED;
}

void sqlite_clear(struct sqlite *db)
{
    db->failure = SQLITE_OK;
}

bool sqlite_fail(struct sqlite *db, const char *reason)
{
    if (db->failure == SQLITE_OK) {
        db->failure = SQLITE_ERROR;
        snprintf(db->failure_text, sizeof db->failure_text, "%s", reason);
    }
    return false;
}

bool sqlite_explain(const struct sqlite *db, struct error *err)
{
    return error_set(err, "%s", db->failure == SQLITE_OK ? "no error" : db->failure_text);
}

/* ---- open and close ---- */

/* SQLite gives a new file the umask's mode; the log and its index take the mode of the file. */
static bool create_private(const char *path, struct error *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 && errno != EEXIST)
        return error_set_errno(err, errno, "cannot make %s", path);
    if (fd >= 0)
        close(fd);
    return true;
}

const char *sqlite_path(const struct sqlite *db)
{
    return sqlite3_db_filename(db->handle, "main");
}

/* Where the file really is: there SQLite has the log, too. */
static bool open_lock(struct sqlite *db, struct error *err)
{
    return sqlite_lock_open(&db->lock, sqlite_path(db), err);
}

static int past_deadline(void *owner)
{
    const struct sqlite *db = owner;
    if (db->works)
        db->works(db->works_owner);
    return db->deadline_ns != 0 && clock_monotonic_ns() > db->deadline_ns;
}

/* A reader that may not write beside the file cannot make the log's index. Without a log there is
 * nothing to miss: the file can then be read as one that nobody changes. */
static int open_without_log(struct sqlite *db, const char *path)
{
    char name[4096];
    struct stat what;
    int written = snprintf(name, sizeof name, "%s-wal", path);
    if (written < 0 || written >= (int)sizeof name || strchr(path, '?') || strchr(path, '%') ||
        strchr(path, '#') || (stat(name, &what) == 0 && what.st_size > 0))
        return SQLITE_CANTOPEN;
    sqlite3_close(db->handle);
    snprintf(name, sizeof name, "file:%s?immutable=1", path);
    return sqlite3_open_v2(name, &db->handle, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL);
}

static int after_commit(void *owner, sqlite3 *handle, const char *name, int pages)
{
    struct sqlite *db = owner;
    db->log_pages = pages;
    /* a failure here is not one of the commit, which is done; the next commit finds its own */
    if (pages >= SQLITE_LOG_PAGES)
        sqlite3_wal_checkpoint_v2(handle, name, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    return SQLITE_OK;
}

/* The name as part of a URI. */
static int open_copy(struct sqlite *db, const char *path)
{
    char uri[4096 * 3 + 32] = "file:";
    size_t length = strlen(uri);
    for (const char *from = path; *from && length < sizeof uri - 16; from++)
        length += (size_t)snprintf(uri + length, 4, strchr("?%#", *from) ? "%%%02X" : "%c",
                                   (unsigned char)*from);
    snprintf(uri + length, sizeof uri - length, "?immutable=1");
    return sqlite3_open_v2(uri, &db->handle,
                           SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL);
}

static int open_handle(struct sqlite *db, const char *path, enum sqlite_mode mode)
{
    if (mode == SQLITE_MODE_COPY)
        return open_copy(db, path);
    int flags = mode == SQLITE_MODE_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    int code = sqlite3_open_v2(path, &db->handle, flags | SQLITE_OPEN_NOMUTEX, NULL);
    if (code != SQLITE_OK || mode != SQLITE_MODE_READ)
        return code;
    /* the log is looked for at the first read only */
    code = sqlite3_exec(db->handle, "SELECT 1 FROM sqlite_schema", NULL, NULL, NULL);
    bool no_index = (code & 0xff) == SQLITE_CANTOPEN || (code & 0xff) == SQLITE_READONLY;
    return no_index ? open_without_log(db, path) : code;
}

const char *sqlite_library_version(void)
{
    return sqlite3_libversion();
}

bool sqlite_open(struct sqlite *db, const char *path, enum sqlite_mode mode, int busy_ms,
                 const char *const *sql, struct error *err)
{
    *db = (struct sqlite){.sql = sql, .wait_ms = busy_ms, .lock.fd = -1};
    if (sqlite_files_orphaned(path, err) ||
        (mode == SQLITE_MODE_WRITE && !create_private(path, err)))
        return false;
    int code = open_handle(db, path, mode);
    if (code != SQLITE_OK) {
        int system = db->handle ? sqlite3_system_errno(db->handle) : 0;
        error_set(err, "cannot open %s: %s", path,
                  system ? strerror(system) : sqlite3_errstr(code));
        sqlite_close(db);
        return false;
    }
    bool writes = mode == SQLITE_MODE_WRITE || mode == SQLITE_MODE_KEEP;
    if (writes && !open_lock(db, err)) {
        sqlite_close(db);
        return false;
    }
    sqlite3_extended_result_codes(db->handle, 1);
    sqlite3_busy_timeout(db->handle, busy_ms);
    sqlite3_wal_hook(db->handle, after_commit, db);
    sqlite3_progress_handler(db->handle, DEADLINE_STEPS, past_deadline, db);
    return true;
}

void sqlite_wait(struct sqlite *db, int busy_ms)
{
    db->wait_ms = busy_ms;
    sqlite3_busy_timeout(db->handle, busy_ms);
}

/* The last connection copies the log into the file when it is closed, and removes the log by its
 * name. That too is a checkpoint; and the name may be another file's by now. */
static void prepare_close(struct sqlite *db)
{
    struct error why;
    bool may_checkpoint = db->lock.fd >= 0 && sqlite_lock_take(&db->lock, CLOSE_WAIT_MS) &&
                          db->fault == FILES_IN_PLACE &&
                          sqlite_files_check(&db->files, &why) == FILES_IN_PLACE;
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, !may_checkpoint, NULL);
}

void sqlite_close(struct sqlite *db)
{
    if (!db->handle)
        return;
    for (int i = 0; i < SQLITE_STATEMENTS_MAX; i++)
        sqlite3_finalize(db->statements[i]);
    memset(db->statements, 0, sizeof db->statements);
    sqlite3_finalize(db->begin);
    sqlite3_finalize(db->commit);
    db->begin = db->commit = NULL;
    prepare_close(db);
    sqlite3_close(db->handle);
    sqlite_lock_close(&db->lock);
    db->handle = db->files.handle = NULL;
    db->fault = FILES_IN_PLACE;
}

/* ---- statements that are not kept ---- */

bool sqlite_run(struct sqlite *db, const char *sql)
{
    int code = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);
    return code == SQLITE_OK || note_failure(db, code);
}

bool sqlite_read_text(struct sqlite *db, const char *sql, char *text, size_t size)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(db->handle, sql, -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        const char *found = (const char *)sqlite3_column_text(statement, 0);
        snprintf(text, size, "%s", found ? found : "");
    } else {
        note_failure(db, code == SQLITE_DONE ? SQLITE_ERROR : code);
    }
    sqlite3_finalize(statement);
    return code == SQLITE_ROW;
}

bool sqlite_read_number(struct sqlite *db, const char *sql, int64_t *number)
{
    char text[32];
    if (!sqlite_read_text(db, sql, text, sizeof text))
        return false;
    long long value;
    if (sscanf(text, "%lld", &value) != 1)
        return note_failure(db, SQLITE_MISMATCH);
    *number = value;
    return true;
}

bool sqlite_is_in_place(struct sqlite *db)
{
    struct error why;
    db->fault = sqlite_files_check(&db->files, &why);
    /* who only reads may look in the middle of another's commit */
    if (db->fault == FILES_IN_PLACE || (db->fault == FILES_LOG_CUT && db->lock.fd < 0))
        return true;
    note_failure(db, SQLITE_IOERR);
    snprintf(db->failure_text, sizeof db->failure_text, "%.127s", why.text);
    return false;
}

bool sqlite_in_transaction(const struct sqlite *db)
{
    return db->handle && !sqlite3_get_autocommit(db->handle);
}

int64_t sqlite_changes(const struct sqlite *db)
{
    return sqlite3_changes64(db->handle);
}

int64_t sqlite_last_row(const struct sqlite *db)
{
    return sqlite3_last_insert_rowid(db->handle);
}

bool sqlite_version_has_reset_bug(int version)
{
    bool backported =
        (version >= 3044006 && version < 3045000) || (version >= 3050007 && version < 3051000);
    return version >= 3007000 && version < 3051003 && !backported;
}

bool sqlite_checkpoints_apart(void)
{
    return sqlite_version_has_reset_bug(sqlite3_libversion_number());
}

bool sqlite_checkpoint(struct sqlite *db, bool all)
{
    int mode = all ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
    bool apart = all || sqlite_checkpoints_apart();
    if (apart && !sqlite_hold(db))
        return false;
    sqlite3_busy_timeout(db->handle, 0);
    int code = sqlite3_wal_checkpoint_v2(db->handle, NULL, mode, NULL, NULL);
    sqlite3_busy_timeout(db->handle, db->wait_ms);
    if (apart)
        sqlite_let_go(db);
    if (code == SQLITE_OK || (!all && (code & 0xff) == SQLITE_BUSY))
        return true;
    return note_failure(db, code);
}

/* ---- transactions ---- */

bool sqlite_hold(struct sqlite *db)
{
    if (!db->handle) /* closed after a failure, and not open again yet */
        return note_failure(db, SQLITE_CANTOPEN);
    if (sqlite_lock_take(&db->lock, db->wait_ms))
        return true;
    if (errno == EAGAIN)
        return note_failure(db, SQLITE_BUSY);
    note_failure(db, SQLITE_CANTOPEN);
    snprintf(db->failure_text, sizeof db->failure_text, "cannot lock the journal: %s",
             strerror(errno));
    return false;
}

void sqlite_let_go(struct sqlite *db)
{
    sqlite_lock_give(&db->lock);
}

static bool step_once(struct sqlite *db, sqlite3_stmt **statement, const char *sql)
{
    int code = SQLITE_OK;
    if (!*statement)
        code = sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(*statement);
    if (*statement)
        sqlite3_reset(*statement);
    return code == SQLITE_DONE || note_failure(db, code);
}

bool sqlite_begin(struct sqlite *db)
{
    if (!sqlite_hold(db))
        return false;
    if (step_once(db, &db->begin, "BEGIN IMMEDIATE") && sqlite_is_in_place(db))
        return true;
    sqlite_rollback(db);
    return false;
}

bool sqlite_commit(struct sqlite *db)
{
    bool done = db->handle && db->failure == SQLITE_OK && step_once(db, &db->commit, "COMMIT") &&
                sqlite_is_in_place(db);
    if (done)
        sqlite_let_go(db);
    else
        sqlite_rollback(db);
    return done;
}

void sqlite_rollback(struct sqlite *db)
{
    if (!db->handle)
        return;
    if (sqlite_in_transaction(db)) /* SQLite has rolled back by itself after some */
        sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
    sqlite_let_go(db);
}

/* ---- files ---- */

bool sqlite_note_files(struct sqlite *db, struct error *err)
{
    bool writes = db->lock.fd >= 0;
    if (writes && !sqlite_hold(db))
        return sqlite_explain(db, err);
    bool noted = sqlite_files_note(&db->files, db->handle, err);
    if (noted && writes && sqlite_files_too_late(&db->files)) {
        db->fault = FILES_LOG_GONE; /* no checkpoint when it is closed */
        noted = error_set(err, "its log (-wal) is not the one that another process writes: "
                               "that one was removed or replaced; try again in a moment");
    }
    if (writes)
        sqlite_let_go(db);
    return noted;
}

bool sqlite_rescue(struct sqlite *db, struct error *err)
{
    uint32_t lost = 0;
    sqlite_clear(db);
    if (!sqlite_hold(db))
        return sqlite_explain(db, err);
    enum files_fault fault = sqlite_files_check(&db->files, err);
    if (fault == FILES_LOG_GONE || fault == FILES_LOG_CUT) {
        enum files_rescue rescue = sqlite_files_rescue(&db->files, &lost);
        if (rescue == RESCUE_LATER) {
            sqlite_let_go(db);
            return error_set(err, "its log cannot be copied while another process reads it");
        }
        if (rescue == RESCUE_LOST)
            log_write(LOG_JOURNAL_LOST, log_number("pages_at_most", lost),
                      log_text("reason", err->text));
        else
            log_write(LOG_JOURNAL_RESCUED, log_text("reason", err->text));
    }
    sqlite_close(db);
    return true;
}

/* ---- prepared statements ---- */

static sqlite3_stmt *find_statement(struct sqlite *db, int which)
{
    assert(which >= 0 && which < SQLITE_STATEMENTS_MAX);
    if (!db->statements[which]) {
        int code = sqlite3_prepare_v3(db->handle, db->sql[which], -1, SQLITE_PREPARE_PERSISTENT,
                                      &db->statements[which], NULL);
        if (code != SQLITE_OK)
            note_failure(db, code);
    }
    return db->statements[which];
}

static int bind_value(sqlite3_stmt *statement, int place, const struct bind_value *value)
{
    const void *data = value->bytes.data ? (const void *)value->bytes.data : "";
    switch (value->kind) {
    case BIND_NULL:
        return sqlite3_bind_null(statement, place);
    case BIND_NUMBER:
        return sqlite3_bind_int64(statement, place, value->number);
    case BIND_TEXT:
        return sqlite3_bind_text64(statement, place, data, value->bytes.length, SQLITE_STATIC,
                                   SQLITE_UTF8);
    case BIND_BLOB:
        return sqlite3_bind_blob64(statement, place, data, value->bytes.length, SQLITE_STATIC);
    }
    return SQLITE_MISUSE;
}

struct query sqlite_query_values(struct sqlite *db, int which, const struct bind_value *values,
                                 size_t count)
{
    struct query query = {.db = db};
    if (!db->handle) /* closed after a failure, and not open again yet */
        note_failure(db, SQLITE_CANTOPEN);
    if (db->failure != SQLITE_OK)
        return query;
    query.statement = find_statement(db, which);
    for (size_t i = 0; query.statement && i < count; i++) {
        int code = bind_value(query.statement, (int)i + 1, &values[i]);
        if (code != SQLITE_OK) {
            note_failure(db, code);
            query_end(&query);
        }
    }
    return query;
}

bool query_next(struct query *query)
{
    if (!query->statement)
        return false;
    int code = sqlite3_step(query->statement);
    if (code == SQLITE_ROW)
        return true;
    if (code != SQLITE_DONE)
        note_failure(query->db, code);
    query_end(query);
    return false;
}

void query_end(struct query *query)
{
    if (!query->statement)
        return;
    sqlite3_reset(query->statement);
    sqlite3_clear_bindings(query->statement);
    query->statement = NULL;
}

bool query_is_null(const struct query *query, int column)
{
    return sqlite3_column_type(query->statement, column) == SQLITE_NULL;
}

int64_t query_number(const struct query *query, int column)
{
    return sqlite3_column_int64(query->statement, column);
}

struct bytes query_bytes(const struct query *query, int column)
{
    const void *data = sqlite3_column_blob(query->statement, column);
    return bytes_of(data, (size_t)sqlite3_column_bytes(query->statement, column));
}

bool sqlite_execute_values(struct sqlite *db, int which, const struct bind_value *values,
                           size_t count)
{
    struct query query = sqlite_query_values(db, which, values, count);
    if (!query.statement)
        return false;
    while (query_next(&query))
        ;
    return db->failure == SQLITE_OK;
}
