/* Whether the log of a journal has lost something that was on disk, and what is done then. */
#ifndef TENTERHOOK_SERVER_JOURNAL_DAMAGE_H
#define TENTERHOOK_SERVER_JOURNAL_DAMAGE_H

#include "base/error.h"

/* Looks at the log of the database at `path` (without links), which nobody writes to meanwhile and
 * which SQLite has not read yet. True: it may be opened. A damaged one may be with `go_on` only:
 * then
 * `*damaged` is set, the log has been told, and there is a copy of both files. */
bool journal_check_log(const char *path, bool go_on, bool *damaged, struct error *err);

#endif
