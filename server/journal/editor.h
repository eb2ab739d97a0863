/* Changes that people make to the journal, beside the server or without it: short transactions
 * under the journal's own lock; the runner notices what another connection has committed. */
#ifndef TENTERHOOK_SERVER_JOURNAL_EDITOR_H
#define TENTERHOOK_SERVER_JOURNAL_EDITOR_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

struct journal_edit;

/* The file must be there, of this version. NULL with the sentence. */
struct journal_edit *journal_edit_open(const char *path, struct error *err);
void journal_edit_close(struct journal_edit *edit);

bool journal_edit_begin(struct journal_edit *edit, struct error *err);
/* Durable when it returns true. */
bool journal_edit_commit(struct journal_edit *edit, struct error *err);

/* Deliveries of event `seq` that are pending are dead, because people have cancelled them; with
 * `all` those that are running too: only where no server has the journal. How many in `*count`. */
bool journal_edit_cancel(struct journal_edit *edit, int64_t seq, bool all, int64_t now_ms,
                         size_t *count, struct error *err);

/* Which deliveries of an event. */
struct replay_choice {
    const char *state;  /* dead, done or superseded; NULL: what is dead or done */
    const char *action; /* NULL: all but what tells of a failure, in the last two places */
};
/* They are pending again, at once; the event is not held to be against its schema any more. How
 * many in `*count`. */
bool journal_edit_replay(struct journal_edit *edit, int64_t seq, const struct replay_choice *choice,
                         size_t *count, struct error *err);

/* The keys that senders have delivered for the route, so that the next greeting delivers one. */
bool journal_edit_forget_keys(struct journal_edit *edit, const char *route, size_t *count,
                              struct error *err);

/* The route is paused from `now_ms` on, and why ("" where nobody says); `*changed` false: it was
 * before, and stays as it is. */
bool journal_edit_pause(struct journal_edit *edit, const char *route, const char *why,
                        int64_t now_ms, bool *changed, struct error *err);
/* It is not paused any more, and its deaths in a row are forgotten; `*changed` false: it was not.
 */
bool journal_edit_resume(struct journal_edit *edit, const char *route, bool *changed,
                         struct error *err);

#endif
