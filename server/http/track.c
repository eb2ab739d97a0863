/* Questions about events. The listener has judged the token; what has become of the event only the
 * runner knows, and it does the waiting too. So a question is one frame and its answer another,
 * with the connection suspended in between, and a listener holds no list of those that wait. */
#include "server/http/private.h"

#define MARGIN_NS (10 * NS_PER_S) /* in which the runner tells after the time is over */

struct verdict track_ask(struct http_request *request, int64_t *until_ns)
{
    struct http *http = request->connection->endpoint->http;
    struct track_frame frame;
    if (!runner_link_is_open(&http->runner_link))
        return http_unavailable(REPLY_JOURNAL, "the runner is not there");
    if (!pending_add(&http->waiting, request, &request->tag))
        return http_unavailable(REPLY_QUEUE_FULL, "too many requests wait for the runner");
    if (!pipeline_track(&request->exchange, request->tag, &frame) ||
        !runner_link_put_track(&http->runner_link, &frame)) {
        request_forget_answer(request);
        return http_unavailable(REPLY_QUEUE_FULL, "too many requests wait for the runner");
    }
    memcpy(request->id, frame.id, sizeof request->id);
    *until_ns = clock_monotonic_ns() + frame.wait_ms * NS_PER_MS + MARGIN_NS;
    return GO_ON;
}

struct verdict track_told(struct http_request *request, const struct state_frame *state)
{
    switch (state->state) {
    case STATE_UNKNOWN:
        return verdict_refuse(REPLY_NOT_FOUND, "the event is not in the journal any more");
    case STATE_CROWDED:
        return http_unavailable(REPLY_QUEUE_FULL, "too many ask what has become of events");
    case STATE_KNOWN:
        if (buffer_append_bytes(&request->output, state->text))
            return (struct verdict){.reply = REPLY_TRACKED, .body = buffer_bytes(&request->output)};
        return http_unavailable(REPLY_MEMORY_FULL, "no memory for the state of an event");
    default:
        return http_unavailable(REPLY_JOURNAL, "the journal cannot be read");
    }
}
