/* SQLite takes a log up to its first broken frame and drops the rest without a word; with one bit
 * flipped that can be all that waits. Nobody is told of these events unless we do, so a server does
 * not start on such a journal by itself. If it is told to (`journal: {damaged: continue}`), what is
 * about to be dropped is copied first: the next commit writes over it. */
#include "server/journal/damage.h"

#include "base/clock.h"
#include "server/ipc/log_events.h"
#include "server/journal/log_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 4096 };

/* ---- the copy ---- */

static bool copy_bytes(int from, int to)
{
    static char piece[1 << 16];
    for (;;) {
        ssize_t got = read(from, piece, sizeof piece);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got == 0 && fsync(to) == 0;
        for (ssize_t done = 0; done < got;) {
            ssize_t put = write(to, piece + done, (size_t)(got - done));
            if (put < 0 && errno != EINTR)
                return false;
            done += put > 0 ? put : 0;
        }
    }
}

static bool copy_file(const char *path, const char *copy, struct error *err)
{
    int from = open(path, O_RDONLY | O_CLOEXEC);
    int to = from < 0 ? -1 : open(copy, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool done = to >= 0 && copy_bytes(from, to);
    if (!done)
        error_set_errno(err, errno, "cannot copy %s to %s", path, copy);
    if (!done && to >= 0)
        unlink(copy);
    if (to >= 0)
        close(to);
    if (from >= 0)
        close(from);
    return done;
}

/* SQLite finds the copy of the log beside that of the file. Nothing else in this process has the
 * file open yet, so closing it drops no lock of SQLite's. */
static bool keep_copy(const char *path, char copy[PATH_SIZE], struct error *err)
{
    char log[PATH_SIZE + 8], log_copy[PATH_SIZE + 8];
    if (snprintf(copy, PATH_SIZE, "%s.damaged-%lld", path, (long long)clock_unix_ms()) >= PATH_SIZE)
        return error_set(err, "the path of the journal is too long");
    snprintf(log, sizeof log, "%s-wal", path);
    snprintf(log_copy, sizeof log_copy, "%s-wal", copy);
    return copy_file(log, log_copy, err) && copy_file(path, copy, err);
}

/* ---- the check ---- */

static bool refuse(const char *log, const struct log_walk *walk, struct error *err)
{
    return error_set(
        err,
        "%s is damaged at frame %u of %u: %u frames of %u later transactions follow, with "
        "acknowledged events that would be dropped. Nothing was changed. Restore a copy of the "
        "journal, or set \"journal: {damaged: continue}\" to start without them; both files are "
        "copied first",
        log, walk->broken, walk->frames, walk->frames_behind, walk->transactions_behind);
}

static bool walk_over(const char *log, struct log_walk *walk, struct error *err)
{
    *walk = (struct log_walk){0};
    int fd = open(log, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return errno == ENOENT || error_set_errno(err, errno, "cannot read %s", log);
    bool read = log_walk(fd, walk) || error_set_errno(err, errno, "cannot read %s", log);
    close(fd);
    return read;
}

bool journal_check_log(const char *path, bool go_on, bool *damaged, struct error *err)
{
    char log[PATH_SIZE], copy[PATH_SIZE];
    struct log_walk walk;
    *damaged = false;
    if (snprintf(log, sizeof log, "%s-wal", path) >= (int)sizeof log)
        return error_set(err, "the path of the journal is too long");
    if (!walk_over(log, &walk, err))
        return false;
    if (!walk.damaged)
        return true;
    if (!go_on)
        return refuse(log, &walk, err);
    if (!keep_copy(path, copy, err))
        return false;
    log_write(LOG_JOURNAL_DAMAGED, log_text("log", log), log_number("broken_frame", walk.broken),
              log_number("frames", walk.frames), log_number("frames_dropped", walk.frames_behind),
              log_number("transactions_dropped", walk.transactions_behind), log_text("copy", copy));
    *damaged = true;
    return true;
}
