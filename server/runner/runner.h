/* The runner process: journal, dispatch, actions, outcomes. */
#ifndef TENTERHOOK_SERVER_RUNNER_RUNNER_H
#define TENTERHOOK_SERVER_RUNNER_RUNNER_H

#include "server/ipc/process.h"

/* Before the secrets are wiped: each action keeps those that it is given, for its kept output.
 * False without memory. */
bool runner_learn_secrets(const struct settings *settings);

/* Never returns; exits 0 after a drain, 1 after an error that it has logged. Begins with
 * privilege_drop (privilege.h); the supervisor has already called log_start and reset the signals.
 */
_Noreturn void runner_run(const struct process *process);

/* Keeps the journal's checkpoints out of the commits' way: a PASSIVE checkpoint from a connection
 * of its own whenever the log has grown. Never returns. */
_Noreturn void checkpointer_run(const struct process *process);

#endif
