/* A copy of a journal that others write to. SQLite's own ways do not serve: its backup begins anew
 * whenever another process commits, and a read transaction (VACUUM INTO) keeps the log from being
 * emptied until it ends, while events come. So the pages are copied as they are in the file, a few
 * at a time, and after them what is committed meanwhile, frame by frame out of the log, as a
 * recovery would.
 *
 * No frame may be missed, so a read transaction is always open: SQLite begins the log anew once at
 * most while it is, and only where all that was there before it is in the file. To let the log be
 * emptied all the same, the transaction is exchanged for another each time the log has grown as
 * long as the runner lets it: under the lock of all that write (sqlite_lock.h) the last frames are
 * read, the transaction is ended, the log copied into the file, which is what the runner would have
 * done at this moment, and the next transaction begun. docs/decisions/journal.md has the
 * alternatives. */
#include "server/journal/backup.h"

#include "base/clock.h"
#include "server/ipc/shared.h"
#include "server/journal/backup_file.h"
#include "server/journal/damage.h"
#include "server/journal/sqlite.h"
#include "server/journal/tables.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    LOCK_WAIT_MS = 10000,
    CHUNK_PAGES = 64, /* of the file, at once */
    FRAMES_MAX = 512, /* held in memory while the lock is held */
    FOLLOW_TRIES = 2,
    STATE_TRIES = 50000,
    STATE_PAUSE_NS = 100000,
    REST_PARTS = 4,         /* of five parts of the time, */
    REST_MOST_NS = 5000000, /* where a chunk takes no longer than it should */
    OTHERS_BEFORE_US = 5,   /* niceness while the copy is checked */
};

struct backup {
    struct sqlite db;
    struct error *err;
    int fd; /* of the copy */
    uint32_t page_size;
    struct log_state pinned; /* when the read transaction was begun */
    struct log_state seen;   /* so much of the log is in the copy, or in `frames` */
    uint32_t file_pages;     /* in the file, when the copying began */
    uint32_t next;           /* page of it to be copied, from 1 */
    uint8_t *logged;         /* a bit for each page that came out of the log, from 0 */
    uint32_t logged_pages;
    uint8_t *chunk, *frames; /* pages */
    uint32_t numbers[FRAMES_MAX];
    size_t frame_count;
};

static bool sqlite_failed(struct backup *backup)
{
    return sqlite_explain(&backup->db, backup->err);
}

/* ---- the copy ---- */

static bool write_pages(struct backup *backup, const uint8_t *data, uint32_t first, size_t count)
{
    size_t left = count * backup->page_size;
    off_t offset = (off_t)(first - 1) * backup->page_size;
    while (left > 0) {
        ssize_t written = pwrite(backup->fd, data, left, offset);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return error_set_errno(backup->err, errno, "cannot write the copy");
        data += written;
        offset += written;
        left -= (size_t)written;
    }
    return true;
}

static bool is_logged(const struct backup *backup, uint32_t page)
{
    return page <= backup->logged_pages && backup->logged[page / 8] >> page % 8 & 1;
}

static bool note_logged(struct backup *backup, uint32_t page)
{
    if (page > backup->logged_pages) {
        uint32_t pages = page < UINT32_MAX / 2 - 4096 ? page * 2 + 4096 : UINT32_MAX - 8;
        size_t before = backup->logged ? backup->logged_pages / 8 + 1 : 0;
        uint8_t *grown = realloc(backup->logged, pages / 8 + 1);
        if (!grown)
            return error_set(backup->err, "no memory");
        memset(grown + before, 0, pages / 8 + 1 - before);
        backup->logged = grown;
        backup->logged_pages = pages;
    }
    backup->logged[page / 8] |= (uint8_t)(1 << page % 8);
    return true;
}

static bool write_frames(struct backup *backup)
{
    for (size_t i = 0; i < backup->frame_count; i++)
        if (!write_pages(backup, backup->frames + i * backup->page_size, backup->numbers[i], 1) ||
            !note_logged(backup, backup->numbers[i]))
            return false;
    backup->frame_count = 0;
    return true;
}

