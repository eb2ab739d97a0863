/* Makes a generation from a route file. */
#ifndef TENTERHOOK_SERVER_PROCESS_GENERATION_H
#define TENTERHOOK_SERVER_PROCESS_GENERATION_H

#include "config/diagnostic.h"
#include "server/process/children.h"
#include "server/process/sockets.h"

/* Loads `file`, opens what it listens on (sockets that are open already are kept and marked
 * wanted), reads and checks its certificates. NULL with `err`; what the file itself has wrong is in
 * `problems`. The caller owns the generation (generation_destroy). */
struct generation *generation_create(const char *file, const struct registry *registry,
                                     struct socket_table *table, struct problem_list *problems,
                                     struct error *err);

#endif
