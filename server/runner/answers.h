/* Senders that wait for the output of a command: each is told once, when its delivery has ended or
 * will not be carried out here, and one whose answer is a stream of each piece before. At most a
 * quarter of server.commands are waited for at once. */
#ifndef TENTERHOOK_SERVER_RUNNER_ANSWERS_H
#define TENTERHOOK_SERVER_RUNNER_ANSWERS_H

#include "server/ipc/listener_link.h"
#include "server/journal/journal.h"

/* One sender. */
struct awaited {
    struct listener_link *link;
    uint64_t tag;
    int64_t handle;   /* of the delivery */
    size_t route;     /* its index */
    int64_t until_ns; /* monotonic: whoever is told later has had another answer */
    size_t most;      /* bytes of output */
    bool streams;     /* is told of pieces */
    size_t sent;      /* bytes in pieces */
};

struct answers {
    struct awaited *items; /* room for `limit` */
    size_t count, limit;
    bool is_closed; /* nothing is started any more */
};

/* False without memory. */
bool answers_init(struct answers *answers, const struct settings *settings);
void answers_finish(struct answers *answers);

/* From now on, or told at once that there are too many. */
void answers_await(struct answers *answers, const struct awaited *awaited);
/* Tells that there will be no output, because of `end`. */
void answers_tell_late(const struct awaited *awaited, enum frame_output_end end);
/* Tells what the journal has of the delivery of a copy's first; NULL: nothing. */
void answers_tell_kept(const struct awaited *awaited, const struct journal_answer *kept);

/* Whether somebody waits for pieces of the output of a delivery, which is about to start. */
bool answers_has_stream(const struct answers *answers, int64_t handle);
/* There is more output of a delivery; without data: it is lost, for want of memory. A stream that
 * has had as much as it may, or that the link cannot take now, is told that it ends here. */
void answers_piece(struct answers *answers, int64_t handle, struct bytes piece);
/* A delivery has ended so: tells who waits for it. */
void answers_ended(struct answers *answers, int64_t handle, const struct outcome *outcome);
/* Tells those of whom `is_given_up` says it that there will be no output, because of `end`; or
 * those who wait for a delivery. */
void answers_give_up(struct answers *answers, enum frame_output_end end,
                     bool (*is_given_up)(void *context, const struct awaited *awaited),
                     void *context);
void answers_give_up_one(struct answers *answers, int64_t handle, enum frame_output_end end);
/* The listener is gone. */
void answers_forget(struct answers *answers, const struct listener_link *link);

#endif
