/* The walk of one request through the stages. libmicrohttpd calls http_handle once for the head,
 * then for each piece of the body, then once more when the body is complete, and again each time
 * the request is resumed.
 *
 * An answer can be given on the first call or when the body has ended, not between: a chunked body
 * that outgrows its limit is read up to twice the limit and then either answered or cut. */
#include "server/http/private.h"

#include "handlers/content/content.h"
#include "server/pipeline/guard.h"
#include "server/pipeline/respond.h"

#include <stdlib.h>

enum { OUTPUT_ROOM = FRAME_OUTPUT_MAX + ANSWER_BODY_MAX + 1024 /* of the last lines */ };
#define ANSWER_NS (10 * NS_PER_S)
#define HEALTH_NS (2 * NS_PER_S) /* who asks for health gives up early */

static const struct settings *settings_of(const struct http_request *request)
{
    return request->connection->endpoint->http->process->settings;
}

static struct connection *connection_of(struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info->socket_context;
}

/* libmicrohttpd has called back, so something of this connection has moved. */
static void connection_progressed(struct connection *connection)
{
    connection->progress++;
    connection->endpoint->http->progress++;
}

/* ---- life ---- */

static struct http_request *request_create(struct connection *connection)
{
    struct http_request *request = malloc(sizeof *request);
    if (!request)
        return NULL;
    *request = (struct http_request){.connection = connection, .client = SHARED_NO_CLIENT};
    exchange_init(&request->exchange, connection->endpoint->http->pipeline);
    request->exchange.unfold_memory = (struct unfold_memory){body_take_room, request};
    buffer_init(&request->body, 0);
    buffer_init(&request->output, OUTPUT_ROOM);
    request->began_ns = clock_monotonic_ns();
    connection->request = request;
    if (connection->requests < UINT8_MAX)
        connection->requests++;
    return request;
}

void request_forget_answer(struct http_request *request)
{
    if (request->tag)
        pending_take(&request->connection->endpoint->http->waiting, request->tag);
    request->tag = 0;
}

void request_destroy(struct http_request *request)
{
    request_forget_answer(request);
    body_give_back(request);
    stream_finish(request);
    buffer_finish(&request->output);
    tls_session_let_go(&request->connection->tls);
    exchange_finish(&request->exchange);
    request->connection->request = NULL;
    free(request);
}

/* libmicrohttpd is about to split the query and to store each parameter, which we do not use. It
 * has no more memory for them than for the head, and if that is not enough, 0.9.75 neither answers
 * nor continues. The target is in its buffer, and it has found the "?" already: now the query ends
 * right after it. */
static void hide_query(const char *target)
{
    char *query = strchr(target, '?');
    if (query)
        query[1] = '\0';
}

void *http_note_target(void *cls, const char *target, struct MHD_Connection *mhd)
{
    struct connection *connection = connection_of(mhd);
    (void)cls;
    connection_progressed(connection);
    connection->target.length = 0;
    /* one byte more than is allowed is enough for the guard to refuse it */
    bool copied = buffer_append(&connection->target, target, strnlen(target, GUARD_TARGET_MAX + 1));
    connection->target_at = copied ? target : NULL;
    hide_query(target);
    if (connection->stage == STAGE_IDLE) /* came together with the request before */
        connection_begin_head(connection);
    return NULL;
}

/* ---- head ---- */

static struct verdict request_judge_head(struct http_request *request, const char *method,
                                         const char *version)
{
    struct verdict verdict = http_head_read(request, method, version);
    if (verdict.reply == REPLY_NONE)
        verdict = pipeline_head(&request->exchange, request->began_ns);
    if (verdict.reply == REPLY_HEALTHY)
        return health_begin(request);
    request->is_track = verdict.reply == REPLY_TRACKED;
    if (request->is_track)
        return GO_ON;
    if (verdict.reply != REPLY_NONE)
        return verdict;
    if (!runner_link_is_open(&request->connection->endpoint->http->runner_link))
        return http_unavailable(REPLY_JOURNAL, "the runner is not there");
    return body_expect(request);
}

/* A head lies at the beginning of libmicrohttpd's buffer, which is aligned so, but for empty lines
 * before it. */
