/* One libmicrohttpd daemon a listening socket, all run from the listener's loop, without a thread.
 *
 * libmicrohttpd is used for what it is good at, HTTP/1.1 on a connection, and kept from the rest:
 *
 *   - It does not accept. We do (accept.c), so that one limit holds for all sockets, running
 *     out of descriptors is a pause and not a busy loop, and a connection that sends nothing costs
 *     a few hundred bytes.
 *   - It has no timeouts, because its own are idle ones, which a byte now and then keeps alive.
 *     Every stage of a connection has an absolute deadline of ours, enforced by shutdown(2), which
 *     libmicrohttpd notices as it would notice the client's.
 *   - MHD_get_timeout is heard, but not believed without bounds: it says "at once" also for a
 *     connection that can make no progress. After a few runs that moved nothing such connections
 *     are looked for (stuck.c), and after some more the next run waits for RUN_PAUSE_NS. */
#include "server/http/http.h"

#include "server/http/private.h"
#include "server/ipc/log_events.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

enum { RUNS_A_ROUND = 8, IDLE_RUNS_MOST = 32 };
/* Runs in a row that moved nothing, or that had more to do, after which stuck ones are looked for.
 */
enum { IDLE_RUNS_SUSPECT = 4, BUSY_RUNS_SUSPECT = 512 };
#define RUN_PAUSE_NS (10 * NS_PER_MS)

/* libmicrohttpd tells of every connection that ends badly: worth a line only to who looks for it.
 */
__attribute__((format(printf, 2, 0))) static void http_log(void *cls, const char *format,
                                                           va_list args)
{
    struct http *http = cls;
    int64_t held_back;
    char text[256];
    if (http->tls_at_work) /* its session is there now, and not any more when we are told its end */
        tls_session_explain(http->tls_at_work);
    if (!log_gate_pass(&http->library_gate, &held_back))
        return;
    vsnprintf(text, sizeof text, format, args);
    log_write(LOG_HTTP_LIBRARY, log_bytes("text", bytes_trim(bytes_of_text(text))),
              log_number("held_back", held_back));
}

/* Escapes stay as they are: the guard decodes, once and strictly. */
static size_t keep_escapes(void *cls, struct MHD_Connection *mhd, char *text)
{
    (void)cls;
    (void)mhd;
    return strlen(text);
}

const char *http_library_version(void)
{
    return MHD_get_version();
}

/* ---- daemons ---- */

/* A head of max_header bytes and what libmicrohttpd notes of 64 headers and of cookies. An idle
 * connection holds all of it, because it is zeroed after each request. */
static size_t connection_memory(const struct settings *settings)
{
    return (size_t)settings->server.max_header + 8192;
}

#if MHD_VERSION >= 0x00097701
#define STRICT_OPTION MHD_OPTION_CLIENT_DISCIPLINE_LVL
#else
#define STRICT_OPTION MHD_OPTION_STRICT_FOR_CLIENT
#endif

static bool endpoint_start(struct http_endpoint *endpoint, struct error *err)
{
    struct http *http = endpoint->http;
    /* without the descriptor that would wake another thread: we run the daemon after each resume */
    unsigned flags = MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ERROR_LOG |
                     (MHD_ALLOW_SUSPEND_RESUME & ~MHD_USE_ITC) | (endpoint->tls ? MHD_USE_TLS : 0);
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)tls_priorities},
        {MHD_OPTION_HTTPS_CERT_CALLBACK2, 0, tls_certificate_callback()},
        {MHD_OPTION_END, 0, NULL},
    };
    struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
    endpoint->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, http_handle, http, MHD_OPTION_EXTERNAL_LOGGER, http_log, http,
        MHD_OPTION_ARRAY, endpoint->tls ? tls : none, MHD_OPTION_CONNECTION_LIMIT, http->limit + 1,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, connection_memory(http->process->settings),
        STRICT_OPTION, 1, MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
        MHD_OPTION_URI_LOG_CALLBACK, http_note_target, NULL, MHD_OPTION_NOTIFY_CONNECTION,
        connection_notify, http, MHD_OPTION_NOTIFY_COMPLETED, http_completed, http, MHD_OPTION_END);
    return endpoint->daemon || error_set(err, "libmicrohttpd does not start");
}

