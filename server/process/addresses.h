/* The addresses of a generation that becomes the current one. */
#ifndef TENTERHOOK_SERVER_PROCESS_ADDRESSES_H
#define TENTERHOOK_SERVER_PROCESS_ADDRESSES_H

#include "server/process/children.h"
#include "server/process/sockets.h"

/* Gives unix sockets the mode and the group that its file names. */
void addresses_open(const struct generation *generation, const struct socket_table *table);
/* Says each address once, on standard output and in the log. */
void addresses_print(const struct generation *generation, struct socket_table *table);

#endif
