/* What an operator's program asks through the control socket: one line of JSON with a verb and its
 * members, documented in docs/operations.md. */
#ifndef TENTERHOOK_SERVER_IPC_OPERATOR_REQUEST_H
#define TENTERHOOK_SERVER_IPC_OPERATOR_REQUEST_H

#include "base/bytes.h"
#include "base/error.h"

enum { OPERATOR_LINE_MAX = 8192 /* with its line end */ };

/* Points into itself: it is not copied. Members that are not there are "" and 0; unknown ones do
 * not matter. */
struct operator_request {
    const char *verb;
    const char *journal; /* that the server must have, without links */
    const char *id;      /* of an event */
    uint64_t runner;     /* that is to be asked; 0: the current one */
    char texts[OPERATOR_LINE_MAX + 4];
};

/* Reads a line. False with the sentence: it is no JSON object, has no verb, or a member of another
 * type. */
bool operator_request_read(struct bytes line, struct operator_request *request, struct error *err);

/* Looks at what has come through a connection and leaves it there. 1: a line, `*length` with its
 * end; 0: not yet all of it; -1: the other side is gone, or sends more than a line may have. */
int operator_request_peek(int fd, uint8_t line[OPERATOR_LINE_MAX], size_t *length);

/* The socket that stands beside a journal: `path` and its ending. False: too long. */
bool operator_socket_beside(const char *journal, char *path, size_t size);
/* The one where a service manager has made a directory for the program. */
#define OPERATOR_SOCKET_DIRECTORY "/run/tenterhook"
#define OPERATOR_SOCKET_NAME "control.sock"

#endif
