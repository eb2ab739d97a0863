/* A connection of an operator's program, as the process sees it that answers: lines of JSON go out
 * as the other side takes them, within a limit of memory and of time. Who stops reading loses his
 * connection, and costs nobody else anything. */
#ifndef TENTERHOOK_SERVER_IPC_OPERATOR_LINK_H
#define TENTERHOOK_SERVER_IPC_OPERATOR_LINK_H

#include "base/buffer.h"
#include "base/loop.h"

enum {
    OPERATOR_OUT_MAX = 8 << 20,      /* bytes of lines that wait for the client */
    OPERATOR_OUT_CROWDED = 256 << 10 /* a stream leaves pieces out from here on */
};

struct operator_link {
    int fd; /* owned; -1: given away */
    struct loop *loop;
    struct buffer out; /* lines are appended here, then operator_link_flush */
    struct loop_watch watch;
    struct loop_timer timer;
    bool is_reading; /* for the request */
    bool is_ended;   /* the last line is in `out` */
    /* More of the request may be there; called while it is read. */
    void (*readable)(struct operator_link *link);
    /* It is over: the client has all, or has gone, or was too slow. Called once, from the loop and
     * from nowhere else; the owner calls operator_link_finish. */
    void (*over)(struct operator_link *link);
    void *owner;
};

/* Takes the descriptor. With `readable` it waits for a request, for some seconds. False without
 * memory: then it is closed. */
bool operator_link_init(struct operator_link *link, struct loop *loop, int fd,
                        void (*readable)(struct operator_link *link),
                        void (*over)(struct operator_link *link), void *owner);
/* Closes it, unless it was given away. */
void operator_link_finish(struct operator_link *link);

/* The request has been read: no more is, and lines may come for as long as the client stays. */
void operator_link_answer(struct operator_link *link);

/* Sends what is in `out`, as much as the client takes now. */
void operator_link_flush(struct operator_link *link);

/* The last line, {"end":"done"}, with further members where `members` is not empty (",\"a\":1");
 * then `over` follows. */
void operator_link_done(struct operator_link *link, const char *members);
/* {"end":"failed","reason":"…"} */
void operator_link_fail(struct operator_link *link, const char *reason);

/* The descriptor, which the caller has now; `over` follows. */
int operator_link_give(struct operator_link *link);

/* Closes a connection that has no link, after as much of that line as fits into it. */
void operator_turn_away(int fd, const char *reason);

#endif
