/* The journal's mark: a file beside it that remembers the newest events, so that a start notices
 * what has vanished from the journal without a word. */
#ifndef TENTERHOOK_SERVER_JOURNAL_MARK_H
#define TENTERHOOK_SERVER_JOURNAL_MARK_H

#include "base/error.h"
#include "base/id.h"
#include "server/event.h"

enum { MARK_SLOTS = 16384 };

/* One event, as it stands in the file: event N in slot N modulo MARK_SLOTS. Host order. */
struct mark_slot {
    int64_t number;
    char id[ID_TEXT_SIZE - 1];
    uint32_t check;  /* of all the others */
    uint64_t before; /* the hash of the event with the number before; 0: it was not known */
    uint64_t hash;   /* of `before` and the event's row */
};

struct mark {
    int fd;                  /* -1: there is none */
    uint64_t key;            /* from the journal's identity */
    struct mark_slot newest; /* found at open, or written since; number 0: none */
    struct mark_slot *batch; /* of the transaction under way, in the order of their numbers */
    size_t count, capacity;
    bool failed; /* the last write has */
};

/* How the file was found. */
enum mark_state {
    MARK_FOUND,
    MARK_MISSING,
    MARK_FOREIGN, /* of another journal */
    MARK_DAMAGED, /* nothing in it can be believed */
};

/* Opens JOURNAL.mark; one that is not MARK_FOUND is begun anew. `journal` is a path without links,
 * and `identity` 16 bytes. On failure, with the sentence, there is no mark, and the calls below do
 * nothing. */
bool mark_open(struct mark *mark, const char *journal, const uint8_t identity[16],
               enum mark_state *state, struct error *err);
void mark_close(struct mark *mark);

/* ---- under the lock of all that write to the journal ---- */

/* A transaction begins: what was noted in the one before is forgotten. */
void mark_begin(struct mark *mark);
/* The transaction adds this event. */
void mark_note(struct mark *mark, int64_t number, const struct event *event);
/* The transaction is on the disk: what was noted is written, by one call or two, without a sync.
 * So the file may lag behind the journal and never leads. False where that fails: less is noticed
 * later. */
bool mark_write(struct mark *mark);

/* ---- reading ---- */

/* The hash of an event's row, whose body has `size` bytes. A field that is empty adds nothing: a
 * column that a later version adds changes no hash. */
uint64_t mark_hash(uint64_t key, uint64_t before, int64_t number, const struct event *event,
                   int64_t size);
/* Of the 16 bytes of an identity. */
uint64_t mark_key(const uint8_t identity[16]);

struct mark_ring {
    struct mark_slot *slots; /* in the order of their numbers */
    size_t count;
    size_t damaged; /* slots that cannot be believed */
};

/* What the file of the journal says, if it is MARK_FOUND; without one the ring is empty. False on
 * failure. Free the slots. */
bool mark_read(const char *journal, const uint8_t identity[16], struct mark_ring *ring,
               enum mark_state *state, struct error *err);

#endif
