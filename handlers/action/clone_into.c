/* A process that moves into a cgroup by itself waits for a lock that every fork on the machine
 * takes for reading, and so for a grace period of RCU: 14 ms as a rule, if the last move was a
 * while ago, in which our loop would stand still. Who is born in it needs no move. Only clone3 can
 * say so, and the C library has no function for it that could give the child a stack of its own. */
#include "handlers/action/clone_into.h"

#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The child goes on behind the system call too, but on its own stack: it finds nothing there, and
 * may not come back. What it calls is in registers that the call leaves alone. */
#if defined(__x86_64__) && !defined(__ILP32__)
static long call(struct clone_args *arguments, int (*main)(void *), void *argument)
{
    register long result __asm__("rax") = SYS_clone3;
    register void *first __asm__("rdi") = arguments;
    register size_t second __asm__("rsi") = sizeof *arguments;
    register int (*function)(void *) __asm__("r8") = main;
    register void *its_first __asm__("r9") = argument;
    __asm__ volatile("syscall\n\t"
                     "testq %%rax, %%rax\n\t"
                     "jnz 1f\n\t"
                     "xorl %%ebp, %%ebp\n\t" /* the outermost frame */
                     "movq %%r9, %%rdi\n\t"
                     "callq *%%r8\n\t"
                     "hlt\n"
                     "1:"
                     : "+r"(result)
                     : "r"(first), "r"(second), "r"(function), "r"(its_first)
                     : "rcx", "r11", "memory", "cc");
    return result;
}
#elif defined(__aarch64__)
static long call(struct clone_args *arguments, int (*main)(void *), void *argument)
{
    register long number __asm__("x8") = SYS_clone3;
    register long first __asm__("x0") = (long)arguments;
    register size_t second __asm__("x1") = sizeof *arguments;
    register int (*function)(void *) __asm__("x10") = main;
    register void *its_first __asm__("x11") = argument;
    __asm__ volatile("svc #0\n\t"
                     "cbnz x0, 1f\n\t"
                     "mov x29, #0\n\t" /* the outermost frame */
                     "mov x0, x11\n\t"
                     "blr x10\n\t"
                     "brk #0\n"
                     "1:"
                     : "+r"(first)
                     : "r"(number), "r"(second), "r"(function), "r"(its_first)
                     : "memory", "cc");
    return first;
}
#else
static long call(struct clone_args *arguments, int (*main)(void *), void *argument)
{
    (void)arguments;
    (void)main;
    (void)argument;
    return -ENOSYS;
}
#endif

pid_t clone_into(int cgroup, unsigned flags, int (*main)(void *argument), void *argument,
                 void *stack, size_t stack_size, int *pidfd)
{
    struct clone_args arguments = {.flags = flags | CLONE_INTO_CGROUP,
                                   .pidfd = (uintptr_t)pidfd,
                                   .exit_signal = SIGCHLD,
                                   .stack = (uintptr_t)stack,
                                   .stack_size = stack_size,
                                   .cgroup = (uint64_t)cgroup};
    long result = call(&arguments, main, argument);
    if (result >= 0)
        return (pid_t)result;
    errno = (int)-result;
    return -1;
}
