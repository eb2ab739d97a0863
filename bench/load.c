/* A load client: signs GitHub-shaped events and posts them over TLS from one thread, a set number
 * of connections at a time, and says what came back. Every request has a body and a delivery id of
 * its own. Talks to the address it is given and stops by itself after -n requests or -t seconds.
 *
 *   load [-c CONNECTIONS] [-n REQUESTS] [-t SECONDS] [-r RATE] [-s BYTES] [-x] [-k] [-v] [-l
 * LEDGER] HOST PORT PATH SECRET
 *
 *   -r  an open loop: so many requests a second, each at its time, whatever the answers do; its
 *       latency counts from that time. Without it each connection sends as soon as it was answered.
 *   -x  a wrong signature     -k  a new connection for each request     -v  a body of many values
 *   -l  one line an answer: delivery id, status, body of the answer */
#include "base/buffer.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/encoding.h"

#include <arpa/inet.h>
#include <errno.h>
#include <gnutls/gnutls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { REQUEST_MAX = 2 * 1024 * 1024, ANSWER_MAX = 16384, STATUS_MAX = 600 };

enum step { STEP_IDLE, STEP_HANDSHAKE, STEP_SEND, STEP_RECEIVE, STEP_OVER };

struct connection {
    int fd;
    enum step step;
    gnutls_session_t session;
    struct buffer request;
    size_t sent;
    char answer[ANSWER_MAX];
    size_t received;
    uint64_t number; /* of the request under way */
    int64_t began_ns;
};

static struct {
    const char *host, *path;
    int port, connections;
    uint64_t requests;
    double seconds, rate;
    size_t size;
    bool bad_signature, close_each, many_values;
    struct bytes secret;
    FILE *ledger;

    struct sockaddr_in address;
    gnutls_certificate_credentials_t credentials;
    int epoll;
    char run[17]; /* this run's part of the delivery ids */
    uint64_t begun, done, broken, status[STATUS_MAX];
    int64_t start_ns, end_ns;
    uint32_t *latency_us;
    size_t latency_capacity;
} load = {.connections = 16, .requests = UINT64_MAX, .seconds = 10, .size = 1024};

static bool time_is_over(void)
{
    return load.begun >= load.requests ||
           clock_monotonic_ns() - load.start_ns > (int64_t)(load.seconds * 1e9);
}

/* ---- one request ---- */

/* As a push has them: about 40 bytes a value. */
static void append_commits(struct buffer *body, size_t size)
{
    enum { COMMIT = 260, FILLER = 20 };
    buffer_append_text(body, "\"commits\":[");
    for (unsigned i = 0; body->length + COMMIT + FILLER < size; i++)
        buffer_printf(
            body,
            "%s{\"id\":\"7f8c2bb10c6e4a7d9f0a1b2c3d4e5f%010u\",\"distinct\":true,"
            "\"message\":\"Mend the \\\"door\\\" of room %u\",\"author\":{\"name\":\"A. U. "
            "Thor\",\"email\":\"author@example.org\"},\"added\":[],\"removed\":[],"
            "\"modified\":[\"door.c\",\"room.c\"]}",
            i ? "," : "", i, i);
    buffer_append_text(body, "],");
}

static void append_body(struct buffer *body, uint64_t number, size_t size)
{
    buffer_printf(body,
                  "{\"ref\":\"refs/heads/main\",\"number\":%llu,\"repository\":{\"id\":186853002,"
                  "\"full_name\":\"example/hello\"},\"pusher\":{\"name\":\"bench\"},",
                  (unsigned long long)number);
    if (load.many_values)
        append_commits(body, size);
    buffer_append_text(body, "\"filler\":\"");
    while (body->length + 2 < size)
        buffer_append(body, "abcdefghijklmnopqrstuvwxyz012345",
                      size - 2 - body->length < 32 ? size - 2 - body->length : 32);
    buffer_append_text(body, "\"}");
}

