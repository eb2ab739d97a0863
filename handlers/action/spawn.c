/* clone(CLONE_VM | CLONE_VFORK) with a stack of its own, as posix_spawn does it, because
 * posix_spawn cannot ask for the parent-death signal or a directory and does not give a pidfd.
 * Nothing is copied, so the size of our heap does not matter, and the caller sleeps until the
 * program has taken over or the child has left the errno and the step in memory both can see.
 *
 * The child runs in our memory: it makes system calls and nothing else, with all signals blocked
 * until none of our handlers is left. */
#include "handlers/action/spawn.h"

#include "config/file.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum spawn_step { STEP_SETUP, STEP_TREE, STEP_DIRECTORY, STEP_EXEC };

struct child {
    const struct spawn_plan *plan;
    pid_t parent;
    volatile enum spawn_step step;
    volatile int failure; /* errno; 0: the program has taken over */
};

/* The sanitizers' view of memory would be left as the child's, which never returns. */
#define IN_CHILD __attribute__((no_sanitize("address", "undefined"), noinline))

IN_CHILD static void child_default_signals(void)
{
    struct sigaction fallback = {.sa_handler = SIG_DFL};
    for (int number = 1; number < NSIG; number++)
        sigaction(number, &fallback, NULL); /* some refuse: those are at their default */
}

/* First out of the way, then into place: one of them may itself be 0, 1 or 2. */
IN_CHILD static bool child_place_stdio(const int stdio[3])
{
    int away[3];
    for (int i = 0; i < 3; i++)
        if ((away[i] = fcntl(stdio[i], F_DUPFD, 3)) < 0)
            return false;
    for (int i = 0; i < 3; i++)
        if (dup2(away[i], i) < 0)
            return false;
    /* Ours are all close-on-exec; this is for those and for what we inherited ourselves. */
    return syscall(SYS_close_range, 3, ~0U, 0) == 0 || errno == ENOSYS;
}

IN_CHILD static bool child_prepare(const struct child *child)
{
    child_default_signals();
    if (setsid() < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0)
        return false;
    if (getppid() != child->parent) /* it died before it could pull us along */
        _exit(127);
    umask(022);
    return child_place_stdio(child->plan->stdio);
}

IN_CHILD static int child_main(void *argument)
{
    struct child *child = argument;
    sigset_t none;
    int directory = child->plan->directory_fd, tree = child->plan->tree;
    child->step = STEP_TREE; /* first of all: nothing that it does is outside of it */
    bool entered = tree < 0 || write(tree, "0", 1) == 1;
    if (entered)
        child->step = STEP_DIRECTORY; /* while the descriptor is open */
    if (entered && (directory >= 0 ? fchdir(directory) : chdir(child->plan->directory)) == 0) {
        child->step = STEP_SETUP;
        if (child_prepare(child)) {
            child->step = STEP_EXEC;
            sigemptyset(&none);
            sigprocmask(SIG_SETMASK, &none, NULL);
            execve(child->plan->program, (char *const *)child->plan->arguments,
                   (char *const *)child->plan->environment);
        }
    }
    child->failure = errno;
    _exit(127);
}

bool spawn_errno_is_passing(int number)
{
    return number == EAGAIN || number == ENOMEM || number == EMFILE || number == ENFILE;
}

/* What execve's errno means to a person, behind the program's name. */
static const struct {
    int number;
    const char *text;
} exec_failures[] = {
    {EACCES, "may not be executed"},
    {ENOEXEC, "is not a program (a script needs a #! line)"},
    {E2BIG, "cannot be given arguments and an environment that long"},
    {ETXTBSY, "is being written at the moment"},
    {ELOOP, "is reached over too many symbolic links"},
    {ENOTDIR, "cannot be reached: a part of the path is not a directory"},
    {EISDIR, "has a directory for an interpreter"},
    {ELIBBAD, "has an interpreter that is not a program"},
    {EIO, "cannot be read from its disk"},
};

static const char *explain_exec(const char *program, int number)
{
    struct stat st;
    for (size_t i = 0; i < sizeof exec_failures / sizeof *exec_failures; i++)
        if (exec_failures[i].number == number)
            return exec_failures[i].text;
    if (number != ENOENT)
        return strerror(number);
    return stat(program, &st) == 0 ? "needs an interpreter that does not exist" : "does not exist";
}

static enum spawn_result spawn_failure(const struct child *child, struct error *err)
{
    if (spawn_errno_is_passing(child->failure)) {
        error_set_errno(err, child->failure, "cannot start %s", child->plan->program);
        return SPAWN_LATER;
    }
    if (child->step == STEP_DIRECTORY)
        error_set_errno(err, child->failure, "cannot enter the directory %s",
                        child->plan->directory);
    else if (child->step == STEP_TREE)
        error_set_errno(err, child->failure, "cannot enter the cgroup for %s",
                        child->plan->program);
    else if (child->step == STEP_EXEC)
        error_set(err, "%s %s", child->plan->program,
                  explain_exec(child->plan->program, child->failure));
    else
        error_set_errno(err, child->failure, "cannot prepare a process for %s",
                        child->plan->program);
    return SPAWN_FAILED;
}

