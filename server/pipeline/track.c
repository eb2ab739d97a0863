/* A token is a MAC of the route's name and the event's id, so nothing has to be stored for it, and
 * it is valid as long as the event is there. A question without the right token does not get as far
 * as the journal: a wrong token, an unknown id and an event that is gone have the same answer, and
 * the MAC is computed for each. */
#include "server/pipeline/track.h"

#include "base/buffer.h"
#include "base/crypto.h"
#include "base/encoding.h"
#include "base/id.h"
#include "base/secret.h"
#include "base/units.h"
#include "config/load.h"
#include "config/route_path.h"
#include "handlers/content/query.h"
#include "handlers/provider/provisioned_keys.h"
#include "server/ipc/frame.h"
#include "server/pipeline/exchange.h"
#include "server/pipeline/routing.h"

/* ---- the key ---- */

static const struct row track_rows[] = {
    {.name = "track",
     .type = ROW_BOOL,
     .offset = offsetof(struct track_settings, is_on),
     .default_text = "false",
     .sentence = "Gives the answer to an event that is stored a `Location`, "
                 "`PATH/events/ID?token=…`, at which GET tells what has become of the event: the "
                 "state of each action and its times, and nothing else. With `&wait=30s` it is "
                 "answered when the event has ended, or after that time."},
};

static const struct row_section track_keys = {.name = "track",
                                              .sentence = "What has become of an event.",
                                              .rows = track_rows,
                                              .row_count = ROW_COUNT(track_rows),
                                              .size = sizeof(struct track_settings)};
const struct route_part track_route_part = {.keys = &track_keys, .after = "max_body"};

bool track_is_wanted(const struct settings *settings)
{
    for (size_t i = 0; i < settings->route_count; i++)
        if (track_settings_of(&settings->routes[i])->is_on)
            return true;
    return false;
}

/* ---- tokens ---- */

enum { TOKEN_BYTES = 16, NAME_MAX = 512 };

bool track_make_token(struct bytes key, const char *route, struct bytes id,
                      char token[TRACK_TOKEN_SIZE])
{
    uint8_t mac[HASH_MAX_SIZE];
    struct buffer text;
    buffer_init(&text, NAME_MAX);
    /* the id has one length, so no two pairs are the same text */
    bool good = buffer_append_text(&text, "track\n") && buffer_append_bytes(&text, id) &&
                buffer_append_text(&text, route) &&
                hmac_compute(HASH_SHA256, key, buffer_bytes(&text), mac);
    buffer_finish(&text);
    if (good)
        base64url_encode(bytes_of(mac, TOKEN_BYTES), token);
    secret_wipe(mac, sizeof mac);
    return good;
}

/* Of an event of that route; false where there is no key yet, and then some text all the same. */
static bool token_of(const struct exchange *exchange, const struct route *route, struct bytes id,
                     char token[TRACK_TOKEN_SIZE])
{
    struct provisioned_keys *table = exchange->pipeline->provisioned;
    uint8_t key[PROVISIONED_KEY_MAX] = {0};
    size_t length = TRACK_KEY_SIZE;
    bool found =
        table && provisioned_keys_get(table, TRACK_KEY_ROUTE, TRACK_KEY_NAME, key, &length);
    bool made = track_make_token(bytes_of(key, length), route->name, id, token);
    secret_wipe(key, sizeof key);
    return found && made;
}

/* ---- links ---- */

/* The target without its query and, of a path with a star, without what the star stands for. */
static struct bytes link_base(const struct request *request)
{
    struct bytes rest = request->target, path = bytes_split(&rest, '?');
    size_t kept = routing_kept_segments(request->route), at = 0;
    while (at < path.length && (path.data[at] != '/' || kept-- > 0))
        at++;
    if (at == path.length && at > 0 && path.data[at - 1] == '/')
        at--;
    return bytes_of(path.data, at);
}

/* What a proxy makes of the front of the path is not known, but where `public_url` says it. */
const char *track_link(const struct request *request, const char *id, const char *token)
{
    const struct route *route = request->route;
    struct bytes base = link_base(request);
    const char *url = route->public_url ? route->public_url : "";
    int length = (int)strcspn(url, "?");
    if (length > 0) { /* it stands for the fixed segments */
        size_t fixed = route_path_fixed(route->path), at = 0;
        while (at < base.length && (base.data[at] != '/' || fixed-- > 0))
            at++;
        base = bytes_from(base, at);
        length -= url[length - 1] == '/';
    }
    return arena_format(request->arena, "%.*s%.*s/events/%s?token=%s", length, url,
                        (int)base.length, (const char *)base.data, id, token);
}

