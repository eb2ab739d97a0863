/* A child that begins its life in a cgroup. */
#ifndef TENTERHOOK_HANDLERS_ACTION_CLONE_INTO_H
#define TENTERHOOK_HANDLERS_ACTION_CLONE_INTO_H

#include <stddef.h>
#include <sys/types.h>

/* As clone(main, stack, flags | SIGCHLD), with CLONE_PIDFD among the flags, but in the cgroup whose
 * directory is open as `cgroup`. `main` may not return. -1 with errno, ENOSYS where that cannot be
 * done: before Linux 5.7, on another processor than x86-64 and AArch64, or in a sandbox. */
pid_t clone_into(int cgroup, unsigned flags, int (*main)(void *argument), void *argument,
                 void *stack, size_t stack_size, int *pidfd);

#endif
