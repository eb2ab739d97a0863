/* Memory of bodies. Allocated memory is counted, as the bytes come: a head that announces a body
 * takes none of it, so announcing is free. The count is in the region that all listeners share and
 * is reduced when the runner has answered.
 *
 * Until a caller is authenticated, its client has a share only, so that no stranger keeps the
 * others out. With credentials in the head a caller is authenticated before the body comes; with a
 * signature over the body, when the body is complete; on a route without authentication, never. A
 * client is an address (IPv6: its /64): all callers behind one proxy have one share.
 *
 * The buffer doubles, but never beyond the announced length: a body in one piece is allocated
 * once. */
#include "server/http/private.h"

#include <malloc.h>

enum { FIRST_BYTES = 1024, SHARE_OF_CLIENT = 4 /* of body_memory: one in so many */ };

/* What the route file says of one: as it is sent, and unfolded. */
static uint64_t largest_body(const struct route *route)
{
    const struct unfold_settings *unfold = unfold_settings_of(route);
    int64_t unfolded = unfold->has_size && !unfold->off ? unfold->size : 0;
    return (uint64_t)(route->max_body + unfolded);
}

/* A large body grows where it is, without a second copy of it, and goes back to the system at once:
 * by itself the allocator would keep all such bodies on its heap after the first. */
static void keep_large_apart(void)
{
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
#endif
}

void http_body_init(struct http *http)
{
    const struct settings *settings = http->process->settings;
    uint64_t all = (uint64_t)settings->server.body_memory, client = all / SHARE_OF_CLIENT;
    /* one body of the largest kind is let in, whatever the share */
    for (size_t i = 0; i < settings->route_count; i++)
        if (largest_body(&settings->routes[i]) > client)
            client = largest_body(&settings->routes[i]);
    http->body_limits = (struct body_limits){.all = all, .client = client};
    shared_use_slot(http->process->shared, http->process->slot);
    keep_large_apart();
}

struct verdict http_unavailable(enum reply reply, const char *reason)
{
    return (struct verdict){.reply = reply, .retry_after_s = RETRY_S, .reason = reason};
}

static struct http *http_of(const struct http_request *request)
{
    return request->connection->endpoint->http;
}

static struct verdict verdict_of_room(enum body_room room)
{
    if (room == BODY_ROOM)
        return GO_ON;
    return http_unavailable(REPLY_MEMORY_FULL, room == BODY_FULL
                                                   ? "too many bodies in flight"
                                                   : "too many bodies of this client in flight");
}

struct verdict body_expect(struct http_request *request)
{
    const struct process *process = http_of(request)->process;
    const struct exchange *exchange = &request->exchange;
    request->body.limit = (size_t)exchange->request.route->max_body;
    request->client = pipeline_is_authenticated(exchange)
                          ? SHARED_NO_CLIENT
                          : shared_client(process->shared, &exchange->request.client);
    if (exchange->content_length <= 0)
        return GO_ON;
    return verdict_of_room(shared_body_room(process->shared, request->client,
                                            (uint64_t)exchange->content_length,
                                            &http_of(request)->body_limits));
}

/* How much to allocate for a body of `needed` bytes so far. */
static size_t capacity_for(const struct http_request *request, size_t needed)
{
    int64_t announced = request->exchange.content_length;
    size_t most = announced > 0 ? (size_t)announced : request->body.limit;
    size_t capacity = request->body.capacity ? 2 * request->body.capacity : FIRST_BYTES;
    if (capacity < needed)
        capacity = needed;
    return capacity < most ? capacity : most;
}

static enum body_room body_grow(struct http_request *request, size_t needed)
{
    const struct process *process = http_of(request)->process;
    if (needed <= request->body.capacity)
        return BODY_ROOM;
    size_t capacity = capacity_for(request, needed), more = capacity - request->body.capacity;
    enum body_room room = shared_take_body(process->shared, process->slot, request->client, more,
                                           &http_of(request)->body_limits);
    if (room != BODY_ROOM)
        return room;
    request->counted += more;
    return buffer_resize(&request->body, capacity) ? BODY_ROOM : BODY_FULL;
}

