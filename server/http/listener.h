/* A listener process: TLS, HTTP and the walk of a request up to the runner. */
#ifndef TENTERHOOK_SERVER_HTTP_LISTENER_H
#define TENTERHOOK_SERVER_HTTP_LISTENER_H

#include "server/ipc/process.h"

/* Begins with privilege_drop (privilege.h); the supervisor has already called log_start and reset
 * the signals. Never returns; exits 0 after a drain, 1 after an error that it has logged. */
_Noreturn void listener_run(const struct process *process);

#endif
