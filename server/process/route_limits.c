/* A member is there where a limit is: its absence says that nothing is limited. Only of `retry`
 * there is always one, because an action that does not name it has the usual one. */
#include "server/process/route_limits.h"

#include "base/json_text.h"
#include "base/units.h"
#include "handlers/action/retry.h"
#include "handlers/admission/coalesce.h"
#include "handlers/admission/concurrency.h"
#include "server/runner/flow.h"

/* ---- limits that routes and actions have ---- */

static bool put_concurrency(struct buffer *out, const struct concurrency_settings *limit)
{
    if (!limit || limit->max == 0)
        return true;
    return buffer_printf(out, ",\"concurrency\":{\"max\":%lld", (long long)limit->max) &&
           (!limit->per.text || (buffer_append_text(out, ",\"per\":") &&
                                 json_append_string(out, bytes_of_text(limit->per.text)))) &&
           buffer_printf(out, ",\"when_full\":\"%s\"}",
                         limit->when_full == CONCURRENCY_CANCEL_RUNNING ? "cancel_running"
                                                                        : "wait");
}

static bool put_start_rate(struct buffer *out, const struct start_rate *rate)
{
    char period[32];
    if (!rate || rate->count == 0)
        return true;
    units_format_duration(rate->period_ms, period); /* "1s", "1m" … */
    return buffer_printf(out, ",\"start_rate\":\"%lld/%s\"", (long long)rate->count,
                         period[0] == '1' ? period + 1 : period);
}

/* ---- limits of a route ---- */

static bool put_queue(struct buffer *out, const struct queue_limit *limit)
{
    if (limit->max == 0 && limit->bytes == 0)
        return true;
    bool put = buffer_append_text(out, ",\"queue\":{");
    if (put && limit->max > 0)
        put = buffer_printf(out, "\"max\":%lld", (long long)limit->max);
    if (put && limit->bytes > 0)
        put = buffer_printf(out, "%s\"bytes\":%lld", limit->max > 0 ? "," : "",
                            (long long)limit->bytes);
    return put && buffer_append_text(out, "}");
}

static bool put_coalesce(struct buffer *out, const struct coalesce_settings *folding)
{
    if (folding->window_ms == 0)
        return true;
    return buffer_printf(out, ",\"coalesce\":{\"window_ms\":%lld,\"max_wait_ms\":%lld",
                         (long long)folding->window_ms, (long long)folding->max_wait_ms) &&
           (!folding->per.text || (buffer_append_text(out, ",\"per\":") &&
                                   json_append_string(out, bytes_of_text(folding->per.text)))) &&
           buffer_append_text(out, "}");
}

static bool put_route_limits(struct buffer *out, const struct route *route)
{
    const struct flow_settings *flow = flow_settings_of(route);
    return put_concurrency(out, concurrency_settings_of(route)) &&
           put_start_rate(out, &flow->start_rate) && put_queue(out, &flow->queue) &&
           (flow->pause_after.deaths == 0 ||
            buffer_printf(out, ",\"pause_after\":{\"deaths\":%lld}",
                          (long long)flow->pause_after.deaths)) &&
           put_coalesce(out, coalesce_settings_of(route));
}

/* ---- limits of an action ---- */

/* A pipe waits for its reader, and tries nothing again. */
static bool has_retry(const struct action_settings *action)
{
    const struct action_kind *kind = (const struct action_kind *)action->handler.kind;
    return kind->process != NULL;
}

static bool put_retry(struct buffer *out, const struct retry_settings *retry)
{
    const struct retry_rules *rules = &retry->rules;
    return buffer_printf(out,
                         ",\"retry\":{\"attempts\":%lld,\"backoff_ms\":%lld,"
                         "\"max_backoff_ms\":%lld,\"on\":",
                         (long long)rules->attempts, (long long)rules->backoff_ms,
                         (long long)rules->max_backoff_ms) &&
           retry_put_on(out, &rules->on) &&
           buffer_printf(out, ",\"usual\":%s},\"on_crash\":\"%s\"",
                         rules->is_said ? "false" : "true",
                         retry->on_crash == ON_CRASH_FAIL ? "fail" : "retry");
}

static bool put_action(struct buffer *out, const struct settings *settings,
                       const struct action_settings *action)
{
    const struct retry_settings *retry =
        has_retry(action) ? retry_settings_of(settings, action) : NULL;
    return buffer_append_text(out, "{\"name\":") &&
           json_append_string(out, bytes_of_text(action->name)) &&
           put_concurrency(out, concurrency_of_action(settings, action)) &&
           put_start_rate(out, flow_action_rate(settings, action)) &&
           (!retry || put_retry(out, retry)) && buffer_append_text(out, "}");
}

/* ---- lines ---- */

static bool put_route(struct buffer *out, const struct settings *settings,
                      const struct route *route)
{
    bool put = buffer_append_text(out, "{\"route\":") &&
               json_append_string(out, bytes_of_text(route->name)) &&
               buffer_append_text(out, ",\"limits\":{\"actions\":[");
    for (size_t i = 0; put && i < route_all_count(route); i++)
        put = buffer_append_text(out, i > 0 ? "," : "") &&
              put_action(out, settings, &route->actions[i]);
    return put && buffer_append_text(out, "]") && put_route_limits(out, route) &&
           buffer_append_text(out, "}}\n");
}

bool route_limits_put(struct buffer *out, const struct settings *settings)
{
    bool put = true;
    for (size_t i = 0; put && i < settings->route_count; i++)
        put = put_route(out, settings, &settings->routes[i]);
    return put;
}
