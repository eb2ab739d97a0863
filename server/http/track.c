/* Questions about events. The pipeline has judged the token; what has become of the event only the
 * runner knows, and it does the waiting too. So a question is one frame and its answer another,
 * with the connection suspended in between, and a listener holds no list of those that wait. */
#include "server/http/private.h"

#define MARGIN_NS (10 * NS_PER_S) /* in which the runner answers when the time is over */

bool track_put(struct http_request *request)
{
    struct track_frame frame;
    if (!pipeline_track(&request->exchange, request->tag, &frame) ||
        !runner_link_put_track(&request->connection->endpoint->http->runner_link, &frame))
        return false;
    memcpy(request->id, frame.id, sizeof request->id);
    return true;
}

int64_t track_patience_ns(const struct http_request *request)
{
    return request->exchange.track.wait_ms * NS_PER_MS + MARGIN_NS;
}

/* frame_get_state lets no other state through. */
struct verdict track_told(struct http_request *request, const struct state_frame *state)
{
    static const struct {
        enum reply reply;
        const char *reason;
    } others[FRAME_STATES] = {
        [STATE_KNOWN] = {REPLY_MEMORY_FULL, "no memory for the state of an event"},
        [STATE_UNKNOWN] = {REPLY_NOT_FOUND, "the event is not in the journal any more"},
        [STATE_UNREAD] = {REPLY_JOURNAL, "the journal cannot be read"},
        [STATE_CROWDED] = {REPLY_QUEUE_FULL, "too many ask what has become of events"},
    };
    if (state->state == STATE_KNOWN && buffer_append_bytes(&request->output, state->text))
        return (struct verdict){.reply = REPLY_TRACKED, .body = buffer_bytes(&request->output)};
    return http_unavailable(others[state->state].reply, others[state->state].reason);
}
