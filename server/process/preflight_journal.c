/* The journal's directory. The user who makes it is mostly not the user of the server, and SQLite's
 * own sentence ("attempt to write a readonly database") names neither. So a child that becomes that
 * user tries to write first: modes alone do not decide, since there are access lists, directories
 * above and read-only mounts. */
#include "server/process/preflight.h"

#include "base/units.h"
#include "config/file.h"
#include "server/ipc/privilege.h"
#include "server/journal/journal.h"

#include <dirent.h>
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Who runs the server: root becomes another user, others stay who they are. Nobody knows as whom it
 * will be started if `check` is run by an ordinary user and the file names none. */
static bool find_runner(const struct settings *settings, uid_t *uid)
{
    const char *wanted = settings->server.user;
    gid_t gid;
    *uid = geteuid();
    return (*uid != 0 && !wanted) || privilege_find_user(wanted, uid, &gid, NULL);
}

/* A directory that others use too: it is not to be given to the server's user. */
static bool is_shared(const char *path, mode_t mode)
{
    static const char *const known[] = {"/",     "/var", "/var/lib",   "/var/log", "/var/cache",
                                        "/run",  "/tmp", "/var/spool", "/var/tmp", "/boot",
                                        "/home", "/srv", "/opt"};
    static const char *const system[] = {"/etc", "/usr"}; /* and all below */
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(path, known[i]) == 0)
            return true;
    for (size_t i = 0; i < sizeof system / sizeof *system; i++) {
        size_t length = strlen(system[i]);
        if (strncmp(path, system[i], length) == 0 && (!path[length] || path[length] == '/'))
            return true;
    }
    return S_ISDIR(mode) && (mode & S_ISVTX);
}

/* Whether it holds something that is not called as the journal and the files beside it, such as the
 * route file. What cannot be listed is taken to hold nothing. */
static bool holds_others(const char *path, const char *journal)
{
    static const char *const always[] = {".", "..", "lost+found"};
    const char *slash = strrchr(journal, '/'), *name = slash ? slash + 1 : journal;
    DIR *directory = opendir(path);
    const struct dirent *entry;
    bool found = false;
    while (directory && !found && (entry = readdir(directory))) {
        found = strncmp(entry->d_name, name, strlen(name)) != 0;
        for (size_t i = 0; found && i < sizeof always / sizeof *always; i++)
            found = strcmp(entry->d_name, always[i]) != 0;
    }
    if (directory)
        closedir(directory);
    return found;
}

bool preflight_find_user(const struct settings *settings, char text[PREFLIGHT_USER_MAX])
{
    uid_t uid;
    if (!find_runner(settings, &uid) || (geteuid() != 0 && uid != geteuid()))
        return false;
    file_name_user(uid, text);
    return true;
}

/* Whose it is, who will run, and what to type: of `given`, one or more paths. */
static bool tell_owner(const struct settings *settings, const char *path, const char *given,
                       uid_t uid, struct error *err)
{
    char owner[FILE_USER_MAX], user[FILE_USER_MAX];
    bool is_known = geteuid() == 0 || settings->server.user;
    struct stat what;
    if (stat(path, &what) != 0)
        return error_set_errno(err, errno, "cannot examine %s", path);
    file_name_user(what.st_uid, owner);
    file_name_user(uid, user);
    if (what.st_uid == uid)
        return error_set(
            err, "%s belongs to %s, the user of the server, but its mode is %04o: chmod u+rw%s %s",
            path, owner, (unsigned)what.st_mode & 07777, S_ISDIR(what.st_mode) ? "x" : "", path);
    const char *runs = is_known ? "the server" : "this command";
    if (is_shared(path, what.st_mode) || holds_others(path, settings->journal.path))
        return error_set(err,
                         "%s belongs to %s, and %s, the user of %s, cannot write it: name a file "
                         "in a directory of %s's in journal.path, such as "
                         "/var/lib/tenterhook/journal.db",
                         path, owner, user, runs, user);
    return error_set(err, "%s belongs to %s, and %s, the user of %s, cannot write it: chown %s %s",
                     path, owner, user, runs, user, given);
}

/* Which directory above keeps the user out: each one is tried, as the user. */
static bool tell_closed(const struct settings *settings, const char *path, const char *user,
                        struct error *err)
{
    char closed[PATH_MAX] = "/", next[PATH_MAX];
    for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        snprintf(next, sizeof next, "%.*s", (int)(slash - path), path);
        if (privilege_try_write(settings->server.user, next) == WRITE_UNREACHABLE)
            break;
        memcpy(closed, next, sizeof closed);
    }
    return error_set(err, "%s, the user of the server, cannot reach %s: it cannot enter %s", user,
                     path, closed);
}

