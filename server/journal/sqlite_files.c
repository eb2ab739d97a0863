/* Three things are compared: the files that are open with those at the paths (device and inode);
 * the log's header with the index, which has a copy of the log's salts and knows its length; and
 * the end of what was in the log before with what is there now, since a file that is cut and
 * written behind the cut has its old length again and a hole.
 *
 * The index is read through SQLite's own mapping of it, because another descriptor of the file,
 * when it is closed, would drop SQLite's locks on it. Its layout is described in "WAL-mode File
 * Format" (sqlite.org/walformat.html). */
#include "server/journal/sqlite_files.h"

#include "base/bytes.h"
#include "base/clock.h"

#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    LOG_HEADER = 32,
    FRAME_HEADER = 24,
    INDEX_SIZE = 32768, /* of its first part */
    SALT_SIZE = 8,
    SALT_IN_LOG = 16,  /* where the salts stand in the log's header, */
    SALT_IN_FRAME = 8, /* and in that of a frame */
};

/* The beginning of the index, twice; then, once, how much is in the database already. */
struct index_header {
    uint32_t version, unused, changes;
    uint8_t is_initialised, is_big_endian;
    uint16_t page_size; /* 1: 65536 */
    uint32_t frames, pages;
    uint32_t frame_checksum[2];
    uint8_t salt[SALT_SIZE];
    uint32_t checksum[2];
};
_Static_assert(sizeof(struct index_header) == 48, "as in the file");

struct index_start {
    struct index_header header[2];
    uint32_t copied; /* frames that are in the database */
};

/* ---- what is open ---- */

static sqlite3_file *open_file(struct sqlite_files *files, int which)
{
    sqlite3_file *file = NULL;
    if (sqlite3_file_control(files->handle, "main", which, &file) != SQLITE_OK)
        return NULL;
    return file && file->pMethods ? file : NULL;
}

static volatile struct index_start *map_index(struct sqlite_files *files)
{
    sqlite3_file *file = open_file(files, SQLITE_FCNTL_FILE_POINTER);
    volatile void *start = NULL;
    if (!file || file->pMethods->iVersion < 2 ||
        file->pMethods->xShmMap(file, 0, INDEX_SIZE, 0, &start) != SQLITE_OK)
        return NULL;
    return start;
}

/* False where there is no index yet, or another process is just writing it. */
static bool read_index(struct sqlite_files *files, struct index_start *index)
{
    volatile struct index_start *start = map_index(files);
    if (!start)
        return false;
    memcpy(index, (const void *)start, sizeof *index);
    return index->header[0].is_initialised &&
           memcmp(&index->header[0], &index->header[1], sizeof index->header[0]) == 0;
}

static uint32_t page_size(const struct index_header *header)
{
    return header->page_size == 1 ? 65536 : header->page_size;
}

static int64_t frame_end(const struct index_header *header, uint32_t frame)
{
    return LOG_HEADER + (int64_t)frame * (FRAME_HEADER + page_size(header));
}

static bool read_log(struct sqlite_files *files, void *data, int size, int64_t offset)
{
    sqlite3_file *log = open_file(files, SQLITE_FCNTL_JOURNAL_POINTER);
    return log && log->pMethods->xRead(log, data, size, offset) == SQLITE_OK;
}

/* ---- what is at the paths ---- */

static bool note_file(struct sqlite_file *file, const char *path, struct error *err)
{
    struct stat what;
    if (snprintf(file->path, sizeof file->path, "%s", path) >= (int)sizeof file->path)
        return error_set(err, "the path of the journal is too long");
    if (stat(path, &what) != 0)
        return error_set(err, "%s is not there", path);
    file->device = what.st_dev;
    file->inode = what.st_ino;
    return true;
}

bool sqlite_files_note(struct sqlite_files *files, struct sqlite3 *handle, struct error *err)
{
    char index[4096];
    const char *database = sqlite3_db_filename(handle, "main");
    *files = (struct sqlite_files){NULL};
    if (snprintf(index, sizeof index, "%s-shm", database) >= (int)sizeof index)
        return error_set(err, "the path of the journal is too long");
    if (!note_file(&files->log, sqlite3_filename_wal(database), err) ||
        !note_file(&files->index, index, err))
        return false;
    files->handle = handle;
    return true;
}

static bool is_in_place(const struct sqlite_file *file)
{
    struct stat what;
    return stat(file->path, &what) == 0 && what.st_ino == file->inode &&
           what.st_dev == file->device;
}

