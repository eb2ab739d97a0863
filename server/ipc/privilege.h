/* Gives up root. */
#ifndef TENTERHOOK_SERVER_IPC_PRIVILEGE_H
#define TENTERHOOK_SERVER_IPC_PRIVILEGE_H

#include "base/error.h"

#include <sys/types.h>

/* The user that a server started as root becomes: `wanted`, else "tenterhook", else "nobody".
 * False where `wanted` does not exist, or where the only candidate is root. */
bool privilege_find_user(const char *wanted, uid_t *uid, gid_t *gid, struct error *err);

/* Becomes the user for good, with these groups besides their own: groups, then gid, then uid. */
bool privilege_become(uid_t uid, gid_t gid, const gid_t *groups, size_t count, struct error *err);

/* Whether the server's processes will be able to write a file, or to make files in a directory. */
enum privilege_write {
    WRITE_ALLOWED,
    WRITE_DENIED,
    WRITE_UNREACHABLE, /* a directory above it is closed */
    WRITE_READ_ONLY,   /* a file system that is mounted so */
    WRITE_UNKNOWN,     /* it is not there, or this could not be found out */
};

/* As the user that privilege_drop would become (tried in a child, if we are root). */
enum privilege_write privilege_try_write(const char *wanted, const char *path);

/* What a process that starts commands has to be able to do besides, where it was root. */
struct privilege_needs {
    bool users;          /* become other users, give them files and signal them */
    bool root;           /* `users`, and root among them: what root may do is kept, unused */
    bool priority;       /* give a process more than the usual one */
    bool new_privileges; /* what it starts may gain some (and must then be signalled): no_new_privs
                            is left unset */
};

/* If root: becomes that user for good (groups, then gid, then uid, and checks that there is no way
 * back), with its HOME, USER and LOGNAME in the environment. In any case sets no_new_privs, drops
 * capabilities, hides the process, and ties it to its parent: it is killed when that has ended,
 * whatever it is busy with (a wait for the disk excepted). Not root and `wanted` is another user
 * than we are: false.
 *
 * With `needs` (NULL: none) of a process that was root, it keeps the capabilities for those, and no
 * others, though its user is another one. */
bool privilege_drop(const char *wanted, const struct privilege_needs *needs, struct error *err);

/* From now on no process of the same user, such as a command, can read this one's memory and
 * environment or trace it, and it leaves no core; what it forks inherits this until it executes. */
void privilege_hide_process(void);

#endif