static bool check_path(const struct settings *settings, const char *path, uid_t uid,
                       struct error *err)
{
    char user[FILE_USER_MAX];
    file_name_user(uid, user);
    switch (privilege_try_write(settings->server.user, path)) {
    case WRITE_DENIED:
        return tell_owner(settings, path, path, uid, err);
    case WRITE_READ_ONLY:
        return error_set(err,
                         "%s is on a file system that is mounted read-only: mount it "
                         "writable, or name a file elsewhere in journal.path",
                         path);
    case WRITE_UNREACHABLE:
        return tell_closed(settings, path, user, err);
    default: /* where it could not be found out the start will */
        return true;
    }
}

/* Of files that are there. Empty ones of root's are handed over at the start. Those that only need
 * another owner are told together: a start for each would be tedious. */
static bool check_files(const struct settings *settings, const char *journal, uid_t uid,
                        struct error *err)
{
    static const char *const beside[] = {"", ".lock", "-wal", "-shm", ".mark"};
    char path[PATH_MAX], first[PATH_MAX] = "", all[5 * PATH_MAX] = "";
    struct stat what;
    for (size_t i = 0; i < sizeof beside / sizeof *beside; i++) {
        snprintf(path, sizeof path, "%s%s", journal, beside[i]);
        if (stat(path, &what) != 0 || (geteuid() == 0 && what.st_uid == 0 && what.st_size == 0))
            continue;
        if (what.st_uid == uid ||
            privilege_try_write(settings->server.user, path) != WRITE_DENIED) {
            if (!check_path(settings, path, uid, err))
                return false;
            continue;
        }
        size_t length = strlen(all);
        snprintf(all + length, sizeof all - length, "%s%s", length ? " " : "", path);
        if (!first[0])
            memcpy(first, path, sizeof first);
    }
    return !first[0] || tell_owner(settings, first, all, uid, err);
}

/* SQLite's files are at the end of a link. */
bool preflight_journal_is_writable(const struct settings *settings, struct error *err)
{
    char journal[PATH_MAX], directory[PATH_MAX];
    uid_t uid;
    if (!realpath(settings->journal.path, journal))
        snprintf(journal, sizeof journal, "%s", settings->journal.path);
    snprintf(directory, sizeof directory, "%s", journal);
    return !find_runner(settings, &uid) || (check_path(settings, dirname(directory), uid, err) &&
                                            check_files(settings, journal, uid, err));
}

static void check_place(const struct settings *settings, enum problem_kind unwritable,
                        struct problem_list *problems)
{
    struct stat what;
    struct error err = {""};
    char *path = strdup(settings->journal.path);
    bool is_there =
        path && (stat(dirname(path), &what) == 0 ? S_ISDIR(what.st_mode) : errno == EACCES);
    free(path);
    if (!is_there)
        settings_problem(problems, PROBLEM_WARNING, &settings->journal.at,
                         "the directory of the journal %s does not exist: make it, or %s",
                         settings->journal.path,
                         settings->journal.at.file ? "name another path" : "set journal.path");
    if (is_there && !preflight_journal_is_writable(settings, &err))
        settings_problem(problems, unwritable, &settings->journal.at, "%s", err.text);
}

/* The log may need as much room as it can have before it is copied, whatever commands print. */
static void check_floor(const struct settings *settings, struct problem_list *problems)
{
    const struct journal_settings *journal = &settings->journal;
    int64_t least = journal_least_space();
    char is[32], needed[32];
    if (journal->min_free >= least)
        return;
    units_format_size(journal->min_free, is);
    units_format_size(least, needed);
    settings_problem(problems, PROBLEM_WARNING, &journal->min_free_at,
                     "\"min_free: %s\" is low: the journal's log alone may grow to %s while the "
                     "disk is slow, and pending events need space for their outcomes",
                     is, needed);
}

/* Below the floor the first event is answered 503. */
static void check_space(const struct settings *settings, struct problem_list *problems)
{
    const struct journal_settings *journal = &settings->journal;
    char is[32], floor[32];
    int64_t free = file_space_beside(journal->path);
    if (free < 0 || free >= journal->min_free)
        return;
    units_format_size(free - free % (1 << 20), is); /* few digits are enough */
    units_format_size(journal->min_free, floor);
    settings_problem(problems, PROBLEM_WARNING, &journal->min_free_at,
                     "the disk of the journal has %s free, less than journal.min_free (%s): events "
                     "are answered 503 until there is space; free some, or set journal.min_free",
                     is, floor);
}

void preflight_warn_journal(const struct settings *settings, enum problem_kind unwritable,
                            struct problem_list *problems)
{
    check_place(settings, unwritable, problems);
    check_floor(settings, problems);
    check_space(settings, problems);
}
