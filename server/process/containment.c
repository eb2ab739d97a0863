/* Below the cgroup in which the server was started:
 *
 *   tenterhook-PID.0          the supervisor's name for it all
 *     server                  supervisor, listeners, checkpointer
 *     commands                given to the user that commands run as
 *       runner                the runners, which start commands from here
 *       a-RUNNER-NUMBER       one for each attempt (handlers/action/process_tree.h)
 *
 * Who may write in a cgroup may move processes within it, and kill them. A runner must move its
 * children from its own cgroup to another, so the two are below one that is the runner's user's;
 * the supervisor is not.
 *
 * May we make cgroups here at all? Systemd manages the whole tree, and moves and removes what it
 * does not know, except below a cgroup that it has delegated, which it marks with an extended
 * attribute. There, a cgroup that has others with controllers may have no processes, which is why
 * the supervisor leaves it. Where systemd does not run, as in a container, nobody else manages the
 * tree: cgroups are made, if the system lets us, but no controller is enabled outside of them.
 *
 * A server that was killed leaves its cgroups. The supervisor holds a lock on the directory, so the
 * next one that is started in the same place knows that it is gone, and sweeps. */
#include "server/process/containment.h"

#include "base/bytes.h"
#include "server/process/cgroup_place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define NAME "tenterhook-"

enum { NAMES = 10, NAME_SIZE = sizeof((struct containment *)NULL)->name };

static const char *const controllers[] = {"memory", "pids"};

/* That of this process, which has moved: what its cgroup is now says nothing. */
static const struct containment *begun;

/* ---- files of a cgroup ---- */

