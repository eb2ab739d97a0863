/* The only door to SQLite: a connection, its prepared statements, and what a failure means.
 * A failure is noted in the connection and sticks until sqlite_clear: a run of calls can be made
 * without looking at each one, as long as the last word is sqlite_status. */
#ifndef TENTERHOOK_SERVER_JOURNAL_SQLITE_H
#define TENTERHOOK_SERVER_JOURNAL_SQLITE_H

#include "base/bytes.h"
#include "base/error.h"
#include "server/journal/sqlite_files.h"
#include "server/journal/sqlite_lock.h"

struct sqlite3;
struct sqlite3_stmt;

enum { SQLITE_STATEMENTS_MAX = 96 };

/* The log is emptied by the checkpointer. Where that cannot keep up, or is not there, the writer
 * does it itself at this many pages (of 4 KiB): a short log is quick to recover, and little is lost
 * with it. */
enum { SQLITE_PAGE_BYTES = 4096, SQLITE_LOG_PAGES = 4096 };

/* What the failures of SQLite come to for us. */
enum sqlite_status {
    SQLITE_STATUS_OK,
    SQLITE_STATUS_BUSY,   /* somebody else holds the lock */
    SQLITE_STATUS_FULL,   /* no space */
    SQLITE_STATUS_BROKEN, /* I/O error, damage, read-only: to be closed, opened and checked */
    SQLITE_STATUS_FAILED, /* anything else: memory, or a mistake of ours */
};

/* Of the SQLite that is loaded, such as "3.40.1". */
const char *sqlite_library_version(void);
/* Whether a SQLite of that version (3040001) loses committed pages where a checkpoint runs beside
 * a commit: its WAL-reset bug, sqlite.org/wal.html. */
bool sqlite_version_has_reset_bug(int version);
/* Whether checkpoints are kept apart from commits, because the SQLite that is loaded has the bug.
 */
bool sqlite_checkpoints_apart(void);

struct sqlite {
    struct sqlite3 *handle;
    const char *const *sql; /* the texts of the statements, by number; constant */
    struct sqlite3_stmt *statements[SQLITE_STATEMENTS_MAX]; /* prepared at first use */
    int failure;                                            /* the first since sqlite_clear */
    char failure_text[128];
    int64_t deadline_ns;        /* statements are cut off at this time; 0: never */
    void (*works)(void *owner); /* called now and then while a statement runs; NULL: nobody is */
    void *works_owner;
    int log_pages;             /* in the write-ahead log after our own last commit */
    int wait_ms;               /* for locks */
    struct sqlite_lock lock;   /* of those that write; not open in others */
    struct sqlite_files files; /* once sqlite_note_files was called */
    enum files_fault fault;    /* what was found wrong with them: see sqlite_rescue */
    struct sqlite3_stmt *begin, *commit;
};

enum sqlite_mode {
    SQLITE_MODE_WRITE, /* made with mode 0600 if it is missing */
    SQLITE_MODE_KEEP,  /* for checkpoints: read and write, but never made */
    SQLITE_MODE_READ,
    SQLITE_MODE_COPY, /* read only, of a file without a log that nobody writes: makes no file */
};

/* Opens `path` with at most `busy_ms` of waiting for locks. On failure nothing is left open. */
bool sqlite_open(struct sqlite *db, const char *path, enum sqlite_mode mode, int busy_ms,
                 const char *const *sql, struct error *err);
/* Of the open file, without links. */
const char *sqlite_path(const struct sqlite *db);
/* How long to wait for locks from now on. */
void sqlite_wait(struct sqlite *db, int busy_ms);
/* Harmless on one that is not open. */
void sqlite_close(struct sqlite *db);

enum sqlite_status sqlite_status(const struct sqlite *db);
void sqlite_clear(struct sqlite *db);
/* Notes a failure of our own, so that the transaction is not committed; returns false. */
bool sqlite_fail(struct sqlite *db, const char *reason);
/* The noted failure as a sentence into `err`; returns false. */
bool sqlite_explain(const struct sqlite *db, struct error *err);

