/* The answer to a request and its line in the log. Every answer goes through reply_count() once,
 * also those that libmicrohttpd gives by itself, so that the counters match what clients saw. */
#include "server/http/private.h"

#include "server/ipc/log_events.h"

#include <assert.h>
#include <stdio.h>
#include <sys/socket.h>

enum { LOGGED_PATH = 128, LOG_FIELDS = 8 };

/* ---- log and counters ---- */

static void reply_count(const struct connection *connection, enum reply reply)
{
    struct shared *shared = connection->endpoint->http->process->shared;
    atomic_fetch_add_explicit(&shared->replies[reply], 1, memory_order_relaxed);
}

/* The route's name; where there is no route the path as it came, without its query, cut short. */
static struct log_field where_field(const struct connection *connection)
{
    const struct http_request *request = connection->request;
    if (request && request->exchange.request.route)
        return log_text("route", request->exchange.request.route->name);
    struct bytes rest = buffer_bytes(&connection->target);
    struct bytes path = bytes_split(&rest, '?');
    if (path.length > LOGGED_PATH)
        path.length = LOGGED_PATH;
    return log_bytes("path", path);
}

/* The client that proxies name, once a head has been read. */
static const struct client_address *client_of(const struct connection *connection)
{
    const struct http_request *request = connection->request;
    return request && request->exchange.stage ? &request->exchange.request.client
                                              : &connection->client;
}

/* Health checks come every few seconds; how they are answered is told by other lines already. */
static bool is_quiet(const struct connection *connection, enum reply reply)
{
    return connection->request && connection->request->is_health &&
           (reply == REPLY_HEALTHY || reply_rows[reply].status == 503);
}

/* What was refused has one event for all; what was not, one each. An event that is not wanted is
 * ignored, whatever status the route has for it, and one that is stored is not refused, even if the
 * command whose output is the answer says otherwise. */
static enum log_event event_of(enum reply reply, unsigned status)
{
    static const enum log_event answers[REPLY_COUNT] = {
        [REPLY_ACCEPTED] = LOG_ACCEPTED,   [REPLY_AGAIN] = LOG_AGAIN,
        [REPLY_DUPLICATE] = LOG_DUPLICATE, [REPLY_IGNORED] = LOG_IGNORED,
        [REPLY_CHALLENGE] = LOG_HANDSHAKE, [REPLY_QUARANTINED] = LOG_QUARANTINED,
        [REPLY_TRACKED] = LOG_TRACKED,
    };
    return reply == REPLY_CHALLENGE && status >= 400 ? LOG_REFUSED : answers[reply];
}

static void reply_log(const struct connection *connection, enum reply reply, unsigned status,
                      const char *reason, const char *id)
{
    const struct reply_row *row = &reply_rows[reply];
    enum log_event event = event_of(reply, status);
    struct log_field fields[LOG_FIELDS] = {{.name = NULL}};
    char peer[CLIENT_TEXT_SIZE];
    size_t count = 0;
    int64_t began_ns = connection->request ? connection->request->began_ns : connection->began_ns;
    if (is_quiet(connection, reply)) {
        reply_count(connection, reply);
        return;
    }
    client_format(client_of(connection), peer);
    if (id && id[0])
        fields[count++] = log_text("id", id);
    fields[count++] = where_field(connection);
    fields[count++] = log_text("peer", peer);
    fields[count++] = log_number("status", status);
    if (event == LOG_REFUSED)
        fields[count++] = log_text("code", row->code);
    if (reason)
        fields[count++] = log_text("reason", reason);
    fields[count++] = log_number("ms", (clock_monotonic_ns() - began_ns) / NS_PER_MS);
    assert(count < LOG_FIELDS); /* the last one ends the list */
    log_write_fields(&log_events[event], (enum log_level)row->log_level, fields);
    reply_count(connection, reply);
}

/* ---- answers ---- */

static void add_header(struct MHD_Response *response, const char *name, const char *value)
{
    /* fails only without memory; an answer that lacks a header is better than none */
    (void)!MHD_add_response_header(response, name, value);
}

/* Where a chunked body ends is read differently by different servers, and libmicrohttpd shows
 * nothing of its framing: so nothing behind one is taken for a request (docs/decisions). Nor is
 * anything that waits while an answer is sent as it comes. */
