/* Which events pruning looks at next. A walk goes on where it stopped the last time, so that events
 * that stay are not looked at again and again. */
#ifndef TENTERHOOK_SERVER_RUNNER_WALKS_H
#define TENTERHOOK_SERVER_RUNNER_WALKS_H

#include "server/journal/journal.h"

/* One for each age at which something of an event goes, then those that are made while the journal
 * is too large. */
enum walk {
    WALK_BODY,
    WALK_DONE,
    WALK_DEAD,
    WALK_KEY,
    WALK_AGES,
    WALK_SIZE = WALK_AGES, /* done events, the oldest first, at any age */
    WALK_DROP,             /* then bodies of dead ones, and keys */
    WALK_KEYS,             /* keys, as soon as they take half of the room */
    WALK_COUNT
};

struct walks {
    enum walk walk; /* WALK_COUNT: no round is under way */
    int64_t positions[WALK_COUNT];
    bool ages_done[WALK_AGES]; /* in this round */
    unsigned stage;            /* of those for the size */
    bool began_at_oldest;      /* the walk of that stage */
    bool is_exhausted;         /* the journal is too large and nothing more may go */
};

void walks_init(struct walks *walks);
/* A round begins: with the ages, or with the size alone. */
void walks_begin(struct walks *walks, bool ages);
static inline bool walks_are_under_way(const struct walks *walks)
{
    return walks->walk != WALK_COUNT;
}
/* Walks begin at the oldest event again: what was open when they passed may be over now. */
void walks_sweep(struct walks *walks);
/* The next step of the round. `limits` has the ages and the size; they are copied, with what the
 * walk lets go of. */
void walks_fill(struct walks *walks, const struct journal_upkeep *limits,
                struct journal_upkeep *step);
/* What became of it: the round may be over then. */
void walks_note(struct walks *walks, const struct journal_upkeep *step);

#endif