static void note_buffer(struct connection *connection, const char *method)
{
    enum { ALIGNMENT = 16 };
    const uint8_t *at = (const uint8_t *)method - (uintptr_t)method % ALIGNMENT;
    if (!connection->buffer_at || at < connection->buffer_at)
        connection->buffer_at = at;
}

static enum MHD_Result request_begin(struct connection *connection, const char *method,
                                     const char *version, void **context)
{
    struct http_request *request = request_create(connection);
    if (!request)
        return MHD_NO;
    *context = request;
    note_buffer(connection, method);
    request->verdict = request_judge_head(request, method, version);
    if (request->verdict.reply != REPLY_NONE) {
        /* the announced body, or the rest of a malformed head, may still be on its way */
        connection->must_linger = true;
        return http_reply(request);
    }
    request->body_began_ns = request->began_ns;
    connection_set_stage(connection, STAGE_BODY,
                         body_deadline_ns(request->body_began_ns,
                                          settings_of(request)->server.body_timeout_ms * NS_PER_MS,
                                          0));
    return MHD_YES;
}

/* ---- body ---- */

/* What is refused here closes the connection: the rest of the body is read, but not judged. */
static void request_keep(struct http_request *request, struct bytes piece)
{
    struct verdict verdict = body_keep(request, piece);
    if (verdict.reply == REPLY_NONE) {
        pipeline_feed(&request->exchange, piece);
        return;
    }
    verdict.close = true;
    request->verdict = verdict;
    request->is_discarding = true;
}

static enum MHD_Result request_receive(struct http_request *request, struct bytes piece)
{
    request->received += piece.length;
    if (!request->is_discarding)
        request_keep(request, piece);
    uint64_t most = 2 * (uint64_t)request->exchange.request.route->max_body;
    if (request->is_discarding && request->received > most) {
        request->connection->must_linger = true;
        return MHD_NO;
    }
    return MHD_YES;
}

/* ---- the runner ---- */

/* Whether a challenge has delivered a key, which is to be kept before it is answered. */
static bool request_learns(const struct http_request *request)
{
    return request->exchange.challenge.provisioned_key.length > 0;
}

/* The event, or the key, or the question about an event. */
static bool put_frame(struct http_request *request)
{
    struct http *http = request->connection->endpoint->http;
    struct event_frame frame;
    if (request->is_track)
        return track_put(request);
    bool made = request_learns(request) ? pipeline_learn(&request->exchange, request->tag, &frame)
                                        : pipeline_event(&request->exchange, request->tag, &frame);
    return made && runner_link_put(&http->runner_link, &frame);
}

/* Hands it over; REPLY_NONE: the answer will come. */
static struct verdict request_enqueue(struct http_request *request)
{
    struct http *http = request->connection->endpoint->http;
    if (!runner_link_is_open(&http->runner_link))
        return http_unavailable(REPLY_JOURNAL, "the runner is not there");
    if (!pending_add(&http->waiting, request, &request->tag))
        return http_unavailable(REPLY_QUEUE_FULL, "too many events wait for the runner");
    if (!put_frame(request)) {
        request_forget_answer(request);
        return http_unavailable(REPLY_QUEUE_FULL, "too many events wait for the runner");
    }
    content_release(&request->exchange.request);
    return GO_ON;
}

/* The answer will come by then: nothing is done for the request in between. */
static void request_wait(struct http_request *request, int64_t until_ns)
{
    connection_set_stage(request->connection, STAGE_QUEUED, until_ns);
    connection_mark_dirty(request->connection);
}

static enum MHD_Result health_complete(struct http_request *request)
{
    request->verdict = health_ask(request);
    if (request->verdict.reply != REPLY_NONE)
        return http_reply(request);
    request_wait(request, clock_monotonic_ns() + HEALTH_NS);
    return MHD_YES;
}

static enum MHD_Result track_complete(struct http_request *request)
{
    request->verdict = request_enqueue(request);
    if (request->verdict.reply != REPLY_NONE)
        return http_reply(request);
    request_wait(request, clock_monotonic_ns() + track_patience_ns(request));
    return MHD_YES;
}

