/* The lock that says which server the journal belongs to. */
#ifndef TENTERHOOK_SERVER_JOURNAL_LOCK_H
#define TENTERHOOK_SERVER_JOURNAL_LOCK_H

#include "base/error.h"

#include <stdint.h>
#include <sys/types.h>

/* Two files are locked, because the journal has many names and may be put at its name anew: itself,
 * and `path`.lock beside it; and each in two ways:
 *
 *   - `shared` by all processes of the server, which inherit it: it is gone when the last of them
 *     is. No process that uses SQLite may close it: that would drop SQLite's own locks.
 *   - `own` of the supervisor, whose children close it first of all (journal_lock_inherited): so it
 *     says whether a supervisor lives.
 *
 * A start that finds only the first one held is the next server of one that was killed: what is
 * left of that ends by itself, but a process that waits for the disk not before the disk has
 * answered. */
struct journal_lock {
    struct locked_file {
        int shared, own; /* close-on-exec; -1: not held */
    } file, beside;
};

/* Called again and again while a lock is waited for; pauses, and says whether to wait on. */
struct journal_wait {
    bool (*go_on)(void *owner, int64_t waited_ms);
    void *owner;
};

/* Whom files belong to that root makes; for others it does not matter. */
struct journal_owner {
    uid_t uid;
    gid_t gid;
};

/* Makes the files if they are missing. Waits less than a second for a supervisor that is just
 * leaving, and up to a minute for what is left of one that is gone (`wait`; NULL: not at all). */
bool journal_lock(const char *path, const struct journal_owner *owner,
                  const struct journal_wait *wait, struct journal_lock *lock, struct error *err);
void journal_unlock(struct journal_lock *lock);
/* Not held; what journal_unlock does nothing about. */
struct journal_lock journal_lock_none(void);
/* In a new child of the supervisor, before it opens the journal. */
void journal_lock_inherited(struct journal_lock *lock);

#endif