static bool is_stored(enum reply reply)
{
    return reply == REPLY_ACCEPTED || reply == REPLY_AGAIN || reply == REPLY_DUPLICATE ||
           reply == REPLY_QUARANTINED;
}

static bool has_location(const struct verdict *verdict)
{
    for (size_t i = 0; i < verdict->header_count; i++)
        if (bytes_equal_nocase(bytes_of_text(verdict->headers[i].name), bytes_of_text("Location")))
            return true;
    return false;
}

bool track_gives_link(const struct exchange *exchange, const struct verdict *verdict)
{
    const struct route *route = exchange->request.route;
    return route && track_settings_of(route)->is_on && is_stored(verdict->reply) &&
           !verdict->header_name && !has_location(verdict);
}

struct verdict track_add_link(const struct exchange *exchange, const char *id,
                              struct verdict verdict)
{
    const struct request *request = &exchange->request;
    char token[TRACK_TOKEN_SIZE];
    if (!*id || !track_gives_link(exchange, &verdict) ||
        !token_of(exchange, request->route, bytes_of_text(id), token))
        return verdict;
    const char *link = track_link(request, id, token);
    if (link) {
        verdict.header_name = "Location";
        verdict.header_value = bytes_of_text(link);
    }
    return verdict;
}

/* ---- questions ---- */

/* The value of a parameter as it was sent; `*count` of them. */
static struct bytes find_parameter(struct bytes query, const char *name, size_t *count)
{
    struct bytes rest = query, parameter, found = bytes_of(NULL, 0);
    *count = 0;
    while (query_take_parameter(&rest, &parameter)) {
        struct bytes value = parameter;
        if (!bytes_equal_text(bytes_split(&value, '='), name))
            continue;
        found = value;
        (*count)++;
    }
    return found;
}

/* Takes "/events/ID" off the end of a path. */
static bool split_path(struct bytes path, struct bytes *base, struct bytes *id)
{
    static const char middle[] = "/events/";
    enum { MIDDLE = sizeof middle - 1, TAIL = MIDDLE + ID_TEXT_SIZE - 1 };
    if (path.length < TAIL)
        return false;
    *base = bytes_of(path.data, path.length - TAIL);
    *id = bytes_from(path, base->length + MIDDLE);
    return bytes_equal_text(bytes_of(base->data + base->length, MIDDLE), middle) && id_valid(*id);
}

/* Several routes may have the path, for different methods: the token tells whose event it is. If it
 * is the token of none, the first route stands for all. */
static bool try_route(void *context, const struct route *route)
{
    struct exchange *exchange = context;
    char token[TRACK_TOKEN_SIZE];
    size_t count;
    if (!track_settings_of(route)->is_on)
        return false;
    struct bytes given = find_parameter(exchange->request.query, "token", &count);
    bool known = token_of(exchange, route, exchange->track.id, token);
    bool equal = digest_equal(given, bytes_of(token, TRACK_TOKEN_SIZE - 1));
    exchange->track.is_right = known && equal && count == 1;
    if (exchange->track.is_right || !exchange->request.route)
        exchange->request.route = route;
    exchange->track.is_asked = true;
    return exchange->track.is_right;
}

bool track_recognize(struct exchange *exchange)
{
    struct request *request = &exchange->request;
    const struct routing *routing = exchange->pipeline->routing;
    struct bytes base;
    if ((!bytes_equal_text(request->method, "GET") && !bytes_equal_text(request->method, "HEAD")) ||
        !split_path(request->path, &base, &exchange->track.id) ||
        routing_has_exact(routing, request->path))
        return false;
    routing_each_below(routing, base, try_route, exchange);
    return exchange->track.is_asked;
}

struct verdict track_judge(struct exchange *exchange)
{
    size_t count;
    int64_t wait = 0;
    struct bytes text = find_parameter(exchange->request.query, "wait", &count);
    if (!exchange->track.is_right)
        return verdict_refuse(REPLY_NOT_FOUND, "the token is not that of an event");
    if (count > 1 || (count == 1 && !units_parse_duration(text, &wait)))
        return (struct verdict){.reply = REPLY_UNPROCESSABLE,
                                .reason = "wait is no time",
                                .message = "wait is a time such as 30s"};
    exchange->track.wait_ms = (uint32_t)(wait < FRAME_WAIT_MAX_MS ? wait : FRAME_WAIT_MAX_MS);
    return (struct verdict){.reply = REPLY_TRACKED};
}