static void build_request(struct connection *c)
{
    struct buffer body;
    uint8_t mac[HASH_MAX_SIZE];
    char hex[65];
    buffer_init(&body, REQUEST_MAX);
    append_body(&body, c->number, load.size);
    hmac_compute(HASH_SHA256, load.secret, buffer_bytes(&body), mac);
    mac[31] ^= load.bad_signature;
    hex_encode(bytes_of(mac, 32), hex);
    c->request.length = 0;
    buffer_printf(&c->request,
                  "POST %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: tenterhook-bench\r\n"
                  "Content-Type: application/json\r\nX-GitHub-Event: push\r\n"
                  "X-GitHub-Delivery: %s-%012llx\r\nX-Hub-Signature-256: sha256=%s\r\n"
                  "Content-Length: %zu\r\n%s\r\n",
                  load.path, load.host, load.run, (unsigned long long)c->number, hex, body.length,
                  load.close_each ? "Connection: close\r\n" : "");
    buffer_append_bytes(&c->request, buffer_bytes(&body));
    buffer_finish(&body);
}

/* When request `number` is to be sent, in an open loop. */
static int64_t due_ns(uint64_t number)
{
    return load.start_ns + (int64_t)((double)number / load.rate * 1e9);
}

static void connection_begin_request(struct connection *c)
{
    if (load.rate > 0 && due_ns(load.begun) > clock_monotonic_ns()) {
        c->step = STEP_IDLE;
        return;
    }
    c->number = load.begun++;
    build_request(c);
    c->sent = c->received = 0;
    c->step = STEP_SEND;
    if (load.rate > 0)
        c->began_ns = due_ns(c->number);
    else if (!load.close_each)
        c->began_ns = clock_monotonic_ns();
}

/* ---- one connection ---- */

static void connection_close(struct connection *c)
{
    if (c->session)
        gnutls_deinit(c->session);
    if (c->fd >= 0)
        close(c->fd);
    c->session = NULL;
    c->fd = -1;
}

static void connection_open(struct connection *c)
{
    if (time_is_over()) {
        c->step = STEP_OVER;
        return;
    }
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c};
    c->began_ns = clock_monotonic_ns();
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || (connect(c->fd, (struct sockaddr *)&load.address, sizeof load.address) != 0 &&
                      errno != EINPROGRESS)) {
        perror("load: connect");
        exit(3);
    }
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    gnutls_init(&c->session, GNUTLS_CLIENT | GNUTLS_NONBLOCK);
    gnutls_set_default_priority(c->session);
    gnutls_credentials_set(c->session, GNUTLS_CRD_CERTIFICATE, load.credentials);
    gnutls_transport_set_int(c->session, c->fd);
    c->step = STEP_HANDSHAKE;
    epoll_ctl(load.epoll, EPOLL_CTL_ADD, c->fd, &event);
}

static void connection_broke(struct connection *c)
{
    if (c->step == STEP_SEND || c->step == STEP_RECEIVE || load.close_each)
        load.broken++;
    connection_close(c);
    connection_open(c);
}

/* ---- the answer ---- */

/* Length of the whole answer, 0 if its head is not complete yet. */
static size_t answer_length(const struct connection *c)
{
    const char *end = memmem(c->answer, c->received, "\r\n\r\n", 4);
    if (!end)
        return 0;
    size_t length = (size_t)(end - c->answer) + 4;
    for (const char *line = c->answer; line < end; line++)
        if (strncasecmp(line, "\ncontent-length:", 16) == 0)
            length += strtoul(line + 16, NULL, 10);
    return length;
}

static bool answer_closes(const struct connection *c)
{
    return memmem(c->answer, c->received, "\r\nConnection: close", 19) ||
           memmem(c->answer, c->received, "\r\nConnection: Close", 19);
}

static void note_latency(int64_t ns)
{
    if (load.done == load.latency_capacity) {
        load.latency_capacity = load.latency_capacity ? load.latency_capacity * 2 : 65536;
        load.latency_us = realloc(load.latency_us, load.latency_capacity * sizeof(uint32_t));
        if (!load.latency_us)
            abort();
    }
    load.latency_us[load.done++] = (uint32_t)(ns / 1000);
}

static void note_answer(struct connection *c, size_t length)
{
    unsigned status = (unsigned)strtoul(c->answer + 9, NULL, 10);
    const char *body = memmem(c->answer, length, "\r\n\r\n", 4);
    load.status[status < STATUS_MAX ? status : 0]++;
    note_latency(clock_monotonic_ns() - c->began_ns);
    if (load.ledger)
        fprintf(load.ledger, "%s-%012llx %u %.*s\n", load.run, (unsigned long long)c->number,
                status, (int)(c->answer + length - body - 4), body + 4);
}