static bool is_last(const struct http_request *request)
{
    return verdict_closes(&request->verdict) || request->exchange.content_length < 0 ||
           request->stream.is_open || request->connection->endpoint->http->is_draining;
}

static void add_headers(struct MHD_Response *response, struct http_request *request, bool has_body)
{
    const struct verdict *verdict = &request->verdict;
    struct arena *arena = &request->exchange.arena;
    char number[16];
    if (has_body)
        add_header(response, "Content-Type",
                   verdict->content_type ? verdict->content_type : "application/json");
    add_header(response, "X-Content-Type-Options", "nosniff");
    add_header(response, "Cache-Control", "no-store");
    if (reply_rows[verdict->reply].retry) {
        snprintf(number, sizeof number, "%u", verdict->retry_after_s ? verdict->retry_after_s : 1);
        add_header(response, "Retry-After", number);
    }
    const char *value =
        verdict->header_name ? arena_copy_bytes(arena, verdict->header_value) : NULL;
    if (value)
        add_header(response, verdict->header_name, value);
    for (size_t i = 0; i < verdict->header_count; i++)
        add_header(response, verdict->headers[i].name, verdict->headers[i].value);
    if (!request->stream.is_open && request->stream.trailer)
        add_header(response, RESPOND_TRAILER, request->stream.trailer);
    if (is_last(request))
        add_header(response, "Connection", "close");
}

/* libmicrohttpd leaves the body away where HTTP has none. */
static bool body_follows(const struct http_request *request, unsigned status, struct bytes body)
{
    return body.length > 0 && status != MHD_HTTP_NO_CONTENT && status != MHD_HTTP_NOT_MODIFIED &&
           !bytes_equal_text(request->exchange.request.method, MHD_HTTP_METHOD_HEAD);
}

/* Over TLS the head of an answer and its body would be two writes, the first for nothing. */
static void send_in_one_piece(struct http_request *request)
{
    enum { HEAD_RECORD_MAX = 512 };
    struct tls_session *tls = &request->connection->tls;
    uint8_t *room = tls->session ? arena_alloc(&request->exchange.arena, HEAD_RECORD_MAX) : NULL;
    if (room)
        tls_session_hold(tls, room, HEAD_RECORD_MAX);
}

enum MHD_Result http_queue(struct http_request *request, struct MHD_Response *response,
                           bool has_body)
{
    struct connection *connection = request->connection;
    add_headers(response, request, has_body);
    /* a client that did not expect the end may have sent its next request already */
    connection->must_linger |= request->exchange.content_length < 0 || request->stream.is_open;
    return MHD_queue_response(connection->mhd, verdict_status(&request->verdict), response);
}

enum MHD_Result http_reply(struct http_request *request)
{
    struct connection *connection = request->connection;
    const struct server_settings *server = &connection->endpoint->http->process->settings->server;
    request->verdict = pipeline_format_response(&request->exchange, request->id, request->verdict);
    unsigned status = verdict_status(&request->verdict);
    struct bytes body = reply_body(&request->exchange.arena, &request->verdict, request->id);
    /* the body lives in the arena or longer, and the arena until the request is completed */
    struct MHD_Response *response = MHD_create_response_from_buffer(
        body.length, (void *)(body.length ? body.data : (const uint8_t *)""),
        MHD_RESPMEM_PERSISTENT);
    if (!response)
        return MHD_NO;
    if (body_follows(request, status, body))
        send_in_one_piece(request);
    connection_set_stage(connection, STAGE_REPLY,
                         clock_monotonic_ns() + server->body_timeout_ms * NS_PER_MS);
    reply_log(connection, request->verdict.reply, status, request->verdict.reason, request->id);
    enum MHD_Result queued = http_queue(request, response, body.length > 0);
    MHD_destroy_response(response);
    return queued;
}

/* libmicrohttpd takes no answer while it waits for the rest of a request, and this one is not going
 * to have a rest: the bytes are written past it, right before the connection is shut down. What was
 * refused already, in the middle of its body, is answered so. */