/* A file that was emptied still has its name. */
static bool database_is_in_place(struct sqlite_files *files)
{
    int moved = 0;
    sqlite3_int64 size = 0;
    sqlite3_file *file = open_file(files, SQLITE_FCNTL_FILE_POINTER);
    sqlite3_file_control(files->handle, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
    return !moved && file && file->pMethods->xFileSize(file, &size) == SQLITE_OK && size > 0;
}

/* ---- whether the log is whole ---- */

static bool log_has_salt(struct sqlite_files *files, const uint8_t salt[SALT_SIZE], int64_t offset)
{
    uint8_t found[SALT_SIZE];
    return read_log(files, found, sizeof found, offset) && memcmp(found, salt, sizeof found) == 0;
}

static bool log_is_whole(struct sqlite_files *files, const struct index_start *index)
{
    const struct index_header *header = &index->header[0];
    sqlite3_file *log = open_file(files, SQLITE_FCNTL_JOURNAL_POINTER);
    sqlite3_int64 size = 0;
    if (header->frames == 0)
        return true;
    if (!log || log->pMethods->xFileSize(log, &size) != SQLITE_OK ||
        size < frame_end(header, header->frames) || !log_has_salt(files, header->salt, SALT_IN_LOG))
        return false;
    /* begun anew meanwhile: then that frame is another's */
    uint32_t last = files->frames < header->frames ? files->frames : header->frames;
    return last == 0 ||
           log_has_salt(files, header->salt, frame_end(header, last - 1) + SALT_IN_FRAME);
}

/* Whether another process has found the log cut, and the index was made anew from what is left: it
 * then knows fewer frames under the same salt; or, of an empty log, no salt, where a log that is
 * begun anew as usual has another. */
static bool went_back(const struct sqlite_files *files, const struct index_header *header)
{
    static const uint8_t none[SALT_SIZE];
    if (memcmp(header->salt, files->salt, SALT_SIZE) == 0)
        return header->frames < files->frames;
    return files->frames > 0 && memcmp(header->salt, none, SALT_SIZE) == 0;
}

bool sqlite_files_too_late(struct sqlite_files *files)
{
    struct index_start index;
    return read_index(files, &index) && index.copied < index.header[0].frames &&
           !log_is_whole(files, &index);
}

enum files_fault sqlite_files_check(struct sqlite_files *files, struct error *err)
{
    struct index_start index;
    if (!files->handle)
        return FILES_IN_PLACE;
    if (!database_is_in_place(files)) {
        error_set(err, "the file is no longer at its path");
        return FILES_DATABASE_GONE;
    }
    if (!is_in_place(&files->log) || !is_in_place(&files->index)) {
        error_set(err, "its log (-wal) or the log's index (-shm) is no longer at its path");
        return FILES_LOG_GONE;
    }
    if (!read_index(files, &index))
        return FILES_IN_PLACE;
    if (went_back(files, &index.header[0]) || !log_is_whole(files, &index)) {
        error_set(err, "its log (-wal) was truncated");
        return FILES_LOG_CUT;
    }
    files->frames = index.header[0].frames;
    memcpy(files->salt, index.header[0].salt, SALT_SIZE);
    return FILES_IN_PLACE;
}

/* ---- rescue ---- */

/* A file at the log's place that is not the one that is open. */
static void put_aside(const struct sqlite_file *log)
{
    char aside[sizeof log->path + 48];
    struct stat what;
    if (is_in_place(log) || stat(log->path, &what) != 0 || what.st_size == 0)
        return;
    snprintf(aside, sizeof aside, "%s.foreign-%lld", log->path, (long long)clock_unix_ms());
    (void)!rename(log->path, aside);
}

/* Where the index is not valid, who reads it next makes it anew from the log. */
static void forget_index(struct sqlite_files *files)
{
    volatile struct index_start *start = map_index(files);
    if (start)
        memset((void *)start, 0, sizeof *start);
}

/* Whether the index is that of a log which another process has begun since: there is nothing for us
 * to save, that process has done so. */
static bool others_have_begun_anew(struct sqlite_files *files, const struct index_start *index)
{
    uint8_t salt[SALT_SIZE];
    FILE *log = is_in_place(&files->log) ? NULL : fopen(files->log.path, "re");
    bool found = log && fseek(log, SALT_IN_LOG, SEEK_SET) == 0 &&
                 fread(salt, 1, sizeof salt, log) == sizeof salt &&
                 memcmp(salt, index->header[0].salt, sizeof salt) == 0;
    if (log)
        fclose(log);
    return found;
}

static enum files_rescue copy_log(struct sqlite_files *files)
{
    int frames = 0, copied = 0;
    sqlite3_busy_timeout(files->handle, 0);
    int code =
        sqlite3_wal_checkpoint_v2(files->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, &frames, &copied);
    return code == SQLITE_OK && frames == copied ? RESCUE_DONE : RESCUE_LATER;
}

enum files_rescue sqlite_files_rescue(struct sqlite_files *files, uint32_t *lost)
{
    struct index_start index;
    enum files_rescue rescue = RESCUE_DONE;
    /* an index that is not valid is made anew by a read */
    if (!read_index(files, &index))
        sqlite3_exec(files->handle, "SELECT 1 FROM sqlite_schema", NULL, NULL, NULL);
    if (!read_index(files, &index))
        return RESCUE_DONE;
    if (went_back(files, &index.header[0])) {
        *lost = files->frames - index.header[0].frames;
        rescue = RESCUE_LOST;
    } else if (log_is_whole(files, &index)) {
        rescue = copy_log(files);
    } else if (others_have_begun_anew(files, &index)) {
        return RESCUE_DONE; /* the log at the path is theirs */
    } else {
        *lost = index.header[0].frames - index.copied;
        rescue = *lost > 0 ? RESCUE_LOST : RESCUE_DONE;
        forget_index(files);
    }
    if (rescue != RESCUE_LATER)
        put_aside(&files->log);
    return rescue;
}

/* ---- pages as they are in the files ---- */

bool sqlite_files_log_state(struct sqlite_files *files, struct log_state *state)
{
    struct index_start index;
    if (!read_index(files, &index))
        return false;
    const struct index_header *header = &index.header[0];
    *state = (struct log_state){.frames = header->frames,
                                .pages = header->pages,
                                .copied = index.copied,
                                .page_size = page_size(header)};
    memcpy(state->salt, header->salt, sizeof state->salt);
    return true;
}

int64_t sqlite_files_size(struct sqlite_files *files)
{
    sqlite3_int64 size = -1;
    sqlite3_file *file = open_file(files, SQLITE_FCNTL_FILE_POINTER);
    return file && file->pMethods->xFileSize(file, &size) == SQLITE_OK ? size : -1;
}

bool sqlite_files_read(struct sqlite_files *files, void *data, size_t size, int64_t offset)
{
    sqlite3_file *file = open_file(files, SQLITE_FCNTL_FILE_POINTER);
    int code = file ? file->pMethods->xRead(file, data, (int)size, offset) : SQLITE_IOERR;
    return code == SQLITE_OK || code == SQLITE_IOERR_SHORT_READ;
}

bool sqlite_files_read_frame(struct sqlite_files *files, const struct log_state *state,
                             uint32_t frame, uint32_t *page, void *data)
{
    uint8_t header[FRAME_HEADER];
    int64_t size = FRAME_HEADER + (int64_t)state->page_size;
    int64_t offset = LOG_HEADER + (int64_t)(frame - 1) * size;
    /* the header last: it is what is written first where the log is begun anew meanwhile */
    if (!read_log(files, data, (int)state->page_size, offset + FRAME_HEADER) ||
        !read_log(files, header, sizeof header, offset) ||
        memcmp(header + SALT_IN_FRAME, state->salt, sizeof state->salt) != 0)
        return false;
    *page = (uint32_t)header[0] << 24 | (uint32_t)header[1] << 16 | (uint32_t)header[2] << 8 |
            header[3];
    return *page > 0;
}

/* ---- before anything is open ---- */

bool sqlite_files_orphaned(const char *path, struct error *err)
{
    char file[PATH_MAX], log[PATH_MAX + 8];
    struct stat what;
    if (!realpath(path, file) && snprintf(file, sizeof file, "%s", path) >= (int)sizeof file)
        return false;
    snprintf(log, sizeof log, "%s-wal", file); /* SQLite has it where the file really is */
    bool there = stat(file, &what) == 0;
    if ((there && what.st_size > 0) || stat(log, &what) != 0 || what.st_size <= LOG_HEADER)
        return false;
    error_set(err,
              "%s is %s, but its log with committed events is still there (%s, %lld bytes): "
              "restore the file that belongs to the log; or, to start with an empty journal, move "
              "the log away with the events that it holds",
              path, there ? "empty" : "missing", log, (long long)what.st_size);
    return true;
}
