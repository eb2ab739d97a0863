/* Implemented rather than linked: the protocol is one sendto, libsystemd is a megabyte. */
#include "server/process/notify.h"

#include "base/bytes.h"
#include "base/clock.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { MESSAGES_MAX = 64 }; /* that are read at once */

void notify_send(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (!path || (path[0] != '/' && path[0] != '@') || strlen(path) >= sizeof address.sun_path)
        return;
    memcpy(address.sun_path, path, strlen(path));
    if (path[0] == '@') /* abstract */
        address.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return;
    socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    (void)sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&address, length);
    close(fd);
}

int notify_listen(char name[NOTIFY_NAME_SIZE], struct error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    socklen_t length = sizeof address.sun_family; /* the kernel finds a name */
    int yes = 1, fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool done = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes) == 0 &&
                bind(fd, (struct sockaddr *)&address, length) == 0;
    length = sizeof address;
    if (!done || getsockname(fd, (struct sockaddr *)&address, &length) != 0) {
        error_set_errno(err, errno, "no socket for messages of the server can be made");
        if (fd >= 0)
            close(fd);
        return -1;
    }
    snprintf(name, NOTIFY_NAME_SIZE, "@%.*s",
             (int)(length - offsetof(struct sockaddr_un, sun_path) - 1), address.sun_path + 1);
    return fd;
}

static bool says_ready(struct bytes message)
{
    while (message.length > 0)
        if (bytes_equal_text(bytes_split(&message, '\n'), "READY=1"))
            return true;
    return false;
}

static pid_t sender_of(struct msghdr *message)
{
    struct ucred sender = {0};
    struct cmsghdr *head = CMSG_FIRSTHDR(message);
    if (head && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_CREDENTIALS)
        memcpy(&sender, CMSG_DATA(head), sizeof sender);
    return sender.pid;
}

bool notify_heard_ready(int fd, pid_t sender)
{
    char text[1024];
    union {
        struct cmsghdr aligned;
        char space[CMSG_SPACE(sizeof(struct ucred))];
    } control;
    struct iovec part = {.iov_base = text, .iov_len = sizeof text};
    bool is_ready = false;
    ssize_t length = 0;
    for (int i = 0; i < MESSAGES_MAX && length >= 0 && !is_ready; i++) {
        struct msghdr message = {.msg_iov = &part,
                                 .msg_iovlen = 1,
                                 .msg_control = &control,
                                 .msg_controllen = sizeof control};
        length = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
        is_ready |= length > 0 && sender_of(&message) == sender &&
                    says_ready(bytes_of(text, (size_t)length));
    }
    return is_ready;
}

void notify_reloading(void)
{
    char state[80];
    snprintf(state, sizeof state, "RELOADING=1\nMONOTONIC_USEC=%lld",
             (long long)(clock_monotonic_ns() / 1000));
    notify_send(state);
}

int64_t notify_watchdog_ns(void)
{
    const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
    uint64_t value;
    if (!usec || !bytes_to_uint64(bytes_of_text(usec), &value) || value > INT64_MAX / 1000)
        return 0;
    if (pid && strtol(pid, NULL, 10) != getpid())
        return 0;
    return (int64_t)value * 1000;
}
