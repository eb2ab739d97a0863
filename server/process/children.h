/* The supervisor's list of the processes of the server and of the generations they belong to. */
#ifndef TENTERHOOK_SERVER_PROCESS_CHILDREN_H
#define TENTERHOOK_SERVER_PROCESS_CHILDREN_H

#include "base/loop.h"
#include "server/ipc/control.h"
#include "server/ipc/process.h"

#include <sys/types.h>

enum role { ROLE_RUNNER, ROLE_LISTENER, ROLE_CHECKPOINTER, ROLES };

struct generation;
struct children;

struct child {
    struct child *next;
    struct children *children;
    struct generation *generation;
    enum role role;
    pid_t pid;
    int control;        /* our end */
    unsigned slot;      /* in the shared region */
    uint64_t runner_id; /* runners: unique for the life of the supervisor */
    uint64_t links;     /* listeners: how many it has been given */
    bool ready;
    bool released; /* runner: claims nothing any more */
    int64_t started_ns, heard_ns;
    struct loop_watch watch;
};

/* One configuration and the processes that live by it. */
struct generation {
    struct generation *next; /* older */
    uint64_t number;
    struct settings *settings;
    struct listen_socket *sockets; /* PEM texts owned here */
    size_t socket_count;
    unsigned listeners;       /* wanted */
    unsigned failures[ROLES]; /* deaths in a row, for the back-off */
    int64_t starts_ns[ROLES]; /* not started again before */
    bool serving;             /* has once been complete and ready */
    bool leaving;             /* told to drain */
};

/* All children of all generations. */
struct children {
    struct child *first;
    struct shared *shared;
    struct loop *loop;
    uint64_t last_runner_id;
    const uint8_t *ticket_key;
    const struct process_forest *forest; /* NULL: commands have no cgroups */
    void (*said)(struct child *child, const struct control_message *message);
    /* in a new child of that generation: closes what only the supervisor uses */
    void (*leave_parent)(void *owner, const struct generation *generation);
    void *owner;
};

extern const char *const role_names[ROLES];

/* Forks one more process of that role and connects it: a listener with the generation's runner, a
 * runner with all its listeners. NULL after logging why. */
struct child *child_start(struct children *children, struct generation *generation, enum role role);

/* Says it to the child. One that cannot be reached has missed what is not said again: it is killed,
 * and so replaced. False then. */
bool child_tell(struct child *child, enum control_type type, uint64_t value);

/* Gives a listener that has no link another one to its runner, if it has one. `reached`: how
 * many have come to it; one that is still under way is enough. */
void child_reconnect(struct child *listener, uint64_t reached);

/* Takes a dead child off the list and frees it; what it held in the shared region is given back. */
void child_forget(struct children *children, struct child *child);

struct child *child_by_pid(struct children *children, pid_t pid);
/* The first of that role in the generation, or NULL. */
struct child *child_find(struct children *children, const struct generation *generation,
                         enum role role);
size_t child_count(struct children *children, const struct generation *generation, enum role role);

void generation_destroy(struct generation *generation);

#endif