struct verdict body_keep(struct http_request *request, struct bytes piece)
{
    if (piece.length > request->body.limit - request->body.length) {
        body_give_back(request);
        return verdict_refuse(REPLY_TOO_LARGE, "the body is larger than max_body");
    }
    enum body_room room = body_grow(request, request->body.length + piece.length);
    if (room != BODY_ROOM)
        body_give_back(request);
    else
        buffer_append_bytes(&request->body, piece);
    return verdict_of_room(room);
}

/* Counted when it is there: the listener makes one at a time, and it leaves with the frame. */
struct verdict body_count_made(struct http_request *request)
{
    const struct process *process = http_of(request)->process;
    const struct request *made = &request->exchange.request;
    if (!made->payload_is_made)
        return GO_ON;
    enum body_room room = shared_take_body(process->shared, process->slot, request->client,
                                           made->payload.length, &http_of(request)->body_limits);
    if (room == BODY_ROOM)
        request->counted += request->made = made->payload.length;
    return verdict_of_room(room);
}

void body_is_authenticated(struct http_request *request)
{
    const struct process *process = http_of(request)->process;
    if (request->exchange.request.route->no_authentication)
        return;
    shared_give_client(process->shared, process->slot, request->client, request->counted);
    request->client = SHARED_NO_CLIENT;
}

struct verdict body_take_room(void *owner, size_t more)
{
    struct http_request *request = owner;
    const struct process *process = http_of(request)->process;
    const struct body_limits *limits = &http_of(request)->body_limits;
    if (request->exchange.has_passed)
        body_is_authenticated(request);
    if (request->counted + more >
        (request->client == SHARED_NO_CLIENT ? limits->all : limits->client))
        return verdict_refuse(REPLY_TOO_LARGE, "the body unfolds to more than there is memory for "
                                               "(server.body_memory)");
    enum body_room room =
        shared_take_body(process->shared, process->slot, request->client, more, limits);
    if (room == BODY_ROOM)
        request->counted += more;
    return verdict_of_room(room);
}

void body_take_unfolded(struct http_request *request)
{
    const struct process *process = http_of(request)->process;
    struct buffer *unfolded = &request->exchange.unfolded;
    uint64_t sent = request->body.capacity;
    if (!unfolded->data)
        return;
    buffer_finish(&request->body);
    request->body = *unfolded;
    *unfolded = (struct buffer){.limit = unfolded->limit};
    shared_give_body(process->shared, process->slot, request->client, sent);
    request->counted -= sent;
}

void body_hand_over(struct http_request *request)
{
    const struct process *process = http_of(request)->process;
    uint64_t unused = request->counted - request->body.length - request->made;
    shared_give_body(process->shared, process->slot, request->client, unused);
    request->counted -= unused;
    request->is_handed_over = true;
    buffer_finish(&request->body);
}

void body_give_back(struct http_request *request)
{
    struct http *http = http_of(request);
    const struct process *process = http->process;
    uint64_t bytes = request->counted;
    request->counted = 0;
    buffer_finish(&request->body);
    if (bytes == 0)
        return;
    if (request->is_handed_over && http->runner_link.out.length > 0) {
        /* the frame may be in there: for a slow runner, or for a request that is gone */
        shared_give_client(process->shared, process->slot, request->client, bytes);
        http->owed_bytes += bytes;
    } else {
        shared_give_body(process->shared, process->slot, request->client, bytes);
    }
}

void body_frames_left(struct http *http)
{
    if (http->owed_bytes == 0 || http->runner_link.out.length > 0)
        return;
    shared_give_body(http->process->shared, http->process->slot, SHARED_NO_CLIENT,
                     http->owed_bytes);
    http->owed_bytes = 0;
}
