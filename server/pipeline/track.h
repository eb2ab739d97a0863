/* What has become of an event, for a client that has the link which the sender was given: the key
 * `track` of a route, the links and their tokens, and which requests are questions. */
#ifndef TENTERHOOK_SERVER_PIPELINE_TRACK_H
#define TENTERHOOK_SERVER_PIPELINE_TRACK_H

#include "handlers/request.h"
#include "handlers/verdict.h"

struct exchange;

struct track_settings {
    bool is_on;
};

extern const struct route_part track_route_part;

static inline const struct track_settings *track_settings_of(const struct route *route)
{
    return route->parts[ROUTE_PART_TRACK];
}

/* Whether any route has links, and so needs the key of their tokens. */
bool track_is_wanted(const struct settings *settings);

/* The key is kept among those that senders have delivered, as one of a route that cannot be. */
#define TRACK_KEY_ROUTE ""
#define TRACK_KEY_NAME "track"
enum { TRACK_KEY_SIZE = 32 };

/* The token of an event: 128 bits in base64url, and NUL. */
enum { TRACK_TOKEN_SIZE = 23 };

/* False only if the library fails. */
bool track_make_token(struct bytes key, const char *route, struct bytes id,
                      char token[TRACK_TOKEN_SIZE]);

/* The link of an event in the arena: an absolute path as the client sent it, or below `public_url`
 * of the route. NULL: the arena is full. */
const char *track_link(const struct request *request, const char *id, const char *token);

/* Whether the request asks, by GET or HEAD at PATH/events/ID of a route with `track`: then that
 * route is request.route, and exchange->track is filled in. A route whose whole path that is has
 * precedence, one with {name} or a star has not. */
bool track_recognize(struct exchange *exchange);
/* REPLY_TRACKED: the question may be asked, and how long it waits is known; or the refusal. */
struct verdict track_judge(struct exchange *exchange);

/* Whether an answer has a link: to an event that is in the journal, if the route file does not give
 * the answer a Location of its own. */
bool track_gives_link(const struct exchange *exchange, const struct verdict *verdict);
/* The verdict with the link in Location, where it has one. */
struct verdict track_add_link(const struct exchange *exchange, const char *id,
                              struct verdict verdict);

#endif
