/* Shared by the files of server/http/ only. A file calls those above it in this list, and none
 * below (tests/lint/calls.py):
 *
 *   log_gate.c    at most a few lines a second of what strangers cause
 *   places.c      how many connections there may be, and whether to accept
 *   connection.c  a connection: its stage and deadline, the lists that it is in
 *   library.c     a connection inside libmicrohttpd: parking, cutting
 *   linger.c      what comes after the answer
 *   proxy.c       the PROXY header in front of a connection
 *   head.c        what libmicrohttpd has read → struct request
 *   body.c        memory of bodies
 *   reply.c       answers and their log lines
 *   stream.c      answers that are sent as they come
 *   stuck.c       requests that libmicrohttpd cannot go on with
 *   health.c      the health check
 *   track.c       questions about events
 *   request.c     the walk of a request and its wait for the runner
 *   stages.c      what leads a connection from stage to stage
 *   accept.c      listening sockets → connections
 *   http.c        daemons, rounds, draining
 */
#ifndef TENTERHOOK_SERVER_HTTP_PRIVATE_H
#define TENTERHOOK_SERVER_HTTP_PRIVATE_H

#include "base/clock.h"
#include "server/http/deadline.h"
#include "server/http/log_gate.h"
#include "server/http/pending.h"
#include "server/http/tls.h"
#include "server/ipc/process.h"
#include "server/ipc/runner_link.h"
#include "server/pipeline/pipeline.h"
#include "server/pipeline/respond_stream.h"

#include <microhttpd.h>
#include <sys/queue.h>

/* Where a connection is. Each stage has one deadline. */
enum connection_stage {
    STAGE_FRESH,     /* accepted, not a byte yet: libmicrohttpd has not seen it */
    STAGE_HANDSHAKE, /* TLS */
    STAGE_HEAD,
    STAGE_BODY,
    STAGE_QUEUED, /* waits for the runner */
    STAGE_STREAM, /* is being answered with the output of a command that goes on */
    STAGE_REPLY,  /* is being answered */
    STAGE_IDLE,   /* between two requests */
    STAGE_CUT,    /* shut down by us; libmicrohttpd will notice */
    STAGE_LINGER, /* answered and closed; reads what the client still sends, so that the answer is
                     not lost to a reset */
};

struct connection {
    TAILQ_ENTRY(connection) all;
    TAILQ_ENTRY(connection) dirty;     /* if is_dirty */
    TAILQ_ENTRY(connection) evictable; /* if is_evictable */
    struct http_endpoint *endpoint;
    struct MHD_Connection *mhd; /* NULL: not handed over, or closed there */
    int fd;
    enum connection_stage stage;
    bool is_parked; /* suspended */
    bool is_dirty, is_evictable;
    bool is_suspect;  /* of being stuck, see stuck.c */
    bool is_in_epoll; /* libmicrohttpd's, put there by us: see connection_cut */
    bool must_linger;
    bool has_ended;               /* the client sends no more */
    bool awaits_proxy;            /* its PROXY header has not come yet */
    bool is_own;                  /* of the proxy itself, by that header */
    bool is_refused;              /* by libmicrohttpd, and that has been logged */
    bool had_moment;              /* past the deadline of this stage */
    uint8_t requests;             /* begun, up to 255 */
    uint8_t looks;                /* for the next request, still to be made */
    struct client_address client; /* who connected; by the PROXY header where there is one */
    struct tls_session tls;
    struct loop_watch watch;
    struct loop_timer timer;
    int64_t began_ns; /* of the stage's deadline: accept, or the first byte of a request */
    uint32_t progress, progress_seen; /* callbacks that moved something; as of the last look */
    size_t unread_seen;
    unsigned strikes;
    uint64_t lingered;
    struct http_request *request; /* from its head on; NULL between requests */
    /* The target as it came, noted before libmicrohttpd takes it to pieces in place; NULL: there
     * was no memory to note it. */
    const char *target_at;
    struct buffer target;
    const uint8_t *buffer_at; /* libmicrohttpd's */
};

TAILQ_HEAD(connection_list, connection);

/* One listening socket. */
struct http_endpoint {
    struct http *http;
    struct MHD_Daemon *daemon;
    struct tls_server *tls; /* NULL: plain */
    const struct listen_socket *socket;
    struct loop_watch listen_watch, run_watch;
    struct connection_list dirty; /* to be looked at after the next MHD_run */
    bool run_wanted;
    unsigned idle_runs; /* in a row that claimed there was more to do and did nothing */
    unsigned busy_runs; /* in a row that claimed there was more to do */
    struct loop_timer run_timer;
};

