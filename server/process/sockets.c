/* Sockets are found again by the address as it is written, so "0.0.0.0:0" keeps its port through
 * reloads. The backlog is as large as the kernel allows. */
#include "server/process/sockets.h"

#include "base/bytes.h"
#include "base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { LISTEN_BACKLOG = 4096, SYSTEMD_FIRST = 3 };
enum { BIND_TRIES = 28, BIND_PAUSE_MS = 25 };

/* Splits "host:port" and "[v6]:port"; the caller's arrays. */
static bool split_host_port(const char *address, char host[128], char port[8], struct error *err)
{
    const char *colon = strrchr(address, ':');
    bool bracketed = address[0] == '[';
    const char *host_end = bracketed ? strchr(address, ']') : colon;
    if (!colon || !host_end || (bracketed && host_end + 1 != colon))
        return error_set(err, "\"%s\" is not host:port", address);
    size_t length = (size_t)(host_end - address) - bracketed;
    if (length >= 128 || strlen(colon + 1) >= 8 || colon[1] == '\0')
        return error_set(err, "\"%s\" is not host:port", address);
    memcpy(host, address + bracketed, length);
    host[length] = '\0';
    memcpy(port, colon + 1, strlen(colon + 1) + 1);
    return true;
}

/* A server that was killed may hold its port a moment longer than its supervisor lives. */
static bool bind_waiting(int fd, const struct sockaddr *address, socklen_t length)
{
    const struct timespec pause = {.tv_nsec = BIND_PAUSE_MS * NS_PER_MS};
    for (int i = 0; i < BIND_TRIES; i++) {
        if (bind(fd, address, length) == 0 && listen(fd, LISTEN_BACKLOG) == 0)
            return true;
        if (errno != EADDRINUSE || address->sa_family == AF_UNIX)
            return false;
        nanosleep(&pause, NULL);
    }
    return false;
}

static int listen_on(const struct sockaddr *address, socklen_t length, const char *name,
                     bool v6_only, struct error *err)
{
    int only = v6_only; /* the system's default is not the same everywhere */
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
    if (fd < 0) {
        error_set_errno(err, errno, "cannot make a socket for %s", name);
        return -1;
    }
    if (address->sa_family != AF_UNIX)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (address->sa_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only);
    if (!bind_waiting(fd, address, length)) {
        int reason = errno;
        error_set_errno(err, reason, "cannot listen on %s", name);
        close(fd);
        errno = reason;
        return -1;
    }
    return fd;
}

static int open_tcp(const char *address, bool v6_only, struct error *err)
{
    char host[128], port[8];
    if (!split_host_port(address, host, port, err))
        return -1;
    struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found;
    int failed = getaddrinfo(host[0] ? host : NULL, port, &hints, &found);
    if (failed) {
        error_set(err, "cannot listen on %s: %s", address, gai_strerror(failed));
        return -1;
    }
    int fd = listen_on(found->ai_addr, found->ai_addrlen, address, v6_only, err), reason = errno;
    freeaddrinfo(found);
    errno = reason;
    return fd;
}

/* Whether somebody answers on that unix socket. */
static bool unix_socket_alive(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool alive = fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof *address) == 0;
    if (fd >= 0)
        close(fd);
    return alive;
}

static int open_unix(const char *path, struct error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat what;
    if (strlen(path) >= sizeof address.sun_path) {
        error_set(err, "the path of unix:%s is too long", path);
        return -1;
    }
    memcpy(address.sun_path, path, strlen(path));
    /* a socket that nobody serves was left by a crash; anything else is not ours to remove */
    if (lstat(path, &what) == 0 && S_ISSOCK(what.st_mode) && !unix_socket_alive(&address))
        unlink(path);
    /* ours alone until socket_set_access */
    mode_t mask = umask(0177);
    int fd = listen_on((struct sockaddr *)&address, sizeof address, path, true, err);
    umask(mask);
    return fd;
}

/* The number-th descriptor that systemd named so (sd_listen_fds_with_names(3)), or -1. */
static int find_named(const char *name, unsigned number)
{
    const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
    const char *names = getenv("LISTEN_FDNAMES");
    if (!pid || !fds || strtol(pid, NULL, 10) != getpid())
        return -1;
    struct bytes rest = bytes_of_text(names ? names : "");
    long count = strtol(fds, NULL, 10);
    for (int i = 0; i < count; i++)
        if (bytes_equal_text(bytes_split(&rest, ':'), name) && number-- == 0)
            return SYSTEMD_FIRST + i;
    return -1;
}