/* Runs one or more statements without values and results. */
bool sqlite_run(struct sqlite *db, const char *sql);
/* The first column of the first row of a statement that is not kept, such as a PRAGMA. */
bool sqlite_read_number(struct sqlite *db, const char *sql, int64_t *number);
bool sqlite_read_text(struct sqlite *db, const char *sql, char *text, size_t size);
/* Whether the path still leads to the file that is open; if not, it is noted like an I/O error. */
bool sqlite_is_in_place(struct sqlite *db);
bool sqlite_in_transaction(const struct sqlite *db);
/* Rows that the last statement has changed. */
int64_t sqlite_changes(const struct sqlite *db);

/* The number of the row that the last INSERT has made. */
int64_t sqlite_last_row(const struct sqlite *db);

/* As much of the write-ahead log as no reader is in the way of goes into the file; with `all` the
 * log is empty then, or it is noted as busy. Waits for no reader. */
bool sqlite_checkpoint(struct sqlite *db, bool all);

/* ---- transactions ---- */

/* Holds the lock of all that write (sqlite_lock.h) over several calls; a failure is noted as
 * busy. May be held several times. */
bool sqlite_hold(struct sqlite *db);
void sqlite_let_go(struct sqlite *db);

/* Begins to write: holds the lock, and looks whether the files are in place. */
bool sqlite_begin(struct sqlite *db);
/* Commits if nothing has failed since the beginning, and looks again whether what was written can
 * be found; otherwise rolls back. Ends what sqlite_begin has begun also where it fails. */
bool sqlite_commit(struct sqlite *db);
void sqlite_rollback(struct sqlite *db);

/* From now on sqlite_begin and sqlite_commit look after the files. Call when the database has
 * been read from. False where the log is not that of the others (sqlite_files.h): close then. */
bool sqlite_note_files(struct sqlite *db, struct error *err);
/* For a database whose log was found not to be in place: saves what is in it (sqlite_files.h) and
 * closes. False, and still open, where that has to be tried again. */
bool sqlite_rescue(struct sqlite *db, struct error *err);

/* ---- prepared statements ---- */

struct bind_value {
    enum { BIND_NULL, BIND_NUMBER, BIND_TEXT, BIND_BLOB } kind;
    int64_t number;
    struct bytes bytes;
};

static inline struct bind_value bind_null(void)
{
    return (struct bind_value){.kind = BIND_NULL};
}

static inline struct bind_value bind_number(int64_t number)
{
    return (struct bind_value){.kind = BIND_NUMBER, .number = number};
}

static inline struct bind_value bind_bytes(struct bytes text)
{
    return (struct bind_value){.kind = BIND_TEXT, .bytes = text};
}

static inline struct bind_value bind_text(const char *text)
{
    return bind_bytes(bytes_of_text(text));
}

static inline struct bind_value bind_blob(struct bytes blob)
{
    return (struct bind_value){.kind = BIND_BLOB, .bytes = blob};
}

/* A statement under way. The values' bytes must stay until it has ended. */
struct query {
    struct sqlite *db;
    struct sqlite3_stmt *statement; /* NULL: ended, or failed */
};

struct query sqlite_query_values(struct sqlite *db, int which, const struct bind_value *values,
                                 size_t count);
#define sqlite_query(db, which, ...)                                                               \
    sqlite_query_values(db, which, (const struct bind_value[]){__VA_ARGS__},                       \
                        sizeof((const struct bind_value[]){__VA_ARGS__}) /                         \
                            sizeof(struct bind_value))

/* The next row. At the end, and after a failure, false, and the query has ended. */
bool query_next(struct query *query);
/* Needed only where not all rows are read. */
void query_end(struct query *query);
bool query_is_null(const struct query *query, int column);
int64_t query_number(const struct query *query, int column);
/* Text or blob; until the next row. */
struct bytes query_bytes(const struct query *query, int column);

/* A statement without rows, to its end. */
bool sqlite_execute_values(struct sqlite *db, int which, const struct bind_value *values,
                           size_t count);
#define sqlite_execute(db, which, ...)                                                             \
    sqlite_execute_values(db, which, (const struct bind_value[]){__VA_ARGS__},                     \
                          sizeof((const struct bind_value[]){__VA_ARGS__}) /                       \
                              sizeof(struct bind_value))

#endif
