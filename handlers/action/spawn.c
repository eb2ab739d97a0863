/* clone(CLONE_VM | CLONE_VFORK) with a stack of its own, as posix_spawn does it, because
 * posix_spawn cannot ask for the parent-death signal or a directory and does not give a pidfd.
 * Nothing is copied, so the size of our heap does not matter, and the caller sleeps until the
 * program has taken over or the child has left the errno and the step in memory both can see.
 *
 * A child that becomes another user is within reach of the processes of that user, who may stop it
 * for good, and us with it. So it is born without CLONE_VFORK: we wait for the end of a pipe that
 * only execve or its exit closes, and look now and then whether it is stopped. Meanwhile we make no
 * call that could set errno, which is the child's as well. */
#include "handlers/action/spawn.h"

#include "config/file.h"
#include "handlers/action/clone_into.h"
#include "handlers/action/process_tree.h"
#include "handlers/action/spawn_child.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* What does not begin is looked at again and again, and killed at last. */
enum { LOOK_MS = 20, LOOKS = 250 };

/* Without settings of an action. */
static const struct process_settings usual_process = {.no_new_privs = true, .umask = 022};

/* What our soft limit was; 0: what it is. */
static rlim_t descriptors;

void spawn_raise_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    rlim_t before = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
        descriptors = before;
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
    if (stat(program, &st) == 0)
        return "needs an interpreter that does not exist";
    return errno == ENOENT ? "does not exist" : "or its interpreter does not exist";
}

static void explain_failure(const struct spawn_child *child, struct error *err)
{
    const struct spawn_plan *plan = child->plan;
    int number = child->failure;
    switch (child->step) {
    case STEP_TREE:
        error_set_errno(err, number, "cannot enter the cgroup for %s", plan->program);
        break;
    case STEP_SETUP:
        error_set_errno(err, number, "cannot prepare a process for %s", plan->program);
        break;
    case STEP_NICE:
        error_set_errno(err, number, "cannot add %lld to its niceness",
                        (long long)child->process->nice);
        break;
    case STEP_USER:
        error_set_errno(err, number, "cannot take the rights that it is to have");
        break;
    case STEP_LIMITS:
        error_set_errno(err, number, "cannot set its limits");
        break;
    case STEP_DIRECTORY:
        error_set_errno(err, number, "cannot enter the directory %s", plan->directory);
        break;
    case STEP_INSIDE:
        if (number == EXDEV)
            error_set(err, "the directory %.200s leads out of %s", plan->inside, plan->directory);
        else
            error_set_errno(err, number, "cannot enter the directory %.200s below %s", plan->inside,
                            plan->directory);
        break;
    case STEP_FILE:
        error_set_errno(err, number, "cannot read the file of the event, %s", plan->file);
        break;
    case STEP_EXEC:
        if (plan->others && spawn_errno_is_absence(number))
            error_set(err, "there is no program \"%s\" along PATH that it may execute",
                      strrchr(child->program, '/') + 1);
        else
            error_set(err, "%s %s", child->program, explain_exec(child->program, number));
        break;
    }
}

static enum spawn_result explain_held_up(const struct spawn_child *child, struct error *err)
{
    const char *program = child->plan->program;
    if (child->held_up == HELD_STOPPED) {
        error_set(err, "%s was stopped before it began", program);
        return SPAWN_LATER;
    }
    error_set(err, "%s did not begin within %d ms", program, LOOKS * LOOK_MS);
    return SPAWN_FAILED;
}

/* Rights are the user's: without the name, a reason such as "Permission denied" is a riddle. */
static enum spawn_result spawn_failure(const struct spawn_child *child, struct error *err)
{
    const struct process_account *account = process_switches_to(child->process);
    enum spawn_result result = SPAWN_FAILED;
    if (spawn_errno_is_passing(child->failure)) {
        error_set_errno(err, child->failure, "cannot start %s", child->plan->program);
        return SPAWN_LATER;
    }
    if (child->held_up)
        result = explain_held_up(child, err);
    else
        explain_failure(child, err);
    if (account)
        error_prefix(err, "as user %s", account->name);
    return result;
}

/* ---- the birth ---- */

/* Sleeps until it is its program, or has ended; one that does not get there is killed. Closes our
 * copy of what the child holds. */
static void await_program(struct spawn_child *child, pid_t pid, int pidfd)
{
    struct pollfd end = {.fd = child->begins[0], .events = POLLIN};
    siginfo_t info = {.si_pid = 0};
    close(child->begins[1]);
    for (int looks = 1; poll(&end, 1, child->held_up ? -1 : LOOK_MS) <= 0; looks++) {
        waitid(P_PIDFD, (id_t)pidfd, &info, WSTOPPED | WNOHANG | WNOWAIT);
        if (info.si_pid == 0 && looks < LOOKS)
            continue;
        child->held_up = info.si_pid != 0 ? HELD_STOPPED : HELD_LONG;
        kill(pid, SIGKILL);
    }
}

