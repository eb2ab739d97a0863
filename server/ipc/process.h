/* What the supervisor hands to every child at fork. */
#ifndef TENTERHOOK_SERVER_IPC_PROCESS_H
#define TENTERHOOK_SERVER_IPC_PROCESS_H

#include "config/settings.h"
#include "server/ipc/shared.h"

enum { TICKET_KEY_SIZE = 64 };

struct process_forest; /* handlers/action/process_tree.h */

struct listen_socket {
    int fd;     /* listening, non-blocking, close-on-exec */
    bool local; /* unix socket */
    bool tls;
    bool proxy_protocol;                   /* each connection begins with a header of it */
    const char *certificate_pem, *key_pem; /* contents, read and checked by the supervisor; key
                                              memory is wiped by processes that do not need it */
};

struct process {
    const struct settings *settings; /* secrets included; the runner forgets them at once */
    struct shared *shared;
    unsigned slot;       /* in shared->slots, and the name of its link */
    uint64_t runner_id;  /* runner: unique among all runners of this supervisor; never 0 */
    uint64_t generation; /* from 1 */
    const struct journal_engine *journal_engine; /* runner; NULL: the usual one */
    int control;                                 /* the child's end of the pair */
    const struct listen_socket *sockets;         /* listener */
    size_t socket_count;
    const struct process_forest *forest; /* runner: where commands have cgroups; NULL: nowhere */
    const uint8_t *ticket_key; /* TICKET_KEY_SIZE bytes, the same for all listeners of the server */
};

#endif
