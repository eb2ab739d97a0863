/* An event that its route's schema had refused is first checked against the present schema, so that
 * mending the file and replaying is all there is to do, and forgetting to mend it does no harm. */
#include "server/cli/replay_judge.h"

#include "server/pipeline/stored_event.h"

static const struct route *find_route(const struct settings *settings, struct bytes name)
{
    for (size_t i = 0; i < settings->route_count; i++)
        if (bytes_equal_text(name, settings->routes[i].name))
            return &settings->routes[i];
    return NULL;
}

/* NULL: it conforms; else why not. */
static const char *check_schema(const struct replay_judge *judge, const struct route *route,
                                const struct event *event, struct arena *arena)
{
    struct exchange exchange;
    const char *refusal = NULL;
    exchange_init(&exchange, &judge->pipeline);
    struct verdict verdict = verdict_refuse(REPLY_MEMORY_FULL, "no memory for its headers");
    if (stored_event_begin(&exchange, event)) {
        exchange.request.route = route;
        verdict = pipeline_stored_conforms(&exchange);
    }
    if (verdict.reply != REPLY_NONE && verdict.reason) /* that goes with the exchange */
        refusal = arena_copy_text(arena, verdict.reason);
    if (verdict.reply != REPLY_NONE && !refusal)
        refusal = "it does not conform to the schema";
    exchange_finish(&exchange);
    return refusal;
}

const char *replay_judge_refusal(struct replay_judge *judge, int64_t seq, struct arena *arena,
                                 const char **id, const char **route_name)
{
    struct event_copy copy;
    *id = *route_name = "";
    if (!event_copy_row(judge->reader, seq, arena, &copy))
        return "it cannot be read";
    if (!copy.is_there)
        return "it is no longer in the journal";
    *id = (const char *)copy.event.id.data; /* a copy ends in a NUL */
    *route_name = (const char *)copy.event.route.data;
    const struct route *route = find_route(judge->settings, copy.event.route);
    if (!copy.has_body)
        return "its body is no longer stored";
    if (!route)
        return "its route is no longer in the route file";
    if (copy.event.failures.length == 0 || judge->force)
        return NULL;
    if (!event_copy_body(judge->reader, seq, arena, &copy) || !copy.has_body)
        return "its body cannot be read";
    return check_schema(judge, route, &copy.event, arena);
}
