/* The journal's lock at the start of the server, and the wait for it. */
#ifndef TENTERHOOK_SERVER_PROCESS_START_LOCK_H
#define TENTERHOOK_SERVER_PROCESS_START_LOCK_H

#include "config/settings.h"
#include "server/journal/lock.h"

/* Takes the lock for good. False after reporting, or where a SIGTERM or SIGINT, which are blocked,
 * has come meanwhile (`*stopping`). */
bool start_lock(const struct settings *settings, struct journal_lock *lock, bool *stopping,
                struct problem_list *problems);

#endif
