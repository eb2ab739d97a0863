/* Bringing events that are over back to be carried out, from beside the server: short transactions
 * on the journal's own lock; the runner notices what another connection has committed. */
#ifndef TENTERHOOK_SERVER_JOURNAL_REPLAY_H
#define TENTERHOOK_SERVER_JOURNAL_REPLAY_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

struct journal_replay;

/* The file must be there, of this version. NULL with the sentence. */
struct journal_replay *journal_replay_open(const char *path, struct error *err);
void journal_replay_close(struct journal_replay *replay);

bool journal_replay_begin(struct journal_replay *replay, struct error *err);
/* Durable when it returns true. */
bool journal_replay_commit(struct journal_replay *replay, struct error *err);

/* Deliveries of event `seq` that are dead, and with `all` those that are done, are pending again,
 * at once; the event is not held to be against its schema any more. How many in `*count`. */
bool journal_replay_event(struct journal_replay *replay, int64_t seq, bool all, size_t *count,
                          struct error *err);

#endif
