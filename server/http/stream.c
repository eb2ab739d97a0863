/* An answer that is sent while its command goes on: chunked, with the exit status in the trailer.
 *
 * libmicrohttpd asks for more whenever it can send. Where there is nothing it would ask again and
 * again, so the connection is parked after the run (stages.c) and resumed when more has come.
 * A client that reads slowly holds up nothing: what it has not taken is kept here, and there is no
 * more of that than `size` of the route allows.
 *
 * Until the end the connection is in STAGE_STREAM with the deadline of the route; then it has as
 * long as any answer to be sent. Its line in the log is written at the end, which has the reason.
 */
#include "server/http/private.h"

#include "server/pipeline/respond.h"

#include <string.h>

static const struct respond_settings *respond_of(const struct http_request *request)
{
    return respond_settings_of(request->exchange.request.route);
}

/* ---- what libmicrohttpd takes ---- */

static ssize_t give_output(void *cls, uint64_t position, char *room, size_t size)
{
    struct http_request *request = cls;
    struct http_stream *stream = &request->stream;
    struct bytes rest = bytes_from(buffer_bytes(&request->output), stream->taken);
    (void)position;
    if (request->connection->stage == STAGE_CUT)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    if (rest.length == 0) {
        stream->taken = request->output.length = 0;
        stream->is_dry = !stream->has_ended;
        if (stream->has_ended)
            return MHD_CONTENT_READER_END_OF_STREAM;
        connection_mark_dirty(request->connection);
        return 0;
    }
    if (rest.length > size)
        rest.length = size;
    memcpy(room, rest.data, rest.length);
    stream->taken += rest.length;
    request->connection->endpoint->http->progress++;
    return (ssize_t)rest.length;
}

bool stream_is_dry(const struct connection *connection)
{
    return connection->stage == STAGE_STREAM && connection->request->stream.is_dry;
}

static void wake(struct http_request *request)
{
    request->stream.is_dry = false;
    if (request->connection->is_parked)
        connection_resume(request->connection);
}

/* ---- heartbeat ---- */

/* Without memory for the timer there is none. */
static void set_heartbeat(struct http_request *request)
{
    int64_t after_ms = respond_of(request)->heartbeat_ms;
    if (after_ms > 0)
        loop_timer_set(request->connection->endpoint->http->loop, &request->stream.heartbeat,
                       clock_monotonic_ns() + after_ms * NS_PER_MS);
}

static void heartbeat_is_due(struct loop_timer *timer)
{
    struct http_request *request = timer->owner;
    const struct http_stream *stream = &request->stream;
    if (stream->is_dry && !stream->is_inside_line &&
        buffer_append_bytes(&request->output, respond_heartbeat(request->exchange.request.route)))
        wake(request);
    set_heartbeat(request);
}

/* ---- beginning, output, end ---- */

void stream_open(struct http_request *request, struct verdict verdict)
{
    struct http_stream *stream = &request->stream;
    stream->is_open = true;
    verdict.form = FORM_STREAM;
    request->verdict = pipeline_format_response(&request->exchange, request->id, verdict);
    loop_timer_init(&stream->heartbeat, heartbeat_is_due, request);
    set_heartbeat(request);
    wake(request);
}

/* Clients may drop a trailer that they have not asked for, and need not: so it is always sent. */
static void add_trailer(const struct http_stream *stream)
{
    if (stream->response && stream->trailer)
        (void)!MHD_add_response_footer(stream->response, RESPOND_TRAILER, stream->trailer);
}

enum MHD_Result stream_begin(struct http_request *request)
{
    enum { BLOCK = 4096 };
    struct http_stream *stream = &request->stream;
    stream->response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, give_output, request, NULL);
    if (!stream->response)
        return MHD_NO;
    (void)!MHD_add_response_header(stream->response, "Trailer", RESPOND_TRAILER);
    /* nginx would keep the output until it has some KiB of it */
    (void)!MHD_add_response_header(stream->response, "X-Accel-Buffering", "no");
    if (stream->has_ended)
        add_trailer(stream);
    return http_queue(request, stream->response, true);
}

bool stream_put(struct http_request *request, struct bytes output)
{
    struct http_stream *stream = &request->stream;
    if (!buffer_append_bytes(&request->output, output))
        return false;
    if (output.length == 0)
        return true;
    stream->is_inside_line = output.data[output.length - 1] != '\n';
    if (stream->is_open) {
        set_heartbeat(request);
        wake(request);
    }
    return true;
}

void stream_end(struct http_request *request, const struct respond_end *end, const char *reason)
{
    struct http_stream *stream = &request->stream;
    struct connection *connection = request->connection;
    struct http *http = connection->endpoint->http;
    struct arena *arena = &request->exchange.arena;
    struct bytes lines =
        respond_last_lines(request->exchange.request.route, &request->exchange.answers, arena,
                           request->id, end, stream->is_inside_line);
    (void)!buffer_append_bytes(&request->output, lines); /* without memory the trailer says it */
    stream->has_ended = true;
    stream->trailer = respond_trailer(arena, end);
    add_trailer(stream);
    loop_timer_remove(http->loop, &stream->heartbeat);
    connection_set_stage(connection, STAGE_REPLY,
                         clock_monotonic_ns() +
                             http->process->settings->server.body_timeout_ms * NS_PER_MS);
    http_reply_ended(request, reason);
    wake(request);
}

void stream_finish(struct http_request *request)
{
    struct http_stream *stream = &request->stream;
    if (!stream->is_open)
        return;
    loop_timer_remove(request->connection->endpoint->http->loop, &stream->heartbeat);
    if (!stream->has_ended)
        http_reply_ended(request, "the client has gone before the end");
    if (stream->response)
        MHD_destroy_response(stream->response);
}