struct http {
    const struct process *process;
    struct loop *loop;
    const struct pipeline *pipeline;
    struct http_endpoint *endpoints;
    size_t endpoint_count;
    struct runner_link runner_link;
    struct pending_requests waiting;
    struct connection_list connections;
    struct connection_list evictable; /* may be given up for a new one, the longest unused first */
    unsigned count, limit;
    unsigned crowd; /* the highest recent count */
    struct body_limits body_limits;
    uint64_t owed_bytes;       /* of body memory, for frames whose requests are gone */
    struct connection **by_fd; /* connections that libmicrohttpd has or gets */
    size_t by_fd_size;
    bool is_accepting, is_full, is_draining;
    struct loop_timer accept_timer, leave_timer, drain_timer;
    int64_t left_since_ns, left_last_ns; /* newcomers, to other listeners */
    uint32_t left_accepted;              /* by those, when left_since_ns was set */
    struct tls_session *tls_at_work;     /* the one that has read last; NULL: none, or it is gone */
    bool is_leaving;                     /* draining for good, not for a newer generation */
    bool is_health_asked;                /* and not answered yet */
    int64_t health_ns;                   /* when the verdict below was given; 0: never */
    struct verdict health;               /* of the runner: REPLY_HEALTHY, or why not */
    struct log_gate gate;
    struct log_gate library_gate; /* its lines, hidden or not, hold back none of ours */
    uint64_t progress;            /* of all connections, and connections that were closed */
};

/* An answer that is sent as it comes; what waits to be sent is `output` of the request. */
struct http_stream {
    bool is_open;
    bool is_inside_line; /* the output so far ends within a line */
    bool is_dry;         /* libmicrohttpd has sent all of it and wants more */
    bool has_ended;      /* no more will come */
    size_t taken;        /* of the output, by libmicrohttpd */
    const char *trailer; /* once it has ended; of an answer that is no stream, a header; or NULL */
    struct MHD_Response *response; /* NULL: not begun */
    struct loop_timer heartbeat;
};

struct http_request {
    struct connection *connection;
    struct exchange exchange;
    struct buffer body;
    uint64_t counted;  /* in the shared body memory */
    uint64_t made;     /* of those, for the JSON that was made of the body */
    unsigned client;   /* whose share they are part of, until it is authenticated */
    uint64_t received; /* bytes of body, kept or not */
    int64_t began_ns, body_began_ns;
    struct verdict verdict;   /* REPLY_NONE: not decided */
    bool is_handed_over;      /* to the runner */
    bool is_discarding;       /* refused in the middle of the body, which has to end first */
    bool is_health;           /* the health check */
    bool is_track;            /* asks what has become of an event */
    uint64_t tag;             /* 0: does not wait */
    bool awaits_output;       /* of a command: the event is stored, and `otherwise` known */
    struct verdict otherwise; /* if there is no output */
    struct buffer output;     /* of the command, or the state of an event */
    struct http_stream stream;
    char id[ID_TEXT_SIZE];
};

/* ---- places.c ---- */

void places_init(struct http *http);
/* Watches the listening sockets, or stops, as count and limit demand. */
void places_update(struct http *http);
/* Whether a client that waits is to be accepted now. If not, the listening sockets are left alone
 * until there is a place, or until another listener has had the time to accept. */
bool places_may_accept(struct http *http);
/* The system has no descriptor or memory left, for `reason`: logs it and accepts after a while. */
void places_pause(struct http *http, int reason);
/* A connection has gone, or can be given up: there may be a place again. */
void places_freed(struct http *http);
/* Tells the other listeners how many connections there are. */
void places_tell(struct http *http);

/* ---- connection.c ---- */

/* Takes over `fd`; it is not watched yet. NULL without memory; the descriptor is closed then. */
struct connection *connection_create(struct http_endpoint *endpoint, int fd,
                                     const struct client_address *client);
/* Frees it; the descriptor belongs to another owner. */
void connection_destroy(struct connection *connection);
/* Closes the descriptor too, which is ours alone. */
void connection_close(struct connection *connection);
void connection_set_stage(struct connection *connection, enum connection_stage stage,
                          int64_t due_ns);