static int socket_option(int fd, int option)
{
    int value = 0;
    socklen_t length = sizeof value;
    return getsockopt(fd, SOL_SOCKET, option, &value, &length) == 0 ? value : -1;
}

static int find_systemd(const char *name, unsigned number, struct error *err)
{
    int fd = find_named(name, number);
    if (fd < 0) {
        error_set(err, "systemd has passed no socket named \"%s\"", name);
        return -1;
    }
    if (socket_option(fd, SO_TYPE) != SOCK_STREAM || socket_option(fd, SO_ACCEPTCONN) != 1) {
        error_set(err, "what systemd has passed as \"%s\" is not a listening stream socket", name);
        return -1;
    }
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

static struct open_socket *socket_table_find(struct socket_table *table, const char *address,
                                             unsigned number)
{
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->items[i].address, address) == 0 && number-- == 0)
            return &table->items[i];
    return NULL;
}

static bool is_unix(int fd)
{
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    return getsockname(fd, (struct sockaddr *)&address, &length) == 0 &&
           address.ss_family == AF_UNIX;
}

static bool find_group(const char *name, gid_t *gid, struct error *err)
{
    const struct group *group = getgrnam(name);
    if (!group)
        return error_set(err, "there is no group \"%s\"", name);
    *gid = group->gr_gid;
    return true;
}

static const char *socket_path(const struct open_socket *socket)
{
    return socket->address + strlen("unix:");
}

/* The file of a unix socket, held and not followed: -1 if what is there now is another one.
 * Commands run as whoever may own its directory, and could put a link to a file of root's in its
 * place. */
static int hold_file(const struct open_socket *socket, struct stat *what)
{
    int fd = open(socket_path(socket), O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 && fstat(fd, what) == 0 && S_ISSOCK(what->st_mode) &&
        (socket->inode == 0 || (what->st_dev == socket->device && what->st_ino == socket->inode)))
        return fd;
    if (fd >= 0)
        close(fd);
    errno = fd >= 0 ? ENOENT : errno;
    return -1;
}

/* What has just been bound. */
static bool note_file(struct open_socket *socket, struct error *err)
{
    struct stat what;
    int fd = hold_file(socket, &what);
    if (fd < 0)
        return error_set(err, "somebody has replaced %s", socket_path(socket));
    socket->device = what.st_dev;
    socket->inode = what.st_ino;
    socket->group = what.st_gid;
    close(fd);
    return true;
}

bool socket_set_access(const struct open_socket *socket, mode_t mode, const char *group,
                       struct error *err)
{
    const char *path = socket_path(socket);
    char held[64];
    struct stat what;
    gid_t gid = socket->group;
    if (!socket->local || socket->inherited)
        return true;
    if (group && !find_group(group, &gid, err))
        return false;
    int fd = hold_file(socket, &what);
    if (fd < 0)
        return error_set_errno(err, errno, "cannot change %s, which is not our socket", path);
    snprintf(held, sizeof held, "/proc/self/fd/%d", fd);
    bool done = true;
    /* the group first: its members are not let in by the mode that was meant for others */
    if (gid != what.st_gid && fchownat(fd, "", (uid_t)-1, gid, AT_EMPTY_PATH) != 0)
        done = error_set_errno(err, errno, "cannot give %s to the group \"%s\"", path,
                               group ? group : "that it had");
    else if (chmod(held, mode) != 0)
        done = error_set_errno(err, errno, "cannot change the mode of %s", path);
    close(fd);
    return done;
}

bool unix_path_is_public(const char *path, mode_t mode)
{
    char directory[PATH_MAX];
    struct stat what;
    size_t length = strlen(path);
    if (!(mode & S_IWOTH) || length >= sizeof directory)
        return (mode & S_IWOTH) != 0;
    memcpy(directory, path, length + 1);
    for (char *slash = strrchr(directory, '/'); slash && slash > directory;
         slash = strrchr(directory, '/')) {
        *slash = '\0';
        if (stat(directory, &what) == 0 && !(what.st_mode & S_IXOTH))
            return false;
    }
    return true;
}

bool socket_is_public(const struct open_socket *socket)
{
    struct sockaddr_un address = {.sun_family = AF_UNSPEC};
    socklen_t length = sizeof address;
    struct stat what;
    if (!socket->local || getsockname(socket->fd, (struct sockaddr *)&address, &length) != 0)
        return false;
    char path[sizeof address.sun_path + 1] = "";
    memcpy(path, address.sun_path, sizeof address.sun_path);
    /* an abstract one has no mode */
    return path[0] == '\0' || (stat(path, &what) == 0 && unix_path_is_public(path, what.st_mode));
}

