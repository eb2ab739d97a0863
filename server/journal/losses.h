/* What has vanished from a journal: events that its mark (mark.h) or the numbers of the others show
 * to have been there. */
#ifndef TENTERHOOK_SERVER_JOURNAL_LOSSES_H
#define TENTERHOOK_SERVER_JOURNAL_LOSSES_H

#include "server/journal/mark.h"

struct journal_loss {
    bool changed;        /* it is there, but its row is not what was written; else it is missing */
    int64_t first, last; /* numbers; the same where the id is known */
    const char *id;      /* NULL: not known any more */
};

struct journal_losses {
    enum mark_state mark;
    int64_t newest;       /* number in the mark; 0: none */
    size_t compared;      /* events with the mark */
    int64_t missing;      /* events */
    int64_t changed;      /* rows that are not what was written */
    size_t damaged_slots; /* of the mark, which say nothing any more */
    bool is_whole;        /* the time was enough to look at all of it */
};

/* Compares the journal at `path` with its mark, and looks for numbers that are neither there nor
 * pruned, for at most about `time_ms`; also while a server runs. `each` gets what is missing or
 * changed, the newest first where it is at the end. Numbers before the oldest event count only if
 * the mark has them: what is lost for long is not told for ever. False where the journal cannot be
 * read. */
bool losses_find(const char *path, int64_t time_ms,
                 void (*each)(void *context, const struct journal_loss *loss), void *context,
                 struct journal_losses *losses, struct error *err);

/* All that is missing, or all that is changed, in a few words. */
enum { LOSSES_IDS = 10 };
enum loss_kind { LOSS_MISSING, LOSS_CHANGED, LOSS_KINDS };
struct losses_told {
    int64_t first, last;                     /* numbers; 0: there are none */
    char ids[LOSSES_IDS * ID_TEXT_SIZE + 1]; /* the first ones that are known, with blanks */
};

/* losses_find with that as its answer. */
bool losses_summarise(const char *path, int64_t time_ms, struct losses_told told[LOSS_KINDS],
                      struct journal_losses *losses, struct error *err);

/* The same at a start, for the log. */
void losses_tell(const char *path, int64_t time_ms);

#endif