/* The first byte of a request is there, on a connection that has had one before. */
void connection_begin_head(struct connection *connection);
/* The answer is out; what comes next is another request. */
void connection_await_next(struct connection *connection);
/* To be looked at after the next run, or not any more. */
void connection_mark_dirty(struct connection *connection);
void connection_clean(struct connection *connection);
/* What can be read from the socket now. */
enum peeked { PEEK_NOTHING, PEEK_DATA, PEEK_END };
enum peeked connection_peek(const struct connection *connection);

/* ---- library.c ---- */

/* Whether the library that runs is older than 0.9.77, which parses anew. Both have one soname. */
bool library_is_lax(void);
/* The first byte is there: libmicrohttpd gets the socket. */
void connection_hand_over(struct connection *connection);
/* libmicrohttpd is about to close the descriptor, and has forgotten the connection. */
void connection_take_back(struct connection *connection);
/* Keeps libmicrohttpd from looking at it; lets it look again. */
void connection_park(struct connection *connection);
void connection_resume(struct connection *connection);
/* Ends it as soon as libmicrohttpd looks; a fresh or lingering one at once. */
void connection_cut(struct connection *connection);
/* libmicrohttpd has not ended it: makes sure that it does, within a second or two. */
void connection_cut_again(struct connection *connection);

/* ---- linger.c ---- */

bool connection_should_linger(const struct connection *connection);
/* libmicrohttpd is about to close the descriptor: goes on with a copy of it. */
bool connection_linger(struct connection *connection);
void connection_read_rest(struct connection *connection);
/* The same for a fresh connection, which libmicrohttpd does not have. */
void connection_linger_fresh(struct connection *connection);

/* ---- proxy.c ---- */

/* Whether a connection from there may begin with a PROXY header; logs one that may not. */
bool http_proxy_admits(struct http_endpoint *endpoint, const struct client_address *peer);
/* Takes the header off the front of a fresh connection, byte for byte, and with it the client.
 * False: it is not complete yet, or the connection has been closed for it. */
bool connection_take_proxy(struct connection *connection);
/* Logs that the header did not come in time. */
void http_proxy_late(const struct connection *connection);

/* ---- head.c ---- */

/* Fills in method, target, version, headers of the exchange. REPLY_NONE, or why it is no request.
 */
struct verdict http_head_read(struct http_request *request, const char *method,
                              const char *version);

/* ---- body.c ---- */

enum { RETRY_S = 2 }; /* when callers may come again, if no better time is known */

void http_body_init(struct http *http);
/* The head has been judged: whether a body as long as it says could be taken now. REPLY_NONE: yes.
 */
struct verdict body_expect(struct http_request *request);
/* Keeps a piece. REPLY_NONE, or why it was not: then nothing of the body is kept any more. */
struct verdict body_keep(struct http_request *request, struct bytes piece);
/* Counts `more` bytes for what the body of `owner`, a struct http_request, unfolds to. REPLY_NONE,
 * or why not: REPLY_TOO_LARGE where there will never be so much for it. */
struct verdict body_take_room(void *owner, size_t more);
/* It has been unfolded: the body as sent is freed and counted no more. */
void body_take_unfolded(struct http_request *request);
/* Counts the JSON that was made of the body, until the answer. REPLY_NONE, or there is no room. */
struct verdict body_count_made(struct http_request *request);
/* All of it is here, and the client has shown who it is. */
void body_is_authenticated(struct http_request *request);
/* The runner's frame has it: the memory is that frame's now, and counted until the answer. */
void body_hand_over(struct http_request *request);
void body_give_back(struct http_request *request);
/* After a flush to the runner: what has left is counted no more. */
void body_frames_left(struct http *http);
/* For a request that can be taken at another time. */
struct verdict http_unavailable(enum reply reply, const char *reason);

/* ---- reply.c ---- */

/* Gives an answer its headers and hands it to libmicrohttpd. */
enum MHD_Result http_queue(struct http_request *request, struct MHD_Response *response,
                           bool has_body);
/* Queues the answer that request->verdict says, counts and logs it. */
enum MHD_Result http_reply(struct http_request *request);
/* A request that ran out of time before it could be answered: says so as well as it can. */
void http_reply_timeout(struct connection *connection);
/* The same for one that fills libmicrohttpd's buffer with what is no part of a body. */
void http_reply_stuck(struct connection *connection);
/* Plain HTTP where TLS is spoken: says so, in plain HTTP, to a connection that is fresh. */
void http_reply_plain(struct connection *connection);
/* One that was refused while its body came, and could not be told so: the rest was too long, or
 * never came. */
