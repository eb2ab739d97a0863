/* A path is looked at before it is opened, because opening a device or a socket can have effects,
 * and again through the descriptor, because it may have been exchanged in between. */
#include "handlers/action/fifo.h"

#include "handlers/action/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

const char *fifo_wrong_kind(mode_t mode)
{
    static const struct {
        mode_t kind;
        const char *text;
    } kinds[] = {
        {S_IFREG, "a regular file"}, {S_IFDIR, "a directory"}, {S_IFLNK, "a symbolic link"},
        {S_IFSOCK, "a socket"},      {S_IFCHR, "a device"},    {S_IFBLK, "a device"},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if ((mode & S_IFMT) == kinds[i].kind)
            return kinds[i].text;
    return NULL;
}

static bool fifo_check(const char *path, const struct stat *st, struct error *err)
{
    const char *kind = fifo_wrong_kind(st->st_mode);
    if (kind)
        return error_set(err, "%s is %s, not a FIFO", path, kind);
    if (st->st_uid != geteuid() && st->st_uid != 0)
        return error_set(err, "the FIFO %s belongs to another user (%u)", path,
                         (unsigned)st->st_uid);
    return true;
}

static enum fifo_state fifo_failure(const char *path, int number, struct error *err)
{
    error_set_errno(err, number, "cannot open the FIFO %s", path);
    if (number == ENOENT)
        return FIFO_MISSING;
    if (number == ENXIO)
        return FIFO_NO_READER;
    return spawn_errno_is_passing(number) ? FIFO_LATER : FIFO_REFUSED;
}

enum fifo_state fifo_open(const char *path, int *fd, struct error *err)
{
    struct stat st;
    if (lstat(path, &st) != 0)
        return fifo_failure(path, errno, err);
    if (!fifo_check(path, &st, err))
        return FIFO_REFUSED;
    int opened = open(path, O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
    if (opened < 0)
        return fifo_failure(path, errno, err);
    if (fstat(opened, &st) != 0 || !fifo_check(path, &st, err)) {
        close(opened);
        return FIFO_REFUSED;
    }
    *fd = opened;
    return FIFO_OPEN;
}

bool fifo_create(const char *path, mode_t mode, struct error *err)
{
    /* Not chmod afterwards: that would follow whatever is at the path by then. */
    mode_t before = umask(0);
    int made = mkfifo(path, mode);
    int failure = errno;
    umask(before);
    if (made == 0 || failure == EEXIST)
        return true;
    error_set_errno(err, failure, "cannot make the FIFO %s", path);
    errno = failure;
    return false;
}

enum fifo_place fifo_place(int fd, const char *path)
{
    struct stat ours, theirs;
    if (lstat(path, &theirs) != 0)
        return FIFO_GONE;
    if (fstat(fd, &ours) != 0 || ours.st_dev != theirs.st_dev || ours.st_ino != theirs.st_ino)
        return FIFO_REPLACED;
    return FIFO_IN_PLACE;
}

size_t fifo_unread(int fd)
{
    int unread = 0;
    return ioctl(fd, FIONREAD, &unread) == 0 && unread > 0 ? (size_t)unread : 0;
}

bool fifo_has_reader(int fd)
{
    struct pollfd asked = {.fd = fd};
    return poll(&asked, 1, 0) == 0 || !(asked.revents & POLLERR);
}

char *fifo_drain(int fd, size_t *taken)
{
    char path[32];
    /* One read, which holds the kernel's lock of the FIFO until the buffer is full: with a second
     * one a reader could take a piece between two of ours and glue the halves of two frames. */
    int capacity = fcntl(fd, F_GETPIPE_SZ);
    char *content = capacity > 0 ? malloc((size_t)capacity) : NULL;
    /* Through our own descriptor: the path may lead to another FIFO by now. */
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int reader = content ? open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC) : -1;
    if (reader < 0) {
        free(content);
        return NULL;
    }
    ssize_t length = read(reader, content, (size_t)capacity);
    *taken = length > 0 ? (size_t)length : 0;
    close(reader);
    return content;
}