static int open_directory(int base, const char *name)
{
    return openat(base, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static bool file_put(int base, const char *file, const char *text)
{
    int fd = openat(base, file, O_WRONLY | O_CLOEXEC);
    bool put = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    int failure = errno;
    if (fd >= 0)
        close(fd);
    errno = failure;
    return put;
}

static bool file_has_word(int base, const char *file, const char *word)
{
    char text[512];
    int fd = openat(base, file, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof text);
    struct bytes rest = bytes_of(text, length > 0 ? (size_t)length : 0);
    if (fd >= 0)
        close(fd);
    while (rest.length > 0) {
        struct bytes line = bytes_split(&rest, '\n');
        while (line.length > 0)
            if (bytes_equal_text(bytes_split(&line, ' '), word))
                return true;
    }
    return false;
}

/* Whether there is a process in the cgroup, or in one below it. */
static bool lives(int base, const char *name)
{
    char path[NAME_MAX + sizeof "/cgroup.events"];
    snprintf(path, sizeof path, "%s/cgroup.events", name);
    int fd = openat(base, path, O_RDONLY | O_CLOEXEC);
    bool populated = process_tree_lives(fd);
    if (fd >= 0)
        close(fd);
    return populated;
}

/* ---- what others have left ---- */

/* The cgroups of a server in which no process of it is, its commands among them. */
static void remove_all(int above, const char *name, struct process_forest *forest)
{
    static const char *const parts[] = {"commands/runner", "commands", "server", ""};
    char path[64];
    if (forest->base >= 0)
        process_forest_sweep(forest, NULL, 0);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        snprintf(path, sizeof path, "%s/%s", name, parts[i]);
        unlinkat(above, path, AT_REMOVEDIR);
    }
}

static bool is_name(const char *name)
{
    size_t length = strlen(name), before = strlen(NAME);
    return strncmp(name, NAME, before) == 0 && length > before && length < NAME_SIZE &&
           strspn(name + before, "0123456789.") == length - before;
}

/* One whose supervisor is gone may have processes for a moment still. */
static bool is_left(int above, const char *name)
{
    char parts[2][NAME_SIZE + 32];
    snprintf(parts[0], sizeof parts[0], "%s/server", name);
    snprintf(parts[1], sizeof parts[1], "%s/commands/runner", name);
    return !lives(above, parts[0]) && !lives(above, parts[1]);
}

static void sweep_one(int above, const char *name)
{
    int own = open_directory(above, name);
    if (own >= 0 && flock(own, LOCK_EX | LOCK_NB) == 0 && is_left(above, name)) {
        struct process_forest forest = {.base = open_directory(own, "commands")};
        remove_all(above, name, &forest);
        if (forest.base >= 0)
            close(forest.base);
    }
    if (own >= 0)
        close(own);
}

static void sweep(int above)
{
    int fd = open_directory(above, ".");
    DIR *entries = fd < 0 ? NULL : fdopendir(fd);
    for (struct dirent *entry; entries && (entry = readdir(entries));)
        if (is_name(entry->d_name))
            sweep_one(above, entry->d_name);
    if (entries)
        closedir(entries);
    else if (fd >= 0)
        close(fd);
}

/* ---- the beginning ---- */

/* Whether systemd says that the cgroup is ours to divide. */
static bool is_delegated(int above)
{
    static const char *const names[] = {"user.delegate", "trusted.delegate"};
    char value;
    for (size_t i = 0; i < 2; i++)
        if (fgetxattr(above, names[i], &value, 1) == 1 && value == '1')
            return true;
    return false;
}

/* Opens the cgroup that is ours to divide: our own one, or that around it, where systemd starts a
 * unit with DelegateSubgroup=. False with `why`. */
static bool find_above(struct containment *containment, const char *root, struct error *why)
{
    static const struct cgroup_hierarchy version_2 = {"cgroup2", NULL};
    struct cgroup_place place;
    char path[3 * PATH_MAX];
    if (!cgroup_find_own(root, &version_2, &place))
        return error_set(why, "no cgroups of version 2 are mounted");
    snprintf(containment->path, sizeof containment->path, "%.400s", place.directory);
    snprintf(path, sizeof path, "%s%s", root, place.directory);
    containment->above = open_directory(AT_FDCWD, path);
    if (containment->above < 0)
        return error_set_errno(why, errno, "the cgroup %s cannot be opened", containment->path);
    if (is_delegated(containment->above))
        return true;
    int around =
        strlen(place.directory) > place.mounted ? open_directory(containment->above, "..") : -1;
    if (around >= 0 && is_delegated(around)) {
        close(containment->above);
        containment->above = around;
        *strrchr(containment->path, '/') = '\0';
        return true;
    }
    if (around >= 0)
        close(around);
    snprintf(path, sizeof path, "%s/run/systemd/system", root);
    return access(path, F_OK) != 0 ||
           error_set(why, "systemd has not delegated the cgroup %s: the unit needs Delegate=yes",
                     containment->path);
}

/* In the cgroup above only where it was given to us; what is enabled there already serves as well.
 */
static void enable_controllers(struct containment *containment)
{
    char text[32];
    bool *const has[] = {&containment->forest.has_memory, &containment->forest.has_pids};
    bool delegated = is_delegated(containment->above);
    for (size_t i = 0; i < 2; i++) {
        snprintf(text, sizeof text, "+%s", controllers[i]);
        if (delegated &&
            !file_has_word(containment->above, "cgroup.subtree_control", controllers[i]))
            containment->enables_above |=
                file_put(containment->above, "cgroup.subtree_control", text);
        *has[i] = file_put(containment->lock, "cgroup.subtree_control", text) &&
                  file_put(containment->forest.base, "cgroup.subtree_control", text);
    }
}

static bool give_away(int commands, uid_t uid, gid_t gid)
{
    static const char *const files[] = {".", "cgroup.procs", "cgroup.subtree_control",
                                        "cgroup.threads"};
    bool given = true;
    for (size_t i = 0; i < sizeof files / sizeof *files && geteuid() == 0; i++)
        given = fchownat(commands, files[i], uid, gid, AT_SYMLINK_NOFOLLOW) == 0 && given;
    return given;
}

/* The name is free, or has what a server of this number has left: helpers that live on. Between
 * the making and the lock somebody may sweep it. */
static bool make_own(struct containment *containment)
{
    for (int i = 0; i < NAMES; i++) {
        snprintf(containment->name, sizeof containment->name, NAME "%d.%d", (int)getpid(), i);
        if (mkdirat(containment->above, containment->name, 0755) != 0) {
            if (errno != EEXIST)
                return false;
            continue;
        }
        containment->lock = open_directory(containment->above, containment->name);
        if (containment->lock >= 0 && flock(containment->lock, LOCK_EX | LOCK_NB) == 0 &&
            mkdirat(containment->lock, "server", 0755) == 0)
            return true;
        if (containment->lock >= 0)
            close(containment->lock);
        containment->lock = -1;
    }
    errno = EEXIST;
    return false;
}

static bool set_up(struct containment *containment, uid_t uid, gid_t gid)
{
    if (!make_own(containment) || mkdirat(containment->lock, "commands", 0755) != 0 ||
        mkdirat(containment->lock, "commands/runner", 0755) != 0)
        return false;
    containment->forest.base = open_directory(containment->lock, "commands");
    if (containment->forest.base < 0 || !file_put(containment->lock, "server/cgroup.procs", "0"))
        return false;
    enable_controllers(containment);
    return give_away(containment->forest.base, uid, gid);
}

struct containment_counts containment_counts(const char *root)
{
    struct containment here = containment_none();
    struct error why;
    bool has[2] = {false};
    if (begun)
        return (struct containment_counts){begun->forest.has_memory, begun->forest.has_pids};
    bool found = find_above(&here, root, &why) && faccessat(here.above, ".", W_OK, AT_EACCESS) == 0;
    for (size_t i = 0; i < 2 && found; i++)
        has[i] = file_has_word(here.above, "cgroup.subtree_control", controllers[i]) ||
                 (is_delegated(here.above) &&
                  file_has_word(here.above, "cgroup.controllers", controllers[i]));
    containment_leave(&here);
    return (struct containment_counts){has[0], has[1]};
}

struct containment containment_none(void)
{
    return (struct containment){.forest.base = -1, .above = -1, .lock = -1};
}

bool containment_begin(struct containment *containment, const char *root, uid_t uid, gid_t gid,
                       struct error *why)
{
    *containment = containment_none();
    bool done = find_above(containment, root, why);
    if (done) {
        sweep(containment->above);
        done = set_up(containment, uid, gid) ||
               error_set_errno(why, errno, "no cgroup can be made and entered in %s",
                               containment->path);
    }
    if (!done) {
        containment_end(containment);
        return false;
    }
    begun = containment;
    size_t length = strlen(containment->path);
    snprintf(containment->path + length, sizeof containment->path - length, "/%s",
             containment->name);
    return true;
}

const char *containment_limits(const struct containment *containment)
{
    const struct process_forest *forest = &containment->forest;
    if (forest->has_memory)
        return forest->has_pids ? "memory, processes" : "memory";
    return forest->has_pids ? "processes" : "none";
}

/* ---- the end ---- */

void containment_leave(struct containment *containment)
{
    if (containment->above >= 0)
        close(containment->above);
    if (containment->lock >= 0)
        close(containment->lock);
    containment->above = containment->lock = -1;
}

/* A cgroup with controllers for others may have no processes: they are disabled from below. */
static void disable_controllers(const struct containment *containment)
{
    static const char *const parts[] = {"commands", ".", ".."};
    char path[96], text[32];
    for (size_t part = 0; part < (containment->enables_above ? 3U : 2U); part++) {
        for (size_t i = 0; i < 2; i++) {
            snprintf(path, sizeof path, "%s/%s/cgroup.subtree_control", containment->name,
                     parts[part]);
            snprintf(text, sizeof text, "-%s", controllers[i]);
            file_put(containment->above, path, text);
        }
    }
}

void containment_end(struct containment *containment)
{
    if (begun == containment)
        begun = NULL;
    if (containment->lock >= 0) {
        if (containment->forest.base >= 0)
            process_forest_sweep(&containment->forest, NULL, 0);
        disable_controllers(containment);
        file_put(containment->above, "cgroup.procs", "0");
        remove_all(containment->above, containment->name, &containment->forest);
    }
    if (containment->forest.base >= 0)
        close(containment->forest.base);
    containment_leave(containment);
    containment->forest.base = -1;
}
