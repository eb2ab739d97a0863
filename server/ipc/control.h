/* The messages between the supervisor and its children: fixed messages on a SOCK_SEQPACKET pair,
 * some with a descriptor. When a child closes its end (or dies), the child has ended. When the
 * supervisor's end closes, the server has ended: the child stops at once, without a drain. */
#ifndef TENTERHOOK_SERVER_IPC_CONTROL_H
#define TENTERHOOK_SERVER_IPC_CONTROL_H

#include "base/error.h"

#include <stdint.h>

enum control_type {
    /* to the supervisor */
    CONTROL_READY = 1, /* listener: can serve; runner: journal open and checked */
    CONTROL_ALIVE,     /* about once a second, from the child's own loop. `value` of a runner: an
                          enum runner_state */
    CONTROL_RELEASED,  /* runner: claims nothing any more, all claims are committed */
    CONTROL_UNLINKED,  /* listener: has no link; sent again with each ALIVE until it has one.
                          `value`:  the LINKs that have reached it, so that one that is under way is
                          not  followed by another */
    /* to a listener or the runner */
    CONTROL_LINK,     /* with a descriptor: one end of a link to the runner (listener), or to the
                         listener of slot `value` (runner). A listener that gets a second one
                         answers 503 to what waits on the first and goes on with the new one. */
    CONTROL_ACCEPT,   /* listener: begin to accept. Sent when the whole generation is ready, so
                         that no client is accepted that a failed start would drop again. */
    CONTROL_DRAIN,    /* finish what you have until `value` (monotonic ns), then exit 0.
                         Listener: stop accepting, answer what is under way. Runner: claim
                         nothing more, but store what listeners still send until their links
                         close; let running actions end. */
    CONTROL_PATIENCE, /* listener: other listeners serve, so the DRAIN that follows cuts no
                         connection early */
    /* to a runner */
    CONTROL_RELEASE, /* a newer runner is coming: claim nothing more, call back the pipe actions
                        (stop, at most a second: a FIFO has one writer), commit, say RELEASED.
                        Commands go on. DRAIN with value INT64_MAX follows: no deadline. */
    CONTROL_CLAIM,   /* start carrying out: nobody else claims */
    CONTROL_GONE,    /* the runner with id `value` has left: what it ran is pending again */
    CONTROL_ALONE_UNTIL_GONE, /* the runner with id `value` still runs deliveries: leave them,
                                 and look for what it still journals until it is GONE */
    CONTROL_OPERATOR, /* with a descriptor: the connection of an operator's program, whose request
                         is still to be read from it; the runner answers */
};

/* Whether new events are stored; else they are answered 503. */
enum runner_state { RUNNER_STORES, RUNNER_NO_SPACE, RUNNER_REFUSES, RUNNER_STATES };

struct control_message {
    uint32_t type;
    uint32_t unused;
    uint64_t value;
};

/* A pair; [0] for the supervisor, [1] for the child, both close-on-exec and non-blocking. */
bool control_pair(int ends[2], struct error *err);

/* Sends one message; `fd` -1: without a descriptor (the descriptor is not closed here). False, with
 * errno, if the other side is gone, does not take it, or the system is short of something
 * (control_error_passes). */
bool control_send(int end, enum control_type type, uint64_t value, int fd);

/* Whether it was a shortage of memory or descriptors, which says nothing about the other side. */
bool control_error_passes(int error);

/* 1: one message, and its descriptor (the caller's now) in `*fd` or -1, also where this process had
 * no descriptor free for it; 0: nothing there; -1: the other side is gone. */
int control_receive(int end, struct control_message *message, int *fd);

#endif
