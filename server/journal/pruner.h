/* Pruning by hand, beside the server or without it: short transactions with rests between them, so
 * that a server that writes meanwhile is not held up. */
#ifndef TENTERHOOK_SERVER_JOURNAL_PRUNER_H
#define TENTERHOOK_SERVER_JOURNAL_PRUNER_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

struct prune_counts {
    size_t looked; /* events that the wish is about */
    size_t events; /* of which anything was removed, or would be */
    size_t gone;   /* of these, so many wholly */
};

/* Ages count from the time that pruning has reached (docs/journal-format.md), or from now. */
struct prune_wish {
    int64_t age_ms, dead_ms; /* events that are done, or dead, go when they are older */
    int64_t body_ms;         /* and before that what is large of them; 0: it stays as long */
    int64_t window_ms;       /* dedupe keys count so long */
    int64_t keep_size;       /* space is given back that such a journal does not soon need, */
    bool from_now;           /* somebody has said an age and means the wall's time */
    bool for_size;           /* and done events go at any age while it takes more bytes */
    const char *route;       /* only events of this one; NULL: of all */
    bool only_counts;        /* nothing is removed, and nothing locked */
    /* Called after each step; may be NULL. */
    void (*went_on)(void *owner, const struct prune_counts *counts);
    void *owner;
};

/* The file must be there, of this version. What was removed before a failure stays removed. */
bool journal_prune(const char *path, const struct prune_wish *wish, struct prune_counts *counts,
                   struct error *err);

#endif
