/* The lock that keeps commits and checkpoints apart, between all processes that write to a
 * database: the server's of every generation, and verbs beside it.
 *
 * Up to 3.51.2 SQLite can lose committed pages when one connection checkpoints while another
 * commits (its WAL-reset bug). None of its own locks and modes keeps the two apart, so every
 * transaction and every checkpoint is made under this one. It stands in the file `.lock` beside
 * the database, as a lock of the open file description: it ends with its process. */
#ifndef TENTERHOOK_SERVER_JOURNAL_SQLITE_LOCK_H
#define TENTERHOOK_SERVER_JOURNAL_SQLITE_LOCK_H

#include "base/error.h"

struct sqlite_lock {
    int fd;        /* -1: not open */
    unsigned held; /* how often */
    char path[4096];
};

/* Opens `database`.lock, and makes it (mode 0600, for the owner of the database) if it is missing.
 * `database` is a path without links. */
bool sqlite_lock_open(struct sqlite_lock *lock, const char *database, struct error *err);
/* Lets go of it, if it is held. Harmless on one that is not open. */
void sqlite_lock_close(struct sqlite_lock *lock);

/* Waits for at most `wait_ms`. May be taken several times, and has to be given as often. False with
 * errno: EAGAIN, another process holds it. */
bool sqlite_lock_take(struct sqlite_lock *lock, int wait_ms);
void sqlite_lock_give(struct sqlite_lock *lock);

#endif
