/* One event: what a sender has sent, as far as it is kept. Its fields are the rows of one table.
 * The struct, the frame to the runner (server/ipc/frame.c), the journal's row
 * (server/journal/event_row.c), what an action is given (server/runner/attempt.c) and the JSON of
 * `tenterhook events` are made from it: a new field is a row here and a value in
 * pipeline_event, with a migration of the journal (server/journal/tables.c). */
#ifndef TENTERHOOK_SERVER_EVENT_H
#define TENTERHOOK_SERVER_EVENT_H

#include "base/buffer.h"

/* The type in struct event, and the one in the journal. */
enum event_kind {
    EVENT_TEXT,    /* struct bytes; TEXT */
    EVENT_KEY,     /* struct bytes; BLOB, NULL where it is empty */
    EVENT_LIST,    /* struct bytes, a JSON list; TEXT, NULL where it is empty */
    EVENT_OBJECT,  /* struct bytes, a JSON object; TEXT */
    EVENT_CONTENT, /* struct bytes; BLOB */
    EVENT_TIME,    /* int64_t, Unix time in ms; INTEGER. Shown as 2026-11-24T03:15:24.123Z */
    EVENT_NUMBER,  /* int64_t; INTEGER */
    EVENT_SIZE,    /* int64_t; INTEGER, to which the length of the body is written */
    EVENT_FLAG,    /* bool; INTEGER 0 or 1 */
};

/* The most bytes that the runner takes of a field. The route says how long a body may be. */
enum {
    EVENT_SMALL = 64 * 1024,
    EVENT_HEADERS = 2 * 1024 * 1024,
    EVENT_PAYLOAD = 16 * 1024 * 1024,
    EVENT_UNLIMITED = INT32_MAX
};

/* FIELD(member, kind, origin, column, json, envelope, variable, limit, sentence):
 *
 * origin    SENT: the listener knows it, and the frame carries it; OWN: the runner or the journal
 *           sets it, and no listener can
 * column    of the table `event`, or of `body` for those of EVENT_BODY_FIELDS
 * json      place and name in `tenterhook events --json`
 * envelope  place and name among the texts of the envelope
 * variable  place and name among the variables of a command
 * limit     the most bytes that the runner takes
 *
 * The places of each output are counted from 1 without a gap. */
