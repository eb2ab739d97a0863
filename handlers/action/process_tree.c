/* A tree is its name: everything is a small file below the directory of the forest, opened when it
 * is needed, so that an attempt under way holds no descriptor for it.
 *
 * What a command leaves on purpose (`helpers: keep`) stays in the cgroup of its attempt, with the
 * limits of it. A cgroup of version 2 cannot be renamed, and systemd removes an empty one that
 * would be a mark in it when a unit stops; so the mark is the sticky bit of its mode. Nobody waits
 * for the end of such a tree: an empty one is removed when others are kept, and when a runner or a
 * server begins. */
#include "handlers/action/process_tree.h"

#include "base/bytes.h"
#include "base/clock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SWEEP_NS (2 * NS_PER_S)

enum { KEPT_SWEEP = 16, TREE_MODE = 0755 };

/* ---- files of cgroups ---- */

static int file_open(int base, const char *name, const char *file, int flags)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/%s", name, file) >= (int)sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return openat(base, path, flags | O_CLOEXEC);
}

static bool file_put(int base, const char *name, const char *file, const char *text)
{
    int fd = file_open(base, name, file, O_WRONLY);
    if (fd < 0)
        return false;
    bool put = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    int failure = errno;
    close(fd);
    errno = failure;
    return put;
}

/* The number behind `key` in lines of "KEY NUMBER"; 0 where there is none. */
static uint64_t flat_number(int fd, const char *key)
{
    char text[1024];
    uint64_t number;
    ssize_t length = fd < 0 ? -1 : pread(fd, text, sizeof text, 0);
    struct bytes rest = bytes_of(text, length > 0 ? (size_t)length : 0);
    while (rest.length > 0) {
        struct bytes line = bytes_split(&rest, '\n'), name = bytes_split(&line, ' ');
        if (bytes_equal_text(name, key) && bytes_to_uint64(line, &number))
            return number;
    }
    return 0;
}

/* ---- its processes ---- */

/* Calls `visit` with each process of the cgroup, but not of those in it. */
static void visit_processes(const struct process_tree *tree,
                            void (*visit)(pid_t pid, pid_t group, int signal), pid_t group,
                            int signal)
{
    int fd = file_open(tree->forest->base, tree->name, "cgroup.procs", O_RDONLY);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
    int pid;
    while (file && fscanf(file, "%d", &pid) == 1)
        if (pid > 0) /* 0: one that our pid namespace does not have */
            visit(pid, group, signal);
    if (file)
        fclose(file);
    else if (fd >= 0)
        close(fd);
}

static void signal_other(pid_t pid, pid_t group, int signal)
{
    if (getpgid(pid) != group)
        kill(pid, signal);
}

static void signal_any(pid_t pid, pid_t group, int signal)
{
    (void)group;
    kill(pid, signal);
}

void process_tree_signal_others(const struct process_tree *tree, pid_t group, int signal)
{
    visit_processes(tree, signal_other, group, signal);
}

/* Before Linux 5.14 there is no file for it: what is frozen starts nothing, but takes a KILL. */
void process_tree_kill(const struct process_tree *tree)
{
    int base = tree->forest->base;
    if (file_put(base, tree->name, "cgroup.kill", "1") || errno != ENOENT)
        return;
    file_put(base, tree->name, "cgroup.freeze", "1");
    visit_processes(tree, signal_any, 0, SIGKILL);
    file_put(base, tree->name, "cgroup.freeze", "0");
}

int process_tree_watch(const struct process_tree *tree)
{
    return file_open(tree->forest->base, tree->name, "cgroup.events", O_RDONLY);
}

bool process_tree_lives(int watch)
{
    return flat_number(watch, "populated") != 0;
}

static bool tree_lives(const struct process_tree *tree)
{
    int watch = process_tree_watch(tree);
    bool lives = process_tree_lives(watch);
    if (watch >= 0)
        close(watch);
    return lives;
}

uint64_t process_tree_memory_kills(const struct process_tree *tree)
{
    int fd = file_open(tree->forest->base, tree->name, "memory.events", O_RDONLY);
    uint64_t kills = flat_number(fd, "oom_kill");
    if (fd >= 0)
        close(fd);
    return kills;
}

/* ---- beginning and end ---- */

static bool put_limit(const struct process_tree *tree, const char *file, int64_t limit)
{
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)limit);
    return file_put(tree->forest->base, tree->name, file, text);
}

bool process_tree_limit(const struct process_tree *tree, const struct process_tree_limits *limits)
{
    const struct process_forest *forest = tree->forest;
    return (limits->memory == 0 || !forest->has_memory ||
            put_limit(tree, "memory.max", limits->memory)) &&
           (limits->processes == 0 || !forest->has_pids ||
            put_limit(tree, "pids.max", limits->processes));
}

bool process_tree_make(struct process_forest *forest, const struct process_tree_limits *limits,
                       struct process_tree *tree, struct error *err)
{
    struct process_tree made = {.forest = forest};
    *tree = (struct process_tree){.forest = NULL};
    snprintf(made.name, sizeof made.name, "a-%llu-%llu", (unsigned long long)forest->runner_id,
             (unsigned long long)++forest->made);
    bool limited = false;
    if (mkdirat(forest->base, made.name, TREE_MODE) == 0) {
        limited = process_tree_limit(&made, limits);
        int failure = errno;
        if (!limited)
            process_tree_remove(&made);
        errno = failure;
    }
    if (!limited) {
        int failure = errno;
        error_set_errno(err, failure, "cannot make a cgroup for its processes");
        errno = failure;
        return false;
    }
    *tree = made;
    return true;
}

