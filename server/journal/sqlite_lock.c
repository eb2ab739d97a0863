/* Two bytes of the file are locked one after the other: the gate, then the turn. Who waits for the
 * turn holds the gate, and who has had the turn must pass the gate again. So a checkpointer gets
 * its turn also while a runner commits without a pause. */
#include "server/journal/sqlite_lock.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { BYTE_GATE = 4096, BYTE_TURN = 4097 };
enum { OPEN_TRIES = 3 };
#define PAUSE_NS (100 * 1000)

/* ---- the file ---- */

/* As root, on behalf of whom the server becomes: his processes could not open it otherwise. */
static void hand_over(int fd, const char *database)
{
    struct stat owner;
    if (geteuid() == 0 && stat(database, &owner) == 0)
        (void)!fchown(fd, owner.st_uid, owner.st_gid);
}

static int open_file(const char *path, const char *database)
{
    enum { FLAGS = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY };
    int fd = -1;
    for (int i = 0; fd < 0 && i < OPEN_TRIES; i++) { /* another process may make it meanwhile */
        fd = open(path, FLAGS);
        if (fd >= 0 || errno != ENOENT)
            return fd;
        fd = open(path, FLAGS | O_CREAT | O_EXCL, 0600);
        if (fd >= 0)
            hand_over(fd, database);
        else if (errno != EEXIST)
            return -1;
    }
    return fd;
}

bool sqlite_lock_open(struct sqlite_lock *lock, const char *database, struct error *err)
{
    *lock = (struct sqlite_lock){.fd = -1};
    int length = snprintf(lock->path, sizeof lock->path, "%s.lock", database);
    if (length < 0 || length >= (int)sizeof lock->path)
        return error_set(err, "the path of the journal is too long");
    lock->fd = open_file(lock->path, database);
    return lock->fd >= 0 || error_set_errno(err, errno, "cannot open %s", lock->path);
}

void sqlite_lock_close(struct sqlite_lock *lock)
{
    if (lock->fd >= 0)
        close(lock->fd);
    lock->fd = -1;
    lock->held = 0;
}

/* Somebody may have removed the file as a leftover: others would then lock another one. */
static bool is_in_place(const struct sqlite_lock *lock)
{
    struct stat open_one, named;
    return fstat(lock->fd, &open_one) == 0 && stat(lock->path, &named) == 0 &&
           open_one.st_ino == named.st_ino && open_one.st_dev == named.st_dev;
}

static bool open_again(struct sqlite_lock *lock)
{
    char database[sizeof lock->path];
    snprintf(database, sizeof database, "%.*s", (int)(strlen(lock->path) - strlen(".lock")),
             lock->path);
    int fd = open_file(lock->path, database);
    if (fd < 0)
        return false;
    close(lock->fd);
    lock->fd = fd;
    return true;
}

/* ---- the lock ---- */

static bool set_byte(int fd, short type, int byte)
{
    struct flock range = {.l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
    return fcntl(fd, F_OFD_SETLK, &range) == 0;
}

static bool wait_for_byte(int fd, int byte, int64_t deadline_ns)
{
    static const struct timespec pause = {.tv_nsec = PAUSE_NS};
    while (!set_byte(fd, F_WRLCK, byte)) {
        if (errno != EAGAIN && errno != EACCES && errno != EINTR)
            return false;
        if (clock_monotonic_ns() >= deadline_ns) {
            errno = EAGAIN;
            return false;
        }
        nanosleep(&pause, NULL);
    }
    return true;
}

static bool take_once(const struct sqlite_lock *lock, int64_t deadline_ns)
{
    if (!wait_for_byte(lock->fd, BYTE_GATE, deadline_ns))
        return false;
    bool taken = wait_for_byte(lock->fd, BYTE_TURN, deadline_ns);
    int failure = errno;
    set_byte(lock->fd, F_UNLCK, BYTE_GATE);
    errno = failure;
    return taken;
}

bool sqlite_lock_take(struct sqlite_lock *lock, int wait_ms)
{
    int64_t deadline_ns = clock_monotonic_ns() + wait_ms * NS_PER_MS;
    if (lock->held > 0) {
        lock->held++;
        return true;
    }
    for (int i = 0; i < OPEN_TRIES; i++) {
        if (!take_once(lock, deadline_ns))
            return false;
        if (is_in_place(lock)) {
            lock->held = 1;
            return true;
        }
        if (!open_again(lock)) /* which lets go of the other one */
            break;
    }
    set_byte(lock->fd, F_UNLCK, BYTE_TURN);
    return false;
}

void sqlite_lock_give(struct sqlite_lock *lock)
{
    if (lock->held > 0 && --lock->held == 0)
        set_byte(lock->fd, F_UNLCK, BYTE_TURN);
}