#define EVENT_ROW_FIELDS(FIELD)                                                                    \
    FIELD(id, TEXT, OWN, "id", AT(1, "id"), AT(1, "id"), AT(1, "TENTERHOOK_ID"), EVENT_SMALL,      \
          "The id of the event, a UUIDv7, as answered to the sender.")                             \
    FIELD(route, TEXT, OWN, "route", AT(2, "route"), AT(2, "route"), AT(2, "TENTERHOOK_ROUTE"),    \
          EVENT_SMALL, "The name of the route.")                                                   \
    FIELD(received_ms, TIME, SENT, "received_ms", AT(3, "received"), AT(6, "received"),            \
          AT(8, "TENTERHOOK_RECEIVED"), 0, "When the head of the request had been read.")          \
    FIELD(client, TEXT, SENT, "client", AT(4, "client"), AT(7, "client"),                          \
          AT(7, "TENTERHOOK_CLIENT"), EVENT_SMALL, "The address of the caller, or `unix`.")        \
    FIELD(type, TEXT, SENT, "type", AT(5, "type"), AT(4, "event"), AT(4, "TENTERHOOK_EVENT"),      \
          EVENT_SMALL, "The provider's type of the event, or empty.")                              \
    FIELD(message_id, TEXT, SENT, "delivery_id", AT(6, "delivery"), AT(5, "delivery"),             \
          AT(5, "TENTERHOOK_DELIVERY"), EVENT_SMALL,                                               \
          "The provider's own id of the message, or empty.")                                       \
    FIELD(content_type, TEXT, SENT, "content_type", AT(7, "content_type"), AT(9, "content_type"),  \
          NOWHERE, EVENT_SMALL,                                                                    \
          "The Content-Type of the request, as sent; empty where two differ.")                     \
    FIELD(body_is_json, FLAG, SENT, "is_json", NOWHERE, NOWHERE, NOWHERE, 0,                       \
          "The body has passed the strict JSON check.")                                            \
    FIELD(size, SIZE, OWN, "size", AT(8, "size"), NOWHERE, NOWHERE, 0, "Bytes of the body.")       \
    FIELD(reruns, NUMBER, OWN, "reruns", AT(9, "reruns"), NOWHERE, NOWHERE, 0,                     \
          "How often copies of it had what was dead of it carried out again.")                     \
    FIELD(dedupe_key, KEY, SENT, "dedupe_key", NOWHERE, NOWHERE, NOWHERE, EVENT_SMALL,             \
          "The key by which a copy is known, within the route; empty: never a duplicate.")         \
    FIELD(failures, LIST, SENT, "failures", AT(10, "failures"), NOWHERE, NOWHERE, EVENT_SMALL,     \
          "What the schema of the route objected to; empty: nothing.")                             \
    FIELD(method, TEXT, SENT, "method", AT(11, "method"), AT(10, "method"),                        \
          AT(9, "TENTERHOOK_METHOD"), EVENT_SMALL, "The method of the request.")                   \
    FIELD(host, TEXT, SENT, "host", AT(12, "host"), NOWHERE, NOWHERE, EVENT_SMALL,                 \
          "The Host of the request, or the one that a trusted proxy names; or empty.")             \
    FIELD(path, TEXT, SENT, "path", AT(13, "path"), AT(11, "path"), AT(10, "TENTERHOOK_PATH"),     \
          EVENT_SMALL, "The path of the request, decoded, without the query.")                     \
    FIELD(title, TEXT, SENT, "title", AT(14, "title"), NOWHERE, NOWHERE, EVENT_SMALL,              \
          "What the event is about, by `title` of the route or by the provider's preset; or "      \
          "empty.")

#define EVENT_BODY_FIELDS(FIELD)                                                                   \
    FIELD(params, OBJECT, SENT, "params", NOWHERE, AT(12, "params"), NOWHERE, EVENT_SMALL,         \
          "The text that each `{name}` segment of the route's path stood for.")                    \
    FIELD(query, OBJECT, SENT, "query", NOWHERE, AT(13, "query"), NOWHERE, EVENT_SMALL,            \
          "The parameters of the query, decoded, without those that authenticate: a string each, " \
          "or a list of strings where a name comes more than once.")                               \
    FIELD(json_field, TEXT, SENT, "json_field", NOWHERE, NOWHERE, NOWHERE, EVENT_SMALL,            \
          "The field of the form whose JSON is the payload; empty: none.")                         \
    FIELD(headers, OBJECT, SENT, "headers", NOWHERE, NOWHERE, NOWHERE, EVENT_HEADERS,              \
          "The stored headers.")                                                                   \
    FIELD(payload, CONTENT, SENT, "payload", NOWHERE, NOWHERE, NOWHERE, EVENT_PAYLOAD,             \
          "The JSON that was made of a body which is not JSON itself (XML, a CloudEvent); empty: " \
          "there is none.")                                                                        \
    FIELD(body, CONTENT, SENT, "content", NOWHERE, NOWHERE, NOWHERE, EVENT_UNLIMITED,              \
          "The body, byte for byte.")

#define EVENT_FIELDS(FIELD) EVENT_ROW_FIELDS(FIELD) EVENT_BODY_FIELDS(FIELD)

/* What an action is told besides, in the same columns; none of it is in struct event. */
#define ATTEMPT_FIELDS(FIELD)                                                                      \
    FIELD(action, TEXT, OWN, NULL, NOWHERE, AT(3, "action"), AT(3, "TENTERHOOK_ACTION"), 0,        \
          "The name of the action.")                                                               \
    FIELD(attempt, NUMBER, OWN, NULL, NOWHERE, AT(8, "attempt"), AT(6, "TENTERHOOK_ATTEMPT"), 0,   \
          "Which attempt of this delivery it is, from 1.")