/* ---- the log ---- */

static void pause_ns(int64_t ns)
{
    const struct timespec pause = {ns / NS_PER_S, ns % NS_PER_S};
    nanosleep(&pause, NULL);
}

/* The index cannot be read while another process writes it: for a moment, longer where that process
 * has to wait for a processor. */
static bool read_state(struct backup *backup, struct log_state *state)
{
    for (int i = 0; i < STATE_TRIES; i++) {
        if (sqlite_files_log_state(&backup->db.files, state))
            return true;
        pause_ns(STATE_PAUSE_NS);
    }
    return error_set(backup->err, "the index of the log cannot be read");
}

static bool is_same_log(const struct log_state *one, const struct log_state *other)
{
    return memcmp(one->salt, other->salt, sizeof one->salt) == 0;
}

/* How many frames there are that the copy does not have. */
static bool count_unseen(struct backup *backup, const struct log_state *state, uint32_t *count)
{
    bool is_same = is_same_log(state, &backup->seen);
    if ((is_same && state->frames < backup->seen.frames) ||
        (!is_same && !is_same_log(&backup->seen, &backup->pinned)) ||
        (state->frames > 0 && state->page_size != backup->page_size))
        return error_set(backup->err, "the log was removed or replaced while it was copied");
    *count = is_same ? state->frames - backup->seen.frames : state->frames;
    return true;
}

/* Reads up to FRAMES_MAX frames that are not in the copy. */
static bool read_frames(struct backup *backup, const struct log_state *state)
{
    uint32_t unseen, first = is_same_log(state, &backup->seen) ? backup->seen.frames : 0;
    if (!count_unseen(backup, state, &unseen))
        return false;
    backup->seen = *state;
    backup->seen.frames = first;
    while (unseen-- > 0 && backup->frame_count < FRAMES_MAX) {
        uint8_t *data = backup->frames + backup->frame_count * backup->page_size;
        if (!sqlite_files_read_frame(&backup->db.files, state, ++backup->seen.frames,
                                     &backup->numbers[backup->frame_count++], data))
            return error_set(backup->err, "the log cannot be read");
    }
    return true;
}

/* What is committed so far. Others may commit meanwhile. */
static bool follow(struct backup *backup)
{
    struct log_state state;
    uint32_t unseen = 0;
    if (!read_state(backup, &state))
        return false;
    do {
        if (!read_frames(backup, &state) || !write_frames(backup) ||
            !count_unseen(backup, &state, &unseen))
            return false;
    } while (unseen > 0);
    return true;
}

/* ---- the read transaction ---- */

static bool pin(struct backup *backup)
{
    return (sqlite_run(&backup->db, "BEGIN; SELECT count(*) FROM sqlite_schema") ||
            sqlite_failed(backup)) &&
           read_state(backup, &backup->pinned);
}

/* With the lock held: the last frames into memory, while nobody commits. `*all` is false where they
 * are too many. */
static bool read_last_frames(struct backup *backup, bool *all)
{
    struct log_state state;
    uint32_t unseen;
    if (!sqlite_is_in_place(&backup->db))
        return sqlite_failed(backup);
    if (!read_state(backup, &state) || !count_unseen(backup, &state, &unseen))
        return false;
    *all = unseen <= FRAMES_MAX;
    return !*all || read_frames(backup, &state);
}

/* True: the lock is held, and no frame is missing. Where more has come since the log was followed
 * than fits into memory, it is followed once more. Who writes faster than this process follows, as
 * on a machine whose processors are wanted by others, waits at the second try: with each more the
 * log would be a multiple of what it was. */
static bool hold_with_all_frames(struct backup *backup)
{
    bool all = false;
    for (int i = 1; !all; i++) {
        if (!follow(backup))
            return false;
        if (!sqlite_hold(&backup->db))
            return sqlite_failed(backup);
        bool done = (i < FOLLOW_TRIES || follow(backup)) && read_last_frames(backup, &all);
        if (!done || !all)
            sqlite_let_go(&backup->db);
        if (!done)
            return false;
    }
    return true;
}

