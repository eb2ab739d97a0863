/* The order matters: groups while we may, gid before uid, then the proof that root is out of
 * reach. */
#include "server/ipc/privilege.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

bool privilege_find_user(const char *wanted, uid_t *uid, gid_t *gid, struct error *err)
{
    const struct passwd *user = getpwnam(wanted ? wanted : "tenterhook");
    if (!user && !wanted)
        user = getpwnam("nobody");
    if (!user)
        return error_set(err, "there is no user \"%s\"", wanted ? wanted : "tenterhook");
    if (user->pw_uid == 0)
        return error_set(err, "server.user may not be root");
    *uid = user->pw_uid;
    *gid = user->pw_gid;
    return true;
}

bool privilege_become(uid_t uid, gid_t gid, const gid_t *groups, size_t count, struct error *err)
{
    if (setgroups(count, groups) != 0 || setresgid(gid, gid, gid) != 0 ||
        setresuid(uid, uid, uid) != 0)
        return error_set_errno(err, errno, "cannot become user %u", (unsigned)uid);
    if (setresuid(0, 0, 0) == 0 || getuid() != uid || geteuid() != uid || getegid() != gid)
        return error_set(err, "root privileges were not dropped");
    return true;
}

static enum privilege_write try_write(const char *path)
{
    struct stat what;
    if (stat(path, &what) != 0)
        return errno == EACCES ? WRITE_UNREACHABLE : WRITE_UNKNOWN;
    if (access(path, W_OK | R_OK | (S_ISDIR(what.st_mode) ? X_OK : 0)) == 0)
        return WRITE_ALLOWED;
    return errno == EACCES ? WRITE_DENIED : errno == EROFS ? WRITE_READ_ONLY : WRITE_UNKNOWN;
}

enum privilege_write privilege_try_write(const char *wanted, const char *path)
{
    uid_t uid;
    gid_t gid;
    int status;
    if (geteuid() != 0)
        return try_write(path);
    if (!privilege_find_user(wanted, &uid, &gid, NULL))
        return WRITE_UNKNOWN;
    pid_t child = fork();
    if (child == 0)
        _exit(privilege_become(uid, gid, NULL, 0, NULL) ? (int)try_write(path) : WRITE_UNKNOWN);
    while (child > 0 && waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return WRITE_UNKNOWN;
    return child > 0 && WIFEXITED(status) ? (enum privilege_write)WEXITSTATUS(status)
                                          : WRITE_UNKNOWN;
}

/* Commands inherit HOME: root's would lead them to files that are not theirs. */
static void take_home(uid_t uid)
{
    const struct passwd *user = getpwuid(uid);
    if (!user)
        return;
    setenv("HOME", user->pw_dir, 1);
    setenv("USER", user->pw_name, 1);
    setenv("LOGNAME", user->pw_name, 1);
}

struct capabilities {
    struct __user_cap_data_struct words[_LINUX_CAPABILITY_U32S_3];
};

static struct __user_cap_header_struct capabilities_header(void)
{
    return (struct __user_cap_header_struct){.version = _LINUX_CAPABILITY_VERSION_3};
}

/* Those of `numbers` that we have: a container may have been given fewer. */
static void keep(struct capabilities *kept, const struct capabilities *own, const int *numbers,
                 size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t word = CAP_TO_INDEX((unsigned)numbers[i]);
        kept->words[word].permitted |=
            CAP_TO_MASK((unsigned)numbers[i]) & own->words[word].permitted;
        kept->words[word].effective = kept->words[word].permitted;
    }
}

/* Nothing is inheritable. What root may do is permitted only: a program that root starts gets it,
 * and the process itself does not use it. */
static void choose_capabilities(const struct privilege_needs *needs, const struct capabilities *own,
                                struct capabilities *kept)
{
    static const int users[] = {CAP_SETUID, CAP_SETGID, CAP_CHOWN, CAP_KILL};
    static const int priority[] = {CAP_SYS_NICE}, signals[] = {CAP_KILL};
    if (needs->users)
        keep(kept, own, users, sizeof users / sizeof *users);
    if (needs->new_privileges)
        keep(kept, own, signals, 1);
    if (needs->priority)
        keep(kept, own, priority, 1);
    for (size_t i = 0; needs->root && i < _LINUX_CAPABILITY_U32S_3; i++)
        kept->words[i].permitted = own->words[i].permitted;
}

/* What a unit gives for binding a low port (AmbientCapabilities) is the supervisor's: no other
 * process needs it, and commands would inherit it. */
static bool set_capabilities(const struct privilege_needs *needs, struct error *err)
{
    struct __user_cap_header_struct header = capabilities_header();
    struct capabilities own, kept = {{{0}}};
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); /* unknown before Linux 4.3 */
    if (needs && syscall(SYS_capget, &header, own.words) == 0)
        choose_capabilities(needs, &own, &kept);
    header = capabilities_header();
    return syscall(SYS_capset, &header, kept.words) == 0 ||
           error_set_errno(err, errno, "cannot drop capabilities");
}

void privilege_hide_process(void)
{
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

bool privilege_drop(const char *wanted, const struct privilege_needs *needs, struct error *err)
{
    uid_t uid;
    gid_t gid;
    bool was_root = geteuid() == 0;
    if (was_root) {
        /* until set_capabilities: they stay permitted, while the change of user makes none of them
         * effective */
        prctl(PR_SET_KEEPCAPS, needs != NULL, 0, 0, 0);
        if (!privilege_find_user(wanted, &uid, &gid, err) ||
            !privilege_become(uid, gid, NULL, 0, err))
            return false;
        prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
        take_home(uid);
    } else if (wanted) {
        if (!privilege_find_user(wanted, &uid, &gid, err))
            return false;
        if (uid != geteuid())
            return error_set(err, "only root can become user \"%s\"", wanted);
    }
    if (!set_capabilities(was_root ? needs : NULL, err))
        return false;
    if (!(needs && needs->new_privileges) && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return error_set_errno(err, errno, "cannot set no_new_privs");
    privilege_hide_process(); /* becoming another user has undone it, where fs.suid_dumpable is 1 */
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); /* likewise */
    return true;
}