static void answer_is_complete(struct connection *c, size_t length)
{
    note_answer(c, length);
    if (load.close_each || answer_closes(c)) {
        c->step = STEP_OVER;
        connection_close(c);
        connection_open(c);
    } else if (time_is_over()) {
        connection_close(c);
        c->step = STEP_OVER;
    } else {
        connection_begin_request(c);
    }
}

/* ---- progress: each returns false when it must wait or the connection is gone ---- */

static bool would_block(ssize_t result)
{
    return result == GNUTLS_E_AGAIN || result == GNUTLS_E_INTERRUPTED;
}

static bool go_handshake(struct connection *c)
{
    int result = gnutls_handshake(c->session);
    if (result == GNUTLS_E_SUCCESS) {
        connection_begin_request(c);
        return c->step == STEP_SEND;
    }
    if (gnutls_error_is_fatal(result))
        connection_broke(c);
    return false;
}

static bool go_send(struct connection *c)
{
    while (c->sent < c->request.length) {
        ssize_t sent =
            gnutls_record_send(c->session, c->request.data + c->sent, c->request.length - c->sent);
        if (would_block(sent))
            return false;
        if (sent < 0) {
            connection_broke(c);
            return false;
        }
        c->sent += (size_t)sent;
    }
    c->step = STEP_RECEIVE;
    return true;
}

/* GnuTLS says "again" also after a session ticket that came in front of the answer, which may be in
 * its buffer by then: only several in a row mean that nothing is there. */
static ssize_t receive(struct connection *c)
{
    ssize_t got = GNUTLS_E_AGAIN;
    for (int i = 0; i < 4 && would_block(got); i++)
        got = gnutls_record_recv(c->session, c->answer + c->received,
                                 sizeof c->answer - 1 - c->received);
    return got;
}

static bool go_receive(struct connection *c)
{
    ssize_t got = receive(c);
    if (would_block(got))
        return false;
    if (got <= 0) {
        connection_broke(c);
        return false;
    }
    c->received += (size_t)got;
    c->answer[c->received] = '\0';
    size_t length = answer_length(c);
    if (length && c->received >= length)
        answer_is_complete(c, length);
    return true;
}

/* Between two requests of an open loop: nothing but session tickets and the end can come. */
static bool go_idle(struct connection *c)
{
    char none;
    ssize_t got = gnutls_record_recv(c->session, &none, 1);
    if (!would_block(got))
        connection_broke(c);
    return false;
}

static bool (*const go[])(struct connection *) = {[STEP_IDLE] = go_idle,
                                                  [STEP_HANDSHAKE] = go_handshake,
                                                  [STEP_SEND] = go_send,
                                                  [STEP_RECEIVE] = go_receive};

static void connection_go(struct connection *c)
{
    while (c->step != STEP_OVER && go[c->step](c))
        continue;
}

/* ---- the run ---- */

static int compare_latency(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static double percentile_ms(double share)
{
    return load.done ? load.latency_us[(size_t)(share * (double)(load.done - 1))] / 1000.0 : 0;
}

static void print_result(void)
{
    struct rusage used;
    double seconds = (double)(load.end_ns - load.start_ns) / 1e9;
    getrusage(RUSAGE_SELF, &used);
    qsort(load.latency_us, load.done, sizeof(uint32_t), compare_latency);
    printf("{\"requests\":%llu,\"broken\":%llu,\"seconds\":%.3f,\"rate\":%.1f,",
           (unsigned long long)load.done, (unsigned long long)load.broken, seconds,
           (double)load.done / seconds);
    printf("\"p50_ms\":%.2f,\"p90_ms\":%.2f,\"p99_ms\":%.2f,\"max_ms\":%.2f,\"status\":{",
           percentile_ms(0.5), percentile_ms(0.9), percentile_ms(0.99), percentile_ms(1));
    const char *comma = "";
    for (int i = 0; i < STATUS_MAX; i++) {
        if (load.status[i])
            printf("%s\"%d\":%llu", comma, i, (unsigned long long)load.status[i]);
        comma = load.status[i] ? "," : comma;
    }
    printf("}}\n");
}

static bool anybody_left(const struct connection *connections)
{
    for (int i = 0; i < load.connections; i++)
        if (connections[i].step != STEP_OVER)
            return true;
    return false;
}

/* Sends what is due in an open loop, as far as connections are idle, and sets the timer for the
 * next one. */
static void send_due(struct connection *connections, int timer)
{
    for (int i = 0; i < load.connections; i++) {
        struct connection *c = &connections[i];
        if (c->step != STEP_IDLE)
            continue;
        if (time_is_over()) {
            connection_close(c);
            c->step = STEP_OVER;
            continue;
        }
        connection_begin_request(c);
        if (c->step == STEP_IDLE)
            break;
        connection_go(c);
    }
    int64_t next = due_ns(load.begun);
    const struct itimerspec when = {.it_value = {next / NS_PER_S, next % NS_PER_S}};
    timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL);
}