/* A reader that is in the way keeps the log longer; it is not us then. */
static bool exchange_pin(struct backup *backup)
{
    struct sqlite *db = &backup->db;
    if (!hold_with_all_frames(backup))
        return false;
    bool done = (sqlite_run(db, "COMMIT") && sqlite_checkpoint(db, false)) || sqlite_failed(backup);
    done = done && pin(backup);
    sqlite_let_go(db);
    return done && write_frames(backup);
}

static bool exchange_pin_if_due(struct backup *backup)
{
    struct log_state state;
    if (!read_state(backup, &state))
        return false;
    uint32_t grown =
        is_same_log(&state, &backup->pinned) ? state.frames - backup->pinned.frames : state.frames;
    return grown < CHECKPOINT_PAGES || exchange_pin(backup);
}

/* ---- the file ---- */

/* Pages of the file that did not come out of the log. */
static bool copy_chunk(struct backup *backup)
{
    uint32_t first = backup->next, left = backup->file_pages + 1 - first;
    uint32_t count = left < CHUNK_PAGES ? left : CHUNK_PAGES;
    off_t offset = (off_t)(first - 1) * backup->page_size;
    size_t bytes = (size_t)count * backup->page_size;
    if (!sqlite_files_read(&backup->db.files, backup->chunk, bytes, offset))
        return error_set(backup->err, "the journal cannot be read");
    for (uint32_t i = 0; i < count; i++)
        if (!is_logged(backup, first + i) &&
            !write_pages(backup, backup->chunk + (size_t)i * backup->page_size, first + i, 1))
            return false;
    /* so that there is little to wait for in the end */
    sync_file_range(backup->fd, offset, (off_t)bytes, SYNC_FILE_RANGE_WRITE);
    backup->next += count;
    return true;
}

/* As long as it was at the beginning: what has grown since came out of the log. */
static bool copy_file(struct backup *backup, backup_progress *progress, void *owner)
{
    while (backup->next <= backup->file_pages) {
        int64_t begun_ns = clock_monotonic_ns();
        if (!copy_chunk(backup))
            return false;
        int64_t rest_ns = (clock_monotonic_ns() - begun_ns) * REST_PARTS;
        pause_ns(rest_ns < REST_MOST_NS ? rest_ns : REST_MOST_NS);
        if (!exchange_pin_if_due(backup))
            return false;
        if (progress)
            progress(owner, (int64_t)(backup->next - 1) * backup->page_size,
                     (int64_t)backup->file_pages * backup->page_size);
    }
    return true;
}

/* The copy becomes the journal of this moment. */
static bool complete(struct backup *backup, struct backup_result *result)
{
    if (!hold_with_all_frames(backup))
        return false;
    sqlite_let_go(&backup->db);
    sqlite_run(&backup->db, "COMMIT");
    uint32_t pages = backup->seen.pages ? backup->seen.pages : backup->file_pages;
    result->bytes = (int64_t)pages * backup->page_size;
    return write_frames(backup) && (ftruncate(backup->fd, result->bytes) == 0 ||
                                    error_set_errno(backup->err, errno, "cannot write the copy"));
}

/* ---- the journal ---- */

/* As for a person who changes it: nothing is copied over what stands behind damage in the log. */
static bool look(struct backup *backup)
{
    struct sqlite *db = &backup->db;
    bool damaged;
    if (!sqlite_hold(db))
        return sqlite_failed(backup);
    bool done = journal_check_log(sqlite_path(db), false, &damaged, backup->err) &&
                journal_check_version(db, backup->err) && sqlite_note_files(db, backup->err) &&
                pin(backup);
    sqlite_let_go(db);
    return done;
}

/* The whole log counts as new unless all of it is in the file: while parts of it are not, SQLite
 * does not begin it anew under a reader. */
