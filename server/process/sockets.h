/* The listening sockets: bound once by the supervisor and kept through all generations, so that a
 * reload refuses nobody. */
#ifndef TENTERHOOK_SERVER_PROCESS_SOCKETS_H
#define TENTERHOOK_SERVER_PROCESS_SOCKETS_H

#include "base/error.h"

#include <stddef.h>
#include <sys/types.h>

enum { SOCKETS_MAX = 64, SOCKET_ADDRESS_MAX = 256 };

struct open_socket {
    char address[SOCKET_ADDRESS_MAX]; /* as the route file says it */
    int fd;
    bool local;     /* unix */
    bool inherited; /* from systemd: not unlinked by us */
    bool said;      /* to whoever waits to know the port */
    bool wanted;    /* by the configuration at hand; see socket_table_sweep */
    /* of a unix socket of ours, as it was bound */
    dev_t device;
    ino_t inode;
    gid_t group;
};

struct socket_table {
    struct open_socket items[SOCKETS_MAX];
    size_t count;
};

/* The socket for `address` (host:port, [v6]:port, unix:/path, systemd:NAME): the open one if there
 * is one, else a new one. Marks it wanted. NULL with `err`. `number` distinguishes several entries
 * with the same address (only port 0): the n-th of them gets the n-th socket. A new one of [::]
 * takes IPv4 too unless `v6_only`; one that is open and does not cannot be given IPv4. */
struct open_socket *socket_table_open(struct socket_table *table, const char *address,
                                      unsigned number, bool v6_only, struct error *err);

/* Who may connect to a unix socket of ours: a new one is the supervisor's alone until then. `group`
 * may be NULL: the one that it was bound with. Does nothing to others. False with `err`. */
bool socket_set_access(const struct open_socket *socket, mode_t mode, const char *group,
                       struct error *err);

/* Whether every user of this machine can connect to a unix socket there, by its mode and that of
 * the directories above it. */
bool unix_path_is_public(const char *path, mode_t mode);
bool socket_is_public(const struct open_socket *socket);

/* Before a configuration is applied: nothing is wanted. */
void socket_table_unmark(struct socket_table *table);
/* After: closes what is not wanted any more. */
void socket_table_sweep(struct socket_table *table);
/* Closes all and unlinks unix sockets of ours. */
void socket_table_close(struct socket_table *table);

/* Whether other machines can connect to it. */
bool socket_is_reachable(const struct open_socket *socket);

/* What a person would connect to: "https://127.0.0.1:8443", "unix:/run/x.sock". */
void socket_describe(const struct open_socket *socket, bool tls, char *text, size_t size);

#endif
