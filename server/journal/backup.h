/* Copies of the journal as one file: made while a server commits, and put back. */
#ifndef TENTERHOOK_SERVER_JOURNAL_BACKUP_H
#define TENTERHOOK_SERVER_JOURNAL_BACKUP_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* ---- backup.c ---- */

struct backup_result {
    int64_t bytes;
};

/* Called after each step with how many bytes are copied, and with a `total` of 0 while the copy is
 * checked; may be NULL. */
typedef void backup_progress(void *owner, int64_t done, int64_t total);

/* Copies the journal at `path`, as it is at the end of the copying, to `target`, which is replaced
 * as a whole; it must be a journal or not be there. It is checked and synced before, and has mode
 * 0600. Other processes may write meanwhile, and wait for no more than they do for a checkpoint. */
bool journal_backup(const char *path, const char *target, backup_progress *progress, void *owner,
                    struct backup_result *result, struct error *err);

/* Whether the file at `path`, which nobody writes to, is a whole journal of this version or an
 * older one. With `thorough` the indexes are compared with the tables too. */
bool journal_verify(const char *path, bool thorough, backup_progress *progress, void *owner,
                    struct error *err);

/* ---- restore.c ---- */

struct restore_result {
    char kept[4096 + 64]; /* where the journal before is, also after a failure; empty: it is not */
};

/* Puts a copy of `source` in the place of the journal at `path`, whose lock the caller holds.
 * The journal before and its log are kept beside it. */
bool journal_restore(const char *source, const char *path, uid_t user, gid_t group,
                     backup_progress *progress, void *owner, struct restore_result *result,
                     struct error *err);

#endif
