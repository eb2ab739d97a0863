/* The supervisor may be root and must never wait: each connection has a place, a deadline and a
 * limit of memory (operator_link.c), a request is one short line, and what is not the supervisor's
 * to answer goes with its connection to the runner. The file is made with the rights of the
 * server's user, so nothing that this user can do to its directory makes root change another file.
 *
 * In /run several servers may meet: the directory is locked while one looks whether another one
 * answers there. Beside the journal there is only one, because it holds the journal's lock. */
#include "server/process/operators.h"

#include "base/clock.h"
#include "base/json_text.h"
#include "server/ipc/control.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 128, ACCEPTS_A_TURN = 8 };
#define PAUSE_NS NS_PER_S

/* ---- connections ---- */

static void client_over(struct operator_link *link)
{
    struct operator_client *client = link->owner;
    struct operator_client **place = &client->operators->first;
    while (*place != client)
        place = &(*place)->next;
    *place = client->next;
    client->operators->count--;
    operator_link_finish(link);
    free(client);
}

static const struct operator_verb *find_verb(const struct operator_verb *verbs, const char *name)
{
    while (verbs->name && strcmp(verbs->name, name) != 0)
        verbs++;
    return verbs->name ? verbs : NULL;
}

static void client_ask(struct operator_client *client, struct bytes line)
{
    const struct operators *operators = client->operators;
    struct operator_request request;
    struct error why;
    const struct operator_verb *verb = NULL;
    if (operator_request_read(line, &request, &why) &&
        !(verb = find_verb(operators->verbs, request.verb)))
        error_set(&why, "there is no verb of that name");
    if (verb && request.journal[0] && strcmp(request.journal, operators->journal) != 0) {
        error_set(&why, "this server has another journal");
        verb = NULL;
    }
    if (verb) {
        verb->run(operators->owner, client, &request);
        return;
    }
    operator_link_answer(&client->link);
    operator_link_fail(&client->link, why.text);
}

static void client_readable(struct operator_link *link)
{
    struct operator_client *client = link->owner;
    uint8_t line[OPERATOR_LINE_MAX];
    size_t length;
    int found = operator_request_peek(link->fd, line, &length);
    if (found < 0) {
        operator_link_answer(link);
        operator_link_fail(link, "a request is one line of at most 8 KiB");
    } else if (found > 0) {
        client_ask(client, bytes_of(line, length));
    }
}

bool operators_wait_for(const struct operators *operators, unsigned number)
{
    for (const struct operator_client *client = operators->first; client; client = client->next)
        if (client->waits_for > 0 && client->waits_for <= number)
            return true;
    return false;
}

static void client_tell(struct operator_client *client, const char *text, const char *failure,
                        const char *members)
{
    struct operator_link *link = &client->link;
    client->waits_for = 0;
    if (text && *text)
        (void)(buffer_append_text(&link->out, "{\"text\":") &&
               json_append_string(&link->out, bytes_of_text(text)) &&
               buffer_append_text(&link->out, "}\n"));
    if (failure)
        operator_link_fail(link, failure);
    else
        operator_link_done(link, members);
}

void operators_settle(struct operators *operators, unsigned number, const char *text,
                      const char *failure, const char *members)
{
    for (struct operator_client *client = operators->first; client; client = client->next)
        if (client->waits_for > 0 && client->waits_for <= number)
            client_tell(client, text, failure, members);
}

bool operator_client_pass(struct operator_client *client, int control)
{
    if (!control_send(control, CONTROL_OPERATOR, 0, client->link.fd))
        return false;
    close(operator_link_give(&client->link));
    return true;
}

static bool may_ask(const struct operators *operators, int fd)
{
    struct ucred peer;
    socklen_t length = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 &&
           (peer.uid == 0 || peer.uid == operators->user || peer.uid == geteuid());
}

static void take_client(struct operators *operators, int fd)
{
    if (!may_ask(operators, fd)) {
        operator_turn_away(fd, "only root and the user of the server may ask");
        return;
    }
    struct operator_client *client =
        operators->count < OPERATORS_MAX ? calloc(1, sizeof *client) : NULL;
    if (!client) {
        operator_turn_away(fd, "too many connections");
        return;
    }
    client->operators = operators;
    if (!operator_link_init(&client->link, operators->loop, fd, client_readable, client_over,
                            client)) {
        free(client);
        return;
    }
    client->next = operators->first;
    operators->first = client;
    operators->count++;
}

static void accept_ready(struct loop_watch *watch, uint32_t events)
{
    struct operators *operators = watch->owner;
    (void)events;
    for (int i = 0; i < ACCEPTS_A_TURN; i++) {
        int fd = accept4(operators->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            take_client(operators, fd);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
            loop_watch_remove(operators->loop, watch);
            loop_timer_set(operators->loop, &operators->pause, clock_monotonic_ns() + PAUSE_NS);
            return;
        } else if (errno != ECONNABORTED && errno != EINTR) {
            return;
        }
    }
}

static void pause_is_over(struct loop_timer *timer)
{
    struct operators *operators = timer->owner;
    loop_watch_set(operators->loop, &operators->watch, operators->fd, EPOLLIN);
}

/* ---- the socket ---- */

