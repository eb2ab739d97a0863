/* Which files a backup may write: none but what is, or was to be, a copy of a journal. */
#ifndef TENTERHOOK_SERVER_JOURNAL_BACKUP_FILE_H
#define TENTERHOOK_SERVER_JOURNAL_BACKUP_FILE_H

#include "base/error.h"

#include <stddef.h>

/* The file that is written until the copy is complete: `target`.part; who is interrupted removes
 * it. False where the name is too long. */
bool journal_backup_part(const char *target, char *part, size_t size);

/* Whether a copy of `journal` may take the place of what is at `target`. */
bool backup_may_replace(const char *target, const char *journal, struct error *err);

/* The descriptor of an empty file at `part` that nobody else has open, mode 0600; or -1. What an
 * earlier backup has left there is overwritten. The caller closes it. */
int backup_open_part(const char *part, struct error *err);

/* Whether no log stands beside a journal, which would have to be read with it. */
bool journal_has_no_log(const char *path, struct error *err);

#endif