static void run(void)
{
    struct connection *connections = calloc((size_t)load.connections, sizeof *connections);
    struct epoll_event events[256];
    load.epoll = epoll_create1(EPOLL_CLOEXEC);
    load.start_ns = clock_monotonic_ns();
    int64_t give_up_ns = load.start_ns + (int64_t)(load.seconds * 1e9) + 15 * NS_PER_S;
    for (int i = 0; i < load.connections; i++) {
        buffer_init(&connections[i].request, REQUEST_MAX);
        connection_open(&connections[i]);
    }
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    struct epoll_event wake = {.events = EPOLLIN | EPOLLET, .data.ptr = NULL};
    epoll_ctl(load.epoll, EPOLL_CTL_ADD, timer, &wake);
    while (anybody_left(connections) && clock_monotonic_ns() < give_up_ns) {
        int ready = epoll_wait(load.epoll, events, 256, 100);
        for (int i = 0; i < ready; i++)
            if (events[i].data.ptr)
                connection_go(events[i].data.ptr);
        if (load.rate > 0)
            send_due(connections, timer);
    }
    close(timer);
    load.end_ns = clock_monotonic_ns();
    for (int i = 0; i < load.connections; i++) {
        connection_close(&connections[i]);
        buffer_finish(&connections[i].request);
    }
    free(connections);
    close(load.epoll);
}

static void read_options(int argc, char **argv)
{
    int option;
    while ((option = getopt(argc, argv, "c:n:t:r:s:xkvl:")) != -1) {
        switch (option) {
        case 'c':
            load.connections = atoi(optarg);
            break;
        case 'n':
            load.requests = strtoull(optarg, NULL, 10);
            break;
        case 't':
            load.seconds = atof(optarg);
            break;
        case 'r':
            load.rate = atof(optarg);
            break;
        case 's':
            load.size = strtoul(optarg, NULL, 10);
            break;
        case 'x':
            load.bad_signature = true;
            break;
        case 'v':
            load.many_values = true;
            break;
        case 'k':
            load.close_each = true;
            break;
        case 'l':
            load.ledger = fopen(optarg, "w");
            break;
        default:
            exit(2);
        }
    }
    if (argc - optind != 4 || load.connections < 1 || load.size > REQUEST_MAX / 2) {
        fputs("usage: load [-c N] [-n N] [-t S] [-r RATE] [-s BYTES] [-x] [-k] [-l FILE] HOST PORT "
              "PATH "
              "SECRET\n",
              stderr);
        exit(2);
    }
    load.host = argv[optind];
    load.port = atoi(argv[optind + 1]);
    load.path = argv[optind + 2];
    load.secret = bytes_of_text(argv[optind + 3]);
}

int main(int argc, char **argv)
{
    uint8_t random[8];
    read_options(argc, argv);
    random_bytes(random, sizeof random);
    hex_encode(bytes_of(random, sizeof random), load.run);
    load.address =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)load.port)};
    if (inet_pton(AF_INET, load.host, &load.address.sin_addr) != 1 ||
        (ntohl(load.address.sin_addr.s_addr) >> 24) != 127) {
        fputs("load: only addresses of 127.0.0.0/8: this is no tool against others\n", stderr);
        return 2;
    }
    gnutls_certificate_allocate_credentials(&load.credentials);
    run();
    print_result();
    if (load.ledger)
        fclose(load.ledger);
    free(load.latency_us);
    gnutls_certificate_free_credentials(load.credentials);
    return 0;
}
