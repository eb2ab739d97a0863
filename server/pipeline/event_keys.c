/* The listener resolves `per`, because it has the event as values already; the runner gets numbers
 * and compares them. A route without `per` costs an event nothing but the look at its actions. */
#include "server/pipeline/event_keys.h"

#include "handlers/admission/coalesce.h"
#include "handlers/admission/concurrency.h"
#include "handlers/admission/event_key.h"

#include <string.h>

/* The reference by which the deliveries of an action are counted; NULL: by none. */
static const struct reference *per_of_action(const struct exchange *exchange, size_t place)
{
    const struct route *route = exchange->request.route;
    const struct concurrency_settings *limit =
        concurrency_in_force(exchange->pipeline->settings, route, &route->actions[place]);
    return limit && limit->per.text ? &limit->per : NULL;
}

static struct verdict find_keys(struct exchange *exchange)
{
    const struct route *route = exchange->request.route;
    int64_t *keys = NULL;
    for (size_t i = 0; i < route->action_count; i++) {
        const struct reference *per =
            exchange->actions >> i & 1 ? per_of_action(exchange, i) : NULL;
        if (!per)
            continue;
        if (!keys)
            keys = arena_alloc_array(&exchange->arena, route->action_count, sizeof *keys);
        if (!keys)
            return verdict_refuse(REPLY_MEMORY_FULL, "no memory for the keys of an event");
        if (!exchange->keys)
            memset(keys, 0, route->action_count * sizeof *keys);
        exchange->keys = keys;
        struct verdict verdict = event_key_find(&exchange->values, per, &keys[i]);
        if (verdict.reply != REPLY_NONE)
            return verdict;
    }
    return GO_ON;
}

struct verdict event_keys_find(struct exchange *exchange)
{
    const struct coalesce_settings *coalesce = coalesce_settings_of(exchange->request.route);
    struct verdict verdict = find_keys(exchange);
    if (verdict.reply != REPLY_NONE || coalesce->window_ms == 0)
        return verdict;
    exchange->fold = EVENT_KEY_COMMON;
    return coalesce->per.text ? event_key_find(&exchange->values, &coalesce->per, &exchange->fold)
                              : GO_ON;
}