static bool begin(struct backup *backup)
{
    int64_t page_size;
    if (!look(backup))
        return false;
    if (!sqlite_read_number(&backup->db, "PRAGMA page_size", &page_size))
        return sqlite_failed(backup);
    backup->page_size = (uint32_t)page_size;
    backup->seen = backup->pinned;
    if (backup->seen.copied < backup->seen.frames)
        backup->seen.frames = 0;
    backup->next = 1;
    backup->file_pages =
        (uint32_t)(sqlite_files_size(&backup->db.files) / (int64_t)backup->page_size);
    backup->chunk = malloc((size_t)CHUNK_PAGES * backup->page_size);
    backup->frames = malloc((size_t)FRAMES_MAX * backup->page_size);
    return (backup->chunk && backup->frames) || error_set(backup->err, "no memory");
}

static bool copy_journal(const char *path, int fd, backup_progress *progress, void *owner,
                         struct backup_result *result, struct error *err)
{
    struct backup backup = {.fd = fd, .err = err};
    if (!sqlite_open(&backup.db, path, SQLITE_MODE_KEEP, LOCK_WAIT_MS, NULL, err))
        return false;
    bool done = begin(&backup) && copy_file(&backup, progress, owner) && complete(&backup, result);
    sqlite_close(&backup.db);
    free(backup.logged);
    free(backup.chunk);
    free(backup.frames);
    return done || error_prefix(err, "%s", path);
}

/* ---- all of it ---- */

static bool sync_directory(const char *path, struct error *err)
{
    char directory[4096];
    snprintf(directory, sizeof directory, "%s", path);
    char *slash = strrchr(directory, '/');
    if (slash)
        slash[slash == directory] = '\0';
    int fd = open(slash ? directory : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool done = fd >= 0 && fsync(fd) == 0;
    if (!done)
        error_set_errno(err, errno, "cannot sync the directory of %s", path);
    if (fd >= 0)
        close(fd);
    return done;
}

struct checking {
    backup_progress *progress;
    void *owner;
};

static void go_on_checking(void *context)
{
    const struct checking *checking = context;
    checking->progress(checking->owner, 0, 0);
}

bool journal_verify(const char *path, bool thorough, backup_progress *progress, void *owner,
                    struct error *err)
{
    struct sqlite db;
    struct checking checking = {progress, owner};
    char verdict[256] = "";
    if (!sqlite_open(&db, path, SQLITE_MODE_COPY, 0, NULL, err))
        return false;
    db.works = progress ? go_on_checking : NULL;
    db.works_owner = &checking;
    const char *check = thorough ? "PRAGMA integrity_check(1)" : "PRAGMA quick_check(1)";
    bool done = journal_check_older(&db, err) &&
                (sqlite_read_text(&db, check, verdict, sizeof verdict) || sqlite_explain(&db, err));
    sqlite_close(&db);
    if (done && strcmp(verdict, "ok") != 0)
        done = error_set(err, "it is damaged: %s", verdict);
    return done || error_prefix(err, "%s", path);
}

bool journal_backup(const char *path, const char *target, backup_progress *progress, void *owner,
                    struct backup_result *result, struct error *err)
{
    char part[4096];
    if (!journal_backup_part(target, part, sizeof part))
        return error_set(err, "the path of the copy is too long");
    int fd = backup_may_replace(target, path, err) ? backup_open_part(part, err) : -1;
    if (fd < 0)
        return false;
    bool done = copy_journal(path, fd, progress, owner, result, err);
    (void)!nice(OTHERS_BEFORE_US);
    done = done && (fsync(fd) == 0 || error_set_errno(err, errno, "cannot sync %s", part)) &&
           journal_verify(part, false, progress, owner, err) &&
           (rename(part, target) == 0 || error_set_errno(err, errno, "cannot make %s", target)) &&
           sync_directory(target, err);
    if (!done)
        unlink(part);
    close(fd);
    return done;
}