static enum MHD_Result request_complete(struct http_request *request)
{
    if (request->is_health)
        return health_complete(request);
    if (request->is_track)
        return track_complete(request);
    if (request->verdict.reply == REPLY_NONE)
        request->verdict =
            pipeline_body(&request->exchange, buffer_bytes(&request->body), clock_monotonic_ns());
    body_take_unfolded(request);
    if (request->verdict.reply == REPLY_NONE) {
        body_is_authenticated(request);
        request->verdict = body_count_made(request);
    }
    if (request->verdict.reply == REPLY_NONE ||
        (request->verdict.reply == REPLY_CHALLENGE && request_learns(request)))
        request->verdict = request_enqueue(request);
    if (request->verdict.reply != REPLY_NONE) {
        content_release(&request->exchange.request); /* the answer may be long in leaving */
        return http_reply(request);
    }
    body_hand_over(request);
    request_wait(request, clock_monotonic_ns() + ANSWER_NS);
    return MHD_YES;
}

void request_decide(struct http_request *request, struct verdict verdict)
{
    request_forget_answer(request);
    request->verdict = verdict;
    if (request->connection->is_parked)
        connection_resume(request->connection);
}

static void request_end_stream(struct http_request *request, const struct respond_end *end,
                               const char *reason)
{
    request_forget_answer(request);
    stream_end(request, end, reason);
}

/* The event is stored, so this is no refusal. */
static void request_answer_late(struct http_request *request, const char *reason)
{
    const struct respond_end end = {.end = OUTPUT_LATE, .exit_status = -1, .reason = reason};
    struct verdict verdict = request->otherwise;
    verdict.form = FORM_LATE;
    verdict.reason = reason;
    if (request->stream.is_open)
        request_end_stream(request, &end, reason);
    else
        request_decide(request, verdict);
}

void request_give_up(struct http_request *request, enum reply reply, const char *reason)
{
    struct verdict verdict = http_unavailable(reply, reason);
    if (request->awaits_output)
        request_answer_late(request, reason);
    else
        request_decide(request, request->is_health ? health_worded(request, verdict) : verdict);
}

void request_run_out(struct http_request *request)
{
    request_give_up(request, REPLY_JOURNAL,
                    request->awaits_output ? "the command has not ended by the deadline"
                                           : "the runner did not answer in time");
}

static const struct {
    enum reply reply;
    const char *reason;
} runner_answers[] = {
    [FRAME_ACCEPTED] = {REPLY_ACCEPTED, NULL},
    [FRAME_AGAIN] = {REPLY_AGAIN, NULL},
    [FRAME_DUPLICATE] = {REPLY_DUPLICATE, NULL}, /* see verdict_duplicate */
    [FRAME_REFUSED_JOURNAL] = {REPLY_JOURNAL, "the journal cannot write"},
    [FRAME_REFUSED_SPACE] = {REPLY_JOURNAL, "too little space is left for the journal"},
    [FRAME_REFUSED_DRAINING] = {REPLY_DRAINING, "the runner is shutting down"},
    [FRAME_REFUSED_KNOWN] = {REPLY_FORBIDDEN,
                             "a challenge would deliver a key, but the route has one"},
    [FRAME_REFUSED_QUEUE] = {REPLY_BACKLOG_FULL, "the queue of the route is full"},
    [FRAME_REFUSED_ALL_QUEUES] = {REPLY_BACKLOG_FULL, "journal.queue is full"},
};

/* What the walk had decided, and the runner has now agreed to. */
static struct verdict verdict_agreed(const struct http_request *request)
{
    if (request_learns(request))
        return request->exchange.challenge;
    if (request->exchange.quarantine.reply != REPLY_NONE)
        return request->exchange.quarantine;
    return (struct verdict){.reply = REPLY_ACCEPTED};
}

static struct verdict verdict_duplicate(struct http_request *request,
                                        const struct answer_frame *answer)
{
    static const char *const reasons[FRAME_DUPLICATES] = {
        [DUPLICATE_DONE] = "it is done",
        [DUPLICATE_KEPT] = "it has failed, and dedupe.dead of its route is keep",
        [DUPLICATE_GIVEN_UP] = "it was given up, because it may be what ended the server",
        [DUPLICATE_TOO_OFTEN] = "it has failed, and redeliveries may not run it again more often",
        [DUPLICATE_REFUSED] = "it does not conform to the schema of its route",
        [DUPLICATE_GONE] = "its actions are no longer in the route file, or its deliveries no "
                           "longer in the journal",
    };
    struct verdict verdict = {.reply = REPLY_DUPLICATE,
                              .reason = reasons[answer->duplicate],
                              .can_replay = answer->can_replay == 1};
    const char *advice =
        verdict.can_replay && verdict.reason
            ? arena_format(&request->exchange.arena, "%s; to run it again: tenterhook replay %s",
                           verdict.reason, answer->id)
            : NULL;
    if (advice)
        verdict.reason = advice;
    return verdict;
}

