/* Whoever makes a backup may be root, and others may write to the directory of the copy: so what is
 * written to is looked at through its descriptor, and is ours alone. A copy takes the name of an
 * older one by a rename; what goes by the name of a file of the server's own would take it away
 * from under the server. */
#include "server/journal/backup_file.h"

#include "server/journal/tables.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { APPLICATION_OFFSET = 68, HEAD_SIZE = APPLICATION_OFFSET + 4 /* of a database */ };

bool journal_backup_part(const char *target, char *part, size_t size)
{
    int length = snprintf(part, size, "%s.part", target);
    return length > 0 && (size_t)length < size;
}

bool journal_has_no_log(const char *path, struct error *err)
{
    char log[4096 + 8];
    struct stat what;
    snprintf(log, sizeof log, "%s-wal", path);
    return stat(log, &what) != 0 || what.st_size == 0 ||
           error_set(err,
                     "%s is beside it: that is a log, and belongs to another file or is a part "
                     "of it",
                     log);
}

/* ---- what is there ---- */

/* False: so much is not in the file. */
static bool read_head(int fd, uint8_t head[HEAD_SIZE])
{
    return pread(fd, head, HEAD_SIZE, 0) == HEAD_SIZE;
}

static bool is_journal(const uint8_t head[HEAD_SIZE])
{
    static const uint8_t application[] = {
        JOURNAL_APPLICATION >> 24 & 0xff, JOURNAL_APPLICATION >> 16 & 0xff,
        JOURNAL_APPLICATION >> 8 & 0xff, JOURNAL_APPLICATION & 0xff};
    return memcmp(head + APPLICATION_OFFSET, application, sizeof application) == 0;
}

static bool is_same_file(const struct stat *one, const struct stat *other)
{
    return one->st_ino == other->st_ino && one->st_dev == other->st_dev;
}

/* What a path says after `directory`, whose slash is not in it; "" where that is another one. */
static const char *name_in(const char *path, const struct stat *directory)
{
    char text[PATH_MAX];
    struct stat what;
    const char *slash = strrchr(path, '/');
    if (snprintf(text, sizeof text, "%s", path) >= (int)sizeof text)
        return "";
    return stat(dirname(text), &what) == 0 && is_same_file(&what, directory)
               ? (slash ? slash + 1 : path)
               : "";
}

/* Whether it is, or would be, a file that the server or a restore has beside the journal. */
static bool is_beside(const char *target, const char *journal)
{
    static const char *const suffixes[] = {"-wal", "-shm", ".lock", ".mark", ".control", ".part"};
    char text[PATH_MAX];
    struct stat directory;
    if (snprintf(text, sizeof text, "%s", journal) >= (int)sizeof text ||
        stat(dirname(text), &directory) != 0)
        return false;
    const char *name = name_in(target, &directory), *own = name_in(journal, &directory);
    size_t length = strlen(own);
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++)
        if (strncmp(name, own, length) == 0 && strcmp(name + length, suffixes[i]) == 0)
            return true;
    return false;
}

bool backup_may_replace(const char *target, const char *journal, struct error *err)
{
    struct stat what, own;
    uint8_t head[HEAD_SIZE];
    char real[PATH_MAX]; /* SQLite's files have its name, where `journal` is a link */
    if (is_beside(target, journal) || (realpath(journal, real) && is_beside(target, real)))
        return error_set(err, "%s is the name of a file that belongs to the journal itself",
                         target);
    if (!journal_has_no_log(target, err))
        return false;
    int fd = open(target, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return errno == ENOENT || error_set_errno(err, errno, "cannot open %s", target);
    bool known = fstat(fd, &what) == 0 && S_ISREG(what.st_mode);
    bool is_own = known && stat(journal, &own) == 0 && is_same_file(&what, &own);
    bool is_copy = known && (what.st_size == 0 || (read_head(fd, head) && is_journal(head)));
    close(fd);
    if (is_own)
        return error_set(err, "%s is the journal itself", target);
    return is_copy || error_set(err, "%s is there, and is not a copy of a journal", target);
}

/* ---- the part ---- */

/* A copy whose first page has not been written begins with zeros. */
static bool is_left_copy(int fd)
{
    static const uint8_t zeros[HEAD_SIZE];
    uint8_t head[HEAD_SIZE];
    return read_head(fd, head) && (is_journal(head) || memcmp(head, zeros, HEAD_SIZE) == 0);
}

/* Whoever owns it, or has another name for it, could read what is written, or lose what is
 * overwritten. */
static bool is_ours(int fd)
{
    struct stat what;
    return fstat(fd, &what) == 0 && S_ISREG(what.st_mode) && what.st_uid == geteuid() &&
           what.st_nlink == 1 && (what.st_size == 0 || is_left_copy(fd));
}

int backup_open_part(const char *part, struct error *err)
{
    enum { FLAGS = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY };
    int fd = open(part, FLAGS, 0600);
    if (fd < 0)
        error_set_errno(err, errno, "cannot make %s", part);
    else if (!is_ours(fd))
        error_set(err, "%s is there, and is not what a backup of yours has left", part);
    else if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        error_set(err, "another process writes %s", part);
    else if (fchmod(fd, 0600) != 0 || ftruncate(fd, 0) != 0)
        error_set_errno(err, errno, "cannot write %s", part);
    else
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}
