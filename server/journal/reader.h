/* The journal as people look at it: a connection that only reads, while the server runs or after it
 * has stopped. */
#ifndef TENTERHOOK_SERVER_JOURNAL_READER_H
#define TENTERHOOK_SERVER_JOURNAL_READER_H

#include "base/bytes.h"
#include "base/error.h"
#include "server/event.h"

struct journal_reader;

struct journal_reader *journal_reader_open(const char *path, struct error *err);
void journal_reader_close(struct journal_reader *reader);
/* Whether the last call has failed, and what; one that found nothing has not. */
bool journal_reader_is_well(const struct journal_reader *reader);
bool journal_reader_explain(const struct journal_reader *reader, struct error *err);

/* An event; spans until the callback returns. */
struct event_view {
    int64_t seq;
    bool has_body;
    struct bytes states; /* of its deliveries, each once: "done", "pending,dead" */
    struct event event;  /* without headers and body */
};

/* What is NULL, empty or 0 does not restrict, but for the limit. */
struct event_filter {
    const char *route;
    const char *type; /* in which each * stands for any text */
    /* Events with a delivery of that action in that state; without an action, those that only tell
     * of a failure of the event are none of them. */
    const char *state, *action;
    struct bytes text;          /* events whose stored body contains these bytes */
    int64_t since_ms, until_ms; /* received from then on; before then */
    int64_t after, before;      /* behind this number; before this number */
    int64_t limit;
    bool oldest_first;
};

enum { EVENT_TYPE_PATTERN_MAX = 256 }; /* bytes of event_filter.type */

bool journal_reader_list(struct journal_reader *reader, const struct event_filter *filter,
                         void (*each)(void *context, const struct event_view *event),
                         void *context);

/* The events whose id begins like this: how many (2 stands for more), and the number of one. None
 * begins with nothing. */
bool journal_reader_find(struct journal_reader *reader, const char *prefix, int64_t *seq,
                         size_t *count);
/* The number of the first event whose id is not less than that; INT64_MAX if there is none. Ids
 * rise with the numbers, so this is a place in the list also where the event of that id is gone. */
bool journal_reader_place(struct journal_reader *reader, const char *id, int64_t *seq);
/* The lowest number and the highest one; 1 and 0 without events. */
bool journal_reader_bounds(struct journal_reader *reader, int64_t *lowest, int64_t *highest);
/* The names of the routes that have ever had an action. */
bool journal_reader_routes(struct journal_reader *reader,
                           void (*each)(void *context, struct bytes route), void *context);
/* One event by its number; false also if it is not there. */
bool journal_reader_event(struct journal_reader *reader, int64_t seq,
                          void (*each)(void *context, const struct event_view *event),
                          void *context);
/* The fields of EVENT_BODY_FIELDS, all others zero: headers, body and what goes with them. Not
 * there once they are pruned. */
bool journal_reader_body(struct journal_reader *reader, int64_t seq,
                         void (*each)(void *context, const struct event *stored), void *context);

/* A delivery that is pending or running. */
struct open_view {
    int64_t event, delivery; /* numbers */
    bool is_of_state;        /* the event is, too; not so of what only tells of its failure */
};

/* Those of events from number `from` on, in any order. */
bool journal_reader_open_deliveries(struct journal_reader *reader, int64_t from,
                                    void (*each)(void *context, const struct open_view *open),
                                    void *context);

struct delivery_view {
    int64_t seq; /* its number in the journal */
    struct bytes action, state, reason;
    int64_t attempt, takeovers, stops;
    int64_t started_ms, ended_ms, duration_ms; /* -1: none */
    int64_t exit_status, signal;               /* -1: none */
    int64_t output_total, error_total;
    struct bytes output, error_output;
    int64_t failures, replays;
    int64_t due_ms; /* Unix: it waits until then; 0: it does not */
    bool is_alone;  /* the last attempt ran alone */
    bool is_notice; /* it tells of a failure: no replay without its name runs it again */
    struct bytes superseded_by; /* the id of the event that took its place; or empty */
    int64_t paused_ms;          /* since when its route runs nothing; -1: it does */
    struct bytes paused_why;
};

bool journal_reader_deliveries(struct journal_reader *reader, int64_t seq,
                               void (*each)(void *context, const struct delivery_view *delivery),
                               void *context);

/* An earlier attempt of a delivery: the last one is in the delivery itself. */
struct attempt_view {
    int64_t number;
    int64_t started_ms, ended_ms, duration_ms; /* -1: none */
    int64_t exit_status, signal;               /* -1: none */
    struct bytes reason;                       /* empty: it was done */
    int64_t output_total, error_total;
    struct bytes output, error_output;
};

/* Those of delivery `seq` that are kept (the newest 20), in their order. May be called while the
 * deliveries are read. */
bool journal_reader_attempts(struct journal_reader *reader, int64_t seq,
                             void (*each)(void *context, const struct attempt_view *attempt),
                             void *context);

/* A key that a sender has delivered. */
struct provisioned_view {
    const char *route, *provider;
    int64_t provisioned_ms;
    struct bytes key;
};

bool journal_reader_provisioned(struct journal_reader *reader,
                                void (*each)(void *context, const struct provisioned_view *key),
                                void *context);

/* A route of which nothing is started. */
struct paused_view {
    struct bytes route, why; /* empty: nobody has said */
    int64_t since_ms;
};

bool journal_reader_paused(struct journal_reader *reader,
                           void (*each)(void *context, const struct paused_view *paused),
                           void *context);

/* The number of the newest event; 0 if there is none. */
bool journal_reader_newest(struct journal_reader *reader, int64_t *seq);
/* Whether anything was committed since the last call; also where the files are not in place any
 * more, and the reader is not well. */
bool journal_reader_changed(struct journal_reader *reader);

#endif