/* -1 with errno. */
static pid_t clone_child(struct spawn_child *child, int *pidfd)
{
    /* One for all: each process of ours has one thread, and we go on when it is free again. */
    static _Alignas(16) uint8_t stack[32 * 1024];
    const struct process_tree *tree = child->plan->tree;
    bool awaited = child->begins[0] >= 0;
    unsigned flags = CLONE_VM | CLONE_PIDFD | (awaited ? 0 : CLONE_VFORK);
    pid_t pid = -1;
    child->step = tree ? STEP_TREE : STEP_SETUP;
    if (tree && (child->cgroup = process_tree_open(tree)) < 0)
        return -1;
    if (tree)
        pid = clone_into(child->cgroup, flags, spawn_child_main, child, stack, sizeof stack, pidfd);
    if (!tree || (pid < 0 && !spawn_errno_is_passing(errno))) {
        child->enters_cgroup = tree;
        pid = clone(spawn_child_main, stack + sizeof stack, (int)flags | SIGCHLD, child, pidfd);
    }
    if (awaited && pid >= 0)
        await_program(child, pid, *pidfd);
    int failure = errno;
    if (tree)
        close(child->cgroup);
    errno = failure;
    return pid;
}

static pid_t clone_without_signals(struct spawn_child *child, int *pidfd)
{
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    pid_t pid = clone_child(child, pidfd);
    int failure = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    errno = failure;
    return pid;
}

enum spawn_result spawn_start(const struct spawn_plan *plan, struct spawned *spawned,
                              struct error *err)
{
    struct spawn_child child = {.plan = plan,
                                .process = plan->process ? plan->process : &usual_process,
                                .parent = getpid(),
                                .descriptors = descriptors,
                                .cgroup = -1,
                                .begins = {-1, -1}};
    int pidfd = -1;
    pid_t pid = -1;
    if (!process_switches_to(child.process) || pipe2(child.begins, O_CLOEXEC) == 0)
        pid = clone_without_signals(&child, &pidfd);
    if (pid < 0)
        child.failure = errno;
    if (child.begins[0] >= 0)
        close(child.begins[0]);
    if (pid < 0 && child.begins[1] >= 0)
        close(child.begins[1]);
    if (pid >= 0 && (child.failure || child.held_up)) {
        waitpid(pid, NULL, 0);
        close(pidfd);
    }
    if (child.failure || child.held_up)
        return spawn_failure(&child, err);
    *spawned = (struct spawned){.pid = pid, .pidfd = pidfd};
    return SPAWN_STARTED;
}

/* ---- programs ---- */

static bool is_executable_file(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

/* Makes the path of `name` in the first directory of `*search`, and leaves the others there (NULL:
 * none). False where it would be too long. */
static bool next_place(const char **search, const char *name, const char *directory, char *path,
                       size_t size)
{
    const char *part = *search;
    int length = (int)strcspn(part, ":");
    int written = *part == '/' ? snprintf(path, size, "%.*s/%s", length, part, name)
                               : snprintf(path, size, "%s/%.*s/%s", directory, length, part, name);
    *search = part[length] == ':' ? part + length + 1 : NULL;
    return written > 0 && (size_t)written < size;
}

static bool is_none_along(const char *name, const char *search, struct error *err)
{
    return error_set(err, "there is no program \"%s\" along PATH (%s)", name, search);
}

bool spawn_find_program(const char *name, const char *search, const char *directory, char *path,
                        size_t size, struct error *err)
{
    if (strchr(name, '/')) {
        if ((size_t)snprintf(path, size, "%s", name) < size)
            return true;
        return error_set(err, "the path of the program is too long");
    }
    for (const char *left = search; left;)
        if (next_place(&left, name, directory, path, size) && is_executable_file(path))
            return true;
    return is_none_along(name, search, err);
}

const char *const *spawn_list_programs(struct arena *arena, const char *name, const char *search,
                                       const char *directory, struct error *err)
{
    char path[SPAWN_PATH_MAX + 1];
    size_t count = 0, most = 1;
    for (const char *at = search; *at; at++)
        most += *at == ':';
    const char **paths = arena_alloc_array(arena, most + 1, sizeof *paths);
    for (const char *left = search; paths && left;) {
        if (!next_place(&left, name, directory, path, sizeof path))
            continue;
        paths[count] = arena_copy_text(arena, path);
        if (!paths[count++])
            paths = NULL;
    }
    if (paths && count > 0)
        return paths;
    if (paths)
        is_none_along(name, search, err);
    else
        error_set(err, "out of memory");
    return NULL;
}

/* On a sealed mount it does no harm: the directory of a Kubernetes ConfigMap is 0777. */
static bool everybody_can_write(const char *path, mode_t mode)
{
    return (mode & S_IWOTH) && !(S_ISDIR(mode) && (mode & S_ISVTX)) && !file_path_is_sealed(path);
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

/* ---- the end ---- */

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