enum spawn_result spawn_start(const struct spawn_plan *plan, struct spawned *spawned,
                              struct error *err)
{
    /* One for all: each process of ours has one thread, and clone returns when it is free again. */
    static _Alignas(16) uint8_t stack[32 * 1024];
    struct child child = {.plan = plan, .parent = getpid()};
    sigset_t all, before;
    int pidfd = -1;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    pid_t pid = clone(child_main, stack + sizeof stack,
                      CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &child, &pidfd);
    int failure = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (pid < 0)
        child.failure = failure;
    else if (child.failure) {
        waitpid(pid, NULL, 0);
        close(pidfd);
    }
    if (child.failure)
        return spawn_failure(&child, err);
    *spawned = (struct spawned){.pid = pid, .pidfd = pidfd};
    return SPAWN_STARTED;
}

static bool is_executable_file(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

bool spawn_find_program(const char *name, const char *search, const char *directory, char *path,
                        size_t size, struct error *err)
{
    if (strchr(name, '/')) {
        if ((size_t)snprintf(path, size, "%s", name) < size)
            return true;
        return error_set(err, "the path of the program is too long");
    }
    for (const char *part = search; part;) {
        int length = (int)strcspn(part, ":");
        int written = *part == '/'
                          ? snprintf(path, size, "%.*s/%s", length, part, name)
                          : snprintf(path, size, "%s/%.*s/%s", directory, length, part, name);
        if (written > 0 && (size_t)written < size && is_executable_file(path))
            return true;
        part = part[length] == ':' ? part + length + 1 : NULL;
    }
    return error_set(err, "there is no program \"%s\" along PATH (%s)", name, search);
}

/* Where nobody can write it does no harm: the directory of a Kubernetes ConfigMap is 0777, on a
 * mount that is read-only. */
static bool everybody_can_write(const char *path, mode_t mode)
{
    return (mode & S_IWOTH) && !(S_ISDIR(mode) && (mode & S_ISVTX)) &&
           !file_path_is_read_only(path);
}

bool spawn_program_is_safe(const char *path, struct error *err)
{
    char directory[PATH_MAX];
    struct stat st;
    if (stat(path, &st) == 0 && everybody_can_write(path, st.st_mode))
        return error_set(err, "%s can be written by every user", path);
    snprintf(directory, sizeof directory, "%s", path);
    char *slash = strrchr(directory, '/');
    if (!slash)
        return true;
    slash[slash == directory] = '\0';
    if (stat(directory, &st) == 0 && S_ISDIR(st.st_mode) &&
        everybody_can_write(directory, st.st_mode))
        return error_set(
            err, "every user can replace %s: its directory can be written by every user", path);
    return true;
}

bool spawn_has_ended(const struct spawned *spawned)
{
    siginfo_t info = {.si_pid = 0};
    return waitid(P_PIDFD, (id_t)spawned->pidfd, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid != 0;
}

void spawn_signal_group(const struct spawned *spawned, int signal)
{
    kill(-spawned->pid, signal);
}

/* Whether the process of that directory of /proc is in the group and no zombie. */
static bool lives_in_group(int proc, const char *name, pid_t group)
{
    char path[64], text[512], state;
    int pgrp;
    if (!isdigit((unsigned char)name[0]) || atoi(name) == group ||
        snprintf(path, sizeof path, "%s/stat", name) >= (int)sizeof path)
        return false;
    int fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    if (length <= 0) /* gone */
        return false;
    text[length] = '\0';
    const char *rest = strrchr(text, ')'); /* the name before it may hold anything */
    return rest && sscanf(rest, ") %c %*d %d", &state, &pgrp) == 2 && pgrp == group &&
           !strchr("ZX", state);
}

/* A group that holds a zombie, its leader, still takes signals: so kill() cannot tell. */
bool spawn_find_survivor(const struct spawned *spawned, int *pidfd)
{
    DIR *proc = opendir("/proc");
    bool found = !proc; /* nobody knows: as if */
    *pidfd = -1;
    for (struct dirent *entry; proc && !found && (entry = readdir(proc));) {
        found = lives_in_group(dirfd(proc), entry->d_name, spawned->pid);
        if (found)
            *pidfd = (int)syscall(SYS_pidfd_open, atoi(entry->d_name), 0);
    }
    if (proc)
        closedir(proc);
    return found;
}

void spawn_reap(struct spawned *spawned, bool keep_group, siginfo_t *info)
{
    /* Before the reaping: until then nobody else can get this process group's number. */
    if (!keep_group)
        spawn_signal_group(spawned, SIGKILL);
    *info = (siginfo_t){.si_code = CLD_EXITED, .si_status = 127};
    while (waitid(P_PIDFD, (id_t)spawned->pidfd, info, WEXITED) != 0 && errno == EINTR)
        continue;
    close(spawned->pidfd);
    *spawned = (struct spawned){.pidfd = -1};
}