int process_tree_open(const struct process_tree *tree)
{
    return file_open(tree->forest->base, tree->name, ".", O_RDONLY | O_DIRECTORY);
}

/* The first cgroup in the one at `path`, put behind it; false where there is none. */
static bool find_below(int base, char path[PATH_MAX])
{
    int fd = openat(base, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *entries = fd < 0 ? NULL : fdopendir(fd);
    size_t length = strlen(path);
    bool found = false;
    for (struct dirent *entry; entries && !found && (entry = readdir(entries));)
        found = entry->d_type == DT_DIR && entry->d_name[0] != '.' &&
                snprintf(path + length, PATH_MAX - length, "/%s", entry->d_name) <
                    (int)(PATH_MAX - length);
    if (entries)
        closedir(entries);
    else if (fd >= 0)
        close(fd);
    if (!found)
        path[length] = '\0';
    return found;
}

bool process_tree_remove_empty(struct process_tree *tree)
{
    bool removed = unlinkat(tree->forest->base, tree->name, AT_REMOVEDIR) == 0;
    if (removed)
        tree->forest = NULL;
    return removed;
}

/* A command may have made cgroups of its own in it, to any depth. */
void process_tree_remove(struct process_tree *tree)
{
    int base = tree->forest->base;
    char path[PATH_MAX];
    while (unlinkat(base, tree->name, AT_REMOVEDIR) != 0) {
        snprintf(path, sizeof path, "%s", tree->name);
        while (find_below(base, path))
            continue;
        if (strcmp(path, tree->name) == 0 || unlinkat(base, path, AT_REMOVEDIR) != 0)
            break;
    }
    tree->forest = NULL;
}

/* ---- all trees ---- */

/* Whose tree the name is, and whether it is the name of one. */
static bool name_runner(const char *name, uint64_t *runner_id)
{
    struct bytes rest = bytes_of_text(name);
    uint64_t number;
    return bytes_equal_text(bytes_split(&rest, '-'), "a") &&
           bytes_to_uint64(bytes_split(&rest, '-'), runner_id) && bytes_to_uint64(rest, &number);
}

static bool is_kept(const struct process_tree *tree)
{
    struct stat st;
    return fstatat(tree->forest->base, tree->name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
           (st.st_mode & S_ISVTX);
}

/* Calls `visit` with each tree. It may remove that one. */
static void visit_trees(const struct process_forest *forest,
                        void (*visit)(struct process_tree *tree, uint64_t runner_id, void *context),
                        void *context)
{
    int fd = openat(forest->base, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = fd < 0 ? NULL : fdopendir(fd);
    struct process_tree tree = {.forest = (struct process_forest *)forest};
    uint64_t runner_id;
    for (struct dirent *entry; entries && (entry = readdir(entries));) {
        if (!name_runner(entry->d_name, &runner_id) ||
            snprintf(tree.name, sizeof tree.name, "%s", entry->d_name) >= (int)sizeof tree.name)
            continue;
        visit(&tree, runner_id, context);
        tree.forest = (struct process_forest *)forest;
    }
    if (entries)
        closedir(entries);
    else if (fd >= 0)
        close(fd);
}

static void remove_if_over(struct process_tree *tree, uint64_t runner_id, void *context)
{
    (void)runner_id;
    (void)context;
    if (is_kept(tree) && !tree_lives(tree))
        process_tree_remove(tree);
}

void process_tree_keep(struct process_tree *tree)
{
    bool kept = fchmodat(tree->forest->base, tree->name, TREE_MODE | S_ISVTX, 0) == 0;
    if (kept && ++tree->forest->kept % KEPT_SWEEP == 0)
        visit_trees(tree->forest, remove_if_over, NULL);
    tree->forest = NULL;
}

bool process_forest_join(const struct process_forest *forest)
{
    return file_put(forest->base, "runner", "cgroup.procs", "0");
}

struct sweep {
    uint64_t own;
    const uint64_t *live;
    size_t live_count, left;
    int64_t deadline_ns;
};

static bool is_swept(const struct sweep *sweep, const struct process_tree *tree, uint64_t runner_id)
{
    if (runner_id == sweep->own || (is_kept(tree) && tree_lives(tree)))
        return false;
    for (size_t i = 0; i < sweep->live_count; i++)
        if (sweep->live[i] == runner_id)
            return false;
    return true;
}

static void sweep_kill(struct process_tree *tree, uint64_t runner_id, void *context)
{
    if (is_swept(context, tree, runner_id))
        process_tree_kill(tree);
}

static void sweep_remove(struct process_tree *tree, uint64_t runner_id, void *context)
{
    struct sweep *sweep = context;
    if (!is_swept(sweep, tree, runner_id))
        return;
    struct pollfd ended = {.fd = process_tree_watch(tree), .events = POLLPRI};
    bool lives;
    while ((lives = process_tree_lives(ended.fd)) && clock_monotonic_ns() < sweep->deadline_ns) {
        poll(&ended, 1, 10);
        process_tree_kill(tree);
    }
    if (ended.fd >= 0)
        close(ended.fd);
    sweep->left += lives;
    if (!lives)
        process_tree_remove(tree);
}

size_t process_forest_sweep(const struct process_forest *forest, const uint64_t *live,
                            size_t live_count)
{
    struct sweep sweep = {.own = forest->runner_id,
                          .live = live,
                          .live_count = live_count,
                          .deadline_ns = clock_monotonic_ns() + SWEEP_NS};
    if (forest->base < 0)
        return 0;
    visit_trees(forest, sweep_kill, &sweep);
    visit_trees(forest, sweep_remove, &sweep);
    return sweep.left;
}
