/* Which server the journal belongs to. */
#include "server/journal/lock.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* A server that is leaving holds its lock a moment longer than its socket; what is left of one that
 * was killed, until a sync that it has begun is over. */
enum { LOCK_LEAVING_MS = 700, LOCK_LEFT_MS = 60000, LOCK_PAUSE_MS = 25 };

/* Far behind what SQLite locks. Of the description, not of the process: a fork shares it. */
static bool lock_own(int fd)
{
    struct flock lock = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = (off_t)1 << 62, .l_len = 1};
    return fcntl(fd, F_OFD_SETLK, &lock) == 0;
}

static bool lock_shared(int fd)
{
    return flock(fd, LOCK_EX | LOCK_NB) == 0;
}

static bool pause_briefly(void *owner, int64_t waited_ms)
{
    const struct timespec pause = {.tv_nsec = LOCK_PAUSE_MS * NS_PER_MS};
    (void)owner;
    (void)waited_ms;
    nanosleep(&pause, NULL);
    return true;
}

/* False with errno; EAGAIN: somebody holds it, and waiting is over. */
static bool lock_waiting(int fd, bool (*lock)(int fd), const struct journal_wait *wait,
                         int64_t most_ms)
{
    int64_t begun_ns = clock_monotonic_ns(), waited_ms = 0;
    while (!lock(fd)) {
        if (errno != EAGAIN && errno != EACCES && errno != EINTR)
            return false;
        waited_ms = (clock_monotonic_ns() - begun_ns) / NS_PER_MS;
        if (waited_ms >= most_ms || !wait->go_on(wait->owner, waited_ms)) {
            errno = EAGAIN;
            return false;
        }
    }
    return true;
}

static bool lock_file(const struct locked_file *file, const char *journal,
                      const struct journal_wait *wait, struct error *err)
{
    static const struct journal_wait briefly = {pause_briefly, NULL};
    if (!lock_waiting(file->own, lock_own, &briefly, LOCK_LEAVING_MS))
        return errno == EAGAIN ? error_set(err, "another tenterhook uses the journal %s", journal)
                               : error_set_errno(err, errno, "cannot lock the journal %s", journal);
    if (lock_waiting(file->shared, lock_shared, wait ? wait : &briefly,
                     wait ? LOCK_LEFT_MS : LOCK_LEAVING_MS))
        return true;
    return errno == EAGAIN
               ? error_set(err, "processes of a tenterhook that is gone use the journal %s",
                           journal)
               : error_set_errno(err, errno, "cannot lock the journal %s", journal);
}

/* What root has made belongs to whom the server becomes; so does an older lock of root's, or having
 * been started by root once would lock everybody else out. It is empty: nothing is given away. */
static bool hand_over(int fd, const struct stat *what, const struct journal_owner *owner,
                      struct error *err)
{
    if (geteuid() != 0 || what->st_uid != 0 || what->st_size != 0 || what->st_nlink != 1)
        return true;
    return fchown(fd, owner->uid, owner->gid) == 0 ||
           error_set_errno(err, errno, "cannot give the journal to its user");
}

enum { OPEN_FLAGS = O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, OPEN_TRIES = 3 };

/* Never through a link. Another server may make it between two looks. */
static int open_or_make(const char *path)
{
    int fd = -1;
    for (int i = 0; fd < 0 && i < OPEN_TRIES; i++) {
        fd = open(path, OPEN_FLAGS | O_NOFOLLOW);
        if (fd < 0 && errno == ENOENT)
            fd = open(path, OPEN_FLAGS | O_NOFOLLOW | O_CREAT | O_EXCL, 0600);
        if (fd < 0 && errno != EEXIST)
            break;
    }
    return fd;
}

/* The journal may be reached through a link (an empty file is a new database to SQLite). We may be
 * root and the link somebody else's: what is behind it is neither made nor given away. */
static int open_owned(const char *path, bool may_be_link, const struct journal_owner *owner,
                      struct error *err)
{
    struct stat what;
    int fd = open_or_make(path);
    bool is_link = fd < 0 && errno == ELOOP && may_be_link;
    if (is_link)
        fd = open(path, OPEN_FLAGS);
    if (fd < 0 && errno == ENOENT)
        error_set(err, "cannot open %s: its directory does not exist; make it, or set journal.path",
                  path);
    else if (fd < 0 || fstat(fd, &what) != 0)
        error_set_errno(err, errno, "cannot open %s", path);
    else if (!S_ISREG(what.st_mode))
        error_set(err, "%s is not a regular file", path);
    else if (is_link || hand_over(fd, &what, owner, err))
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

static bool is_same_file(int one, int other)
{
    struct stat first, second;
    return fstat(one, &first) == 0 && fstat(other, &second) == 0 && first.st_dev == second.st_dev &&
           first.st_ino == second.st_ino;
}

/* Opened twice, because a lock belongs to what was opened. */
static bool open_to_lock(struct locked_file *file, const char *path, bool may_be_link,
                         const struct journal_owner *owner, struct error *err)
{
    file->shared = open_owned(path, may_be_link, owner, err);
    file->own = file->shared >= 0 ? open_owned(path, may_be_link, owner, err) : -1;
    return file->own >= 0 &&
           (is_same_file(file->shared, file->own) || error_set(err, "%s is being replaced", path));
}

bool journal_lock(const char *path, const struct journal_owner *owner,
                  const struct journal_wait *wait, struct journal_lock *lock, struct error *err)
{
    char beside[4096];
    struct journal_lock made = journal_lock_none();
    if (snprintf(beside, sizeof beside, "%s.lock", path) >= (int)sizeof beside)
        return error_set(err, "the path of the journal is too long");
    if (open_to_lock(&made.beside, beside, false, owner, err) &&
        lock_file(&made.beside, path, wait, err) &&
        open_to_lock(&made.file, path, true, owner, err) &&
        lock_file(&made.file, path, wait, err)) {
        *lock = made;
        return true;
    }
    journal_unlock(&made);
    return false;
}

struct journal_lock journal_lock_none(void)
{
    return (struct journal_lock){{-1, -1}, {-1, -1}};
}

static void close_lock(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void journal_unlock(struct journal_lock *lock)
{
    close_lock(&lock->file.own);
    close_lock(&lock->file.shared);
    close_lock(&lock->beside.own);
    close_lock(&lock->beside.shared);
}

void journal_lock_inherited(struct journal_lock *lock)
{
    close_lock(&lock->file.own);
    close_lock(&lock->beside.own);
}
