/* The only door to SQLite: a connection, its prepared statements, and what a failure means.
 * A failure is noted in the connection and sticks until database_clear: a run of calls can be made
 * without looking at each one, as long as the last word is database_status. */
#ifndef TENTERHOOK_SERVER_JOURNAL_SQLITE_H
#define TENTERHOOK_SERVER_JOURNAL_SQLITE_H

#include "base/bytes.h"
#include "base/error.h"
#include "server/journal/sqlite_files.h"
#include "server/journal/sqlite_lock.h"

struct sqlite3;
struct sqlite3_stmt;

enum { DATABASE_STATEMENTS = 48 };

/* The log is emptied by the checkpointer. Where that cannot keep up, or is not there, the writer
 * does it itself at this many pages (of 4 KiB): a short log is quick to recover, and little is lost
 * with it. */
enum { DATABASE_PAGE = 4096, DATABASE_LOG_PAGES = 4096 };

/* What the failures of SQLite come to for us. */
enum store_status {
    STORE_OK,
    STORE_BUSY,   /* somebody else holds the lock */
    STORE_FULL,   /* no space */
    STORE_BROKEN, /* I/O error, damage, read-only: to be closed, opened and checked */
    STORE_FAILED, /* anything else: memory, or a mistake of ours */
};

/* Of the SQLite that is loaded, such as "3.40.1". */
const char *database_library_version(void);
/* Whether a SQLite of that version (3040001) loses committed pages where a checkpoint runs beside
 * a commit: its WAL-reset bug, sqlite.org/wal.html. */
bool database_version_has_reset_bug(int version);
/* Whether checkpoints are kept apart from commits, because the SQLite that is loaded has the bug.
 */
bool database_checkpoints_apart(void);

struct database {
    struct sqlite3 *handle;
    const char *const *sql; /* the texts of the statements, by number; constant */
    struct sqlite3_stmt *statements[DATABASE_STATEMENTS]; /* prepared at first use */
    int failure;                                          /* the first since database_clear */
    char failure_text[128];
    int64_t deadline_ns;         /* statements are cut off at this time; 0: never */
    int log_pages;               /* in the write-ahead log after our own last commit */
    int wait_ms;                 /* for locks */
    struct database_lock lock;   /* of those that write; not open in others */
    struct database_files files; /* once database_note_files was called */
    enum files_fault fault;      /* what was found wrong with them: see database_rescue */
    struct sqlite3_stmt *begin, *commit;
};

enum database_mode {
    DATABASE_WRITE, /* made with mode 0600 if it is missing */
    DATABASE_KEEP,  /* for checkpoints: read and write, but never made */
    DATABASE_READ,
};

/* Opens `path` with at most `busy_ms` of waiting for locks. On failure nothing is left open. */
bool database_open(struct database *db, const char *path, enum database_mode mode, int busy_ms,
                   const char *const *sql, struct error *err);
/* Of the open file, without links. */
const char *database_path(const struct database *db);
/* How long to wait for locks from now on. */
void database_wait(struct database *db, int busy_ms);
/* Harmless on one that is not open. */
void database_close(struct database *db);

enum store_status database_status(const struct database *db);
void database_clear(struct database *db);
/* The noted failure as a sentence into `err`; returns false. */
bool database_explain(const struct database *db, struct error *err);

/* Runs one or more statements without values and results. */
bool database_run(struct database *db, const char *sql);
/* The first column of the first row of a statement that is not kept, such as a PRAGMA. */
bool database_read_number(struct database *db, const char *sql, int64_t *number);
bool database_read_text(struct database *db, const char *sql, char *text, size_t size);
/* Whether the path still leads to the file that is open; if not, it is noted like an I/O error. */
bool database_is_in_place(struct database *db);
bool database_in_transaction(const struct database *db);
/* Rows that the last statement has changed. */
int64_t database_changes(const struct database *db);

/* The number of the row that the last INSERT has made. */
int64_t database_last_row(const struct database *db);

/* As much of the write-ahead log as no reader is in the way of goes into the file; with `all` the
 * log is empty then, or it is noted as busy. Waits for no reader. */
bool database_checkpoint(struct database *db, bool all);

/* ---- transactions ---- */

/* Holds the lock of all that write (sqlite_lock.h) over several calls; a failure is noted as
 * busy. May be held several times. */
bool database_hold(struct database *db);
void database_let_go(struct database *db);

/* Begins to write: holds the lock, and looks whether the files are in place. */
bool database_begin(struct database *db);
/* Commits if nothing has failed since the beginning, and looks again whether what was written can
 * be found; otherwise rolls back. Ends what database_begin has begun also where it fails. */
bool database_commit(struct database *db);
void database_rollback(struct database *db);

/* From now on database_begin and database_commit look after the files. Call when the database has
 * been read from. False where the log is not that of the others (sqlite_files.h): close then. */
bool database_note_files(struct database *db, struct error *err);
/* For a database whose log was found not to be in place: saves what is in it (sqlite_files.h) and
 * closes. False, and still open, where that has to be tried again. */
bool database_rescue(struct database *db, struct error *err);

/* ---- prepared statements ---- */

struct value {
    enum { VALUE_NULL, VALUE_NUMBER, VALUE_TEXT, VALUE_BLOB } kind;
    int64_t number;
    struct bytes bytes;
};

static inline struct value value_null(void)
{
    return (struct value){.kind = VALUE_NULL};
}

static inline struct value value_number(int64_t number)
{
    return (struct value){.kind = VALUE_NUMBER, .number = number};
}

static inline struct value value_bytes(struct bytes text)
{
    return (struct value){.kind = VALUE_TEXT, .bytes = text};
}

static inline struct value value_text(const char *text)
{
    return value_bytes(bytes_of_text(text));
}

static inline struct value value_blob(struct bytes blob)
{
    return (struct value){.kind = VALUE_BLOB, .bytes = blob};
}

/* A statement under way. The values' bytes must stay until it has ended. */
struct query {
    struct database *db;
    struct sqlite3_stmt *statement; /* NULL: ended, or failed */
};

struct query database_query_values(struct database *db, int which, const struct value *values,
                                   size_t count);
#define database_query(db, which, ...)                                                             \
    database_query_values(db, which, (const struct value[]){__VA_ARGS__},                          \
                          sizeof((const struct value[]){__VA_ARGS__}) / sizeof(struct value))

/* The next row. At the end, and after a failure, false, and the query has ended. */
bool query_next(struct query *query);
/* Needed only where not all rows are read. */
void query_end(struct query *query);
bool query_is_null(const struct query *query, int column);
int64_t query_number(const struct query *query, int column);
/* Text or blob; until the next row. */
struct bytes query_bytes(const struct query *query, int column);

/* A statement without rows, to its end. */
bool database_execute_values(struct database *db, int which, const struct value *values,
                             size_t count);
#define database_execute(db, which, ...)                                                           \
    database_execute_values(db, which, (const struct value[]){__VA_ARGS__},                        \
                            sizeof((const struct value[]){__VA_ARGS__}) / sizeof(struct value))

#endif