#define GIVEN_FIELDS(FIELD) EVENT_FIELDS(FIELD) ATTEMPT_FIELDS(FIELD)

#define EVENT_TYPE_TEXT struct bytes
#define EVENT_TYPE_KEY struct bytes
#define EVENT_TYPE_LIST struct bytes
#define EVENT_TYPE_OBJECT struct bytes
#define EVENT_TYPE_CONTENT struct bytes
#define EVENT_TYPE_TIME int64_t
#define EVENT_TYPE_NUMBER int64_t
#define EVENT_TYPE_SIZE int64_t
#define EVENT_TYPE_FLAG bool
#define EVENT_MEMBER(member, kind, ...) EVENT_TYPE_##kind member;

/* Spans belong to whoever has filled it in. */
struct event {
    EVENT_FIELDS(EVENT_MEMBER)
};

#define EVENT_FIELD_NUMBER(member, ...) FIELD_##member,

/* In the order of the table: a field has that number in event_fields. */
enum event_field_number {
    EVENT_ROW_FIELDS(EVENT_FIELD_NUMBER) EVENT_ROW_COUNT,
    EVENT_ROW_LAST = EVENT_ROW_COUNT - 1,
    EVENT_BODY_FIELDS(EVENT_FIELD_NUMBER) EVENT_FIELD_COUNT,
    EVENT_FIELD_LAST = EVENT_FIELD_COUNT - 1,
    ATTEMPT_FIELDS(EVENT_FIELD_NUMBER) GIVEN_FIELD_COUNT
};

#define AT(place, name) place, name
#define NOWHERE 0, NULL

/* An output lists its names in the order of their places: an array of EVENT_NAME(field, json, …)
 * for each field, as many of it as the sum of EVENT_IS_NAMED(json) over the fields. Fields without
 * a place lie behind those. What else the output knows of a name follows in its element. */
#define EVENT_NAME(field, ...) EVENT_NAME_(field, __VA_ARGS__)
#define EVENT_NAME_(field, place, name, ...)                                                       \
    [place ? place - 1 : GIVEN_FIELD_COUNT + field] = {name, field, __VA_ARGS__},
#define EVENT_IS_NAMED(...) EVENT_IS_NAMED_(__VA_ARGS__)
#define EVENT_IS_NAMED_(place, name) (place != 0)

struct event_field {
    const char *member;
    enum event_kind kind;
    bool is_sent, is_given; /* to the runner; to actions, by name or as a value */
    size_t offset, limit;
};

extern const struct event_field event_fields[EVENT_FIELD_COUNT];

/* A member is reached by its offset; its type follows from the kind, as in EVENT_TYPE_. */
bool event_field_is_span(const struct event_field *field);
struct bytes *event_span(struct event *event, const struct event_field *field);
struct bytes event_bytes(const struct event *event, const struct event_field *field);
/* Of a field that is no span: a flag is 0 or 1. */
int64_t event_number(const struct event *event, const struct event_field *field);
void event_set_number(struct event *event, const struct event_field *field, int64_t number);

/* An event on its way to the runner is the value of each field in the order of the table, then the
 * spans one after the other in the same order. The value of a span is its length; of a field that
 * is not sent, 0. */

/* Fills the values in and returns the length of all spans together, in bytes. */
size_t event_measure(const struct event *event, int64_t values[EVENT_FIELD_COUNT]);
/* Appends the spans; false where there is no room. */
bool event_put_spans(const struct event *event, struct buffer *out);
/* Reads an event back; its spans point into `spans`. False where the two do not fit each other. */
bool event_take(struct event *event, const int64_t values[EVENT_FIELD_COUNT], struct bytes spans);

/* Whether no field is longer than its limit. */
bool event_is_bounded(const struct event *event);

#endif
