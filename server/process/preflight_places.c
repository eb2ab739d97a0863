/* What the user of an action cannot use: a script in a closed directory, a FIFO of another user.
 * Root may everything, so the modes that root sees say nothing. For each user a child becomes that
 * user, tries the places of all its actions, and sends a byte for each; we walk over the same
 * places. */
#include "server/process/preflight.h"

#include "config/file.h"
#include "handlers/action/action.h"
#include "handlers/action/process.h"
#include "server/ipc/privilege.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

enum { USERS_MAX = 32 }; /* of one file; more are not tried */

enum place_result {
    PLACE_GOOD,
    PLACE_DENIED,
    PLACE_UNREACHABLE,
    PLACE_READ_ONLY,
    PLACE_NO_EXEC,
    PLACE_UNREADABLE,        /* a program that can be executed: no matter unless it is a script */
    PLACE_UNREADABLE_SCRIPT, /* only we who tell know that it is */
    PLACE_RESULTS
};

struct walk {
    const struct settings *settings;
    const struct process_account *account; /* whose places; NULL: the server's user's */
    const struct action_settings *action;
    FILE *results;                 /* the child writes, we read */
    struct problem_list *problems; /* NULL: of the child */
};

/* ---- one place, as the user ---- */

static enum place_result try_path(const char *path, int mode)
{
    struct stat what;
    struct statvfs mount;
    if (stat(path, &what) != 0)
        return errno == EACCES ? PLACE_UNREACHABLE : PLACE_GOOD; /* missing: that is said already */
    if (access(path, mode) == 0)
        return PLACE_GOOD;
    if (mode == X_OK && S_ISREG(what.st_mode) && statvfs(path, &mount) == 0 &&
        (mount.f_flag & ST_NOEXEC))
        return PLACE_NO_EXEC;
    return errno == EACCES ? PLACE_DENIED : errno == EROFS ? PLACE_READ_ONLY : PLACE_GOOD;
}

static enum place_result try_place(enum place_use use, const char *path)
{
    static const int modes[] = {[PLACE_PROGRAM] = X_OK,
                                [PLACE_SOURCE] = R_OK,
                                [PLACE_DIRECTORY] = X_OK,
                                [PLACE_FIFO] = W_OK,
                                [PLACE_FIFO_MADE] = W_OK};
    struct stat what;
    char directory[PATH_MAX];
    if (path[0] != '/' || use == PLACE_SCRIPT || use == PLACE_ARGUMENT)
        return PLACE_GOOD;
    if (use == PLACE_PROGRAM && access(path, X_OK) == 0 && access(path, R_OK) != 0)
        return PLACE_UNREADABLE;
    if (use != PLACE_FIFO_MADE || stat(path, &what) == 0 || errno != ENOENT)
        return try_path(path, modes[use]);
    snprintf(directory, sizeof directory, "%s", path);
    return try_path(dirname(directory), W_OK | X_OK);
}

/* Behind a closed place, which directory closes it: so many bytes of the path. */
static void try_and_write(void *context, enum place_use use, const char *path)
{
    struct walk *walk = context;
    enum place_result result = try_place(use, path);
    fputc((int)result, walk->results);
    if (result != PLACE_UNREACHABLE)
        return;
    uint16_t closed = (uint16_t)file_find_closed(path);
    fwrite(&closed, sizeof closed, 1, walk->results);
}

/* ---- what is said of it ---- */

/* Whether a program that its user cannot read is a script: who is not root (as in `check --unit`)
 * cannot read it either, and says so. */
static enum place_result judge_unreadable(const char *path)
{
    char begin[2] = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return PLACE_UNREADABLE;
    bool is_script = read(fd, begin, 2) == 2 && begin[0] == '#' && begin[1] == '!';
    close(fd);
    return is_script ? PLACE_UNREADABLE_SCRIPT : PLACE_GOOD;
}

/* What gives everybody the right that the user lacks, where that is mostly what is meant. */
static const char *remedy_of(enum place_use use, int result)
{
    bool is_mode =
        result == PLACE_DENIED || result == PLACE_UNREADABLE || result == PLACE_UNREADABLE_SCRIPT;
    return is_mode && use == PLACE_PROGRAM ? "a+rx" : is_mode && use == PLACE_SOURCE ? "a+r" : NULL;
}

static void name_walker(const struct walk *walk, char name[PREFLIGHT_USER_MAX])
{
    if (walk->account)
        snprintf(name, PREFLIGHT_USER_MAX, "%s", walk->account->name);
    else if (!preflight_find_user(walk->settings, name))
        snprintf(name, PREFLIGHT_USER_MAX, "this user");
}

/* It is closed to others, or nobody knows which. */
static void read_closed(struct walk *walk, const char *path, char reason[PATH_MAX])
{
    uint16_t closed = 0;
    bool is_known = fread(&closed, sizeof closed, 1, walk->results) == 1 && closed > 0 &&
                    closed <= strlen(path);
    if (is_known)
        snprintf(reason, PATH_MAX, "this user cannot enter %.*s", (int)closed, path);
    else
        snprintf(reason, PATH_MAX, "a directory above it is closed to others");
}

