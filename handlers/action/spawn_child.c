/* The child runs in our memory: it makes system calls and nothing else, with all signals blocked
 * until none of our handlers is left.
 *
 * It becomes the user of the action in between, in memory that holds everything of the runner. Two
 * things keep processes of that user away from it. The memory is hidden (PR_SET_DUMPABLE), which a
 * change of user may undo, by fs.suid_dumpable; so it is hidden again at once, and the capabilities
 * go only then: until they have gone, nobody without them may trace it either.
 *
 * The order of the rest: what needs rights, the rights, then all that the user's own rights are to
 * decide about: limits, directories, the program. A change of user takes the parent-death signal
 * away, so that is set behind it. */
#include "handlers/action/spawn_child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/openat2.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The sanitizers' view of memory would be left as the child's, which never returns. */
#define IN_CHILD __attribute__((no_sanitize("address", "undefined"), noinline))

/* The library's functions of these names let every thread of the process change its user, and take
 * us for one of ours. Where there are two calls, the older one has 16 bits for a user. */
#ifdef SYS_setresuid32
enum { CALL_SETGROUPS = SYS_setgroups32, CALL_GID = SYS_setresgid32, CALL_UID = SYS_setresuid32 };
#else
enum { CALL_SETGROUPS = SYS_setgroups, CALL_GID = SYS_setresgid, CALL_UID = SYS_setresuid };
#endif

IN_CHILD static void child_default_signals(void)
{
    /* The library's sigaction(3) refuses the signals that it uses itself, 32 and 33, which make and
     * others leave ignored. All zero is the default on every machine, however the call lays it out.
     */
    static const uint64_t fallback[8] = {0};
    for (int number = 1; number < NSIG; number++)
        syscall(SYS_rt_sigaction, number, fallback, NULL, NSIG / 8); /* KILL and STOP refuse */
}

IN_CHILD static bool child_close(unsigned first, unsigned last)
{
    return first > last || syscall(SYS_close_range, first, last, 0) == 0 || errno == ENOSYS;
}

/* First out of the way, then into place: one of them may itself be 0, 1 or 2. `kept` is above. */
IN_CHILD static bool child_place_stdio(const int stdio[3], int kept)
{
    int away[3];
    for (int i = 0; i < 3; i++)
        if ((away[i] = fcntl(stdio[i], F_DUPFD, 3)) < 0)
            return false;
    for (int i = 0; i < 3; i++)
        if (dup2(away[i], i) < 0)
            return false;
    /* Ours are all close-on-exec; this is for those and for what we inherited ourselves. */
    return kept < 0 ? child_close(3, ~0U)
                    : child_close(3, (unsigned)kept - 1) && child_close((unsigned)kept + 1, ~0U);
}

IN_CHILD static bool child_be_nice(int64_t nice)
{
    return nice == 0 || setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + (int)nice) == 0;
}

IN_CHILD static bool child_become(const struct process_account *account)
{
    return syscall(CALL_SETGROUPS, account->group_count, account->groups) == 0 &&
           syscall(CALL_GID, account->gid, account->gid, account->gid) == 0 &&
           syscall(CALL_UID, account->uid, account->uid, account->uid) == 0 &&
           prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
}

/* Those of the runner; ambient ones go with them. Only root has some. */
IN_CHILD static bool child_drop_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};
    return syscall(SYS_capset, &header, none) == 0;
}

IN_CHILD static bool child_take_rights(const struct process_settings *process)
{
    const struct process_account *account = process_switches_to(process);
    if (account && !child_become(account))
        return false;
    if (!(account && account->uid == 0) && !child_drop_capabilities())
        return false;
    return !process->no_new_privs || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

/* Never more than we may ourselves. `beyond`: between the soft limit and the hard one. */
IN_CHILD static bool child_limit(int resource, int64_t most, rlim_t beyond)
{
    struct rlimit limit;
    rlim_t soft = (rlim_t)most;
    if (most == 0)
        return true;
    if (getrlimit(resource, &limit) != 0)
        return false;
    if (soft + beyond < limit.rlim_max) /* RLIM_INFINITY is the greatest number */
        limit.rlim_max = soft + beyond;
    limit.rlim_cur = soft < limit.rlim_max ? soft : limit.rlim_max;
    return setrlimit(resource, &limit) == 0;
}

/* Ours may have been raised. */
IN_CHILD static bool child_lower_descriptors(rlim_t soft)
{
    struct rlimit limit;
    if (soft == 0)
        return true;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return false;
    limit.rlim_cur = soft;
    return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

IN_CHILD static bool child_take_limits(const struct spawn_child *child)
{
    const struct spawn_plan *plan = child->plan;
    const struct process_limits *limits = &child->process->limits;
    /* at both limits at once the process would get SIGKILL, and the reason would be lost */
    return child_limit(RLIMIT_CPU, (limits->cpu_ms + 999) / 1000, 1) &&
           child_lower_descriptors(child->descriptors) &&
           child_limit(RLIMIT_NOFILE, limits->files, 0) &&
           child_limit(RLIMIT_FSIZE, limits->file_size, 0) &&
           (plan->processes_in_cgroup || child_limit(RLIMIT_NPROC, limits->processes, 0)) &&
           (plan->memory_in_cgroup || child_limit(RLIMIT_AS, limits->memory, 0));
}

/* Below the directory, and not out of it over a link. */
IN_CHILD static bool child_enter(struct spawn_child *child)
{
    struct open_how how = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    child->step = STEP_DIRECTORY;
    if (chdir(child->plan->directory) != 0)
        return false;
    if (!child->plan->inside)
        return true;
    child->step = STEP_INSIDE;
    int inside = (int)syscall(SYS_openat2, AT_FDCWD, child->plan->inside, &how, sizeof how);
    return inside >= 0 && fchdir(inside) == 0;
}

IN_CHILD static bool child_prepare(struct spawn_child *child)
{
    const struct process_settings *process = child->process;
    child->step = STEP_SETUP;
    child_default_signals();
    if (setsid() < 0 || !child_place_stdio(child->plan->stdio, child->begins[1]))
        return false;
    child->step = STEP_NICE;
    if (!child_be_nice(process->nice))
        return false;
    child->step = STEP_USER;
    if (!child_take_rights(process) || prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0)
        return false;
    if (getppid() != child->parent) /* it died before it could pull us along */
        _exit(127);
    child->step = STEP_LIMITS;
    if (!child_take_limits(child))
        return false;
    umask((mode_t)process->umask);
    if (!child_enter(child))
        return false;
    child->step = STEP_FILE;
    return !child->plan->file || access(child->plan->file, R_OK) == 0;
}

IN_CHILD static void child_execute(struct spawn_child *child)
{
    const struct spawn_plan *plan = child->plan;
    const char *const *others = plan->others;
    child->step = STEP_EXEC;
    child->program = plan->program;
    do
        execve(child->program, (char *const *)plan->arguments, (char *const *)plan->environment);
    while (spawn_errno_is_absence(errno) && others && *others && (child->program = *others++));
}

IN_CHILD static bool child_enter_cgroup(int cgroup)
{
    int processes = openat(cgroup, "cgroup.procs", O_WRONLY | O_CLOEXEC);
    return processes >= 0 && write(processes, "0", 1) == 1;
}

IN_CHILD int spawn_child_main(void *argument)
{
    struct spawn_child *child = argument;
    sigset_t none;
    child->step = STEP_TREE; /* first of all: nothing that it does is outside of it */
    if ((!child->enters_cgroup || child_enter_cgroup(child->cgroup)) && child_prepare(child)) {
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        child_execute(child);
    }
    child->failure = errno;
    _exit(127);
}
