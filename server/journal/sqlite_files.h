/* The three files of an open database: the file, its log (`-wal`) and the log's index (`-shm`).
 * SQLite goes on writing to files that were removed, replaced or cut under it, and no later start
 * finds what it wrote. Here this is noticed, and what can be saved is saved. */
#ifndef TENTERHOOK_SERVER_JOURNAL_SQLITE_FILES_H
#define TENTERHOOK_SERVER_JOURNAL_SQLITE_FILES_H

#include "base/error.h"

#include <stdint.h>
#include <sys/types.h>

struct sqlite3;

struct sqlite_file {
    char path[4096];
    dev_t device;
    ino_t inode;
};

struct sqlite_files {
    struct sqlite3 *handle; /* NULL: not noted */
    struct sqlite_file log, index;
    /* of the log, when it was last looked at */
    uint32_t frames;
    uint8_t salt[8];
};

/* Notes which files `handle` has open. Call when it has been read from, so that all three are. */
bool sqlite_files_note(struct sqlite_files *files, struct sqlite3 *handle, struct error *err);

/* Whether the index belongs to another log than the one at the path, and not all of that is in the
 * database: somebody removed it, and only a process that has had it open can save it. Such a handle
 * is closed at once; to judge or to write by it would lose what is in the other log. Call where no
 * other process commits. */
bool sqlite_files_too_late(struct sqlite_files *files);

/* What is wrong. */
enum files_fault {
    FILES_IN_PLACE,
    FILES_DATABASE_GONE, /* the path leads to another file, or to none */
    FILES_LOG_GONE,      /* as that, of the log or its index */
    FILES_LOG_CUT,       /* the log holds less than was written to it */
};

/* Whether all three are in place and whole, with a sentence if not. Call inside a transaction, or
 * where no other process commits. True also where nothing was noted. */
enum files_fault sqlite_files_check(struct sqlite_files *files, struct error *err);

/* What became of a log that is not in place, when it was copied into the database. */
enum files_rescue {
    RESCUE_DONE,  /* all of it is in the database */
    RESCUE_LATER, /* a reader is in the way */
    RESCUE_LOST,  /* pages that were committed are gone; `*lost` of them */
};

/* After FILES_LOG_GONE or FILES_LOG_CUT, where no other process commits: copies the log that is
 * open into the database, and puts aside a file that stands in its place, because SQLite would read
 * it. Unless it is RESCUE_LATER the handle has to be closed then, without a checkpoint. */
enum files_rescue sqlite_files_rescue(struct sqlite_files *files, uint32_t *lost);

/* ---- pages as they are in the files ---- */

/* What the log holds that is committed. */
struct log_state {
    uint32_t frames;    /* in the log, */
    uint32_t copied;    /* so many of them in the file, too */
    uint32_t pages;     /* of the database with them; 0: as many as the file has, */
    uint32_t page_size; /* and this is 0, too */
    uint8_t salt[8];    /* another log, if another one: it was begun anew */
};

/* False where the index cannot be read; where other processes commit, try again. */
bool sqlite_files_log_state(struct sqlite_files *files, struct log_state *state);
/* Bytes of the file from `offset` on, as many as it has: the others are 0. */
bool sqlite_files_read(struct sqlite_files *files, void *data, size_t size, int64_t offset);
/* The size of the file, without its log; -1: not known. */
int64_t sqlite_files_size(struct sqlite_files *files);
/* Frame `frame` (from 1) of that log: which page it holds, and its content. False also where the
 * log was begun anew. */
bool sqlite_files_read_frame(struct sqlite_files *files, const struct log_state *state,
                             uint32_t frame, uint32_t *page, void *data);

/* Whether there is a log with committed pages but no database that it belongs to, or an empty one:
 * SQLite would remove the log as a leftover. `path` is that of the database. */
bool sqlite_files_orphaned(const char *path, struct error *err);

#endif