/* A directory as a short path, because a socket's address has 107 bytes. The descriptor; -1. */
static int open_directory(const char *path, struct sockaddr_un *address)
{
    char directory[PATH_MAX], name[PATH_MAX];
    snprintf(directory, sizeof directory, "%s", path);
    snprintf(name, sizeof name, "%s", path);
    int fd = open(dirname(directory), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    int length = snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d/%s", fd,
                          basename(name));
    if (fd >= 0 && length < (int)sizeof address->sun_path)
        return fd;
    if (fd >= 0) {
        close(fd);
        errno = ENAMETOOLONG;
    }
    return -1;
}

/* Whether a server that was killed has left it. */
static bool is_stale(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool stale = fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof *address) != 0 &&
                 errno == ECONNREFUSED;
    if (fd >= 0)
        close(fd);
    return stale;
}

static bool bind_here(int fd, const struct sockaddr_un *address, bool is_shared)
{
    struct stat what;
    if (lstat(address->sun_path, &what) == 0 && S_ISSOCK(what.st_mode) &&
        (!is_shared || is_stale(address)))
        unlink(address->sun_path);
    mode_t mask = umask(0177);
    bool bound = bind(fd, (const struct sockaddr *)address, sizeof *address) == 0;
    int reason = errno;
    umask(mask);
    errno = reason;
    return bound && listen(fd, BACKLOG) == 0;
}

/* Whose files they are. The kernel then forgets the signal that who has started us wants us to get
 * when he dies (`init --start`, setpriv --pdeathsig). */
static void act_as(uid_t user, gid_t group)
{
    int at_death = 0;
    pid_t parent = getppid();
    prctl(PR_GET_PDEATHSIG, &at_death, 0, 0, 0);
    setfsgid(group);
    setfsuid(user);
    prctl(PR_SET_PDEATHSIG, at_death, 0, 0, 0);
    if (at_death != 0 && getppid() != parent)
        raise(at_death);
}

static void note_file(struct operators *operators, const char *path)
{
    struct stat what;
    if (lstat(path, &what) != 0)
        return;
    operators->device = what.st_dev;
    operators->inode = what.st_ino;
}

/* False with errno; so where other servers use the directory, and one of them is there just now. */
static bool listen_at(struct operators *operators, const char *path, bool is_shared)
{
    struct sockaddr_un address;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int directory = fd >= 0 ? open_directory(path, &address) : -1;
    bool done = directory >= 0 && (!is_shared || flock(directory, LOCK_EX | LOCK_NB) == 0);
    if (done) {
        act_as(operators->user, operators->group);
        done = bind_here(fd, &address, is_shared);
        int reason = errno;
        act_as(geteuid(), getegid());
        errno = reason;
    }
    if (done) {
        operators->fd = fd;
        snprintf(operators->path, sizeof operators->path, "%s", path);
        note_file(operators, address.sun_path);
    }
    int reason = errno;
    if (directory >= 0)
        close(directory);
    if (!done && fd >= 0)
        close(fd);
    errno = reason;
    return done;
}

void operators_init(struct operators *operators, struct loop *loop,
                    const struct operator_verb *verbs, void *owner)
{
    *operators = (struct operators){.loop = loop, .verbs = verbs, .owner = owner, .fd = -1};
    loop_watch_init(&operators->watch, accept_ready, operators);
    loop_timer_init(&operators->pause, pause_is_over, operators);
}

bool operators_listen(struct operators *operators, const char *journal, uid_t user, gid_t group,
                      struct error *err)
{
    char beside[PATH_MAX];
    operators->user = user;
    operators->group = group;
    if (!realpath(journal, operators->journal))
        return error_set_errno(err, errno, "cannot find %s", journal);
    if (!operator_socket_beside(journal, beside, sizeof beside))
        return error_set(err, "the path of the journal is too long");
    if (!listen_at(operators, OPERATOR_SOCKET_DIRECTORY "/" OPERATOR_SOCKET_NAME, true) &&
        !listen_at(operators, beside, false))
        return error_set_errno(err, errno, "cannot listen on %s", beside);
    return loop_watch_set(operators->loop, &operators->watch, operators->fd, EPOLLIN) ||
           error_set_errno(err, errno, "cannot watch the control socket");
}

void operators_leave(struct operators *operators)
{
    for (struct operator_client *client = operators->first; client; client = client->next)
        if (client->link.fd >= 0)
            close(client->link.fd);
    if (operators->fd >= 0)
        close(operators->fd);
}

/* Only the file that we have made. */
static void remove_file(const struct operators *operators)
{
    struct stat what;
    act_as(operators->user, operators->group);
    if (lstat(operators->path, &what) == 0 && what.st_dev == operators->device &&
        what.st_ino == operators->inode)
        unlink(operators->path);
    act_as(geteuid(), getegid());
}

void operators_finish(struct operators *operators)
{
    while (operators->first)
        client_over(&operators->first->link);
    loop_timer_remove(operators->loop, &operators->pause);
    loop_watch_remove(operators->loop, &operators->watch);
    if (operators->fd < 0)
        return;
    remove_file(operators);
    close(operators->fd);
    operators->fd = -1;
}
