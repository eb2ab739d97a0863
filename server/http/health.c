/* The health check: whether an event that came now would be stored. Only the runner knows, so the
 * listener asks it over the link that carries events: a runner that hangs, or that has no link,
 * shows too. Any client may ask, so a listener asks the runner at most once in ASK_NS, however many
 * checks there are; checks that come together share one answer. */
#include "server/http/private.h"

#define ASK_NS (20 * NS_PER_MS)
enum { EVENT_BYTES = 1024 /* of body memory: a small event would still find room */ };

struct verdict health_worded(struct http_request *request, struct verdict verdict)
{
    struct arena *arena = &request->exchange.arena;
    if (verdict.reply == REPLY_HEALTHY)
        return verdict;
    verdict.body = bytes_of_text(arena_format(arena, "{\"error\":\"%s\",\"message\":\"%s\"}",
                                              reply_rows[verdict.reply].code, verdict.reason));
    return verdict;
}

/* What a listener refuses events for by itself. */
static struct verdict health_here(const struct http *http)
{
    struct shared *shared = http->process->shared;
    if (http->is_leaving)
        return http_unavailable(REPLY_DRAINING, "the server is shutting down");
    if (!runner_link_is_open(&http->runner_link))
        return http_unavailable(REPLY_JOURNAL, "the runner is not there");
    if (shared_body_room(shared, SHARED_NO_CLIENT, EVENT_BYTES, &http->body_limits) != BODY_ROOM)
        return http_unavailable(REPLY_MEMORY_FULL, "too many bodies in flight");
    return GO_ON;
}

struct verdict health_begin(struct http_request *request)
{
    const struct http *http = request->connection->endpoint->http;
    request->is_health = true;
    struct verdict verdict = health_here(http);
    return verdict.reply == REPLY_NONE ? verdict : health_worded(request, verdict);
}

struct verdict health_ask(struct http_request *request)
{
    struct http *http = request->connection->endpoint->http;
    const struct event_frame question = {.tag = HEALTH_TAG, .asks = true};
    struct verdict verdict = health_here(http);
    if (verdict.reply != REPLY_NONE)
        return health_worded(request, verdict);
    if (http->health_ns && clock_monotonic_ns() - http->health_ns < ASK_NS)
        return health_worded(request, http->health);
    if (!http->is_health_asked && !runner_link_put(&http->runner_link, &question))
        return health_worded(
            request, http_unavailable(REPLY_QUEUE_FULL, "too many events wait for the runner"));
    http->is_health_asked = true;
    return GO_ON;
}

void health_is_known(struct http *http, struct verdict verdict)
{
    http->is_health_asked = false;
    http->health = verdict;
    http->health_ns = clock_monotonic_ns();
}
