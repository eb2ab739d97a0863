/* The frames between a listener and the runner, on a stream socket pair.
 *
 * A frame is a fixed header (host byte order, one machine) and a payload of `length` bytes. The
 * runner trusts no length: a frame past FRAME_MAX, an unknown type or a payload that does not add
 * up closes the link. */
#ifndef TENTERHOOK_SERVER_IPC_FRAME_H
#define TENTERHOOK_SERVER_IPC_FRAME_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/id.h"
#include "config/settings.h"
#include "server/event.h"

enum {
    FRAME_MAX = 96 * 1024 * 1024,   /* max_body is at most 64 MiB, and what EVENT_FIELDS allows */
    FRAME_OUTPUT_MAX = 1024 * 1024, /* of a command, as an answer to a sender */
    FRAME_PIECE_MAX = 16 * 1024,    /* of such an output, while the command runs */
    FRAME_STATE_MAX = 128 * 1024,   /* of the deliveries of an event, as JSON */
    FRAME_WAIT_MAX_MS = 60 * 1000,
    FRAME_KEYS_MAX = ROUTE_ACTIONS_MAX * sizeof(int64_t),
};

enum frame_type {
    FRAME_EVENT = 1,
    FRAME_ANSWER = 2,
    FRAME_OUTPUT = 3,
    FRAME_TRACK = 4,
    FRAME_STATE = 5,
    FRAME_PIECE = 6
};

/* What a listener hands over; spans into what has arrived. `tag` comes back with the answer. Of the
 * event only the fields that are sent (server/event.h). */
struct event_frame {
    uint64_t tag;
    uint32_t route;    /* index in this generation's settings */
    bool asks;         /* no event: whether one would be stored */
    bool learns;       /* no event: the body is the key that the route's sender has delivered */
    uint64_t actions;  /* the places of the actions that were chosen, a bit each; 0: all */
    int64_t fold;      /* by which it is coalesced; 0: it is not */
    struct bytes keys; /* an int64_t for each action of the route, by which its deliveries are
                          limited, 0: by none; empty: none of them is */
    struct event event;
};

enum frame_status {
    FRAME_ACCEPTED,        /* committed: `id` */
    FRAME_AGAIN,           /* committed: what was dead of the first, `id`, is carried out again */
    FRAME_DUPLICATE,       /* `id` of the first; what became of it in `duplicate` */
    FRAME_REFUSED_JOURNAL, /* the journal cannot write */
    FRAME_REFUSED_SPACE,   /* below min_free */
    FRAME_REFUSED_DRAINING,
    FRAME_REFUSED_KNOWN,      /* there is a key already */
    FRAME_REFUSED_QUEUE,      /* so much of the route waits that no more may, */
    FRAME_REFUSED_ALL_QUEUES, /* or of all routes */
};

/* Why a copy brings about nothing. */
enum frame_duplicate {
    DUPLICATE_OPEN, /* the first waits or is carried out */
    DUPLICATE_DONE,
    DUPLICATE_KEPT,      /* dead; the route has `dedupe: {dead: keep}` */
    DUPLICATE_GIVEN_UP,  /* dead, because it may be what ends the server */
    DUPLICATE_TOO_OFTEN, /* dead, after copies have had it carried out as often as they may */
    DUPLICATE_REFUSED,   /* dead; the copy does not conform to the schema of its route */
    DUPLICATE_GONE, /* its actions are not in the route file, or its deliveries in the journal */
    FRAME_DUPLICATES
};

struct answer_frame {
    uint64_t tag;
    uint32_t status;
    uint32_t retry_after_s;
    uint16_t duplicate;  /* enum frame_duplicate */
    uint16_t can_replay; /* 1: people can have the first carried out again */
    uint16_t follows; /* 1: the sender is answered by what an output frame of this tag will say */
    char id[ID_TEXT_SIZE];
};

/* How the command ended whose output is the answer to a sender; from OUTPUT_LATE on: why there is
 * no output to answer with. */
enum frame_output_end {
    OUTPUT_EXITED, /* with `exit_status` */
    OUTPUT_SIGNALLED,
    OUTPUT_TIMED_OUT,
    OUTPUT_NOT_STARTED,
    OUTPUT_CANCELLED, /* people have ended it, or will not have it started */
    OUTPUT_LATE,
    OUTPUT_CROWDED = OUTPUT_LATE, /* too many are waited for */
    OUTPUT_NO_ROOM,               /* too much is on the way to the listener */
    OUTPUT_LEAVING,               /* this runner does not start it any more */
    OUTPUT_INTERRUPTED,           /* the command was stopped with the server, and runs again */
    OUTPUT_SUPERSEDED,            /* a newer event has taken the place of this one */
    OUTPUT_PAUSED,                /* its route starts nothing until people resume it */
    OUTPUT_TOO_LONG,
    OUTPUT_OPEN,     /* of a copy: the first waits or is carried out */
    OUTPUT_NOT_KEPT, /* of a copy: the journal does not have the output of the first */
    FRAME_OUTPUT_ENDS
};

/* `output` is a span into what has arrived, at most FRAME_OUTPUT_MAX bytes; empty where the end is
 * not before OUTPUT_LATE. */
struct output_frame {
    uint64_t tag;
    enum frame_output_end end;
    int exit_status; /* -1: none */
    struct bytes output;
};

/* What has come of an output since the piece before; the output frame of the same tag ends it, with
 * no output of its own then. A span into what has arrived, 1 to FRAME_PIECE_MAX bytes. */
struct piece_frame {
    uint64_t tag;
    struct bytes output;
};

/* Asks what has become of an event; the state of the same tag answers it, once the event has ended
 * or `wait_ms` are over. */
struct track_frame {
    uint64_t tag;
    uint32_t route;
    uint32_t wait_ms; /* at most FRAME_WAIT_MAX_MS */
    char id[ID_TEXT_SIZE];
};

enum frame_state {
    STATE_KNOWN,
    STATE_UNKNOWN, /* there is no such event, or none any more */
    STATE_UNREAD,  /* the journal cannot be read now */
    STATE_CROWDED, /* too many ask at once */
    FRAME_STATES
};

/* `text` is JSON, a span into what has arrived; empty unless STATE_KNOWN. */
struct state_frame {
    uint64_t tag;
    enum frame_state state;
    struct bytes text;
};

bool frame_put_event(struct buffer *out, const struct event_frame *frame);
bool frame_put_answer(struct buffer *out, const struct answer_frame *answer);
bool frame_put_output(struct buffer *out, const struct output_frame *output);
bool frame_put_piece(struct buffer *out, const struct piece_frame *piece);
bool frame_put_track(struct buffer *out, const struct track_frame *track);
bool frame_put_state(struct buffer *out, const struct state_frame *state);

/* Looks at what has arrived. 1: one frame of `*type` with `*payload`, which takes `*frame_length`
 * bytes from the front; 0: not complete yet; -1: not ours, close the link. */
int frame_peek(struct bytes arrived, enum frame_type *type, struct bytes *payload,
               size_t *frame_length);
bool frame_get_event(struct bytes payload, struct event_frame *frame);
bool frame_get_answer(struct bytes payload, struct answer_frame *answer);
bool frame_get_output(struct bytes payload, struct output_frame *output);
bool frame_get_piece(struct bytes payload, struct piece_frame *piece);
bool frame_get_track(struct bytes payload, struct track_frame *track);
bool frame_get_state(struct bytes payload, struct state_frame *state);

#endif