void http_reply_cut(const struct http_request *request);
/* An answer that was sent as it came has ended: counts and logs it. */
void http_reply_ended(const struct http_request *request, const char *reason);
/* libmicrohttpd has refused it by itself with `status`. */
void http_reply_foreign(struct connection *connection, unsigned status);
/* The connection is at its end: logs and counts what libmicrohttpd has refused without telling, a
 * malformed request line or a handshake that failed. */
void http_reply_unseen(const struct connection *connection);

/* ---- stream.c ---- */

/* The answer to a queued request is what comes from now on; `verdict` of its event. */
void stream_open(struct http_request *request, struct verdict verdict);
/* Hands it to libmicrohttpd. */
enum MHD_Result stream_begin(struct http_request *request);
/* More output, which is also kept for an answer that is no stream. False without memory. */
bool stream_put(struct http_request *request, struct bytes output);
/* The last lines and the trailer. `reason` is for the log. */
void stream_end(struct http_request *request, const struct respond_end *end, const char *reason);
void stream_finish(struct http_request *request);
/* Whether there is nothing to be sent before more comes: the connection is to be parked. */
bool stream_is_dry(const struct connection *connection);

/* ---- stuck.c ---- */

/* libmicrohttpd says that there is more to do, and nothing moves: suspects every request that is
 * under way. */
void endpoint_suspect_all(struct http_endpoint *endpoint);
/* Looks at a suspect after a run. False: it is to be looked at again after the next one. */
bool suspect_is_settled(struct connection *connection);

/* ---- health.c ---- */

/* `verdict` with its reason in the body, for the operator of the server. */
struct verdict health_worded(struct http_request *request, struct verdict verdict);
/* The head of a health check: whether the runner is to be asked. REPLY_NONE: yes. */
struct verdict health_begin(struct http_request *request);
/* Asks the runner, unless it has been asked a moment ago. REPLY_NONE: the answer will come. */
struct verdict health_ask(struct http_request *request);
/* The runner has answered with this verdict, or is gone. */
void health_is_known(struct http *http, struct verdict verdict);
/* What an answer has for a tag that is for the health check. */
#define HEALTH_TAG UINT64_MAX

/* ---- track.c ---- */

/* Puts the question of the request, under its tag, on the way to the runner; false: no room. */
bool track_put(struct http_request *request);
/* How long its answer may take. */
int64_t track_patience_ns(const struct http_request *request);
/* What that answer says. */
struct verdict track_told(struct http_request *request, const struct state_frame *state);

/* ---- request.c ---- */

enum MHD_Result http_handle(void *cls, struct MHD_Connection *mhd, const char *url,
                            const char *method, const char *version, const char *data, size_t *size,
                            void **context);
void *http_note_target(void *cls, const char *target, struct MHD_Connection *mhd);
void http_completed(void *cls, struct MHD_Connection *mhd, void **context,
                    enum MHD_RequestTerminationCode code);
void http_answered(void *owner, const struct answer_frame *answer);
void http_output(void *owner, const struct output_frame *output);
void http_piece(void *owner, const struct piece_frame *piece);
void http_state(void *owner, const struct state_frame *state);
void http_runner_lost(void *owner);
/* The runner has not answered in time, or will not: refuses a queued request. One whose event is
 * stored gets the late answer instead. */
void request_give_up(struct http_request *request, enum reply reply, const char *reason);
/* The same when its deadline has passed. */
void request_run_out(struct http_request *request);
void request_destroy(struct http_request *request);
/* A queued request has its verdict: goes on to its answer. */
void request_decide(struct http_request *request, struct verdict verdict);
/* The client of a queued request is gone: its answer is not needed. */
void request_forget_answer(struct http_request *request);

/* ---- stages.c ---- */

/* Takes over `fd` and watches it from now on. False without memory; it is closed then. */
bool connection_begin(struct http_endpoint *endpoint, int fd, const struct client_address *client);
/* libmicrohttpd has taken a connection, or closes it. */
void connection_notify(void *cls, struct MHD_Connection *mhd, void **context,
                       enum MHD_ConnectionNotificationCode code);
/* After a run of the endpoint's daemon: parks what would only burn time there. */
void endpoint_settle(struct http_endpoint *endpoint);

/* ---- accept.c ---- */

/* A client waits at a listening socket. */
void http_accept_ready(struct loop_watch *watch, uint32_t events);
/* Takes what already waits in the kernel's queues, then closes our copies of the sockets: once no
 * process has them, no client gets into a queue that no process serves. */
void http_accept_last(struct http *http);

#endif
