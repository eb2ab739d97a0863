/* From the listeners' frames to events in the journal: one batch a turn, duplicates found, each
 * frame answered after the commit. */
#ifndef TENTERHOOK_SERVER_RUNNER_INTAKE_H
#define TENTERHOOK_SERVER_RUNNER_INTAKE_H

#include "config/settings.h"
#include "server/ipc/listener_link.h"
#include "server/journal/dedupe.h"
#include "server/runner/dispatch.h"
#include "server/runner/journal_health.h"

enum { INTAKE_BATCH = 1024, INTAKE_BYTES = 64 << 20 };

struct intake_item {
    struct listener_link *channel;
    struct event_frame event; /* spans into the channel */
    struct answer_frame answer;
    uint64_t hash; /* of the key, where the event was added */
    int64_t seq;   /* 0: not added */
};

struct intake {
    const struct settings *settings;
    struct journal *journal;
    struct dedupe keys;
    int64_t window_ms; /* the longest of all routes */
    int64_t last_seq;  /* keys up to this event are in the set */
    bool behind;       /* others have committed events that are not */
    struct intake_item items[INTAKE_BATCH];
    size_t count, bytes;
    bool learned;       /* a key is in the transaction */
    bool is_asked;      /* a question of the health check is in the batch */
    bool is_writing;    /* the transaction writes something */
    int64_t written_ns; /* when one that did was last committed; 0: never */
};

/* Reads the keys that still count from the journal. */
bool intake_init(struct intake *intake, const struct settings *settings, struct journal *journal,
                 struct error *err);
void intake_finish(struct intake *intake);
/* The same again, after the journal was opened anew. */
bool intake_rebuild(struct intake *intake);

/* Takes the whole frames of a channel into the batch, as long as there is room. */
void intake_collect(struct intake *intake, struct listener_link *channel);
/* Others have committed. */
void intake_refresh(struct intake *intake);

/* In a transaction: decides on every item; events go into the journal and to the dispatcher. */
void intake_write(struct intake *intake, struct dispatch *dispatch, struct journal_health *store);
/* After the commit, or where there was none: answers everything and empties the batch. */
void intake_answer(struct intake *intake, bool committed, unsigned retry_after_s);
/* The batch is put off: its frames will be collected again. */
void intake_put_off(struct intake *intake);

#endif