static void read_and_tell(void *context, enum place_use use, const char *path)
{
    static const char *const verbs[] = {[PLACE_PROGRAM] = "execute",
                                        [PLACE_SOURCE] = "read",
                                        [PLACE_DIRECTORY] = "enter",
                                        [PLACE_FIFO] = "write to",
                                        [PLACE_FIFO_MADE] = "make or write to"};
    char name[PREFLIGHT_USER_MAX], closed[PATH_MAX];
    const char *const reasons[] = {
        [PLACE_DENIED] = "its owner and mode do not allow it",
        [PLACE_UNREACHABLE] = closed,
        [PLACE_READ_ONLY] = "it is on a file system that is mounted read-only",
        [PLACE_NO_EXEC] = "it is on a file system that is mounted noexec",
        [PLACE_UNREADABLE] = "if it is a script, its interpreter must",
        [PLACE_UNREADABLE_SCRIPT] = "it is a script, and its owner and mode allow no reading"};
    struct walk *walk = context;
    int result = fgetc(walk->results);
    if (result == PLACE_UNREACHABLE)
        read_closed(walk, path, closed);
    if (result == PLACE_UNREADABLE)
        result = (int)judge_unreadable(path);
    if (result <= PLACE_GOOD || result >= PLACE_RESULTS)
        return;
    const char *remedy = remedy_of(use, result);
    const char *verb = verbs[result == PLACE_UNREADABLE ? PLACE_SOURCE : use];
    name_walker(walk, name);
    settings_problem(walk->problems, PROBLEM_WARNING, &walk->action->at,
                     "%s, the user of this action, cannot %s %s: %s%s%s%s%s", name, verb, path,
                     reasons[result], remedy ? ": chmod " : "", remedy ? remedy : "",
                     remedy ? " " : "", remedy ? path : "");
}

/* ---- the walk ---- */

static const struct process_account *account_of(const struct action_settings *action)
{
    const struct action_kind *kind = action_kind_of(&action->handler);
    const struct process_settings *process =
        kind->process ? kind->process(action->handler.settings) : NULL;
    return process ? process_switches_to(process) : NULL;
}

static bool is_same(const struct process_account *a, const struct process_account *b)
{
    return a == b || (a && b && a->uid == b->uid);
}

static void walk_places(struct walk *walk,
                        void (*visit)(void *context, enum place_use use, const char *path))
{
    struct place_visitor visitor = {.visit = visit, .context = walk};
    for (size_t i = 0; i < walk->settings->route_count; i++) {
        const struct route *route = &walk->settings->routes[i];
        for (size_t j = 0; j < route_all_count(route); j++) {
            walk->action = &route->actions[j];
            if (is_same(account_of(walk->action), walk->account))
                action_kind_of(&walk->action->handler)
                    ->visit_places(walk->action->handler.settings, &visitor);
        }
    }
}

static bool become_user(const struct walk *walk)
{
    const struct process_account *account = walk->account;
    uid_t uid;
    gid_t gid;
    if (geteuid() != 0)
        return true;
    if (account)
        return privilege_become(account->uid, account->gid, account->groups, account->group_count,
                                NULL);
    return privilege_find_user(walk->settings->server.user, &uid, &gid, NULL) &&
           privilege_become(uid, gid, NULL, 0, NULL);
}

/* What could not be found out the events will show. */
static void check_user(struct walk *walk)
{
    int ends[2];
    if (pipe(ends) != 0)
        return;
    pid_t child = fork();
    walk->results = child == 0 ? fdopen(ends[1], "w") : child > 0 ? fdopen(ends[0], "r") : NULL;
    close(ends[child == 0 ? 0 : 1]);
    if (child == 0) {
        if (walk->results && become_user(walk))
            walk_places(walk, try_and_write);
        _exit(!walk->results || fflush(walk->results) != 0);
    }
    if (walk->results) {
        walk_places(walk, read_and_tell);
        fclose(walk->results);
    } else {
        close(ends[0]);
    }
    while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
}

void preflight_warn_places(const struct settings *settings, struct problem_list *problems)
{
    const struct process_account *users[USERS_MAX] = {NULL}; /* the first: the server's */
    size_t count = 1;
    for (size_t i = 0; i < settings->route_count; i++)
        for (size_t j = 0; j < route_all_count(&settings->routes[i]); j++) {
            const struct process_account *account = account_of(&settings->routes[i].actions[j]);
            size_t known = 0;
            while (known < count && !is_same(users[known], account))
                known++;
            if (known == count && count < USERS_MAX && account->uid != 0)
                users[count++] = account;
        }
    for (size_t i = 0; i < count; i++) {
        struct walk walk = {.settings = settings, .account = users[i], .problems = problems};
        check_user(&walk);
    }
}
