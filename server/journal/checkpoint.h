/* The copying of the journal's log into its file, by a process beside the one that writes. */
#ifndef TENTERHOOK_SERVER_JOURNAL_CHECKPOINT_H
#define TENTERHOOK_SERVER_JOURNAL_CHECKPOINT_H

#include "base/error.h"

struct shared;
struct checkpoint;

/* Opens nothing yet. `path` and `shared` outlive it; NULL without memory. */
struct checkpoint *checkpoint_create(const char *path, const struct shared *shared);
void checkpoint_destroy(struct checkpoint *checkpoint);

/* What a look has found. */
enum checkpoint_look {
    CHECKPOINT_FINE,
    CHECKPOINT_WAITS,  /* for the runner to make the journal, or to end a long transaction */
    CHECKPOINT_FAILED, /* `err`; said once until it is fine again */
};

/* Copies the log where it has grown long and may be copied beside commits, and looks whether the
 * files are in place: a log that somebody has removed is saved as long as a process has it open. */
enum checkpoint_look checkpoint_look(struct checkpoint *checkpoint, struct error *err);

#endif