static void send_past(const struct connection *connection, const struct verdict *verdict)
{
    const struct reply_row *row = &reply_rows[verdict->reply];
    char body[256], retry[32] = "", answer[768];
    int size =
        snprintf(body, sizeof body, "{\"error\":\"%s\",\"message\":\"%s\"}", row->code, row->text);
    if (row->retry)
        snprintf(retry, sizeof retry, "Retry-After: %u\r\n",
                 verdict->retry_after_s ? verdict->retry_after_s : 1);
    int length =
        snprintf(answer, sizeof answer,
                 "HTTP/1.1 %u %s\r\nConnection: close\r\nContent-Type: application/json\r\n"
                 "X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n%s"
                 "Content-Length: %d\r\n\r\n%s",
                 row->status, MHD_get_reason_phrase_for(row->status), retry, size, body);
    assert(size < (int)sizeof body && length < (int)sizeof answer);
    struct bytes bytes = bytes_of(answer, (size_t)length);
    if (connection->tls.session)
        tls_session_send(&connection->tls, bytes);
    else
        (void)!send(connection->fd, bytes.data, bytes.length, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void reply_past(const struct connection *connection, struct verdict verdict)
{
    if (connection->request && connection->request->is_discarding)
        verdict = connection->request->verdict;
    send_past(connection, &verdict);
    reply_log(connection, verdict.reply, reply_rows[verdict.reply].status, verdict.reason, NULL);
}

void http_reply_timeout(struct connection *connection)
{
    reply_past(connection, verdict_refuse(REPLY_TIMEOUT, connection->stage == STAGE_BODY
                                                             ? "the body did not come in time"
                                                             : "the head did not come in time"));
}

void http_reply_stuck(struct connection *connection)
{
    reply_past(connection,
               connection->stage == STAGE_BODY
                   ? verdict_refuse(REPLY_TOO_LARGE, "the data between the chunks is too long")
                   : verdict_refuse(REPLY_HEADER_TOO_LARGE, "the head is longer than the buffer"));
}

void http_reply_cut(const struct http_request *request)
{
    const struct verdict *verdict = &request->verdict;
    reply_log(request->connection, verdict->reply, verdict_status(verdict), verdict->reason, NULL);
}

void http_reply_ended(const struct http_request *request, const char *reason)
{
    const struct verdict *verdict = &request->verdict;
    reply_log(request->connection, verdict->reply, verdict_status(verdict), reason, request->id);
}

static enum reply reply_of_status(unsigned status)
{
    for (int reply = REPLY_BAD_REQUEST; reply < REPLY_COUNT; reply++)
        if (reply_rows[reply].status == status)
            return (enum reply)reply;
    return REPLY_BAD_REQUEST;
}

static void log_handshake(const struct connection *connection, enum reply reply, const char *reason)
{
    char peer[CLIENT_TEXT_SIZE];
    int64_t held_back;
    reply_count(connection, reply);
    if (!log_gate_pass(&connection->endpoint->http->gate,
                       &held_back)) /* port scans come in floods */
        return;
    client_format(&connection->client, peer);
    log_write(LOG_HANDSHAKE_FAILED, log_text("peer", peer), log_text("reason", reason),
              log_number("held_back", held_back));
}

void http_reply_plain(struct connection *connection)
{
    struct verdict verdict =
        verdict_refuse(REPLY_TLS_EXPECTED, "plain HTTP on a port that speaks TLS; answered 400");
    send_past(connection, &verdict);
    log_handshake(connection, verdict.reply, verdict.reason);
}

/* A handshake that is over has not failed: who leaves at the next moment has only come to see. */
void http_reply_unseen(const struct connection *connection)
{
    const struct tls_session *tls = &connection->tls;
    bool in_handshake = connection->stage == STAGE_HANDSHAKE && !tls->established;
    if (in_handshake && (tls->failure || !connection->has_ended))
        log_handshake(connection, REPLY_BAD_REQUEST,
                      tls->failure ? tls->failure : "the handshake cannot continue");
    if (connection->has_ended || connection->is_refused)
        return;
    if (connection->stage == STAGE_HEAD && !tls_session_says_goodbye(tls))
        reply_log(connection, REPLY_BAD_REQUEST, reply_rows[REPLY_BAD_REQUEST].status,
                  "not HTTP, libmicrohttpd refused it", NULL);
}

void http_reply_foreign(struct connection *connection, unsigned status)
{
    connection->is_refused = true;
    connection->must_linger = true;
    reply_log(connection, reply_of_status(status), status, "libmicrohttpd refused it", NULL);
}
