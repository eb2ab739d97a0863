/* At every moment, of a power cut too, one whole journal is at the path: the one before or the
 * copy. SQLite would read the log of another database as its own, so the log of the one before goes
 * into its file first; only where it cannot, because one of them is damaged, both are renamed, and
 * there is a moment without a journal. */
#include "server/journal/backup.h"

#include "base/clock.h"
#include "server/journal/backup_file.h"
#include "server/journal/damage.h"
#include "server/journal/sqlite.h"
#include "server/journal/tables.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COPY_BYTES = 1 << 20, SUFFIX_MAX = 64 };

struct restore {
    char path[PATH_MAX]; /* of the journal, without links */
    char part[PATH_MAX + SUFFIX_MAX], kept[PATH_MAX + SUFFIX_MAX];
    backup_progress *progress; /* may be NULL */
    void *owner;
    struct error *err;
};

/* ---- the copy, beside the journal ---- */

static bool copy_bytes(const struct restore *restore, int from, int to)
{
    char *buffer = malloc(COPY_BYTES);
    struct stat what = {.st_size = 0};
    int64_t copied = 0;
    fstat(from, &what);
    ssize_t got = buffer ? 1 : -1;
    while (got > 0) {
        got = read(from, buffer, COPY_BYTES);
        for (ssize_t done = 0, written; got > 0 && done < got; done += written) {
            written = write(to, buffer + done, (size_t)(got - done));
            if (written <= 0) {
                got = -1;
                break;
            }
        }
        copied += got > 0 ? got : 0;
        if (restore->progress && got > 0)
            restore->progress(restore->owner, copied, what.st_size);
    }
    int failure = errno;
    free(buffer);
    return got == 0 || error_set_errno(restore->err, failure, "cannot copy it");
}

/* As whom the server runs; the one before says so, too. */
static bool give_to_owner(const struct restore *restore, int fd, uid_t user, gid_t group)
{
    struct stat what;
    bool is_there = stat(restore->path, &what) == 0;
    if (geteuid() != 0)
        return true;
    return fchown(fd, is_there ? what.st_uid : user, is_there ? what.st_gid : group) == 0;
}

static int open_source(const char *source, const char *path, struct error *err)
{
    struct stat what, own;
    int fd = open(source, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        error_set_errno(err, errno, "cannot open %s", source);
        return -1;
    }
    bool known = fstat(fd, &what) == 0 && S_ISREG(what.st_mode);
    if (known && (stat(path, &own) != 0 || own.st_ino != what.st_ino || own.st_dev != what.st_dev))
        return fd;
    error_set(err, known ? "%s is the journal itself" : "%s is not a file", source);
    close(fd);
    return -1;
}

static bool make_part(struct restore *restore, const char *source, uid_t user, gid_t group)
{
    enum { FLAGS = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW };
    struct error *err = restore->err;
    int from = open_source(source, restore->path, err);
    if (from < 0)
        return false;
    unlink(restore->part); /* of one that was interrupted: we hold the lock */
    int to = open(restore->part, FLAGS, 0600);
    bool done = to >= 0 || error_set_errno(err, errno, "cannot make %s", restore->part);
    done = done && journal_has_no_log(source, err) && copy_bytes(restore, from, to) &&
           ((give_to_owner(restore, to, user, group) && fsync(to) == 0) ||
            error_set_errno(err, errno, "cannot write %s", restore->part));
    if (to >= 0)
        close(to);
    close(from);
    return done;
}

/* ---- the journal before ---- */

/* All of its log goes into the file, and the log is removed. */
static bool fold_log(const struct restore *restore)
{
    struct error why;
    struct sqlite db;
    bool damaged;
    if (!sqlite_open(&db, restore->path, SQLITE_MODE_KEEP, 0, NULL, &why))
        return false;
    bool done = sqlite_hold(&db) && journal_check_log(sqlite_path(&db), false, &damaged, &why) &&
                journal_check_older(&db, &why) && sqlite_note_files(&db, &why) &&
                sqlite_checkpoint(&db, true);
    if (!done)
        db.fault = FILES_LOG_GONE; /* nothing is copied when it is closed */
    sqlite_close(&db);
    return done;
}

static bool move(const struct restore *restore, const char *suffix)
{
    char from[sizeof restore->kept + SUFFIX_MAX], to[sizeof restore->kept + SUFFIX_MAX];
    snprintf(from, sizeof from, "%s%s", restore->path, suffix);
    snprintf(to, sizeof to, "%s%s", restore->kept, suffix);
    return rename(from, to) == 0 || errno == ENOENT ||
           error_set_errno(restore->err, errno, "cannot rename %s", from);
}

/* A log alone may have been all that there was. */
static bool has_kept(const struct restore *restore)
{
    char log[sizeof restore->kept + SUFFIX_MAX];
    snprintf(log, sizeof log, "%s-wal", restore->kept);
    return access(restore->kept, F_OK) == 0 || access(log, F_OK) == 0;
}

static bool keep_before(struct restore *restore)
{
    struct stat what;
    bool has_content = stat(restore->path, &what) == 0 && what.st_size > 0;
    if (has_content && fold_log(restore)) {
        if (link(restore->path, restore->kept) != 0)
            return error_set_errno(restore->err, errno, "cannot make %s", restore->kept);
    } else if (has_content && !move(restore, "")) {
        return false;
    }
    return move(restore, "-wal") && move(restore, "-shm") && move(restore, ".mark");
}

/* ---- all of it ---- */

static bool name_files(struct restore *restore, const char *path)
{
    char when[CLOCK_TEXT_SIZE];
    if (!realpath(path, restore->path))
        return error_set_errno(restore->err, errno, "cannot find %s", path);
    clock_format_unix_ms(clock_unix_ms(), when);
    snprintf(restore->part, sizeof restore->part, "%s.part", restore->path);
    snprintf(restore->kept, sizeof restore->kept, "%s.before-%s", restore->path, when);
    return true;
}

static bool sync_directory(const struct restore *restore)
{
    char directory[PATH_MAX];
    snprintf(directory, sizeof directory, "%s", restore->path);
    char *slash = strrchr(directory, '/');
    slash[slash == directory] = '\0';
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool done = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return done || error_set_errno(restore->err, errno, "cannot sync %s", directory);
}

bool journal_restore(const char *source, const char *path, uid_t user, gid_t group,
                     backup_progress *progress, void *owner, struct restore_result *result,
                     struct error *err)
{
    struct restore restore = {.progress = progress, .owner = owner, .err = err};
    if (!name_files(&restore, path))
        return false;
    bool done = make_part(&restore, source, user, group) &&
                journal_verify(restore.part, true, progress, owner, err) && keep_before(&restore) &&
                (rename(restore.part, restore.path) == 0 ||
                 error_set_errno(err, errno, "cannot rename %s", restore.part)) &&
                sync_directory(&restore);
    if (!done)
        unlink(restore.part);
    snprintf(result->kept, sizeof result->kept, "%s", has_kept(&restore) ? restore.kept : "");
    return done;
}
