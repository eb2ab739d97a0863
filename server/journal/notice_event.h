/* Events of the server's own, which tell of a route: what each kind consists of. */
#ifndef TENTERHOOK_SERVER_JOURNAL_NOTICE_EVENT_H
#define TENTERHOOK_SERVER_JOURNAL_NOTICE_EVENT_H

#include "server/event.h"

enum notice_kind { NOTICE_SILENT, NOTICE_REFUSED, NOTICE_PAUSED };

enum { NOTICE_REASON_SIZE = 200 };
/* In the place of the client: no sender has such an address. */
#define NOTICE_CLIENT "tenterhook"

/* It holds spans into itself. */
struct notice_event {
    struct event event; /* without an id */
    char reason[NOTICE_REASON_SIZE];
    char body[2 * NOTICE_REASON_SIZE + 256];
};

/* The type of its event, such as "tenterhook.paused". */
const char *notice_type(enum notice_kind kind);
/* Of `route`, which outlives it, since `since_ms` (Unix). `reason` is a sentence, and cut off where
 * it is too long. False without memory. */
bool notice_event_make(struct notice_event *made, enum notice_kind kind, const char *route,
                       int64_t since_ms, const char *reason);
/* After it was moved in memory. */
void notice_event_moved(struct notice_event *moved);

#endif
