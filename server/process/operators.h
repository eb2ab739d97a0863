/* The control socket of the supervisor: the programs of operators connect to it and ask. It is
 * there as long as the server is, through all generations. */
#ifndef TENTERHOOK_SERVER_PROCESS_OPERATORS_H
#define TENTERHOOK_SERVER_PROCESS_OPERATORS_H

#include "server/ipc/operator_link.h"
#include "server/ipc/operator_request.h"

#include <limits.h>
#include <sys/types.h>

enum { OPERATORS_MAX = 16 /* connections at once that the supervisor has */ };

struct operators;

struct operator_client {
    struct operator_client *next;
    struct operators *operators;
    struct operator_link link;
    unsigned waits_for; /* of a verb that is answered later; 0: it waits for nothing */
};

struct operator_verb {
    const char *name; /* NULL ends the list */
    /* Answers at once, or later (operator_link_done), or gives the connection away. */
    void (*run)(void *owner, struct operator_client *client,
                const struct operator_request *request);
};

struct operators {
    struct loop *loop;
    const struct operator_verb *verbs;
    void *owner;
    int fd; /* -1: there is no socket */
    uid_t user;
    gid_t group;
    char path[PATH_MAX];
    char journal[PATH_MAX]; /* without links: whoever asks for another one is at the wrong door */
    dev_t device;
    ino_t inode;
    struct loop_watch watch;
    struct loop_timer pause; /* the system was short of descriptors */
    struct operator_client *first;
    size_t count;
};

/* Nothing is open. */
void operators_init(struct operators *operators, struct loop *loop,
                    const struct operator_verb *verbs, void *owner);
/* Listens in OPERATOR_SOCKET_DIRECTORY if the user can write there and no other server answers,
 * else beside the journal, whose lock is held. The socket belongs to the user, and only he and root
 * are answered. False with `err`: the server goes without. */
bool operators_listen(struct operators *operators, const char *journal, uid_t user, gid_t group,
                      struct error *err);
/* Closes all, and removes the socket. */
void operators_finish(struct operators *operators);
/* In a child: closes all. */
void operators_leave(struct operators *operators);

/* The work of that number is over: tells all who wait for it, or for one before it, `text` (NULL or
 * empty: nothing), then why it has failed, or (NULL) that it is done, with `members` as in
 * operator_link_done. */
void operators_settle(struct operators *operators, unsigned number, const char *text,
                      const char *failure, const char *members);
/* Whether somebody does. */
bool operators_wait_for(const struct operators *operators, unsigned number);

/* Gives the connection to a process behind that control channel. */
bool operator_client_pass(struct operator_client *client, int control);

#endif