/* The event is stored; the answer is the output of a command, if it comes in time. The deadline
 * counts from the head on, as the sender's own does. */
static void request_await_output(struct http_request *request, struct verdict otherwise)
{
    const struct respond_settings *respond = respond_settings_of(request->exchange.request.route);
    bool streams =
        respond->streams && !bytes_equal_text(request->exchange.request.version, "HTTP/1.0");
    request->awaits_output = true;
    request->otherwise = otherwise;
    connection_set_stage(request->connection, streams ? STAGE_STREAM : STAGE_QUEUED,
                         request->began_ns + respond->deadline_ms * NS_PER_MS);
    if (streams)
        stream_open(request, otherwise);
}

/* All checks that wait share the answer. */
static void tell_health(struct http *http, struct verdict verdict)
{
    struct connection *connection;
    health_is_known(http, verdict);
    TAILQ_FOREACH(connection, &http->connections, all) {
        struct http_request *request = connection->request;
        if (connection->stage == STAGE_QUEUED && request->is_health &&
            request->verdict.reply == REPLY_NONE)
            request_decide(request, health_worded(request, verdict));
    }
}

/* frame_get_answer lets no other status through. */
void http_answered(void *owner, const struct answer_frame *answer)
{
    struct http *http = owner;
    struct http_request *request = pending_find(&http->waiting, answer->tag);
    bool is_accepted = answer->status == FRAME_ACCEPTED;
    struct verdict refused = {.reply = runner_answers[answer->status].reply,
                              .retry_after_s =
                                  answer->retry_after_s ? answer->retry_after_s : RETRY_S,
                              .reason = runner_answers[answer->status].reason};
    if (answer->tag == HEALTH_TAG) {
        tell_health(http, is_accepted ? (struct verdict){.reply = REPLY_HEALTHY} : refused);
        return;
    }
    if (!request) /* given up, or its client is gone */
        return;
    memcpy(request->id, answer->id, sizeof request->id);
    struct verdict verdict = answer->status == FRAME_DUPLICATE ? verdict_duplicate(request, answer)
                             : is_accepted                     ? verdict_agreed(request)
                                                               : refused;
    if (answer->follows)
        request_await_output(request, verdict);
    else
        request_decide(request, verdict);
}

/* Why a command's output is the answer though it has failed, or is not; frame_get_output lets no
 * other end through. */
static const char *const output_reasons[FRAME_OUTPUT_ENDS] = {
    [OUTPUT_SIGNALLED] = "the command was killed by a signal",
    [OUTPUT_TIMED_OUT] = "the command ran longer than its timeout",
    [OUTPUT_NOT_STARTED] = "the command could not be started",
    [OUTPUT_CANCELLED] = "the command was cancelled",
    [OUTPUT_CROWDED] = "too many commands are waited for",
    [OUTPUT_NO_ROOM] = "too many outputs are on their way",
    [OUTPUT_LEAVING] = "the command is left to another runner",
    [OUTPUT_INTERRUPTED] = "the command was stopped with the server",
    [OUTPUT_SUPERSEDED] = "a newer event took the place of this one",
    [OUTPUT_PAUSED] = "the route is paused",
    [OUTPUT_TOO_LONG] = "the command has put out more than is kept or allowed",
    [OUTPUT_OPEN] = "the command of the first event has not ended",
    [OUTPUT_NOT_KEPT] = "the output for the first event is not kept, or longer than is allowed",
};

static const char no_output_memory[] = "no memory for the output";

static const char *reason_of_output(struct http_request *request, const struct output_frame *output)
{
    if (output->exit_status > 0)
        return arena_format(&request->exchange.arena, "the command exited with status %d",
                            output->exit_status);
    return output_reasons[output->end] ? output_reasons[output->end] : request->otherwise.reason;
}

