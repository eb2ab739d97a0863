/* What people who look after a worker want to know, and not more of it than they can read. */
#ifndef TENTERHOOK_HANDLERS_ACTION_WORKER_NEWS_H
#define TENTERHOOK_HANDLERS_ACTION_WORKER_NEWS_H

#include "base/bytes.h"
#include "handlers/action/secret_mask.h"

enum worker_news_kind {
    WORKER_STARTED,
    WORKER_NOT_STARTED, /* it is tried again in wait_ms */
    WORKER_ENDED,       /* and started again in wait_ms; negative: it is not */
    WORKER_LEAVES,      /* processes that were killed with it, and do not end */
    WORKER_SAID,        /* a line of its standard error */
    WORKER_WRONG,       /* a line of its standard output that is no answer to anything */
};

/* All alive during the call. */
struct worker_news {
    enum worker_news_kind kind;
    const char *route, *action;
    int64_t pid;        /* STARTED, ENDED */
    const char *reason; /* NOT_STARTED, ENDED, WRONG */
    int64_t wait_ms;
    struct bytes text;  /* SAID, WRONG: without the secrets that the worker was given */
    uint64_t held_back; /* such lines before that nobody was told of, because they were many */
};

/* Who is told of the news of all workers. NULL: nobody. */
void workers_tell(void (*hear)(const struct worker_news *news));

void worker_news_tell(const struct worker_news *news);

/* How many lines of one kind, of one worker, were told lately. All zero at the beginning. */
struct worker_gate {
    int64_t since_ns;
    unsigned told;
    uint64_t held_back;
};

/* Tells the news of a line, without the secrets of the mask; or counts it, where there are too
 * many. */
void worker_news_tell_line(struct worker_news *news, struct worker_gate *gate,
                           const struct secret_mask *mask, struct bytes line);

#endif