static void endpoint_run_wanted(struct loop_watch *watch, uint32_t events)
{
    struct http_endpoint *endpoint = watch->owner;
    (void)events;
    endpoint->run_wanted = true;
    endpoint->idle_runs = 0;
}

static void endpoint_run_again(struct loop_timer *timer)
{
    struct http_endpoint *endpoint = timer->owner;
    endpoint->run_wanted = true;
}

static bool endpoint_init(struct http_endpoint *endpoint, struct http *http,
                          const struct listen_socket *socket, struct error *err)
{
    *endpoint = (struct http_endpoint){.http = http, .socket = socket};
    TAILQ_INIT(&endpoint->dirty);
    loop_watch_init(&endpoint->listen_watch, http_accept_ready, endpoint);
    loop_watch_init(&endpoint->run_watch, endpoint_run_wanted, endpoint);
    loop_timer_init(&endpoint->run_timer, endpoint_run_again, endpoint);
    if (socket->tls) {
        endpoint->tls = tls_server_create(socket->certificate_pem, socket->key_pem,
                                          http->process->ticket_key, err);
        if (!endpoint->tls)
            return false;
    }
    if (!endpoint_start(endpoint, err))
        return false;
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(endpoint->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    return (info && loop_watch_set(http->loop, &endpoint->run_watch, info->epoll_fd, EPOLLIN)) ||
           error_set(err, "libmicrohttpd has no epoll descriptor");
}

static void endpoint_finish(struct http_endpoint *endpoint)
{
    loop_watch_remove(endpoint->http->loop, &endpoint->run_watch);
    loop_watch_remove(endpoint->http->loop, &endpoint->listen_watch);
    loop_timer_remove(endpoint->http->loop, &endpoint->run_timer);
    if (endpoint->daemon)
        MHD_stop_daemon(endpoint->daemon);
    if (endpoint->tls)
        tls_server_destroy(endpoint->tls);
}

/* ---- rounds ---- */

static bool endpoint_has_more(struct http_endpoint *endpoint)
{
    MHD_UNSIGNED_LONG_LONG wait_ms;
    return endpoint->run_wanted ||
           (MHD_get_timeout(endpoint->daemon, &wait_ms) == MHD_YES && wait_ms == 0);
}

static void endpoint_run(struct http_endpoint *endpoint)
{
    for (int runs = 0; runs < RUNS_A_ROUND; runs++) {
        uint64_t progress = endpoint->http->progress;
        endpoint->run_wanted = false;
        MHD_run(endpoint->daemon);
        endpoint_settle(endpoint);
        if (!endpoint_has_more(endpoint)) {
            endpoint->idle_runs = endpoint->busy_runs = 0;
            return;
        }
        endpoint->idle_runs = progress == endpoint->http->progress ? endpoint->idle_runs + 1 : 0;
        if (endpoint->idle_runs == IDLE_RUNS_SUSPECT || ++endpoint->busy_runs >= BUSY_RUNS_SUSPECT)
            endpoint_suspect_all(endpoint);
    }
    /* without memory for the timer there is no pause */
    endpoint->run_wanted = endpoint->idle_runs < IDLE_RUNS_MOST ||
                           !loop_timer_set(endpoint->http->loop, &endpoint->run_timer,
                                           clock_monotonic_ns() + RUN_PAUSE_NS);
}

bool http_run(struct http *http)
{
    bool more = false;
    for (size_t i = 0; i < http->endpoint_count; i++)
        if (http->endpoints[i].run_wanted)
            endpoint_run(&http->endpoints[i]);
    runner_link_flush(&http->runner_link);
    body_frames_left(http);
    for (size_t i = 0; i < http->endpoint_count; i++)
        more |= http->endpoints[i].run_wanted;
    return more;
}

/* Few connections that stay keep the allocator from giving back what many had, a dozen KiB each. */
void http_tend(struct http *http)
{
    enum { CROWD = 64 };
    if (http->crowd < CROWD || http->count > http->crowd / 4)
        return;
#ifdef __GLIBC__
    malloc_trim(0);
#endif
    http->crowd = http->count;
}

/* ---- draining ---- */

/* How long a connection may still send the request that it may have been about to send: closing it
 * right away would answer that request with a reset. */
#define DRAIN_IDLE_NS NS_PER_S
#define DRAIN_FRESH_NS (2 * NS_PER_S)

static void drain_connection(struct connection *connection, int64_t now, bool patient)
{
    bool is_new = connection->stage == STAGE_FRESH;
    if (is_new && patient)
        return; /* it has its own deadline */
    int64_t due = now + (is_new ? DRAIN_FRESH_NS : DRAIN_IDLE_NS);
    if ((is_new || connection->stage == STAGE_IDLE) && due < connection->timer.due_ns)
        connection_set_stage(connection, connection->stage, due);
}

/* The deadline: no connection is waited for any longer. */
static void drain_is_over(struct loop_timer *timer)
{
    struct http *http = timer->owner;
    struct connection *connection, *next;
    for (connection = TAILQ_FIRST(&http->connections); connection; connection = next) {
        next = TAILQ_NEXT(connection, all);
        if (connection->stage == STAGE_QUEUED || connection->stage == STAGE_STREAM)
            request_give_up(connection->request, REPLY_DRAINING, "the grace is over");
    }
    http_run(http);
    for (connection = TAILQ_FIRST(&http->connections); connection; connection = next) {
        next = TAILQ_NEXT(connection, all);
        connection_cut(connection);
    }
}

void http_drain(struct http *http, int64_t deadline_ns, bool patient)
{
    int64_t now = clock_monotonic_ns();
    struct connection *connection, *next;
    if (!http->is_draining)
        http_accept_last(http);
    http->is_draining = true;
    http->is_leaving = !patient;
    for (connection = TAILQ_FIRST(&http->connections); connection; connection = next) {
        next = TAILQ_NEXT(connection, all);
        drain_connection(connection, now, patient);
    }
    loop_timer_set(http->loop, &http->drain_timer, deadline_ns);
}

bool http_is_empty(const struct http *http)
{
    return http->count == 0;
}

/* ---- life ---- */

void http_connect_runner(struct http *http, int fd)
{
    if (fd < 0 || !runner_link_open(&http->runner_link, fd))
        log_write(LOG_CHANNEL_FAILED,
                  log_text("reason", fd < 0 ? "no descriptor is free" : strerror(errno)));
}

bool http_has_runner(const struct http *http)
{
    return runner_link_is_open(&http->runner_link);
}

void http_listen(struct http *http)
{
    http->is_accepting = true;
    places_update(http);
}

struct http *http_create(const struct process *process, struct loop *loop,
                         const struct pipeline *pipeline, unsigned connections, struct error *err)
{
    struct http *http = calloc(1, sizeof *http);
    struct http_endpoint *endpoints = calloc(process->socket_count, sizeof *endpoints);
    if (!http || !endpoints) {
        free(http);
        free(endpoints);
        error_set(err, "no memory");
        return NULL;
    }
    *http = (struct http){.process = process,
                          .loop = loop,
                          .pipeline = pipeline,
                          .endpoints = endpoints,
                          .limit = connections};
    TAILQ_INIT(&http->connections);
    TAILQ_INIT(&http->evictable);
    /* events of bodies that are counted as in flight, and what goes with them */
    runner_link_init(&http->runner_link, loop,
                     (size_t)process->settings->server.body_memory + FRAME_MAX);
    http->runner_link.answered = http_answered;
    http->runner_link.output = http_output;
    http->runner_link.piece = http_piece;
    http->runner_link.state = http_state;
    http->runner_link.closed = http_runner_lost;
    http->runner_link.owner = http;
    pending_init(&http->waiting, connections);
    loop_timer_init(&http->drain_timer, drain_is_over, http);
    places_init(http);
    http_body_init(http);
    for (; http->endpoint_count < process->socket_count; http->endpoint_count++)
        if (!endpoint_init(&endpoints[http->endpoint_count], http,
                           &process->sockets[http->endpoint_count], err)) {
            http->endpoint_count++;
            http_destroy(http);
            return NULL;
        }
    return http;
}

void http_destroy(struct http *http)
{
    for (size_t i = 0; i < http->endpoint_count; i++)
        endpoint_finish(&http->endpoints[i]);
    loop_timer_remove(http->loop, &http->accept_timer);
    loop_timer_remove(http->loop, &http->leave_timer);
    loop_timer_remove(http->loop, &http->drain_timer);
    runner_link_finish(&http->runner_link);
    pending_finish(&http->waiting);
    free(http->by_fd);
    free(http->endpoints);
    free(http);
}