/* A client that cannot be sent a stream gets what it would have said. */
static void add_end_of_stream(struct http_request *request, const struct respond_end *end)
{
    const struct exchange *exchange = &request->exchange;
    struct arena *arena = &request->exchange.arena;
    (void)!stream_put(request,
                      respond_last_lines(exchange->request.route, &exchange->answers, arena,
                                         request->id, end, request->stream.is_inside_line));
    request->stream.trailer = respond_trailer(arena, end);
}

static void request_answer_output(struct http_request *request, const struct output_frame *output)
{
    const struct respond_end end = {.end = output->end, .exit_status = output->exit_status};
    struct verdict verdict = request->otherwise;
    verdict.reason = reason_of_output(request, output);
    if (request->stream.is_open) {
        request_end_stream(request, &end, verdict.reason);
        return;
    }
    verdict.form = FORM_OUTPUT;
    verdict.exit_status = output->exit_status;
    if (respond_settings_of(request->exchange.request.route)->streams)
        add_end_of_stream(request, &end);
    verdict.body = buffer_bytes(&request->output);
    request_decide(request, verdict);
}

/* A request that has been answered, or whose client is gone, waits no more. */
static struct http_request *find_awaiting(struct http *http, uint64_t tag)
{
    struct http_request *request = pending_find(&http->waiting, tag);
    return request && request->awaits_output ? request : NULL;
}

void http_output(void *owner, const struct output_frame *output)
{
    struct http_request *request = find_awaiting(owner, output->tag);
    if (!request)
        return;
    if (output->end >= OUTPUT_LATE)
        request_answer_late(request, output_reasons[output->end]);
    else if (!stream_put(request, output->output))
        request_answer_late(request, no_output_memory);
    else
        request_answer_output(request, output);
}

void http_piece(void *owner, const struct piece_frame *piece)
{
    struct http_request *request = find_awaiting(owner, piece->tag);
    if (request && !stream_put(request, piece->output))
        request_answer_late(request, no_output_memory);
}

void http_state(void *owner, const struct state_frame *state)
{
    struct http *http = owner;
    struct http_request *request = pending_find(&http->waiting, state->tag);
    if (request && request->is_track) /* else given up, or its client is gone */
        request_decide(request, track_told(request, state));
}

void http_runner_lost(void *owner)
{
    struct http *http = owner;
    struct http_request *request;
    while ((request = pending_any(&http->waiting)))
        request_give_up(request, REPLY_JOURNAL, "the runner has gone");
    tell_health(http, http_unavailable(REPLY_JOURNAL, "the runner has gone"));
}

/* ---- called by libmicrohttpd ---- */

enum MHD_Result http_handle(void *cls, struct MHD_Connection *mhd, const char *url,
                            const char *method, const char *version, const char *data, size_t *size,
                            void **context)
{
    struct connection *connection = connection_of(mhd);
    struct http_request *request = *context;
    (void)cls;
    (void)url;
    if (connection->stage == STAGE_CUT)
        return MHD_NO;
    if (!request) {
        connection_progressed(connection);
        return request_begin(connection, method, version, context);
    }
    if (*size > 0) {
        struct bytes piece = bytes_of(data, *size);
        connection_progressed(connection);
        *size = 0;
        return request_receive(request, piece);
    }
    if (connection->stage == STAGE_QUEUED && request->verdict.reply == REPLY_NONE)
        return MHD_YES; /* looked at before it could be parked */
    connection_progressed(connection);
    if (request->stream.is_open)
        return stream_begin(request);
    return request->verdict.reply == REPLY_NONE ? request_complete(request) : http_reply(request);
}

void http_completed(void *cls, struct MHD_Connection *mhd, void **context,
                    enum MHD_RequestTerminationCode code)
{
    struct connection *connection = connection_of(mhd);
    (void)cls;
    connection_progressed(connection);
    *context = NULL;
    bool was_answered = connection->request && connection->request->verdict.reply != REPLY_NONE;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_HTTP_STATUS);
    if (!was_answered && info)
        http_reply_foreign(connection, info->http_status);
    else if (was_answered && connection->stage == STAGE_BODY)
        http_reply_cut(connection->request);
    if (connection->request)
        request_destroy(connection->request);
    connection->target.length = 0;
    if (code == MHD_REQUEST_TERMINATED_COMPLETED_OK && connection->stage == STAGE_REPLY)
        connection_await_next(connection);
}