static bool is_loopback(const struct sockaddr_storage *address)
{
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
    if (address->ss_family == AF_INET)
        return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
    return address->ss_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

bool socket_is_reachable(const struct open_socket *socket)
{
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    return !socket->local && (getsockname(socket->fd, (struct sockaddr *)&address, &length) != 0 ||
                              !is_loopback(&address));
}

/* One that listens on [::] for IPv4 too keeps its port from an IPv4 address that a reload brings.
 */
static void explain_conflict(const struct socket_table *table, const char *address,
                             struct error *err)
{
    const char *port = strrchr(address, ':');
    for (size_t i = 0; port && i < table->count; i++) {
        const char *other = table->items[i].address, *its_port = strrchr(other, ':');
        if (!table->items[i].local && its_port && strcmp(port, its_port) == 0 && other[0] == '[' &&
            address[0] != '[') {
            char reason[sizeof err->text];
            memcpy(reason, err->text, sizeof reason);
            error_set(err, "%.300s; %s, which was opened without it, takes IPv4 too: restart",
                      reason, other);
            return;
        }
    }
}

/* Whether it listens on [::] and leaves IPv4 to another address. Once bound that cannot change. */
static bool leaves_ipv4(int fd)
{
    struct sockaddr_in6 address = {.sin6_family = AF_UNSPEC};
    socklen_t length = sizeof address, size = sizeof(int);
    int only = 0;
    return getsockname(fd, (struct sockaddr *)&address, &length) == 0 &&
           address.sin6_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&address.sin6_addr) &&
           getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, &size) == 0 && only;
}

struct open_socket *socket_table_open(struct socket_table *table, const char *address,
                                      unsigned number, bool v6_only, struct error *err)
{
    struct open_socket *found = socket_table_find(table, address, number);
    if (found && !v6_only && !found->inherited && leaves_ipv4(found->fd)) {
        error_set(err,
                  "%s was opened beside an IPv4 address of that port and cannot take IPv4 "
                  "before a restart",
                  address);
        return NULL;
    }
    if (found) {
        found->wanted = true;
        return found;
    }
    if (table->count == SOCKETS_MAX || strlen(address) >= SOCKET_ADDRESS_MAX) {
        error_set(err, "too many addresses, or %s is too long", address);
        return NULL;
    }
    struct open_socket opened = {.wanted = true};
    memcpy(opened.address, address, strlen(address) + 1);
    opened.inherited = strncmp(address, "systemd:", 8) == 0;
    opened.fd = opened.inherited                    ? find_systemd(address + 8, number, err)
                : strncmp(address, "unix:", 5) == 0 ? open_unix(address + 5, err)
                                                    : open_tcp(address, v6_only, err);
    if (opened.fd < 0) {
        if (errno == EADDRINUSE)
            explain_conflict(table, address, err);
        return NULL;
    }
    opened.local = is_unix(opened.fd);
    if (opened.local && !opened.inherited && !note_file(&opened, err)) {
        close(opened.fd);
        return NULL;
    }
    table->items[table->count] = opened;
    return &table->items[table->count++];
}

void socket_table_unmark(struct socket_table *table)
{
    for (size_t i = 0; i < table->count; i++)
        table->items[i].wanted = false;
}

static void open_socket_close(struct open_socket *socket)
{
    if (socket->local && !socket->inherited)
        unlink(socket_path(socket));
    close(socket->fd);
}

void socket_table_sweep(struct socket_table *table)
{
    size_t kept = 0;
    for (size_t i = 0; i < table->count; i++) {
        if (table->items[i].wanted)
            table->items[kept++] = table->items[i];
        else if (!table->items[i].inherited) /* systemd's are kept: a later file may want them */
            open_socket_close(&table->items[i]);
    }
    table->count = kept;
}

void socket_table_close(struct socket_table *table)
{
    for (size_t i = 0; i < table->count; i++)
        open_socket_close(&table->items[i]);
    table->count = 0;
}

void socket_describe(const struct open_socket *socket, bool tls, char *text, size_t size)
{
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    char host[NI_MAXHOST] = "?", port[NI_MAXSERV] = "?";
    if (socket->local) {
        const char *path = strncmp(socket->address, "unix:", 5) == 0 ? "" : "unix ";
        snprintf(text, size, "%s%s", path, socket->address);
        return;
    }
    if (getsockname(socket->fd, (struct sockaddr *)&address, &length) == 0)
        getnameinfo((struct sockaddr *)&address, length, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV);
    snprintf(text, size, "%s://%s%s%s:%s", tls ? "https" : "http",
             address.ss_family == AF_INET6 ? "[" : "", host,
             address.ss_family == AF_INET6 ? "]" : "", port);
}
