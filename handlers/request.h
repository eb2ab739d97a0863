/* One request as the stages see it: spans into memory of the exchange that holds it. Where it came
 * from (a socket, a captured file for `verify`) does not show. */
#ifndef TENTERHOOK_HANDLERS_REQUEST_H
#define TENTERHOOK_HANDLERS_REQUEST_H

#include "base/arena.h"
#include "base/buffer.h"
#include "config/settings.h"

/* The keys that handlers bring to a route, a row each: PART(NAME, name, type of its settings, its
 * header). From the rows are made the place of the settings in route.parts (ROUTE_PART_NAME), the
 * list in server/registry.c (name_route_part) and the routes of unit tests. The header has the
 * settings and a function that finds them. */
#define ROUTE_PARTS(PART)                                                                          \
    PART(ADDRESS, address, struct address_settings, "handlers/admission/address.h")                \
    PART(LIMIT, limit, struct limit_settings, "handlers/admission/limit.h")                        \
    PART(DEDUPE, dedupe, struct dedupe_settings, "handlers/admission/dedupe.h")                    \
    PART(CONCURRENCY, concurrency, struct concurrency_settings,                                    \
         "handlers/admission/concurrency.h")                                                       \
    PART(COALESCE, coalesce, struct coalesce_settings, "handlers/admission/coalesce.h")            \
    PART(CONTENT, content, struct content_settings, "handlers/content/content.h")                  \
    PART(UNFOLD, unfold, struct unfold_settings, "handlers/content/unfold.h")                      \
    PART(EVENTS, events, struct events_settings, "handlers/admission/events.h")                    \
    PART(WHEN, when, struct when_settings, "handlers/admission/when.h")                            \
    PART(MISMATCH, mismatch, struct mismatch_settings, "server/pipeline/mismatch.h")               \
    PART(NOTICE, notice, struct notice_settings, "server/pipeline/notice.h")                       \
    PART(RESPOND, respond, struct respond_settings, "server/pipeline/respond.h")                   \
    PART(TRACK, track, struct track_settings, "server/pipeline/track.h")                           \
    PART(FLOW, flow, struct flow_settings, "server/runner/flow.h")                                 \
    PART(TITLE, title, struct title_settings, "handlers/auth/title.h")                             \
    PART(EVENT_NAMES, event_names, struct event_names, "handlers/admission/event_names.h")         \
    PART(VALIDATE, validate, struct validate_settings, "handlers/admission/validate.h")

#define ROUTE_PART_PLACE(NAME, ...) ROUTE_PART_##NAME,
enum route_part_index { ROUTE_PARTS(ROUTE_PART_PLACE) ROUTE_PART_COUNT };

struct field_list;    /* handlers/content/query.h */
struct form;          /* handlers/content/form.h */
struct json_summary;  /* handlers/content/json.h */
struct unfold_coding; /* handlers/content/unfold.h */

/* IPv6, or IPv4 as ::ffff:a.b.c.d. A unix socket's peer is all zero with `local` set. */
struct client_address {
    uint8_t address[16];
    bool local;
};

struct header {
    struct bytes name, value; /* as sent; the guard replaces the list by one of trimmed values */
};

struct request {
    struct arena *arena;          /* the exchange's; limited */
    int64_t now_ms;               /* Unix time at which freshness is judged */
    bool secure;                  /* came over TLS, or to a trusted proxy that says so */
    struct client_address client; /* the peer; then the client that trusted proxies name */
    bool is_own;     /* a proxy's own connection, by its PROXY header: no header names anybody */
    bool is_unnamed; /* `client` is a trusted proxy, which has named no client */
    bool is_named;   /* by a trusted proxy */
    struct bytes method;          /* as sent */
    struct bytes version;         /* "HTTP/1.1" */
    struct bytes target;          /* raw, as in the request line */
    struct bytes path;            /* decoded and checked by the guard */
    struct bytes query;           /* raw, without "?" */
    const struct header *headers; /* at most 64; trailers are never among them */
    size_t header_count;
    const struct route *route; /* set by routing */
    /* The query, decoded, without what authenticates, and what the {name}s of the route's path
     * stand for; NULL: not read yet (route_read_target). */
    const struct field_list *parameters, *segments;
    struct bytes provisioned_key; /* delivered by the route's sender earlier; empty: none */
    struct bytes body;            /* complete, from the body stages on */
    /* The content coding that is still to be undone in `body`; NULL: none. */
    const struct unfold_coding *folded;
    bool keeps_coding;       /* the route takes the body as it was sent, in its content coding */
    struct form *form;       /* a body that is one, decoded; or NULL (content_release) */
    struct bytes json_field; /* the field of it whose JSON is the payload; empty: none */
    struct bytes field_looked_for;   /* the field that would hold it; empty: none would */
    struct bytes payload;            /* the JSON of the body or of that field, if json is set */
    bool payload_is_made;            /* of a body that is not JSON itself, as actions get it */
    bool payload_has_head;           /* and of headers, which no signature of the body is over */
    struct buffer made;              /* what it was made in; or empty (content_release) */
    const struct json_summary *json; /* of the payload, once it has passed the guard; or NULL */

    /* What authentication brings out, each empty where the provider has none. */
    struct bytes message_id; /* the sender's own id of this message */
    struct bytes event_type; /* "push" */
    struct bytes dedupe_key; /* default: message_id */
    size_t secret_used;      /* which secret of the list matched, from 0 */
};

/* The header of that name, compared without case. `*count` (may be NULL) gets how many there are:
 * a header that must be single is refused when it comes twice. Empty span if there is none. */
struct bytes request_header(const struct request *request, const char *name, size_t *count);

/* The header of that name as it is stored, and as values of the event have it: joined with ", "
 * where it comes more than once, U+FFFD for what is not UTF-8. Where it is not sent like that it is
 * written to `room`, which is emptied. data NULL: there is none. False when `room` is full. */
bool request_header_text(const struct request *request, struct bytes name, struct buffer *room,
                         struct bytes *text);

/* The raw, still percent-encoded value of the first query parameter of that name. */
struct bytes request_query(const struct request *request, const char *name, size_t *count);

/* "192.0.2.1", "2001:db8::1", "unix". */
enum { CLIENT_TEXT_SIZE = 46 };
void client_format(const struct client_address *client, char text[CLIENT_TEXT_SIZE]);

/* An address of `family` (AF_INET or AF_INET6) as text, exactly; false where it is none. */
bool client_address_parse(int family, struct bytes text, uint8_t address[16]);

/* Who a client is, for limits: whoever has one IPv6 address has the whole /64, so the rest of the
 * address is zeroed. Hashed as it lies in memory. */
struct client_key {
    uint8_t address[16];
    uint64_t local;
};
struct client_key client_key(const struct client_address *client);

#endif
