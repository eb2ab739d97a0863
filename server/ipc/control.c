/* SOCK_SEQPACKET keeps messages whole, shows when the other side is gone, and carries descriptors:
 * this is all that a supervisor needs. */
#include "server/ipc/control.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* How often a message is offered while the system has no memory for it: each time it looks for
 * some. */
enum { SEND_TRIES = 5 };

union descriptor_space {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(int))];
};

bool control_pair(int ends[2], struct error *err)
{
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
        return error_set_errno(err, errno, "cannot make a control channel");
    return true;
}

static void attach_descriptor(struct msghdr *message, union descriptor_space *space, int fd)
{
    memset(space, 0, sizeof *space);
    message->msg_control = space;
    message->msg_controllen = sizeof space->space;
    struct cmsghdr *header = CMSG_FIRSTHDR(message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(header), &fd, sizeof fd);
}

bool control_send(int end, enum control_type type, uint64_t value, int fd)
{
    assert(type >= CONTROL_READY && type <= CONTROL_OPERATOR);
    struct control_message content = {.type = type, .value = value};
    struct iovec part = {.iov_base = &content, .iov_len = sizeof content};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    union descriptor_space space;
    if (fd >= 0)
        attach_descriptor(&message, &space, fd);
    ssize_t sent;
    int tries = 0;
    do {
        sent = sendmsg(end, &message, MSG_NOSIGNAL);
    } while (sent < 0 && (errno == EINTR || (control_error_passes(errno) && ++tries < SEND_TRIES)));
    return sent == (ssize_t)sizeof content;
}

bool control_error_passes(int error)
{
    /* too many descriptors under way, of all processes of the user: ETOOMANYREFS */
    return error == ENOBUFS || error == ENOMEM || error == ETOOMANYREFS || error == EMFILE ||
           error == ENFILE;
}

static int received_descriptor(struct msghdr *message)
{
    struct cmsghdr *header = CMSG_FIRSTHDR(message);
    int fd = -1;
    if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS)
        memcpy(&fd, CMSG_DATA(header), sizeof fd);
    return fd;
}

int control_receive(int end, struct control_message *content, int *fd)
{
    struct iovec part = {.iov_base = content, .iov_len = sizeof *content};
    union descriptor_space space;
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = &space,
                             .msg_controllen = sizeof space.space};
    ssize_t got;
    do {
        got = recvmsg(end, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        return errno == EAGAIN || control_error_passes(errno) ? 0 : -1;
    *fd = received_descriptor(&message);
    if (got == (ssize_t)sizeof *content)
        return 1;
    if (*fd >= 0)
        close(*fd);
    return -1;
}
